package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
)

// The journal keeps so many of the newest events, and asks for so many at once.
const (
	journalKeeps = 2000
	journalPage  = 500
)

// journal is the live tail of what happened. Moving up, or t, freezes it; t or the end follows again.
type journal struct {
	sh     *shell
	all    []engine.Event
	table  table[engine.Event]
	last   engine.Seq
	began  bool
	frozen bool
	news   int // events that came while frozen
	input  field
	asking bool
	words  string
}

func newJournal(sh *shell) *journal {
	j := &journal{sh: sh}
	j.table = table[engine.Event]{columns: j.columns(), id: func(e engine.Event) string { return fmt.Sprint(e.Seq) }}
	return j
}

func (j *journal) Title() string { return "Journal" }

func (j *journal) Keys() []key.Binding {
	if j.asking {
		return []key.Binding{bind("enter", "keep the filter", "enter"), bind("esc", "without it", "esc")}
	}
	return j.sh.keys.journal()
}

func (j *journal) typing() bool { return j.asking }

func (j *journal) request() request {
	return request{to: j, journal: &journalRequest{after: j.last, last: !j.began, limit: journalPage}}
}

func (j *journal) door() (door, bool) {
	e, ok := j.table.current()
	return door{id: e.Device, name: string(e.Device)}, ok && e.Device != ""
}

func (j *journal) retreat() bool {
	if j.words == "" {
		return false
	}
	j.words = ""
	j.sift()
	return true
}

func (j *journal) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return j.take(msg.events)
	case tea.KeyMsg:
		if j.asking {
			j.ask(msg)
			return nil
		}
		return j.press(msg)
	}
	return nil
}

func (j *journal) take(events []engine.Event) tea.Cmd {
	j.began = true
	fresh := 0
	for _, e := range events {
		if e.Seq <= j.last {
			continue
		}
		j.last = e.Seq
		j.all = append(j.all, e)
		fresh++
	}
	if over := len(j.all) - journalKeeps; over > 0 {
		j.all = append([]engine.Event{}, j.all[over:]...)
	}
	if fresh == 0 {
		return nil
	}
	if j.frozen {
		j.news += fresh
	} else {
		j.sift()
	}
	if len(events) == journalPage {
		return j.sh.changed()
	}
	return nil
}

// sift fills the table with the events that match the filter.
func (j *journal) sift() {
	rows := j.all
	if j.words != "" {
		rows = nil
		for _, e := range j.all {
			if matches(eventText(e), j.words) {
				rows = append(rows, e)
			}
		}
	}
	j.table.fill(rows, 0, len(rows))
	if !j.frozen {
		j.news = 0
		j.table.to(len(rows)-1, j.rows())
	}
}

// matches reports whether every word occurs in text, and no !word does.
func matches(text, words string) bool {
	for _, w := range strings.Fields(strings.ToLower(words)) {
		not := strings.HasPrefix(w, "!")
		if w = strings.TrimPrefix(w, "!"); w != "" && strings.Contains(text, w) == not {
			return false
		}
	}
	return true
}

func eventText(e engine.Event) string {
	return strings.ToLower(e.Type + " " + string(e.Device) + " " + string(e.Code) + " " + e.Text + " " + e.Actor)
}

func (j *journal) press(k tea.KeyMsg) tea.Cmd {
	keys := j.sh.keys
	switch {
	case j.table.steer(k, keys, j.rows()):
		j.follow(j.table.cursor >= j.table.total-1)
	case key.Matches(k, keys.tail):
		j.follow(j.frozen)
	case key.Matches(k, keys.filter):
		j.asking = true
		j.input.set(j.words)
	case key.Matches(k, keys.open):
		return j.openEvent()
	}
	return nil
}

func (j *journal) follow(on bool) {
	thaws := j.frozen && on
	j.frozen = !on
	if thaws {
		j.sift()
	}
}

