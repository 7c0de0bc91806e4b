package live

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// loop is the one goroutine that touches the engine.
func (h *Host) loop() {
	defer close(h.ended)
	defer h.bells.Silence()
	defer h.lanes.abandon()
	defer h.inbox.shut()
	timer := h.clock.NewTimer(maxSleep)
	defer timer.Stop()
	wake := h.Now() // the first step resumes what the store holds
	for {
		if in, now := h.inbox.take(), h.Now(); len(in) > 0 || !wake.IsZero() && !now.Before(wake) {
			work, err := h.step(now, in)
			if err != nil {
				h.err = err
				h.log.Error("the engine's store failed, the host ends", "err", err)
				return
			}
			for _, c := range work.Calls {
				h.inbox.expect()
				h.lanes.start(c)
			}
			wake = work.Wake
			h.turn()
			select {
			case ctx := <-h.closing:
				h.drain(ctx)
				return
			default:
			}
			continue
		}
		timer.Reset(h.sleep(wake))
		select {
		case <-h.inbox.ready:
		case <-timer.Chan():
		case do := <-h.asks:
			do()
		case ctx := <-h.closing:
			h.drain(ctx)
			return
		}
	}
}

// Bounds of the questions that are answered between two steps: some are long.
const (
	maxAsks = 256
	maxTurn = 10 * time.Millisecond
)

// turn answers those who wait with a question: in a flood each step would make them wait longer. Most have just had a command
// done, so there may be as many of them as commands in a step.
func (h *Host) turn() {
	end := h.clock.Now().Add(maxTurn)
	for range maxAsks {
		select {
		case do := <-h.asks:
			do()
		default:
			return
		}
		if h.clock.Now().After(end) {
			return
		}
	}
}

// step takes one step, gives back what it did not take, and rings.
func (h *Host) step(now time.Time, in []engine.Input) (engine.Work, error) {
	work, err := h.engine.Step(now, in...)
	if err != nil {
		return engine.Work{}, err
	}
	h.inbox.giveBack(in[work.Taken:])
	h.bells.Ring()
	return work, nil
}

// sleep is how long the loop may wait for an input.
func (h *Host) sleep(wake time.Time) time.Duration {
	if wake.IsZero() {
		return maxSleep
	}
	return min(maxSleep, max(0, wake.Sub(h.Now())))
}

// drain waits for calls in flight until ctx ends, then writes down every input that has come. The calls that those steps ask
// for are not made: they are recorded as in flight, so the engine looks at their locks first when it is opened again.
func (h *Host) drain(ctx context.Context) {
	h.inbox.shut()
	for waiting := true; waiting && h.inbox.flying() > 0; {
		select {
		case <-h.inbox.ready:
		case do := <-h.asks:
			do()
		case <-ctx.Done():
			waiting = false
		}
	}
	for in := h.inbox.take(); len(in) > 0; in = h.inbox.take() {
		if _, err := h.step(h.Now(), in); err != nil {
			h.err = err
			return
		}
	}
}
