package engine

import (
	"math/bits"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

const (
	urgentSpan   = 30 * time.Minute // around a start or an end, retries come at least every urgentMax
	urgentMax    = 5 * time.Minute
	unsentMax    = 5 * time.Minute // a call that found no room comes back by then; ten thousand each minute would be written down twenty times each
	manyRefusals = 6               // of a device in a row, after which each makes it wait
	redraws      = 5               // times a drawn PIN is replaced because the lock holds it already
	wornAnswers  = 6               // of the last 32 that took more than one try: the battery is to be replaced
	soundAnswers = 2               // and no more than this many: it is fine again
)

// crashed makes the call that was in flight when the engine was opened ambiguous.
func (b *batch) crashed(id lock.DeviceID) {
	if d := b.device(id); d != nil && d.Flight != nil {
		b.lost(d, "the engine was restarted")
	}
}

// outcome takes the end of a call. One of a superseded call is ignored: its CallID tells.
func (b *batch) outcome(o Outcome) {
	d := b.device(o.Device)
	if d == nil || d.Parked || d.Flight == nil || d.Flight.ID != o.Call {
		return
	}
	b.ended = append(b.ended, d.id())
	b.guard(d, func() { b.finish(d, b.intake(d, o), false) })
}

// isAnswer reports whether an input is what a call brought, which may be more than a commit can hold.
func isAnswer(i Input) bool {
	o, ok := i.(Outcome)
	return ok && o.Err == nil
}

// unkept is an outcome in place of one that no commit can hold: what it told is lost.
func unkept(o Outcome) Outcome {
	return Outcome{Call: o.Call, Device: o.Device, Err: &driver.Error{Device: o.Device, Blame: driver.BlameLock, Vendor: "the answer is too large to be kept"}}
}

func (b *batch) finish(d *device, o Outcome, crash bool) {
	f := d.Flight
	d.Flight, d.dirtyRun = nil, true
	if o.Err == nil && f.Verb == CallObserve {
		b.computed(d, o.Observation.Held)
		if o.Observation.Reach != lock.Reached {
			o.Err = unreached(d, o.Observation.Reach)
		}
	}
	c, p := d.flown(f)
	switch {
	case o.Err != nil && o.Unsent:
		b.unsent(d, f, c, p, o.Err)
		return
	case o.Err != nil:
		b.failed(d, f, c, p, o.Err, crash)
		return
	}
	asked := d.Asked
	if f.Verb != CallObserve && (d.Reach > lock.Reached || b.e.linkDown(d)) && (d.Device.Traits.CloudList || o.Held.Pending || c != nil && c.Offline != lock.OfflineNone) {
		b.linkWorks(d, b.e.linksOf(d)[0]) // a cloud took it: that the lock is back only a look can show
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
			if f.For == "" && !p.lost() {
				b.makeRoom(d)
			}
			p.Cleared, p.Looks, p.Doubt = b.now, 0, false
			p.Clears++
			if c != nil {
				c.dirty, c.NextTry = true, time.Time{}
				if f.For != "" && d.Device.Traits.CannotList {
					c.NextTry = b.now.Add(b.e.policyOf(d).ConfirmWithin) // whom it makes room for comes before it, and nothing tells when they have
				}
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
	for _, l := range b.e.linksOf(d) {
		b.linkWorks(d, l)
	}
	d.Failures, d.RetryAt, d.FailedAt, d.Gate = 0, time.Time{}, time.Time{}, ""
	b.answers(d)
	if d.Reach != lock.Reached {
		if !d.Down.IsZero() {
			// Whatever happened meanwhile was not seen: what was known has aged.
			d.Aged, d.Doubts = b.now, 0
			b.ask(d)
			for _, c := range d.codes {
				if !c.NextTry.IsZero() || c.Attempts > 0 {
					c.NextTry, c.Attempts, c.dirty = time.Time{}, 0, true // what kept it waiting is over
				}
			}
			b.event(Event{Type: "device.connected", Account: d.Device.Account, Device: d.id(), Text: "answers again after " + words(b.now.Sub(d.Down))})
		}
		d.Reach, d.Down = lock.Reached, time.Time{}
	}
	b.lowerDevice(d, "device_disconnected", "hub_disconnected", "device_removed")
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
		id, tag, told, seen := p.ID, p.Tag, p.Told, p.Used
		kept := c != nil && b.keeps(d, c, p, f.New)
		if f.New.Blanked && c != nil {
			b.shut(d, c, p, b.now)
		}
		shut, was, astray := p.Shut, p.Was, p.Astray
		*p = *f.New
		p.ID, p.Tag, p.Told, p.Used, p.Kept, p.Shut, p.Was, p.Astray = id, tag, told, seen, kept, shut, was, astray
	}
	if h.Ref != "" {
		if p.Was = ""; f.New != nil && p.Ref != h.Ref {
			p.Was = p.Ref
		}
		p.Ref, p.Given = h.Ref, ""
	}
	if h.Slot != 0 {
		p.Slot = h.Slot
	}
	p.Accepted, p.Doubt, p.Pending, p.Due, p.Looks = b.now, false, h.Pending, h.Due, 0
	p.Cleared, p.Reported, p.Seen, p.Missed = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if c == nil {
		return
	}
	c.dirty, c.Written = true, true
	twin := func(o place) bool { return o.ID != p.ID && o.Ref != "" && o.Ref == p.Ref }
	if i := slices.IndexFunc(c.Places, twin); i >= 0 { // what it was written over was another place of the code
		id := p.ID
		c.dropPlace(c.Places[i].ID)
		p = c.place(id)
	}
	if p.PIN.IsZero() && !h.PIN.IsZero() {
		b.learn(d, c, p, h.PIN)
	}
	if p.Blanked {
		b.tell("internal.access_code.overwritten", d, c, "the lock would not erase it: its digits were overwritten")
		i := issue("failed_to_remove_from_device", b.now)
		i.Case = CaseOverwritten
		i.Message, i.Remedy = "the lock does not erase the code; its digits are overwritten, so that no PIN opens it", "it is erased once more every day; until then it takes a slot"
		b.raise(d, c, i)
		return
	}
	if d.Device.Traits.CannotList && !h.Pending || c.Offline != lock.OfflineNone {
		b.done(d, c)
	}
}

// computed takes digits that a vendor has computed for a lock since it took the wish for them, also for a lock that is out of reach.
func (b *batch) computed(d *device, held []lock.Held) {
	for _, c := range d.codes {
		for i := range c.Places {
			p := &c.Places[i]
			if c.Offline == lock.OfflineNone || !p.PIN.IsZero() || p.Ref == "" {
				continue
			}
			if at := slices.IndexFunc(held, func(h lock.Held) bool { return h.Ref == p.Ref && !h.PIN.IsZero() }); at >= 0 {
				b.learn(d, c, p, held[at].PIN)
			}
		}
	}
}

// keeps reports whether a place that becomes next lets its holder in before and after alike.
func (b *batch) keeps(d *device, c *code, p, next *place) bool {
	policy := b.e.policyOf(d)
	return next.PIN == p.PIN && next.Enabled == p.Enabled && !next.Blanked && d.serves(b.now, c, p, &policy)
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
	b.lower(d, c, "failed_to_set_on_device", "conflicting_external_modification", "rejected_by_device", "provider_issue", "needs_new_pin")
}
