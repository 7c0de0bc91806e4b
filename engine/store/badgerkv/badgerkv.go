// Package badgerkv keeps records on disk in Badger: without it nothing would survive a restart. It adds to Badger what the
// seam asks for: revisions that are the store's own, conditions, and failures that say what to do.
//
// There is one process at a time (a lock file) and one writer within it, so conditions are checked and applied with nothing
// in between. Reads go on beside the writer, each on a snapshot.
package badgerkv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/accesscodes/lockctl/engine/store"
)

// checkEvery is after how many records a scan looks whether its context has ended.
const checkEvery = 1024

// maxGuards bounds Store.guards: about 5 MiB.
const maxGuards = 1 << 16

// In Badger a record's key is recordPrefix and the key; its value is the 8 bytes of its revision, big-endian, and the value.
// The store's own revision stands alone at revisionKey, where no scan comes by, and is written with every commit.
const (
	recordPrefix = "k"
	revisionKey  = "r"
	headerSize   = 8
)

// Store is a store.Store in Badger; Open makes one.
type Store struct {
	db   *badger.DB
	lock *dirLock // nil in memory

	life   sync.RWMutex // held for reading by every call, for writing by Close
	closed bool

	writer sync.Mutex           // one commit at a time
	rev    store.Rev            // of the last commit; guarded by writer
	guards map[string]store.Rev // of keys that commits were conditional on; guarded by writer
	failed atomic.Pointer[error]

	commit func(*badger.Txn) error // (*badger.Txn).Commit
	free   func() (uint64, error)  // bytes left for the directory; nil in memory
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.KV, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.KV{}, err
	}
	kv := store.KV{Key: key}
	err := s.view(func(txn *badger.Txn) error {
		item, err := txn.Get(badgerKey(key))
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		kv.Rev, kv.Val, err = decode(item)
		return err
	})
	if err != nil {
		return store.KV{}, fmt.Errorf("read %q: %w", key, err)
	}
	return kv, nil
}

