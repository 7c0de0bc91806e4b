package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func TestTheEnergyLedgerCountsEveryCall(t *testing.T) {
	r, _ := settled(t, jitTraits())
	before := r.device("front").Radio
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Hour)
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Hour)
	want := engine.Radio{Observes: before.Observes + r.count(engine.CallObserve), Sets: before.Sets + r.count(engine.CallSet), Clears: before.Clears + r.count(engine.CallClear)}
	if got := r.device("front").Radio; got != want || want.Sets != 1 || want.Clears != 1 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestAHintAboutALargeAccountIsBounded(t *testing.T) {
	r := newRig(t)
	r.quiet = true
	var in []engine.Input
	for i := range 600 {
		v := lock.Device{ID: lock.DeviceID(fmt.Sprintf("d%04d", i)), Account: "acme", Traits: jitTraits()}
		r.locks[v.ID] = &fake{device: v, reach: lock.Reached, latency: time.Second}
		in = append(in, (&answer{}).to(engine.Command{Do: engine.AddDevice{Device: v}}))
	}
	r.step(in...)
	r.pass(time.Minute)
	r.forget()
	r.step(engine.Notice{Account: "acme"})
	if n := r.count(engine.CallObserve); n == 0 || n > 300 {
		t.Errorf("%d locks are looked at in one commit", n)
	}
}

func TestAHintAboutARemovedLockIsIgnored(t *testing.T) {
	r, _ := settled(t, jitTraits())
	r.add("back", jitTraits())
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(time.Minute)
	r.forget()
	r.step(engine.Notice{Account: "acme"})
	r.step(engine.Notice{Device: "front"})
	r.step(engine.Notice{Device: "nowhere"})
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "" || r.verbs("back") != "observe" {
		t.Errorf("front is called: %q, back: %q", got, r.verbs("back"))
	}
}

func TestAFailureSaysWhoIsToBlame(t *testing.T) {
	blame := func(r *rig, code string) driver.Blame {
		t.Helper()
		for _, ev := range r.journal() {
			if ev.Issue != nil && ev.Issue.Code == code {
				return ev.Issue.Blame
			}
		}
		t.Fatalf("no issue %s", code)
		return 0
	}
	r, f := settled(t, jitTraits())
	f.fails(engine.CallSet, driver.Full, driver.BlameUnknown)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(2 * time.Second)
	if got := blame(r, "failed_to_set_on_device"); got != driver.BlameLock {
		t.Errorf("a full lock: %s", got)
	}
	for _, c := range []struct {
		traits lock.Traits
		want   driver.Blame
	}{{jitTraits(), driver.BlameLock}, {cloudTraits(), driver.BlameCloud}} {
		r, f := settled(t, c.traits)
		f.then(reply{verb: engine.CallSet})
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(time.Hour)
		if got := blame(r, "failed_to_set_on_device"); got != c.want {
			t.Errorf("what never appeared: %s, want %s", got, c.want)
		}
	}
}

func TestDrawnDigitsAreReplacedOnlySoOften(t *testing.T) {
	r, f := settled(t, jitTraits())
	for range 20 {
		f.fails(engine.CallSet, driver.Taken, driver.BlameLock)
	}
	r.do(engine.Create{ID: "g", Device: "front"})
	r.pass(12 * time.Hour)
	if n := r.count(engine.CallSet); n != 6 {
		t.Errorf("%d sets: five draws more than the first were expected", n)
	}
	r.wantIssue(r.code("g").Issues, "duplicate_code_on_device", true)
}

// Only a denial of unknown digits after the code was written says that the guest can't get in, and the last of them counts.
func TestADenialThatMatters(t *testing.T) {
	r, f := settled(t, cloudTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(9), Tell: true})
	r.pass(30 * time.Minute)
	ready := func(reason string, at time.Time, want engine.Readiness) {
		t.Helper()
		f.entries = []lock.Entry{{ID: reason + at.String(), At: at, Kind: lock.Denied, Reason: reason}}
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		if got := r.code("g").Readiness; got != want {
			t.Errorf("%s at %s: %s, want %s", reason, at, got, want)
		}
	}
	ready("too_many_attempts", r.now, engine.ReadyLikely)
	ready("unknown_code", r.now, engine.ReadyAtRisk)
	ready("unknown_code", hours(-5), engine.ReadyAtRisk)
}

