package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// script is an engine that does what a test says. It answers every command it takes.
type script struct {
	step func(now time.Time, in []engine.Input) (engine.Work, error)

	mu    sync.Mutex
	taken [][]engine.Input
	at    []time.Time
}

func (s *script) Step(now time.Time, in ...engine.Input) (engine.Work, error) {
	work, err := engine.Work{Taken: len(in)}, error(nil)
	if s.step != nil {
		work, err = s.step(now, in)
	}
	s.mu.Lock()
	s.taken = append(s.taken, in[:work.Taken])
	s.at = append(s.at, now)
	s.mu.Unlock()
	if err != nil {
		return work, err
	}
	for _, i := range in[:work.Taken] {
		if c, ok := i.(engine.Submission); ok {
			c.Done(engine.Receipt{At: now, Notes: []string{c.Command.Key}}, nil)
		}
	}
	return work, nil
}

func (s *script) Snapshot(_ context.Context, now time.Time, q engine.Query) (engine.Snapshot, error) {
	return engine.Snapshot{Now: now, Next: q.After}, nil
}

func (s *script) Journal(_ context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	return make([]engine.Event, limit), nil
}

// inputs returns everything taken so far, in order.
func (s *script) inputs() []engine.Input {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []engine.Input
	for _, in := range s.taken {
		all = append(all, in...)
	}
	return all
}

func (s *script) steps() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.at...)
}

// run starts a host in a bubble and closes it after the test.
func run(t *testing.T, s *script, accounts Accounts, test func(t *testing.T, h *Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := start(s, Options{Clock: clockwork.NewRealClock(), Accounts: accounts})
		defer func() {
			if err := h.Close(t.Context()); err != nil {
				t.Errorf("closing: %v", err)
			}
		}()
		synctest.Wait()
		test(t, h)
	})
}

func TestCommandsThatWaitShareAStep(t *testing.T) {
	gate := make(chan struct{})
	first := true
	s := &script{step: func(_ time.Time, in []engine.Input) (engine.Work, error) {
		if len(in) > 0 && first {
			first = false
			<-gate
		}
		return engine.Work{Taken: len(in)}, nil
	}}
	synctest.Test(t, func(t *testing.T) {
		gate = make(chan struct{})
		h := start(s, Options{Clock: clockwork.NewRealClock()})
		var wg sync.WaitGroup
		submit := func(key string) {
			wg.Go(func() {
				r, err := h.Submit(t.Context(), engine.Command{Key: key})
				if err != nil || len(r.Notes) != 1 || r.Notes[0] != key {
					t.Errorf("%s: %+v, %v", key, r, err)
				}
			})
			synctest.Wait()
		}
		submit("first")
		for i := range 10 {
			submit(fmt.Sprint(i))
		}
		close(gate)
		wg.Wait()
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.taken[len(s.taken)-1]); n != 10 {
			t.Errorf("the commands that waited came in steps of %d, want one of 10", n)
		}
		for i, in := range s.inputs()[1:] {
			if key := in.(engine.Submission).Command.Key; key != fmt.Sprint(i) {
				t.Errorf("command %d is %q", i, key)
			}
		}
	})
}

func TestBeyondTheBoundCommandsAreRefusedAsBusy(t *testing.T) {
	b := newInbox()
	for range maxCommands {
		if err := b.command(engine.Submission{}); err != nil {
			t.Fatal(err)
		}
	}
	var refusal *engine.Refusal
	if err := b.command(engine.Submission{}); !errors.As(err, &refusal) || refusal.Code != "busy" || !refusal.Retryable {
		t.Errorf("one more gives %v", err)
	}
	b.expect()
	b.outcome(engine.Outcome{}) // an outcome is never refused
	in := b.take()
	if err := b.command(engine.Submission{}); len(in) != maxBatch || err != nil {
		t.Errorf("after a batch of %d: %v", len(in), err)
	}
}

