package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// fake is a driver of every account. A nil function succeeds at once.
type fake struct {
	observe func(ctx context.Context, id lock.DeviceID) (lock.Observation, error)
	set     func(ctx context.Context, id lock.DeviceID, want lock.Credential) (lock.Held, error)
	clear   func(ctx context.Context) error
}

func (f *fake) all(lock.AccountID) driver.Driver               { return f }
func (f *fake) Devices(context.Context) ([]lock.Device, error) { return nil, nil }
func (f *fake) Close() error                                   { return nil }
func (f *fake) Observe(ctx context.Context, id lock.DeviceID, _ driver.Known) (lock.Observation, error) {
	if f.observe == nil {
		return lock.Observation{Reach: lock.Reached, Complete: true}, nil
	}
	return f.observe(ctx, id)
}

func (f *fake) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, _ lock.Ref) (lock.Held, error) {
	if f.set == nil {
		return lock.Held{Ref: "1", PIN: want.PIN, Window: want.Window, Enabled: true}, nil
	}
	return f.set(ctx, id, want)
}

func (f *fake) Clear(ctx context.Context, _ lock.DeviceID, _ lock.Ref) error {
	if f.clear == nil {
		return nil
	}
	return f.clear(ctx)
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// end is an outcome with the time after the start at which it came.
type end struct {
	engine.Outcome
	after time.Duration
}

// makeCalls makes the calls in a bubble and returns their outcomes in the order in which they came. Deadlines are set to 30 s.
func makeCalls(t *testing.T, drivers Drivers, calls ...engine.Call) []end {
	t.Helper()
	var mu sync.Mutex
	var ends []end
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := newLanes(clockwork.NewRealClock(), drivers, slog.New(slog.DiscardHandler), func(o engine.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			ends = append(ends, end{o, time.Since(begin)})
		})
		for _, c := range calls {
			c.Deadline = begin.Add(30 * time.Second)
			l.start(c)
			synctest.Wait()
		}
		pass(time.Hour)
		synctest.Wait()
		if len(l.devices) != 0 {
			t.Errorf("%d devices are still claimed", len(l.devices))
		}
	})
	return ends
}

func TestOutcomes(t *testing.T) {
	taken := &driver.Error{Op: "set", Device: "front", Kind: driver.Taken, Blame: driver.BlameLock, Vendor: "-3007"}
	for _, c := range []struct {
		name    string
		clear   func(ctx context.Context) error
		failed  bool
		kind    driver.Kind
		blame   driver.Blame
		vendor  string
		after   time.Duration
		noDrive bool
	}{
		{name: "success"},
		{name: "the driver's own error", clear: func(context.Context) error { return taken }, failed: true, kind: driver.Taken, blame: driver.BlameLock, vendor: "-3007"},
		{name: "the driver's own error, wrapped", clear: func(context.Context) error { return fmt.Errorf("again: %w", taken) }, failed: true, kind: driver.Taken, blame: driver.BlameLock, vendor: "-3007"},
		{name: "an error that says nothing", clear: func(context.Context) error { return errors.New("EOF") }, failed: true, kind: driver.Ambiguous},
		{name: "a panic", clear: func(context.Context) error { panic("oops") }, failed: true, kind: driver.Ambiguous},
		{name: "a bug", clear: func(context.Context) error { var p *driver.Error; return errors.New(p.Vendor) }, failed: true, kind: driver.Ambiguous},
		{name: "no driver", noDrive: true, failed: true, kind: driver.Unauthorized, blame: driver.BlameAccount},
		{name: "an answer before its context ends", failed: true, kind: driver.Offline, after: 28 * time.Second, clear: func(ctx context.Context) error {
			<-ctx.Done()
			return &driver.Error{Kind: driver.Offline}
		}},
		{name: "no answer", failed: true, kind: driver.Ambiguous, after: 30 * time.Second, clear: func(context.Context) error {
			pass(time.Minute)
			return nil
		}},
	} {
		drivers := (&fake{clear: c.clear}).all
		if c.noDrive {
			drivers = func(lock.AccountID) driver.Driver { return nil }
		}
		ends := makeCalls(t, drivers, engine.Call{ID: "1", Device: "front", Account: "a", Verb: engine.CallClear})
		if len(ends) != 1 {
			t.Errorf("%s: %d outcomes", c.name, len(ends))
			continue
		}
		o := ends[0]
		if o.Call != "1" || o.Device != "front" || o.after != c.after || (o.Err != nil) != c.failed {
			t.Errorf("%s: %+v after %v", c.name, o.Outcome, o.after)
		}
		if o.Err != nil && (o.Err.Kind != c.kind || o.Err.Blame != c.blame || o.Err.Vendor != c.vendor || o.Err.Op == "" || o.Err.Device != "front") {
			t.Errorf("%s: error %+v", c.name, o.Err)
		}
	}
}

