package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/internal/when"
)

// skip asks to which time a simulation is to run ahead.
type skip struct {
	sh    *shell
	input field
	wrong string
}

func newSkip(sh *shell) *skip { return &skip{sh: sh, input: field{max: 30}} }

func (p *skip) Title() string { return "Skip to" }

func (p *skip) Keys() []key.Binding {
	return []key.Binding{bind("enter", "run there as fast as it goes", "enter"), bind("esc", "stay", "esc")}
}

func (p *skip) typing() bool { return true }

func (p *skip) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch k.Type {
	case tea.KeyEsc:
		return p.sh.close(p)
	case tea.KeyEnter:
		zone := p.sh.zone
		if d, ok := p.sh.door(); ok && d.zone != nil {
			zone = d.zone
		}
		t, err := when.Parse(p.input.text(), p.sh.now, p.sh.now, zone)
		switch {
		case err != nil:
			p.wrong = err.Error()
			return nil
		case !t.After(p.sh.now):
			p.wrong = "lies in the past: a simulation goes forward only"
			return nil
		}
		return tea.Batch(p.sh.close(p), p.sh.skipTo(t))
	}
	p.input.key(k)
	p.wrong = ""
	return nil
}

func (p *skip) size(w, _ int) (int, int) { return min(68, w-4), 7 }

func (p *skip) View(w, h int) string {
	last := say(dim, when.Examples)
	if p.wrong != "" {
		last = say(bad, p.sh.style.bad+" "+p.wrong)
	}
	return p.sh.dialog(w, h, p.Title(), []line{nil, say(dim, "time  ").and(p.input.line(w - 16)), nil, last})
}
