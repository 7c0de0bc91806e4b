package swarm

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Kinds of booking besides stays that follow one another.
const (
	overlapping  = iota // somewhere across other stays
	startedLong         // its start has passed
	lastMinute          // it starts in a moment, or now
	ongoing             // from now on, or from some later time
	farAhead            // weeks ahead
	brief               // minutes to hours
	crowd               // more than the lock has room for, all at once
	everywhere          // one code on several doors
	bookingKinds        // how many there are
)

// bookings gives every lock its guests, and now and then somebody else.
func (s *story) bookings() {
	kinds := s.weights(bookingKinds)
	habits := s.weights(5)
	for _, d := range s.doors {
		switch s.scale.uses.draw(s.luck) {
		case rental:
			s.stays(d, habits)
		case visits:
			s.calls(d, habits, s.scale.gap/4)
		case office:
			s.staff(d, habits)
			s.calls(d, habits, s.scale.gap/2)
		}
		mean := s.scale.acts / 2
		for range s.few(mean) {
			s.odd(d, kinds.draw(s.luck), habits)
		}
	}
}

// few is a number with that mean, most often near it, sometimes far more.
func (l luck) few(mean float64) int { return int(l.ExpFloat64()*mean + l.Float64()) }

// stays are guests one after the other, now and then the same one twice.
func (s *story) stays(d *door, habits weights) {
	from := s.storm.Add(s.span(-2*day, time.Duration(float64(s.scale.gap))))
	var before *booking
	for n := 0; from.Before(s.heal.Add(3*day)) && n < 200; n++ {
		nights := s.stretch(s.scale.gap/6, s.scale.gap)
		from = checkIn(from, d.zone, 15)
		to := checkIn(from.Add(nights), d.zone, 11)
		if s.chance(0.3) {
			to = from.Add(nights)
		}
		booked := from.Add(-s.stretch(time.Minute, 12*day))
		if booked.Before(s.storm) {
			booked = s.between(s.storm, s.storm.Add(2*time.Hour))
		}
		if to.After(booked.Add(time.Minute)) && booked.Before(s.heal) {
			c := s.like(d, habits)
			if before != nil && s.chance(0.2) {
				c.Holder, c.Name = before.holder, before.holder
				if !c.Offline {
					c.PIN = before.pin // who comes again likes the digits that they know
				}
				if s.chance(0.5) {
					from = before.to
				}
			}
			c.Starts, c.Ends = from, to
			before = s.create(booked, d, c)
		}
		if gap := s.span(0, 2*s.scale.gap) - s.scale.gap/2; gap > 0 && s.chance(0.7) {
			to = to.Add(gap)
		}
		from = to
	}
}

// calls are visits of some hours, so far apart on average.
func (s *story) calls(d *door, habits weights, apart time.Duration) {
	from := s.storm
	for n := 0; n < 400; n++ {
		from = from.Add(min(time.Duration(s.ExpFloat64()*float64(apart)), 4*apart).Truncate(time.Second) + time.Minute)
		if !from.Before(s.heal) {
			return
		}
		booked := from.Add(-s.stretch(time.Minute, 5*day))
		if booked.Before(s.storm) {
			booked = s.storm
		}
		c := s.like(d, habits)
		c.Starts, c.Ends = from, from.Add(s.stretch(15*time.Minute, 6*time.Hour))
		s.create(booked, d, c)
	}
}

// staff are people with a code that has no end.
func (s *story) staff(d *door, habits weights) {
	for range 1 + s.IntN(4) {
		c := s.like(d, habits)
		s.create(s.between(s.storm, s.storm.Add(2*day)), d, c)
	}
}

// checkIn is the given hour by the clock on the wall, on the day of t.
func checkIn(t time.Time, zone *time.Location, hour int) time.Time {
	local := t.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), hour, 0, 0, 0, zone).UTC()
}

// odd books what is not a stay among others.
func (s *story) odd(d *door, kind int, habits weights) {
	at := s.between(s.storm, s.heal)
	c := s.like(d, habits)
	length := s.stretch(20*time.Minute, 8*day)
	switch kind {
	case overlapping:
		c.Starts = s.between(at, at.Add(6*day))
	case startedLong:
		c.Starts = at.Add(-s.stretch(time.Second, 10*day))
		length += at.Sub(c.Starts)
	case lastMinute:
		c.Starts = at.Add(s.span(0, 40*time.Minute))
	case ongoing:
		if length = 0; s.chance(0.5) {
			c.Starts = at.Add(s.stretch(time.Minute, 6*day))
		}
	case farAhead:
		c.Starts = at.Add(s.stretch(10*day, 200*day))
	case brief:
		c.Starts, length = s.between(at, at.Add(2*day)), s.stretch(time.Minute, 3*time.Hour)
	case crowd:
		c.Starts = s.between(at, at.Add(2*day))
		for range s.IntN(8) {
			other := s.like(d, habits)
			other.Starts, other.Ends = c.Starts, c.Starts.Add(length)
			s.create(at, d, other)
		}
	case everywhere:
		c.Starts = s.between(at, at.Add(4*day))
		c.Ends = c.Starts.Add(length)
		s.createMany(at, c)
		return
	}
	if length > 0 {
		c.Ends = c.Starts.Add(length)
	}
	s.create(at, d, c)
}

