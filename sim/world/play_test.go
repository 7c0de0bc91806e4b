package world

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/lab"
)

// play runs fn beside a Play in a bubble, where the real clock is fake. The bubble fails if a goroutine is left.
func play(t *testing.T, o Options, rate int, fn func(t *testing.T, p *Play, c lab.Lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := Start(open(t, o), clockwork.NewRealClock(), rate)
		fn(t, p, p.Lab())
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// pass lets so much of a bubble's time go by.
func pass(d time.Duration) { <-clockwork.NewRealClock().NewTimer(d).Chan() }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlayKeepsPace(t *testing.T) {
	for _, rate := range []int{1, 60, 86400} {
		play(t, Options{Seed: 1}, rate, func(t *testing.T, p *Play, c lab.Lab) {
			pass(10*time.Second + time.Millisecond)
			if got, want := p.Now().Sub(noon), 10*time.Second*time.Duration(rate); got != want {
				t.Errorf("rate %d: after ten seconds %s have passed, want %s", rate, got, want)
			}
			s, err := c.State(t.Context())
			must(t, err)
			if s.Rate != rate || s.Reached != float64(rate) || s.Paused || !s.Start.Equal(noon) || s.Seed != 1 || s.Next.IsZero() {
				t.Errorf("rate %d: the state is %+v", rate, s)
			}
		})
	}
}

func TestPlayDoesNotChangeTheTrace(t *testing.T) {
	for _, rate := range []int{7, 3600, 86400} {
		tp, want := &tape{}, &tape{}
		o := Options{Seed: 7, Watch: tp.watch}
		var end time.Time
		synctest.Test(t, func(t *testing.T) {
			w := open(t, o)
			story(t, w)
			p := Start(w, clockwork.NewRealClock(), rate)
			pass(2345 * time.Millisecond)
			must(t, p.Close())
			end = p.Now()
		})
		o.Watch = want.watch
		w := open(t, o)
		story(t, w)
		run(t, w, end)
		if rate > 100 && len(want.lines) < 50 {
			t.Fatalf("only %d records", len(want.lines))
		}
		tp.same(t, fmt.Sprintf("rate %d, until %s", rate, end), want)
	}
}

// slowClock makes every look at it cost time, as a slow machine would.
type slowClock struct {
	clockwork.Clock
	cost time.Duration
}

func (c *slowClock) Now() time.Time {
	<-c.Clock.NewTimer(c.cost).Chan()
	return c.Clock.Now()
}

func TestPlaySaysThatItCannotKeepUp(t *testing.T) {
	want := &tape{}
	w := open(t, Options{Seed: 7, Watch: want.watch})
	story(t, w)
	run(t, w, hours(storyEnds))
	synctest.Test(t, func(t *testing.T) {
		tp := &tape{}
		w := open(t, Options{Seed: 7, Watch: tp.watch})
		story(t, w)
		p := Start(w, &slowClock{clockwork.NewRealClock(), 5 * time.Millisecond}, 86400)
		c := p.Lab()
		pass(2 * time.Second)
		s, err := c.State(t.Context())
		must(t, err)
		if s.Reached >= float64(s.Rate) || s.Reached <= 0 {
			t.Errorf("a slow machine reaches %v of %d", s.Reached, s.Rate)
		}
		must(t, c.SkipTo(t.Context(), hours(storyEnds)))
		must(t, p.Close())
		tp.lines = tp.lines[:min(len(tp.lines), len(want.lines))] // it may have gone on for a frame
		tp.same(t, "a slow machine", want)
	})
}

func TestPauseStepAndRate(t *testing.T) {
	play(t, Options{Seed: 1}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		must(t, c.Pause(ctx, true))
		at := p.Now()
		pass(time.Minute)
		if !p.Now().Equal(at) {
			t.Error("the clock runs although it is paused")
		}
		var before = at
		for range 5 {
			must(t, c.Step(ctx))
			if !p.Now().After(before) {
				t.Errorf("a step led from %s to %s", before, p.Now())
			}
			before = p.Now()
		}
		must(t, c.Pause(ctx, false))
		must(t, c.Rate(ctx, 3600))
		pass(time.Second)
		if got := p.Now().Sub(before); got < 50*time.Minute || got > time.Hour {
			t.Errorf("at rate 3600 a second is worth %s", got)
		}
		must(t, c.Step(ctx))
		if s, err := c.State(ctx); err != nil || !s.Paused {
			t.Errorf("a step does not pause: %+v, %v", s, err)
		}
		for _, rate := range []int{0, -1, 86401} {
			if err := c.Rate(ctx, rate); err == nil || !strings.Contains(err.Error(), "rate") {
				t.Errorf("rate %d is taken: %v", rate, err)
			}
		}
	})
}

func TestSkipTo(t *testing.T) {
	play(t, Options{Seed: 1}, 1, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		must(t, c.Pause(ctx, true))
		must(t, c.SkipTo(ctx, hours(100)))
		if !p.Now().Equal(hours(100)) {
			t.Errorf("skipped to %s", p.Now())
		}
		for _, to := range []time.Time{hours(99), hours(100 + 367*24)} {
			if err := c.SkipTo(ctx, to); err == nil || !strings.Contains(err.Error(), "skip to") {
				t.Errorf("a skip to %s is taken: %v", to, err)
			}
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := c.SkipTo(ended, hours(1000)); !errors.Is(err, context.Canceled) || !p.Now().Equal(hours(100)) {
			t.Errorf("a cancelled skip gave %v and led to %s", err, p.Now())
		}
	})
}

// TestOthersAreServedDuringASkip needs a machine so slow that a skip takes a while.
func TestOthersAreServedDuringASkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Seed: 7})
		story(t, w)
		p := Start(w, &slowClock{clockwork.NewRealClock(), 5 * time.Millisecond}, 1)
		c := p.Lab()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.SkipTo(ctx, hours(storyEnds)) }()
		pass(100 * time.Millisecond)
		s, err := c.State(t.Context())
		must(t, err)
		if !s.Now.Before(hours(storyEnds)) || s.Now.Equal(noon) {
			t.Errorf("during the skip the clock stands at %s", s.Now)
		}
		if err := c.SkipTo(t.Context(), hours(10000)); err == nil || !strings.Contains(err.Error(), "another skip") {
			t.Errorf("a second skip gave %v", err)
		}
		for name, err := range map[string]error{"step": c.Step(t.Context()), "snapshot": c.Snapshot(t.Context(), "x"), "rewind": c.Rewind(t.Context(), "x")} {
			if err == nil || !strings.Contains(err.Error(), "skip") {
				t.Errorf("%s during a skip gave %v", name, err)
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled skip gave %v", err)
		}
		must(t, p.Close())
		if !p.Now().Before(hours(storyEnds)) {
			t.Error("the skip went on after it was cancelled")
		}
	})
}

