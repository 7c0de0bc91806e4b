package swarm

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// aim is a cell of the table of coverage that a story goes for: a decision in the face of a fault. What is left to chance
// alone fills most of the table soon, and some of it never.
type aim struct {
	kind     sim.KindInfo
	decision decision
	none     bool // the cell can't be filled: the story is left to chance
}

const (
	beat   = 20 * time.Minute // from one guest of a story's aim to the next
	beats  = 9                // guests
	leaves = 12 * time.Minute // after which one goes whose code can't be erased
	aimMax = 60               // locks of a story that has an aim, at most
)

// seldom are cells that take luck besides an aim: one seed in four goes for one of them.
var seldom = []struct {
	layer    sim.Layer
	name     string
	decision decision
}{
	{sim.LayerCloud, "down", overwrote}, {sim.LayerCloud, "offline", overwrote}, {sim.LayerCloud, "auth-expired", overwrote},
	{sim.LayerCloud, "auth-expired", confirmed}, {sim.LayerHub, "offline", overwrote}, {sim.LayerHub, "queue-full", overwrote},
	{sim.LayerHub, "reboot", fellBack}, {sim.LayerRadio, "offline", overwrote}, {sim.LayerRadio, "loss", overwrote},
	{sim.LayerLock, "slots-full", fellBack}, {sim.LayerLock, "refuses-duplicate", changed}, {sim.LayerLock, "refuses-duplicate", overwrote},
	{sim.LayerLock, "refuses-duplicate", brokeOff}, {sim.LayerLock, "refuses-known-pin", overwrote},
	{sim.LayerLock, "refuses-known-pin", pulled}, {sim.LayerLock, "refuses-known-pin", fellBack},
	{sim.LayerLock, "schedule-ignored", overwrote}, {sim.LayerLock, "schedule-ignored", brokeOff}, {sim.LayerLock, "drift", fellBack},
	{sim.LayerLock, "clock-jump", overwrote}, {sim.LayerLock, "clock-jump", fellBack}, {sim.LayerLock, "dst-naive", overwrote},
	{sim.LayerLock, "dst-naive", fellBack}, {sim.LayerLock, "dst-naive", brokeOff}, {sim.LayerLock, "wrong-zone", fellBack},
	{sim.LayerLock, "reset", overwrote}, {sim.LayerLock, "jam", overwrote}, {sim.LayerActor, "mistypes", overwrote},
}

// aimOf is the cell that a seed goes for: seeds that follow each other go through the whole table.
func aimOf(seed uint64) aim {
	kinds := sim.Kinds()
	cell := int(seed % uint64(len(kinds)*int(decisionNum)))
	a := aim{kind: kinds[cell%len(kinds)], decision: decision(cell / len(kinds))}
	if seed%4 == 0 {
		x := seldom[seed/4%uint64(len(seldom))]
		i := slices.IndexFunc(kinds, func(k sim.KindInfo) bool { return k.Layer == x.layer && k.Name == x.name })
		a = aim{kind: kinds[i], decision: x.decision}
	}
	a.none = impossible(a.kind, a.decision) != ""
	return a
}

// turns is when the clocks of Berlin change: a clock that ignores that needs one to be wrong.
var turns = []time.Time{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)}

// cast gives the first door of a story a lock at which its aim can be met.
func (s *story) cast() {
	a := s.aim
	if a.none || len(s.f.Spec.Locks) > aimMax {
		return
	}
	l := &s.f.Spec.Locks[0]
	l.Slots, l.Drift, l.Battery = 0, 0, 0
	if l.Zone == "none" || a.kind.Name == "dst-naive" {
		l.Zone = "Europe/Berlin"
	}
	if a.kind.Targets[0] == sim.TargetHub && l.Hub == "" {
		if len(s.f.Spec.Hubs) == 0 {
			s.f.Spec.Hubs = append(s.f.Spec.Hubs, sim.HubSpec{ID: "h1", Account: l.Account})
		}
		l.Hub, l.Account = s.f.Spec.Hubs[0].ID, s.f.Spec.Hubs[0].Account
	}
	if a.kind.Name == "dst-naive" {
		s.turn = pick(s.luck, turns...)
		s.f.Start = s.turn.Add(-s.span(time.Hour, s.heal.Sub(s.f.Start)-4*time.Hour))
	}
	profiles := sim.Profiles()
	for _, i := range s.Perm(len(profiles)) {
		l.Model = profiles[i].Name
		if d := newDoor(*l, profiles, s.f.Start); a.suits(d) && s.placeable(a.kind, *l) {
			return
		}
	}
	s.aim.none = true
}

