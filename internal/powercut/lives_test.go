//go:build linux && (amd64 || arm64)

package powercut

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/accesscodes/lockctl/engine/store"
)

// lives is a store.Store that lives several times, each time in a process of its own, on the disk that the last one left.
type lives struct {
	base   string // a directory per life
	luck   *rand.Rand
	sync   bool
	strict bool                         // see Disk
	rule   func(life int) func(Op) Fate // of a life; it may return nil: nothing befalls it

	life   int
	disk   *Disk
	now    *remote
	ledger *ledger

	calm  atomic.Bool // nothing befalls it any more
	fault atomic.Bool // an operation of this life failed
	said  []string    // why lives with a fault could not begin

	ops, cuts, lossy int // operations seen, cuts, and those of them that lost something which was not synced
}

func newLives(base string, luck *rand.Rand, rule func(life int) func(Op) Fate) *lives {
	return &lives{base: base, luck: luck, sync: true, rule: rule, ledger: newLedger()}
}

// begin starts lives until one is ready to serve.
func (l *lives) begin() error {
	if err := os.Mkdir(l.dir(0), 0o700); err != nil {
		return err
	}
	return l.start()
}

func (l *lives) start() error {
	for {
		err := l.try()
		var loss *lossError
		switch {
		case err == nil || errors.As(err, &loss):
			return err
		case l.fault.Load() && !errors.Is(err, errGone):
			l.said = append(l.said, err.Error())
		case !errors.Is(err, errGone):
			return err
		}
		if err := l.bury(); err != nil {
			return err
		}
	}
}

// again ends a life that failed, and starts the next.
func (l *lives) again() error {
	if err := l.bury(); err != nil {
		return err
	}
	return l.start()
}

// try starts one life, and holds what it finds against the ledger.
func (l *lives) try() (err error) {
	if l.disk, err = NewDisk(l.dir(l.life)); err != nil {
		return err
	}
	l.disk.Strict = l.strict
	rule := l.rule(l.life)
	if rule == nil {
		l.calm.Store(true)
	}
	befall := func(o Op) Fate {
		if l.calm.Load() {
			return Fate{}
		}
		fate := rule(o)
		if fate.Err != 0 {
			l.fault.Store(true)
		}
		return fate
	}
	l.fault.Store(false)
	if l.now, err = openRemote(l.disk, l.sync, befall); err != nil {
		return err
	}
	kvs, at, err := l.now.Scan(context.Background(), "", "", 0)
	if err != nil {
		return err
	}
	if err := l.ledger.check(kvs, at); err != nil {
		return &lossError{l.life, err}
	}
	return nil
}

// lossError: a life does not hold what it must.
type lossError struct {
	life int
	err  error
}

func (e *lossError) Error() string { return fmt.Sprintf("life %d: %v", e.life, e.err) }

func (l *lives) dir(life int) string { return filepath.Join(l.base, fmt.Sprintf("life-%02d", life)) }

// bury waits for the end of a life and makes the disk of the next. A process whose power was not cut must not have crashed.
// Its disk goes on as it is, or, as luck has it, the power is cut right after its end.
func (l *lives) bury() error {
	err := l.now.in.Close()
	ops, cut, ended := l.now.w.Wait()
	if err := errors.Join(err, ended); err != nil {
		return err
	}
	l.ops += ops
	if !cut && !l.now.cmd.ProcessState.Success() {
		return fmt.Errorf("life %d crashed: %v: %s", l.life, l.now.cmd.ProcessState, l.now.err.String())
	}
	next := l.dir(l.life + 1)
	if !cut && (l.calm.Load() || l.luck.IntN(2) == 0) {
		err = os.Rename(l.dir(l.life), next)
	} else if err = os.Mkdir(next, 0o700); err == nil {
		l.cuts++
		var lossy bool
		if lossy, err = l.disk.Cut(l.luck, next); lossy {
			l.lossy++
		}
	}
	l.life++
	return errors.Join(err, l.disk.Close())
}

// Get implements store.Store.
func (l *lives) Get(ctx context.Context, key string) (store.KV, error) { return l.now.Get(ctx, key) }

// Scan implements store.Store.
func (l *lives) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	return l.now.Scan(ctx, prefix, after, limit)
}

// Commit implements store.Store.
func (l *lives) Commit(ctx context.Context, conds []store.Cond, ops []store.Op) (store.Rev, error) {
	rev, err := l.now.Commit(ctx, conds, ops)
	switch {
	case err == nil:
		l.ledger.committed(rev, ops)
	case errors.Is(err, store.ErrUnknown):
		l.ledger.unknown(ops)
	}
	return rev, err
}

// Limits implements store.Store.
func (l *lives) Limits() store.Limits { return store.LocalLimits() }

// Close implements store.Store.
func (l *lives) Close() error { return l.now.Close() }
