package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

const (
	laneWidth = 16              // calls of one account that are under way at once
	guardMax  = 2 * time.Second // a driver's context ends this long before the deadline, or a tenth of the time there is: so
	guardPart = 10              // it can still say itself what became of the call
)

// lanes makes driver calls. Each account has a lane of so many calls at once, and each device one call at a time, also when
// a driver comes back late. Every call has exactly one outcome, at its deadline at the latest.
type lanes struct {
	clock   clockwork.Clock
	drivers Drivers
	log     *slog.Logger
	deliver func(engine.Outcome)
	ctx     context.Context // ends when the host does
	abandon context.CancelFunc

	mu       sync.Mutex
	accounts map[lock.AccountID]chan struct{} // a slot per call under way
	devices  map[lock.DeviceID]chan struct{}  // closed when the driver has returned
}

func newLanes(clock clockwork.Clock, drivers Drivers, log *slog.Logger, deliver func(engine.Outcome)) *lanes {
	l := &lanes{
		clock: clock, drivers: drivers, log: log, deliver: deliver,
		accounts: map[lock.AccountID]chan struct{}{}, devices: map[lock.DeviceID]chan struct{}{},
	}
	l.ctx, l.abandon = context.WithCancel(context.Background())
	return l
}

// start makes the call on a goroutine of its own.
func (l *lanes) start(c engine.Call) {
	now := l.clock.Now()
	left := max(0, c.Deadline.Sub(now))
	ctx, cancel := context.WithTimeout(l.ctx, left-min(guardMax, left/guardPart))
	var once sync.Once
	end := func(o engine.Outcome) { once.Do(func() { l.deliver(o) }) }
	late := l.clock.AfterFunc(left, func() { end(failed(c, errLate)) })
	go func() {
		defer cancel()
		defer late.Stop()
		leave, err := l.enter(ctx, c)
		if err != nil {
			end(failed(c, err))
			return
		}
		o := l.call(ctx, c)
		leave()
		end(o)
	}()
}

var errLate = errors.New("the driver did not return before the deadline")

// enter waits for the device and for a place in the account's lane. An error means that the call was not sent.
func (l *lanes) enter(ctx context.Context, c engine.Call) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, notSent(c, "its deadline had come")
	}
	mine := make(chan struct{})
	before, lane := l.claim(c, mine)
	if before != nil {
		select {
		case <-before:
		case <-ctx.Done():
			l.free(c.Device, mine, before)
			return nil, notSent(c, "an earlier call to this lock has not returned")
		}
	}
	select {
	case lane <- struct{}{}:
	case <-ctx.Done():
		l.free(c.Device, mine, nil)
		return nil, notSent(c, "too many calls of this account are under way")
	}
	return func() { <-lane; l.free(c.Device, mine, nil) }, nil
}

// claim makes mine what the next call to the device waits for, and returns what this one has to wait for.
func (l *lanes) claim(c engine.Call, mine chan struct{}) (before, lane chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.devices[c.Device]
	l.devices[c.Device] = mine
	if l.accounts[c.Account] == nil {
		l.accounts[c.Account] = make(chan struct{}, laneWidth)
	}
	return before, l.accounts[c.Account]
}

// free lets the next call to the device go on, once before (which may be nil) is closed.
func (l *lanes) free(id lock.DeviceID, mine, before chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.devices[id] == mine {
		if before == nil {
			delete(l.devices, id)
		} else {
			l.devices[id] = before
		}
	}
	close(mine)
}

// notSent is definite: nothing can have happened.
func notSent(c engine.Call, why string) error {
	return &driver.Error{Op: string(c.Verb), Device: c.Device, Kind: driver.Throttled, Blame: driver.BlameAccount, Err: errors.New(why)}
}

// call makes the driver call. A panic becomes an ambiguous outcome: nobody knows how far the driver came.
func (l *lanes) call(ctx context.Context, c engine.Call) (o engine.Outcome) {
	defer func() {
		if v := recover(); v != nil {
			// What was panicked with may hold digits or tokens; the runtime's own errors don't.
			err := fmt.Errorf("the driver panicked with a %T", v)
			if r, ok := v.(runtime.Error); ok {
				err = fmt.Errorf("the driver panicked: %w", r)
			}
			l.log.Error("a driver panicked", "account", c.Account, "device", c.Device, "verb", c.Verb, "err", err, "stack", string(debug.Stack()))
			o = failed(c, err)
		}
	}()
	d := l.drivers(c.Account)
	if d == nil {
		return failed(c, &driver.Error{Kind: driver.Unauthorized, Blame: driver.BlameAccount, Err: errors.New("the account is not configured")})
	}
	o = engine.Outcome{Call: c.ID, Device: c.Device}
	var err error
	switch c.Verb {
	case engine.CallObserve:
		o.Observation, err = d.Observe(ctx, c.Device, c.Known)
	case engine.CallSet:
		o.Held, err = d.Set(ctx, c.Device, c.Want, c.At)
	case engine.CallClear:
		err = d.Clear(ctx, c.Device, c.At)
	default:
		err = &driver.Error{Kind: driver.Unsupported, Err: fmt.Errorf("no driver can %s", c.Verb)}
	}
	if err != nil {
		return failed(c, err)
	}
	return o
}

// failed is the outcome of a call that ended in err. An error that doesn't say whether the call had its effect is ambiguous.
func failed(c engine.Call, err error) engine.Outcome {
	var known *driver.Error
	e := driver.Error{Err: err}
	if errors.As(err, &known) {
		e = *known
	}
	if e.Op == "" {
		e.Op = string(c.Verb)
	}
	if e.Device == "" {
		e.Device = c.Device
	}
	return engine.Outcome{Call: c.ID, Device: c.Device, Err: &e}
}
