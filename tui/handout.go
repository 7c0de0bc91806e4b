package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// handout shows digits that somebody is to be told, for a while. They are copied too, with the sentence to send.
type handout struct {
	sh     *shell
	title  string
	what   string // what the digits are
	number int    // of the reveal
}

// hand reveals a code's digits in a dialog of their own.
func (sh *shell) hand(code lock.CodeID, title, what string, at door) tea.Cmd {
	return sh.submit(engine.Reveal{Code: code}, func(r engine.Receipt, err error) tea.Cmd {
		switch {
		case err != nil:
			return sh.refused(err)
		case len(r.PINs) == 0 || r.PINs[0].IsZero():
			return sh.tell(warn, sh.style.warn+" the digits of this code are not known yet")
		}
		sh.shown = revealed{code, r.PINs[0], sh.shown.number + 1}
		sh.copied++
		text := at.name + ": " + r.PINs[0].Reveal()
		return tea.Batch(
			sh.open(&handout{sh: sh, title: title, what: what, number: sh.shown.number}),
			sh.toClipboard(text, func() tea.Cmd { return nil }),
			sh.after(copyFor, wipeMsg{sh.copied}), sh.after(revealFor, coverMsg{sh.shown.number}),
		)
	})
}

func (d *handout) Title() string { return d.title }

func (d *handout) Keys() []key.Binding {
	return []key.Binding{bind("enter", "done", "enter"), bind("esc", "done", "esc")}
}

func (d *handout) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && k.Type == tea.KeyEnter {
		d.sh.cover()
		return d.sh.close(d)
	}
	return nil
}

func (d *handout) size(w, h int) (int, int) { return min(60, w-4), min(h, 10) }

func (d *handout) View(w, h int) string {
	pin := say(dim, "hidden again; v shows it")
	if d.sh.shown.number == d.number && !d.sh.shown.pin.IsZero() {
		pin = say(chipGood, "  "+d.sh.shown.pin.Reveal()+"  ")
	}
	rows := append([]line{nil}, wrap(plain, d.what, w-6)...)
	rows = append(rows, nil, pin, nil, say(dim, "Copied for "+spanOf(copyFor)+". That you saw it is recorded."))
	return d.sh.dialog(w, h, d.title, rows)
}
