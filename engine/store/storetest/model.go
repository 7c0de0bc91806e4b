package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

// plain is the store as the seam describes it, in as few lines as possible.
type plain struct {
	records map[string]store.KV
	rev     store.Rev
}

func (p *plain) commit(conds []store.Cond, ops []store.Op) (store.Rev, error) {
	for _, c := range conds {
		if p.records[c.Key].Rev != c.Rev {
			return 0, store.ErrConflict
		}
	}
	p.rev++
	for _, op := range ops {
		delete(p.records, op.Key)
		if !op.Delete {
			p.records[op.Key] = store.KV{Key: op.Key, Val: op.Val, Rev: p.rev}
		}
	}
	return p.rev, nil
}

func (p *plain) scan(prefix, after string, limit int) []store.KV {
	var found []store.KV
	for _, key := range slices.Sorted(maps.Keys(p.records)) {
		if strings.HasPrefix(key, prefix) && key > after && (limit <= 0 || len(found) < limit) {
			found = append(found, p.records[key])
		}
	}
	return found
}

// testAgainstMap makes a long random run of calls, one at a time, and compares every answer with the plain map's.
func testAgainstMap(t *testing.T, open Opener) {
	s := opened(t, open)
	want := &plain{records: map[string]store.KV{}}
	random := rand.New(rand.NewPCG(7, 11))
	key := func() string {
		return strings.Repeat("ab/\xff"[random.IntN(4):][:1], 1+random.IntN(3)) + fmt.Sprint(random.IntN(12))
	}
	for n := range 1500 {
		switch random.IntN(4) {
		case 0, 1:
			var conds []store.Cond
			for range random.IntN(3) {
				k := key()
				c := is(k, want.records[k].Rev)
				if random.IntN(4) == 0 {
					c.Rev += store.Rev(random.IntN(3) - 1)
				}
				conds = append(conds, c)
			}
			var ops []store.Op
			for i := range random.IntN(5) {
				op := del(key())
				if random.IntN(3) > 0 {
					op = set(op.Key, fmt.Sprint("value ", n, i))
				}
				ops = append(ops, op)
			}
			got, gotErr := s.Commit(t.Context(), conds, ops)
			rev, err := want.commit(conds, ops)
			if got != rev || !errors.Is(gotErr, err) {
				t.Fatalf("call %d: Commit(%v, %v) = %d, %v, want %d, %v", n, conds, ops, got, gotErr, rev, err)
			}
		case 2:
			k := key()
			if got, kv := get(t, s, k), want.records[k]; got.Rev != kv.Rev || string(got.Val) != string(kv.Val) {
				t.Fatalf("call %d: Get(%q) = %q at %d, want %q at %d", n, k, got.Val, got.Rev, kv.Val, kv.Rev)
			}
		case 3:
			prefix, after, limit := key(), key(), random.IntN(8)
			prefix = prefix[:random.IntN(len(prefix)+1)]
			after = after[:random.IntN(len(after)+1)]
			got, at := scan(t, s, prefix, after, limit)
			expected := want.scan(prefix, after, limit)
			same := slices.EqualFunc(got, expected, func(a, b store.KV) bool {
				return a.Key == b.Key && a.Rev == b.Rev && string(a.Val) == string(b.Val)
			})
			if !same || at != want.rev {
				t.Fatalf("call %d: Scan(%q, %q, %d) = %q at %d, want %q at %d",
					n, prefix, after, limit, keysOf(got), at, keysOf(expected), want.rev)
			}
		}
	}
}
