package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// standing raises and lowers the issues that follow from the present alone, and tells what has changed.
func (b *batch) standing(d *device, x decision, policy *Policy) {
	now := b.now
	auth := b.e.authLost(d)
	for i, c := range d.codes {
		w := &x.Wants[i]
		var held blocked
		for _, k := range x.Blocked {
			if k.Code == c {
				held = k
			}
		}
		b.standingCode(d, c, w, held, x.Whole, policy)
		b.moved(d, c, w, d.status(now, c, w, policy, auth), policy)
	}
	b.crowd(d)
}

// crowd says that a lock holds as many codes as it can: the next one will have to wait. One that hides how many that are has
// said so to a code.
func (b *batch) crowd(d *device) {
	full, n := false, d.Device.Traits.Slots
	if n > 0 {
		full = d.used() >= n
	} else {
		full = slices.ContainsFunc(d.codes, func(c *code) bool { return c.noRoom() })
	}
	b.setDevice(d, full && !d.isRetired(), "max_access_codes_reached", func(i Issue) Issue {
		if n > 0 {
			i.Message = "all " + itoa(int64(n)) + " slots of the lock are taken"
		}
		return i
	})
}

func (b *batch) set(d *device, c *code, on bool, name string, with func(Issue) Issue) {
	if !on {
		if len(c.Issues) > 0 {
			b.lower(d, c, name)
		}
		return
	}
	i := issue(name, b.now)
	if with != nil {
		i = with(i)
	}
	b.raise(d, c, i)
}

func (b *batch) standingCode(d *device, c *code, w *want, held blocked, whole bool, policy *Policy) {
	now := b.now
	over, placed := c.isOver(now), len(c.Places) > 0
	on := false
	for i := range c.Places {
		on = on || d.serves(now, c, &c.Places[i], policy)
	}
	begun := !c.From.After(now)
	due := !now.Before(d.lateSet(c, w, policy))
	const delay = "delay_in_setting_on_device"
	missing := !over && begun && !on && !c.Honoured && !c.unpulled() && !d.isRetired()
	b.set(d, c, missing && (has(c.Issues, delay) || due && !d.changing(now, c, policy)), delay, nil)
	late := d.lateErase(c, policy)
	const stays = "delay_in_removing_from_device"
	b.set(d, c, over && placed && !late.IsZero() && (has(c.Issues, stays) || !now.Before(late)), stays, nil)
	b.set(d, c, over && placed && !c.Deleted.IsZero(), "being_deleted", nil)
	b.set(d, c, c.Pulled != "", "using_backup_access_code", nil)
	var exposed time.Time
	for i := range c.Places {
		p := &c.Places[i]
		if d.Device.Traits.CannotList && !p.Cleared.IsZero() && over && !c.Unproven && !d.outlasted(p, now) {
			c.Unproven, c.dirty = true, true
		}
		exposed = earliest(exposed, d.alarms(c, p, now, policy))
	}
	b.set(d, c, !exposed.IsZero() && now.Sub(exposed) >= time.Minute, "exposed", nil)
	b.set(d, c, !over && w.Issue == "native_declined" && !c.JIT, "native_declined", func(i Issue) Issue { i.Message = w.Why; return i })
	b.set(d, c, !over && !w.On && w.Holds.After(now) && !now.Before(w.Due), "waits_for_guest_before", nil)
	b.set(d, c, held.Issue == "gap_not_accepted", "change_waits", nil)
	dies := d.diesUnused(c)
	b.set(d, c, !over && !dies.IsZero(), "first_use_deadline", func(i Issue) Issue {
		i.Message = "it dies unless it is used by " + d.when(dies)
		return i
	})
	// These two also come from the lock itself: a place of its own, or its absence with nothing in the way, ends them.
	fine := placed && on || over || whole && c.Refused == "" && held.Issue == "" && c.NextTry.IsZero()
	for _, name := range [...]string{"no_space_for_access_code_on_device", "duplicate_code_on_device"} {
		switch {
		case held.Issue == name:
			b.set(d, c, true, name, func(i Issue) Issue {
				i.Other, i.OtherRef = held.Other, held.OtherRef
				if held.OtherRef != "" {
					i.Message = "somebody else's code, " + string(held.OtherRef) + ", has this PIN on the lock"
				}
				return i
			})
		case fine:
			b.set(d, c, false, name, nil)
		}
	}
	b.set(d, c, !over && on && d.Device.Traits.CloudList && !d.Device.Traits.CannotList && !c.unpulled() && c.unconfirmed() && c.Offline == lock.OfflineNone, "unconfirmed", nil)
}

