package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// keypad stands at a simulated lock's keypad: digits can be typed, or a code chosen whose digits are told.
type keypad struct {
	sh     *shell
	at     door
	digits field
	codes  []engine.CodeView // told, of this lock
	chosen int
	tries  []tried // newest first
	waits  bool
}

// tried is one try and its answer.
type tried struct {
	at   time.Time
	what string
	try  lab.Try
}

func newKeypad(sh *shell, at door) *keypad {
	return &keypad{sh: sh, at: at, digits: field{max: lock.MaxPIN, takes: digit}}
}

func (p *keypad) Title() string { return "Keypad of " + p.at.name }

func (p *keypad) Keys() []key.Binding {
	return []key.Binding{bind("0…9", "type", "0"), bind("enter", "try it", "enter"), bind("↑ ↓", "choose a told code", "up", "down"), bind("esc", "leave", "esc")}
}

func (p *keypad) typing() bool { return true }

func (p *keypad) request() request {
	return request{to: p, queries: []engine.Query{{View: engine.ViewDevice, Device: p.at.id}}}
}

func (p *keypad) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		p.at.zone = msg.zone
		p.codes = p.codes[:0]
		for _, c := range msg.snaps[0].Codes {
			if !c.Told.IsZero() && c.HasPIN {
				p.codes = append(p.codes, c)
			}
		}
		p.chosen = max(0, min(p.chosen, len(p.codes)-1))
	case tea.KeyMsg:
		return p.press(msg)
	}
	return nil
}

func (p *keypad) press(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		return p.sh.close(p)
	case "q":
		return tea.Quit
	case "up", "k":
		p.chosen = max(0, p.chosen-1)
	case "down", "j":
		p.chosen = max(0, min(p.chosen+1, len(p.codes)-1))
	case "enter":
		return p.enter()
	default:
		p.digits.key(k)
	}
	return nil
}

// enter types the digits, or else those of the chosen code.
func (p *keypad) enter() tea.Cmd {
	if p.waits {
		return nil
	}
	if pin, err := lock.ParsePIN(p.digits.text()); err == nil {
		p.digits.set("")
		return p.typeIn(pin, strings.Repeat(p.sh.style.bullet, pin.Len()))
	}
	if p.chosen >= len(p.codes) {
		return nil
	}
	c := p.codes[p.chosen]
	p.waits = true
	return p.sh.submit(engine.Reveal{Code: c.ID}, func(r engine.Receipt, err error) tea.Cmd {
		p.waits = false
		if err != nil {
			return p.sh.refused(err)
		}
		if len(r.PINs) == 0 || r.PINs[0].IsZero() {
			return p.sh.tell(warn, p.sh.style.warn+" the digits of this code are not known yet")
		}
		return p.typeIn(r.PINs[0], codeName(c))
	})
}

func (p *keypad) typeIn(pin lock.PIN, what string) tea.Cmd {
	p.waits = true
	return p.sh.try(p.at.id, pin, func(t lab.Try, err error) tea.Cmd {
		p.waits = false
		if err != nil {
			return p.sh.refused(err)
		}
		p.tries = append([]tried{{p.sh.now, what, t}}, p.tries[:min(2, len(p.tries))]...)
		return p.sh.changed()
	})
}

func (p *keypad) size(w, h int) (int, int) {
	bw := min(68, w-4)
	return bw, min(h, len(p.text(bw-6))+2)
}

func (p *keypad) View(w, h int) string { return p.sh.dialog(w, h, p.Title(), p.text(w-6)) }

func (p *keypad) text(w int) []line {
	left := p.pad()
	right := p.told(w - 22)
	var rows []line
	for i := range max(len(left), len(right)) {
		var l line
		if i < len(left) {
			l = left[i]
		}
		l = append(l, span{plain, strings.Repeat(" ", max(0, 22-l.width()))})
		if i < len(right) {
			l = l.and(right[i])
		}
		rows = append(rows, l)
	}
	rows = append(rows, nil)
	return append(append(rows, p.answers(w)...), nil)
}

