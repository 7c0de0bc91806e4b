package tui

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// rewind keeps instants of a simulation and goes back to one of them.
type rewind struct {
	sh    *shell
	names []string // newest first
	at    int
	ready bool
	asks  bool // whether the chosen instant is really to be gone back to
}

func newRewind(sh *shell) *rewind { return &rewind{sh: sh} }

func (r *rewind) Title() string { return "Rewind" }

func (r *rewind) Keys() []key.Binding {
	if r.asks {
		return []key.Binding{bind("enter", "stay", "enter"), r.sh.keys.yes}
	}
	return []key.Binding{bind("k", "keep this instant", "k"), bind("enter", "go back to it", "enter"), bind("esc", "close", "esc")}
}

func (r *rewind) start() tea.Cmd { return r.list() }

func (r *rewind) list() tea.Cmd {
	return r.sh.kept(func(names []string, err error) tea.Cmd {
		if err != nil {
			return r.sh.refused(err)
		}
		r.names, r.ready = nil, true
		for i := len(names) - 1; i >= 0; i-- {
			r.names = append(r.names, names[i])
		}
		r.at = max(0, min(r.at, len(r.names)-1))
		return nil
	})
}

func (r *rewind) retreat() bool {
	was := r.asks
	r.asks = false
	return was
}

func (r *rewind) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch {
	case r.asks && key.Matches(k, r.sh.keys.yes):
		return r.goBack()
	case r.asks:
		r.asks = false
	case k.String() == "k":
		name := r.sh.now.UTC().Format(time.RFC3339)
		return r.sh.keepInstant(name, func(err error) tea.Cmd {
			if err != nil {
				return r.sh.refused(err)
			}
			return tea.Batch(r.sh.tell(good, r.sh.style.check+" kept this instant: w goes back to it"), r.list())
		})
	case k.Type == tea.KeyUp:
		r.at = max(0, r.at-1)
	case k.Type == tea.KeyDown, k.String() == "j":
		r.at = max(0, min(r.at+1, len(r.names)-1))
	case k.Type == tea.KeyEnter && r.at < len(r.names):
		r.asks = true
	}
	return nil
}

func (r *rewind) goBack() tea.Cmd {
	name := r.names[r.at]
	return r.sh.rewindTo(name, func(err error) tea.Cmd {
		if err != nil {
			return r.sh.refused(err)
		}
		r.sh.latest = nil
		for _, s := range r.sh.stack {
			if again, ok := s.(interface{ restart() }); ok {
				again.restart() // what it holds has not happened now
			}
		}
		return tea.Batch(r.sh.close(r), r.sh.tell(good, r.sh.style.check+" back at "+r.moment(name)), r.sh.changed())
	})
}

// moment shows a kept instant, which is its name, as people read it.
func (r *rewind) moment(name string) string {
	t, err := time.Parse(time.RFC3339, name)
	if err != nil {
		return name
	}
	return t.In(r.sh.zone).Format("Mon 2 Jan 15:04:05")
}

func (r *rewind) size(w, h int) (int, int) { return min(64, w-4), min(h, len(r.rows(60))+2) }

func (r *rewind) View(w, h int) string { return r.sh.dialog(w, h, r.Title(), r.rows(w-6)) }

func (r *rewind) rows(w int) []line {
	s := r.sh.style
	rows := []line{nil}
	switch {
	case !r.ready:
		rows = append(rows, say(dim, "asking the simulation "+s.more))
	case len(r.names) == 0:
		rows = append(rows, say(dim, "No instant is kept yet: k keeps this one."))
	}
	for i, n := range r.names {
		mark, t := line{{plain, "  "}}, plain
		if i == r.at {
			mark, t = line{{accent, s.mark + " "}}, strong
		}
		l := mark.with(t, r.moment(n))
		if at, err := time.Parse(time.RFC3339, n); err == nil {
			l = l.with(dim, "  "+fromNow(at, r.sh.now))
		}
		rows = append(rows, l)
	}
	rows = append(rows, nil)
	if r.asks {
		rows = append(rows, wrap(warn, s.warn+" What happened since then is lost.", w)...)
		rows = append(rows, nil, line{{chipTitle, " Stay "}, {dim, " enter     "}, {chipKey, " y "}, {dim, " go back"}}, nil)
	}
	return rows
}

// saveSession writes the session so far as a scenario.
func (sh *shell) saveSession() tea.Cmd {
	if sh.save == nil {
		return sh.tell(warn, sh.style.warn+" nothing can be written from here")
	}
	return sh.scenario(func(path string, err error) tea.Cmd {
		if err != nil {
			return sh.refused(err)
		}
		return sh.tell(good, sh.style.check+" saved as a scenario: "+path+"  (locksim replay, or lockctl open)")
	})
}
