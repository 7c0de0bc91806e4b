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

// StoryLine is something that happened in a simulated world: a step, a call, a fault, what a lock did. The journal tells what
// the engine believes; the story tells what is so.
type StoryLine struct {
	N      int64 // grows from line to line, from 1
	At     time.Time
	Kind   string // step, call, outcome, lock, try, fault, heal, fired, engine, breach, …
	Name   string // what of it: a verb, a verdict, a kind of fault
	Device lock.DeviceID
	Code   lock.CodeID
	Text   string
	Failed bool // a promise or an expectation that was not met
}

// story is the live tail of a simulated world.
type story struct{ tail[StoryLine] }

func newStory(sh *shell) *story {
	t := &story{tail[StoryLine]{sh: sh, title: "Story"}}
	t.number = func(l StoryLine) int64 { return l.N }
	t.at = func(l StoryLine) time.Time { return l.At }
	t.text = func(l StoryLine) string {
		return strings.ToLower(l.Kind + " " + l.Name + " " + string(l.Device) + " " + string(l.Code) + " " + sh.names.lock(l.Device) + " " + sh.names.code(l.Code) + " " + l.Text)
	}
	t.detail = func(l StoryLine) line {
		return say(dim, l.At.In(sh.zone).Format("15:04:05.000")+" "+strings.TrimSpace(sh.names.lock(l.Device)+" "+sh.names.code(l.Code))+"  ").with(plain, l.Text)
	}
	t.table = table[StoryLine]{columns: t.columns(), id: func(l StoryLine) string { return fmt.Sprint(l.N) }}
	return t
}

func (t *story) request() request {
	return request{to: t, maybe: true, queries: t.sh.names.unnamed(func(line func(lock.DeviceID, lock.CodeID)) {
		for _, l := range t.table.shown(t.rows()) {
			line(l.Device, l.Code)
		}
	})}
}

func (t *story) door() (door, bool) {
	l, ok := t.table.current()
	return door{id: l.Device, name: t.sh.names.lock(l.Device)}, ok && l.Device != ""
}

func (t *story) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		cmd := t.take(msg.story)
		if len(msg.story) > 0 { // their names
			return tea.Batch(cmd, t.sh.changed())
		}
		return cmd
	case tea.KeyMsg:
		if !t.press(msg) && key.Matches(msg, t.sh.keys.open) {
			if l, ok := t.table.current(); ok && l.Device != "" {
				return t.sh.open(newDevice(t.sh, engine.DeviceRow{ID: l.Device, Name: t.sh.names.lock(l.Device)}))
			}
		}
	}
	return nil
}

func (t *story) columns() []column[StoryLine] {
	return []column[StoryLine]{
		{title: "TIME", width: 12, cell: func(l StoryLine) line { return say(dim, l.At.In(t.sh.zone).Format("Mon 15:04:05")) }},
		{title: "LOCK", width: 16, flex: 1, cell: func(l StoryLine) line { return say(plain, t.sh.names.lock(l.Device)) }},
		{title: "WHAT", width: 18, flex: 1, cell: t.what},
		{title: "CODE", width: 9, flex: 1, from: 90, cell: func(l StoryLine) line { return say(plain, t.sh.names.code(l.Code)) }},
		{title: "", width: 12, flex: 4, cell: func(l StoryLine) line { return say(dim, l.Text) }},
	}
}

// what is the sign of a line's kind.
func (t *story) what(l StoryLine) line {
	s := t.sh.style
	g := sign{plain, s.dot, l.Kind + " " + l.Name}
	switch {
	case l.Failed:
		g = sign{bad, s.bad, strings.TrimSpace(l.Kind + " " + l.Name)}
	case l.Kind == "step":
		g = sign{brand, s.arrow, l.Name}
	case l.Kind == "call":
		g = sign{busy, s.half, "call " + l.Name}
	case l.Kind == "outcome":
		g = sign{dim, s.check, "outcome " + l.Name}
	case l.Kind == "lock":
		g = sign{good, s.ok, "lock " + l.Name}
	case l.Kind == "try" && l.Name == "opens":
		g = sign{good, s.check, "opens"}
	case l.Kind == "try":
		g = sign{warn, s.cross, l.Name}
	case l.Kind == "fault", l.Kind == "fired":
		g = sign{warn, s.warn, l.Kind + " " + l.Name}
	}
	return g.line()
}
