package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/engine"
)

const (
	completeIn  = 2 * time.Second // a shell waits so long for names
	completeMax = 200             // names that it gets
)

// shells are those that completion can be had for.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// completion prints the script by which a shell completes verbs, options and names.
func completion(a *app, args []string) error {
	root := a.verb.Root()
	switch args[0] {
	case "bash":
		return root.GenBashCompletionV2(a.io.out, true)
	case "zsh":
		return root.GenZshCompletion(a.io.out)
	case "fish":
		return root.GenFishCompletion(a.io.out, true)
	}
	return badInput("SHELL: %q is none of %s", clipped(args[0]), listed(shells(), "and"))
}

// completes has a shell offer what can stand in the place of each argument, and of options that name things.
func (a *app) completes(c *cobra.Command, v verb) error {
	places := strings.Fields(v.args)
	c.ValidArgsFunction = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		a.verb = c
		i := len(args)
		if len(places) > 0 && strings.Contains(places[len(places)-1], "…") {
			i = min(i, len(places)-1)
		}
		if i >= len(places) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.offers(strings.Trim(places[i], "[]…"), begun)
	}
	for name, place := range map[string]string{"output": "FORMAT", "device": "DEVICE", "account": "ACCOUNT"} {
		if c.Flags().Lookup(name) == nil {
			continue
		}
		err := c.RegisterFlagCompletionFunc(name, func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			a.verb = c
			return a.offers(place, begun)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// offers lists what may stand in a place. Nothing is said where nobody answers: a shell has no room for it.
func (a *app) offers(place, begun string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	ctx, cancel := context.WithTimeout(a.ctx, completeIn)
	defer cancel()
	switch place {
	case "FORMAT":
		return formats(), none
	case "SHELL":
		return shells(), none
	case "DEVICE", "OLD", "NEW", "ACCOUNT", "CODE":
	case "FILE", "DIR|FILE.toml", "FILE.toml", "DIR":
		return nil, cobra.ShellCompDirectiveDefault
	default:
		return nil, none
	}
	host, err := a.client(clockwork.NewRealClock())
	if err != nil {
		return nil, none
	}
	q := engine.Query{View: engine.ViewFleet, Filter: sought(begun), Limit: completeMax}
	if place == "CODE" {
		q.View = engine.ViewCodes
	}
	got, err := host.Snapshot(ctx, q)
	if err != nil {
		return nil, none
	}
	var out []string
	offer := func(word, about string) {
		if strings.HasPrefix(word, begun) {
			out = append(out, clean(word)+"\t"+clean(about))
		}
	}
	for _, d := range got.Devices {
		if place == "ACCOUNT" {
			offer(string(d.Account), "account")
			continue
		}
		offer(string(d.ID), d.Name)
	}
	for _, c := range got.Codes {
		offer(string(c.ID), cmp.Or(c.Name, "no name")+" at "+cmp.Or(c.DeviceName, string(c.Device)))
	}
	slices.Sort(out)
	return slices.Compact(out), none
}
