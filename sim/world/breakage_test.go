package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// worse is an engine that says or hears something wrong. Nil hooks leave everything as it is.
type worse struct {
	*engine.Engine
	w     *World
	t     *testing.T
	call  func(c *engine.Call) bool // changes a call; false: it never leaves, and is believed to be done
	again func(c engine.Call) bool  // the call leaves a second time, for a place ten further on
	hears func(in engine.Input) engine.Input
	wake  func(t time.Time) time.Time
	tells func(e *engine.Event)
}

func (x *worse) Step(now time.Time, in ...engine.Input) (engine.Work, error) {
	if x.hears != nil {
		in = slices.Clone(in)
		for i := range in {
			in[i] = x.hears(in[i])
		}
	}
	work, err := x.Engine.Step(now, in...)
	var calls []engine.Call
	for err == nil {
		var believed []engine.Input
		for _, c := range work.Calls {
			if x.call != nil && !x.call(&c) {
				believed = append(believed, engine.Outcome{Call: c.ID, Device: c.Device})
				continue
			}
			if calls = append(calls, c); x.again != nil && x.again(c) {
				c.ID += "-again"
				c.Want.Slot += 10
				calls = append(calls, c)
			}
		}
		if len(believed) == 0 {
			break
		}
		var more engine.Work
		more, err = x.Engine.Step(now, believed...)
		more.Taken, more.Woken = work.Taken, work.Woken+more.Woken
		work = more
	}
	work.Calls = calls
	if x.wake != nil {
		work.Wake = x.wake(work.Wake)
	}
	return work, err
}

func (x *worse) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	page, err := x.Engine.Journal(ctx, after, limit)
	for i := range page {
		if x.tells != nil {
			x.tells(&page[i])
		}
	}
	return page, err
}

// between reports whether the story is so many hours old.
func (x *worse) between(from, to float64) bool {
	return !x.w.Now().Before(hours(from)) && x.w.Now().Before(hours(to))
}

// held is what a lock holds for a code, or the first foreign entry for "".
func (x *worse) held(device lock.DeviceID, code lock.CodeID) sim.Memory {
	for _, m := range x.w.fleet.Memory(device) {
		if m.Code == code && m.Foreign == (code == "") {
			return m
		}
	}
	return sim.Memory{}
}

// overlooks leaves entries out of what looks show.
func (x *worse) overlooks(gone map[lock.Ref]bool) {
	before := x.hears
	x.hears = func(in engine.Input) engine.Input {
		if before != nil {
			in = before(in)
		}
		o, ok := in.(engine.Outcome)
		if !ok {
			return in
		}
		o.Observation.Held = slices.DeleteFunc(slices.Clone(o.Observation.Held), func(h lock.Held) bool { return gone[h.Ref] })
		return o
	}
}

// home is the story that every worse engine lives through: a guest who is told their digits and stays longer than planned,
// somebody else with an untold code, spares, a code that a hand put there, and a guest who comes later; and a lodger at a
// lock with schedules.
func home(t *testing.T, spoil func(*worse)) ([]Breach, []Late) {
	t.Helper()
	o := Options{Name: "house", Seed: 7, Start: noon, Store: memkv.New(), Ephemeral: true, Spec: sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "jit.keypad"}, {ID: "side", Model: "native.keypad"},
	}}}
	if spoil != nil {
		o.worse = func(w *World, e *engine.Engine) mind {
			x := &worse{Engine: e, w: w, t: t}
			spoil(x)
			return x
		}
	}
	w, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	do := func(at float64, a engine.Action) {
		t.Helper()
		if err := w.RunUntil(hours(at)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Submit(engine.Command{Key: fmt.Sprint(a), Do: a}); err != nil {
			t.Fatal(err)
		}
	}
	later := hours(30)
	do(0, engine.SetPool{Device: "front", On: true})
	do(0, engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(2), Ends: hours(26)})
	do(0, engine.Create{ID: "staff", Device: "front"})
	do(0, engine.Create{ID: "lodger", Device: "side", PIN: digitsOf("5160"), Starts: hours(3), Ends: hours(27)})
	do(1, engine.Observe{Device: "front"})
	if err := w.fleet.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, Slot: 9, PIN: digitsOf("7788")}); err != nil {
		t.Fatal(err)
	}
	do(1.5, engine.Observe{Device: "front"})
	do(10, engine.Update{Code: "guest", Ends: &later})
	do(10, engine.Update{Code: "lodger", Ends: &later})
	do(11, engine.Reveal{Code: "staff"})
	do(11.5, engine.Create{Device: "front", Name: "once", Starts: hours(60), Ends: hours(61)})
	do(11.5, engine.Create{Device: "front", Name: "once", Starts: hours(60), Ends: hours(61)})
	do(12, engine.Create{ID: "late", Device: "front", PIN: digitsOf("3691"), Starts: hours(40), Ends: hours(50)})
	earlier := hours(38)
	do(13, engine.Update{Code: "late", Starts: &earlier})
	if err := w.RunUntil(hours(70)); err != nil {
		t.Fatal(err)
	}
	late, err := w.Unsettled(noon, hours(13))
	if err != nil {
		t.Fatal(err)
	}
	return w.Breaches(), late
}

