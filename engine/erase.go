package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// erase returns the job that removes place p, or when to look whether it is gone.
func (d *device) erase(v view, c *code, p *place) (*job, time.Time) {
	t := &d.Device.Traits
	at := p.Over
	if c != nil {
		if o := c.over(); !o.IsZero() {
			at = o
		}
		if v.now.Before(c.NextTry) && !(c.isOver(v.now) && p.Ref != "" && p.Tried.Before(c.over())) {
			return nil, time.Time{} // edges wakes then; what failed before the end were writes, and the first erase waits for none
		}
	} else if v.now.Before(p.rest(&v.policy)) {
		return nil, time.Time{} // so here
	}
	if p.Doubt && !t.CannotList {
		return nil, time.Time{} // Stale asks for the look
	}
	if p.lost() && p.Ref == "" && !t.CannotList {
		return nil, latest(d.again(1, &v.policy), at) // no handle to erase it by: a look tells whether there is anything
	}
	if !p.Cleared.IsZero() {
		if !t.CannotList {
			return nil, d.goneLook(v, p)
		}
		if by := d.landsBy(p, &v.policy); by.IsZero() || v.now.Before(by) {
			return nil, time.Time{} // edges wakes then
		}
		return &job{intent: intent{Verb: CallClear, Code: c, Place: p.ID, At: p.Ref, Reason: "a write that was given up may have come after its erase"}, at: at}, time.Time{}
	}
	if p.Blanked {
		if look, _ := d.confirmAt(v, p); !look.IsZero() {
			return nil, look
		}
		if v.now.Before(d.resistsUntil(p)) {
			return nil, time.Time{}
		}
	}
	if p.Clears >= blankAfter && !p.Blanked && t.UpdatesInPlace && !t.AssignsPIN && p.Ref != "" {
		return &job{intent: intent{Verb: CallSet, Code: c, Place: p.ID, At: p.Ref, Want: *p, Blank: true, Reason: "it can't be erased: its digits are overwritten"}, at: at}, time.Time{}
	}
	if p.Ref == "" && t.CannotList && c != nil {
		want := *p
		if first := v.now.Add(t.StartLead + max(t.Granularity, time.Minute)); !want.Window.IsZero() && want.Window.From.Before(first) {
			want.Window = lock.Window{From: first, To: first.Add(24 * time.Hour)}.Grain(t.Granularity) // an earlier start would be refused
		}
		return &job{intent: intent{Verb: CallSet, Code: c, Place: p.ID, Want: want, Blank: true, Reason: "it may not have landed: only a write gives the handle to erase it by"}, at: at}, time.Time{}
	}
	why := "its window is over"
	switch {
	case c == nil:
		why = "nobody wishes it any more"
	case !c.Deleted.IsZero():
		why = "it was withdrawn"
	case !c.isOver(v.now):
		why = "it is not due yet"
	}
	return &job{intent: intent{Verb: CallClear, Code: c, Place: p.ID, At: p.handle(), Reason: why}, at: at}, time.Time{}
}

// handle is what a place is erased by: in turn the handle that its write answered with and the one that lists show it under, if those are
// two, for a list may be of before that write.
func (p *place) handle() lock.Ref {
	if p.Given != "" && p.Clears%2 == 0 {
		return p.Given
	}
	return p.Ref
}

// relied reports whether nobody knows if a place lets a guest in who is in the house, on a lock that can't be asked: its write or its erase is
// in doubt. It may be all that does, and stays until what is written beside it is there; where it stands itself, the lock says so then.
func (d *device) relied(now time.Time, c *code, p *place) bool {
	return d.Device.Traits.CannotList && c.inHouse(now) && !c.AcceptGap && p.Doubt && p.PIN == c.PIN &&
		(p.Window.IsZero() || p.Window.Contains(now))
}

// rest is until when an orphan that was not erased is left alone; a code's own next try says it for its places.
func (p *place) rest(policy *Policy) time.Time {
	n := p.Clears + p.ClearErr
	if n == 0 || !p.Cleared.Before(p.Tried) {
		return time.Time{}
	}
	return p.Tried.Add(backoff(policy.BackoffMin, policy.BackoffMax, n-1))
}

// landsBy is until when a write that was given up may come to a lock that can't be asked, if its place was erased before by a handle that
// is that write's too, and no other's by now; zero: there is none. A write is given as long as a cloud has to do what it accepted
// (confirm_within). What takes longer only the lock's log can tell.
func (d *device) landsBy(p *place, policy *Policy) time.Time {
	by := p.Astray.Add(policy.ConfirmWithin)
	if p.Astray.IsZero() || p.Cleared.IsZero() || p.Ref == "" || p.Blanked && !d.Device.Traits.ClientSlots || !p.Cleared.Before(by) {
		return time.Time{}
	}
	other := func(o place) bool {
		return o.Cleared.IsZero() && (o.Ref == p.Ref || p.Slot != 0 && o.Slot == p.Slot || o.PIN == p.PIN)
	}
	if slices.ContainsFunc(d.Orphans, other) || slices.ContainsFunc(d.codes, func(c *code) bool { return slices.ContainsFunc(c.Places, other) }) {
		return time.Time{}
	}
	return by
}

// resistsUntil is when to try again to erase what resisted, less and less often: its digits are seen to be destroyed, so that in
// the end a daily try is enough; where that can't be seen, it is tried again as after any failure.
func (d *device) resistsUntil(p *place) time.Time {
	if t := &d.Device.Traits; t.HidesPIN || t.CannotList || d.masks(p) {
		return p.Tried.Add(backoff(time.Minute, inHouseLook, p.Clears))
	}
	return p.Tried.Add(backoff(blankedFirst, writeOnlyRest, p.Clears-blankAfter))
}

// masks reports whether the last list did not tell the digits of what stands at a place.
func (d *device) masks(p *place) bool {
	return slices.ContainsFunc(d.held, func(x entry) bool { return x.Ref == p.Ref && x.Slot == p.Slot && x.PIN.IsZero() })
}

// restUntil is when an erase that can't be confirmed counts: a day after it was accepted, and not before the lock's own end.
func (p *place) restUntil() time.Time {
	at := p.Cleared.Add(writeOnlyRest)
	if p.Native && p.Window.To.After(at) {
		at = p.Window.To
	}
	return at
}
