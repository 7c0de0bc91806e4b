package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	helpWidth  = 80  // cells of a line of help, unless the terminal says otherwise
	helpWidest = 110 // a longer line is hard to read
)

// helps has every command print its help in lines that fit the terminal, with the options that are about it and no others.
func (a *app) helps(root *cobra.Command) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.help(c, c.OutOrStdout()) })
	root.SetUsageFunc(func(c *cobra.Command) error { a.help(c, c.ErrOrStderr()); return nil })
}

func (a *app) help(c *cobra.Command, w io.Writer) {
	wide := a.width()
	if wide == 0 {
		wide = helpWidth
	}
	wide = min(max(wide, narrowest), helpWidest)
	text := c.Long
	if text == "" {
		text = strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
	}
	fmt.Fprintln(w, wrapped(text, wide))
	use := c.UseLine()
	if c.HasSubCommands() {
		use = c.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(w, "\n  %s\n", use)
	if c.Example != "" {
		fmt.Fprintf(w, "\nExample:\n%s\n", c.Example)
	}
	for _, g := range append(c.Groups(), &cobra.Group{Title: "Commands:"}) {
		var lines []string
		for _, sub := range c.Commands() {
			if sub.GroupID == g.ID && sub.IsAvailableCommand() {
				lines = append(lines, hanging("  "+pad(sub.Name(), c.NamePadding()+2), sub.Short, wide))
			}
		}
		if lines != nil {
			fmt.Fprintf(w, "\n%s\n%s\n", g.Title, strings.Join(lines, "\n"))
		}
	}
	mine, far, face := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	faces := !c.HasParent() || c.Annotations[ofFace] != ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == "help":
		case f.Name == "to", f.Name == "key-file":
			far.AddFlag(f)
		case c.Root().PersistentFlags().Lookup(f.Name) == nil:
			mine.AddFlag(f)
		case faces:
			face.AddFlag(f)
		}
	})
	for _, part := range []struct {
		title string
		flags *pflag.FlagSet
	}{{"Options:", mine}, {"A daemon elsewhere:", far}, {"How it looks:", face}} {
		if part.flags.HasFlags() {
			fmt.Fprintf(w, "\n%s\n%s", part.title, part.flags.FlagUsagesWrapped(wide))
		}
	}
	if c.HasSubCommands() {
		fmt.Fprintf(w, "\n%s COMMAND --help tells more about one.\n", c.CommandPath())
	}
}

// wrapped breaks what stands in one paragraph anew; lines that are indented stay as they are.
func wrapped(text string, wide int) string {
	var out []string
	open := false // the last line may go on
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, " "):
			out, open = append(out, line), false
		case open:
			out[len(out)-1] += " " + line
		default:
			out, open = append(out, line), true
		}
	}
	for i, line := range out {
		if !strings.HasPrefix(line, " ") {
			out[i] = ansi.Wrap(line, wide, "")
		}
	}
	return strings.Join(out, "\n")
}

// hanging sets a text beside a head, its further lines below the first.
func hanging(head, text string, wide int) string {
	room := max(wide-ansi.StringWidth(head), narrowest)
	return head + strings.ReplaceAll(ansi.Wrap(text, room, ""), "\n", "\n"+strings.Repeat(" ", ansi.StringWidth(head)))
}
