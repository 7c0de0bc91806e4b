package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/internal/when"
)

// A tail keeps so many of the newest lines, and asks for so many at once.
const (
	tailKeeps = 2000
	tailPage  = 500
)

// tail is a live list of what happens, newest last. Moving up, or t, freezes it; t or the end follows again.
type tail[R any] struct {
	sh     *shell
	title  string
	number func(R) int64 // grows from line to line
	at     func(R) time.Time
	text   func(R) string // what the filter looks at, in lower case
	detail func(R) line   // the whole of the line under the cursor
	only   func(R) bool   // what it is about; nil: everything
	all    []R
	table  table[R]
	last   int64 // number of the newest line
	began  bool
	frozen bool
	news   int // lines that came while frozen
	input  field
	asking bool
	words  string
}

func (l *tail[R]) Title() string { return l.title }

func (l *tail[R]) Keys() []key.Binding {
	if l.asking {
		return []key.Binding{bind("enter", "keep the filter", "enter"), bind("esc", "without it", "esc")}
	}
	return l.sh.keys.journal()
}

func (l *tail[R]) typing() bool { return l.asking }

func (l *tail[R]) retreat() bool {
	if l.words == "" {
		return false
	}
	l.words = ""
	l.sift()
	return true
}

// before adds lines that came before all others, for a filter that looks back.
func (l *tail[R]) before(lines []R) {
	if l.only != nil {
		lines = slices.DeleteFunc(slices.Clone(lines), func(r R) bool { return !l.only(r) })
	}
	l.all = append(append([]R{}, lines...), l.all...)
	l.sift()
}

// restart forgets everything: the past has changed.
func (l *tail[R]) restart() {
	l.all, l.last, l.began, l.news = nil, 0, false, 0
	l.table.fill(nil, 0, 0)
}

// take adds lines, and asks for more where a whole page came.
func (l *tail[R]) take(lines []R) tea.Cmd {
	l.began = true
	fresh := 0
	for _, r := range lines {
		if l.number(r) <= l.last {
			continue
		}
		if l.last = l.number(r); l.only != nil && !l.only(r) {
			continue
		}
		l.all = append(l.all, r)
		fresh++
	}
	if over := len(l.all) - tailKeeps; over > 0 && l.words == "" {
		l.all = append([]R{}, l.all[over:]...)
	}
	switch {
	case fresh == 0:
		return nil
	case l.frozen:
		l.news += fresh
	default:
		l.sift()
	}
	if len(lines) == tailPage {
		return l.sh.changed()
	}
	return nil
}

// sift fills the table with the lines that match the filter.
func (l *tail[R]) sift() {
	rows := l.all
	if l.words != "" {
		rows = nil
		for _, r := range l.all {
			if when.Matches(l.text(r), l.words, l.at(r), l.sh.now, l.sh.zone) {
				rows = append(rows, r)
			}
		}
	}
	l.table.fill(rows, 0, len(rows))
	if l.frozen && l.table.total > 0 && l.table.cursor >= l.table.total {
		l.table.to(l.table.total-1, l.rows())
	}
	if !l.frozen {
		l.news = 0
		l.table.to(len(rows)-1, l.rows())
	}
}

// press handles the keys of a tail and reports whether k was one.
func (l *tail[R]) press(k tea.KeyMsg) bool {
	keys := l.sh.keys
	switch {
	case l.asking:
		l.ask(k)
	case l.table.steer(k, keys, l.rows()):
		l.follow(l.table.cursor >= l.table.total-1)
	case key.Matches(k, keys.tail):
		l.follow(l.frozen)
	case key.Matches(k, keys.filter):
		l.asking = true
		l.input.set(l.words)
	default:
		return false
	}
	return true
}

func (l *tail[R]) follow(on bool) {
	thaws := l.frozen && on
	l.frozen = !on
	if thaws {
		l.sift()
	}
}

func (l *tail[R]) ask(k tea.KeyMsg) {
	switch k.String() {
	case "enter":
		l.asking = false
		return
	case "esc":
		l.asking, l.words = false, ""
	default:
		if !l.input.key(k) {
			return
		}
		l.words = l.input.text()
	}
	l.sift()
}

func (l *tail[R]) rows() int {
	_, h := l.sh.body()
	return max(1, h-4-detailRows)
}

func (l *tail[R]) View(w, h int) string {
	s := l.sh.style
	title := say(strong, l.title)
	switch {
	case l.asking:
		title = title.with(accent, " /").and(l.input.line(30))
	case l.words != "":
		title = title.with(accent, " /"+l.words)
	}
	note := say(good, s.play+" following")
	if l.frozen {
		note = say(warn, fmt.Sprintf("%s frozen, %d new", s.pause, l.news))
	}
	below := detailRows
	if h < 10 {
		below = 1
	}
	body := l.table.view(s, w-2, h-3-below, "", false)
	if l.table.total == 0 {
		body = []string{s.draw(say(dim, "  nothing happened yet"), cells{width: w - 2})}
	}
	for len(body) < h-3-below {
		body = append(body, s.draw(nil, cells{width: w - 2}))
	}
	body = append(body, divider)
	if r, ok := l.table.current(); ok {
		body = append(body, s.detail(l.detail(r), w-2, below)...)
	}
	return strings.Join(s.panel(w, h, title, note, body), "\n")
}
