package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	maxCorrections = 3         // outside changes of one code that are put back within an hour
	contendedRest  = time.Hour // how long corrections then rest
	silentTries    = 2         // in a row that a lock takes no notice of, where nothing is listed, after which another makes room once: it may be full
	lowBattery     = 0.2
	freshBattery   = 0.3 // a rise by this much means that batteries were changed
)

// observed takes what a look taught that was sent at since. It is the only place that learns what a lock holds.
func (b *batch) observed(d *device, o lock.Observation, since time.Time) {
	now := b.now
	if o.At.IsZero() {
		o.At = now
	}
	swapped := d.Look.Battery.Known && o.Battery.Known && o.Battery.Level-d.Look.Battery.Level > freshBattery
	jumped := d.Look.Clock && !o.Clock.IsZero() && (o.Clock.Sub(o.At)-d.Look.Offset).Abs() > trustClock
	if swapped || jumped {
		d.Aged = now
	}
	if swapped {
		d.Answers = 0
	}
	last := d.Look
	d.Look = look{At: now, Source: o.Source, Zone: o.Zone, Battery: o.Battery, Modes: o.Modes, Cursor: d.Look.Cursor}
	if !o.Clock.IsZero() {
		d.Look.Clock, d.Look.Offset = true, o.Clock.Sub(o.At).Truncate(time.Second)
	}
	if o.Next != "" {
		d.Look.Cursor = o.Next
	}
	if d.dirtyRun = true; !d.Asked.After(since) {
		d.Asked = time.Time{}
	}
	d.lockout(o.Entries, now)
	b.health(d)
	// The log comes first: it may tell of what this look shows to be gone. What nobody is known for may be what it brings.
	unexplained := b.entries(d, o.Entries)
	if d.Look.Listed = !d.Device.Traits.CannotList; d.Look.Listed {
		b.matched(d, o, last.At.IsZero())
	} else {
		b.arrived(d, o)
	}
	if last.Listed && (!d.Look.Listed || last.Source != o.Source) {
		for _, c := range d.codes {
			c.dirty = true // freshen goes by the last look alone
		}
	}
	for _, e := range unexplained {
		if at := cmp.Or(e.At, now); !b.opened(d, e.Ref, at) && !b.opensAgain(d, e.Ref, at) {
			b.event(Event{Type: "lock.unlocked", Account: d.Device.Account, Device: d.id(), Text: "opened"})
		}
	}
	if d.Stale = (time.Time{}); !d.doubtful() {
		return
	}
	// The list was partial, or lags: look again, less and less often. What is not in doubt goes on meanwhile.
	d.Doubts++
	p := b.e.policyOf(d)
	d.Stale = now.Add(max(p.ObserveMin, b.wait(d, d.Doubts, string(d.id()), p)))
}

// doubt wants a look before anything else is done at the lock.
func (d *device) doubt(now time.Time) {
	d.Stale, d.Doubts, d.dirtyRun = earliest(d.Stale, now), 0, true
}

// arrived takes what became of writes that were pending, where a look tells of nothing else: they are there, or they came to nothing.
func (b *batch) arrived(d *device, o lock.Observation) {
	for _, c := range d.codes {
		for i := range c.Places {
			p := &c.Places[i]
			if !p.Pending || p.Accepted.IsZero() || !p.Cleared.IsZero() {
				continue
			}
			c.dirty = true
			switch x := landed(o.Held, c, p); {
			case x < 0:
				used := p.Used
				p.lose() // its handle stays, to erase it by in the end: nobody knows why it came to nothing
				if !b.proven(d, c, used) {
					b.failedCodeText(d, c, "failed_to_set_on_device", "it was accepted and never came to the lock")
					c.Crowded = c.Crowded || c.Attempts == silentTries && p.Astray.IsZero() && !c.unpulled()
				}
			case o.Held[x].Pending:
				p.Looks++
			default:
				p.Ref, p.Pending = o.Held[x].Ref, false
				b.done(d, c)
			}
		}
	}
}

// landed finds what a look tells of a write that was pending: by its handle, or by the code's tag where it has got a better handle since,
// which is that of no other place of the code.
func landed(held []lock.Held, c *code, p *place) int {
	if x := slices.IndexFunc(held, func(h lock.Held) bool { return h.Ref == p.Ref }); x >= 0 {
		return x
	}
	return slices.IndexFunc(held, func(h lock.Held) bool {
		return h.Tag == c.mark() && !h.Pending && !slices.ContainsFunc(c.Places, func(o place) bool { return o.Ref == h.Ref })
	})
}

