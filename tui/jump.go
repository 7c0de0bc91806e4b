package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// destination is somewhere that : goes to. Those that take a name list what there is.
type destination struct {
	names        []string // the first is shown, all are understood
	about        string
	takes        engine.View // of which list a name after it chooses a row; "": of none
	open         func(sh *shell, rest string) screen
	told, logged bool // only where a simulation tells its story, or a log is kept
	simulated    bool // only of a simulation
}

func destinations() []destination {
	return []destination{
		{names: []string{"today", "home", "arrivals"}, about: "who arrives and who leaves", open: func(*shell, string) screen { return nil }},
		{names: []string{"fleet", "devices", "locks"}, about: "every lock; words filter it, sort:risk orders it", open: openFleet},
		{names: []string{"codes"}, about: "every code; words filter it, due<14:00", open: func(sh *shell, rest string) screen { return newCodes(sh, rest) }},
		{names: []string{"device", "lock", "d"}, about: "one lock, by a part of its name", takes: engine.ViewFleet},
		{names: []string{"code", "c"}, about: "one code, by a part of its name, or its id", takes: engine.ViewCode},
		{names: []string{"timeline", "time"}, about: "windows on an axis of time, of the marked locks or all", open: func(sh *shell, _ string) screen { return newTimelineOfFleet(sh) }},
		{names: []string{"journal", "events", "j"}, about: "what the engine did and learnt; words filter it", open: func(sh *shell, rest string) screen { return newJournal(sh, rest) }},
		{names: []string{"faults", "broken"}, about: "what is broken in the simulation", open: func(sh *shell, _ string) screen { return newFaultList(sh) }, simulated: true},
		{names: []string{"logs", "log"}, about: "what the program itself has to say", open: func(sh *shell, rest string) screen { return newLogs(sh, rest) }, logged: true},
		{names: []string{"story", "scenario", "trace"}, about: "what really happens in a simulation", open: func(sh *shell, _ string) screen { return newStory(sh) }, told: true},
	}
}

// jump is the : prompt. It lists where it can go while one types.
type jump struct {
	sh    *shell
	input field
	found []engine.DeviceRow // locks that match
	codes []engine.CodeView  // codes that match, where a code is asked for
	asked engine.Query       // what was asked for last
	known engine.Query       // what found and codes answer
	goes  bool               // as soon as what was typed is looked up
	at    int
}

// openFleet shows the locks that words choose, in the order that sort:column asks for.
func openFleet(sh *shell, rest string) screen {
	var words []string
	sort := ""
	for _, w := range strings.Fields(rest) {
		if col, ok := strings.CutPrefix(w, "sort:"); ok {
			sort = col
			continue
		}
		words = append(words, strings.TrimPrefix(w, "/"))
	}
	switch {
	case sort == "risk":
		sort = "-readiness"
	case sort == "exposure", sort == "issues":
		sort = "-" + sort
	}
	if sort != "" {
		sh.fleet.order(sort)
	}
	if rest != "" {
		sh.fleet.filter(strings.TrimSpace(strings.Join(words, " ")))
	}
	return sh.fleet
}

func newJump(sh *shell) *jump { return &jump{sh: sh} }

func (j *jump) Title() string { return "Jump" }

func (j *jump) Keys() []key.Binding {
	return []key.Binding{bind("enter", "go", "enter"), bind("↑ ↓", "choose", "up", "down"), bind("tab", "complete", "tab"), bind("esc", "stay here", "esc")}
}

func (j *jump) typing() bool { return true }

// words splits what was typed into a destination's name and what follows it.
func (j *jump) words() (name, rest string) {
	name, rest, _ = strings.Cut(strings.TrimLeft(j.input.text(), " :"), " ")
	if i := strings.IndexByte(name, '/'); i > 0 {
		name, rest = name[:i], name[i:]+" "+rest
	}
	return strings.ToLower(name), strings.TrimSpace(rest)
}

// search is what was typed of a name, and what sort of thing is meant: a code only where that is said, and nothing ("") where the
// words are for the screen that it goes to.
func (j *jump) search() (of engine.View, words string) {
	name, rest := j.words()
	for _, d := range destinations() {
		if d.takes == "" && rest != "" && has(d.names, name) {
			return "", ""
		}
		if d.takes == engine.ViewCode && rest != "" && has(d.names, name) {
			return engine.ViewCodes, rest
		}
		if d.takes == engine.ViewFleet && rest != "" && slices.ContainsFunc(d.names, func(n string) bool { return strings.HasPrefix(n, name) }) {
			return engine.ViewFleet, rest
		}
	}
	return engine.ViewFleet, strings.TrimSpace(name + " " + rest)
}

