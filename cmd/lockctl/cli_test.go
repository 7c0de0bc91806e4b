package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/lock"
)

// Where no daemon runs, what it has left behind can be looked at, and nothing else.
func TestWhatIsKeptIsShownWhereNoDaemonRuns(t *testing.T) {
	home, _ := kept(t)
	for _, args := range [][]string{{"today"}, {"codes", "list"}, {"codes", "show", "guest 3"}, {"codes", "explain", "guest 3"}, {"devices", "list"}, {"devices", "show", "demo-01"},
		{"plan", "--at", "+1h"}, {"events", "tail"}, {"accounts", "list"}} {
		code, said := lockctl(t, home, args...)
		if code != exitDone || !strings.HasPrefix(said, "NOT RUNNING since ") || !strings.Contains(said, "in the next 24 h.\n") {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	if _, said := lockctl(t, home, "codes", "list"); strings.Count(said, "guest ") != 5 {
		t.Errorf("codes list: %s", said)
	}
	if _, said := lockctl(t, home, "accounts", "list", "-o", "csv"); !strings.Contains(said, "\ndemo,sim,") {
		t.Errorf("accounts list: %s", said)
	}
	before := tree(t, filepath.Join(dataOf(home), "live"))
	for _, args := range [][]string{{"codes", "create", "demo-01"}, {"codes", "create", "demo-01", "--dry-run"}, {"codes", "delete", "guest 3", "--yes"},
		{"codes", "reveal", "guest 3"}, {"codes", "list", "--reveal"}, {"pool", "enable", "demo-01"}, {"events", "tail", "--follow"}} {
		code, said := lockctl(t, home, args...)
		if code != exitRefused || !strings.Contains(said, "lockctl serve is not running") {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	if after := tree(t, filepath.Join(dataOf(home), "live")); !slices.Equal(before, after) {
		t.Errorf("files before %v, after %v", before, after)
	}
	if _, said := lockctl(t, home, "codes", "list"); strings.Count(said, "guest ") != 5 {
		t.Errorf("codes list after refusals: %s", said)
	}
}

// tree lists the files of a folder that hold records.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNothingThatANameHoldsSteersTheTerminal(t *testing.T) {
	var out bytes.Buffer
	a := &app{io: stdio{out: &out}}
	rows := []string{"\x1b[2Jgone", "two\nlines", "wide 日本", "\u202emirrored"}
	if err := printTable(a, rows, []column[string]{{name: "name", text: func(s string) string { return s }}, {name: "after", text: func(string) string { return "|" }}}); err != nil {
		t.Fatal(err)
	}
	a.facts(fact{name: "name", value: "\x1b]0;title\a"})
	if text := out.String(); strings.ContainsAny(text, "\x1b\a\u202e") || strings.Count(text, "\n") != 6 || !strings.Contains(text, "\nwide 日本  |\n") {
		t.Errorf("%q", text)
	}
}

func TestATableFitsByBreakingItsWidestColumns(t *testing.T) {
	for _, c := range []struct {
		widths, want []int
		room         int
	}{
		{[]int{10, 20}, []int{10, 20}, 32},
		{[]int{10, 20}, []int{10, 20}, 0},
		{[]int{10, 40, 30}, []int{10, 21, 21}, 56},
		{[]int{12, 12}, []int{10, 10}, 5},
	} {
		got := slices.Clone(c.widths)
		fit(got, c.room)
		if sum := func(all []int) (n int) {
			for _, w := range all {
				n += w
			}
			return n
		}; sum(got) != sum(c.want) || slices.Max(got) != slices.Max(c.want) {
			t.Errorf("%v in %d: %v, want %v", c.widths, c.room, got, c.want)
		}
	}
}

func TestEndingsTellIdsApart(t *testing.T) {
	all := []lock.CodeID{"code_01KTY1W31EYYCNG034TW0SVAGS", "code_01KTY1W31E338DKRZKM0BPQMJF", "stay-harbour-12-front-1", "stay-mill-front-1", "x"}
	got := endings(all)
	for _, id := range all {
		if !strings.HasSuffix(string(id), got[id]) || len(got[id]) < min(len(id), suffixLeast) {
			t.Errorf("%s is shown as %q", id, got[id])
		}
		for _, other := range all {
			if other != id && strings.HasSuffix(string(other), got[id]) {
				t.Errorf("%q means %s and %s", got[id], id, other)
			}
		}
	}
}

func TestASpreadsheetTakesNoNameForAFormula(t *testing.T) {
	var out bytes.Buffer
	a := &app{io: stdio{out: &out}}
	a.verb = a.command().Commands()[0]
	a.verb.Flags().String("output", "csv", "")
	if err := list(a, []webhook{{ID: "=1+1", URL: `a "quoted", url`, Types: []string{"x", "y"}}}); err != nil {
		t.Fatal(err)
	}
	if want := "webhook_id,url,event_types,secret,is_disabled\n'=1+1,\"a \"\"quoted\"\", url\",x; y,,false\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// Colours are for people who look: not for files, and not where they are unwanted.
func TestNoColoursWhereNobodyLooks(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := &app{io: stdio{out: f}}
	if got := a.paint(wrong, "x"); got != "x" {
		t.Errorf("%q into a file", got)
	}
}