// doubtful reports whether a write or erase may have happened that the last look could not tell.
func (d *device) doubtful() bool {
	if d.Device.Traits.CannotList {
		return false
	}
	for _, c := range d.codes {
		for i := range c.Places {
			if c.Places[i].Doubt {
				return true
			}
		}
	}
	for i := range d.Orphans {
		if d.Orphans[i].Doubt {
			return true
		}
	}
	return false
}

// health derives what the look says about the device itself.
func (b *batch) health(d *device) {
	l := &d.Look
	b.setDevice(d, l.Battery.Known && l.Battery.Level <= lowBattery, "low_battery", nil)
	privacy, lockout := false, false
	for _, m := range l.Modes {
		if m == lock.ModeLockout {
			lockout = true
		} else {
			privacy = true
		}
	}
	b.setDevice(d, privacy, "privacy_mode", func(i Issue) Issue {
		i.Message = "the lock is in " + string(l.Modes[0]) + " mode and refuses codes"
		return i
	})
	b.setDevice(d, lockout, "keypad_lockout", func(i Issue) Issue {
		if d.Locked.After(b.now) {
			i.Until, i.Message = d.Locked, i.Message+" until "+d.when(d.Locked)
		}
		return i
	})
	t := &d.Device.Traits
	for _, x := range [...]string{"time_zone_unknown", "time_zone_mismatch", "clock_off"} {
		b.setDevice(d, t.NativeSchedule && d.Distrust == "" && d.distrust() == x, x, nil)
	}
}

// present takes a place that the lock lists.
func (b *batch) present(d *device, c *code, p *place, x *entry, o lock.Observation) {
	now, t := b.now, &d.Device.Traits
	if p.Cleared.IsZero() && slices.ContainsFunc(o.Held, func(h lock.Held) bool { return h.NoRoom && h.Ref == x.Ref }) {
		b.noRoom(d, c, p, x)
		return
	}
	doubted := p.Doubt
	switch {
	case x.Ref == p.Given || doubted && x.Ref != p.Ref: // a write that has not answered may have made what is shown
		p.Given = ""
	case x.Ref != p.Ref && !p.Accepted.IsZero():
		p.Given = cmp.Or(p.Given, p.Ref)
	}
	late := p.Seen.IsZero() && !p.Pending
	p.Ref, p.Slot, p.Doubt, p.Missed = x.Ref, x.Slot, false, time.Time{}
	if x.Tag == c.mark() {
		p.Tag = ""
	}
	c.Written = true
	if p.Accepted.IsZero() {
		p.Accepted = now
	}
	fresh := p.Reported.IsZero()
	if p.Seen = now; o.Source == lock.SourceLock && !p.Pending {
		p.Reported = now
	}
	if !p.Cleared.IsZero() {
		// An erase was accepted and it still stands. A cloud's list may lag behind, or the cloud may be at it still.
		if late && o.Source == lock.SourceCloud {
			p.Cleared, p.Looks = time.Time{}, 0 // the write came after its own erase, which goes once more
			return
		}
		if o.Source == lock.SourceLock || !p.Pending && now.Sub(p.Cleared) >= b.e.policyOf(d).ConfirmWithin {
			p.Cleared, p.Looks = time.Time{}, 0
			if !p.Blanked {
				b.failedCodeText(d, c, "failed_to_remove_from_device", "the erase was accepted and the code still stands")
			}
		}
		return
	}
	changed := b.compare(d, c, p, x, doubted, fresh)
	if p.Disabled = p.Enabled && !x.Enabled; p.Disabled {
		b.raise(d, c, issue("access_code_inactive", now))
	} else {
		b.lower(d, c, "access_code_inactive")
	}
	if t.HidesWindow && !p.Window.IsZero() && p.Native {
		b.raise(d, c, issue("window_unverified", now))
	}
	if changed {
		return
	}
	policy := b.e.policyOf(d)
	seen := fresh && o.Source == lock.SourceLock || o.Source == lock.SourceCloud && d.settled(now, p, &policy)
	if seen && c.Contended.IsZero() && b.content(d, c) {
		b.done(d, c)
	}
}

