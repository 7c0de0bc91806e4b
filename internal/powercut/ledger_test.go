//go:build linux && (amd64 || arm64)

package powercut

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/accesscodes/lockctl/engine/store"
)

// ledger is what a store must hold: every acknowledged commit whole, and the one that was under way whole or not at all.
type ledger struct {
	rev  store.Rev
	have map[string]store.KV
	late []store.Op // of a commit whose end is not known; nil: there is none
}

func newLedger() *ledger { return &ledger{have: map[string]store.KV{}} }

func (l *ledger) committed(rev store.Rev, ops []store.Op) {
	l.rev, l.late = rev, nil
	for _, op := range ops {
		if op.Delete {
			delete(l.have, op.Key)
		} else {
			l.have[op.Key] = store.KV{Key: op.Key, Val: bytes.Clone(op.Val), Rev: rev}
		}
	}
}

// unknown takes note of a commit that was not acknowledged.
func (l *ledger) unknown(ops []store.Op) {
	l.late = make([]store.Op, len(ops))
	for i, op := range ops {
		l.late[i] = store.Op{Key: op.Key, Val: bytes.Clone(op.Val), Delete: op.Delete}
	}
}

// check compares what a store holds at a revision with what it must.
func (l *ledger) check(kvs []store.KV, at store.Rev) error {
	switch {
	case at == l.rev+1 && l.late != nil:
		l.committed(at, l.late)
	case at != l.rev:
		return fmt.Errorf("the store is at revision %d, and %d was acknowledged", at, l.rev)
	}
	l.late = nil
	found := map[string]bool{}
	for _, kv := range kvs {
		want, ok := l.have[kv.Key]
		if !ok || kv.Rev != want.Rev || !bytes.Equal(kv.Val, want.Val) {
			return fmt.Errorf("%s is at revision %d with %d bytes, and revision %d with %d bytes was acknowledged",
				kv.Key, kv.Rev, len(kv.Val), want.Rev, len(want.Val))
		}
		found[kv.Key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(l.have)) {
		if !found[key] {
			return fmt.Errorf("%s is gone, and revision %d of it was acknowledged", key, l.have[key].Rev)
		}
	}
	return nil
}
