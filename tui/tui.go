package tui

import (
	"context"
	"errors"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Options says what to show and how.
type Options struct {
	Host  engine.Host
	Lab   lab.Lab                       // controls of a simulated host; nil: the host is live
	Clock clockwork.Clock               // paces frames and notes; nil: the real one. What the host's time is, the host says
	Zone  *time.Location                // of the operator; nil: local
	Actor string                        // who acts, for the journal
	Story func(after int64) []StoryLine // what happened in a simulated world after that line; nil: nobody tells
	Log   func(after int64) []LogLine   // what the program logged after that line; nil: nobody keeps it
	Hint  string                        // the first sentence; "": none
	Focus lock.DeviceID                 // where the cursor begins; "": on the first lock
	Theme Theme                         // "": auto
	ASCII bool                          // plain signs and borders
	Keys  Keymap                        // rebound keys; nil: none
	Mouse bool                          // follow the mouse from the start
	Prefs Prefs                         // as they were kept

	Templates []Template // what n offers; nil: a guest, a cleaner, a visit, staff

	// Save writes a file for people below a folder of theirs and tells its path; nil: nothing can be exported.
	Save func(name string, data []byte) (path string, err error)
	// Keep stores what the user would not like to choose again; nil: it is forgotten.
	Keep func(Prefs) error
	// Clip copies a text to the clipboard; nil: OSC 52, which works over ssh.
	Clip func(text string)

	In  io.Reader // the terminal; nil: stdin
	Out io.Writer // the terminal; nil: stdout

	renderer *lipgloss.Renderer // of tests and pictures; nil: what Out can show
}

// Prefs is what the user would not like to choose again.
type Prefs struct {
	FleetSort string `toml:"fleet_sort"` // Query.Sort of the list of locks; "": by name
}

// Run shows the program until its user quits or ctx ends. It must be given a terminal.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	with := []tea.ProgramOption{tea.WithAltScreen(), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.In != nil {
		with = append(with, tea.WithInput(o.In))
	}
	if o.Out != nil {
		with = append(with, tea.WithOutput(o.Out))
		o.renderer = lipgloss.NewRenderer(o.Out)
	} else {
		o.renderer = lipgloss.DefaultRenderer()
	}
	if o.Clip == nil {
		o.Clip = o.renderer.Output().Copy
	}
	if o.Mouse {
		with = append(with, tea.WithMouseCellMotion())
	}
	switch o.Theme {
	case ThemeDark, ThemeLight:
		o.renderer.SetHasDarkBackground(o.Theme == ThemeDark)
	default:
		o.renderer.SetHasDarkBackground(o.renderer.Output().HasDarkBackground())
	}
	_, err := tea.NewProgram(New(ctx, o), with...).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// New returns the root model; commands end with ctx.
func New(ctx context.Context, o Options) *Model {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.renderer == nil {
		o.renderer = lipgloss.DefaultRenderer()
	}
	m := &Model{shell: &shell{
		commands: newCommands(ctx, o),
		style:    newStyle(o.renderer, o.ASCII),
		keys:     newKeyMap(),
		zone:     o.Zone,
		zones:    map[string]*time.Location{},
	}}
	m.saved = m.exported
	if k, err := o.Keys.apply(); err == nil {
		m.keys = k
	}
	if o.Hint != "" {
		m.note = note{tone: accent, text: o.Hint}
	}
	m.prefs, m.mouse = o.Prefs, o.Mouse
	if m.templates = o.Templates; m.templates == nil {
		m.templates = usual()
	}
	m.fleet = newFleet(m.shell)
	if o.Prefs.FleetSort != "" {
		m.fleet.order(o.Prefs.FleetSort)
	}
	home := newToday(m.shell)
	home.focus = o.Focus
	m.stack = []screen{home}
	return m
}