// openEvent goes to the code or the lock that an event is about.
func (j *journal) openEvent() tea.Cmd {
	e, ok := j.table.current()
	switch {
	case !ok:
		return nil
	case e.Code != "":
		return j.sh.open(newCode(j.sh, e.Code, door{id: e.Device, name: string(e.Device)}))
	case e.Device != "":
		return j.sh.open(newDevice(j.sh, engine.DeviceRow{ID: e.Device, Name: string(e.Device)}))
	}
	return j.sh.tell(dim, "this event is about no lock")
}

func (j *journal) ask(k tea.KeyMsg) {
	switch k.String() {
	case "enter":
		j.asking = false
		return
	case "esc":
		j.asking, j.words = false, ""
	default:
		if !j.input.key(k) {
			return
		}
		j.words = j.input.text()
	}
	j.sift()
}

func (j *journal) rows() int {
	_, h := j.sh.body()
	return max(1, h-3)
}

func (j *journal) View(w, h int) string {
	s := j.sh.style
	title := say(strong, "Journal")
	switch {
	case j.asking:
		title = title.with(accent, " /").and(j.input.line(30))
	case j.words != "":
		title = title.with(accent, " /"+j.words)
	}
	note := say(good, s.play+" following")
	if j.frozen {
		note = say(warn, fmt.Sprintf("%s frozen, %d new", s.pause, j.news))
	}
	body := j.table.view(s, w-2, h-2, "", false)
	if j.table.total == 0 {
		body = []string{s.draw(say(dim, "  nothing happened yet"), cells{width: w - 2})}
	}
	return strings.Join(s.panel(w, h, title, note, body), "\n")
}

func (j *journal) columns() []column[engine.Event] {
	return []column[engine.Event]{
		{title: "TIME", width: 12, cell: func(e engine.Event) line { return say(dim, e.At.In(j.sh.zone).Format("Mon 15:04:05")) }},
		{title: "LOCK", width: 16, flex: 1, cell: func(e engine.Event) line { return say(plain, string(e.Device)) }},
		{title: "CODE", width: 12, flex: 1, from: 90, cell: func(e engine.Event) line { return say(plain, string(e.Code)) }},
		{title: "EVENT", width: 22, flex: 2, cell: func(e engine.Event) line { return j.kind(e) }},
		{title: "", width: 10, flex: 5, cell: func(e engine.Event) line { return say(dim, told(e)) }},
	}
}

// kind is an event's type without the noun that every row has, in the tone of its news.
func (j *journal) kind(e engine.Event) line {
	s := j.sh.style
	name := e.Type
	for _, noun := range []string{"access_code.", "device.", "lock.", "internal."} {
		name = strings.TrimPrefix(name, noun)
	}
	name = strings.NewReplacer("_", " ", ".", " ").Replace(name)
	t, g := plain, s.dot
	switch {
	case strings.HasPrefix(e.Type, "command."):
		t, g, name = brand, s.arrow, strings.TrimPrefix(name, "command ")
	case e.Issue != nil && e.Issue.Class == engine.ClassError, strings.Contains(e.Type, "failed"), strings.Contains(e.Type, "disconnected"):
		t, g = bad, s.bad
	case e.Issue != nil, strings.Contains(e.Type, "delay"), strings.Contains(e.Type, "removed"), strings.Contains(e.Type, "low"):
		t, g = warn, s.warn
	case strings.Contains(e.Type, "set_on_device"), strings.HasSuffix(e.Type, "connected"), strings.Contains(e.Type, "unlocked"):
		t, g = good, s.ok
	case strings.Contains(e.Type, "scheduled"):
		t, g = accent, s.later
	}
	return say(t, g+" "+name)
}

// told is an event's sentence.
func told(e engine.Event) string {
	switch {
	case e.Text != "":
		return e.Text
	case e.Issue != nil:
		return e.Issue.Message
	case e.Actor != "":
		return "by " + e.Actor
	}
	return ""
}