// However many outcomes come at once, a command goes with the next step, and each step takes some of both.
func TestACommandDoesNotWaitBehindACrowdOfOutcomes(t *testing.T) {
	b := newInbox()
	for i := range 2 * maxBeside {
		b.expect()
		b.outcome(engine.Outcome{Call: engine.CallID(fmt.Sprint(i))})
	}
	for range 2 * maxBatch {
		if err := b.command(engine.Submission{}); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 2 {
		in := b.take()
		if len(in) != maxBatch {
			t.Fatalf("step %d has %d inputs", round, len(in))
		}
		for i, x := range in {
			o, isOutcome := x.(engine.Outcome)
			if isOutcome != (i < maxBeside) || isOutcome && o.Call != engine.CallID(fmt.Sprint(round*maxBeside+i)) {
				t.Fatalf("input %d of step %d is %+v", i, round, x)
			}
		}
		if round == 1 {
			b.giveBack(in[1:]) // it took one
			if again := b.take(); again[0].(engine.Outcome).Call != engine.CallID(fmt.Sprint(maxBeside+1)) {
				t.Fatalf("what was given back does not come first: %+v", again[0])
			}
			return
		}
	}
}

func TestARepeatedNoticeWaitsOnce(t *testing.T) {
	b := newInbox()
	front, back := engine.Notice{Account: "a", Device: "front"}, engine.Notice{Account: "a", Device: "back"}
	for _, n := range []engine.Notice{front, back, front, front} {
		if err := b.notice(n); err != nil {
			t.Fatal(err)
		}
	}
	if in := b.take(); len(in) != 2 || in[0] != engine.Input(front) || in[1] != engine.Input(back) {
		t.Errorf("%v wait", in)
	}
	if err := b.notice(front); err != nil || len(b.take()) != 1 {
		t.Errorf("a notice after the look it asked for got lost: %v", err)
	}
}

func TestWhatAStepDoesNotTakeComesAgainInOrder(t *testing.T) {
	s := &script{step: func(_ time.Time, in []engine.Input) (engine.Work, error) {
		return engine.Work{Taken: min(1, len(in))}, nil
	}}
	run(t, s, nil, func(t *testing.T, h *Host) {
		for _, id := range []lock.DeviceID{"a", "b", "c"} {
			if err := h.Notify(driver.Notice{Device: id}); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		got := ""
		for _, i := range s.inputs() {
			got += string(i.(engine.Notice).Device)
		}
		if got != "abc" {
			t.Errorf("taken in the order %q", got)
		}
	})
}

func TestTheHostWakesTheEngineWhenItAskedForIt(t *testing.T) {
	const month = 30 * 24 * time.Hour
	s := &script{step: func(now time.Time, in []engine.Input) (engine.Work, error) {
		return engine.Work{Taken: len(in), Wake: now.Add(month)}, nil
	}}
	run(t, s, nil, func(t *testing.T, h *Host) {
		begin := h.Now()
		pass(2*month + time.Minute)
		synctest.Wait()
		at := s.steps()
		if len(at) != 3 || !at[0].Equal(begin) || !at[1].Equal(begin.Add(month)) || !at[2].Equal(begin.Add(2*month)) {
			t.Errorf("steps at %v", at)
		}
	})
}

// Whoever asks a question in a flood of steps waits for the one that is under way, not for one step each.
func TestAllWhoAskAreAnsweredBetweenTwoSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		steps := 0
		s := &script{step: func(now time.Time, in []engine.Input) (engine.Work, error) {
			if steps++; steps == 1 {
				<-gate
			}
			if steps < 20 {
				return engine.Work{Taken: len(in), Wake: now}, nil // at once again
			}
			return engine.Work{Taken: len(in)}, nil
		}}
		h := start(s, Options{Clock: clockwork.NewRealClock()})
		var asking sync.WaitGroup
		for range 10 {
			asking.Go(func() {
				var after int
				if err := h.ask(t.Context(), func() { after = steps }); err != nil || after != 1 {
					t.Errorf("answered after step %d, %v", after, err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		asking.Wait()
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSnapshotAndJournalAreServedByTheLoop(t *testing.T) {
	run(t, &script{}, nil, func(t *testing.T, h *Host) {
		s, err := h.Snapshot(t.Context(), engine.Query{After: "x"})
		if err != nil || s.Next != "x" || !s.Now.Equal(h.Now()) {
			t.Errorf("%+v, %v", s, err)
		}
		if events, err := h.Journal(t.Context(), 0, 3); err != nil || len(events) != 3 {
			t.Errorf("%v, %v", events, err)
		}
	})
}

func TestBell(t *testing.T) {
	run(t, &script{}, nil, func(t *testing.T, h *Host) {
		ctx, cancel := context.WithCancel(t.Context())
		bell, other := h.Bell(ctx), h.Bell(t.Context())
		for range 3 {
			if err := h.Notify(driver.Notice{}); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		<-bell
		select {
		case <-bell:
			t.Error("three steps rang more than once at somebody who was not listening")
		default:
		}
		cancel()
		if _, open := <-bell; open {
			t.Error("the bell still hangs after its context")
		}
		<-other
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, open := <-other; open {
			t.Error("the bell still hangs after the host")
		}
		if _, open := <-h.Bell(t.Context()); open {
			t.Error("a bell hangs at a host that has ended")
		}
	})
}

func TestAFailedStoreEndsTheHost(t *testing.T) {
	broken := errors.New("no space left on device")
	s := &script{step: func(_ time.Time, in []engine.Input) (engine.Work, error) {
		if len(in) > 0 {
			return engine.Work{}, broken
		}
		return engine.Work{}, nil
	}}
	synctest.Test(t, func(t *testing.T) {
		h := start(s, Options{Clock: clockwork.NewRealClock()})
		if h.Err() != nil {
			t.Error("an error before the end")
		}
		if _, err := h.Submit(t.Context(), engine.Command{}); !errors.Is(err, broken) {
			t.Errorf("submit: %v", err)
		}
		<-h.Ended()
		if _, err := h.Snapshot(t.Context(), engine.Query{}); !errors.Is(err, broken) {
			t.Errorf("snapshot: %v", err)
		}
		if err := h.Close(t.Context()); !errors.Is(err, broken) || !errors.Is(h.Err(), broken) {
			t.Errorf("close: %v, err: %v", err, h.Err())
		}
	})
}

func TestSubmitEndsWithItsContext(t *testing.T) {
	gate := make(chan struct{})
	s := &script{}
	synctest.Test(t, func(t *testing.T) {
		gate = make(chan struct{})
		s.step = func(_ time.Time, in []engine.Input) (engine.Work, error) {
			if len(in) > 0 {
				<-gate
			}
			return engine.Work{Taken: len(in)}, nil
		}
		h := start(s, Options{Clock: clockwork.NewRealClock()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Submit(ctx, engine.Command{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("submit: %v", err)
		}
		close(gate)
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := h.Submit(t.Context(), engine.Command{}); !errors.Is(err, ErrClosed) {
			t.Errorf("submit after close: %v", err)
		}
		if err := h.Notify(driver.Notice{}); !errors.Is(err, ErrClosed) {
			t.Errorf("notice after close: %v", err)
		}
		if _, err := h.Journal(t.Context(), 0, 1); !errors.Is(err, ErrClosed) {
			t.Errorf("journal after close: %v", err)
		}
	})
}

func outcomes(s *script) []engine.Outcome {
	var all []engine.Outcome
	for _, i := range s.inputs() {
		if o, ok := i.(engine.Outcome); ok {
			all = append(all, o)
		}
	}
	return all
}

func TestCloseWaitsForCallsAndWritesThemDown(t *testing.T) {
	for _, c := range []struct {
		name     string
		patience time.Duration
		outcomes int
	}{{"patient", time.Minute, 1}, {"impatient", time.Second, 0}} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{}
			synctest.Test(t, func(t *testing.T) {
				s.step = callOnce(engine.Call{ID: "1", Device: "front", Verb: engine.CallClear, Deadline: time.Now().Add(30 * time.Second)})
				d := &fake{clear: func(ctx context.Context) error {
					select {
					case <-time.After(10 * time.Second):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}}
				h := start(s, Options{Clock: clockwork.NewRealClock(), Accounts: d.all})
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				if err := h.Close(ctx); err != nil {
					t.Error(err)
				}
				if got := outcomes(s); len(got) != c.outcomes {
					t.Errorf("%d outcomes are written down, want %d", len(got), c.outcomes)
				}
			})
		})
	}
}

// callOnce asks for the calls with its first step.
func callOnce(calls ...engine.Call) func(time.Time, []engine.Input) (engine.Work, error) {
	return func(_ time.Time, in []engine.Input) (engine.Work, error) {
		w := engine.Work{Calls: calls, Taken: len(in)}
		calls = nil
		return w, nil
	}
}

func TestAPanicTellsNoSecrets(t *testing.T) {
	const secret = "739182645091"
	var log strings.Builder
	l := newLanes(Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	o := l.call(t.Context(), engine.Call{ID: "1", Device: "front", Verb: engine.CallClear}, &fake{clear: func(context.Context) error { panic("token " + secret) }})
	if o.Err == nil || o.Err.Kind != driver.Ambiguous || o.Call != "1" {
		t.Errorf("outcome %+v", o)
	}
	if strings.Contains(o.Err.Error()+log.String(), secret) || !strings.Contains(log.String(), "panicked") {
		t.Error("the panic's text was told, or the panic was not")
	}
}
