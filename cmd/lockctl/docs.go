package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/accesscodes/lockctl/tui"
)

// docs writes the pages that are generated from the program's own tables, so that they can't tell anything else.
func docs(a *app, args []string) error {
	dir := args[0]
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return badInput("%s: there is no such folder", dir)
	}
	for name, text := range map[string]string{"cli.md": cliPage(), "keys.md": tui.KeysPage()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cliPage tells every verb and flag of the grammar.
func cliPage() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nGenerated from `cmd/lockctl/grammar.go` by `make docs`.\n\n" +
		"Exit codes: 0 done, 1 refused or a check failed, 2 bad input, 3 broken.\n")
	for _, later := range []bool{false, true} {
		if later {
			b.WriteString("\n## Not in this version\n\nThese are understood and answer with what they wait for.\n")
		} else {
			b.WriteString("\n## Commands that work\n\n`lockctl` alone opens the terminal interface on the demonstration. `--theme auto|dark|light` and `--ascii` set its look, `NO_COLOR` is honoured, `--mouse=false` leaves the mouse to the terminal. `--plain` talks in lines instead, for screen readers and pipes.\n")
		}
		b.WriteString("\n| Command | What it does | Options |\n| --- | --- | --- |\n")
		for _, v := range grammar() {
			if (v.waits != "") != later {
				continue
			}
			var flags []string
			for _, f := range v.flags {
				flags = append(flags, "`--"+f.name+"` "+f.usage)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", escape(strings.TrimSpace("lockctl "+v.path+" "+v.args)), escape(v.short), escape(strings.Join(flags, "<br>")))
		}
	}
	return b.String()
}

// escape keeps a text within its cell.
func escape(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
