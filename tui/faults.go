package tui

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// faults breaks and heals a lock, its hub or its account.
type faults struct {
	sh      *shell
	at      door
	targets []target
	target  int
	all     []lab.FaultKind // that the target can have
	kinds   []lab.FaultKind // of all, what the words find
	words   field
	seeking bool // words are being typed
	chosen  int
	input   field
	asking  bool // for how long
	wrong   string
}

// target is what a fault can be placed on.
type target struct{ what, id string }

func newFaults(sh *shell, at door) *faults {
	f := &faults{sh: sh, at: at, input: field{max: 12}}
	f.aim(at)
	return f
}

// aim lists what can be broken on the way to a lock.
func (f *faults) aim(at door) {
	f.targets = []target{{"lock", string(at.id)}}
	if at.hub != "" {
		f.targets = append(f.targets, target{"hub", string(at.hub)})
	}
	if at.account != "" {
		f.targets = append(f.targets, target{"account", string(at.account)})
	}
}

func (f *faults) request() request {
	return request{to: f, maybe: true, queries: []engine.Query{{View: engine.ViewDevice, Device: f.at.id}}}
}

func (f *faults) Title() string { return "Faults" }

func (f *faults) Keys() []key.Binding {
	switch {
	case f.asking:
		return []key.Binding{bind("enter", "break it", "enter"), bind("esc", "not that", "esc")}
	case f.seeking:
		return []key.Binding{bind("enter", "choose from these", "enter"), bind("↑ ↓", "move", "up", "down"), bind("esc", "show all", "esc")}
	}
	return f.sh.keys.faultList()
}

func (f *faults) typing() bool { return f.asking || f.seeking }

// retreat takes the words away first.
func (f *faults) retreat() bool {
	if f.words.text() == "" {
		return false
	}
	f.words.set("")
	f.find()
	return true
}

// find lists the kinds that have every word in their name, layer or meaning.
func (f *faults) find() {
	f.kinds = nil
	for _, k := range f.all {
		if when.Matches(strings.ToLower(k.Name+" "+k.Layer+" "+k.Meaning), f.words.text(), time.Time{}, time.Time{}, time.UTC) {
			f.kinds = append(f.kinds, k)
		}
	}
	f.chosen = max(0, min(f.chosen, len(f.active())+len(f.kinds)-1))
}

// seek edits the words; the list follows every key.
func (f *faults) seek(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyEsc:
		f.seeking = false
		f.retreat()
	case tea.KeyEnter:
		f.seeking = false
	case tea.KeyUp:
		f.chosen = max(0, f.chosen-1)
	case tea.KeyDown:
		f.chosen = max(0, min(f.chosen+1, len(f.active())+len(f.kinds)-1))
	default:
		if f.words.key(k) {
			f.chosen = len(f.active())
			f.find()
		}
	}
}

func (f *faults) start() tea.Cmd { return f.ask() }

// ask loads the kinds that the target can have.
func (f *faults) ask() tea.Cmd {
	on := f.target
	f.all, f.kinds, f.chosen = nil, nil, 0
	return f.sh.kindsOf(f.targets[on].id, func(kinds []lab.FaultKind, err error) tea.Cmd {
		if err != nil {
			return f.sh.refused(err)
		}
		if on == f.target {
			f.all = kinds
			f.find()
			if active := len(f.active()); active == 0 { // what is tried first
				f.chosen = max(0, slices.IndexFunc(f.kinds, func(k lab.FaultKind) bool { return k.Name == "offline" }))
			}
		}
		return nil
	})
}

// active are the faults on the target.
func (f *faults) active() []lab.Fault {
	var out []lab.Fault
	for _, x := range f.sh.state.Faults {
		if x.On == f.targets[f.target].id {
			out = append(out, x)
		}
	}
	return out
}

func (f *faults) Update(msg tea.Msg) tea.Cmd {
	if a, ok := msg.(answer); ok {
		if d := a.device(); d != nil {
			f.aim(door{id: d.ID, hub: d.Hub, account: d.Account})
		} else {
			f.targets[0].what = "on" // a hub or an account
		}
		return nil
	}
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch {
	case f.asking:
		return f.duration(k)
	case f.seeking:
		f.seek(k)
		return nil
	}
	keys, active := f.sh.keys, f.active()
	all := len(active) + len(f.kinds)
	switch {
	case key.Matches(k, keys.up):
		f.chosen = max(0, f.chosen-1)
	case key.Matches(k, keys.down):
		f.chosen = max(0, min(f.chosen+1, all-1))
	case key.Matches(k, keys.pageUp), key.Matches(k, keys.top):
		f.chosen = 0
	case key.Matches(k, keys.pageDown), key.Matches(k, keys.bottom):
		f.chosen = max(0, all-1)
	case key.Matches(k, keys.filter):
		f.seeking = true
	case key.Matches(k, keys.tab):
		f.target = (f.target + 1) % len(f.targets)
		return f.ask()
	case key.Matches(k, keys.heal) && f.chosen < len(active):
		return f.cure(active[f.chosen])
	case key.Matches(k, keys.open) && f.chosen < len(active):
		return f.sh.tell(dim, "x heals it")
	case key.Matches(k, keys.open) && f.chosen < all:
		f.asking, f.wrong = true, ""
		f.input.set("30m")
	}
	return nil
}

