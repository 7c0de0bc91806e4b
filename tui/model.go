package tui

import (
	"context"
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Model is the root model: it routes keys, keeps the loads in order and draws the frame around the screen on top.
type Model struct{ *shell }

// Init starts listening to the host.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(m.listen(), m.changed(), m.beat(), m.after(hintFor, hushMsg{m.note.number}))
}

// Update handles one message. It does no IO.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m, m.changed()
	case tea.KeyMsg:
		return m, m.press(msg)
	case bellMsg:
		return m, tea.Batch(m.listen(), m.changed())
	case beatMsg:
		if !m.running() {
			return m, m.beat() // what others change rings the bell
		}
		return m, tea.Batch(m.beat(), m.changed())
	case restedMsg:
		return m, m.rested()
	case loadedMsg:
		return m, m.loaded(msg)
	case resultMsg:
		return m, msg.then()
	case tea.MouseMsg:
		return m, m.point(msg)
	case wipeMsg:
		if msg.number == m.copied {
			return m, m.toClipboard("", func() tea.Cmd { return m.tell(dim, "the copied PIN is cleared from the clipboard") })
		}
	case pressMsg:
		return m, m.press(msg.key)
	case hushMsg:
		if msg.number == m.note.number {
			m.note.text = ""
		}
	case coverMsg:
		if msg.number == m.shown.number {
			m.shown = revealed{number: msg.number}
		}
	}
	return m, nil
}

// press splits what a terminal has merged: several keys typed fast arrive as one message with many runes, and esc followed
// by a key as that key with alt.
func (m *Model) press(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes || k.Paste && m.typing() {
		return m.one(k)
	}
	if k.Paste {
		return m.tell(warn, m.style.warn+" nothing here takes a paste")
	}
	var cmds []tea.Cmd
	if k.Alt {
		cmds = append(cmds, m.one(tea.KeyMsg{Type: tea.KeyEsc}))
	}
	for i, r := range k.Runes {
		if m.typing() {
			cmds = append(cmds, m.one(tea.KeyMsg{Type: tea.KeyRunes, Runes: k.Runes[i:]}))
			break
		}
		cmds = append(cmds, m.one(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return tea.Batch(cmds...)
}

// typing reports whether a text input has the keys.
func (m *Model) typing() bool {
	t, ok := m.top().(typist)
	return ok && t.typing()
}

// one handles a single key: first the keys that mean the same everywhere, then those of the screen.
func (m *Model) one(k tea.KeyMsg) tea.Cmd {
	top := m.top()
	switch {
	case k.Type == tea.KeyCtrlC, m.tooSmall() && key.Matches(k, m.keys.quit):
		return tea.Quit
	case m.tooSmall():
		return nil // nobody sees what keys would do
	case m.typing():
		return top.Update(k)
	}
	_, over := top.(modal)
	switch {
	case key.Matches(k, m.keys.quit):
		return tea.Quit
	case k.Type == tea.KeyEsc, !over && key.Matches(k, m.keys.back) && !isSideways(top):
		return m.escape(k)
	case over:
		return top.Update(k)
	case key.Matches(k, m.keys.help):
		return m.open(newHelp(m.shell, top))
	case key.Matches(k, m.keys.jump):
		return m.open(newJump(m.shell))
	case key.Matches(k, m.keys.palette):
		return m.open(newPalette(m.shell))
	case key.Matches(k, m.keys.earlierView):
		return m.travel(true)
	case key.Matches(k, m.keys.laterView), k.Type == tea.KeyTab && !contains(top.Keys(), m.keys.tab): // a terminal sends ctrl+i as tab
		return m.travel(false)
	case key.Matches(k, m.keys.undo):
		return m.undo()
	case key.Matches(k, m.keys.mouse):
		return m.toggleMouse()
	case key.Matches(k, m.keys.copy):
		return m.copyIt()
	}
	for _, b := range top.Keys() {
		if key.Matches(k, b) {
			if why := m.bars(b); why != "" {
				return m.tell(warn, m.style.warn+" "+brief(b.Help().Desc)+": "+why)
			}
		}
	}
	for _, b := range m.keys.simulation().keys {
		if key.Matches(k, b) {
			return m.control(k, b)
		}
	}
	return top.Update(k)
}

func (m *Model) escape(k tea.KeyMsg) tea.Cmd {
	if m.skips.stop != nil && k.Type == tea.KeyEsc {
		m.skips.stop()
		return nil
	}
	if r, ok := m.top().(retreater); ok && r.retreat() {
		return m.changed()
	}
	m.note.text = ""
	return m.leave()
}

// control handles the keys of the simulation.
func (m *Model) control(k tea.KeyMsg, b key.Binding) tea.Cmd {
	if m.lab == nil {
		return m.tell(warn, fmt.Sprintf("%s %q steers a simulation; this host is live", m.style.warn, k.String()))
	}
	keys := m.keys
	then := func(err error) tea.Cmd {
		if err != nil {
			return m.refused(err)
		}
		return m.changed()
	}
	switch {
	case key.Matches(k, keys.pause):
		m.state.Paused = !m.state.Paused
		return m.pause(m.state.Paused, then)
	case key.Matches(k, keys.slower):
		m.state.Rate = lab.Slower(m.state.Rate)
		return m.rate(m.state.Rate, then)
	case key.Matches(k, keys.faster):
		m.state.Rate = lab.Faster(m.state.Rate)
		return m.rate(m.state.Rate, then)
	case key.Matches(k, keys.next):
		m.state.Paused = true
		return m.step(then)
	case key.Matches(k, keys.skip):
		return m.open(newSkip(m.shell))
	case key.Matches(k, keys.rewind):
		return m.open(newRewind(m.shell))
	case key.Matches(k, keys.keep):
		return m.saveSession()
	}
	at, ok := m.door()
	switch {
	case !ok:
		return m.tell(warn, m.style.warn+" choose a lock first")
	case key.Matches(k, keys.keypad):
		return m.open(newKeypad(m.shell, at))
	}
	return m.open(newFaults(m.shell, at))
}

// skipTo runs the simulation ahead while the screens go on; esc stops it.
func (sh *shell) skipTo(t time.Time) tea.Cmd {
	if sh.skips.stop != nil {
		return sh.tell(warn, sh.style.warn+" a skip is under way; esc stops it")
	}
	ctx, stop := context.WithCancel(sh.ctx)
	sh.skips = skipping{to: t, stop: stop}
	return tea.Batch(sh.changed(), sh.skip(ctx, t, func(err error) tea.Cmd {
		stopped := ctx.Err() != nil
		stop()
		sh.skips = skipping{}
		switch {
		case stopped:
			return tea.Batch(sh.tell(warn, sh.style.warn+" skip stopped"), sh.changed())
		case err != nil:
			return tea.Batch(sh.refused(err), sh.changed())
		}
		return sh.changed()
	}))
}

// undo offers to take the last command back.
func (m *Model) undo() tea.Cmd {
	var last undoable
	at, ok := m.top().(interface{ undoes() (undoable, bool) })
	if ok {
		last, ok = at.undoes()
	}
	switch {
	case ok:
	case m.latest == nil:
		return m.tell(warn, m.style.warn+" nothing to undo in this session; u on a line of the journal undoes that")
	default:
		last = *m.latest
	}
	return m.open(newConfirm(m.shell, confirm{
		title: "Undo",
		ask:   "Take back: " + last.what + "? What was done in between stays.",
		do:    func(x confirmed) engine.Action { return engine.Undo{Receipt: last.seq, AcceptGap: x.gap} },
		done:  "undone: " + last.what,
	}))
}
