package scenario

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// stepDecls are the steps as the file says them, in its order. What is repeated at equal distances is one of them, and so are
// the faults of one step on several locks.
func (f *File) stepDecls() ([]stepDecl, error) {
	steps := slices.Clone(f.Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return a.Pos.Compare(b.Pos) })
	var out []stepDecl
	named := map[string]bool{}
	for len(steps) > 0 {
		var decls []stepDecl
		var err error
		n := 1
		switch s := steps[0]; s.Do.(type) {
		case Type, Edit:
			n = len(steps)
			if i := slices.IndexFunc(steps, func(o Step) bool { return o.Pos != s.Pos || o.Pos == (Pos{}) }); i >= 0 {
				n = max(1, i)
			}
			decls, err = f.repeated(steps[:n])
		case Fault:
			if s.ID != "" {
				for n < len(steps) && steps[n].ID == s.ID {
					n++
				}
			}
			decls, err = f.faults(steps[:n])
		default:
			decls, err = f.repeated(steps[:1])
		}
		if err != nil {
			return nil, err
		}
		for _, d := range decls {
			if d.id.ok && named[d.id.v] {
				return nil, fmt.Errorf("step %q: no scenario can say that several steps are called so", d.id.v)
			}
			named[d.id.v] = true
		}
		out = append(out, decls...)
		steps = steps[n:]
	}
	return out, nil
}

// repeated writes steps of one place of the file: equal ones at equal distances as one that is repeated.
func (f *File) repeated(steps []Step) ([]stepDecl, error) {
	var out []stepDecl
	for len(steps) > 0 {
		first := steps[0]
		var times []time.Time
		steps = slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
			same := reflect.DeepEqual(s.Do, first.Do)
			if same {
				times = append(times, s.At)
			}
			return same
		})
		for len(times) > 0 {
			n, gap := 1, time.Duration(0)
			if len(times) > 1 {
				gap = times[1].Sub(times[0])
			}
			for n < len(times) && gap >= time.Second && times[n].Sub(times[n-1]) == gap && times[n].Before(f.End()) {
				n++
			}
			d, err := f.stepDecl(first, times[0])
			if err != nil {
				return nil, err
			}
			if n > 1 {
				d.every = exactly(gap)
				if until := times[n-1].Add(gap); until.Before(f.End()) {
					d.until = f.at(until)
				}
			}
			out = append(out, d)
			times = times[n:]
		}
	}
	return out, nil
}

// faults writes a fault, or one that a step places on several locks.
func (f *File) faults(steps []Step) ([]stepDecl, error) {
	first := steps[0]
	do := first.Do.(Fault)
	var on []string
	for _, s := range steps {
		x, ok := s.Do.(Fault)
		if !ok || !s.At.Equal(first.At) {
			return nil, fmt.Errorf("step %q: no scenario can say that several steps are called so", first.ID)
		}
		on = append(on, x.Fault.On)
		if x.Fault.On = do.Fault.On; !reflect.DeepEqual(x, do) {
			return nil, fmt.Errorf("step %q: no scenario can place different faults in one step", first.ID)
		}
	}
	name, ok := pattern(on, f.mounted(first))
	if !ok {
		return nil, fmt.Errorf("step %q: no pattern means just the locks that its faults are on", first.ID)
	}
	do.Fault.On = name
	first.Do = do
	d, err := f.stepDecl(first, first.At)
	return []stepDecl{d}, err
}

// mounted lists the locks that there are before a step; before none of the file's: at the end.
func (f *File) mounted(before Step) []string {
	var ids []string
	for _, l := range f.Spec.Locks {
		ids = append(ids, string(l.ID))
	}
	for _, s := range f.Steps {
		if reflect.DeepEqual(s, before) {
			break
		}
		if add, ok := s.Do.(AddLock); ok {
			ids = append(ids, string(add.Lock.ID))
		}
	}
	return ids
}

