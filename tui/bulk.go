package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
)

// bulk is a verb on many doors or codes: what it does to each, in their order.
type bulk struct {
	title, ask string
	warn       string // "": no warning
	phrase     string // must be typed before it is done; "": y is enough
	each       []engine.Action
	names      []string // of each
	done       string
}

// lookAt looks at several locks.
func lookAt(doors []door) bulk {
	b := bulk{title: "Retry", ask: fmt.Sprintf("Looks at %s now and forgets their backoff.", pluralOf(len(doors), "lock")), done: "looking at " + pluralOf(len(doors), "lock")}
	for _, d := range doors {
		b.each, b.names = append(b.each, engine.Observe{Device: d.id}), append(b.names, d.name)
	}
	return b
}

// revokeMany withdraws several codes. What must be typed grows with the number of doors.
func revokeMany(many []engine.CodeView) bulk {
	doors := len(doorsOf(many))
	b := bulk{
		title: fmt.Sprintf("Revoke %s on %s", pluralOf(len(many), "code"), pluralOf(doors, "door")), phrase: revokePhrase(len(many), doors),
		ask: "Each is erased from its lock at once and kept in history.", done: fmt.Sprintf("revoked %d codes", len(many)),
	}
	inside := 0
	for _, c := range many {
		if c.InHouse {
			inside++
		}
		b.each, b.names = append(b.each, engine.Delete{Code: c.ID}), append(b.names, codeName(c)+" on "+doorName(c))
	}
	if inside > 0 {
		b.warn = pluralOf(inside, "guest") + " in-house: from then on their PINs do not open the doors."
	}
	return b
}

// revokePhrase is what confirms that codes on so many doors are to be erased.
func revokePhrase(codes, doors int) string {
	switch {
	case codes == 1:
		return ""
	case doors == 1:
		return fmt.Sprint(codes)
	case doors < 10:
		return fmt.Sprintf("revoke %d", codes)
	}
	return fmt.Sprintf("revoke %d on %d doors", codes, doors)
}

// bulkDialog asks for a bulk, then does it one after the other and tells how far it came; esc stops it between two.
type bulkDialog struct {
	bulk
	sh      *shell
	input   field
	at      int // of the action under way
	running bool
	stopped bool
	refused []string
}

func newBulk(sh *shell, b bulk) *bulkDialog { return &bulkDialog{bulk: b, sh: sh} }

func (d *bulkDialog) Title() string { return d.title }

func (d *bulkDialog) Keys() []key.Binding {
	if d.phrase != "" {
		return []key.Binding{bind("enter", "cancel, or do it once typed", "enter"), bind("esc", "cancel", "esc")}
	}
	return []key.Binding{bind("enter", "cancel", "enter"), d.sh.keys.yes}
}

func (d *bulkDialog) typing() bool { return d.phrase != "" }

func (d *bulkDialog) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch {
	case d.running:
		d.stopped = d.stopped || k.Type == tea.KeyEsc
		return nil
	case k.Type == tea.KeyEsc:
		return d.sh.close(d)
	case d.phrase == "" && key.Matches(k, d.sh.keys.yes), k.Type == tea.KeyEnter && d.phrase != "" && strings.TrimSpace(d.input.text()) == d.phrase:
		d.running = true
		return d.next()
	case k.Type == tea.KeyEnter, d.phrase == "" && k.String() == "n":
		return d.sh.close(d)
	}
	d.input.key(k)
	return nil
}

// next does the action at hand, and ends after the last.
func (d *bulkDialog) next() tea.Cmd {
	if d.at == len(d.each) || d.stopped {
		cmds := []tea.Cmd{d.sh.close(d)}
		switch {
		case len(d.refused) > 0:
			cmds = append(cmds, d.sh.tell(bad, fmt.Sprintf("%s %d of %d refused: %s", d.sh.style.bad, len(d.refused), len(d.each), d.refused[0])))
		case d.stopped:
			cmds = append(cmds, d.sh.tell(warn, fmt.Sprintf("%s stopped after %d of %d", d.sh.style.warn, d.at, len(d.each))))
		default:
			cmds = append(cmds, d.sh.tell(good, d.sh.style.check+" "+d.done))
		}
		return tea.Batch(cmds...)
	}
	return d.sh.submit(d.each[d.at], func(r engine.Receipt, err error) tea.Cmd {
		if err != nil {
			d.refused = append(d.refused, d.names[d.at]+": "+sentence(err))
		}
		d.at++
		return d.next()
	})
}

func (d *bulkDialog) size(w, h int) (int, int) {
	bw := min(70, w-4)
	return bw, min(h, len(d.text(bw-6))+2)
}

func (d *bulkDialog) text(w int) []line {
	s := d.sh.style
	rows := append([]line{nil}, wrap(plain, d.ask, w)...)
	rows = append(rows, nil)
	const shown = 6
	for i, n := range d.names {
		if i == shown && len(d.names) > shown+1 {
			rows = append(rows, say(dim, fmt.Sprintf("  and %d more", len(d.names)-shown)))
			break
		}
		rows = append(rows, say(dim, "  "+s.dot+" ").with(plain, n))
	}
	if d.warn != "" {
		rows = append(append(rows, nil), wrap(warn, s.warn+" "+d.warn, w)...)
	}
	rows = append(rows, nil)
	switch {
	case d.running:
		rows = append(rows, say(busy, fmt.Sprintf("%s %d of %d", s.half, d.at, len(d.each))).with(dim, "  esc stops"))
	case d.phrase != "":
		rows = append(rows, say(plain, "type ").with(strong, d.phrase).with(plain, " and enter  ").and(d.input.line(28)),
			nil, line{{chipTitle, " Cancel "}, {dim, " enter"}})
	default:
		rows = append(rows, line{{chipTitle, " Cancel "}, {dim, " enter     "}, {chipKey, " y "}, {dim, " do it"}})
	}
	return append(rows, nil)
}

func (d *bulkDialog) View(w, h int) string { return d.sh.dialog(w, h, d.title, d.text(w-6)) }
