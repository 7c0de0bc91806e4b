package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// faultList shows everything that is broken in a simulation, wherever it is.
type faultList struct {
	sh     *shell
	table  table[lab.Fault]
	input  field
	asking bool // what is to be broken next
}

func newFaultList(sh *shell) *faultList {
	f := &faultList{sh: sh}
	s := func() *style { return sh.style }
	f.table = table[lab.Fault]{id: func(x lab.Fault) string { return x.ID }, columns: []column[lab.Fault]{
		{title: "FAULT", width: 20, flex: 1, cell: func(x lab.Fault) line { return say(bad, s().bad+" "+x.Kind) }},
		{title: "ON", width: 20, flex: 2, cell: func(x lab.Fault) line { return say(strong, sh.names.lock(lock.DeviceID(x.On))) }},
		{title: "SINCE", width: 12, cell: func(x lab.Fault) line { return say(plain, fromNow(x.From, sh.now)) }},
		{title: "HEALS", width: 14, cell: func(x lab.Fault) line {
			if x.For == 0 {
				return say(dim, "until healed")
			}
			return say(plain, fromNow(x.From.Add(x.For), sh.now))
		}},
	}}
	return f
}

func (f *faultList) Title() string { return "Faults" }

func (f *faultList) Keys() []key.Binding {
	if f.asking {
		return []key.Binding{bind("enter", "choose what breaks", "enter"), bind("esc", "nothing", "esc")}
	}
	return []key.Binding{bind("n", "break something", "n"), f.sh.keys.heal, f.sh.keys.open}
}

func (f *faultList) typing() bool { return f.asking }

func (f *faultList) request() request { return request{to: f} }

// door is the lock that the chosen fault is on, if it is on one.
func (f *faultList) door() (door, bool) {
	x, ok := f.table.current()
	for _, r := range f.sh.fleet.table.rows {
		if ok && string(r.ID) == x.On {
			return doorsOfRows([]engine.DeviceRow{r})[0], true
		}
	}
	return door{}, false
}

func (f *faultList) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		f.table.fill(f.sh.state.Faults, 0, len(f.sh.state.Faults))
		return nil
	}
	if f.asking {
		return f.ask(k)
	}
	keys := f.sh.keys
	x, ok := f.table.current()
	switch {
	case f.table.steer(k, keys, f.rows()):
	case k.String() == "n":
		f.asking = true
		f.input.set("")
	case key.Matches(k, keys.heal) && ok:
		return f.sh.heal(x.ID, func(err error) tea.Cmd {
			if err != nil {
				return f.sh.refused(err)
			}
			return tea.Batch(f.sh.tell(good, f.sh.style.check+" healed "+x.Kind+" on "+f.sh.names.lock(lock.DeviceID(x.On))), f.sh.changed())
		})
	case key.Matches(k, keys.open):
		if at, is := f.door(); is {
			return f.sh.open(newDevice(f.sh, engine.DeviceRow{ID: at.id, Name: at.name}))
		}
		return f.sh.tell(dim, "it is on a hub or an account: its locks are found with :locks "+x.On)
	}
	return nil
}

// ask takes the id of a lock, hub or account.
func (f *faultList) ask(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		f.asking = false
		return nil
	case tea.KeyEnter:
		f.asking = false
		if id := strings.TrimSpace(f.input.text()); id != "" {
			return f.sh.open(newFaults(f.sh, door{id: lock.DeviceID(id), name: id}))
		}
		return nil
	}
	f.input.key(k)
	return nil
}

func (f *faultList) rows() int {
	_, h := f.sh.body()
	return max(1, h-5)
}

func (f *faultList) View(w, h int) string {
	s := f.sh.style
	title := say(strong, "Faults")
	if f.asking {
		title = title.with(accent, " break what? ").and(f.input.line(28)).with(dim, " id of a lock, hub or account")
	}
	body := f.table.view(s, w-2, h-4, "", false)
	if f.table.total == 0 {
		body = []string{s.draw(say(good, "  "+s.check+" nothing is broken").with(dim, "; n breaks something, F on a lock shows what can break there"), cells{width: w - 2})}
	}
	return strings.Join(s.panel(w, h, title, nil, body), "\n")
}