// Scan implements store.Store.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, 0, err
	}
	var (
		found []store.KV
		at    store.Rev
	)
	err := s.view(func(txn *badger.Txn) error {
		var err error
		if at, err = revisionAt(txn, []byte(revisionKey)); err != nil {
			return err
		}
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = false // values stand beside their keys: there is nothing to fetch ahead
		o.Prefix = badgerKey(prefix)
		it := txn.NewIterator(o)
		defer it.Close()
		start := badgerKey(prefix)
		if after >= prefix && after != "" {
			start = badgerKey(after + "\x00") // the least key behind after
		}
		for it.Seek(start); it.Valid(); it.Next() {
			if len(found)%checkEvery == checkEvery-1 {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			item := it.Item()
			rev, val, err := decode(item)
			if err != nil {
				return err
			}
			found = append(found, store.KV{Key: string(item.Key()[len(recordPrefix):]), Val: val, Rev: rev})
			if len(found) == limit {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("scan %q: %w", prefix, err)
	}
	return found, at, nil
}

// Walk tells fn of every record, all as they were at one instant, while others go on writing. An error of fn ends it.
func (s *Store) Walk(ctx context.Context, fn func(store.KV) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.view(func(txn *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = false // as in Scan
		o.Prefix = []byte(recordPrefix)
		it := txn.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			rev, val, err := decode(it.Item())
			if err != nil {
				return err
			}
			if err := fn(store.KV{Key: string(it.Item().Key()[len(recordPrefix):]), Val: val, Rev: rev}); err != nil {
				return err
			}
		}
		return nil
	})
}

// view lets fn read.
func (s *Store) view(fn func(*badger.Txn) error) error {
	if s.lock == nil {
		return s.db.View(fn)
	}
	return mapped(s.lock.dir, func() error { return s.db.View(fn) })
}

// Commit implements store.Store. It is durable when it returns if the store was opened with Sync, and otherwise survives
// the end of the process but not a power cut. Callers that wait for one another's commits should be joined into one: a
// commit costs a sync whatever its size.
//
// After an ErrUnknown the store serves nothing more (see ErrStopped).
func (s *Store) Commit(ctx context.Context, conds []store.Cond, ops []store.Op) (store.Rev, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	s.writer.Lock()
	defer s.writer.Unlock()
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	if err := s.Limits().Check(ops); err != nil {
		return 0, err
	}
	if err := s.roomLeft(); err != nil {
		return 0, err
	}
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	for _, c := range conds {
		rev, known := s.guards[c.Key]
		if !known {
			var err error
			if rev, err = revisionAt(txn, badgerKey(c.Key)); err != nil {
				return 0, fmt.Errorf("read %q: %w", c.Key, err)
			}
		}
		if rev != c.Rev {
			return 0, store.ErrConflict
		}
	}
	next := s.rev + 1
	size := 0
	for _, op := range ops {
		size += len(recordPrefix) + len(op.Key) + headerSize + len(op.Val)
	}
	text := make([]byte, 0, size) // Badger keeps the bytes that it is given until the commit ends
	for i, op := range ops {
		from := len(text)
		text = append(append(text, recordPrefix...), op.Key...)
		key := text[from:len(text):len(text)]
		var err error
		if op.Delete {
			err = txn.Delete(key)
		} else {
			from = len(text)
			text = append(binary.BigEndian.AppendUint64(text, uint64(next)), op.Val...)
			err = txn.Set(key, text[from:len(text):len(text)])
		}
		if err != nil {
			return 0, refusal(fmt.Sprintf("operation %d", i), err)
		}
	}
	if err := txn.Set([]byte(revisionKey), binary.BigEndian.AppendUint64(nil, uint64(next))); err != nil {
		return 0, refusal("the revision", err)
	}
	if err := s.commit(txn); err != nil {
		if errors.Is(err, badger.ErrTxnTooBig) { // found before anything is written
			return 0, refusal("commit", err)
		}
		s.failed.Store(&err)
		return 0, fmt.Errorf("%w: %w", store.ErrUnknown, err)
	}
	s.rev = next
	s.guard(conds, ops)
	return next, nil
}

// guard remembers the revisions of the keys that commits are conditional on: the same keys come again and again, and looking
// one up among the tables costs more than writing its record.
func (s *Store) guard(conds []store.Cond, ops []store.Op) {
	if len(s.guards) > maxGuards {
		clear(s.guards)
	}
	for _, c := range conds {
		s.guards[c.Key] = c.Rev
	}
	for _, op := range ops {
		if _, known := s.guards[op.Key]; !known {
			continue
		}
		if s.guards[op.Key] = s.rev; op.Delete {
			s.guards[op.Key] = 0
		}
	}
}

// Limits implements store.Store.
func (s *Store) Limits() store.Limits { return store.LocalLimits() }

// Size is how large the store is on disk, in bytes, as of the last minute: its tree, and the values beside it.
func (s *Store) Size() (tree, values int64) { return s.db.Size() }

// Close implements store.Store.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.closed = true
	err := s.db.Close()
	if s.lock != nil {
		if err == nil && s.failed.Load() == nil {
			err = s.lock.note(s.rev)
		}
		err = errors.Join(err, s.lock.release())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// usable tells why a call cannot be served; the caller holds life.
func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	if cause := s.failed.Load(); cause != nil {
		return fmt.Errorf("%w: %w", ErrStopped, *cause)
	}
	return ctx.Err()
}

// roomLeft refuses to write when the disk is nearly full: Badger writes through mapped files, and a page that finds no room
// ends the whole process.
func (s *Store) roomLeft() error {
	if s.free == nil {
		return nil
	}
	free, err := s.free()
	if err != nil {
		return fmt.Errorf("look how much room is left: %w", err)
	}
	if free < minFree {
		return &FullError{Dir: s.lock.dir, Free: free}
	}
	return nil
}

func badgerKey(key string) []byte {
	return append(append(make([]byte, 0, len(recordPrefix)+len(key)), recordPrefix...), key...)
}

// decode reads an item's revision and a copy of its value.
func decode(item *badger.Item) (rev store.Rev, val []byte, err error) {
	err = item.Value(func(b []byte) error {
		if len(b) < headerSize {
			return fmt.Errorf("record %q has %d bytes, too few for its revision", item.Key(), len(b))
		}
		rev = store.Rev(binary.BigEndian.Uint64(b))
		val = append([]byte{}, b[headerSize:]...)
		return nil
	})
	return rev, val, err
}

// revisionAt reads the revision at one of Badger's keys, 0 if there is none.
func revisionAt(txn *badger.Txn, key []byte) (store.Rev, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var rev store.Rev
	err = item.Value(func(b []byte) error {
		if len(b) < headerSize {
			return fmt.Errorf("record %q has %d bytes, too few for its revision", key, len(b))
		}
		rev = store.Rev(binary.BigEndian.Uint64(b))
		return nil
	})
	return rev, err
}

// refusal is the error of a commit that Badger refused before writing anything.
func refusal(what string, err error) error {
	if errors.Is(err, badger.ErrTxnTooBig) {
		return fmt.Errorf("%w: %s: %w", store.ErrTooBig, what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
