package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func TestAHintDuringALookCounts(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.latency = 10 * time.Second
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Second)
	f.put("f1", "cleaner", "7777") // after the look was taken
	r.step(engine.Notice{Account: "acme", Device: "front"})
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "observe observe" {
		t.Errorf("calls %s", got)
	}
	if v := r.device("front"); v.Used != 1 {
		t.Error("what the hint was about is not known")
	}
}

func TestANoticeOfAnAccountIsOfEveryLock(t *testing.T) {
	r := newRig(t)
	r.add("a", jitTraits())
	r.add("b", jitTraits())
	r.addDevice(lock.Device{ID: "c", Account: "other", Traits: jitTraits()})
	r.pass(time.Minute)
	r.forget()
	r.step(engine.Notice{Account: "acme"}, engine.Notice{Account: "nobody"}, engine.Notice{Account: "acme", Device: "nowhere"})
	r.pass(time.Minute)
	if r.verbs("a") != "observe" || r.verbs("b") != "observe" || r.verbs("c") != "" {
		t.Errorf("a %q, b %q, c %q", r.verbs("a"), r.verbs("b"), r.verbs("c"))
	}
}

func TestBackToBackStays(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "a", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(10)})
	rec := r.do(engine.Create{ID: "b", Device: "front", PIN: pin("1350"), Starts: hours(10.25), Ends: hours(20)})
	if notes := strings.Join(rec.Notes, "; "); !strings.HasPrefix(notes, "not written before Mon 2 Mar 22:00 ") {
		t.Errorf("who makes it is told: %s", notes)
	}
	r.until(hours(9.9))
	if f.has(pin("1350")) {
		t.Error("the next guest's code opens while the guest before is in")
	}
	r.wantIssue(r.code("b").Issues, "waits_for_guest_before", true)
	if why := r.code("b").Reason; why != "waits until the guest before has left" {
		t.Errorf("of the next guest's code is said: %q", why)
	}
	r.until(hours(10).Add(20 * time.Second))
	if !f.has(pin("1350")) || f.has(pin("4829")) {
		t.Errorf("held %+v", f.held)
	}
	r.wantIssue(r.code("b").Issues, "waits_for_guest_before", false)
	r.status("b", engine.StatusSet)
}

func TestAdjacentStaysOfOneHolderShareACredential(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "a", Device: "front", Holder: "ada", PIN: pin("4829"), Starts: hours(1), Ends: hours(10)})
	r.do(engine.Create{ID: "b", Device: "front", Holder: "ada", PIN: pin("4829"), Starts: hours(10), Ends: hours(20)})
	r.until(hours(10.1))
	r.status("a", engine.StatusGone)
	r.status("b", engine.StatusSet)
	if n := r.count(engine.CallSet); n != 1 || len(f.held) != 1 {
		t.Errorf("%d sets, %d credentials", n, len(f.held))
	}
	if n := r.count(engine.CallClear); n != 0 {
		t.Errorf("%d clears", n)
	}
	r.until(hours(20.1))
	r.status("b", engine.StatusGone)
	if len(f.held) != 0 {
		t.Error("the shared credential stays")
	}
}

func TestStaging(t *testing.T) {
	tr := jitTraits()
	tr.Stages = true
	r, f := settled(t, tr)
	r.do(engine.SetPolicy{Patch: engine.PolicyPatch{JITEarly: ptr(engine.EarlyStage)}})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(10)})
	r.until(hours(0.9))
	if len(f.held) != 1 || f.held[0].Enabled {
		t.Fatalf("held %+v", f.held)
	}
	r.status("g", engine.StatusUnset)
	r.until(hours(1).Add(5 * time.Second))
	if !f.held[0].Enabled {
		t.Error("not enabled at the start")
	}
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "delay_in_setting_on_device", false)
	r.until(hours(10.1))
	r.status("g", engine.StatusGone)
}

