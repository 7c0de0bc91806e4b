package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// settled is a rig with one lock that was looked at, and nothing to do.
func settled(t *testing.T, tr lock.Traits) (*rig, *fake) {
	r := newRig(t)
	f := r.add("front", tr)
	r.pass(time.Minute)
	r.forget()
	return r, f
}

func TestAFailedSetIsTriedAgainUntilItWorks(t *testing.T) {
	for _, c := range []struct {
		kind  driver.Kind
		blame driver.Blame
		issue string // of the code, or of what it hangs on
	}{
		{driver.Ambiguous, driver.BlameUnknown, ""},
		{driver.Ambiguous, driver.BlameCloud, "provider_down"},
		{driver.Offline, driver.BlameLock, "device_disconnected"},
		{driver.Offline, driver.BlameHub, "hub_disconnected"},
		{driver.Offline, driver.BlameCloud, "provider_down"},
		{driver.Throttled, driver.BlameCloud, ""},
		{driver.Unauthorized, driver.BlameAccount, "account_disconnected"},
		{driver.Full, driver.BlameLock, "no_space_for_access_code_on_device"},
		{driver.NotFound, driver.BlameLock, "device_disconnected"},
	} {
		t.Run(c.kind.String()+" "+c.blame.String(), func(t *testing.T) {
			r := newRig(t)
			f := r.addDevice(lock.Device{ID: "front", Account: "acme", Hub: "hub", Traits: jitTraits()})
			r.pass(time.Minute)
			f.fails(engine.CallSet, c.kind, c.blame)
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
			r.pass(5 * time.Second)
			if c.issue != "" {
				r.wantIssue(r.code("g").Issues, c.issue, true)
			}
			if want := engine.StatusSetting; c.kind == driver.Unauthorized {
				r.status("g", engine.StatusUnknown)
			} else if s := r.code("g").Status; s != want {
				t.Errorf("status %s, want %s", s, want)
			}
			r.pass(30 * time.Minute)
			r.status("g", engine.StatusSet)
			if got := codesOf(r.code("g").Issues); got != "" {
				t.Errorf("issues left: %s", got)
			}
			if n := r.count(engine.CallSet); n != 2 {
				t.Errorf("%d sets, want 2: %s", n, r.verbs("front"))
			}
		})
	}
}

// A service that drives others' locks says that a hub is away, and not which.
func TestAHubThatNobodyNamesIsBlamedAtItsLocks(t *testing.T) {
	r := newRig(t)
	var fakes []*fake
	for _, id := range []lock.DeviceID{"a", "b", "c", "d"} {
		fakes = append(fakes, r.addDevice(lock.Device{ID: id, Account: "acme", Traits: jitTraits()}))
	}
	r.pass(time.Minute)
	for _, f := range fakes {
		f.fails(engine.CallSet, driver.Offline, driver.BlameHub)
	}
	for _, id := range []lock.DeviceID{"a", "b", "c", "d"} {
		r.do(engine.Create{ID: lock.CodeID("of-" + id), Device: id, PIN: pin("4829")})
	}
	r.pass(5 * time.Second)
	for _, id := range []lock.DeviceID{"a", "b", "c", "d"} {
		v := r.device(id)
		if v.Link != lock.HubDown {
			t.Errorf("%s: reach %d, want the hub away", id, v.Link)
		}
		if got := codesOf(v.Issues); got != "hub_disconnected" {
			t.Errorf("%s: issues %q, want that of the hub alone", id, got)
		}
	}
	r.pass(30 * time.Minute)
	for _, id := range []lock.DeviceID{"a", "b", "c", "d"} {
		r.status(lock.CodeID("of-"+id), engine.StatusSet)
		if got := codesOf(r.device(id).Issues); got != "" {
			t.Errorf("%s: issues left: %s", id, got)
		}
	}
}

