package engine_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// A creation that tells answers with the digits, and from then on they count as told; so do those of the other doors that share
// them. Without it nobody learns them, and no query shows them.
func TestACreationThatTells(t *testing.T) {
	r := newRig(t)
	for _, id := range []lock.DeviceID{"front", "gate", "yard"} {
		r.add(id, jitTraits())
	}
	later, end := noon.Add(48*time.Hour), noon.Add(72*time.Hour)
	quiet := r.do(engine.Create{ID: "first", Device: "front", Starts: later, Ends: end, CommonKey: "smith"})
	if len(quiet.PINs) != 0 || !r.code("first").Told.IsZero() {
		t.Fatalf("a creation that does not tell: %d PINs, told %v", len(quiet.PINs), r.code("first").Told)
	}
	if v := shown(r, "first"); !v.PIN.IsZero() {
		t.Error("digits that nobody was told are shown")
	}
	told := r.do(engine.CreateMany{Like: engine.Create{Starts: later, Ends: end, CommonKey: "smith", Tell: true}, Devices: []lock.DeviceID{"gate", "yard"}})
	if len(told.PINs) != 2 || told.PINs[0].IsZero() || told.PINs[0] != told.PINs[1] {
		t.Fatalf("the receipt has %d PINs, want the shared one twice", len(told.PINs))
	}
	for _, id := range append(told.Codes, "first") {
		if v := shown(r, id); v.Told.IsZero() || v.PIN != told.PINs[0] {
			t.Errorf("%s: told %v, shown with the shared digits %v", id, v.Told, v.PIN == told.PINs[0])
		}
		if !r.code(id).PIN.IsZero() {
			t.Errorf("%s: digits are shown to a query that did not ask for them", id)
		}
	}
	if again := r.do(engine.Reveal{Code: "first"}); again.PINs[0] != told.PINs[0] {
		t.Error("a reveal gives other digits than the creation")
	}
}

func shown(r *rig, id lock.CodeID) engine.CodeView {
	return r.snapshot(engine.Query{View: engine.ViewCode, Code: id, Told: true}).Codes[0]
}

// What a receipt shows is what a query would answer then, and it has no digits but those that the creation tells.
func TestACreationThatShows(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	later, end := noon.Add(48*time.Hour), noon.Add(72*time.Hour)
	for _, tells := range []bool{false, true} {
		do := engine.Create{Device: "front", Starts: later, Ends: end, Tell: tells}
		dry, err := r.submit(engine.Command{Do: do, Show: true, DryRun: true})
		if err != nil || len(dry.Shown) != 0 {
			t.Errorf("a dry run shows %+v, %v", dry.Shown, err)
		}
		made, err := r.submit(engine.Command{Key: fmt.Sprint(tells), Do: do, Show: true})
		if err != nil || len(made.Shown) != 1 {
			t.Fatalf("the receipt shows %+v, %v", made.Shown, err)
		}
		q := engine.Query{View: engine.ViewCode, Code: made.Codes[0], Told: tells}
		if want := r.snapshot(q).Codes[0]; !reflect.DeepEqual(made.Shown[0], want) {
			t.Errorf("the receipt shows %+v, a query %+v", made.Shown[0], want)
		}
		if made.Shown[0].PIN.IsZero() == tells {
			t.Errorf("told %v, and the receipt shows digits %v", tells, !tells)
		}
		again, err := r.submit(engine.Command{Key: fmt.Sprint(tells), Do: do, Show: true})
		if err != nil || len(again.Shown) != 0 {
			t.Errorf("the same command again shows %+v, %v: as it was, or as it is now?", again.Shown, err)
		}
		if quiet := r.do(do); quiet.Shown != nil {
			t.Errorf("nobody asked, and the receipt shows %+v", quiet.Shown)
		}
	}
}
