package shrink

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Passes that take something away. What referred to it goes with it: prune sees to that.

// clone returns a file whose parts can be replaced without changing those of f.
func clone(f *scenario.File) *scenario.File {
	g := *f
	g.Steps, g.Expects, g.Policies = slices.Clone(f.Steps), slices.Clone(f.Expects), slices.Clone(f.Policies)
	g.Spec = sim.Spec{Accounts: slices.Clone(f.Spec.Accounts), Hubs: slices.Clone(f.Spec.Hubs), Locks: slices.Clone(f.Spec.Locks)}
	return &g
}

// edit tries the smallest story so far with a change.
func (s *shrinker) edit(change func(*scenario.File)) bool {
	f := clone(s.best)
	change(f)
	return s.try(f)
}

// cut tries the smallest story so far without something, and without what referred to it.
func (s *shrinker) cut(change func(*scenario.File)) bool {
	return s.edit(func(f *scenario.File) { change(f); prune(f) })
}

// fewer takes away parts that count tells: half of them at once, then quarters, down to single ones, from the end.
func (s *shrinker) fewer(count func(*scenario.File) int, drop func(f *scenario.File, from, to int)) {
	for chunk := count(s.best); chunk > 0; chunk /= 2 {
		for to := count(s.best); to > 0 && !s.over(); {
			from := max(0, to-chunk)
			s.cut(func(f *scenario.File) { drop(f, from, to) })
			to = min(from, count(s.best))
		}
	}
}

// alone leaves nothing but the lock that it happened at, or those of its hub, or of its account.
func (s *shrinker) alone() {
	for _, at := range s.best.Spec.Locks {
		if at.ID != s.last.Device {
			continue
		}
		for _, with := range []func(sim.LockSpec) bool{
			func(l sim.LockSpec) bool { return l.ID == at.ID },
			func(l sim.LockSpec) bool { return l.Hub != "" && l.Hub == at.Hub },
			func(l sim.LockSpec) bool { return l.Account == at.Account },
		} {
			if s.cut(func(f *scenario.File) {
				f.Spec.Locks = slices.DeleteFunc(f.Spec.Locks, func(l sim.LockSpec) bool { return l.ID != at.ID && !with(l) })
				f.Spec.Hubs = slices.DeleteFunc(f.Spec.Hubs, func(h sim.HubSpec) bool { return h.ID != at.Hub })
				f.Spec.Accounts = slices.DeleteFunc(f.Spec.Accounts, func(a sim.AccountSpec) bool { return a.ID != at.Account })
			}) {
				return
			}
		}
		return
	}
}

// bare takes away what is for people, and every judgement but the one that fails.
func (s *shrinker) bare() {
	s.edit(func(f *scenario.File) {
		f.About, f.Needs, f.Check = "", nil, scenario.Check{Lenient: f.Check.Lenient}
		f.Expects = nil
	})
	s.edit(func(f *scenario.File) { f.About, f.Needs = "", nil })
	s.edit(func(f *scenario.File) { f.Check = scenario.Check{Lenient: f.Check.Lenient} })
	s.edit(func(f *scenario.File) { f.Check.PerLock, f.Check.PerSystem = nil, nil })
	for range s.best.Check.Sometimes {
		s.fewer(func(f *scenario.File) int { return len(f.Check.Sometimes) }, func(f *scenario.File, from, to int) {
			f.Check.Sometimes = slices.Delete(slices.Clone(f.Check.Sometimes), from, to)
		})
	}
}

// shorter ends the run soon after the failure.
func (s *shrinker) shorter() {
	failed := s.last.At.Sub(s.best.Start)
	for _, more := range []time.Duration{0, time.Second, time.Minute, 10 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if run := (failed + more).Truncate(time.Second) + time.Second; run < s.best.Run && s.ends(run) {
			return
		}
	}
	for part := s.best.Run / 2; part > time.Minute; part /= 2 {
		for s.best.Run > part && s.ends((s.best.Run - part).Truncate(time.Second)) {
		}
	}
}

// ends tries a run of that length, without what comes later.
func (s *shrinker) ends(run time.Duration) bool {
	return s.cut(func(f *scenario.File) {
		f.Run = run
		end := f.End()
		f.Steps = slices.DeleteFunc(f.Steps, func(x scenario.Step) bool { return x.At.After(end) })
		f.Expects = slices.DeleteFunc(f.Expects, func(x scenario.Expect) bool { return x.At.After(end) })
	})
}

