package tui

import "github.com/charmbracelet/bubbles/key"

// keyMap holds every binding of the program. A verb has the same key on every screen.
type keyMap struct {
	// Everywhere.
	up, down, pageUp, pageDown, top, bottom                    key.Binding
	open, back, earlierView, laterView, quit, help, jump, undo key.Binding
	palette, copy, mouse                                       key.Binding
	// Lists.
	filter, sort, reverse, tab, mark, markAll, markTo, timeline key.Binding
	// Locks and codes.
	create, edit, later, earlier, revoke, reveal, backup, rotate, retry, retryMarked, pool key.Binding
	explain, prefer, history, adopt, swap, export, round, follow                           key.Binding
	// Journal.
	tail key.Binding
	// Timeline.
	zoomIn, zoomOut, now key.Binding
	// Simulations.
	pause, slower, faster, next, skip, keypad, faults, heal, rewind, keep key.Binding
	// Dialogs.
	yes, accept, gap key.Binding
}

// entry is a row of the key table: the name under which a keymap file rebinds it, how it is shown, and what it does.
type entry struct {
	binding     *key.Binding
	name, label string
	help        string
	keys        []string
}

// table is every binding. Those of one group may not share a key.
func (k *keyMap) table() []entry {
	on := func(keys ...string) []string { return keys }
	return []entry{
		{&k.up, "up", "↑ k", "up", on("up", "k")},
		{&k.down, "down", "↓ j", "down", on("down", "j")},
		{&k.pageUp, "page-up", "pgup", "a page up", on("pgup", "ctrl+b")},
		{&k.pageDown, "page-down", "pgdn", "a page down", on("pgdown", "ctrl+f")},
		{&k.top, "first", "home", "first row", on("home")},
		{&k.bottom, "last", "end G", "last row", on("end", "G")},
		{&k.open, "open", "enter", "open", on("enter", "l", "right")},
		{&k.back, "back", "esc", "back, always safe", on("esc", "h", "left")},
		{&k.earlierView, "history-back", "^o [", "view before", on("ctrl+o", "[")},
		{&k.laterView, "history-on", "^i ]", "view after", on("]")},
		{&k.quit, "quit", "q", "quit; everything is kept", on("q", "ctrl+c")},
		{&k.help, "help", "?", "all keys", on("?")},
		{&k.jump, "jump", ":", "jump, to a screen or lock", on(":")},
		{&k.palette, "palette", "^p", "palette, every verb", on("ctrl+p")},
		{&k.undo, "undo", "u", "undo, the last command", on("u")},
		{&k.copy, "copy", "c", "copy, PIN or id", on("c")},
		{&k.mouse, "mouse", "M", "mouse, on or off", on("M")},

		{&k.filter, "filter", "/", "filter: words !word col:value", on("/")},
		{&k.sort, "sort", "s", "sort, by the next column", on("s")},
		{&k.reverse, "reverse", "S", "reverse, the order", on("S")},
		{&k.tab, "part", "tab", "switch, the part in hand", on("tab")},
		{&k.mark, "mark", "space", "mark, for verbs on many", on(" ")},
		{&k.markAll, "mark-all", "A", "mark all, or none", on("A")},
		{&k.markTo, "mark-to", "V", "mark to here, from the last", on("V")},
		{&k.timeline, "timeline", "T", "timeline, of it or the marked", on("T")},

		{&k.create, "new", "n", "new code", on("n")},
		{&k.edit, "modify", "m", "modify, name, PIN or times", on("m")},
		{&k.later, "later", "+", "later end", on("+", "=")},
		{&k.earlier, "earlier", "-", "earlier, start or end", on("-")},
		{&k.revoke, "revoke", "x", "revoke, or erase", on("x")},
		{&k.reveal, "reveal", "v", "reveal, the PIN for 15 s", on("v")},
		{&k.backup, "backup", "b", "backup, gives a spare code", on("b")},
		{&k.rotate, "rotate", "P", "new PIN", on("P")},
		{&k.retry, "retry", "r", "retry, look at it now", on("r")},
		{&k.retryMarked, "retry-marked", "R", "retry marked, look at each", on("R")},
		{&k.pool, "pool", "B", "pool, backups on or off", on("B")},
		{&k.explain, "explain", "e", "explain, why it is so", on("e")},
		{&k.prefer, "prefer-native", "N", "schedule, native or not", on("N")},
		{&k.history, "history", "H", "history, codes that are gone", on("H")},
		{&k.adopt, "adopt", "a", "adopt, a foreign one", on("a")},
		{&k.swap, "swap", "X", "swap, for another lock", on("X")},
		{&k.export, "export", "E", "export, what is listed", on("E")},
		{&k.round, "route", "o", "route, of a round to them", on("o")},
		{&k.follow, "watch", "t", "tail, what happens to these", on("t")},

		{&k.tail, "tail", "t", "freeze, or follow", on("t")},

		{&k.zoomIn, "zoom-in", "+", "zoom in", on("+", "=")},
		{&k.zoomOut, "zoom-out", "-", "zoom out", on("-")},
		{&k.now, "now", "0", "back to now", on("0")},

		{&k.pause, "pause", "p", "pause, or resume time", on("p")},
		{&k.slower, "slower", "<", "slower", on("<", ",")},
		{&k.faster, "faster", ">", "faster", on(">")},
		{&k.next, "step", ".", "next, event", on(".")},
		{&k.skip, "skip", "g", "skip, to a time", on("g")},
		{&k.keypad, "keypad", "K", "keypad, of this lock", on("K")},
		{&k.faults, "faults", "F", "faults, break or heal", on("F")},
		{&k.rewind, "rewind", "w", "rewind, to a kept instant", on("w")},
		{&k.keep, "save", "W", "save, as a scenario", on("W")},
		{&k.heal, "heal", "x", "heal", on("x")},

		{&k.yes, "yes", "y", "do it", on("y")},
		{&k.accept, "accept", "enter", "apply", on("enter")},
		{&k.gap, "gap", "^g", "accept a short gap", on("ctrl+g")},
	}
}

