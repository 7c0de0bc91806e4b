package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// command makes the cobra commands from the grammar.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "lockctl",
		Short: "hand out PIN codes for keypad locks, and know that they work",
		Long: "lockctl hands out PIN codes for keypad locks of many brands and keeps each one working for its whole window.\n" +
			"Called alone it opens the terminal interface: on the lockctl serve that runs, else on what one has left behind, to look at, else on a\n" +
			"demonstration.",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			a.verb = c
			return begin(a)
		},
	}
	root.SetIn(a.io.in)
	root.SetOut(a.io.out)
	root.SetErr(a.io.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return badInput("%w; see %s --help", err, c.CommandPath())
	})
	root.PersistentFlags().StringVar(&a.theme, "theme", "auto", "colours: auto, dark or light")
	root.PersistentFlags().BoolVar(&a.ascii, "ascii", false, "plain signs and borders")
	root.PersistentFlags().BoolVar(&a.plain, "plain", false, "talk in lines, for screen readers")
	root.PersistentFlags().BoolVar(&a.mouse, "mouse", true, "follow the mouse")
	a.helps(root)
	groups := map[string]string{}
	for _, c := range chapters() {
		root.AddGroup(&cobra.Group{ID: c.title, Title: c.title})
		for _, w := range c.words {
			groups[w] = c.title
		}
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommandGroupID(groups["help"])
	root.CompletionOptions.DisableDefaultCmd = true // ours refuses a shell that it does not know

	parents := map[string]*cobra.Command{}
	for _, v := range grammar() {
		under := root
		words := strings.Fields(v.path)
		if len(words) == 2 {
			under = parents[words[0]]
			if under == nil {
				under = a.noun(words[0])
				under.GroupID = groups[words[0]]
				parents[words[0]] = under
				root.AddCommand(under)
			}
		}
		c := a.makeVerb(v, words[len(words)-1])
		if under == root {
			c.GroupID = groups[words[0]]
		}
		under.AddCommand(c)
	}
	return root
}

// ofFace marks the commands that open the terminal interface, to which the options of the root belong.
const ofFace = "face"

// noun is the word before some verbs.
func (a *app) noun(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: nouns()[name],
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return badInput("%s: a verb is missing; see lockctl %s --help", name, name)
			}
			text := fmt.Sprintf("%s has no verb %q", name, clipped(args[0]))
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				text += fmt.Sprintf("; did you mean %q?", near[0])
			}
			return badInput("%s; see lockctl %s --help", text, name)
		},
		RunE:                       func(*cobra.Command, []string) error { return nil },
		SuggestionsMinimumDistance: 2,
	}
}

// makeVerb makes one command.
func (a *app) makeVerb(v verb, name string) *cobra.Command {
	c := &cobra.Command{Use: strings.TrimSpace(name + " " + v.args), Short: v.short, Long: v.long, Example: "  lockctl " + v.example, Args: a.args(v)}
	if v.face {
		c.Annotations = map[string]string{ofFace: "yes"}
	}
	all := v.flags
	if v.daemon {
		all = slices.Concat(all, elsewhere())
	}
	for _, f := range all {
		switch def := f.value.(type) {
		case bool:
			c.Flags().Bool(f.name, def, f.usage)
		case int:
			c.Flags().Int(f.name, def, f.usage)
		case string:
			short := ""
			if f.name == "output" {
				short = "o"
			}
			c.Flags().StringP(f.name, short, def, f.usage)
		}
	}
	if err := a.completes(c, v); err != nil {
		panic(err) // the grammar has an option twice
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a.verb = c
		if err := a.checkFormat(); err != nil {
			return err
		}
		return v.run(a, args)
	}
	return c
}

// args checks how many arguments a verb gets.
func (a *app) args(v verb) cobra.PositionalArgs {
	words := strings.Fields(v.args)
	least, most := 0, len(words)
	for _, w := range words {
		if !strings.HasPrefix(w, "[") {
			least++
		}
		if strings.Contains(w, "…") {
			most = 1000
		}
	}
	return func(c *cobra.Command, args []string) error {
		switch {
		case most == 0 && len(args) > 0:
			return badInput("%s takes no argument, and got %q", v.path, clipped(args[0]))
		case len(args) < least:
			return badInput("%s needs %s; see lockctl %s --help", v.path, v.args, v.path)
		case len(args) > most:
			return badInput("%s takes %s alone, and got %q", v.path, v.args, clipped(args[most]))
		}
		return nil
	}
}

// noArgs refuses a first word that is no verb, with the nearest that is.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return badInput("%s; see lockctl --help", text)
}
