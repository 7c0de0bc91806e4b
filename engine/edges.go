package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// edgeSince reports whether something became due, or should have ended, after t: then a backoff does not hold it up.
func (d *device) edgeSince(v view, t time.Time, wants []want) bool {
	in := func(at time.Time) bool { return !at.IsZero() && at.After(t) && !at.After(v.now) }
	for i, c := range d.codes {
		from := c.From
		if from.IsZero() {
			from = latest(c.Created, c.Wished)
		}
		if in(c.over()) && len(c.Places) > 0 || in(from) && !c.isOver(v.now) || in(wants[i].Due) {
			return true
		}
	}
	return in(d.Asked)
}

// edges adds the instants at which the answer changes by itself.
func (d *device) edges(v view, x *decision) {
	later := func(t time.Time, before string, id lock.CodeID, after string) {
		if t.After(v.now) {
			x.wakeFor(t, before, id, after)
		}
	}
	for i, c := range d.codes {
		later(x.Wants[i].Edge, "", c.ID, " changes")
		later(c.From, "", c.ID, " starts")
		later(c.NextTry, "tries ", c.ID, " again")
		if c.isOver(v.now) {
			later(d.lateErase(c, &v.policy), "", c.ID, " should be gone")
		}
		later(d.lateSet(c, &x.Wants[i], &v.policy), "", c.ID, " should be set")
		if v.policy.AutoPull == PullAuto && c.kind() == TimeBound && !c.Spare && d.Pool {
			later(d.pullAt(c, x.Wants[i].delivery, &v.policy), "a backup may be needed for ", c.ID, "")
		}
		if c.unpulled() {
			later(c.Created.Add(v.policy.PoolRotate), "", c.ID, " is to be renewed")
		}
		if !c.Contended.IsZero() {
			later(c.Contended.Add(contendedRest), "", c.ID, " is put back once more")
		}
		for k := range c.Places {
			p := &c.Places[k]
			if d.Device.Traits.CannotList && !p.Cleared.IsZero() {
				later(p.restUntil(), "", c.ID, " counts as gone")
				later(d.landsBy(p, &v.policy), "", c.ID, " may have come after its erase")
			}
			if p.Blanked {
				later(d.resistsUntil(p), "tries to erase ", c.ID, " again")
			}
			if !p.Accepted.IsZero() && p.Reported.IsZero() {
				later(p.Accepted.Add(v.policy.ConfirmWithin), "", c.ID, " counts as set")
			}
		}
	}
	for i := range d.Orphans {
		p := &d.Orphans[i]
		if d.Device.Traits.CannotList && !p.Cleared.IsZero() {
			later(p.restUntil(), "an erased code counts as gone", "", "")
			later(d.landsBy(p, &v.policy), "an old code may have come after its erase", "", "")
		}
		if p.Blanked {
			later(d.resistsUntil(p), "tries to erase an old code again", "", "")
		}
		later(p.rest(&v.policy), "tries to erase an old code again", "", "")
	}
	if !d.Down.IsZero() {
		later(d.Down.Add(time.Hour), "the lock has been out of reach for an hour", "", "")
	}
}
