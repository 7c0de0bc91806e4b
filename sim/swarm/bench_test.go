package swarm

import (
	"testing"
)

// BenchmarkSeeds runs stories one after the other, with every checker on.
func BenchmarkSeeds(b *testing.B) {
	sum := NewSum()
	seed := uint64(1)
	for b.Loop() {
		out, err := Run(b.Context(), seed, Options{})
		if err != nil {
			b.Fatal(err)
		}
		sum.Add(out)
		seed++
	}
	wall := b.Elapsed()
	b.ReportMetric(sum.LockYears()/wall.Minutes(), "lock-years/min")
	b.ReportMetric(float64(sum.Events)/wall.Seconds(), "events/s")
}