// What turns out to be the cause while a lock is out of reach already is raised in place of what was taken for it.
func TestAnotherCauseOfTheSameOutageIsTheOneThatIsRaised(t *testing.T) {
	for _, hub := range []lock.HubID{"", "attic"} {
		r := newRig(t)
		r.addDevice(lock.Device{ID: "beside", Account: "acme", Traits: jitTraits()})
		r.addDevice(lock.Device{ID: "below", Account: "acme", Traits: jitTraits()})
		f := r.addDevice(lock.Device{ID: "front", Account: "acme", Hub: hub, Traits: jitTraits()})
		r.pass(time.Minute)
		for _, x := range []struct {
			blame driver.Blame
			link  lock.Reach
		}{
			{driver.BlameCloud, lock.AccountDown}, {driver.BlameHub, lock.HubDown}, {driver.BlameCloud, lock.HubDown}, {driver.BlameLock, lock.LockDown},
			{driver.BlameHub, lock.HubDown}, {driver.BlameUnknown, lock.HubDown}, {driver.BlameLock, lock.LockDown}, {driver.BlameUnknown, lock.LockDown},
		} {
			f.fails(engine.CallObserve, driver.Offline, x.blame)
			r.do(engine.Observe{Device: "front"})
			r.pass(time.Second)
			v := r.device("front")
			want := map[lock.Reach]string{lock.HubDown: "hub_disconnected", lock.LockDown: "device_disconnected"}[x.link]
			for _, i := range v.Issues {
				if i.Code == "device_disconnected" && strings.Contains(i.Remedy, "hub") == (hub == "") {
					t.Errorf("hub %q: what helps is said to be: %s", hub, i.Remedy)
				}
			}
			if got := codesOf(v.Issues); v.Link != x.link || got != want {
				t.Errorf("hub %q, %v to blame: reach %d and issues %q, want %d and %q", hub, x.blame, v.Link, got, x.link, want)
			}
		}
	}
}

func TestARefusedSetIsNotTriedAgain(t *testing.T) {
	for _, kind := range []driver.Kind{driver.Rejected, driver.Unsupported, driver.Taken} {
		t.Run(kind.String(), func(t *testing.T) {
			r, f := settled(t, jitTraits())
			f.then(reply{verb: engine.CallSet, kind: kind, blame: driver.BlameRequest, err: true, vend: "E42"})
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(-1), Ends: hours(500)})
			r.pass(100 * time.Hour)
			want := "rejected_by_device"
			if kind == driver.Taken {
				want = "duplicate_code_on_device"
			}
			v := r.code("g")
			r.wantIssue(v.Issues, want, true)
			r.wantIssue(v.Issues, "failed_to_set_on_device", true)
			r.wantIssue(v.Issues, "delay_in_setting_on_device", true)
			if v.Readiness != engine.ReadyWillFail || v.Cause == "" || v.Action == "" {
				t.Errorf("readiness %s: %s, %s", v.Readiness, v.Cause, v.Action)
			}
			if n := r.count(engine.CallSet); n != 1 {
				t.Errorf("%d sets of what is refused for good", n)
			}
			// Another PIN may do, and so may a retry that somebody asks for.
			r.do(engine.Update{Code: "g", PIN: ptr(pin("1350"))})
			r.pass(time.Minute)
			r.status("g", engine.StatusSet)
			if got := codesOf(r.code("g").Issues); got != "" {
				t.Errorf("issues left: %s", got)
			}
		})
	}
}

func TestDrawnDigitsThatAreTakenAreDrawnAnew(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.fails(engine.CallSet, driver.Taken, driver.BlameRequest)
	r.do(engine.Create{ID: "g", Device: "front"})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if n := r.count(engine.CallSet); n != 2 || r.calls[0].Want.PIN == f.held[0].PIN {
		t.Errorf("%d sets", n)
	}
	// Told digits never change silently.
	r, f = settled(t, jitTraits())
	f.fails(engine.CallSet, driver.Taken, driver.BlameRequest)
	f.latency = 3 * time.Second
	r.do(engine.Create{ID: "g", Device: "front"})
	p := r.pin("g")
	r.pass(time.Minute)
	r.wantIssue(r.code("g").Issues, "needs_new_pin", true)
	if r.pin("g") != p {
		t.Error("told digits were drawn anew")
	}
}

