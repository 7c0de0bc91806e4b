package sim

import "time"

// A lock evaluates windows by its own clock. Most clocks know the instant, give or take an error. Two kinds know only what
// a clock on the wall shows, and compare it with the wall times that the window was written as: the DST-naive one, which
// keeps the UTC offset it was set with, and the one that is set to another zone.

// reading is a lock's clock at one instant.
type reading struct {
	now    time.Time     // the instant that it believes in, its error included
	wall   bool          // it compares wall times
	offset time.Duration // what it believes local time to be ahead of UTC, if wall
	zone   *time.Location
}

// read looks at the clock; quiet looks leave no trace, not even on a fault's count of what it did.
func (d *device) read(now time.Time, quiet bool) reading {
	r := reading{now: now.Add(d.err), zone: d.zone}
	if d.zone != nil && d.traits.DSTNaive {
		r.wall, r.offset = true, d.offset
	}
	for _, x := range d.faults {
		if x.kind.clock == nil {
			continue
		}
		was := r
		x.kind.clock(x, d, now, &r)
		if !quiet && (was.now != r.now || r.wall && r.zone != nil && r.offset != offsetAt(r.zone, now)) {
			x.fire(d)
		}
	}
	return r
}

// reached reports whether the clock has come to edge.
func (r reading) reached(edge time.Time) bool {
	if r.wall && r.zone != nil {
		return !r.now.Add(r.offset).Before(edge.Add(offsetAt(r.zone, edge)))
	}
	return !r.now.Before(edge)
}

// shows is the instant that a reader takes the clock to show.
func (r reading) shows() time.Time {
	if r.wall && r.zone != nil {
		return r.now.Add(r.offset - offsetAt(r.zone, r.now))
	}
	return r.now
}

func offsetAt(zone *time.Location, t time.Time) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// setClock sets the clock right, as a person or a reconnecting cloud does.
func (d *device) setClock() {
	d.err = 0
	if d.zone != nil {
		d.offset = offsetAt(d.zone, d.f.k.Now())
	}
	d.touch()
}
