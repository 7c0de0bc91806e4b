package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

const autoPullLead = 10 * time.Minute // before a start, a missing code is replaced by a spare

// decideDevice thinks about one device: settles what time alone has changed, plans, and derives what to tell.
func (b *batch) decideDevice(d *device) {
	if d.Gate != "" && b.e.link(d.Gate).open() {
		d.Gate, d.RetryAt, d.dirtyRun = "", time.Time{}, true // what held it back is over, and its backoff forgotten
	}
	b.settle(d)
	p := b.e.policyOf(d)
	scope := b.e.gate(d)
	x := plan(d, view{now: b.now, policy: p, opened: b.e.opened, gated: scope != "", hub: strings.HasPrefix(scope, "h:"), room: b.e.room[:0]})
	b.e.room = x.Wants
	if x.Gated {
		b.hold(d, scope)
	} else if d.Gate != "" {
		delete(b.e.link(d.Gate).waiting, d.id())
		d.Gate, d.dirtyRun = "", true
	}
	if x.Call != nil {
		b.launch(d, x.Call, p)
		x.wake(d.Flight.Deadline.Add(time.Second), "the call in flight ends")
	} else {
		b.release(d)
	}
	b.standing(d, x, p)
	if !x.Wake.IsZero() && !x.Wake.After(b.now) {
		x.Wake = b.now.Add(time.Second)
	}
	if !d.Wake.Equal(x.Wake) || d.Why != x.Why {
		d.Wake, d.Why, d.dirtyRun = x.Wake, x.Why, true
	}
	if row := b.summarize(d, p); row != d.Row {
		d.Row, d.dirtyRun = row, true
	}
}

// hold puts a device among those that wait for a link.
func (b *batch) hold(d *device, scope string) {
	l := b.e.link(scope)
	var start time.Time
	for _, c := range d.codes {
		if c.From.After(b.now) {
			start = earliest(start, c.From)
		}
	}
	l.waiting[d.id()] = start
	if d.Gate != scope {
		d.Gate, d.dirtyRun = scope, true
	}
}

// release gives a probe back that the device had no use for.
func (b *batch) release(d *device) {
	if d.Flight != nil {
		return
	}
	for _, s := range d.scopes() {
		if l := b.e.links[s]; l != nil && l.Probing == d.id() {
			l.Probing, l.ProbeAt = "", b.now.Add(time.Minute)
			b.changed(l)
		}
	}
}

// launch records the intent of a call, and names it to the host for after the commit.
func (b *batch) launch(d *device, i *intent, policy Policy) {
	d.Calls++
	d.dirtyRun = true
	f := &flight{
		ID: CallID(string(d.id()) + "#" + itoa(d.Calls)), Verb: i.Verb, Place: i.Place,
		Since: b.now, Deadline: b.now.Add(policy.CallTimeout), Reason: i.Reason,
	}
	call := Call{ID: f.ID, Device: d.id(), Account: d.Device.Account, Verb: i.Verb, At: i.At, Deadline: f.Deadline, Reason: i.Reason}
	if i.Code != nil {
		f.Code, call.Code, i.Code.dirty = i.Code.ID, i.Code.ID, true
	}
	switch i.Verb {
	case CallObserve:
		d.Radio.Observes++
		call.Known = driver.Known{Refs: d.refs(), Since: d.Look.Cursor}
	case CallClear:
		d.Radio.Clears++
		if i.For != nil && i.For.Crowded {
			i.For.Crowded, i.For.dirty = false, true
		}
		if _, p := d.flown(f); p != nil {
			p.Tried = b.now
		}
	case CallSet:
		d.Radio.Sets++
		call.Want, call.Blank = b.write(d, i, f), i.Blank
	}
	d.Flight = f
	b.calls = append(b.calls, call)
}

// write prepares the place that a set is to make, and the credential to send.
func (b *batch) write(d *device, i *intent, f *flight) lock.Credential {
	want := i.Want
	want.Wrote, want.Ref = b.now, i.At
	c := i.Code
	if i.Blank {
		want.PIN, want.Blanked = b.e.blank(d, int(d.Calls)), true
	} else if i.At == "" && d.Device.Traits.AssignsPIN {
		want.PIN = vaultPIN{} // the provider chooses anew
	}
	if i.Place == 0 {
		c.PlaceNo++
		want.ID = c.PlaceNo
		f.Place = want.ID
		c.Places = append(c.Places, want)
	} else {
		f.New = &want
	}
	cred := lock.Credential{
		Name: want.Name, PIN: want.PIN.PIN, Window: want.Window, Enabled: want.Enabled, Slot: want.Slot,
	}
	if c != nil {
		cred.Code, cred.Tag, cred.Offline, cred.OneTime = c.ID, tagOf(c.ID), c.Offline, c.OneTime
	}
	return cred
}

