package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// Who takes a code away, puts it back and takes it away again, where that is allowed, has done so twice.
func TestTakenAwayPutBackAndTakenAwayAgain(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), AllowExternal: true})
	r.pass(time.Minute)
	look := func() {
		t.Helper()
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
	}
	f.held = nil
	look()
	f.put("x", "Ada", "4829")
	look()
	r.status("g", engine.StatusSet)
	f.held = nil
	look()
	if n := r.told("access_code.deleted_external_to_seam"); n != 2 || len(f.held) != 0 {
		t.Errorf("told %d times, and the lock holds %d codes", n, len(f.held))
	}
}

// The slot that hands have emptied is given to others last: should the list have lied, nobody is overwritten.
func TestASlotThatHandsHaveEmptied(t *testing.T) {
	tr := jitTraits()
	tr.ClientSlots, tr.UpdatesInPlace = true, true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), AllowExternal: true})
	r.pass(time.Minute)
	slot := f.held[0].Slot
	f.held[0].PIN = pin("2468") // what hands have written there is not kept in mind as ours
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	f.held = nil
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Create{ID: "h", Device: "front", PIN: pin("1350")})
	r.pass(time.Minute)
	if len(f.held) != 1 || f.held[0].Slot == slot {
		t.Errorf("slot %d was emptied, and the lock holds %+v", slot, f.held)
	}
}

// That a guest may stand before the door for a moment is accepted for one change. What hands do afterwards is put back without a gap, or
// not while the guest is in.
func TestAGapIsAcceptedOnce(t *testing.T) {
	r, f := settled(t, nativeTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(-1), Ends: hours(20)})
	r.pass(time.Minute)
	r.do(engine.Update{Code: "g", Ends: ptr(hours(30)), AcceptGap: true})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	f.held[0].Window.To = hours(25)
	r.forget()
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	if n := r.count(engine.CallClear); n != 0 {
		t.Errorf("the guest's code was erased: %s", r.verbs("front"))
	}
	r.wantIssue(r.code("g").Issues, "change_waits", true)
}

// The event of a change names what the lock has yet to take.
func TestAChangeNamesItsMutations(t *testing.T) {
	r, _ := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(10), Ends: hours(20)})
	r.do(engine.Update{Code: "g", PIN: ptr(pin("1350")), Ends: ptr(hours(21))})
	for _, ev := range r.journal() {
		if ev.Type != "access_code.mutations_requested" || len(ev.Mutations) != 2 {
			continue
		}
		if ev.Mutations[0] != engine.MutCode || ev.Mutations[1] != engine.MutTime {
			t.Errorf("it names %v", ev.Mutations)
		}
		return
	}
	t.Error("no event names both")
}

// A backup works from the moment in which it is given.
func TestABackupStartsWhenItIsPulled(t *testing.T) {
	r, _ := settled(t, jitTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(-1), Ends: hours(20)})
	r.pass(time.Hour)
	r.do(engine.PullBackup{Code: "g"})
	if c := r.code(r.code("g").Pulled); !c.Starts.Equal(r.now) || !c.Ends.Equal(hours(20)) {
		t.Errorf("it starts %s and ends %s", c.Starts, c.Ends)
	}
}

// Digits that a cloud takes and never shows are exchanged for others, no sooner and no more often than they were tried: what the lock
// holds unseen takes its room.
func TestDigitsThatNeverCome(t *testing.T) {
	r, f := settled(t, cloudTraits())
	f.drop[engine.CallSet] = true
	r.do(engine.Create{ID: "g", Device: "front"})
	r.pass(24 * time.Hour)
	if n := r.count(engine.CallSet); n < 20 || n > 45 {
		t.Errorf("%d writes in a day", n)
	}
}

// Digits of somebody else's code keep ours away while both would open, and always from a lock that takes no digits twice.
func TestDigitsThatSomebodyElseHasAtOtherTimes(t *testing.T) {
	for _, strict := range []bool{false, true} {
		tr := nativeTraits()
		tr.RefusesReuse = strict
		r, f := settled(t, tr)
		f.put("x", "Eve", "4829")
		f.held[0].Window = lock.Window{From: hours(1), To: hours(2)}
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(9)})
		r.pass(time.Minute)
		if wrote := r.count(engine.CallSet) > 0; wrote == strict {
			t.Errorf("a lock that takes no digits twice %v, written %v", strict, wrote)
		}
		r.wantIssue(r.code("g").Issues, "duplicate_code_on_device", strict)
	}
}

// A code that is let go stays on its lock, and the backup that stood in for it does not.
func TestTheBackupOfACodeThatIsLetGo(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Hour)
	r.do(engine.PullBackup{Code: "g"})
	spare := r.code("g").Pulled
	given := r.pin(spare)
	r.do(engine.Delete{Code: "g", Leave: true})
	r.pass(time.Hour)
	if !f.has(pin("4829")) || f.has(given) {
		t.Errorf("the lock holds the code %v, its backup %v", f.has(pin("4829")), f.has(given))
	}
	r.status(spare, engine.StatusGone)
}
