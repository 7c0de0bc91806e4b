package swarm

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// people are strangers and hands at the locks.
func (s *story) people() {
	kinds := s.weights(11)
	for range s.few(s.scale.acts / 2 * float64(len(s.doors))) {
		d := s.doors[s.IntN(len(s.doors))]
		if d.prof.Traits.OfflineOnly {
			continue
		}
		at := s.moment(d)
		e := sim.Edit{Lock: d.spec.ID}
		switch k := kinds.draw(s.luck); k {
		case 0:
			s.do(at, scenario.Type{Lock: d.spec.ID, PIN: s.pin(d.prof.Traits)})
			continue
		case 1:
			e.Kind, e.PIN, e.Name = sim.EditAdd, s.pin(d.prof.Traits), s.name("x")
		case 2:
			e.Kind = sim.EditReset
			if s.chance(0.7) {
				continue // that is rare
			}
		case 3:
			e.Kind = sim.EditBattery
		case 4, 5, 6, 7, 8:
			e.Kind = []sim.EditKind{sim.EditRemove, sim.EditPIN, sim.EditDisable, sim.EditEnable, sim.EditName}[k-4]
			e.PIN, e.Name = s.pin(d.prof.Traits), s.name("x")
		case 9:
			e.Kind = sim.EditWindow
			e.Window.From = at.Add(s.span(-day, day))
			e.Window.To = e.Window.From.Add(s.stretch(time.Minute, 2*day))
		case 10:
			e.Kind, e.PIN, e.Name = sim.EditAdd, s.pin(d.prof.Traits), s.name("x")
			for range s.IntN(6) {
				s.do(at, scenario.Edit{Edit: sim.Edit{Lock: e.Lock, Kind: sim.EditAdd, PIN: s.pin(d.prof.Traits), Name: s.name("x")}})
			}
		}
		switch e.Kind {
		case sim.EditAdd, sim.EditReset, sim.EditBattery:
		default:
			if e.Kind != sim.EditPIN {
				e.PIN = sim.Edit{}.PIN
			}
			if e.Kind != sim.EditName {
				e.Name = ""
			}
			if e.Slot = 1 + s.IntN(4); s.chance(0.7) {
				i := slices.IndexFunc(s.codes, func(b *booking) bool { return b.door == d && b.booked.Before(at) })
				if i < 0 {
					continue
				}
				e.Slot, e.Code = 0, s.codes[i].id
			}
		}
		s.do(at, scenario.Edit{Edit: e})
	}
}

// moment is an instant of the storm, most often when something is going on at the door.
func (s *story) moment(d *door) time.Time {
	from := s.storm
	if d.from.After(from) {
		from = d.from
	}
	if len(d.edges) > 0 && s.chance(0.7) {
		edge := d.edges[s.IntN(len(d.edges))]
		at := edge.Add(pick(s.luck, s.span(-2*time.Hour, time.Hour), s.span(-time.Minute, time.Minute)))
		if at.After(from) && at.Before(s.heal) {
			return at
		}
	}
	return s.between(from, s.heal)
}

// troubles are the faults and kills of the storm.
func (s *story) troubles() {
	kinds := sim.Kinds()
	likes := s.weights(len(kinds))
	for range s.few(s.scale.troubles * float64(len(s.doors))) {
		d := s.doors[s.IntN(len(s.doors))]
		k := kinds[likes.draw(s.luck)]
		if !s.can(k, d) {
			continue
		}
		at, x := s.fault(k, d)
		s.do(at, x)
		if x.Fault.For > 0 && s.chance(0.5) {
			s.scene(at, x.Fault, d)
		}
	}
	if s.chance(0.5) {
		for range s.few(3) {
			d := s.doors[s.IntN(len(s.doors))]
			s.do(s.moment(d).Add(-time.Second), scenario.Kill{Nth: 1 + s.IntN(8)})
		}
	}
	if s.chance(0.3) {
		for at, n := s.storm, s.few(2); n > 0; n-- {
			at = s.between(at, s.heal)
			long := s.stretch(time.Second, 8*time.Hour)
			if at.Add(long).Before(s.heal) {
				s.do(at, scenario.Stop{For: long})
				at = at.Add(long)
			}
		}
	}
}

