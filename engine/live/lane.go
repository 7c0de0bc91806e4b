package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
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
	laneWidth = 16               // Lane.Width, unless it is given
	guardMax  = 2 * time.Second  // a driver's context ends this long before the deadline, or a tenth of the time there is: so
	guardPart = 10               // it can still say itself what became of the call
	sendBack  = time.Millisecond // between two calls that find no room in their lane
)

// Lane bounds the calls of one account. The zero value is 16 at once and as many as come.
type Lane struct {
	Width int     // calls under way at once; 0: 16
	Rate  float64 // calls sent a second; 0: without a bound
	Burst int     // calls that may be sent at once after a rest, where there is a Rate; 0: 1
}

// lane is a Lane at work. Calls beyond its width wait in a queue: of thousands that fall due at once, as when a host starts,
// most would else be goroutines that wait.
type lane struct {
	Lane
	bucket *rate.Limiter // nil: not paced

	// Guarded by lanes.mu.
	under  int                 // calls that have a place
	queues [len(ranks)][]*task // what waits for one, the first in turn first
	waits  int                 // of those, how many have time left
	took   time.Duration       // how long a call takes, lately
}

// ranks orders the calls that wait for a lane: else a guest at the door would wait behind ten thousand routine looks.
var ranks = [...]func(engine.Call) bool{
	func(c engine.Call) bool { return c.Urgent },
	func(c engine.Call) bool { return c.Verb != engine.CallObserve },
	func(engine.Call) bool { return true },
}

// add lets a call wait, and says how long. Of thousands that come together most find no room: the farther back one stands the sooner
// it is told so, down to half of its time, so that they come back one by one and not in one instant.
func (l *lane) add(t *task, left time.Duration) time.Duration {
	rank := slices.IndexFunc(ranks[:], func(is func(engine.Call) bool) bool { return is(t.call) })
	l.queues[rank] = append(l.queues[rank], t)
	t.queues, l.waits = true, l.waits+1
	before := 0
	for _, q := range l.queues[:rank+1] {
		before += len(q)
	}
	return left - min(left/2, time.Duration(before)*sendBack)
}

// next takes the call whose turn it is; nil: none waits. One that has too little time left ends its wait: it comes again with more.
func (l *lane) next(now time.Time) *task {
	late, turn := time.Duration(0), l.turn(now)
	for i := range l.queues {
		for q := &l.queues[i]; len(*q) > 0; {
			t := (*q)[0]
			(*q)[0] = nil
			*q = (*q)[1:]
			switch {
			case !t.queues:
			case !turn.After(l.last(t)):
				l.give(t)
				return t
			default:
				t.wait.Reset(min(late*sendBack, max(0, t.until.Sub(now))))
				late++
			}
		}
		l.queues[i] = nil
	}
	return nil
}

// turn is when the account's pace lets one more call be sent.
func (l *lane) turn(now time.Time) time.Time {
	if l.bucket == nil {
		return now
	}
	return now.Add(time.Duration(max(0, 1-l.bucket.TokensAt(now)) / l.Rate * float64(time.Second)))
}

// last is when a call must be sent, so that it has twice the time that calls take lately: cut off in the middle it would be held
// against the provider, and nobody would know what became of it. Where that is more than half of its time, half will do.
func (l *lane) last(t *task) time.Time {
	return t.until.Add(-min(2*l.took, t.until.Sub(t.asked)/2))
}

// give ends a call's wait. It reports whether it still waited.
func (l *lane) give(t *task) bool {
	if !t.queues {
		return false
	}
	t.queues, l.waits = false, l.waits-1
	return true
}

// again is when there may be room for one more call, at the pace of the last ones. Of thousands whose time is up together each gets
// another answer, because those before it don't wait any more: so they come back evenly.
func (l *lane) again() time.Duration {
	each := l.took / time.Duration(l.Width)
	if l.Rate > 0 {
		each = max(each, time.Duration(float64(time.Second)/l.Rate))
	}
	return time.Duration(l.waits) * each
}

