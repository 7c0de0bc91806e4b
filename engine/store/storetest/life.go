package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

func testContext(t *testing.T, open Opener) {
	s := opened(t, open)
	commit(t, s, set("k", "v"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(ended, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get with an ended context: %v", err)
	}
	if kvs, _, err := s.Scan(ended, "", "", 0); !errors.Is(err, context.Canceled) || kvs != nil {
		t.Errorf("Scan with an ended context: %d records, %v", len(kvs), err)
	}
	if _, err := s.Commit(ended, nil, []store.Op{set("k", "w")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit with an ended context: %v", err)
	}
	wantValue(t, s, "k", "v")
}

func testClosed(t *testing.T, open Opener) {
	s := opened(t, open)
	commit(t, s, set("k", "v"))
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get after Close: %v, want ErrClosed", err)
	}
	if _, _, err := s.Scan(t.Context(), "", "", 0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Scan after Close: %v, want ErrClosed", err)
	}
	if _, err := s.Commit(t.Context(), nil, []store.Op{set("k", "w")}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Commit after Close: %v, want ErrClosed", err)
	}
	if _, err := s.Commit(t.Context(), nil, []store.Op{set("", "")}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("an impossible Commit after Close: %v, want ErrClosed", err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Close after Close: %v, want ErrClosed", err)
	}
}

// testCloseUnderLoad closes a store while clients use it: each call must be served or refused with ErrClosed.
func testCloseUnderLoad(t *testing.T, open Opener) {
	s := opened(t, open)
	var clients sync.WaitGroup
	busy := make(chan struct{}, 1) // rung by every client's fifth commit, and by its end
	ring := func() {
		select {
		case busy <- struct{}{}:
		default:
		}
	}
	for id := range 4 {
		clients.Go(func() {
			defer ring()
			for n := 1; ; n++ {
				key := fmt.Sprintf("%d/%06d", id, n)
				_, err := s.Commit(t.Context(), []store.Cond{is(key, 0)}, []store.Op{set(key, "v")})
				if err == nil {
					_, err = s.Get(t.Context(), key)
				}
				if err == nil {
					_, _, err = s.Scan(t.Context(), "", "", 3)
				}
				if errors.Is(err, store.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("client %d, call %d: %v", id, n, err)
					return
				}
				if n == 5 {
					ring()
				}
			}
		})
	}
	<-busy
	if err := s.Close(); err != nil {
		t.Errorf("Close under load: %v", err)
	}
	clients.Wait()
}

func testCopy(t *testing.T, open Opener) {
	src, dst := opened(t, open), opened(t, open)
	const records = 2345
	for n := 0; n < records; {
		var ops []store.Op
		for ; n < records && len(ops) < 100; n++ {
			ops = append(ops, set(fmt.Sprintf("k/%05d", n), fmt.Sprintf("value %d", n)))
		}
		commit(t, src, ops...)
	}
	commit(t, src, del("k/00007"), set("k/00009", "rewritten"))
	if err := store.Copy(t.Context(), dst, src); err != nil {
		t.Fatalf("Copy: %v", err)
	}
	want, _ := scan(t, src, "", "", 0)
	got, _ := scan(t, dst, "", "", 0)
	if len(got) != len(want) || len(got) != records-1 {
		t.Fatalf("the copy holds %d records, the source %d, want %d", len(got), len(want), records-1)
	}
	for i := range want {
		if got[i].Key != want[i].Key || string(got[i].Val) != string(want[i].Val) {
			t.Fatalf("record %d of the copy is %q = %q, want %q = %q", i, got[i].Key, got[i].Val, want[i].Key, want[i].Val)
		}
	}
	commit(t, dst, set("k/00000", "of the copy alone"))
	wantValue(t, src, "k/00000", "value 0")
}

func testReopen(t *testing.T, open Opener) {
	dir := t.TempDir()
	s := open(t, dir)
	first := commit(t, s, set("kept", "1"), set("rewritten", "1"), set("deleted", "1"))
	commit(t, s, set("rewritten", "2"), del("deleted"))
	last := commit(t, s)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	s = open(t, dir)
	defer s.Close()
	wantValue(t, s, "kept", "1")
	wantValue(t, s, "rewritten", "2")
	wantAbsent(t, s, "deleted")
	kvs, at := scan(t, s, "", "", 0)
	if len(kvs) != 2 || at != last {
		t.Errorf("after a reopen Scan gives %q at revision %d, want 2 records at %d", keysOf(kvs), at, last)
	}
	if kv := get(t, s, "kept"); kv.Rev != first {
		t.Errorf("after a reopen \"kept\" is at revision %d, want %d", kv.Rev, first)
	}
	rev, err := s.Commit(t.Context(), []store.Cond{is("kept", first), is("deleted", 0)}, []store.Op{set("new", "1")})
	if err != nil || rev != last+1 {
		t.Errorf("the first commit after a reopen: %d, %v, want revision %d", rev, err, last+1)
	}
}
