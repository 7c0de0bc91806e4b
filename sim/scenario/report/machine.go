package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// JSONL writes a JSON object per scenario and line.
func JSONL(w io.Writer, items []Item) error {
	type failure struct {
		Verdict string   `json:"verdict"`
		Line    int      `json:"line,omitempty"`
		Col     int      `json:"col,omitempty"`
		Text    string   `json:"text"`
		Around  []string `json:"around,omitempty"`
	}
	type object struct {
		Path     string    `json:"path"`
		Name     string    `json:"name"`
		Provider string    `json:"provider,omitempty"`
		Skipped  string    `json:"skipped,omitempty"`
		Verdict  string    `json:"verdict"`
		Seed     uint64    `json:"seed"`
		Span     float64   `json:"span_seconds"`
		Events   int64     `json:"events"`
		Steps    int64     `json:"engine_steps"`
		Wall     float64   `json:"wall_seconds"`
		Failures []failure `json:"failures,omitempty"`
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, i := range items {
		o := object{Path: i.Path, Name: i.Name(), Provider: i.Provider, Skipped: i.Skipped(), Verdict: i.Verdict().String(), Wall: i.Wall.Seconds()}
		if r := i.Result; r != nil {
			o.Seed, o.Span, o.Events, o.Steps = r.File.Seed, r.Span.Seconds(), r.Events, r.Steps
		}
		for _, p := range i.problems() {
			o.Failures = append(o.Failures, failure{p.verdict.String(), p.pos.Line, p.pos.Col, p.text, p.around})
		}
		if err := enc.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// JUnit writes the XML that CI systems read.
func JUnit(w io.Writer, items []Item) error {
	type failure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type skip struct {
		Message string `xml:"message,attr"`
	}
	type testcase struct {
		Name      string    `xml:"name,attr"`
		ClassName string    `xml:"classname,attr"`
		File      string    `xml:"file,attr"`
		Time      string    `xml:"time,attr"`
		Failures  []failure `xml:"failure"`
		Errors    []failure `xml:"error"`
		Skipped   *skip     `xml:"skipped"`
	}
	type testsuite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	suite := testsuite{Name: "scenarios", Tests: len(items)}
	var sum float64
	for _, i := range items {
		sum += i.Wall.Seconds()
		c := testcase{Name: i.Name(), ClassName: strings.TrimSuffix(i.Path, ".toml"), File: i.Path, Time: fmt.Sprintf("%.3f", i.Wall.Seconds())}
		for _, p := range i.problems() {
			f := failure{p.verdict.String(), p.String(), strings.Join(p.around, "\n")}
			if p.verdict == scenario.Invalid || p.verdict == scenario.Broken {
				c.Errors = append(c.Errors, f)
			} else {
				c.Failures = append(c.Failures, f)
			}
		}
		if why := i.Skipped(); why != "" {
			c.Skipped = &skip{why}
		}
		switch {
		case len(c.Errors) > 0:
			suite.Errors++
		case len(c.Failures) > 0:
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", sum)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// TAP writes version 14 of the Test Anything Protocol.
func TAP(w io.Writer, items []Item) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(items))
	for n, i := range items {
		ok := "ok"
		if i.Verdict() != scenario.Pass {
			ok = "not ok"
		}
		fmt.Fprintf(&b, "%s %d - %s", ok, n+1, strings.ReplaceAll(i.Path+": "+i.Name(), "#", `\#`))
		if why := i.Skipped(); why != "" {
			b.WriteString(" # SKIP " + why)
		}
		b.WriteString("\n")
		if ok == "ok" {
			continue
		}
		fmt.Fprintf(&b, "  ---\n  verdict: %s\n  problems:\n", i.Verdict())
		for _, p := range i.problems() {
			fmt.Fprintf(&b, "    - %q\n", p.String())
		}
		b.WriteString("  ...\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ofAKind bounds the annotations of one kind: GitHub shows no more.
const ofAKind = 10

// GitHub writes annotations, worst first.
func GitHub(w io.Writer, items []Item) error {
	var all []problem
	for _, i := range items {
		all = append(all, i.problems()...)
	}
	slices.SortStableFunc(all, func(a, b problem) int {
		switch {
		case a.verdict.Worse(b.verdict):
			return -1
		case b.verdict.Worse(a.verdict):
			return 1
		}
		return 0
	})
	var b strings.Builder
	shown := map[scenario.Verdict]int{}
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, p := range all {
		if shown[p.verdict]++; shown[p.verdict] > ofAKind {
			continue
		}
		fmt.Fprintf(&b, "::error file=%s", property.Replace(p.path))
		if p.pos.Line > 0 {
			fmt.Fprintf(&b, ",line=%d,col=%d", p.pos.Line, max(1, p.pos.Col))
		}
		fmt.Fprintf(&b, ",title=%s::%s\n", p.verdict, data.Replace(strings.Join(append([]string{p.text}, p.around...), "\n")))
	}
	for v := scenario.Pass; v <= scenario.Broken; v++ {
		if more := shown[v] - ofAKind; more > 0 {
			fmt.Fprintf(&b, "::notice::%d more of the kind %s are not shown\n", more, v)
		}
	}
	fmt.Fprintln(&b, total(items))
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes a summary.
func Markdown(w io.Writer, items []Item) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Scenarios\n\n%s.\n\n| verdict | scenario | span | events | wall |\n|---|---|---:|---:|---:|\n", total(items))
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, i := range items {
		span, events := "", ""
		if r := i.Result; r != nil {
			span, events = Long(r.Span), fmt.Sprint(r.Events)
		}
		fmt.Fprintf(&b, "| %s | %s<br>`%s` | %s | %s | %s |\n", i.Verdict(), cell.Replace(i.Name()), cell.Replace(i.Path), span, events, wall(i.Wall))
	}
	for _, i := range items {
		for n, p := range i.problems() {
			if n == 0 {
				fmt.Fprintf(&b, "\n## %s\n", i.Name())
			}
			fmt.Fprintf(&b, "\n* **%s** %s\n", p.verdict, p)
			if len(p.around) > 0 {
				fmt.Fprintf(&b, "\n  ```\n  %s\n  ```\n", strings.Join(p.around, "\n  "))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
