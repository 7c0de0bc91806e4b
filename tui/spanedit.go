package tui

import (
	"errors"
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
)

// spanEditor moves a code's start or end. Every change is rehearsed, and enter applies what the preview shows.
type spanEditor struct {
	sh      *shell
	code    engine.CodeView
	at      door
	end     bool // the end is being moved; else the start
	from    time.Time
	to      time.Time
	asked   time.Time // the start that was asked for; from is later where somebody is still in
	input   field
	free    bool // a time is being typed
	wrong   error
	gap     bool
	notes   []string
	plan    []engine.Moment
	refusal error
	number  int
	sent    bool
	others  []engine.CodeView // of the same lock
	met     bool              // others have been read
	both    bool              // whoever is still in may meet who comes
}

// newSpanEditor opens with the end an hour later or, the other way, with an earlier start; once that has come, with an earlier
// end.
func newSpanEditor(sh *shell, c engine.CodeView, at door, later bool) *spanEditor {
	e := &spanEditor{sh: sh, code: c, at: at, end: later, from: c.Starts, to: c.Ends, asked: c.Starts, input: field{max: 30}}
	switch {
	case later:
		e.move(time.Hour)
	case !e.from.After(sh.now) && e.to.After(sh.now):
		e.end = true
		e.move(-time.Hour)
	default:
		e.move(-time.Hour)
	}
	return e
}

func (e *spanEditor) Title() string { return "Times of " + codeName(e.code) }

func (e *spanEditor) typing() bool { return e.free }

func (e *spanEditor) start() tea.Cmd { return e.rehearse() }

func (e *spanEditor) request() request {
	return request{to: e, maybe: true, queries: []engine.Query{{View: engine.ViewDevice, Device: e.code.Device}}}
}

// stillIn is who leaves last of those that the start that was asked for would meet; false: nobody. When they leave is the
// earliest safe time.
func (e *spanEditor) stillIn() (engine.CodeView, bool) {
	var last engine.CodeView
	for _, c := range e.others {
		if c.ID == e.code.ID || c.Backup || c.Starts.IsZero() || c.Ends.IsZero() || !c.Deleted.IsZero() {
			continue // whoever always has a code meets everybody
		}
		before := !c.Ends.After(e.code.Starts)
		if before && c.Ends.After(e.asked) && c.Ends.After(e.sh.now) && c.Ends.After(last.Ends) {
			last = c
		}
	}
	return last, last.ID != ""
}

func (e *spanEditor) Keys() []key.Binding {
	if e.free {
		return []key.Binding{bind("enter", "take it", "enter"), bind("esc", "as it was", "esc")}
	}
	keys := []key.Binding{e.sh.keys.accept}
	if _, in := e.stillIn(); in {
		keys = append(keys, bind("o", "let both in", "o"))
	}
	if e.needsGap() {
		keys = append(keys, e.sh.keys.gap)
	}
	return append(keys, bind("+ -", "an hour", "+", "-", "="), bind("] [", "15 min", "]", "["), bind("e", "type a time", "e"), bind("tab", "start or end", "tab"))
}

func (e *spanEditor) needsGap() bool {
	var r *engine.Refusal
	return e.gap || errors.As(e.refusal, &r) && r.Code == "gap_not_accepted"
}

// edge is the end of the window that is being moved.
func (e *spanEditor) edge() *time.Time {
	if e.end {
		return &e.to
	}
	return &e.asked
}

func (e *spanEditor) move(by time.Duration) {
	t := e.edge()
	if t.IsZero() {
		*t = e.sh.now.Truncate(time.Minute)
	}
	*t = t.Add(by)
	e.keepApart()
}

// keepApart starts no earlier than whoever is still in leaves, unless both may be in. It reports whether that moved the start.
func (e *spanEditor) keepApart() bool {
	was := e.from
	e.from = e.asked
	if last, in := e.stillIn(); in && !e.both {
		e.from = last.Ends
	}
	return !e.from.Equal(was)
}

func (e *spanEditor) action() engine.Update {
	u := engine.Update{Code: e.code.ID, AcceptGap: e.gap}
	if !e.from.Equal(e.code.Starts) {
		u.Starts = &e.from
	}
	if !e.to.Equal(e.code.Ends) {
		u.Ends = &e.to
	}
	if e.code.Type == engine.Ongoing && u.Ends != nil && u.Starts == nil {
		begin := e.code.Starts
		if begin.IsZero() {
			begin = e.sh.now
		}
		u.Starts = &begin // an ongoing code becomes time-bound with both times only
	}
	return u
}

func (e *spanEditor) rehearse() tea.Cmd {
	e.number++
	number := e.number
	return e.sh.rehearse(e.action(), func(r engine.Receipt, err error) tea.Cmd {
		if number == e.number {
			e.notes, e.refusal, e.plan = r.Notes, err, r.Plan
		}
		return nil
	})
}

