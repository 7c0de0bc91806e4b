package engine

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
)

// How long the store tells what became of a command. Both count by the age of the command, whether or not the record is
// still there: when it goes is of no account.
const (
	keyKept  = 24 * time.Hour     // for who asks again under its idempotency key; Stripe keeps its keys as long
	undoKept = 7 * 24 * time.Hour // for Undo
)

// Records that are too old are looked for in pages, of which there are so many that twice as many records are looked at as
// are written: so what is kept stays in proportion to what is young enough, and nothing is done in bulk.
const (
	prunePage  = 256            // records
	pruneEvery = 24 * time.Hour // after that long a page is looked at although nothing was written
)

// pruning is how far the engine has come in its search for records that are too old.
type pruning struct {
	dir   string    // which it goes through
	after string    // the last key that it has seen of it
	owed  int       // records to look at
	next  time.Time // when it goes on in any case
}

// isStale reports whether what was written of a command no longer counts.
func isStale(at, now time.Time, kept time.Duration) bool { return now.Sub(at) > kept }

// owes counts a record that will be too old one day.
func (b *batch) owes() { b.e.prune.owed += 2 }

// prune looks for records that are too old, one page at most, and leaves it to the commit to take them away.
func (b *batch) prune() {
	p := &b.e.prune
	if b.err != nil || p.owed < prunePage && b.now.Before(p.next) {
		return
	}
	p.owed, p.next = max(0, p.owed-prunePage), b.now.Add(pruneEvery)
	kvs, _, err := b.e.store.Scan(b.ctx, p.dir, p.after, prunePage)
	if err != nil {
		b.err = err
		return
	}
	for _, kv := range kvs {
		p.after = kv.Key
		switch stale, err := b.isStale(kv); {
		case err != nil: // left to the doctor
		case stale:
			b.stale = append(b.stale, kv.Key)
		case p.dir == dirUndo: // these sort by age: who comes after is younger
			p.dir, p.after = dirIdem, ""
			return
		}
	}
	switch {
	case len(kvs) == prunePage:
	case p.dir == dirIdem:
		p.dir, p.after = dirUndo, ""
	default:
		p.dir, p.after = dirIdem, ""
	}
}

// isStale reports whether a record may go.
func (b *batch) isStale(kv store.KV) (bool, error) {
	r, err := decode[struct{ At time.Time }](kv.Key, kv.Val) // of all that they say
	if err != nil {
		return false, err
	}
	if key, ok := strings.CutPrefix(kv.Key, dirIdem); ok {
		_, used := b.idem[key]
		return isStale(r.At, b.now, keyKept) && !used, nil
	}
	return isStale(r.At, b.now, undoKept), nil
}

// dropStale adds to a commit what has room in it of the records that are too old. The others are found another time.
func (b *batch) dropStale(w *writes) {
	if len(w.text) > b.e.limits.MaxBytes/2 {
		return
	}
	for _, key := range b.stale[:max(0, min(len(b.stale), b.e.limits.MaxOps-1-len(w.ops)))] {
		w.ops = append(w.ops, store.Op{Key: key, Delete: true})
	}
}