// lateSet is from when a code that is not on its lock is late: from its start, unless a cloud lists it and is not yet to be
// believed, or nothing could be done ahead of that. Then writing it, or enabling it, may take as long as any confirmation.
func (d *device) lateSet(c *code, w *want, policy *Policy) time.Time {
	staged := !w.Native && policy.JITEarly == EarlyStage && d.Device.Traits.Stages
	asked := latest(c.Created, c.Wished)
	if c.From.After(asked) && w.Due.Before(c.From) && !staged {
		late := c.From
		for i := range c.Places {
			if p := &c.Places[i]; d.Device.Traits.CloudList && !p.Seen.IsZero() && !p.Pending && !p.Doubt && p.Missed.IsZero() {
				late = latest(late, p.Accepted.Add(policy.ConfirmWithin))
			}
		}
		return late
	}
	since := latest(asked, c.From)
	for i := range c.Places {
		since = latest(since, c.Places[i].Accepted)
	}
	return since.Add(policy.ConfirmWithin)
}

// changing reports whether a code that stood on the lock is taking another form right now: that is no delay yet.
func (d *device) changing(now time.Time, c *code, policy *Policy) bool {
	if len(c.Changing) == 0 {
		return false
	}
	if f := d.Flight; f != nil && (f.Code == c.ID || f.Verb == CallObserve) {
		return true
	}
	for i := range c.Places {
		if p := &c.Places[i]; now.Sub(latest(p.Accepted, p.Cleared)) < policy.ConfirmWithin {
			return true
		}
	}
	return false
}

// lateErase is from when the erase of a code that is over counts as late. Zero: it can't be late, only unproven.
func (d *device) lateErase(c *code, policy *Policy) time.Time {
	var late time.Time
	for i := range c.Places {
		late = earliest(late, d.lateFor(c, &c.Places[i], policy))
	}
	return late
}

// lateFor is the same of a place: five minutes after its erase should have begun, or, once it was accepted, twice the time that a cloud
// is given to show it.
func (d *device) lateFor(c *code, p *place, policy *Policy) time.Time {
	switch t := &d.Device.Traits; {
	case p.Blanked:
		// It opens nothing any more.
	case p.Cleared.IsZero():
		return c.over().Add(removalGrace)
	case t.CloudList:
		return p.Cleared.Add(2 * policy.ConfirmWithin)
	case !t.CannotList:
		return p.Cleared.Add(removalGrace)
	}
	return time.Time{}
}

// unconfirmed reports whether only a cloud vouches for the code.
func (c *code) unconfirmed() bool {
	for i := range c.Places {
		if p := &c.Places[i]; !p.Reported.IsZero() || !p.Used.IsZero() {
			return false
		}
	}
	return len(c.Places) > 0
}

// moved tells what happened to a code's status and to its place.
func (b *batch) moved(d *device, c *code, w *want, s Status, policy *Policy) {
	for i := range c.Places {
		p := &c.Places[i]
		if !p.Told && p.Native && !c.isOver(b.now) && !c.window().Started(b.now) && d.settled(b.now, p, policy) {
			p.Told, c.dirty = true, true
			b.tell("access_code.scheduled_on_device", d, c, "")
		}
		if len(c.Changing) > 0 && p.Cleared.IsZero() && d.settled(b.now, p, policy) && w.holds(p, &d.Device.Traits) {
			for _, what := range c.Changing {
				b.tell("access_code."+what+"_changed", d, c, "the lock has it")
			}
			c.Changing, c.Prior, c.dirty = nil, nil, true
		}
	}
	if len(c.Places) == 0 && !w.On && c.Prior != nil {
		c.Prior, c.dirty = nil, true // nothing of the old form is left to go back to
	}
	if s == c.Was {
		return
	}
	before := cmp.Or(c.Before, c.Was)
	switch {
	case s == StatusSet && before != StatusSet && !c.unpulled():
		b.tell("access_code.set_on_device", d, c, "")
	case s == StatusUnknown || c.Was == StatusUnknown:
		b.tell("access_code.changed", d, c, "status is "+string(s))
	}
	if c.Before = ""; s == StatusUnknown {
		c.Before = before
	}
	c.Was, c.dirty = s, true
}

// authLost reports whether the account's login is refused, so that nothing can be known.
func (e *Engine) authLost(d *device) bool {
	l := e.linksOf(d)[0]
	return !l.open() && l.Auth
}
