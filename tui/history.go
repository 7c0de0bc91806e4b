package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// placesKept bounds each direction of the history.
const placesKept = 50

// history is where the user was: stacks of pages, without the dialogs that were over them.
type history struct{ past, future [][]screen }

// visit remembers the present place before another one is gone to.
func (sh *shell) visit() {
	here := slices.Clone(sh.stack[:sh.pageAt()+1])
	if n := len(sh.places.past); n > 0 && slices.Equal(sh.places.past[n-1], here) {
		return
	}
	sh.places.past = append(sh.places.past, here)
	if over := len(sh.places.past) - placesKept; over > 0 {
		sh.places.past = slices.Clone(sh.places.past[over:])
	}
	sh.places.future = nil
}

// travel goes back or on in the history.
func (sh *shell) travel(back bool) tea.Cmd {
	from, to := &sh.places.future, &sh.places.past
	if back {
		from, to = to, from
	}
	if len(*from) == 0 {
		if back {
			return sh.tell(dim, "this is where you began")
		}
		return sh.tell(dim, "there is no later view")
	}
	last := len(*from) - 1
	*to = append(*to, slices.Clone(sh.stack[:sh.pageAt()+1]))
	sh.stack = (*from)[last]
	*from = (*from)[:last]
	sh.cover()
	return sh.changed()
}
