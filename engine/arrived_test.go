package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// Where nothing is listed, a write that is only accepted counts when a look tells that it has landed; one of which a look tells nothing
// more came to nothing, is said to have failed, and is written again.
func TestAnAcceptedWriteThatNothingLists(t *testing.T) {
	tr := nativeTraits()
	tr.CannotList = true
	r, f := settled(t, tr)
	tells := []lock.Held{}
	var asked []lock.Ref
	wrote := lock.Ref("")
	r.bend = func(c engine.Call, o *engine.Outcome) {
		switch c.Verb {
		case engine.CallSet:
			o.Held.Pending, wrote = true, o.Held.Ref
		case engine.CallObserve:
			asked, o.Observation.Held, o.Observation.Complete = c.Known.Refs, tells, false
		}
	}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(30 * time.Second)
	r.status("g", engine.StatusSetting)
	tells = []lock.Held{{Ref: wrote, Pending: true}}
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSetting)
	if len(asked) != 1 || asked[0] != wrote {
		t.Errorf("asked for %v, not for %q", asked, wrote)
	}
	if n := r.count(engine.CallSet); n != 1 {
		t.Fatalf("%d sets while it is pending", n)
	}
	tells = nil
	f.held = nil
	r.pass(20 * time.Minute)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", true)
	again := r.count(engine.CallSet)
	if again < 2 || again > 8 {
		t.Errorf("%d sets after it came to nothing", again)
	}
	r.bend = func(c engine.Call, o *engine.Outcome) {
		switch c.Verb {
		case engine.CallSet:
			o.Held.Pending = true
		case engine.CallObserve:
			o.Observation.Held = nil
			for _, ref := range c.Known.Refs {
				o.Observation.Held = append(o.Observation.Held, lock.Held{Ref: ref})
			}
		}
	}
	r.pass(time.Hour)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", false)
	looks := r.count(engine.CallObserve)
	r.pass(time.Hour)
	if r.count(engine.CallObserve) != looks || !f.has(pin("4829")) {
		t.Error("what has landed is looked after further")
	}
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	if f.has(pin("4829")) {
		t.Error("what was withdrawn stays")
	}
}

// Where nothing is listed, a write is known by the handle of its job first and by a better one once it has landed, by which it is erased.
func TestAHandleThatGetsBetter(t *testing.T) {
	tr := nativeTraits()
	tr.CannotList = true
	r, _ := settled(t, tr)
	var tag string
	var cleared lock.Ref
	r.bend = func(c engine.Call, o *engine.Outcome) {
		switch c.Verb {
		case engine.CallSet:
			o.Held.Ref, o.Held.Pending, tag = "job-1", true, c.Want.Tag
		case engine.CallObserve:
			o.Observation.Complete, o.Observation.Held = false, []lock.Held{{Ref: "slot-9", Tag: "LCAAAAAYI"}, {Ref: "slot-4", Tag: tag, Enabled: true}}
		case engine.CallClear:
			cleared = c.At
		}
	}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSet)
	if n := r.count(engine.CallSet); n != 1 {
		t.Errorf("%d sets", n)
	}
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	if cleared != "slot-4" {
		t.Errorf("it is erased by %q", cleared)
	}
}

// An erase that is taken and not done yet is asked for again until it is; meanwhile the code is known to open still, and nobody is
// blamed.
func TestAnEraseThatIsNotDoneYet(t *testing.T) {
	tr := nativeTraits()
	tr.CannotList = true
	r, f := settled(t, tr)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	tries := 0
	r.bend = func(c engine.Call, o *engine.Outcome) {
		if c.Verb != engine.CallClear {
			return
		}
		if tries++; tries < 4 {
			o.Err = &driver.Error{Op: "clear", Device: c.Device, Kind: driver.Ambiguous, Blame: driver.BlameHub, RetryAfter: 20 * time.Second}
		}
	}
	r.do(engine.Delete{Code: "g"})
	r.pass(30 * time.Second)
	r.status("g", engine.StatusRemoving)
	if v := r.device("front"); len(v.Issues) > 0 {
		t.Errorf("the lock has %v", v.Issues)
	}
	r.pass(10 * time.Minute)
	if tries != 4 || f.has(pin("4829")) {
		t.Errorf("it was erased %d times", tries)
	}
}

