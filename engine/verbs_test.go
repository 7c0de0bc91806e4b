package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func hours(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Hour))) }

// noted fails unless one note holds each of the words.
func noted(t *testing.T, rec engine.Receipt, words ...string) {
	t.Helper()
	for _, w := range words {
		if !slices.ContainsFunc(rec.Notes, func(n string) bool { return strings.Contains(n, w) }) {
			t.Errorf("no note says %q: %q", w, rec.Notes)
		}
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	r := doors(t)
	before := r.dump()
	for _, do := range []engine.Action{
		engine.Create{Device: "jit"},
		engine.CreateMany{Devices: []lock.DeviceID{"jit", "native"}},
		engine.Update{Code: "stay", Name: ptr("Eve")},
		engine.Convert{Code: "stay", Ongoing: true},
		engine.Delete{Code: "stay"},
		engine.Rotate{Code: "stay"},
		engine.SetPool{Device: "jit", On: true},
		engine.Adopt{Device: "jit", Ref: "f1"},
		engine.DeleteUnmanaged{Device: "jit", Ref: "f1"},
		engine.SwapDevice{Old: "jit", New: "native"},
		engine.Observe{Device: "jit"},
		engine.AddDevice{Device: lock.Device{ID: "x", Account: "y"}},
		engine.RemoveDevice{Device: "jit"},
		engine.Reveal{Code: "stay"},
		engine.SetPolicy{Patch: engine.PolicyPatch{JITLead: ptr(time.Minute)}},
	} {
		rec, err := r.submit(engine.Command{Do: do, DryRun: true, Key: "dry"})
		if err != nil {
			t.Errorf("%s: %v", do.Verb(), err)
		}
		if rec.Seq != 0 {
			t.Errorf("%s: a dry run has the sequence number %d", do.Verb(), rec.Seq)
		}
		if diff := before.diff(r.dump()); diff != "" {
			t.Fatalf("%s: a dry run changed the store: %s", do.Verb(), diff)
		}
	}
}

func TestAKeyAnswersOnce(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	c := engine.Command{Key: "booking-1", Do: engine.Create{Device: "front", Name: "Ada"}}
	first, err := r.submit(c)
	if err != nil {
		t.Fatal(err)
	}
	r.pass(time.Hour)
	again, err := r.submit(c)
	if err != nil || again.Seq != first.Seq || again.Codes[0] != first.Codes[0] || !again.At.Equal(first.At) {
		t.Errorf("repeated: %+v, %v, want %+v", again, err, first)
	}
	// In one step, and across a restart.
	var both []lock.CodeID
	twin := engine.Command{Key: "booking-2", Do: engine.Create{Device: "front"}}
	done := func(rec engine.Receipt, err error) { both = append(both, rec.Codes...) }
	r.step(engine.Submission{Command: twin, Done: done}, engine.Submission{Command: twin, Done: done})
	if len(both) != 2 || both[0] != both[1] {
		t.Errorf("twins made %v", both)
	}
	r.kill()
	r.open()
	if again, err = r.submit(c); err != nil || again.Codes[0] != first.Codes[0] {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
	if n := r.device("front").Set + r.device("front").Setting; n != 2 {
		t.Errorf("%d codes, want 2", n)
	}
	// A refusal takes no key.
	bad := engine.Command{Key: "booking-3", Do: engine.Create{Device: "front", PIN: pin("1")}}
	if _, err := r.submit(bad); err == nil {
		t.Fatal("taken")
	}
	bad.Do = engine.Create{Device: "front"}
	if rec, err := r.submit(bad); err != nil || len(rec.Codes) != 1 {
		t.Errorf("the corrected request is not taken: %v", err)
	}
	if _, err := r.submit(engine.Command{Key: strings.Repeat("k", 201), Do: engine.Observe{Device: "front"}}); err == nil {
		t.Error("a key of 201 characters is taken")
	}
}

func TestARevealUnderAKeyLeavesNoDigitsBehind(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "a", Device: "front"})
	c := engine.Command{Key: "k", Do: engine.Reveal{Code: "a"}}
	rec, err := r.submit(c)
	if err != nil || len(rec.PINs) != 1 {
		t.Fatalf("%+v, %v", rec, err)
	}
	digits := rec.PINs[0].Reveal()
	for key, val := range r.dump() {
		if strings.Contains(val, digits) && (strings.HasPrefix(key, "idem/") || strings.HasPrefix(key, "ev/")) {
			t.Errorf("%s holds the digits", key)
		}
	}
}

