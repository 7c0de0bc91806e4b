package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/internal/when"
)

// Template is a kind of code that is made often: what a form for one begins with.
type Template struct {
	Key   string `toml:"key"`   // one letter that chooses it
	About string `toml:"about"` // what it is for
	Name  string `toml:"name"`  // of a code that gets none; "": nameless
	From  string `toml:"from"`  // as people write times; "": at once
	To    string `toml:"to"`    // +4h counts from From; "": until removed
	Doors string `toml:"doors"` // words that choose the locks, as a filter does; "": the lock in view
	JIT   bool   `toml:"jit"`   // written just in time, even if the lock keeps schedules
}

// usual are the templates of whoever has written none.
func usual() []Template {
	return []Template{
		{Key: "g", About: "a guest for one night", From: "15:00", To: "+20h"},
		{Key: "c", About: "a cleaner", Name: "Cleaner", From: "10:00", To: "+4h"},
		{Key: "v", About: "a visit, from now on", Name: "Visit", From: "now", To: "+2h"},
		{Key: "s", About: "staff, until removed", Name: "Staff"},
	}
}

// templatesMost is how many templates one menu shows.
const templatesMost = 12

// ReadTemplates reads templates in TOML: tables named template, each with a key and what it is about.
func ReadTemplates(text []byte) ([]Template, error) {
	var file struct {
		Template []Template `toml:"template"`
	}
	d := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
			row, col := strict.Errors[0].Position()
			return nil, fmt.Errorf("%d:%d: a template has key, about, name, from, to, doors and jit, and nothing called %s", row, col, strings.Join(strict.Errors[0].Key(), "."))
		}
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, col := at.Position()
			return nil, fmt.Errorf("%d:%d: %w", row, col, err)
		}
		return nil, err
	}
	taken := map[string]bool{}
	for i, t := range file.Template {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("template %d: %w", i+1, err)
		}
		if taken[t.Key] {
			return nil, fmt.Errorf("template %d: key: another template has %q", i+1, t.Key)
		}
		taken[t.Key] = true
	}
	if n := len(file.Template); n > templatesMost {
		return nil, fmt.Errorf("there are %d templates, more than the %d of one menu", n, templatesMost)
	}
	return file.Template, nil
}

func (t Template) check() error {
	switch {
	case utf8.RuneCountInString(t.Key) != 1 || strings.TrimSpace(t.Key) == "":
		return fmt.Errorf("key: %q is not one letter", t.Key)
	case t.About == "":
		return errors.New("about: must say what it is for")
	}
	noon := time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC) // any day without a jump of the clocks
	for _, edge := range [][2]string{{"from", t.From}, {"to", t.To}} {
		if edge[1] == "" {
			continue
		}
		if _, err := when.Parse(edge[1], noon, noon, time.UTC); err != nil {
			return fmt.Errorf("%s: %q %w", edge[0], edge[1], err)
		}
	}
	return nil
}

// templates is the menu that n opens: for whom is the new code?
type templates struct {
	sh    *shell
	doors []door
	at    int // 0: an empty form, then the templates
}

func newTemplates(sh *shell, doors ...door) *templates { return &templates{sh: sh, doors: doors} }

func (m *templates) Title() string { return "New code: for whom?" }

func (m *templates) Keys() []key.Binding {
	return []key.Binding{bind("enter", "fill in the form", "enter"), bind("↑ ↓", "choose", "up", "down"), bind("esc", "cancel", "esc")}
}

func (m *templates) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch k.Type {
	case tea.KeyUp:
		m.at = max(0, m.at-1)
		return nil
	case tea.KeyDown:
		m.at = min(m.at+1, len(m.sh.templates))
		return nil
	case tea.KeyEnter:
		if m.at == 0 {
			return m.fill(Template{})
		}
		return m.fill(m.sh.templates[m.at-1])
	}
	for _, t := range m.sh.templates {
		if k.String() == t.Key {
			return m.fill(t)
		}
	}
	return nil
}

// fill opens the form that begins with what a template says.
func (m *templates) fill(t Template) tea.Cmd {
	f := newForm(m.sh, m.doors...)
	f.like, f.jit = t, t.JIT
	f.inputs[rowDoors].set(t.Doors)
	f.inputs[rowFrom].set(t.From)
	f.inputs[rowTo].set(t.To)
	if t.Doors != "" {
		f.row = rowName
	}
	return tea.Batch(m.sh.close(m), m.sh.open(f))
}

func (m *templates) size(w, h int) (int, int) { return min(58, w-4), min(h, len(m.rows())+2) }

func (m *templates) View(w, h int) string { return m.sh.dialog(w, h, m.Title(), m.rows()) }

func (m *templates) rows() []line {
	s := m.sh.style
	rows := []line{nil}
	for i := range len(m.sh.templates) + 1 {
		mark, tn := line{{plain, "  "}}, plain
		if i == m.at {
			mark, tn = line{{accent, s.mark + " "}}, strong
		}
		if i == 0 {
			rows = append(rows, mark.with(chipKey, " enter ").with(tn, " an empty form"))
			continue
		}
		t := m.sh.templates[i-1]
		rows = append(rows, mark.with(chipKey, "   "+t.Key+"   ").with(tn, " "+t.About).with(dim, "  "+t.span()))
	}
	return append(rows, nil)
}

// span tells the window in the words of the template.
func (t Template) span() string {
	switch {
	case t.From == "" && t.To == "":
		return ""
	case t.To == "":
		return "from " + t.From
	case t.From == "":
		return "until " + t.To
	}
	return t.From + " " + t.To
}
