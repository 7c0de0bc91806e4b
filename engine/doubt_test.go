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

// A code that opens at times of the week is somebody else's, is shown with them, and can't be managed. One of ours that is given such
// times was changed by hand: it is no longer what its guest was promised, and is put back.
func TestTimesOfTheWeek(t *testing.T) {
	for name, traits := range map[string]lock.Traits{"jit": jitTraits(), "native": nativeTraits()} {
		r, f := settled(t, traits)
		f.held = append(f.held, lock.Held{Ref: "x", Name: "Cleaner", PIN: pin("2468"), Enabled: true, Weekly: "Mo,We 09:00-17:00"})
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(15 * time.Minute)
		r.status("g", engine.StatusSet)
		i := slices.IndexFunc(f.held, func(h lock.Held) bool { return h.PIN == pin("4829") })
		f.held[i].Weekly = "Tu 09:00-17:00"
		r.do(engine.Observe{Device: "front"})
		r.pass(1500 * time.Millisecond)
		r.wantIssue(r.code("g").Issues, "conflicting_external_modification", true)
		r.pass(15 * time.Minute)
		r.status("g", engine.StatusSet)
		r.wantIssue(r.code("g").Issues, "conflicting_external_modification", false)
		for _, h := range f.held {
			if weekly := map[lock.PIN]string{pin("2468"): "Mo,We 09:00-17:00"}[h.PIN]; h.Weekly != weekly {
				t.Errorf("%s: the lock holds %+v", name, h)
			}
		}
		told := false
		for _, s := range r.device("front").Slots {
			told = told || s.State == "unmanaged" && s.Ref == "x" && s.Weekly == "Mo,We 09:00-17:00"
		}
		if !told {
			t.Errorf("%s: the slots are %+v", name, r.device("front").Slots)
		}
		if no := r.refused(engine.Adopt{Device: "front", Ref: "x"}, "cannot_be_managed", "ref"); !strings.Contains(no.Message, "Mo,We 09:00-17:00") {
			t.Errorf("%s: %s", name, no.Message)
		}
	}
}

// A change in doubt is made again where no look can tell whether it was made: masked digits look right either way.
func TestAChangeInDoubtThatNoLookCanTell(t *testing.T) {
	for name, hide := range map[string]func(*lock.Traits){
		"digits": func(t *lock.Traits) { t.HidesPIN = true },
		"window": func(t *lock.Traits) { t.HidesWindow = true },
		"all":    func(t *lock.Traits) { t.CannotList = true },
	} {
		tr := nativeTraits()
		tr.UpdatesInPlace = true
		hide(&tr)
		r, f := settled(t, tr)
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(9)})
		r.pass(time.Minute)
		f.loses(engine.CallSet, false)
		r.do(engine.Update{Code: "g", PIN: ptr(pin("1350")), Ends: ptr(hours(12))})
		r.until(hours(2))
		if len(f.held) != 1 || !f.has(pin("1350")) || !f.held[0].Window.To.Equal(hours(12)) {
			t.Errorf("%s: holds %+v", name, f.held)
		}
	}
}

// A second copy of a live code is ours by its tag, and goes.
func TestASecondCopyOfALiveCodeGoes(t *testing.T) {
	for _, masked := range []bool{false, true} {
		r, f := settled(t, jitTraits())
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(time.Minute)
		f.masked = masked
		twin := f.held[0]
		twin.Ref = "twin"
		f.held = append(f.held, twin)
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Hour)
		if len(f.held) != 1 || !f.has(pin("4829")) {
			t.Errorf("masked %v: holds %+v", masked, f.held)
		}
		r.status("g", engine.StatusSet)
		if n := r.count(engine.CallSet); n != 1 {
			t.Errorf("masked %v: %d sets", masked, n)
		}
	}
}

// What was allowed to be taken away comes back when it is wished anew.
func TestANewWishBringsBackWhatWasTakenAway(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), AllowExternal: true})
	r.pass(time.Minute)
	f.held = nil
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.status("g", engine.StatusUnset)
	r.do(engine.Update{Code: "g", PIN: ptr(pin("1350"))})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if !f.has(pin("1350")) {
		t.Errorf("holds %+v", f.held)
	}
}

// A backup that is not on the lock itself opens nothing: the arrival is judged by the code.
func TestABackupThatWasLostIsNoComfort(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Hour)
	f.fails(engine.CallSet, driver.Rejected, driver.BlameLock)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	r.do(engine.PullBackup{Code: "g"})
	r.pass(time.Minute)
	if got := r.code("g").Readiness; got != engine.ReadyLikely {
		t.Errorf("with a backup: %s", got)
	}
	f.held, f.fail = nil, nil
	f.drop[engine.CallSet] = true
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Second)
	if got := r.code("g").Readiness; got != engine.ReadyWillFail {
		t.Errorf("without one: %s", got)
	}
}

