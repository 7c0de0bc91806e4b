package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
)

// swap chooses the lock that replaces another. What can't be carried over is shown before anything is done.
type swap struct {
	sh    *shell
	old   door
	input field
	found []engine.DeviceRow
	at    int
}

func newSwap(sh *shell, old door) *swap { return &swap{sh: sh, old: old} }

func (p *swap) Title() string { return "Which lock replaces " + p.old.name + "?" }

func (p *swap) Keys() []key.Binding {
	return []key.Binding{bind("enter", "show the plan", "enter"), bind("↑ ↓", "choose", "up", "down"), bind("esc", "cancel", "esc")}
}

func (p *swap) typing() bool { return true }

func (p *swap) cli() string { return fmt.Sprintf(cliSwap, quoted(string(p.old.id))) }

func (p *swap) request() request {
	return request{to: p, queries: []engine.Query{{View: engine.ViewFleet, Sort: "used", Filter: p.input.text(), Limit: 9}}}
}

func (p *swap) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		p.found = nil
		for _, r := range msg.snaps[0].Devices {
			if r.ID != p.old.id {
				p.found = append(p.found, r)
			}
		}
		p.at = max(0, min(p.at, len(p.found)-1))
	case tea.KeyMsg:
		switch msg.String() {
		case "esc":
			return p.sh.close(p)
		case "up":
			p.at = max(0, p.at-1)
		case "down":
			p.at = max(0, min(p.at+1, len(p.found)-1))
		case "enter":
			if p.at < len(p.found) {
				return tea.Batch(p.sh.close(p), p.sh.open(newConfirm(p.sh, p.plan(p.found[p.at]))))
			}
		default:
			if p.input.key(msg) {
				return p.sh.changed()
			}
		}
	}
	return nil
}

func (p *swap) plan(by engine.DeviceRow) confirm {
	return confirm{
		title: "Swap " + p.old.name,
		ask:   "Every live code moves to " + by.Name + ", with its digits where that lock takes them; " + p.old.name + " is retired.",
		typed: "swap",
		do:    func(confirmed) engine.Action { return engine.SwapDevice{Old: p.old.id, New: by.ID} },
		done:  by.Name + " replaces " + p.old.name + ": try a code at its keypad",
	}
}

func (p *swap) size(w, h int) (int, int) { return min(66, w-4), min(h, 16) }

func (p *swap) View(w, h int) string {
	s := p.sh.style
	rows := []line{say(dim, "name  ").and(p.input.line(w - 16)), nil}
	for i, r := range p.found {
		mark, t := line{{plain, "  "}}, plain
		if i == p.at {
			mark, t = line{{accent, s.mark + " "}}, strong
		}
		rows = append(rows, mark.with(t, pad(r.Name, 26)).with(dim, " "+system(r)+", ").with(plain, pluralOf(r.Used, "code")))
	}
	if len(p.found) == 0 {
		rows = append(rows, say(dim, "no other lock is called that"))
	}
	rows = append(rows, nil, say(dim, "A new lock of a connected account is found by itself."))
	return p.sh.dialog(w, h, p.Title(), rows)
}