// brought lists the codes that the story brings, whenever.
func (f *File) brought() []string {
	var ids []string
	for _, s := range f.Steps {
		c, ok := s.Do.(Command)
		if !ok || s.Refused != "" || c.DryRun {
			continue
		}
		switch do := c.Action.(type) {
		case engine.Create:
			ids = append(ids, string(do.ID))
		case engine.CreateMany:
			for _, id := range do.IDs {
				ids = append(ids, string(id))
			}
		case engine.PullBackup:
			ids = append(ids, string(c.As))
		case engine.Adopt:
			ids = append(ids, string(do.ID))
		}
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

func (f *File) stepDecl(s Step, at time.Time) (stepDecl, error) {
	d := stepDecl{t: f.at(at), id: said(s.ID), refused: said(s.Refused), field: said(s.Field), needs: every(s.Needs)}
	var v verbDecl
	switch do := s.Do.(type) {
	case Command:
		d.key, d.dryRun = said(do.Key), said(do.DryRun)
		var err error
		if v, err = f.commandDecl(do, s); err != nil {
			return d, err
		}
	case AddLock:
		v = lockDeclOf(do.Lock)
	case Fault:
		v = faultDeclOf(do.Fault)
	case Heal:
		v = healDecl(said(cmp.Or(do.Step, do.Target)))
	case Type:
		v = typeDecl{lock: said(string(do.Lock)), code: said(string(do.Code)), pin: said(do.PIN), opens: maybe(do.Opens), reason: said(do.Reason)}
	case Edit:
		x := do.Edit
		v = editDecl{
			lock: said(string(x.Lock)), kind: said(x.Kind), code: said(string(x.Code)), slot: said(x.Slot), pin: said(x.PIN), name: said(x.Name),
			starts: f.moment(x.Window.From), ends: f.moment(x.Window.To),
		}
	case Stop:
		v = engineDecl{stop: exactly(do.For)}
	case Kill:
		v = engineDecl{kill: exactly(do.Nth)}
	case Note:
		v = noteDecl(exactly(do.Text))
	default:
		return d, fmt.Errorf("no scenario can say %T", do)
	}
	d.verbs = []given[verbDecl]{exactly(v)}
	return d, nil
}

func (f *File) commandDecl(c Command, s Step) (verbDecl, error) {
	switch do := c.Action.(type) {
	case engine.Create:
		return createDecl{likeDecl: f.likeDecl(do), id: said(string(do.ID)), lock: said(string(do.Device))}, nil
	case engine.CreateMany:
		return createManyDeclOf(f.likeDecl(do.Like), do, f.mounted(s))
	case engine.Update:
		return updateDecl{
			code: said(string(do.Code)), name: maybe(do.Name), pin: maybe(do.PIN), starts: f.instant(do.Starts), ends: f.instant(do.Ends),
			jit: maybe(do.JIT), allowExternal: maybe(do.AllowExternal), acceptGap: said(do.AcceptGap), ongoing: said(do.Ongoing), pool: said(do.UsePool),
		}, nil
	case engine.UpdateMany:
		return updateManyDecl{
			code: said(string(c.Common)), commonKey: said(do.CommonKey), name: maybe(do.Name), starts: f.instant(do.Starts), ends: f.instant(do.Ends),
			acceptGap: said(do.AcceptGap),
		}, nil
	case engine.Convert:
		return convertDecl{code: said(string(do.Code)), ongoing: said(do.Ongoing), starts: f.moment(do.Starts), ends: f.moment(do.Ends), acceptGap: said(do.AcceptGap)}, nil
	case engine.Delete:
		return deleteDecl{code: said(string(do.Code)), leaked: said(do.Leaked), leave: said(do.Leave)}, nil
	case engine.Rotate:
		return rotateDecl{code: said(string(do.Code)), pin: said(do.PIN), reason: said(do.Reason), acceptGap: said(do.AcceptGap)}, nil
	case engine.PullBackup:
		return pullDecl{code: said(string(do.Code)), as: said(string(c.As))}, nil
	case engine.SetPool:
		return poolDecl{lock: said(string(do.Device)), on: exactly(do.On)}, nil
	case engine.Adopt:
		return adoptDecl{foreignDecl: c.foreignDecl(do.Device), as: said(string(do.ID)), allowExternal: said(do.AllowExternal)}, nil
	case engine.DeleteUnmanaged:
		return c.foreignDecl(do.Device), nil
	case engine.SwapDevice:
		return swapDecl{old: said(string(do.Old)), fresh: said(string(do.New))}, nil
	case engine.Observe:
		return observeDecl(said(string(do.Device))), nil
	case engine.Undo:
		return undoDecl(said(c.Undoes)), nil
	case engine.Reveal:
		return revealDecl(said(string(do.Code))), nil
	case engine.RemoveDevice:
		return removeDecl(said(string(do.Device))), nil
	case engine.SetPolicy:
		return policyDeclOf(cmp.Or(string(do.Device), string(do.Account)), do.Patch), nil
	}
	return nil, fmt.Errorf("no scenario can say the command %T", c.Action)
}

func (c Command) foreignDecl(device lock.DeviceID) foreignDecl {
	return foreignDecl{lock: said(string(device)), slot: said(c.Slot), name: said(c.Name)}
}

func (f *File) likeDecl(c engine.Create) likeDecl {
	return likeDecl{
		name: said(c.Name), pin: said(c.PIN), pinLength: said(c.PINLength), starts: f.moment(c.Starts), ends: f.moment(c.Ends), jit: said(c.JIT),
		allowExternal: said(c.AllowExternal), usePool: said(c.UsePool), commonKey: said(c.CommonKey), holder: said(c.Holder),
		offline: said(c.Offline), oneTimeCode: said(c.OneTime), maxRounding: said(c.MaxRounding),
	}
}

// createManyDeclOf finds the name with a * that gives every code its own: the * stands for the lock, or for what a pattern of
// locks leaves open.
func createManyDeclOf(like likeDecl, do engine.CreateMany, there []string) (createManyDecl, error) {
	d := createManyDecl{likeDecl: like, ownPINs: said(do.OwnPINs)}
	if len(do.Devices) == 0 || len(do.IDs) != len(do.Devices) {
		return d, fmt.Errorf("create_many: it wants as many codes as locks, and at least one")
	}
	first := string(do.IDs[0])
	for b := len(first) - 1; b >= 0; b-- {
		for a := len(first) - b - 1; a >= 0; a-- {
			before, after := first[:b], first[len(first)-a:]
			if locks, ok := patterns(do, before, after, there); ok {
				d.id, d.locks = exactly(before+"*"+after), every(locks)
				return d, nil
			}
		}
	}
	return d, fmt.Errorf("create_many: no name with a * means %q and the other codes: call each before-LOCK-after", first)
}

// patterns returns the locks of a create_many whose codes are called before*after: by name, or by the pattern that leaves
// the * open.
func patterns(do engine.CreateMany, before, after string, there []string) (out []string, ok bool) {
	for i := 0; i < len(do.Devices); {
		stands, fits := star(before+"*"+after, string(do.IDs[i]))
		id := string(do.Devices[i])
		if fits && stands == id {
			out = append(out, id)
			i++
			continue
		}
		at := strings.Index(id, stands)
		if !fits || at < 0 {
			return nil, false
		}
		pattern := id[:at] + "*" + id[at+len(stands):]
		var meant []string
		for _, name := range there {
			if _, ok := star(pattern, name); ok {
				meant = append(meant, name)
			}
		}
		if len(meant) == 0 {
			return nil, false // the lock itself is not there
		}
		slices.Sort(meant)
		for _, name := range meant {
			stands, _ := star(pattern, name)
			if i >= len(do.Devices) || string(do.Devices[i]) != name || string(do.IDs[i]) != before+stands+after {
				return nil, false
			}
			i++
		}
		out = append(out, pattern)
	}
	return out, true
}

func lockDeclOf(l sim.LockSpec) lockDecl {
	return lockDecl{
		id: said(string(l.ID)), model: said(l.Model), name: said(l.Name), account: said(string(l.Account)), hub: said(string(l.Hub)),
		zone: said(l.Zone), slots: said(l.Slots), drift: said(l.Drift), battery: said(l.Battery),
	}
}

func policyDeclOf(on string, p engine.PolicyPatch) policyDecl {
	return policyDecl{
		on: said(on), nativeLead: maybe(p.NativeLead), jitLead: maybe(p.JITLead), overlap: maybe(p.JITOverlap), early: maybe(p.JITEarly),
		poolSize: maybe(p.PoolSize), poolRotate: maybe(p.PoolRotate), autoPull: maybe(p.AutoPull),
		evidenceTTL: maybe(p.EvidenceTTL), confirmWithin: maybe(p.ConfirmWithin), observeEvery: maybe(p.ObserveEvery), observeMin: maybe(p.ObserveMin),
		backoffMin: maybe(p.BackoffMin), backoffMax: maybe(p.BackoffMax), maxRounding: maybe(p.MaxRounding), callTimeout: maybe(p.CallTimeout),
		profile: maybe(p.Profile), external: maybe(p.External),
	}
}

func faultDeclOf(x sim.Fault) faultDecl {
	d := faultDecl{on: said(x.On), kind: said(x.Kind), lasts: said(x.For), op: said(x.Op), after: said(x.After), p: said(x.P)}
	param := func(key string, raw any) { d.params = append(d.params, exactly(value{key: key, raw: raw})) }
	for _, name := range sortedKeys(x.Args) {
		param(name, x.Args[name])
		if lapse := time.Duration(x.Args[name] * float64(time.Second)); timed(x.Kind, name) && lapse.Seconds() == x.Args[name] {
			d.params[len(d.params)-1].v.raw = strict.Short(lapse)
		}
	}
	if x.Text != "" {
		param("text", x.Text)
	}
	return d
}

// timed reports whether a parameter of a fault counts seconds, on whatever it is placed.
func timed(kind, name string) bool {
	found := false
	for _, k := range sim.Kinds() {
		if i := slices.IndexFunc(k.Params, func(p sim.Param) bool { return p.Name == name }); k.Name == kind && i >= 0 {
			if !strings.HasPrefix(k.Params[i].Meaning, "seconds") {
				return false
			}
			found = true
		}
	}
	return found
}
