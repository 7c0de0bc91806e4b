package sim

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// The verbs of a Call.
const (
	verbObserve = "observe"
	verbSet     = "set"
	verbClear   = "clear"
)

// patience is how long a call without a deadline is waited for.
const patience = 2 * time.Minute

// stage is where the next event finds a flight.
type stage uint8

const (
	atCloud stage = iota
	atLock
	atReply
)

// flight is one call on its way: to the cloud, through the hub, over the radio to the lock, and back. It is its own kernel
// event, at most one at a time besides its deadline.
type flight struct {
	d    *device
	call Call
	done func(Result)
	res  Result
	gen  uint32
	stage
	due    int8          // of its events, how many are in the kernel
	hubbed bool          // has a place in the hub's queue
	timed  bool          // its deadline is in the kernel
	ended  bool          // answered, or given up
	short  bool          // the answer does not come from the lock
	echo   bool          // a second copy of a message; nobody waits for its answer
	job    bool          // the cloud's own write of an entry that it accepted before
	rev    int           // of that entry
	lag    time.Duration // what faults add to the next leg
	near   time.Duration // one-way latency of the cloud
	far    time.Duration // one-way latency of the radio
}

// Call sends one driver attempt on its way. done is called exactly once, in an event of ClassEngine, at the call's deadline
// at the latest, and never after DropFlight. A call without a deadline is waited for two minutes.
func (f *Fleet) Call(c Call, done func(Result)) {
	fl := f.flight()
	fl.call, fl.done, fl.gen, fl.d = c, done, f.gen, f.devices[c.Device]
	if fl.d == nil {
		fl.d = &device{f: f, id: c.Device, acct: newAccount(AccountSpec{})}
		fl.short = true
		fl.refuse(driver.NotFound, driver.BlameRequest, "no_such_device")
		return
	}
	if c.Passed {
		fl.start() // it was counted when it was taken
		return
	}
	counts := &fl.d.counts
	switch c.Verb {
	case verbObserve:
		counts.Observes++
	case verbSet:
		counts.Sets++
	case verbClear:
		counts.Clears++
	default:
		fl.refuse(driver.Unsupported, driver.BlameRequest, "no_such_verb")
		return
	}
	fl.d.soil(dirtCounts)
	fl.start()
}

// After runs fn that much later, on the fleet's thread: for what a cloud does by itself. It is forgotten with the process.
func (f *Fleet) After(d time.Duration, fn func()) { f.k.At(f.k.Now().Add(d), ClassLock, fn) }

// flight returns an empty flight. Those that are done with are used again: a fleet makes little else.
func (f *Fleet) flight() *flight {
	last := len(f.spare) - 1
	if last < 0 {
		return &flight{}
	}
	fl := f.spare[last]
	f.spare = f.spare[:last]
	return fl
}

// landed takes a flight back that was answered and of which no event is left.
func (fl *flight) landed() {
	if fl.due--; fl.due == 0 && fl.ended {
		f := fl.d.f
		*fl = flight{}
		f.spare = append(f.spare, fl)
	}
}

// start draws the latencies of both ways and leaves.
func (fl *flight) start() {
	if fl.call.Deadline.IsZero() {
		fl.call.Deadline = fl.d.f.k.Now().Add(patience)
	}
	luck := fl.d.rand.Uint64()
	fl.near = jitter(fl.d.acct.spec.Latency, uint32(luck))
	fl.far = jitter(fl.d.prof.Radio, uint32(luck>>32))
	if fl.call.Passed {
		fl.inHub()
		return
	}
	fl.leg(atCloud, fl.near)
}

// jitter spreads a mean evenly over half to one and a half.
func jitter(mean time.Duration, luck uint32) time.Duration {
	return mean/2 + time.Duration(uint64(mean)/1024*uint64(luck>>12)>>10)
}

// leg posts the next stage.
func (fl *flight) leg(next stage, d time.Duration) {
	k := fl.d.f.k
	fl.stage = next
	at := k.now + int64(d+fl.lag)
	fl.lag = 0
	if at > nanos(fl.call.Deadline) {
		fl.expect()
	}
	class := ClassLock
	if next == atReply {
		class = ClassEngine
	}
	fl.due++
	k.post(at, class, fl)
}

