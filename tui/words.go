package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// sign is a state as a person sees it: a glyph, a word and a tone that all say the same.
type sign struct {
	tone        tone
	glyph, word string
}

func (g sign) line() line { return say(g.tone, g.glyph+" "+g.word) }

// status is the sign of a code's status; a code that waits on the lock with its schedule shows it.
func (s *style) status(c engine.CodeView) sign {
	switch c.Status {
	case engine.StatusSet:
		return sign{good, s.ok, "set"}
	case engine.StatusSetting:
		return sign{busy, s.half, "setting"}
	case engine.StatusRemoving:
		return sign{warn, s.half, "removing"}
	case engine.StatusUnset:
		if c.Scheduled {
			return sign{accent, s.later, "scheduled"}
		}
		return sign{dim, s.hollow, "unset"}
	case engine.StatusUnknown:
		return sign{warn, s.unknown, "unknown"}
	}
	return sign{dim, s.gone, string(c.Status)}
}

// link is the sign of the path to a lock.
func (s *style) link(r lock.Reach) sign {
	switch r {
	case lock.Reached:
		return sign{good, s.ok, "up"}
	case lock.LockDown:
		return sign{bad, s.hollow, "lock"}
	case lock.HubDown:
		return sign{bad, s.hollow, "hub"}
	case lock.AccountDown:
		return sign{bad, s.hollow, "cloud"}
	}
	return sign{dim, s.unknown, "new"}
}

// linkWords is link as a part of a sentence.
func linkWords(r lock.Reach) string {
	switch r {
	case lock.Reached:
		return "reached"
	case lock.LockDown:
		return "the lock does not answer"
	case lock.HubDown:
		return "its hub does not answer"
	case lock.AccountDown:
		return "its cloud does not answer"
	}
	return "not looked at yet"
}

// state is the one sign of a lock that answers "so what?": the worst that holds.
func (s *style) state(r engine.DeviceRow) sign {
	switch {
	case r.Readiness == engine.ReadyWillFail:
		return sign{bad, s.bad, "will fail"}
	case r.Exposed:
		return sign{bad, s.exposed, "exposed"}
	case r.Readiness == engine.ReadyAtRisk:
		return sign{warn, s.warn, "at risk"}
	case r.Link != lock.Reached && r.Link != lock.ReachUnknown:
		return sign{bad, s.hollow, "offline"}
	case r.InFlight != "":
		return sign{busy, s.half, r.InFlight.Word()}
	case r.Errors > 0:
		return sign{warn, s.warn, "issue"}
	case r.Link == lock.ReachUnknown:
		return sign{dim, s.unknown, "new"}
	case r.Issues > 0:
		return sign{accent, s.dot, "warning"}
	}
	return sign{good, s.ok, "ok"}
}

// readiness is the sign of an arrival.
func (s *style) readiness(r engine.Readiness) sign {
	switch r {
	case engine.ReadyVerified:
		return sign{good, s.check, "verified"}
	case engine.ReadyLikely:
		return sign{accent, s.ok, "likely"}
	case engine.ReadyAtRisk:
		return sign{warn, s.warn, "at risk"}
	case engine.ReadyWillFail:
		return sign{bad, s.bad, "will fail"}
	}
	return sign{dim, s.gone, ""}
}

// slotState is the sign of a place on a lock.
func (s *style) slotState(state string) sign {
	switch state {
	case "held":
		return sign{good, s.ok, state}
	case "accepted":
		return sign{accent, s.later, state}
	case "writing", "removing":
		return sign{busy, s.half, state}
	case "unmanaged", "ghost":
		return sign{warn, s.unknown, state}
	case "spare":
		return sign{dim, s.later, state}
	}
	return sign{dim, s.hollow, state}
}

// Below these levels a battery is to be replaced, now or soon.
const (
	batteryBad = 0.15
	batteryLow = 0.3
)

// battery is a charge level in words, with a bar where there is room for one.
func (s *style) battery(b lock.Battery, bar bool) line {
	if !b.Known {
		return say(dim, s.dash)
	}
	t := good
	switch {
	case b.Level < batteryBad:
		t = bad
	case b.Level < batteryLow:
		t = warn
	}
	l := say(t, fmt.Sprintf("%3.0f%%", b.Level*100))
	if !bar {
		return l
	}
	full := int(b.Level*5 + 0.5)
	return say(t, strings.Repeat(s.full, full)).with(rule, strings.Repeat(s.empty, 5-full)).with(plain, " ").and(l)
}

// issue is one thing that is wrong, with its remedy.
func (s *style) issue(i engine.Issue) line {
	t, g := warn, s.warn
	if i.Class == engine.ClassError {
		t, g = bad, s.bad
	}
	l := say(t, g+" "+i.Message)
	if i.Remedy != "" {
		l = l.with(dim, " "+s.arrow+" "+i.Remedy)
	}
	return l
}

// evidence shows the ladder up to where a code stands.
func (s *style) evidence(e engine.Evidence) line {
	ladder := []engine.Evidence{engine.EvidenceRequested, engine.EvidenceAccepted, engine.EvidenceReported, engine.EvidenceUsed}
	at := -1
	for i, step := range ladder {
		if step == e {
			at = i
		}
	}
	var l line
	for i, step := range ladder {
		if i > 0 {
			l = l.with(rule, " "+s.across+" ")
		}
		switch {
		case i == at:
			l = l.with(good, s.ok+" "+string(step))
		case i < at:
			l = l.with(dim, s.ok+" "+string(step))
		default:
			l = l.with(rule, s.hollow+" "+string(step))
		}
	}
	return l
}

