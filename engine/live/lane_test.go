package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

func (f *fake) all(lock.AccountID) Account                     { return Account{Driver: f} }
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
func makeCalls(t *testing.T, accounts Accounts, calls ...engine.Call) []end {
	t.Helper()
	var mu sync.Mutex
	var ends []end
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := newLanes(Options{Clock: clockwork.NewRealClock(), Accounts: accounts, Log: slog.New(slog.DiscardHandler)}, func(o engine.Outcome) {
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
		accounts := (&fake{clear: c.clear}).all
		if c.noDrive {
			accounts = func(lock.AccountID) Account { return Account{} }
		}
		ends := makeCalls(t, accounts, engine.Call{ID: "1", Device: "front", Account: "a", Verb: engine.CallClear})
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
		h := start(s, Options{Clock: clockwork.NewRealClock(), Accounts: f.all})
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

// A provider that answers at the last moment holds up its own calls alone.
func TestAProviderThatAnswersAfter59Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fake{observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
			pass(59 * time.Second)
			return lock.Observation{Reach: lock.Reached}, nil
		}}
		begin := time.Now()
		var mu sync.Mutex
		ends := map[engine.CallID]end{}
		l := newLanes(Options{Clock: clockwork.NewRealClock(), Log: slog.New(slog.DiscardHandler), Accounts: func(id lock.AccountID) Account {
			if id == "slow" {
				return Account{Driver: slow}
			}
			return Account{Driver: &fake{}}
		}}, func(o engine.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			ends[o.Call] = end{o, time.Since(begin)}
		})
		for i := range 3 * laneWidth {
			for _, account := range []lock.AccountID{"slow", "quick"} {
				id := fmt.Sprint(account, i)
				l.start(engine.Call{ID: engine.CallID(id), Device: lock.DeviceID(id), Account: account, Verb: engine.CallObserve, Deadline: begin.Add(time.Minute)})
			}
		}
		pass(time.Hour)
		mu.Lock()
		defer mu.Unlock()
		for i := range 3 * laneWidth {
			if e := ends[engine.CallID(fmt.Sprint("quick", i))]; e.Err != nil || e.after != 0 {
				t.Errorf("a call of the other account ended after %v with %v", e.after, e.Err)
			}
			switch e := ends[engine.CallID(fmt.Sprint("slow", i))]; {
			case i < laneWidth && (e.Err != nil || e.after != 59*time.Second):
				t.Errorf("a slow call ended after %v with %v", e.after, e.Err)
			case i >= laneWidth && (e.Err == nil || e.Err.Kind != driver.Throttled):
				t.Errorf("a call that found no place ended after %v with %v", e.after, e.Err)
			}
		}
	})
}

// Thousands of calls fall due at once when a host starts. Those that wait for their turn are no goroutines.
func TestCallsThatWaitForTheirLaneCostLittle(t *testing.T) {
	const calls = 1000
	synctest.Test(t, func(t *testing.T) {
		f := &fake{observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
			pass(10 * time.Millisecond)
			return lock.Observation{}, nil
		}}
		var ends atomic.Int64
		l := newLanes(Options{Clock: clockwork.NewRealClock(), Accounts: f.all, Log: slog.New(slog.DiscardHandler)}, func(o engine.Outcome) {
			if o.Err == nil {
				ends.Add(1)
			}
		})
		before := runtime.NumGoroutine()
		for i := range calls {
			l.start(engine.Call{Device: lock.DeviceID(fmt.Sprint(i)), Account: "a", Verb: engine.CallObserve, Deadline: time.Now().Add(30 * time.Second)})
		}
		synctest.Wait()
		if more := runtime.NumGoroutine() - before; more > 2*laneWidth || l.queued.Load() != calls-laneWidth {
			t.Errorf("%d goroutines more, %d calls wait", more, l.queued.Load())
		}
		pass(time.Minute)
		if ends.Load() != calls || l.queued.Load() != 0 {
			t.Errorf("%d calls succeeded, %d wait", ends.Load(), l.queued.Load())
		}
	})
}

func TestAnAccountIsPaced(t *testing.T) {
	var mu sync.Mutex
	var at []time.Time
	f := &fake{observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
		return lock.Observation{}, nil
	}}
	var calls []engine.Call
	for i := range 100 {
		calls = append(calls, engine.Call{ID: engine.CallID(fmt.Sprint(i)), Device: lock.DeviceID(fmt.Sprint(i)), Account: "a", Verb: engine.CallObserve})
	}
	ends := makeCalls(t, func(lock.AccountID) Account { return Account{f, Lane{Rate: 2, Burst: 5}} }, calls...)
	if len(ends) != len(calls) {
		t.Fatalf("%d outcomes", len(ends))
	}
	for i := range at {
		if want := time.Duration(max(0, i-4)) * 500 * time.Millisecond; at[i].Sub(at[0]) != want {
			t.Errorf("call %d left after %v, want %v", i, at[i].Sub(at[0]), want)
		}
	}
	// Within the 28 s that a driver has, 5 and 56 more can leave. The others were not sent, and say so.
	unsent := 0
	for _, e := range ends {
		if e.Err != nil {
			unsent++
			if e.Err.Kind != driver.Throttled || e.Err.Blame != driver.BlameAccount {
				t.Errorf("call %s: %v", e.Call, e.Err)
			}
		}
	}
	if len(at) != 61 || unsent != len(calls)-len(at) {
		t.Errorf("%d calls left, %d did not", len(at), unsent)
	}
}

