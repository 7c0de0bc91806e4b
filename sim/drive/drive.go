// Package drive lets a host on the real clock drive simulated locks: without it the live host could be tried on fakes alone,
// and a new user would need a vendor's account first. It keeps a sim.Fleet in step with a clock and speaks for each of its
// accounts as a vendor's driver would.
package drive

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Options say which locks there are, and where they are kept.
type Options struct {
	Spec   sim.Spec
	Seed   uint64 // everything random follows from it
	Clock  clockwork.Clock
	Store  store.Store         // remembers what the locks hold; nil: nothing outlives the fleet
	Dir    string              // in front of the keys of its records, as in "sim/house/"
	Notice func(driver.Notice) // told what clouds push; it must return at once; nil: nobody
}

const (
	maxTurn  = 1024             // jobs done between two commits
	maxSleep = 30 * time.Second // the clock is looked at this often: after a suspend it is not where the timer thinks
)

// Fleet is simulated locks on a running clock. It is safe for concurrent use.
type Fleet struct {
	clock   clockwork.Clock
	kernel  *sim.Kernel
	fleet   *sim.Fleet
	store   store.Store
	dir     string
	jobs    chan func()
	closing chan struct{}
	ended   chan struct{}
	answers []answer        // that wait for what they tell to be kept
	runs    []chan struct{} // the same of Run
	err     error           // why nothing is kept any more
	tempo   tempo
}

// answer is the end of a call on its way to who waits for it.
type answer struct {
	to     chan<- sim.Result
	result sim.Result
}

// ErrClosed is returned for a fleet that was closed.
var ErrClosed = errors.New("the simulated locks were put away")

// Start builds the fleet, or goes on with the one that the store holds, and sets it in motion.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	f := &Fleet{
		clock: o.Clock, store: o.Store, dir: o.Dir,
		jobs: make(chan func()), closing: make(chan struct{}), ended: make(chan struct{}),
	}
	items, left, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	if left.IsZero() {
		left = o.Clock.Now()
	}
	f.kernel = sim.NewKernel(left, o.Seed)
	if f.fleet, err = sim.NewFleet(f.kernel, o.Spec); err != nil {
		return nil, err
	}
	if err := f.fleet.Restore(items); err != nil {
		return nil, err
	}
	if o.Notice != nil {
		f.fleet.OnNotice(o.Notice)
	}
	go f.loop()
	return f, nil
}

// Do has fn look at the fleet, or change it: place faults, type at keypads, edit by hand.
func (f *Fleet) Do(ctx context.Context, fn func(*sim.Fleet) error) error {
	done := make(chan error, 1)
	if err := f.ask(ctx, func() { done <- fn(f.fleet) }); err != nil {
		return err
	}
	return <-done
}

// Run starts something on the fleet's thread and returns when done was called and what had changed by then is kept, or with an
// error when ctx has ended or the fleet was put away.
func (f *Fleet) Run(ctx context.Context, start func(f *sim.Fleet, done func())) error {
	ended := make(chan struct{})
	if err := f.ask(ctx, func() { start(f.fleet, func() { f.runs = append(f.runs, ended) }) }); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-f.ended:
		return ErrClosed
	}
}

// Close stops the clock of the locks. Calls under way are not answered any more, what the locks hold is kept.
func (f *Fleet) Close() error {
	select {
	case f.closing <- struct{}{}:
	case <-f.ended:
	}
	<-f.ended
	return f.err
}

func (f *Fleet) ask(ctx context.Context, job func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case f.jobs <- job:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-f.ended:
		return ErrClosed
	}
}

// loop is the one goroutine that touches the fleet.
func (f *Fleet) loop() {
	defer close(f.ended)
	timer := f.clock.NewTimer(maxSleep)
	defer timer.Stop()
	for {
		f.kernel.RunUntil(f.now())
		f.settle()
		sleep := maxSleep
		if next, ok := f.kernel.Next(); ok {
			sleep = min(sleep, f.until(next))
		}
		timer.Reset(sleep)
		select {
		case job := <-f.jobs:
			f.kernel.RunUntil(f.now())
			job()
			f.more()
		case <-timer.Chan():
		case <-f.closing:
			return
		}
	}
}

// more does the jobs that wait already, so that they share a commit.
func (f *Fleet) more() {
	for range maxTurn {
		select {
		case job := <-f.jobs:
			job()
		default:
			return
		}
	}
}

// settle keeps what has changed, and only then gives the answers that tell of it.
func (f *Fleet) settle() {
	f.keep()
	for _, a := range f.answers {
		if f.err != nil {
			a.result = sim.Result{Err: &driver.Error{Kind: driver.Ambiguous, Blame: driver.BlameCloud, Vendor: "simulation_not_kept", Err: f.err}}
		}
		a.to <- a.result
	}
	clear(f.answers)
	f.answers = f.answers[:0]
	for _, ended := range f.runs {
		close(ended)
	}
	clear(f.runs)
	f.runs = f.runs[:0]
}

// The records: those of the fleet, whose keys begin with simKeys, and the instant at which they were written.
const (
	simKeys = "sim/"
	keyNow  = "now"
)

// load reads what the store holds: the fleet's records and the instant at which it was left.
func (f *Fleet) load(ctx context.Context) (items []sim.Item, left time.Time, err error) {
	if f.store == nil {
		return nil, left, nil
	}
	kvs, _, err := f.store.Scan(ctx, f.dir, "", 0)
	if err != nil {
		return nil, left, err
	}
	for _, kv := range kvs {
		key := strings.TrimPrefix(kv.Key, f.dir)
		if key != keyNow {
			items = append(items, sim.Item{Key: simKeys + key, Val: kv.Val})
			continue
		}
		if left, err = time.Parse(time.RFC3339Nano, string(kv.Val)); err != nil {
			return nil, left, fmt.Errorf("record %s does not read: %w", kv.Key, err)
		}
	}
	return items, left, nil
}

// keep writes what has changed since it was last called.
func (f *Fleet) keep() {
	items := f.fleet.Changed()
	if f.store == nil || f.err != nil || len(items) == 0 {
		return
	}
	ops := []store.Op{{Key: f.dir + keyNow, Val: f.kernel.Now().AppendFormat(nil, time.RFC3339Nano)}}
	for _, it := range items {
		ops = append(ops, store.Op{Key: f.dir + strings.TrimPrefix(it.Key, simKeys), Val: it.Val, Delete: it.Val == nil})
	}
	limits := f.store.Limits()
	for len(ops) > 0 {
		n, size := 0, 0
		for n < len(ops) && n < limits.MaxOps && (n == 0 || size+ops[n].Size() <= limits.MaxBytes) {
			size += ops[n].Size()
			n++
		}
		if _, f.err = f.store.Commit(context.Background(), nil, ops[:n]); f.err != nil {
			return
		}
		ops = ops[n:]
	}
}

// Driver speaks for one account of the fleet. Closing it leaves the fleet as it is.
func (f *Fleet) Driver(id lock.AccountID) driver.Driver { return &account{f, id} }
