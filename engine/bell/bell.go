// Package bell holds the doorbells of a host: without it each host would keep its own list of listeners, or push events at
// people who are not reading.
package bell

import (
	"context"
	"sync"
)

// Bells hang at one host. Each has one slot: who is slow hears one ring for many commits, and reads the journal on from where
// they were. The zero value is ready. All methods are safe for concurrent use and none waits.
type Bells struct {
	mu     sync.Mutex
	hung   map[chan struct{}]func() bool // with what stops the wait for the end of its context
	silent bool
}

// Hang returns a new bell. It is closed when ctx ends, or by Silence.
func (b *Bells) Hang(ctx context.Context) <-chan struct{} {
	bell := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		close(bell)
		return bell
	}
	if b.hung == nil {
		b.hung = map[chan struct{}]func() bool{}
	}
	b.hung[bell] = context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.take(bell)
	})
	return bell
}

// Ring rings every bell.
func (b *Bells) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for bell := range b.hung {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// Silence closes every bell, and every one hung later, for good.
func (b *Bells) Silence() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent = true
	for bell, stop := range b.hung {
		stop()
		b.take(bell)
	}
}

// take must be called with mu held.
func (b *Bells) take(bell chan struct{}) {
	if _, ok := b.hung[bell]; ok {
		delete(b.hung, bell)
		close(bell)
	}
}