func TestEachVerbReachesTheDriver(t *testing.T) {
	pin, err := lock.ParsePIN("4829")
	if err != nil {
		t.Fatal(err)
	}
	ends := makeCalls(t, (&fake{}).all,
		engine.Call{ID: "1", Device: "front", Verb: engine.CallObserve},
		engine.Call{ID: "2", Device: "front", Verb: engine.CallSet, Want: lock.Credential{PIN: pin}},
		engine.Call{ID: "3", Device: "front", Verb: engine.CallClear, At: "1"},
		engine.Call{ID: "4", Device: "front", Verb: "paint"},
	)
	if len(ends) != 4 || !ends[0].Observation.Complete || ends[1].Held.PIN != pin || ends[2].Err != nil {
		t.Fatalf("outcomes %+v", ends)
	}
	if e := ends[3].Err; e == nil || e.Kind != driver.Unsupported {
		t.Errorf("an unknown verb gives %v", e)
	}
}

func TestADeviceHasOneCallAtATimeAlsoWhenADriverIsLate(t *testing.T) {
	var mu sync.Mutex
	under, most := 0, 0
	f := &fake{clear: func(context.Context) error {
		mu.Lock()
		under++
		most = max(most, under)
		mu.Unlock()
		pass(45 * time.Second) // past its deadline
		mu.Lock()
		under--
		mu.Unlock()
		return nil
	}}
	s := &script{}
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s.step = func(now time.Time, in []engine.Input) (engine.Work, error) {
			w := engine.Work{Taken: len(in)}
			if n < 3 && (n == 0 || len(in) > 0) { // the next call as soon as the one before has its outcome
				n++
				w.Calls = []engine.Call{{ID: engine.CallID(fmt.Sprint(n)), Device: "front", Verb: engine.CallClear, Deadline: now.Add(30 * time.Second)}}
			}
			return w, nil
		}
		h := start(s, clockwork.NewRealClock(), f.all, slog.New(slog.DiscardHandler))
		pass(time.Hour)
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if got := outcomes(s); len(got) != 3 || most != 1 {
		t.Errorf("%d outcomes, %d calls at once to one device", len(got), most)
	}
}

func TestACallThatNeverLeftIsDefinite(t *testing.T) {
	f := &fake{clear: func(context.Context) error { pass(10 * time.Minute); return nil }}
	ends := makeCalls(t, f.all,
		engine.Call{ID: "1", Device: "front", Verb: engine.CallClear},
		engine.Call{ID: "2", Device: "front", Verb: engine.CallClear},
	)
	if len(ends) != 2 || ends[0].Call != "2" || ends[0].Err.Kind != driver.Throttled || ends[0].after >= 30*time.Second {
		t.Fatalf("outcomes %+v", ends)
	}
	if ends[1].Call != "1" || ends[1].Err.Kind != driver.Ambiguous || ends[1].after != 30*time.Second {
		t.Errorf("the call that was sent ended in %+v after %v", ends[1].Err, ends[1].after)
	}
}

func TestAnAccountsLaneIsBounded(t *testing.T) {
	var mu sync.Mutex
	under, most := map[lock.DeviceID]bool{}, 0
	f := &fake{observe: func(_ context.Context, id lock.DeviceID) (lock.Observation, error) {
		mu.Lock()
		under[id] = true
		most = max(most, len(under))
		mu.Unlock()
		pass(time.Second)
		mu.Lock()
		delete(under, id)
		mu.Unlock()
		return lock.Observation{}, nil
	}}
	var calls []engine.Call
	for i := range 3 * laneWidth {
		calls = append(calls, engine.Call{ID: engine.CallID(fmt.Sprint(i)), Device: lock.DeviceID(fmt.Sprint(i)), Account: "a", Verb: engine.CallObserve})
	}
	ends := makeCalls(t, f.all, calls...)
	if len(ends) != len(calls) || most != laneWidth {
		t.Errorf("%d outcomes of %d calls, %d at once, want %d", len(ends), len(calls), most, laneWidth)
	}
	for _, e := range ends {
		if e.Err != nil {
			t.Errorf("call %s: %v", e.Call, e.Err)
		}
	}
}