func (f *faults) cure(x lab.Fault) tea.Cmd {
	return f.sh.heal(x.ID, func(err error) tea.Cmd {
		if err != nil {
			return f.sh.refused(err)
		}
		return tea.Batch(f.sh.tell(good, f.sh.style.check+" healed "+x.Kind+" on "+f.sh.names.lock(lock.DeviceID(x.On))), f.sh.changed())
	})
}

// duration asks how long the chosen fault lasts, then places it.
func (f *faults) duration(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		f.asking = false
		return nil
	case tea.KeyEnter:
	default:
		f.input.key(k)
		f.wrong = ""
		return nil
	}
	var lasts time.Duration
	if text := f.input.text(); text != "" {
		d, err := when.Duration(text)
		if err != nil {
			f.wrong = err.Error()
			return nil
		}
		lasts = d
	}
	i := f.chosen - len(f.active())
	if i < 0 || i >= len(f.kinds) {
		f.asking = false
		return nil
	}
	x := lab.Fault{On: f.targets[f.target].id, Kind: f.kinds[i].Name, For: lasts}
	return f.sh.inject(x, func(err error) tea.Cmd {
		if err != nil {
			f.wrong = err.Error()
			return nil
		}
		f.asking, f.chosen = false, 0
		return tea.Batch(f.sh.tell(warn, f.sh.style.warn+" "+x.Kind+" on "+f.sh.names.lock(lock.DeviceID(x.On))+": what the engine does about it is in the journal"), f.sh.changed())
	})
}

func (f *faults) size(w, h int) (int, int) { return min(74, w-2), min(h, 20) }

func (f *faults) View(w, h int) string {
	s := f.sh.style
	on := line{}
	for i, t := range f.targets {
		if i == f.target {
			on = on.with(chipTitle, " "+t.what+" "+f.sh.names.lock(lock.DeviceID(t.id))+" ")
		} else {
			on = on.with(chipKey, " "+t.what+" ")
		}
		on = on.with(plain, " ")
	}
	rows := []line{nil, on, f.sought()}
	foot := f.foot(w - 6)
	room := h - 2 - len(rows) - len(foot)
	list := f.list()
	first := max(0, min(f.chosen-room/2, len(list)-room))
	for i := first; i < min(len(list), first+room); i++ {
		mark := line{{plain, "  "}}
		if i == f.chosen {
			mark = line{{accent, s.mark + " "}}
		}
		rows = append(rows, mark.and(list[i]))
	}
	for len(rows) < h-2-len(foot) {
		rows = append(rows, nil)
	}
	return f.sh.dialog(w, h, "Faults: what breaks", append(rows, foot...))
}

// sought is the line of the words that choose from the list.
func (f *faults) sought() line {
	switch {
	case f.seeking:
		return say(accent, "/").and(f.words.line(30)).with(dim, " "+pluralOf(len(f.kinds), "kind"))
	case f.words.text() != "":
		return say(accent, "/"+f.words.text()).with(dim, " "+pluralOf(len(f.kinds), "kind"))
	}
	return nil
}

// list is the faults that are, then the kinds that can be.
func (f *faults) list() []line {
	s, now := f.sh.style, f.sh.now
	var rows []line
	for _, x := range f.active() {
		l := say(bad, s.bad+" "+pad(x.Kind, 20)).with(plain, " since "+fromNow(x.From, now))
		if x.For > 0 {
			l = l.with(dim, ", heals "+fromNow(x.From.Add(x.For), now))
		} else {
			l = l.with(dim, ", until healed")
		}
		rows = append(rows, l.with(accent, "  x heals it"))
	}
	layer := ""
	for _, k := range f.kinds {
		name := ""
		if k.Layer != layer {
			name, layer = k.Layer, k.Layer
		}
		rows = append(rows, say(strong, pad(k.Name, 22)).with(dim, pad(name, 7)+" "+k.Meaning))
	}
	return rows
}

// foot explains the chosen kind, or asks how long it lasts.
func (f *faults) foot(w int) []line {
	s := f.sh.style
	i := f.chosen - len(f.active())
	if i < 0 || i >= len(f.kinds) {
		return []line{nil}
	}
	k := f.kinds[i]
	rows := append([]line{nil}, wrap(plain, k.Meaning, w)...)
	switch {
	case f.wrong != "":
		rows = append(rows, say(bad, s.bad+" "+f.wrong))
	case f.asking:
		rows = append(rows, say(accent, "for how long? ").and(f.input.line(14)).with(dim, "  30m, 2h, 1d; empty: until healed"))
	}
	return rows
}