func newLane(of Lane) *lane {
	l := &lane{Lane: of}
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

// task is one call on its way.
type task struct {
	call   engine.Call
	driver driver.Driver
	lane   *lane
	asked  time.Time
	until  time.Time     // its driver must have returned, or it is not sent at all
	mine   chan struct{} // closed when the device is free for the next
	sent   atomic.Int64  // Unix nanoseconds; 0: it was not
	ended  sync.Once
	wait   clockwork.Timer // ends its time in the queue
	queues bool            // guarded by lanes.mu
}

// start makes the call, in its turn.
func (l *lanes) start(c engine.Call) {
	now := l.clock.Now()
	left := max(0, c.Deadline.Sub(now))
	account := l.accounts(c.Account)
	t := &task{call: c, driver: account.Driver, asked: now, until: now.Add(left - min(guardMax, left/guardPart)), mine: make(chan struct{})}
	l.queued.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	t.lane = l.laneOf(c.Account, account.Lane)
	before := l.devices[c.Device]
	l.devices[c.Device] = t.mine
	if before == nil {
		l.admit(t)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(l.ctx, t.until.Sub(l.clock.Now()))
		defer cancel()
		select {
		case <-before:
			l.mu.Lock()
			defer l.mu.Unlock()
			l.admit(t)
		case <-ctx.Done():
			l.unsent(t, before, "an earlier call to this lock has not returned", 0)
		}
	}()
}

// laneOf finds the lane of an account. One whose bounds were changed is new; what is under way in the old one ends there. It
// must be called with mu held.
func (l *lanes) laneOf(id lock.AccountID, of Lane) *lane {
	of.Width = cmp.Or(of.Width, laneWidth)
	if in := l.lanes[id]; in != nil && in.Lane == of {
		return in
	}
	l.lanes[id] = newLane(of)
	return l.lanes[id]
}

// admit gives a call a place in its lane, or lets it wait for one. It must be called with mu held.
func (l *lanes) admit(t *task) {
	if t.lane.under < t.lane.Width {
		t.lane.under++
		go l.run(t)
		return
	}
	t.wait = l.clock.AfterFunc(t.lane.add(t, max(0, t.until.Sub(l.clock.Now()))), func() {
		l.mu.Lock()
		waited, again := t.lane.give(t), t.lane.again()
		l.mu.Unlock()
		if waited {
			l.unsent(t, nil, "too many calls of this account are under way", again)
		}
	})
}

// leave gives the place of a call that is over to the next that waits.
func (l *lanes) leave(t *task) {
	const part = 8 // of the newest in what it takes lately
	in, now := t.lane, l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := t.sent.Load(); at != 0 {
		took := now.Sub(time.Unix(0, at))
		if in.took == 0 {
			in.took = took
		}
		in.took += (took - in.took) / part
	}
	if next := in.next(now); next != nil {
		next.wait.Stop()
		go l.run(next)
		return
	}
	in.under--
}

// run makes a call that has a place.
func (l *lanes) run(t *task) {
	ctx, cancel := context.WithTimeout(l.ctx, t.until.Sub(l.clock.Now()))
	defer cancel()
	late := l.clock.AfterFunc(max(0, t.call.Deadline.Sub(l.clock.Now())), func() { l.end(t, failed(t.call, errLate)) })
	defer late.Stop()
	defer l.leave(t)
	if ctx.Err() != nil {
		l.unsent(t, nil, "its deadline had come", 0)
		return
	}
	if wait, ok := l.pace(ctx, t); !ok {
		l.mu.Lock()
		wait += t.lane.again()
		l.mu.Unlock()
		l.unsent(t, nil, "calls of this account are paced", wait)
		return
	}
	l.queued.Add(-1)
	t.sent.Store(l.clock.Now().UnixNano())
	o := l.call(ctx, t.call, t.driver)
	l.free(t.call.Device, t.mine, nil)
	l.end(t, o)
}

// unsent ends a call that was not sent: nothing can have happened.
func (l *lanes) unsent(t *task, before chan struct{}, why string, again time.Duration) {
	l.queued.Add(-1)
	l.free(t.call.Device, t.mine, before)
	o := failed(t.call, &driver.Error{
		Op: string(t.call.Verb), Device: t.call.Device, Kind: driver.Throttled, Blame: driver.BlameAccount, RetryAfter: again, Err: errors.New(why),
	})
	o.Unsent = true
	l.end(t, o)
}

// end tells the outcome of a call, once.
func (l *lanes) end(t *task, o engine.Outcome) {
	t.ended.Do(func() {
		if l.watch != nil {
			e := Ended{Call: t.call, Err: o.Err, Asked: t.asked, At: l.clock.Now()}
			if at := t.sent.Load(); at != 0 {
				e.Sent = time.Unix(0, at).UTC()
			}
			l.watch(e)
		}
		l.deliver(o)
	})
}

var errLate = errors.New("the driver did not return before the deadline")

// pace waits for the account's next turn. A turn that would come too late is given back, with how far it is off.
func (l *lanes) pace(ctx context.Context, t *task) (time.Duration, bool) {
	bucket := t.lane.bucket
	if bucket == nil {
		return 0, true
	}
	l.mu.Lock()
	last := t.lane.last(t)
	l.mu.Unlock()
	now := l.clock.Now()
	turn := bucket.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait <= 0 {
		return 0, true
	}
	if now.Add(wait).After(last) {
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
