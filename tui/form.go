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
	rowDoors = iota
	rowName
	rowPIN
	rowFrom
	rowTo
	rowJIT
	rowPool
)

// doorsMost is on how many doors one form makes codes.
const doorsMost = 200

// form creates a code, or modifies one. What is typed is checked at once against the lock's rules, and every valid state is
// rehearsed, so that enter does what the last lines say.
type form struct {
	sh     *shell
	given  []door // those that it was opened for
	doors  []door // of the code; the first is the one whose rules are shown
	sought string // the words that doors were found by; "": they are the given ones
	asked  string // the words that are being looked for
	match  int    // how many locks these words find
	like   Template
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
	plan    []engine.Moment
	refusal error
	draws   int // PINs that were drawn to choose from
	number  int
	judged  bool // the rehearsal of the present state has answered
	sent    bool
}

// newForm creates a code on a lock, or the same on several. Without doors the form asks for them.
func newForm(sh *shell, doors ...door) *form {
	f := &form{sh: sh, given: doors, doors: doors, row: rowName}
	f.inputs[rowPIN] = field{max: lock.MaxPIN, takes: digit}
	if len(doors) == 0 {
		f.row = rowDoors
	}
	return f
}

// newEdit modifies a code.
func newEdit(sh *shell, c engine.CodeView, at door) *form {
	f := newForm(sh, at)
	f.old, f.zone = &c, at.zone
	f.inputs[rowName].set(c.Name)
	for row, t := range map[int]time.Time{rowFrom: c.Starts, rowTo: c.Ends} {
		if !t.IsZero() {
			f.inputs[row].set(when.Format(t, f.at()))
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
		return "Modify " + codeName(*f.old) + " on " + f.doors[0].name
	}
	what := "New code"
	if f.like.About != "" {
		what = "New code, " + f.like.About
	}
	switch n := len(f.doors); n {
	case 0:
		return what
	case 1:
		return what + " on " + f.doors[0].name
	default:
		return fmt.Sprintf("%s on %d doors", what, n)
	}
}

func (f *form) Keys() []key.Binding {
	keys := []key.Binding{f.sh.keys.accept, bind("tab ↓", "next field", "tab", "down"), bind("↑", "field before", "shift+tab", "up"), bind("esc", "cancel", "esc"), bind("^r", "draw a PIN", "ctrl+r"), bind("space", "switch", " ")}
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
	r := request{to: f}
	if len(f.doors) > 0 {
		r.queries = append(r.queries, engine.Query{View: engine.ViewDevice, Device: f.doors[0].id})
	}
	if words := f.words(); words != f.sought {
		f.asked = words
		r.queries = append(r.queries, engine.Query{View: engine.ViewFleet, Sort: "name", Filter: words, Limit: doorsMost})
	}
	return r
}

// words are those that choose the doors; "": the given ones are meant.
func (f *form) words() string { return strings.TrimSpace(f.inputs[rowDoors].text()) }

// rows are the first and the last one: an edit has neither doors nor switches.
func (f *form) rows() (first, last int) {
	if f.old != nil {
		return rowName, rowTo
	}
	return rowDoors, rowPool
}

// take fills in the lock whose rules are shown, and the doors that were looked for.
func (f *form) take(a answer) tea.Cmd {
	for _, s := range a.snaps {
		if s.Device != nil {
			was := f.at()
			if f.device, f.zone = s.Device, a.zone; f.at().String() != was.String() {
				return f.rehearse() // the same words are other instants
			}
			continue
		}
		if f.sought = f.asked; f.sought == "" {
			f.doors, f.match = f.given, len(f.given)
		} else {
			f.doors, f.match = doorsOfRows(s.Devices), s.Total
		}
		if len(f.doors) == 0 {
			f.device = nil
		}
		return tea.Batch(f.sh.changed(), f.rehearse()) // the rules of another lock
	}
	return nil
}

func (f *form) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return f.take(msg)
	case tea.KeyMsg:
		if !f.sent {
			return f.press(msg)
		}
	}
	return nil
}

