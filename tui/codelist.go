package tui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// todayShown is how many codes the day's list asks for: the most urgent. A filter brings the others.
const todayShown = 500

// codeList is a list of codes of many locks: the day's, those that a filter finds, or those that are gone.
type codeList struct {
	sh     *shell
	title  string
	view   engine.View
	pages  pager[engine.CodeView]
	keys   func() []key.Binding
	table  table[engine.CodeView]
	total  int      // of the day's list, those out of sight too
	feed   *journal // what happens to the codes of the list; nil: not asked for
	words  string
	input  field
	asking bool
	before string
	ready  bool
	wrong  string        // with the words; "": nothing
	focus  lock.DeviceID // where the cursor is to begin; "" once it has
}

func newCodeList(sh *shell, title string, q engine.Query) *codeList {
	l := &codeList{sh: sh, title: title, view: q.View}
	l.pages = newPager(q, false, func(s engine.Snapshot) []engine.CodeView { return s.Codes })
	if q.View == engine.ViewToday {
		l.pages.size = todayShown
	}
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
		{title: "WHO", width: 10, flex: 3, most: 26, cell: func(c engine.CodeView) line { return say(strong, codeName(c)) }},
		{title: "LOCK", width: 14, flex: 4, most: 30, cell: func(c engine.CodeView) line { return say(plain, doorName(c)) }},
		{title: "WINDOW", width: 27, flex: 1, most: 30, cell: func(c engine.CodeView) line {
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
	case l.feed != nil:
		l.feed = nil
	case l.words != "":
		l.find("")
	default:
		return false
	}
	return true
}

func (l *codeList) request() request {
	q := &l.pages.query
	q.Filter, q.View, q.Sort = when.Filter(l.words, l.sh.now, l.sh.zone), l.view, ""
	if l.view == engine.ViewToday && l.words != "" {
		q.View, q.Sort = engine.ViewCodes, engine.SortUrgency // whoever is on the phone need not be of today
	}
	r := request{to: l, queries: l.pages.queries()}
	if l.feed != nil {
		r.journal = l.feed.request().journal
	}
	return r
}

// find lists what words choose, from its beginning.
func (l *codeList) find(words string) {
	l.words = words
	l.pages.again(l.pages.query)
	l.table.to(0, l.rows())
}

func (l *codeList) mistaken(err error) { l.wrong = sentence(err) }

// take fills the list.
func (l *codeList) take(a answer) tea.Cmd {
	rows, base, total, missing := l.pages.take(a.snaps)
	l.table.fill(rows, base, total)
	l.ready, l.wrong, l.total = true, "", total
	if l.view == engine.ViewToday && l.words == "" {
		l.total = a.snaps[0].Total
	}
	for i, c := range rows {
		if l.focus != "" && c.Device == l.focus {
			l.focus = ""
			l.table.to(base+i, l.rows())
		}
	}
	var cmd tea.Cmd
	if l.feed != nil {
		cmd = l.feed.Update(answer{events: a.events})
	}
	if l.aim() || missing {
		return tea.Batch(cmd, l.sh.changed())
	}
	return cmd
}

func (l *codeList) aim() bool {
	return l.pages.aim(l.table.first(l.rows()), l.rows(), l.table.total)
}

// count says how many codes there are, as far as is known.
func (l *codeList) count() string {
	t := l.sh.totals
	switch all := t.Set + t.Setting + t.Removing + t.Unset + t.Unknown; {
	case !l.pages.more:
		return strconv.Itoa(l.total)
	case l.words == "" && l.view == engine.ViewCodes && all > l.total:
		return strconv.Itoa(all)
	}
	return strconv.Itoa(l.total) + "+"
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
	case l.view == engine.ViewHistory:
		return fmt.Sprintf(cliGone, quoted(string(l.pages.query.Device)))
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
		return l.take(msg)
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
	case key.Matches(k, keys.markAll) && len(l.table.marked) == 0 && l.pages.more:
		return every(l.sh.commands, l.pages, markedMost, l.markEvery)
	case key.Matches(k, keys.markTo) && !l.table.holds(l.table.markAt):
		return l.sh.tell(warn, l.sh.style.warn+" "+rangeTooFar)
	case l.table.steer(k, keys, l.rows()), l.table.marks(k, keys, l.rows()):
		if l.aim() {
			return l.sh.changed()
		}
		return nil
	case key.Matches(k, keys.follow):
		return l.watch()
	case key.Matches(k, keys.filter):
		l.asking, l.before = true, l.words
		l.input.set(l.words)
		return nil
	case key.Matches(k, keys.export):
		if l.pages.more && len(l.table.marked) == 0 {
			return every(l.sh.commands, l.pages, markedMost, l.exportEvery)
		}
		return l.sh.export("codes", codesTable(l.listed()))
	}
	c, ok := l.table.current()
	if !ok {
		if key.Matches(k, keys.create) {
			return l.sh.open(newTemplates(l.sh))
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
		return l.sh.open(newTemplates(l.sh, l.at(c)))
	}
	cmd, _ := l.sh.act(k, c, l.at(c))
	return cmd
}

// listed are the marked rows, or else all.
func (l *codeList) listed() []engine.CodeView {
	if len(l.table.marked) > 0 {
		return l.table.chosen()
	}
	return l.table.rows
}

// markEvery marks what the filter lets pass, on every page.
func (l *codeList) markEvery(rows []engine.CodeView, err error) tea.Cmd {
	if err != nil {
		return l.sh.refused(err)
	}
	return l.sh.tell(l.table.putAll(l.sh.style, "codes", rows))
}

func (l *codeList) exportEvery(rows []engine.CodeView, err error) tea.Cmd {
	switch {
	case err != nil:
		return l.sh.refused(err)
	case len(rows) > markedMost:
		return l.sh.tell(warn, fmt.Sprintf("%s there are more codes than the %d of one file: a filter makes them fewer; lockctl codes list has no such bound", l.sh.style.warn, markedMost))
	}
	return l.sh.export("codes", codesTable(rows))
}

// watch shows what happens to the codes of the list while it happens, or hides it again.
func (l *codeList) watch() tea.Cmd {
	if l.feed != nil {
		l.feed = nil
		return nil
	}
	l.feed = newJournal(l.sh, "")
	l.feed.title = "What happens to them"
	l.feed.only = func(e engine.Event) bool {
		for i := range l.table.rows {
			if c := &l.table.rows[i]; c.ID == e.Code || e.Code == "" && c.Device == e.Device {
				return true
			}
		}
		return false
	}
	return l.sh.changed()
}

func (l *codeList) ask(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		l.asking = false
		return nil
	case "esc":
		l.asking = false
		l.find(l.before)
		return l.sh.changed()
	case "up", "down", "pgup", "pgdown":
		l.table.steer(k, l.sh.keys, l.rows())
		return nil
	}
	if l.input.key(k) && l.input.text() != l.words {
		l.find(l.input.text())
		return l.sh.changed()
	}
	return nil
}

