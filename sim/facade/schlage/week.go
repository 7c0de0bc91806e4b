package schlage

import (
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// schedule is a time of the day on days of the week, by the lock's own zone.
type schedule struct {
	Days        string `json:"daysOfWeek"` // hexadecimal bits: 40 is Sunday, 1 is Saturday
	StartHour   int    `json:"startHour"`
	StartMinute int    `json:"startMinute"`
	EndHour     int    `json:"endHour"`
	EndMinute   int    `json:"endMinute"`
}

const allWeek = "7F"

func always() schedule { return schedule{allWeek, 0, 0, 23, 59} }

// bits are the days; false: what stands there can't be read.
func (s schedule) bits() (uint64, bool) {
	days, err := strconv.ParseUint(s.Days, 16, 8)
	return days, err == nil && days > 0 && days <= 0x7F
}

// minutes of the day at which it begins and ends; a day's last minute belongs to it.
func (s schedule) minutes() (from, to int) {
	from, to = s.StartHour*60+s.StartMinute, s.EndHour*60+s.EndMinute
	if to == 24*60-1 {
		to++
	}
	return from, to
}

func (s schedule) good() bool {
	_, ok := s.bits()
	from, to := s.minutes()
	clock := func(h, m int) bool { return h >= 0 && h < 24 && m >= 0 && m < 60 }
	return ok && clock(s.StartHour, s.StartMinute) && clock(s.EndHour, s.EndMinute) && from < to
}

// week is when a code opens that follows the days of the week.
type week struct {
	first  schedule
	second *schedule
	within lock.Window // in which it does so
}

// weekOf is the week of a code; nil: it opens at any time.
func weekOf(x *codeJSON, within lock.Window) *week {
	if x.Schedule1 == always() && (x.Schedule2 == nil || *x.Schedule2 == always()) {
		return nil
	}
	return &week{x.Schedule1, x.Schedule2, within}
}

// turn is the time that is, or comes next, at which such a code opens: the lock is told one after the other. After the last it is over.
func (w *week) turn(now time.Time, zone string) lock.Window {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	if w.within.From.After(now) {
		now = w.within.From
	}
	var next lock.Window
	consider := func(s schedule, day time.Time) {
		bits, _ := s.bits()
		if bits>>(time.Saturday-day.Weekday())&1 == 0 {
			return
		}
		from, to := s.minutes()
		y, m, d := day.Date()
		x := lock.Window{From: time.Date(y, m, d, 0, from, 0, 0, place).UTC(), To: time.Date(y, m, d, 0, to, 0, 0, place).UTC()}
		if w.within.From.After(x.From) {
			x.From = w.within.From
		}
		if w.within.Bounded() && w.within.To.Before(x.To) {
			x.To = w.within.To
		}
		if x.To.After(now) && x.To.After(x.From) && (next.IsZero() || x.From.Before(next.From)) {
			next = x
		}
	}
	y, m, d := now.In(place).Date()
	for i := range 8 {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, place)
		consider(w.first, day)
		if w.second != nil {
			consider(*w.second, day)
		}
	}
	if next.IsZero() {
		return lock.Window{From: w.within.To.Add(-time.Minute), To: w.within.To}
	}
	return next
}

// follow has a lock go on from one turn to the next, as it does by itself also where nobody can reach it. It goes on half way between two,
// because its clock may be off by an hour.
func (c *Cloud) follow(d *door, ref lock.Ref, w *week, turn lock.Window) {
	next := w.turn(turn.To, d.of.Traits.Zone)
	if !next.To.After(turn.To) {
		return // it was the last
	}
	c.fleet.After(turn.To.Add(next.From.Sub(turn.To)/2).Sub(c.fleet.Now()), func() {
		if d.weeks[ref] != w {
			return
		}
		if c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditWindow, Ref: ref, Window: next}) != nil {
			delete(d.weeks, ref) // the code is gone
			return
		}
		c.follow(d, ref, w, next)
	})
}
