package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What steps do besides commands: faults, people at doors, the engine's own mishaps.

func (f faultDecl) resolve(r *resolver, s *scene) (out []Do) {
	targets := r.targets("on", f.on)
	if len(targets) == 0 || !f.kind.ok {
		return nil
	}
	fault := sim.Fault{Kind: f.kind.v, From: s.at, For: f.lasts.v, Op: f.op.v, After: f.after.v, P: f.p.v}
	kinds := r.stage.KindsFor(targets[0])
	if i := slices.IndexFunc(kinds, func(k sim.KindInfo) bool { return k.Name == f.kind.v }); i >= 0 {
		for _, g := range f.params {
			r.param(kinds[i], g.v, &fault)
		}
	}
	places := map[string]Pos{"on": f.on.at, "kind": f.kind.at, "for": f.lasts.at, "op": f.op.at, "after": f.after.at, "p": f.p.at}
	for _, g := range f.params {
		places[g.v.key] = g.at
	}
	for _, t := range targets {
		fault.On = t
		out = append(out, Fault{fault})
		if _, err := r.stage.Inject(fault); err != nil {
			text := strings.TrimPrefix(err.Error(), fmt.Sprintf("fault on %q: ", t))
			at := s.pos
			for key := range strings.SplitSeq(text[:strings.Index(text+":", ":")], ", ") {
				if p, ok := places[key]; ok && p != (Pos{}) {
					at = p
					break
				}
			}
			r.Add(at, "%s", text)
			return nil
		}
	}
	return out
}

// param reads a parameter of the fault's own: a number, or a duration where the number counts seconds; or its text.
func (r *resolver) param(info sim.KindInfo, v value, into *sim.Fault) {
	if v.key == "text" && info.Text != "" {
		into.Text, _ = text(MaxText).read(v)
		return
	}
	i := slices.IndexFunc(info.Params, func(p sim.Param) bool { return p.Name == v.key })
	if i < 0 {
		known := faultShape().names()
		for _, p := range info.Params {
			known = append(known, p.Name)
		}
		if info.Text != "" {
			known = append(known, "text")
		}
		r.Add(v.at.Key, "unknown key %q in a fault of kind %s%s", v.key, info.Name, strict.Nearest(v.key, known))
		return
	}
	var x float64
	var ok bool
	if _, isText := v.raw.(string); isText && strings.HasPrefix(info.Params[i].Meaning, "seconds") {
		var d time.Duration
		d, ok = duration(-MaxRun, MaxRun).read(v)
		x = d.Seconds()
	} else {
		x, ok = number(-1e9, 1e9).read(v)
	}
	if !ok {
		return
	}
	if into.Args == nil {
		into.Args = map[string]float64{}
	}
	into.Args[v.key] = x
}

// targets are the locks, the hub or the account that a name or pattern means.
func (r *resolver) targets(key string, g given[string]) []string {
	if !g.ok {
		return nil
	}
	_, hub := r.hubs[g.v]
	_, account := r.accounts[g.v]
	if hub || account || len(r.accounts) == 0 && g.v == "account" {
		return []string{g.v}
	}
	var out []string
	for _, m := range r.locks {
		if _, ok := star(g.v, m.id); ok {
			out = append(out, m.id)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		known := append(r.lockNames(), sortedKeys(r.hubs)...)
		known = append(known, sortedKeys(r.accounts)...)
		r.Add(g.at, "%s: no lock, hub or account %s %q%s", key, calls(g.v), g.v, strict.Nearest(g.v, known))
	}
	return out
}

func (d healDecl) resolve(r *resolver, s *scene) (out []Do) {
	if info, ok := r.steps[d.v]; ok {
		if !info.fault {
			r.Add(d.at, "heal: the step %q is no fault, or comes later", d.v)
		}
		return []Do{Heal{Step: d.v}}
	}
	for _, t := range r.targets("heal", given[string](d)) {
		out = append(out, Heal{Target: t})
	}
	return out
}

func (t typeDecl) resolve(r *resolver, s *scene) (out []Do) {
	if t.code.ok == t.pin.ok {
		r.Add(s.pos, "type: give either code or pin")
		return nil
	}
	if t.reason.ok && t.opens.v {
		r.Add(t.reason.at, "reason: says why a door does not open, but opens is true")
	}
	if t.reason.ok && !t.opens.ok {
		t.opens = given[bool]{false, t.reason.at, true}
	}
	do := Type{PIN: t.pin.v, Opens: t.opens.ptr(), Reason: t.reason.v}
	if t.pin.ok {
		if !t.lock.ok {
			r.Add(s.pos, "type: a pin is typed at a lock: give one")
		}
		for _, m := range r.matching("lock", t.lock) {
			do.Lock = lock.DeviceID(m.id)
			out = append(out, do)
		}
		return out
	}
	for _, c := range r.code("code", t.code, s) {
		if !c.told {
			r.Add(t.code.at, "code: nobody was told the PIN of %q: give it a pin, or `reveal` it before", c.id)
			return nil
		}
		do.Code = lock.CodeID(c.id)
		doors := []*mount{r.locks[c.lock]}
		if t.lock.ok {
			doors = r.matching("lock", t.lock)
		}
		for _, m := range doors {
			do.Lock = lock.DeviceID(m.id)
			out = append(out, do)
		}
	}
	return out
}

func (e editDecl) resolve(r *resolver, s *scene) (out []Do) {
	do := sim.Edit{Kind: e.kind.v, Slot: e.slot.v, PIN: e.pin.v, Name: e.name.v}
	kind := e.kind.v
	lacks := func(ok bool, what string) {
		if !ok && e.kind.ok {
			r.Add(s.pos, "edit: %s needs %s", kind, what)
		}
	}
	switch kind {
	case sim.EditAdd:
		lacks(e.pin.ok, "a pin")
	case sim.EditReset, sim.EditBattery:
	default:
		lacks(e.code.ok != e.slot.ok, "either code or slot, which says what is meant")
	}
	switch kind {
	case sim.EditPIN:
		lacks(e.pin.ok, "a pin")
	case sim.EditName:
		lacks(e.name.ok, "a name")
	case sim.EditWindow:
		lacks(e.starts.ok || e.ends.ok, "starts or ends")
	}
	if e.code.ok {
		codes := r.code("code", e.code, s)
		if len(codes) == 0 {
			return nil
		}
		do.Code = lock.CodeID(codes[0].id)
	}
	for _, m := range r.matching("lock", e.lock) {
		do.Lock = lock.DeviceID(m.id)
		do.Window.From, do.Window.To = r.instant("starts", e.starts, m.zone), r.instant("ends", e.ends, m.zone)
		if e.starts.ok && e.ends.ok && !do.Window.To.After(do.Window.From) {
			r.Add(e.ends.at, "ends: is not after starts")
		}
		out = append(out, Edit{do})
	}
	return out
}

func (e engineDecl) resolve(r *resolver, s *scene) []Do {
	switch {
	case e.stop.ok == e.kill.ok:
		r.Add(s.pos, "engine: give either stop or kill")
		return nil
	case e.kill.ok:
		return []Do{Kill{e.kill.v}}
	}
	if r.timed && s.at.Add(e.stop.v).After(r.f.End()) {
		r.Add(e.stop.at, "stop: the run ends before the engine is back")
	}
	return []Do{Stop{e.stop.v}}
}

func (n noteDecl) resolve(*resolver, *scene) []Do {
	return []Do{Note{strings.TrimSpace(n.v)}}
}
