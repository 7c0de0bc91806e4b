package tui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
)

// fleet lists every lock, a page at a time.
type fleet struct {
	sh     *shell
	table  table[engine.DeviceRow]
	pages  pager[engine.DeviceRow]
	input  field
	asking bool   // the filter is being typed
	before string // the filter that esc brings back
	ready  bool
	wrong  string  // with the filter; "": nothing
	peek   *device // what a tall screen shows of the lock under the cursor
}

func newFleet(sh *shell) *fleet {
	f := &fleet{sh: sh}
	f.pages = newPager(engine.Query{View: engine.ViewFleet, Sort: "name"}, true, func(s engine.Snapshot) []engine.DeviceRow { return s.Devices })
	f.table = table[engine.DeviceRow]{columns: f.columns(), id: func(r engine.DeviceRow) string { return string(r.ID) }}
	return f
}

func (f *fleet) Title() string { return "Fleet" }

func (f *fleet) Keys() []key.Binding {
	if f.asking {
		return []key.Binding{bind("enter", "keep the filter", "enter"), bind("esc", "without it", "esc"), bind("↑ ↓", "move", "up", "down")}
	}
	return f.sh.keys.fleet()
}

func (f *fleet) typing() bool { return f.asking }

func (f *fleet) request() request {
	return request{to: f, queries: append(f.pages.queries(), f.glance().queries...)}
}

// glance asks for the lock under the cursor, where the screen has room for it.
func (f *fleet) glance() request {
	r := request{to: f}
	if row, ok := f.table.current(); ok && f.peeks() {
		r.queries = append(r.queries, engine.Query{View: engine.ViewDevice, Device: row.ID})
	}
	return r
}

// peeks reports whether the screen is tall enough to show the lock under the cursor below the list.
func (f *fleet) peeks() bool {
	_, h := f.sh.body()
	return f.peekRows(h) > 0
}

// peekRows is the height of the peek on a screen of that height; 0: too low for one.
func (f *fleet) peekRows(h int) int {
	if h < 30 {
		return 0
	}
	return h / 2
}

func (f *fleet) door() (door, bool) {
	r, ok := f.table.current()
	return door{id: r.ID, name: r.Name, hub: r.Hub, account: r.Account}, ok
}

// retreat takes the filter away first.
func (f *fleet) retreat() bool {
	if len(f.table.marked) > 0 {
		f.table.marked = nil
		return true
	}
	if f.pages.query.Filter == "" {
		return false
	}
	f.filter("")
	return true
}

func (f *fleet) filter(text string) {
	q := f.pages.query
	q.Filter = text
	f.pages.again(q)
	f.input.set(text)
	f.table.to(0, f.rows())
}

func (f *fleet) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return f.take(msg)
	case tea.KeyMsg:
		if f.asking {
			return f.ask(msg)
		}
		return f.press(msg)
	}
	return nil
}

func (f *fleet) mistaken(err error) { f.wrong = sentence(err) }

// take fills the list, and the peek where one was asked for.
func (f *fleet) take(a answer) tea.Cmd {
	var pages []engine.Snapshot
	for _, s := range a.snaps {
		if d := s.Device; d != nil {
			if f.peek == nil || f.peek.row.ID != d.ID {
				f.peek = newDevice(f.sh, d.DeviceRow)
				f.peek.part = -1
			}
			f.peek.take(s, a.zone)
		} else if s.Devices != nil || s.Total == 0 {
			pages = append(pages, s)
		}
	}
	missing := false
	if len(pages) > 0 {
		var rows []engine.DeviceRow
		var base, total int
		rows, base, total, missing = f.pages.take(pages)
		f.table.fill(rows, base, total)
		f.ready, f.wrong = true, ""
	}
	row, ok := f.table.current()
	switch {
	case f.aim() || missing:
		return f.sh.changed()
	case ok && f.peeks() && (f.peek == nil || f.peek.row.ID != row.ID):
		return f.sh.glance()
	}
	return nil
}

