package engine_test

import (
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