// pad draws the display and the keys.
func (p *keypad) pad() []line {
	s := p.sh.style
	edge := func(l, r string) line { return say(rule, l+strings.Repeat(s.across, 16)+r) }
	shown := p.digits.line(14)
	rows := []line{
		edge(s.corners[0], s.corners[1]),
		say(rule, s.along+" ").and(shown).with(plain, strings.Repeat(" ", max(0, 15-shown.width()))).with(rule, s.along),
		edge(s.corners[2], s.corners[3]),
	}
	for _, keys := range [][3]string{{"1", "2", "3"}, {"4", "5", "6"}, {"7", "8", "9"}, {" ", "0", " "}} {
		l := line{{plain, " "}}
		for _, k := range keys {
			if k == " " {
				l = l.with(plain, "      ")
				continue
			}
			l = l.with(chipKey, "  "+k+"  ").with(plain, " ")
		}
		rows = append(rows, l)
	}
	return rows
}

// told lists the codes whose digits are told.
func (p *keypad) told(w int) []line {
	s := p.sh.style
	rows := []line{say(dim, "or a code whose PIN is told")}
	if len(p.codes) == 0 {
		return append(rows, say(dim, "none yet: v on a code tells it"))
	}
	const shown = 6
	first := max(0, p.chosen-shown+1)
	for i := first; i < min(len(p.codes), first+shown); i++ {
		c := p.codes[i]
		mark, t := line{{plain, "  "}}, plain
		if i == p.chosen && p.digits.text() == "" {
			mark, t = line{{accent, s.mark + " "}}, strong
		}
		name := say(t, codeName(c))
		if name.width() > w-18 {
			name = name.cut(w-18, s.more)
		}
		name = name.with(plain, strings.Repeat(" ", max(1, w-17-name.width())))
		rows = append(rows, mark.and(name, s.status(c).line()))
	}
	return rows
}

func (p *keypad) answers(w int) []line {
	if len(p.tries) == 0 {
		return []line{say(dim, "What opens here is the truth by which the engine is judged.")}
	}
	var rows []line
	for i, t := range p.tries {
		rows = append(rows, p.answer(t, i == 0)...)
	}
	return rows
}

func (p *keypad) answer(t tried, newest bool) []line {
	s := p.sh.style
	verdict, tn, chip := s.cross+" refused", bad, chipBad
	why := reason(t.try.Reason)
	if t.try.Opens {
		verdict, tn, chip = s.check+" opens", good, chipGood
		why = ""
		if !t.try.Window.IsZero() {
			zone := p.at.zone
			if zone == nil {
				zone = p.sh.zone
			}
			why = "held for " + s.window(t.try.Window.From, t.try.Window.To, p.sh.now, zone)
		}
	}
	l := line{{tn, verdict}}
	if newest {
		l = line{{chip, " " + strings.ToUpper(verdict) + " "}}
	}
	l = l.with(plain, " ").with(strong, t.what).with(dim, ", "+fromNow(t.at, p.sh.now))
	if !newest || why == "" {
		return []line{l}
	}
	return []line{l, say(dim, "  "+why)}
}

// reason puts a keypad's refusal into words.
func reason(code string) string {
	switch code {
	case "unknown_code":
		return "no code on the lock has these digits"
	case "outside_window":
		return "the lock holds it, but this is not its time"
	case "disabled":
		return "the lock holds it disabled"
	case "privacy", "vacation", "office", "power-saving":
		return "the lock is in " + code + " mode"
	case "lockout":
		return "too many wrong tries: the keypad is locked"
	case "jammed":
		return "the bolt is jammed"
	case "dead_battery":
		return "the battery is dead"
	}
	return strings.ReplaceAll(code, "_", " ")
}