func TestRevealTells(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "drawn", Device: "front", PINLength: 6})
	r.do(engine.Create{ID: "given", Device: "front", PIN: pin("4829")})
	if c := r.code("given"); !c.Told.Equal(noon) {
		t.Errorf("given digits were told at %v", c.Told)
	}
	if c := r.code("drawn"); !c.Told.IsZero() {
		t.Errorf("drawn digits were told at %v", c.Told)
	}
	r.pass(time.Hour)
	if p := r.pin("drawn"); p.Len() != 6 {
		t.Errorf("%d digits, asked for 6", p.Len())
	}
	at := r.now
	r.pass(time.Hour)
	r.pin("drawn")
	if c := r.code("drawn"); !c.Told.Equal(at) || !c.InHouse {
		t.Errorf("told %v, want the first time %v", c.Told, at)
	}
}

func TestUpdateBeforeAndAfterWriting(t *testing.T) {
	for _, c := range []struct {
		name    string
		traits  lock.Traits
		inPlace bool
	}{
		{"in place", jitTraits(), true},
		{"cleared and written", jitTraits(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			c.traits.UpdatesInPlace = c.inPlace
			f := r.add("front", c.traits)
			r.do(engine.Create{ID: "g", Device: "front", Name: "Ada", PIN: pin("4829"), Starts: hours(4), Ends: hours(8)})
			r.do(engine.Update{Code: "g", Name: ptr("Eve"), PIN: ptr(pin("1350")), Starts: ptr(hours(2)), Ends: ptr(hours(6))})
			r.until(hours(1.6))
			if len(f.held) != 1 || f.held[0].PIN != pin("1350") || f.held[0].Name != "Eve" {
				t.Fatalf("held: %+v", f.held)
			}
			if r.told("access_code.code_changed") != 0 {
				t.Error("a change before the first write is told as one of the lock")
			}
			r.forget()
			r.do(engine.Update{Code: "g", PIN: ptr(pin("2468"))})
			r.pass(time.Minute)
			if len(f.held) != 1 || f.held[0].PIN != pin("2468") {
				t.Fatalf("held: %+v", f.held)
			}
			want := "set observe clear observe" // make before break
			if c.inPlace {
				want = "set observe"
			}
			if got := r.verbs("front"); got != want {
				t.Errorf("calls %s, want %s", got, want)
			}
			if r.told("access_code.code_changed") != 1 {
				t.Error("the change is not told once")
			}
			r.status("g", engine.StatusSet)
			if x := r.code("g"); len(x.Pending) != 0 || len(x.Issues) != 0 {
				t.Errorf("left over: %+v %s", x.Pending, codesOf(x.Issues))
			}
		})
	}
}

func TestNativeUpdateMovesTheWindow(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(24), Ends: hours(48)})
	r.pass(time.Minute)
	r.forget()
	r.do(engine.Update{Code: "g", Ends: ptr(hours(72))})
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "clear observe set observe" {
		t.Errorf("calls %s", got)
	}
	if len(f.held) != 1 || !f.held[0].Window.To.Equal(hours(72)) {
		t.Errorf("held %+v", f.held)
	}
	if got := strings.Join(r.events("g"), " "); got != "created scheduled_on_device mutations_requested scheduled_on_device time_frame_changed" {
		t.Errorf("events %s", got)
	}
	// Beyond the lead it goes, and comes back at the new one.
	r.do(engine.Update{Code: "g", Starts: ptr(hours(200)), Ends: ptr(hours(240))})
	r.pass(time.Minute)
	if len(f.held) != 0 {
		t.Error("still on the lock")
	}
	r.until(hours(200 - 72 - 0.1))
	if len(f.held) != 0 {
		t.Error("loaded before the new lead")
	}
	r.until(hours(200 - 71.9))
	if len(f.held) != 1 {
		t.Error("not loaded at the new lead")
	}
}

