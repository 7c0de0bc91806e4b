package tui

import (
	"fmt"
	"strings"
)

// KeysPage is every key as a page of the documentation.
func KeysPage() string {
	k := newKeyMap()
	var b strings.Builder
	b.WriteString("# Keys\n\nGenerated from `tui/keys.go` by `make docs`. `?` shows those of the screen in view, `ctrl+p` finds every verb by its words and\n" +
		"says why one can't be done now.\n\n" +
		"`keys.toml` in the configuration folder (`$XDG_CONFIG_HOME/lockctl`, else `~/.config/lockctl`) rebinds verbs by their names, as in\n" +
		"`revoke = [\"Z\", \"delete\"]`. Two verbs of one screen may not share a key; `yes` stays where it is, so that dialogs stay safe.\n" +
		"`templates.toml` beside it says what `n` offers, in tables such as\n\n" +
		"```toml\n[[template]]\nkey   = \"c\"\nabout = \"the cleaners of the harbour\"\nname  = \"Cleaner\"\nfrom  = \"tue 10:00\"   # as in every prompt for a time; left out: at once\nto    = \"+4h\"         # counts from the start; left out: until removed\ndoors = \"harbour\"     # words of a filter; left out: the lock in view\njit   = false\n```\n\n" +
		"A terminal sends `ctrl+i` as `tab`: it goes on in the history where a screen has no parts to switch between; `]` always does.\n")
	for _, g := range append(append([]group{k.everywhere(), k.simulation()}, k.screens()...), group{"Faults", k.faultList()}) {
		fmt.Fprintf(&b, "\n## %s\n\n| Key | What it does | Name |\n| --- | --- | --- |\n", g.title)
		for _, bound := range g.keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.ReplaceAll(bound.Help().Key, " ", "` `"), bound.Help().Desc, k.named(bound))
		}
	}
	return b.String()
}
