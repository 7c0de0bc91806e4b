package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// code shows one access code: its life, how sure we are of it, and what happens next and why.
type code struct {
	sh    *shell
	id    lock.CodeID
	place door // its lock; the id is empty until it is known
	view  engine.CodeView
	why   *explanation // what a tall screen shows below; it is also the dialog of e
	ready bool
}

// tallCode is the height from which a code is shown with its reasons.
const tallCode = 30

func newCode(sh *shell, id lock.CodeID, at door) *code { return &code{sh: sh, id: id, place: at} }

func (c *code) Title() string { return codeName(c.view) }

func (c *code) Keys() []key.Binding { return c.sh.keys.code() }

func (c *code) request() request {
	r := request{to: c, queries: []engine.Query{{View: engine.ViewCode, Code: c.id}}}
	if _, h := c.sh.body(); h >= tallCode {
		r.queries[0].View = engine.ViewExplain // the code comes with it
	}
	if c.place.id != "" {
		r.queries = append(r.queries, engine.Query{View: engine.ViewDevice, Device: c.place.id})
	}
	return r
}

func (c *code) door() (door, bool) { return c.place, c.place.id != "" }

func (c *code) cli() string { return fmt.Sprintf(cliExplain, quoted(string(c.id))) }

func (c *code) chosenCode() (lock.CodeID, string) { return c.id, codeName(c.view) }

func (c *code) bars(verb string) string {
	if !c.ready {
		return "the code is not read yet"
	}
	return barsCode(verb, c.view)
}

func (c *code) at() *time.Location {
	if c.place.zone != nil {
		return c.place.zone
	}
	return c.sh.zone
}

func (c *code) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return c.take(msg)
	case tea.KeyMsg:
		if c.ready {
			cmd, _ := c.sh.act(msg, c.view, c.place)
			return cmd
		}
	}
	return nil
}

func (c *code) take(a answer) tea.Cmd {
	for _, s := range a.snaps {
		if s.Why != nil {
			if c.why == nil {
				c.why = &explanation{sh: c.sh, code: c.id, place: c.place}
			}
			c.why.why, c.why.place = s.Why, c.place
			s.Device = nil
		}
		if d := s.Device; d != nil {
			c.place = door{id: d.ID, name: d.Name, hub: d.Hub, account: d.Account, zone: a.zone}
			continue
		}
		for _, v := range s.Codes {
			if v.ID == c.id {
				c.view, c.ready = v, true
			}
		}
	}
	if c.ready && c.place.id == "" {
		c.place.id = c.view.Device
		return c.sh.changed()
	}
	return nil
}

func (c *code) View(w, h int) string {
	s := c.sh.style
	if !c.ready {
		return strings.Join(s.panel(w, h, say(strong, string(c.id)), nil, []string{s.draw(say(dim, "  reading the code "+s.more), cells{width: w - 2})}), "\n")
	}
	title := say(strong, codeName(c.view)).with(rule, " "+s.across+" ").with(dim, c.place.name)
	facts := append(c.facts(w-4), c.troubles(w-4)...)
	rows := append(append(c.life(w-4), nil), facts...)
	if len(rows) > h-2 { // what helps is worth more than the life line
		if rows = facts; len(rows) > h-2 {
			rows = append(rows[:h-3:h-3], say(dim, s.more+" e explains it all"))
		}
	}
	if left := h - 2 - len(rows); c.why != nil && h >= tallCode && left > 4 {
		rows = append(rows, nil, say(accent, "why"))
		tree := c.why.tree(w - 4)
		if len(tree) > left-2 {
			tree = append(tree[:left-3], say(dim, "  "+s.more+" e shows it all"))
		}
		rows = append(rows, tree...)
	}
	body := make([]string, len(rows))
	for i, r := range rows {
		body[i] = s.draw(line{{plain, " "}}.and(r), cells{width: w - 2})
	}
	return strings.Join(s.panel(w, h, title, s.status(c.view).line(), body), "\n")
}