func TestEarlyForbidden(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.SetPolicy{Patch: engine.PolicyPatch{JITEarly: ptr(engine.EarlyForbid)}})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(10)})
	r.until(hours(1).Add(-time.Second))
	if len(f.held) != 0 {
		t.Error("written before its start")
	}
	r.until(hours(1).Add(5 * time.Second))
	r.status("g", engine.StatusSet)
}

func TestNativeThatIsRefusedFallsBack(t *testing.T) {
	r, f := settled(t, nativeTraits())
	f.then(reply{verb: engine.CallSet, kind: driver.Rejected, blame: driver.BlameLock, err: true, vend: "NO_SCHEDULE"})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(10), Ends: hours(20)})
	r.pass(time.Minute)
	c := r.code("g")
	if c.Native || !strings.Contains(c.Why, "NO_SCHEDULE") {
		t.Errorf("native %v: %s", c.Native, c.Why)
	}
	r.wantIssue(c.Issues, "native_declined", true)
	r.until(hours(9.4))
	if len(f.held) != 0 {
		t.Error("written before T-30 min")
	}
	r.until(hours(10))
	r.status("g", engine.StatusSet)
}

func TestALockThatLosesSchedulesFallsBack(t *testing.T) {
	r, f := settled(t, nativeTraits())
	f.loseWin = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(10), Ends: hours(20)})
	r.pass(10 * time.Minute)
	if len(f.held) != 0 {
		t.Errorf("digits that open at any time stand on the lock ten hours early: %+v", f.held)
	}
	if c := r.code("g"); c.Native {
		t.Errorf("still native: %s", c.Why)
	}
	r.until(hours(10))
	r.status("g", engine.StatusSet)
	r.until(hours(20.1))
	r.status("g", engine.StatusGone)
	if n := r.count(engine.CallSet); n > 4 {
		t.Errorf("%d sets", n)
	}
}

func TestAClockThatRunsOffEndsTheSchedule(t *testing.T) {
	r, f := settled(t, nativeTraits())
	f.tells = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(10), Ends: hours(20)})
	r.pass(time.Minute)
	if !r.code("g").Scheduled {
		t.Fatal("not loaded")
	}
	f.offset = -10 * time.Minute
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	r.wantIssue(r.device("front").Issues, "clock_off", true)
	if len(f.held) != 0 {
		t.Errorf("held %+v", f.held)
	}
	f.offset = 0
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	r.wantIssue(r.device("front").Issues, "clock_off", false)
	if len(f.held) != 1 || f.held[0].Window.IsZero() {
		t.Errorf("not loaded again: %+v", f.held)
	}
}

func TestSlotsThatTheWriterChooses(t *testing.T) {
	tr := jitTraits()
	tr.ClientSlots, tr.Slots = true, 3
	r, f := settled(t, tr)
	f.held = append(f.held, lock.Held{Ref: "1", Slot: 1, PIN: pin("7777"), Enabled: true})
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Create{ID: "a", Device: "front", PIN: pin("4829")})
	r.do(engine.Create{ID: "b", Device: "front", PIN: pin("1350")})
	r.pass(time.Minute)
	slots := map[int]lock.PIN{}
	for _, h := range f.held {
		if _, ok := slots[h.Slot]; ok || h.Slot < 1 || h.Slot > 3 {
			t.Errorf("slot %d twice or out of range", h.Slot)
		}
		slots[h.Slot] = h.PIN
	}
	if len(slots) != 3 {
		t.Errorf("slots %v", slots)
	}
	r.do(engine.Create{ID: "c", Device: "front", PIN: pin("2468")})
	r.pass(time.Minute)
	r.status("c", engine.StatusSetting)
	r.do(engine.Delete{Code: "a"})
	r.pass(time.Minute)
	r.status("c", engine.StatusSet)
}

