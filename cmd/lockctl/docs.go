package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/accesscodes/lockctl/internal/when"
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
	b.WriteString("\n`lockctl` alone opens the terminal interface on the demonstration. `--theme auto|dark|light` and `--ascii` set its look, `NO_COLOR` is honoured, `--mouse=false` leaves the mouse to the terminal. `--plain` talks in lines instead, for screen readers and pipes.\n\n" +
		"`-o` is `--output` everywhere. A code is named by its id, by its name if no other has it, or by the end of its id; a device by its id or its name. Times are `" + when.Examples + "`; times of day are those of the door.\n\n" +
		"Verbs marked * speak with the running `lockctl serve` of this data folder, or with one elsewhere by `--to https://locks.example:3020 --key-file FILE`. Where none runs they show what is kept, and say so; nothing can be changed then.\n\n" +
		"`lockctl completion bash|zsh|fish` prints a script that completes verbs, options and names.\n")
	for _, c := range chapters() {
		fmt.Fprintf(&b, "\n## %s\n\n| Command | What it does | Options | Example |\n| --- | --- | --- | --- |\n", strings.TrimSuffix(c.title, ":"))
		for _, w := range c.words {
			for _, v := range grammar() {
				if first, _, _ := strings.Cut(v.path, " "); first == w {
					verbRow(&b, v)
				}
			}
		}
	}
	return b.String()
}

func verbRow(b *strings.Builder, v verb) {
	var flags []string
	for _, f := range v.flags {
		flags = append(flags, "`--"+f.name+"` "+f.usage)
	}
	mark := ""
	if v.daemon {
		mark = " *"
	}
	fmt.Fprintf(b, "| `%s`%s | %s | %s | `lockctl %s` |\n", escape(strings.TrimSpace("lockctl "+v.path+" "+v.args)), mark, escape(v.short),
		escape(strings.Join(flags, "<br>")), escape(v.example))
}

// escape keeps a text within its cell.
func escape(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
