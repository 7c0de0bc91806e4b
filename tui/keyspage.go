package tui

import (
	"fmt"
	"strings"
)

// KeysPage is every key as a page of the documentation.
func KeysPage() string {
	k := newKeyMap()
	var b strings.Builder
	b.WriteString("# Keys\n\nGenerated from `tui/keys.go` by `make docs`. `?` shows those of the screen in view.\n")
	for _, g := range append(append([]group{k.everywhere(), k.simulation()}, k.screens()...), group{"Faults", k.faultList()}) {
		fmt.Fprintf(&b, "\n## %s\n\n| Key | What it does |\n| --- | --- |\n", g.title)
		for _, bound := range g.keys {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(bound.Help().Key, " ", "` `"), bound.Help().Desc)
		}
	}
	return b.String()
}