func (f *fleet) press(k tea.KeyMsg) tea.Cmd {
	keys := f.sh.keys
	switch {
	case key.Matches(k, keys.markAll) && len(f.table.marked) == 0 && f.table.total > len(f.table.rows):
		return every(f.sh.commands, f.pages, markedMost, f.markEvery)
	case key.Matches(k, keys.markTo) && !f.table.holds(f.table.markAt):
		return f.sh.tell(warn, f.sh.style.warn+" "+rangeTooFar)
	case f.table.steer(k, keys, f.rows()), f.table.marks(k, keys, f.rows()):
		if f.aim() {
			return f.sh.changed()
		}
		return f.sh.glance()
	case key.Matches(k, keys.filter):
		f.asking, f.before = true, f.pages.query.Filter
		f.input.set(f.before)
	case key.Matches(k, keys.sort):
		return f.sortBy(f.nextSort())
	case key.Matches(k, keys.reverse):
		return f.sortBy(reversed(f.pages.query.Sort))
	}
	row, ok := f.table.current()
	if !ok {
		return nil
	}
	if many := f.table.chosen(); len(many) > 1 && (key.Matches(k, keys.retry) || key.Matches(k, keys.retryMarked)) {
		return f.sh.open(newBulk(f.sh, lookAt(doorsOfRows(many))))
	}
	switch {
	case key.Matches(k, keys.export):
		return f.sh.export("locks", rowsTable(f.table.chosen()))
	case key.Matches(k, keys.round):
		return f.sh.open(newRoute(f.sh, f.table.chosen()))
	case key.Matches(k, keys.open):
		return f.sh.open(newDevice(f.sh, row))
	case key.Matches(k, keys.swap):
		return f.sh.open(newSwap(f.sh, doorsOfRows([]engine.DeviceRow{row})[0]))
	case key.Matches(k, keys.timeline):
		return f.sh.open(newTimeline(f.sh, doorsOfRows(f.table.chosen())))
	case key.Matches(k, keys.create):
		return f.sh.open(newTemplates(f.sh, doorsOfRows(f.table.chosen())...))
	case key.Matches(k, keys.retry), key.Matches(k, keys.retryMarked):
		return f.sh.look(row.ID, row.Name)
	}
	return nil
}

// markEvery marks what the filter lets pass, on every page.
func (f *fleet) markEvery(rows []engine.DeviceRow, err error) tea.Cmd {
	if err != nil {
		return f.sh.refused(err)
	}
	return f.sh.tell(f.table.putAll(f.sh.style, "locks", rows))
}

// ask edits the filter; the list follows every key.
func (f *fleet) ask(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		f.asking = false
		return nil
	case "esc":
		f.asking = false
		f.filter(f.before)
		return f.sh.changed()
	case "up", "down", "pgup", "pgdown":
		f.table.steer(k, f.sh.keys, f.rows())
		return nil
	}
	if f.input.key(k) && f.input.text() != f.pages.query.Filter {
		at := f.input.at
		f.filter(f.input.text())
		f.input.at = at
		return f.sh.changed()
	}
	return nil
}

func (f *fleet) sortBy(by string) tea.Cmd {
	f.order(by)
	f.sh.prefs.FleetSort = by
	return tea.Batch(f.sh.changed(), f.sh.keep(f.sh.prefs))
}

func (f *fleet) order(by string) {
	q := f.pages.query
	q.Sort = by
	f.pages.again(q)
}

func (f *fleet) click(x, y int) tea.Cmd {
	i, ok := f.table.rowAt(y-3, f.rows()+1)
	switch {
	case y == 3:
		if col := f.table.columnAt(x-1, f.sh.width-2); col != "" {
			if f.pages.query.Sort == col {
				col = reversed(col)
			}
			return f.sortBy(col)
		}
	case ok && i == f.table.cursor:
		return f.press(tea.KeyMsg{Type: tea.KeyEnter})
	case ok:
		f.table.to(i, f.rows())
		if f.aim() {
			return f.sh.changed()
		}
		return f.sh.glance()
	}
	return nil
}

func (f *fleet) bars(verb string) string {
	if _, ok := f.table.current(); !ok && has([]string{"open", "new", "retry", "retry-marked", "mark", "timeline", "swap"}, verb) {
		return "no lock is chosen"
	}
	return ""
}

func (f *fleet) cli() string {
	text := cliDevices
	if q := f.pages.query; q.Sort != "name" {
		text += fmt.Sprintf(cliSorted, quoted(q.Sort))
	}
	if q := f.pages.query.Filter; q != "" {
		text += fmt.Sprintf(cliFiltered, quoted(q))
	}
	return text
}

