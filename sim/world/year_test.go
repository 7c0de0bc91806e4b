//go:build million

package world

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/accesscodes/lockctl/engine/store/memkv"
)

const (
	year  = 365 * day
	fleet = 100 // locks of a world
)

// BenchmarkYear runs a virtual year of many locks. They don't depend on each other, so they live in worlds of a hundred, one
// after the other on each processor: what a world touches stays near the processor, and its journal goes with it.
func BenchmarkYear(b *testing.B) {
	for _, locks := range []int{fleet, 10_000} {
		b.Run(fmt.Sprintf("locks=%d", locks), func(b *testing.B) {
			var began, events atomic.Int64
			cpu := burnt(b)
			for b.Loop() {
				var workers sync.WaitGroup
				for range runtime.GOMAXPROCS(0) {
					workers.Go(func() {
						for i := began.Add(1); i <= int64(locks/fleet); i = began.Add(1) {
							w := hotel(b, fleet, Options{Store: memkv.New(), Seed: uint64(i), Unjudged: true})
							run(b, w, w.Now().Add(year-benchWarm))
							_, n := w.Steps()
							events.Add(n)
						}
					})
				}
				workers.Wait()
				began.Store(0)
			}
			b.ReportMetric(b.Elapsed().Minutes()/float64(b.N), "minutes/year")
			b.ReportMetric(float64(events.Load())/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64((burnt(b)-cpu).Nanoseconds())/float64(events.Load()), "cpu-ns/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}
