package swarm

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// act is something that an operator does to a code, or to its lock, at an instant.
type act func(s *story, at time.Time, b *booking)

// acts are what operators do.
var acts = []act{
	func(s *story, at time.Time, b *booking) { // stays longer, or leaves earlier
		if !b.to.IsZero() {
			s.move(at, b, nil, new(b.to.Add(s.span(-day, 3*day))))
		}
	},
	func(s *story, at time.Time, b *booking) { // comes at another time
		if !b.to.IsZero() && !b.from.IsZero() {
			by := s.span(-2*day, 2*day)
			s.move(at, b, new(b.from.Add(by)), new(b.to.Add(by)))
		}
	},
	func(s *story, at time.Time, b *booking) { // comes now
		if !b.to.IsZero() {
			s.move(at, b, new(at.Add(s.span(-time.Minute, time.Minute))), new(at.Add(s.stretch(time.Minute, day))))
		}
	},
	func(s *story, at time.Time, b *booking) {
		b.told = at
		s.command(at, engine.Update{Code: b.id, PIN: new(s.pin(b.door.prof.Traits)), AcceptGap: s.chance(0.5)})
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.Update{Code: b.id, Name: new("renamed " + s.name("g"))})
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.Update{Code: b.id, JIT: new(s.chance(0.5)), AllowExternal: new(s.chance(0.2)), AcceptGap: s.chance(0.5)})
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.Delete{Code: b.id, Leaked: s.chance(0.2)})
	},
	func(s *story, at time.Time, b *booking) { // other digits, which somebody may be told
		s.command(at, engine.Rotate{Code: b.id, Reason: "seen by others", AcceptGap: s.chance(0.5)})
		if s.chance(0.5) {
			s.command(at.Add(time.Second), engine.Reveal{Code: b.id})
		}
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.SetPool{Device: b.door.spec.ID, On: true})
		s.pull(at.Add(s.stretch(time.Minute, day)), b)
	},
	func(s *story, at time.Time, b *booking) { s.pull(at, b) },
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.SetPool{Device: b.door.spec.ID, On: s.chance(0.6)})
	},
	func(s *story, at time.Time, b *booking) {
		do := engine.Convert{Code: b.id, Ongoing: s.chance(0.5), AcceptGap: s.chance(0.5)}
		if !do.Ongoing {
			do.Starts = at.Add(s.span(-day, day))
			do.Ends = at.Add(s.stretch(time.Minute, 3*day))
			if !do.Ends.After(do.Starts) {
				do.Ends = do.Starts.Add(time.Hour)
			}
		}
		s.command(at, do)
	},
	func(s *story, at time.Time, b *booking) { // a mistake, taken back
		id := s.command(at, engine.Delete{Code: b.id})
		s.submit(at.Add(s.stretch(time.Second, day)), scenario.Command{Action: engine.Undo{}, Undoes: id})
	},
	func(s *story, at time.Time, b *booking) { // takes back whatever was booked
		s.submit(at, scenario.Command{Action: engine.Undo{}, Undoes: b.step})
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.Observe{Device: b.door.spec.ID})
	},
	func(s *story, at time.Time, b *booking) {
		s.command(at, engine.SetPolicy{Device: b.door.spec.ID, Patch: s.patch()})
	},
	func(s *story, at time.Time, b *booking) { // everybody of a booking on several doors
		if !b.to.IsZero() {
			s.submit(at, scenario.Command{Action: engine.UpdateMany{Ends: new(b.to.Add(s.span(time.Minute, 2*day))), AcceptGap: s.chance(0.5)}, Common: b.id})
		}
	},
	func(s *story, at time.Time, b *booking) { // asked first
		s.submit(at, scenario.Command{Action: engine.Delete{Code: b.id}, DryRun: true})
	},
	func(s *story, at time.Time, b *booking) { s.adopt(at, b.door) },
	func(s *story, at time.Time, b *booking) { s.adopt(at, b.door) },
	func(s *story, at time.Time, b *booking) { s.swap(at, b.door) },
	func(s *story, at time.Time, b *booking) {
		if len(s.doors) > 1 && s.chance(0.3) {
			s.command(at, engine.RemoveDevice{Device: b.door.spec.ID})
		}
	},
}

