package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
)

// compare finds what somebody changed at the lock. It reports whether the place is no longer what was written. fresh: the lock shows
// it for the first time.
func (b *batch) compare(d *device, c *code, p *place, x *entry, doubted, fresh bool) bool {
	t := &d.Device.Traits
	var what string
	switch {
	case p.Blanked && !x.PIN.IsZero() && x.PIN != p.PIN:
		p.unblank(x.PIN) // and the exposure never ended
		c.Past, p.Shut = c.Past-p.Shut, 0
		return true
	case p.Blanked:
		return false
	case !x.PIN.IsZero() && p.PIN.IsZero():
		b.learn(d, c, p, x.PIN.PIN)
	case !x.PIN.IsZero() && x.PIN != p.PIN:
		what = "code"
		p.PIN, p.Used, p.Hand = x.PIN, time.Time{}, x.PIN != c.PIN // who opened since is not known to be the guest
	}
	same := x.Window.Equal(p.Window) || x.Window.Grain(t.Granularity).Equal(p.Window.Grain(t.Granularity))
	if !t.HidesWindow && (!same || x.Weekly != p.Weekly) {
		switch {
		case x.Weekly != "" || p.Weekly != "" || p.Window.IsZero() || !x.Window.IsZero():
			what = cmpText(what, "time_frame")
		default:
			what = cmpText(what, "time_frame lost")
		}
		p.Window, p.Weekly, p.Native = x.Window, x.Weekly, p.Native && !x.Window.IsZero() && x.Weekly == ""
	}
	if x.Enabled && !p.Enabled {
		p.Enabled, what = true, cmpText(what, "enabled")
	}
	if what == "" {
		return false
	}
	half := (what == "time_frame lost" || what == "code and time_frame lost" && p.PIN == c.PIN) && (fresh || doubted)
	if doubted {
		policy := b.e.policyOf(d)
		if w := d.want(b.now, c, &policy); !half || w.Place.Window.IsZero() {
			return true // our own write in doubt: now it is known which of the two it was
		}
	}
	if half {
		b.failedCodeText(d, c, "failed_to_set_on_device", "the lock took the digits without their schedule")
		c.NoNative, c.NextTry = "it loses schedules", time.Time{} // it opens meanwhile: nothing is waited for
		return true
	}
	b.outsideChange(d, c, "modified", what)
	return true
}

// unblank notes that the overwrite of a place was lost: all begins again.
func (p *place) unblank(pin vaultPIN) { p.PIN, p.Blanked, p.Clears = pin, false, 0 }

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
	if policy == ExternalAllow && c.unpulled() {
		c.Deleted = b.now // what hands have touched nobody can be given: another spare takes its place
		return
	}
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
	if policy == ExternalAsk {
		i.Case, i.Remedy = CaseAsked, "retry puts it back; allowing outside changes for the code keeps it"
	}
	b.raise(d, c, i)
	if c.isOver(b.now) {
		c.NextTry = time.Time{} // it is not what resisted its erase, and may open by now
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
	c.Undone = recent
}

// content reports whether what stands on the lock is what the code asks for.
func (b *batch) content(d *device, c *code) bool {
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	return !w.On || slices.ContainsFunc(c.Places, func(p place) bool { return !p.lost() && w.holds(&p, &d.Device.Traits) })
}

// honour makes what the lock holds the wish.
func (b *batch) honour(d *device, c *code) {
	for i := range c.Places {
		p := &c.Places[i]
		c.PIN = p.PIN
		if !p.Window.IsZero() {
			c.From, c.To = cmp.Or(p.Window.From, c.From), p.Window.To
		}
	}
	c.dirty = true
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
