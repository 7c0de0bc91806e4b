package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/tui"
)

func TestTheGrammarIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range grammar() {
		words := strings.Fields(v.path)
		if seen[v.path] {
			t.Errorf("%s is there twice", v.path)
		}
		seen[v.path] = true
		if v.short == "" || len(words) == 0 || len(words) > 2 {
			t.Errorf("%q has no sentence, or is not noun and verb", v.path)
		}
		if len(words) == 2 && nouns()[words[0]] == "" {
			t.Errorf("%s: the noun has no sentence", v.path)
		}
		if v.run == nil {
			t.Errorf("%s does nothing", v.path)
		}
		if !slices.ContainsFunc(chapters(), func(c chapter) bool { return slices.Contains(c.words, words[0]) }) {
			t.Errorf("%s is in no chapter of the help", v.path)
		}
		if err := parses(t, "lockctl "+v.example, v.path); err != nil {
			t.Errorf("the example of %s: %v", v.path, err)
		}
		for _, f := range v.flags {
			switch f.value.(type) {
			case string, bool, int:
			default:
				t.Errorf("%s --%s has a default of a type that is not made", v.path, f.name)
			}
			if f.usage == "" {
				t.Errorf("%s --%s has no sentence", v.path, f.name)
			}
		}
	}
}

// The command lines that the terminal interface shows are those of the grammar, with their arguments and options.
func TestTheFooterSpeaksTheGrammar(t *testing.T) {
	for _, line := range tui.CommandLines() {
		if err := parses(t, line, ""); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{"lockctl codes get x", "lockctl codes show", "lockctl codes show x y", "lockctl codes list --colour", "codes list"} {
		if parses(t, line, "") == nil {
			t.Errorf("%s is taken for a command", line)
		}
	}
}

// parses finds the command of a line and reads its options and arguments, without running it. path is the verb that it must
// be; "": any.
func parses(t *testing.T, line, path string) error {
	t.Helper()
	args := shellWords(line)
	if args[0] != "lockctl" {
		return errors.New("is no lockctl command")
	}
	a := &app{ctx: t.Context()}
	c, rest, err := a.command().Find(args[1:])
	if err != nil {
		return err
	}
	if c.HasSubCommands() || path != "" && c.CommandPath() != "lockctl "+path {
		return fmt.Errorf("is %s", c.CommandPath())
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// shellWords splits a line as a shell does, with single quotes alone.
func shellWords(line string) []string {
	var words []string
	word, quoted, any := "", false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if word != "" || any {
				words = append(words, word)
			}
			word, any = "", false
		default:
			word += string(r)
		}
	}
	return append(words, word)
}
