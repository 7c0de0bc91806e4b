package scenario

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// expect checks one expectation and spells it out. It returns how many codes and locks are looked at.
func (r *resolver) expect(g given[expectDecl]) (named int) {
	e := g.v
	out := Expect{Pos: g.at, At: r.f.End(), Needs: r.needs(e.needs)}
	if e.t.ok {
		out.At = r.within("t", e.t)
	}
	switch {
	case e.event.ok || r.gave(e, "event"):
		r.only(e, "an event", eventChecks, "event")
		out.Event = r.expectEvent(e, out.At)
		named = 1 + len(out.Event.Codes) + len(out.Event.Locks)
	case r.gave(e, "code") && r.gave(e, "lock"):
		r.Add(e.lock.at, "lock: the expectation is about a code; give the lock an [[expect]] of its own")
	case r.gave(e, "code"):
		r.only(e, "a code", codeChecks, "code")
		out.Code = r.expectCode(e, out.At)
		named = len(out.Code.Codes)
	case r.gave(e, "lock"):
		r.only(e, "a lock", lockChecks, "lock")
		out.Lock = r.expectLock(e)
		named = len(out.Lock.Locks)
	default:
		r.Add(g.at, "[[expect]] is about nothing: give it a code, a lock or an event")
	}
	r.f.Expects = append(r.f.Expects, out)
	return max(1, named)
}

func (r *resolver) gave(e expectDecl, key string) bool {
	return slices.ContainsFunc(e.keys, func(k given[string]) bool { return k.v == key })
}

// only reports the keys that say nothing about the subject.
func (r *resolver) only(e expectDecl, what string, allowed []string, subject string) {
	for _, k := range e.keys {
		if k.v == "t" || k.v == "needs" || k.v == subject || slices.Contains(allowed, k.v) {
			continue
		}
		about := "a code"
		switch {
		case slices.Contains(lockChecks, k.v) && !slices.Contains(codeChecks, k.v):
			about = "a lock"
		case slices.Contains(eventChecks, k.v) && !slices.Contains(codeChecks, k.v):
			about = "an event"
		}
		r.Add(k.at, "%s: says something of %s, but the expectation is about %s", k.v, about, what)
	}
	if !slices.ContainsFunc(e.keys, func(k given[string]) bool { return k.v != "t" && k.v != "needs" && k.v != subject }) {
		if subject != "event" && !e.muddled {
			r.Add(e.keys[0].at, "the expectation about %s says nothing of it: give it a check, as %s", what, allowed[0])
		}
	}
}

// codesAt returns the codes of a name or pattern that an expectation may speak of.
func (r *resolver) codesAt(g given[string], at time.Time) []lock.CodeID {
	if !g.ok {
		return nil
	}
	found := r.codesLike(g.v)
	if len(found) == 0 {
		if named, ok := r.later[g.v]; ok {
			r.Add(g.at, "code: %q is never created: the step in line %d is refused, or wrong", g.v, named.Line)
			return nil
		}
		r.Add(g.at, "code: no code %s %q%s", calls(g.v), g.v, strict.Nearest(g.v, r.codeNames()))
		return nil
	}
	var out []lock.CodeID
	for _, c := range found {
		if r.timed && !at.IsZero() && at.Before(c.since) {
			r.Add(g.at, "code: %q is created only at +%s", c.id, strict.Short(c.since.Sub(r.f.Start)))
			return nil
		}
		out = append(out, lock.CodeID(c.id))
	}
	return out
}

func (r *resolver) locksOf(g given[string]) []lock.DeviceID {
	var out []lock.DeviceID
	for _, m := range r.matching("lock", g) {
		out = append(out, lock.DeviceID(m.id))
	}
	return out
}

func (r *resolver) expectCode(e expectDecl, when time.Time) *ExpectCode {
	out := &ExpectCode{
		Codes: r.codesAt(e.code, when), Count: e.count.ptr(), Status: e.status.ptr(), Type: e.codeType.ptr(), Scheduled: e.scheduled.ptr(),
		Native: e.native.ptr(), Evidence: e.evidence.ptr(), Readiness: e.readiness.ptr(), Issues: texts(e.issue), NoIssues: texts(e.noIssue),
		Clean: e.clean.v, Blame: e.blame.ptr(), Other: e.other.ptr(), Mutation: e.mutation.ptr(), Pulled: e.pulled.ptr(), InHouse: e.inHouse.ptr(),
		ExposureMin: e.exposed.ptr(), ExposureMax: e.exposure.ptr(), Unverified: e.unverified.ptr(), Held: e.onLock.ptr(), Opens: e.opens.ptr(), Digits: e.digits.ptr(),
	}
	r.clean(e)
	r.count(e, len(out.Codes))
	var zone *time.Location
	if len(out.Codes) > 0 {
		zone = r.zoneOf(r.codes[string(out.Codes[0])].lock)
	}
	if e.starts.ok {
		t := r.instant("starts", e.starts, zone)
		out.Starts = &t
	}
	if e.ends.ok {
		t := r.instant("ends", e.ends, zone)
		out.Ends = &t
	}
	return out
}

