package tui

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// period is a stretch of time; a zero from was always, a zero to is without an end.
type period struct {
	from, to time.Time
	what     string
}

func (p period) covers(t time.Time) bool {
	return !t.Before(p.from) && (p.to.IsZero() || t.Before(p.to))
}

// meets reports whether it covers a part of [from, to).
func (p period) meets(from, to time.Time) bool {
	return p.from.Before(to) && (p.to.IsZero() || p.to.After(from))
}

// lane is one row of a timeline.
type lane struct {
	door                          door
	name                          string
	codes                         []engine.CodeView
	wished, held, exposed, faults []period
	always                        []period // held by codes without an end, among those of a lock
}

// lanes are the rows: of one door a lane for each code, of several one for each.
func (t *timeline) lanes() []lane {
	var out []lane
	for _, d := range t.visible() {
		data, ok := t.data[d.id]
		if !ok {
			if len(t.doors) > 1 {
				out = append(out, lane{door: d, name: d.name})
			}
			continue
		}
		faults := t.faultsOn(t.named(d))
		if len(t.doors) > 1 {
			l := lane{door: d, name: data.device.Name, faults: faults}
			for _, c := range data.codes() {
				switch stays := !c.Starts.IsZero() || !c.Ends.IsZero(); {
				case stays && (!c.Backup || c.PulledFor != "") || !c.Exposure.Since.IsZero():
					l.add(c, t.sh.now)
				case !c.Backup: // who always has a code must not hide who comes and goes
					if h, ok := heldOf(c, t.sh.now); ok {
						l.always = append(l.always, h)
					}
				}
			}
			out = append(out, l)
			continue
		}
		codes := data.codes()
		slices.SortStableFunc(codes, func(a, b engine.CodeView) int {
			if a.Starts.IsZero() != b.Starts.IsZero() { // those without a start, such as the owner's, come first
				if a.Starts.IsZero() {
					return -1
				}
				return 1
			}
			return a.Starts.Compare(b.Starts)
		})
		for _, c := range codes {
			if c.Backup && c.PulledFor == "" {
				continue
			}
			l := lane{door: d, name: codeName(c)}
			l.add(c, t.sh.now)
			out = append(out, l)
		}
		if len(faults) > 0 || len(out) == 0 {
			out = append(out, lane{door: d, name: "faults", faults: faults})
		}
	}
	return out
}

// faultsOn are the faults on the way to a door, those that have healed too, and the times at which it was not reached.
func (t *timeline) faultsOn(d door) []period {
	var out []period
	for _, id := range []string{string(d.id), string(d.hub), string(d.account)} {
		if id != "" {
			out = slices.Concat(out, t.past.outages(id, t.sh.now), t.broken[id])
		}
	}
	return out
}

// add puts a code's periods into the lane.
func (l *lane) add(c engine.CodeView, now time.Time) {
	l.codes = append(l.codes, c)
	l.wished = append(l.wished, wishOf(c))
	if h, ok := heldOf(c, now); ok {
		l.held = append(l.held, h)
	}
	switch x := c.Exposure; {
	case !x.Since.IsZero():
		l.exposed = append(l.exposed, period{from: x.Since, to: now})
	case x.Past > 0:
		if over := wishOf(c).to; !over.IsZero() {
			l.exposed = append(l.exposed, period{from: over, to: over.Add(x.Past)})
		}
	}
}

// wishOf is when the code should open.
func wishOf(c engine.CodeView) period {
	p := period{from: c.Starts, to: c.Ends}
	if p.from.Before(c.Created) {
		p.from = c.Created
	}
	if !c.Deleted.IsZero() && (p.to.IsZero() || c.Deleted.Before(p.to)) {
		p.to = c.Deleted
	}
	return p
}

// heldOf is when the lock is known to have held it, up to now.
func heldOf(c engine.CodeView, now time.Time) (period, bool) {
	p := period{to: now.Add(time.Nanosecond)} // now is known too
	if !c.Gone.IsZero() {
		p.to = c.Gone
	}
	for _, m := range c.Line {
		if m.Done && p.from.IsZero() && (m.What == "accepted" || m.What == "written" || strings.HasPrefix(m.What, "reported")) {
			p.from = m.At
		}
	}
	return p, !p.from.IsZero()
}

// axis is the scale of a timeline.
type axis struct {
	left    time.Time
	grain   time.Duration
	width   int
	now, at time.Time
	zone    *time.Location
}

// column is the cell of an instant; false: it lies outside.
func (a axis) column(t time.Time) (int, bool) {
	i := int(t.Sub(a.left) / a.grain)
	return i, !t.Before(a.left) && i < a.width
}

