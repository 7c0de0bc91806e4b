package kwikset

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// hours are two times of day, in minutes.
type hours struct{ from, to int }

// turns are when a code opens that comes back: from one time of day to another, on some days of the week.
type turns struct {
	zone   *time.Location
	days   byte        // on which they begin: a bit for each, Sunday's first
	hours  hours       // that end on the next day, if they end before they begin
	within lock.Window // zero: for ever
}

const (
	everyDay = 1<<7 - 1
	comeBack = 8 // days, within which each day of the week does
)

// next is the turn that goes on at an instant, or the first one after it; false: there is none.
func (t *turns) next(now time.Time) (w lock.Window, ok bool) {
	if t.within.From.After(now) {
		now = t.within.From
	}
	y, m, d := now.In(t.zone).Date()
	at := func(day, minute int) time.Time {
		date := time.Date(y, m, d+day, 12, 0, 0, 0, t.zone)
		at, _ := lock.Resolve(t.zone, date.Year(), date.Month(), date.Day(), minute/60, minute%60, 0)
		return at
	}
	for day := -1; day < comeBack; day++ {
		w := lock.Window{From: at(day, t.hours.from), To: at(day, t.hours.to)}
		if t.hours.to <= t.hours.from {
			w.To = at(day+1, t.hours.to)
		}
		switch {
		case t.days>>time.Date(y, m, d+day, 12, 0, 0, 0, t.zone).Weekday()&1 == 0 || !w.To.After(now) || w.From.Before(t.within.From):
		case t.within.Bounded() && !w.From.Before(t.within.To):
			return w, false
		default:
			return w, true
		}
	}
	return w, false
}

// turn has a lock go on from one turn of a code to the next, by its own clock and without the cloud.
func (c *Cloud) turn(d *door, ref lock.Ref, t *turns) {
	now := c.fleet.Now()
	w, ok := t.next(now)
	if !ok || c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditWindow, Ref: ref, Window: w}) != nil {
		return // it was the last one, or the code is gone
	}
	c.fleet.After(w.To.Sub(now), func() { c.turn(d, ref, t) })
}
