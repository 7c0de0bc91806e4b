package memkv

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

// BenchmarkCommit is the simulator's hot path: a conditional commit that rewrites two records, adds one and deletes one,
// over a store of so many records.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			ctx := b.Context()
			s := New()
			keys := make([]string, n)
			val := make([]byte, 300)
			for i := range keys {
				keys[i] = fmt.Sprintf("code/%06d/%08d", i/100, i)
				if _, err := s.Commit(ctx, nil, []store.Op{{Key: keys[i], Val: val}}); err != nil {
					b.Fatal(err)
				}
			}
			events := make([]string, 4096)
			for i := range events {
				events[i] = fmt.Sprintf("ev/%08d", i)
			}
			pick := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				guard := keys[pick.IntN(n)]
				at, err := s.Get(ctx, guard)
				if err != nil {
					b.Fatal(err)
				}
				ops := []store.Op{
					{Key: guard, Val: val},
					{Key: keys[pick.IntN(n)], Val: val},
					{Key: events[i%len(events)], Val: val[:100]},
					{Key: events[(i+1000)%len(events)], Delete: true},
				}
				if _, err := s.Commit(ctx, []store.Cond{{Key: guard, Rev: at.Rev}}, ops); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