// life draws the code's life line: what was, now, and what is expected.
func (c *code) life(w int) []line {
	s, now := c.sh.style, c.sh.now
	moments := c.view.Line
	if c.view.Status != engine.StatusGone {
		moments = withNow(moments, now)
	}
	cut := false
	widths, need := lengths(moments, now, c.at())
	for need > w && len(moments) > 2 {
		moments, cut = moments[1:], true
		widths, need = lengths(moments, now, c.at())
	}
	if len(moments) == 0 {
		return nil
	}
	spare := max(0, w-need) / len(moments)
	var names, track, times line
	for i, m := range moments {
		t, glyph := good, s.ok
		switch {
		case m.What == "now":
			t, glyph = accent, s.here
		case !m.Done:
			t, glyph = dim, s.hollow
		}
		rail, rt := s.heavy, good
		if !m.Done || m.What == "now" {
			rail, rt = s.across, rule
		}
		if i == len(moments)-1 {
			rail = " "
		}
		what := m.What
		if i == 0 && cut {
			what = s.more + what
		}
		each := widths[i] + min(spare, 8)
		names = names.and(cell(t, what, each, s))
		track = append(track, span{t, glyph}, span{rt, strings.Repeat(rail, max(0, each-1))})
		times = times.and(cell(dim, moment(m.At, now, c.at()), each, s))
	}
	return []line{nil, names, track, times}
}

// lengths is how many cells each moment needs, and all of them.
func lengths(moments []engine.Moment, now time.Time, zone *time.Location) (each []int, sum int) {
	each = make([]int, len(moments))
	for i, m := range moments {
		each[i] = min(24, max(width(m.What), width(moment(m.At, now, zone)))+3)
		sum += each[i]
	}
	return each, sum
}

// withNow puts now where it belongs among the moments.
func withNow(moments []engine.Moment, now time.Time) []engine.Moment {
	at := len(moments)
	for i, m := range moments {
		if !m.Done {
			at = i
			break
		}
	}
	out := append([]engine.Moment{}, moments[:at]...)
	out = append(out, engine.Moment{At: now, What: "now", Done: true})
	return append(out, moments[at:]...)
}

// cell is a text in exactly w cells, the last of them empty.
func cell(t tone, text string, w int, s *style) line {
	l := say(t, text)
	if l.width() > w-1 {
		l = l.cut(w-1, s.more)
	}
	return append(l, span{plain, strings.Repeat(" ", w-l.width())})
}

func (c *code) facts(w int) []line {
	s, v, now := c.sh.style, c.view, c.sh.now
	fact := func(name string, l line) line { return say(dim, fmt.Sprintf("%-10s", name)).and(l) }
	pin := c.sh.pin(v)
	if v.Told.IsZero() {
		pin = pin.with(dim, "  not told to anybody")
	} else {
		pin = pin.with(dim, "  told "+fromNow(v.Told, now))
	}
	rows := []line{
		fact("PIN", pin),
		fact("window", c.window()),
		fact("delivery", c.delivery()),
		fact("evidence", s.evidence(v.Evidence).with(dim, c.proven())),
	}
	if v.Readiness != "" {
		l := s.readiness(v.Readiness).line()
		if v.Cause != "" {
			l = l.with(plain, ": "+v.Cause)
		}
		rows = append(rows, fact("arrival", l))
		for i, part := range wrap(accent, v.Action, w-12) {
			if v.Action == "" {
				break
			}
			lead := say(accent, s.arrow+" ")
			if i > 0 {
				lead = say(plain, "  ")
			}
			rows = append(rows, fact("", lead.and(part)))
		}
	}
	for i, l := range c.plan(w - 10) {
		name := ""
		if i == 0 {
			name = "next"
		}
		rows = append(rows, fact(name, l))
	}
	if pending := c.pending(); len(pending) > 0 {
		rows = append(rows, fact("pending", pending))
	}
	if l := c.standIn(); len(l) > 0 {
		rows = append(rows, fact("backup", l))
	}
	return rows
}