// companions are faults that bring out what the engine seldom does: overwriting, falling back, putting back.
var companions = []string{"clear-noop", "half-schedule", "drift", "manual-edit", "intruder", "bit-rot", "reorder", "rejects"}

// scene has much happen at a door while a fault is there: what the engine decides in the face of it is what a story is for.
func (s *story) scene(at time.Time, x sim.Fault, d *door) {
	until := at.Add(min(x.For, 6*time.Hour))
	from := at.Add(-10 * time.Minute)
	if from.Before(s.storm) {
		from = s.storm
	}
	moment := func() time.Time { return s.between(from, until) }
	if s.chance(0.4) {
		kinds := sim.Kinds()
		name := pick(s.luck, companions...)
		k := kinds[slices.IndexFunc(kinds, func(k sim.KindInfo) bool { return k.Name == name })]
		if s.can(k, d) {
			x := sim.Fault{On: string(d.spec.ID), Kind: name, From: moment(), For: s.stretch(10*time.Minute, 6*time.Hour)}
			s.dress(k, &x)
			s.do(x.From, scenario.Fault{Fault: x})
		}
	}
	if s.borrowed || d.prof.Traits.OfflineOnly {
		return
	}
	if strings.HasPrefix(x.Kind, "refuses-") {
		s.again(at, d)
	}
	if s.chance(0.3) {
		s.command(at.Add(-s.span(0, 3*time.Hour)), engine.SetPool{Device: d.spec.ID, On: true})
	}
	var last *booking
	for range s.IntN(4) {
		t := moment()
		if s.chance(0.6) || last == nil {
			c := s.like(d, weights{1, 0.3, 0.2, 1, 0.2})
			c.Starts = t.Add(s.span(-time.Hour, time.Hour))
			c.Ends = t.Add(s.stretch(5*time.Minute, 20*time.Hour))
			if last != nil && !last.pin.IsZero() && s.chance(0.5) { // the same digits, later
				c.PIN, c.Offline, c.OneTime = last.pin, false, false
				c.Starts = last.to.Add(s.span(time.Minute, time.Hour))
				c.Ends = c.Starts.Add(s.stretch(5*time.Minute, 20*time.Hour))
			}
			if !c.Ends.After(c.Starts) {
				continue
			}
			if b := s.create(t, d, c); b != nil {
				last = b
			}
			continue
		}
		t = t.Add(time.Minute)
		switch s.IntN(4) {
		case 0:
			s.command(t, engine.Delete{Code: last.id})
		case 1:
			s.pull(t, last)
		case 2:
			s.command(t, engine.Rotate{Code: last.id, AcceptGap: s.chance(0.5)})
		case 3:
			s.move(t, last, nil, new(t.Add(s.stretch(time.Minute, day))))
		}
	}
}

// again has one guest come twice with the same digits, for locks that refuse what they know.
func (s *story) again(at time.Time, d *door) {
	c := engine.Create{Holder: "guest " + s.name("g"), PIN: s.pin(d.prof.Traits), Starts: at.Add(-time.Hour), Ends: at.Add(-time.Minute)}
	if d.prof.Traits.AssignsPIN || !c.Starts.After(s.storm) {
		return
	}
	s.create(c.Starts, d, c)
	c.Starts, c.Ends = at.Add(time.Minute), at.Add(2*time.Hour)
	s.create(at.Add(-30*time.Minute), d, c)
	c.Starts, c.Ends = at.Add(3*time.Hour), at.Add(5*time.Hour)
	s.create(at.Add(time.Minute), d, c)
}

// target is what a kind of fault is placed on so that it meets the door; "": nothing is.
func target(k sim.KindInfo, d *door) string {
	switch k.Targets[0] {
	case sim.TargetAccount:
		return string(d.spec.Account)
	case sim.TargetHub:
		return string(d.spec.Hub)
	}
	return string(d.spec.ID)
}

