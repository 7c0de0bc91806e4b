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

// A call that the host could not send is nobody's failure: it goes a little later, is not held against the lock or the code, and a guest
// who stands at the door waits a second.
func TestACallThatWasNotSentIsNoFailure(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.pass(time.Minute)
	for _, x := range []struct {
		id    lock.CodeID
		ends  time.Time     // zero: never
		after time.Duration // what the host says
		least time.Duration // from call to call, one of which takes a second
		most  time.Duration
	}{
		{"ongoing", time.Time{}, 5 * time.Second, 6 * time.Second, 6 * time.Second},
		{"later", time.Time{}, 10 * time.Minute, 31 * time.Second, 61 * time.Second}, // a crowd comes back spread
		{"guest", hours(48), 10 * time.Minute, 2 * time.Second, 2 * time.Second},
	} {
		r.forget()
		f.then(reply{verb: engine.CallSet, keep: true, after: x.after})
		starts := time.Time{}
		if !x.ends.IsZero() {
			starts = r.now
		}
		r.do(engine.Create{ID: x.id, Device: "front", PIN: pin("4829"), Starts: starts, Ends: x.ends})
		r.until(r.now.Add(2 * time.Minute))
		var sets []time.Time
		for _, c := range r.calls {
			if c.Verb == engine.CallSet {
				sets = append(sets, c.Deadline)
			}
		}
		if len(sets) != 2 || sets[1].Sub(sets[0]).Round(time.Second) < x.least || sets[1].Sub(sets[0]).Round(time.Second) > x.most {
			t.Errorf("%s, %v to wait: deadlines %v", x.id, x.after, sets)
		}
		c := r.code(x.id)
		if r.status(x.id, engine.StatusSet); c.Attempts != 0 || len(c.Issues) != 0 {
			t.Errorf("it counts %d attempts and says %v", c.Attempts, c.Issues)
		}
		r.do(engine.Delete{Code: x.id})
		r.pass(time.Minute)
	}
}
