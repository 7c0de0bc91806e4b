// Package live runs an engine on the real clock against real locks: without it the engine would decide and nobody would act.
// One goroutine owns the engine; each driver call has one of its own.
package live

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/bell"
	"github.com/accesscodes/lockctl/lock"
)

const (
	maxBatch    = 512              // inputs taken by one step: what gathers while a step runs shares the next commit
	maxNews     = 64               // of them, how many are outcomes and notices: a step of so many takes a few milliseconds
	maxBeside   = 16               // and how many beside commands, whose senders wait
	maxCommands = 4096             // commands that may wait; beyond, they are refused as busy
	maxNotices  = 1 << 16          // different notices that may wait; a repeated one costs nothing
	maxSleep    = 30 * time.Second // the clock is looked at this often: after a suspend or a set clock it is not where the timer thinks
)

// GarbagePercent is what main hands to debug.SetGCPercent, unless its environment has a GOGC: garbage may take up so much of
// what is in use before it is collected. A limit in bytes would not do: for a second or two, while Badger writes a table, three
// times as much is in use as before and after, and within a limit the collector then takes the processor from everybody else.
const GarbagePercent = 40

// CodesKept is what a daemon hands to its engine as Options.Cache: about 20 MiB of decoded codes. The store has the others.
const CodesKept = 1 << 14

// ErrClosed is returned by a host that was closed.
var ErrClosed = errors.New("the host is closed")

// Account is one login as its host runs it.
type Account struct {
	Driver driver.Driver // nil: the account is not configured
	Lane   Lane
}

// Accounts finds an account; the zero value stands for one that is not configured. It is called by many goroutines at once.
type Accounts func(lock.AccountID) Account

// Ended tells of a call that has ended.
type Ended struct {
	Call  engine.Call
	Err   *driver.Error // nil: it succeeded
	Asked time.Time     // when the engine asked for it
	Sent  time.Time     // when the driver was called; zero: it never was
	At    time.Time
}

// Options say what a Host runs.
type Options struct {
	Engine   *engine.Engine // belongs to the host from then on
	Clock    clockwork.Clock
	Accounts Accounts
	Log      *slog.Logger // nil: silent
	Watch    func(Ended)  // told of every call, by many goroutines at once; nil: nobody
}

// stepper is the part of an engine that a host runs.
type stepper interface {
	Step(now time.Time, in ...engine.Input) (engine.Work, error)
	Snapshot(ctx context.Context, now time.Time, q engine.Query) (engine.Snapshot, error)
	Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error)
}

// Host is an engine.Host in real time.
type Host struct {
	engine  stepper
	clock   clockwork.Clock
	log     *slog.Logger
	inbox   *inbox
	lanes   *lanes
	bells   bell.Bells
	asks    chan func()          // what the loop is to do between two steps
	closing chan context.Context // asks the loop to drain until the context ends
	ended   chan struct{}        // closed when the loop has ended
	err     error                // why, to be read after ended
}

var _ engine.Host = (*Host)(nil)

// New starts a host. The store, and the drivers, stay the caller's to close after the host has ended.
func New(o Options) *Host { return start(o.Engine, o) }

func start(e stepper, o Options) *Host {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	in := newInbox()
	h := &Host{
		engine: e, clock: o.Clock, log: o.Log, inbox: in,
		lanes:   newLanes(o, in.outcome),
		asks:    make(chan func()),
		closing: make(chan context.Context),
		ended:   make(chan struct{}),
	}
	go h.loop()
	return h
}

// Now is the clock's time, in UTC.
func (h *Host) Now() time.Time { return h.clock.Now().UTC().Round(0) }

// Submit applies a command; see engine.Host. If ctx ends first the command may still be applied: its key tells.
func (h *Host) Submit(ctx context.Context, c engine.Command) (engine.Receipt, error) {
	type answer struct {
		receipt engine.Receipt
		err     error
	}
	answered := make(chan answer, 1)
	err := h.inbox.command(engine.Submission{Command: c, Done: func(r engine.Receipt, err error) { answered <- answer{r, err} }})
	if err != nil {
		return engine.Receipt{}, err
	}
	select {
	case a := <-answered:
		return a.receipt, a.err
	case <-ctx.Done():
		return engine.Receipt{}, ctx.Err()
	case <-h.ended:
	}
	select {
	case a := <-answered: // by the last step
		return a.receipt, a.err
	default:
		return engine.Receipt{}, h.gone()
	}
}

// Notify says that a device needs a look, because its vendor pushed something. It never waits; a Refusal as busy means that
// the vendor should push again later.
func (h *Host) Notify(n driver.Notice) error { return h.inbox.notice(engine.Notice(n)) }

// Snapshot answers a query between two steps.
func (h *Host) Snapshot(ctx context.Context, q engine.Query) (s engine.Snapshot, err error) {
	if aerr := h.ask(ctx, func() { s, err = h.engine.Snapshot(ctx, h.Now(), q) }); aerr != nil {
		return engine.Snapshot{}, aerr
	}
	return s, err
}

// Journal reads events between two steps.
func (h *Host) Journal(ctx context.Context, after engine.Seq, limit int) (events []engine.Event, err error) {
	if aerr := h.ask(ctx, func() { events, err = h.engine.Journal(ctx, after, limit) }); aerr != nil {
		return nil, aerr
	}
	return events, err
}

// Bell returns a doorbell; see engine.Host. It is also closed when the host ends.
func (h *Host) Bell(ctx context.Context) <-chan struct{} { return h.bells.Hang(ctx) }

// Load is how much waits in a host.
type Load struct {
	Inputs  int // commands, notices and outcomes that wait for a step
	Notices int // those of them that are notices
	Calls   int // calls whose outcome has not come
	Queued  int // those of them that wait for their account's lane
}

// Load tells how much waits.
func (h *Host) Load() Load {
	l := h.inbox.load()
	l.Queued = int(h.lanes.queued.Load())
	return l
}

// Close takes no more commands, waits for the calls in flight until ctx ends, writes down what they brought and ends the
// loop. A call that is cut off counts as ambiguous when the engine is opened again. It returns why the host ended, if it had
// ended before.
func (h *Host) Close(ctx context.Context) error {
	select {
	case h.closing <- ctx:
	case <-h.ended:
	}
	<-h.ended
	return h.err
}

// Ended is closed when the host has ended: by Close, or because the store failed.
func (h *Host) Ended() <-chan struct{} { return h.ended }

// Err says why the host ended by itself; nil after a Close, and while it runs.
func (h *Host) Err() error {
	select {
	case <-h.ended:
		return h.err
	default:
		return nil
	}
}

// ask has the loop do something between two steps.
func (h *Host) ask(ctx context.Context, do func()) error {
	done := make(chan struct{})
	select {
	case h.asks <- func() { defer close(done); do() }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-h.ended:
		return h.gone()
	}
}

// gone is what a host that has ended answers.
func (h *Host) gone() error {
	if h.err != nil {
		return h.err
	}
	return ErrClosed
}