// A new name is no new credential: that the guest has used it stays known. New digits are.
func TestWhoOpenedIsKnownAsLongAsTheDigitsStay(t *testing.T) {
	tr := jitTraits()
	tr.UpdatesInPlace = true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", Name: "Ada", PIN: pin("4829"), AllowExternal: true})
	r.pass(time.Minute)
	f.opened(f.held[0].Ref, r.now)
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Update{Code: "g", Name: ptr("Bo")})
	r.pass(time.Minute)
	if got := r.code("g").Evidence; got != engine.EvidenceUsed {
		t.Errorf("after a new name: %s", got)
	}
	f.held[0].PIN = pin("1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if got := r.code("g").Evidence; got != engine.EvidenceReported {
		t.Errorf("after new digits: %s", got)
	}
}

func TestADryRunHasNoKey(t *testing.T) {
	r, _ := settled(t, jitTraits())
	if _, err := r.submit(engine.Command{Key: "k", Do: engine.Create{ID: "a", Device: "front", PIN: pin("4829")}}); err != nil {
		t.Fatal(err)
	}
	rec, err := r.submit(engine.Command{Key: "k", DryRun: true, Do: engine.Create{ID: "b", Device: "front", PIN: pin("1350")}})
	if err != nil || rec.Seq != 0 || len(rec.Codes) != 1 || rec.Codes[0] != "b" {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestALookAsksAboutWhatIsToBeErasedToo(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("x", "Eve", "1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	f.drop[engine.CallClear] = true
	r.do(engine.DeleteUnmanaged{Device: "front", Ref: "x"})
	r.pass(time.Minute)
	r.forget()
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	for _, c := range r.calls {
		if c.Verb == engine.CallObserve && (len(c.Known.Refs) != 1 || c.Known.Refs[0] != "x") {
			t.Errorf("known %v", c.Known.Refs)
		}
	}
	if r.count(engine.CallObserve) == 0 {
		t.Error("no look")
	}
}

func TestADeletionOnALockOutOfReachSaysSo(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "on", Device: "front", PIN: pin("4829")})
	r.do(engine.Create{ID: "later", Device: "front", PIN: pin("1350"), Starts: hours(20), Ends: hours(30)})
	r.pass(time.Minute)
	if n := r.do(engine.Create{ID: "x", Device: "front", PIN: pin("2468"), Starts: hours(40), Ends: hours(50)}); n.Seq == 0 {
		t.Fatal("no receipt")
	}
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if rec := r.do(engine.Delete{Code: "later"}); len(rec.Notes) != 0 {
		t.Errorf("of what is not on the lock: %v", rec.Notes)
	}
	if rec := r.do(engine.Delete{Code: "on"}); len(rec.Notes) != 1 || !strings.Contains(rec.Notes[0], "out of reach") {
		t.Errorf("notes %v", rec.Notes)
	}
}

func TestADuplicateSaysHowTheyMeet(t *testing.T) {
	tr := nativeTraits()
	tr.RefusesReuse = true
	r, _ := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(9)})
	apart := r.refused(engine.Create{ID: "h", Device: "front", PIN: pin("4829"), Starts: hours(10), Ends: hours(12)}, "duplicate_access_code", "pin")
	if !strings.Contains(apart.Message, "would meet on the lock") || apart.Other != "g" {
		t.Errorf("%+v", apart)
	}
	for _, ends := range []time.Time{hours(12), {}} {
		same := r.refused(engine.Create{ID: "h", Device: "front", PIN: pin("4829"), Starts: hours(8), Ends: ends}, "duplicate_access_code", "pin")
		if !strings.Contains(same.Message, "at the same time") {
			t.Errorf("%+v", same)
		}
	}
}

// What is adopted with its schedule is left as it stands, and is on when its window opens; without one it is on now.
func TestWhatIsAdoptedStandsAsItIs(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	f.put("x", "Eve", "1350")
	f.held = append(f.held, lock.Held{Ref: "y", Name: "Bob", PIN: pin("2468"), Enabled: true, Window: lock.Window{From: hours(5), To: hours(9)}})
	r.pass(time.Minute)
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.forget()
	r.do(engine.Adopt{Device: "front", Ref: "x", ID: "x"})
	r.do(engine.Adopt{Device: "front", Ref: "y", ID: "y"})
	r.status("x", engine.StatusSet)
	r.status("y", engine.StatusUnset)
	r.until(hours(6))
	r.status("y", engine.StatusSet)
	if n := r.count(engine.CallSet) + r.count(engine.CallClear); n != 0 {
		t.Errorf("calls %s", r.verbs("front"))
	}
}

func TestWhoIsAskedIsToldTheAnswers(t *testing.T) {
	for policy, want := range map[engine.External]bool{engine.ExternalAsk: true, engine.ExternalEnforce: false} {
		r, f := settled(t, jitTraits())
		r.do(engine.SetPolicy{Device: "front", Patch: engine.PolicyPatch{External: ptr(policy)}})
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(time.Minute)
		f.held[0].PIN = pin("1350")
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		told := false
		for _, ev := range r.journal() {
			told = told || ev.Issue != nil && ev.Issue.Code == "conflicting_external_modification" && strings.Contains(ev.Issue.Remedy, "retry puts it back")
		}
		if told != want || f.has(pin("4829")) == want {
			t.Errorf("%s: told %v, holds %+v", policy, told, f.held)
		}
	}
}

