package world

import (
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// court is a judge with a door made by hand.
type court struct {
	t      *testing.T
	j      *judge
	now    time.Time
	mem    []sim.Memory
	deaf   bool // the lock ignores its schedules
	ailing bool
	seq    engine.Seq
}

func (c *court) Ailing(lock.DeviceID) bool { return c.ailing }
func (c *court) AppendMemory(all []sim.Memory, _ lock.DeviceID) []sim.Memory {
	return append(all, c.mem...)
}
func (c *court) AppendOpen(open []sim.Memory, _ lock.DeviceID) []sim.Memory {
	for _, m := range c.mem {
		if m.Enabled && (c.deaf || m.Window.Contains(c.now)) {
			open = append(open, m)
		}
	}
	return open
}

// try opens a court over a lock called front, at noon.
func try(t *testing.T, traits lock.Traits) *court {
	c := &court{t: t, now: noon}
	c.j = openJudge(c, engine.DefaultPolicy(), func(Breach) {})
	c.accept(engine.AddDevice{Device: lock.Device{ID: "front", Account: "acme", Hub: "attic", Traits: traits}})
	c.j.started(noon.Add(-time.Hour))
	return c
}

func (c *court) accept(do engine.Action, codes ...lock.CodeID) engine.Seq {
	c.seq++
	c.j.accept(c.now, engine.Command{Do: do}, engine.Receipt{Seq: c.seq, At: c.now, Codes: codes})
	return c.seq
}

// takesTurns has two stays begin at once on a lock to which nothing may be written ahead, of which the first has come.
func (c *court) takesTurns() {
	early := engine.EarlyForbid
	c.accept(engine.SetPolicy{Patch: engine.PolicyPatch{JITEarly: &early}})
	c.create("guest", "4829", 4, 28)
	c.create("other", "5160", 4, 28)
	c.until(1)
	c.look()
	c.until(4.01)
	c.holds(entry(1, "guest", "4829", lock.Window{}))
}

// create wishes a code from..to hours after noon; both 0: ongoing.
func (c *court) create(id lock.CodeID, digits string, from, to float64) {
	do := engine.Create{ID: id, Device: "front", PIN: digitsOf(digits)}
	if from != 0 || to != 0 {
		do.Starts, do.Ends = hours(from), hours(to)
	}
	c.accept(do, id)
}

func hours(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }

func digitsOf(s string) lock.PIN {
	p, _ := lock.ParsePIN(s)
	return p
}

// entry is what the lock holds for a code.
func entry(slot int, code lock.CodeID, digits string, w lock.Window) sim.Memory {
	return sim.Memory{Slot: slot, Ref: lock.Ref(rune('0' + slot)), Code: code, PIN: digitsOf(digits), Window: w, Enabled: true}
}

// holds changes the lock's memory by a call of the engine.
func (c *court) holds(m ...sim.Memory) {
	c.send(engine.CallSet, lock.Credential{Code: "-", Enabled: false, Slot: 99}, "-")
	c.mem = m
	c.j.record(sim.Record{Kind: sim.KindMemory, Device: "front"})
	c.j.judge(c.now)
	c.done(engine.CallSet, sim.Result{})
}

func (c *court) send(verb engine.CallVerb, want lock.Credential, at lock.Ref) {
	c.j.call(c.now, engine.Call{Device: "front", Verb: verb, Want: want, At: at, Deadline: c.now.Add(30 * time.Second)})
}

func (c *court) done(verb engine.CallVerb, r sim.Result) {
	c.j.outcome(c.now, engine.Call{Device: "front", Verb: verb}, r)
}

// clear sends a clear and ends it.
func (c *court) clear(at lock.Ref, err *driver.Error) {
	call := engine.Call{Device: "front", Verb: engine.CallClear, At: at, Deadline: c.now.Add(30 * time.Second)}
	c.j.call(c.now, call)
	c.j.outcome(c.now, call, sim.Result{Err: err})
}

// look shows the engine what the lock holds.
func (c *court) look(held ...lock.Held) {
	call := engine.Call{Device: "front", Verb: engine.CallObserve, Deadline: c.now.Add(30 * time.Second)}
	c.j.call(c.now, call)
	c.j.outcome(c.now, call, sim.Result{Observation: lock.Observation{Reach: lock.Reached, Complete: true, Held: held}})
}

// told raises an issue of the lock.
func (c *court) told(issue string) {
	c.j.event(engine.Event{At: c.now, Type: "internal.issue.raised", Device: "front", Issue: &engine.Issue{Code: issue}})
}

// shown is an entry as a look shows it.
func shown(m sim.Memory) lock.Held {
	return lock.Held{Ref: m.Ref, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled, Slot: m.Slot}
}

// until lets time pass, judging at every edge as a world does.
func (c *court) until(h float64) {
	end := hours(h)
	for {
		edge, ok := c.j.next()
		if !ok || edge.After(end) {
			break
		}
		c.now = edge
		c.j.judge(edge)
	}
	c.now = end
	c.j.judge(end)
}

// rules are the rules that were broken, each once, in order.
func (c *court) rules() []string {
	var rules []string
	for _, b := range c.j.breaches {
		if !slices.Contains(rules, b.Rule) {
			rules = append(rules, b.Rule)
		}
	}
	return rules
}

var (
	jit    = lock.Traits{ClientSlots: true, UpdatesInPlace: true, Slots: 20}
	native = lock.Traits{NativeSchedule: true, OpenEnded: true, UpdatesInPlace: true, Slots: 30, Granularity: time.Minute, Zone: "Europe/Berlin"}
	dumb   = lock.Traits{CannotList: true, NativeSchedule: true, Granularity: time.Minute}
	cloudy = lock.Traits{CloudList: true, Slots: 20}
	mute   = lock.Traits{CannotList: true, ClientSlots: true, Slots: 20}
	naive  = lock.Traits{NativeSchedule: true, DSTNaive: true, Granularity: time.Minute, Zone: "Europe/Berlin"}

	offline = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	timeout = &driver.Error{Kind: driver.Ambiguous}
)
