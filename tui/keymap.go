package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/pelletier/go-toml/v2"
)

// Keymap rebinds keys: names of the key table, each with the keys that are to do it.
type Keymap map[string][]string

// ReadKeymap reads a keymap in TOML, such as revoke = ["x", "delete"]. Two verbs that are in force together may not share a key.
func ReadKeymap(text []byte) (Keymap, error) {
	var m Keymap
	if err := toml.Unmarshal(text, &m); err != nil {
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, col := d.Position()
			return nil, fmt.Errorf("%d:%d: a keymap has lines such as revoke = [\"x\"]: %w", row, col, err)
		}
		return nil, fmt.Errorf("a keymap has lines such as revoke = [\"x\"]: %w", err)
	}
	_, err := m.apply()
	return m, err
}

// apply makes the key map with the keys of m.
func (m Keymap) apply() (*keyMap, error) {
	k := newKeyMap()
	known := map[string]entry{}
	for _, e := range k.table() {
		known[e.name] = e
	}
	for _, name := range sortedKeys(m) {
		e, ok := known[name]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: no verb is called that%s", name, nearest(name, k))
		case len(m[name]) == 0:
			return nil, fmt.Errorf("%s: needs at least one key", name)
		case slices.Contains(m[name], ""):
			return nil, fmt.Errorf("%s: a key has no name", name)
		case name == "yes" || name == "back" && !slices.Contains(m[name], "esc"):
			return nil, fmt.Errorf("%s: can't be taken off its key, so that dialogs stay safe", name)
		}
		*e.binding = bind(labelOf(m[name]), e.help, m[name]...)
	}
	return k, k.clash()
}

// clash finds two verbs that are in force together and share a key.
func (k *keyMap) clash() error {
	always := slices.Concat(k.everywhere().keys, k.simulation().keys)
	for _, g := range k.screens() {
		owner := map[string]string{}
		for _, b := range slices.Concat(always, g.keys) {
			name := k.named(b)
			for _, key := range b.Keys() {
				if other := owner[key]; other != "" && other != name {
					return fmt.Errorf("%s and %s share the key %q on %s", other, name, key, g.title)
				}
				owner[key] = name
			}
		}
	}
	return nil
}

func sortedKeys(m Keymap) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// nearest names a verb that begins alike.
func nearest(name string, k *keyMap) string {
	for _, e := range k.table() {
		if name != "" && (strings.HasPrefix(e.name, name[:1]) && strings.Contains(e.name, name[:min(3, len(name))])) {
			return fmt.Sprintf("; is %q meant?", e.name)
		}
	}
	return ""
}

// labelOf shows the first two keys of a binding.
func labelOf(keys []string) string {
	var out []string
	for _, k := range keys[:min(2, len(keys))] {
		switch {
		case k == " ":
			k = "space"
		case k == "pgdown":
			k = "pgdn"
		case k == "up":
			k = "↑"
		case k == "down":
			k = "↓"
		case strings.HasPrefix(k, "ctrl+"):
			k = "^" + strings.TrimPrefix(k, "ctrl+")
		}
		out = append(out, k)
	}
	return strings.Join(out, " ")
}

// barrer is a screen that can say why a verb of its keys can't be done now; "": it can.
type barrer interface{ bars(verb string) string }

// bars says why the screen on show can't do what a binding stands for; "": it can.
func (sh *shell) bars(b key.Binding) string {
	verb := sh.keys.named(b)
	switch {
	case sh.lab == nil && contains(sh.keys.simulation().keys, b):
		return "it steers a simulation; this host is live"
	case verb == "undo" && sh.latest == nil:
		return "nothing to undo in this session"
	case verb == "history-back" && len(sh.places.past) == 0:
		return "this is where you began"
	case verb == "history-on" && len(sh.places.future) == 0:
		return "there is no later view"
	case verb == "keypad" || verb == "faults":
		if _, ok := sh.door(); !ok {
			return "no lock is chosen"
		}
	}
	if s, ok := sh.page().(barrer); ok {
		return s.bars(verb)
	}
	return ""
}

func contains(list []key.Binding, b key.Binding) bool {
	return slices.ContainsFunc(list, func(x key.Binding) bool { return x.Help() == b.Help() })
}
