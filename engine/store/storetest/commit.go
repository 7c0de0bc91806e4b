package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

func testRevisions(t *testing.T, open Opener) {
	s := opened(t, open)
	steps := []struct {
		name string
		ops  []store.Op
	}{
		{"first", []store.Op{set("a", "1"), set("b", "1")}},
		{"rewrite", []store.Op{set("a", "2")}},
		{"same value again", []store.Op{set("a", "2")}},
		{"delete", []store.Op{del("b")}},
		{"delete of what is absent", []store.Op{del("never")}},
		{"no operations", nil},
		{"back again", []store.Op{set("b", "2")}},
	}
	wantRev := map[string]store.Rev{}
	for i, step := range steps {
		rev := commit(t, s, step.ops...)
		if rev != store.Rev(i+1) {
			t.Fatalf("%s: commit number %d has revision %d", step.name, i+1, rev)
		}
		for _, op := range step.ops {
			wantRev[op.Key] = rev
			if op.Delete {
				wantRev[op.Key] = 0
			}
		}
		for _, key := range []string{"a", "b", "never"} {
			if kv := get(t, s, key); kv.Rev != wantRev[key] {
				t.Errorf("%s: %q is at revision %d, want %d", step.name, key, kv.Rev, wantRev[key])
			}
		}
		kvs, at := scan(t, s, "", "", 0)
		if at != rev {
			t.Errorf("%s: Scan read at revision %d, want %d", step.name, at, rev)
		}
		for _, kv := range kvs {
			if kv.Rev != wantRev[kv.Key] {
				t.Errorf("%s: Scan gives %q at revision %d, want %d", step.name, kv.Key, kv.Rev, wantRev[kv.Key])
			}
		}
	}
}

func testConditions(t *testing.T, open Opener) {
	s := opened(t, open)
	first := commit(t, s, set("a", "1"), set("gone", "1"))
	second := commit(t, s, set("b", "1"), del("gone"))
	for _, c := range []struct {
		name  string
		conds []store.Cond
		holds bool
	}{
		{"none", nil, true},
		{"at its revision", []store.Cond{is("a", first)}, true},
		{"at an older revision", []store.Cond{is("b", first)}, false},
		{"at a newer revision", []store.Cond{is("a", second)}, false},
		{"at a revision to come", []store.Cond{is("a", second+1)}, false},
		{"at a negative revision", []store.Cond{is("a", -1)}, false},
		{"absent and is", []store.Cond{is("never", 0)}, true},
		{"absent but exists", []store.Cond{is("a", 0)}, false},
		{"exists but is absent", []store.Cond{is("never", first)}, false},
		{"absent since it was deleted", []store.Cond{is("gone", 0)}, true},
		{"deleted, asked at its last revision", []store.Cond{is("gone", first)}, false},
		{"deleted, asked at the revision of the delete", []store.Cond{is("gone", second)}, false},
		{"several that hold", []store.Cond{is("a", first), is("b", second), is("never", 0)}, true},
		{"the first fails", []store.Cond{is("a", 0), is("b", second)}, false},
		{"the last fails", []store.Cond{is("a", first), is("never", 0), is("b", 0)}, false},
		{"the same twice", []store.Cond{is("a", first), is("a", first)}, true},
		{"the same key, two revisions", []store.Cond{is("a", first), is("a", second)}, false},
		{"a prefix of a key is not the key", []store.Cond{is("gon", 0), is("go", 0)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, before := scan(t, s, "", "", 0)
			mark := "mark/" + c.name
			rev, err := s.Commit(t.Context(), c.conds, []store.Op{set(mark, "x"), del("nothing")})
			if c.holds {
				if err != nil || rev != before+1 {
					t.Fatalf("Commit = %d, %v, want revision %d", rev, err, before+1)
				}
				wantValue(t, s, mark, "x")
				return
			}
			if !errors.Is(err, store.ErrConflict) {
				t.Fatalf("Commit: %v, want ErrConflict", err)
			}
			wantAbsent(t, s, mark)
			if _, at := scan(t, s, "", "", 0); at != before {
				t.Errorf("a refused commit took the store from revision %d to %d", before, at)
			}
		})
	}
}

func testAllOrNothing(t *testing.T, open Opener) {
	s := opened(t, open)
	commit(t, s, set("a", "1"), set("b", "1"))
	rev := commit(t, s, set("c", "1"))
	_, err := s.Commit(t.Context(), []store.Cond{is("a", rev)}, []store.Op{set("a", "2"), del("b"), set("d", "2")})
	if !errors.Is(err, store.ErrConflict) {
		t.Fatalf("Commit: %v, want ErrConflict", err)
	}
	wantValue(t, s, "a", "1")
	wantValue(t, s, "b", "1")
	wantAbsent(t, s, "d")

	_, err = s.Commit(t.Context(), []store.Cond{is("c", rev)}, []store.Op{set("a", "2"), del("b"), set("d", "2")})
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	wantValue(t, s, "a", "2")
	wantAbsent(t, s, "b")
	wantValue(t, s, "d", "2")
}

