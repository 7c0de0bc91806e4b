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
		d.Doubts = 0
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
				p.lose() // its handle stays, to erase it by in the end: nobody knows why it came to nothing
				b.failedCodeText(d, c, "failed_to_set_on_device", "it was accepted and never came to the lock")
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

// matched lays what the lock holds beside what it should hold.
func (b *batch) matched(d *device, o lock.Observation, first bool) {
	now := b.now
	seen := b.e.listed[:0]
	for _, h := range o.Held {
		if vacant(h) {
			continue
		}
		seen = append(seen, entry{Ref: h.Ref, Tag: h.Tag, Name: h.Name, PIN: vaultPIN{h.PIN}, Window: h.Window, Enabled: h.Enabled, Slot: h.Slot})
	}
	for _, c := range append([]*code(nil), d.codes...) {
		for i := 0; i < len(c.Places); i++ {
			p := &c.Places[i]
			if c.Offline != lock.OfflineNone {
				if x := find(seen, d, c, p); x != nil {
					x.Code, x.Ours = c.ID, true // a vendor may list what the lock was never told
				}
				continue
			}
			was := *p
			if p.Reported.IsZero() || !p.Cleared.IsZero() {
				p.Looks++
			}
			x := find(seen, d, c, p)
			p.Kept = p.Kept && (o.Source == lock.SourceCloud || x == nil && !o.Complete)
			switch {
			case x != nil:
				x.Code, x.Ours = c.ID, true
				p.Pending = pending(o.Held, x.Ref)
				b.present(d, c, p, x, o)
				c.dirty = c.dirty || !p.listedAgain(was)
			case o.Complete:
				if b.absent(d, c, p, o.Source) {
					i--
				}
			default:
				c.dirty = true // it is in no list that freshen would find it in
			}
		}
	}
	for i := 0; i < len(d.Orphans); i++ {
		p := &d.Orphans[i]
		p.Looks++
		x := find(seen, d, nil, p)
		switch {
		case x != nil:
			x.Ours = true
			p.Doubt = false
			p.Ref, p.Slot, p.Seen = x.Ref, x.Slot, now
			if p.Blanked && !x.PIN.IsZero() && x.PIN != p.PIN {
				p.unblank(x.PIN)
			}
			if !p.Cleared.IsZero() {
				p.Cleared, p.Looks = time.Time{}, 0
			}
		case o.Complete && (o.Source == lock.SourceLock || p.Cleared.IsZero() || !now.Before(p.Cleared.Add(time.Minute))):
			d.remember(p, "", now)
			d.Orphans = append(d.Orphans[:i:i], d.Orphans[i+1:]...)
			i--
		}
	}
	b.e.listed = b.outsiders(d, seen, o.Complete, first)
}

// listedAgain reports whether a look taught no more of a place than that it is there still. Its code is not written for that, which
// would be most of what is ever written: the list is, and tells it to freshen.
func (p *place) listedAgain(was place) bool {
	if was.Seen.IsZero() || was.Reported.IsZero() != p.Reported.IsZero() {
		return false
	}
	was.Seen, was.Reported = p.Seen, p.Reported
	return *p == was
}

// freshen gives the places of a device that was read from the store the times of its last look, for those that it listed.
func (d *device) freshen() {
	if !d.Look.Listed {
		return
	}
	for i := range d.held {
		x := &d.held[i]
		c := d.find(x.Code)
		if c == nil {
			continue
		}
		for k := range c.Places {
			p := &c.Places[k]
			if p.Ref != x.Ref || p.Slot != x.Slot || p.Seen.IsZero() {
				continue
			}
			p.Seen = d.Look.At
			if !p.Reported.IsZero() && d.Look.Source == lock.SourceLock && !p.Pending {
				p.Reported = d.Look.At
			}
		}
	}
}

// pending reports whether a list says of an entry that it is not yet on the lock.
func pending(held []lock.Held, ref lock.Ref) bool {
	return slices.ContainsFunc(held, func(h lock.Held) bool { return h.Pending && h.Ref == ref })
}

// vacant reports whether what a lock lists is an empty slot: disabled zeros that nobody has given a name or a window.
func vacant(h lock.Held) bool {
	return !h.Enabled && h.PIN.Zeros() && h.Name == "" && h.Tag == "" && h.Window.IsZero()
}

