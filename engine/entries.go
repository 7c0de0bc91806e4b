package engine

import (
	"cmp"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// entries takes the lock's log: proof of use, tries in vain, and the tripwire for schedules that are not obeyed. It returns the
// openings that no place explains.
func (b *batch) entries(d *device, log []lock.Entry) (unexplained []lock.Entry) {
	for _, e := range log {
		switch e.Kind {
		case lock.Denied:
			if at := cmp.Or(e.At, b.now); e.Reason == "unknown_code" && at.After(d.Denied) {
				d.Denied = at
			}
			b.event(Event{Type: "lock.access_denied", Account: d.Device.Account, Device: d.id(), Text: e.Reason})
		case lock.Locked:
			b.event(Event{Type: "lock.locked", Account: d.Device.Account, Device: d.id()})
		case lock.Tampered:
			b.event(Event{Type: "device.tampered", Account: d.Device.Account, Device: d.id()})
		case lock.Opened:
			if !b.opened(d, e.Ref, cmp.Or(e.At, b.now)) {
				unexplained = append(unexplained, e)
			}
		}
	}
	return unexplained
}

// lockout takes when wrong tries have locked the keypad. Tries while it is locked don't make that longer.
func (d *device) lockout(log []lock.Entry, now time.Time) {
	lasts := d.Device.Traits.Lockout
	for _, e := range log {
		if at := cmp.Or(e.At, now).UTC(); lasts > 0 && e.Kind == lock.Denied && e.Reason == "too_many_attempts" && !at.Before(d.Locked) {
			d.Locked, d.dirtyRun = at.Add(lasts), true
		}
	}
}

// opened takes an opening by the code whose place has that handle. It reports whether there is one.
func (b *batch) opened(d *device, ref lock.Ref, at time.Time) bool {
	for _, c := range d.codes {
		for i := range c.Places {
			p := &c.Places[i]
			if ref == "" || p.Ref != ref {
				continue
			}
			c.dirty = true
			if at.After(p.Used) {
				p.Used = at
			}
			b.tell("lock.unlocked", d, c, "opened by code")
			if c.unpulled() {
				c.Deleted = b.now // its digits are known: a spare that somebody typed is renewed
				return true
			}
			b.tripwire(d, c, p, at)
			b.proven(d, c, at)
			return true
		}
	}
	return false
}

// proven takes an opening by a code for what no list can tell: its digits stand on the lock, whatever came of the writes of which nobody
// knows. It is the first of them that has landed, because a lock does not take digits that it has. It reports whether that is known now.
func (b *batch) proven(d *device, c *code, used time.Time) bool {
	var first *place
	since := c.Wished
	for i := range c.Places {
		p := &c.Places[i]
		if p.Pending || p.PIN != c.PIN || p.Blanked || !p.Cleared.IsZero() || !p.Accepted.IsZero() && !p.Doubt {
			return false // it is known, a look will tell, or it may have been by other digits
		}
		if used, since = latest(used, p.Used), latest(since, p.Tried); first == nil {
			first = p
		}
	}
	if first == nil || !d.Device.Traits.CannotList || used.IsZero() || used.Before(since) || c.isOver(b.now) {
		return false
	}
	first.Accepted, first.Used, first.Doubt, c.dirty = used, used, false, true
	if first.Native {
		c.NoNative = "" // the lock refused to take its schedule once more
	}
	b.done(d, c)
	return true
}

// tripwire judges an opening by the window: a native schedule that is not obeyed is not relied on any more.
func (b *batch) tripwire(d *device, c *code, p *place, at time.Time) {
	w := c.window()
	grain := max(d.Device.Traits.Granularity, time.Minute)
	early := !w.From.IsZero() && at.Before(w.From.Add(-grain))
	late := w.Bounded() && !at.Before(w.To.Add(grain))
	if !early && !late || !p.Wrote.IsZero() && at.Before(p.Wrote) {
		return
	}
	what := "used_too_early"
	if late {
		what = "used_too_late"
	}
	if !p.Native {
		if late {
			b.raise(d, c, issue(what, b.now))
		}
		return
	}
	b.raise(d, c, issue(what, b.now))
	if d.Distrust == "" {
		d.Distrust, d.dirtyRun = "schedule_ignored", true
		b.raiseDevice(d, issue("schedule_ignored", b.now))
	}
}
