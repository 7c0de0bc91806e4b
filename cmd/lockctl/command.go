package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The two groups of the help.
const (
	groupNow   = "now"
	groupLater = "later"
)

// command makes the cobra commands from the grammar.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "lockctl",
		Short: "hand out PIN codes for keypad locks, and know that they work",
		Long: "lockctl hands out PIN codes for keypad locks of many brands and keeps each one working for its whole window.\n" +
			"Called alone it opens the terminal interface on a demonstration.",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(_ *cobra.Command, _ []string) error { return demonstrate(a, false) },
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
	root.AddGroup(&cobra.Group{ID: groupNow, Title: "Commands:"}, &cobra.Group{ID: groupLater, Title: "Not in this version:"})
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommandGroupID(groupNow)
	root.SetCompletionCommandGroupID(groupNow)

	parents := map[string]*cobra.Command{}
	for _, v := range grammar() {
		under := root
		words := strings.Fields(v.path)
		if len(words) == 2 {
			under = parents[words[0]]
			if under == nil {
				under = a.noun(words[0])
				parents[words[0]] = under
				root.AddCommand(under)
			}
		}
		c := a.makeVerb(v, words[len(words)-1])
		under.AddCommand(c)
		switch {
		case under == root:
			c.GroupID = group(v)
		case v.waits == "":
			under.GroupID = groupNow
		}
	}
	return root
}

func group(v verb) string {
	if v.waits != "" {
		return groupLater
	}
	return groupNow
}

// noun is the word before some verbs. It waits as long as all of them do.
func (a *app) noun(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: nouns()[name], GroupID: groupLater,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return badInput("%s: a verb is missing; see lockctl %s --help", name, name)
			}
			return badInput("%s has no verb %q; see lockctl %s --help", name, args[0], name)
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
}

// makeVerb makes one command. One that does not work yet takes anything and answers with a sentence.
func (a *app) makeVerb(v verb, name string) *cobra.Command {
	c := &cobra.Command{Use: strings.TrimSpace(name + " " + v.args), Short: v.short, Long: v.long, Args: a.args(v)}
	for _, f := range v.flags {
		switch def := f.value.(type) {
		case bool:
			c.Flags().Bool(f.name, def, f.usage)
		case int:
			c.Flags().Int(f.name, def, f.usage)
		case string:
			c.Flags().String(f.name, def, f.usage)
		}
	}
	if v.waits != "" {
		c.Long = v.short + "\n\nNot in this version: it waits for " + v.waits + "."
		c.RunE = func(*cobra.Command, []string) error { return notYet(v) }
		return c
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a.verb = c
		return v.run(a, args)
	}
	return c
}

func notYet(v verb) error {
	return badInput("%s is not in this version: it waits for %s", v.path, v.waits)
}

// args checks how many arguments a working verb gets. A verb that waits says so whatever it gets.
func (a *app) args(v verb) cobra.PositionalArgs {
	words := strings.Fields(v.args)
	least := 0
	for _, w := range words {
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	return func(c *cobra.Command, args []string) error {
		switch {
		case v.waits != "":
			return nil
		case len(words) == 0 && len(args) > 0:
			return badInput("%s takes no argument, and got %q", v.path, args[0])
		case len(args) < least:
			return badInput("%s needs %s", v.path, v.args)
		case len(args) > len(words):
			return badInput("%s takes %s alone, and got %q", v.path, v.args, args[len(words)])
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
