package facade

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/sim"
)

// Leap is a Loop for tests: its time stands still until somebody waits for an answer, and then leaps to it.
type Leap struct {
	mu     sync.Mutex
	kernel *sim.Kernel
	fleet  *sim.Fleet
}

// NewLeap builds the fleet of spec, whose clock begins at start.
func NewLeap(start time.Time, seed uint64, spec sim.Spec) (*Leap, error) {
	k := sim.NewKernel(start, seed)
	f, err := sim.NewFleet(k, spec)
	return &Leap{kernel: k, fleet: f}, err
}

// Now is the fleet's time.
func (l *Leap) Now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kernel.Now()
}

// Do has the fleet looked at or changed.
func (l *Leap) Do(fn func(*sim.Fleet) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fn(l.fleet)
}

// Pass lets time pass.
func (l *Leap) Pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kernel.RunUntil(l.kernel.Now().Add(d))
}

// Run implements Loop. It goes on to the answer also when nobody waits for it any more.
func (l *Leap) Run(_ context.Context, start func(f *sim.Fleet, done func())) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended := false
	start(l.fleet, func() { ended = true })
	for !ended {
		if !l.kernel.Step() {
			return errors.New("nothing is left to happen, and no answer has come")
		}
	}
	return nil
}
