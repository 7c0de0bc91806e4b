package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
)

func (f *form) size(w, h int) (int, int) {
	bw := min(76, w-2)
	return bw, len(f.text(bw-6)) + 2
}

func (f *form) View(w, h int) string { return f.sh.dialog(w, h, f.Title(), f.text(w-6)) }

func (f *form) text(w int) []line {
	rows := []line{nil}
	first, _ := f.rows()
	for row, label := range []string{"doors", "name", "PIN", "from", "to"} {
		if row >= first {
			rows = append(rows, f.fieldLine(row, label, w))
		}
		if row == rowDoors && len(f.doors) > 1 && f.old == nil {
			rows = append(rows, f.doorNames(w)...)
		}
	}
	if f.old == nil {
		rows = append(rows, nil,
			f.switchLine(rowJIT, f.jit, "write it just in time, even if the lock keeps schedules"),
			f.switchLine(rowPool, f.pool, "keep backup codes ready on this lock"))
	}
	return append(append(rows, nil), append(f.verdict(w), nil)...)
}

// doorNames lists the doors below their field, in two lines at most.
func (f *form) doorNames(w int) []line {
	const indent = 8
	names := make([]string, len(f.doors))
	for i, d := range f.doors {
		names[i] = d.name
	}
	rows := wrap(dim, strings.Join(names, ", "), w-indent)
	if len(rows) > 2 {
		rows = append(rows[:1], rows[1].with(dim, " "+f.sh.style.more))
	}
	for i, l := range rows {
		rows[i] = line{{plain, strings.Repeat(" ", indent)}}.and(l)
	}
	return rows
}

const fieldWidth = 20

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
	case rowDoors:
		switch {
		case empty && f.row == rowDoors:
			return say(dim, "words find others: harbour, account:nuki")
		case len(f.doors) == 1:
			return say(plain, f.doors[0].name)
		}
		return say(accent, pluralOf(len(f.doors), "door"))
	case rowName:
		if empty && f.old == nil && f.like.Name != "" {
			return say(dim, "empty: "+f.like.Name)
		}
	case rowPIN:
		switch {
		case f.old != nil && empty:
			return say(dim, "empty: as it is")
		case f.device == nil:
			return nil
		case f.device.Traits.AssignsPIN:
			return say(dim, "the provider chooses it")
		case empty:
			return say(dim, "empty: drawn")
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

// advice is how the row in hand is to be filled, while it is empty or wrong.
func (f *form) advice() string {
	switch f.row {
	case rowFrom, rowTo:
		if f.mistake(f.row) != "" || f.inputs[f.row].text() == "" {
			return when.Examples
		}
	case rowPIN:
		if f.device != nil && !f.device.Traits.AssignsPIN && (f.mistake(rowPIN) != "" || f.inputs[rowPIN].text() == "") {
			return "the lock takes " + f.rules()
		}
	}
	return ""
}

// future is what will happen when, in the zone of the door.
func (f *form) future(w int) []line {
	if text := f.sh.ahead(f.plan, f.at()); text != "" {
		return wrap(dim, text, w)
	}
	return nil
}

// ahead tells the part of a plan that is to come: what will happen when.
func (sh *shell) ahead(plan []engine.Moment, zone *time.Location) string {
	var parts []string
	for _, m := range plan {
		if m.At.After(sh.now) || m.What == "withdrawn" {
			parts = append(parts, m.What+" "+moment(m.At, sh.now, zone))
		}
	}
	return strings.Join(parts, " "+sh.style.arrow+" ")
}

// verdict is what the engine says to the present state.
func (f *form) verdict(w int) []line {
	s := f.sh.style
	var r *engine.Refusal
	if text := f.advice(); text != "" {
		return wrap(dim, text, w)
	}
	switch {
	case f.refusal != nil && errors.As(f.refusal, &r) && rowOf(r.Field) >= 0:
		rows := wrap(bad, s.bad+" "+r.Message, w)
		if r.Remedy != "" {
			rows = append(rows, wrap(accent, s.arrow+" "+r.Remedy, w)...)
		}
		return rows
	case f.refusal != nil:
		rows := wrap(bad, s.bad+" "+sentence(f.refusal), w)
		if f.needsGap() {
			rows = append(rows, say(warn, s.hollow+" accept the gap").with(dim, "  ctrl+g"))
		}
		return rows
	case !f.judged:
		return []line{nil}
	}
	rows := append([]line{say(good, s.check+" enter does it")}, f.future(w)...)
	for _, n := range f.sh.names.notes(f.notes) {
		rows = append(rows, wrap(accent, s.dot+" "+n, w)...)
	}
	return rows
}
