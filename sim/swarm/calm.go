package swarm

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

const (
	// calm is how long nothing happens but what was placed to meet each other.
	calm = 4 * time.Hour
	// struck is how long a fault of the calm lasts.
	struck = 3 * time.Hour
)

// sure are the kinds of fault that can be made to fire, by layer and name, with what it takes. A kind that is not here fires
// only where a story gives it the chance: a clock that ignores a change to summer time needs one, and what refuses digits that
// it knows needs somebody to give them.
var sure = map[string]func(d *door) bool{
	"cloud/down": always, "cloud/offline": always, "cloud/5xx": always, "cloud/429": always, "cloud/slow": always, "cloud/auth-expired": always,
	"cloud/eventual": listed, "cloud/applied-but-error": always, "cloud/ok-but-lost": always, "cloud/partial-list": listed,
	"cloud/webhook-lost": pushed, "cloud/webhook-dup": pushed, "cloud/webhook-reorder": pushed,
	"hub/offline": always, "hub/queue-full": always, "hub/reboot": always, "hub/wrong-zone": scheduled,
	"radio/offline": always, "radio/latency": always, "radio/loss": always, "radio/lost-ack": always, "radio/one-way": always, "radio/duplicate": always,
	"radio/reorder":   always,
	"lock/slots-full": always, "lock/rejects": always, "lock/clear-noop": always, "lock/half-schedule": scheduled, "lock/schedule-ignored": gated,
	"lock/sentinel": listed, "lock/masked-read": shown, "lock/bit-rot": always, "lock/ghost-slot": always, "lock/drift": gated, "lock/clock-jump": gated,
	"lock/wrong-zone": scheduled, "lock/reset": always, "lock/factory": always, "lock/privacy": always, "lock/vacation": always, "lock/office": always,
	"lock/eco": always, "lock/jam": told, "lock/keypad-lockout": always, "lock/battery": always, "lock/battery-cliff": always,
	"actor/foreign-write": always, "actor/manual-edit": always, "actor/intruder": always, "actor/guest-typing": always, "actor/mistypes": told,
}

func always(*door) bool   { return true }
func listed(d *door) bool { return !d.prof.Traits.CannotList }
func shown(d *door) bool  { return listed(d) && !d.prof.Traits.HidesPIN }
func pushed(d *door) bool { return d.prof.Push }
func told(d *door) bool   { return !d.prof.Traits.AssignsPIN }

// scheduled reports whether a code of the calm is loaded with its schedule: where that is kept by the hour it does not fit.
func scheduled(d *door) bool {
	t := d.prof.Traits
	return t.NativeSchedule && t.Granularity <= time.Minute && !t.DSTNaive && t.Zone != "" && d.spec.Zone != "none" && d.spec.Drift == 0
}

// gated reports whether somebody types a code at the lock that it opens by its own clock.
func gated(d *door) bool { return told(d) && scheduled(d) }

// calm places a fault or two that must fire.
func (s *story) calm() {
	if s.f.Start.Add(2*calm).After(s.heal) || len(s.doors) > 20 || s.chance(0.4) {
		return
	}
	s.storm = s.f.Start.Add(calm)
	kinds := sim.Kinds()
	var met []lock.AccountID
	for _, d := range s.doors {
		k := kinds[s.IntN(len(kinds))]
		fits, ok := sure[string(k.Layer)+"/"+k.Name]
		switch {
		case len(met) == 2:
			return
		case slices.Contains(met, d.spec.Account), !ok, d.prof.Traits.OfflineOnly, !fits(d), !s.can(k, d), s.slow(d):
			continue
		}
		met = append(met, d.spec.Account)
		s.meet(k, d)
	}
}

// slow reports whether the path to a lock is so narrow that one cannot say what passes it when.
func (s *story) slow(d *door) bool {
	return d.spec.Battery > 0 || d.spec.Slots == 1 || slices.ContainsFunc(s.f.Spec.Accounts, func(a sim.AccountSpec) bool { return a.ID == d.spec.Account && a.Rate > 0 })
}

// meet places a fault and the traffic that it must meet: a code that is written, typed and erased, looks, and a hand at the
// lock.
func (s *story) meet(k sim.KindInfo, d *door) {
	at := s.f.Start.Add(10 * time.Minute)
	x := sim.Fault{On: target(k, d), Kind: k.Name, From: at, For: struck}
	switch k.Name {
	case "partial-list":
		x.Args = map[string]float64{"keep": 0, "lies": float64(s.IntN(2))}
	case "wrong-zone":
		x.Text = "Pacific/Kiritimati" // ahead of all others
	case "battery":
		x.Args = map[string]float64{"level": 0.1}
	case "battery-cliff":
		x.Args = map[string]float64{"loss": 1}
	case "drift":
		x.Args = map[string]float64{"seconds": 1200}
	case "reboot": // longer than it takes until somebody looks
		x.Args = map[string]float64{"seconds": 1800}
	}
	guest := &booking{id: lock.CodeID(s.name("c")), door: d, booked: at.Add(time.Second), from: at.Add(20 * time.Minute), to: at.Add(30 * time.Hour), holder: "calm"}
	create := engine.Create{ID: guest.id, Device: d.spec.ID, Name: s.name("g"), Starts: guest.from, Ends: guest.to}
	if !d.prof.Traits.AssignsPIN {
		create.PIN, guest.told = s.pin(d.prof.Traits), guest.booked
	}
	placed := at
	switch k.Name {
	case "clear-noop", "bit-rot", "manual-edit", "intruder", "schedule-ignored", "mistypes", "drift", "clock-jump", "keypad-lockout", "jam",
		"privacy", "vacation", "office", "eco", "masked-read", "partial-list": // there must be something for it to meet
		x.From = at.Add(15 * time.Minute)
		placed = x.From
	}
	s.do(placed, scenario.Fault{Fault: x})
	guest.step = s.command(guest.booked, create)
	for _, after := range []time.Duration{5, 16, 25, 40, 60, 90} {
		t := at.Add(after * time.Minute)
		s.observe(t, d)
		if !guest.told.IsZero() {
			s.do(t.Add(time.Second), scenario.Type{Lock: d.spec.ID, Code: guest.id})
		}
	}
	s.do(at.Add(30*time.Minute), scenario.Edit{Edit: sim.Edit{Lock: d.spec.ID, Kind: sim.EditBattery}})
	s.command(at.Add(100*time.Minute), engine.Delete{Code: guest.id})
	s.f.Check.Sometimes = append(s.f.Check.Sometimes, scenario.Occurrence{Kind: "fault", Name: k.Name})
}
