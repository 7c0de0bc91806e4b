package world

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Controls steers a Play: its clock, its faults, its keypads.
type Controls struct{ p *Play }

// Lab returns the controls of the simulation.
func (p *Play) Lab() lab.Lab { return &Controls{p} }

// State implements lab.Lab.
func (c *Controls) State(ctx context.Context) (lab.State, error) {
	return ask(ctx, c.p, func(w *World) (lab.State, error) {
		s := lab.State{
			Now: w.Now(), Start: w.o.Start, Seed: w.o.Seed, Name: w.o.Name, Paused: c.p.tempo.Paused, Rate: c.p.tempo.Rate, Reached: c.p.reached(),
		}
		s.Next, _ = w.kernel.Next()
		for _, f := range w.fleet.Faults() {
			if !f.From.After(s.Now) {
				s.Faults = append(s.Faults, f)
			}
		}
		return s, nil
	})
}

// reached is the pace that the machine keeps up with; the wished one until it was measured.
func (p *Play) reached() float64 {
	if p.pace.real == 0 {
		return float64(p.tempo.Rate)
	}
	return min(p.pace.reached, float64(p.tempo.Rate))
}

// Pause implements lab.Lab.
func (c *Controls) Pause(ctx context.Context, paused bool) error {
	return c.p.do(ctx, func(*World) error { return c.p.change(tempo{c.p.tempo.Rate, paused}) })
}

// Rate implements lab.Lab.
func (c *Controls) Rate(ctx context.Context, rate int) error {
	if rate < minRate || rate > maxRate {
		return fmt.Errorf("rate: must lie between %d and %d virtual seconds per second", minRate, maxRate)
	}
	return c.p.do(ctx, func(*World) error { return c.p.change(tempo{rate, c.p.tempo.Paused}) })
}

// change sets how fast the world goes from now on, which it remembers.
func (p *Play) change(t tempo) error {
	if t == p.tempo {
		return nil
	}
	p.tempo = t
	p.pace = pace{last: p.clock.Now()}
	return p.w.keepTempo(t)
}

// maxQuiet bounds how many instants without anything to see Step passes over.
const maxQuiet = 10_000

// Step implements lab.Lab. It passes over instants that leave nothing to see.
func (c *Controls) Step(ctx context.Context) error {
	return c.p.do(ctx, func(w *World) error {
		if c.p.skip != nil {
			return fmt.Errorf("step: a skip is under way, to %s", c.p.skip.to.Format(time.RFC3339))
		}
		if err := c.p.change(tempo{c.p.tempo.Rate, true}); err != nil {
			return err
		}
		before := w.noted
		more := c.p.within()
		for range maxQuiet {
			next, ok := w.kernel.Next()
			if !ok {
				return nil
			}
			if err := w.RunUntil(next); err != nil {
				return err
			}
			if w.noted > before || !more() {
				return nil
			}
		}
		return nil
	})
}

// SkipTo implements lab.Lab. If ctx ends on the way the clock stands where it came to.
func (c *Controls) SkipTo(ctx context.Context, t time.Time) error {
	s := &skip{ctx: ctx, to: t.UTC().Round(0), done: make(chan error, 1)}
	if err := c.p.do(ctx, func(*World) error { return c.p.begin(s) }); err != nil {
		return err
	}
	select {
	case err := <-s.done:
		return err
	case <-c.p.gone:
		return ErrClosed
	}
}

// Inject implements lab.Lab.
func (c *Controls) Inject(ctx context.Context, f lab.Fault) (string, error) {
	return ask(ctx, c.p, func(w *World) (string, error) { return w.inject(f) })
}

// Heal implements lab.Lab.
func (c *Controls) Heal(ctx context.Context, idOrTarget string) error {
	return c.p.do(ctx, func(w *World) error { return w.heal(idOrTarget) })
}

// Kinds implements lab.Lab.
func (c *Controls) Kinds(ctx context.Context, target string) ([]lab.FaultKind, error) {
	return ask(ctx, c.p, func(w *World) ([]lab.FaultKind, error) {
		var kinds []lab.FaultKind
		for _, k := range w.fleet.KindsFor(target) {
			kinds = append(kinds, lab.FaultKind{Name: k.Name, Layer: string(k.Layer), Meaning: k.Meaning})
		}
		return kinds, nil
	})
}

// Type implements lab.Lab.
func (c *Controls) Type(ctx context.Context, device lock.DeviceID, pin lock.PIN) (lab.Try, error) {
	return ask(ctx, c.p, func(w *World) (lab.Try, error) { return w.types(device, pin) })
}

// Edit implements lab.Lab.
func (c *Controls) Edit(ctx context.Context, e lab.Edit) error {
	return c.p.do(ctx, func(w *World) error { return w.edit(e) })
}

// Snapshot implements lab.Lab. The world runs on to the next instant at which no call is under way, within a minute.
func (c *Controls) Snapshot(ctx context.Context, name string) error {
	return c.p.do(ctx, func(w *World) error { return c.p.take(name) })
}

// Rewind implements lab.Lab.
func (c *Controls) Rewind(ctx context.Context, name string) error {
	return c.p.do(ctx, func(w *World) error { return c.p.rewind(name) })
}

// Snapshots implements lab.Lab.
func (c *Controls) Snapshots(ctx context.Context) ([]string, error) {
	return ask(ctx, c.p, func(*World) ([]string, error) {
		names := make([]string, 0, len(c.p.kept))
		for _, k := range c.p.kept {
			names = append(names, k.name)
		}
		return slices.Clip(names), nil
	})
}

// SaveScenario implements lab.Lab.
func (c *Controls) SaveScenario(ctx context.Context) ([]byte, error) {
	return ask(ctx, c.p, func(w *World) ([]byte, error) { return w.log.scenario(w) })
}
