package mutate

import (
	"cmp"
	"slices"
	"strings"
)

// edits are changes to one text. Those that enclose each other must be added from the outermost to the innermost.
type edits []edit

type edit struct {
	at, end int // offsets of what is replaced
	kind    int
	order   int // among those of the same kind at the same place
	text    string
}

// At one place what ends there is closed first, and what begins there is opened before anything is replaced.
const (
	closes = iota
	opens
	replaces
)

// around encloses the text from one offset to another.
func (e *edits) around(from, to int, before, after string) {
	n := len(*e)
	*e = append(*e, edit{from, from, opens, n, before}, edit{to, to, closes, -n, after})
}

func (e *edits) replace(from, to int, text string) {
	*e = append(*e, edit{from, to, replaces, len(*e), text})
}

// apply returns the text with all changes made.
func (e edits) apply(text string) string {
	slices.SortStableFunc(e, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.order, b.order))
	})
	var b strings.Builder
	at := 0
	for _, x := range e {
		b.WriteString(text[at:x.at])
		b.WriteString(x.text)
		at = x.end
	}
	b.WriteString(text[at:])
	return b.String()
}
