package world

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// notice is how long before a start nothing may have changed or gone wrong for the door to be judged at it.
const notice = time.Hour

// arrivals judges the doors of codes that have just started, and returns the next instant at which one will have.
func (j *judge) arrivals(d *watched, t time.Time) time.Time {
	if !d.recount && (d.arrival.IsZero() || t.Before(d.arrival)) {
		return d.arrival
	}
	last := d.arrived
	if d.recount {
		last = t.Add(-time.Nanosecond) // a start that has passed before the wish is nobody's arrival
		d.recount = false
	}
	d.arrival, d.arrived = time.Time{}, t
	for _, id := range d.codes {
		w := j.wishes[id]
		if w == nil || w.Device != d.Device.ID || w.Window.From.IsZero() {
			continue
		}
		switch at := w.Window.From.Add(j.turns(d, w)); {
		case at.After(t):
			if d.arrival.IsZero() || at.Before(d.arrival) {
				d.arrival = at
			}
		case at.After(last) && j.healthy(d, w, t) && !j.enters(d, w, t):
			j.breach(t, RuleArrival, d.Device.ID, w.Code, "it does not open at its start, and nothing says why")
		}
	}
	return d.arrival
}

// healthy reports whether nothing stands in the way of an arrival: the wish is old enough and not in the last grain of its
// window, its lock was in reach and told the truth, and nobody has been told that something is wrong.
func (j *judge) healthy(d *watched, w *wish, t time.Time) bool {
	since := w.Window.From.Add(-notice)
	calm := func(l *link) bool { return l.down.IsZero() && !l.up.After(since) }
	switch {
	case !w.live(t.Add(max(d.Device.Traits.Granularity, time.Second))), w.For != "", w.Offl != lock.OfflineNone, d.Device.Traits.OfflineOnly, j.byHand(d, w):
		return false
	case w.Since.After(since), j.halted, j.resumed, j.began.After(since), d.fooled, d.misled.After(since), j.door.Ailing(d.Device.ID):
		return false
	case len(d.troubles) > 0, len(w.troubles) > 0:
		return false
	case !w.robbed.IsZero() && (d.Device.Traits.CannotList || !w.robbed.Before(since)):
		return false // no look tells of it, or none had to come since
	}
	return calm(&d.line) && !slices.ContainsFunc(j.linked(d), func(l *link) bool { return !calm(l) })
}

// turns is how long after its start a code may come: where nothing may be done ahead of a start, those that start or end at
// once have their turns one by one.
func (j *judge) turns(d *watched, w *wish) time.Duration {
	if !j.forbidden(d) {
		return grace
	}
	from, turns := w.Window.From, time.Duration(1)
	for _, id := range d.codes {
		o := j.wishes[id]
		if o == nil || o == w || o.Device != w.Device {
			continue
		}
		near := func(at time.Time) bool { return !at.IsZero() && at.Sub(from).Abs() <= grace }
		if near(o.Window.From) || near(o.over()) {
			turns++
		}
	}
	return turns * grace
}

// forbidden reports whether a lock without schedules may not be written to before a start.
func (j *judge) forbidden(d *watched) bool {
	early := j.policy(d).JITEarly
	return early == engine.EarlyForbid || early == engine.EarlyStage && !d.Device.Traits.Stages
}

// enters reports whether the lock lets in who has the code, or was told to: its clock may be off.
func (j *judge) enters(d *watched, w *wish, t time.Time) bool {
	for _, s := range d.entries {
		own := s.Code == w.Code || !w.Told.IsZero() && s.PIN == w.Told.PIN
		if o := j.wishes[s.Code]; o != nil && o.For == w.Code {
			own = true // a spare stands in
		}
		if own && s.Enabled && s.Window.Contains(t) {
			return true
		}
	}
	return false
}

// mild are the issues that tell of something else than why a code is not there.
var mild = []string{"low_battery", "replace_battery_soon", "window_unverified", "first_use_deadline", "exposed",
	"used_too_late", "using_backup_access_code", "native_declined", "time_zone_unknown", "delay_in_removing_from_device", "keypad_lockout"}

// heard keeps which issues people were told of that may explain a late code. That it is late, or that spares lack, does not.
func heard(known []string, e engine.Event) []string {
	i := slices.Index(known, e.Issue.Code)
	switch cleared := e.Type == "internal.issue.cleared"; {
	case cleared && i >= 0:
		return slices.Delete(known, i, i+1)
	case !cleared && i < 0 && e.Issue.Code != "delay_in_setting_on_device" && !strings.Contains(e.Issue.Code, "backup") && !slices.Contains(mild, e.Issue.Code):
		return append(known, e.Issue.Code)
	}
	return known
}
