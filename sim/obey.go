package sim

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// write is what a lock is about to do; its faults may bend it.
type write struct {
	verb   string
	want   lock.Credential
	at     lock.Ref
	skip   bool     // say yes and do nothing
	answer *refusal // what to answer although it was done
}

// bend lets the faults of the lock meddle with a write, or refuse it.
func (d *device) bend(w *write) *refusal {
	for _, x := range d.faults {
		if x.kind.write != nil && x.strikes(w.verb) {
			if r := x.kind.write(x, d, w); r != nil {
				x.fire(d)
				return r
			}
		}
	}
	return nil
}

// obeySet is a set that has reached the lock. kept says that the cloud has given the entry its handle already, asOf is when it
// must not have begun yet.
func (d *device) obeySet(want *lock.Credential, at lock.Ref, kept bool, asOf time.Time) (lock.Held, *refusal) {
	w := write{verb: verbSet, want: *want, at: at}
	if h := d.hub; h != nil {
		for _, x := range h.faults {
			if x.kind.wall != nil {
				w.want.Window = x.kind.wall(x, d, w.want.Window, false)
			}
		}
	}
	if r := d.bend(&w); r != nil {
		return lock.Held{}, r
	}
	var ref lock.Ref
	if kept {
		ref = at
	}
	e, r := d.set(&w.want, w.at, ref, asOf)
	switch {
	case r != nil:
		return lock.Held{}, r
	case w.answer != nil:
		return lock.Held{}, w.answer
	}
	return d.held(e), nil
}

// obeyClear is a clear that has reached the lock. What is absent is cleared.
func (d *device) obeyClear(ref lock.Ref) *refusal {
	w := write{verb: verbClear, at: ref}
	if r := d.bend(&w); r != nil {
		return r
	}
	i := indexRef(d.mem, ref)
	if i >= 0 && !w.skip && !d.mem[i].Ghost {
		d.erase(i)
	}
	return nil
}

// reach tells how far a message can come. loud looks count for the faults that stop it.
func (d *device) reach(loud bool) lock.Reach {
	if d.hub != nil && len(d.hub.faults) > 0 {
		if r := d.stopped(d.hub.faults, loud); r != lock.Reached {
			return r
		}
	}
	if len(d.faults) > 0 {
		if r := d.stopped(d.faults, loud); r != lock.Reached {
			return r
		}
	}
	if d.charge <= 0 {
		return lock.LockDown
	}
	return lock.Reached
}

func (d *device) stopped(faults []*trouble, loud bool) lock.Reach {
	for _, x := range faults {
		if x.kind.down == nil {
			continue
		}
		if r := x.kind.down(x, d); r != lock.Reached {
			if loud {
				x.fire(d)
			}
			return r
		}
	}
	return lock.Reached
}

// level is the charge of the battery now.
func (d *device) level() float64 {
	level := d.charge
	for _, x := range d.faults {
		if x.kind.level != nil {
			level = x.kind.level(x, d, level)
		}
	}
	return level
}
