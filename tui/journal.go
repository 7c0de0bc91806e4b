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

// journal is the live tail of the engine's events.
type journal struct{ tail[engine.Event] }

func newJournal(sh *shell, words string) *journal {
	j := &journal{tail[engine.Event]{sh: sh, title: "Journal", words: words}}
	j.number = func(e engine.Event) int64 { return int64(e.Seq) }
	j.at = func(e engine.Event) time.Time { return e.At }
	j.text = func(e engine.Event) string {
		return strings.ToLower(e.Type + " " + string(e.Device) + " " + string(e.Code) + " " + sh.names.lock(e.Device) + " " + sh.names.code(e.Code) + " " + e.Text + " " + e.Actor)
	}
	j.detail = func(e engine.Event) line {
		return say(dim, strings.TrimSpace(sh.names.lock(e.Device)+" "+sh.names.code(e.Code))+"  ").with(plain, told(e))
	}
	j.table = table[engine.Event]{columns: j.columns(), id: func(e engine.Event) string { return fmt.Sprint(e.Seq) }}
	return j
}

func (j *journal) cli() string {
	if j.words != "" {
		return cliJournal + fmt.Sprintf(cliFiltered, quoted(j.words))
	}
	return cliJournal
}

// lookBack is how many events a filter looks through at most.
const lookBack = 50_000

// first is the number of the oldest event that is held.
func (j *journal) first() engine.Seq {
	if len(j.all) == 0 {
		return 0
	}
	return j.all[0].Seq
}

func (j *journal) request() request {
	if first := j.first(); j.words != "" && first > 1 && j.table.total < j.rows() && len(j.all) < lookBack {
		return request{to: j, journal: &journalRequest{after: max(0, first-1-tailPage), limit: int(min(tailPage, first-1))}}
	}
	r := request{to: j, maybe: true, journal: &journalRequest{after: engine.Seq(j.last), last: !j.began, limit: tailPage}}
	if !j.began { // so that a filter finds the locks of most fleets by their names
		r.queries = append(r.queries, engine.Query{View: engine.ViewFleet, Limit: 1000})
	}
	r.queries = append(r.queries, j.sh.names.unnamed(func(line func(lock.DeviceID, lock.CodeID)) {
		for _, e := range j.table.shown(j.rows()) {
			line(e.Device, e.Code)
		}
	})...)
	return r
}

func (j *journal) door() (door, bool) {
	e, ok := j.table.current()
	return door{id: e.Device, name: j.sh.names.lock(e.Device)}, ok && e.Device != ""
}

func (j *journal) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		if n := len(msg.events); n > 0 && j.began && msg.events[n-1].Seq < j.first() {
			j.before(msg.events)
			return j.sh.changed()
		}
		cmd := j.take(msg.events)
		if len(msg.events) > 0 { // their names
			return tea.Batch(cmd, j.sh.changed())
		}
		return cmd
	case tea.KeyMsg:
		switch was := j.words; {
		case j.press(msg):
			if j.words != was {
				return j.sh.changed()
			}
		case key.Matches(msg, j.sh.keys.open):
			return j.openEvent()
		case key.Matches(msg, j.sh.keys.export):
			return j.sh.export("journal", eventsTable(j.table.rows))
		}
	}
	return nil
}

// undoes is the command under the cursor, which u takes back.
func (j *journal) undoes() (undoable, bool) {
	e, ok := j.table.current()
	verb, is := strings.CutPrefix(e.Type, "command.")
	return undoable{e.Seq, strings.TrimSpace(verb + " " + j.sh.names.code(e.Code))}, ok && is
}

// eventsTable is a list of events for a file.
func eventsTable(events []engine.Event) [][]string {
	out := [][]string{{"seq", "time", "type", "device", "code", "actor", "text"}}
	for _, e := range events {
		out = append(out, []string{fmt.Sprint(e.Seq), instant(e.At), e.Type, string(e.Device), string(e.Code), e.Actor, told(e)})
	}
	return out
}

// openEvent goes to the code or the lock that an event is about.
func (j *journal) openEvent() tea.Cmd {
	e, ok := j.table.current()
	switch {
	case !ok:
		return nil
	case e.Code != "":
		return j.sh.open(newCode(j.sh, e.Code, door{id: e.Device, name: j.sh.names.lock(e.Device)}))
	case e.Device != "":
		return j.sh.open(newDevice(j.sh, engine.DeviceRow{ID: e.Device, Name: j.sh.names.lock(e.Device)}))
	}
	return j.sh.tell(dim, "this event is about no lock")
}

func (j *journal) columns() []column[engine.Event] {
	return []column[engine.Event]{
		{title: "TIME", width: 12, cell: func(e engine.Event) line { return say(dim, e.At.In(j.sh.zone).Format("Mon 15:04:05")) }},
		{title: "LOCK", width: 16, flex: 1, cell: func(e engine.Event) line { return say(plain, j.sh.names.lock(e.Device)) }},
		{title: "CODE", width: 12, flex: 1, from: 90, cell: func(e engine.Event) line { return say(plain, j.sh.names.code(e.Code)) }},
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
	case e.Issue != nil && e.Issue.Remedy != "":
		return e.Issue.Message + "; " + e.Issue.Remedy
	case e.Issue != nil:
		return e.Issue.Message
	case e.Actor != "":
		return "by " + e.Actor
	}
	return ""
}
