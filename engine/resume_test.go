package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// tight is a store whose commits take about a dozen locks.
func tight() *faulty {
	return &faulty{Store: memkv.NewLimited(store.Limits{MaxOps: 120, MaxBytes: 1 << 20})}
}

// Calls that a crash has ended are more than one commit takes. Whichever of those fails: each lock is looked at, at once.
func TestACommitThatFailsWhileCallsOfACrashAreEnded(t *testing.T) {
	for fails := range 2 {
		s := tight()
		r, on, _ := row(t, s, 18)
		for _, f := range on {
			f.latency = 20 * time.Second
			r.do(engine.Observe{Device: f.device.ID})
		}
		if n := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet.InFlight; n != 18 {
			t.Fatalf("%d calls in flight", n)
		}
		r.kill()
		r.forget()
		e, err := engine.Open(t.Context(), engine.Options{Store: s, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		r.e, r.quiet = e, true
		for range fails {
			if err := r.once(); err != nil {
				t.Fatal(err)
			}
		}
		if s.fail = store.ErrUnknown; r.once() == nil {
			t.Fatal("the commit did not fail")
		}
		r.step()
		looked := map[lock.DeviceID]bool{}
		for _, c := range r.calls {
			looked[c.Device] = true
		}
		if len(looked) != 18 {
			t.Errorf("after %d commits %d of 18 locks are looked at", fails, len(looked))
		}
	}
}

// A cloud comes back, and the end comes before every lock behind it was told: the next start tells them.
func TestAnEndBeforeEveryLockHeardThatItsCloudIsBack(t *testing.T) {
	s := tight()
	r, on, lone := row(t, s, 20)
	all := append(on, lone)
	for _, f := range all {
		f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	}
	r.step(engine.Notice{Account: "acme"})
	r.pass(70 * time.Minute)
	for _, f := range all {
		f.fail = nil
	}
	for back := 0; back == 0; _, back = incidents(r, "provider_down") {
		at := r.wake
		var in []engine.Input
		if len(r.air) > 0 && (at.IsZero() || !r.air[0].at.After(at)) {
			at, in, r.air = r.air[0].at, []engine.Input{r.air[0].outcome}, r.air[1:]
		}
		r.now = at
		if err := r.once(in...); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet.Offline; n == 0 {
		t.Fatal("one commit has told every lock")
	}
	r.kill()
	r.open()
	r.pass(time.Minute)
	if n := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet.Offline; n != 0 {
		t.Errorf("%d locks still count as out of reach", n)
	}
	e, err := engine.Open(t.Context(), engine.Options{Store: s, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.Snapshot(t.Context(), r.now, engine.Query{View: engine.ViewFleet, Limit: 100})
	if err != nil || len(again.Devices) != 21 {
		t.Fatalf("%d locks (%v)", len(again.Devices), err)
	}
	for _, v := range again.Devices {
		if !v.Wake.After(r.now) {
			t.Fatalf("nothing has changed, and %s thinks again at %v", v.ID, v.Wake)
		}
	}
}

// What a commit that was not made would have told is in no journal, also for whoever asks for the newest lines alone.
func TestTheNewestLinesAfterACommitThatFailed(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	r.add("front", jitTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(100), Ends: hours(110)})
	s.fail = store.ErrUnknown
	if r.once((&answer{}).to(engine.Command{Do: engine.Create{ID: "h", Device: "front", Starts: hours(100), Ends: hours(110)}})) == nil {
		t.Fatal("the commit did not fail")
	}
	if lines, err := r.e.Journal(t.Context(), r.e.Seq(), 10); err != nil || len(lines) != 0 {
		t.Errorf("after the last line come %+v (%v)", lines, err)
	}
}
