package live

import (
	"context"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// lists is a driver that lists what a test says.
type lists struct {
	fake
	devices []lock.Device
}

func (l *lists) Devices(context.Context) ([]lock.Device, error) { return l.devices, nil }

func TestWhatAccountsListIsTakenOnce(t *testing.T) {
	s := memkv.New()
	var added []lock.DeviceID
	roster := func() *Roster {
		r, err := OpenRoster(t.Context(), &Host{}, s)
		if err != nil {
			t.Fatal(err)
		}
		r.submit = func(_ context.Context, c engine.Command) (engine.Receipt, error) {
			v := c.Do.(engine.AddDevice).Device
			if v.ID == "odd" {
				return engine.Receipt{}, engine.Busy()
			}
			added = append(added, v.ID)
			return engine.Receipt{}, nil
		}
		return r
	}
	l := &lists{devices: []lock.Device{{ID: "front", Name: "Front"}, {ID: "odd"}, {ID: "gate"}}}
	sync := func(r *Roster, account lock.AccountID, want string, wrong string) {
		t.Helper()
		added = nil
		n, err := r.Sync(t.Context(), account, l)
		var names []string
		for _, id := range added {
			names = append(names, string(id))
		}
		if n != len(added) || strings.Join(names, " ") != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("took %v (%d), %v; want %s, %s", names, n, err, want, wrong)
		}
	}
	r := roster()
	sync(r, "a", "front gate", `device "odd"`)
	sync(r, "a", "", `device "odd"`) // and is tried again
	l.devices = l.devices[:1]
	sync(r, "a", "", "")
	r = roster() // after a restart
	sync(r, "a", "", "")
	l.devices[0].Traits.Slots = 7
	sync(r, "a", "front", "")
	sync(r, "b", "", `device "front" is listed by account a already`)
}
