package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// bogus is an action that the engine does not know.
type bogus struct{}

func (bogus) Verb() string { return "bogus" }

func TestAnUnknownActionIsAnswered(t *testing.T) {
	r := newRig(t)
	if rec, err := r.submit(engine.Command{Do: bogus{}}); err == nil || rec.Seq != 0 {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestALongNameIsQuotedInPart(t *testing.T) {
	r := newRig(t)
	no := r.refused(engine.Observe{Device: lock.DeviceID(strings.Repeat("x", 65))}, "device_not_found", "device")
	if !strings.Contains(no.Message+no.Error(), `"`+strings.Repeat("x", 64)+"…\"") {
		t.Errorf("%v", no)
	}
	no = r.refused(engine.Observe{Device: lock.DeviceID(strings.Repeat("x", 64))}, "device_not_found", "device")
	if strings.Contains(no.Error(), "…") {
		t.Errorf("%v", no)
	}
}

func TestWhatTheLogTellsBesideOpenings(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.entries = []lock.Entry{
		{ID: "1", At: r.now, Kind: lock.Locked}, {ID: "2", At: r.now, Kind: lock.Tampered},
		{ID: "3", At: r.now, Kind: lock.Denied, Reason: "unknown_code"}, {ID: "4", At: r.now, Kind: lock.Opened},
	}
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	for _, typ := range []string{"lock.locked", "device.tampered", "lock.access_denied", "lock.unlocked"} {
		if n := r.told(typ); n != 1 {
			t.Errorf("%s is told %d times", typ, n)
		}
	}
}

// A look that can't say how far it came is no outage: the next one may know.
func TestALookThatDoesNotSayHowFarItCame(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.reach = lock.ReachUnknown
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Second)
	r.wantIssue(r.device("front").Issues, "device_disconnected", false)
}

func TestALockThatTheProviderNoLongerHas(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.fail = &driver.Error{Kind: driver.NotFound, Blame: driver.BlameLock, Vendor: "no such lock"}
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Second)
	f.fail = nil
	r.wantIssue(r.device("front").Issues, "device_removed", true)
	for _, i := range r.device("front").Issues {
		if i.Vendor != "no such lock" {
			t.Errorf("%s: its vendor says %q", i.Code, i.Vendor)
		}
	}
	r.pass(time.Hour)
	r.wantIssue(r.device("front").Issues, "device_removed", false)
}

// A look without a time of its own is of when it came.
func TestALookWithoutATime(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	f.tells = true
	r.bend = func(c engine.Call, o *engine.Outcome) {
		if c.Verb == engine.CallObserve {
			o.Observation.At = time.Time{}
		}
	}
	r.pass(time.Minute)
	r.wantIssue(r.device("front").Issues, "clock_off", false)
	f.offset = time.Hour
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.wantIssue(r.device("front").Issues, "clock_off", true)
}

func TestAnEraseOfWhatIsGoneIsDone(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	f.held = nil
	f.fails(engine.CallClear, driver.NotFound, driver.BlameLock)
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	r.status("g", engine.StatusGone)
	if n := r.count(engine.CallClear); n != 1 {
		t.Errorf("%d erases of what is gone", n)
	}
	r.wantIssue(r.code("g").Issues, "failed_to_remove_from_device", false)
}

// A drawn code that moves into the time of another with the same digits gets new ones. Once they are told they stay.
func TestDigitsThatWereToldSinceAreNotTakenBack(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(5), Ends: hours(9)})
	r.pass(time.Minute)
	drawn := f.held[0].PIN
	r.do(engine.Create{ID: "h", Device: "front", PIN: drawn, Starts: hours(10), Ends: hours(12)})
	moved := r.do(engine.Update{Code: "g", Ends: ptr(hours(11))})
	r.pass(time.Hour)
	if now := r.pin("g"); now == drawn || !f.has(now) {
		t.Fatal("two codes have the same digits at one time")
	}
	r.refused(engine.Undo{Receipt: moved.Seq}, "pin_already_told", "receipt")
}

// A code that is leaving was wished again and withdrawn once more: the first withdrawal is not what is to be taken back.
func TestOnlyTheLastWithdrawalIsUndone(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", Name: "Ada", PIN: pin("4829")})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	first := r.do(engine.Delete{Code: "g"})
	r.do(engine.Undo{Receipt: first.Seq})
	r.pass(time.Minute)
	last := r.do(engine.Delete{Code: "g"})
	r.refused(engine.Undo{Receipt: first.Seq}, "not_undoable", "receipt")
	f.fail = nil
	r.do(engine.Undo{Receipt: last.Seq})
	r.pass(time.Hour)
	r.status("g", engine.StatusSet)
}

