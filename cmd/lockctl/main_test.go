package main

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/accesscodes/lockctl/tui"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"lockctl": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits}})
}

// exits CODE COMMAND… runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

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
		if (v.run == nil) == (v.waits == "") {
			t.Errorf("%s must either work or wait for something", v.path)
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

// What waits must say so whatever it is given, before anything else is judged.
func TestEveryVerbThatWaitsAnswersWithASentence(t *testing.T) {
	for _, v := range grammar() {
		if v.waits == "" {
			continue
		}
		var out, err strings.Builder
		args := append(strings.Fields(v.path), "one", "two", "three", "four")
		if code := run(t.Context(), args, nil, stdio{strings.NewReader(""), &out, &err}); code != exitInput {
			t.Errorf("%s: exit code %d, want %d", v.path, code, exitInput)
		}
		if want := v.path + " is not in this version: it waits for " + v.waits; !strings.Contains(err.String(), want) {
			t.Errorf("%s says %q", v.path, err.String())
		}
		if out.Len() > 0 || strings.Count(err.String(), "\n") != 1 {
			t.Errorf("%s prints more than a sentence: %q %q", v.path, out.String(), err.String())
		}
	}
}

// The command lines that the terminal interface shows are those of the grammar.
func TestTheFooterSpeaksTheGrammar(t *testing.T) {
	known := map[string]bool{}
	for _, v := range grammar() {
		known[v.path] = true
		for _, f := range v.flags {
			known[v.path+" --"+f.name] = true
		}
	}
	for _, line := range tui.CommandLines() {
		words := strings.Fields(line)
		verb := words[1]
		if !known[verb] {
			verb += " " + words[2]
		}
		if words[0] != "lockctl" || !known[verb] {
			t.Errorf("%s: there is no such verb", line)
		}
		for _, w := range words {
			if strings.HasPrefix(w, "--") && !known[verb+" "+w] {
				t.Errorf("%s: %s has no %s", line, verb, w)
			}
		}
	}
}
