// Package world hosts the engine in virtual time: without it the same engine could not be driven through a year of stays
// and faults in a second, twice with the same trace. A World is one thread: a kernel, a fleet of simulated locks, the
// engine, and checkers that judge by the door. Play lets others use a World at once, paced to the wall clock; it is both
// an engine.Host and a lab.Lab.
package world

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/sim"
)

// GarbagePercent is what locksim hands to debug.SetGCPercent, unless its environment has a GOGC: a story uses some 20 MiB and is thrown
// away as a whole when it has ended, so that collecting it meanwhile, as often as is usual, takes a tenth of a hunt and a third of a replay.
const GarbagePercent = 400

// Options say what a World is made of.
type Options struct {
	Name   string        // of the scenario or demonstration
	Seed   uint64        // everything random follows from it
	Start  time.Time     // where a fresh world's clock stands
	Store  store.Store   // of the engine and, under sim/, of the world; the caller closes it after Close
	Spec   sim.Spec      // the fleet
	Policy engine.Policy // zero: engine.DefaultPolicy

	// Watch gets every record, in order: the fleet's own, calls, outcomes and journal events. It must not call the World.
	Watch func(sim.Record)

	// Opens, after Start, is an instant to which New runs a fresh world before it returns; zero: Start.
	Opens time.Time
	// Stays books guests on every lock without end, derived from Seed and the day.
	Stays bool
	// Faults are placed in a fresh world.
	Faults []sim.Fault
	// Ephemeral leaves the simulated side out of the store: such a world can't be resumed.
	Ephemeral bool
	// Unjudged has no checker look on, so that the engine and the locks alone take time. What was wished is still kept.
	Unjudged bool
	// Outage is told that the store failed under the engine. If it answers true, the store serves again and what failed is
	// taken for the end of the engine's process, which starts anew; the fleet lives on. Without it, or if it answers false,
	// the world fails.
	Outage func(error) bool

	// Wire lays the wire through which the engine's calls go; nil: the fleet takes them itself. Such a world can't be resumed.
	Wire Wiring

	worse func(*World, *engine.Engine) mind // makes the engine a worse one, which the checkers must catch; nil: it stays as it is
}

// mind is what a world uses of its engine.
type mind interface {
	Step(now time.Time, in ...engine.Input) (engine.Work, error)
	Snapshot(ctx context.Context, now time.Time, q engine.Query) (engine.Snapshot, error)
	Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error)
	Seq() engine.Seq
}

// ErrStopped is returned where a running engine is needed and it was stopped.
var ErrStopped = errors.New("the engine is stopped")

// World is an engine, a fleet and a clock that only the kernel sets. It is not safe for concurrent use: Play is.
type World struct {
	o      Options
	ctx    context.Context
	kernel *sim.Kernel
	fleet  *sim.Fleet
	wire   Wire // nil: there is none
	engine mind // nil while stopped, unless somebody reads
	judge  *judge
	keep   keeper
	tempo  tempo
	stays  *stays
	log    session

	running bool
	life    int // counts the engines that lived; an outcome of an earlier life is lost
	inbox   []engine.Input
	taken   []engine.Input // by the last turn: room for the next inbox
	timer   *sim.Timer     // the engine's next step
	due     time.Time      // of timer
	turn    func()         // pump, made a function once
	again   int            // steps at one instant, to notice an engine that never rests
	seq     engine.Seq     // of the last event that was noted
	killAt  int            // calls until the engine dies; 0: it doesn't
	steps   int64
	events  int64
	noted   int64 // records so far
	err     error
}

// New makes the world that o describes, in an empty store: it builds the fleet and puts every lock under the engine's
// management. In a store that holds a world it resumes that one; then Start, Spec, Seed, Policy, Opens, Stays and Faults
// come from the store, and messages that were in flight are lost.
func New(ctx context.Context, o Options) (*World, error) {
	if o.Store == nil {
		return nil, errors.New("world: store: there must be one")
	}
	if o.Policy == (engine.Policy{}) {
		o.Policy = engine.DefaultPolicy()
	}
	w := &World{o: o, ctx: context.WithoutCancel(ctx)}
	w.turn = w.pump
	held, err := load(ctx, o.Store)
	if err != nil {
		return nil, err
	}
	if held == nil {
		err = w.found()
	} else {
		err = w.resume(held)
	}
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	if w.Now().Before(w.o.Opens) {
		if err := w.RunUntil(w.o.Opens); err != nil {
			return nil, err
		}
	}
	w.log.open(w)
	return w, nil
}

