package tui

import "github.com/charmbracelet/bubbles/key"

// keyMap holds every binding of the program. A verb has the same key on every screen.
type keyMap struct {
	// Everywhere.
	up, down, pageUp, pageDown, top, bottom key.Binding
	open, back, quit, help, jump, undo      key.Binding
	// Lists.
	filter, sort, reverse, tab key.Binding
	// Locks and codes.
	create, edit, later, earlier, revoke, reveal, backup, rotate, retry, pool key.Binding
	// Journal.
	tail key.Binding
	// Simulations.
	pause, slower, faster, next, skip, keypad, faults, heal key.Binding
	// Dialogs.
	yes, accept, gap key.Binding
}

func bind(label, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help))
}

func newKeyMap() *keyMap {
	return &keyMap{
		up:       bind("↑ k", "up", "up", "k"),
		down:     bind("↓ j", "down", "down", "j"),
		pageUp:   bind("pgup", "a page up", "pgup", "ctrl+b"),
		pageDown: bind("pgdn", "a page down", "pgdown", "ctrl+f"),
		top:      bind("home", "first row", "home"),
		bottom:   bind("end G", "last row", "end", "G"),
		open:     bind("enter", "open", "enter", "l", "right"),
		back:     bind("esc", "back, always safe", "esc", "h", "left"),
		quit:     bind("q", "quit; everything is kept", "q", "ctrl+c"),
		help:     bind("?", "all keys", "?"),
		jump:     bind(":", "jump, to a screen, lock or code", ":"),
		undo:     bind("u", "undo, the last command", "u"),

		filter:  bind("/", "filter: words, !word, column:value", "/"),
		sort:    bind("s", "sort, by the next column", "s"),
		reverse: bind("S", "reverse, the order", "S"),
		tab:     bind("tab", "switch, to the next part of the screen", "tab"),

		create:  bind("n", "new, code on this lock", "n"),
		edit:    bind("m", "modify, name, PIN or times", "m"),
		later:   bind("+", "later end, late checkout", "+", "="),
		earlier: bind("-", "earlier, start (or end, once begun)", "-"),
		revoke:  bind("x", "revoke, the code", "x"),
		reveal:  bind("v", "reveal, the PIN for 15 s", "v"),
		backup:  bind("b", "backup, gives a spare code", "b"),
		rotate:  bind("P", "new PIN", "P"),
		retry:   bind("r", "retry, looks at the lock now", "r"),
		pool:    bind("B", "pool, of backup codes on or off", "B"),

		tail: bind("t", "freeze, or follow", "t"),

		pause:  bind("p", "pause, or resume time", "p"),
		slower: bind("<", "slower", "<", ","),
		faster: bind(">", "faster", ">"),
		next:   bind(".", "next, event", "."),
		skip:   bind("g", "skip, to a time", "g"),
		keypad: bind("K", "keypad, of the lock in view", "K"),
		faults: bind("F", "faults, break or heal something", "F"),
		heal:   bind("x", "heal", "x"),

		yes:    bind("y", "do it", "y"),
		accept: bind("enter", "apply", "enter"),
		gap:    bind("ctrl+g", "accept a short gap", "ctrl+g"),
	}
}

// group is a set of bindings under one heading of the help.
type group struct {
	title string
	keys  []key.Binding
}

// everywhere are the keys that every screen without a text input understands.
func (k *keyMap) everywhere() group {
	return group{"Everywhere", []key.Binding{k.up, k.down, k.pageUp, k.pageDown, k.top, k.bottom, k.open, k.back, k.jump, k.undo, k.help, k.quit}}
}

// simulation are the keys of the lab, on every screen.
func (k *keyMap) simulation() group {
	return group{"Simulation", []key.Binding{k.pause, k.slower, k.faster, k.next, k.skip, k.keypad, k.faults}}
}

func (k *keyMap) fleet() []key.Binding {
	return []key.Binding{k.open, k.filter, k.create, k.sort, k.reverse, k.retry}
}

func (k *keyMap) device() []key.Binding {
	return []key.Binding{k.open, k.tab, k.create, k.reveal, k.revoke, k.backup, k.later, k.earlier, k.edit, k.rotate, k.retry, k.pool}
}

func (k *keyMap) code() []key.Binding {
	return []key.Binding{k.later, k.earlier, k.revoke, k.reveal, k.backup, k.edit, k.rotate, k.retry}
}

func (k *keyMap) journal() []key.Binding {
	return []key.Binding{k.tail, k.filter, k.open}
}

func (k *keyMap) faultList() []key.Binding {
	return []key.Binding{k.open, k.heal, k.tab, k.back}
}
