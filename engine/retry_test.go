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

// A call that the host could not send is nobody's failure: it goes a little later and is not held against the lock or the code. A guest who
// stands at the door waits a second, whether the code has a start or was made just now; one who comes in two days waits with the crowd.
func TestACallThatWasNotSentIsNoFailure(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.pass(time.Minute)
	for _, x := range []struct {
		id     lock.CodeID
		starts time.Duration // from now
		ends   time.Duration // zero: never
		after  time.Duration // what the host says
		least  time.Duration // from call to call, one of which takes a second
		most   time.Duration
	}{
		{"ahead", 48 * time.Hour, 60 * time.Hour, 5 * time.Second, 6 * time.Second, 6 * time.Second},
		{"later", 48 * time.Hour, 60 * time.Hour, 10 * time.Minute, 151 * time.Second, 301 * time.Second}, // a crowd comes back spread
		{"ongoing", 0, 0, 10 * time.Minute, 2 * time.Second, 2 * time.Second},
		{"guest", 0, 48 * time.Hour, 10 * time.Minute, 2 * time.Second, 2 * time.Second},
	} {
		r.forget()
		f.then(reply{verb: engine.CallSet, keep: true, after: x.after})
		do := engine.Create{ID: x.id, Device: "front", PIN: pin("4829")}
		if x.ends != 0 {
			do.Starts, do.Ends = r.now.Add(x.starts), r.now.Add(x.ends)
		}
		r.do(do)
		r.until(r.now.Add(6 * time.Minute))
		var sets []time.Time
		for _, c := range r.calls {
			if c.Verb == engine.CallSet {
				if sets = append(sets, c.Deadline); c.Urgent != (x.starts == 0) {
					t.Errorf("%s: urgent is %v", x.id, c.Urgent)
				}
			}
		}
		if len(sets) != 2 || sets[1].Sub(sets[0]).Round(time.Second) < x.least || sets[1].Sub(sets[0]).Round(time.Second) > x.most {
			t.Errorf("%s, %v to wait: deadlines %v", x.id, x.after, sets)
		}
		if c := r.code(x.id); c.Attempts != 0 || len(c.Issues) != 0 || x.starts == 0 && c.Status != engine.StatusSet {
			t.Errorf("%s is %s, counts %d attempts and says %v", x.id, c.Status, c.Attempts, c.Issues)
		}
		r.do(engine.Delete{Code: x.id})
		r.pass(time.Minute)
	}
}

// A lock whose look found no room in its lane is not kept from a code that is wanted now.
func TestACodeForNowDoesNotWaitForTheTurnOfALook(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.pass(time.Minute)
	f.then(reply{verb: engine.CallObserve, keep: true, after: time.Hour})
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Second)
	r.do(engine.Create{ID: "cleaner", Device: "front", PIN: pin("4829")})
	r.pass(10 * time.Second)
	r.status("cleaner", engine.StatusSet)
}

// A call that its host had no room for was never made. What it was to write is not there, so that nothing is done about it when it is
// withdrawn before its turn; what it was to change or to erase is there still.
func TestACallThatWasNeverMade(t *testing.T) {
	keep := func(v engine.CallVerb) reply { return reply{verb: v, keep: true, after: time.Minute} }
	tr := nativeTraits()
	tr.CannotList = true
	r, f := settled(t, tr)
	f.then(keep(engine.CallSet))
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(48), Ends: hours(99)})
	r.pass(2 * time.Second)
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Hour)
	if r.status("g", engine.StatusGone); r.count(engine.CallSet) != 1 {
		t.Errorf("withdrawn before it was written: %s", r.verbs("front"))
	}

	tr = jitTraits()
	tr.UpdatesInPlace = true
	r, f = settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	f.then(keep(engine.CallSet))
	r.do(engine.Update{Code: "g", PIN: ptr(pin("1350"))})
	r.pass(5 * time.Minute)
	if len(f.held) != 1 || !f.has(pin("1350")) {
		t.Errorf("changed when there was room: the lock holds %+v", f.held)
	}
	f.then(keep(engine.CallClear))
	r.do(engine.Delete{Code: "g"})
	r.pass(5 * time.Minute)
	if r.status("g", engine.StatusGone); len(f.held) != 0 {
		t.Errorf("erased when there was room: the lock holds %+v", f.held)
	}
}

// A guest who is let in ahead of a lock's backoff ends it: what comes after is not kept waiting.
func TestAWriteAheadOfTheBackoffEndsIt(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Hour)
	until := r.device("front").RetryAt
	f.fail = nil
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(10 * time.Second)
	if !until.After(r.now) {
		t.Fatalf("the backoff ended at %s by itself", until)
	}
	if at := r.device("front").RetryAt; !at.IsZero() {
		t.Errorf("it is said to back off until %s still", at)
	}
	r.status("g", engine.StatusSet)
}

// A vendor that has taken a call and says when more can be told is asked then, and not before.
func TestACallThatIsUnderWayIsAskedAboutWhenItsVendorSays(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.then(reply{verb: engine.CallObserve, err: true, after: 2 * time.Minute})
	r.do(engine.Observe{Device: "front"})
	r.pass(110 * time.Second)
	if n := r.count(engine.CallObserve); n != 1 {
		t.Errorf("%d looks before the time", n)
	}
	r.pass(20 * time.Second)
	if n := r.count(engine.CallObserve); n != 2 {
		t.Errorf("%d looks after it", n)
	}
}
