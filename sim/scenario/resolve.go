package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// resolver turns what was read into a File: it knows what the file has named so far.
type resolver struct {
	*diags
	f        *File
	timed    bool // start and run are known, so that instants can be judged
	lenient  bool // a command may be refused
	zone     *time.Location
	stage    *sim.Fleet // a fleet that never runs: it judges locks and faults as the real one will
	accounts map[string]Pos
	hubs     map[string]Pos
	locks    map[string]*mount
	codes    map[string]*codeInfo
	later    map[string]Pos // codes that some step of the file names, whenever
	steps    map[string]*stepInfo
}

// mount is a lock of the file.
type mount struct {
	id   string
	at   Pos
	zone *time.Location // nil: unknown
}

// codeInfo is a code of the file.
type codeInfo struct {
	id, lock string
	since    time.Time
	key      string // the idempotency key it was created with
	at       Pos
	told     bool
}

// stepInfo is a step that has an id.
type stepInfo struct {
	at             Pos
	fault, command bool
}

func resolve(d *diags, in root) *File {
	r := &resolver{
		diags: d, f: &File{Path: d.Path}, accounts: map[string]Pos{}, hubs: map[string]Pos{}, locks: map[string]*mount{},
		codes: map[string]*codeInfo{}, later: map[string]Pos{}, steps: map[string]*stepInfo{}, lenient: in.check.v.lenient.v,
	}
	r.head(in.scenario)
	r.fleet(in)
	for _, p := range in.policies.v {
		r.f.Policies = append(r.f.Policies, r.policy(p.v)...)
	}
	r.story(in.steps.v)
	named := 0 // codes and locks, every * spelt out
	for _, e := range in.expects.v {
		if named += r.expect(e); named > MaxExpects {
			r.Add(e.at, "with this [[expect]] more than the %d codes and locks are looked at that a scenario may look at", MaxExpects)
			break
		}
	}
	slices.SortStableFunc(r.f.Expects, func(a, b Expect) int { return a.At.Compare(b.At) })
	r.check(in.check.v)
	return r.f
}

func (r *resolver) head(in given[head]) {
	h := in.v
	if h.name.ok && strings.TrimSpace(h.name.v) == "" {
		r.Add(h.name.at, "name: is empty")
	}
	if h.name.ok && strings.Contains(h.name.v, "\n") {
		r.Add(h.name.at, "name: is one line; [scenario] about takes more")
	}
	r.zone = r.location("zone", h.zone)
	r.f.Name, r.f.About, r.f.Run, r.f.Seed = h.name.v, strings.TrimSpace(h.about.v), h.run.v, h.seed.or(1)
	if !h.start.ok {
		return
	}
	if h.start.v.form == relative {
		r.Add(h.start.at, "start: is the instant from which others count; write a date with an offset, as 2026-03-28T08:00:00+01:00")
		return
	}
	r.f.Start = r.instant("start", h.start, nil)
	if y := r.f.Start.Year(); !r.f.Start.IsZero() && (y < 2000 || y > 2099) {
		r.Add(h.start.at, "start: the year %d is out of bounds: 2000 to 2099", y)
		return
	}
	r.timed = h.run.ok && !r.f.Start.IsZero()
}

// location loads a zone; nil where none is given, or an unknown one, which is reported.
func (r *resolver) location(key string, g given[string]) *time.Location {
	if !g.ok {
		return nil
	}
	zone, err := lock.LoadZone(g.v)
	if err != nil {
		r.Add(g.at, "%s: no time zone is called %q: write one as Europe/Berlin", key, strict.Clip(g.v))
		return nil
	}
	return zone
}

// instant returns the time that a moment means, in UTC, or zero, after saying why. zone is that of the lock it is about; nil:
// that of the scenario.
func (r *resolver) instant(key string, g given[moment], zone *time.Location) time.Time {
	if !g.ok {
		return time.Time{}
	}
	switch g.v.form {
	case relative:
		if r.f.Start.IsZero() {
			return time.Time{}
		}
		return r.f.Start.Add(g.v.rel)
	case absolute:
		return g.v.abs.UTC()
	}
	if zone == nil {
		zone = r.zone
	}
	if zone == nil {
		r.Add(g.at, "%s: %s lacks an offset, and no zone is known here: write one, or give [scenario] a zone", key, g.v.text)
		return time.Time{}
	}
	t, err := g.v.in(zone)
	if err != nil {
		r.Add(g.at, "%s: %s", key, err)
	}
	return t.UTC()
}