func TestAlgorithmicCodes(t *testing.T) {
	r := newRig(t)
	f := r.add("front", lock.Traits{OfflineOnly: true, CannotList: true, Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineOneTime}, Zone: "UTC", FirstUseWithin: 24 * time.Hour})
	f.assign = pin("987654321")
	rec := r.do(engine.Create{ID: "g", Device: "front", Starts: hours(10.3), Ends: hours(20.6)})
	noted(t, rec, "can't be changed or revoked", "Mon 2 Mar 22:00 UTC to Tue 3 Mar 08:00 UTC", "dies unless it is used by")
	r.pass(time.Minute)
	if c := r.code("g"); !c.HasPIN || !c.Starts.Equal(hours(10)) || !c.Ends.Equal(hours(20)) || c.Offline != lock.OfflineHourly {
		t.Errorf("%+v", c)
	}
	if r.pin("g") != pin("987654321") {
		t.Error("not the digits that were issued")
	}
	one := r.do(engine.Create{ID: "o", Device: "front", OneTime: true})
	if c := r.code(one.Codes[0]); !c.OneTime || c.Offline != lock.OfflineOneTime {
		t.Errorf("%+v", c)
	}
	r.until(hours(15))
	r.status("g", engine.StatusSet)
	r.until(hours(20.1))
	r.status("g", engine.StatusGone)
	if n := r.count(engine.CallClear); n != 0 {
		t.Errorf("%d erases of what the lock was never told", n)
	}
	if got := strings.Join(r.events("g"), " "); strings.Contains(got, "removed_from_device") {
		t.Errorf("events %s", got)
	}
}

func TestAlgorithmicDigitsInDoubtAreAskedForAgain(t *testing.T) {
	for _, blind := range []bool{true, false} {
		r, f := settled(t, lock.Traits{CannotList: blind, Offline: []lock.OfflineKind{lock.OfflineHourly}, Zone: "UTC", Slots: 3})
		f.assign = pin("987654321")
		f.loses(engine.CallSet, true)
		r.do(engine.Create{ID: "g", Device: "front", Offline: true, Starts: hours(10), Ends: hours(20)})
		r.pass(time.Hour)
		if c := r.code("g"); !c.HasPIN || len(c.Issues) != 0 || len(c.Pending) != 0 {
			t.Errorf("blind %v: issued %v, issues %s, pending %v", blind, c.HasPIN, codesOf(c.Issues), c.Pending)
		}
		if n := r.count(engine.CallSet); n != 2 {
			t.Errorf("blind %v: %d sets", blind, n)
		}
	}
}

func TestBlindLocks(t *testing.T) {
	r, f := settled(t, blindTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(10)})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if c := r.code("g"); c.Evidence != engine.EvidenceAccepted {
		t.Errorf("evidence %s", c.Evidence)
	}
	// A change is written although nobody can see that the old form is gone.
	r.do(engine.Update{Code: "g", PIN: ptr(pin("1350"))})
	r.pass(time.Minute)
	if !f.has(pin("1350")) || f.has(pin("4829")) {
		t.Errorf("held %+v", f.held)
	}
	r.until(hours(10.1))
	r.status("g", engine.StatusRemoving)
	if c := r.code("g"); !c.Exposure.Unverified || !c.Exposure.Since.IsZero() {
		t.Errorf("exposure %+v", c.Exposure)
	}
	if v := r.device("front"); v.Used != 2 {
		t.Errorf("an erase that nobody can see frees its slot at once: used %d, want both forms", v.Used)
	}
	r.until(hours(34.1))
	r.status("g", engine.StatusGone)
	if v := r.device("front"); v.Used != 0 {
		t.Errorf("used %d", v.Used)
	}
	// A write in doubt that must go again is first written once more, for its handle.
	r, f = settled(t, blindTraits())
	for range 3 {
		f.loses(engine.CallSet, true)
	}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(3 * time.Second)
	r.do(engine.Delete{Code: "g"})
	r.pass(2 * time.Hour)
	for _, c := range r.calls {
		if c.Verb == engine.CallClear && c.At == "" {
			t.Error("an erase of nothing")
		}
	}
	if r.count(engine.CallClear) == 0 {
		t.Errorf("never erased: %s", r.verbs("front"))
	}
}