func bind(label, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help))
}

func newKeyMap() *keyMap {
	k := &keyMap{}
	for _, e := range k.table() {
		*e.binding = bind(e.label, e.help, e.keys...)
	}
	return k
}

// named is the name of a binding in the table; "": it is of a dialog.
func (k *keyMap) named(b key.Binding) string {
	for _, e := range k.table() {
		if e.help == b.Help().Desc {
			return e.name
		}
	}
	return ""
}

// group is a set of bindings under one heading of the help, in force together with those of everywhere and the simulation.
type group struct {
	title string
	keys  []key.Binding
}

// everywhere are the keys that every screen without a text input understands.
func (k *keyMap) everywhere() group {
	return group{"Everywhere", []key.Binding{k.up, k.down, k.pageUp, k.pageDown, k.top, k.bottom, k.open, k.back, k.earlierView, k.laterView, k.jump, k.palette, k.copy, k.undo, k.mouse, k.help, k.quit}}
}

// simulation are the keys of the lab, on every screen.
func (k *keyMap) simulation() group {
	return group{"Simulation", []key.Binding{k.pause, k.slower, k.faster, k.next, k.skip, k.keypad, k.faults, k.rewind, k.keep}}
}

// screens are the groups of the screens.
func (k *keyMap) screens() []group {
	return []group{
		{"Today", k.today()}, {"Fleet", k.fleet()}, {"Codes", k.codes()}, {"Lock", k.device()}, {"Code", k.code()},
		{"Timeline", k.axis()}, {"Route", k.route()}, {"Journal", k.journal()},
	}
}

func (k *keyMap) today() []key.Binding {
	return []key.Binding{k.open, k.backup, k.filter, k.later, k.earlier, k.revoke, k.explain, k.create, k.retry, k.retryMarked, k.reveal, k.mark, k.markAll, k.markTo, k.edit, k.rotate, k.prefer, k.timeline, k.follow, k.export}
}

func (k *keyMap) codes() []key.Binding { return k.today() }

func (k *keyMap) fleet() []key.Binding {
	return []key.Binding{k.open, k.filter, k.create, k.sort, k.reverse, k.mark, k.markAll, k.markTo, k.timeline, k.retry, k.retryMarked, k.swap, k.round, k.export}
}

func (k *keyMap) device() []key.Binding {
	return []key.Binding{k.open, k.tab, k.create, k.reveal, k.revoke, k.backup, k.later, k.earlier, k.edit, k.rotate, k.explain, k.timeline, k.retry, k.adopt, k.pool, k.prefer, k.history, k.swap}
}

func (k *keyMap) code() []key.Binding {
	return []key.Binding{k.explain, k.backup, k.later, k.revoke, k.earlier, k.reveal, k.edit, k.rotate, k.prefer, k.timeline, k.retry}
}

func (k *keyMap) route() []key.Binding {
	return []key.Binding{k.open, k.export, k.retry}
}

func (k *keyMap) axis() []key.Binding {
	return []key.Binding{k.open, k.zoomIn, k.zoomOut, k.now, k.tab, k.retry}
}

func (k *keyMap) journal() []key.Binding {
	return []key.Binding{k.open, k.tail, k.filter, k.export}
}

func (k *keyMap) faultList() []key.Binding {
	return []key.Binding{bind("enter", "break it", "enter"), k.filter, k.heal, bind("tab", "other target", "tab"), k.back}
}