func TestADuplicateHealsWhenTheOtherGoes(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("f1", "cleaner", "4829")
	f.fails(engine.CallSet, driver.Taken, driver.BlameRequest)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(50)})
	r.pass(time.Minute)
	found := false
	for _, i := range r.code("g").Issues {
		found = found || i.Code == "duplicate_code_on_device" && i.OtherRef == "f1"
	}
	if !found {
		t.Error("the other credential is not named")
	}
	r.do(engine.DeleteUnmanaged{Device: "front", Ref: "f1"})
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSet)
	if got := codesOf(r.code("g").Issues); got != "" {
		t.Errorf("issues left: %s", got)
	}
}

func TestAWriteInDoubtIsLookedAtFirst(t *testing.T) {
	for _, landed := range []bool{true, false} {
		r, f := settled(t, jitTraits())
		f.loses(engine.CallSet, landed)
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(10 * time.Minute)
		want := "set observe set observe"
		if landed {
			want = "set observe"
		}
		if got := r.verbs("front"); got != want {
			t.Errorf("landed %v: calls %s, want %s", landed, got, want)
		}
		r.status("g", engine.StatusSet)
		if len(f.held) != 1 {
			t.Errorf("landed %v: %d credentials", landed, len(f.held))
		}
	}
}

func TestAnEraseInDoubtIsLookedAtFirst(t *testing.T) {
	for _, tr := range []lock.Traits{jitTraits(), cloudTraits()} {
		for _, landed := range []bool{true, false} {
			r, f := settled(t, tr)
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
			r.pass(time.Hour)
			r.forget()
			f.loses(engine.CallClear, landed)
			r.do(engine.Delete{Code: "g"})
			r.pass(time.Hour)
			r.status("g", engine.StatusGone)
			if len(f.held) != 0 {
				t.Errorf("cloud %v landed %v: still there", tr.CloudList, landed)
			}
			if got := r.verbs("front"); !strings.HasPrefix(got, "clear observe") || r.count(engine.CallClear) > 2 {
				t.Errorf("cloud %v landed %v: calls %s", tr.CloudList, landed, got)
			}
			if got := strings.Join(r.events("g"), " "); !strings.HasSuffix(got, "removed_from_device deleted") {
				t.Errorf("cloud %v landed %v: events %s", tr.CloudList, landed, got)
			}
		}
	}
}

func TestALostCallIsEndedByItsDeadlineAndItsLateOutcomeIgnored(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.then(reply{verb: engine.CallSet, hang: true, apply: true})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	first := r.calls[0]
	r.pass(5 * time.Minute)
	r.status("g", engine.StatusSet)
	before := r.dump()
	r.step(engine.Outcome{Call: first.ID, Device: "front", Held: lock.Held{Ref: "late"}},
		engine.Outcome{Call: first.ID, Device: "front", Err: &driver.Error{Kind: driver.Rejected}},
		engine.Outcome{Call: "front#99", Device: "front"},
		engine.Outcome{Call: "x", Device: "nowhere"})
	if diff := before.diff(r.dump()); diff != "" {
		t.Errorf("a late outcome changed %s", diff)
	}
}

func TestASetThatIsSaidToHaveWorkedAndDidNot(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.then(reply{verb: engine.CallSet})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(3 * time.Second)
	r.status("g", engine.StatusSetting)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", true)
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", false)
	// Where only the cloud lists, it stays `setting` until the list has shown it for ten minutes.
	r, f = settled(t, cloudTraits())
	f.then(reply{verb: engine.CallSet})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(9 * time.Minute)
	r.status("g", engine.StatusSetting)
	r.pass(30 * time.Minute)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "unconfirmed", true)
	if n := r.count(engine.CallSet); n != 2 {
		t.Errorf("%d sets", n)
	}
}

