package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// codesShown is how many codes a list asks for; a filter brings the others.
const codesShown = 500

// codeList is a list of codes of many locks: the day's, those that a filter finds, or those that are gone.
type codeList struct {
	sh     *shell
	title  string
	query  engine.Query
	keys   func() []key.Binding
	table  table[engine.CodeView]
	total  int
	words  string
	input  field
	asking bool
	before string
	ready  bool
	focus  lock.DeviceID // where the cursor is to begin; "" once it has
}

func newCodeList(sh *shell, title string, q engine.Query) *codeList {
	q.Limit = codesShown
	l := &codeList{sh: sh, title: title, query: q}
	l.table.id = func(c engine.CodeView) string { return string(c.Device) + "/" + string(c.ID) }
	return l
}

// newCodes lists every live code, whatever its lock.
func newCodes(sh *shell, words string) *codeList {
	l := newCodeList(sh, "Codes", engine.Query{View: engine.ViewCodes})
	l.keys = func() []key.Binding { return sh.keys.codes() }
	l.words = words
	l.table.columns = l.columns()
	return l
}

// newHistory lists the codes of a lock that are gone.
func newHistory(sh *shell, at door) *codeList {
	l := newCodeList(sh, "History of "+at.name, engine.Query{View: engine.ViewHistory, Device: at.id})
	l.keys = func() []key.Binding { return []key.Binding{sh.keys.open, sh.keys.explain} }
	l.table.columns = l.columns()
	return l
}

func (l *codeList) columns() []column[engine.CodeView] {
	s := func() *style { return l.sh.style }
	return []column[engine.CodeView]{
		{title: "STATUS", width: 11, cell: func(c engine.CodeView) line { return s().status(c).line() }},
		{title: "WHO", width: 10, flex: 3, cell: func(c engine.CodeView) line { return say(strong, codeName(c)) }},
		{title: "LOCK", width: 14, flex: 4, cell: func(c engine.CodeView) line { return say(plain, doorName(c)) }},
		{title: "WINDOW", width: 27, flex: 1, cell: func(c engine.CodeView) line {
			return say(plain, s().window(c.Starts, c.Ends, l.sh.now, l.sh.zoneNamed(c.Zone)))
		}},
		{title: "EVIDENCE", width: 9, from: 86, cell: func(c engine.CodeView) line { return say(dim, string(c.Evidence)) }},
		{title: "ARRIVAL", width: 11, from: 100, cell: func(c engine.CodeView) line { return s().readiness(c.Readiness).line() }},
		{title: "", width: 14, flex: 6, from: 120, cell: func(c engine.CodeView) line { return l.sh.remark(c) }},
	}
}

func (l *codeList) Title() string { return l.title }

func (l *codeList) Keys() []key.Binding {
	if l.asking {
		return []key.Binding{bind("enter", "keep the filter", "enter"), bind("esc", "without it", "esc"), bind("↑ ↓", "move", "up", "down")}
	}
	return l.keys()
}

func (l *codeList) typing() bool { return l.asking }

func (l *codeList) retreat() bool {
	switch {
	case len(l.table.marked) > 0:
		l.table.marked = nil
	case l.words != "":
		l.words = ""
		l.table.to(0, l.rows())
	default:
		return false
	}
	return true
}

func (l *codeList) request() request {
	q := l.query
	if l.words != "" {
		q.Filter = l.sh.instants(l.words)
		if q.View == engine.ViewToday {
			q.View = engine.ViewCodes
		}
	}
	return request{to: l, queries: []engine.Query{q}}
}

// door is the chosen code's lock. Its zone stays out: a list is in the operator's.
func (l *codeList) door() (door, bool) {
	c, ok := l.table.current()
	at := l.at(c)
	at.zone = nil
	return at, ok
}

func (l *codeList) at(c engine.CodeView) door {
	return door{id: c.Device, name: doorName(c), zone: l.sh.zoneNamed(c.Zone)}
}

func (l *codeList) chosenCode() (lock.CodeID, string) {
	c, _ := l.table.current()
	return c.ID, codeName(c)
}

func (l *codeList) click(_, y int) tea.Cmd {
	if i, ok := l.table.rowAt(y-3, l.rows()+1); ok {
		if i == l.table.cursor {
			return l.press(tea.KeyMsg{Type: tea.KeyEnter})
		}
		l.table.to(i, l.rows())
	}
	return nil
}