// placeable reports whether a kind of fault can be placed so that it meets a lock.
func (s *story) placeable(k sim.KindInfo, l sim.LockSpec) bool {
	fleet, err := sim.NewFleet(sim.NewKernel(s.f.Start, 0), sim.Spec{Accounts: s.f.Spec.Accounts, Hubs: s.f.Spec.Hubs, Locks: []sim.LockSpec{l}})
	if err != nil {
		return false
	}
	return places(fleet, k, newDoor(l, sim.Profiles(), s.f.Start))
}

// suits reports whether the decision can be made at a door, and the fault does something there.
func (a aim) suits(d *door) bool {
	t := d.prof.Traits
	if fits, ok := sure[string(a.kind.Layer)+"/"+a.kind.Name]; t.OfflineOnly || ok && !fits(d) {
		return false
	}
	switch a.kind.Name {
	case "refuses-duplicate": // the engine must not know of the other
		return t.HidesPIN || t.CannotList
	case "refuses-known-pin":
		return told(d)
	case "battery", "battery-cliff":
		return d.prof.Tells
	}
	switch a.decision {
	case looked, sawHands:
		return listed(d)
	case changed:
		return t.UpdatesInPlace
	case overwrote:
		return t.UpdatesInPlace && listed(d) && told(d)
	case refilled, pulled:
		return !t.NoBackupPool
	case fellBack:
		return t.NativeSchedule
	}
	return true
}

// pursue has what a story aims at happen at its first door, again and again for some hours, with the fault in the midst of it.
func (s *story) pursue() {
	if s.aim.none || s.borrowed || len(s.f.Spec.Locks) > aimMax || !s.can(s.aim.kind, s.doors[0]) {
		return
	}
	d, long := s.doors[0], beats*beat
	from := s.storm
	switch room := s.heal.Add(-long); {
	case !s.turn.IsZero():
		from = s.turn.Add(-10 * time.Second)
	case room.After(s.storm):
		from = s.between(s.storm, room)
	}
	s.face(d, from)
	s.favour(d, from, long)
	digits := s.pin(d.prof.Traits)
	for n := range beats {
		at := from.Add(time.Duration(n) * beat)
		s.beat(d, at, digits)
	}
}

// face ends what else ails the door and places the fault: before the guests, or in the midst of them. What can't be erased is
// overwritten once for each guest, soon after they left: whatever keeps calls away must begin just then.
func (s *story) face(d *door, from time.Time) {
	for _, on := range []string{string(d.spec.Account), string(d.spec.Hub), string(d.spec.ID)} {
		if on != "" {
			s.do(from.Add(-40*time.Second), scenario.Heal{Target: on})
		}
	}
	_, x := s.fault(s.aim.kind, d)
	f := &x.Fault
	f.Op, f.After, f.From, f.For = "", 0, from.Add(time.Duration(s.IntN(3))*beat).Add(150*time.Second), beats*beat
	switch {
	case s.aim.kind.Name == "dst-naive":
		f.From, f.For = from.Add(-30*time.Second), 0
	case s.aim.kind.PerCall:
		f.P = pick(s.luck, 0.3, 0.5, 1)
	case s.aim.decision == overwrote:
		f.For = beat / 4
		for n := range beats {
			f.From = from.Add(time.Duration(n)*beat + leaves + s.span(8*time.Second, 45*time.Second))
			s.do(f.From, x)
		}
		return
	case s.chance(0.5):
		f.For = s.span(beat/2, 4*beat)
	}
	s.do(f.From, x)
}

