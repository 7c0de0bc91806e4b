package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

// TestARecordThatCannotBeReadParksItsLock breaks one record of one lock. It is left alone and says so, all others go on, and
// what stands in its records stays.
func TestARecordThatCannotBeReadParksItsLock(t *testing.T) {
	for key, val := range map[string]string{"dev/front": "{", "held/front": "7", "code/front/g": `{"ID":7}`, "run/front": `{"Wake":0}`, "": ""} {
		t.Run(key, func(t *testing.T) {
			m := memkv.New()
			r := newRigOn(t, m)
			r.add("front", jitTraits())
			back := r.add("back", jitTraits())
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(9)})
			r.do(engine.Create{ID: "h", Device: "back", PIN: pin("5937"), Starts: hours(1), Ends: hours(9)})
			r.pass(time.Minute)
			op := store.Op{Key: key, Val: []byte(val)}
			if key == "" {
				op = store.Op{Key: "dev/front", Delete: true}
			}
			if _, err := m.Commit(context.Background(), nil, []store.Op{op}); err != nil {
				t.Fatal(err)
			}
			r.quiet = true // the row in memory says more than the record
			r.forget()
			before := r.dump()
			r.open()
			r.until(hours(2))
			for k, v := range before {
				if strings.HasPrefix(k, "dev/front") || strings.HasPrefix(k, "run/front") || strings.HasPrefix(k, "held/front") || strings.HasPrefix(k, "code/front") {
					if r.dump()[k] != v {
						t.Errorf("%s was overwritten", k)
					}
				}
			}
			if got := r.verbs("front"); got != "" {
				t.Errorf("the lock is called: %s", got)
			}
			r.status("h", engine.StatusSet)
			if len(back.held) != 1 {
				t.Errorf("the other lock holds %d credentials", len(back.held))
			}

			fleet := r.snapshot(engine.Query{View: engine.ViewFleet, Filter: "issue:device_parked"})
			if len(fleet.Devices) != 1 || fleet.Devices[0].ID != "front" {
				t.Errorf("parked are %+v", fleet.Devices)
			}
			if s := r.snapshot(engine.Query{View: engine.ViewArrivals}); len(s.Codes) != 0 {
				t.Errorf("arrivals: %+v", s.Codes)
			}
			if s := r.snapshot(engine.Query{View: engine.ViewCodes}); len(s.Codes) != 1 || s.Codes[0].ID != "h" {
				t.Errorf("codes: %+v", s.Codes)
			}
			told := 0
			for _, e := range r.journal() {
				if e.Issue != nil && e.Issue.Code == "device_parked" && e.Device == "front" {
					told++
				}
			}
			if told != 1 {
				t.Errorf("it was told %d times", told)
			}
			twin := back.device
			twin.ID = "front"
			for _, a := range []engine.Action{
				engine.Observe{Device: "front"}, engine.Create{Device: "front"}, engine.Delete{Code: "g"},
				engine.AddDevice{Device: twin},
			} {
				no := r.refused(a, "device_parked", "device")
				if !strings.Contains(no.Message, op.Key) || no.Remedy == "" {
					t.Errorf("%s: %+v, want the record %s and what to do", a.Verb(), no, op.Key)
				}
			}
			var no *engine.Refusal
			if _, err := r.e.Snapshot(context.Background(), r.now, engine.Query{View: engine.ViewDevice, Device: "front"}); !errors.As(err, &no) || !strings.Contains(no.Message, op.Key) {
				t.Errorf("its view: %v", err)
			}
		})
	}
}

// TestABugParksItsLock lets the engine stumble over one lock. Commands in the same step are taken, the lock rests across a
// restart, and a look lets the engine try again.
func TestABugParksItsLock(t *testing.T) {
	r := newRig(t)
	front := r.add("front", jitTraits())
	r.add("back", jitTraits())
	r.pass(time.Minute)
	broken := true
	r.e.Stumble("front", func() bool { return broken })
	var a, b answer
	r.step(
		a.to(engine.Command{Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}}),
		b.to(engine.Command{Do: engine.Create{ID: "h", Device: "back", PIN: pin("5937")}}),
	)
	if a.n != 1 || b.n != 1 || a.err != nil || b.err != nil {
		t.Fatalf("answered %d and %d times: %v, %v", a.n, b.n, a.err, b.err)
	}
	r.pass(time.Minute)
	r.status("h", engine.StatusSet)
	v := r.device("front")
	r.wantIssue(v.Issues, "device_parked", true)
	for _, i := range v.Issues {
		if i.Code == "device_parked" && !strings.Contains(i.Message, "index out of range") {
			t.Errorf("the issue says %q", i.Message)
		}
	}
	r.kill()
	r.open()
	r.forget()
	r.pass(24 * time.Hour)
	if got := r.verbs("front"); got != "" || len(front.held) != 0 {
		t.Errorf("the parked lock is called: %s", got)
	}
	if f := r.snapshot(engine.Query{View: engine.ViewFleet, Filter: "issue:device_parked"}); f.Total != 1 {
		t.Errorf("%d locks are parked", f.Total)
	}

	r.e.Stumble("front", func() bool { return broken })
	r.do(engine.Observe{Device: "front"}) // it is still broken
	r.wantIssue(r.device("front").Issues, "device_parked", true)
	broken = false
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.wantIssue(r.device("front").Issues, "device_parked", false)
	r.status("g", engine.StatusSet)
}

// TestABugInMidFlight lets the engine stumble when a call comes back: what the lock got is found by a look.
func TestABugInMidFlight(t *testing.T) {
	r := newRig(t)
	front := r.add("front", jitTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	broken := true
	r.e.Stumble("front", func() bool { return broken })
	r.pass(time.Minute)
	r.wantIssue(r.device("front").Issues, "device_parked", true)
	broken = false
	r.forget()
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if got := r.verbs("front"); strings.Contains(got, "set") || !strings.HasPrefix(got, "observe") {
		t.Errorf("calls %s, want a look", got)
	}
	r.status("g", engine.StatusSet)
	if len(front.held) != 1 {
		t.Errorf("%d credentials", len(front.held))
	}
}