func TestABlindLockSpareMakesRoomWithoutClearingAll(t *testing.T) {
	tr := blindTraits()
	tr.Slots = 3
	r, f := settled(t, tr)
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Hour)
	if n := r.count(engine.CallClear); n != 1 {
		t.Errorf("%d spares are erased for one code", n)
	}
	r.wantIssue(r.code("g").Issues, "no_space_for_access_code_on_device", true)
	r.pass(24 * time.Hour)
	r.status("g", engine.StatusSet)
	if !f.has(pin("4829")) {
		t.Error("not on the lock")
	}
}

func TestExposure(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(1)})
	r.pass(time.Minute)
	r.until(hours(0.9))
	f.reach = lock.LockDown
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.until(hours(4))
	c := r.code("g")
	if !c.Exposure.Since.Equal(hours(1)) || c.Status != engine.StatusRemoving {
		t.Errorf("exposure %+v, %s", c.Exposure, c.Status)
	}
	r.wantIssue(c.Issues, "exposed", true)
	r.wantIssue(c.Issues, "delay_in_removing_from_device", true)
	if s := r.snapshot(engine.Query{View: engine.ViewFleet}); s.Fleet.Exposed != 1 || !s.Devices[0].Exposed {
		t.Errorf("%+v", s.Fleet)
	}
	f.reach, f.fail = lock.Reached, nil
	r.pass(31 * time.Minute)
	r.status("g", engine.StatusGone)
	total := r.code("g").Exposure.Total(r.now)
	if total < 3*time.Hour || total > 4*time.Hour {
		t.Errorf("exposure %v", total)
	}
	if v := r.device("front"); v.Exposure.Past != total || r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet.Exposed != 0 {
		t.Errorf("of the device %+v", v.Exposure)
	}
	// A lock that keeps its schedule exposes nobody.
	r, f = settled(t, nativeTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0.5), Ends: hours(1)})
	r.pass(time.Minute)
	f.reach = lock.LockDown
	r.until(hours(4))
	if c := r.code("g"); !c.Exposure.Since.IsZero() || c.Exposure.Past != 0 {
		t.Errorf("native: %+v", c.Exposure)
	}
}

func TestModesBatteriesAndLockout(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.modes = []lock.Mode{lock.ModePrivacy, lock.ModeLockout}
	f.battery = lock.Battery{Known: true, Level: 0.15}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	v := r.device("front")
	for _, x := range []string{"privacy_mode", "keypad_lockout", "low_battery"} {
		r.wantIssue(v.Issues, x, true)
	}
	if c := r.code("g"); c.Readiness != engine.ReadyAtRisk || c.Action == "" {
		t.Errorf("readiness %s, %s", c.Readiness, c.Action)
	}
	if r.told("device.low_battery") != 1 {
		t.Error("the battery is not told")
	}
	f.modes, f.battery.Level = nil, 0.95
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if v := r.device("front"); len(v.Issues) != 0 {
		t.Errorf("issues left: %s", codesOf(v.Issues))
	}
	r.pass(time.Hour)
	if c := r.code("g"); c.Readiness != engine.ReadyVerified {
		t.Errorf("readiness %s: %s", c.Readiness, c.Cause)
	}
}

func TestALockoutSaysWhenItEnds(t *testing.T) {
	traits := jitTraits()
	traits.Lockout = time.Minute
	r, f := settled(t, traits)
	from := r.now
	tries := func(at ...time.Duration) {
		for _, d := range at {
			f.entries = append(f.entries, lock.Entry{ID: d.String(), At: from.Add(d), Kind: lock.Denied, Reason: "too_many_attempts"})
		}
		r.do(engine.Observe{Device: "front"})
	}
	until := func() time.Time {
		for _, i := range r.device("front").Issues {
			if i.Code == "keypad_lockout" {
				return i.Until
			}
		}
		t.Fatal("the keypad is not called locked")
		return time.Time{}
	}
	f.modes = []lock.Mode{lock.ModeLockout}
	tries(0, 10*time.Second) // the second does not make it longer
	r.pass(20 * time.Second)
	if got := until(); !got.Equal(from.Add(time.Minute)) {
		t.Errorf("ends at %s, want a minute after the try that locked it", got)
	}
	r.pass(70 * time.Second) // somebody else locked it again, whose tries nobody has read
	if got := until(); !got.IsZero() {
		t.Errorf("ends at %s, which is past", got)
	}
	r.pass(40 * time.Second)
	tries(2 * time.Minute)
	r.pass(10 * time.Second)
	if got := until(); !got.Equal(from.Add(3 * time.Minute)) {
		t.Errorf("ends at %s, want a minute after the try that locked it again", got)
	}
}

