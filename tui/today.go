package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"

	"github.com/accesscodes/lockctl/engine"
)

// localWidth is that of "Wed 15:00".
const localWidth = 9

// newToday is home: who arrives and who leaves, the most urgent first, each with why and what helps. A filter looks through
// every live code, so that whoever is on the phone is found here.
func newToday(sh *shell) *codeList {
	l := newCodeList(sh, "Today", engine.Query{View: engine.ViewToday})
	l.keys = func() []key.Binding { return sh.keys.today() }
	s := func() *style { return sh.style }
	l.table.columns = []column[engine.CodeView]{
		{title: "STATE", width: 11, cell: func(c engine.CodeView) line { return s().today(c).line() }},
		{title: "", width: 7, cell: func(c engine.CodeView) line { return l.way(c) }},
		{title: "WHEN", width: 7, right: true, cell: func(c engine.CodeView) line { return l.clock(c) }},
		{title: "AT", width: localWidth, from: 72, cell: func(c engine.CodeView) line { return say(dim, l.local(c)) }},
		{title: "LOCK", width: 16, flex: 6, most: 28, cell: func(c engine.CodeView) line { return say(strong, doorName(c)) }},
		{title: "WHO", width: 9, flex: 1, most: 20, cell: func(c engine.CodeView) line { return say(plain, codeName(c)) }},
		{title: "WHY", width: 20, flex: 8, most: 44, from: 100, cell: func(c engine.CodeView) line { return say(dim, because(c)) }},
		{title: "DO", width: 16, flex: 6, from: 150, cell: func(c engine.CodeView) line { return say(accent, c.Action) }},
	}
	return l
}

func doorName(c engine.CodeView) string {
	if c.DeviceName != "" {
		return c.DeviceName
	}
	return string(c.Device)
}

// because is why a stay is where it is on the list.
func because(c engine.CodeView) string { return strings.TrimSuffix(reasonOf(c), " it starts") } // the row tells what starts

func reasonOf(c engine.CodeView) string {
	switch {
	case strings.HasPrefix(c.Cause, "on plan: due"):
		return "on plan: it is being written"
	case c.Cause != "":
		return c.Cause
	case !c.Exposure.Since.IsZero():
		return "its PIN still opens the door"
	case c.Status == engine.StatusRemoving:
		return "its erase is not confirmed yet"
	}
	switch {
	case c.Readiness == engine.ReadyVerified:
		return "the lock itself has shown it"
	case c.Reason == "due":
		return "it should be on the lock"
	}
	return c.Reason
}

// today is the sign of a stay: what is wrong with it, or else how sure its door is.
func (s *style) today(c engine.CodeView) sign {
	switch {
	case c.Readiness == engine.ReadyWillFail:
		return s.readiness(c.Readiness)
	case !c.Exposure.Since.IsZero():
		return sign{bad, s.exposed, "exposed"}
	case c.Readiness == engine.ReadyAtRisk:
		return s.readiness(c.Readiness)
	case c.Status == engine.StatusRemoving || c.Readiness == "":
		return s.status(c)
	}
	return s.readiness(c.Readiness)
}

// way says whether somebody comes or goes.
func (l *codeList) way(c engine.CodeView) line {
	now := l.sh.now
	switch {
	case !c.Deleted.IsZero():
		return say(dim, "revoked")
	case c.Starts.After(now):
		return say(plain, "arrives")
	case l.waiting(c):
		return say(strong, "arrived")
	case c.Ends.After(now):
		return say(dim, "leaves")
	case !c.Ends.IsZero():
		return say(dim, "left")
	}
	return say(dim, "stays")
}

// edge is the moment that matters next of a stay, or mattered last.
func (l *codeList) edge(c engine.CodeView) time.Time {
	switch {
	case !c.Deleted.IsZero():
		return c.Deleted
	case c.Starts.After(l.sh.now), l.waiting(c):
		return c.Starts
	}
	return c.Ends
}

// waiting reports whether somebody is here, or may be, and does not get in.
func (l *codeList) waiting(c engine.CodeView) bool {
	return (c.Readiness == engine.ReadyWillFail || c.Readiness == engine.ReadyAtRisk) && !c.Starts.IsZero() && !c.Starts.After(l.sh.now) && c.Ends.After(l.sh.now)
}

