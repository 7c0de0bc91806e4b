package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// What the lock itself refuses is tried again with growing pauses, whomever the driver blames.
func TestAnEraseThatTheLockRefusesIsNotHammered(t *testing.T) {
	for _, blame := range []driver.Blame{driver.BlameUnknown, driver.BlameLock, driver.BlameRequest} {
		t.Run(blame.String(), func(t *testing.T) {
			r := newRig(t)
			f := r.add("front", jitTraits())
			end := noon.Add(2 * time.Hour)
			r.do(engine.Create{ID: "guest", Device: "front", PIN: pin("4829"), Starts: noon, Ends: end})
			r.until(end.Add(-time.Second))
			for range 200 {
				f.fails(engine.CallClear, driver.Rejected, blame)
			}
			r.forget()
			r.until(end.Add(10 * time.Minute))
			if n := r.count(engine.CallClear); n < 3 || n > 8 {
				t.Errorf("%d erases in ten minutes", n)
			}
		})
	}
}

// Several codes that a lock has no room for use up every try that the lock is given: a look that somebody asked for is the
// next call all the same.
func TestALookIsNotKeptWaitingByRefusedWrites(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	for _, id := range []lock.CodeID{"a", "b", "c", "d"} {
		r.do(engine.Create{ID: id, Device: "front"})
	}
	for range 200 {
		f.fails(engine.CallSet, driver.Full, driver.BlameLock)
	}
	r.pass(5 * time.Hour)
	r.forget()
	r.do(engine.Observe{Device: "front"})
	r.pass(30 * time.Minute)
	if len(r.calls) == 0 || r.calls[0].Verb != engine.CallObserve {
		t.Errorf("after the look was asked for: %s", r.verbs("front"))
	}
}