// refs lists the handles of what should be on the lock.
func (d *device) refs() []lock.Ref {
	var refs []lock.Ref
	for _, c := range d.codes {
		for i := range c.Places {
			if r := c.Places[i].Ref; r != "" {
				refs = append(refs, r)
			}
		}
	}
	for i := range d.Orphans {
		if r := d.Orphans[i].Ref; r != "" {
			refs = append(refs, r)
		}
	}
	return refs
}

// settle makes the changes that need no call: time has passed, or there is nothing left to do.
func (b *batch) settle(d *device) {
	now := b.now
	policy := b.e.policyOf(d)
	t := &d.Device.Traits
	if t.CannotList {
		for i := 0; i < len(d.Orphans); i++ {
			if o := &d.Orphans[i]; !o.Cleared.IsZero() && !now.Before(o.restUntil()) {
				d.Orphans = append(d.Orphans[:i:i], d.Orphans[i+1:]...)
				d.dirtyRun = true
				i--
			}
		}
	}
	b.pool(d, policy)
	for i := 0; i < len(d.codes); i++ {
		c := d.codes[i]
		if !c.Contended.IsZero() && !now.Before(c.Contended.Add(contendedRest)) {
			c.Contended, c.Undone, c.dirty = time.Time{}, nil, true
			b.lower(d, c, "contended")
		}
		if policy.AutoPull == PullAuto && d.Pool {
			b.autoPull(d, c, policy)
		}
		for k := 0; k < len(c.Places); k++ {
			p := &c.Places[k]
			if t.CannotList && !p.Cleared.IsZero() && !now.Before(p.restUntil()) {
				b.freed(d, c, p, p.Cleared)
				k--
			}
		}
		c.forgetLost()
		if !c.isOver(now) {
			if c.free() && len(c.Places) == 0 && c.Draws < redraws {
				if x, wait := d.clash(now, c, c.PIN); x != nil && !wait {
					b.redraw(d, c)
				}
			}
			if c.Refused != "" && c.namesOther() {
				if x, _ := d.clash(now, c, c.PIN); x == nil {
					c.Refused, c.dirty = "", true // what had these digits is gone
					b.lower(d, c, "duplicate_code_on_device", "failed_to_set_on_device")
				}
			}
			continue
		}
		if c.Offline != lock.OfflineNone && len(c.Places) > 0 {
			c.Places, c.dirty = nil, true
		}
		b.handOver(d, c)
		if len(c.Places) == 0 && (d.Flight == nil || d.Flight.Code != c.ID) {
			b.goneNow(d, c)
			i--
		}
	}
}

// forgetLost drops a place that a list lacked once another of the code stands: erasing it by its handle could hit that one.
func (c *code) forgetLost() {
	for i := 0; len(c.Places) > 1 && i < len(c.Places); i++ {
		if p := &c.Places[i]; p.lost() && slices.ContainsFunc(c.Places, func(o place) bool { return o.ID != p.ID && !o.Accepted.IsZero() }) {
			c.dropPlace(p.ID)
			i--
		}
	}
}

// goneNow moves a code to history: it is over and nothing of it is on the lock.
func (b *batch) goneNow(d *device, c *code) {
	b.lower(d, c, "failed_to_remove_from_device", "delay_in_removing_from_device", "exposed")
	if c.Written && c.Offline == lock.OfflineNone {
		b.tell("access_code.removed_from_device", d, c, c.farewell())
	}
	b.tell("access_code.deleted", d, c, "")
	d.retire(c, b.now)
	if c.PulledFor != "" {
		if o := d.find(c.PulledFor); o != nil && o.Pulled == c.ID {
			o.Pulled, o.dirty = "", true
		}
	}
}

// namesOther reports whether it is known what else on the lock has the code's digits.
func (c *code) namesOther() bool {
	return slices.ContainsFunc(c.Issues, func(i Issue) bool {
		return i.Code == "duplicate_code_on_device" && (i.Other != "" || i.OtherRef != "")
	})
}

func (c *code) farewell() string {
	switch {
	case c.Unproven:
		return "the lock can't confirm it"
	case c.Past >= time.Second:
		return "it was open " + words(c.Past) + " longer than wished"
	}
	return ""
}