// rows is how many rows the table shows.
func (l *codeList) rows() int {
	_, h := l.sh.body()
	return max(1, h-l.feedRows(h)-9)
}

// feedRows is the height of what happens, on a screen of that height; 0: it is not asked for.
func (l *codeList) feedRows(h int) int {
	if l.feed == nil {
		return 0
	}
	return max(7, h/3)
}

func (l *codeList) View(w, h int) string {
	s := l.sh.style
	below := ""
	if n := l.feedRows(h); n > 0 {
		h -= n
		below = "\n" + l.feed.View(w, n)
	}
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
		note = say(dim, fmt.Sprintf("%d of %s", l.table.cursor+1, l.count()))
	}
	body := []string{s.draw(l.tally(inner), cells{width: inner}), divider}
	switch {
	case l.wrong != "":
		body = append(body, s.mistake(l.wrong, inner)...)
	case !l.ready:
		body = append(body, s.draw(say(dim, "  reading "+s.more), cells{width: inner}))
	case l.table.total == 0 && l.words != "":
		body = append(body, s.draw(say(dim, "  no code matches; esc takes the filter away"), cells{width: inner}))
	case l.table.total == 0 && l.view == engine.ViewToday:
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
	return strings.Join(s.panel(w, h, title, note, body), "\n") + below
}