func (f *form) press(k tea.KeyMsg) tea.Cmd {
	first, last := f.rows()
	switch k.String() {
	case "esc":
		return f.sh.close(f)
	case "enter":
		return f.apply()
	case "tab", "down":
		if f.row++; f.row > last {
			f.row = first
		}
		return nil
	case "shift+tab", "up":
		if f.row--; f.row < first {
			f.row = last
		}
		return nil
	}
	switch {
	case k.String() == "ctrl+r":
		return f.draw()
	case key.Matches(k, f.sh.keys.gap) && f.needsGap():
		f.gap = !f.gap
	case f.row == rowJIT && k.String() == " ":
		f.jit = !f.jit
	case f.row == rowPool && k.String() == " ":
		f.pool = !f.pool
	case f.row == rowDoors && f.inputs[rowDoors].key(k):
		return tea.Batch(f.sh.changed(), f.rehearse())
	case f.row > rowDoors && f.row <= rowTo && f.inputs[f.row].key(k):
	default:
		return nil
	}
	return f.rehearse()
}

// mistake is what is wrong with a row, judged without the engine; "": nothing.
func (f *form) mistake(row int) string {
	text := f.inputs[row].text()
	switch row {
	case rowDoors:
		switch {
		case f.old != nil:
		case f.words() != f.sought:
			return "looking for them " + f.sh.style.more
		case len(f.doors) == 0 && f.sought == "":
			return "words of their names, as in a filter"
		case len(f.doors) == 0:
			return "no lock is called that"
		case f.match > len(f.doors):
			return fmt.Sprintf("%d locks match, more than the %d of one command", f.match, doorsMost)
		}
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
	name := f.called()
	pin, _ := lock.ParsePIN(f.inputs[rowPIN].text())
	from, _ := f.when(rowFrom)
	to, _ := f.when(rowTo)
	if f.old == nil {
		if from.IsZero() && !to.IsZero() {
			from = f.sh.now.Truncate(time.Second)
		}
		create := engine.Create{Device: f.doors[0].id, Name: name, PIN: pin, Starts: from, Ends: to, JIT: f.jit, UsePool: f.pool}
		if len(f.doors) == 1 {
			return create, true
		}
		many := engine.CreateMany{Like: create}
		for _, d := range f.doors {
			many.Devices = append(many.Devices, d.id)
		}
		return many, true
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

// called is the name of the code, which a template may give.
func (f *form) called() string {
	if name := strings.TrimSpace(f.inputs[rowName].text()); name != "" || f.old != nil {
		return name
	}
	return f.like.Name
}

func (f *form) rehearse() tea.Cmd {
	f.number++
	f.judged, f.notes, f.refusal, f.plan = false, nil, nil, nil
	do, ok := f.action()
	if !ok {
		return nil
	}
	number := f.number
	return f.sh.rehearse(do, func(r engine.Receipt, err error) tea.Cmd {
		if number == f.number {
			f.judged, f.notes, f.refusal, f.plan = true, r.Notes, err, r.Plan
		}
		return nil
	})
}

// draw fills in digits that the engine would choose, others with every press. Nobody has them until the code is made.
func (f *form) draw() tea.Cmd {
	if len(f.doors) == 0 {
		return nil
	}
	f.draws++
	probe := engine.Create{ID: lock.CodeID(fmt.Sprintf("draw-%d", f.draws)), Device: f.doors[0].id, Tell: true}
	return f.sh.rehearse(probe, func(r engine.Receipt, err error) tea.Cmd {
		switch {
		case err != nil:
			return f.sh.refused(err)
		case len(r.PINs) == 0 || r.PINs[0].IsZero():
			return f.sh.tell(warn, f.sh.style.warn+" the provider of this lock chooses the digits")
		}
		f.row = rowPIN
		f.inputs[rowPIN].set(r.PINs[0].Reveal())
		return f.rehearse()
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
		name := f.called()
		what := "created " + name
		if f.old != nil {
			what = "changed " + codeName(*f.old)
		} else if len(r.Codes) > 0 && name == "" {
			what = "created " + string(r.Codes[0])
		}
		if len(f.doors) > 1 {
			what += fmt.Sprintf(" on %d doors", len(f.doors))
		}
		return tea.Batch(f.sh.close(f), f.sh.done(what, r))
	})
}
