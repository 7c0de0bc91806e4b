package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// freed drops a place that is gone, and closes its exposure, which lasted until `at`.
func (b *batch) freed(d *device, c *code, p *place, at time.Time) {
	b.shut(d, c, p, at)
	if d.Device.Traits.CannotList && c.isOver(b.now) && !d.outlasted(p, b.now) {
		c.Unproven = true
	}
	d.remember(p, c.ID, b.now)
	if t := &d.Device.Traits; (t.NameMax == 0 || !t.ClientSlots) && p.PIN == c.PIN {
		d.mislay(p, c.ID, b.now) // without its name on it, it would come back as somebody else's
	}
	c.dropPlace(p.ID)
}

// outlasted reports whether the lock itself has turned a place off, by the end that it was given.
func (d *device) outlasted(p *place, now time.Time) bool {
	return p.Window.Bounded() && !now.Before(p.Window.To) && d.distrust() == ""
}

// shut closes the exposure of a place, which lasted until at.
func (b *batch) shut(d *device, c *code, p *place, at time.Time) {
	if x := d.exposed(c, p, b.now); !x.IsZero() && at.After(x) {
		c.Past += at.Sub(x)
		p.Shut += at.Sub(x)
	}
}

// exposed is since when a place opens, or may open, although its code should not; zero: it does not.
func (d *device) exposed(c *code, p *place, now time.Time) time.Time {
	end := c.over()
	if end.IsZero() || now.Before(end) || p.Blanked || p.Disabled || p.Accepted.IsZero() || c.Offline != lock.OfflineNone {
		return time.Time{}
	}
	if d.outlasted(p, now) && (c.Deleted.IsZero() || !c.Deleted.Before(p.Window.To)) {
		return time.Time{}
	}
	if d.distrust() == "" && !p.Window.Started(now) {
		return time.Time{}
	}
	return latest(end, p.Again)
}

// alarms is since when people are told that a place opens, or may open, although its code should not; zero: they are not. An erase that
// was accepted has until it is late to be proven, unless its lock is out of reach or the alarm was raised before. One that nothing can
// prove is told as unverified.
func (d *device) alarms(c *code, p *place, now time.Time, policy *Policy) time.Time {
	proving := now.Before(d.lateFor(c, p, policy)) && !d.away() && !has(c.Issues, "exposed")
	if !p.Cleared.IsZero() && (d.Device.Traits.CannotList || proving) {
		return time.Time{}
	}
	return d.exposed(c, p, now)
}

// waits is from when on somebody waits before the door, or could open it and should not, for as long as the lock is out of reach: the last
// one, who has the least patience. Zero: nobody does.
func (d *device) waits(now time.Time, policy Policy) (since time.Time) {
	for _, c := range d.codes {
		if c.Honoured || c.unpulled() || c.Offline != lock.OfflineNone {
			continue
		}
		on := false
		for i := range c.Places {
			p := &c.Places[i]
			on = on || d.serves(now, c, p, &policy)
			if p.Cleared.IsZero() {
				since = latest(since, d.exposed(c, p, now))
			}
		}
		if !on && !c.isOver(now) && c.window().Contains(now) && c.Refused == "" && c.Contended.IsZero() {
			since = latest(since, latest(c.From, latest(c.Created, c.Wished)))
		}
	}
	return since
}

// away reports whether the lock or its hub is known to be out of reach.
func (d *device) away() bool {
	return d.Reach == lock.LockDown || d.Reach == lock.HubDown || slices.ContainsFunc(d.hangs, func(l *link) bool { return l.isHub() && !l.open() })
}
