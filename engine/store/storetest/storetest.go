// Package storetest is what a store must pass: without it each implementation of the seam would mean something slightly
// different by a revision, a condition or a prefix, and the engine would find out.
package storetest

import (
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

// Opener opens the store kept in dir; a store in memory ignores dir and is new each time.
type Opener = func(t *testing.T, dir string) store.Store

// Run runs the whole suite, each part on stores of its own. persistent says that opening a directory again finds what was
// committed there.
func Run(t *testing.T, open Opener, persistent bool) {
	parts := []struct {
		name string
		run  func(t *testing.T, open Opener)
	}{
		{"order", testOrder},
		{"prefix", testPrefix},
		{"paging", testPaging},
		{"odd keys", testOddKeys},
		{"empty values", testEmptyValues},
		{"values belong to the caller", testValueOwnership},
		{"revisions", testRevisions},
		{"conditions", testConditions},
		{"all or nothing", testAllOrNothing},
		{"order of operations", testOperationOrder},
		{"limits", testLimits},
		{"refused keys", testRefusedKeys},
		{"context", testContext},
		{"closed", testClosed},
		{"close under load", testCloseUnderLoad},
		{"copy", testCopy},
		{"against a map", testAgainstMap},
		{"linearizable", testLinearizable},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, open) })
	}
	if persistent {
		t.Run("reopen", func(t *testing.T) { testReopen(t, open) })
	}
}

// opened opens a fresh store that is closed when the test ends.
func opened(t *testing.T, open Opener) store.Store {
	t.Helper()
	s := open(t, t.TempDir())
	t.Cleanup(func() { _ = s.Close() }) // the test may have closed it, which is then ErrClosed
	return s
}

func set(key, val string) store.Op { return store.Op{Key: key, Val: []byte(val)} }

func del(key string) store.Op { return store.Op{Key: key, Delete: true} }

func is(key string, rev store.Rev) store.Cond { return store.Cond{Key: key, Rev: rev} }

// commit makes an unconditional commit that must succeed.
func commit(t *testing.T, s store.Store, ops ...store.Op) store.Rev {
	t.Helper()
	rev, err := s.Commit(t.Context(), nil, ops)
	if err != nil {
		t.Fatalf("Commit of %d operations: %v", len(ops), err)
	}
	return rev
}

// get reads a key.
func get(t *testing.T, s store.Store, key string) store.KV {
	t.Helper()
	kv, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	if kv.Key != key {
		t.Fatalf("Get(%q) answered for key %q", key, kv.Key)
	}
	return kv
}

// scan reads a page.
func scan(t *testing.T, s store.Store, prefix, after string, limit int) ([]store.KV, store.Rev) {
	t.Helper()
	kvs, at, err := s.Scan(t.Context(), prefix, after, limit)
	if err != nil {
		t.Fatalf("Scan(%q, %q, %d): %v", prefix, after, limit, err)
	}
	return kvs, at
}

// keysOf lists keys in the order they were read.
func keysOf(kvs []store.KV) []string {
	keys := []string{}
	for _, kv := range kvs {
		keys = append(keys, kv.Key)
	}
	return keys
}

// wantValue checks that key holds val.
func wantValue(t *testing.T, s store.Store, key, val string) {
	t.Helper()
	if kv := get(t, s, key); kv.Rev == 0 || string(kv.Val) != val {
		t.Errorf("Get(%q) = %q at revision %d, want %q", key, kv.Val, kv.Rev, val)
	}
}

// wantAbsent checks that key is not there.
func wantAbsent(t *testing.T, s store.Store, key string) {
	t.Helper()
	if kv := get(t, s, key); kv.Rev != 0 || len(kv.Val) != 0 {
		t.Errorf("Get(%q) = %q at revision %d, want it absent", key, kv.Val, kv.Rev)
	}
}
