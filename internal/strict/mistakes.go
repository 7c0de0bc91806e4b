// Package strict reads TOML files of which every mistake is told at its place: without it each reader of files would have its
// own idea of where a mistake stands, or none.
package strict

import (
	"fmt"
	"slices"
	"strings"
)

// MaxDiagnostics bounds how many mistakes of one file are listed; the rest are counted.
const MaxDiagnostics = 50

// Pos is a place in a file, both 1-based; Col counts bytes. The zero Pos is no place.
type Pos struct{ Line, Col int }

// Compare orders places as a reader meets them.
func (p Pos) Compare(o Pos) int {
	if p.Line != o.Line {
		return p.Line - o.Line
	}
	return p.Col - o.Col
}

// Diagnostic is one mistake of a file.
type Diagnostic struct {
	Path string
	Pos
	Text string // one sentence that names the key and the rule
}

func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.Path, d.Line, d.Col, d.Text)
}

// Diagnostics is the error of a file that can't be used: its mistakes by position, at most MaxDiagnostics and a last line that
// counts the others.
type Diagnostics []Diagnostic

func (d Diagnostics) Error() string {
	lines := make([]string, len(d))
	for i, x := range d {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// Mistakes collects what is wrong with one file. Path is what the sentences begin with.
type Mistakes struct {
	Path string
	list Diagnostics
	more int // beyond what is kept
}

// kept bounds the mistakes that are held before they are sorted.
const kept = 20 * MaxDiagnostics

// Add notes a mistake.
func (d *Mistakes) Add(at Pos, format string, args ...any) {
	if len(d.list) == kept {
		d.more++
		return
	}
	d.list = append(d.list, Diagnostic{d.Path, at, fmt.Sprintf(format, args...)})
}

// Count is how many mistakes there are.
func (d *Mistakes) Count() int { return len(d.list) + d.more }

// Err returns what was collected as Diagnostics, sorted and bounded, or nil.
func (d *Mistakes) Err() error {
	if len(d.list) == 0 {
		return nil
	}
	slices.SortStableFunc(d.list, func(a, b Diagnostic) int { return a.Compare(b.Pos) })
	list := slices.CompactFunc(d.list, func(a, b Diagnostic) bool { return a == b })
	n := min(len(list), MaxDiagnostics)
	if more := len(list) - n + d.more; more > 0 {
		list = append(list[:n], Diagnostic{d.Path, list[min(n, len(list)-1)].Pos, fmt.Sprintf("and %d more mistakes from here on", more)})
	}
	return list
}

// Nearest ends a sentence about an unknown name: it suggests the closest known one, else lists a short choice, else says
// nothing.
func Nearest(name string, known []string) string {
	best, at := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < at {
			best, at = k, d
		}
	}
	if best == "" && len(name) >= 4 { // a part of a longer name
		for _, k := range known {
			if strings.Contains(k, strings.ToLower(name)) {
				best = k
				break
			}
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) <= 12:
		return "; known: " + strings.Join(known, ", ")
	default:
		return ""
	}
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var older, old []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, old, row = old, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