func TestACodeThatCannotBeErasedIsOverwritten(t *testing.T) {
	tr := jitTraits()
	tr.UpdatesInPlace = true
	r, f := settled(t, tr)
	f.drop[engine.CallClear] = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Hour)
	if f.has(pin("4829")) {
		t.Errorf("the digits still open: %s", r.verbs("front"))
	}
	if c := r.code("g"); !c.Exposure.Since.IsZero() {
		t.Error("exposure goes on although the digits are destroyed")
	}
	said := ""
	for _, i := range r.code("g").Issues {
		if i.Code == "failed_to_remove_from_device" {
			said = i.Message + ": " + i.Remedy
		}
	}
	if !strings.Contains(said, "overwritten, so that no PIN opens it: it is erased once more every day") {
		t.Errorf("said: %q", said)
	}
	r.forget()
	r.pass(7 * 24 * time.Hour)
	if n := len(r.calls); n > 40 {
		t.Errorf("%d calls in a week for a slot that resists", n)
	}
	// What stands there counts as used, and its digits are nobody's.
	if v := r.device("front"); v.Used != 1 {
		t.Errorf("used %d", v.Used)
	}
	f.drop[engine.CallClear] = false
	r.pass(50 * time.Hour)
	r.status("g", engine.StatusGone)
	if len(f.held) != 0 {
		t.Error("never tried again")
	}
}

func TestAnEraseThatHasNoEffectIsNotRepeatedWithoutEnd(t *testing.T) {
	for _, who := range []string{"code", "unmanaged"} {
		for _, how := range []string{"no effect", "rejected"} {
			r, f := settled(t, jitTraits())
			f.put("f1", "cleaner", "7777")
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
			r.do(engine.Observe{Device: "front"})
			r.pass(time.Minute)
			if how == "rejected" {
				for range 1000 {
					f.fails(engine.CallClear, driver.Rejected, driver.BlameLock)
				}
			} else {
				f.drop[engine.CallClear] = true
			}
			if who == "code" {
				r.do(engine.Delete{Code: "g"})
			} else {
				r.do(engine.DeleteUnmanaged{Device: "front", Ref: "f1"})
			}
			r.forget()
			r.pass(24 * time.Hour)
			if n := r.count(engine.CallClear); n < 5 || n > 80 {
				t.Errorf("%s, %s: %d erases in a day", who, how, n)
			}
			f.script, f.drop[engine.CallClear] = nil, false
			r.pass(2 * time.Hour)
			if want := 1; len(f.held) != want {
				t.Errorf("%s, %s: %d credentials left", who, how, len(f.held))
			}
		}
	}
}

func TestMaskedDigitsAreNeverRewritten(t *testing.T) {
	tr := jitTraits()
	tr.HidesPIN = true
	r, _ := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(7 * 24 * time.Hour)
	if n := r.count(engine.CallSet); n != 1 {
		t.Errorf("%d sets in a week", n)
	}
	// A lock that masks without having said so.
	r, f := settled(t, jitTraits())
	f.masked = true
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(7 * 24 * time.Hour)
	if n := r.count(engine.CallSet); n != 1 {
		t.Errorf("unannounced: %d sets in a week", n)
	}
	r.status("g", engine.StatusSet)
}

