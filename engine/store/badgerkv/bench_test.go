package badgerkv_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

// BenchmarkCommit makes synced commits of 300-byte records, one at a time and 64 joined: the reason for a host to join them.
func BenchmarkCommit(b *testing.B) {
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprintf("records=%d", group), func(b *testing.B) {
			s, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir(), Key: key(1), Sync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			val := bytes.Repeat([]byte("300 bytes "), 30)
			ops := make([]store.Op, group)
			n := 0
			for b.Loop() {
				for i := range ops {
					ops[i] = store.Op{Key: fmt.Sprintf("code/%04d/%08d", n%1000, n), Val: val}
					n++
				}
				if _, err := s.Commit(b.Context(), nil, ops); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
