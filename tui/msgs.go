package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Every message of the program, but for those of Bubble Tea itself.
type (
	// bellMsg says that something was committed.
	bellMsg struct{}
	// beatMsg comes several times a second while the host's clock is worth looking at.
	beatMsg struct{}
	// restedMsg ends the pause after a load.
	restedMsg struct{}
	// loadedMsg brings what a load asked for.
	loadedMsg struct {
		number  int // of the load; an older one is dropped
		now     time.Time
		state   *lab.State // nil: no lab, or not asked
		answers []answer
		story   []StoryLine               // new since the load before
		zones   map[string]*time.Location // that the answers name
		took    time.Duration             // of real time
		err     error
	}
	// resultMsg ends a command that was sent to the host or its lab; then knows its result and runs in Update.
	resultMsg struct{ then func() tea.Cmd }
	// pressMsg is a key that was chosen from a list.
	pressMsg struct{ key tea.KeyMsg }
	// wipeMsg clears the clipboard of the PIN that was copied under that number.
	wipeMsg struct{ number int }
	// hushMsg takes the note of that number away.
	hushMsg struct{ number int }
	// coverMsg hides the revealed PIN of that number.
	coverMsg struct{ number int }
)

// request is what a screen needs to be up to date.
type request struct {
	to      screen
	queries []engine.Query
	maybe   bool // a query that is refused is left out of the answer
	journal *journalRequest
	log     bool
	after   int64 // of the log
}

// journalRequest asks for the events after one, or for the last limit of them.
type journalRequest struct {
	after engine.Seq
	last  bool
	limit int
}

// answer is what a request brought.
type answer struct {
	to      screen
	snaps   []engine.Snapshot // one per query, in their order
	events  []engine.Event
	story   []StoryLine
	log     []LogLine
	zone    *time.Location // of the device asked for; nil: not known
	refused error          // by the host, which understood none of it: a filter with a mistake; everything else is empty then
}

// device is the one that was asked for; nil: there is none.
func (a answer) device() *engine.DeviceView {
	for _, s := range a.snaps {
		if s.Device != nil {
			return s.Device
		}
	}
	return nil
}

// revealed is the one PIN on show.
type revealed struct {
	code   lock.CodeID
	pin    lock.PIN
	number int
}
