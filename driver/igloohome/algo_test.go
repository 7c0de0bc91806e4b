package igloohome_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	cloud "github.com/accesscodes/lockctl/sim/facade/igloohome"
)

// typed types at a lock's keypad.
func (h *house) typed(t *testing.T, id lock.DeviceID, pin lock.PIN) (opens bool) {
	t.Helper()
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		try, err := f.TryPIN(id, pin)
		opens = try.Opens
		return err
	}))
	return opens
}

// A lock without a bridge takes algorithmic codes and nothing else; they work without it being told, within their window.
func TestCodesWithoutABridge(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	d := drivertest.Find(t, h.Driver, "back")
	if !d.Traits.OfflineOnly || d.Hub != "" || len(d.Traits.Offline) != 3 {
		t.Fatalf("its traits are %+v", d.Traits)
	}
	if e := drivertest.Error(t, second(h.Driver.Set(t.Context(), d.ID, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, ""))); e.Kind != driver.Unsupported {
		t.Error("a PIN of one's own is taken")
	}
	day := time.Date(2031, 3, 29, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		kind  lock.OfflineKind
		w     lock.Window
		asked lock.Window // as the lock keeps it
	}{
		{lock.OfflineHourly, lock.Window{From: day, To: day.Add(5 * time.Hour)}, lock.Window{From: day, To: day.Add(5 * time.Hour)}},
		{lock.OfflineDaily, lock.Window{From: day, To: day.AddDate(0, 0, 31).Add(-time.Hour)}, lock.Window{From: day, To: day.AddDate(0, 0, 31).Add(-time.Hour)}},
		{lock.OfflineOneTime, lock.Window{From: day}, lock.Window{From: day, To: day.Add(24 * time.Hour)}},
	} {
		held, err := h.Driver.Set(t.Context(), d.ID, lock.Credential{Code: lock.CodeID(x.kind), Offline: x.kind, OneTime: x.kind == lock.OfflineOneTime, Window: x.w, Enabled: true}, "")
		drivertest.Must(t, err)
		if held.PIN.IsZero() || held.Pending || !held.Window.Equal(x.asked) {
			t.Errorf("%s is issued as %+v", x.kind, held)
		}
		if h.typed(t, "back", held.PIN) {
			t.Errorf("%s opens before its time", x.kind)
		}
		if e := drivertest.Error(t, h.Driver.Clear(t.Context(), h.Device, held.Ref)); e.Kind != driver.Unsupported {
			t.Errorf("%s can be erased", x.kind)
		}
	}
	h.leap.Pass(day.Add(time.Minute).Sub(h.leap.Now()))
	again, err := h.Driver.Set(t.Context(), d.ID, lock.Credential{Code: "now", Offline: lock.OfflineHourly, Window: lock.Window{From: day, To: day.Add(time.Hour)}, Enabled: true}, "")
	drivertest.Must(t, err)
	if !h.typed(t, "back", again.PIN) {
		t.Error("one that began with this hour does not open")
	}
	h.leap.Pass(time.Hour)
	if h.typed(t, "back", again.PIN) {
		t.Error("one that is over opens")
	}
}

func second[A, B any](_ A, b B) B { return b }

