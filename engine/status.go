package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// serves reports whether the place lets the code's holder in, as far as is known, once its window is open.
func (d *device) serves(now time.Time, c *code, p *place, policy *Policy) bool {
	if c.Offline != lock.OfflineNone {
		return !p.Accepted.IsZero() && !p.PIN.IsZero()
	}
	if p.PIN != c.PIN || c.PIN.IsZero() || p.Weekly != "" || p.Blanked || p.Disabled || !p.Cleared.IsZero() {
		return false
	}
	if w := p.Window; !p.Enabled || !w.IsZero() && c.window().Contains(now) && !w.Contains(now) {
		return false
	}
	return p.Kept || d.settled(now, p, policy)
}

// status derives what the users of a code are told. It is pure and never stored, but for telling changes.
func (d *device) status(now time.Time, c *code, w *want, policy *Policy, auth bool) Status {
	switch {
	case !c.Gone.IsZero():
		return StatusGone
	case auth && c.Offline == lock.OfflineNone:
		return StatusUnknown
	case c.isOver(now):
		return StatusRemoving
	}
	for i := range c.Places {
		p := &c.Places[i]
		if !d.serves(now, c, p, policy) {
			continue
		}
		if p.Native && !c.window().Started(now) {
			return StatusUnset
		}
		if c.window().Contains(now) || !p.Native && w.On {
			return StatusSet
		}
	}
	for i := range c.Places {
		if c.Places[i].Disabled {
			return StatusUnset
		}
	}
	switch {
	case c.Honoured:
		return StatusUnset
	case w.On && (!w.Native || c.window().Started(now)) && !(len(c.Places) > 0 && !c.Places[0].Enabled && !c.window().Started(now)):
		return StatusSetting
	}
	return StatusUnset
}

// evidence is how sure we are of a place now, and since when.
func (d *device) evidence(now time.Time, p *place, policy *Policy) (Evidence, time.Time) {
	young := func(t time.Time) bool {
		return !t.IsZero() && now.Sub(t) < policy.EvidenceTTL && !t.Before(d.Aged)
	}
	switch {
	case p.Accepted.IsZero():
		return EvidenceRequested, p.Wrote
	case young(p.Used):
		return EvidenceUsed, p.Used
	case young(p.Reported):
		return EvidenceReported, p.Reported
	}
	return EvidenceAccepted, p.Accepted
}

// best is the place that speaks for the code: the one that serves, else the newest.
func (d *device) best(now time.Time, c *code, policy *Policy) *place {
	for i := range c.Places {
		if d.serves(now, c, &c.Places[i], policy) {
			return &c.Places[i]
		}
	}
	if n := len(c.Places); n > 0 {
		return &c.Places[n-1]
	}
	return nil
}