func (c *code) window() line {
	v, now := c.view, c.sh.now
	l := say(plain, c.sh.style.window(v.Starts, v.Ends, now, c.at()))
	switch {
	case v.Status == engine.StatusGone:
		l = l.with(dim, ", gone "+fromNow(v.Gone, now))
	case !v.Starts.IsZero() && now.Before(v.Starts):
		l = l.with(dim, ", starts "+fromNow(v.Starts, now))
	case !v.Ends.IsZero() && now.Before(v.Ends):
		l = l.with(dim, ", ends "+fromNow(v.Ends, now))
	case !v.Ends.IsZero():
		l = l.with(dim, ", ended "+fromNow(v.Ends, now))
	}
	if v.InHouse {
		l = l.with(good, "  in-house")
	}
	return l
}

func (c *code) delivery() line {
	v := c.view
	var l line
	switch {
	case v.Offline != "":
		l = say(plain, "algorithmic, "+string(v.Offline))
	case v.Native:
		l = say(plain, "native schedule")
	case v.Type == engine.Ongoing:
		l = say(plain, "ongoing")
	default:
		l = say(plain, "just in time")
	}
	if v.Why != "" {
		l = l.with(dim, ": "+v.Why)
	}
	return l
}

func (c *code) proven() string {
	if c.view.EvidenceAt.IsZero() {
		return ""
	}
	return "  " + fromNow(c.view.EvidenceAt, c.sh.now)
}

func (c *code) plan(w int) []line {
	v, now := c.view, c.sh.now
	text := c.sh.names.in(v.Reason)
	switch text {
	case "":
		text = "nothing to do"
	case "due":
		text = "it should be on the lock now"
	}
	if !v.NextTry.IsZero() {
		text += fmt.Sprintf(" (next try %s, %s", moment(v.NextTry, now, c.at()), fromNow(v.NextTry, now))
		if v.Attempts > 0 {
			text += fmt.Sprintf(", after %d", v.Attempts)
		}
		text += ")"
	}
	return wrap(plain, text, w)
}

func (c *code) pending() line {
	var l line
	for i, m := range c.view.Pending {
		if i > 0 {
			l = l.with(rule, "  ")
		}
		l = l.with(busy, c.sh.style.half+" "+strings.ReplaceAll(string(m.Code), "_", " "))
		if m.Due.After(c.sh.now) {
			l = l.with(dim, " due "+moment(m.Due, c.sh.now, c.at())+", "+fromNow(m.Due, c.sh.now))
		} else {
			l = l.with(dim, " now")
		}
	}
	return l
}

func (c *code) standIn() line {
	switch v := c.view; {
	case v.Pulled != "":
		return say(accent, "a spare stands in for this code: "+c.sh.names.code(v.Pulled))
	case v.PulledFor != "":
		return say(accent, "a backup that was given")
	case v.Backup:
		return say(dim, "a spare of the pool")
	case v.BackupAvailable:
		return say(dim, "a spare is ready: b gives it")
	}
	return nil
}

// troubles are the exposure and the issues, with what helps.
func (c *code) troubles(w int) []line {
	s, v, now := c.sh.style, c.view, c.sh.now
	var rows []line
	if x := v.Exposure; !x.Since.IsZero() || x.Unverified || x.Past > 0 {
		rows = append(rows, nil, exposure(s, x, now))
	}
	for _, is := range v.Issues {
		t, g := warn, s.warn
		if is.Class == engine.ClassError {
			t, g = bad, s.bad
		}
		rows = append(rows, nil, say(t, g+" "+is.Message).with(dim, "  since "+moment(is.Since, now, c.at())))
		if is.Remedy != "" {
			for i, l := range wrap(plain, is.Remedy, w-4) {
				lead := line{{accent, "  " + s.arrow + " "}}
				if i > 0 {
					lead = line{{plain, "    "}}
				}
				rows = append(rows, lead.and(l))
			}
		}
	}
	return rows
}