// noRoom takes a place that a cloud keeps for when the lock has room for it: it is not there.
func (b *batch) noRoom(d *device, c *code, p *place, x *entry) {
	if p.Ref, p.Slot, p.Doubt = x.Ref, x.Slot, false; p.lost() {
		return
	}
	p.lose()
	b.calledFull(d, c)
	b.failedCodeText(d, c, "failed_to_set_on_device", "the cloud has taken it, and the lock has no room for it")
}

// absent takes a place that a complete list lacks. It reports whether the place was dropped.
func (b *batch) absent(d *device, c *code, p *place, source lock.Source) bool {
	now := b.now
	policy := b.e.policyOf(d)
	c.dirty = true
	switch {
	case p.Doubt && (source == lock.SourceLock || p.Accepted.IsZero()):
		// It did not happen; or, of an erase in doubt, it did.
		if p.Accepted.IsZero() && d.Device.Traits.ClientSlots && b.wanted(d, c) {
			p.lose() // or its message is still on its way: it keeps its slot, so that one lands on the other
			return false
		}
		if p.Accepted.IsZero() {
			d.mislay(p, c.ID, now)
			c.dropPlace(p.ID)
		} else {
			b.freed(d, c, p, now)
		}
		return true
	case !p.Cleared.IsZero():
		if source == lock.SourceCloud && now.Sub(p.Cleared) < policy.ConfirmWithin {
			return false
		}
		b.freed(d, c, p, p.Cleared)
		return true
	case p.lost():
		if !b.wanted(d, c) {
			d.mislay(p, c.ID, now)
			c.dropPlace(p.ID)
			return true
		}
		return false
	case p.Seen.IsZero():
		if source == lock.SourceCloud && now.Sub(p.Accepted) < policy.ConfirmWithin {
			return false // it may yet appear
		}
		if p.lose(); !b.wanted(d, c) {
			d.mislay(p, c.ID, now)
			c.dropPlace(p.ID)
			return true
		}
		b.failedCodeText(d, c, "failed_to_set_on_device", "it was accepted and never appeared on the lock")
		return false
	case source == lock.SourceCloud && p.Missed.IsZero():
		p.Kept = d.settled(now, p, &policy) // a cloud's list proves no absence the first time
		p.Missed = now
		p.Reported = time.Time{}
		return false
	case source == lock.SourceCloud && now.Sub(p.Missed) < policy.ObserveMin:
		return false
	}
	if c.isOver(now) {
		b.freed(d, c, p, now)
		return true
	}
	// An erase that nobody has confirmed has taken effect; so may one from before the place came to light again, which the cloud was at still.
	ours := p.Doubt || source == lock.SourceCloud && !p.Again.IsZero() && now.Sub(p.Again) < policy.ConfirmWithin
	p.lose()
	if !c.PIN.IsZero() {
		p.PIN = c.PIN // digits that hands had given it are theirs again
	}
	if !ours {
		b.outsideChange(d, c, "removed", "")
	}
	if c.Honoured || !b.wanted(d, c) {
		c.Stood = p.Slot
		if p.Hand {
			c.Theirs = p.PIN
		}
		d.mislay(p, c.ID, now) // should the list have lied, it is not somebody else's
		c.dropPlace(p.ID)
		return true
	}
	return false
}

// lose notes that a place is not on the lock after all. It is kept while it is wished, so that writing it again goes to the
// same slot: should the list have lied, nothing is doubled.
func (p *place) lose() {
	p.Accepted, p.Reported, p.Seen, p.Missed, p.Used = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	p.Doubt, p.Kept, p.Pending, p.Disabled, p.Told, p.Looks = false, false, false, false, false, 0
}

// replaced reports whether the place is what a write in place has replaced, by the handle that it answered with: a list shows it still,
// and shows the other too.
func (p *place) replaced() bool { return p.Was != "" && p.Was == p.Ref && p.Given == "" }

// lost reports whether the place was written and is known not to be there.
func (p *place) lost() bool { return p.Accepted.IsZero() && !p.Doubt && p.Cleared.IsZero() }

// wanted reports whether the code should stand on the lock now.
func (b *batch) wanted(d *device, c *code) bool {
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	return w.On
}
