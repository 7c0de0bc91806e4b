package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/lock"
)

const (
	doors     = 4096
	creations = 4 * doors
)

// BenchmarkCreate has 64 or 512 submitters create codes through the live host, each on the disk, in an encrypted Badger, before its
// submitter goes on. Then as many others have Badger alone commit the very records that the engine wrote for them, bytes ready-made
// and without conditions, and gathered as the host gathers: whatever waits goes with the next commit. The ratio of the two
// rates is what counts. The engine finds a code's lock in memory, or has to read it first.
func BenchmarkCreate(b *testing.B) {
	for _, bench := range []struct {
		name       string
		submitters int
		cache      int // of the engine
	}{{"submitters=64/lock=kept", 64, 0}, {"submitters=64/lock=read", 64, 1}, {"submitters=512/lock=kept", 512, 0}} {
		b.Run(bench.name, func(b *testing.B) {
			var host, raw time.Duration
			var waits []time.Duration
			var hosted, alone int
			rounds := 0
			for b.Loop() {
				tape := &tape{Store: disk(b)}
				t, w, n := create(b, tape, bench.submitters, bench.cache)
				host, waits, hosted = host+t, append(waits, w...), hosted+n
				t, n = replay(b, disk(b), bench.submitters, tape.units(creations))
				raw, alone = raw+t, alone+n
				rounds++
			}
			all := float64(rounds * creations)
			b.ReportMetric(all/host.Seconds(), "host/s")
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(all/raw.Seconds(), "badger/s")
			b.ReportMetric(raw.Seconds()/host.Seconds(), "ratio")
			b.ReportMetric(all/float64(hosted), "host/commit")
			b.ReportMetric(all/float64(alone), "badger/commit")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// create has the crowd create codes through a host, and returns how long it took, how long each waited, and
// how many commits there were.
func create(b *testing.B, tape *tape, submitters, cache int) (time.Duration, []time.Duration, int) {
	b.Helper()
	e, err := engine.Open(b.Context(), engine.Options{Store: tape, Cache: cache})
	if err != nil {
		b.Fatal(err)
	}
	var in []engine.Input
	for i := range doors {
		in = equip(b, in, i)
	}
	drivers := &mirror{}
	drivers.settle(b, e, time.Now(), in)
	tape.ops, tape.commits = nil, 0
	h := New(Options{Engine: e, Clock: clockwork.NewRealClock(), Accounts: func(lock.AccountID) Account { return Account{Driver: drivers} }})
	starts := h.Now().Truncate(time.Hour).AddDate(0, 1, 0)
	took, waits := crowd(b, submitters, func(i int) error {
		from := starts.Add(time.Duration(i/doors) * 24 * time.Hour)
		_, err := h.Submit(b.Context(), engine.Command{Do: engine.Create{Device: door(i % doors), Name: "Guest", Starts: from, Ends: from.Add(20 * time.Hour)}})
		return err
	})
	if err := h.Close(b.Context()); err != nil {
		b.Error(err)
	}
	return took, waits, tape.commits
}

// replay has the crowd commit units to a store, and returns how long it took and in how many commits.
func replay(b *testing.B, s store.Store, submitters int, units [][]store.Op) (time.Duration, int) {
	g := gather(s)
	took, _ := crowd(b, submitters, func(i int) error { return g.commit(units[i]) })
	close(g.waiting)
	<-g.ended
	return took, g.commits
}

// crowd shares as many jobs as there are creations among the submitters, and returns how long they took, all and each.
func crowd(b *testing.B, submitters int, do func(i int) error) (time.Duration, []time.Duration) {
	b.Helper()
	waits := make([]time.Duration, creations)
	began := time.Now()
	var all sync.WaitGroup
	for s := range submitters {
		all.Go(func() {
			for i := s; i < creations; i += submitters {
				asked := time.Now()
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
				waits[i] = time.Since(asked)
			}
		})
	}
	all.Wait()
	return time.Since(began), waits
}

// disk is a store as lockctl opens it.
func disk(b *testing.B) store.Store {
	b.Helper()
	s, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir(), Key: bytes.Repeat([]byte{7}, badgerkv.KeySize), Sync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func door(i int) lock.DeviceID { return lock.DeviceID(fmt.Sprintf("door-%06d", i)) }

// equip appends what puts a door under management.
func equip(b *testing.B, in []engine.Input, i int) []engine.Input {
	return command(b, in, engine.AddDevice{Device: lock.Device{
		ID: door(i), Account: lock.AccountID(fmt.Sprintf("house-%03d", i/100)), Name: "Door", Model: "keypad",
		Traits: lock.Traits{NativeSchedule: true, UpdatesInPlace: true, Slots: 250, PINLengths: []int{6}, NameMax: 20, Granularity: time.Minute, Zone: "Europe/Berlin"},
	}})
}

// command appends a command that must be taken.
func command(b *testing.B, in []engine.Input, do engine.Action) []engine.Input {
	return append(in, engine.Submission{Command: engine.Command{Do: do}, Done: func(_ engine.Receipt, err error) {
		if err != nil {
			b.Errorf("%s: %v", do.Verb(), err)
		}
	}})
}

// tape is a store that remembers what is committed to it.
type tape struct {
	store.Store
	ops     []store.Op
	commits int
}

func (t *tape) Commit(ctx context.Context, conds []store.Cond, ops []store.Op) (store.Rev, error) {
	t.commits++
	for _, op := range ops {
		op.Val = bytes.Clone(op.Val)
		t.ops = append(t.ops, op)
	}
	return t.Store.Commit(ctx, conds, ops)
}

// units shares what was committed, but for the mark that each commit has, among n.
func (t *tape) units(n int) [][]store.Op {
	var all []store.Op
	for _, op := range t.ops {
		if !strings.HasPrefix(op.Key, "meta/") {
			all = append(all, op)
		}
	}
	units := make([][]store.Op, n)
	for i := range units {
		units[i] = all[i*len(all)/n : (i+1)*len(all)/n]
	}
	return units
}

// gatherer commits what many bring, all that waits at a time.
type gatherer struct {
	store   store.Store
	waiting chan unit
	ended   chan struct{}
	commits int
}

type unit struct {
	ops  []store.Op
	done chan error
}

func gather(s store.Store) *gatherer {
	g := &gatherer{store: s, waiting: make(chan unit, maxBatch), ended: make(chan struct{})}
	go g.loop()
	return g
}

func (g *gatherer) loop() {
	defer close(g.ended)
	for first := range g.waiting {
		ops, done := first.ops[:len(first.ops):len(first.ops)], []chan error{first.done}
		room := g.store.Limits().MaxOps - len(first.ops) - 2 // units differ by one at most, and the mark comes on top
		for n := min(len(g.waiting), maxBatch-1); n > 0 && len(ops) <= room; n-- {
			next := <-g.waiting
			ops, done = append(ops, next.ops...), append(done, next.done)
		}
		ops = append(ops, store.Op{Key: "meta/commit", Val: []byte("{}")})
		_, err := g.store.Commit(context.Background(), nil, ops)
		g.commits++
		for _, d := range done {
			d <- err
		}
	}
}

func (g *gatherer) commit(ops []store.Op) error {
	u := unit{ops, make(chan error, 1)}
	g.waiting <- u
	return <-u.done
}

// mirror is a driver whose locks hold what they were told. It remembers nothing but what was erased: the rest stands in the
// refs that it gives out.
type mirror struct {
	mu      sync.Mutex
	calls   int
	cleared map[lock.Ref]bool
}

// written is a credential as a ref of it spells it.
type written struct {
	Tag, Name, PIN string
	Window         lock.Window
	Enabled        bool
}

func (m *mirror) count() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
}

func (m *mirror) Devices(context.Context) ([]lock.Device, error) { return nil, nil }
func (m *mirror) Close() error                                   { return nil }

func (m *mirror) Observe(_ context.Context, _ lock.DeviceID, known driver.Known) (lock.Observation, error) {
	m.count()
	o := lock.Observation{At: time.Now(), Reach: lock.Reached, Source: lock.SourceLock, Complete: true}
	for _, ref := range known.Refs {
		m.mu.Lock()
		gone := m.cleared[ref]
		m.mu.Unlock()
		if gone {
			continue
		}
		var w written
		if err := json.Unmarshal([]byte(ref), &w); err != nil {
			return o, err
		}
		pin, err := lock.ParsePIN(w.PIN)
		if err != nil {
			return o, err
		}
		o.Held = append(o.Held, lock.Held{Ref: ref, Tag: w.Tag, Name: w.Name, PIN: pin, Window: w.Window, Enabled: w.Enabled})
	}
	return o, nil
}

func (m *mirror) Set(_ context.Context, _ lock.DeviceID, want lock.Credential, _ lock.Ref) (lock.Held, error) {
	m.count()
	ref, err := json.Marshal(written{want.Tag, want.Name, want.PIN.Reveal(), want.Window, want.Enabled})
	return lock.Held{Ref: lock.Ref(ref), PIN: want.PIN, Window: want.Window, Enabled: want.Enabled}, err
}

func (m *mirror) Clear(_ context.Context, _ lock.DeviceID, at lock.Ref) error {
	m.count()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cleared == nil {
		m.cleared = map[lock.Ref]bool{}
	}
	m.cleared[at] = true
	return nil
}

// settle steps until every input is taken, every call that follows from them is answered and no wake is due.
func (m *mirror) settle(b *testing.B, e *engine.Engine, now time.Time, in []engine.Input) {
	b.Helper()
	for wake := now; len(in) > 0 || !wake.IsZero() && !wake.After(now); {
		work, err := e.Step(now, in[:min(len(in), maxBatch)]...)
		if err != nil {
			b.Fatal(err)
		}
		in, wake = in[work.Taken:], work.Wake
		for _, c := range work.Calls {
			o := engine.Outcome{Call: c.ID, Device: c.Device}
			var err error
			switch c.Verb {
			case engine.CallObserve:
				o.Observation, err = m.Observe(b.Context(), c.Device, c.Known)
			case engine.CallSet:
				o.Held, err = m.Set(b.Context(), c.Device, c.Want, c.At)
			case engine.CallClear:
				err = m.Clear(b.Context(), c.Device, c.At)
			}
			if err != nil {
				b.Fatal(err)
			}
			in = append(in, o)
		}
	}
}
