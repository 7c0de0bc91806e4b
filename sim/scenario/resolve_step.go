package scenario

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
)

// scene is the step that is being resolved.
type scene struct {
	stepDecl
	pos   Pos
	at    time.Time
	lives []Need // what it lives on
}

// happens reports whether the step changes anything: it is neither refused nor a dry run.
func (s *scene) happens() bool { return !s.refused.ok && !s.dryRun.v }

// story resolves the steps in the order in which they happen.
func (r *resolver) story(in []given[stepDecl]) {
	var scenes []*scene
	for _, g := range in {
		s := &scene{stepDecl: g.v, pos: g.at, at: r.within("t", g.v.t), lives: r.needs(g.v.needs)}
		if len(s.verbs) > 0 {
			s.pos = s.verbs[0].at
		}
		r.form(s, g.at)
		scenes = append(scenes, s)
	}
	slices.SortStableFunc(scenes, func(a, b *scene) int { return a.at.Compare(b.at) })
	for _, s := range scenes {
		if len(s.verbs) == 0 {
			continue
		}
		v := s.verbs[0]
		all := v.v.resolve(r, s)
		for i, do := range all {
			r.place(s, do, v.at, i == len(all)-1)
		}
		if len(r.f.Steps) > MaxSteps {
			r.Add(v.at, "with this step there are more than the %d that a scenario may have, every * and fleet spelt out", MaxSteps)
			break
		}
	}
	slices.SortStableFunc(r.f.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
}

// form checks what can be said of a step without knowing the others, and notes the names that it brings.
func (r *resolver) form(s *scene, at Pos) {
	switch {
	case len(s.verbs) == 0:
		if !s.muddled {
			r.Add(at, "[[at]] says when, but not what: give it a create, a fault, …")
		}
		return
	case len(s.verbs) > 1:
		r.Add(s.verbs[1].at, "a second thing in one [[at]]: give it an [[at]] of its own")
	}
	if s.id.ok {
		if first, ok := r.steps[s.id.v]; ok {
			r.Add(s.id.at, "id: the step %q is there already, in line %d", s.id.v, first.at.Line)
		} else {
			r.steps[s.id.v] = &stepInfo{at: s.id.at}
		}
	}
	switch v := s.verbs[0].v.(type) {
	case createDecl:
		r.later[v.id.v] = v.id.at
	case createManyDecl:
		r.later[v.id.v] = v.id.at
	case pullDecl:
		r.later[v.as.v] = v.as.at
	case adoptDecl:
		r.later[v.as.v] = v.as.at
	case typeDecl, editDecl:
		return
	}
	if s.every.ok {
		r.Add(s.every.at, "every: only `type` and `edit` are repeated")
	}
}

// place adds what a step does to the file, once or again and again. Of the commands of one step the last has its id.
func (r *resolver) place(s *scene, do Do, at Pos, last bool) {
	step := Step{Pos: at, At: s.at, Do: do, Refused: s.refused.v, Field: s.field.v, Needs: s.lives}
	c, isCommand := do.(Command)
	if _, isFault := do.(Fault); isFault || isCommand && last {
		step.ID = s.id.v
	}
	if isCommand {
		c.Key, c.DryRun = s.key.v, s.dryRun.v
		step.Do = c
	}
	if info := r.steps[s.id.v]; info != nil {
		_, info.fault = do.(Fault)
		info.command = isCommand
	}
	if !isCommand {
		for _, g := range []struct {
			key string
			ok  bool
			at  Pos
		}{{"refused", s.refused.ok, s.refused.at}, {"key", s.key.ok, s.key.at}, {"dry_run", s.dryRun.ok, s.dryRun.at}} {
			if g.ok {
				r.Add(g.at, "%s: only a command has it, and %s is none", g.key, do.verb())
			}
		}
	}
	if s.field.ok && !s.refused.ok {
		r.Add(s.field.at, "field: says which field a refusal names, but nothing is refused here")
	}
	if s.until.ok && !s.every.ok {
		r.Add(s.until.at, "until: says when `every` ends, but there is none")
	}
	if !s.every.ok || !r.timed || s.at.IsZero() {
		r.f.Steps = append(r.f.Steps, step)
		return
	}
	until := r.f.End()
	if s.until.ok {
		until = r.within("until", s.until)
		if !until.After(s.at) {
			r.Add(s.until.at, "until: is not after t")
			return
		}
	}
	if n := until.Sub(s.at) / s.every.v; n > MaxTries {
		r.Add(s.every.at, "every: %d times are more than the %d that a step may be repeated", n, MaxTries)
		return
	}
	for ; step.At.Before(until); step.At = step.At.Add(s.every.v) {
		r.f.Steps = append(r.f.Steps, step)
	}
}

// code returns the codes that a name or pattern means at the moment of the scene, in the order of their ids. It says why
// where there is none.
func (r *resolver) code(key string, g given[string], s *scene) []*codeInfo {
	if !g.ok {
		return nil
	}
	out := r.codesLike(g.v)
	if len(out) > 0 {
		return out
	}
	if first, ok := r.later[g.v]; ok {
		r.Add(g.at, "%s: %q is created only in line %d, later or not at all", key, g.v, first.Line)
		return nil
	}
	r.Add(g.at, "%s: no code %s %q%s", key, calls(g.v), g.v, strict.Nearest(g.v, r.codeNames()))
	return nil
}

// codesLike returns the codes that fit a name or pattern so far, by id.
func (r *resolver) codesLike(pattern string) []*codeInfo {
	if c, ok := r.codes[pattern]; ok {
		return []*codeInfo{c}
	}
	var out []*codeInfo
	for _, id := range sortedKeys(r.codes) {
		if _, ok := star(pattern, id); ok {
			out = append(out, r.codes[id])
		}
	}
	return out
}

func (r *resolver) codeNames() []string {
	names := sortedKeys(r.later)
	for _, id := range sortedKeys(r.codes) {
		if len(names) < 60 && !slices.Contains(names, id) {
			names = append(names, id)
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// bring declares a code.
func (r *resolver) bring(key string, g given[string], id, lock string, told bool, s *scene) {
	if !g.ok || !s.happens() {
		return
	}
	if first, ok := r.codes[id]; ok {
		if s.key.v == "" || s.key.v != first.key {
			r.Add(g.at, "%s: the code %q is there already, in line %d", key, id, first.at.Line)
		}
		return
	}
	r.codes[id] = &codeInfo{id: id, lock: lock, since: s.at, key: s.key.v, at: g.at, told: told}
}

// told marks a code's digits as known to people.
func (c *codeInfo) tell(s *scene) {
	if s.happens() {
		c.told = true
	}
}

// zoneOf is the zone of a code's lock.
func (r *resolver) zoneOf(lock string) *time.Location {
	if m, ok := r.locks[lock]; ok {
		return m.zone
	}
	return nil
}

// window resolves both ends of a window in the zone of a lock. An impossible one is a mistake unless the step is to be, or may
// be, refused.
func (r *resolver) window(starts, ends given[moment], lock string, s *scene) (from, to time.Time) {
	zone := r.zoneOf(lock)
	from, to = r.instant("starts", starts, zone), r.instant("ends", ends, zone)
	if s.refused.ok || to.IsZero() || r.lenient {
		return from, to
	}
	switch {
	case !from.IsZero() && !to.After(from):
		r.Add(ends.at, "ends: %s is not after starts, %s", ends.v.text, starts.v.text)
	case !s.at.IsZero() && !to.After(s.at):
		r.Add(ends.at, "ends: %s has passed when the step happens", ends.v.text)
	}
	return from, to
}

// create is the command of a create on one lock.
func (l likeDecl) create(from, to time.Time) engine.Create {
	return engine.Create{
		Name: l.name.v, PIN: l.pin.v, PINLength: l.pinLength.v, Starts: from, Ends: to, JIT: l.jit.v, AllowExternal: l.allowExternal.v,
		UsePool: l.usePool.v, CommonKey: l.commonKey.v, Holder: l.holder.v, Offline: l.offline.v, OneTime: l.oneTimeCode.v,
		MaxRounding: l.maxRounding.v,
	}
}

// lone reports an end without a start, unless the step is to be refused.
func (r *resolver) lone(l likeDecl, s *scene) {
	if l.ends.ok && !l.starts.ok && !s.refused.ok {
		r.Add(l.ends.at, "ends: an end needs a start: give `starts` too")
	}
}
