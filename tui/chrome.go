package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
)

// The least terminal that the program draws on.
const (
	leastWidth  = 60
	leastHeight = 15
)

// View draws the frame: header, page with whatever is over it, note and footer. It is pure.
func (m *Model) View() string {
	w, h := m.width, m.height
	switch {
	case w <= 0 || h <= 0:
		return ""
	case m.tooSmall():
		return m.apology()
	}
	out := make([]string, 0, h)
	out = append(out, m.header())
	note := m.noteLines()
	bw, bh := m.body()
	bh -= len(note) - 1 // a long note takes of the page
	body := fitted(m.page().View(bw, bh), bh)
	for _, over := range m.stack[m.pageAt()+1:] {
		ow, oh := over.(modal).size(bw, bh)
		ow, oh = min(ow, bw), min(oh, bh)
		body = m.style.overlay(body, fitted(over.View(ow, oh), oh), bw, ow)
	}
	out = append(out, body...)
	out = append(append(out, note...), m.footer())
	return strings.Join(out, "\n")
}

func fitted(view string, h int) []string {
	rows := strings.Split(view, "\n")
	if len(rows) > h {
		rows = rows[:h]
	}
	for len(rows) < h {
		rows = append(rows, "")
	}
	return rows
}

func (m *Model) apology() string {
	text := fmt.Sprintf("lockctl needs %d by %d cells; this terminal has %d by %d. q quits.", leastWidth, leastHeight, m.width, m.height)
	var rows []string
	for _, l := range wrap(plain, text, m.width) {
		rows = append(rows, m.style.draw(l, cells{width: m.width}))
	}
	return strings.Join(rows[:min(len(rows), m.height)], "\n")
}

// header shows whose time it is and how fast it goes. Simulated or live is a colour and a word.
func (m *Model) header() string {
	left := line{{brand, " lockctl"}}
	name := "live"
	if m.lab != nil {
		name = m.state.Name
	}
	left = left.with(rule, " "+m.style.along+" ").with(dim, name)
	right := m.clock()
	if m.lab == nil {
		right = right.and(line{{plain, "  "}, {chipLive, " LIVE "}, {plain, " "}})
	} else {
		right = right.and(line{{plain, "  "}, {chipSim, " SIMULATED "}, {plain, " "}})
	}
	room := m.width - right.width()
	if left.width() > room-1 {
		left = left.cut(max(0, room-1), m.style.more)
	}
	return m.style.draw(left, cells{width: room}) + m.style.draw(right, cells{width: m.width - room})
}

func (m *Model) clock() line {
	if m.now.IsZero() {
		return nil
	}
	s := m.style
	zone := m.zone
	if d, ok := m.door(); ok && d.zone != nil {
		zone = d.zone
	}
	l := say(strong, m.now.In(zone).Format("Mon 2 Jan 15:04:05")).with(dim, m.now.In(zone).Format(" MST"))
	if m.lab == nil {
		return l
	}
	l = l.with(plain, "  ")
	switch st := m.state; {
	case m.skips.stop != nil:
		l = l.with(busy, s.play+s.play+" skipping to "+moment(m.skips.to, m.now, zone))
	case st.Paused:
		l = l.with(warn, s.pause+" paused").with(dim, fmt.Sprintf(" %s%d", s.times, st.Rate))
	case st.Reached > 0 && st.Reached < 0.9*float64(st.Rate):
		l = l.with(warn, fmt.Sprintf("%s %s%d reaches %s%.0f", s.play, s.times, st.Rate, s.times, st.Reached))
	default:
		l = l.with(good, s.play).with(plain, fmt.Sprintf(" %s%d", s.times, st.Rate))
	}
	return l
}

// noteMost is how many rows a note may take.
const noteMost = 5

// noteLines are what the last command did or why it was refused, whole; or else the command line that does what is on show.
func (m *Model) noteLines() []string {
	if m.note.text == "" {
		var l line
		at, ok := m.top().(speaker)
		if !ok {
			at, ok = m.page().(speaker)
		}
		if ok && at.cli() != "" {
			l = line{{rule, " $ "}}.with(dim, at.cli())
		}
		return []string{m.style.draw(l, cells{width: m.width})}
	}
	rows := wrap(m.note.tone, m.note.text, m.width-2)
	if len(rows) > noteMost {
		rows = append(rows[:noteMost-1], rows[noteMost-1].with(m.note.tone, m.style.more))
	}
	out := make([]string, len(rows))
	for i, l := range rows {
		out[i] = m.style.draw(line{{plain, " "}}.and(l), cells{width: m.width})
	}
	return out
}

// footer shows the likeliest keys of the screen on top, as many as fit.
func (m *Model) footer() string {
	s := m.style
	top := m.top()
	end := line{}
	if _, over := top.(modal); !over && !m.typing() {
		end = s.keycap(m.keys.help, "all keys").with(plain, " ")
	}
	room := m.width - end.width() - 1
	l := line{{plain, " "}}
	for _, b := range m.offered() {
		cap := s.keycap(b, brief(b.Help().Desc)).with(plain, "  ")
		if l.width()+cap.width() > room {
			break
		}
		l = l.and(cap)
	}
	return s.draw(l, cells{width: m.width - end.width()}) + s.draw(end, cells{width: end.width()})
}

// offered are the keys that the footer shows, the likeliest first.
func (m *Model) offered() []key.Binding {
	top := m.top()
	keys := top.Keys()
	if _, over := top.(modal); !over && m.lab != nil && !m.typing() {
		first := min(4, len(keys))
		lab := []key.Binding{m.keys.keypad, m.keys.faults, m.keys.faster}
		if m.state.Paused {
			first = min(3, len(keys))
			lab = []key.Binding{m.keys.next, m.keys.pause, m.keys.keypad, m.keys.faults}
		}
		keys = slices.Concat(keys[:first], lab, keys[first:])
	}
	return keys
}

// keycap is a key and what it does.
func (s *style) keycap(b key.Binding, does string) line {
	return line{{chipKey, " " + s.keyName(b) + " "}, {dim, " " + does}}
}

// keyName is a binding's key as the terminal can show it.
func (s *style) keyName(b key.Binding) string {
	if !s.ascii {
		return b.Help().Key
	}
	return strings.NewReplacer("↑", "up", "↓", "down", "…", "-").Replace(b.Help().Key)
}

// brief is the part of a help text before its details.
func brief(help string) string {
	for _, sep := range []string{":", ";", ",", " ("} {
		help, _, _ = strings.Cut(help, sep)
	}
	return help
}

// moment is a time for people who know what time it is now: shorter the nearer it lies.
func moment(t, now time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t, now = t.In(zone), now.In(zone)
	days := t.Sub(now).Hours() / 24
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04")
	case days > -6 && days < 6:
		return t.Format("Mon 15:04")
	case days > -180 && days < 180:
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}