// favour adds what the decision takes besides guests and looks.
func (s *story) favour(d *door, from time.Time, long time.Duration) {
	with := func(at time.Time, on, kind string, p float64, long time.Duration) {
		if on != "" {
			s.do(at, scenario.Fault{Fault: sim.Fault{On: on, Kind: kind, P: p, From: at, For: long}})
		}
	}
	own := string(d.spec.ID)
	switch s.aim.decision {
	case wroteAgain:
		with(from, own, "lost-ack", 0.5, long)
	case overwrote:
		with(from, own, "clear-noop", 1, long)
	case fellBack:
		if scheduled(d) {
			with(from, own, "half-schedule", 0.7, long)
		}
	case refilled, pulled:
		s.command(from, engine.SetPool{Device: d.spec.ID, On: true})
	case backedOff:
		for n := range beats {
			with(from.Add(time.Duration(n)*beat+2*time.Minute), own, "offline", 0, s.span(time.Minute, 5*time.Minute))
		}
	case brokeOff:
		for n := range beats {
			on, kind := string(d.spec.Account), "down"
			if d.spec.Hub != "" && s.chance(0.5) {
				on, kind = string(d.spec.Hub), "offline"
			}
			with(from.Add(time.Duration(n)*beat+2*time.Minute), on, kind, 0, 4*time.Minute)
		}
	}
}

// beat is one guest with all that comes with them. digits are those of a guest who should be refused.
func (s *story) beat(d *door, at time.Time, digits lock.PIN) {
	if !at.Add(beat).Before(s.heal) {
		return
	}
	c := engine.Create{Holder: "guest " + s.name("g"), Starts: at.Add(s.span(time.Second, 3*time.Minute))}
	if c.Ends = c.Starts.Add(s.span(6*time.Minute, beat)); s.aim.decision == overwrote {
		c.Ends = at.Add(leaves)
	}
	if told(d) {
		c.PIN = s.pin(d.prof.Traits)
	}
	hand := func(after time.Duration, e sim.Edit) {
		e.Lock = d.spec.ID
		s.do(at.Add(after), scenario.Edit{Edit: e})
	}
	switch s.aim.kind.Name {
	case "refuses-duplicate":
		if c.PIN = s.pin(d.prof.Traits); s.chance(0.7) {
			hand(-time.Second, sim.Edit{Kind: sim.EditAdd, PIN: c.PIN, Name: s.name("x")})
		}
	case "refuses-known-pin":
		c.PIN = digits
	}
	b := s.create(at, d, c)
	if b == nil {
		return
	}
	for _, after := range []time.Duration{3 * time.Minute, 5 * time.Minute} {
		s.observe(at.Add(after).Add(s.span(0, 30*time.Second)), d)
	}
	hand(4*time.Minute, sim.Edit{Kind: sim.EditBattery})
	s.types(b, at.Add(6*time.Minute))
	switch s.aim.decision {
	case wroteAgain, raised, cleared:
		hand(5*time.Minute, sim.Edit{Kind: sim.EditRemove, Code: b.id})
		s.observe(at.Add(6*time.Minute), d)
	case changed:
		for _, after := range []time.Duration{4 * time.Minute, 6 * time.Minute} {
			s.move(at.Add(after), b, nil, new(b.to.Add(s.span(-time.Minute, 10*time.Minute))))
		}
		if told(d) { // where nothing is known of windows the digits are all that can change
			s.command(at.Add(5*time.Minute), engine.Update{Code: b.id, PIN: new(s.pin(d.prof.Traits)), AcceptGap: true})
		}
	case pulled, refilled:
		s.pull(at.Add(4*time.Minute), b)
	case sawHands:
		hand(2*time.Minute, sim.Edit{Kind: sim.EditAdd, PIN: s.pin(d.prof.Traits), Name: s.name("x")})
		hand(6*time.Minute, sim.Edit{Kind: sim.EditRemove, Code: b.id})
		s.observe(at.Add(7*time.Minute), d)
	}
	if slices.Contains([]string{"schedule-ignored", "clock-jump", "drift"}, s.aim.kind.Name) {
		s.early(d, at)
	}
}

// early has somebody with a code for later come much too soon.
func (s *story) early(d *door, at time.Time) {
	c := engine.Create{Holder: "guest " + s.name("g"), PIN: s.pin(d.prof.Traits), Starts: at.Add(10 * time.Hour), Ends: at.Add(12 * time.Hour)}
	if b := s.create(at, d, c); b != nil {
		s.types(b, at.Add(10*time.Minute))
		s.command(at.Add(15*time.Minute), engine.Delete{Code: b.id})
	}
}
