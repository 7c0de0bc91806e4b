package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// help lists every key that the screen beneath understands.
type help struct {
	sh     *shell
	groups []group
	top    int
}

func newHelp(sh *shell, of screen) *help {
	h := &help{sh: sh, groups: []group{{of.Title(), of.Keys()}, sh.keys.everywhere()}}
	if sh.lab != nil {
		h.groups = append(h.groups, sh.keys.simulation())
	}
	return h
}

func (h *help) Title() string { return "All keys" }

func (h *help) Keys() []key.Binding {
	return []key.Binding{h.sh.keys.up, h.sh.keys.down, bind("esc", "close", "esc")}
}

func (h *help) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	keys := h.sh.keys
	switch {
	case key.Matches(k, keys.up):
		h.top = max(0, h.top-1)
	case key.Matches(k, keys.down):
		h.top++
	case key.Matches(k, keys.help), k.Type == tea.KeyEnter:
		return h.sh.close(h)
	}
	_, bh := h.sh.body()
	h.top = max(0, min(h.top, len(h.rows())-(bh-4)))
	return nil
}

func (h *help) size(w, bh int) (int, int) { return min(80, w), min(bh, len(h.rows())+2) }

// rows lays the groups out: two columns side by side, the screen's own keys first.
func (h *help) rows() []line {
	const half = 37
	var left, right []line
	for i, g := range h.groups {
		col := []line{say(accent, g.title)}
		for _, b := range g.keys {
			col = append(col, line{{chipKey, " " + pad(h.sh.style.keyName(b), 5) + " "}, {plain, " " + b.Help().Desc}})
		}
		if i == 1 {
			right = append(right, col...)
		} else {
			if len(left) > 0 {
				left = append(left, nil)
			}
			left = append(left, col...)
		}
	}
	var rows []line
	for i := range max(len(left), len(right)) {
		var l line
		if i < len(left) {
			l = left[i]
		}
		if l.width() > half {
			l = l.cut(half, h.sh.style.more)
		}
		if i < len(right) {
			l = append(l, span{plain, strings.Repeat(" ", half+1-l.width())}).and(right[i])
		}
		rows = append(rows, l)
	}
	return rows
}

func pad(text string, w int) string { return text + strings.Repeat(" ", max(0, w-width(text))) }

func (h *help) View(w, bh int) string {
	rows := h.rows()
	top := max(0, min(h.top, len(rows)-(bh-2)))
	return h.sh.dialog(w, bh, h.Title(), rows[top:])
}
