package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// toggleMouse follows the mouse, or leaves it to the terminal, which can then select text.
func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		return tea.Batch(tea.EnableMouseCellMotion, m.tell(dim, "the mouse is followed; M leaves it to the terminal"))
	}
	return tea.Batch(tea.DisableMouse, m.tell(dim, "the mouse is left to the terminal, which can select text; M follows it"))
}

// pointed is a screen that takes a click on one of its rows, counted from its top.
type pointed interface{ click(x, y int) tea.Cmd }

// point handles the mouse: the wheel moves the cursor, a click chooses a row or presses a key of the footer.
func (m *Model) point(e tea.MouseMsg) tea.Cmd {
	switch {
	case m.tooSmall() || m.typing():
		return nil
	case e.Button == tea.MouseButtonWheelUp:
		return m.one(tea.KeyMsg{Type: tea.KeyUp})
	case e.Button == tea.MouseButtonWheelDown:
		return m.one(tea.KeyMsg{Type: tea.KeyDown})
	case e.Button != tea.MouseButtonLeft || e.Action != tea.MouseActionPress:
		return nil
	case e.Y == m.height-1:
		return m.clickFooter(e.X)
	}
	if at, ok := m.top().(pointed); ok {
		return at.click(e.X, e.Y-1)
	}
	return nil
}

// clickFooter presses the key whose cap lies under x.
func (m *Model) clickFooter(x int) tea.Cmd {
	text := ansi.Strip(m.footer())
	from := 0
	offered := append(m.offered(), m.keys.help)
	for _, b := range offered {
		cap := " " + m.style.keyName(b) + "  " + brief(b.Help().Desc)
		at := strings.Index(text[from:], cap)
		if at < 0 {
			continue
		}
		left := width(text[:from+at])
		if x >= left && x < left+width(cap) {
			return m.again(b)
		}
		from += at + len(cap)
	}
	return nil
}

// rowAt is the index of the table's row that is drawn at line y of its view; false: none.
func (t *table[R]) rowAt(y, height int) (int, bool) {
	i := t.first(height-1) + y - 1
	return i, y >= 1 && y < height && i < t.total
}

// copyIt copies what is under the cursor: a code's digits, which is recorded and cleared again, or a lock's id.
func (m *Model) copyIt() tea.Cmd {
	if why := m.bars(m.keys.copy); why != "" {
		return m.tell(warn, m.style.warn+" copy: "+why)
	}
	if at, ok := m.page().(interface{ chosenCode() (lock.CodeID, string) }); ok {
		if id, name := at.chosenCode(); id != "" {
			return m.copyPIN(id, name)
		}
	}
	at, ok := m.door()
	if !ok {
		return m.tell(warn, m.style.warn+" nothing here can be copied")
	}
	return m.toClipboard(string(at.id), func() tea.Cmd { return m.tell(good, m.style.check+" copied "+string(at.id)) })
}

// copyPIN copies a code's digits: asking for them is recorded, and they don't stay in the clipboard.
func (sh *shell) copyPIN(id lock.CodeID, name string) tea.Cmd {
	return sh.submit(engine.Reveal{Code: id}, func(r engine.Receipt, err error) tea.Cmd {
		switch {
		case err != nil:
			return sh.refused(err)
		case len(r.PINs) == 0 || r.PINs[0].IsZero():
			return sh.tell(warn, sh.style.warn+" the digits of this code are not known yet")
		}
		sh.copied++
		return sh.toClipboard(r.PINs[0].Reveal(), func() tea.Cmd {
			return tea.Batch(sh.tell(good, sh.style.check+" copied the PIN of "+name+"; it is recorded, and cleared in "+spanOf(copyFor)), sh.after(copyFor, wipeMsg{sh.copied}), sh.changed())
		})
	})
}
