package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// The rows of a form.
const (
	rowName = iota
	rowPIN
	rowFrom
	rowTo
	rowJIT
	rowPool
	formRows
)

// form creates a code, or modifies one. What is typed is checked at once against the lock's rules, and every valid state is
// rehearsed, so that enter does what the last lines say.
type form struct {
	sh     *shell
	door   lock.DeviceID
	name   string // of the lock
	old    *engine.CodeView
	device *engine.DeviceView
	zone   *time.Location
	inputs [rowTo + 1]field
	were   [rowTo + 1]string // what an edit began with
	jit    bool
	pool   bool
	gap    bool
	row    int

	notes   []string
	refusal error
	number  int
	judged  bool // the rehearsal of the present state has answered
	sent    bool
}

// newForm creates a code on a lock.
func newForm(sh *shell, id lock.DeviceID, name string) *form {
	f := &form{sh: sh, door: id, name: name}
	f.inputs[rowPIN] = field{max: lock.MaxPIN, takes: digit}
	return f
}

// newEdit modifies a code.
func newEdit(sh *shell, c engine.CodeView, at door) *form {
	f := newForm(sh, c.Device, at.name)
	f.old, f.zone = &c, at.zone
	f.inputs[rowName].set(c.Name)
	for row, t := range map[int]time.Time{rowFrom: c.Starts, rowTo: c.Ends} {
		if !t.IsZero() {
			f.inputs[row].set(t.In(f.at()).Format("2006-01-02 15:04"))
		}
	}
	for i := range f.inputs {
		f.were[i] = f.inputs[i].text()
	}
	return f
}

func (f *form) at() *time.Location {
	if f.zone != nil {
		return f.zone
	}
	return f.sh.zone
}

func (f *form) Title() string {
	if f.old != nil {
		return "Modify " + codeName(*f.old) + " on " + f.name
	}
	return "New code on " + f.name
}

func (f *form) Keys() []key.Binding {
	keys := []key.Binding{f.sh.keys.accept, bind("tab ↓", "next field", "tab", "down"), bind("↑", "field before", "shift+tab", "up"), bind("space", "switch", " "), bind("esc", "cancel", "esc")}
	if f.needsGap() {
		keys = append(keys, f.sh.keys.gap)
	}
	return keys
}

func (f *form) needsGap() bool {
	var r *engine.Refusal
	return f.gap || errors.As(f.refusal, &r) && r.Code == "gap_not_accepted"
}

func (f *form) typing() bool { return true }

func (f *form) start() tea.Cmd { return f.rehearse() }

func (f *form) request() request {
	return request{to: f, queries: []engine.Query{{View: engine.ViewDevice, Device: f.door}}}
}

// last is the lowest row: an edit has no switches.
func (f *form) last() int {
	if f.old != nil {
		return rowTo
	}
	return rowPool
}

func (f *form) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		if s := msg.snaps[0]; s.Device != nil {
			f.device, f.zone = s.Device, msg.zone
		}
	case tea.KeyMsg:
		if !f.sent {
			return f.press(msg)
		}
	}
	return nil
}

func (f *form) press(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		return f.sh.close(f)
	case "enter":
		return f.apply()
	case "tab", "down":
		f.row = (f.row + 1) % (f.last() + 1)
		return nil
	case "shift+tab", "up":
		f.row = (f.row + f.last()) % (f.last() + 1)
		return nil
	}
	switch {
	case key.Matches(k, f.sh.keys.gap) && f.needsGap():
		f.gap = !f.gap
	case f.row == rowJIT && k.String() == " ":
		f.jit = !f.jit
	case f.row == rowPool && k.String() == " ":
		f.pool = !f.pool
	case f.row <= rowTo && f.inputs[f.row].key(k):
	default:
		return nil
	}
	return f.rehearse()
}

// mistake is what is wrong with a row, judged without the engine; "": nothing.
func (f *form) mistake(row int) string {
	text := f.inputs[row].text()
	switch row {
	case rowName:
		if f.device != nil {
			if b := f.device.Traits.CheckName(text); b != nil {
				return b.Message
			}
		}
	case rowPIN:
		if pin, err := lock.ParsePIN(text); err == nil && f.device != nil {
			if b := f.device.Traits.CheckPIN(pin); b != nil {
				return b.Message
			}
		}
	default:
		if _, err := f.when(row); err != nil {
			return err.Error()
		}
	}
	return ""
}

