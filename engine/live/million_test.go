//go:build million

package live

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/lock"
)

const (
	fleet        = 100_000
	each         = 10             // codes of a lock
	every        = 72 * time.Hour // from one start to the next
	stay         = 48 * time.Hour
	buildup      = 2 * time.Hour
	group        = 200 // locks that are made together
	importMemory = 512 << 20
	steady       = time.Minute       // of work before the memory is read
	millions     = "LOCKCTL_MILLION" // names a store that was built, for the process that measures
)

// BenchmarkMillion opens a store with a million scheduled codes on a hundred thousand locks and works with it for a minute.
// The store is built by this process, which takes minutes, and measured by another that has no memory of that. Where
// LOCKCTL_MILLION names a store that was built before, only that is measured.
func BenchmarkMillion(b *testing.B) {
	if dir := os.Getenv(millions); dir != "" {
		measure(b, dir)
		return
	}
	dir := b.TempDir()
	build(b, dir)
	self := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkMillion$", "-test.benchtime=1x")
	self.Env = append(os.Environ(), millions+"="+dir)
	self.Stdout, self.Stderr = os.Stdout, os.Stderr
	if err := self.Run(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkImport writes the same million codes as fast as they go, first with all the memory there is, then within importMemory.
func BenchmarkImport(b *testing.B) {
	for _, limit := range []int64{math.MaxInt64, importMemory} {
		name := "memory=unlimited"
		if limit == importMemory {
			name = fmt.Sprintf("memory=%dMiB", limit>>20)
		}
		b.Run(name, func(b *testing.B) {
			debug.FreeOSMemory()
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
			for b.Loop() {
				build(b, b.TempDir())
			}
			b.ReportMetric(float64(fleet*each*b.N)/b.Elapsed().Seconds(), "codes/s")
			b.ReportMetric(anonymous(b), "RssAnon-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func vault(b *testing.B, dir string, sync bool) *badgerkv.Store {
	b.Helper()
	s, err := badgerkv.Open(badgerkv.Options{Dir: dir, Key: bytes.Repeat([]byte{7}, badgerkv.KeySize), Sync: sync})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// build has the engine write everything, as if the locks had come within the last hours: then their looks come at all times.
func build(b *testing.B, dir string) {
	b.Helper()
	s := vault(b, dir, false)
	defer s.Close()
	e, err := engine.Open(b.Context(), engine.Options{Store: s})
	if err != nil {
		b.Fatal(err)
	}
	drivers := &mirror{}
	began := time.Now()
	for first := 0; first < fleet; first += group {
		now := began.Add(-buildup + buildup/fleet*time.Duration(first))
		var in []engine.Input
		for i := first; i < first+group; i++ {
			in = equip(b, in, i)
			// Stays of different locks begin at all times of three days; of two locks in three the first has begun.
			from := now.Add(time.Minute - stay + every/fleet*time.Duration(i*7919%fleet))
			for n := range each {
				code := lock.CodeID(fmt.Sprintf("stay-%06d-%d", i, n))
				in = command(b, in, engine.Create{ID: code, Device: door(i), Name: "Guest", Starts: from, Ends: from.Add(stay)})
				if from.Before(now) {
					in = command(b, in, engine.Reveal{Code: code}) // somebody in the house is looked after hourly
				}
				from = from.Add(every)
			}
		}
		drivers.settle(b, e, now, in)
		if done := first + group; done%10_000 == 0 {
			b.Logf("%d locks and %d codes after %s", done, done*each, time.Since(began).Round(time.Second))
		}
	}
	drivers.settle(b, e, time.Now(), nil)
}

// measure is what the benchmark is about.
func measure(b *testing.B, dir string) {
	debug.SetGCPercent(GarbagePercent)
	began := time.Now()
	s := vault(b, dir, true)
	opened := time.Since(began)
	e, err := engine.Open(b.Context(), engine.Options{Store: s, Cache: CodesKept})
	if err != nil {
		b.Fatal(err)
	}
	loaded := time.Since(began)
	if _, err := e.Step(time.Now()); err != nil {
		b.Fatal(err)
	}
	stepped := time.Since(began)
	atOnce := anonymous(b)
	counts := &mirror{}
	h := New(Options{Engine: e, Clock: clockwork.NewRealClock(), Accounts: func(lock.AccountID) Account { return Account{Driver: counts} }})
	creations := 0
	for end, tick := time.After(steady), time.NewTicker(100*time.Millisecond); ; creations++ {
		select {
		case <-tick.C:
		case <-end:
			b.ReportMetric(opened.Seconds(), "store-open-s")
			b.ReportMetric(loaded.Seconds(), "engine-open-s")
			b.ReportMetric(stepped.Seconds(), "first-step-s")
			b.ReportMetric(atOnce, "RssAnon-at-once-MiB")
			b.ReportMetric(anonymous(b), "RssAnon-MiB")
			b.ReportMetric(float64(counts.calls), "calls")
			b.ReportMetric(float64(creations), "creations")
			b.ReportMetric(0, "ns/op")
			if err := h.Close(b.Context()); err != nil {
				b.Error(err)
			}
			if err := s.Close(); err != nil {
				b.Error(err)
			}
			return
		}
		from := time.Now().Add(40 * 24 * time.Hour)
		do := engine.Create{Device: door(creations * 7919 % fleet), Name: "Guest", Starts: from, Ends: from.Add(48 * time.Hour)}
		if _, err := h.Submit(b.Context(), engine.Command{Do: do}); err != nil {
			b.Fatal(err)
		}
	}
}

// anonymous is the memory of this process that no file backs, in MiB.
func anonymous(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", "self", "status"))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatal("no RssAnon in /proc/self/status")
	return 0
}
