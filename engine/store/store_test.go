package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

func TestCheckNamesTheBound(t *testing.T) {
	limits := store.Limits{MaxOps: 2, MaxBytes: 20}
	for name, c := range map[string]struct {
		ops  []store.Op
		want string // "": taken
		big  bool
	}{
		"none":            {nil, "", false},
		"just as many":    {[]store.Op{{Key: "a"}, {Key: "b"}}, "", false},
		"one too many":    {[]store.Op{{Key: "a"}, {Key: "b"}, {Key: "c"}}, "3 operations, at most 2", true},
		"just as large":   {[]store.Op{{Key: "0123456789", Val: make([]byte, 10)}}, "", false},
		"a byte too many": {[]store.Op{{Key: "0123456789", Val: make([]byte, 11)}}, "21 bytes, at most 20", true},
		"a deleted value": {[]store.Op{{Key: "a", Val: make([]byte, store.MaxValue+1), Delete: true}}, "", false},
		"a large value":   {[]store.Op{{Key: "a", Val: make([]byte, store.MaxValue+1)}}, "operation 0: the value has 524289 bytes", true},
		"an empty key":    {[]store.Op{{Key: "a"}, {}}, "operation 1: the key is empty", false},
		"a long key":      {[]store.Op{{Key: strings.Repeat("k", store.MaxKey+1)}}, "operation 0: the key has 1025 bytes, at most 1024", false},
	} {
		err := limits.Check(c.ops)
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) || errors.Is(err, store.ErrTooBig) != c.big {
			t.Errorf("%s: Check: %v, want %q, ErrTooBig %v", name, err, c.want, c.big)
		}
	}
}

// fill makes a store of n records of size bytes.
func fill(t *testing.T, n, size int) *memkv.Store {
	t.Helper()
	s := memkv.New()
	for i := range n {
		op := store.Op{Key: fmt.Sprintf("k/%06d", i), Val: make([]byte, size)}
		if _, err := s.Commit(t.Context(), nil, []store.Op{op}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestCopyKeepsTheLimitsOfTheDestination(t *testing.T) {
	for name, c := range map[string]struct {
		records, size int
		limits        store.Limits
	}{
		"by operations":       {2500, 10, store.Limits{MaxOps: 7, MaxBytes: 1 << 20}},
		"by bytes":            {2500, 10, store.Limits{MaxOps: 1000, MaxBytes: 50}},
		"a whole page":        {1000, 10, store.LocalLimits()},
		"nothing":             {0, 0, store.LocalLimits()},
		"just fitting values": {3, 92, store.Limits{MaxOps: 10, MaxBytes: 100}},
	} {
		dst := memkv.NewLimited(c.limits)
		if err := store.Copy(t.Context(), dst, fill(t, c.records, c.size)); err != nil {
			t.Errorf("%s: Copy: %v", name, err)
		}
		if got, _, err := dst.Scan(t.Context(), "", "", 0); err != nil || len(got) != c.records {
			t.Errorf("%s: the copy holds %d records, %v, want %d", name, len(got), err, c.records)
		}
	}
	small := memkv.NewLimited(store.Limits{MaxOps: 10, MaxBytes: 100})
	if err := store.Copy(t.Context(), small, fill(t, 3, 93)); !errors.Is(err, store.ErrTooBig) {
		t.Errorf("a record that the destination cannot take: Copy: %v, want ErrTooBig", err)
	}
}

func TestCopyWantsAnEmptyDestination(t *testing.T) {
	dst := fill(t, 1, 1)
	if err := store.Copy(t.Context(), dst, fill(t, 2, 1)); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("Copy: %v, want a refusal", err)
	}
	if kvs, _, err := dst.Scan(t.Context(), "", "", 0); err != nil || len(kvs) != 1 {
		t.Errorf("the refused Copy left %d records, %v", len(kvs), err)
	}
}

// restless is written to after every scan.
type restless struct{ *memkv.Store }

func (r restless) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	kvs, at, err := r.Store.Scan(ctx, prefix, after, limit)
	if err == nil {
		_, err = r.Commit(ctx, nil, []store.Op{{Key: "restless"}})
	}
	return kvs, at, err
}

func TestCopyWantsASourceAtRest(t *testing.T) {
	err := store.Copy(t.Context(), memkv.New(), restless{fill(t, 2500, 1)})
	if err == nil || !strings.Contains(err.Error(), "revision 2500, then 2501") {
		t.Errorf("Copy of a store that is written to: %v, want a refusal with both revisions", err)
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Copy(ctx, memkv.New(), fill(t, 10, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Copy: %v, want context.Canceled", err)
	}
}