// within is instant for a moment that must lie in the run.
func (r *resolver) within(key string, g given[moment]) time.Time {
	t := r.instant(key, g, nil)
	switch {
	case !r.timed || t.IsZero():
	case t.Before(r.f.Start):
		r.Add(g.at, "%s: %s is before the start", key, g.v.text)
	case t.After(r.f.End()):
		r.Add(g.at, "%s: %s is after the end of the run, which lasts %s", key, g.v.text, strict.Short(r.f.Run))
	}
	return t
}

// fleet declares accounts, hubs and locks.
func (r *resolver) fleet(in root) {
	spec := &r.f.Spec
	for _, a := range in.accounts.v {
		if r.declare(r.accounts, "account", a.v.id) {
			spec.Accounts = append(spec.Accounts, sim.AccountSpec{ID: lock.AccountID(a.v.id.v), Rate: a.v.rate.v, Latency: a.v.latency.v})
		}
	}
	for _, h := range in.hubs.v {
		if r.declare(r.hubs, "hub", h.v.id) {
			r.known("account", h.v.account, r.accounts)
			spec.Hubs = append(spec.Hubs, sim.HubSpec{ID: lock.HubID(h.v.id.v), Account: lock.AccountID(h.v.account.v), Queue: h.v.queue.v, Pace: h.v.pace.v})
		}
	}
	kernel := sim.NewKernel(r.f.Start, r.f.Seed)
	stage, err := sim.NewFleet(kernel, *spec)
	if err != nil {
		r.Add(in.hubs.at, "%s", err)
		stage, _ = sim.NewFleet(kernel, sim.Spec{})
	}
	r.stage = stage
	if in.locks.ok && len(in.locks.v) == 0 {
		r.Add(in.locks.at, "lock: a scenario has at least one lock")
	}
	for _, l := range in.locks.v {
		if len(spec.Locks)+max(1, l.v.count.v) > MaxLocks {
			r.Add(l.at, "with this [[lock]] there are more than the %d locks that a scenario may have", MaxLocks)
			break
		}
		ids := []string{l.v.id.v}
		if n := l.v.count.v; l.v.count.ok {
			ids = nil
			for i := range n {
				ids = append(ids, fmt.Sprintf("%s-%0*d", l.v.id.v, max(3, len(fmt.Sprint(n))), i+1))
			}
		}
		for _, id := range ids {
			if s, ok := r.mount(l.v, id); ok {
				spec.Locks = append(spec.Locks, s)
			}
		}
	}
	r.f.Needs = r.needs(in.scenario.v.needs)
}

// needs returns what a story, a step or an expectation lives on. Some lock of the file has it.
func (r *resolver) needs(g given[[]given[Need]]) []Need {
	var out []Need
	for _, n := range g.v {
		if all := r.f.Spec.Locks; len(all) > 0 && !slices.ContainsFunc(all, func(l sim.LockSpec) bool { return meets(n.v, traitsOf(l)) }) {
			r.Add(n.at, "needs: no lock of this file has the trait %q", n.v)
		}
		out = append(out, n.v)
	}
	return out
}

// declare records a new name, or says that it is taken.
func (r *resolver) declare(known map[string]Pos, what string, id given[string]) bool {
	if !id.ok {
		return false
	}
	if first, ok := known[id.v]; ok {
		r.Add(id.at, "id: the %s %q is there already, in line %d", what, id.v, first.Line)
		return false
	}
	known[id.v] = id.at
	return true
}

// known reports whether a name that may be left out was declared, and says so where it was not. Where the file declares
// none of its kind every name is taken as a new one.
func (r *resolver) known(what string, g given[string], known map[string]Pos) {
	if _, ok := known[g.v]; g.ok && !ok && len(known) > 0 {
		r.Add(g.at, "%s: no %s is called %q%s", what, what, g.v, strict.Nearest(g.v, sortedKeys(known)))
	}
}

