package world

import (
	"context"
	"fmt"
	"time"
)

// The bounds of a pace, in virtual seconds per real second.
const (
	minRate = 1
	maxRate = 86_400
)

const (
	// frame is how often the world moves.
	frame = 50 * time.Millisecond
	// budget is how long it may take to move, so that others are served in between.
	budget = 20 * time.Millisecond
	// storeEvery is how often the virtual instant is stored although nothing else is.
	storeEvery = time.Second
	// maxSkip is how far ahead SkipTo goes.
	maxSkip = 366 * 24 * time.Hour
	// averaged is over how long the reached rate is measured.
	averaged = time.Second
)

// pace measures how fast the world really goes.
type pace struct {
	last    time.Time     // end of the frame before, on the real clock
	real    time.Duration // since the measure began
	virtual time.Duration
	reached float64
}

// add counts a frame.
func (p *pace) add(real, virtual time.Duration) {
	p.real += real
	p.virtual += virtual
	if p.real > 0 {
		p.reached = float64(p.virtual) / float64(p.real)
	}
	if p.real >= averaged { // older frames count half
		p.real /= 2
		p.virtual /= 2
	}
}

// within returns what tells whether the budget that begins now is not spent.
func (p *Play) within() func() bool {
	end := p.clock.Now().Add(budget)
	return func() bool { return p.clock.Now().Before(end) }
}

// frame moves the world by what one frame is worth, or by as much of it as the budget allows: then it is late, but nothing
// is skipped.
func (p *Play) frame() {
	now := p.clock.Now()
	real := now.Sub(p.pace.last)
	p.pace.last = now
	if p.tempo.Paused || p.err != nil {
		if p.err == nil {
			p.w.persist() // no frame may follow
		}
		p.tell()
		return
	}
	from := p.w.Now()
	_, p.err = p.w.run(from.Add(frame*time.Duration(p.tempo.Rate)), p.within())
	p.pace.add(real, p.w.Now().Sub(from))
	p.store(now)
	p.tell()
}

// store keeps the virtual instant, so that a world that is killed goes on where it was.
func (p *Play) store(now time.Time) {
	if now.Sub(p.written) >= storeEvery && p.err == nil {
		p.written = now
		p.w.persist()
	}
}

// skip is a SkipTo under way.
type skip struct {
	ctx  context.Context
	to   time.Time
	done chan error
}

func (s *skip) end(err error) { s.done <- err }

// slice runs a part of the skip.
func (p *Play) slice() {
	s := p.skip
	reached := true
	err := s.ctx.Err()
	if err == nil && p.w.Now().Before(s.to) {
		reached, err = p.w.run(s.to, p.within())
		p.tell()
	}
	if reached || err != nil {
		p.skip = nil
		p.pace.last = p.clock.Now()
		s.end(err)
	}
	p.store(p.clock.Now())
}

// begin checks a skip and puts it before the owner.
func (p *Play) begin(s *skip) error {
	now := p.w.Now()
	switch {
	case p.skip != nil:
		return fmt.Errorf("skip to: another skip is under way, to %s", p.skip.to.Format(time.RFC3339))
	case s.to.Before(now):
		return fmt.Errorf("skip to: %s lies before now, %s", s.to.Format(time.RFC3339), now.Format(time.RFC3339))
	case s.to.Sub(now) > maxSkip:
		return fmt.Errorf("skip to: %s lies more than a year ahead", s.to.Format(time.RFC3339))
	}
	p.skip = s
	return nil
}