// fewerSteps takes away whole entries of the file first, which may be repeated, and then single steps.
func (s *shrinker) fewerSteps() {
	places := func(f *scenario.File) []scenario.Pos {
		var all []scenario.Pos
		for _, x := range f.Steps {
			if len(all) == 0 || all[len(all)-1] != x.Pos {
				all = append(all, x.Pos)
			}
		}
		return all
	}
	s.fewer(func(f *scenario.File) int { return len(places(f)) }, func(f *scenario.File, from, to int) {
		gone := places(f)[from:to]
		f.Steps = slices.DeleteFunc(f.Steps, func(x scenario.Step) bool { return slices.Contains(gone, x.Pos) })
	})
	s.fewer(func(f *scenario.File) int { return len(f.Steps) }, func(f *scenario.File, from, to int) {
		f.Steps = slices.Delete(f.Steps, from, to)
	})
}

func (s *shrinker) fewerLocks() {
	s.fewer(func(f *scenario.File) int { return len(f.Spec.Locks) }, func(f *scenario.File, from, to int) {
		f.Spec.Locks = slices.Delete(f.Spec.Locks, from, to)
	})
	s.fewer(func(f *scenario.File) int { return len(f.Spec.Hubs) }, func(f *scenario.File, from, to int) {
		f.Spec.Hubs = slices.Delete(f.Spec.Hubs, from, to)
	})
	s.fewer(func(f *scenario.File) int { return len(f.Spec.Accounts) }, func(f *scenario.File, from, to int) {
		f.Spec.Accounts = slices.Delete(f.Spec.Accounts, from, to)
	})
}

func (s *shrinker) fewerRest() {
	s.fewer(func(f *scenario.File) int { return len(f.Policies) }, func(f *scenario.File, from, to int) {
		f.Policies = slices.Delete(f.Policies, from, to)
	})
	s.fewer(func(f *scenario.File) int { return len(f.Expects) }, func(f *scenario.File, from, to int) {
		f.Expects = slices.Delete(f.Expects, from, to)
	})
}

// fewerDoors takes doors out of commands about several, and makes a plain command of one about a single door.
func (s *shrinker) fewerDoors() {
	for i := 0; i < len(s.best.Steps); i++ {
		many := func(f *scenario.File) (scenario.Command, engine.CreateMany, bool) {
			if i >= len(f.Steps) {
				return scenario.Command{}, engine.CreateMany{}, false
			}
			c, _ := f.Steps[i].Do.(scenario.Command)
			do, ok := c.Action.(engine.CreateMany)
			return c, do, ok
		}
		for n := 0; ; {
			_, do, ok := many(s.best)
			if !ok || n >= len(do.Devices) || s.over() {
				break
			}
			if !s.cut(func(f *scenario.File) {
				c, do, _ := many(f)
				do.Devices, do.IDs = slices.Delete(slices.Clone(do.Devices), n, n+1), slices.Delete(slices.Clone(do.IDs), n, n+1)
				c.Action, f.Steps[i].Do = do, c
				if len(do.Devices) == 1 {
					one := do.Like
					one.Device, one.ID = do.Devices[0], do.IDs[0]
					c.Action = one
				}
				f.Steps[i].Do = c
			}) {
				n++
			}
		}
	}
}

// prune takes out of a file what refers to something that it does not have any more.
func prune(f *scenario.File) {
	p := pruner{locks: map[lock.DeviceID]bool{}, codes: map[lock.CodeID]bool{}, told: map[lock.CodeID]bool{}, steps: map[string]bool{}, others: map[string]bool{}}
	for _, a := range f.Spec.Accounts {
		p.others[string(a.ID)] = true
	}
	known := func(id lock.AccountID) lock.AccountID {
		if len(f.Spec.Accounts) > 0 && !p.others[string(id)] {
			return ""
		}
		return id
	}
	if len(f.Spec.Accounts) == 0 {
		p.others["account"] = true
	}
	for i, h := range f.Spec.Hubs {
		p.others[string(h.ID)] = true
		f.Spec.Hubs[i].Account = known(h.Account)
	}
	for i := range f.Spec.Locks {
		l := &f.Spec.Locks[i]
		p.mount(l)
		l.Account = known(l.Account)
	}
	f.Policies = slices.DeleteFunc(f.Policies, func(x scenario.Policy) bool {
		return x.Device != "" && !p.locks[x.Device] || x.Account != "" && !p.others[string(x.Account)]
	})
	var steps []scenario.Step
	for _, x := range f.Steps {
		if p.keeps(&x) {
			steps = append(steps, x)
		}
	}
	f.Steps = steps
	f.Expects = slices.DeleteFunc(f.Expects, func(x scenario.Expect) bool { return !p.sees(&x) })
	limits := map[lock.DeviceID]scenario.Limits{}
	for id, l := range f.Check.PerLock {
		if p.locks[id] {
			limits[id] = l
		}
	}
	f.Check.PerLock = limits
}

// pruner is what a file has named so far.
type pruner struct {
	locks       map[lock.DeviceID]bool
	codes, told map[lock.CodeID]bool
	steps       map[string]bool
	others      map[string]bool // hubs and accounts
}