func TestTheHouseIsInOrder(t *testing.T) {
	breaches, late := home(t, nil)
	for _, b := range breaches {
		t.Errorf("%+v", b)
	}
	for _, l := range late {
		t.Errorf("%+v", l)
	}
}

func TestEveryBreakageIsCaught(t *testing.T) {
	wrong := digitsOf("9753")
	caught := map[string]int{}
	for _, tt := range []struct {
		name, rule string
		spoil      func(x *worse)
	}{
		{"erases never leave, and what they are about is overlooked", RuleWindow, func(x *worse) {
			gone := map[lock.Ref]bool{}
			x.call = func(c *engine.Call) bool {
				gone[c.At] = gone[c.At] || c.Verb == engine.CallClear
				return c.Verb != engine.CallClear
			}
			x.overlooks(gone)
		}},
		{"a schedule ends two hours late", RuleWindow, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Device == "side" {
					c.Want.Window.To = c.Want.Window.To.Add(2 * time.Hour)
				}
				return true
			}
		}},
		{"a schedule lacks its start", RuleWindow, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				c.Want.Window.From = time.Time{}
				return true
			}
		}},
		{"a wake is forgotten", RuleWindow, func(x *worse) {
			x.wake = func(at time.Time) time.Time {
				if x.between(20, 30) {
					return time.Time{}
				}
				return at
			}
		}},
		{"every write leaves twice", RuleOneEffect, func(x *worse) {
			x.again = func(c engine.Call) bool { return c.Verb == engine.CallSet && c.At == "" }
		}},
		{"a repeated command is done again", RuleOneEffect, func(x *worse) {
			n := 0
			x.hears = func(in engine.Input) engine.Input {
				if s, ok := in.(engine.Submission); ok {
					n++
					s.Command.Key += fmt.Sprint(n)
					return s
				}
				return in
			}
		}},
		{"other digits are written than were told", RuleTold, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Code == "guest" {
					c.Want.PIN = wrong
				}
				return true
			}
		}},
		{"a change of times changes the digits", RuleTold, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.At != "" {
					c.Want.PIN = wrong
				}
				return true
			}
		}},
		{"other digits are told than were written", RuleTold, func(x *worse) {
			x.hears = func(in engine.Input) engine.Input {
				if s, ok := in.(engine.Submission); ok {
					done := s.Done
					s.Done = func(r engine.Receipt, err error) {
						for i := range r.PINs {
							r.PINs[i] = wrong
						}
						done(r, err)
					}
					return s
				}
				return in
			}
		}},
		{"a guest in the house is changed by erasing first", RuleInHouse, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.At != "" {
					c.Verb = engine.CallClear
				}
				return true
			}
		}},
		{"a look is an erase", RuleInHouse, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallObserve && c.Device == "front" && x.between(5, 9) {
					c.Verb, c.At = engine.CallClear, x.held("front", "guest").Ref
				}
				return true
			}
		}},
		{"a guest in the house is switched off", RuleInHouse, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.At != "" {
					c.Want.Enabled = false
				}
				return true
			}
		}},
		{"an untold code gets the digits of a guest", RuleUnique, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Code == "staff" {
					c.Want.PIN = digitsOf("4829")
				}
				return true
			}
		}},
		{"a spare gets the digits of a guest", RuleUnique, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && strings.HasPrefix(string(c.Code), "front.backup") {
					c.Want.PIN = digitsOf("4829")
				}
				return true
			}
		}},
		{"an erase that failed is taken for done", RuleSlotReuse, func(x *worse) {
			gone := map[lock.Ref]bool{}
			erases := map[engine.CallID]lock.Ref{}
			x.call = func(c *engine.Call) bool {
				switch {
				case c.Verb == engine.CallClear && c.Device == "front":
					if len(erases) == 0 {
						if _, err := x.w.fleet.Inject(sim.Fault{On: "front", Kind: "loss", Op: "clear"}); err != nil {
							x.t.Fatal(err)
						}
					}
					erases[c.ID] = c.At
				case c.Verb == engine.CallSet && c.Code == "late":
					c.Want.Slot = x.held("front", "guest").Slot
				}
				return true
			}
			x.hears = func(in engine.Input) engine.Input {
				if o, ok := in.(engine.Outcome); ok && erases[o.Call] != "" {
					gone[erases[o.Call]], o.Err = true, nil
					return o
				}
				return in
			}
			x.overlooks(gone)
		}},
		{"a place is taken that holds another code", RuleSlotReuse, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Code == "late" {
					c.Want.Slot = x.held("front", "staff").Slot
				}
				return true
			}
		}},
		{"a look is an erase of what others put there", RuleForeign, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if ref := x.held("front", "").Ref; c.Verb == engine.CallObserve && c.Device == "front" && x.between(5, 9) && ref != "" {
					c.Verb, c.At = engine.CallClear, ref
				}
				return true
			}
		}},
		{"a place is taken that somebody else uses", RuleForeign, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Code == "late" {
					c.Want.Slot = 9
				}
				return true
			}
		}},
		{"an earlier start is acknowledged and forgotten", RuleArrival, func(x *worse) {
			x.hears = func(in engine.Input) engine.Input {
				if s, ok := in.(engine.Submission); ok {
					u, _ := s.Command.Do.(engine.Update)
					s.Command.DryRun = u.Code == "late"
					return s
				}
				return in
			}
		}},
		{"the wake before an arrival is forgotten", RuleArrival, func(x *worse) {
			x.wake = func(at time.Time) time.Time {
				if x.between(29.99, 60) {
					return time.Time{}
				}
				return at
			}
		}},
		{"an event tells digits", RuleDigits, func(x *worse) {
			x.tells = func(e *engine.Event) {
				if e.Code == "guest" {
					e.Text = "the code is 4829"
				}
			}
		}},
		{"a call tells digits", RuleDigits, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				if c.Verb == engine.CallSet && c.Code == "guest" {
					c.Reason = "writes 4829"
				}
				return true
			}
		}},
		// What must come about.
		{"a code is never written, and asked for again and again", DueStatus, func(x *worse) {
			x.call = func(c *engine.Call) bool { return c.Verb != engine.CallSet || c.Code != "staff" }
		}},
		{"neither erases nor overwrites leave, and are asked for again and again", DueStatus, func(x *worse) {
			x.call = func(c *engine.Call) bool { return c.Verb != engine.CallClear && !c.Blank }
		}},
		{"spares are never written", DuePool, func(x *worse) {
			x.call = func(c *engine.Call) bool {
				return c.Verb != engine.CallSet || !strings.HasPrefix(string(c.Code), "front.backup")
			}
		}},
		{"what is erased is never looked at again, and the erase never left", DueExposure, func(x *worse) {
			gone := map[lock.Ref]bool{}
			x.call = func(c *engine.Call) bool {
				gone[c.At] = gone[c.At] || c.Verb == engine.CallClear
				return c.Verb != engine.CallClear
			}
			x.overlooks(gone)
		}},
		{"wakes are forgotten once all is done", DueCare, func(x *worse) {
			x.wake = func(at time.Time) time.Time {
				if x.between(20, 80) {
					return time.Time{}
				}
				return at
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, late := home(t, tt.spoil)
			if !slices.ContainsFunc(found, func(b Breach) bool { return b.Rule == tt.rule }) &&
				!slices.ContainsFunc(late, func(l Late) bool { return l.Rule == tt.rule }) {
				t.Errorf("the rule %s does not catch it; breaches: %+v, late: %+v", tt.rule, found, late)
			}
		})
		caught[tt.rule]++
	}
	for _, rule := range Rules() {
		if caught[rule] < 2 {
			t.Errorf("the rule %s is shown to catch %d breakages, want two at least", rule, caught[rule])
		}
	}
	for _, rule := range Dues() {
		if caught[rule] < 1 {
			t.Errorf("the rule %s is shown to catch no breakage", rule)
		}
	}
}
