package live

import (
	"slices"
	"sync"

	"github.com/accesscodes/lockctl/engine"
)

// inbox is what waits for the next step: commands, and beside them outcomes and notices, each in the order in which they came.
// Ten thousand outcomes may come in one second, and whoever sends a command waits for its answer, so neither stands behind the
// other. Outcomes are always taken, and bounded by the calls in flight; commands and notices are bounded by numbers.
type inbox struct {
	ready chan struct{} // one slot: something waits

	mu       sync.Mutex
	commands []engine.Input
	news     []engine.Input         // outcomes and notices
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
	case len(b.commands) >= maxCommands:
		return engine.Busy()
	}
	b.commands = append(b.commands, s)
	b.ring()
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
	b.news = append(b.news, n)
	b.ring()
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
	b.news = append(b.news, o)
	b.ring()
}

// ring must be called with mu held.
func (b *inbox) ring() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take removes what one step may have: so many outcomes and notices at most that the step stays short for those whose commands
// come meanwhile, and then commands.
func (b *inbox) take() []engine.Input {
	b.mu.Lock()
	defer b.mu.Unlock()
	var news, commands []engine.Input
	most := maxNews
	if len(b.commands) > 0 {
		most = maxBeside
	}
	news, b.news = cut(b.news, most)
	commands, b.commands = cut(b.commands, maxBatch-len(news))
	for _, i := range news {
		if n, ok := i.(engine.Notice); ok {
			delete(b.notices, n)
		}
	}
	switch {
	case len(news) == 0:
		return commands
	case len(commands) == 0:
		return news
	}
	return slices.Concat(news, commands)
}

// cut parts the oldest n from the rest.
func cut(q []engine.Input, n int) (first, rest []engine.Input) {
	if len(q) <= n {
		return q, nil
	}
	return q[:n:n], q[n:]
}

// giveBack puts inputs that a step did not take before all others.
func (b *inbox) giveBack(in []engine.Input) {
	if len(in) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, i := range in {
		if _, ok := i.(engine.Submission); ok {
			break
		}
		if notice, ok := i.(engine.Notice); ok {
			b.notices[notice] = true
		}
		n++
	}
	b.news, b.commands = slices.Concat(in[:n], b.news), slices.Concat(in[n:], b.commands)
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
	return Load{Inputs: len(b.commands) + len(b.news), Notices: len(b.notices), Calls: b.calls}
}

// shut lets nothing in any more but outcomes.
func (b *inbox) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}