func (p *pruner) mount(l *sim.LockSpec) {
	p.locks[l.ID] = true
	if !p.others[string(l.Hub)] {
		l.Hub = ""
	}
}

// keeps reports whether a step, with less in it if need be, has all that it speaks of.
func (p *pruner) keeps(x *scenario.Step) bool {
	target := func(id string) bool { return p.others[id] || p.locks[lock.DeviceID(id)] }
	ok := true
	switch do := x.Do.(type) {
	case scenario.Command:
		ok = p.command(x, do)
	case scenario.AddLock:
		p.mount(&do.Lock)
		x.Do = do
	case scenario.Fault:
		ok = target(do.Fault.On)
	case scenario.Heal:
		ok = do.Step != "" && p.steps[do.Step] || do.Step == "" && target(do.Target)
	case scenario.Type:
		ok = p.locks[do.Lock] && (do.Code == "" || p.codes[do.Code] && p.told[do.Code])
	case scenario.Edit:
		ok = p.locks[do.Edit.Lock] && (do.Edit.Code == "" || p.codes[do.Edit.Code])
	}
	if ok && x.ID != "" {
		p.steps[x.ID] = true
	}
	return ok
}

func (p *pruner) command(x *scenario.Step, c scenario.Command) bool {
	happens := x.Refused == "" && !c.DryRun
	bring := func(id lock.CodeID, told bool) {
		if happens {
			p.codes[id], p.told[id] = true, told || p.told[id]
		}
	}
	switch do := c.Action.(type) {
	case engine.Create:
		ok := p.locks[do.Device]
		if ok {
			bring(do.ID, !do.PIN.IsZero())
		}
		return ok
	case engine.CreateMany:
		var devices []lock.DeviceID
		var ids []lock.CodeID
		for i, id := range do.Devices {
			if p.locks[id] && i < len(do.IDs) {
				devices, ids = append(devices, id), append(ids, do.IDs[i])
				bring(do.IDs[i], !do.Like.PIN.IsZero())
			}
		}
		do.Devices, do.IDs = devices, ids
		c.Action = do
		x.Do = c
		return len(devices) > 0
	case engine.Update:
		p.told[do.Code] = p.told[do.Code] || happens && do.PIN != nil
		return p.codes[do.Code]
	case engine.UpdateMany:
		return c.Common == "" || p.codes[c.Common]
	case engine.Convert:
		return p.codes[do.Code]
	case engine.Delete:
		return p.codes[do.Code]
	case engine.Rotate:
		p.told[do.Code] = p.told[do.Code] || happens && !do.PIN.IsZero()
		return p.codes[do.Code]
	case engine.Reveal:
		p.told[do.Code] = p.told[do.Code] || happens
		return p.codes[do.Code]
	case engine.PullBackup:
		ok := p.codes[do.Code]
		if ok && c.As != "" {
			bring(c.As, false)
		}
		return ok
	case engine.Adopt:
		ok := p.locks[do.Device]
		if ok {
			bring(do.ID, false)
		}
		return ok
	case engine.SetPool:
		return p.locks[do.Device]
	case engine.DeleteUnmanaged:
		return p.locks[do.Device]
	case engine.SwapDevice:
		return p.locks[do.Old] && p.locks[do.New]
	case engine.Observe:
		return p.locks[do.Device]
	case engine.RemoveDevice:
		return p.locks[do.Device]
	case engine.Undo:
		return p.steps[c.Undoes]
	case engine.SetPolicy:
		return (do.Device == "" || p.locks[do.Device]) && (do.Account == "" || p.others[string(do.Account)])
	}
	return true
}

// sees reports whether an expectation, about fewer things if need be, is about something.
func (p *pruner) sees(x *scenario.Expect) bool {
	codes := func(ids []lock.CodeID) []lock.CodeID {
		return slices.DeleteFunc(slices.Clone(ids), func(id lock.CodeID) bool { return !p.codes[id] })
	}
	locks := func(ids []lock.DeviceID) []lock.DeviceID {
		return slices.DeleteFunc(slices.Clone(ids), func(id lock.DeviceID) bool { return !p.locks[id] })
	}
	switch {
	case x.Code != nil:
		c := *x.Code
		c.Codes = codes(c.Codes)
		x.Code = &c
		return len(c.Codes) > 0 && (c.Count == nil || *c.Count <= len(c.Codes))
	case x.Lock != nil:
		l := *x.Lock
		l.Locks = locks(l.Locks)
		x.Lock = &l
		return len(l.Locks) > 0 && (l.Count == nil || *l.Count <= len(l.Locks))
	default:
		e := *x.Event
		had := len(e.Codes) > 0 || len(e.Locks) > 0
		e.Codes, e.Locks = codes(e.Codes), locks(e.Locks)
		x.Event = &e
		return !had || len(e.Codes) > 0 || len(e.Locks) > 0
	}
}
