package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	arrivalSpan  = 72 * time.Hour // how far ahead an arrival is judged
	goneFor      = time.Hour      // a lock out of reach for this long is a risk
	fewTries     = 3              // tries that should be left before a start
	criticalLeft = 0.1            // battery level at which an arrival is at risk
	onPlan       = "on plan"      // a cause, which the reason of the code's want completes where it is shown
)

// readiness judges an arrival within 72 h, or a stay under way: will the holder get in? It is pure. The cause and the next
// best action are empty when all is well.
func (d *device) readiness(now time.Time, c *code, p *Policy, link lock.Reach) (r Readiness, cause, action string) {
	if c.isOver(now) || c.Spare && c.unpulled() || !c.Gone.IsZero() {
		return "", "", ""
	}
	if c.From.Sub(now) > arrivalSpan {
		return "", "", ""
	}
	if c.Offline != lock.OfflineNone {
		if i := c.definite(); i != nil && c.PIN.IsZero() {
			return ReadyWillFail, i.Message, i.Remedy
		}
		return d.algorithmicReadiness(now, c)
	}
	best := d.best(now, c, p)
	serving := best != nil && d.serves(now, c, best, p)
	if s := d.find(c.Pulled); s != nil {
		if q := d.best(now, s, p); q != nil && d.serves(now, s, q, p) {
			return ReadyLikely, "a backup code stands in", "make sure that the guest has its digits"
		}
	}
	if i := c.definite(); i != nil && !serving {
		return ReadyWillFail, i.Message, i.Remedy
	}
	if c.Honoured {
		return ReadyWillFail, "it was removed outside of lockctl, which is allowed", "create another code"
	}
	if has(d.Issues, "keypad_lockout") {
		return ReadyAtRisk, "the keypad is locked after wrong tries", "wait until it ends"
	}
	if has(d.Issues, "privacy_mode") {
		return ReadyAtRisk, "a mode of the lock refuses codes", "switch the mode off at the lock"
	}
	if serving {
		if left := d.Look.Battery; left.Known && left.Level <= criticalLeft {
			return ReadyAtRisk, "the battery is nearly empty", "replace it before the arrival"
		}
		switch e, _ := d.evidence(now, best, p); {
		case e == EvidenceUsed && c.inHouse(now) && d.Denied.After(best.Used):
			return ReadyLikely, "somebody was refused at the keypad since it last opened", "ask the guest, or try it at the keypad"
		case e == EvidenceReported || e == EvidenceUsed:
			return ReadyVerified, "", ""
		case c.inHouse(now) && d.Denied.After(c.From) && d.Denied.After(best.Accepted) && !best.Used.After(d.Denied):
			return ReadyAtRisk, "somebody was refused at the keypad, and the lock itself has never shown the code", "give a backup code"
		case d.Device.Traits.CannotList, d.Device.Traits.CloudList:
			return ReadyLikely, "only the cloud vouches for it", "try it at the keypad"
		case link > lock.Reached:
			return ReadyLikely, "it was on the lock when that was last seen", "bring the lock back in reach"
		}
		return ReadyLikely, "the last look is old", "look again"
	}
	return d.pendingReadiness(now, c, p, link)
}

// definite is the first error of a code that trying the same again cannot help; nil: there is none.
func (c *code) definite() *Issue {
	for k := range c.Issues {
		if i := &c.Issues[k]; i.Definite && i.Class == ClassError {
			return i
		}
	}
	return nil
}

// pendingReadiness judges a code that is not on its lock yet.
func (d *device) pendingReadiness(now time.Time, c *code, p *Policy, link lock.Reach) (Readiness, string, string) {
	const backup = "give a backup code"
	late := c.window().Contains(now)
	down := link > lock.Reached
	switch {
	case c.noRoom():
		return ReadyAtRisk, "every slot of the lock is taken", "remove a code that nobody needs"
	case late && down:
		return ReadyWillFail, "it should open now, and the lock is out of reach", backup
	case late && slices.ContainsFunc(c.Places, func(x place) bool { return !x.Accepted.IsZero() && x.Cleared.IsZero() && x.Missed.IsZero() && !x.Doubt }):
		return ReadyAtRisk, "it should open now: the cloud has taken it, and nothing shows yet that the lock has it", "try it at the keypad, or " + backup
	case late:
		return ReadyAtRisk, "it should open now and is not on the lock yet", backup
	case down && !d.Down.IsZero() && now.Sub(d.Down) > goneFor, down && d.Down.IsZero():
		return ReadyAtRisk, "the lock is out of reach", "bring the lock back in reach; have a backup code at hand"
	case c.Attempts > 0:
		return ReadyAtRisk, "the last write failed", "watch it, or give a backup code"
	case c.From.Sub(now) < fewTries*p.BackoffMin && d.want(now, c, p).On:
		return ReadyAtRisk, "hardly a try is left before it starts", backup
	case d.Look.Battery.Known && d.Look.Battery.Level <= criticalLeft:
		return ReadyAtRisk, "the battery is nearly empty", "replace it before the arrival"
	case !d.Look.At.IsZero() && now.Sub(d.Look.At) > 24*time.Hour:
		return ReadyAtRisk, "the lock was not seen for a day", "look again"
	}
	return ReadyLikely, onPlan, ""
}

func (d *device) algorithmicReadiness(now time.Time, c *code) (Readiness, string, string) {
	if c.PIN.IsZero() {
		return ReadyAtRisk, "the digits have not been issued yet", "wait, or create another code"
	}
	switch last := d.diesUnused(c); {
	case last.IsZero():
	case !now.Before(last):
		return ReadyWillFail, "it was not used in time and is dead", "issue another code"
	case !now.Add(4 * time.Hour).Before(last):
		return ReadyAtRisk, "it dies unless it is used by " + d.when(last), "issue another code if the guest is late"
	}
	return ReadyVerified, "", ""
}

// diesUnused is when an algorithmic code that was not used, as far as is known, opens no more; zero: never.
func (d *device) diesUnused(c *code) time.Time {
	within := d.Device.Traits.FirstUseWithin
	if last := c.From.Add(within); c.Offline != lock.OfflineNone && within > 0 && c.usedAt().IsZero() && (c.To.IsZero() || last.Before(c.To)) {
		return last
	}
	return time.Time{}
}

// usedAt is when the code last opened the door; zero: never, as far as is known.
func (c *code) usedAt() time.Time {
	var at time.Time
	for i := range c.Places {
		if c.Places[i].Used.After(at) {
			at = c.Places[i].Used
		}
	}
	return at
}
