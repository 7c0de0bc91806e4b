package storetest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
)

func testOrder(t *testing.T, open Opener) {
	s := opened(t, open)
	if kvs, at := scan(t, s, "", "", 0); len(kvs) != 0 || at != 0 {
		t.Fatalf("a new store holds %q at revision %d, want nothing at 0", keysOf(kvs), at)
	}
	written := []string{"b", "a/2", "a", "c/10", "a/1", "c/9", "B", "a-"}
	for _, k := range written {
		commit(t, s, set(k, "of "+k))
	}
	kvs, _ := scan(t, s, "", "", 0)
	slices.Sort(written)
	if got := keysOf(kvs); !slices.Equal(got, written) {
		t.Errorf("Scan gave %q, want byte order %q", got, written)
	}
	for _, kv := range kvs {
		if string(kv.Val) != "of "+kv.Key {
			t.Errorf("Scan gave %q = %q", kv.Key, kv.Val)
		}
	}
}

func testPrefix(t *testing.T, open Opener) {
	s := opened(t, open)
	for _, k := range []string{"code", "code-x", "code/", "code/a/1", "code/a/2", "code/b/1", "code0", "dev/a", "co"} {
		commit(t, s, set(k, "v"))
	}
	for prefix, want := range map[string][]string{
		"code/":    {"code/", "code/a/1", "code/a/2", "code/b/1"},
		"code/a":   {"code/a/1", "code/a/2"},
		"code/a/1": {"code/a/1"},
		"code/c":   {},
		"a":        {},
		"zz":       {},
		"dev":      {"dev/a"},
	} {
		if kvs, _ := scan(t, s, prefix, "", 0); !slices.Equal(keysOf(kvs), want) {
			t.Errorf("Scan(%q) = %q, want %q", prefix, keysOf(kvs), want)
		}
	}
}

func testPaging(t *testing.T, open Opener) {
	s := opened(t, open)
	all := []string{"p/1", "p/2", "p/2/x", "p/3", "p/4"}
	for _, k := range append([]string{"o", "q"}, all...) {
		commit(t, s, set(k, "v"))
	}
	for _, c := range []struct {
		name, after string
		limit       int
		want        []string
	}{
		{"limit 0 is all", "", 0, all},
		{"a negative limit is all", "", -1, all},
		{"limit", "", 2, all[:2]},
		{"limit beyond the end", "", 99, all},
		{"limit of exactly all", "", 5, all},
		{"after a key that is there", "p/2", 0, all[2:]},
		{"after and limit", "p/2", 2, all[2:4]},
		{"after a key that is not there", "p/2/a", 0, all[2:]},
		{"after a prefix of a key", "p/", 1, all[:1]},
		{"after a key before the prefix", "a", 2, all[:2]},
		{"after the last", "p/4", 0, nil},
		{"after a key behind the prefix", "q", 0, nil},
	} {
		kvs, _ := scan(t, s, "p/", c.after, c.limit)
		if got := keysOf(kvs); !slices.Equal(got, c.want) {
			t.Errorf("%s: Scan(\"p/\", %q, %d) = %q, want %q", c.name, c.after, c.limit, got, c.want)
		}
	}
	var walked []string
	for after := ""; len(walked) <= len(all); { // no further, should a store walk in circles
		page, _ := scan(t, s, "p/", after, 2)
		if len(page) == 0 {
			break
		}
		walked = append(walked, keysOf(page)...)
		after = page[len(page)-1].Key
	}
	if !slices.Equal(walked, all) {
		t.Errorf("walking by pages of 2 gave %q, want %q", walked, all)
	}
}

func testOddKeys(t *testing.T, open Opener) {
	s := opened(t, open)
	odd := []string{
		"\x00", "\x00\x00", "\x00a", " ", "!badger!txn", "a", "a\x00", "a\x00b", "a\xff", "a\xff\xff", "b", "k", "r", "k\x00",
		"rev", "zażółć", "\xfe", "\xff", "\xff\x00", "\xff\xff", strings.Repeat("\xff", store.MaxKey),
	}
	for _, k := range odd {
		commit(t, s, set(k, "of "+k))
	}
	slices.Sort(odd)
	kvs, _ := scan(t, s, "", "", 0)
	if got := keysOf(kvs); !slices.Equal(got, odd) {
		t.Fatalf("Scan gave %q, want %q", got, odd)
	}
	for i, k := range odd {
		wantValue(t, s, k, "of "+k)
		if rest, _ := scan(t, s, "", k, 0); !slices.Equal(keysOf(rest), odd[i+1:]) {
			t.Errorf("Scan after %q = %q, want %q", k, keysOf(rest), odd[i+1:])
		}
		var under []string
		for _, other := range odd {
			if strings.HasPrefix(other, k) {
				under = append(under, other)
			}
		}
		if kvs, _ := scan(t, s, k, "", 0); !slices.Equal(keysOf(kvs), under) {
			t.Errorf("Scan of prefix %q = %q, want %q", k, keysOf(kvs), under)
		}
	}
	commit(t, s, del("\xff"), del("a\x00"))
	wantAbsent(t, s, "\xff")
	wantValue(t, s, "\xff\xff", "of \xff\xff")
	wantAbsent(t, s, "a\x00")
	wantValue(t, s, "a", "of a")
}

func testEmptyValues(t *testing.T, open Opener) {
	s := opened(t, open)
	rev := commit(t, s, store.Op{Key: "nil"}, store.Op{Key: "empty", Val: []byte{}}, set("full", "v"))
	for _, k := range []string{"nil", "empty"} {
		if kv := get(t, s, k); kv.Rev != rev || len(kv.Val) != 0 {
			t.Errorf("Get(%q) = %q at revision %d, want an empty value at %d", k, kv.Val, kv.Rev, rev)
		}
	}
	if kvs, _ := scan(t, s, "", "", 0); !slices.Equal(keysOf(kvs), []string{"empty", "full", "nil"}) {
		t.Errorf("Scan = %q, want the empty values too", keysOf(kvs))
	}
	commit(t, s, store.Op{Key: "full"})
	if kv := get(t, s, "full"); kv.Rev == 0 || len(kv.Val) != 0 {
		t.Errorf("a value that was emptied reads %q at revision %d", kv.Val, kv.Rev)
	}
}

func testValueOwnership(t *testing.T, open Opener) {
	s := opened(t, open)
	mine := []byte("original")
	commit(t, s, store.Op{Key: "k", Val: mine})
	copy(mine, "SCRIBBLE")
	wantValue(t, s, "k", "original")

	got := get(t, s, "k")
	copy(got.Val, "SCRIBBLE")
	wantValue(t, s, "k", "original")

	kvs, _ := scan(t, s, "k", "", 0)
	copy(kvs[0].Val, "SCRIBBLE")
	wantValue(t, s, "k", "original")

	kept := get(t, s, "k").Val
	commit(t, s, set("k", "replaced"))
	commit(t, s, del("k"))
	if !bytes.Equal(kept, []byte("original")) {
		t.Errorf("a value read earlier became %q when its key was rewritten", kept)
	}
}