// nextSort is the next column in sight that can be sorted by.
func (f *fleet) nextSort() string {
	w, _ := f.sh.body()
	widths, _ := f.table.layout(w - 2)
	var names []string
	for i, c := range f.table.columns {
		if c.sort != "" && widths[i] > 0 {
			names = append(names, c.sort)
		}
	}
	now := strings.TrimPrefix(f.pages.query.Sort, "-")
	for i, n := range names {
		if n == now {
			return names[(i+1)%len(names)]
		}
	}
	return names[0]
}

// rows is how many rows the table shows.
func (f *fleet) rows() int {
	_, h := f.sh.body()
	return max(1, h-f.peekRows(h)-5)
}

func (f *fleet) aim() bool {
	return f.pages.aim(f.table.first(f.rows()), f.rows(), f.table.total)
}

func (f *fleet) View(w, h int) string {
	s := f.sh.style
	below := ""
	if n := f.peekRows(h); n > 0 {
		h -= n
		below = "\n" + f.below(w, n)
	}
	body := []string{s.draw(f.summary(w-2), cells{width: w - 2}), divider}
	switch {
	case f.wrong != "":
		body = append(body, s.mistake(f.wrong, w-2)...)
	case !f.ready:
		body = append(body, s.draw(say(dim, "  reading the fleet "+s.more), cells{width: w - 2}))
	case f.table.total == 0 && f.pages.query.Filter != "":
		body = append(body, s.draw(say(dim, "  no lock matches; esc takes the filter away"), cells{width: w - 2}))
	case f.table.total == 0:
		body = append(body, s.draw(say(dim, "  no locks yet"), cells{width: w - 2}))
	default:
		body = append(body, f.table.view(s, w-2, h-4, f.pages.query.Sort, false)...)
	}
	return strings.Join(s.panel(w, h, f.title(), f.place(), body), "\n") + below
}

// below is the peek, or its empty place.
func (f *fleet) below(w, h int) string {
	if f.peek == nil || f.table.total == 0 {
		return strings.Join(f.sh.style.panel(w, h, nil, nil, nil), "\n")
	}
	return f.peek.View(w, h)
}

func (f *fleet) title() line {
	l := say(strong, "Fleet").with(accent, " "+strconv.Itoa(f.table.total))
	if f.asking {
		return l.with(accent, " /").and(f.input.line(30))
	}
	if q := f.pages.query.Filter; q != "" {
		return l.with(accent, " /"+q)
	}
	return l
}

func (f *fleet) place() line {
	if n := len(f.table.marked); n > 0 {
		return say(accent, fmt.Sprintf("%d marked", n))
	}
	if f.table.total == 0 {
		return nil
	}
	return say(dim, fmt.Sprintf("%d of %d", f.table.cursor+1, f.table.total))
}

// summary counts the whole fleet in one line of w cells: its trouble, and of its codes what there is room for.
func (f *fleet) summary(w int) line {
	s, t := f.sh.style, f.sh.totals
	part := func(n int, tn tone, glyph, word string) line {
		if n == 0 {
			return nil
		}
		return line{}.with(tn, fmt.Sprintf(" %s %d", glyph, n)).with(dim, " "+word)
	}
	trouble := line{}.and(part(t.Offline, bad, s.hollow, "offline"), part(t.Exposed, bad, s.exposed, "exposed"),
		part(t.Errors, warn, s.warn, plural(t.Errors, "issue")))
	room := w - 4 - trouble.width()
	var codes line
	for _, p := range []line{
		part(t.Set, good, s.ok, "set"), part(t.Setting, busy, s.half, "setting"), part(t.Removing, warn, s.half, "removing"),
		part(t.Unset, accent, s.hollow, "unset"), part(t.Unknown, warn, s.unknown, "unknown"),
		part(t.Issues-t.Errors, dim, s.dot, plural(t.Issues-t.Errors, "warning")),
	} {
		if codes.width()+p.width() <= room {
			codes = codes.and(p)
		}
	}
	if len(codes) == 0 {
		codes = say(dim, " no codes yet")
	}
	if len(trouble) == 0 {
		return line{{plain, " "}}.and(codes)
	}
	return line{{plain, " "}}.and(codes).with(rule, " "+s.along).and(trouble)
}
