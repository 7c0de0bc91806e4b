package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/tui"
)

// talk is the conversation of a verb with the engine that it works on: the one of a running daemon, or what is kept where none runs.
type talk struct {
	engine.Host
	*app
	stopped string // what is to be said of an engine that nobody runs; "": it runs
	close   func() error
}

// onEngine connects a verb to an engine, and parts them when it is done.
func onEngine(do func(*talk, []string) error) func(*app, []string) error {
	return func(a *app, args []string) (err error) {
		s, err := a.connect()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		if _, err := io.WriteString(a.io.err, s.stopped); err != nil {
			return err
		}
		if err := do(s, args); !unheard(err) {
			return err
		}
		return a.noDaemon() // it has gone meanwhile
	}
}

// connect finds the engine: a daemon elsewhere if one was named, else that of this data folder, and where none runs what it
// has left behind.
func (a *app) connect() (*talk, error) {
	host, err := a.dial(clockwork.NewRealClock())
	if err == nil {
		return &talk{host, a, "", func() error { return nil }}, nil
	}
	if _, nobody := errors.AsType[*noDaemonError](err); !nobody || a.text("to") != "" {
		return nil, err
	}
	nobody := err
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	kept, err := a.keptStore(dir)
	if none, ok := errors.AsType[refusal](err); ok {
		return nil, fmt.Errorf("%w; %w", nobody, none)
	}
	if err != nil {
		return nil, err // it says what to do
	}
	e, err := engine.Open(a.ctx, engine.Options{Store: kept, Cache: live.CodesKept})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	s := &talk{&stored{e: e}, a, "", kept.Close}
	if s.stopped, err = s.missed(); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	return s, nil
}

// missed says that nothing happens at the locks, since when, and what will be missed.
func (s *talk) missed() (string, error) {
	day, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewToday, Limit: 1000})
	if err != nil {
		return "", err
	}
	since := ""
	if last, err := s.Journal(s.ctx, day.Seq-1, 1); err == nil && len(last) > 0 {
		since = " since " + clock(last[0].At, day.Now, "") + " or a little later"
	}
	starts, ends := 0, 0
	soon := day.Now.Add(24 * time.Hour)
	for _, c := range day.Codes {
		if c.Starts.After(day.Now) && !c.Starts.After(soon) {
			starts++
		}
		if c.Ends.After(day.Now) && !c.Ends.After(soon) {
			ends++
		}
	}
	return fmt.Sprintf("NOT RUNNING%s: this is what was kept, and nothing is done at the locks until lockctl serve runs.\n"+
		"%d codes start and %d end in the next 24 h.\n", since, starts, ends), nil
}

// begin opens the terminal interface on what there is: the running daemon of this data folder, else what one has left behind,
// else the demonstration.
func begin(a *app) (err error) {
	if err := a.needsTerminal(); err != nil {
		return err
	}
	s, err := a.connect()
	if _, none := errors.AsType[refusal](err); none {
		return demonstrate(a, false)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if c, running := s.Host.(*api.Client); running {
		return a.attachTo(c)
	}
	hint := strings.Join(strings.Fields(s.stopped), " ")
	return a.face(tui.Options{Host: s.Host, Clock: clockwork.NewRealClock(), Hint: hint})
}

// stored is the engine of a store that no daemon runs: it shows what is kept, and takes nothing.
type stored struct {
	mu sync.Mutex
	e  *engine.Engine
}

func (h *stored) Now() time.Time { return time.Now() }

func (h *stored) Submit(context.Context, engine.Command) (engine.Receipt, error) {
	return engine.Receipt{}, refused("nothing can be changed: lockctl serve is not running; start it first")
}

func (h *stored) Snapshot(ctx context.Context, q engine.Query) (engine.Snapshot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e.Snapshot(ctx, h.Now(), q)
}

func (h *stored) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e.Journal(ctx, after, limit)
}

// Bell never rings: nothing happens.
func (h *stored) Bell(ctx context.Context) <-chan struct{} {
	bell := make(chan struct{})
	context.AfterFunc(ctx, func() { close(bell) })
	return bell
}

// pages asks for page after page of a view, and hands each on.
func (s *talk) pages(q engine.Query, take func(engine.Snapshot) error) error {
	q.Limit = 1000
	p := &progress{a: s.app, what: "rows"}
	defer p.done()
	for n := 0; ; {
		page, err := s.Snapshot(s.ctx, q)
		if err != nil {
			return err
		}
		if err := take(page); err != nil {
			return err
		}
		if n += len(page.Codes) + len(page.Devices); page.Next != "" {
			p.told(n)
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}