// window is the span in which a code should open.
func (s *style) window(from, to, now time.Time, zone *time.Location) string {
	switch {
	case from.IsZero() && to.IsZero():
		return "until removed"
	case to.IsZero():
		return "from " + moment(from, now, zone) + ", until removed"
	case from.IsZero():
		return "until " + moment(to, now, zone)
	}
	return moment(from, now, zone) + " " + s.arrow + " " + moment(to, now, zone)
}

// spanOf tells a length of time in one or two units.
func spanOf(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 24*time.Hour:
		return units(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	case d < 10*24*time.Hour:
		return units(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

func units(large int, unit string, small int, part string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", large, unit)
	}
	return fmt.Sprintf("%d%s %d%s", large, unit, small, part)
}

// shortSpan is spanOf in at most six cells: only the large unit from ten hours on.
func shortSpan(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd", int(d.Hours())/24)
	case d >= 10*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return spanOf(d)
}

// fromNow tells when an instant is, seen from now.
func fromNow(t, now time.Time) string {
	switch d := t.Sub(now); {
	case t.IsZero():
		return ""
	case d > -time.Second && d < time.Second:
		return "now"
	case d > 0:
		return "in " + spanOf(d)
	default:
		return spanOf(d) + " ago"
	}
}

// until is how long it takes to t; what is due is due now.
func until(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case !t.After(now):
		return "now"
	}
	return spanOf(t.Sub(now))
}

// traits tells what a lock can do, most useful first.
func traits(t lock.Traits) []string {
	var out []string
	switch {
	case t.OfflineOnly:
		out = append(out, "takes algorithmic codes only")
	case t.NativeSchedule && t.OpenEnded:
		out = append(out, "keeps schedules itself, with or without an end")
	case t.NativeSchedule:
		out = append(out, "keeps schedules itself")
	default:
		out = append(out, "keeps no schedule: codes are written just in time")
	}
	lengths := t.Lengths()
	digits := fmt.Sprintf("PINs of %d digits", lengths[0])
	if last := lengths[len(lengths)-1]; last != lengths[0] {
		digits = fmt.Sprintf("PINs of %d to %d digits", lengths[0], last)
	}
	if t.AssignsPIN {
		digits = "the provider chooses the PIN"
	}
	out = append(out, digits)
	for _, w := range []struct {
		holds bool
		text  string
	}{
		{t.UpdatesInPlace, "changes codes in place"},
		{t.Stages, "can hold a code disabled"},
		{t.CannotList, "nothing can be read back"},
		{t.HidesPIN && !t.CannotList, "hides digits when read"},
		{t.HidesWindow && !t.CannotList, "hides schedules when read"},
		{t.CloudList && !t.CannotList, "is read through its cloud's list"},
		{t.ReportsEntry, "tells who opened"},
		{t.NoBackupPool, "no backup codes"},
		{t.RefusesReuse, "refuses a PIN that stands already"},
		{t.DSTNaive, "its clock ignores summer time"},
		{t.Granularity > time.Minute, "rounds times to " + spanOf(t.Granularity)},
		{len(t.Offline) > 0 && !t.OfflineOnly, "takes algorithmic codes too"},
	} {
		if w.holds {
			out = append(out, w.text)
		}
	}
	return out
}

// pinRules tells which PINs a lock takes, for the one who chooses them.
func pinRules(t lock.Traits) []string {
	var out []string
	for _, c := range t.Constraints {
		switch c.Kind {
		case lock.NoZeros:
			out = append(out, "no 0")
		case lock.CannotContain089:
			out = append(out, "no 0, 8 or 9")
		case lock.CannotContain0789:
			out = append(out, "no 0, 7, 8 or 9")
		case lock.CannotStartWith12:
			out = append(out, "not 12 first")
		case lock.NoTripleConsecutive:
			out = append(out, "no four in a row")
		case lock.NoSequence:
			out = append(out, "no 1234")
		case lock.AtLeastThreeUnique:
			out = append(out, "three different digits")
		case lock.NotAllSame:
			out = append(out, "not all the same")
		case lock.UniqueFirstFour:
			out = append(out, "first four differ")
		}
	}
	return out
}

// pin is a code's PIN as a row shows it: digits only while revealed.
func (sh *shell) pin(c engine.CodeView) line {
	switch {
	case sh.shown.code == c.ID && !sh.shown.pin.IsZero():
		return say(accent, sh.shown.pin.Reveal())
	case c.Waiting:
		return say(dim, "waiting")
	case !c.HasPIN:
		return say(rule, sh.style.dash)
	}
	return say(dim, sh.style.dots)
}

// remark is what is most worth saying of a code in a few cells.
func (sh *shell) remark(c engine.CodeView) line {
	s := sh.style
	switch {
	case !c.Exposure.Since.IsZero():
		return say(bad, s.exposed+" exposed "+spanOf(sh.now.Sub(c.Exposure.Since)))
	case len(c.Issues) > 0:
		return s.issue(c.Issues[0])
	case c.PulledFor != "":
		return say(accent, "a backup that was given")
	case c.Backup:
		return say(dim, "spare")
	case c.InHouse:
		return say(good, "in-house")
	}
	if c.Reason == "due" {
		return say(dim, "should be on the lock")
	}
	return say(dim, c.Reason)
}
