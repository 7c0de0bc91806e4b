package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// palette lists every verb by its words, with its key and, where it can't be done now, why.
type palette struct {
	sh    *shell
	verbs []key.Binding
	input field
	at    int
}

func newPalette(sh *shell) *palette {
	p := &palette{sh: sh}
	p.verbs = append(p.verbs, sh.top().Keys()...)
	p.verbs = append(p.verbs, sh.keys.simulation().keys...)
	for _, b := range sh.keys.everywhere().keys {
		switch sh.keys.named(b) {
		case "up", "down", "page-up", "page-down", "first", "last", "open", "palette":
		default:
			p.verbs = append(p.verbs, b)
		}
	}
	return p
}

func (p *palette) Title() string { return "Every verb" }

func (p *palette) Keys() []key.Binding {
	return []key.Binding{bind("enter", "do it", "enter"), bind("↑ ↓", "choose", "up", "down"), bind("esc", "close", "esc")}
}

func (p *palette) typing() bool { return true }

// found are the verbs whose help has the typed letters in their order.
func (p *palette) found() []key.Binding {
	var out []key.Binding
	for _, b := range p.verbs {
		if subsequence(strings.ToLower(b.Help().Desc), strings.ToLower(strings.TrimSpace(p.input.text()))) {
			out = append(out, b)
		}
	}
	typed := strings.ToLower(strings.TrimSpace(p.input.text()))
	slices.SortStableFunc(out, func(a, b key.Binding) int { return near(a, typed) - near(b, typed) })
	return out
}

// near ranks a verb: 0 begins with what was typed, 1 has it as it is, 2 only its letters.
func near(b key.Binding, typed string) int {
	switch at := strings.Index(strings.ToLower(b.Help().Desc), typed); {
	case at == 0:
		return 0
	case at > 0:
		return 1
	}
	return 2
}

func subsequence(text, letters string) bool {
	for _, r := range letters {
		i := strings.IndexRune(text, r)
		if i < 0 {
			return false
		}
		text = text[i+len(string(r)):]
	}
	return true
}

func (p *palette) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	list := p.found()
	switch k.String() {
	case "esc", "ctrl+p":
		return p.sh.close(p)
	case "up":
		p.at = max(0, p.at-1)
	case "down":
		p.at = max(0, min(p.at+1, len(list)-1))
	case "enter":
		if p.at < len(list) {
			return tea.Batch(p.sh.close(p), p.sh.again(list[p.at]))
		}
	default:
		if p.input.key(k) {
			p.at = 0
		}
	}
	return nil
}

// again does what pressing a binding's first key does.
func (sh *shell) again(b key.Binding) tea.Cmd {
	return func() tea.Msg { return pressMsg{keyNamed(b.Keys()[0])} }
}

// keyNamed is the message of a key by its name.
func keyNamed(name string) tea.KeyMsg {
	for t, n := range map[tea.KeyType]string{
		tea.KeyEnter: "enter", tea.KeyEsc: "esc", tea.KeyTab: "tab", tea.KeyShiftTab: "shift+tab", tea.KeyUp: "up", tea.KeyDown: "down",
		tea.KeyLeft: "left", tea.KeyRight: "right", tea.KeyPgUp: "pgup", tea.KeyPgDown: "pgdown", tea.KeyHome: "home", tea.KeyEnd: "end",
		tea.KeyCtrlC: "ctrl+c", tea.KeyCtrlG: "ctrl+g", tea.KeyCtrlO: "ctrl+o", tea.KeyCtrlP: "ctrl+p", tea.KeyDelete: "delete",
		tea.KeyBackspace: "backspace", tea.KeyCtrlU: "ctrl+u", tea.KeyCtrlR: "ctrl+r",
	} {
		if n == name {
			return tea.KeyMsg{Type: t}
		}
	}
	if name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func (p *palette) size(w, h int) (int, int) { return min(76, w-2), min(h, 18) }

func (p *palette) View(w, h int) string {
	s := p.sh.style
	rows := []line{say(accent, "> ").and(p.input.line(w - 10)), nil}
	list := p.found()
	room := h - 2 - len(rows)
	first := max(0, min(p.at-room/2, len(list)-room))
	for i := first; i < min(len(list), first+room); i++ {
		b := list[i]
		mark, t := line{{plain, "  "}}, plain
		if i == p.at {
			mark, t = line{{accent, s.mark + " "}}, strong
		}
		why := p.sh.bars(b)
		if why != "" {
			t = dim
		}
		l := mark.with(chipKey, " "+pad(s.keyName(b), 5)+" ")
		if why != "" {
			l = l.with(t, " "+brief(b.Help().Desc)).with(warn, "  "+s.cross+" "+why)
		} else {
			l = l.with(t, " "+b.Help().Desc)
		}
		rows = append(rows, l)
	}
	if len(list) == 0 {
		rows = append(rows, say(dim, "no verb has these letters"))
	}
	return p.sh.dialog(w, h, p.Title(), rows)
}
