package scenario

import (
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// The commands: how each is checked against the story so far and spelt out.

func (c createDecl) resolve(r *resolver, s *scene) (out []Do) {
	r.lone(c.likeDecl, s)
	if c.id.ok && c.lock.ok && strings.Contains(c.id.v, "*") != strings.Contains(c.lock.v, "*") {
		r.Add(c.id.at, "id: a * in the id and a * in the lock go together")
		return nil
	}
	for _, m := range r.matching("lock", c.lock) {
		stands, _ := star(c.lock.v, m.id)
		id := strings.Replace(c.id.v, "*", stands, 1)
		from, to := r.window(c.starts, c.ends, m.id, s)
		do := c.create(from, to)
		do.ID, do.Device = lock.CodeID(id), lock.DeviceID(m.id)
		r.bring("id", c.id, id, m.id, c.pin.ok, s)
		out = append(out, Command{Action: do})
	}
	return out
}

func (c createManyDecl) resolve(r *resolver, s *scene) []Do {
	r.lone(c.likeDecl, s)
	if c.id.ok && !strings.Contains(c.id.v, "*") {
		r.Add(c.id.at, "id: needs a *, which stands for each lock: write %q", c.id.v+"-*")
		return nil
	}
	do := engine.CreateMany{OwnPINs: c.ownPINs.v}
	for _, g := range c.locks.v {
		for _, m := range r.matching("locks", g) {
			stands, _ := star(g.v, m.id)
			id := strings.Replace(c.id.v, "*", stands, 1)
			do.Devices, do.IDs = append(do.Devices, lock.DeviceID(m.id)), append(do.IDs, lock.CodeID(id))
			r.bring("id", c.id, id, m.id, c.pin.ok, s)
		}
	}
	if len(do.Devices) == 0 {
		if c.locks.ok && len(c.locks.v) == 0 {
			r.Add(c.locks.at, "locks: names no door")
		}
		return nil
	}
	from, to := r.window(c.starts, c.ends, string(do.Devices[0]), s)
	do.Like = c.create(from, to)
	return []Do{Command{Action: do}}
}

func (u updateDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, c := range r.code("code", u.code, s) {
		from, to := r.window(u.starts, u.ends, c.lock, s)
		do := engine.Update{
			Code: lock.CodeID(c.id), Name: u.name.ptr(), PIN: u.pin.ptr(), JIT: u.jit.ptr(), AllowExternal: u.allowExternal.ptr(),
			AcceptGap: u.acceptGap.v, Ongoing: u.ongoing.v, UsePool: u.pool.v,
		}
		if u.starts.ok {
			do.Starts = &from
		}
		if u.ends.ok {
			do.Ends = &to
		}
		if u.pin.ok {
			c.tell(s)
		}
		out = append(out, Command{Action: do})
	}
	return out
}

func (u updateManyDecl) resolve(r *resolver, s *scene) []Do {
	if u.code.ok == u.commonKey.ok {
		r.Add(s.pos, "update_many: give either common_key or code")
		return nil
	}
	var door string
	do := Command{}
	if u.code.ok {
		codes := r.code("code", u.code, s)
		if len(codes) == 0 {
			return nil
		}
		door, do.Common = codes[0].lock, lock.CodeID(codes[0].id)
	}
	from, to := r.window(u.starts, u.ends, door, s)
	action := engine.UpdateMany{CommonKey: u.commonKey.v, Name: u.name.ptr(), AcceptGap: u.acceptGap.v}
	if u.starts.ok {
		action.Starts = &from
	}
	if u.ends.ok {
		action.Ends = &to
	}
	do.Action = action
	return []Do{do}
}

func (c convertDecl) resolve(r *resolver, s *scene) (out []Do) {
	if !c.ongoing.v && !(c.starts.ok && c.ends.ok) && !s.refused.ok {
		r.Add(s.pos, "convert: give ongoing = true, or both starts and ends")
	}
	for _, code := range r.code("code", c.code, s) {
		from, to := r.window(c.starts, c.ends, code.lock, s)
		out = append(out, Command{Action: engine.Convert{Code: lock.CodeID(code.id), Ongoing: c.ongoing.v, Starts: from, Ends: to, AcceptGap: c.acceptGap.v}})
	}
	return out
}

func (d deleteDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, c := range r.code("code", d.code, s) {
		out = append(out, Command{Action: engine.Delete{Code: lock.CodeID(c.id), Leaked: d.leaked.v, Leave: d.leave.v}})
	}
	return out
}

func (d rotateDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, c := range r.code("code", d.code, s) {
		if d.pin.ok {
			c.tell(s)
		}
		out = append(out, Command{Action: engine.Rotate{Code: lock.CodeID(c.id), PIN: d.pin.v, Reason: d.reason.v, AcceptGap: d.acceptGap.v}})
	}
	return out
}

func (p pullDecl) resolve(r *resolver, s *scene) []Do {
	codes := r.code("code", p.code, s)
	if len(codes) == 0 {
		return nil
	}
	if p.as.ok {
		r.bring("as", p.as, p.as.v, codes[0].lock, false, s)
	}
	return []Do{Command{Action: engine.PullBackup{Code: lock.CodeID(codes[0].id)}, As: lock.CodeID(p.as.v)}}
}

func (p poolDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, m := range r.matching("lock", p.lock) {
		out = append(out, Command{Action: engine.SetPool{Device: lock.DeviceID(m.id), On: p.on.v}})
	}
	return out
}

func (a adoptDecl) resolve(r *resolver, s *scene) []Do {
	m, ok := r.foreign(a.foreignDecl, "adopt", s)
	if !ok {
		return nil
	}
	r.bring("as", a.as, a.as.v, m.id, false, s)
	return []Do{Command{Action: engine.Adopt{Device: lock.DeviceID(m.id), ID: lock.CodeID(a.as.v), AllowExternal: a.allowExternal.v}, Slot: a.slot.v, Name: a.name.v}}
}

func (f foreignDecl) resolve(r *resolver, s *scene) []Do {
	m, ok := r.foreign(f, "delete_unmanaged", s)
	if !ok {
		return nil
	}
	return []Do{Command{Action: engine.DeleteUnmanaged{Device: lock.DeviceID(m.id)}, Slot: f.slot.v, Name: f.name.v}}
}

func (r *resolver) foreign(f foreignDecl, verb string, s *scene) (*mount, bool) {
	if f.slot.ok == f.name.ok {
		r.Add(s.pos, "%s: give either slot or name", verb)
		return nil, false
	}
	found := r.matching("lock", f.lock)
	if len(found) == 0 {
		return nil, false
	}
	return found[0], true
}

func (d swapDecl) resolve(r *resolver, s *scene) []Do {
	old, fresh := r.matching("old", d.old), r.matching("new", d.fresh)
	if len(old) == 0 || len(fresh) == 0 {
		return nil
	}
	if s.happens() {
		for _, c := range r.codes {
			if c.lock == old[0].id {
				c.lock = fresh[0].id
			}
		}
	}
	return []Do{Command{Action: engine.SwapDevice{Old: lock.DeviceID(old[0].id), New: lock.DeviceID(fresh[0].id)}}}
}

func (d observeDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, m := range r.matching("observe", given[string](d)) {
		out = append(out, Command{Action: engine.Observe{Device: lock.DeviceID(m.id)}})
	}
	return out
}

func (d undoDecl) resolve(r *resolver, s *scene) []Do {
	info, ok := r.steps[d.v]
	switch {
	case !ok:
		r.Add(d.at, "undo: no step has the id %q%s", d.v, strict.Nearest(d.v, sortedKeys(r.steps)))
		return nil
	case !info.command:
		r.Add(d.at, "undo: the step %q is no command, or comes later", d.v)
		return nil
	}
	return []Do{Command{Action: engine.Undo{}, Undoes: d.v}}
}

func (d revealDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, c := range r.code("reveal", given[string](d), s) {
		c.tell(s)
		out = append(out, Command{Action: engine.Reveal{Code: lock.CodeID(c.id)}})
	}
	return out
}

func (l lockDecl) resolve(r *resolver, s *scene) []Do {
	spec, ok := r.mount(l, l.id.v)
	if !ok {
		return nil
	}
	return []Do{AddLock{spec}}
}

func (d removeDecl) resolve(r *resolver, s *scene) []Do {
	found := r.matching("remove_lock", given[string](d))
	if len(found) == 0 {
		return nil
	}
	return []Do{Command{Action: engine.RemoveDevice{Device: lock.DeviceID(found[0].id)}}}
}

func (p policyDecl) resolve(r *resolver, s *scene) (out []Do) {
	for _, x := range r.policy(p) {
		out = append(out, Command{Action: engine.SetPolicy{Account: x.Account, Device: x.Device, Patch: x.Patch}})
	}
	return out
}
