// Package swarm hunts failures: without it only the stories that somebody thought of would be tried. It turns a seed into a
// random story (a fleet, its bookings, operators, people at doors, kills and faults) in the very form that a scenario file is
// read into, runs it by the same code as a scenario, and counts which decisions of the engine were seen in the face of which
// faults. A failing seed is a scenario, which can be written, replayed and shrunk.
//
// A story has three parts. In the calm, at most two faults are placed, each on a lock of its own with an account of its own,
// and with traffic that must meet it: the story fails if such a fault never does anything. In the storm, faults, kills and
// people do as they like; whether a fault meets traffic there, only the run can tell, so that it counts for the coverage
// alone; and one cell of the table of coverage is aimed at, so that seeds which follow each other fill it. Then everything is
// healed, and long enough after it every code must stand where it should.
//
// What is drawn for one seed stays the same as long as this package does: another version may tell another story.
package swarm

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Options bound what is random.
type Options struct {
	// Fleet is an operator's own fleet with its policies and bookings: only faults, people and kills are random then.
	// Nil: everything is.
	Fleet *scenario.File
}

// after is how long after the heal a story ends at the least: longer than what the liveness check waits for.
const after = 4 * time.Hour

// story is a scenario that is being made up.
type story struct {
	luck
	scale scale
	f     *scenario.File
	stage *sim.Fleet // never runs: it knows what can be placed where
	doors []*door
	codes []*booking
	storm time.Time // the calm is over
	heal  time.Time // everything is healed
	ids   int

	aim      aim
	turn     time.Time // of the clocks, that the aim needs; zero: none
	borrowed bool      // the bookings are an operator's
}

// door is one lock of the story.
type door struct {
	spec  sim.LockSpec
	prof  sim.Profile
	zone  *time.Location
	from  time.Time // it can be booked from then on
	until time.Time // and is gone from then on; zero: it stays
	edges []time.Time
	rank  int // a lock that replaced another has a higher one
}

// booking is a code of the story.
type booking struct {
	id       lock.CodeID
	door     *door
	booked   time.Time
	from, to time.Time // zero: ongoing
	told     time.Time // zero: not yet
	holder   string
	pin      lock.PIN // that was asked for; zero: none was
	step     string   // id of the step that made it
}

// Generate makes up the story of a seed. The same seed and options give the same story.
func Generate(seed uint64, o Options) *scenario.File {
	s := &story{luck: newLuck(seed), aim: aimOf(seed), f: &scenario.File{
		Name: fmt.Sprintf("swarm seed %d", seed), Seed: seed >> 1, Check: scenario.Check{Lenient: true},
	}}
	if o.Fleet != nil {
		s.borrow(o.Fleet)
	} else {
		s.fleet()
		s.policies()
	}
	s.mount()
	if o.Fleet == nil {
		s.calm()
		s.bookings()
		s.operators()
	} else {
		s.guests()
	}
	s.people()
	s.troubles()
	s.pursue()
	s.f.Steps = slices.DeleteFunc(s.f.Steps, func(x scenario.Step) bool { return x.At.Before(s.f.Start) || !x.At.Before(s.heal) })
	s.end()
	slices.SortStableFunc(s.f.Steps, func(a, b scenario.Step) int { return a.At.Compare(b.At) })
	return s.f
}

// mount puts the fleet on a stage, which knows what can be done to it.
func (s *story) mount() {
	fleet, err := sim.NewFleet(sim.NewKernel(s.f.Start, 0), s.f.Spec)
	if err != nil {
		panic("swarm: a fleet that can't be: " + err.Error()) // the story made it up, or the file was checked
	}
	s.stage = fleet
	profiles := sim.Profiles()
	for _, l := range s.f.Spec.Locks {
		s.doors = append(s.doors, newDoor(l, profiles, s.f.Start))
	}
}

