package tui

import (
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// confirm is a question before an act that can't simply be taken back.
type confirm struct {
	title, ask string
	warn       string // "": no warning
	digits     bool   // digits may be typed
	typed      string // must be typed before it is done; "": y is enough
	do         func(confirmed) engine.Action
	done       string
	then       func(engine.Receipt) tea.Cmd // nil: nothing more
}

// confirmed is what was decided beside yes.
type confirmed struct {
	pin lock.PIN
	gap bool
}

// confirmation asks a confirm. It opens on Cancel, so that enter is safe: only y goes on. What would happen is rehearsed
// and shown first.
type confirmation struct {
	confirm
	sh      *shell
	digits  field
	word    field
	gap     bool
	notes   []string
	plan    []engine.Moment
	refusal error
	sent    bool
	number  int // of the newest rehearsal
}

func newConfirm(sh *shell, c confirm) *confirmation {
	return &confirmation{confirm: c, sh: sh, digits: field{max: lock.MaxPIN, takes: digit}}
}

func (d *confirmation) Title() string { return d.title }

func (d *confirmation) Keys() []key.Binding {
	if d.typed != "" {
		return []key.Binding{bind("enter", "cancel, or do it once typed", "enter"), bind("esc", "cancel", "esc")}
	}
	keys := []key.Binding{bind("enter", "cancel", "enter"), d.sh.keys.yes}
	if d.needsGap() {
		keys = append(keys, d.sh.keys.gap)
	}
	return keys
}

func (d *confirmation) needsGap() bool {
	var r *engine.Refusal
	return d.gap || errors.As(d.refusal, &r) && r.Code == "gap_not_accepted"
}

func (d *confirmation) choice() confirmed {
	pin, _ := lock.ParsePIN(d.digits.text())
	return confirmed{pin, d.gap}
}

func (d *confirmation) start() tea.Cmd { return d.rehearse() }

// rehearse asks what would happen.
func (d *confirmation) rehearse() tea.Cmd {
	d.number++
	number := d.number
	return d.sh.rehearse(d.do(d.choice()), func(r engine.Receipt, err error) tea.Cmd {
		if number == d.number {
			d.notes, d.refusal, d.plan = r.Notes, err, r.Plan
		}
		return nil
	})
}

func (d *confirmation) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok || d.sent {
		return nil
	}
	if d.typed != "" {
		return d.spell(k)
	}
	switch {
	case key.Matches(k, d.sh.keys.yes):
		return d.carryOut()
	case k.Type == tea.KeyEnter, k.String() == "n":
		return d.sh.close(d)
	case key.Matches(k, d.sh.keys.gap) && d.needsGap():
		d.gap = !d.gap
		return d.rehearse()
	case d.confirm.digits && d.digits.key(k):
		return d.rehearse()
	}
	return nil
}

func (d *confirmation) typing() bool { return d.typed != "" }

// spell takes the word that confirms what can't be taken back.
func (d *confirmation) spell(k tea.KeyMsg) tea.Cmd {
	switch {
	case k.Type == tea.KeyEnter && strings.TrimSpace(d.word.text()) == d.typed:
		return d.carryOut()
	case k.Type == tea.KeyEnter, k.Type == tea.KeyEsc:
		return d.sh.close(d)
	}
	d.word.key(k)
	return nil
}

func (d *confirmation) carryOut() tea.Cmd {
	d.sent = true
	return d.sh.submit(d.do(d.choice()), func(r engine.Receipt, err error) tea.Cmd {
		d.sent = false
		if err != nil {
			d.refusal = err
			return d.sh.refused(err)
		}
		cmds := []tea.Cmd{d.sh.close(d), d.sh.done(d.done, r)}
		if d.then != nil {
			cmds = append(cmds, d.then(r))
		}
		return tea.Batch(cmds...)
	})
}

func (d *confirmation) size(w, h int) (int, int) {
	bw := min(64, w-4)
	return bw, len(d.text(bw-6)) + 2
}

func (d *confirmation) text(w int) []line {
	s := d.sh.style
	rows := []line{nil}
	rows = append(rows, wrap(plain, d.ask, w)...)
	if d.warn != "" {
		rows = append(rows, nil)
		rows = append(rows, wrap(warn, s.warn+" "+d.warn, w)...)
	}
	if d.confirm.digits {
		rows = append(rows, nil, say(dim, "PIN  ").and(d.digits.line(14)))
	}
	if ahead := d.sh.ahead(d.plan, d.sh.zone); ahead != "" {
		rows = append(rows, nil)
		rows = append(rows, wrap(dim, "then: "+ahead, w)...)
	}
	for _, n := range d.sh.names.notes(d.notes) {
		rows = append(rows, nil)
		rows = append(rows, wrap(accent, s.dot+" "+n, w)...)
	}
	if d.refusal != nil {
		rows = append(rows, nil)
		rows = append(rows, wrap(bad, s.bad+" "+sentence(d.refusal), w)...)
	}
	if d.needsGap() {
		box := s.hollow
		if d.gap {
			box = s.ok
		}
		rows = append(rows, nil, say(warn, box+" accept the gap").with(dim, "  ctrl+g"))
	}
	if d.typed != "" {
		return append(rows, nil, say(plain, "type ").with(strong, d.typed).with(plain, " and enter  ").and(d.word.line(24)), nil, line{{chipTitle, " Cancel "}, {dim, " enter"}}, nil)
	}
	buttons := line{{chipTitle, " Cancel "}, {dim, " enter     "}, {chipKey, " y "}, {dim, " do it"}}
	return append(rows, nil, buttons, nil)
}

func (d *confirmation) View(w, h int) string {
	return d.sh.dialog(w, h, d.title, d.text(w-6))
}

// dialog draws a modal: a panel with its rows indented.
func (sh *shell) dialog(w, h int, title string, rows []line) string {
	body := make([]string, len(rows))
	for i, r := range rows {
		body[i] = sh.style.draw(line{{plain, "  "}}.and(r), cells{width: w - 2})
	}
	return strings.Join(sh.style.box(accent, w, h, say(strong, title), nil, body), "\n")
}
