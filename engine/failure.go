package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// failed takes the error of a call: what it says about the credential, and whom it blames.
func (b *batch) failed(d *device, f *flight, c *code, p *place, err *driver.Error, crash bool) {
	if f.Verb == CallObserve && answered(err.Kind) {
		e := *err // a look that is refused is no look: the lock is as good as away
		e.Kind, e.Blame = driver.Offline, driver.BlameLock
		err = &e
	}
	if !crash {
		b.blame(d, err)
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
		if crash && p.Blanked {
			p.Tried = time.Time{} // nobody knows whether that was the try of the hour
		}
		if f.New != nil && p.PIN.IsZero() {
			p.Wrote = f.New.Wrote // digits that were asked for anew have their time anew
		}
		if f.New != nil && (d.Device.Traits.CannotList || d.Device.Traits.HidesPIN || d.Device.Traits.HidesWindow) {
			// Nothing will tell which of the two it is: write it again.
			p.Accepted = time.Time{}
		}
		if !d.Device.Traits.CannotList {
			d.doubt(b.now)
		} else if f.Verb == CallSet {
			p.Astray = f.Since
		}
		switch {
		case crash:
		case c == nil:
			p.ClearErr++ // an orphan has no next try but by this count
		default:
			b.delay(d, c, err)
		}
		return
	}
	if f.Verb == CallClear {
		if o := d.find(f.For); o != nil && err.Kind != driver.NotFound {
			o.Crowded, o.dirty = true, true // it has made no room
		}
		p.ClearErr++
		if p.Blanked && !answered(err.Kind) {
			p.Tried = time.Time{} // the lock was not reached: that was not the try of the day
		}
		if err.Kind == driver.NotFound || err.Kind == driver.Unsupported && (p.lost() || d.outlasted(p, b.now)) {
			p.Cleared = b.now // gone is gone; what never came to the lock, or was turned off by it, opens nothing
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

// unsent takes a call that its host never made. Nobody failed, so that nothing is counted: it goes when there is room, and at once,
// before the others, where somebody is at the door.
func (b *batch) unsent(d *device, f *flight, c *code, p *place, err *driver.Error) {
	b.release(d)
	wait := max(err.RetryAfter, time.Second)
	if wait > unsentMax { // of a crowd that is larger than that, a part comes back at each moment
		wait = unsentMax - time.Duration(b.e.random("unsent", string(d.id()), 0)%uint64(unsentMax/2)).Truncate(time.Millisecond)
	}
	if d.pressing(b.now, b.e.policyOf(d)) {
		wait = time.Second
	}
	d.RetryAt, d.FailedAt = b.now.Add(wait), b.now
	if f.Verb == CallSet && f.New == nil && p != nil {
		c.dropPlace(p.ID)
	}
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
	if wished.Blanked && answered(err.Kind) {
		p.Clears, p.ClearErr = 0, p.ClearErr+1 // it can't be overwritten either: it is erased again, which may work by now
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
	erased := func(o place) bool { return !o.Accepted.IsZero() && d.relied(b.now, c, &o) } // so it seemed
	if i := slices.IndexFunc(c.Places, erased); i >= 0 && (err.Kind == driver.Taken || err.Kind == driver.Unsupported) {
		c.Places[i].Doubt = false // it stands in the way of its new form, so it lets the guest in
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
		within := b.e.policyOf(d).ConfirmWithin
		if d.Device.Traits.CloudList {
			within *= 2 // only after the first is it written once more
		}
		if f.New != nil && p.lost() && p.PIN == wished.PIN && b.now.Sub(p.Wrote) < within && !d.Device.Traits.CannotList {
			// A list lacks what was written, and the lock has those digits: by all that is known they are the code's own.
			d.doubt(b.now)
			b.failedCode(d, c, "failed_to_set_on_device", err)
			return
		}
		if c.free() && c.Draws < redraws && b.redraw(d, c) {
			return
		}
		if !d.Device.Traits.CannotList {
			d.doubt(b.now) // to find the other one
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
		b.calledFull(d, c)
		b.failedCode(d, c, "failed_to_set_on_device", err)
		if d.Asked.IsZero() && d.Look.At.Before(b.now.Add(-time.Hour)) {
			d.Asked = b.now // the book of its slots is wrong
		}
	default:
		b.failedCode(d, c, "failed_to_set_on_device", err)
		c.leave(err)
	}
}

// calledFull notes that the lock calls itself full for a code. Another makes room once: a lock that goes on saying so is not believed, or it
// would talk a whole pool away.
func (b *batch) calledFull(d *device, c *code) {
	c.Crowded = !c.unpulled() && (c.Crowded || !c.noRoom())
	b.raise(d, c, issue("no_space_for_access_code_on_device", b.now))
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
	back := *c.Prior
	switch {
	case c.PIN == back.PIN:
	case c.stands(c.PIN) && !c.stands(back.PIN):
		back.PIN = c.PIN // the lock had taken the digits of an earlier change: it refused a later one
	case c.PriorTold.IsZero() && !c.Told.IsZero():
		return false // people go by the digits that it has, and nobody knows the earlier ones
	default:
		c.Told = c.PriorTold
	}
	c.grant(back)
	c.Wished = b.now
	c.Prior, c.Changing, c.NoNative = nil, nil, "" // with its schedule or without: that was not it
	i := issue("change_refused", b.now)
	i.Vendor = err.Vendor
	b.raise(d, c, i)
	return true
}

// stands reports whether the lock has accepted those digits for the code, and was not asked to erase them since.
func (c *code) stands(pin vaultPIN) bool {
	return !pin.IsZero() && slices.ContainsFunc(c.Places, func(p place) bool {
		return p.PIN == pin && !p.Accepted.IsZero() && p.Cleared.IsZero() && !p.Blanked
	})
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
	c.dirty = true
	if underWay(err) {
		c.NextTry = b.now.Add(err.RetryAfter)
		return
	}
	c.Attempts++
	c.NextTry = b.now.Add(max(b.wait(d, c.Attempts, string(c.ID), b.e.policyOf(d)), err.RetryAfter))
}

// underWay reports whether a call was taken, and its driver knows when more can be told: that is no failure, whatever was before.
func underWay(err *driver.Error) bool { return err.Kind == driver.Ambiguous && err.RetryAfter > 0 }

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

// pressing reports whether a lock's calls go before those of others that wait for their account: it is urgent, or somebody has begun to
// wait at its door, perhaps with a code that was made just now.
func (d *device) pressing(now time.Time, p Policy) bool {
	if d.urgent(now) {
		return true
	}
	since := d.waits(now, p)
	return !since.IsZero() && now.Sub(since) <= urgentSpan
}

// blame books a failure where it belongs: on the account, the hub or the device.
func (b *batch) blame(d *device, err *driver.Error) {
	acct := b.e.linksOf(d)[0]
	pause := err.Kind == driver.Throttled || underWay(err)
	switch {
	case answered(err.Kind):
		b.works(d)
		return
	case err.Kind == driver.Unauthorized:
		b.linkFailed(d, acct, err, true)
	case pause:
		// It answered, and wants a pause.
	case err.Blame == driver.BlameHub:
		b.linkWorks(d, acct) // its cloud has said so
		if d.Device.Hub != "" {
			b.linkFailed(d, b.e.linksOf(d)[1], err, true)
		}
	case err.Blame == driver.BlameLock:
		for _, l := range b.e.linksOf(d) {
			b.linkWorks(d, l)
		}
	default:
		b.linkFailed(d, acct, err, false)
	}
	b.release(d)
	d.FailedAt = b.now
	if underWay(err) {
		d.RetryAt, d.dirtyRun = b.now.Add(err.RetryAfter), true
		return
	}
	d.Failures++
	d.Lost = d.Lost || !pause && (err.Kind == driver.Ambiguous || err.Kind == driver.Offline) && (err.Blame == driver.BlameUnknown || err.Blame == driver.BlameLock)
	p := b.e.policyOf(d)
	d.RetryAt = b.now.Add(max(b.wait(d, d.Failures, string(d.id()), p), err.RetryAfter))
	d.dirtyRun = true
	reach := lock.LockDown
	switch {
	case pause:
		return
	case err.Kind == driver.Ambiguous && d.Failures < 3:
		return // one lost answer, one server error or one failed write is no outage
	case err.Blame != driver.BlameLock && b.e.linkDown(d):
		if err.Blame == driver.BlameHub && d.Reach == lock.LockDown {
			d.Reach = lock.HubDown
			b.lowerDevice(d, "device_disconnected") // it was the hub
		}
		return // what it hangs on is down and says so: nothing is known of the lock itself
	case err.Blame == driver.BlameHub:
		reach = lock.HubDown
	case err.Blame == driver.BlameCloud, err.Blame == driver.BlameAccount, err.Kind == driver.Unauthorized:
		reach = lock.AccountDown
	}
	first := d.Down.IsZero()
	if !first && (reach == d.Reach || reach == lock.AccountDown || err.Blame == driver.BlameUnknown) {
		return // of the lock and its hub nothing else is known than before
	}
	name := map[lock.Reach]string{lock.LockDown: "device_disconnected", lock.HubDown: "hub_disconnected", lock.AccountDown: "provider_down"}[reach]
	if err.Kind == driver.Unauthorized {
		name = "account_disconnected"
	}
	i := issue(name, b.now)
	if i.Vendor = err.Vendor; reach == lock.LockDown && d.Device.Hub == "" {
		i.Remedy = "check its power, and the network or the bridge that it hangs on: its vendor does not tell them apart"
	}
	d.Reach = reach
	b.lowerDevice(d, "device_disconnected", "hub_disconnected") // it was not that
	if reach == lock.LockDown || reach == lock.HubDown {        // a hub of which nothing is known but that it is away
		b.raiseDevice(d, i)
	}
	if first {
		d.Down = b.now
		b.event(Event{Type: "device.disconnected", Account: d.Device.Account, Device: d.id(), Issue: &i, Text: i.Message})
	}
}

// answered reports whether an error of that kind is the lock's own answer.
func answered(k driver.Kind) bool {
	return k == driver.Rejected || k == driver.Full || k == driver.Taken || k == driver.Unsupported
}