// What is deleted for good while its window runs out can't come back, even before it has left.
func TestAWithdrawalIsNotUndoneAfterTheEnd(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(1)})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	rec := r.do(engine.Delete{Code: "g"})
	r.until(hours(2))
	r.refused(engine.Undo{Receipt: rec.Seq}, "invalid_window", "ends")
}

func TestUpdateChangesHowACodeIsKept(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(100), Ends: hours(120)})
	r.do(engine.Update{Code: "g", JIT: ptr(true)})
	r.until(hours(60))
	if len(f.held) != 0 {
		t.Error("it is loaded ahead, although its schedule is not wanted")
	}
	r.do(engine.Update{Code: "g", AllowExternal: ptr(true)})
	r.until(hours(101))
	r.status("g", engine.StatusSet)
	f.held = nil
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.wantIssue(r.code("g").Issues, "external_modification_in_effect", true)
	if len(f.held) != 0 {
		t.Error("what was allowed to be taken away was put back")
	}
}

func TestWhatHasOurDigitsIsNotAdopted(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(9)})
	f.put("x", "Eve", "4829")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.refused(engine.Adopt{Device: "front", Ref: "x", ID: "a"}, "duplicate_access_code", "pin")
}

// Whoever may change a code at the lock moves its window and its digits.
func TestAnAllowedChangeOfTheWindowIsTheWish(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(9), AllowExternal: true})
	r.pass(time.Minute)
	f.held[0].Window = lock.Window{From: hours(6), To: hours(12)}
	f.held[0].PIN = pin("1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	v := r.code("g")
	if !v.Starts.Equal(hours(6)) || !v.Ends.Equal(hours(12)) || r.pin("g") != pin("1350") {
		t.Errorf("%s to %s, issues %s", v.Starts, v.Ends, codesOf(v.Issues))
	}
	i := slices.IndexFunc(v.Issues, func(i engine.Issue) bool { return i.Code == "external_modification_in_effect" })
	if i < 0 || !strings.Contains(v.Issues[i].Message, "code and time_frame") {
		t.Errorf("issues %+v", v.Issues)
	}
	r.until(hours(11))
	r.status("g", engine.StatusSet)
	if n := r.count(engine.CallSet); n != 1 {
		t.Errorf("%d sets", n)
	}
}

func TestARemovedLockThatWasNeverSeenIsLeftAlone(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.pass(time.Second)
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(time.Minute)
	r.forget()
	r.pass(72 * time.Hour)
	if got := r.verbs("front"); got != "" {
		t.Errorf("calls %s", got)
	}
}

// The provider gives other digits when the code is written anew: whoever was told the old ones must hear.
func TestDigitsThatTheProviderChangesAreNewsAgain(t *testing.T) {
	tr := jitTraits()
	tr.AssignsPIN = true
	r, f := settled(t, tr)
	f.assign = pin("4829")
	r.do(engine.Create{ID: "g", Device: "front"})
	r.pass(time.Minute)
	if r.pin("g") != pin("4829") {
		t.Fatal("other digits")
	}
	r.wantIssue(r.code("g").Issues, "digits_changed", false)
	f.held, f.assign = nil, pin("1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.wantIssue(r.code("g").Issues, "digits_changed", true)
	if r.pin("g") != pin("1350") {
		t.Error("the old digits are shown")
	}
}

// Somebody else's credential came to stand in the slot from which ours was taken.
func TestASlotThatSomebodyElseHasTaken(t *testing.T) {
	tr := jitTraits()
	tr.ClientSlots, tr.Slots = true, 2
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	slot := f.held[0].Slot
	f.held = []lock.Held{{Ref: "x", Name: "Eve", PIN: pin("1350"), Enabled: true, Slot: slot}}
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.status("g", engine.StatusSet)
	if len(f.held) != 2 || f.held[0].PIN != pin("1350") || f.held[1].Slot == slot {
		t.Errorf("holds %+v", f.held)
	}
}

// Spares of a lock that can't be read are erased when it goes, and count as gone a day later.
func TestABlindLockThatIsRemoved(t *testing.T) {
	r, f := settled(t, blindTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Hour)
	if len(f.held) != 3 {
		t.Fatalf("%d spares", len(f.held))
	}
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(time.Hour)
	if len(f.held) != 0 {
		t.Errorf("%d spares are left", len(f.held))
	}
	if n := len(r.device("front").Slots); n != 3 {
		t.Errorf("%d slots are kept until the erases count, want 3", n)
	}
	r.pass(25 * time.Hour)
	if n := len(r.device("front").Slots); n != 0 {
		t.Errorf("%d slots are kept", n)
	}
}

// A name may be so long, and no longer.
func TestTheLengthOfAName(t *testing.T) {
	r, _ := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", Name: strings.Repeat("n", 200)})
	r.refused(engine.Create{ID: "h", Device: "front", Name: strings.Repeat("n", 201)}, "invalid_input", "name")
}