// query looks up what was typed; its view is "" if there is nothing to look up.
func (j *jump) query() engine.Query {
	q := engine.Query{Limit: 6}
	if q.View, q.Filter = j.search(); q.View == engine.ViewFleet {
		q.Sort = "name"
	}
	return q
}

func (j *jump) request() request {
	j.asked = j.query()
	if j.asked.View == "" {
		j.found, j.codes, j.known = nil, nil, j.asked
		return request{to: j}
	}
	return request{to: j, queries: []engine.Query{j.asked}}
}

// choice is a line of the list.
type choice struct {
	text, about string
	row         *engine.DeviceRow
	code        *engine.CodeView
	to          destination
}

func (j *jump) choices() []choice {
	name, rest := j.words()
	var out []choice
	exact := slices.ContainsFunc(destinations(), func(d destination) bool { return has(d.names, name) })
	for _, d := range destinations() {
		if exact && !has(d.names, name) {
			continue
		}
		if d.takes != "" && rest != "" || d.told && j.sh.story == nil || d.logged && j.sh.log == nil || d.simulated && j.sh.lab == nil {
			continue // what is named after it is looked for below
		}
		for _, n := range d.names {
			if strings.HasPrefix(n, name) {
				out = append(out, choice{text: d.names[0], about: d.about, to: d})
				break
			}
		}
	}
	for i := range j.found {
		r := &j.found[i]
		out = append(out, choice{text: "device " + r.Name, about: system(*r), row: r})
	}
	for i := range j.codes {
		c := &j.codes[i]
		out = append(out, choice{text: "code " + codeName(*c), about: doorName(*c), code: c})
	}
	return out
}

func has(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

func (j *jump) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		if len(msg.snaps) > 0 {
			j.found, j.codes, j.known = msg.snaps[0].Devices, msg.snaps[0].Codes, j.asked
		}
		j.at = max(0, min(j.at, len(j.choices())-1))
		if j.goes && j.known == j.query() {
			j.goes = false
			return j.goThere(j.choices())
		}
	case tea.KeyMsg:
		return j.press(msg)
	}
	return nil
}

func (j *jump) press(k tea.KeyMsg) tea.Cmd {
	list := j.choices()
	j.goes = false
	switch k.String() {
	case "esc":
		return j.sh.close(j)
	case "enter":
		if found := j.at >= len(list) || list[j.at].row != nil || list[j.at].code != nil; found && j.known != j.query() {
			j.goes = true // whoever types fast is not sent where an earlier word pointed
			return j.sh.changed()
		}
		return j.goThere(list)
	case "up":
		j.at = max(0, j.at-1)
	case "down":
		j.at = max(0, min(j.at+1, len(list)-1))
	case "tab":
		if j.at < len(list) {
			j.input.set(list[j.at].text + " ")
			return j.sh.changed()
		}
	default:
		if j.input.key(k) {
			j.at = 0
			return j.sh.changed()
		}
	}
	return nil
}

func (j *jump) goThere(list []choice) tea.Cmd {
	name, rest := j.words()
	if has([]string{"q", "quit", "exit"}, name) {
		return tea.Quit
	}
	if of, _ := j.search(); of == engine.ViewCodes && len(j.codes) == 0 && strings.HasPrefix(rest, "code_") {
		return j.sh.goTo(newCode(j.sh, lock.CodeID(rest), door{})) // one that is gone is not among those that are listed
	}
	if j.at >= len(list) {
		return j.sh.tell(warn, j.sh.style.warn+" nothing is called that")
	}
	to := list[j.at]
	switch {
	case to.row != nil:
		return j.sh.goTo(newDevice(j.sh, *to.row))
	case to.code != nil:
		return j.sh.goTo(newCode(j.sh, to.code.ID, door{id: to.code.Device, name: doorName(*to.code), zone: j.sh.zoneNamed(to.code.Zone)}))
	case to.to.open == nil:
		j.input.set(to.text + " ")
		return j.sh.changed()
	}
	if to.to.takes == "" {
		rest = strings.TrimSpace(strings.TrimPrefix(rest, "/"))
	}
	s := to.to.open(j.sh, rest)
	if home, ok := j.sh.stack[0].(*codeList); ok && s == nil {
		home.find(rest)
	}
	return j.sh.goTo(s)
}

func (j *jump) size(w, h int) (int, int) {
	return min(60, w-4), min(h, 13)
}

func (j *jump) View(w, h int) string {
	s := j.sh.style
	rows := []line{say(accent, ": ").and(j.input.line(w - 10)), nil}
	for i, c := range j.choices() {
		mark := line{{plain, "  "}}
		t := plain
		if i == j.at {
			mark, t = line{{accent, s.mark + " "}}, strong
		}
		rows = append(rows, mark.with(t, pad(c.text, 24)).with(dim, " "+c.about))
	}
	return j.sh.dialog(w, h, j.Title(), rows)
}
