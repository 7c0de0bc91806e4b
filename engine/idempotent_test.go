package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func TestAKeyBelongsToOneCommand(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	create := engine.Create{ID: "g", Device: "front", PIN: pin("482950"), Starts: hours(1), Ends: hours(9)}
	first, err := r.submit(engine.Command{Key: "k", Do: create})
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]engine.Action{
		"another verb":   engine.Delete{Code: "g"},
		"other digits":   engine.Create{ID: "g", Device: "front", PIN: pin("135024"), Starts: hours(1), Ends: hours(9)},
		"another window": engine.Create{ID: "g", Device: "front", PIN: pin("482950"), Starts: hours(1), Ends: hours(8)},
		"a reveal":       engine.Reveal{Code: "g"},
		"no calendar":    engine.Create{ID: "g", Device: "front", Ends: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		for _, restart := range []bool{false, true} {
			if restart {
				r.kill()
				r.open()
			}
			before := r.dump()
			_, err := r.submit(engine.Command{Key: "k", Do: do})
			var no *engine.Refusal
			if !errors.As(err, &no) || no.Code != "idempotency_key_reused" || no.Field != "key" {
				t.Errorf("%s: %v", name, err)
			}
			if diff := before.diff(r.dump()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	if again, err := r.submit(engine.Command{Key: "k", Do: create}); err != nil || again.Seq != first.Seq {
		t.Errorf("the same again: %+v, %v", again, err)
	}
}

func TestARepeatedRevealGivesTheDigitsAgain(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	told, err := r.submit(engine.Command{Key: "made", Do: engine.Create{ID: "g", Device: "front", Tell: true}})
	if err != nil || len(told.PINs) != 1 {
		t.Fatal(told, err)
	}
	first, err := r.submit(engine.Command{Key: "k", Do: engine.Reveal{Code: "g"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, restart := range []bool{false, true} {
		if restart {
			r.kill()
			r.open()
		}
		again, err := r.submit(engine.Command{Key: "k", Do: engine.Reveal{Code: "g"}})
		if err != nil || len(again.PINs) != 1 || again.PINs[0] != told.PINs[0] || again.Seq != first.Seq {
			t.Errorf("restart %v: %+v, %v", restart, again, err)
		}
		made, err := r.submit(engine.Command{Key: "made", Do: engine.Create{ID: "g", Device: "front", Tell: true}})
		if err != nil || len(made.PINs) != 1 || made.PINs[0] != told.PINs[0] || made.Seq != told.Seq {
			t.Errorf("restart %v: %+v, %v", restart, made, err)
		}
	}
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Hour)
	var no *engine.Refusal
	if _, err := r.submit(engine.Command{Key: "k", Do: engine.Reveal{Code: "g"}}); !errors.As(err, &no) || no.Code != "access_code_not_found" {
		t.Errorf("of a code that is gone: %v", err)
	}
	made, err := r.submit(engine.Command{Key: "made", Do: engine.Create{ID: "g", Device: "front", Tell: true}})
	if err != nil || len(made.PINs) != 1 || made.PINs[0] != (lock.PIN{}) {
		t.Errorf("of a code that is gone: %+v, %v", made, err)
	}
}

// A key may be so long, and no longer.
func TestTheLengthOfAKey(t *testing.T) {
	r, _ := settled(t, jitTraits())
	for n, taken := range map[int]bool{200: true, 201: false} {
		if _, err := r.submit(engine.Command{Key: strings.Repeat("k", n), Do: engine.Create{Device: "front"}}); (err == nil) != taken {
			t.Errorf("a key of %d: %v", n, err)
		}
	}
}
