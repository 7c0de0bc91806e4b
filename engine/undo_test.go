package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func TestUndo(t *testing.T) {
	r := newRig(t)
	tr := jitTraits()
	tr.UpdatesInPlace = true
	f := r.add("front", tr)
	r.add("back", tr)
	undo := func(rec engine.Receipt) engine.Receipt {
		t.Helper()
		if !rec.Undoable {
			t.Error("the receipt says that it can't be undone")
		}
		return r.do(engine.Undo{Receipt: rec.Seq})
	}

	made := r.do(engine.Create{ID: "a", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	if back := undo(made); len(back.Codes) != 1 || back.Undoable {
		t.Errorf("receipt %+v", back)
	}
	r.pass(time.Minute)
	r.status("a", engine.StatusGone)
	if len(f.held) != 0 {
		t.Error("create: still on the lock")
	}
	r.refused(engine.Undo{Receipt: made.Seq}, "access_code_not_found", "code")

	many := r.do(engine.CreateMany{Like: engine.Create{Name: "M"}, Devices: []lock.DeviceID{"front", "back"}, IDs: []lock.CodeID{"m1", "m2"}})
	r.pass(time.Minute)
	undo(many)
	r.pass(time.Minute)
	r.status("m1", engine.StatusGone)
	r.status("m2", engine.StatusGone)

	r.do(engine.Create{ID: "b", Device: "front", Name: "Bo", PIN: pin("1350")})
	r.pass(time.Minute)
	changed := r.do(engine.Update{Code: "b", Name: ptr("Eve"), PIN: ptr(pin("2468"))})
	r.pass(time.Minute)
	undo(changed)
	r.pass(time.Minute)
	if c := r.code("b"); c.Name != "Bo" || r.pin("b") != pin("1350") || !f.has(pin("1350")) {
		t.Errorf("update: %s", c.Name)
	}
	timed := r.do(engine.Convert{Code: "b", Starts: r.now.Add(time.Hour), Ends: r.now.Add(2 * time.Hour)})
	undo(timed)
	if c := r.code("b"); c.Type != engine.Ongoing {
		t.Error("convert: still time-bound")
	}

	r.do(engine.CreateMany{Like: engine.Create{Name: "K", Starts: hours(5), Ends: hours(9)}, Devices: []lock.DeviceID{"front", "back"}, IDs: []lock.CodeID{"k1", "k2"}})
	key := r.code("k1").CommonKey
	moved := r.do(engine.UpdateMany{CommonKey: key, Ends: ptr(hours(12))})
	undo(moved)
	for _, id := range []lock.CodeID{"k1", "k2"} {
		if c := r.code(id); !c.Ends.Equal(hours(9)) {
			t.Errorf("update_many: %s ends %v", id, c.Ends)
		}
	}

	// A deleted code that is still leaving stays; one that has left comes back with its id and digits.
	gone := r.do(engine.Delete{Code: "b"})
	undo(gone)
	r.pass(time.Minute)
	r.status("b", engine.StatusSet)
	gone = r.do(engine.Delete{Code: "b"})
	r.pass(time.Minute)
	r.status("b", engine.StatusGone)
	undo(gone)
	r.pass(time.Minute)
	r.status("b", engine.StatusSet)
	if r.pin("b") != pin("1350") || !f.has(pin("1350")) {
		t.Error("delete: other digits came back")
	}
	if n := len(r.snapshot(engine.Query{View: engine.ViewHistory, Device: "front"}).Codes); n != 2 {
		t.Errorf("%d codes in history, want a and m1", n)
	}
	r.refused(engine.Undo{Receipt: gone.Seq}, "not_undoable", "receipt")

	on := r.do(engine.SetPool{Device: "front", On: true})
	undo(on)
	if r.device("front").Pool.On {
		t.Error("pool: still on")
	}
	off := r.do(engine.SetPool{Device: "front", On: true})
	if r.do(engine.SetPool{Device: "front", On: true}); !r.device("front").Pool.On {
		t.Error("pool: off")
	}
	undo(off)
}

func TestWhatCannotBeUndone(t *testing.T) {
	r := newRig(t)
	tr := jitTraits()
	tr.UpdatesInPlace = true
	r.add("front", tr)
	r.do(engine.Create{ID: "a", Device: "front", Name: "Ada", PIN: pin("4829"), Starts: hours(1), Ends: hours(50)})
	r.pass(time.Minute)

	first := r.do(engine.Update{Code: "a", Name: ptr("Bo")})
	r.do(engine.Update{Code: "a", Name: ptr("Eve")})
	r.refused(engine.Undo{Receipt: first.Seq}, "not_undoable", "receipt")

	if rec := r.do(engine.Delete{Code: "a", Leaked: true}); rec.Undoable {
		t.Error("a leaked code can be given back")
	} else {
		r.refused(engine.Undo{Receipt: rec.Seq}, "not_undoable", "receipt")
	}

	told := r.do(engine.Create{ID: "b", Device: "front"})
	r.pass(time.Minute)
	r.pin("b")
	r.refused(engine.Undo{Receipt: told.Seq}, "pin_already_told", "receipt")

	dig := r.do(engine.Update{Code: "b", PIN: ptr(pin("1350"))})
	r.do(engine.Rotate{Code: "b", PIN: pin("2468")})
	r.refused(engine.Undo{Receipt: dig.Seq}, "not_undoable", "receipt")

	// Its digits are in use again.
	r.do(engine.Create{ID: "c", Device: "front", PIN: pin("7531")})
	r.pass(time.Minute)
	gone := r.do(engine.Delete{Code: "c"})
	r.pass(time.Minute)
	r.do(engine.Create{ID: "d", Device: "front", PIN: pin("7531")})
	r.refused(engine.Undo{Receipt: gone.Seq}, "duplicate_access_code", "pin")

	// Its window is over.
	r.do(engine.Create{ID: "e", Device: "front", Starts: hours(1), Ends: hours(2)})
	over := r.do(engine.Delete{Code: "e"})
	r.until(hours(3))
	r.refused(engine.Undo{Receipt: over.Seq}, "invalid_window", "ends")

	r.do(engine.SetPool{Device: "front", On: true})
	rec := r.do(engine.RemoveDevice{Device: "front"})
	r.refused(engine.Undo{Receipt: rec.Seq}, "not_undoable", "receipt")
}

func TestNotes(t *testing.T) {
	r := newRig(t)
	r.add("jit", jitTraits())
	native := nativeTraits()
	r.add("native", native)
	coarse := nativeTraits()
	coarse.Granularity = time.Hour
	r.add("coarse", coarse)
	r.add("algo", lock.Traits{OfflineOnly: true, Offline: []lock.OfflineKind{lock.OfflineHourly}, Zone: "UTC"})
	r.pass(time.Minute)
	r.do(engine.Create{Device: "jit", Starts: hours(1), Ends: hours(10.25), Name: "before"})
	for _, c := range []struct {
		name  string
		do    engine.Create
		words []string
	}{
		{"just in time", engine.Create{Device: "jit", Starts: hours(30), Ends: hours(40)}, []string{"written Tue 3 Mar 17:30", "may open the door from then on", "must be erased at its end"}},
		{"waits", engine.Create{Device: "jit", Starts: hours(10.5), Ends: hours(20)}, []string{"the guest before is still in"}},
		{"native", engine.Create{Device: "native", Starts: hours(100), Ends: hours(120)}, []string{"loaded onto the lock Tue 3 Mar 17:00 CET"}},
		{"rounded", engine.Create{Device: "native", Starts: hours(10), Ends: hours(20).Add(30 * time.Second)}, []string{"whole minutes"}},
		{"too coarse", engine.Create{Device: "coarse", Starts: hours(10.5), Ends: hours(20.5)}, []string{"too coarse"}},
	} {
		t.Run(c.name, func(t *testing.T) { noted(t, r.do(c.do), c.words...) })
	}
	for name, c := range map[string]struct {
		do    engine.Create
		words string // that are not said
	}{
		"whole minutes anyway":    {engine.Create{Device: "native", Starts: hours(10), Ends: hours(20)}, "whole minutes"},
		"no end that is rounded":  {engine.Create{Device: "native", Starts: hours(10).Add(time.Second)}, "it ends"},
		"it started already":      {engine.Create{Device: "jit", Starts: hours(-1), Ends: hours(0.75)}, "written"},
		"nothing can erase it":    {engine.Create{Device: "algo", Starts: hours(3), Ends: hours(8)}, "must be erased"},
		"nobody will erase it":    {engine.Create{Device: "jit"}, "must be erased"},
		"the lock turns it off":   {engine.Create{Device: "native", Starts: hours(30), Ends: hours(40)}, "must be erased"},
		"nothing is loaded ahead": {engine.Create{Device: "native", Starts: hours(30), Ends: hours(40)}, "loaded"},
	} {
		for _, note := range r.do(c.do).Notes {
			if strings.Contains(note, c.words) {
				t.Errorf("%s: %q", name, note)
			}
		}
	}
}

// Taking back a change may cost a guest her code for a moment, as the change did.
func TestAnUndoMayLeaveAGap(t *testing.T) {
	r := newRig(t)
	tr := nativeTraits()
	tr.UpdatesInPlace = false
	r.add("front", tr)
	r.do(engine.Create{ID: "a", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(9)})
	r.pass(time.Minute)
	short := r.do(engine.Update{Code: "a", Ends: ptr(hours(3)), AcceptGap: true})
	r.pass(time.Minute)
	r.refused(engine.Undo{Receipt: short.Seq}, "gap_not_accepted", "accept_gap")
	r.do(engine.Undo{Receipt: short.Seq, AcceptGap: true})
	r.pass(time.Minute)
	r.status("a", engine.StatusSet)
	if c := r.code("a"); !c.Ends.Equal(hours(9)) || len(c.Pending) != 0 {
		t.Errorf("it ends at %v, and the lock has yet to take %v", c.Ends, c.Pending)
	}
}