// mount declares one lock.
func (r *resolver) mount(l lockDecl, id string) (sim.LockSpec, bool) {
	s := sim.LockSpec{
		ID: lock.DeviceID(id), Model: l.model.v, Name: l.name.v, Account: lock.AccountID(l.account.v), Hub: lock.HubID(l.hub.v),
		Zone: l.zone.v, Slots: l.slots.v, Drift: l.drift.v, Battery: l.battery.v,
	}
	if !l.id.ok {
		return s, false
	}
	if first, ok := r.locks[id]; ok {
		r.Add(l.id.at, "id: the lock %q is there already, in line %d", id, first.at.Line)
		return s, false
	}
	before := r.Count()
	m := &mount{id: id, at: l.id.at}
	r.locks[id] = m
	r.known("account", l.account, r.accounts)
	if i := slices.IndexFunc(r.f.Spec.Hubs, func(h sim.HubSpec) bool { return h.ID == s.Hub }); i >= 0 && !l.account.ok {
		s.Account = r.f.Spec.Hubs[i].Account
	}
	if l.hub.ok {
		if _, ok := r.hubs[l.hub.v]; !ok {
			r.Add(l.hub.at, "hub: no hub is called %q%s", l.hub.v, strict.Nearest(l.hub.v, sortedKeys(r.hubs)))
		}
	}
	switch {
	case s.Zone == "none":
	case s.Zone != "":
		m.zone = r.location("zone", l.zone)
	default:
		m.zone, _ = lock.LoadZone(traitsOf(s).Zone)
	}
	if !l.model.ok {
		return s, false
	}
	if err := r.stage.Add(s); err != nil && r.Count() == before {
		r.Add(l.id.at, "%s", strings.TrimPrefix(err.Error(), fmt.Sprintf("lock %s: ", id)))
	}
	return s, true
}

// policy spells out whom a patch is for, and checks it.
func (r *resolver) policy(p policyDecl) []Policy {
	patch := p.patch()
	if err := engine.DefaultPolicy().Over(patch).Validate(); err != nil {
		if refusal, ok := errors.AsType[*engine.Refusal](err); ok {
			r.Add(p.keys[refusal.Field], "%s: %s", refusal.Field, refusal.Message)
		}
	}
	if !p.on.ok {
		return []Policy{{Patch: patch}}
	}
	if _, ok := r.accounts[p.on.v]; ok {
		return []Policy{{Account: lock.AccountID(p.on.v), Patch: patch}}
	}
	var out []Policy
	for _, m := range r.matching("on", p.on) {
		out = append(out, Policy{Device: lock.DeviceID(m.id), Patch: patch})
	}
	return out
}

// matching returns the locks that a name or pattern means, sorted by id, and says so where there is none.
func (r *resolver) matching(key string, g given[string]) []*mount {
	if !g.ok {
		return nil
	}
	if m, ok := r.locks[g.v]; ok {
		return []*mount{m}
	}
	var out []*mount
	if strings.Contains(g.v, "*") {
		for _, m := range r.locks {
			if _, ok := star(g.v, m.id); ok {
				out = append(out, m)
			}
		}
		slices.SortFunc(out, func(a, b *mount) int { return cmp.Compare(a.id, b.id) })
	}
	if len(out) == 0 {
		r.Add(g.at, "%s: no lock %s %q%s", key, calls(g.v), g.v, strict.Nearest(g.v, r.lockNames()))
	}
	return out
}

// calls is the verb of a sentence about a name or a pattern that means nothing.
func calls(name string) string {
	if strings.Contains(name, "*") {
		return "matches"
	}
	return "is called"
}

// lockNames lists the locks for suggestions; a fleet by its pattern alone.
func (r *resolver) lockNames() []string {
	names := sortedKeys(r.locks)
	if len(names) > 30 {
		names = names[:30]
	}
	return names
}

// star returns what the * of a pattern stands for in a name, and whether it fits; for a name without a * its own text.
func star(pattern, name string) (string, bool) {
	before, after, ok := strings.Cut(pattern, "*")
	if !ok {
		return name, pattern == name
	}
	if len(name) <= len(before)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return "", false
	}
	return name[len(before) : len(name)-len(after)], true
}