// like draws what is particular to a code.
func (s *story) like(d *door, habits weights) engine.Create {
	c := engine.Create{Holder: "guest " + s.name("g")}
	c.Name = c.Holder
	if t := d.prof.Traits; len(t.Offline) > 0 && (t.OfflineOnly || s.chance(0.2)) {
		c.Offline = true
		c.OneTime = slices.Contains(t.Offline, lock.OfflineOneTime) && s.chance(0.2)
		return c
	}
	for range s.IntN(3) {
		switch habits.draw(s.luck) {
		case 0:
			c.JIT = true
		case 1:
			c.UsePool = true
		case 2:
			c.AllowExternal = s.chance(0.3)
		case 3:
			c.PIN = s.pin(d.prof.Traits)
		case 4:
			c.PINLength = pick(s.luck, 4, 5, 6, 8)
		}
	}
	return c
}

// create books a code, tells its guest, and has them come to the door.
func (s *story) create(at time.Time, d *door, c engine.Create) *booking {
	if at.Before(d.from) {
		at = d.from
	}
	if !d.until.IsZero() && !at.Before(d.until) || !c.Ends.IsZero() && !c.Ends.After(at) {
		return nil
	}
	c.ID, c.Device = lock.CodeID(s.name("c")), d.spec.ID
	b := &booking{id: c.ID, door: d, booked: at, from: c.Starts, to: c.Ends, holder: c.Holder, pin: c.PIN}
	b.step = s.command(at, c)
	if !c.PIN.IsZero() {
		b.told = at
	}
	s.book(b)
	return b
}

// createMany books one code on several doors.
func (s *story) createMany(at time.Time, like engine.Create) {
	do := engine.CreateMany{Like: like, OwnPINs: s.chance(0.5)}
	stay := s.name("c") // its codes are called after their doors, as in a file
	var made []*booking
	for range 2 + s.IntN(3) {
		d := s.doors[s.IntN(len(s.doors))]
		if slices.Contains(do.Devices, d.spec.ID) || at.Before(d.from) || !d.until.IsZero() {
			continue
		}
		b := &booking{id: lock.CodeID(stay + "-" + string(d.spec.ID)), door: d, booked: at, from: like.Starts, to: like.Ends, holder: like.Holder}
		do.Devices, do.IDs = append(do.Devices, d.spec.ID), append(do.IDs, b.id)
		made = append(made, b)
	}
	if len(made) == 0 {
		return
	}
	id := s.command(at, do)
	for _, b := range made {
		b.step = id
		s.book(b)
	}
}

// book keeps a booking, notes when there will be traffic for it, and plays its guest.
func (s *story) book(b *booking) {
	s.codes = append(s.codes, b)
	start := b.from
	if start.IsZero() {
		start = b.booked
	}
	b.door.edges = append(b.door.edges, b.booked, start)
	if !b.to.IsZero() {
		b.door.edges = append(b.door.edges, b.to)
	}
	if b.told.IsZero() && s.chance(s.scale.told) {
		told := s.between(b.booked.Add(time.Second), start.Add(time.Hour))
		if told.Before(s.heal) {
			b.told = told
			s.command(told, engine.Reveal{Code: b.id})
		}
	}
	if b.told.IsZero() || s.chance(0.3) {
		return
	}
	s.types(b, start.Add(s.stretch(time.Second, 6*time.Hour)))
	if s.chance(0.2) {
		s.types(b, start.Add(-s.stretch(time.Minute, day)))
	}
	if !b.to.IsZero() && s.chance(0.4) {
		s.types(b, b.to.Add(s.span(-time.Hour, 2*time.Hour)))
	}
}

// types has somebody type a code that they were told, if that lies within the storm.
func (s *story) types(b *booking, at time.Time) {
	if at.After(b.told) && at.Before(s.heal) {
		s.do(at, scenario.Type{Lock: b.door.spec.ID, Code: b.id})
	}
}
