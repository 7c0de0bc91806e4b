package main

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkCreateAtAPace has 500 creations arrive each second, evenly, at a daemon of 10 000 locks, whether or not those before
// are answered, and measures from the instant at which each was to be sent to its answer. Beside it, in the same minute, it
// measures what no daemon can do anything about: how late the requests themselves were sent, and how long the same disk takes for
// a synced write of a kilobyte. A minute is long enough that the store writes a full memtable to a table once or twice.
func BenchmarkCreateAtAPace(b *testing.B) {
	const locks, each, seconds = 10_000, 500, 60
	x := ourServer(b, locks)
	for n := range each { // connections are open, and the first pages are in memory
		x.create(n, locks)
	}
	for b.Loop() {
		took, late := make([]time.Duration, each*seconds), make([]time.Duration, each*seconds)
		probe := startProbe(b)
		var all sync.WaitGroup
		began := time.Now()
		for n := range took {
			due := began.Add(time.Duration(n) * time.Second / each)
			<-time.After(time.Until(due))
			all.Go(func() {
				late[n] = time.Since(due)
				x.create(each+n, locks)
				took[n] = time.Since(due)
			})
		}
		all.Wait()
		for _, of := range []struct {
			name  string
			times []time.Duration
		}{{"", took}, {"sent-", late}, {"disk-", probe()}} {
			slices.Sort(of.times)
			at := func(q float64) float64 { return float64(of.times[int(q*float64(len(of.times)-1))]) / 1e6 }
			b.ReportMetric(at(.5), of.name+"p50-ms")
			b.ReportMetric(at(.99), of.name+"p99-ms")
			b.ReportMetric(at(1), of.name+"max-ms")
		}
		b.ReportMetric(0, "ns/op")
	}
}

// startProbe appends a kilobyte to a file and syncs it, twenty times a second, until the function that it returns is called, which
// tells how long each took.
func startProbe(b *testing.B) func() []time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "probe"))
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			began := time.Now()
			if _, err := f.Write(make([]byte, 1024)); err != nil {
				b.Error(err)
			}
			if err := f.Sync(); err != nil {
				b.Error(err)
			}
			took = append(took, time.Since(began))
		}
	}()
	return func() []time.Duration {
		close(stop)
		<-stopped
		if err := f.Close(); err != nil {
			b.Error(err)
		}
		return took
	}
}