// ticks are the labels of the axis and where they begin.
func (a axis) ticks() map[int]string {
	out := map[int]string{}
	format, every := "15:04", time.Hour
	for _, step := range []time.Duration{15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour} {
		if every = step; int(step/a.grain) >= 9 {
			break
		}
	}
	last := -9
	for i := range a.width {
		t := a.left.Add(time.Duration(i) * a.grain).In(a.zone)
		before := t.Add(-a.grain)
		newDay := t.YearDay() != before.YearDay()
		_, offset := t.Zone()
		local := t.Unix() + int64(offset)
		_, was := before.Zone()
		at := floor(local, int64(every/time.Second)) != floor(before.Unix()+int64(was), int64(every/time.Second))
		switch {
		case newDay && (every <= 24*time.Hour || at) && i-last >= 8:
			out[i], last = t.Format("Mon 2"), i
		case at && every < 24*time.Hour && i-last >= 8:
			out[i], last = t.Format(format), i
		}
	}
	return out
}

func floor(a, b int64) int64 { return (a - ((a%b)+b)%b) / b }

// labels writes the times above the ruler.
func (a axis) labels() line {
	ticks := a.ticks()
	text := make([]rune, 0, a.width)
	for i := 0; i < a.width; i++ {
		label, ok := ticks[i]
		if !ok || i+len(label) > a.width {
			text = append(text, ' ')
			continue
		}
		text = append(text, []rune(label)...)
		i += len(label) - 1
	}
	return say(dim, string(text))
}

// ruler marks the ticks, now and the cursor.
func (a axis) ruler(s *style) line {
	ticks := a.ticks()
	now, hasNow := a.column(a.now)
	at, hasAt := a.column(a.at)
	var l line
	for i := range a.width {
		_, tick := ticks[i]
		switch {
		case hasAt && i == at:
			l = append(l, span{strong, s.down})
		case hasNow && i == now:
			l = append(l, span{accent, s.here})
		case tick:
			l = append(l, span{dim, s.along})
		default:
			l = append(l, span{rule, s.across})
		}
	}
	return l
}

// draw draws the periods of a lane.
func (a axis) draw(s *style, l lane, chosen bool) line {
	now, hasNow := a.column(a.now)
	at, hasAt := a.column(a.at)
	any := func(list []period, from, to time.Time) bool {
		return slices.ContainsFunc(list, func(p period) bool { return p.meets(from, to) })
	}
	var out line
	for i := range a.width {
		from := a.left.Add(time.Duration(i) * a.grain)
		to := from.Add(a.grain)
		wished, held := any(l.wished, from, to), any(l.held, from, to)
		c := span{plain, " "}
		switch {
		case any(l.exposed, from, to):
			c = span{bad, s.exposed}
		case wished && held:
			c = span{good, s.block}
		case wished && from.Before(a.now):
			c = span{bad, s.missed}
		case wished:
			c = span{accent, s.shade}
		case held:
			c = span{dim, s.low}
		case any(l.faults, from, to):
			c = span{warn, s.warn}
		case any(l.always, from, to):
			c = span{dim, s.low}
		}
		switch {
		case hasAt && i == at && chosen:
			if c.text == " " {
				c.text = s.here
			}
			c.tone = caret
		case hasNow && i == now && c.text == " ":
			c = span{accent, s.here}
		}
		out = append(out, c)
	}
	return out
}

// legend explains the signs.
func (a axis) legend(s *style) line {
	l := say(good, s.block).with(dim, " opens  ").with(accent, s.shade).with(dim, " to come  ").with(bad, s.missed).with(dim, " missed  ").with(dim, s.low+" held  ")
	return l.with(bad, s.exposed).with(dim, " exposed  ").with(warn, s.warn).with(dim, " fault  ").with(accent, s.here).with(dim, " now")
}

// presence tells what a code is on its door at an instant; nil: nothing.
func presence(s *style, c engine.CodeView, at, now time.Time, zone *time.Location) line {
	if c.Backup && c.PulledFor == "" {
		return nil
	}
	if zone == nil {
		zone = time.UTC
	}
	wish := wishOf(c)
	held, ok := heldOf(c, now)
	ok = ok && held.covers(at)
	until := ""
	if !wish.to.IsZero() {
		until = ", until " + moment(wish.to, at, zone)
	}
	name := strings.TrimSpace(codeName(c))
	switch x := c.Exposure; {
	case !x.Since.IsZero() && !at.Before(x.Since) && !at.After(now):
		return say(bad, s.exposed+" "+name).with(plain, " opens and should not")
	case wish.covers(at) && (ok || at.After(now) && c.Evidence != engine.EvidenceNone):
		return say(good, s.block+" "+name).with(plain, " opens"+until)
	case wish.covers(at) && at.After(now):
		return say(accent, s.shade+" "+name).with(plain, " should open"+until).with(dim, "  "+c.Why)
	case wish.covers(at):
		return say(bad, s.missed+" "+name).with(plain, " should open, and was not known to be on the lock")
	case ok:
		return say(dim, s.low+" "+name).with(plain, " is held, outside of its window")
	}
	return nil
}