// A lock keeps its schedule to its grain: what opens less than that before or after is no disobedience.
func TestTheTripwireKnowsTheGrain(t *testing.T) {
	for _, c := range []struct {
		off   time.Duration // from the start, or with late from the end
		late  bool
		issue string
	}{
		{-time.Minute, false, ""}, {-time.Minute - time.Second, false, "used_too_early"},
		{time.Minute - time.Second, true, ""}, {time.Minute, true, "used_too_late"},
	} {
		r := newRig(t)
		f := r.add("front", nativeTraits())
		r.pass(time.Minute)
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(2)})
		r.pass(time.Minute)
		ref, at := f.held[0].Ref, hours(1).Add(c.off)
		if c.late {
			at = hours(2).Add(c.off)
			f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
			r.until(hours(3))
			f.fail = nil
		} else {
			r.until(at)
		}
		f.opened(ref, at)
		r.do(engine.Observe{Device: "front"})
		r.pass(2 * time.Second)
		raised := ""
		for _, ev := range r.journal() {
			if ev.Issue != nil && strings.HasPrefix(ev.Issue.Code, "used_too_") {
				raised = ev.Issue.Code
			}
		}
		if raised != c.issue {
			t.Errorf("%+v: %q", c, raised)
		}
	}
}

func TestALookThatIsRefusedIsNoLook(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.fails(engine.CallObserve, driver.Rejected, driver.BlameCloud) // whomever the driver blames
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Second)
	r.wantIssue(r.device("front").Issues, "device_disconnected", true)
}

// When a cloud comes back it is tried with the lock at which somebody arrives first.
func TestTheNextArrivalProbesALink(t *testing.T) {
	r := newRig(t)
	var locks []*fake
	for i, id := range []lock.DeviceID{"a", "b", "c"} {
		locks = append(locks, r.add(id, jitTraits()))
		r.pass(time.Minute)
		if i > 0 {
			r.do(engine.Create{ID: lock.CodeID("g" + id), Device: id, PIN: pin("4829"), Starts: hours(20 - float64(i)), Ends: hours(30)})
			r.do(engine.Create{ID: lock.CodeID("h" + id), Device: id, PIN: pin("1350"), Starts: hours(25), Ends: hours(30)})
		}
	}
	for _, f := range locks {
		f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	}
	for _, id := range []lock.DeviceID{"a", "b", "c"} {
		r.do(engine.Observe{Device: id})
	}
	r.pass(time.Second)
	r.forget()
	r.pass(2 * time.Hour)
	if len(r.calls) == 0 {
		t.Fatal("no probe")
	}
	for i, c := range r.calls {
		if c.Device != "c" {
			t.Fatalf("%s is tried, c arrives first", c.Device)
		}
		if i == 0 {
			continue
		}
		gap := c.Deadline.Sub(r.calls[i-1].Deadline)
		if i > 6 && (gap < 5*time.Minute || gap > 5*time.Minute+5*time.Second) || i < 5 && gap > 3*time.Minute {
			t.Errorf("probe %d comes %s after the one before", i, gap)
		}
	}
	if n := len(r.calls); n < 24 || n > 30 {
		t.Errorf("%d probes in two hours", n)
	}
}

// What was known of a guest's way in ages when the batteries are changed, or when somebody puts a code on the lock.
func TestWhatSomebodyDidAtTheLockAgesWhatIsKnown(t *testing.T) {
	for name, meddle := range map[string]func(*fake){
		"batteries": func(f *fake) { f.battery.Level = 0.95 },
		"a code":    func(f *fake) { f.put("x", "Eve", "1350") },
		"another":   func(f *fake) { f.held = f.held[:1] },
	} {
		r, f := settled(t, jitTraits())
		f.battery = lock.Battery{Known: true, Level: 0.6}
		r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
		r.pass(time.Minute)
		r.do(engine.Create{ID: "h", Device: "front", PIN: pin("2468")})
		r.pass(time.Minute)
		f.opened(f.held[0].Ref, r.now)
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		if got := r.code("g").Evidence; got != engine.EvidenceUsed {
			t.Fatalf("%s: evidence %s before", name, got)
		}
		meddle(f)
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		if got := r.code("g").Evidence; got != engine.EvidenceReported {
			t.Errorf("%s: evidence %s", name, got)
		}
	}
}

func TestALookThatShowsTheSameWritesNoList(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.put("x", "Eve", "1350")
	f.put("y", "Bob", "2468")
	look := func() int64 {
		t.Helper()
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
		kv, err := r.store.Get(context.Background(), "held/front")
		if err != nil {
			t.Fatal(err)
		}
		return int64(kv.Rev)
	}
	first := look()
	if look() != first {
		t.Error("the list was written again")
	}
	f.held[1].Name = "Rob"
	if look() == first {
		t.Error("a new name was not kept")
	}
}

func TestALockThatLeavesKeepsOneOfEach(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	f.put("x", "Eve", "1350")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(time.Hour)
	if v := r.device("front"); len(v.Slots) != 2 {
		t.Errorf("slots %+v", v.Slots)
	}
}