func (e *spanEditor) Update(msg tea.Msg) tea.Cmd {
	if a, is := msg.(answer); is {
		e.met = true
		if len(a.snaps) > 0 {
			e.others = a.snaps[0].Codes
		}
		if !e.sent && e.keepApart() {
			return e.rehearse()
		}
	}
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok || e.sent:
		return nil
	case e.free:
		return e.write(k)
	}
	last, in := e.stillIn()
	switch {
	case k.Type == tea.KeyEnter && !e.met:
		return e.sh.tell(dim, "one moment: who else is in is being looked up")
	case k.Type == tea.KeyEnter && in && e.unchanged():
		return e.sh.tell(warn, e.sh.style.warn+" "+codeName(last)+" is in until then: no earlier start is safe, o lets both in")
	case k.Type == tea.KeyEnter:
		return e.apply()
	case k.String() == "o" && in:
		e.both = !e.both
		e.keepApart()
		return e.rehearse()
	case key.Matches(k, e.sh.keys.gap) && e.needsGap():
		e.gap = !e.gap
		return e.rehearse()
	}
	switch k.String() {
	case "+", "=", "up", "k":
		e.move(time.Hour)
	case "-", "down", "j":
		e.move(-time.Hour)
	case "]", "right", "l":
		e.move(15 * time.Minute)
	case "[", "left", "h":
		e.move(-15 * time.Minute)
	case "tab":
		e.end = !e.end
		return nil
	case "e":
		e.free, e.wrong = true, nil
		e.input.set("")
		return nil
	default:
		return nil
	}
	return e.rehearse()
}

// write takes a time as people write it.
func (e *spanEditor) write(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		e.free = false
		return nil
	case tea.KeyEnter:
		base := e.sh.now
		if e.end && !e.from.IsZero() {
			base = e.from
		}
		t, err := when.Parse(e.input.text(), e.sh.now, base, e.location())
		if err != nil {
			e.wrong = err
			return nil
		}
		*e.edge() = t
		e.free = false
		e.keepApart()
		return e.rehearse()
	}
	e.input.key(k)
	e.wrong = nil
	return nil
}

// unchanged reports whether the window is as it was.
func (e *spanEditor) unchanged() bool {
	return e.from.Equal(e.code.Starts) && e.to.Equal(e.code.Ends)
}

func (e *spanEditor) apply() tea.Cmd {
	e.sent = true
	what := "moved the times of " + codeName(e.code)
	return e.sh.submit(e.action(), func(r engine.Receipt, err error) tea.Cmd {
		e.sent = false
		if err != nil {
			e.refusal = err
			return e.sh.refused(err)
		}
		return tea.Batch(e.sh.close(e), e.sh.done(what, r))
	})
}

func (e *spanEditor) location() *time.Location {
	if e.at.zone != nil {
		return e.at.zone
	}
	return e.sh.zone
}

func (e *spanEditor) size(w, h int) (int, int) {
	bw := min(66, w-4)
	return bw, len(e.text(bw-6)) + 2
}

func (e *spanEditor) View(w, h int) string { return e.sh.dialog(w, h, e.Title(), e.text(w-6)) }

func (e *spanEditor) text(w int) []line {
	s := e.sh.style
	rows := []line{nil,
		e.edgeLine("start", e.code.Starts, e.from, !e.end),
		e.edgeLine("end", e.code.Ends, e.to, e.end),
	}
	if e.free {
		rows = append(rows, nil, say(dim, "new time  ").and(e.input.line(24)), say(dim, when.Examples))
		if e.wrong != nil {
			rows = append(rows, wrap(bad, s.bad+" "+e.wrong.Error(), w)...)
		}
	}
	rows = append(rows, nil)
	last, in := e.stillIn()
	switch {
	case !in:
	case e.both:
		rows = append(rows, wrap(warn, s.warn+" "+codeName(last)+" is in until "+moment(last.Ends, e.sh.now, e.location())+": both are in for "+spanOf(last.Ends.Sub(e.from)), w)...)
	case e.unchanged():
		rows = append(rows, wrap(bad, s.bad+" "+codeName(last)+" is in until then: no earlier start is safe", w)...)
	default:
		rows = append(rows, wrap(warn, s.warn+" "+codeName(last)+" is in until then: it is the earliest safe time", w)...)
	}
	if in && !e.both {
		rows = append(rows, say(dim, s.arrow+" o lets both in"))
	}
	switch {
	case in && e.unchanged():
	case e.refusal != nil:
		rows = append(rows, wrap(bad, s.bad+" "+sentence(e.refusal), w)...)
	case len(e.notes) == 0:
		rows = append(rows, say(good, s.check+" no gap; enter does it"))
	}
	if text := e.sh.ahead(e.plan, e.location()); text != "" && e.refusal == nil {
		rows = append(rows, wrap(dim, text, w)...)
	}
	for _, n := range e.sh.names.notes(e.notes) {
		rows = append(rows, wrap(accent, s.dot+" "+n, w)...)
	}
	if e.needsGap() {
		box := s.hollow
		if e.gap {
			box = s.ok
		}
		rows = append(rows, say(warn, box+" accept the gap").with(dim, "  ctrl+g"))
	}
	return append(rows, nil)
}

// edgeLine shows one end of the window before and after.
func (e *spanEditor) edgeLine(name string, old, now time.Time, chosen bool) line {
	s := e.sh.style
	mark := line{{plain, "  "}}
	if chosen {
		mark = line{{accent, s.mark + " "}}
	}
	show := func(t time.Time) string {
		if t.IsZero() {
			return s.dash
		}
		return t.In(e.location()).Format("Mon 2 Jan 15:04")
	}
	l := mark.with(dim, fmt.Sprintf("%-7s", name)).with(plain, show(old))
	if now.Equal(old) {
		return l
	}
	by := now.Sub(old)
	l = l.with(dim, " "+s.arrow+" ").with(strong, show(now))
	if old.IsZero() {
		return l
	}
	sign := "+"
	if by < 0 {
		sign = "-"
	}
	return l.with(accent, "  "+sign+spanOf(by))
}
