package tui

import (
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// field is a one-line text input.
type field struct {
	value []rune
	at    int             // cursor, in runes
	max   int             // longest value in runes; 0: 200
	takes func(rune) bool // nil: every printable rune
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func (f *field) text() string { return string(f.value) }

func (f *field) set(text string) {
	f.value = []rune(text)
	f.at = len(f.value)
}

// key edits the value and reports whether the key was one for editing.
func (f *field) key(k tea.KeyMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		f.at = max(0, f.at-1)
	case "right", "ctrl+f":
		f.at = min(len(f.value), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.value)
	case "backspace", "ctrl+h":
		f.cut(f.at-1, f.at)
	case "delete", "ctrl+d":
		f.cut(f.at, f.at+1)
	case "ctrl+u":
		f.cut(0, f.at)
	case "ctrl+k":
		f.cut(f.at, len(f.value))
	case "ctrl+w":
		from := f.at
		for from > 0 && f.value[from-1] == ' ' {
			from--
		}
		for from > 0 && f.value[from-1] != ' ' {
			from--
		}
		f.cut(from, f.at)
	default:
		if k.Type != tea.KeyRunes && k.Type != tea.KeySpace || k.Alt {
			return false
		}
		for _, r := range k.Runes {
			f.insert(r)
		}
	}
	return true
}

func (f *field) cut(from, to int) {
	from, to = max(0, from), min(len(f.value), to)
	if from >= to {
		return
	}
	f.value = append(f.value[:from:from], f.value[to:]...)
	f.at = from
}

func (f *field) insert(r rune) {
	longest := f.max
	if longest == 0 {
		longest = 200
	}
	if len(f.value) >= longest || !unicode.IsPrint(r) || f.takes != nil && !f.takes(r) {
		return
	}
	f.value = append(f.value[:f.at:f.at], append([]rune{r}, f.value[f.at:]...)...)
	f.at++
}

// line shows the value in w cells, with its cursor and scrolled to it.
func (f *field) line(w int) line {
	text := f.value
	from := 0
	for width(string(text[from:f.at])) >= max(1, w) {
		from++
	}
	l := say(plain, string(text[from:f.at]))
	under := " "
	if f.at < len(text) {
		under = string(text[f.at])
	}
	l = l.with(caret, under)
	if f.at+1 <= len(text) {
		l = l.with(plain, string(text[f.at+1:]))
	}
	return l
}