// when reads a row as a time; an empty one is the zero time. A relative end counts from the start.
func (f *form) when(row int) (time.Time, error) {
	text := strings.TrimSpace(f.inputs[row].text())
	if text == "" {
		return time.Time{}, nil
	}
	base := f.sh.now
	if row == rowTo {
		if from, err := f.when(rowFrom); err == nil && !from.IsZero() {
			base = from
		}
	}
	t, err := when.Parse(text, f.sh.now, base, f.at())
	return t.Truncate(time.Second), err
}

// action is the command that the form stands for; false while a row is mistaken.
func (f *form) action() (engine.Action, bool) {
	for row := range f.inputs {
		if f.mistake(row) != "" {
			return nil, false
		}
	}
	name := strings.TrimSpace(f.inputs[rowName].text())
	pin, _ := lock.ParsePIN(f.inputs[rowPIN].text())
	from, _ := f.when(rowFrom)
	to, _ := f.when(rowTo)
	if f.old == nil {
		if from.IsZero() && !to.IsZero() {
			from = f.sh.now.Truncate(time.Second)
		}
		return engine.Create{Device: f.door, Name: name, PIN: pin, Starts: from, Ends: to, JIT: f.jit, UsePool: f.pool}, true
	}
	u := engine.Update{Code: f.old.ID, AcceptGap: f.gap}
	changed := func(row int) bool { return f.inputs[row].text() != f.were[row] }
	if changed(rowName) {
		u.Name = &name
	}
	if !pin.IsZero() {
		u.PIN = &pin
	}
	if changed(rowFrom) {
		u.Starts = &from
	}
	if changed(rowTo) {
		u.Ends = &to
	}
	return u, true
}

func (f *form) rehearse() tea.Cmd {
	f.number++
	f.judged, f.notes, f.refusal = false, nil, nil
	do, ok := f.action()
	if !ok {
		return nil
	}
	number := f.number
	return f.sh.rehearse(do, func(r engine.Receipt, err error) tea.Cmd {
		if number == f.number {
			f.judged, f.notes, f.refusal = true, r.Notes, err
		}
		return nil
	})
}

func (f *form) apply() tea.Cmd {
	do, ok := f.action()
	if !ok {
		for row := range f.inputs {
			if f.mistake(row) != "" {
				f.row = row
				break
			}
		}
		return nil
	}
	f.sent = true
	return f.sh.submit(do, func(r engine.Receipt, err error) tea.Cmd {
		f.sent = false
		if err != nil {
			f.judged, f.refusal = true, err
			return f.sh.refused(err)
		}
		name := strings.TrimSpace(f.inputs[rowName].text())
		what := "created " + name
		if f.old != nil {
			what = "changed " + codeName(*f.old)
		} else if len(r.Codes) > 0 && name == "" {
			what = "created " + string(r.Codes[0])
		}
		return tea.Batch(f.sh.close(f), f.sh.done(what, r))
	})
}

func (f *form) size(w, h int) (int, int) {
	bw := min(76, w-2)
	return bw, len(f.text(bw-6)) + 2
}

func (f *form) View(w, h int) string { return f.sh.dialog(w, h, f.Title(), f.text(w-6)) }

func (f *form) text(w int) []line {
	rows := []line{nil}
	for row, label := range []string{"name", "PIN", "from", "to"} {
		rows = append(rows, f.fieldLine(row, label, w))
	}
	if f.old == nil {
		rows = append(rows, nil,
			f.switchLine(rowJIT, f.jit, "write it just in time, even if the lock keeps schedules"),
			f.switchLine(rowPool, f.pool, "keep backup codes ready on this lock"))
	}
	return append(append(rows, nil), append(f.verdict(w), nil)...)
}

const fieldWidth = 22

