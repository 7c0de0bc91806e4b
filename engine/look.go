package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// lookAt is when to look at a device next, and why.
type lookAt struct {
	at     time.Time
	why    string
	urgent bool // nothing else may be done before
}

func (l lookAt) sooner(at time.Time, why string) lookAt {
	if at.IsZero() || !l.at.IsZero() && !at.Before(l.at) {
		return l
	}
	return lookAt{at: at, why: why, urgent: l.urgent}
}

func (l lookAt) due(now time.Time) bool { return !l.at.IsZero() && !l.at.After(now) }

// lookDue returns the next look for the sake of the device as a whole.
func (d *device) lookDue(v view, wants []want) lookAt {
	const doubt = "something may have happened at the lock"
	now, stale := v.now, !d.Stale.IsZero() && !d.Device.Traits.CannotList
	if stale && (!d.Stale.After(now) || d.edgeSince(v, d.Look.At, wants)) {
		return lookAt{at: now, why: doubt, urgent: true}
	}
	if !d.Asked.IsZero() {
		return lookAt{at: now, why: "a look was asked for"}
	}
	last := d.Look.At
	if last.IsZero() {
		if d.isRetired() {
			return lookAt{}
		}
		return lookAt{at: now, why: "it was never looked at"}
	}
	if d.isRetired() && len(d.Orphans) == 0 && len(d.codes) == 0 {
		return lookAt{}
	}
	l := lookAt{at: last.Add(v.policy.ObserveEvery), why: "routine"}
	if i := slices.IndexFunc(d.Issues, func(i Issue) bool { return i.Code == "keypad_lockout" }); i >= 0 {
		ends := d.Issues[i].Until
		if ends.IsZero() {
			// One ends after minutes; the longer it lasts, the less often it is looked at.
			ends = last.Add(max(lockoutLook, last.Sub(d.Issues[i].Since)))
		}
		l = l.sooner(ends, "to see whether the keypad works again")
	}
	for _, c := range d.codes {
		if c.isOver(now) || c.Spare && c.unpulled() || c.Offline != lock.OfflineNone || len(c.Places) == 0 {
			continue
		}
		if c.inHouse(now) {
			// Of what has no end there is no stay to watch: the routine looks at it.
			if c.kind() == TimeBound && !d.Device.Traits.CannotList { // of what can't be read a look proves nothing, and costs battery
				l = l.sooner(last.Add(inHouseLook), "somebody is in-house")
			}
		}
		if at := c.From.Add(-startLook); c.From.After(now) && last.Before(at) && c.Places[0].Native {
			l = l.sooner(at, "an arrival is near")
		}
	}
	if least := last.Add(v.policy.ObserveMin); l.at.Before(least) {
		l.at = least
	}
	if stale {
		l = l.sooner(d.Stale, doubt)
	}
	return l
}

// mustLook reports whether the lock has to be looked at before this act: after a start of the engine, before a slot is
// chosen, and when it was never seen.
func (d *device) mustLook(v view, act *intent) bool {
	last := d.Look.At
	if last.IsZero() || last.Before(v.opened) {
		return true
	}
	return act.Verb == CallSet && act.Place == 0 && d.Device.Traits.ClientSlots && v.now.Sub(last) > v.policy.ObserveMin
}

// again is when to repeat a look that could not tell: each one doubles the wait, up to an hour.
func (d *device) again(looks int, p *Policy) time.Time {
	return d.Look.At.Add(backoff(p.ObserveMin, max(inHouseLook, p.ObserveMin), looks-1))
}

// confirmAt returns when to look whether a written place is there; zero: it needs no look.
func (d *device) confirmAt(v view, p *place) (time.Time, string) {
	t := &d.Device.Traits
	const why = "to see whether it is there"
	switch {
	case t.CannotList && p.Pending:
		at := p.Accepted.Add(v.policy.ObserveMin)
		if p.Looks > 0 {
			at = d.again(p.Looks, &v.policy)
		}
		if p.Due.After(d.Look.At) && p.Due.Before(at) {
			at = p.Due
		}
		return at, "to see whether it has landed"
	case t.CannotList, !p.Reported.IsZero():
		return time.Time{}, ""
	}
	if !p.Missed.IsZero() {
		return d.again(1, &v.policy), "to make sure that it is missing"
	}
	confirmed := p.Accepted.Add(v.policy.ConfirmWithin)
	switch {
	case !t.CloudList && p.Looks == 0:
		return p.Accepted, why
	case !t.CloudList:
		return d.again(p.Looks, &v.policy), why
	case p.Looks == 0:
		return p.Accepted.Add(v.policy.ObserveMin), why
	case p.Seen.IsZero() || p.PIN.IsZero() && t.AssignsPIN:
		if at := d.again(p.Looks, &v.policy); at.Before(confirmed) || !d.Look.At.Before(confirmed) {
			return at, why
		}
		return confirmed, why
	case p.Seen.Before(confirmed):
		return latest(confirmed, d.again(1, &v.policy)), "to see whether it still is there"
	case p.Pending:
		return d.again(p.Looks, &v.policy), "the cloud calls it not yet on the lock"
	}
	return time.Time{}, ""
}

// goneLook returns when to look whether an erased place is gone.
func (d *device) goneLook(v view, p *place) time.Time {
	confirmed := p.Cleared.Add(v.policy.ConfirmWithin)
	switch cloud := d.Device.Traits.CloudList; {
	case !cloud && p.Looks == 0:
		return p.Cleared
	case cloud && p.Looks == 0:
		return p.Cleared.Add(v.policy.ObserveMin)
	case cloud && p.Seen.IsZero() && d.Look.At.Before(confirmed):
		return d.again(1, &v.policy) // its write may be on its way still, and come after its erase
	case cloud && d.Look.At.Before(confirmed):
		return confirmed
	}
	return d.again(p.Looks, &v.policy)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// settled reports whether a place counts as being on the lock, by what the lock lets anybody know.
func (d *device) settled(now time.Time, p *place, policy *Policy) bool {
	t := &d.Device.Traits
	switch {
	case p.Accepted.IsZero() || p.Doubt || p.Blanked:
		return false
	case !p.Reported.IsZero():
		return true
	case t.CannotList:
		return !p.Pending
	case !p.Used.IsZero() && !p.Used.Before(p.Accepted) && p.Missed.IsZero():
		return true // it has opened the door
	case !t.CloudList:
		return false
	}
	return !p.Seen.IsZero() && !p.Pending && p.Missed.IsZero() && !now.Before(p.Accepted.Add(policy.ConfirmWithin))
}