// found builds a fresh world.
func (w *World) found() error {
	if w.o.Start.IsZero() {
		return errors.New("start: there must be one")
	}
	w.o.Start = w.o.Start.UTC().Round(0)
	if err := w.raise(w.o.Start); err != nil {
		return err
	}
	w.judge = newJudge(w)
	if w.o.Wire != nil {
		wire, err := w.o.Wire(w.kernel, w.fleet, w.notice)
		if err != nil {
			return err
		}
		w.wire = wire
	}
	for _, f := range w.o.Faults {
		if _, err := w.fleet.Inject(f); err != nil {
			return err
		}
	}
	if err := w.StartEngine(); err != nil {
		return err
	}
	if err := w.manage(); err != nil {
		return err
	}
	if err := w.record(); err != nil {
		return err
	}
	w.book()
	return w.err
}

// raise makes the kernel and the fleet, and listens to them.
func (w *World) raise(now time.Time) error {
	w.kernel = sim.NewKernel(now, w.o.Seed)
	fleet, err := sim.NewFleet(w.kernel, w.o.Spec)
	if err != nil {
		return err
	}
	w.fleet = fleet
	fleet.Watch(w.note)
	fleet.OnNotice(w.notice)
	return nil
}

// manage puts every lock of the fleet under the engine's management, which is harmless where it is so already.
func (w *World) manage() error {
	var refused error
	var in []engine.Input
	for _, d := range w.listed() {
		cmd := engine.Command{Actor: "world", Do: engine.AddDevice{Device: d}}
		in = append(in, engine.Submission{Command: cmd, Done: func(r engine.Receipt, err error) {
			if err != nil {
				refused = errors.Join(refused, fmt.Errorf("lock %s: %w", d.ID, err))
				return
			}
			w.judge.accept(w.Now(), cmd, r)
		}})
	}
	w.step(in)
	return errors.Join(w.err, refused)
}

// secret is what the engine of a world draws its digits from.
func secret(seed uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	sum := sha256.Sum256(append([]byte("lockctl: the secret of a simulated world\x00"), b[:]...))
	return sum[:]
}

// Now is the virtual instant.
func (w *World) Now() time.Time { return w.kernel.Now() }

// Kernel returns the clock, for steps and expectations.
func (w *World) Kernel() *sim.Kernel { return w.kernel }

// Fleet returns the locks, for keypads, faults and hands.
func (w *World) Fleet() *sim.Fleet { return w.fleet }

// Steps counts the engine's steps, and the events that it handled: inputs taken and wakes that were due.
func (w *World) Steps() (steps, events int64) { return w.steps, w.events }

// Breaches returns what the checkers found, oldest first, at most MaxBreaches.
func (w *World) Breaches() []Breach { return w.judge.breaches }

// RunUntil runs everything that happens up to and at t; then the clock stands at t. It fails only if the store does, or if
// the engine can't come to rest; the world is of no use then.
func (w *World) RunUntil(t time.Time) error {
	_, err := w.run(t, nil)
	return err
}

// run is RunUntil, but gives up after an instant when more says so; it reports whether t was reached.
func (w *World) run(t time.Time, more func() bool) (bool, error) {
	for w.err == nil {
		next, ok := w.kernel.Next()
		if edge, any := w.judge.next(); any && !edge.After(t) && (!ok || edge.Before(next)) {
			next = edge
		} else if !ok || next.After(t) {
			w.kernel.RunUntil(t)
			break
		}
		w.instant(next)
		if more != nil && !more() {
			return false, w.err
		}
	}
	return true, w.err
}

// instant runs everything that happens at t, which is the next instant of the kernel or of the checkers, and judges it.
func (w *World) instant(t time.Time) {
	for w.err == nil {
		if next, ok := w.kernel.Next(); !ok || next.After(t) {
			w.kernel.RunUntil(t)
			break
		}
		w.kernel.Step()
	}
	w.again = 0
	w.judge.judge(t)
}

// Note adds a record to those that Watch gets.
func (w *World) Note(r sim.Record) { w.note(r) }

func (w *World) note(r sim.Record) {
	if r.At.IsZero() {
		r.At = w.Now()
	}
	w.noted++
	if w.o.Watch != nil {
		w.o.Watch(r)
	}
	w.judge.record(r)
}

// Close writes what is not stored yet and lets go of the store, which stays open.
func (w *World) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.running {
		w.drop()
	}
	w.persist()
	err := w.err
	w.err = errors.New("the world is closed")
	return err
}