// expect puts the deadline into the kernel, which needs it only for flights that will not be back in time.
func (fl *flight) expect() {
	if !fl.timed && !fl.ended && !fl.echo {
		fl.timed = true
		fl.due++
		fl.d.f.k.post(nanos(fl.call.Deadline), ClassEngine, (*expiry)(fl))
	}
}

// expiry is the deadline of a flight.
type expiry flight

func (e *expiry) act() {
	fl := (*flight)(e)
	if !fl.ended {
		fl.finish(Result{Err: fl.failure(driver.Ambiguous, driver.BlameUnknown, "timeout")})
	}
	fl.landed()
}

func (fl *flight) act() {
	switch fl.stage {
	case atCloud:
		fl.inCloud()
	case atLock:
		fl.inLock()
	case atReply:
		fl.reply()
	}
	fl.landed()
}

// inCloud is the call's arrival at the account's cloud.
func (fl *flight) inCloud() {
	d := fl.d
	now := d.f.k.Now()
	if wait := d.acct.admit(now, d.f); wait > 0 {
		fl.refuse(driver.Throttled, driver.BlameCloud, "rate_limit")
		fl.res.Err.RetryAfter = wait
		return
	}
	if fl.struck(LayerCloud, d.acct.faults) || fl.struck(LayerCloud, d.faults) {
		return
	}
	switch {
	case fl.call.Taken != nil:
		fl.call.Taken()
		fl.back()
	case fl.call.Verb == verbSet && fl.call.Want.Offline != lock.OfflineNone:
		fl.answer(d.issue(&fl.call.Want))
	case fl.call.Verb == verbClear && d.indexIssued(fl.call.At) >= 0:
		fl.answer(lock.Held{}, d.revoke(fl.call.At))
	case fl.call.Verb == verbObserve && (d.traits.CloudList || d.traits.OfflineOnly):
		reach := lock.Reached // what has no link is never missed
		if !d.traits.OfflineOnly {
			reach = d.reach(true)
		}
		d.look(&fl.res.Observation, fl.call.Known, reach)
		fl.back()
	case fl.call.Verb == verbSet && d.prof.Async:
		fl.answer(d.accept(&fl.call.Want, fl.call.At))
	case fl.call.Verb == verbClear && d.prof.Async:
		d.dismiss(fl.call.At)
		fl.back()
	default:
		fl.inHub()
	}
}

// inHub passes the hub and sends the message over the radio.
func (fl *flight) inHub() {
	d, k := fl.d, fl.d.f.k
	if h := d.hub; h != nil {
		if d.reach(true) == lock.HubDown {
			fl.unreached(lock.HubDown)
			return
		}
		if fl.struck(LayerHub, h.faults) {
			return
		}
		if h.busy >= h.spec.Queue {
			fl.refuse(driver.Throttled, driver.BlameHub, "queue_full")
			return
		}
		h.busy++
		fl.hubbed = true
		h.free = max(h.free, k.now) + int64(h.spec.Pace)
		fl.lag += time.Duration(h.free - k.now)
		if fl.struck(LayerRadio, h.faults) {
			return
		}
	}
	if d.reach(true) == lock.LockDown {
		fl.lag += 2 * fl.far // the hub calls and waits in vain
		fl.unreached(lock.LockDown)
		return
	}
	if fl.struck(LayerRadio, d.faults) || fl.struck(LayerLock, d.faults) {
		return
	}
	fl.leg(atLock, fl.far)
}

// inLock is the message's arrival at the lock.
func (fl *flight) inLock() {
	d := fl.d
	if d.reach(true) != lock.Reached {
		fl.lose()
		return
	}
	switch fl.call.Verb {
	case verbObserve:
		if fl.call.Passed {
			d.refresh()
		}
		d.look(&fl.res.Observation, fl.call.Known, lock.Reached)
	case verbSet:
		asOf := d.f.k.Now()
		if fl.call.Passed {
			asOf = time.Time{}
		}
		held, r := d.obeySet(&fl.call.Want, fl.call.At, fl.job, asOf)
		fl.res.Held = held
		fl.fail(r)
	case verbClear:
		fl.fail(d.obeyClear(fl.call.At))
	}
	if fl.echo {
		return
	}
	if d.hub != nil && fl.returns(LayerRadio, d.hub.faults) || fl.returns(LayerRadio, d.faults) {
		return
	}
	fl.leg(atReply, fl.far+fl.near)
}

