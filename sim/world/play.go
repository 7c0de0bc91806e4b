package world

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/bell"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim/lab"
)

// inboxSize bounds what waits for the owner of a world; whoever comes then waits with its own context.
const inboxSize = 64

// ErrClosed is returned by a Play after Close.
var ErrClosed = errors.New("the simulation is closed")

// Play is a World that others may use at once, paced to a clock: an engine.Host, with the lab.Lab that steers it beside it.
// One goroutine owns the world; every method sends it a closure and waits. If a context ends while its closure waits or runs, the method returns
// the context's error and it is not known whether the closure was run; an idempotency key settles it.
type Play struct {
	clock clockwork.Clock
	inbox chan func()
	quit  chan struct{}
	gone  chan struct{} // the owner has ended
	close sync.Once
	now   atomic.Int64 // Unix nanoseconds of the virtual instant
	bells bell.Bells

	// Of the owner alone.
	w       *World
	err     error // why the world is of no use
	pace    pace
	tempo   tempo
	skip    *skip
	kept    []kept    // snapshots, oldest first
	written time.Time // when the virtual instant was last stored
	rung    int64     // steps of the engine when the bell last rang
}

var (
	_ engine.Host = (*Play)(nil)
	_ lab.Lab     = (*Controls)(nil)
)

// kept is a snapshot under its name.
type kept struct {
	name string
	at   time.Time
	data *memkv.Store
}

// Start lets w run at rate virtual seconds per second of clock, within 1 to 86400; a world that is resumed goes on at the pace
// that was last asked of it, or stands still if it was paused. From then on w belongs to the Play; Close gives its store back.
func Start(w *World, clock clockwork.Clock, rate int) *Play {
	p := &Play{
		clock: clock, inbox: make(chan func(), inboxSize), quit: make(chan struct{}), gone: make(chan struct{}), w: w,
		tempo: w.tempo, written: clock.Now(),
	}
	if p.tempo.Rate == 0 {
		p.tempo.Rate = rate
	}
	p.tempo.Rate = min(max(p.tempo.Rate, minRate), maxRate)
	p.tell()
	go p.own()
	return p
}

// own is the one goroutine that touches the world.
func (p *Play) own() {
	defer close(p.gone)
	defer p.bells.Silence()
	timer := p.clock.NewTimer(frame)
	defer timer.Stop()
	p.pace.last = p.clock.Now()
	ticks := true // the timer runs; a world that is paused and left alone costs nothing
	for {
		if p.skip != nil {
			select {
			case <-p.quit:
				p.skip.end(ErrClosed)
				return
			case do := <-p.inbox:
				do()
			default:
				p.slice()
			}
			continue
		}
		select {
		case <-p.quit:
			return
		case do := <-p.inbox:
			do()
			if !ticks { // it may have changed something, or the pause
				ticks = true
				timer.Reset(frame)
			}
		case <-timer.Chan():
			p.frame()
			if ticks = !p.tempo.Paused; ticks {
				timer.Reset(frame)
			}
		}
	}
}

// tell shows others where the world stands.
func (p *Play) tell() {
	if p.err == nil {
		p.err = p.w.err
	}
	p.now.Store(p.w.Now().UnixNano())
	if steps, _ := p.w.Steps(); steps != p.rung {
		p.rung = steps
		p.bells.Ring()
	}
}

// do has the owner run fn, and waits.
func (p *Play) do(ctx context.Context, fn func(w *World) error) error {
	done := make(chan error, 1)
	job := func() {
		switch {
		case ctx.Err() != nil:
			done <- ctx.Err()
		case p.err != nil:
			done <- p.err
		default:
			err := fn(p.w)
			p.tell() // before the answer: whoever gets it may ask for the time
			done <- err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.inbox <- job:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.gone:
		return ErrClosed
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.gone:
		return ErrClosed
	}
}

// ask is do for closures that answer. A caller whose context ended gets the zero answer.
func ask[T any](ctx context.Context, p *Play, fn func(w *World) (T, error)) (T, error) {
	answer := make(chan T, 1)
	err := p.do(ctx, func(w *World) error {
		t, err := fn(w)
		answer <- t
		return err
	})
	var t T
	if err == nil {
		t = <-answer
	}
	return t, err
}

// Close ends the owner and stores the world as it stands. The store stays open. It may be called more than once.
func (p *Play) Close() error {
	p.close.Do(func() {
		close(p.quit)
		<-p.gone
		if err := p.w.Close(); p.err == nil {
			p.err = err
		}
	})
	return p.err
}

// Now is the virtual instant.
func (p *Play) Now() time.Time { return time.Unix(0, p.now.Load()).UTC() }

// Submit implements engine.Host.
func (p *Play) Submit(ctx context.Context, c engine.Command) (engine.Receipt, error) {
	return ask(ctx, p, func(w *World) (engine.Receipt, error) { return w.Submit(c) })
}

// Snapshot implements engine.Host.
func (p *Play) Snapshot(ctx context.Context, q engine.Query) (engine.Snapshot, error) {
	return ask(ctx, p, func(w *World) (engine.Snapshot, error) { return w.Snapshot(q) })
}

// Journal implements engine.Host.
func (p *Play) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	return ask(ctx, p, func(w *World) ([]engine.Event, error) { return w.Journal(after, limit) })
}

// Bell implements engine.Host. The bell is closed when ctx ends or the Play is closed.
func (p *Play) Bell(ctx context.Context) <-chan struct{} { return p.bells.Hang(ctx) }
