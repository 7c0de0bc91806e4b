package world

import (
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

const (
	checkInHour  = 15 // in the lock's zone
	checkOutHour = 11
	// bookedAhead is how many days ahead stays are booked.
	bookedAhead = 10
	// bookingHour, in UTC, is when each day's new stays are booked.
	bookingHour = 12
	// toldAhead is how long before the start a guest is told the digits.
	toldAhead = 26 * time.Hour
	day       = 24 * time.Hour
)

// stays books guests without end. Who stays where, and when, follows from the seed and the day alone, so that a world that
// is resumed goes on booking where it was, without a record of its own.
type stays struct {
	w      *World
	houses []*chain
}

// chain is the stays of one lock, one after the other.
type chain struct {
	lock  sim.LockSpec
	trait lock.Traits
	zone  *time.Location
	luck  *rand.Rand
	day   time.Time // of the next check-in
	n     int
}

// stay is one booking.
type stay struct {
	code     lock.CodeID
	guest    string
	chain    *chain
	from, to time.Time
	arrives  time.Time
}

// book begins, or resumes, booking, if the world was made to.
func (w *World) book() {
	if !w.o.Stays {
		return
	}
	s := &stays{w: w}
	traits := map[lock.DeviceID]lock.Traits{}
	for _, d := range w.fleet.Devices() {
		traits[d.ID] = d.Traits
	}
	first := w.o.Start.Truncate(day)
	for _, l := range w.o.Spec.Locks {
		name := fnv.New64a()
		name.Write([]byte(l.ID))
		c := &chain{lock: l, trait: traits[l.ID], zone: zoneOf(w.o.Spec.Locks, l.ID), luck: rand.New(rand.NewPCG(w.o.Seed, name.Sum64()))}
		c.day = first.Add(time.Duration(c.luck.IntN(3)) * day)
		if l.ID == atRisk {
			c.day = first.Add(day)
		}
		s.houses = append(s.houses, c)
	}
	w.stays = s
	w.kernel.At(w.Now(), sim.ClassStep, s.settle)
}

// settle books what is due by now: at the beginning everything, after a resume what a kill may have cut off.
func (s *stays) settle() {
	now := s.w.Now()
	last := now.Truncate(day)
	if noon := last.Add(bookingHour * time.Hour); now.Before(noon) && last.After(s.w.o.Start.Truncate(day)) {
		last = last.Add(-day)
	}
	if now.Equal(s.w.o.Start) {
		s.furnish()
	}
	s.reach(last.Add(bookedAhead * day))
	s.daily()
}

// daily posts the next booking.
func (s *stays) daily() {
	now := s.w.Now()
	noon := now.Truncate(day).Add(bookingHour * time.Hour)
	if !noon.After(now) {
		noon = noon.Add(day)
	}
	s.w.kernel.At(noon, sim.ClassStep, func() {
		s.reach(noon.Truncate(day).Add(bookedAhead * day))
		s.daily()
	})
}

// furnish sets up what a house needs beside guests: spares, and the people who always have a code.
func (s *stays) furnish() {
	for i, c := range s.houses {
		if c.trait.OfflineOnly {
			continue
		}
		if !c.trait.NoBackupPool && !c.trait.AssignsPIN && i%3 == 0 {
			s.do("pool/"+string(c.lock.ID), engine.SetPool{Device: c.lock.ID, On: true})
		}
		if c.trait.OpenEnded || !c.trait.NativeSchedule {
			id := lock.CodeID("care-" + string(c.lock.ID))
			s.do("care/"+string(c.lock.ID), engine.Create{ID: id, Device: c.lock.ID, Name: "Housekeeping"})
			if !c.trait.AssignsPIN {
				s.do("told/"+string(id), engine.Reveal{Code: id})
			}
		}
	}
}

// reach books every stay that starts on last or before, in the order of the locks.
func (s *stays) reach(last time.Time) {
	for _, c := range s.houses {
		for !c.day.After(last) {
			s.plan(c.next())
		}
	}
}

// next draws the chain's next stay.
func (c *chain) next() stay {
	nights := 1 + c.luck.IntN(5)
	gap := max(0, c.luck.IntN(5)-2)
	who, late := c.luck.IntN(len(guests)), time.Duration(c.luck.IntN(240))*time.Minute
	c.n++
	b := stay{
		code: lock.CodeID("stay-" + string(c.lock.ID) + "-" + strconv.Itoa(c.n)), guest: guests[(c.n*7+who)%len(guests)] + " " + string(rune('A'+c.n%26)),
		chain: c, from: atClock(c.day, c.zone, checkInHour), to: atClock(c.day.Add(time.Duration(nights)*day), c.zone, checkOutHour),
	}
	b.arrives = b.from.Add(late)
	c.day = c.day.Add(time.Duration(nights+gap) * day)
	return b
}

// plan books a stay, and posts when the guest is told the digits and when they come.
func (s *stays) plan(b stay) {
	now := s.w.Now()
	if !now.Before(b.to) {
		return
	}
	if s.w.judge.wishes[b.code] == nil {
		do := engine.Create{ID: b.code, Device: b.chain.lock.ID, Name: b.guest, Holder: b.guest, Starts: b.from, Ends: b.to, Offline: b.chain.trait.OfflineOnly}
		s.do("stay/"+string(b.code), do)
	}
	if b.arrives.After(now) {
		told := maxTime(b.from.Add(-toldAhead), now.Add(time.Minute)) // a minute for providers that choose the digits
		s.w.kernel.At(told, sim.ClassStep, func() { s.tell(b) })
		s.w.kernel.At(b.arrives, sim.ClassStep, func() { s.arrive(b) })
	}
}

// tell gives the guest the digits, as a message would.
func (s *stays) tell(b stay) {
	if c := s.w.judge.wishes[b.code]; c != nil && c.Told.IsZero() && c.live(s.w.Now()) {
		s.do("told/"+string(b.code), engine.Reveal{Code: b.code})
	}
}

// arrive has the guest type what they were told.
func (s *stays) arrive(b stay) {
	if c := s.w.judge.wishes[b.code]; c != nil && !c.Told.IsZero() && c.live(s.w.Now()) {
		_, _ = s.w.types(c.Device, c.Told.PIN) // the lock may have been swapped for one that is gone
	}
}

// do submits a command of the booking system. A refusal is the engine's answer: it is noted, and stands in nobody's way.
func (s *stays) do(key string, do engine.Action) {
	switch _, err := s.w.Submit(engine.Command{Key: key, Actor: "bookings", Do: do}); {
	case errors.Is(err, ErrStopped):
		s.w.kernel.At(s.w.Now().Add(time.Minute), sim.ClassStep, func() { s.do(key, do) })
	case err != nil:
		s.w.note(sim.Record{Kind: sim.KindStep, Name: "refused", Text: key + ": " + err.Error()})
	}
}

// guests are first names from around the world.
var guests = [...]string{
	"Ada", "Amara", "Anders", "Aylin", "Bea", "Bruno", "Carmen", "Chidi", "Dana", "Diego", "Elif", "Emeka", "Farah", "Felix", "Greta",
	"Hana", "Hugo", "Ines", "Ivo", "Jana", "Jin", "Kofi", "Lars", "Leila", "Lucia", "Mateo", "Mei", "Nadia", "Noah", "Olga", "Omar",
	"Paula", "Priya", "Rafael", "Rosa", "Samir", "Sofia", "Tariq", "Uma", "Vera", "Wanda", "Yara", "Yusuf", "Zoe",
}