// clean refuses clean = false, which would say nothing, and contradictions.
func (r *resolver) clean(e expectDecl) {
	switch {
	case e.clean.ok && !e.clean.v:
		r.Add(e.clean.at, "clean: can only be true; name what is wrong with `issue`")
	case e.clean.v && len(e.issue.v) > 0:
		r.Add(e.issue.at, "issue: nothing can be wrong if clean is true")
	}
}

// count refuses a count that can't be met.
func (r *resolver) count(e expectDecl, of int) {
	if e.count.ok && of > 0 && e.count.v > of {
		r.Add(e.count.at, "count: %d is more than the %d that are meant", e.count.v, of)
	}
}

func (r *resolver) expectLock(e expectDecl) *ExpectLock {
	out := &ExpectLock{
		Locks: r.locksOf(e.lock), Count: e.count.ptr(), Held: e.held.ptr(), Unmanaged: e.unmanaged.ptr(), Pool: e.pool.ptr(),
		SlotsFree: e.free.ptr(), Issues: texts(e.issue), NoIssues: texts(e.noIssue), Clean: e.clean.v, Blame: e.blame.ptr(),
		RadioMax: e.radioMax.ptr(), ExposureMin: e.exposed.ptr(), ExposureMax: e.exposure.ptr(),
	}
	r.clean(e)
	r.count(e, len(out.Locks))
	if e.link.ok {
		reach := lock.Reach(slices.Index(linkNames(), e.link.v))
		out.Link = &reach
	}
	return out
}

func (r *resolver) expectEvent(e expectDecl, at time.Time) *ExpectEvent {
	out := &ExpectEvent{
		Type: e.event.v, Codes: r.codesAt(e.code, at), Locks: r.locksOf(e.lock), From: r.f.Start, To: at, Closed: true, Min: 1, Max: -1,
	}
	switch {
	case e.count.ok && (e.least.ok || e.most.ok):
		r.Add(e.count.at, "count: is exact; leave out min and max")
	case e.count.ok:
		out.Min, out.Max = e.count.v, e.count.v
	case e.least.ok && e.most.ok && e.least.v > e.most.v:
		r.Add(e.most.at, "max: %d is less than min, %d", e.most.v, e.least.v)
	case e.most.ok:
		out.Min, out.Max = e.least.v, e.most.v
	case e.least.ok:
		out.Min = e.least.v
	}
	if !e.between.ok {
		return out
	}
	if len(e.between.v) != 2 {
		r.Add(e.between.at, `between: wants two instants, as ["3h", "4h"]`)
		return out
	}
	out.From, out.To, out.Closed = r.within("between", e.between.v[0]), r.within("between", e.between.v[1]), false
	if r.timed && !out.To.After(out.From) {
		r.Add(e.between.v[1].at, "between: %s is not after %s", e.between.v[1].v.text, e.between.v[0].v.text)
	}
	if e.t.ok && out.To.After(at) {
		r.Add(e.between.v[1].at, "between: reaches past t, when it is counted")
	}
	return out
}

// check resolves what must hold over the whole run.
func (r *resolver) check(c checkDecl) {
	out := &r.f.Check
	out.Always, out.Lenient = texts(c.always), c.lenient.v
	for _, s := range c.sometimes.v {
		kind, name, _ := strings.Cut(s.v, ":")
		var known []string
		switch kind {
		case "fault":
			known = faultKinds()
		case "event":
			known = eventTypes()
		case "issue":
			known = issueCodes()
		default:
			r.Add(s.at, "sometimes: %q is neither fault:KIND, event:TYPE nor issue:CODE", strict.Clip(s.v))
			continue
		}
		if !slices.Contains(known, name) {
			r.Add(s.at, "sometimes: no %s is called %q%s", kind, strict.Clip(name), strict.Nearest(name, known))
		}
		out.Sometimes = append(out.Sometimes, Occurrence{s.at, kind, name})
	}
	l := c.limits.v
	out.Limits = l.limits(c.limits.at)
	for _, id := range sortedKeys(l.locks.v) {
		g := l.locks.v[id]
		if _, ok := r.locks[id]; !ok {
			r.Add(g.at, "limits: no lock is called %q%s", strict.Clip(id), strict.Nearest(id, r.lockNames()))
		}
		if out.PerLock == nil {
			out.PerLock = map[lock.DeviceID]Limits{}
		}
		out.PerLock[lock.DeviceID(id)] = g.v.limits(g.at)
	}
	for _, name := range sortedKeys(l.systems.v) {
		g := l.systems.v[name]
		if !slices.Contains(systems(), name) {
			r.Add(g.at, "limits: no system is called %q%s", strict.Clip(name), strict.Nearest(name, systems()))
		}
		if out.PerSystem == nil {
			out.PerSystem = map[string]Limits{}
		}
		out.PerSystem[name] = g.v.limits(g.at)
	}
}

func (l limitDecl) limits(at Pos) Limits {
	return Limits{Pos: at, Exposure: l.exposure.ptr(), Sets: l.sets.ptr(), Clears: l.clears.ptr(), Observes: l.observes.ptr()}
}

func texts(g given[[]given[string]]) []string {
	var out []string
	for _, s := range g.v {
		out = append(out, s.v)
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