func (l *codeList) bars(verb string) string {
	c, ok := l.table.current()
	if !ok {
		switch verb {
		case "filter", "jump", "help", "quit", "new", "":
			return ""
		}
		if has(codeVerbs(), verb) || verb == "open" || verb == "mark" {
			return "no code is chosen"
		}
		return ""
	}
	return barsCode(verb, c)
}

func (l *codeList) cli() string {
	switch c, ok := l.table.current(); {
	case l.query.View == engine.ViewHistory:
		return fmt.Sprintf(cliGone, quoted(string(l.query.Device)))
	case l.words != "":
		return fmt.Sprintf(cliFind, quoted(l.words))
	case ok:
		return fmt.Sprintf(cliCode, quoted(string(c.ID)))
	}
	return cliCodes
}

func (l *codeList) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		s := msg.snaps[0]
		l.table.fill(s.Codes, 0, len(s.Codes))
		l.total, l.ready = s.Total, true
		for i, c := range s.Codes {
			if l.focus != "" && c.Device == l.focus {
				l.focus = ""
				l.table.to(i, l.rows())
			}
		}
	case tea.KeyMsg:
		if l.asking {
			return l.ask(msg)
		}
		return l.press(msg)
	}
	return nil
}

func (l *codeList) press(k tea.KeyMsg) tea.Cmd {
	keys := l.sh.keys
	switch {
	case l.table.steer(k, keys, l.rows()), l.table.marks(k, keys, l.rows()):
		return nil
	case key.Matches(k, keys.filter):
		l.asking, l.before = true, l.words
		l.input.set(l.words)
		return nil
	case key.Matches(k, keys.export):
		return l.sh.export("codes", codesTable(l.table.rows))
	}
	c, ok := l.table.current()
	if !ok {
		if key.Matches(k, keys.create) {
			return l.sh.tell(warn, l.sh.style.warn+" choose a lock for it first: :fleet")
		}
		return nil
	}
	if many := l.table.chosen(); len(many) > 1 {
		if cmd, done := l.sh.actMany(k, many); done {
			return cmd
		}
	}
	switch {
	case key.Matches(k, keys.open):
		return l.sh.open(newCode(l.sh, c.ID, l.at(c)))
	case key.Matches(k, keys.create):
		return l.sh.open(newForm(l.sh, l.at(c)))
	}
	cmd, _ := l.sh.act(k, c, l.at(c))
	return cmd
}

func (l *codeList) ask(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		l.asking = false
		return nil
	case "esc":
		l.asking, l.words = false, l.before
		return l.sh.changed()
	case "up", "down", "pgup", "pgdown":
		l.table.steer(k, l.sh.keys, l.rows())
		return nil
	}
	if l.input.key(k) && l.input.text() != l.words {
		l.words = l.input.text()
		l.table.to(0, l.rows())
		return l.sh.changed()
	}
	return nil
}

// rows is how many rows the table shows.
func (l *codeList) rows() int {
	_, h := l.sh.body()
	return max(1, h-9)
}

func (l *codeList) View(w, h int) string {
	s := l.sh.style
	inner := w - 2
	title := say(strong, l.title)
	switch {
	case l.asking:
		title = title.with(accent, " /").and(l.input.line(30))
	case l.words != "":
		title = title.with(accent, " /"+l.words)
	}
	var note line
	if n := len(l.table.marked); n > 0 {
		note = say(accent, fmt.Sprintf("%d marked", n))
	} else if l.table.total > 0 {
		note = say(dim, fmt.Sprintf("%d of %d", l.table.cursor+1, l.total))
	}
	body := []string{s.draw(l.tally(inner), cells{width: inner}), divider}
	switch {
	case !l.ready:
		body = append(body, s.draw(say(dim, "  reading "+s.more), cells{width: inner}))
	case l.table.total == 0 && l.words != "":
		body = append(body, s.draw(say(dim, "  no code matches; esc takes the filter away"), cells{width: inner}))
	case l.table.total == 0 && l.query.View == engine.ViewToday:
		body = append(body, s.draw(say(dim, "  nobody comes within 72 h or leaves within 24 h; :fleet shows the locks"), cells{width: inner}))
	case l.table.total == 0:
		body = append(body, s.draw(say(dim, "  no codes"), cells{width: inner}))
	default:
		body = append(body, l.table.view(s, inner, h-8, "", false)...)
	}
	for len(body) < h-6 {
		body = append(body, strings.Repeat(" ", inner))
	}
	body = append(body, divider)
	for _, r := range l.story(inner) {
		body = append(body, s.draw(line{{plain, "  "}}.and(r), cells{width: inner}))
	}
	return strings.Join(s.panel(w, h, title, note, body), "\n")
}