// find picks the entry that a place, of code c or an orphan, stands for: by the handle that its write gave it, by that which lists
// gave it, by its tag, by its slot.
func find(seen []entry, d *device, c *code, p *place) *entry {
	named := d.Device.Traits.NameMax > 0 && c != nil // the lock keeps our tag, so that another's entry in our slot shows
	for i := range seen {
		if x := &seen[i]; c != nil && p.Given != "" && !x.Ours && x.Ref == p.Given && c.marked(p, x) {
			return x
		}
	}
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref == "" || x.Ref != p.Ref || p.Slot != 0 && x.Slot != p.Slot {
			continue
		}
		if named && !c.marked(p, x) && (x.PIN.IsZero() || x.PIN != p.PIN || d.renamed(c, p, x)) {
			continue
		}
		return x
	}
	if c != nil {
		for i := range seen {
			x := &seen[i]
			other := func(o place) bool { return o.ID != p.ID && o.Ref == x.Ref && x.Ref != "" }
			if !x.Ours && c.marked(p, x) && (p.PIN.IsZero() || x.PIN.IsZero() || x.PIN == p.PIN || p.Ref == "") && !slices.ContainsFunc(c.Places, other) {
				return x
			}
		}
	}
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref != "" && !d.Device.Traits.ClientSlots {
			continue
		}
		if named && !p.Cleared.IsZero() && (p.Clears == 1 && x.PIN.IsZero() || d.renamed(c, p, x)) {
			continue // its slot was erased at once, and what stands there now goes by another name
		}
		if named && x.PIN.IsZero() && ourTag(x.Tag) && !c.marked(p, x) {
			continue // another code of ours stands there: this one has not landed
		}
		if p.Slot != 0 && x.Slot == p.Slot && (x.PIN.IsZero() || x.PIN == p.PIN) {
			return x
		}
		if p.Ref == "" && p.Slot == 0 && x.Tag == "" && !x.PIN.IsZero() && x.PIN == p.PIN && x.Name == p.Name {
			return x
		}
	}
	return nil
}

// renamed reports whether what stands where a place of the code was erased, without our name, is somebody else's: it has digits that the
// code never asked for, or went by our name until then, so that it was written since, be it with the same digits.
func (d *device) renamed(c *code, p *place, x *entry) bool {
	if p.Cleared.IsZero() || c.marked(p, x) {
		return false
	}
	return !x.PIN.IsZero() && x.PIN != c.PIN && !p.Blanked || slices.ContainsFunc(d.held, func(h entry) bool {
		return h.Code == c.ID && h.Ref == x.Ref && c.marked(p, &h)
	})
}

// marked reports whether an entry goes by the tag of the code, or by that which its place p had before.
func (c *code) marked(p *place, x *entry) bool {
	return x.Tag == c.mark() || p.Tag != "" && x.Tag == p.Tag
}

// present takes a place that the lock lists.
func (b *batch) present(d *device, c *code, p *place, x *entry, o lock.Observation) {
	now, t := b.now, &d.Device.Traits
	doubted := p.Doubt
	switch {
	case x.Ref == p.Given:
		p.Given = ""
	case x.Ref != p.Ref && !p.Accepted.IsZero():
		p.Given = cmp.Or(p.Given, p.Ref)
	}
	p.Ref, p.Slot, p.Doubt, p.Missed = x.Ref, x.Slot, false, time.Time{}
	if x.Tag == c.mark() {
		p.Tag = ""
	}
	c.Written, c.dirty = true, c.dirty || !c.Written
	if p.Accepted.IsZero() {
		p.Accepted = now
	}
	fresh := p.Reported.IsZero()
	if p.Seen = now; o.Source == lock.SourceLock && !p.Pending {
		p.Reported = now
	}
	if !p.Cleared.IsZero() {
		// An erase was accepted and it still stands. A cloud's list may lag behind, or the cloud may be at it still.
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
	seen := fresh && o.Source == lock.SourceLock || o.Source == lock.SourceCloud && d.settled(now, p, b.e.policyOf(d))
	if seen && c.Contended.IsZero() && b.content(d, c) {
		b.done(d, c)
	}
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
		p.Kept = d.settled(now, p, policy) // a cloud's list proves no absence the first time
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
	p.lose()
	if !c.PIN.IsZero() {
		p.PIN = c.PIN // digits that hands had given it are theirs again
	}
	b.outsideChange(d, c, "removed", "")
	if c.Honoured || !b.wanted(d, c) {
		c.Stood = p.Slot
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