// operators have what they like done to what was booked.
func (s *story) operators() {
	kinds := s.weights(len(acts))
	for range s.few(s.scale.acts * float64(len(s.doors))) {
		if len(s.codes) == 0 {
			return
		}
		b := s.codes[s.IntN(len(s.codes))]
		if at, ok := s.during(b); ok {
			acts[kinds.draw(s.luck)](s, at, b)
		}
	}
}

// during is an instant of the storm at which something can be done to a code, most often near one of its edges.
func (s *story) during(b *booking) (time.Time, bool) {
	from, to := b.booked.Add(time.Second), s.heal
	if !b.to.IsZero() && b.to.Add(day).Before(to) {
		to = b.to.Add(day)
	}
	at := s.between(from, to)
	if s.chance(0.6) {
		edge := pick(s.luck, b.booked, b.from, b.to)
		if at = edge.Add(s.span(-time.Hour, time.Hour)); s.chance(0.3) {
			at = edge.Add(s.span(-5*time.Second, 5*time.Second))
		}
	}
	return at, at.After(b.booked) && at.After(s.storm) && at.Before(s.heal)
}

// move gives a code other times. A window that nobody could wish is left alone.
func (s *story) move(at time.Time, b *booking, from, to *time.Time) {
	start := b.from
	if from != nil {
		start = *from
	}
	if to.After(at) && to.After(start) {
		s.command(at, engine.Update{Code: b.id, Starts: from, Ends: to, AcceptGap: s.chance(0.5)})
		b.from, b.to = start, *to
		b.door.edges = append(b.door.edges, at, start, *to)
	}
}

// pull has a spare stand in for a code, and perhaps somebody told and at the door with it.
func (s *story) pull(at time.Time, b *booking) {
	if !at.Before(s.heal) {
		return
	}
	spare := &booking{id: lock.CodeID(s.name("spare")), door: b.door, booked: at, from: at, to: b.to}
	s.submit(at, scenario.Command{Action: engine.PullBackup{Code: b.id}, As: spare.id})
	if s.chance(0.7) {
		spare.told = at.Add(time.Second)
		s.command(spare.told, engine.Reveal{Code: spare.id})
		s.types(spare, at.Add(s.stretch(time.Minute, day)))
	}
}

// adopt has the operator decide about a code that somebody else put on the lock.
func (s *story) adopt(at time.Time, d *door) {
	if d.prof.Traits.OfflineOnly {
		return
	}
	name := s.name("x")
	s.do(at, scenario.Edit{Edit: sim.Edit{Lock: d.spec.ID, Kind: sim.EditAdd, PIN: s.pin(d.prof.Traits), Name: name}})
	at = at.Add(s.stretch(time.Minute, 2*day))
	if !at.Before(s.heal) {
		return
	}
	if s.chance(0.4) {
		s.submit(at, scenario.Command{Action: engine.DeleteUnmanaged{Device: d.spec.ID}, Name: name})
		return
	}
	b := &booking{id: lock.CodeID(s.name("c")), door: d, booked: at}
	b.step = s.submit(at, scenario.Command{Action: engine.Adopt{Device: d.spec.ID, ID: b.id, AllowExternal: s.chance(0.2)}, Name: name})
	s.codes = append(s.codes, b)
}

// swap puts another lock on the door.
func (s *story) swap(at time.Time, old *door) {
	if !old.until.IsZero() || at.Before(old.from) || len(s.doors) > 30 {
		return
	}
	l := old.spec
	l.ID, l.Drift, l.Battery = lock.DeviceID(fmt.Sprintf("%s-%d", old.spec.ID[:min(len(old.spec.ID), 50)], old.rank+2)), 0, 0
	if s.chance(0.3) {
		l.Model = pick(s.luck, sim.Profiles()...).Name
	}
	if slices.ContainsFunc(s.doors, func(d *door) bool { return d.spec.ID == l.ID }) || s.stage.Add(l) != nil {
		return
	}
	old.until = at
	d := newDoor(l, sim.Profiles(), at)
	d.rank = old.rank + 1
	s.doors = append(s.doors, d)
	s.do(at, scenario.AddLock{Lock: l})
	s.command(at.Add(s.span(time.Second, time.Hour)), engine.SwapDevice{Old: old.spec.ID, New: l.ID})
}