func TestOutsideRemoval(t *testing.T) {
	remove := func(r *rig, f *fake) {
		f.held = nil
		r.do(engine.Observe{Device: "front"})
		r.pass(5 * time.Minute)
	}
	setup := func(p engine.External, allow bool) (*rig, *fake) {
		r, f := settled(t, jitTraits())
		r.do(engine.SetPolicy{Patch: engine.PolicyPatch{External: &p}})
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(20), AllowExternal: allow})
		r.pass(time.Minute)
		return r, f
	}
	t.Run("enforced", func(t *testing.T) {
		r, f := setup(engine.ExternalEnforce, false)
		r.t = t
		f.held = nil
		r.do(engine.Observe{Device: "front"})
		r.pass(1500 * time.Millisecond)
		r.wantIssue(r.code("g").Issues, "conflicting_external_modification", true)
		r.pass(time.Minute)
		r.status("g", engine.StatusSet)
		r.wantIssue(r.code("g").Issues, "conflicting_external_modification", false)
		if !f.has(pin("4829")) || r.told("access_code.deleted_external_to_seam") != 1 {
			t.Error("not put back, or not told")
		}
		r.until(hours(20.1))
		r.status("g", engine.StatusGone)
		r.forget()
		r.pass(time.Hour)
		if r.count(engine.CallSet) != 0 {
			t.Error("put back after its end")
		}
	})
	t.Run("allowed", func(t *testing.T) {
		for _, allow := range []bool{true, false} {
			p := engine.ExternalAllow
			if allow {
				p = engine.ExternalEnforce
			}
			r, f := setup(p, allow)
			r.t = t
			remove(r, f)
			r.wantIssue(r.code("g").Issues, "external_modification_in_effect", true)
			r.wantIssue(r.code("g").Issues, "conflicting_external_modification", false)
			r.pass(5 * time.Hour)
			r.status("g", engine.StatusUnset)
			if len(f.held) != 0 {
				t.Error("put back")
			}
			if c := r.code("g"); c.Readiness != engine.ReadyWillFail {
				t.Errorf("readiness %s", c.Readiness)
			}
			r.until(hours(21))
			r.status("g", engine.StatusGone)
		}
	})
	t.Run("asked", func(t *testing.T) {
		r, f := setup(engine.ExternalAsk, false)
		r.t = t
		remove(r, f)
		r.wantIssue(r.code("g").Issues, "conflicting_external_modification", true)
		r.pass(5 * time.Hour)
		if len(f.held) != 0 {
			t.Error("put back unasked")
		}
		r.do(engine.Observe{Device: "front"}) // retry is the answer
		r.pass(time.Minute)
		r.status("g", engine.StatusSet)
	})
}

func TestOutsideChangeOfDigits(t *testing.T) {
	tr := jitTraits()
	tr.UpdatesInPlace = true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(20)})
	r.do(engine.Create{ID: "h", Device: "front", PIN: pin("1350"), Starts: hours(0), Ends: hours(20), AllowExternal: true})
	r.pass(time.Minute)
	for i := range f.held {
		if f.held[i].PIN == pin("4829") {
			f.held[i].PIN = pin("9999")
		} else {
			f.held[i].PIN = pin("8888")
		}
	}
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Minute)
	r.status("g", engine.StatusSet)
	if !f.has(pin("4829")) || f.has(pin("9999")) {
		t.Error("not put back")
	}
	if !f.has(pin("8888")) || r.pin("h") != pin("8888") {
		t.Error("not honoured")
	}
	if r.told("access_code.modified_external_to_seam") != 2 {
		t.Error("not told")
	}
	r.silent("9999", "8888", "4829", "1350")
}

func TestTwoControllers(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(20)})
	r.pass(time.Minute)
	for range 5 {
		f.held = nil
		r.do(engine.Observe{Device: "front"})
		r.pass(3 * time.Second)
		if !f.has(pin("4829")) {
			break
		}
		r.pass(time.Minute)
	}
	if f.has(pin("4829")) {
		t.Fatal("the fight goes on")
	}
	r.wantIssue(r.code("g").Issues, "contended", true)
	if n := r.count(engine.CallSet); n != 4 {
		t.Errorf("%d sets, want the first and three corrections", n)
	}
	r.pass(70 * time.Minute)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "contended", false)
}

