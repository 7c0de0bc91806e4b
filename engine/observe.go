package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
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
	first := d.Look.At.IsZero()
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
	b.health(d)
	// The log comes first: it may tell of what this look shows to be gone. What nobody is known for may be what it brings.
	unexplained := b.entries(d, o.Entries)
	if !d.Device.Traits.CannotList {
		b.matched(d, o, first)
	}
	for _, e := range unexplained {
		if !b.opened(d, e.Ref, cmp.Or(e.At, now)) {
			b.event(Event{Type: "lock.unlocked", Account: d.Device.Account, Device: d.id(), Text: "opened"})
		}
	}
	d.Stale = time.Time{}
	if d.doubtful() {
		// The list was partial, or lags: look again, less and less often.
		d.Stale, d.FailedAt = now, now
		d.Failures++
		p := b.e.policyOf(d)
		d.RetryAt = now.Add(max(p.ObserveMin, b.wait(d, d.Failures, string(d.id()), p)))
	}
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
	b.setDevice(d, l.Battery.Known && l.Battery.Level <= lowBattery, issue("low_battery", b.now))
	privacy, lockout := false, false
	for _, m := range l.Modes {
		if m == lock.ModeLockout {
			lockout = true
		} else {
			privacy = true
		}
	}
	mode := issue("privacy_mode", b.now)
	if privacy {
		mode.Message = "the lock is in " + string(l.Modes[0]) + " mode and refuses codes"
	}
	b.setDevice(d, privacy, mode)
	b.setDevice(d, lockout, issue("keypad_lockout", b.now))
	t := &d.Device.Traits
	for _, x := range [...]string{"time_zone_unknown", "time_zone_mismatch", "clock_off"} {
		b.setDevice(d, t.NativeSchedule && d.Distrust == "" && d.distrust() == x, issue(x, b.now))
	}
}

// matched lays what the lock holds beside what it should hold.
func (b *batch) matched(d *device, o lock.Observation, first bool) {
	now := b.now
	seen := make([]entry, 0, len(o.Held))
	for _, h := range o.Held {
		if vacant(h) {
			continue
		}
		seen = append(seen, entry{Ref: h.Ref, Tag: h.Tag, Name: h.Name, PIN: vaultPIN{h.PIN}, Window: h.Window, Enabled: h.Enabled, Slot: h.Slot})
	}
	pending := map[lock.Ref]bool{}
	for _, h := range o.Held {
		if h.Pending {
			pending[h.Ref] = true
		}
	}
	for _, c := range append([]*code(nil), d.codes...) {
		for i := 0; i < len(c.Places); i++ {
			p := &c.Places[i]
			if c.Offline != lock.OfflineNone {
				continue
			}
			if p.Reported.IsZero() || !p.Cleared.IsZero() {
				p.Looks++
				c.dirty = true
			}
			x := find(seen, d, c.ID, p)
			p.Kept = p.Kept && (o.Source == lock.SourceCloud || x == nil && !o.Complete)
			switch {
			case x != nil:
				x.Code, x.Ours = c.ID, true
				c.dirty = true
				p.Pending = pending[x.Ref]
				b.present(d, c, p, x, o)
			case o.Complete:
				if b.absent(d, c, p, o.Source) {
					i--
				}
			}
		}
	}
	for i := 0; i < len(d.Orphans); i++ {
		p := &d.Orphans[i]
		p.Looks++
		x := find(seen, d, "", p)
		switch {
		case x != nil:
			x.Ours = true
			p.Doubt = false
			p.Ref, p.Slot, p.Seen = x.Ref, x.Slot, now
			if !p.Cleared.IsZero() {
				p.Cleared, p.Looks = time.Time{}, 0
			}
		case o.Complete && (o.Source == lock.SourceLock || p.Cleared.IsZero() || !now.Before(p.Cleared.Add(time.Minute))):
			d.Orphans = append(d.Orphans[:i:i], d.Orphans[i+1:]...)
			i--
		}
	}
	b.outsiders(d, seen, o.Complete, first)
}

