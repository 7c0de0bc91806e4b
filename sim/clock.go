package sim

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

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
		was, next := r, r // next alone is seen by the fault, so that only a clock with one is put on the heap
		x.kind.clock(x, d, now, &next)
		r = next
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

// NextTurn returns the next instant at which, by the lock's own clock, an entry of the lock begins or ceases to open while
// nothing else happens; false if there is none. Between two turns one look at WouldOpen tells all.
func (f *Fleet) NextTurn(id lock.DeviceID) (time.Time, bool) {
	d := f.devices[id]
	if d == nil {
		return time.Time{}, false
	}
	now := f.k.Now()
	var next time.Time
	consider := func(edge time.Time) {
		if edge.IsZero() {
			return
		}
		if at := d.reaches(edge); at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for i := range d.mem {
		consider(d.mem[i].Window.From)
		consider(d.mem[i].Window.To)
	}
	for i := range d.issued {
		m := &d.issued[i]
		consider(m.Window.From)
		consider(m.Window.To)
		if d.traits.FirstUseWithin > 0 && m.Used.IsZero() {
			consider(m.Window.From.Add(d.traits.FirstUseWithin))
		}
	}
	return next, !next.IsZero()
}

// reaches returns the instant at which the lock's clock comes to edge, found step by step because a clock that drifts is
// off by more the later it is.
func (d *device) reaches(edge time.Time) time.Time {
	if d.err == 0 && !d.traits.DSTNaive && len(d.faults) == 0 {
		return edge
	}
	at := edge
	for range 16 {
		r := d.read(at, true)
		ahead := r.now.Sub(at)
		if r.wall && r.zone != nil {
			ahead += r.offset - offsetAt(r.zone, edge)
		}
		better := edge.Add(-ahead)
		if better.Equal(at) {
			break
		}
		at = better
	}
	return at
}