func TestOneLookAtUnreachedLockIsNoOutage(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	f.reach = lock.LockDown
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Second)
	r.wantIssue(r.device("front").Issues, "device_disconnected", true)
	r.status("g", engine.StatusSet) // what it holds has not changed by that
	r.pass(10 * time.Hour)
	if n := r.count(engine.CallObserve); n > 40 {
		t.Errorf("%d looks in ten hours", n)
	}
	f.reach = lock.Reached
	r.pass(31 * time.Minute)
	r.wantIssue(r.device("front").Issues, "device_disconnected", false)
	if r.told("device.disconnected") != 1 || r.told("device.connected") != 1 {
		t.Error("told more than once, or not at all")
	}
}

func TestWindowsThatCannotBeReadBack(t *testing.T) {
	tr := nativeTraits()
	tr.HidesWindow = true
	r, _ := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(5), Ends: hours(10)})
	r.pass(time.Minute)
	r.wantIssue(r.code("g").Issues, "window_unverified", true)
	r.until(hours(6))
	r.status("g", engine.StatusSet)
	if n := r.count(engine.CallSet); n != 1 {
		t.Errorf("%d sets", n)
	}
}

func TestInHouseTheLockIsLookedAtHourly(t *testing.T) {
	r, _ := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(48)})
	r.pass(time.Minute)
	r.forget()
	r.pass(24 * time.Hour)
	if n := r.count(engine.CallObserve); n < 23 || n > 25 {
		t.Errorf("%d looks in a day", n)
	}
	if c := r.code("g"); c.Evidence != engine.EvidenceReported || c.Readiness != engine.ReadyVerified {
		t.Errorf("evidence %s, readiness %s", c.Evidence, c.Readiness)
	}
}

func TestAStartedCodeThatIsNotThere(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(2), Ends: hours(48)})
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.until(hours(2))
	r.status("g", engine.StatusSetting)
	r.wantIssue(r.code("g").Issues, "delay_in_setting_on_device", true)
	if r.told("access_code.delay_in_setting_on_device") != 1 {
		t.Error("not told once")
	}
	tries := r.count(engine.CallSet) + r.count(engine.CallObserve)
	r.until(hours(2.4))
	if n := r.count(engine.CallSet) + r.count(engine.CallObserve) - tries; n < 4 {
		t.Errorf("%d tries in the 24 minutes after the start", n)
	}
	f.fail = nil
	r.pass(6 * time.Minute)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "delay_in_setting_on_device", false)
	if got := strings.Join(r.events("g"), " "); !strings.HasSuffix(got, "set_on_device") {
		t.Errorf("events %s", got)
	}
}

func TestProvidersThatAssignDigits(t *testing.T) {
	r, f := settled(t, lock.Traits{AssignsPIN: true, Slots: 5, UpdatesInPlace: true})
	f.assign = pin("864209")
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(0), Ends: hours(5)})
	if c := r.code("g"); !c.Waiting {
		t.Error("not waiting for its digits")
	}
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if c := r.code("g"); c.Waiting || !c.HasPIN || r.pin("g") != pin("864209") {
		t.Errorf("%+v", c)
	}
	for _, c := range r.calls {
		if c.Verb == engine.CallSet && !c.Want.PIN.IsZero() {
			t.Error("digits are sent to a provider that chooses them")
		}
	}
	r.until(hours(5.1))
	r.status("g", engine.StatusGone)
	r.silent("864209")
}