// Codes of one window get digits of their own, as many as there are; the same code gets the same, also from a driver that was restarted.
func TestOneWindowHasThreeCodes(t *testing.T) {
	secrets := &provider.MemorySecrets{}
	h := build(t, cloud.Habits{}, secrets)
	from := h.leap.Now().Truncate(time.Hour).Add(24 * time.Hour)
	want := lock.Credential{Offline: lock.OfflineHourly, Enabled: true, Window: lock.Window{From: from, To: from.Add(2 * time.Hour)}}
	digits := map[lock.PIN]lock.CodeID{}
	id, secret := cloud.Client("house")
	for range 2 {
		for _, code := range []lock.CodeID{"a", "b", "c"} {
			want.Code = code
			held, err := h.Driver.Set(t.Context(), h.Device, want, "")
			drivertest.Must(t, err)
			if of, ok := digits[held.PIN]; ok && of != code {
				t.Errorf("%s gets the digits of %s", code, of)
			}
			digits[held.PIN] = code
		}
		h.Driver = login(t, h.server.URL, h.leap.Now, &bytes.Buffer{}, id, secret, secrets)
	}
	if len(digits) != 3 {
		t.Errorf("three codes have %d PINs", len(digits))
	}
	want.Code = "d"
	if e := drivertest.Error(t, second(h.Driver.Set(t.Context(), h.Device, want, ""))); e.Kind != driver.Rejected || e.Blame != driver.BlameRequest {
		t.Error("a fourth is taken")
	}
	kept, _, err := secrets.Load(t.Context())
	drivertest.Must(t, err)
	for p := range digits {
		if strings.Contains(kept.Reveal(), p.Reveal()) {
			t.Error("digits are kept")
		}
	}
	h.leap.Pass(48 * time.Hour)
	from = from.Add(48 * time.Hour)
	want.Window = lock.Window{From: from, To: from.Add(time.Hour)}
	drivertest.Must(t, second(h.Driver.Set(t.Context(), h.Device, want, "")))
	if kept, _, _ = secrets.Load(t.Context()); strings.Count(kept.Reveal(), `"Code"`) != 1 {
		t.Error("what is over is kept")
	}
}

// What an algorithmic code can't express is refused before anybody is asked.
func TestWindowsThatHaveNoCode(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	from := h.leap.Now().Truncate(time.Hour).Add(24 * time.Hour)
	for name, x := range map[string]lock.Credential{
		"not on the hour":      {Offline: lock.OfflineHourly, Window: lock.Window{From: from.Add(time.Minute), To: from.Add(2 * time.Hour)}},
		"ends not on the hour": {Offline: lock.OfflineHourly, Window: lock.Window{From: from, To: from.Add(90 * time.Minute)}},
		"digits":               {Offline: lock.OfflineHourly, PIN: drivertest.PIN(t, "482915"), Window: lock.Window{From: from, To: from.Add(2 * time.Hour)}},
		"too long":             {Offline: lock.OfflineHourly, Window: lock.Window{From: from, To: from.Add(673 * time.Hour)}},
		"too short":            {Offline: lock.OfflineDaily, Window: lock.Window{From: from, To: from.AddDate(0, 0, 20)}},
		"past":                 {Offline: lock.OfflineHourly, Window: lock.Window{From: from.AddDate(0, 0, -2), To: from}},
	} {
		x.Code, x.Enabled = lock.CodeID(name), true
		if e := drivertest.Error(t, second(h.Driver.Set(t.Context(), h.Device, x, ""))); e.Kind != driver.Rejected || e.Blame != driver.BlameRequest {
			t.Errorf("%s gives %v", name, e)
		}
	}
	if e := drivertest.Error(t, second(h.Driver.Set(t.Context(), h.Device, lock.Credential{Offline: lock.OfflineSlots, Enabled: true, Window: lock.Window{From: from, To: from}}, ""))); e.Kind != driver.Unsupported {
		t.Error("a kind that there is not is taken")
	}
}

// Six locks behind one hub are served by two bridges, and the list of them is read page by page.
func TestManyLocks(t *testing.T) {
	spec := sim.Spec{}
	for i := range 6 {
		spec.Locks = append(spec.Locks, sim.LockSpec{ID: lock.DeviceID(fmt.Sprint("door-", i)), Model: "igloohome", Account: "house", Hub: "bridge"})
	}
	h := buildOf(t, spec, cloud.Habits{Page: 2}, nil)
	all, err := h.Driver.Devices(t.Context())
	drivertest.Must(t, err)
	hubs := map[lock.HubID]int{}
	for _, d := range all {
		hubs[d.Hub]++
	}
	if len(all) != 6 || len(hubs) != 2 {
		t.Errorf("%d locks behind %v", len(all), hubs)
	}
}