func (l *codeList) clock(c engine.CodeView) line {
	t, now := l.edge(c), l.sh.now
	switch {
	case t.IsZero():
		return nil
	case t.After(now) && t.Sub(now) < time.Hour:
		return say(strong, spanOf(t.Sub(now)))
	case t.After(now):
		return say(plain, shortSpan(t.Sub(now)))
	}
	if late := now.Sub(t); late >= time.Second {
		return say(warn, "-"+shortSpan(late))
	}
	return say(warn, "now")
}

// local is the same moment by the door's clock: of one beyond the week the day alone, or the month and the year, since more does not fit.
func (l *codeList) local(c engine.CodeView) string {
	at, zone := l.edge(c), l.sh.zoneNamed(c.Zone)
	switch text := moment(at, l.sh.now, zone); {
	case len(text) <= localWidth:
		return text
	case !strings.Contains(text, ":"): // another year
		return at.In(zone).Format("Jan 2006")
	}
	return at.In(zone).Format("2 Jan")
}

// tally counts the doors by what will happen at them.
func (l *codeList) tally(w int) line {
	s, t := l.sh.style, l.sh.totals
	out := say(plain, " ")
	add := func(n int, tn tone, glyph, word string) {
		if n > 0 {
			out = out.with(tn, fmt.Sprintf(" %s %d", glyph, n)).with(dim, " "+word)
		}
	}
	add(t.WillFail, bad, s.bad, "will fail")
	add(t.AtRisk, warn, s.warn, "at risk")
	if t.WillFail+t.AtRisk == 0 && t.Likely+t.Verified > 0 {
		out = out.with(good, " "+s.check+" everybody gets in")
	}
	add(t.Likely, accent, s.ok, "likely")
	add(t.Verified, good, s.check, "verified")
	var other line
	out, other = other, out
	add(t.Exposed, bad, s.exposed, "exposed")
	add(t.Offline, bad, s.hollow, "offline")
	if len(out) > 0 {
		other = other.with(rule, " "+s.along).and(out)
	}
	if all := pluralOf(t.Devices, "door") + " "; other.width()+len(all) < w {
		other = other.with(plain, strings.Repeat(" ", w-other.width()-len(all))).with(dim, all)
	}
	return other
}

// story tells the row under the cursor in sentences: who, when and where; why it is so; what helps.
func (l *codeList) story(w int) []line {
	c, ok := l.table.current()
	if !ok {
		return []line{nil, nil, nil}
	}
	s, zone := l.sh.style, l.sh.zoneNamed(c.Zone)
	first := say(strong, codeName(c))
	if t := l.edge(c); !t.IsZero() {
		first = first.with(plain, " "+l.way(c)[0].text+" "+t.In(zone).Format("Mon 2 Jan 15:04 MST")+", "+fromNow(t, l.sh.now))
	}
	first = first.with(dim, "  PIN ").and(l.sh.pin(c))
	if known := "  evidence: " + string(c.Evidence); first.width()+len(known) < w {
		first = first.with(dim, known)
	} else {
		first = first.with(dim, "  "+string(c.Evidence))
	}
	do := say(good, s.check+" nothing to do")
	switch {
	case c.Action != "":
		do = say(accent, s.arrow+" "+c.Action)
		if c.Pulled == "" && strings.Contains(c.Action, "backup") {
			if c.BackupAvailable {
				do = do.with(good, "  "+l.sh.keys.backup.Help().Key+" gives it")
			} else {
				do = do.with(warn, "  no spare is ready")
			}
		}
	case len(c.Issues) > 0 && c.Issues[0].Remedy != "":
		do = say(accent, s.arrow+" "+c.Issues[0].Remedy)
	case c.Reason == "over":
		do = say(accent, s.arrow+" watch it: the lock has yet to show that the code is gone")
	case c.Status == engine.StatusRemoving || !c.Exposure.Since.IsZero():
		do = say(accent, s.arrow+" "+c.Reason)
	}
	return []line{first, s.today(c).line().with(plain, ": "+because(c)), do}
}