// Writes of which nobody knows whether they happened are repeated, and a lock keeps quiet about digits that it has. An opening by the code
// tells that they stand: it counts as set, and is not written again.
func TestAnOpeningProvesWhatNoListTells(t *testing.T) {
	tr := nativeTraits()
	tr.CannotList = true
	r, _ := settled(t, tr)
	wrote, opened := 0, []lock.Entry(nil)
	r.bend = func(c engine.Call, o *engine.Outcome) {
		switch c.Verb {
		case engine.CallSet:
			if wrote++; wrote == 1 {
				o.Err = &driver.Error{Op: "set", Device: c.Device, Vendor: "502"}
				return
			}
			o.Held.Ref, o.Held.Pending = "job", true
		case engine.CallObserve:
			o.Observation.Complete, o.Observation.Held, o.Observation.Entries = false, nil, opened
		}
	}
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSetting)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", true)
	opened = []lock.Entry{{ID: "1", At: r.now, Kind: lock.Opened, Ref: "job"}}
	r.pass(30 * time.Minute)
	r.status("g", engine.StatusSet)
	r.wantIssue(r.code("g").Issues, "failed_to_set_on_device", false)
	n := wrote
	r.pass(6 * time.Hour)
	if wrote != n {
		t.Errorf("it is written %d times more", wrote-n)
	}
}

// A lock that takes no notice of a write may be full, and says so to nobody: who comes later makes room once, and comes back after whom it
// made room for.
func TestALockThatMayBeFullAndTellsNobody(t *testing.T) {
	tr := nativeTraits()
	tr.CannotList = true
	r, _ := settled(t, tr)
	full, erased := false, []string(nil)
	landed := map[lock.Ref]bool{}
	r.bend = func(c engine.Call, o *engine.Outcome) {
		switch c.Verb {
		case engine.CallSet:
			o.Held.Ref, o.Held.Pending = lock.Ref("job-"+string(c.Code)), true
			landed[o.Held.Ref] = !full
		case engine.CallClear:
			erased, full = append(erased, string(c.Code)), false
		case engine.CallObserve:
			o.Observation.Complete, o.Observation.Held = false, nil
			for _, ref := range c.Known.Refs {
				if landed[ref] {
					o.Observation.Held = append(o.Observation.Held, lock.Held{Ref: ref})
				}
			}
		}
	}
	r.do(engine.Create{ID: "later", Device: "front", PIN: pin("7316"), Starts: noon.Add(60 * time.Hour), Ends: noon.Add(70 * time.Hour)})
	r.pass(10 * time.Minute)
	full = true
	r.do(engine.Create{ID: "sooner", Device: "front", PIN: pin("4829"), Starts: noon.Add(20 * time.Hour), Ends: noon.Add(30 * time.Hour)})
	r.pass(5 * time.Minute)
	if !slices.Equal(erased, []string{"later"}) || !landed["job-sooner"] {
		t.Fatalf("erased %v; the sooner stands: %t", erased, landed["job-sooner"])
	}
	before := r.count(engine.CallSet)
	r.pass(5 * time.Minute)
	if r.count(engine.CallSet) != before {
		t.Error("what made room is back before it can be known whether the room was taken")
	}
	r.pass(10 * time.Minute)
	if r.count(engine.CallSet) == before {
		t.Error("what made room does not come back")
	}
	full, landed["job-later"] = true, false
	r.pass(12 * time.Hour)
	if len(erased) != 1 {
		t.Errorf("erased %v: who comes sooner makes room for who comes later", erased)
	}
}
