package facade

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Hours are two times of day, in minutes since midnight. They end on the next day, if they end before they begin or when they do.
type Hours struct{ From, To int }

// Turns are when a code opens that comes back: from one time of day to another, on some days of the week.
type Turns struct {
	Zone   *time.Location
	Days   byte // on which they begin: a bit for each, Sunday's first
	Hours  Hours
	Within lock.Window // zero: for ever
}

// EveryDay is all the days of Turns.
const EveryDay = 1<<7 - 1

const comeBack = 8 // days, within which each day of the week does

// Unbroken reports whether one turn follows the other without a gap, so that they are the stretch that they lie within.
func (t *Turns) Unbroken() bool { return t.Days == EveryDay && t.Hours.From == t.Hours.To }

// Next is the turn that goes on at an instant, or the first one after it; false: there is none.
func (t *Turns) Next(now time.Time) (w lock.Window, ok bool) {
	if t.Within.Ended(now) {
		return w, false
	}
	if t.Unbroken() {
		return t.Within, true
	}
	if t.Within.From.After(now) {
		now = t.Within.From
	}
	y, m, d := now.In(t.Zone).Date()
	at := func(day, minute int) time.Time {
		date := time.Date(y, m, d+day, 12, 0, 0, 0, t.Zone)
		at, _ := lock.Resolve(t.Zone, date.Year(), date.Month(), date.Day(), minute/60, minute%60, 0)
		return at
	}
	for day := -1; day < comeBack; day++ {
		w := lock.Window{From: at(day, t.Hours.From), To: at(day, t.Hours.To)}
		if t.Hours.To <= t.Hours.From {
			w.To = at(day+1, t.Hours.To)
		}
		if t.Days>>time.Date(y, m, d+day, 12, 0, 0, 0, t.Zone).Weekday()&1 == 0 || !w.To.After(now) {
			continue
		}
		if w.From.Before(t.Within.From) {
			w.From = t.Within.From
		}
		if t.Within.Bounded() && w.To.After(t.Within.To) {
			w.To = t.Within.To
		}
		return w, w.To.After(w.From)
	}
	return w, false
}

// Turn has a lock go on by its own clock and without the cloud when the turn ends that it knows of a code. next tells which comes then;
// false: none.
func Turn(f *sim.Fleet, id lock.DeviceID, ref lock.Ref, next func(time.Time) (lock.Window, bool)) {
	now := f.Now()
	w, ok := next(now)
	if !ok || f.Edit(sim.Edit{Lock: id, Kind: sim.EditWindow, Ref: ref, Window: w}) != nil {
		return // it was the last one, or the code is gone
	}
	if w.Bounded() {
		f.After(w.To.Sub(now), func() { Turn(f, id, ref, next) })
	}
}
