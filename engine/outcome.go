package engine

import (
	"cmp"
	"math/bits"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

const (
	urgentSpan   = 30 * time.Minute // around a start or an end, retries come at least every urgentMax
	urgentMax    = 5 * time.Minute
	manyRefusals = 6 // of a device in a row, after which each makes it wait
	redraws      = 5 // times a drawn PIN is replaced because the lock holds it already
	wornAnswers  = 6 // of the last 32 that took more than one try: the battery is to be replaced
	soundAnswers = 2 // and no more than this many: it is fine again
)

// crashed makes the call that was in flight when the engine was opened ambiguous.
func (b *batch) crashed(id lock.DeviceID) {
	if d := b.device(id); d != nil && d.Flight != nil {
		b.finish(d, Outcome{Call: d.Flight.ID, Device: id, Err: &driver.Error{Op: string(d.Flight.Verb), Device: id, Vendor: "the engine was restarted"}}, true)
	}
}

// outcome takes the end of a call. One of a superseded call is ignored: its CallID tells.
func (b *batch) outcome(o Outcome) {
	d := b.device(o.Device)
	if d == nil || d.Flight == nil || d.Flight.ID != o.Call {
		return
	}
	b.ended = append(b.ended, d.id())
	b.finish(d, o, false)
}

func (b *batch) finish(d *device, o Outcome, crash bool) {
	f := d.Flight
	d.Flight, d.dirtyRun = nil, true
	if o.Err == nil && f.Verb == CallObserve && o.Observation.Reach != lock.Reached {
		o.Err = unreached(d, o.Observation.Reach)
	}
	c, p := d.flown(f)
	if o.Err != nil {
		b.failed(d, f, c, p, o.Err, crash)
		return
	}
	asked := d.Asked
	if f.Verb != CallObserve && (d.Reach > lock.Reached || b.e.linkDown(d)) && (d.Device.Traits.CloudList || c != nil && c.Offline != lock.OfflineNone) {
		b.linkWorks(d, accountScope(d.Device.Account)) // a cloud took it: that the lock is back only a look can show
		b.ask(d)
	} else {
		b.works(d)
	}
	switch f.Verb {
	case CallObserve:
		d.Asked = asked // to look once more after an outage is what this was
		b.observed(d, o.Observation, f.Since)
	case CallSet:
		d.Pace.Set = b.now.Sub(f.Since)
		b.accepted(d, f, c, p, o.Held)
	case CallClear:
		d.Pace.Clear = b.now.Sub(f.Since)
		if p != nil {
			p.Cleared, p.Looks, p.Doubt = b.now, 0, false
			p.Clears++
			if c != nil {
				c.dirty, c.NextTry = true, time.Time{}
				if !p.Blanked {
					b.lower(d, c, "failed_to_remove_from_device")
				}
			}
		}
	}
}

// flown finds the code and the place that a call was about.
func (d *device) flown(f *flight) (*code, *place) {
	if f.Place == 0 {
		return nil, nil
	}
	if f.Code == "" {
		for i := range d.Orphans {
			if d.Orphans[i].ID == f.Place {
				return nil, &d.Orphans[i]
			}
		}
		return nil, nil
	}
	c := d.find(f.Code)
	if c == nil {
		return nil, nil
	}
	return c, c.place(f.Place)
}

func unreached(d *device, r lock.Reach) *driver.Error {
	e := &driver.Error{Op: "observe", Device: d.id(), Kind: driver.Offline, Blame: blameOf(r)}
	if r == lock.ReachUnknown {
		e.Kind, e.Blame = driver.Ambiguous, driver.BlameUnknown
	}
	return e
}

// works notes that a call came through: the device's links are fine.
func (b *batch) works(d *device) {
	for _, s := range d.scopes() {
		b.linkWorks(d, s)
	}
	d.Failures, d.RetryAt, d.FailedAt, d.Gate = 0, time.Time{}, time.Time{}, ""
	b.answers(d)
	if d.Reach != lock.Reached {
		if !d.Down.IsZero() {
			// Whatever happened meanwhile was not seen: what was known has aged.
			d.Aged = b.now
			b.ask(d)
			for _, c := range d.codes {
				if !c.NextTry.IsZero() {
					c.NextTry, c.dirty = time.Time{}, true // what kept it waiting is over
				}
			}
			b.event(Event{Type: "device.connected", Account: d.Device.Account, Device: d.id(), Text: "answers again after " + words(b.now.Sub(d.Down))})
		}
		d.Reach, d.Down = lock.Reached, time.Time{}
	}
	b.lowerDevice(d, "device_disconnected", "device_removed")
}

// answers keeps how often the lock had to be asked twice. What answers worse and worse will soon not answer at all, whatever
// its battery says of itself. An outage counts once, however long.
func (b *batch) answers(d *device) {
	d.Answers <<= 1
	if d.Lost {
		d.Answers |= 1
		d.Lost = false
	}
	switch n := bits.OnesCount32(d.Answers); {
	case n >= wornAnswers:
		b.raiseDevice(d, issue("replace_battery_soon", b.now))
	case n <= soundAnswers:
		b.lowerDevice(d, "replace_battery_soon")
	}
}

// accepted notes that a write was taken.
func (b *batch) accepted(d *device, f *flight, c *code, p *place, h lock.Held) {
	d.Refusals = 0
	if p == nil {
		return
	}
	if f.New != nil {
		id, told, seen := p.ID, p.Told, p.Used
		kept := c != nil && b.keeps(d, c, p, f.New)
		if f.New.Blanked && c != nil {
			b.shut(d, c, p, b.now)
		}
		shut := p.Shut
		*p = *f.New
		p.ID, p.Told, p.Used, p.Kept, p.Shut = id, told, seen, kept, shut
	}
	if h.Ref != "" {
		p.Ref = h.Ref
	}
	if h.Slot != 0 {
		p.Slot = h.Slot
	}
	p.Accepted, p.Doubt, p.Pending, p.Looks = b.now, false, h.Pending, 0
	p.Cleared, p.Reported, p.Seen, p.Missed = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if c == nil {
		return
	}
	c.dirty, c.Written = true, true
	if p.PIN.IsZero() && !h.PIN.IsZero() {
		b.learn(d, c, p, h.PIN)
	}
	if p.Blanked {
		b.tell("internal.access_code.overwritten", d, c, "the lock would not erase it: its digits were overwritten")
		i := issue("failed_to_remove_from_device", b.now)
		i.Message, i.Remedy = "the lock does not erase the code; its digits are overwritten, so that no PIN opens it", "it is erased once more every day; until then it takes a slot"
		b.raise(d, c, i)
		return
	}
	if d.Device.Traits.CannotList || c.Offline != lock.OfflineNone {
		b.done(d, c)
	}
}

// keeps reports whether a place that becomes next lets its holder in before and after alike.
func (b *batch) keeps(d *device, c *code, p, next *place) bool {
	return next.PIN == p.PIN && next.Enabled == p.Enabled && !next.Blanked && d.serves(b.now, c, p, b.e.policyOf(d))
}

// learn takes digits that the provider chose.
func (b *batch) learn(d *device, c *code, p *place, pin lock.PIN) {
	p.PIN = vaultPIN{pin}
	if c.PIN.IsZero() || d.Device.Traits.AssignsPIN {
		if c.PIN != p.PIN {
			if !c.Told.IsZero() && !c.PIN.IsZero() {
				c.Told = time.Time{}
				b.raise(d, c, issue("digits_changed", b.now))
			}
			c.PIN = p.PIN
			b.tell("access_code.changed", d, c, "the provider chose the digits")
		}
	}
	c.dirty = true
}

// done notes that a code is where it should be: earlier failures are forgotten.
func (b *batch) done(d *device, c *code) {
	if c.Attempts != 0 || !c.NextTry.IsZero() || c.AcceptGap {
		c.Attempts, c.NextTry, c.AcceptGap, c.dirty = 0, time.Time{}, false, true
	}
	b.lower(d, c, "failed_to_set_on_device", "conflicting_external_modification", "rejected_by_device", "provider_issue")
}

// failed takes the error of a call: what it says about the credential, and whom it blames.
func (b *batch) failed(d *device, f *flight, c *code, p *place, err *driver.Error, crash bool) {
	if f.Verb == CallObserve && answered(err.Kind) {
		e := *err // a look that is refused is no look: the lock is as good as away
		e.Kind, e.Blame = driver.Offline, driver.BlameLock
		err = &e
	}
	if !crash {
		b.blame(d, c, err)
	}
	if p == nil {
		if f.Verb == CallObserve && err.Kind == driver.NotFound {
			i := issue("device_removed", b.now)
			i.Vendor = err.Vendor
			b.raiseDevice(d, i)
		}
		return
	}
	if c != nil {
		c.dirty = true
	}
	if err.Kind == driver.Ambiguous && c != nil && c.Offline != lock.OfflineNone {
		p.Accepted = time.Time{} // no look can tell, and asking twice gives the same digits
		if !crash {
			b.delay(d, c, err)
		}
		return
	}
	if err.Kind == driver.Ambiguous {
		p.Kept = c != nil && f.New != nil && b.keeps(d, c, p, f.New)
		p.Doubt = true
		if f.New != nil && (d.Device.Traits.CannotList || d.Device.Traits.HidesPIN || d.Device.Traits.HidesWindow) {
			// Nothing will tell which of the two it is: write it again.
			p.Accepted = time.Time{}
		}
		if !d.Device.Traits.CannotList && d.Stale.IsZero() {
			d.Stale = b.now
		}
		if c != nil && !crash {
			b.delay(d, c, err)
		}
		return
	}
	if f.Verb == CallClear {
		p.ClearErr++
		if err.Kind == driver.NotFound {
			p.Cleared = b.now // gone is gone
			return
		}
		if c != nil {
			b.failedCode(d, c, "failed_to_remove_from_device", err)
			c.leave(err)
		}
		return
	}
	b.refused(d, f, c, p, err)
}

// refused takes a write that certainly did not happen.
func (b *batch) refused(d *device, f *flight, c *code, p *place, err *driver.Error) {
	wished := *p
	if f.New != nil {
		wished = *f.New
	}
	if d.Refusals++; d.Refusals > manyRefusals {
		// Whatever each of them means: a lock that only refuses is not hammered.
		d.RetryAt, d.FailedAt = b.now.Add(b.wait(d, d.Refusals-manyRefusals, string(d.id()), b.e.policyOf(d))), b.now
	}
	if f.New == nil && p.Accepted.IsZero() && c != nil {
		c.dropPlace(p.ID)
	}
	if c == nil {
		return
	}
	if wished.Ref == "" && !b.wanted(d, c) && err.Kind != driver.Offline && err.Kind != driver.Throttled && err.Kind != driver.Unauthorized {
		c.dropPlace(p.ID) // a lock that does not take it does not hold it
		return
	}
	if wished.Blanked {
		b.failedCode(d, c, "failed_to_remove_from_device", err) // its digits could not be destroyed either
		return
	}
	switch err.Kind {
	case driver.Rejected, driver.Unsupported:
		if !wished.Window.IsZero() && wished.Native && c.NoNative == "" {
			c.NoNative = cmp.Or(err.Vendor, err.Kind.String())
			b.tell("internal.access_code.native_refused", d, c, "falls back to just in time: "+c.NoNative)
			return
		}
		if b.goesBack(d, c, err) {
			return
		}
		c.Refused = wished.fingerprint()
		i := issue("rejected_by_device", b.now)
		i.Vendor, i.Blame = err.Vendor, cmp.Or(err.Blame, driver.BlameRequest)
		if err.Vendor != "" {
			i.Message = "the lock refuses the code for good: " + err.Vendor
		}
		b.raise(d, c, i)
		b.failedCode(d, c, "failed_to_set_on_device", err)
		c.NextTry = time.Time{}
	case driver.Taken:
		if c.free() && c.Draws < redraws && b.redraw(d, c) {
			return
		}
		if d.Stale.IsZero() && !d.Device.Traits.CannotList {
			d.Stale = b.now // to find the other one
		}
		if b.goesBack(d, c, err) {
			return
		}
		c.Refused = wished.fingerprint()
		i := issue("duplicate_code_on_device", b.now)
		i.Vendor = err.Vendor
		b.raise(d, c, i)
		if c.Drawn && !c.Told.IsZero() {
			b.raise(d, c, issue("needs_new_pin", b.now))
		}
		b.failedCode(d, c, "failed_to_set_on_device", err)
		c.NextTry = time.Time{}
	case driver.Full:
		b.raise(d, c, issue("no_space_for_access_code_on_device", b.now))
		c.Crowded = c.Attempts == 0 // a lock that says so again is not believed, or it would talk a whole pool away
		b.failedCode(d, c, "failed_to_set_on_device", err)
		if d.Asked.IsZero() && d.Look.At.Before(b.now.Add(-time.Hour)) {
			d.Asked = b.now // the book of its slots is wrong
		}
	default:
		b.failedCode(d, c, "failed_to_set_on_device", err)
		c.leave(err)
	}
}

// leave leaves the next try of a code to the backoff of the link that is to blame: the code goes as soon as that is back. What
// the lock itself has answered is no matter of a link.
func (c *code) leave(err *driver.Error) {
	if !answered(err.Kind) && err.Blame != driver.BlameUnknown && err.Blame != driver.BlameRequest {
		c.NextTry = time.Time{}
	}
}

// goesBack gives a code the form again that it had before a change that the lock has refused, if there is one. It reports
// whether it did.
func (b *batch) goesBack(d *device, c *code, err *driver.Error) bool {
	if c.Prior == nil || c.Prior.PIN.IsZero() || !c.Prior.To.IsZero() && !c.Prior.To.After(b.now) {
		return false
	}
	if c.PIN != c.Prior.PIN {
		c.Told = c.PriorTold
	}
	c.grant(*c.Prior)
	c.Prior, c.Changing, c.NoNative = nil, nil, "" // with its schedule or without: that was not it
	i := issue("change_refused", b.now)
	i.Vendor = err.Vendor
	b.raise(d, c, i)
	return true
}

// failedCode counts a failure of a code's own and says so.
func (b *batch) failedCode(d *device, c *code, what string, err *driver.Error) {
	i := issue(what, b.now)
	i.Vendor = err.Vendor
	i.Blame = cmp.Or(err.Blame, driver.BlameLock)
	b.raise(d, c, i)
	b.delay(d, c, err)
}

// delay puts the code's next try off.
func (b *batch) delay(d *device, c *code, err *driver.Error) {
	p := b.e.policyOf(d)
	c.Attempts++
	c.NextTry = b.now.Add(max(b.wait(d, c.Attempts, string(c.ID), p), err.RetryAfter))
	c.dirty = true
}

// wait is the backoff after n failures: doubled each time, with jitter, and short while a start or an end is near.
func (b *batch) wait(d *device, n int, who string, p Policy) time.Duration {
	w := backoff(p.BackoffMin, p.BackoffMax, n-1)
	if w > urgentMax && d.urgent(b.now) {
		w = urgentMax
	}
	// Up to a tenth is taken off, so that devices that failed together don't return together.
	return w - time.Duration(b.e.random("backoff", who, n)%uint64(w/10+1)).Truncate(time.Millisecond)
}

// urgent reports whether somebody arrives, or should have lost their access, around now.
func (d *device) urgent(now time.Time) bool {
	near := func(t time.Time) bool { return !t.IsZero() && now.Sub(t).Abs() <= urgentSpan }
	for _, c := range d.codes {
		if c.Spare && c.unpulled() {
			continue
		}
		if near(c.From) || len(c.Places) > 0 && near(c.over()) {
			return true
		}
	}
	return false
}

// blame books a failure where it belongs: on the account, the hub or the device.
func (b *batch) blame(d *device, c *code, err *driver.Error) {
	acct := accountScope(d.Device.Account)
	switch {
	case answered(err.Kind):
		b.works(d)
		return
	case err.Kind == driver.Unauthorized:
		b.linkFailed(d, acct, err, true)
	case err.Kind == driver.Throttled:
		// It answered, and wants a pause.
	case err.Blame == driver.BlameHub && d.Device.Hub != "":
		b.linkWorks(d, acct)
		b.linkFailed(d, hubScope(d.Device.Account, d.Device.Hub), err, true)
	case err.Blame == driver.BlameLock:
		for _, s := range d.scopes() {
			b.linkWorks(d, s)
		}
	default:
		b.linkFailed(d, acct, err, false)
	}
	b.release(d)
	d.Failures++
	d.FailedAt = b.now
	d.Lost = d.Lost || (err.Kind == driver.Ambiguous || err.Kind == driver.Offline) && (err.Blame == driver.BlameUnknown || err.Blame == driver.BlameLock)
	p := b.e.policyOf(d)
	d.RetryAt = b.now.Add(max(b.wait(d, d.Failures, string(d.id()), p), err.RetryAfter))
	d.dirtyRun = true
	reach := lock.LockDown
	switch {
	case err.Kind == driver.Throttled:
		return
	case err.Kind == driver.Ambiguous && d.Failures < 3:
		return // one lost answer, one server error or one failed write is no outage
	case err.Blame != driver.BlameLock && b.e.linkDown(d):
		return // what it hangs on is down and says so: nothing is known of the lock itself
	case err.Blame == driver.BlameHub:
		reach = lock.HubDown
	case err.Blame == driver.BlameCloud, err.Blame == driver.BlameAccount, err.Kind == driver.Unauthorized:
		reach = lock.AccountDown
	}
	if d.Down.IsZero() {
		d.Down = b.now
		name := map[lock.Reach]string{lock.LockDown: "device_disconnected", lock.HubDown: "hub_disconnected", lock.AccountDown: "provider_down"}[reach]
		if err.Kind == driver.Unauthorized {
			name = "account_disconnected"
		}
		i := issue(name, b.now)
		i.Vendor = err.Vendor
		if reach == lock.LockDown {
			b.raiseDevice(d, i)
		}
		b.event(Event{Type: "device.disconnected", Account: d.Device.Account, Device: d.id(), Issue: &i, Text: i.Message})
	}
	d.Reach = reach
}

// answered reports whether an error of that kind is the lock's own answer.
func answered(k driver.Kind) bool {
	return k == driver.Rejected || k == driver.Full || k == driver.Taken || k == driver.Unsupported
}
