// Package memkv keeps records in memory: without it every simulated fleet and every test of the engine would pay for a
// disk, and a simulation could not be wound back at once.
package memkv

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"github.com/tidwall/btree"

	"github.com/accesscodes/lockctl/engine/store"
)

// checkEvery is after how many records a scan looks whether its context has ended.
const checkEvery = 1024

// record is a value with the revision that wrote it. A record of an earlier generation may be shared with clones and is
// never changed; one of this generation is overwritten in place.
type record struct {
	val []byte
	rev store.Rev
	gen int
}

// Store is a store.Store in memory. Its zero value is not usable: call New.
type Store struct {
	limits store.Limits

	mu     sync.RWMutex
	tree   *btree.Map[string, *record]
	often  map[string]*record // those of the tree that were written again: found without a search
	gen    int                // grows with each clone
	rev    store.Rev
	closed bool
}

// New returns an empty store with the limits of every local store.
func New() *Store { return NewLimited(store.LocalLimits()) }

// NewLimited returns an empty store whose commits are bounded by l, as those of a distributed store would be.
func NewLimited(l store.Limits) *Store {
	return &Store{limits: l, tree: new(btree.Map[string, *record]), often: map[string]*record{}}
}

// Clone returns a store of its own with the records and revisions that s has now. It costs the same however many there
// are: the two share what neither has written since. A clone of a closed store is closed.
func (s *Store) Clone() *Store {
	s.mu.Lock() // not RLock: copying marks the nodes of both trees as shared
	defer s.mu.Unlock()
	s.gen++
	return &Store{limits: s.limits, tree: s.tree.Copy(), often: map[string]*record{}, gen: s.gen, rev: s.rev, closed: s.closed}
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.KV, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.KV{}, err
	}
	r := s.find(key)
	if r == nil {
		return store.KV{Key: key}, nil
	}
	return store.KV{Key: key, Val: bytes.Clone(r.val), Rev: r.rev}, nil
}

// Scan implements store.Store.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, 0, err
	}
	var (
		found []store.KV
		err   error
	)
	s.tree.Ascend(max(prefix, after), func(key string, r *record) bool {
		if !strings.HasPrefix(key, prefix) {
			return false
		}
		if key == after {
			return true
		}
		if len(found)%checkEvery == checkEvery-1 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		found = append(found, store.KV{Key: key, Val: bytes.Clone(r.val), Rev: r.rev})
		return len(found) != limit
	})
	if err != nil {
		return nil, 0, err
	}
	return found, s.rev, nil
}

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, conds []store.Cond, ops []store.Op) (store.Rev, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	if err := s.limits.Check(ops); err != nil {
		return 0, err
	}
	for _, c := range conds {
		var at store.Rev
		if r := s.find(c.Key); r != nil {
			at = r.rev
		}
		if at != c.Rev {
			return 0, store.ErrConflict
		}
	}
	s.rev++
	for _, op := range ops {
		if op.Delete {
			s.tree.Delete(op.Key)
			delete(s.often, op.Key)
		} else {
			s.set(op.Key, op.Val)
		}
	}
	return s.rev, nil
}

// find returns the record at key, or nil.
func (s *Store) find(key string) *record {
	if r := s.often[key]; r != nil {
		return r
	}
	r, _ := s.tree.Get(key)
	return r
}

// set keeps a copy of val, in the place of the value before if that is known to belong to nobody else.
func (s *Store) set(key string, val []byte) {
	if r := s.often[key]; r != nil && r.gen == s.gen {
		r.val, r.rev = append(r.val[:0], val...), s.rev
		return
	}
	r := &record{val: bytes.Clone(val), rev: s.rev, gen: s.gen}
	if _, again := s.tree.Set(key, r); again {
		s.often[key] = r
	}
}

// Limits implements store.Store.
func (s *Store) Limits() store.Limits { return s.limits }

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.closed = true
	s.tree, s.often = new(btree.Map[string, *record]), nil
	return nil
}

// usable tells why a call cannot be served; the caller holds mu.
func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}
