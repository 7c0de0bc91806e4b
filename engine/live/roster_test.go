package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

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
	var mu sync.Mutex
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
			mu.Lock()
			defer mu.Unlock()
			added = append(added, v.ID)
			return engine.Receipt{}, nil
		}
		return r
	}
	l := &lists{devices: []lock.Device{{ID: "front", Name: "Front"}, {ID: "odd"}, {ID: "gate"}}}
	list := func(r *Roster, account lock.AccountID, want string, wrong string) {
		t.Helper()
		added = nil
		n, err := r.Sync(t.Context(), account, l)
		var names []string
		for _, id := range added {
			names = append(names, string(id))
		}
		slices.Sort(names)
		if n != len(added) || strings.Join(names, " ") != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("took %v (%d), %v; want %s, %s", names, n, err, want, wrong)
		}
	}
	r := roster()
	list(r, "a", "front gate", `device "odd"`)
	list(r, "a", "", `device "odd"`) // and is tried again
	l.devices = l.devices[:1]
	list(r, "a", "", "")
	r = roster() // after a restart
	list(r, "a", "", "")
	l.devices[0].Traits.Slots = 7
	list(r, "a", "front", "")
	list(r, "b", "", `device "front" is listed by account a already`)
}

// A first listing may be of thousands: they go to the engine together, so that they share its commits.
func TestDevicesAreTakenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		for i := range 2*rosterHands + 1 {
			l.devices = append(l.devices, lock.Device{ID: lock.DeviceID(fmt.Sprint("door-", i))})
		}
		r, err := OpenRoster(t.Context(), &Host{}, memkv.New())
		if err != nil {
			t.Fatal(err)
		}
		turn := make(chan struct{})
		var mu sync.Mutex
		waiting := 0
		r.submit = func(context.Context, engine.Command) (engine.Receipt, error) {
			mu.Lock()
			waiting++
			mu.Unlock()
			<-turn
			return engine.Receipt{}, nil
		}
		go func() {
			for _, want := range []int{rosterHands, rosterHands, 1} {
				synctest.Wait()
				mu.Lock()
				if waiting != want {
					t.Errorf("%d devices were offered together, want %d", waiting, want)
				}
				for range waiting {
					turn <- struct{}{}
				}
				waiting = 0
				mu.Unlock()
			}
		}()
		if n, err := r.Sync(t.Context(), "a", l); n != len(l.devices) || err != nil {
			t.Errorf("%d of %d were taken, %v", n, len(l.devices), err)
		}
	})
}
