package tui

import (
	"errors"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// screen is one view of the program. Screens change themselves in Update, which returns the IO to do; View is pure and fills
// w by h cells.
type screen interface {
	Title() string
	Keys() []key.Binding
	Update(msg tea.Msg) tea.Cmd
	View(w, h int) string
}

// What some screens can do besides.
type (
	// loader needs data from the host. Its answer arrives as an answer in Update.
	loader interface{ request() request }
	// glancer shows more of the row under its cursor.
	glancer interface{ glance() request }
	// starter has something to ask when it is opened.
	starter interface{ start() tea.Cmd }
	// typist takes every key but ctrl+c while typing: it holds a text input.
	typist interface{ typing() bool }
	// modal is drawn over the screen beneath it, in the middle, in at most w by h cells.
	modal interface{ size(w, h int) (int, int) }
	// retreater may use esc for a step of its own before it closes, and then reports true.
	retreater interface{ retreat() bool }
	// sideways moves its cursor left and right, so these keys don't open or leave it.
	sideways interface{ sideways() }
	// speaker knows the command that does on the command line what it shows.
	speaker interface{ cli() string }
	// searcher lists what words find, and says in its rows' place what is wrong with the words.
	searcher interface{ mistaken(err error) }
	// atDoor stands before one lock.
	atDoor interface{ door() (door, bool) }
)

// door is what keypad, faults and clock need to know of the lock in view.
type door struct {
	id      lock.DeviceID
	name    string
	hub     lock.HubID
	account lock.AccountID
	zone    *time.Location // nil: not known
}

// The paces of the program, in real time.
const (
	restAfterLoad = 33 * time.Millisecond
	beatRunning   = 100 * time.Millisecond
	beatStill     = time.Second
	noteFor       = 12 * time.Second
	hintFor       = time.Minute
	revealFor     = 15 * time.Second
	copyFor       = 30 * time.Second
)

// shell is what the screens share: the commands, the look, the host's time and the stack of screens. Only Update changes it.
type shell struct {
	*commands
	style *style
	keys  *keyMap
	zone  *time.Location // of the operator

	width, height int
	now           time.Time // the host's, at the last load
	state         lab.State
	totals        engine.Totals
	stack         []screen
	places        history
	fleet         *fleet // kept, so that its order, filter and marks stay
	zones         map[string]*time.Location
	names         names

	note   note
	told   []StoryLine // of a simulation, the newest tailKeeps
	heard  int64       // number of the newest
	shown  revealed
	copied int  // number of the newest copy
	mouse  bool // it is followed
	latest *undoable
	prefs  Prefs

	templates []Template
	skips     skipping

	dirty, loading, resting bool
	glanced                 bool // the cursor has moved on since the newest load
	number                  int  // of the newest load
}

// note is the sentence above the footer.
type note struct {
	tone   tone
	text   string
	number int
}

// undoable is the last command that can be undone.
type undoable struct {
	seq  engine.Seq
	what string
}

// skipping is a skip through time under way.
type skipping struct {
	to   time.Time
	stop func()
}

func (sh *shell) top() screen { return sh.stack[len(sh.stack)-1] }

// open puts a screen on top.
func (sh *shell) open(s screen) tea.Cmd {
	if _, over := s.(modal); !over {
		sh.visit()
	}
	sh.stack = append(sh.stack, s)
	if at, ok := s.(starter); ok {
		return tea.Batch(sh.changed(), at.start())
	}
	return sh.changed()
}

// leave takes the top screen off; the first one stays.
func (sh *shell) leave() tea.Cmd {
	if len(sh.stack) == 1 {
		return nil
	}
	if _, over := sh.top().(modal); !over {
		sh.visit()
	}
	sh.stack = sh.stack[:len(sh.stack)-1]
	if _, over := sh.top().(modal); !over {
		sh.cover()
	}
	return sh.changed()
}

// cover hides the revealed PIN.
func (sh *shell) cover() { sh.shown.pin = lock.PIN{} }

// close takes a screen off, and whatever is over it.
func (sh *shell) close(s screen) tea.Cmd {
	for i, at := range sh.stack {
		if at == s && i > 0 {
			sh.stack = sh.stack[:i]
			return sh.changed()
		}
	}
	return nil
}

// goTo leaves everything but the first screen and opens s on it; nil: just that.
func (sh *shell) goTo(s screen) tea.Cmd {
	sh.visit()
	sh.stack = sh.stack[:1:1]
	if s == nil {
		return sh.changed()
	}
	sh.stack = append(sh.stack, s)
	if at, ok := s.(starter); ok {
		return tea.Batch(sh.changed(), at.start())
	}
	return sh.changed()
}

// pageAt is the place in the stack of the uppermost screen that is not a modal; all above it are.
func (sh *shell) pageAt() int {
	i := len(sh.stack) - 1
	for ; i > 0; i-- {
		if _, over := sh.stack[i].(modal); !over {
			break
		}
	}
	return i
}

func (sh *shell) page() screen { return sh.stack[sh.pageAt()] }

// door is the lock in view, if the screen stands before one.
func (sh *shell) door() (door, bool) {
	if at, ok := sh.page().(atDoor); ok {
		return at.door()
	}
	return door{}, false
}

// body is the room between header and footer.
func (sh *shell) body() (w, h int) {
	return max(leastWidth, sh.width), max(leastHeight, sh.height) - 3
}

// tooSmall reports whether the terminal has not the room for a frame.
func (sh *shell) tooSmall() bool { return sh.width < leastWidth || sh.height < leastHeight }

// changed asks for a load: at once, or after the one under way and its rest.
func (sh *shell) changed() tea.Cmd {
	if sh.loading || sh.resting {
		sh.dirty = true
		return nil
	}
	sh.dirty, sh.glanced, sh.loading = false, false, true
	sh.number++
	var requests []request
	seen := []screen{sh.page()}
	if top := sh.top(); top != seen[0] {
		seen = append(seen, top)
	}
	for _, s := range seen {
		if l, ok := s.(loader); ok {
			requests = append(requests, l.request())
		}
	}
	return sh.load(sh.number, sh.heard, requests)
}

// glance asks for what is under the cursor, and for nothing else that the screen shows: in a large fleet a page costs more.
func (sh *shell) glance() tea.Cmd {
	if sh.loading || sh.resting {
		sh.glanced = true
		return nil
	}
	at, ok := sh.page().(glancer)
	if !ok {
		return nil
	}
	r := at.glance()
	if sh.glanced = false; len(r.queries) == 0 {
		return nil
	}
	sh.loading = true
	sh.number++
	return sh.load(sh.number, sh.heard, []request{r})
}

// loaded hands a load's answers to the screens that asked, if they are still there.
func (sh *shell) loaded(msg loadedMsg) tea.Cmd {
	if msg.number != sh.number {
		return nil
	}
	sh.loading, sh.resting = false, true
	// What is slow to ask is asked less often: looking takes a fifth of a host's time at most.
	cmds := []tea.Cmd{sh.after(max(restAfterLoad, 4*msg.took), restedMsg{})}
	if !msg.now.IsZero() {
		sh.now = msg.now
	}
	if msg.state != nil {
		sh.state = *msg.state
	}
	for name, zone := range msg.zones {
		sh.zones[name] = zone
	}
	cmds = append(cmds, sh.hear(msg.story))
	if msg.err != nil {
		return tea.Batch(append(cmds, sh.refused(msg.err))...)
	}
	for _, a := range msg.answers {
		for i := range a.snaps {
			sh.totals = a.snaps[i].Fleet
			sh.names.learn(&a.snaps[i])
		}
		for _, s := range sh.stack {
			if s != a.to {
				continue
			}
			if a.refused != nil {
				cmds = append(cmds, sh.refused(a.refused))
				if at, ok := s.(searcher); ok {
					at.mistaken(a.refused)
				}
				continue
			}
			a.story = sh.told
			cmds = append(cmds, s.Update(a))
		}
	}
	return tea.Batch(cmds...)
}

// hear keeps what the story tells; a note, and what went wrong, is said at once.
func (sh *shell) hear(lines []StoryLine) tea.Cmd {
	var cmd tea.Cmd
	for _, l := range lines {
		sh.heard = l.N
		switch {
		case l.Failed:
			cmd = sh.tell(bad, sh.style.bad+" "+l.Text)
		case l.Kind == "step" && l.Name == "note":
			cmd = sh.tell(accent, l.Text)
		}
	}
	sh.told = append(sh.told, lines...)
	if over := len(sh.told) - tailKeeps; over > 0 {
		sh.told = append([]StoryLine{}, sh.told[over:]...)
	}
	return cmd
}

func (sh *shell) rested() tea.Cmd {
	sh.resting = false
	switch {
	case sh.dirty:
		return sh.changed()
	case sh.glanced:
		return sh.glance()
	}
	return nil
}

// running reports whether the host's clock moves by itself.
func (sh *shell) running() bool { return sh.lab == nil || !sh.state.Paused || sh.skips.stop != nil }

// beat is the next look at the clock.
func (sh *shell) beat() tea.Cmd {
	if sh.lab != nil && sh.running() {
		return sh.after(beatRunning, beatMsg{})
	}
	return sh.after(beatStill, beatMsg{})
}

// tell shows a sentence for a while.
func (sh *shell) tell(t tone, text string) tea.Cmd {
	sh.note = note{t, text, sh.note.number + 1}
	return sh.after(noteFor, hushMsg{sh.note.number})
}

// refused shows why something was not done.
func (sh *shell) refused(err error) tea.Cmd { return sh.tell(bad, sh.style.bad+" "+sentence(err)) }

// done tells that a command was taken, with its notes, and remembers how to undo it.
func (sh *shell) done(what string, r engine.Receipt) tea.Cmd {
	if r.Undoable {
		sh.latest = &undoable{r.Seq, what}
	}
	text := sh.style.check + " " + what
	for _, n := range sh.names.notes(r.Notes) {
		text += " " + sh.style.dot + " " + n
	}
	return tea.Batch(sh.tell(good, text), sh.changed())
}

// reveal asks for a code's digits and shows them for a while, in one row only.
func (sh *shell) reveal(code lock.CodeID) tea.Cmd {
	if sh.shown.code == code && !sh.shown.pin.IsZero() {
		sh.shown.pin = lock.PIN{}
		return nil
	}
	return sh.submit(engine.Reveal{Code: code}, func(r engine.Receipt, err error) tea.Cmd {
		switch {
		case err != nil:
			return sh.refused(err)
		case len(r.PINs) == 0 || r.PINs[0].IsZero():
			return sh.tell(warn, sh.style.warn+" the digits of this code are not known yet")
		}
		sh.shown = revealed{code, r.PINs[0], sh.shown.number + 1}
		return tea.Batch(sh.changed(), sh.after(revealFor, coverMsg{sh.shown.number}))
	})
}

// sentence is an error for people: a refusal by its own words and remedy.
func sentence(err error) string {
	var r *engine.Refusal
	if errors.As(err, &r) {
		return r.Error()
	}
	return err.Error()
}
