package memkv_test

import (
	"fmt"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/engine/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T, string) store.Store { return memkv.New() }, false)
}

func TestStoreWithTheLimitsOfAFleetStore(t *testing.T) {
	fleet := store.Limits{MaxOps: 100, MaxBytes: 1 << 20}
	storetest.Run(t, func(*testing.T, string) store.Store { return memkv.NewLimited(fleet) }, false)
}

func TestCloneIsApart(t *testing.T) {
	ctx := t.Context()
	s := memkv.New()
	var ops []store.Op
	for i := range 2000 {
		ops = append(ops, store.Op{Key: fmt.Sprintf("k/%05d", i), Val: []byte("old")})
	}
	rev, err := s.Commit(ctx, nil, ops)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Clone()
	if _, err := s.Commit(ctx, nil, []store.Op{{Key: "k/00001", Val: []byte("new")}, {Key: "k/00002", Delete: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(ctx, nil, []store.Op{{Key: "k/00001", Val: []byte("NEW")}}); err != nil { // in the place of "new"
		t.Fatal(err)
	}
	kvs, at, err := c.Scan(ctx, "", "", 0)
	if err != nil || at != rev || len(kvs) != len(ops) {
		t.Fatalf("the clone holds %d records at revision %d (%v), want %d at %d", len(kvs), at, err, len(ops), rev)
	}
	for _, kv := range kvs {
		if string(kv.Val) != "old" || kv.Rev != rev {
			t.Fatalf("the clone's %q became %q at revision %d when the original was written to", kv.Key, kv.Val, kv.Rev)
		}
	}
	if next, err := c.Commit(ctx, []store.Cond{{Key: "k/00001", Rev: rev}}, []store.Op{{Key: "k/00003", Delete: true}}); err != nil || next != rev+1 {
		t.Errorf("a commit to the clone: %d, %v, want revision %d", next, err, rev+1)
	}
	if kv, err := s.Get(ctx, "k/00003"); err != nil || kv.Rev != rev {
		t.Errorf("a commit to the clone reached the original: %+v, %v", kv, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if kv, err := c.Get(ctx, "k/00001"); err != nil || string(kv.Val) != "old" {
		t.Errorf("closing the original closed its clone: %+v, %v", kv, err)
	}
	if _, err := s.Clone().Get(ctx, "k/00001"); err != store.ErrClosed {
		t.Errorf("Get of a clone of a closed store: %v, want ErrClosed", err)
	}
}
