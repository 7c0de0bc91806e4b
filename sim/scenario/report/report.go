// Package report writes what scenarios came to, for people and for machines: without it the verdict of a run would be an
// exit code.
package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// Item is one scenario file and what came of it: a Result or an Err.
type Item struct {
	Path     string
	Provider string           // through whose protocol it was run; "": through none
	Result   *scenario.Result // nil: it was not run
	Err      error            // scenario.Diagnostics, or why the run broke
	Golden   string           // how the trace differs from the one beside the file; "": it does not
	Wall     time.Duration
}

// Skipped says why the story can't be told of the provider's locks; "": it was.
func (i Item) Skipped() string {
	if i.Result == nil {
		return ""
	}
	return i.Result.Skipped
}

// Name is the story's name, or the file's path where it could not be read, and the provider behind it.
func (i Item) Name() string {
	name := i.Path
	if i.Result != nil {
		name = i.Result.File.Name
	}
	if i.Provider != "" {
		name += " (" + i.Provider + ")"
	}
	return name
}

// Verdict is the worst that can be said of the item.
func (i Item) Verdict() scenario.Verdict {
	switch {
	case i.Err != nil:
		if _, ok := errors.AsType[scenario.Diagnostics](i.Err); ok {
			return scenario.Invalid
		}
		return scenario.Broken
	case i.Golden != "" && i.Result.Verdict == scenario.Pass:
		return scenario.Expectation
	default:
		return i.Result.Verdict
	}
}

// Worst is the worst verdict of all items.
func Worst(items []Item) scenario.Verdict {
	worst := scenario.Pass
	for _, i := range items {
		if v := i.Verdict(); v.Worse(worst) {
			worst = v
		}
	}
	return worst
}

// problem is one thing that is wrong with an item, in the shape that every report needs.
type problem struct {
	verdict scenario.Verdict
	path    string
	pos     scenario.Pos // zero: it belongs to the whole file
	text    string
	around  []string
}

func (p problem) String() string {
	switch {
	case p.pos.Line == 0:
		return p.path + ": " + p.text
	case p.verdict == scenario.Invalid:
		return fmt.Sprintf("%s:%d:%d: %s", p.path, p.pos.Line, p.pos.Col, p.text)
	}
	return fmt.Sprintf("%s:%d: %s", p.path, p.pos.Line, p.text)
}

// problems lists what is wrong with an item.
func (i Item) problems() []problem {
	var out []problem
	if i.Err != nil {
		if list, ok := errors.AsType[scenario.Diagnostics](i.Err); ok {
			for _, d := range list {
				out = append(out, problem{verdict: scenario.Invalid, path: d.Path, pos: d.Pos, text: d.Text})
			}
			return out
		}
		return []problem{{verdict: scenario.Broken, path: i.Path, text: i.Err.Error()}}
	}
	for _, f := range i.Result.Failures {
		text := fmt.Sprintf("at +%s %s", i.Result.Since(f.At), f.Text)
		out = append(out, problem{verdict: f.Verdict, path: i.Path, pos: f.Pos, text: text, around: f.Around})
	}
	if i.Golden != "" {
		out = append(out, problem{verdict: scenario.Expectation, path: i.Path, text: "the trace differs from the one beside the file", around: strings.Split(i.Golden, "\n")})
	}
	return out
}

// Format is a kind of report.
type Format struct {
	Name    string
	Meaning string
	Write   func(w io.Writer, items []Item) error
}

// Formats lists every kind of report.
func Formats() []Format {
	return []Format{
		{"text", "a line per scenario, and what went wrong", Text},
		{"jsonl", "a JSON object per scenario", JSONL},
		{"junit", "JUnit XML, for CI systems", JUnit},
		{"tap", "Test Anything Protocol, version 14", TAP},
		{"github", "annotations for GitHub Actions, worst first, ten of a kind", GitHub},
		{"markdown", "a summary with a table", Markdown},
		{"html", "a page with the timeline of every scenario, on its own", HTML},
	}
}

// Find returns the format of that name, or false.
func Find(name string) (Format, bool) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}