// can reports whether a kind of fault can be placed so that it meets the door.
func (s *story) can(k sim.KindInfo, d *door) bool { return places(s.stage, k, d) }

// places is can for the stage of another story.
func places(stage *sim.Fleet, k sim.KindInfo, d *door) bool {
	on := target(k, d)
	return on != "" && slices.ContainsFunc(stage.KindsFor(on), func(o sim.KindInfo) bool { return o.Name == k.Name && o.Layer == k.Layer })
}

// fault draws a fault of a kind that meets the door.
func (s *story) fault(k sim.KindInfo, d *door) (time.Time, scenario.Fault) {
	x := sim.Fault{On: target(k, d), Kind: k.Name, From: s.moment(d)}
	if len(k.Targets) > 1 && s.chance(0.3) {
		if k.Targets[0] == sim.TargetAccount {
			x.On = string(d.spec.ID)
		} else if d.spec.Hub != "" {
			x.On = string(d.spec.Hub)
		}
	}
	if s.chance(0.9) || s.heal.Sub(x.From) > 10*day { // the others last until the heal
		x.For = s.stretch(time.Minute, 3*day)
	}
	if k.PerCall {
		if s.chance(0.4) {
			x.P = float64(1+s.IntN(99)) / 100
		}
		if s.chance(0.2) {
			x.After = 1 + s.IntN(5)
		}
		if s.chance(0.2) && (k.Verbs[0] == "observe" || k.Verbs[0] == "set" || k.Verbs[0] == "clear") {
			x.Op = pick(s.luck, k.Verbs...)
		}
	}
	s.dress(k, &x)
	return x.From, scenario.Fault{Fault: x}
}

// dress draws the parameters of a fault.
func (s *story) dress(k sim.KindInfo, x *sim.Fault) {
	arg := func(name string, v float64) {
		if x.Args == nil {
			x.Args = map[string]float64{}
		}
		x.Args[name] = v
	}
	for _, p := range k.Params {
		switch p.Name {
		case "applied", "lies":
			arg(p.Name, float64(s.IntN(2)))
		case "status":
		case "retry", "seconds", "hold", "delay", "mean", "spread", "every", "forgets":
			if p.Default > 0 && s.chance(0.5) {
				arg(p.Name, s.stretch(time.Second, time.Duration(10*p.Default)*time.Second).Seconds())
			}
		case "count", "times":
			arg(p.Name, float64(1+s.IntN(6)))
		case "per_day", "jitter", "lasts", "level", "keep", "loss", "shows", "reads", "slots", "slot":
		}
	}
	switch {
	case k.Name == "drift":
		arg("seconds", s.span(-30*time.Minute, 30*time.Minute).Seconds())
	case k.Name == "clock-jump":
		arg("seconds", s.span(-6*time.Hour, 6*time.Hour).Seconds())
	case k.Name == "battery-cliff":
		arg("lasts", s.stretch(time.Hour, 5*day).Seconds())
	case k.Name == "battery":
		arg("level", float64(s.IntN(60))/100)
		arg("per_day", float64(s.IntN(30))/100)
	case k.Name == "partial-list":
		arg("keep", float64(s.IntN(10))/10)
	case k.Name == "wrong-zone":
		x.Text = pick(s.luck, zones[1:len(zones)-1]...)
	case k.Name == "dst-naive": // until a change comes
		x.From, x.For = s.between(s.storm, s.storm.Add(time.Hour)), 0
	case k.Name == "manual-edit" && s.chance(0.6):
		x.Text = pick(s.luck, "pin", "disable", "remove", "name", "window")
	case k.Name == "guest-typing", k.Name == "intruder":
		arg("every", s.stretch(20*time.Second, time.Hour).Seconds())
	}
}

// observe has somebody look, so that there is traffic.
func (s *story) observe(at time.Time, d *door) { s.command(at, engine.Observe{Device: d.spec.ID}) }
