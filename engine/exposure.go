package engine

import (
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
	if w := p.Window; !w.IsZero() && d.distrust() == "" && !w.Started(now) {
		return time.Time{}
	}
	return latest(end, p.Again)
}