func TestTheTripwire(t *testing.T) {
	tr := nativeTraits()
	tr.ReportsEntry = true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(24), Ends: hours(48)})
	r.do(engine.Create{ID: "h", Device: "front", PIN: pin("1350"), Starts: hours(60), Ends: hours(80)})
	r.pass(time.Minute)
	if len(f.held) != 2 {
		t.Fatal("not loaded")
	}
	f.opened(f.held[0].Ref, hours(2))
	r.until(hours(2))
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Minute)
	r.wantIssue(r.device("front").Issues, "schedule_ignored", true)
	r.wantIssue(r.code("g").Issues, "used_too_early", true)
	if len(f.held) != 0 {
		t.Errorf("schedules that are not obeyed stay on the lock: %+v", f.held)
	}
	if c := r.code("h"); c.Native || c.Why == "" {
		t.Errorf("still native: %s", c.Why)
	}
	r.until(hours(23.4))
	if len(f.held) != 0 {
		t.Error("written before T-30 min")
	}
	r.until(hours(24))
	r.status("g", engine.StatusSet)
	// An observe by hand trusts it again.
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.wantIssue(r.device("front").Issues, "schedule_ignored", false)
	if c := r.code("h"); !c.Native {
		t.Errorf("not native again: %s", c.Why)
	}
}

func TestACloudListThatFlaps(t *testing.T) {
	r, f := settled(t, cloudTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(100)})
	r.pass(time.Hour)
	r.forget()
	for i := range 20 {
		f.hidden = map[lock.Ref]bool{f.held[0].Ref: i%2 == 0}
		r.do(engine.Observe{Device: "front"})
		r.pass(20 * time.Second)
	}
	f.hidden = nil
	r.pass(2 * time.Hour)
	if n := r.count(engine.CallSet); n != 0 {
		t.Errorf("%d sets", n)
	}
	if r.told("access_code.deleted_external_to_seam") != 0 {
		t.Error("a list that missed it once is taken for a removal")
	}
	r.status("g", engine.StatusSet)
	// Missing for good, it is put back.
	f.held = nil
	r.do(engine.Observe{Device: "front"})
	r.pass(30 * time.Minute)
	r.status("g", engine.StatusSet)
	if r.told("access_code.deleted_external_to_seam") != 1 {
		t.Error("the removal is not told")
	}
}

func TestAPartialListProvesNoAbsence(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("f1", "cleaner", "7777")
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(100)})
	r.pass(time.Hour)
	r.forget()
	f.partial, f.hidden = true, map[lock.Ref]bool{"r1": true, "f1": true}
	for range 5 {
		r.do(engine.Observe{Device: "front"})
		r.pass(20 * time.Minute)
	}
	if n := r.count(engine.CallSet); n != 0 {
		t.Errorf("%d sets", n)
	}
	if v := r.device("front"); v.Used != 2 {
		t.Errorf("used %d", v.Used)
	}
	r.status("g", engine.StatusSet)
}

func TestWhatResurfacesIsErased(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	ghost := f.held[0]
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	r.status("g", engine.StatusGone)
	ghost.Ref = "zombie"
	f.held = append(f.held, ghost)
	f.put("f1", "cleaner", "7777")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if f.has(pin("4829")) || !f.has(pin("7777")) {
		t.Errorf("held %+v", f.held)
	}
	if r.told("internal.access_code.resurfaced") != 1 || r.told("access_code.unmanaged.created") != 1 {
		t.Error("not told")
	}
}

func TestForeignCodesAreNeverTouched(t *testing.T) {
	r, f := settled(t, func() lock.Traits { t := jitTraits(); t.Slots = 2; return t }())
	f.put("f1", "a", "7777")
	f.put("f2", "b", "8888")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(100)})
	r.pass(50 * time.Hour)
	if len(f.held) != 2 || f.has(pin("4829")) {
		t.Errorf("held %+v", f.held)
	}
	r.wantIssue(r.code("g").Issues, "no_space_for_access_code_on_device", true)
	if n := r.count(engine.CallSet) + r.count(engine.CallClear); n != 0 {
		t.Errorf("%d calls to a lock that is known to be full", n)
	}
	f.held = f.held[:1]
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
}
