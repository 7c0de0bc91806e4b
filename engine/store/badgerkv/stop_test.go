package badgerkv

import (
	"errors"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/accesscodes/lockctl/engine/store"
)

// TestAnUnknownCommitStopsTheStore: after a failed sync what memory shows may not be what the disk holds, so nothing may be
// served from it.
func TestAnUnknownCommitStopsTheStore(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(ctx, nil, []store.Op{{Key: "k", Val: []byte("before")}}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("input/output error")
	s.commit = func(*badger.Txn) error { return broken }
	ops := []store.Op{{Key: "k", Val: []byte("after")}}
	if _, err := s.Commit(ctx, nil, ops); !errors.Is(err, store.ErrUnknown) || !errors.Is(err, broken) {
		t.Errorf("Commit: %v, want ErrUnknown and its cause", err)
	}
	s.commit = (*badger.Txn).Commit
	_, err = s.Commit(ctx, nil, ops)
	if !errors.Is(err, ErrStopped) || !errors.Is(err, broken) || errors.Is(err, store.ErrUnknown) {
		t.Errorf("the next Commit: %v, want ErrStopped: it was certainly not made", err)
	}
	if _, err := s.Get(ctx, "k"); !errors.Is(err, ErrStopped) {
		t.Errorf("the next Get: %v, want ErrStopped", err)
	}
	if _, _, err := s.Scan(ctx, "", "", 0); !errors.Is(err, ErrStopped) {
		t.Errorf("the next Scan: %v, want ErrStopped", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	s, err = Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if kv, err := s.Get(ctx, "k"); err != nil || string(kv.Val) != "before" || kv.Rev != 1 {
		t.Errorf("opened again it reads %q at revision %d, %v", kv.Val, kv.Rev, err)
	}
}

func TestAFullDiskIsRefusedBeforeItIsWrittenTo(t *testing.T) {
	ctx := t.Context()
	s, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	left := uint64(minFree - 1)
	s.free = func() (uint64, error) { return left, nil }
	ops := []store.Op{{Key: "k", Val: []byte("v")}}
	_, err = s.Commit(ctx, nil, ops)
	var full *FullError
	if !errors.As(err, &full) || full.Free != left || !strings.Contains(err.Error(), s.lock.dir) {
		t.Errorf("Commit: %v, want a FullError that names the directory", err)
	}
	if kv, err := s.Get(ctx, "k"); err != nil || kv.Rev != 0 {
		t.Errorf("after the refusal Get: %+v, %v, want nothing written and reads served", kv, err)
	}
	left = minFree
	if rev, err := s.Commit(ctx, nil, ops); err != nil || rev != 1 {
		t.Errorf("Commit with room again: %d, %v, want revision 1", rev, err)
	}
}