// handOver gives the place of a code that is over to the next stay of the same holder, if that has the same digits: nothing
// needs to be erased and written again.
func (b *batch) handOver(d *device, c *code) {
	if c.Holder == "" || len(c.Places) != 1 || !c.Deleted.IsZero() || d.Flight != nil {
		return
	}
	p := c.Places[0]
	if p.Accepted.IsZero() || p.Doubt || !p.Cleared.IsZero() || p.Blanked {
		return
	}
	for _, o := range d.codes {
		if o == c || o.Holder != c.Holder || o.PIN != c.PIN || len(o.Places) > 0 || o.isOver(b.now) || !o.Deleted.IsZero() {
			continue
		}
		policy := b.e.policyOf(d)
		if w := d.want(b.now, o, &policy); !w.On {
			continue
		}
		c.Places, c.dirty = nil, true
		o.PlaceNo++
		p.ID, p.Told = o.PlaceNo, false
		o.Places, o.Written, o.dirty = []place{p}, true, true
		b.tell("internal.access_code.handed_over", d, o, "takes over from "+string(c.ID))
		return
	}
}

// standing raises and lowers the issues that follow from the present alone, and tells what has changed.
func (b *batch) standing(d *device, x decision, policy Policy) {
	now := b.now
	auth := b.e.authLost(d)
	for i, c := range d.codes {
		w := &x.Wants[i]
		var held blocked
		for _, k := range x.Blocked {
			if k.Code == c {
				held = k
			}
		}
		b.standingCode(d, c, w, held, x.Whole, policy)
		b.moved(d, c, w, d.status(now, c, w, policy, auth), policy)
	}
}

func (b *batch) set(d *device, c *code, on bool, name string, with func(*Issue)) {
	if !on {
		if len(c.Issues) > 0 {
			b.lower(d, c, name)
		}
		return
	}
	i := issue(name, b.now)
	if with != nil {
		with(&i)
	}
	b.raise(d, c, i)
}

func (b *batch) standingCode(d *device, c *code, w *want, held blocked, whole bool, policy Policy) {
	now := b.now
	over, placed := c.isOver(now), len(c.Places) > 0
	on := false
	for i := range c.Places {
		on = on || d.serves(now, c, &c.Places[i], policy)
	}
	begun := !c.From.After(now)
	due := !now.Before(d.lateSet(c, w, &policy))
	const delay = "delay_in_setting_on_device"
	missing := !over && begun && !on && !c.Honoured && !c.unpulled() && !d.isRetired()
	b.set(d, c, missing && (has(c.Issues, delay) || due && !d.changing(now, c, policy)), delay, nil)
	late := d.lateErase(c, policy)
	const stays = "delay_in_removing_from_device"
	b.set(d, c, over && placed && !late.IsZero() && (has(c.Issues, stays) || !now.Before(late)), stays, nil)
	b.set(d, c, over && placed && !c.Deleted.IsZero(), "being_deleted", nil)
	b.set(d, c, c.Pulled != "", "using_backup_access_code", nil)
	var exposed time.Time
	for i := range c.Places {
		p := &c.Places[i]
		if d.Device.Traits.CannotList && !p.Cleared.IsZero() {
			if !c.Unproven && !d.outlasted(p, now) {
				c.Unproven, c.dirty = true, true
			}
			continue
		}
		if !p.Cleared.IsZero() && now.Before(late) && !has(c.Issues, "exposed") {
			continue // the erase was accepted: its proof is on its way
		}
		exposed = earliest(exposed, d.exposed(c, p, now))
	}
	b.set(d, c, !exposed.IsZero() && now.Sub(exposed) >= time.Minute, "exposed", nil)
	b.set(d, c, !over && w.Issue == "native_declined" && !c.JIT, "native_declined", func(i *Issue) { i.Message = w.Why })
	b.set(d, c, !over && !w.On && w.Holds.After(now) && !now.Before(w.Due), "waits_for_guest_before", nil)
	b.set(d, c, held.Issue == "gap_not_accepted", "change_waits", nil)
	dies := d.diesUnused(c)
	b.set(d, c, !over && !dies.IsZero(), "first_use_deadline", func(i *Issue) { i.Message = "it dies unless it is used by " + d.when(dies) })
	// These two also come from the lock itself: a place of its own, or its absence with nothing in the way, ends them.
	fine := placed && on || over || whole && c.Refused == "" && held.Issue == "" && c.NextTry.IsZero()
	for _, name := range [...]string{"no_space_for_access_code_on_device", "duplicate_code_on_device"} {
		switch {
		case held.Issue == name:
			b.set(d, c, true, name, func(i *Issue) {
				i.Other, i.OtherRef = held.Other, held.OtherRef
				if held.OtherRef != "" {
					i.Message = "somebody else's code, " + string(held.OtherRef) + ", has this PIN on the lock"
				}
			})
		case fine:
			b.set(d, c, false, name, nil)
		}
	}
	b.set(d, c, !over && on && d.Device.Traits.CloudList && !d.Device.Traits.CannotList && !c.unpulled() && c.unconfirmed() && c.Offline == lock.OfflineNone, "unconfirmed", nil)
}