func newDoor(l sim.LockSpec, profiles []sim.Profile, from time.Time) *door {
	l.Account = cmp.Or(l.Account, "account")
	d := &door{spec: l, from: from}
	d.prof = profiles[slices.IndexFunc(profiles, func(p sim.Profile) bool { return p.Name == l.Model })]
	d.zone = time.UTC
	if zone, err := lock.LoadZone(cmp.Or(l.Zone, d.prof.Traits.Zone)); err == nil && zone != nil {
		d.zone = zone
	}
	return d
}

// borrow takes the fleet, the policies and the bookings of a file. Its hands, faults and expectations are left out, and what
// it says must be refused may be accepted.
func (s *story) borrow(f *scenario.File) {
	s.scale, s.borrowed = scales[0].scale, true
	s.f.Start, s.f.Spec, s.f.Policies = f.Start, f.Spec, f.Policies
	s.storm, s.heal = f.Start, f.End()
	for _, step := range f.Steps {
		switch step.Do.(type) {
		case scenario.Command, scenario.AddLock:
			step.Pos, step.Refused, step.Field = scenario.Pos{}, "", ""
			s.f.Steps = append(s.f.Steps, step)
		}
	}
	s.ids = len(f.Steps) // names of its own are taken from there on
}

// guests plays the guests of a borrowed fleet, who come to the door once they are told their digits.
func (s *story) guests() {
	booked := map[lock.CodeID]*booking{}
	for _, step := range slices.Clone(s.f.Steps) {
		c, ok := step.Do.(scenario.Command)
		if !ok {
			continue
		}
		switch do := c.Action.(type) {
		case engine.Create:
			i := slices.IndexFunc(s.doors, func(d *door) bool { return d.spec.ID == do.Device })
			if i < 0 {
				continue // on a lock that comes later
			}
			b := &booking{id: do.ID, door: s.doors[i], booked: step.At, from: do.Starts, to: do.Ends}
			booked[do.ID] = b
			s.codes = append(s.codes, b)
			b.door.edges = append(b.door.edges, b.booked)
			if !b.from.IsZero() {
				b.door.edges = append(b.door.edges, b.from)
			}
			if !b.to.IsZero() {
				b.door.edges = append(b.door.edges, b.to)
			}
			if !do.PIN.IsZero() {
				b.told = step.At
			}
		case engine.Reveal:
			if b := booked[do.Code]; b != nil && b.told.IsZero() {
				b.told = step.At
			}
		}
	}
	for _, b := range s.codes {
		if !b.told.IsZero() && !b.from.IsZero() {
			s.types(b, b.from.Add(s.stretch(time.Second, 6*time.Hour)))
		}
	}
}

// end heals everything and gives the engine time to settle. People undo what only they can.
func (s *story) end() {
	at := s.heal
	healed := map[string]bool{"": true}
	heal := func(target string) {
		if !healed[target] {
			healed[target] = true
			s.do(at, scenario.Heal{Target: target})
		}
	}
	for _, d := range s.doors {
		heal(string(d.spec.Account))
		heal(string(d.spec.Hub))
		heal(string(d.spec.ID))
	}
	for _, d := range s.doors {
		s.command(at.Add(time.Minute), engine.Observe{Device: d.spec.ID})
	}
	s.f.Run = at.Add(after).Add(s.span(0, 20*time.Hour)).Sub(s.f.Start)
}

// do adds a step.
func (s *story) do(at time.Time, do scenario.Do) {
	s.f.Steps = append(s.f.Steps, scenario.Step{At: at, Do: do})
}

// command adds a step that asks the engine for something, and returns its id.
func (s *story) command(at time.Time, action engine.Action) string {
	return s.submit(at, scenario.Command{Action: action})
}

func (s *story) submit(at time.Time, c scenario.Command) string {
	id := s.name("s")
	s.f.Steps = append(s.f.Steps, scenario.Step{At: at, ID: id, Do: c})
	return id
}

// name returns a new name.
func (s *story) name(prefix string) string {
	s.ids++
	return fmt.Sprintf("%s%d", prefix, s.ids)
}
