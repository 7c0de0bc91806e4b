package live

import (
	"sync"

	"github.com/accesscodes/lockctl/engine"
)

// inbox is what waits for the next step, in the order in which it came. Outcomes are always taken, and bounded by the calls
// in flight; commands and notices are bounded by numbers.
type inbox struct {
	ready chan struct{} // one slot: something waits

	mu       sync.Mutex
	waiting  []engine.Input
	commands int
	notices  map[engine.Notice]bool // those that wait: the same one twice says nothing more
	calls    int                    // made, and their outcome not yet here
	closed   bool
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), notices: map[engine.Notice]bool{}}
}

func (b *inbox) command(s engine.Submission) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return ErrClosed
	case b.commands >= maxCommands:
		return engine.Busy()
	}
	b.commands++
	b.put(s)
	return nil
}

func (b *inbox) notice(n engine.Notice) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return ErrClosed
	case b.notices[n]:
		return nil
	case len(b.notices) >= maxNotices:
		return engine.Busy()
	}
	b.notices[n] = true
	b.put(n)
	return nil
}

// expect counts a call whose outcome will come.
func (b *inbox) expect() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
}

// outcome takes the end of an expected call.
func (b *inbox) outcome(o engine.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls--
	b.put(o)
}

// put must be called with mu held.
func (b *inbox) put(i engine.Input) {
	b.waiting = append(b.waiting, i)
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take removes up to n inputs, oldest first.
func (b *inbox) take(n int) []engine.Input {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, len(b.waiting))
	in := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	if len(b.waiting) == 0 {
		b.waiting = nil
	}
	for _, i := range in {
		b.count(i, -1)
	}
	return in
}

// giveBack puts inputs that a step did not take before all others.
func (b *inbox) giveBack(in []engine.Input) {
	if len(in) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range in {
		b.count(i, 1)
	}
	b.waiting = append(in, b.waiting...)
}

func (b *inbox) count(i engine.Input, n int) {
	switch i := i.(type) {
	case engine.Submission:
		b.commands += n
	case engine.Notice:
		if n > 0 {
			b.notices[i] = true
		} else {
			delete(b.notices, i)
		}
	}
}

// flying is the number of calls whose outcome has not come.
func (b *inbox) flying() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

func (b *inbox) load() Load {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Load{Inputs: len(b.waiting), Notices: len(b.notices), Calls: b.calls}
}

// shut lets nothing in any more but outcomes.
func (b *inbox) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}
