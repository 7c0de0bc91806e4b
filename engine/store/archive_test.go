package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

// filled is a store with so many records.
func filled(t *testing.T, n int) *memkv.Store {
	t.Helper()
	s := memkv.New()
	for i := range n {
		if _, err := s.Commit(context.Background(), nil, []store.Op{{Key: fmt.Sprintf("k/%05d", i), Val: bytes.Repeat([]byte{byte(i)}, i%300)}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// walk tells of every record of a store that nobody writes to.
func walk(s store.Store) func(func(store.KV) error) error {
	return func(fn func(store.KV) error) error {
		kvs, _, err := s.Scan(context.Background(), "", "", 0)
		for _, kv := range kvs {
			if err := fn(kv); err != nil {
				return err
			}
		}
		return err
	}
}

func archive(t *testing.T, s store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := store.Archive(&b, walk(s)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnArchiveHoldsEveryRecord(t *testing.T) {
	for _, n := range []int{0, 1, 2500} {
		src, dst := filled(t, n), memkv.New()
		got, err := store.Unarchive(context.Background(), dst, bytes.NewReader(archive(t, src)), nil)
		if err != nil || got != n {
			t.Fatalf("%d of %d records, %v", got, n, err)
		}
		want, _, _ := src.Scan(context.Background(), "", "", 0)
		have, _, _ := dst.Scan(context.Background(), "", "", 0)
		if len(want) != len(have) {
			t.Fatalf("%d records, want %d", len(have), len(want))
		}
		for i := range want {
			if want[i].Key != have[i].Key || !bytes.Equal(want[i].Val, have[i].Val) {
				t.Errorf("%s is %s", want[i].Key, have[i].Key)
			}
		}
	}
}

func TestAnArchiveThatIsNotWholeIsRefused(t *testing.T) {
	whole := archive(t, filled(t, 20))
	refused := func(what string, data []byte) {
		t.Helper()
		if _, err := store.Unarchive(context.Background(), memkv.New(), bytes.NewReader(data), nil); !errors.Is(err, store.ErrArchive) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range whole {
		refused(fmt.Sprintf("cut at %d", n), whole[:n])
	}
	for i := range whole { // a bit that the compression does not use may be another: then the records are the same
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		s := memkv.New()
		if _, err := store.Unarchive(context.Background(), s, bytes.NewReader(damaged), nil); err == nil && bytes.Equal(archive(t, s), whole) {
			continue
		}
		refused(fmt.Sprintf("byte %d", i), damaged)
	}
	refused("with more behind it", append(bytes.Clone(whole), whole...))
	refused("another file", []byte("-----BEGIN AGE ENCRYPTED FILE-----\n"))
}

func TestAnArchiveIsUnpackedIntoNothingElse(t *testing.T) {
	if _, err := store.Unarchive(context.Background(), filled(t, 1), bytes.NewReader(archive(t, filled(t, 3))), nil); err == nil {
		t.Error("it was unpacked into a store that holds records")
	}
}
