package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// What can't be erased is tried again every day, and a try that never came to the lock is none: it is made up for when the lock is back.
func TestADailyEraseThatDidNotReachTheLock(t *testing.T) {
	tr := jitTraits()
	tr.UpdatesInPlace = true
	r, f := settled(t, tr)
	f.drop[engine.CallClear] = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	r.do(engine.Delete{Code: "g"})
	r.pass(7 * 24 * time.Hour)
	r.forget()
	r.pass(73 * time.Hour)
	if n := r.count(engine.CallClear); n != 3 {
		t.Errorf("%d tries in three days", n)
	}
	f.drop[engine.CallClear] = false
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.forget()
	for range 25 {
		if r.pass(time.Hour); r.count(engine.CallClear) > 0 {
			break
		}
	}
	f.fail = nil
	r.step(engine.Notice{Account: "acme", Device: "front"})
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusGone)
}

// A code that is withdrawn while nobody knows whether its write has landed, on a lock that can't be asked, is overwritten. A lock that
// refuses that holds nothing of it; a login that is refused says nothing of the lock, and the overwrite is made once more.
func TestAnOverwriteThatIsRefused(t *testing.T) {
	for _, c := range []struct {
		kind  driver.Kind
		blame driver.Blame
		sets  int
		gone  bool
	}{
		{driver.Rejected, driver.BlameLock, 2, true},
		{driver.Unauthorized, driver.BlameAccount, 3, false},
		{driver.Throttled, driver.BlameCloud, 3, false},
		{driver.Offline, driver.BlameLock, 3, false},
	} {
		r, f := settled(t, blindTraits())
		f.loses(engine.CallSet, true)
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(5 * time.Second)
		f.fails(engine.CallSet, c.kind, c.blame)
		r.do(engine.Delete{Code: "g"})
		r.pass(time.Hour)
		if n := r.count(engine.CallSet); n != c.sets {
			t.Errorf("%s: %d sets, want %d: %s", c.kind, n, c.sets, r.verbs("front"))
		}
		if gone := r.code("g").Status == engine.StatusGone; gone != c.gone {
			t.Errorf("%s: gone %v, want %v", c.kind, gone, c.gone)
		}
	}
}

// A write that a cloud lists only after its erase was accepted has come after that: it is erased once more, and not when the cloud has had
// all its time.
func TestAWriteThatLandsAfterItsErase(t *testing.T) {
	r, f := settled(t, cloudTraits())
	f.hidden = map[lock.Ref]bool{"r1": true}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(2 * time.Minute)
	f.drop[engine.CallClear] = true
	r.do(engine.Delete{Code: "g"})
	r.pass(5 * time.Second)
	f.hidden, f.drop[engine.CallClear] = nil, false
	if !f.has(pin("4829")) {
		t.Fatal("it has gone")
	}
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Second)
	if f.has(pin("4829")) {
		t.Errorf("it opens still: %s", r.lately())
	}
}

// The codes of a lock that can't be asked and was replaced keep their places there until their erases count.
func TestABlindLockThatIsReplaced(t *testing.T) {
	r, f := settled(t, blindTraits())
	for id, digits := range map[lock.CodeID]string{"g": "4829", "h": "1350"} {
		r.do(engine.Create{ID: id, Device: "front", PIN: pin(digits)})
	}
	r.pass(time.Minute)
	r.add("new", blindTraits())
	r.do(engine.SwapDevice{Old: "front", New: "new"})
	r.pass(time.Hour)
	if n := len(r.device("front").Slots); len(f.held) != 0 || n != 2 {
		t.Errorf("the old lock holds %d codes, and %d slots are kept until the erases count, want 2", len(f.held), n)
	}
	r.pass(25 * time.Hour)
	if n := len(r.device("front").Slots); n != 0 {
		t.Errorf("%d slots are kept", n)
	}
}

// Each erase of what nobody wishes any more is looked after at once, however often it was in vain.
func TestEveryEraseOfWhatResistsIsLookedAfter(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("x", "Eve", "1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	f.drop[engine.CallClear] = true
	r.do(engine.DeleteUnmanaged{Device: "front", Ref: "x"})
	r.forget()
	r.pass(3 * time.Hour)
	if r.count(engine.CallClear) < 4 {
		t.Fatalf("calls %s", r.verbs("front"))
	}
	for i, c := range r.calls[:len(r.calls)-1] {
		if next := r.calls[i+1]; c.Verb == engine.CallClear && (next.Verb != engine.CallObserve || next.Deadline.Sub(c.Deadline) > 2*time.Second) {
			t.Errorf("the erase of %s is followed by %s at %s", c.Deadline, next.Verb, next.Deadline)
		}
	}
}

// What a cloud keeps until its lock has room is not on the lock, and who waits for it is told why.
func TestWhatACloudKeepsUntilThereIsRoom(t *testing.T) {
	r, f := settled(t, cloudTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(5 * time.Second)
	f.held[0].NoRoom = true
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Second)
	r.wantIssue(r.code("g").Issues, "no_space_for_access_code_on_device", true)
	r.status("g", engine.StatusSetting)
}
