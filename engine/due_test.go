package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
)

// A call tells since when its effect is wanted, so that whoever sends it can tell how late it is.
func TestCallsTellSinceWhenTheyAreDue(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	from, to := noon.Add(2*time.Hour), noon.Add(4*time.Hour)
	f.fails(engine.CallSet, driver.Offline, driver.BlameLock)
	r.do(engine.Create{ID: "guest", Device: "front", Name: "Guest", PIN: pin("4829"), Starts: from, Ends: to})
	r.until(noon.Add(time.Hour))
	r.do(engine.Create{ID: "now", Device: "front", Name: "Now", PIN: pin("7316"), Starts: noon.Add(-time.Hour), Ends: to.Add(time.Hour)})
	r.until(from)
	r.do(engine.Delete{Code: "now"})
	r.until(to.Add(time.Hour))
	want := map[string]time.Time{
		"set guest":   from.Add(-5 * time.Minute), // it waits for the guest before
		"set now":     noon.Add(time.Hour),        // not before anybody wished it; also of the second try
		"clear now":   from,
		"clear guest": to,
	}
	tries := map[string]int{}
	for _, c := range r.calls {
		name := string(c.Verb) + " " + string(c.Code)
		tries[name]++
		if !c.Due.Equal(want[name]) {
			t.Errorf("%s is due at %s, want %s", name, c.Due.Format(time.TimeOnly), want[name].Format(time.TimeOnly))
		}
	}
	if tries["set guest"] != 1 || tries["set now"] != 2 || tries["clear now"] != 1 || tries["clear guest"] != 1 {
		t.Errorf("the lock was asked for %v", tries)
	}
}
