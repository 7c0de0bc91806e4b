package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/time/rate"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

const (
	laneWidth = 16              // Lane.Width, unless it is given
	guardMax  = 2 * time.Second // a driver's context ends this long before the deadline, or a tenth of the time there is: so
	guardPart = 10              // it can still say itself what became of the call
)

// Lane bounds the calls of one account. The zero value is 16 at once and as many as come.
type Lane struct {
	Width int     // calls under way at once; 0: 16
	Rate  float64 // calls sent a second; 0: without a bound
	Burst int     // calls that may be sent at once after a rest, where there is a Rate; 0: 1
}

// lane is a Lane at work.
type lane struct {
	Lane
	places chan struct{} // holds one per call under way
	bucket *rate.Limiter // nil: not paced
}

func newLane(of Lane) *lane {
	l := &lane{Lane: of, places: make(chan struct{}, cmp.Or(of.Width, laneWidth))}
	if of.Rate > 0 {
		l.bucket = rate.NewLimiter(rate.Limit(of.Rate), max(1, of.Burst))
	}
	return l
}

// lanes makes driver calls. Each account has a lane of so many calls at once, and each device one call at a time, also when
// a driver comes back late. Every call has exactly one outcome, at its deadline at the latest.
type lanes struct {
	clock    clockwork.Clock
	accounts Accounts
	log      *slog.Logger
	deliver  func(engine.Outcome)
	watch    func(Ended)     // nil: nobody counts
	ctx      context.Context // ends when the host does
	abandon  context.CancelFunc
	queued   atomic.Int64 // calls that wait for their lane

	mu      sync.Mutex
	lanes   map[lock.AccountID]*lane
	devices map[lock.DeviceID]chan struct{} // closed when the driver has returned
}

func newLanes(o Options, deliver func(engine.Outcome)) *lanes {
	l := &lanes{
		clock: o.Clock, accounts: o.Accounts, log: o.Log, deliver: deliver, watch: o.Watch,
		lanes: map[lock.AccountID]*lane{}, devices: map[lock.DeviceID]chan struct{}{},
	}
	l.ctx, l.abandon = context.WithCancel(context.Background())
	return l
}

// start makes the call on a goroutine of its own.
func (l *lanes) start(c engine.Call) {
	asked := l.clock.Now()
	left := max(0, c.Deadline.Sub(asked))
	ctx, cancel := context.WithTimeout(l.ctx, left-min(guardMax, left/guardPart))
	var sent atomic.Pointer[time.Time]
	var once sync.Once
	end := func(o engine.Outcome) {
		once.Do(func() {
			if l.watch != nil {
				e := Ended{Call: c, Err: o.Err, Asked: asked, At: l.clock.Now()}
				if s := sent.Load(); s != nil {
					e.Sent = *s
				}
				l.watch(e)
			}
			l.deliver(o)
		})
	}
	late := l.clock.AfterFunc(left, func() { end(failed(c, errLate)) })
	go func() {
		defer cancel()
		defer late.Stop()
		account := l.accounts(c.Account)
		l.queued.Add(1)
		leave, err := l.enter(ctx, c, account.Lane)
		l.queued.Add(-1)
		if err != nil {
			end(failed(c, err))
			return
		}
		now := l.clock.Now()
		sent.Store(&now)
		o := l.call(ctx, c, account.Driver)
		leave()
		end(o)
	}()
}

var errLate = errors.New("the driver did not return before the deadline")

// enter waits for the device, for a place in the account's lane and for its pace. An error means that the call was not sent.
func (l *lanes) enter(ctx context.Context, c engine.Call, of Lane) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, notSent(c, "its deadline had come", 0)
	}
	mine := make(chan struct{})
	before, lane := l.claim(c, of, mine)
	if before != nil {
		select {
		case <-before:
		case <-ctx.Done():
			l.free(c.Device, mine, before)
			return nil, notSent(c, "an earlier call to this lock has not returned", 0)
		}
	}
	select {
	case lane.places <- struct{}{}:
	case <-ctx.Done():
		l.free(c.Device, mine, nil)
		return nil, notSent(c, "too many calls of this account are under way", 0)
	}
	leave = func() { <-lane.places; l.free(c.Device, mine, nil) }
	if wait, ok := l.pace(ctx, lane); !ok {
		leave()
		return nil, notSent(c, "calls of this account are paced", wait)
	}
	return leave, nil
}

// pace waits for the account's next turn. A turn that would come after the end of ctx is given back, with how far it is off.
func (l *lanes) pace(ctx context.Context, lane *lane) (time.Duration, bool) {
	if lane.bucket == nil {
		return 0, true
	}
	now := l.clock.Now()
	turn := lane.bucket.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait <= 0 {
		return 0, true
	}
	if end, ok := ctx.Deadline(); ok && now.Add(wait).After(end) {
		turn.CancelAt(now)
		return wait, false
	}
	timer := l.clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return 0, true
	case <-ctx.Done():
		turn.CancelAt(l.clock.Now())
		return wait, false
	}
}

// claim makes mine what the next call to the device waits for, and returns what this one has to wait for. A lane whose bounds
// were changed is a new one; what is under way in the old one ends there.
func (l *lanes) claim(c engine.Call, of Lane, mine chan struct{}) (before chan struct{}, in *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.devices[c.Device]
	l.devices[c.Device] = mine
	if in = l.lanes[c.Account]; in == nil || in.Lane != of {
		in = newLane(of)
		l.lanes[c.Account] = in
	}
	return before, in
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
func notSent(c engine.Call, why string, again time.Duration) error {
	return &driver.Error{Op: string(c.Verb), Device: c.Device, Kind: driver.Throttled, Blame: driver.BlameAccount, RetryAfter: again, Err: errors.New(why)}
}

// call makes the driver call. A panic becomes an ambiguous outcome: nobody knows how far the driver came.
func (l *lanes) call(ctx context.Context, c engine.Call, d driver.Driver) (o engine.Outcome) {
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
