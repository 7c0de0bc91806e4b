package world

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim"
)

func demo(t *testing.T, disk *memkv.Store, tp *tape) *World {
	t.Helper()
	o := Demo(1)
	o.Store, o.Watch = disk, tp.watch
	return open(t, o)
}

func TestTheDemonstrationOpensBeforeACheckInAtRisk(t *testing.T) {
	w := demo(t, memkv.New(), &tape{})
	s, err := w.Snapshot(engine.Query{View: engine.ViewArrivals, Limit: 1000})
	must(t, err)
	if len(s.Codes) < 10 {
		t.Fatalf("only %d arrivals within 72 h", len(s.Codes))
	}
	worst := s.Codes[0]
	if worst.Device != atRisk || worst.Readiness != engine.ReadyAtRisk || worst.Starts.Sub(w.Now()) != beforeCheckIn {
		t.Errorf("the first arrival is %s at %s, %s: %s; it is %s", worst.ID, worst.Starts, worst.Readiness, worst.Cause, w.Now())
	}
	calm := 0
	for _, c := range s.Codes {
		if c.Readiness == engine.ReadyVerified || c.Readiness == engine.ReadyLikely {
			calm++
		}
		if c.Readiness == engine.ReadyWillFail {
			t.Errorf("%s will fail: %s", c.ID, c.Cause)
		}
	}
	if calm < len(s.Codes)/2 {
		t.Errorf("only %d of %d arrivals are calm", calm, len(s.Codes))
	}
	d, err := w.Snapshot(engine.Query{View: engine.ViewDevice, Device: atRisk})
	must(t, err)
	if d.Device == nil || d.Device.Pool.Ready == 0 {
		t.Errorf("the lock at risk has no spare to give: %+v", d.Device)
	}
}

func TestTheDemonstrationHasEverySystem(t *testing.T) {
	var want, got []string
	for _, p := range sim.Profiles() {
		if p.System != "" {
			want = append(want, p.System)
		}
	}
	locks := Demo(1).Spec.Locks
	for _, l := range locks {
		got = append(got, l.Model)
	}
	slices.Sort(want)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) || len(want) != 13 || len(locks) != 24 {
		t.Errorf("%d locks of %q, want 24 of %q", len(locks), got, want)
	}
}

func TestTheDemonstrationGoesOn(t *testing.T) {
	var tp tape
	w := demo(t, memkv.New(), &tp)
	for range 40 {
		run(t, w, w.Now().Add(24*time.Hour))
		for _, c := range w.stays.houses {
			if ahead := c.day.Sub(w.Now()); ahead < (bookedAhead-1)*24*time.Hour {
				t.Fatalf("on %s the stays of %s are booked %s ahead only", w.Now(), c.lock.ID, ahead)
			}
		}
	}
	sound(t, w)
	opened := 0
	for _, l := range tp.lines {
		if strings.Contains(l, `"Name":"refused"`) && strings.Contains(l, `"Kind":"step"`) {
			t.Errorf("a booking was refused: %s", l)
		}
		if strings.Contains(l, `"Kind":"try"`) && strings.Contains(l, `"Name":"opens"`) {
			opened++
		}
	}
	if opened < 200 {
		t.Errorf("in 40 days only %d guests came in", opened)
	}
}

// TestTheDemonstrationResumes stops it at odd instants, and compares its bookings with those of one that was never stopped.
func TestTheDemonstrationResumes(t *testing.T) {
	whole := demo(t, memkv.New(), &tape{})
	end := whole.Now().Add(12 * 24 * time.Hour)
	run(t, whole, end)
	disk := memkv.New()
	w := demo(t, disk, &tape{})
	for i, wait := range []time.Duration{time.Minute, 22*time.Hour + 5*time.Minute, 22 * time.Hour, 50 * time.Hour, 71*time.Hour + 123*time.Millisecond} {
		run(t, w, w.Now().Add(wait))
		if i%2 == 0 {
			must(t, w.Close())
		} else {
			disk = disk.Clone() // killed
		}
		w = demo(t, disk, &tape{})
	}
	run(t, w, end)
	sound(t, w)
	equal(t, "bookings", bookings(t, w), bookings(t, whole))
}

// bookings lists every code that stands or stood, with its window.
func bookings(t *testing.T, w *World) []string {
	t.Helper()
	var all []string
	for _, d := range w.Fleet().Devices() {
		for _, view := range []engine.View{engine.ViewCodes, engine.ViewHistory} {
			s, err := w.Snapshot(engine.Query{View: view, Device: d.ID, Limit: 1000})
			must(t, err)
			for _, c := range s.Codes {
				if !c.Backup {
					all = append(all, strings.Join([]string{string(d.ID), string(c.ID), c.Name, c.Starts.String(), c.Ends.String()}, " "))
				}
			}
		}
	}
	return all
}
