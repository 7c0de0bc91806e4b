package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

const (
	autoPullLead = 10 * time.Minute // before a start, a missing code is replaced by a spare
	vainTries    = 4                // in which a code never came to its lock, after which it is tried with other digits
)

// decideDevice thinks about one device: settles what time alone has changed, plans, and derives what to tell.
func (b *batch) decideDevice(d *device) {
	if d.Gate != "" && b.e.link(d.Gate).open() {
		d.Gate, d.RetryAt, d.dirtyRun = "", time.Time{}, true // what held it back is over, and its backoff forgotten
	}
	p := b.e.policyOf(d)
	b.settle(d, p)
	scope := b.e.gate(d)
	x := plan(d, view{now: b.now, policy: p, opened: b.e.opened, gated: scope != "", hub: strings.HasPrefix(scope, "h:"), room: &b.e.room})
	if x.Gated {
		b.hold(d, scope)
	} else if d.Gate != "" {
		delete(b.e.link(d.Gate).waiting, d.id())
		d.Gate, d.dirtyRun = "", true
	}
	if x.Call != nil {
		b.launch(d, x.Call, p)
	} else {
		b.release(d)
	}
	if d.Flight != nil {
		x.wake(d.Flight.Deadline.Add(time.Second), "the call in flight ends")
	}
	b.standing(d, x, &p)
	if !x.Wake.IsZero() && !x.Wake.After(b.now) {
		x.Wake = b.now.Add(time.Second)
	}
	if !d.Wake.Equal(x.Wake) || !x.Why.is(d.Why) {
		d.Wake, d.Why, d.dirtyRun = x.Wake, x.Why.String(), true
	}
	if row := b.summarize(d, &p); row != d.Row {
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
	w := waiter{start: start, since: d.waits(b.now, b.e.policyOf(d))}
	l.waiting[d.id()] = w
	if at := l.Tried.Add(w.within(b.now)); at.Before(l.ProbeAt) && l.hastens() {
		l.ProbeAt = latest(at, b.now)
		b.changed(l)
	}
	if d.Gate != scope {
		d.Gate, d.dirtyRun = scope, true
	}
}

// release gives a probe back that the device had no use for.
func (b *batch) release(d *device) {
	if d.Flight != nil {
		return
	}
	for _, l := range b.e.linksOf(d) {
		if l.Probing == d.id() {
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
		_, p := d.flown(f)
		if i.For != nil && i.For.Crowded && !(p != nil && p.lost()) {
			i.For.Crowded, i.For.dirty = false, true
			f.For = i.For.ID
		}
		if p != nil {
			p.Tried = b.now
		}
	case CallSet:
		d.Radio.Sets++
		call.Want, call.Blank = b.write(d, i, f), i.Blank
	}
	call.Due, call.Urgent = b.due(d, i, f, policy), d.pressing(b.now, policy)
	d.Flight = f
	b.calls = append(b.calls, call)
}

// due is since when the effect of a call is wanted, so that its host can tell how late it is; zero: no instant was planned.
func (b *batch) due(d *device, i *intent, f *flight, policy Policy) (at time.Time) {
	c, p := d.flown(f)
	switch {
	case f.Verb == CallObserve || p == nil:
	case c == nil:
		at = p.Over
	case f.Verb == CallClear || i.Blank:
		at = c.over()
	default:
		x := d.deliver(b.now, c, &policy)
		at = latest(latest(x.Due, x.Holds), latest(c.Created, c.Wished))
	}
	if at.After(b.now) {
		return time.Time{} // ahead of it
	}
	return at
}

// write prepares the place that a set is to make, and the credential to send.
func (b *batch) write(d *device, i *intent, f *flight) lock.Credential {
	want := i.Want
	want.Wrote, want.Ref = b.now, i.At
	c := i.Code
	if i.Blank {
		want.PIN, want.Blanked = b.e.blank(d, int(d.Calls)), true
		want.Enabled = want.Enabled || !d.Device.Traits.Stages // by hand it may be off, which such a lock takes from nobody else
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
		cred.Code, cred.Tag, cred.Offline, cred.OneTime = c.ID, c.mark(), c.Offline, c.OneTime
	}
	return cred
}

// refs lists the handles of what should be on the lock.
func (d *device) refs() []lock.Ref {
	n := len(d.Orphans)
	for _, c := range d.codes {
		n += len(c.Places)
	}
	if n == 0 {
		return nil
	}
	refs := make([]lock.Ref, 0, n)
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
func (b *batch) settle(d *device, policy Policy) {
	now := b.now
	if d.Device.Traits.CannotList {
		for i := 0; i < len(d.Orphans); i++ {
			if o := &d.Orphans[i]; !o.Cleared.IsZero() && !now.Before(o.restUntil()) {
				d.Orphans = append(d.Orphans[:i:i], d.Orphans[i+1:]...)
				d.dirtyRun = true
				i--
			}
		}
		for _, c := range d.codes {
			for k := 0; k < len(c.Places); k++ {
				if p := &c.Places[k]; !p.Cleared.IsZero() && !now.Before(p.restUntil()) {
					b.freed(d, c, p, p.Cleared)
					k--
				}
			}
		}
	}
	for _, c := range d.codes {
		if c.isOver(now) {
			b.handOver(d, c, policy) // before the pool is counted: who takes over a place wants no other
		}
	}
	b.pool(d, policy)
	for i := 0; i < len(d.codes); i++ {
		c := d.codes[i]
		if !c.Contended.IsZero() && !now.Before(c.Contended.Add(contendedRest)) {
			c.Contended, c.dirty = time.Time{}, true // what was undone before is too long ago to count
			b.lower(d, c, "contended")
		}
		if policy.AutoPull == PullAuto && d.Pool {
			b.autoPull(d, c, policy)
		}
		d.forgetLost(c, now)
		if !c.isOver(now) {
			if c.free() && len(c.Places) == 0 && c.Draws < redraws {
				if x, wait := d.clash(now, c, c.PIN, lock.Window{}); x != nil && !wait {
					b.redraw(d, c)
				}
			}
			if d.neverCame(c) && !now.Before(c.NextTry) {
				b.otherDigits(d, c)
			}
			if c.Refused != "" && c.namesOther() {
				if x, _ := d.clash(now, c, c.PIN, lock.Window{}); x == nil {
					c.Refused, c.dirty = "", true // what had these digits is gone
					b.lower(d, c, "duplicate_code_on_device", "failed_to_set_on_device")
				}
			}
			continue
		}
		if c.Offline != lock.OfflineNone && len(c.Places) > 0 {
			c.Places, c.dirty = nil, true
		}
		if len(c.Places) == 0 && (d.Flight == nil || d.Flight.Code != c.ID) {
			b.goneNow(d, c)
			i--
		}
	}
}

// forgetLost drops a place that a list lacked once another of the code stands as well as it would, or anything else in its
// slot: erasing it by its handle could hit that. One that is being written just now is not lost, nor is one of which a write went astray.
func (d *device) forgetLost(c *code, now time.Time) {
	for i := 0; i < len(c.Places); i++ {
		if d.Flight != nil && d.Flight.Code == c.ID && d.Flight.Place == c.Places[i].ID {
			continue
		}
		p := &c.Places[i]
		other := func(o place) bool { return o.ID != p.ID && !o.Accepted.IsZero() && (o.PIN == c.PIN || p.PIN != c.PIN) }
		if p.lost() && p.Astray.IsZero() && (slices.ContainsFunc(c.Places, other) || p.Slot != 0 && d.slotTaken(p.Slot, p)) {
			d.mislay(p, c.ID, now)
			c.dropPlace(p.ID)
			i--
		}
	}
}

// neverCame reports whether a cloud has accepted a code again and again, at last with the digits that it has, and never shown it: the
// lock may hold them where nobody sees, and refuse them.
func (d *device) neverCame(c *code) bool {
	return d.Device.Traits.CloudList && c.Attempts >= vainTries && !c.noRoom() && !c.PIN.IsZero() && len(c.Places) > 0 && c.Places[0].lost() && c.Places[0].PIN == c.PIN
}

// otherDigits tries digits other than those that never came, if they may change: after the first few draws ever fewer, for what the
// lock holds unseen takes its room. Else, after as many tries again, it says that only people can change them.
func (b *batch) otherDigits(d *device, c *code) {
	switch {
	case c.free() && c.Draws < redraws:
		b.redraw(d, c) // they are tried no sooner and no more often
	case c.free() && c.Attempts%vainTries == 0:
		b.redraw(d, c)
		c.Attempts++ // that was one of them
	case !c.free() && c.Attempts >= 2*vainTries:
		b.raise(d, c, issue("needs_new_pin", b.now))
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
	b.leave(c)
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
func (b *batch) handOver(d *device, c *code, policy Policy) {
	if c.Holder == "" || len(c.Places) != 1 || c.Offline != lock.OfflineNone || !c.Deleted.IsZero() || d.Flight != nil && d.Flight.Verb != CallObserve {
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
		if w := d.want(b.now, o, &policy); !w.On {
			continue
		}
		c.Places, c.dirty = nil, true
		o.PlaceNo++
		p.ID, p.Told, p.Tag = o.PlaceNo, false, cmp.Or(p.Tag, c.mark())
		o.Places, o.Written, o.dirty = []place{p}, true, true
		b.tell("internal.access_code.handed_over", d, o, "takes over from "+string(c.ID))
		return
	}
}