// A crowd that one account has no time for is not sent back all together: ten thousand devices would else come again in one second.
// Nor is a call of it sent so late that it is cut off: three of them, and the provider would be taken for down.
func TestACrowdComesBackEvenly(t *testing.T) {
	const calls = 1000
	f := &fake{observe: func(ctx context.Context, _ lock.DeviceID) (lock.Observation, error) {
		if end, _ := ctx.Deadline(); time.Until(end) < time.Second {
			return lock.Observation{}, context.DeadlineExceeded
		}
		pass(time.Second)
		return lock.Observation{}, nil
	}}
	for name, c := range map[string]struct {
		lane Lane
		each time.Duration // of the account's calls, one follows another
	}{
		"wide":  {Lane{}, time.Second / laneWidth},
		"paced": {Lane{Rate: 4}, time.Second / 4},
	} {
		var crowd []engine.Call
		for i := range calls {
			crowd = append(crowd, engine.Call{ID: engine.CallID(fmt.Sprint(i)), Device: lock.DeviceID(fmt.Sprint(i)), Account: "a", Verb: engine.CallObserve})
		}
		var waits []time.Duration
		at := map[time.Duration]int{}
		for _, e := range makeCalls(t, func(lock.AccountID) Account { return Account{f, c.lane} }, crowd...) {
			switch {
			case e.Err == nil:
			case e.Unsent:
				waits = append(waits, e.Err.RetryAfter)
				if at[e.after]++; at[e.after] > laneWidth {
					t.Fatalf("%s: more than %d are sent back at %v", name, laneWidth, e.after)
				}
			default:
				t.Errorf("%s: a call was sent with too little time left: %v", name, e.Err)
			}
		}
		slices.Sort(waits)
		for i, w := range waits {
			if want := time.Duration(i) * c.each; w < want*8/10-time.Second || w > want*12/10+laneWidth*c.each {
				t.Fatalf("%s: of %d that found no place, number %d is to come back after %v, want about %v", name, len(waits), i, w, want)
			}
		}
		if len(waits) < calls/2 {
			t.Errorf("%s: only %d found no place", name, len(waits))
		}
	}
}

func TestACallWithTooLittleTimeLeftComesAgain(t *testing.T) {
	f := &fake{observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
		pass(20 * time.Second)
		return lock.Observation{}, nil
	}}
	ends := makeCalls(t, func(lock.AccountID) Account { return Account{f, Lane{Width: 1}} },
		engine.Call{ID: "1", Device: "1", Account: "a", Verb: engine.CallObserve},
		engine.Call{ID: "2", Device: "2", Account: "a", Verb: engine.CallObserve},
	)
	for _, e := range ends {
		if e.Unsent != (e.Call == "2") || e.after != 20*time.Second {
			t.Errorf("call %s ended after %v with %v", e.Call, e.after, e.Err)
		}
	}
	if len(ends) != 2 {
		t.Errorf("%d outcomes", len(ends))
	}
}

func TestALaneMayChangeWhileCallsAreUnderWay(t *testing.T) {
	var mu sync.Mutex
	width := Lane{Width: 1}
	f := &fake{observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
		pass(20 * time.Second)
		return lock.Observation{}, nil
	}}
	account := func(lock.AccountID) Account {
		mu.Lock()
		defer mu.Unlock()
		now := width
		width = Lane{Width: 2}
		return Account{f, now}
	}
	ends := makeCalls(t, account,
		engine.Call{ID: "1", Device: "1", Account: "a", Verb: engine.CallObserve},
		engine.Call{ID: "2", Device: "2", Account: "a", Verb: engine.CallObserve},
		engine.Call{ID: "3", Device: "3", Account: "a", Verb: engine.CallObserve},
	)
	for _, e := range ends {
		if e.Err != nil || e.after != 20*time.Second {
			t.Errorf("call %s ended after %v with %v", e.Call, e.after, e.Err)
		}
	}
}

func TestEveryCallIsToldToTheWatch(t *testing.T) {
	var mu sync.Mutex
	told := map[engine.CallID]Ended{}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{clear: func(context.Context) error { pass(time.Minute); return nil }}
		begin := time.Now()
		l := newLanes(Options{
			Clock: clockwork.NewRealClock(), Accounts: f.all, Log: slog.New(slog.DiscardHandler),
			Watch: func(e Ended) {
				mu.Lock()
				defer mu.Unlock()
				told[e.Call.ID] = e
			},
		}, func(engine.Outcome) {})
		for _, c := range []engine.Call{{ID: "late", Verb: engine.CallClear}, {ID: "unsent", Verb: engine.CallObserve}, {ID: "other", Device: "b", Verb: engine.CallObserve}} {
			c.Deadline = begin.Add(30 * time.Second)
			l.start(c)
			synctest.Wait()
		}
		pass(time.Hour)
		mu.Lock()
		defer mu.Unlock()
		if e := told["late"]; e.Err == nil || !e.Sent.Equal(begin) || !e.At.Equal(begin.Add(30*time.Second)) {
			t.Errorf("late: %+v", e)
		}
		if e := told["unsent"]; e.Err == nil || !e.Sent.IsZero() || !e.Asked.Equal(begin) {
			t.Errorf("unsent: %+v", e)
		}
		if e := told["other"]; e.Err != nil || !e.Sent.Equal(begin) || len(told) != 3 {
			t.Errorf("other: %+v of %d", e, len(told))
		}
	})
}
