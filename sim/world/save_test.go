package world_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/lab"
	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/world"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func after(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }

func pin(t *testing.T, digits string) lock.PIN {
	t.Helper()
	p, err := lock.ParsePIN(digits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// session has somebody do a bit of everything with a simulation, and returns what it is saved as. Its names are all markers
// that must not be in there.
func session(t *testing.T) string {
	t.Helper()
	var saved []byte
	synctest.Test(t, func(t *testing.T) {
		w, err := world.New(context.Background(), world.Options{
			Name: "MARK world", Seed: 3, Start: noon, Store: memkv.New(), Spec: sim.Spec{
				Accounts: []sim.AccountSpec{{ID: "MARK-account", Rate: 600}},
				Hubs:     []sim.HubSpec{{ID: "MARK-hub", Account: "MARK-account"}},
				Locks: []sim.LockSpec{
					{ID: "MARK-front", Name: "MARK Front", Model: "jit.keypad", Account: "MARK-account", Hub: "MARK-hub", Zone: "Europe/Paris"},
					{ID: "MARK-side", Model: "native.keypad", Account: "MARK-account", Slots: 12, Drift: 5 * time.Second, Battery: 0.75},
				},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		p := world.Start(w, clockwork.NewRealClock(), 60)
		defer p.Close()
		c, ctx := p.Lab(), t.Context()
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ok(c.Pause(ctx, true))
		do := func(a engine.Action) engine.Receipt {
			t.Helper()
			r, err := p.Submit(ctx, engine.Command{Key: "", Actor: "MARK", Do: a})
			ok(err)
			return r
		}
		at := func(h float64) { t.Helper(); ok(c.SkipTo(ctx, after(h))) }
		types := func(id lock.DeviceID, digits string, want bool) {
			t.Helper()
			try, err := c.Type(ctx, id, pin(t, digits))
			ok(err)
			if try.Opens != want {
				t.Errorf("typing at %s gave %+v, want opens %v", id, try, want)
			}
		}
		name, to, from, jitLead := "MARK Renamed", after(31), after(5), 20*time.Minute
		do(engine.SetPool{Device: "MARK-side", On: true})
		do(engine.SetPolicy{Device: "MARK-front", Patch: engine.PolicyPatch{JITLead: &jitLead}})
		do(engine.Create{ID: "MARK-guest", Device: "MARK-front", Name: "MARK Guest", PIN: pin(t, "739154"), Starts: after(4), Ends: after(28), Holder: "MARK"})
		stays := do(engine.CreateMany{
			Like:    engine.Create{Name: "MARK Stay", PIN: pin(t, "739265"), Starts: after(4), Ends: after(28)},
			Devices: []lock.DeviceID{"MARK-front", "MARK-side"}, IDs: []lock.CodeID{"MARK-a", "MARK-b"},
		})
		drawn := do(engine.Create{Device: "MARK-side", Name: "MARK drawn"}).Codes[0]
		at(1)
		do(engine.Update{Code: "MARK-guest", Name: &name, Starts: &from, Ends: &to})
		digits := do(engine.Reveal{Code: drawn}).PINs[0]
		at(2)
		types("MARK-side", digits.Reveal(), true)
		types("MARK-front", "739154", false)
		types("MARK-front", "739990", false)
		id, err := c.Inject(ctx, lab.Fault{On: "MARK-front", Kind: "lost-ack", For: 90 * time.Minute})
		ok(err)
		_, err = c.Inject(ctx, lab.Fault{On: "MARK-hub", Kind: "offline", From: after(10), For: time.Hour})
		ok(err)
		at(3)
		ok(c.Heal(ctx, id))
		ok(c.Edit(ctx, lab.Edit{Lock: "MARK-front", Kind: sim.EditAdd, PIN: pin(t, "739376"), Name: "MARK"}))
		at(4)
		types("MARK-front", "739376", true)
		at(6)
		types("MARK-front", "739154", true)
		types("MARK-side", "739265", true)
		gone := do(engine.Delete{Code: stays.Codes[0]})
		at(7)
		do(engine.Undo{Receipt: gone.Seq})
		at(8)
		types("MARK-front", "739265", true)
		do(engine.PullBackup{Code: "MARK-b"})
		do(engine.Rotate{Code: drawn, PIN: pin(t, "739487"), AcceptGap: true})
		do(engine.Convert{Code: "MARK-b", Ongoing: true})
		do(engine.Observe{Device: "MARK-side"})
		at(9)
		types("MARK-side", "739487", true)
		types("MARK-side", digits.Reveal(), false)
		at(40)
		for _, b := range w.Breaches() { // the clock is paused: nobody else touches the world
			t.Errorf("%+v", b)
		}
		saved, err = c.SaveScenario(ctx)
		ok(err)
	})
	return string(saved)
}

func TestASessionIsSavedWithoutItsNames(t *testing.T) {
	text := session(t)
	for _, mark := range []string{"MARK", "7391", "7392", "7393", "7394", "7399"} {
		if strings.Contains(text, mark) {
			t.Errorf("the scenario holds %q:\n%s", mark, text)
		}
	}
}

func TestASavedSessionPlaysAgain(t *testing.T) {
	text := session(t)
	f, err := scenario.Decode("saved.toml", []byte(text))
	if err != nil {
		t.Fatalf("the scenario does not read: %v\n%s", err, text)
	}
	if got := len(f.Spec.Locks); got != 2 {
		t.Errorf("it has %d locks, want 2", got)
	}
	r, err := scenario.Run(t.Context(), f, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Failures {
		t.Errorf("%+v", x)
	}
	if t.Failed() {
		t.Log(text)
	}
}

// A world that ran for a day before anybody looked is saved from there on, with the hubs that only its locks name.
func TestTheDemonstrationIsSavedAsAScenarioThatReads(t *testing.T) {
	o := world.Demo(7)
	o.Store = memkv.New()
	w, err := world.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p := world.Start(w, clockwork.NewFakeClock(), 60)
	defer p.Close()
	saved, err := p.Lab().SaveScenario(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Decode("saved.toml", saved); err != nil {
		t.Errorf("what was saved is no scenario: %.2000s", err)
	}
}
