package nuki

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// limits are when an auth opens. The fleet's locks of this vendor hold a code from write to erase, as our driver uses them; so the codes of
// others who set limits are switched on and off here, by the lock's clock.
type limits struct {
	enabled     bool
	from, until time.Time // instants; zero: open
	days        int       // 64 Monday … 1 Sunday
	begin, end  int       // minutes of the lock's day; 0 and 0: all of it. They count where there is a from
}

const allDays = 127

// none reports whether it opens always, or never.
func (l *limits) none() bool {
	return l.from.IsZero() && l.until.IsZero() && l.days == allDays && (l.begin == 0 && l.end == 0 || l.from.IsZero())
}

// open reports whether it opens at a time in the lock's zone.
func (l *limits) open(now time.Time) bool {
	minute := now.Hour()*60 + now.Minute()
	switch {
	case !l.enabled, now.Before(l.from), !l.until.IsZero() && !now.Before(l.until):
		return false
	case l.days&(64>>((now.Weekday()+6)%7)) == 0:
		return false
	}
	return l.from.IsZero() || l.begin == 0 && l.end == 0 || l.begin <= minute && minute < l.end
}

// turn is when it opens or closes next; zero: never again.
func (l *limits) turn(now time.Time) time.Time {
	var next time.Time
	midnight := func(days, minutes int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 0, minutes, 0, 0, now.Location())
	}
	all := []time.Time{l.from, l.until}
	if l.days != allDays || l.begin != 0 || l.end != 0 {
		all = append(all, midnight(0, l.begin), midnight(0, l.end), midnight(1, 0))
	}
	for _, t := range all {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// clock is a lock's own time, in its zone.
func (c *Cloud) clock(d *door) time.Time {
	zone, err := lock.LoadZone(d.of.Traits.Zone)
	if err != nil {
		zone = time.UTC
	}
	return c.fleet.Clock(d.of.ID).In(zone)
}

// keep notes the limits of an auth.
func (c *Cloud) keep(d *door, ref lock.Ref, l limits) {
	if delete(d.limits, ref); !l.none() {
		d.limits[ref] = l
	}
	c.gate(d)
}

// gate has a lock refuse codes outside their limits, and looks again when the next of them opens or closes.
func (c *Cloud) gate(d *door) {
	if len(d.limits) == 0 {
		return
	}
	now := c.clock(d)
	var next time.Time
	listed := map[lock.Ref]bool{}
	for _, m := range c.fleet.Listed(d.of.ID) {
		listed[m.Ref] = true
	}
	for _, m := range c.fleet.Memory(d.of.ID) {
		l, ok := d.limits[m.Ref]
		if !ok {
			continue
		}
		listed[m.Ref] = true
		if open := l.open(now); open != m.Enabled {
			kind := sim.EditDisable
			if open {
				kind = sim.EditEnable
			}
			_ = c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: kind, Ref: m.Ref}) // it holds that code
		}
	}
	for ref, l := range d.limits {
		if !listed[ref] {
			delete(d.limits, ref)
			continue
		}
		if t := l.turn(now); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if next.IsZero() || next.Sub(now) > 366*day || !d.turns.IsZero() && !next.Before(d.turns) {
		return
	}
	d.turns = next
	c.fleet.After(next.Sub(now), func() {
		if d.turns.Equal(next) {
			d.turns = time.Time{}
			c.gate(d)
		}
	})
}
