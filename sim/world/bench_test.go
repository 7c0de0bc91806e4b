package world

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

const (
	benchNights = 2       // of a stay
	benchEvery  = 3 * day // from one stay of a lock to the next: ten a month
	benchBooked = 5 * day // how long before its start a stay is booked
	benchWarm   = 6 * day // before the clock of the benchmark runs: by then booking, stays and erasures overlap
	benchSpell  = 2 * day // from one offline spell to the next
)

// BenchmarkWorld runs a fleet with ten time-bound codes a lock and month, some of them behind faults. An operation is one
// virtual day; what counts is events/s: inputs taken and wakes handled by the engine's steps, in a second of the wall clock.
func BenchmarkWorld(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("locks=%d", n), func(b *testing.B) { days(b, day, hotel(b, n, Options{Store: memkv.New()})) })
	}
}

// BenchmarkUnjudged is the same with no checker looking on: what the engine and the locks cost alone, with either store.
func BenchmarkUnjudged(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("store=memory/locks=%d", n), func(b *testing.B) {
			days(b, day, hotel(b, n, Options{Store: memkv.New(), Unjudged: true}))
		})
	}
	b.Run("store=badger/locks=1000", func(b *testing.B) {
		s, err := badgerkv.Open(badgerkv.Options{InMemory: true})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		days(b, day, hotel(b, 1000, Options{Store: s, Unjudged: true}))
	})
}

// BenchmarkDistance tells what of a large fleet's cost is the distance of memory alone: 10 000 locks in a hundred worlds of a
// hundred locks, which go on by a minute in turn, so that no engine, store or judge knows of more than a hundred locks, and
// yet the next event is nearly always far from the last one. What the same locks cost in one world, beyond that, grows with the
// fleet.
func BenchmarkDistance(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("worlds=%d", n), func(b *testing.B) {
			ws := make([]*World, n)
			for i := range ws {
				ws[i] = hotel(b, 100, Options{Store: memkv.New(), Seed: uint64(i + 1)})
			}
			days(b, time.Minute, ws...)
		})
	}
}

// days measures virtual days of worlds that go on by so much in turn, with garbage collected as rarely as in locksim.
func days(b *testing.B, every time.Duration, ws ...*World) {
	b.Helper()
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(GarbagePercent))
	}
	sum := func() (steps, events int64) {
		for _, w := range ws {
			s, e := w.Steps()
			steps, events = steps+s, events+e
		}
		return steps, events
	}
	steps, events := sum()
	cpu, made := burnt(b), allocated()
	for b.Loop() {
		for range day / every {
			for _, w := range ws {
				run(b, w, w.Now().Add(every))
			}
		}
	}
	s, e := sum()
	cpu, made = burnt(b)-cpu, allocated()-made
	b.ReportMetric(float64(e-events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(e-events), "ns/event")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(e-events), "cpu-ns/event")
	b.ReportMetric(float64(made)/float64(e-events), "B/event")
	b.ReportMetric(float64(e-events)/float64(s-steps), "events/step")
	b.ReportMetric(0, "ns/op")
	for _, w := range ws {
		for _, x := range w.Breaches() {
			b.Errorf("breach of %s on %s: %s", x.Rule, x.Device, x.Text)
		}
	}
}

// burnt is the processor time of this process, which others on the machine don't lengthen much.
func burnt(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocated is how many bytes this process has asked for on the heap, ever.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// hotel is a world of n locks, a hundred to an account and twenty to a hub, in the midst of its stays.
func hotel(b *testing.B, n int, o Options) *World {
	b.Helper()
	models := [...]string{"jit.keypad", "native.keypad", "cloud.keypad", "masked.keypad"}
	var spec sim.Spec
	for i := range n {
		spec.Locks = append(spec.Locks, sim.LockSpec{
			ID: lock.DeviceID(fmt.Sprintf("room-%05d", i)), Model: models[i%len(models)],
			Account: lock.AccountID(fmt.Sprintf("house-%03d", i/100)), Hub: lock.HubID(fmt.Sprintf("floor-%04d", i/20)),
		})
	}
	o.Name, o.Seed, o.Spec, o.Ephemeral = "hotel", max(o.Seed, 1), spec, true
	w := open(b, o)
	trouble(b, w)
	for i, l := range spec.Locks {
		// Check-ins are spread over the afternoon, and over the days.
		first := w.Now().Add(time.Duration(i%3)*day + time.Duration(i%97)*3*time.Minute)
		guest(b, w, l.ID, 0, first)
	}
	run(b, w, w.Now().Add(benchWarm))
	return w
}

// guest posts the booking, the telling and the arrival of a lock's stay, and of all after it.
func guest(b *testing.B, w *World, id lock.DeviceID, n int, from time.Time) {
	code := lock.CodeID(fmt.Sprintf("%s.%d", id, n))
	do := func(at time.Time, fn func()) { w.Kernel().At(at, sim.ClassStep, fn) }
	do(from.Add(-benchBooked), func() {
		submit(b, w, engine.Create{ID: code, Device: id, Name: "Guest", Starts: from, Ends: from.Add(benchNights*day - 4*time.Hour)})
		guest(b, w, id, n+1, from.Add(benchEvery))
	})
	do(from.Add(-toldAhead), func() { submit(b, w, engine.Reveal{Code: code}) })
	do(from.Add(2*time.Hour), func() {
		if _, err := w.types(id, w.judge.wishes[code].Told.PIN); err != nil {
			b.Fatal(err)
		}
	})
}

// trouble places faults on one lock in twenty.
func trouble(b *testing.B, w *World) {
	b.Helper()
	inject := func(f sim.Fault) {
		if _, err := w.Fleet().Inject(f); err != nil {
			b.Fatal(err)
		}
	}
	for i, l := range w.o.Spec.Locks {
		on := string(l.ID)
		switch i % 100 {
		case 3:
			inject(sim.Fault{On: on, Kind: "loss", P: 0.1})
		case 26:
			inject(sim.Fault{On: on, Kind: "lost-ack", P: 0.2})
		case 49:
			inject(sim.Fault{On: on, Kind: "latency"})
		case 72:
			inject(sim.Fault{On: on, Kind: "duplicate", P: 0.2})
		case 95:
			var spell func()
			spell = func() {
				inject(sim.Fault{On: on, Kind: "offline", For: 3 * time.Hour})
				w.Kernel().At(w.Now().Add(benchSpell), sim.ClassStep, spell)
			}
			w.Kernel().At(w.Now().Add(5*time.Hour), sim.ClassStep, spell)
		}
	}
}
