package swarm

import (
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// zones are of both hemispheres, with changes of an hour and of half an hour, and without any; "" is the model's own.
var zones = []string{
	"", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney", "Australia/Lord_Howe",
	"Pacific/Auckland", "America/Santiago", "Africa/Casablanca", "Asia/Kolkata", "Pacific/Chatham", "UTC", "none",
}

// changes are days on which some of the zones change their offset.
var changes = []string{
	"2026-03-08", "2026-03-29", "2026-04-04", "2026-04-05", "2026-09-05", "2026-09-26", "2026-09-27", "2026-10-03", "2026-10-04",
	"2026-10-25", "2026-11-01", "2027-03-14", "2027-03-28", "2028-02-29", "2026-12-31", "2026-06-30",
}

// scale is how large a story is.
type scale struct {
	locks    [2]int
	run      [2]time.Duration // until everything is healed
	gap      time.Duration    // mean time between the stays of a lock
	uses     weights          // what doors are used for
	told     float64          // share of the guests who are told their digits
	troubles float64          // mean number of faults a lock
	acts     float64          // mean number of things that operators and people do a lock
}

const day = 24 * time.Hour

// Uses of doors.
const (
	rental = iota // stays, one after the other
	visits        // whoever comes for an hour: cleaners, deliveries, viewings
	office        // people who come every day, and their visitors
)

// scales are small and dense, middling, long, and large and calm: most stories are small, and most of the time is lived in
// long and large ones. There a lock has some ten codes a month.
var scales = []struct {
	share float64
	scale
}{
	{0.68, scale{[2]int{1, 4}, [2]time.Duration{6 * time.Hour, 8 * day}, 30 * time.Hour, weights{0.8, 0.1, 0.1}, 0.8, 4, 8}},
	{0.22, scale{[2]int{3, 12}, [2]time.Duration{2 * day, 21 * day}, 72 * time.Hour, weights{0.6, 0.2, 0.2}, 0.6, 2.5, 4}},
	{0.08, scale{[2]int{10, 60}, [2]time.Duration{60 * day, 240 * day}, 8 * day, weights{0.34, 0.33, 0.33}, 0.3, 1.2, 1}},
	{0.02, scale{[2]int{100, 400}, [2]time.Duration{14 * day, 60 * day}, 8 * day, weights{0.34, 0.33, 0.33}, 0.3, 0.5, 0.5}},
}

// fleet draws the size of the story, its locks, and when it plays.
func (s *story) fleet() {
	w := weights{}
	for _, x := range scales {
		w = append(w, x.share)
	}
	s.scale = scales[w.draw(s.luck)].scale
	run := s.stretch(s.scale.run[0], s.scale.run[1])
	around, err := time.Parse(time.DateOnly, pick(s.luck, changes...))
	if err != nil {
		panic("swarm: " + err.Error())
	}
	s.f.Start = around.Add(s.span(0, day)).Add(-s.span(0, run))
	s.storm, s.heal = s.f.Start.Add(time.Minute), s.f.Start.Add(run)

	n := s.scale.locks[0] + s.IntN(s.scale.locks[1]-s.scale.locks[0]+1)
	profiles := sim.Profiles()
	models := s.weights(len(profiles))
	if n > 1 && s.chance(0.5) {
		models = weights{} // or all of them alike
		for range profiles {
			models = append(models, 1)
		}
	}
	homes := 1 + s.IntN(3)
	zone := pick(s.luck, zones...)
	accounts, hubs := 1+s.IntN(1+n/3), s.IntN(2+n/3)
	for i := range accounts {
		a := sim.AccountSpec{ID: lock.AccountID(fmt.Sprintf("a%d", i+1))}
		if s.chance(0.15) {
			a.Rate = 10 + s.IntN(50)
		}
		if s.chance(0.2) {
			a.Latency = s.stretch(time.Second, 8*time.Second)
		}
		s.f.Spec.Accounts = append(s.f.Spec.Accounts, a)
	}
	for i := range hubs {
		h := sim.HubSpec{ID: lock.HubID(fmt.Sprintf("h%d", i+1)), Account: s.f.Spec.Accounts[i%accounts].ID}
		if s.chance(0.2) {
			h.Queue = 1 + s.IntN(4)
		}
		if s.chance(0.2) {
			h.Pace = s.span(time.Second, 5*time.Second)
		}
		s.f.Spec.Hubs = append(s.f.Spec.Hubs, h)
	}
	for i := range n {
		if s.IntN(homes) == 0 {
			zone = pick(s.luck, zones...)
		}
		l := s.lock(profiles[models.draw(s.luck)].Name, zone)
		l.ID = lock.DeviceID(fmt.Sprintf("l%d", i+1))
		l.Account = s.f.Spec.Accounts[s.IntN(accounts)].ID
		if hubs > 0 && s.chance(0.6) {
			h := s.f.Spec.Hubs[s.IntN(hubs)]
			l.Hub, l.Account = h.ID, h.Account
		}
		s.f.Spec.Locks = append(s.f.Spec.Locks, l)
	}
	s.cast()
	s.storm, s.heal = s.f.Start.Add(time.Minute), s.f.Start.Add(run)
}

// lock draws what is particular to one lock.
func (s *story) lock(model, zone string) sim.LockSpec {
	l := sim.LockSpec{Model: model, Zone: zone}
	if s.chance(0.2) {
		l.Slots = 1 + s.IntN(6)
	}
	if s.chance(0.1) {
		l.Drift = s.span(-10*time.Minute, 10*time.Minute)
	}
	if s.chance(0.1) {
		l.Battery = 0.05 + 0.01*float64(s.IntN(90))
	}
	return l
}

// policies draws what operators have set.
func (s *story) policies() {
	if s.chance(0.4) {
		s.f.Policies = append(s.f.Policies, scenario.Policy{Patch: s.patch()})
	}
	if s.chance(0.2) {
		s.f.Policies = append(s.f.Policies, scenario.Policy{Account: s.f.Spec.Accounts[0].ID, Patch: s.patch()})
	}
	if s.chance(0.2) {
		s.f.Policies = append(s.f.Policies, scenario.Policy{Device: s.f.Spec.Locks[0].ID, Patch: s.patch()})
	}
}

// patch draws a change of a policy. It keeps what the liveness check waits for: nobody is patient for longer than half an hour.
func (s *story) patch() engine.PolicyPatch {
	var p engine.PolicyPatch
	for range 1 + s.IntN(4) {
		switch s.IntN(15) {
		case 0:
			p.NativeLead = new(s.stretch(time.Hour, 10*day))
		case 1:
			p.JITLead = new(s.stretch(2*time.Minute, 3*time.Hour))
		case 2:
			p.JITOverlap = new(engine.OverlapIgnore)
		case 3:
			p.JITEarly = new(pick(s.luck, engine.EarlyStage, engine.EarlyForbid))
		case 4:
			p.PoolSize = new(s.IntN(7))
		case 5:
			p.PoolRotate = new(s.stretch(6*time.Hour, 20*day))
		case 6:
			p.AutoPull = new(pick(s.luck, engine.PullOff, engine.PullAuto))
		case 7:
			p.EvidenceTTL = new(s.stretch(10*time.Minute, 5*day))
		case 8:
			p.ConfirmWithin = new(s.span(0, time.Hour))
		case 9:
			p.ObserveEvery = new(s.stretch(time.Hour, 5*day))
		case 10:
			p.ObserveMin = new(s.stretch(2*time.Second, time.Hour))
		case 11:
			p.BackoffMin, p.BackoffMax = new(s.stretch(2*time.Second, time.Minute)), new(s.stretch(time.Minute, 30*time.Minute))
		case 12:
			p.CallTimeout = new(s.stretch(12*time.Second, 2*time.Minute))
		case 13:
			p.Profile = new(engine.ProfileCurrent)
		case 14:
			p.External = new(pick(s.luck, engine.ExternalAllow, engine.ExternalAsk))
		}
	}
	return p
}