func testOperationOrder(t *testing.T, open Opener) {
	s := opened(t, open)
	rev := commit(t, s,
		set("set, delete", "x"), del("set, delete"),
		del("delete, set"), set("delete, set", "x"),
		set("set, set", "first"), set("set, set", "second"),
		set("set, delete, set", "first"), del("set, delete, set"), set("set, delete, set", "last"),
	)
	wantAbsent(t, s, "set, delete")
	wantValue(t, s, "delete, set", "x")
	wantValue(t, s, "set, set", "second")
	wantValue(t, s, "set, delete, set", "last")
	kvs, at := scan(t, s, "", "", 0)
	if want := []string{"delete, set", "set, delete, set", "set, set"}; !slices.Equal(keysOf(kvs), want) || at != rev {
		t.Errorf("Scan = %q at %d, want %q at %d", keysOf(kvs), at, want, rev)
	}
	// Conditions speak of what was there before the commit, not of what its own operations make.
	if _, err := s.Commit(t.Context(), []store.Cond{is("new", 0)}, []store.Op{set("new", "x")}); err != nil {
		t.Errorf("Commit that makes a key on condition that it is absent: %v", err)
	}
}

func testLimits(t *testing.T, open Opener) {
	s := opened(t, open)
	limits := s.Limits()
	if limits.MaxOps < 100 || limits.MaxBytes < 1<<20 {
		t.Fatalf("Limits() = %+v, want at least 100 operations and 1 MiB", limits)
	}
	const keyLen = len("op/00000")
	sized := func(n, total int) []store.Op { // n operations of total bytes
		ops := make([]store.Op, n)
		for i := range ops {
			size := total/n - keyLen
			if i < total%n {
				size++
			}
			ops[i] = store.Op{Key: fmt.Sprintf("op/%05d", i), Val: make([]byte, size)}
		}
		return ops
	}
	refused := map[string][]store.Op{
		"one operation too many":  sized(limits.MaxOps+1, (limits.MaxOps+1)*(keyLen+1)),
		"one byte too many":       sized(50, limits.MaxBytes+1),
		"one value too large":     {{Key: "k", Val: make([]byte, store.MaxValue+1)}},
		"too many deletes":        slices.Repeat([]store.Op{del("k")}, limits.MaxOps+1),
		"one key again and again": slices.Repeat([]store.Op{{Key: "k", Val: make([]byte, store.MaxValue)}}, limits.MaxBytes/store.MaxValue),
	}
	for name, ops := range refused {
		if _, err := s.Commit(t.Context(), nil, ops); !errors.Is(err, store.ErrTooBig) {
			t.Errorf("%s: Commit: %v, want ErrTooBig", name, err)
		}
		if kvs, at := scan(t, s, "", "", 0); len(kvs) != 0 || at != 0 {
			t.Fatalf("%s: the refused commit left %d records at revision %d", name, len(kvs), at)
		}
	}
	ops := sized(limits.MaxOps, limits.MaxBytes)
	rev := commit(t, s, ops...)
	kvs, _ := scan(t, s, "", "", 0)
	if len(kvs) != len(ops) {
		t.Fatalf("the largest commit wrote %d records, want %d", len(kvs), len(ops))
	}
	for i, kv := range kvs {
		if kv.Key != ops[i].Key || len(kv.Val) != len(ops[i].Val) || kv.Rev != rev {
			t.Fatalf("record %d of the largest commit is %q, %d bytes, revision %d", i, kv.Key, len(kv.Val), kv.Rev)
		}
	}
	large := strings.Repeat("x", store.MaxValue)
	commit(t, s, set("large", large))
	if kv := get(t, s, "large"); string(kv.Val) != large {
		t.Errorf("the largest value of %d bytes reads back as %d bytes", len(large), len(kv.Val))
	}
}

func testRefusedKeys(t *testing.T, open Opener) {
	s := opened(t, open)
	for name, key := range map[string]string{"empty": "", "too long": strings.Repeat("k", store.MaxKey+1)} {
		for _, bad := range []store.Op{set(key, "v"), del(key)} {
			_, err := s.Commit(t.Context(), nil, []store.Op{set("good", "v"), bad})
			if err == nil || !strings.Contains(err.Error(), "operation 1: the key") || errors.Is(err, store.ErrTooBig) {
				t.Errorf("%s key: Commit: %v, want an error that names operation 1 and its key", name, err)
			}
		}
		wantAbsent(t, s, key)
	}
	wantAbsent(t, s, "good")
}