// An erase that the lock refuses is tried again after 10, 20 and 40 seconds, those of nobody's code too.
func TestRefusedErasesWaitLongerAndLonger(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("x", "Eve", "1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	for range 3 {
		f.fails(engine.CallClear, driver.Rejected, driver.BlameLock)
	}
	var at []time.Time
	r.bend = func(c engine.Call, _ *engine.Outcome) {
		if c.Verb == engine.CallClear {
			at = append(at, r.now)
		}
	}
	r.do(engine.DeleteUnmanaged{Device: "front", Ref: "x"})
	r.pass(time.Hour)
	if len(at) != 4 || len(f.held) != 0 {
		t.Fatalf("%d erases, holds %+v", len(at), f.held)
	}
	for i, least := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		if got := at[i+1].Sub(at[i]); got < least || got > least+5*time.Second {
			t.Errorf("try %d comes %s after the one before, want about %s", i+2, got, least)
		}
	}
}

// A backup that stands in is judged as what it is, and ends when the stay does.
func TestABackupFollowsTheStay(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Hour)
	f.drop[engine.CallSet] = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: r.now, Ends: hours(9)})
	r.pass(time.Minute)
	spare := r.do(engine.PullBackup{Code: "g"}).Backup
	r.pass(time.Minute)
	if v := r.code(spare); !v.Ends.Equal(hours(9)) || v.Readiness != engine.ReadyVerified {
		t.Errorf("until %s, %s", v.Ends, v.Readiness)
	}
	r.do(engine.Update{Code: "g", Ends: ptr(hours(12))})
	if v := r.code(spare); !v.Ends.Equal(hours(12)) {
		t.Errorf("until %s after the stay was extended", v.Ends)
	}
	r.until(hours(12).Add(time.Minute))
	r.status(spare, engine.StatusGone)
}

func TestAWriteUnderWayIsNoRisk(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(9)})
	f.latency = 20 * time.Second
	r.until(hours(4.5).Add(5 * time.Second))
	if v := r.code("g"); v.Readiness != engine.ReadyLikely {
		t.Errorf("%s: %s", v.Readiness, v.Cause)
	}
}

// A schedule that the lock refused is tried again for what was changed.
func TestAChangeTriesTheScheduleAgain(t *testing.T) {
	r, f := settled(t, nativeTraits())
	f.fails(engine.CallSet, driver.Rejected, driver.BlameLock)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(20), Ends: hours(30)})
	r.pass(time.Hour)
	if len(f.held) != 0 {
		t.Fatal("it is not just in time")
	}
	r.do(engine.Update{Code: "g", Ends: ptr(hours(31))})
	r.pass(time.Minute)
	if len(f.held) != 1 || !f.held[0].Window.To.Equal(hours(31)) {
		t.Errorf("holds %+v", f.held)
	}
}

func TestWhatWasJustAdoptedLeavesOnce(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("x", "Eve", "1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Adopt{Device: "front", Ref: "x", ID: "x"})
	r.do(engine.RemoveDevice{Device: "front"})
	if v := r.device("front"); len(v.Slots) != 1 {
		t.Errorf("slots %+v", v.Slots)
	}
}

func TestADryRunOfAnUndoShowsThePlan(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(9)})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	gone := r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	rec, err := r.submit(engine.Command{DryRun: true, Do: engine.Undo{Receipt: gone.Seq}})
	if err != nil || len(rec.Plan) == 0 {
		t.Errorf("%+v, %v", rec, err)
	}
}

// While every list is partial, a write in doubt stays in doubt, and is looked after less and less often.
func TestDoubtThatNoListEndsIsLookedAfterSeldom(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.partial = true
	f.loses(engine.CallSet, false)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(6 * time.Hour)
	if n := r.count(engine.CallObserve); n < 12 || n > 30 || r.count(engine.CallSet) != 1 {
		t.Errorf("%d looks and %d sets in six hours", n, r.count(engine.CallSet))
	}
	f.partial = false
	r.pass(time.Hour)
	r.status("g", engine.StatusSet)
}

// Digits that nobody was told may change without a word.
func TestUntoldDigitsOfAProviderMayChange(t *testing.T) {
	tr := jitTraits()
	tr.AssignsPIN = true
	r, f := settled(t, tr)
	f.assign = pin("4829")
	r.do(engine.Create{ID: "g", Device: "front"})
	r.pass(time.Minute)
	f.held, f.assign = nil, pin("1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.wantIssue(r.code("g").Issues, "digits_changed", false)
	if r.pin("g") != pin("1350") {
		t.Error("the old digits are shown")
	}
}

// A lock that is out of reach with a write refused before is written to as soon as it answers, not when the try was due.
func TestWhatWaitsGoesAsSoonAsTheLockAnswers(t *testing.T) {
	r, f := settled(t, jitTraits())
	for range 8 {
		f.loses(engine.CallSet, false)
	}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(40 * time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	f.fail, f.script = nil, nil
	r.step(engine.Notice{Device: "front"})
	r.pass(15 * time.Second)
	r.status("g", engine.StatusSet)
}
