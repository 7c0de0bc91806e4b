package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// items are one story that passes, one that fails in two ways, a wrong file and a run that broke.
func items(t *testing.T) []Item {
	t.Helper()
	run := func(path, text string) Item {
		f, err := scenario.Decode(path, []byte(text))
		if err != nil {
			return Item{Path: path, Err: err}
		}
		res, err := scenario.Run(t.Context(), f, scenario.Options{})
		return Item{Path: path, Result: res, Err: err, Wall: 1500 * time.Millisecond}
	}
	const head = "[scenario]\nname = \"a | b <c> & # d\"\nstart = 2026-03-28T08:00:00+01:00\nrun = \"12h\"\n[[lock]]\nid = \"front\"\nmodel = \"native.keypad\"\n"
	const guest = "[[at]]\nt = \"0s\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"482916\", starts = \"+2h\", ends = \"+4h\" }\n" +
		"[[at]]\nt = \"3h\"\ntype = { code = \"guest\", opens = true }\n"
	return []Item{
		run("good.toml", head+guest),
		run("bad.toml", head+guest+"[[at]]\nt = \"5h\"\nfault = { on = \"front\", kind = \"offline\", for = \"2h\" }\n[[at]]\nt = \"8h\"\nengine = { stop = \"1h\" }\n[[expect]]\nt = \"1h\"\ncode = \"guest\"\nstatus = \"set\"\n[check]\nlimits = { sets = 0 }\n"),
		run("wrong.toml", strings.Replace(head, "native.keypad", "native.keypat", 1)),
		{Path: "broken.toml", Err: errors.New("the disk is full")},
	}
}

func TestVerdictsAreWeighed(t *testing.T) {
	all := items(t)
	for i, want := range []scenario.Verdict{scenario.Pass, scenario.Expectation, scenario.Invalid, scenario.Broken} {
		if got := all[i].Verdict(); got != want {
			t.Errorf("%s: %v, want %v", all[i].Path, got, want)
		}
	}
	if got := Worst(all); got != scenario.Broken {
		t.Errorf("worst: %v", got)
	}
	if got := Worst(all[:2]); got != scenario.Expectation {
		t.Errorf("worst of two: %v", got)
	}
	order := []scenario.Verdict{scenario.Broken, scenario.Invalid, scenario.Safety, scenario.Liveness, scenario.Expectation, scenario.Pass}
	for i := range len(order) - 1 {
		if !order[i].Worse(order[i+1]) || order[i+1].Worse(order[i]) {
			t.Errorf("%v must be worse than %v", order[i], order[i+1])
		}
	}
	differs := all[0]
	differs.Golden = "@@ line 1 @@"
	if differs.Verdict() != scenario.Expectation {
		t.Error("a trace that differs must fail")
	}
}

func TestEveryFormatTellsEveryStoryAndNoDigits(t *testing.T) {
	all := items(t)
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := f.Write(&b, all); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for _, want := range []string{"bad.toml", "wrong.toml", "broken.toml", "the disk is full", "native.keypat"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: lacks %q", f.Name, want)
			}
		}
		if strings.Contains(b.String(), "482916") {
			t.Errorf("%s: holds a PIN", f.Name)
		}
		if found, ok := Find(f.Name); !ok || found.Name != f.Name {
			t.Errorf("%s: is not found by its name", f.Name)
		}
	}
	if _, ok := Find("pdf"); ok {
		t.Error("found a format that does not exist")
	}
}

func TestReportsAreWellFormed(t *testing.T) {
	all := items(t)
	var b bytes.Buffer
	if err := JUnit(&b, all); err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	if err := xml.Unmarshal(b.Bytes(), &suite); err != nil || suite.Tests != 4 || suite.Failures != 1 || suite.Errors != 2 {
		t.Errorf("junit: %+v, %v", suite, err)
	}
	b.Reset()
	if err := JSONL(&b, all); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for _, l := range lines {
		if !json.Valid([]byte(l)) {
			t.Errorf("jsonl: %s", l)
		}
	}
	if len(lines) != 4 {
		t.Errorf("jsonl: %d lines", len(lines))
	}
}

func TestAnnotationsAreWorstFirstAndTenOfAKind(t *testing.T) {
	var list scenario.Diagnostics
	for range 14 {
		list = append(list, scenario.Diagnostic{Path: "a,b:c.toml", Pos: scenario.Pos{Line: 3, Col: 4}, Text: "100% wrong\nreally"})
	}
	var b bytes.Buffer
	if err := GitHub(&b, append(items(t), Item{Path: "a,b:c.toml", Err: list})); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if !strings.HasPrefix(lines[0], "::error file=broken.toml,title=broken::") {
		t.Errorf("first: %s", lines[0])
	}
	if n := strings.Count(b.String(), "title=invalid"); n != 10 {
		t.Errorf("%d annotations of one kind", n)
	}
	if !strings.Contains(b.String(), "::error file=a%2Cb%3Ac.toml,line=3,col=4,title=invalid::100%25 wrong%0Areally\n") {
		t.Errorf("escapes: %s", b.String())
	}
	if !strings.Contains(b.String(), "::notice::5 more of the kind invalid are not shown\n") {
		t.Errorf("says not what is left out: %s", b.String())
	}
}

func TestATimelineShowsWhatHappened(t *testing.T) {
	c := chartOf(items(t)[1].Result)
	hour := time.Hour.Milliseconds()
	if c.Span != 12*hour || len(c.Lanes) != 1 {
		t.Fatalf("chart: %+v", c)
	}
	l := c.Lanes[0]
	if len(l.Faults) != 1 || l.Faults[0] != [3]any{5 * hour, 7 * hour, "offline"} {
		t.Errorf("faults: %v", l.Faults)
	}
	if len(c.Down) != 1 || c.Down[0] != [2]any{8 * hour, 9 * hour} {
		t.Errorf("engine down: %v", c.Down)
	}
	if len(l.Codes) != 1 || *l.Codes[0].Wished != [2]any{2 * hour, 4 * hour} {
		t.Fatalf("codes: %+v", l.Codes)
	}
	g := l.Codes[0]
	if len(g.Held) < 2 || g.Held[0][2] != false || g.Held[1] != [3]any{2 * hour, 4 * hour, true} && g.Held[1][2] != true {
		t.Errorf("held: %v", g.Held)
	}
	if len(g.Tries) != 1 || g.Tries[0][1] != true {
		t.Errorf("tries: %v", g.Tries)
	}
	bad := 0
	for _, e := range c.Expects {
		if e[1] == false {
			bad++
		}
	}
	if bad != 1 {
		t.Errorf("expectations: %v", c.Expects)
	}
}

func TestThePageAsksNobodyForAnything(t *testing.T) {
	for _, file := range []string{"page/page.html", "page/page.css", "page/page.js"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, no := range []string{"src=", "href=", "@import", "fetch(", "url("} {
			if strings.Contains(string(text), no) {
				t.Errorf("%s: holds %s", file, no)
			}
		}
	}
	var b bytes.Buffer
	if err := HTML(&b, items(t)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<c>") {
		t.Error("a name gets into the page unescaped")
	}
}
