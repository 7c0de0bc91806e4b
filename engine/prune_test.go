package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
)

// records counts what stands under a prefix.
func (r *rig) records(prefix string) (n int) {
	r.t.Helper()
	for key := range r.dump() {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

// What became of a command is kept for a day under its key, and for a week for Undo. So a store that has seen three weeks of
// commands holds no more of that than one that has seen two, through restarts too; and a key that is too old can be used again.
func TestWhatBecameOfOldCommandsIsForgotten(t *testing.T) {
	r := newRig(t)
	r.quiet = true
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("482950")})
	rename := func(n int) engine.Command {
		return engine.Command{Key: fmt.Sprintf("key-%05d", n), Actor: "tester", Do: engine.Update{Code: "g", Name: ptr(fmt.Sprintf("Guest %d", n))}}
	}
	const daily = 24 * 10
	var after []int // each week
	for n := range 21 * daily {
		if _, err := r.submit(rename(n)); err != nil {
			t.Fatal(err)
		}
		r.pass(6 * time.Minute)
		if n%1000 == 999 {
			r.kill()
			r.open()
		}
		if n%(7*daily) == 7*daily-1 {
			after = append(after, r.records("idem/")+r.records("undo/"))
		}
	}
	young := 7*daily + daily
	if after[2] > young*3/2 || after[2] > after[1]*11/10 {
		t.Errorf("after each week %d records of what became of commands are kept, of which %d are young enough", after, young)
	}
	r.pass(30 * 24 * time.Hour) // its only lock is looked at once a day
	if n := r.records("idem/"); n != 0 {
		t.Errorf("%d keys are left after a month without a command", n)
	}
	if report := check(t, r.store); len(report.Findings) > 0 {
		t.Errorf("the doctor finds %+v", report.Findings)
	}
}

func TestAKeyAndAnUndoCountByTheirAge(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	create := engine.Create{Device: "front", Starts: hours(500), Ends: hours(509)}
	made, err := r.submit(engine.Command{Key: "k", Do: create})
	if err != nil {
		t.Fatal(err)
	}
	again := func() engine.Receipt {
		t.Helper()
		rec, err := r.submit(engine.Command{Key: "k", Do: create})
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	r.until(made.At.Add(24 * time.Hour))
	if again().Seq != made.Seq {
		t.Error("after a day the command was done again")
	}
	r.until(made.At.Add(24*time.Hour + time.Second))
	second := again()
	if second.Seq == made.Seq || second.Codes[0] == made.Codes[0] {
		t.Error("after more than a day the key still stood for the first command")
	}
	if third := again(); third.Seq != second.Seq {
		t.Error("the key does not stand for the command that it was last used for")
	}
	r.until(second.At.Add(7 * 24 * time.Hour))
	r.refused(engine.Undo{Receipt: made.Seq}, "not_undoable", "receipt")
	r.do(engine.Undo{Receipt: second.Seq})
}

// A page that can't be read is no reason to acknowledge a command, nor is a record in it that does not read a reason to stop.
func TestForgettingMeetsABadRecord(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	for _, key := range []string{"idem/bad", "undo/bad"} {
		if _, err := r.store.Commit(t.Context(), nil, []store.Op{{Key: key, Val: []byte("{")}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.submit(engine.Command{Key: "k", Do: engine.Create{Device: "front"}}); err != nil {
		t.Fatal(err)
	}
	r.pass(8 * 24 * time.Hour)
	if got := r.records("idem/") + r.records("undo/"); got != 2 {
		t.Errorf("%d records are left, want those two that do not read", got)
	}
}