func TestPlayIsAHost(t *testing.T) {
	play(t, Options{Seed: 1}, 3600, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		bell := p.Bell(ctx)
		r, err := p.Submit(ctx, engine.Command{Do: engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829")}})
		must(t, err)
		<-bell
		if _, err := p.Submit(ctx, engine.Command{Do: engine.Create{ID: "guest", Device: "front"}}); err == nil {
			t.Error("the same id is taken twice")
		} else if refusal := (*engine.Refusal)(nil); !errors.As(err, &refusal) {
			t.Errorf("a refusal is %T", err)
		}
		pass(2 * time.Second)
		s, err := p.Snapshot(ctx, engine.Query{View: engine.ViewCode, Code: "guest"})
		must(t, err)
		if len(s.Codes) != 1 || s.Codes[0].Status != engine.StatusSet {
			t.Errorf("the code is %+v", s.Codes)
		}
		events, err := p.Journal(ctx, r.Seq-1, 1)
		must(t, err)
		if len(events) != 1 || events[0].Seq != r.Seq {
			t.Errorf("the journal answers %+v", events)
		}
		try, err := c.Type(ctx, "front", digitsOf("4829"))
		must(t, err)
		if !try.Opens || try.Code != "guest" {
			t.Errorf("the keypad says %+v", try)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := p.Submit(ended, engine.Command{Do: engine.Delete{Code: "guest"}}); !errors.Is(err, context.Canceled) {
			t.Errorf("a command whose context has ended gave %v", err)
		}
		if _, err := p.Snapshot(ended, engine.Query{View: engine.ViewFleet}); !errors.Is(err, context.Canceled) {
			t.Errorf("a query whose context has ended gave %v", err)
		}
		other := p.Bell(ended)
		for range other { // closed, perhaps after a ring
		}
	})
}

func TestManyUseAPlayAtOnce(t *testing.T) {
	play(t, Options{Seed: 1}, 3600, func(t *testing.T, p *Play, c lab.Lab) {
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				id := fmt.Sprintf("guest-%d", i)
				if _, err := p.Submit(t.Context(), engine.Command{Do: engine.Create{ID: lock.CodeID(id), Device: "side"}}); err != nil {
					t.Errorf("%s: %v", id, err)
				}
				if _, err := p.Snapshot(t.Context(), engine.Query{View: engine.ViewFleet}); err != nil {
					t.Error(err)
				}
				if _, err := c.State(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestFaultsAndHands(t *testing.T) {
	play(t, Options{Seed: 1}, 3600, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		kinds, err := c.Kinds(ctx, "front")
		must(t, err)
		if len(kinds) < 10 {
			t.Errorf("only %d kinds of fault for a lock", len(kinds))
		}
		if kinds, err := c.Kinds(ctx, "nobody"); err != nil || len(kinds) != 0 {
			t.Errorf("kinds for nobody: %v, %v", kinds, err)
		}
		id, err := c.Inject(ctx, lab.Fault{On: "front", Kind: "offline"})
		must(t, err)
		if _, err := c.Inject(ctx, lab.Fault{On: "front", Kind: "no such kind"}); err == nil {
			t.Error("an unknown kind of fault is taken")
		}
		if s, err := c.State(ctx); err != nil || len(s.Faults) != 1 || s.Faults[0].ID != id {
			t.Errorf("the faults are %+v, %v", s.Faults, err)
		}
		must(t, c.Heal(ctx, id))
		if err := c.Heal(ctx, "nobody"); err == nil {
			t.Error("nobody can be healed")
		}
		must(t, c.Edit(ctx, lab.Edit{Lock: "front", Kind: sim.EditAdd, PIN: digitsOf("7788")}))
		if try, err := c.Type(ctx, "front", digitsOf("7788")); err != nil || !try.Opens {
			t.Errorf("what a hand wrote does not open: %+v, %v", try, err)
		}
	})
}

func TestSnapshotAndRewind(t *testing.T) {
	disk := memkv.New()
	play(t, Options{Seed: 1, Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		must(t, c.Pause(ctx, true))
		_, err := p.Submit(ctx, engine.Command{Do: engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829")}})
		must(t, err)
		must(t, c.SkipTo(ctx, hours(1)))
		must(t, c.Snapshot(ctx, "before"))
		for _, name := range []string{"", "before"} {
			if err := c.Snapshot(ctx, name); err == nil || !strings.Contains(err.Error(), "name") {
				t.Errorf("a snapshot called %q is taken: %v", name, err)
			}
		}
		at := p.Now()
		_, err = p.Submit(ctx, engine.Command{Do: engine.Delete{Code: "guest"}})
		must(t, err)
		_, err = c.Inject(ctx, lab.Fault{On: "front", Kind: "offline"})
		must(t, err)
		must(t, c.SkipTo(ctx, hours(5)))
		for range 2 { // again and again
			must(t, c.Rewind(ctx, "before"))
			s, err := c.State(ctx)
			must(t, err)
			if !s.Now.Equal(at) || !p.Now().Equal(at) || len(s.Faults) != 0 || !s.Paused {
				t.Errorf("rewound to %+v, want %s without faults, paused", s, at)
			}
			must(t, c.SkipTo(ctx, hours(3)))
			if try, err := c.Type(ctx, "front", digitsOf("4829")); err != nil || !try.Opens {
				t.Errorf("the withdrawn code does not open after the rewind: %+v, %v", try, err)
			}
		}
		if err := c.Rewind(ctx, "never"); err == nil {
			t.Error("rewinds to a snapshot that was never taken")
		}
		names, err := c.Snapshots(ctx)
		must(t, err)
		if len(names) != 1 || names[0] != "before" {
			t.Errorf("the snapshots are %q", names)
		}
		for i := range maxKept - 1 {
			must(t, c.Snapshot(ctx, fmt.Sprint(i)))
		}
		if err := c.Snapshot(ctx, "one too many"); err == nil {
			t.Error("there is no bound to snapshots")
		}
	})
	w := open(t, Options{Store: disk})
	if !opens(t, w, "front", "4829") {
		t.Error("the rewind did not reach the store")
	}
}

// TestARewindUsesNoNumberOfTheJournalAgain reads the journal as somebody who keeps a cursor does, over two rewinds.
func TestARewindUsesNoNumberOfTheJournalAgain(t *testing.T) {
	disk := memkv.New()
	play(t, Options{Seed: 1, Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		ctx := t.Context()
		must(t, c.Pause(ctx, true))
		must(t, c.Snapshot(ctx, "before"))
		read := map[engine.Seq]engine.Event{}
		var cursor engine.Seq
		follow := func(after engine.Seq) (told []string) {
			page, err := p.Journal(ctx, after, 0)
			must(t, err)
			for _, e := range page {
				if old, ok := read[e.Seq]; ok && !reflect.DeepEqual(old, e) {
					t.Errorf("event %d was %+v and is %+v", e.Seq, old, e)
				}
				read[e.Seq], cursor, told = e, max(cursor, e.Seq), append(told, e.Type)
			}
			return told
		}
		for _, id := range []lock.CodeID{"first", "second", "third"} {
			_, err := p.Submit(ctx, engine.Command{Do: engine.Create{ID: id, Device: "front", PIN: digitsOf("4829")}})
			must(t, err)
			must(t, c.SkipTo(ctx, p.Now().Add(time.Hour)))
			if told := follow(cursor); !slices.Contains(told, "access_code.created") {
				t.Errorf("who follows the journal hears of %q", told)
			}
			must(t, c.Rewind(ctx, "before"))
			if told := follow(cursor); len(told) != 1 || told[0] != "internal.journal.rewound" {
				t.Errorf("of the rewind the journal tells %q", told)
			}
		}
		follow(0) // from the beginning it is the same journal
	})
	report, err := engine.Check(t.Context(), disk, nil)
	must(t, err)
	if len(report.Findings) > 0 {
		t.Errorf("the store has faults: %+v", report.Findings)
	}
}

func TestARewindThatWasCutShortIsTold(t *testing.T) {
	disk := memkv.New()
	must(t, open(t, Options{Store: disk}).Close())
	must(t, commit(t.Context(), disk, []store.Op{{Key: keyRewinding, Val: []byte("1")}}))
	if _, err := New(t.Context(), Options{Store: disk}); err == nil || !strings.Contains(err.Error(), "rewind") {
		t.Errorf("the store is opened: %v", err)
	}
}

// TestAKilledPlayGoesOnWhereItWas looks at the store while nothing happens in the world.
func TestAKilledPlayGoesOnWhereItWas(t *testing.T) {
	disk := memkv.New()
	play(t, Options{Seed: 1, Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		pass(30*time.Second + time.Millisecond)
		w := open(t, Options{Store: disk.Clone()})
		if lost := p.Now().Sub(w.Now()); lost < 0 || lost > 60*time.Second+3*time.Second {
			t.Errorf("a kill loses %s of virtual time", lost)
		}
	})
}

func TestThePaceOutlivesAKill(t *testing.T) {
	disk := memkv.New()
	play(t, Options{Seed: 1, Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		must(t, c.Rate(t.Context(), 600))
		must(t, c.Snapshot(t.Context(), "at 600"))
		must(t, c.Rate(t.Context(), 3600))
		must(t, c.Pause(t.Context(), true))
		must(t, c.Rewind(t.Context(), "at 600"))
	})
	play(t, Options{Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		at := p.Now()
		pass(time.Second)
		if s, err := c.State(t.Context()); err != nil || !s.Paused || s.Rate != 3600 || !p.Now().Equal(at) {
			t.Errorf("it goes on as %+v, %v, and the clock at %s", s, err, p.Now())
		}
		must(t, c.Pause(t.Context(), false))
		pass(time.Second)
		if moved := p.Now().Sub(at); moved < 50*time.Minute || moved > time.Hour {
			t.Errorf("a second is worth %s", moved)
		}
	})
}

// What is done to a world that stands still is stored all the same.
func TestAPausedPlayStoresWhatIsDoneToIt(t *testing.T) {
	disk := memkv.New()
	play(t, Options{Seed: 1, Store: disk}, 60, func(t *testing.T, p *Play, c lab.Lab) {
		must(t, c.Pause(t.Context(), true))
		pass(time.Minute)
		if _, err := c.Inject(t.Context(), lab.Fault{On: "front", Kind: "offline"}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(open(t, Options{Store: disk.Clone()}).Fleet().Faults()); n != 1 {
			t.Errorf("after a kill there are %d faults", n)
		}
	})
}

func TestAClosedPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(open(t, Options{Seed: 1}), clockwork.NewRealClock(), 1)
		bell := p.Bell(context.Background())
		must(t, p.Close())
		for range bell {
		}
		must(t, p.Close())
		ctx := context.Background()
		c := p.Lab()
		_, err1 := p.Submit(ctx, engine.Command{})
		_, err2 := p.Snapshot(ctx, engine.Query{})
		_, err3 := c.State(ctx)
		for i, err := range []error{err1, err2, err3, c.Pause(ctx, true), c.SkipTo(ctx, hours(1))} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("method %d of a closed Play gave %v", i, err)
			}
		}
	})
}