// An erase that a cloud has taken fails when the cloud still lists the code after the time that it is given, not before.
func TestAnEraseThatACloudForgets(t *testing.T) {
	r, f := settled(t, cloudTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Hour)
	f.drop[engine.CallClear] = true
	r.do(engine.Delete{Code: "g"})
	r.pass(9 * time.Minute)
	if n := r.told("access_code.failed_to_remove_from_device"); n != 0 {
		t.Errorf("told %d times before the cloud has had its time", n)
	}
	r.pass(6 * time.Minute)
	if n := r.told("access_code.failed_to_remove_from_device"); n != 1 {
		t.Errorf("told %d times", n)
	}
	f.drop[engine.CallClear] = false
	r.pass(time.Hour)
	r.status("g", engine.StatusGone)
}

func TestAChangeInPlaceKeepsItsSlot(t *testing.T) {
	tr := jitTraits()
	tr.ClientSlots, tr.UpdatesInPlace = true, true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "a", Device: "front", PIN: pin("4829")})
	r.do(engine.Create{ID: "b", Device: "front", PIN: pin("1350")})
	r.pass(time.Minute)
	r.do(engine.Update{Code: "b", PIN: ptr(pin("2468"))})
	r.pass(time.Minute)
	if len(f.held) != 2 || f.held[0].Slot != 1 || f.held[1].Slot != 2 || f.held[1].PIN != pin("2468") {
		t.Errorf("holds %+v", f.held)
	}
}

func TestThePlanSaysWhen(t *testing.T) {
	r := newRig(t)
	r.add("native", nativeTraits())
	r.add("jit", jitTraits())
	r.pass(time.Minute)
	for id, want := range map[lock.DeviceID]string{"native": "loaded onto the lock 72 h before it starts", "jit": "written 30 min before it starts"} {
		r.do(engine.Create{ID: lock.CodeID(id), Device: id, PIN: pin("4829"), Starts: hours(100), Ends: hours(120)})
		if v := r.code(lock.CodeID(id)); v.Reason != want {
			t.Errorf("%s: %q, want %q", id, v.Reason, want)
		}
	}
	r.do(engine.Create{ID: "o", Device: "native", PIN: pin("1350"), Starts: r.now})
	r.pass(time.Minute)
	r.status("o", engine.StatusSet)
	if h := r.locks["native"].held; len(h) != 1 || !h[0].Window.IsZero() {
		t.Errorf("an ongoing code has a schedule: %+v", h)
	}
}

func TestEveryBoundOfThePolicy(t *testing.T) {
	const day = 24 * time.Hour
	r := newRig(t)
	for _, b := range []struct {
		field      string
		least, top time.Duration
		patch      func(d *time.Duration) engine.PolicyPatch
	}{
		{"native_lead", 0, 90 * day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{NativeLead: d} }},
		{"jit_lead", 0, day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{JITLead: d} }},
		{"pool_rotate", time.Hour, 3650 * day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{PoolRotate: d} }},
		{"evidence_ttl", time.Minute, 365 * day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{EvidenceTTL: d} }},
		{"confirm_within", 0, day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{ConfirmWithin: d} }},
		{"observe_every", time.Minute, 365 * day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{ObserveEvery: d} }},
		{"observe_min", time.Second, day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{ObserveMin: d} }},
		{"backoff_min", time.Second, time.Hour, func(d *time.Duration) engine.PolicyPatch {
			return engine.PolicyPatch{BackoffMin: d, BackoffMax: ptr(day)}
		}},
		{"backoff_max", time.Second, day, func(d *time.Duration) engine.PolicyPatch {
			return engine.PolicyPatch{BackoffMin: ptr(time.Second), BackoffMax: d}
		}},
		{"max_time_rounding", 0, day, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{MaxRounding: d} }},
		{"call_timeout", time.Second, 10 * time.Minute, func(d *time.Duration) engine.PolicyPatch { return engine.PolicyPatch{CallTimeout: d} }},
	} {
		for _, d := range []time.Duration{b.least, b.top} {
			r.do(engine.SetPolicy{Account: "acme", Patch: b.patch(&d)})
		}
		for _, d := range []time.Duration{b.least - 1, b.top + 1} {
			r.refused(engine.SetPolicy{Account: "acme", Patch: b.patch(&d)}, "invalid_policy", b.field)
		}
	}
	for _, n := range []int{0, 20} {
		r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(n)}})
	}
	for _, n := range []int{-1, 21} {
		r.refused(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(n)}}, "invalid_policy", "backup_pool_size")
	}
	r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{BackoffMin: ptr(time.Minute), BackoffMax: ptr(time.Minute)}})
	r.refused(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{BackoffMin: ptr(time.Minute + 1), BackoffMax: ptr(time.Minute)}}, "invalid_policy", "backoff_min")
}