// vacant reports whether what a lock lists is an empty slot: disabled zeros that nobody has given a name or a window.
func vacant(h lock.Held) bool {
	return !h.Enabled && h.PIN.Zeros() && h.Name == "" && h.Tag == "" && h.Window.IsZero()
}

// find picks the entry that a place stands for: by its handle, by its tag, by its slot.
func find(seen []entry, d *device, id lock.CodeID, p *place) *entry {
	named := d.Device.Traits.NameMax > 0 && id != "" // the lock keeps our tag, so that another's entry in our slot shows
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref == "" || x.Ref != p.Ref || p.Slot != 0 && x.Slot != p.Slot {
			continue
		}
		if named && x.Tag != tagOf(id) && (x.PIN.IsZero() || x.PIN != p.PIN) {
			continue
		}
		return x
	}
	if id != "" {
		tag := tagOf(id)
		for i := range seen {
			if x := &seen[i]; !x.Ours && x.Tag == tag && (p.PIN.IsZero() || x.PIN.IsZero() || x.PIN == p.PIN || p.Ref == "") {
				return x
			}
		}
	}
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref != "" && !d.Device.Traits.ClientSlots {
			continue
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

// present takes a place that the lock lists.
func (b *batch) present(d *device, c *code, p *place, x *entry, o lock.Observation) {
	now, t := b.now, &d.Device.Traits
	doubted := p.Doubt
	p.Ref, p.Slot, p.Doubt, p.Missed = x.Ref, x.Slot, false, time.Time{}
	c.Written = true
	if p.Accepted.IsZero() {
		p.Accepted = now
	}
	if !p.Cleared.IsZero() {
		// An erase was accepted and it still stands. A cloud's list may lag behind, or the cloud may be at it still.
		if o.Source == lock.SourceLock || !p.Pending && now.Sub(p.Cleared) >= b.e.policyOf(d).ConfirmWithin {
			p.Cleared, p.Looks = time.Time{}, 0
			if !p.Blanked {
				b.failedCodeText(d, c, "failed_to_remove_from_device", "the erase was accepted and the code still stands")
			}
		}
		p.Seen = now
		return
	}
	p.Seen = now
	fresh := p.Reported.IsZero()
	changed := b.compare(d, c, p, x, doubted)
	if o.Source == lock.SourceLock && !p.Pending {
		p.Reported = now
	}
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
	if fresh && o.Source == lock.SourceLock || o.Source == lock.SourceCloud && d.settled(now, p, b.e.policyOf(d)) {
		b.done(d, c)
	}
}

// compare finds what somebody changed at the lock. It reports whether the place is no longer what was written.
func (b *batch) compare(d *device, c *code, p *place, x *entry, doubted bool) bool {
	t := &d.Device.Traits
	var what string
	switch {
	case p.Blanked && !x.PIN.IsZero() && x.PIN != p.PIN:
		p.PIN, p.Blanked, p.Clears = x.PIN, false, 0 // the overwrite was lost: all begins again, and the exposure never ended
		c.Past, p.Shut = c.Past-p.Shut, 0
		return true
	case p.Blanked:
		return false
	case !x.PIN.IsZero() && p.PIN.IsZero():
		b.learn(d, c, p, x.PIN.PIN)
	case !x.PIN.IsZero() && x.PIN != p.PIN:
		what = "code"
		p.PIN, p.Used = x.PIN, time.Time{} // who opened since is not known to be the guest
	}
	if !t.HidesWindow && !x.Window.Equal(p.Window) && !(x.Window.Grain(t.Granularity).Equal(p.Window.Grain(t.Granularity))) {
		switch {
		case p.Window.IsZero() || !x.Window.IsZero():
			what = cmpText(what, "time_frame")
		default:
			what = cmpText(what, "time_frame lost")
		}
		p.Window, p.Native = x.Window, p.Native && !x.Window.IsZero()
	}
	if what == "" {
		return false
	}
	half := p.Reported.IsZero() && what == "time_frame lost"
	if doubted {
		policy := b.e.policyOf(d)
		if w := d.want(b.now, c, &policy); !half || w.Place.Window.IsZero() {
			return true // our own write in doubt: now it is known which of the two it was
		}
	}
	p.Reported = time.Time{}
	if half {
		b.failedCodeText(d, c, "failed_to_set_on_device", "the lock took the digits without their schedule")
		c.NoNative, c.NextTry = "it loses schedules", time.Time{} // it opens meanwhile: nothing is waited for
		return true
	}
	b.outsideChange(d, c, "modified", what)
	return true
}

// outsideChange takes a change that somebody else made: honours it, or counts it and lets the plan put things back.
func (b *batch) outsideChange(d *device, c *code, how, what string) {
	typ := "access_code.modified_external_to_seam"
	text := "changed outside of lockctl: " + what
	if how == "removed" {
		typ, text = "access_code.deleted_external_to_seam", "removed outside of lockctl"
	}
	b.tell(typ, d, c, text)
	d.Aged = b.now
	policy := b.e.policyOf(d).External
	if c.AllowExternal || policy == ExternalAllow {
		if how == "removed" {
			c.Honoured = true
		} else {
			b.honour(d, c)
		}
		i := issue("external_modification_in_effect", b.now)
		i.Message = text + ", which is allowed"
		b.raise(d, c, i)
		if how == "removed" || b.content(d, c) {
			return
		}
		// What it holds can be no wish: it is put back like any other, and as seldom.
	}
	if policy == ExternalAsk {
		c.Contended = b.now.Add(10 * 365 * 24 * time.Hour)
	}
	i := issue("conflicting_external_modification", b.now)
	i.Message = text
	b.raise(d, c, i)
	if c.isOver(b.now) {
		return
	}
	recent := c.Undone[:0:0]
	for _, t := range c.Undone {
		if b.now.Sub(t) < contendedRest {
			recent = append(recent, t)
		}
	}
	if len(recent) >= maxCorrections && c.Contended.IsZero() {
		c.Contended = b.now
		b.raise(d, c, issue("contended", b.now))
	} else {
		recent = append(recent, b.now)
	}
	c.Undone, c.dirty = recent, true
}

// content reports whether what stands on the lock is what the code asks for.
func (b *batch) content(d *device, c *code) bool {
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	return !w.On || slices.ContainsFunc(c.Places, func(p place) bool { return w.holds(&p, &d.Device.Traits) })
}

// honour makes what the lock holds the wish.
func (b *batch) honour(d *device, c *code) {
	for i := range c.Places {
		p := &c.Places[i]
		c.PIN = p.PIN
		if !p.Window.IsZero() {
			c.From, c.To = cmp.Or(p.Window.From, c.From), p.Window.To
		}
		p.Reported = b.now
	}
	c.dirty = true
}

// absent takes a place that a complete list lacks. It reports whether the place was dropped.
func (b *batch) absent(d *device, c *code, p *place, source lock.Source) bool {
	now := b.now
	policy := b.e.policyOf(d)
	c.dirty = true
	switch {
	case p.Doubt && (source == lock.SourceLock || p.Accepted.IsZero()):
		// It did not happen; or, of an erase in doubt, it did.
		if p.Accepted.IsZero() {
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
			c.dropPlace(p.ID)
			return true
		}
		return false
	case p.Seen.IsZero():
		if source == lock.SourceCloud && now.Sub(p.Accepted) < policy.ConfirmWithin {
			return false // it may yet appear
		}
		if p.lose(); !b.wanted(d, c) {
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
	b.outsideChange(d, c, "removed", "")
	if c.Honoured || !b.wanted(d, c) {
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

// lost reports whether the place was written and is known not to be there.
func (p *place) lost() bool { return p.Accepted.IsZero() && !p.Doubt && p.Cleared.IsZero() }

// wanted reports whether the code should stand on the lock now.
func (b *batch) wanted(d *device, c *code) bool {
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	return w.On
}

// freed drops a place that is gone, and closes its exposure, which lasted until `at`.
func (b *batch) freed(d *device, c *code, p *place, at time.Time) {
	b.shut(d, c, p, at)
	if d.Device.Traits.CannotList && c.isOver(b.now) && !d.outlasted(p, b.now) {
		c.Unproven = true
	}
	c.dropPlace(p.ID)
}

// outlasted reports whether the lock itself has turned a place off, by the end that it was given.
func (d *device) outlasted(p *place, now time.Time) bool {
	return p.Window.Bounded() && !now.Before(p.Window.To) && d.distrust() == ""
}

// shut closes the exposure of a place, which lasted until at.
func (b *batch) shut(d *device, c *code, p *place, at time.Time) {
	if x := d.exposed(c, p, b.now); !x.IsZero() && at.After(x) {
		c.Past += at.Sub(x)
		p.Shut += at.Sub(x)
	}
}

// exposed is since when a place opens, or may open, although its code should not; zero: it does not.
func (d *device) exposed(c *code, p *place, now time.Time) time.Time {
	end := c.over()
	if end.IsZero() || now.Before(end) || p.Blanked || p.Disabled || p.Accepted.IsZero() || c.Offline != lock.OfflineNone {
		return time.Time{}
	}
	if d.outlasted(p, now) && (c.Deleted.IsZero() || !c.Deleted.Before(p.Window.To)) {
		return time.Time{}
	}
	if w := p.Window; !w.IsZero() && d.distrust() == "" && !w.Started(now) {
		return time.Time{}
	}
	return end
}

// outsiders keeps the list of what others put on the lock, and tells what came and went.
func (b *batch) outsiders(d *device, seen []entry, complete, first bool) {
	known := map[lock.Ref]bool{} // false: it was a ghost
	for i := range d.held {
		if !d.held[i].Ours {
			known[d.held[i].Ref] = !d.held[i].ghost(d.Device.Traits)
		}
	}
	ghosts := 0
	for i := range seen {
		x := &seen[i]
		if x.Ours {
			continue
		}
		if ourTag(x.Tag) && !known[x.Ref] && !d.leaves() {
			b.resurfaced(d, x)
			continue
		}
		if x.ghost(d.Device.Traits) {
			ghosts++
			if !complete || !known[x.Ref] {
				delete(known, x.Ref)
			}
			continue
		}
		if !known[x.Ref] {
			b.event(Event{Type: "access_code.unmanaged.created", Account: d.Device.Account, Device: d.id(), Text: "unmanaged code " + string(x.Ref) + " is on the lock"})
			if !first {
				d.Aged = b.now
			}
		}
		delete(known, x.Ref)
	}
	if complete {
		for i := range d.held {
			if x := &d.held[i]; !x.Ours && known[x.Ref] {
				b.event(Event{Type: "access_code.unmanaged.removed", Account: d.Device.Account, Device: d.id(), Text: "unmanaged code " + string(x.Ref) + " is gone"})
			}
		}
	} else {
		for i := range d.held {
			if _, unseen := known[d.held[i].Ref]; unseen && !d.held[i].Ours {
				seen = append(seen, d.held[i]) // a partial list says nothing of it
			}
		}
	}
	g := issue("ghost_slot", b.now)
	b.setDevice(d, ghosts > 0, g)
	if !sameEntries(d.held, seen) {
		d.held, d.dirtyHeld = seen, true
	}
}

// resurfaced recognises a credential that we wrote although no place stands for it: of a live code it becomes one, of a code
// that is gone it is to be erased.
func (b *batch) resurfaced(d *device, x *entry) {
	x.Ours = true
	for _, c := range d.codes {
		if tagOf(c.ID) != x.Tag {
			continue
		}
		x.Code = c.ID
		c.PlaceNo++
		p := place{ID: c.PlaceNo, Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Enabled: x.Enabled, Wrote: b.now, Accepted: b.now, Seen: b.now}
		if p.PIN.IsZero() {
			p.PIN = c.PIN
		}
		c.Places, c.Written, c.dirty = append(c.Places, p), true, true
		return
	}
	for i := range d.Orphans {
		if d.Orphans[i].Ref == x.Ref {
			return
		}
	}
	d.orphan(place{Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Enabled: x.Enabled, Accepted: b.now, Seen: b.now}, "", b.now)
	b.event(Event{Type: "internal.access_code.resurfaced", Account: d.Device.Account, Device: d.id(), Text: "a code that was erased stands on the lock again"})
}

func sameEntries(a, b []entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// entries takes the lock's log: proof of use, tries in vain, and the tripwire for schedules that are not obeyed. It returns the
// openings that no place explains.
func (b *batch) entries(d *device, log []lock.Entry) (unexplained []lock.Entry) {
	for _, e := range log {
		switch e.Kind {
		case lock.Denied:
			if at := cmp.Or(e.At, b.now); e.Reason == "unknown_code" && at.After(d.Denied) {
				d.Denied, d.dirtyRun = at, true
			}
			b.event(Event{Type: "lock.access_denied", Account: d.Device.Account, Device: d.id(), Text: e.Reason})
		case lock.Locked:
			b.event(Event{Type: "lock.locked", Account: d.Device.Account, Device: d.id()})
		case lock.Tampered:
			b.event(Event{Type: "device.tampered", Account: d.Device.Account, Device: d.id()})
		case lock.Opened:
			if !b.opened(d, e.Ref, cmp.Or(e.At, b.now)) {
				unexplained = append(unexplained, e)
			}
		}
	}
	return unexplained
}

// opened takes an opening by the code whose place has that handle. It reports whether there is one.
func (b *batch) opened(d *device, ref lock.Ref, at time.Time) bool {
	for _, c := range d.codes {
		for i := range c.Places {
			p := &c.Places[i]
			if ref == "" || p.Ref != ref {
				continue
			}
			c.dirty = true
			if at.After(p.Used) {
				p.Used = at
			}
			b.tell("lock.unlocked", d, c, "opened by code")
			if c.unpulled() {
				c.Deleted = b.now // its digits are known: a spare that somebody typed is renewed
				return true
			}
			b.tripwire(d, c, p, at)
			return true
		}
	}
	return false
}

// tripwire judges an opening by the window: a native schedule that is not obeyed is not relied on any more.
func (b *batch) tripwire(d *device, c *code, p *place, at time.Time) {
	w := c.window()
	grain := max(d.Device.Traits.Granularity, time.Minute)
	early := !w.From.IsZero() && at.Before(w.From.Add(-grain))
	late := w.Bounded() && !at.Before(w.To.Add(grain))
	if !early && !late || !p.Wrote.IsZero() && at.Before(p.Wrote) {
		return
	}
	what := "used_too_early"
	if late {
		what = "used_too_late"
	}
	if !p.Native {
		if late {
			b.raise(d, c, issue(what, b.now))
		}
		return
	}
	b.raise(d, c, issue(what, b.now))
	if d.Distrust == "" {
		d.Distrust, d.dirtyRun = "schedule_ignored", true
		b.raiseDevice(d, issue("schedule_ignored", b.now))
	}
}

// failedCodeText counts a failure that a look found out.
func (b *batch) failedCodeText(d *device, c *code, what, text string) {
	i := issue(what, b.now)
	i.Message = text
	if d.Device.Traits.CloudList {
		i.Blame = driver.BlameCloud
	} else {
		i.Blame = driver.BlameLock
	}
	b.raise(d, c, i)
	c.Attempts++
	c.NextTry, c.dirty = b.now.Add(b.wait(d, c.Attempts, string(c.ID), b.e.policyOf(d))), true
}

func cmpText(a, b string) string {
	if a == "" {
		return b
	}
	return a + " and " + b
}
