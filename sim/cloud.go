package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// The cloud's copy. A through cloud waits for the lock and notes what it acknowledged; an asynchronous one accepts first.

// mirror notes in the cloud's copy what a lock has acknowledged.
func (d *device) mirror(fl *flight) {
	if !d.traits.CloudList || fl.call.Verb == verbObserve {
		return
	}
	d.remember(true)
	ref := fl.call.At
	if fl.call.Verb == verbSet {
		ref = fl.res.Held.Ref
	}
	d.forget(ref)
	if i := indexRef(d.mem, ref); fl.call.Verb == verbSet && i >= 0 {
		d.cloud, _ = insert(d.cloud, d.mem[i])
	}
	d.touch()
}

// refresh has a cloud that asks its lock itself note what that holds: of a write whose answer was lost it learns so.
func (d *device) refresh() {
	if d.traits.CloudList && !slices.Equal(d.cloud, d.mem) {
		d.remember(true)
		d.cloud = slices.Clone(d.mem)
		d.touch()
	}
}

// forget removes an entry from the cloud's copy.
func (d *device) forget(ref lock.Ref) {
	if i := indexRef(d.cloud, ref); i >= 0 {
		d.cloud = append(d.cloud[:i], d.cloud[i+1:]...)
		d.touch()
	}
}

// accept is an asynchronous cloud's yes: the entry stands in its list, pending, and goes to the lock later.
func (d *device) accept(want *lock.Credential, at lock.Ref) (lock.Held, *refusal) {
	e, r := d.enlist(want, at)
	if r != nil {
		return lock.Held{}, r
	}
	if e.Job == jobSet {
		d.kick(d.f.k.Now().Add(d.pause()))
	}
	return d.held(e), nil
}

// enlist puts want into the cloud's copy, to be done at the lock.
func (d *device) enlist(want *lock.Credential, at lock.Ref) (*entry, *refusal) {
	own, slot, r := d.place(d.cloud, want, at)
	if r != nil {
		return nil, r
	}
	if own >= 0 && d.cloud[own].Job != jobClear && d.cloud[own].holds(d.prof, want) {
		return &d.cloud[own], nil
	}
	if r := d.prof.check(want, d.cloud, own, d.f.k.Now(), d.zone != nil); r != nil {
		return nil, r
	}
	if own < 0 && slot == 0 {
		return nil, &refusal{driver.Full, driver.BlameCloud, "no_free_slot"}
	}
	d.remember(true)
	if own < 0 {
		ref := slotRef(slot)
		if !d.traits.ClientSlots {
			ref = d.ref("k")
		}
		d.cloud, own = insert(d.cloud, entry{Memory: Memory{Slot: slot, Ref: ref}})
	}
	e := &d.cloud[own]
	mine := *want
	mine.Code = d.codeOf(want)
	e.take(d.prof, &mine)
	e.Job, e.Rev = jobSet, e.Rev+1
	d.touch()
	return e, nil
}

// dismiss is an asynchronous cloud's yes to a clear: the entry stays listed, pending, until the lock has let it go.
func (d *device) dismiss(ref lock.Ref) {
	i := indexRef(d.cloud, ref)
	if i < 0 {
		return
	}
	d.remember(true)
	e := &d.cloud[i]
	e.Job, e.Rev = jobClear, e.Rev+1
	d.touch()
	d.kick(d.f.k.Now().Add(d.pause()))
}

// pause is how long an asynchronous cloud takes to hand a job to the lock: 2 to 10 s.
func (d *device) pause() time.Duration {
	return 2*time.Second + time.Duration(d.rand.Int64N(int64(8*time.Second)))
}

// Delivery: one job at a time, tried again after a pause that doubles, and at once when the lock is back.

const (
	deliverPatience = 30 * time.Second
	deliverAgain    = 30 * time.Second
	deliverAtMost   = 10 * time.Minute
)

// delivery is the kernel event at which the cloud turns to a lock's jobs.
type delivery device

// kick lets the cloud turn to its jobs for the lock at that instant, unless it will earlier.
func (d *device) kick(at time.Time) {
	if d.kickAt.IsZero() || at.Before(d.kickAt) {
		d.kickAt = at
		d.touch()
		d.f.k.post(nanos(at), ClassLock, (*delivery)(d))
	}
}

func (e *delivery) act() {
	d := (*device)(e)
	now := d.f.k.Now()
	if d.kickAt.IsZero() || now.Before(d.kickAt) {
		return
	}
	d.kickAt = time.Time{}
	d.touch()
	if d.delivering {
		return // the end of the job under way turns to the next
	}
	for i := range d.cloud {
		if e := &d.cloud[i]; e.Job != jobNone {
			d.delivering = true
			fl := d.f.flight()
			fl.d, fl.job, fl.rev, fl.call = d, true, e.Rev, Call{
				Verb: verbSet, Device: d.id, At: e.Ref, Want: e.credential(), Deadline: now.Add(deliverPatience),
			}
			if e.Job == jobClear {
				fl.call.Verb = verbClear
			}
			fl.far = jitter(d.prof.Radio, d.rand.Uint32())
			fl.inHub()
			return
		}
	}
}

// settle ends one job: done, refused for good, or to be tried again.
func (d *device) settle(fl *flight, failed *driver.Error) {
	d.delivering = false
	now := d.f.k.Now()
	if failed != nil && (failed.Kind == driver.Offline || failed.Kind == driver.Ambiguous || failed.Kind == driver.Throttled) {
		d.kick(now.Add(min(deliverAgain<<min(d.tries, 10), deliverAtMost)))
		d.tries++
		d.touch()
		return
	}
	d.tries = 0
	i := indexRef(d.cloud, fl.call.At)
	if i >= 0 && d.cloud[i].Rev == fl.rev {
		d.remember(true)
		have := indexRef(d.mem, fl.call.At)
		switch {
		case failed != nil || d.cloud[i].Job == jobClear:
			d.forget(fl.call.At)
		default:
			e := &d.cloud[i]
			e.Job = jobNone
			if have >= 0 {
				e.PIN, e.Window = d.mem[have].PIN, d.mem[have].Window
			}
		}
		d.touch()
		d.f.notify(d)
	}
	for i := range d.cloud {
		if d.cloud[i].Job != jobNone {
			d.kick(now.Add(time.Second))
			return
		}
	}
}
