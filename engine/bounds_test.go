package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// Of the journal so many lines are kept as was asked for, also after a start with a lower bound, and the numbers go on.
func TestTheJournalIsBounded(t *testing.T) {
	s := memkv.New()
	kept := 0
	run := func(bound, commands int) {
		t.Helper()
		e, err := engine.Open(t.Context(), engine.Options{Store: s, Secret: secret, Events: bound})
		if err != nil {
			t.Fatal(err)
		}
		for i := range commands {
			id := lock.DeviceID(fmt.Sprintf("d%d-%d", e.Seq(), i))
			add := engine.Submission{Command: engine.Command{Do: engine.AddDevice{Device: lock.Device{ID: id, Account: "a", Traits: lock.Traits{CannotList: true}}}}, Done: func(_ engine.Receipt, err error) {
				if err != nil {
					t.Error(err)
				}
			}}
			if _, err := e.Step(noon.Add(time.Duration(e.Seq())*time.Second), add); err != nil {
				t.Fatal(err)
			}
		}
		lines, err := e.Journal(context.Background(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		kept = len(lines)
		if last := lines[kept-1].Seq; last != e.Seq() || lines[0].Seq != last-engine.Seq(kept)+1 {
			t.Errorf("bound %d: lines %d to %d are kept, and the last is %d", bound, lines[0].Seq, last, e.Seq())
		}
		if next, err := e.Journal(context.Background(), lines[0].Seq-2, 1); err != nil || len(next) != 1 || next[0].Seq != lines[0].Seq && next[0].Seq != lines[0].Seq-1 {
			t.Errorf("bound %d: what went is answered with %v (%v)", bound, next, err)
		}
	}
	if run(1000, 100); kept < 200 {
		t.Errorf("%d lines below the bound are kept", kept)
	}
	if run(100, 150); kept != 100 {
		t.Errorf("%d lines are kept, want 100", kept)
	}
}

// A common key that is used again and again remembers its digits, and no more codes than live.
func TestACommonKeyRemembersDigitsAlone(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	shared := lock.PIN{}
	for i := range 5 {
		id := lock.CodeID(fmt.Sprint("stay-", i))
		r.do(engine.Create{ID: id, Device: "front", CommonKey: "smith"})
		if shared.IsZero() {
			shared = r.pin(id)
		}
		if r.pin(id) != shared {
			t.Errorf("%s has other digits", id)
		}
		r.do(engine.Delete{Code: id})
		r.pass(10 * time.Minute)
	}
	if kv, err := r.store.Get(t.Context(), "group/smith"); err != nil || strings.Contains(string(kv.Val), "stay-") {
		t.Errorf("codes that are gone are remembered: %s (%v)", strings.ReplaceAll(string(kv.Val), shared.Reveal(), "••••"), err)
	}
}
