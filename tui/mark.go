package tui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// marks handles the keys that mark rows and reports whether k was one. What is marked stays so while the list moves on.
func (t *table[R]) marks(k tea.KeyMsg, keys *keyMap, height int) bool {
	switch {
	case key.Matches(k, keys.mark):
		if r, ok := t.current(); ok {
			t.toggle(r)
			t.markAt = t.cursor
			t.to(t.cursor+1, height)
		}
	case key.Matches(k, keys.markTo):
		for i := min(t.markAt, t.cursor); i <= max(t.markAt, t.cursor); i++ {
			if at := i - t.base; at >= 0 && at < len(t.rows) {
				t.put(t.rows[at])
			}
		}
		t.markAt = t.cursor
	case key.Matches(k, keys.markAll):
		if len(t.marked) > 0 {
			t.marked = nil
			return true
		}
		for _, r := range t.rows {
			t.put(r)
		}
	default:
		return false
	}
	return true
}

// markedMost is how many rows can be marked at once.
const markedMost = 10_000

// rangeTooFar is why a range can't be marked.
const rangeTooFar = "the range begins too far away to be read: a filter and A mark what it finds"

// holds reports whether the row at an index is held.
func (t *table[R]) holds(index int) bool { return index >= t.base && index < t.base+len(t.rows) }

// putAll marks rows, of which not all are in sight, and says so; too many it leaves as they are.
func (t *table[R]) putAll(s *style, noun string, rows []R) (tone, string) {
	if len(rows) > markedMost {
		return warn, fmt.Sprintf("%s there are more %s than the %d that can be marked: a filter makes them fewer", s.warn, noun, markedMost)
	}
	for _, r := range rows {
		t.put(r)
	}
	return accent, fmt.Sprintf("%s marked all %d, those out of sight too; esc lets go of them", s.check, len(rows))
}

func (t *table[R]) toggle(r R) {
	if _, on := t.marked[t.id(r)]; on {
		delete(t.marked, t.id(r))
		return
	}
	t.put(r)
}

func (t *table[R]) put(r R) {
	if t.marked == nil {
		t.marked = map[string]R{}
	}
	t.marked[t.id(r)] = r
}

// chosen are the marked rows by id, or else the row under the cursor.
func (t *table[R]) chosen() []R {
	var out []R
	for _, r := range t.marked {
		out = append(out, r)
	}
	if len(out) == 0 {
		if r, ok := t.current(); ok {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b R) int {
		switch x, y := t.id(a), t.id(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return out
}
