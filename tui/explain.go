package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// explanation shows why a code is where it is, as a tree of sentences.
type explanation struct {
	sh    *shell
	code  lock.CodeID
	place door
	title string
	why   []engine.Cause
	top   int
}

func newExplanation(sh *shell, c engine.CodeView, at door) *explanation {
	return &explanation{sh: sh, code: c.ID, place: at, title: "Why: " + codeName(c) + " on " + at.name}
}

func (x *explanation) Title() string { return x.title }

func (x *explanation) Keys() []key.Binding {
	return []key.Binding{x.sh.keys.up, x.sh.keys.down, bind("esc", "close", "esc")}
}

func (x *explanation) cli() string { return fmt.Sprintf(cliExplain, quoted(string(x.code))) }

func (x *explanation) request() request {
	return request{to: x, queries: []engine.Query{{View: engine.ViewExplain, Code: x.code}}}
}

func (x *explanation) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		x.why = msg.snaps[0].Why
		if msg.zone != nil {
			x.place.zone = msg.zone
		}
	case tea.KeyMsg:
		w, h := x.sh.body()
		w, h = x.size(w, h)
		keys := x.sh.keys
		switch {
		case key.Matches(msg, keys.up):
			x.top--
		case key.Matches(msg, keys.down):
			x.top++
		case key.Matches(msg, keys.pageDown):
			x.top += h - 3
		case key.Matches(msg, keys.pageUp):
			x.top -= h - 3
		case key.Matches(msg, keys.explain), msg.Type == tea.KeyEnter:
			return x.sh.close(x)
		}
		x.top = max(0, min(x.top, len(x.tree(w-6))-(h-2)))
	}
	return nil
}

func (x *explanation) size(w, h int) (int, int) {
	bw := w // a narrow screen has no room for what is beneath
	if w > 92 {
		bw = 88
	}
	return bw, min(h, len(x.tree(bw-6))+2)
}

func (x *explanation) View(w, h int) string {
	rows := x.tree(w - 6)
	top := max(0, min(x.top, len(rows)-(h-2)))
	return x.sh.dialog(w, h, x.title, rows[top:])
}

// tree lays the causes out, each reason below what it explains.
func (x *explanation) tree(w int) []line {
	if x.why == nil {
		return []line{nil, say(dim, "asking the engine "+x.sh.style.more), nil}
	}
	var rows []line
	for _, c := range x.why {
		rows = append(rows, x.branch(c, nil, w)...)
	}
	return rows
}

func (x *explanation) branch(c engine.Cause, lead line, w int) []line {
	s, now := x.sh.style, x.sh.now
	t, glyph := plain, s.dot
	switch c.Mood {
	case engine.MoodGood:
		t, glyph = good, s.check
	case engine.MoodWaits:
		t, glyph = warn, s.half
	case engine.MoodBad:
		t, glyph = bad, s.bad
	}
	text := x.sh.names.in(c.Text)
	when := ""
	if !c.At.IsZero() {
		zone := x.place.zone
		if zone == nil {
			zone = x.sh.zone
		}
		when = "  " + moment(c.At, now, zone) + ", " + fromNow(c.At, now)
	}
	var rows []line
	parts := wrap(plain, text, max(20, w-lead.width()-2-width(when)))
	for i, p := range parts {
		l := slices.Clone(lead).with(t, glyph+" ")
		if i > 0 {
			l = say(plain, strings.Repeat(" ", lead.width()+2))
		}
		l = l.and(p)
		if i == len(parts)-1 {
			l = l.with(dim, when)
		}
		rows = append(rows, l)
	}
	for i, b := range c.Because {
		twig := s.teeRight + s.across + " "
		if i == len(c.Because)-1 {
			twig = s.corners[2] + s.across + " "
		}
		rows = append(rows, x.branch(b, say(plain, strings.Repeat(" ", lead.width())).with(rule, "  "+twig), w)...)
	}
	return rows
}
