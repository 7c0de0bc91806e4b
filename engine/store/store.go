// Package store is the seam between the engine and whatever keeps its records: without it the engine would be bound to one
// database. It is an ordered map of keys to values with explicit revisions and conditional commits, small enough for a
// distributed store later.
package store

import (
	"context"
	"errors"
)

// Rev counts commits. A key's revision is that of the commit that wrote it last; 0 is "absent".
type Rev int64

// KV is a key with its value.
type KV struct {
	Key string
	Val []byte
	Rev Rev
}

// Cond demands that Key stands at exactly Rev when the commit is made; Rev 0: that it does not exist.
type Cond struct {
	Key string
	Rev Rev
}

// Op writes Val at Key, or deletes Key. A key has 1 to MaxKey bytes, a value at most MaxValue. The store keeps no reference
// to Val after Commit returns.
type Op struct {
	Key    string
	Val    []byte
	Delete bool
}

// Limits bounds one commit: at most MaxOps operations whose keys and values come to at most MaxBytes.
type Limits struct{ MaxOps, MaxBytes int }

// Store keeps records. Commits are linearizable and atomic: all operations of one, or none, also across a crash. A Store is
// safe for concurrent use. Returned values belong to the caller.
type Store interface {
	// Get returns the record at key, or a KV with Rev 0 if there is none.
	Get(ctx context.Context, key string) (KV, error)
	// Scan returns up to limit records (limit <= 0: all) whose key starts with prefix and sorts after `after` ("" for the
	// first), in byte order, and the revision of the store at which all of them were read.
	Scan(ctx context.Context, prefix, after string, limit int) ([]KV, Rev, error)
	// Commit applies ops in order if every condition holds, and returns its revision. It is durable when it returns.
	Commit(ctx context.Context, conds []Cond, ops []Op) (Rev, error)
	// Limits tells how large a commit may be.
	Limits() Limits
	// Close frees the store; every later call returns ErrClosed.
	Close() error
}

var (
	// ErrConflict: a condition did not hold and nothing was written. Reread and decide again.
	ErrConflict = errors.New("a condition of the commit does not hold")
	// ErrUnknown: the commit may or may not have been made. Reread before assuming either.
	ErrUnknown = errors.New("it is not known whether the commit was made")
	// ErrTooBig: the commit is beyond Limits and nothing was written.
	ErrTooBig = errors.New("the commit is larger than the store takes")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
)
