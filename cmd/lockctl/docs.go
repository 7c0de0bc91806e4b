package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/tui"
)

// docs writes the pages that are generated from the program's own tables, so that they can't tell anything else.
func docs(a *app, args []string) error {
	dir := args[0]
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return badInput("%s: there is no such folder", dir)
	}
	for name, text := range map[string]string{"cli.md": cliPage(), "keys.md": tui.KeysPage(), "providers.md": providersPage(all.Providers())} {
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
	b.WriteString("\n`lockctl` alone opens the terminal interface: on the `lockctl serve` that runs, else on what one has left behind, to look at, else on the demonstration. `--theme auto|dark|light` and `--ascii` set its look, `NO_COLOR` is honoured, `--mouse=false` leaves the mouse to the terminal. `--plain` talks in lines instead, for screen readers and pipes.\n\n" +
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

// providersPage tells of every vendor what its driver says of itself.
func providersPage(vendors provider.Registry) string {
	var b strings.Builder
	b.WriteString("# Providers\n\nGenerated from the drivers below `driver/` by `make docs`.\n\n" +
		"An account of the configuration (`lockctl config sample`) names a provider and its settings. Secrets stand in the environment or in a\n" +
		"file of their own: `\"env:NAME\"` or `\"file:/path\"`. `lockctl config check` tells every mistake at its place.\n\n" +
		"To try a provider without an account at its vendor, run `locksim serve --into DIR`: it answers as the vendors' clouds do, with simulated\n" +
		"locks behind, writes the accounts and their secrets, and says how to go on ([more](testing-your-integration.md)).\n" +
		"[A table](matrix.md) shows which scenarios hold at which vendor's locks.\n\n" +
		"The provider `sim` has simulated locks within `lockctl serve` itself.\n\n" +
		"| Provider | What it is | Driver | Conformance | Façade | Stories |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, p := range vendors {
		folder := cmp.Or(p.Folder, p.Name)
		stories := "[`" + p.Name + "`](matrix.md)"
		if p.Name == "seam" {
			stories = "those of lockly and oracode, which are it"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | [driver/%s](../driver/%s/doc.go) | [%s_test.go](../driver/%s/%s_test.go) | [sim/facade/%s](../sim/facade/%s) | %s |\n",
			p.Name, p.Name, escape(p.About), folder, folder, folder, folder, folder, folder, folder, stories)
	}
	b.WriteString("\nConformance is `go test ./driver/…`: each driver against its façade. `lockctl providers check ACCOUNT` tries what is harmless of it on a real account.\n")
	for _, p := range vendors {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```toml\n[[account]]\nid = \"house\"\nprovider = %q\nsettings = { ", p.Name, p.About, p.Name)
		var sample []string
		for _, s := range p.Settings {
			if s.Required || s.Usual {
				sample = append(sample, s.Name+" = "+s.Example)
			}
		}
		b.WriteString(strings.Join(sample, ", ") + " }\n```\n\n| Setting | What it is | Example |\n| --- | --- | --- |\n")
		for _, s := range p.Settings {
			about := s.About
			if s.Required {
				about += " (required)"
			}
			fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", s.Name, escape(about), escape(s.Example))
		}
		b.WriteString("\n" + p.Notes)
	}
	return b.String()
}

// escape keeps a text within its cell.
func escape(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
