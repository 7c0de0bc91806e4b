package world

import (
	"maps"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What the checkers know of the paths to the locks they know from how calls end: as much as the engine could know.

// link is what the ends of calls tell of the path to a lock, through a hub, or to an account.
type link struct {
	fails  int           // failures in a row, each of another lock than the one before
	last   lock.DeviceID // that failed
	down   time.Time     // last failure; zero: the last call reached the lock
	up     time.Time     // since when calls reach it
	resume time.Time     // the cloud asked to wait until then
}

// ended learns from the end of a call.
func (l *link) ended(now time.Time, id lock.DeviceID, ok bool, wait time.Duration) {
	if !ok {
		if id != l.last {
			l.fails++
		}
		l.last, l.down, l.resume = id, now, now.Add(wait)
		return
	}
	if !l.down.IsZero() || l.up.IsZero() {
		l.up = now
	}
	l.fails, l.last, l.down = 0, "", time.Time{}
}

// linked returns the links that a lock shares with others: its account's, and its hub's.
func (j *judge) linked(d *watched) []*link {
	if d.links != nil {
		return d.links
	}
	at := func(key string) *link {
		l := j.links[key]
		if l == nil {
			l = &link{}
			j.links[key] = l
		}
		return l
	}
	d.links = []*link{at("account " + string(d.Device.Account))}
	if d.Device.Hub != "" {
		d.links = append(d.links, at("hub "+string(d.Device.Account)+" "+string(d.Device.Hub)))
	}
	return d.links
}

// placed learns that an entry which the lock did not hold stands there by now under the handle at: its erase may have been taken before.
func (j *judge) placed(id lock.DeviceID, absent, at lock.Ref) {
	d := j.device(id)
	if t, ok := d.acked[absent]; ok && t.After(d.acked[at]) {
		d.acked[at] = t
	}
}

// outcome learns how a call ended.
func (j *judge) outcome(now time.Time, c engine.Call, r sim.Result) {
	d := j.device(c.Device)
	d.deadline, d.ended = time.Time{}, now
	ok, blame, wait := r.Err == nil, driver.BlameUnknown, time.Duration(0)
	if !ok {
		blame, wait = r.Err.Blame, r.Err.RetryAfter
	}
	if c.Verb == engine.CallSet && ok {
		d.written[r.Held.Ref], d.places[r.Held.Slot] = true, true
	}
	switch {
	case c.Verb == engine.CallObserve && ok:
		ok = r.Observation.Reach == lock.Reached
		switch r.Observation.Reach {
		case lock.HubDown:
			blame = driver.BlameHub
		case lock.AccountDown:
			blame = driver.BlameCloud
		}
		if ok {
			j.looked(now, d, r.Observation)
		}
	case c.Verb == engine.CallSet && c.At == "":
		for _, s := range d.entries {
			if target(c, s.Memory) && s.Code != c.Want.Code {
				d.erases[s.Ref] = now // it was to be written over
			}
		}
	case c.Verb == engine.CallClear || c.Verb == engine.CallSet:
		d.erase, d.erases[c.At] = now, now
		if ok && c.Verb == engine.CallSet {
			d.blanked[c.At] = now
		}
		if ok && c.Verb == engine.CallClear {
			d.acked[c.At] = now
			delete(d.written, c.At)
		}
		if c.Verb == engine.CallClear && (ok || r.Err.Kind != driver.Ambiguous) { // what certainly did not happen erases nothing
			for slot, ref := range d.erasing {
				if ref == c.At {
					delete(d.erasing, slot)
				}
			}
		}
	}
	d.line.ended(now, c.Device, ok, wait)
	for _, l := range j.linked(d) {
		l.ended(now, c.Device, ok, wait)
		if !ok && blame != driver.BlameUnknown && blame != driver.BlameLock && blame != driver.BlameRequest {
			l.fails = max(l.fails, many)
		}
	}
	if len(d.entries) > 0 {
		j.soil(d)
	}
}

// many locks that fail in a row say that it is not the locks.
const many = 2

// looked keeps what the engine was shown of a lock.
func (j *judge) looked(now time.Time, d *watched, o lock.Observation) {
	o.At = now
	for ref, at := range d.acked {
		if d.look.At.Before(at) && d.erases[ref].Equal(at) {
			d.erases[ref] = now // only now it shows whether it was erased
		}
	}
	if most := d.Device.Traits.Slots; d.Device.Traits.CloudList && most > 0 && max(len(d.look.Held), len(o.Held)) >= most {
		d.filled = now // by what its cloud says, and nobody knows better
	}
	d.look = o
	if !d.Device.Traits.CannotList {
		maps.DeleteFunc(d.written, func(ref lock.Ref, _ bool) bool {
			return !slices.ContainsFunc(o.Held, func(h lock.Held) bool { return h.Ref == ref })
		})
	}
	if d.fooled && j.truthful(d, o) {
		d.fooled = false
	}
	if o.Complete {
		stands := func(h lock.Held) bool { // some locks list an empty slot as disabled zeros
			return h.Enabled || !h.PIN.Zeros() || h.Name != "" || h.Tag != "" || !h.Window.IsZero()
		}
		for slot, ref := range d.erasing {
			if !slices.ContainsFunc(o.Held, func(h lock.Held) bool { return h.Ref == ref && stands(h) }) {
				delete(d.erasing, slot)
			}
		}
	}
}

// truthful reports whether a look shows exactly what the lock holds, with no fault left that could make it lie.
func (j *judge) truthful(d *watched, o lock.Observation) bool {
	mem := j.memory(d.Device.ID)
	if !o.Complete || len(mem) != len(o.Held) {
		return false
	}
	for i, m := range mem {
		if o.Held[i].Ref != m.Ref { // lists are mostly in the same order
			i = slices.IndexFunc(o.Held, func(h lock.Held) bool { return h.Ref == m.Ref })
		}
		if i < 0 || o.Held[i].Enabled != m.Enabled || !d.Device.Traits.HidesWindow && !o.Held[i].Window.Equal(m.Window) {
			return false
		}
	}
	return !j.door.Ailing(d.Device.ID)
}

// behind reports whether a target is the lock, or its hub or account.
func (d *watched) behind(target string) bool {
	return target == string(d.Device.ID) || target == string(d.Device.Account) || target != "" && target == string(d.Device.Hub)
}