// lateSet is from when a code that is not on its lock is late: from its start, unless a cloud lists it and is not yet to be
// believed, or nothing could be done ahead of that. Then writing it, or enabling it, may take as long as any confirmation.
func (d *device) lateSet(c *code, w *want, policy *Policy) time.Time {
	staged := !w.Native && policy.JITEarly == EarlyStage && d.Device.Traits.Stages
	if c.From.After(c.Created) && w.Due.Before(c.From) && !staged {
		late := c.From
		for i := range c.Places {
			if p := &c.Places[i]; d.Device.Traits.CloudList && !p.Seen.IsZero() && !p.Pending && !p.Doubt && p.Missed.IsZero() {
				late = latest(late, p.Accepted.Add(policy.ConfirmWithin))
			}
		}
		return late
	}
	since := latest(c.Created, c.From)
	for i := range c.Places {
		since = latest(since, c.Places[i].Accepted)
	}
	return since.Add(policy.ConfirmWithin)
}

// changing reports whether a code that stood on the lock is taking another form right now: that is no delay yet.
func (d *device) changing(now time.Time, c *code, policy Policy) bool {
	if len(c.Changing) == 0 {
		return false
	}
	if f := d.Flight; f != nil && (f.Code == c.ID || f.Verb == CallObserve) {
		return true
	}
	for i := range c.Places {
		if p := &c.Places[i]; now.Sub(latest(p.Accepted, p.Cleared)) < policy.ConfirmWithin {
			return true
		}
	}
	return false
}

// lateErase is from when the erase of a code that is over counts as late: five minutes after it should have begun, or, once it
// was accepted, twice the time that a cloud is given to show it. Zero: it can't be late, only unproven.
func (d *device) lateErase(c *code, policy Policy) time.Time {
	var late time.Time
	for i := range c.Places {
		switch p := &c.Places[i]; {
		case p.Blanked:
			// It opens nothing any more.
		case p.Cleared.IsZero():
			late = earliest(late, c.over().Add(removalGrace))
		case d.Device.Traits.CloudList:
			late = earliest(late, p.Cleared.Add(2*policy.ConfirmWithin))
		case !d.Device.Traits.CannotList:
			late = earliest(late, p.Cleared.Add(removalGrace))
		}
	}
	return late
}

// unconfirmed reports whether only a cloud vouches for the code.
func (c *code) unconfirmed() bool {
	for i := range c.Places {
		if p := &c.Places[i]; !p.Reported.IsZero() || !p.Used.IsZero() {
			return false
		}
	}
	return len(c.Places) > 0
}

// moved tells what happened to a code's status and to its place.
func (b *batch) moved(d *device, c *code, w *want, s Status, policy Policy) {
	for i := range c.Places {
		p := &c.Places[i]
		if !p.Told && p.Native && !c.isOver(b.now) && !c.window().Started(b.now) && d.settled(b.now, p, policy) {
			p.Told, c.dirty = true, true
			b.tell("access_code.scheduled_on_device", d, c, "")
		}
		if len(c.Changing) > 0 && d.settled(b.now, p, policy) && w.holds(p, &d.Device.Traits) {
			for _, what := range c.Changing {
				b.tell("access_code."+what+"_changed", d, c, "the lock has it")
			}
			c.Changing, c.Prior, c.dirty = nil, nil, true
		}
	}
	if len(c.Places) == 0 && !w.On && c.Prior != nil {
		c.Prior, c.dirty = nil, true // nothing of the old form is left to go back to
	}
	if s == c.Was {
		return
	}
	switch {
	case s == StatusSet && !c.unpulled():
		b.tell("access_code.set_on_device", d, c, "")
	case s == StatusUnknown || c.Was == StatusUnknown && s != StatusSet:
		b.tell("access_code.changed", d, c, "status is "+string(s))
	}
	c.Was, c.dirty = s, true
}

// authLost reports whether the account's login is refused, so that nothing can be known.
func (e *Engine) authLost(d *device) bool {
	l := e.links[d.scopes()[0]]
	return l != nil && !l.open() && l.Auth
}