func TestAHeldCodeIsNotTakenAwayFromAGuestWithoutAWord(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: noon.Add(-time.Hour), Ends: hours(24)})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	no := r.refused(engine.Update{Code: "g", Ends: ptr(hours(30))}, "gap_not_accepted", "accept_gap")
	if !strings.Contains(no.Message, " s ") {
		t.Errorf("the gap is not told in seconds: %s", no.Message)
	}
	r.forget()
	rec := r.do(engine.Update{Code: "g", Ends: ptr(hours(30)), AcceptGap: true})
	noted(t, rec, "away from the lock for about")
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "clear observe set observe" {
		t.Errorf("calls %s", got)
	}
	if !f.has(pin("4829")) {
		t.Error("the code did not come back")
	}
	// Other digits come before the old ones go: no gap.
	r.forget()
	r.do(engine.Update{Code: "g", PIN: ptr(pin("2468"))})
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "set observe clear observe" {
		t.Errorf("calls %s", got)
	}
}

func TestConvert(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", Name: "Ada", Starts: hours(-1), Ends: hours(8)})
	r.pass(time.Minute)
	r.do(engine.Convert{Code: "g", Ongoing: true})
	if c := r.code("g"); c.Type != engine.Ongoing || !c.Starts.IsZero() || !c.Ends.IsZero() || c.Name != "Ada" {
		t.Errorf("%+v", c)
	}
	r.until(hours(10))
	r.status("g", engine.StatusSet)
	r.do(engine.Update{Code: "g", Name: ptr("Bo")})
	if c := r.code("g"); c.Type != engine.Ongoing {
		t.Error("a new name changed the type")
	}
	r.do(engine.Update{Code: "g", Starts: ptr(hours(9)), Ends: ptr(hours(12))})
	if c := r.code("g"); c.Type != engine.TimeBound {
		t.Error("both times do not make it time-bound")
	}
	r.do(engine.Convert{Code: "g", Starts: hours(9), Ends: hours(14)})
	r.until(hours(13))
	r.status("g", engine.StatusSet)
	r.until(hours(14.1))
	r.status("g", engine.StatusGone)
}

func TestDelete(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "written", Device: "front", PIN: pin("4829")})
	r.do(engine.Create{ID: "never", Device: "front", Starts: hours(10), Ends: hours(12)})
	r.pass(time.Minute)
	r.do(engine.Delete{Code: "written"})
	r.status("written", engine.StatusRemoving)
	r.wantIssue(r.code("written").Issues, "being_deleted", true)
	r.do(engine.Delete{Code: "never"})
	r.status("never", engine.StatusGone)
	r.pass(time.Minute)
	r.status("written", engine.StatusGone)
	if len(f.held) != 0 {
		t.Error("still on the lock")
	}
	if got := strings.Join(r.events("never"), " "); got != "created deleted" {
		t.Errorf("a code that was never written tells %s", got)
	}
	if got := strings.Join(r.events("written"), " "); got != "created set_on_device removed_from_device deleted" {
		t.Errorf("a written code tells %s", got)
	}
	r.refused(engine.Delete{Code: "written"}, "access_code_not_found", "code")
	h := r.snapshot(engine.Query{View: engine.ViewHistory, Device: "front"})
	if len(h.Codes) != 2 || h.Codes[0].Status != engine.StatusGone {
		t.Errorf("history %+v", h.Codes)
	}
	// Out of reach: the receipt says that the PIN still opens.
	r.do(engine.Create{ID: "far", Device: "front", PIN: pin("9631")})
	r.pass(time.Minute)
	f.reach = lock.LockDown
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	noted(t, r.do(engine.Delete{Code: "far", Leaked: true}), "out of reach")
}

func TestRotate(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PINLength: 6})
	old := r.pin("g")
	r.pass(time.Minute)
	rec := r.do(engine.Rotate{Code: "g", Reason: "staff left"})
	if rec.Undoable {
		t.Error("a rotation can be undone")
	}
	r.pass(time.Minute)
	if c := r.code("g"); !c.Told.IsZero() {
		t.Error("the new digits count as told")
	}
	now := r.pin("g")
	if now == old || now.Len() != 6 || !f.has(now) || f.has(old) {
		t.Errorf("old on the lock: %v, new on the lock: %v, %d digits", f.has(old), f.has(now), now.Len())
	}
	r.do(engine.Rotate{Code: "g", PIN: pin("246810")})
	r.pass(time.Minute)
	if !f.has(pin("246810")) || r.code("g").Told.IsZero() {
		t.Error("the given digits are not there, or not told")
	}
	r.refused(engine.Undo{Receipt: rec.Seq}, "not_undoable", "receipt")
}