func (f *form) fieldLine(row int, label string, w int) line {
	s := f.sh.style
	mark := line{{plain, "  "}}
	input := say(plain, f.inputs[row].text())
	if row == rowPIN && row != f.row {
		input = say(plain, strings.Repeat(s.bullet, len(f.inputs[row].value)))
	}
	if row == f.row {
		mark = line{{accent, s.mark + " "}}
		input = f.inputs[row].line(fieldWidth)
	}
	if input.width() > fieldWidth {
		input = input.cut(fieldWidth, s.more)
	}
	l := mark.with(dim, fmt.Sprintf("%-6s", label)).and(input).with(plain, strings.Repeat(" ", max(0, fieldWidth-input.width()+2)))
	if wrong := f.mistake(row); wrong != "" {
		return l.with(bad, s.bad+" "+wrong)
	}
	var r *engine.Refusal
	if errors.As(f.refusal, &r) && rowOf(r.Field) == row {
		return l.with(bad, s.bad+" "+r.Message)
	}
	return l.and(f.hint(row))
}

// hint tells what an empty row means, or how a filled one was understood.
func (f *form) hint(row int) line {
	s := f.sh.style
	empty := f.inputs[row].text() == ""
	switch row {
	case rowPIN:
		switch {
		case f.old != nil && empty:
			return say(dim, "empty: as it is")
		case f.device == nil:
			return nil
		case f.device.Traits.AssignsPIN:
			return say(dim, "the provider chooses it")
		case empty:
			return say(dim, "empty: drawn; "+f.rules())
		}
		return say(good, s.check)
	case rowFrom, rowTo:
		t, err := f.when(row)
		switch {
		case err != nil:
			return nil
		case t.IsZero() && row == rowFrom:
			return say(dim, "empty: at once")
		case t.IsZero():
			return say(dim, "empty: until removed")
		}
		l := say(accent, t.In(f.at()).Format("Mon 2 Jan 15:04 MST"))
		if from, err := f.when(rowFrom); row == rowTo && err == nil {
			if from.IsZero() {
				from = f.sh.now
			}
			return l.with(dim, ", "+spanOf(t.Sub(from)))
		}
		return l.with(dim, ", "+fromNow(t, f.sh.now))
	}
	return nil
}

func (f *form) rules() string {
	t := f.device.Traits
	lengths := t.Lengths()
	text := fmt.Sprintf("%d", lengths[0])
	if last := lengths[len(lengths)-1]; last != lengths[0] {
		text += fmt.Sprintf(" to %d", last)
	}
	return strings.Join(append([]string{text + " digits"}, pinRules(t)...), ", ")
}

// rowOf maps the field that a refusal names to the row that shows it; -1: none.
func rowOf(name string) int {
	switch strings.ToLower(name) {
	case "name":
		return rowName
	case "pin", "code":
		return rowPIN
	case "starts", "starts_at", "from":
		return rowFrom
	case "ends", "ends_at", "to":
		return rowTo
	}
	return -1
}

func (f *form) switchLine(row int, on bool, text string) line {
	s := f.sh.style
	l := line{{plain, "  "}}
	if row == f.row {
		l = line{{accent, s.mark + " "}}
	}
	if on {
		return l.with(good, s.ok+" ").with(plain, text)
	}
	return l.with(dim, s.hollow+" "+text)
}

// verdict is what the engine says to the present state.
func (f *form) verdict(w int) []line {
	s := f.sh.style
	var r *engine.Refusal
	switch {
	case f.row == rowFrom || f.row == rowTo:
		if f.mistake(f.row) != "" || f.inputs[f.row].text() == "" {
			return wrap(dim, when.Examples, w)
		}
	}
	switch {
	case f.refusal != nil && errors.As(f.refusal, &r) && rowOf(r.Field) >= 0:
		if r.Remedy == "" {
			return []line{nil}
		}
		return wrap(accent, s.arrow+" "+r.Remedy, w)
	case f.refusal != nil:
		rows := wrap(bad, s.bad+" "+sentence(f.refusal), w)
		if f.needsGap() {
			rows = append(rows, say(warn, s.hollow+" accept the gap").with(dim, "  ctrl+g"))
		}
		return rows
	case !f.judged:
		return []line{nil}
	}
	rows := []line{say(good, s.check+" enter does it")}
	for _, n := range f.notes {
		rows = append(rows, wrap(accent, s.dot+" "+n, w)...)
	}
	return rows
}
