package sim

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// refusal is a definite no of a lock, its cloud or its hub.
type refusal struct {
	kind   driver.Kind
	blame  driver.Blame
	vendor string
}

func reject(vendor string) *refusal { return &refusal{driver.Rejected, driver.BlameRequest, vendor} }

func unsupported(vendor string) *refusal {
	return &refusal{driver.Unsupported, driver.BlameRequest, vendor}
}

// check holds want against the rules of the profile and against the entries that stand in list; own is the index of the
// entry that want replaces, or -1. zoned is false where nobody has told the lock its time zone.
func (p *Profile) check(want *lock.Credential, list []entry, own int, now time.Time, zoned bool) *refusal {
	t := &p.Traits
	switch {
	case t.OfflineOnly:
		return unsupported("algorithmic_codes_only")
	case !want.Enabled && !t.Stages:
		return unsupported("cannot_hold_disabled_codes")
	}
	if r := p.checkWindow(want.Window, now, zoned); r != nil {
		return r
	}
	if own < 0 || want.PIN.IsZero() || list[own].PIN != want.PIN {
		if r := p.checkPIN(want.PIN); r != nil {
			return r
		}
	}
	if r := p.checkName(want, list, own); r != nil {
		return r
	}
	return p.checkOthers(want, list, own, t.RefusesReuse)
}

func (p *Profile) checkWindow(w lock.Window, now time.Time, zoned bool) *refusal {
	t := &p.Traits
	switch {
	case w.IsZero():
		return nil
	case !t.NativeSchedule:
		return unsupported("schedules_not_supported")
	case !zoned:
		return reject("time_zone_unknown")
	case !w.Bounded() && !t.OpenEnded:
		return unsupported("end_required")
	case w.Bounded() && !w.Grain(t.Granularity).To.After(w.Grain(t.Granularity).From):
		return reject("end_before_start")
	}
	if p.has(lock.StartInFuture) && w.From.Before(now.Add(t.StartLead)) {
		return reject(string(lock.StartInFuture))
	}
	return nil
}

func (p *Profile) has(kind lock.ConstraintKind) bool {
	for _, c := range p.Traits.Constraints {
		if c.Kind == kind {
			return true
		}
	}
	return false
}

func (p *Profile) checkPIN(pin lock.PIN) *refusal {
	t := &p.Traits
	switch {
	case t.AssignsPIN && pin.IsZero():
		return nil
	case t.AssignsPIN:
		return reject(string(lock.CannotSpecifyPIN))
	case pin.IsZero():
		return reject("pin_missing")
	}
	digits := pin.Reveal()
	fits := len(t.PINLengths) == 0 && len(digits) >= 4 && len(digits) <= 8
	for _, n := range t.PINLengths {
		fits = fits || n == len(digits)
	}
	if !fits {
		return reject("invalid_code_length")
	}
	for _, c := range t.Constraints {
		if breaks(c.Kind, digits) {
			return reject(string(c.Kind))
		}
	}
	return nil
}

// obeys reports whether digits that the lock drew for itself keep the rules about digits.
func (p *Profile) obeys(pin lock.PIN) bool {
	for _, c := range p.Traits.Constraints {
		if breaks(c.Kind, pin.Reveal()) {
			return false
		}
	}
	return true
}

// breaks reports whether digits break a rule about digits alone.
func breaks(kind lock.ConstraintKind, digits string) bool {
	switch kind {
	case lock.NoZeros:
		return strings.Contains(digits, "0")
	case lock.CannotStartWith12:
		return strings.HasPrefix(digits, "12")
	case lock.NoTripleConsecutive:
		return longestRun(digits, 0) > 3 || longestRun(digits, 1) > 3 || longestRun(digits, -1) > 3
	case lock.NoSequence:
		return len(digits) > 1 && (longestRun(digits, 1) == len(digits) || longestRun(digits, -1) == len(digits))
	case lock.AtLeastThreeUnique:
		return unique(digits) < 3
	case lock.NotAllSame:
		return unique(digits) < 2
	case lock.UniqueFirstFour:
		return unique(digits[:min(4, len(digits))]) < min(4, len(digits))
	case lock.CannotContain089:
		return strings.ContainsAny(digits, "089")
	case lock.CannotContain0789:
		return strings.ContainsAny(digits, "0789")
	}
	return false
}

// longestRun is the length of the longest run in which each digit is the one before plus step.
func longestRun(digits string, step int) int {
	best, run := 1, 1
	for i := 1; i < len(digits); i++ {
		if int(digits[i]) == int(digits[i-1])+step {
			run++
		} else {
			run = 1
		}
		best = max(best, run)
	}
	return best
}

func unique(digits string) int {
	n := 0
	for i := range len(digits) {
		if strings.IndexByte(digits, digits[i]) == i {
			n++
		}
	}
	return n
}

// label is what a lock that keeps one name per entry calls it.
func label(tag, name string) string {
	if tag != "" {
		return tag
	}
	return name
}

func (p *Profile) checkName(want *lock.Credential, list []entry, own int) *refusal {
	name := clip(label(want.Tag, want.Name), p.Traits.NameMax)
	for _, c := range p.Traits.Constraints {
		switch c.Kind {
		case lock.NameLength:
			if n := utf8.RuneCountInString(name); name != "" && (n < c.Min || c.Max > 0 && n > c.Max) {
				return reject(string(lock.NameLength))
			}
		case lock.NameMustBeUnique:
			for i := range list {
				if i != own && name != "" && label(list[i].Tag, list[i].Name) == name {
					return reject(string(lock.NameMustBeUnique))
				}
			}
		}
	}
	return nil
}

// checkOthers refuses a PIN that another entry has: at the same time, or at all where the lock refuses reuse.
func (p *Profile) checkOthers(want *lock.Credential, list []entry, own int, everAgain bool) *refusal {
	if want.PIN.IsZero() {
		return nil
	}
	window := want.Window.Grain(p.Traits.Granularity)
	for i := range list {
		if e := &list[i]; i != own && e.PIN == want.PIN && (everAgain || e.Window.Overlaps(window)) {
			return &refusal{driver.Taken, driver.BlameRequest, "duplicate_pin"}
		}
	}
	return nil
}