func TestCreateMany(t *testing.T) {
	r := doors(t)
	like := engine.Create{Name: "Smith", Starts: hours(10), Ends: hours(20)}
	rec := r.do(engine.CreateMany{Like: like, Devices: []lock.DeviceID{"jit", "native", "ruled"}, IDs: []lock.CodeID{"m1", "m2", "m3"}})
	if !slices.Equal(rec.Codes, []lock.CodeID{"m1", "m2", "m3"}) {
		t.Fatalf("codes %v", rec.Codes)
	}
	key := r.code("m1").CommonKey
	for _, id := range rec.Codes {
		if r.code(id).CommonKey != key || r.pin(id) != r.pin("m1") || !strings.HasPrefix(key, "auto_set_by_create_multiple_") {
			t.Errorf("%s has the key %q", id, r.code(id).CommonKey)
		}
	}
	if strings.Contains(r.pin("m1").Reveal(), "0") {
		t.Error("the shared PIN breaks a rule of one door")
	}
	// Own digits for those that can't share.
	own := r.do(engine.CreateMany{Like: engine.Create{Name: "Mixed", Starts: hours(10), Ends: hours(20)}, Devices: []lock.DeviceID{"jit", "assigns", "native"}, OwnPINs: true})
	a, b, c := r.code(own.Codes[0]), r.code(own.Codes[1]), r.code(own.Codes[2])
	if a.CommonKey == "" || a.CommonKey != c.CommonKey || b.CommonKey != "" || b.HasPIN {
		t.Errorf("keys %q %q %q", a.CommonKey, b.CommonKey, c.CommonKey)
	}
	// A given PIN leaves them unlinked; a door that refuses it draws its own.
	given := r.do(engine.CreateMany{Like: engine.Create{Name: "Given", PIN: pin("1020"), Starts: hours(10), Ends: hours(20)}, Devices: []lock.DeviceID{"jit", "ruled"}, OwnPINs: true})
	if a, b := r.code(given.Codes[0]), r.code(given.Codes[1]); a.CommonKey != "" || b.CommonKey != "" || r.pin(a.ID) != pin("1020") || r.pin(b.ID) == pin("1020") {
		t.Errorf("given: %+v %+v", a.CommonKey, b.CommonKey)
	}
	if c := r.code(given.Codes[1]); c.Told.Equal(c.Created) && c.Told.Before(r.now) {
		t.Error("drawn digits count as told at creation")
	}
	for _, id := range append(rec.Codes, own.Codes...) {
		if r.told("access_code.created") < len(rec.Codes) || r.code(id).Status != engine.StatusUnset {
			t.Errorf("%s is %s", id, r.code(id).Status)
		}
	}
	// The common key keeps giving the same digits, and its codes move together.
	later := r.do(engine.Create{Device: "named", Name: "Smith2", CommonKey: key, Starts: hours(10), Ends: hours(20)})
	if r.pin(later.Codes[0]) != r.pin("m1") {
		t.Error("a later code of the key has other digits")
	}
	moved := r.do(engine.UpdateMany{CommonKey: key, Ends: ptr(hours(22)), Name: ptr("Smythe")})
	if len(moved.Codes) != 4 {
		t.Errorf("moved %v", moved.Codes)
	}
	for _, id := range moved.Codes {
		if v := r.code(id); !v.Ends.Equal(hours(22)) || v.Name != "Smythe" || !v.Starts.Equal(hours(10)) {
			t.Errorf("%s: %v %s", id, v.Ends, v.Name)
		}
	}
	if v := r.code(own.Codes[0]); !v.Ends.Equal(hours(20)) {
		t.Error("a code of another key moved")
	}
	// If one of them can't, none does.
	r.refused(engine.UpdateMany{CommonKey: key, Name: ptr("Smith Senior of Somewhere")}, "invalid_input", "name")
	r.refused(engine.Create{Device: "nopool", CommonKey: key, PIN: pin("5151")}, "pin_not_allowed", "pin")
}

func TestUpdateGivesDigitsThatStay(t *testing.T) {
	// Digits that an operator gave are told: the lock's refusal must not change them silently.
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front"})
	r.do(engine.Update{Code: "g", PIN: ptr(pin("2468"))})
	if r.code("g").Told.IsZero() {
		t.Error("digits that the caller gave do not count as told")
	}
	f.fails(engine.CallSet, 6, 4)
	r.pass(time.Minute)
	if r.pin("g") != pin("2468") {
		t.Error("the digits were drawn anew")
	}
}