// reply is the answer's arrival: at the cloud, which learns from it, and then at the caller.
func (fl *flight) reply() {
	d := fl.d
	fl.leaveHub()
	if !fl.short {
		if d.reach(true) != lock.Reached {
			fl.lose()
			return
		}
		if fl.res.Err == nil && !fl.job {
			d.mirror(fl)
		}
	}
	if !fl.job && !fl.call.Passed && fl.res.Err == nil && (fl.returns(LayerCloud, d.acct.faults) || fl.returns(LayerCloud, d.faults)) {
		return
	}
	fl.finish(fl.res)
}

// finish answers the caller, once.
func (fl *flight) finish(res Result) {
	if fl.ended {
		return
	}
	fl.ended = true
	switch {
	case fl.job:
		fl.d.settle(fl, res.Err)
	case fl.gen == fl.d.f.gen:
		fl.done(res)
	}
}

// answer replies from the cloud with held or a refusal.
func (fl *flight) answer(held lock.Held, r *refusal) {
	fl.res.Held = held
	fl.fail(r)
	fl.back()
}

// back sends an answer that did not need the lock.
func (fl *flight) back() {
	fl.short = true
	fl.leg(atReply, fl.near)
}

// fail notes a refusal, if r is one.
func (fl *flight) fail(r *refusal) {
	if r != nil {
		fl.res = Result{Err: fl.failure(r.kind, r.blame, r.vendor)}
	}
}

func (fl *flight) failure(kind driver.Kind, blame driver.Blame, vendor string) *driver.Error {
	return &driver.Error{Op: fl.call.Verb, Device: fl.d.id, Kind: kind, Blame: blame, Vendor: vendor}
}

// refuse sends an error back from where the flight is.
func (fl *flight) refuse(kind driver.Kind, blame driver.Blame, vendor string) {
	if fl.call.Deadline.IsZero() {
		fl.call.Deadline = fl.d.f.k.Now().Add(patience)
	}
	fl.fail(&refusal{kind, blame, vendor})
	fl.back()
}

// unreached answers that the lock or its hub is down: a look tells it, a write fails of it.
func (fl *flight) unreached(reach lock.Reach) {
	blame, vendor := driver.BlameLock, "lock_offline"
	if reach == lock.HubDown {
		blame, vendor = driver.BlameHub, "hub_offline"
	}
	if fl.call.Verb == verbObserve {
		fl.res.Observation = fl.d.unseen(fl.call.Known, reach)
		fl.back()
		return
	}
	fl.refuse(driver.Offline, blame, vendor)
}

// lose drops the message: nothing more is heard of the call until its deadline.
func (fl *flight) lose() {
	fl.leaveHub()
	fl.expect()
}

func (fl *flight) leaveHub() {
	if fl.hubbed {
		fl.hubbed = false
		fl.d.hub.busy--
	}
}

// struck lets the faults of a layer meddle with a message on its way to the lock; true: it goes no further.
func (fl *flight) struck(layer Layer, faults []*trouble) bool {
	for _, x := range faults {
		if x.kind.Layer == layer && x.kind.send != nil && x.strikes(fl.call.Verb) && x.kind.send(x, fl) {
			return true
		}
	}
	return false
}

// returns lets the faults of a layer meddle with the answer; true: the caller does not get it.
func (fl *flight) returns(layer Layer, faults []*trouble) bool {
	for _, x := range faults {
		if x.kind.Layer == layer && x.kind.back != nil && x.strikes(fl.call.Verb) && x.kind.back(x, fl) {
			return true
		}
	}
	return false
}

// DropFlight forgets who waits for answers, as when the engine is killed: no done is called any more, but what is under way
// still happens.
func (f *Fleet) DropFlight() { f.gen++ }

// admit counts a call against the account's limit per minute and returns how long to wait if it is spent.
func (a *account) admit(now time.Time, f *Fleet) time.Duration {
	if a.spec.Rate == 0 {
		return 0
	}
	f.mark(keyAccount + string(a.spec.ID))
	if minute := now.Truncate(time.Minute); !minute.Equal(a.minute) {
		a.minute, a.calls = minute, 0
	}
	if a.calls >= a.spec.Rate {
		return a.minute.Add(time.Minute).Sub(now)
	}
	a.calls++
	return 0
}
