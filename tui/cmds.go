package tui

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// commands makes every command of the program. It is the only part that touches the host and its lab; its methods are
// called from Update and return at once, what they return runs elsewhere.
type commands struct {
	ctx    context.Context
	host   engine.Host
	lab    lab.Lab                       // nil: the host is live
	story  func(after int64) []StoryLine // nil: nobody tells
	log    func(after int64) []LogLine   // nil: nobody keeps it
	clock  clockwork.Clock
	actor  string
	save   func(name string, data []byte) (path string, err error) // nil: nothing is written
	keeps  func(Prefs) error                                       // nil: nothing is kept
	clip   func(text string)                                       // nil: there is no clipboard
	saved  func(path string, err error) tea.Cmd                    // what to do in Update once it is
	bell   <-chan struct{}
	after  func(time.Duration, tea.Msg) tea.Cmd // the message, after a while of real time
	listen func() tea.Cmd                       // bellMsg at the next ring
}

func newCommands(ctx context.Context, o Options) *commands {
	c := &commands{ctx: ctx, host: o.Host, lab: o.Lab, story: o.Story, clock: o.Clock, log: o.Log, actor: o.Actor, save: o.Save, clip: o.Clip, keeps: o.Keep}
	c.after = func(d time.Duration, msg tea.Msg) tea.Cmd { return wait(ctx, o.Clock, d, msg) }
	c.listen = func() tea.Cmd {
		return func() tea.Msg {
			if c.bell == nil {
				c.bell = c.host.Bell(ctx)
			}
			if _, rings := <-c.bell; !rings {
				return nil
			}
			return bellMsg{}
		}
	}
	return c
}

func wait(ctx context.Context, clock clockwork.Clock, d time.Duration, msg tea.Msg) tea.Cmd {
	return func() tea.Msg {
		timer := clock.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.Chan():
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}

// load reads everything that the screens on show ask for, and what the story told after its line number heard.
func (c *commands) load(number int, heard int64, requests []request) tea.Cmd {
	return func() tea.Msg {
		began := c.clock.Now()
		msg := c.read(number, heard, requests)
		msg.took = c.clock.Since(began)
		return msg
	}
}

func (c *commands) read(number int, heard int64, requests []request) loadedMsg {
	msg := loadedMsg{number: number}
	if c.lab != nil {
		state, err := c.lab.State(c.ctx)
		if err != nil {
			return loadedMsg{number: number, err: err}
		}
		msg.state = &state
	}
	msg.now = c.host.Now()
	if c.story != nil {
		msg.story = c.story(heard)
	}
	for _, r := range requests {
		a, err := c.answer(r)
		if err != nil {
			msg.err = err
			return msg
		}
		msg.answers = append(msg.answers, a)
		msg.zones = zonesOf(msg.zones, a)
	}
	return msg
}

// zonesOf adds the zones that an answer's codes name.
func zonesOf(zones map[string]*time.Location, a answer) map[string]*time.Location {
	for _, s := range a.snaps {
		for i := range s.Codes {
			name := s.Codes[i].Zone
			if _, known := zones[name]; known || name == "" {
				continue
			}
			if zone, err := lock.LoadZone(name); err == nil {
				if zones == nil {
					zones = map[string]*time.Location{}
				}
				zones[name] = zone
			}
		}
	}
	return zones
}

func (c *commands) answer(r request) (answer, error) {
	a := answer{to: r.to}
	for _, q := range r.queries {
		s, err := c.host.Snapshot(c.ctx, q)
		if r.maybe && isRefusal(err) {
			continue // what it is about may be something else
		}
		if isRefusal(err) {
			return answer{to: r.to, refused: err}, nil
		}
		if err != nil {
			return a, err
		}
		a.snaps = append(a.snaps, s)
		if s.Device != nil {
			a.zone, _ = lock.LoadZone(s.Device.Zone) // nil where it is not known
		}
	}
	if r.log {
		a.log = c.log(r.after)
	}
	if r.journal == nil {
		return a, nil
	}
	after := r.journal.after
	if r.journal.last {
		s, err := c.host.Snapshot(c.ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
		if err != nil {
			return a, err
		}
		after = max(0, s.Seq-engine.Seq(r.journal.limit))
	}
	var err error
	a.events, err = c.host.Journal(c.ctx, after, r.journal.limit)
	return a, err
}

func isRefusal(err error) bool {
	_, is := errors.AsType[*engine.Refusal](err)
	return is
}

// every reads what a query lists over its pages, until it has more than most rows.
func every[R any](c *commands, p pager[R], most int, then func([]R, error) tea.Cmd) tea.Cmd {
	q := p.query
	q.Limit = 1000
	return func() tea.Msg {
		var rows []R
		for {
			s, err := c.host.Snapshot(c.ctx, q)
			if err != nil {
				return resultMsg{func() tea.Cmd { return then(nil, err) }}
			}
			if rows = append(rows, p.of(s)...); s.Next == "" || len(rows) > most {
				return resultMsg{func() tea.Cmd { return then(rows, nil) }}
			}
			q.After = s.Next
		}
	}
}

// submit gives a command to the engine; then runs in Update with what came of it.
func (c *commands) submit(do engine.Action, then func(engine.Receipt, error) tea.Cmd) tea.Cmd {
	return c.send(engine.Command{Actor: c.actor, Do: do}, then)
}

// rehearse is submit without an effect: it tells what submit would do.
func (c *commands) rehearse(do engine.Action, then func(engine.Receipt, error) tea.Cmd) tea.Cmd {
	return c.send(engine.Command{Actor: c.actor, Do: do, DryRun: true}, then)
}

func (c *commands) send(command engine.Command, then func(engine.Receipt, error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		receipt, err := c.host.Submit(c.ctx, command)
		return resultMsg{func() tea.Cmd { return then(receipt, err) }}
	}
}

func steered(do func() error, then func(error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		err := do()
		return resultMsg{func() tea.Cmd { return then(err) }}
	}
}

// pause stops or resumes the simulation's clock.
func (c *commands) pause(paused bool, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Pause(c.ctx, paused) }, then)
}

// rate sets the simulation's pace.
func (c *commands) rate(rate int, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Rate(c.ctx, rate) }, then)
}

// step runs the simulation to its next event.
func (c *commands) step(then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Step(c.ctx) }, then)
}

// skip runs the simulation ahead; it ends early with ctx.
func (c *commands) skip(ctx context.Context, to time.Time, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.SkipTo(ctx, to) }, then)
}

// inject places a fault.
func (c *commands) inject(f lab.Fault, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { _, err := c.lab.Inject(c.ctx, f); return err }, then)
}

// heal ends a fault, or every fault on a target.
func (c *commands) heal(idOrTarget string, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Heal(c.ctx, idOrTarget) }, then)
}

// try types digits at a keypad.
func (c *commands) try(device lock.DeviceID, pin lock.PIN, then func(lab.Try, error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		try, err := c.lab.Type(c.ctx, device, pin)
		return resultMsg{func() tea.Cmd { return then(try, err) }}
	}
}

// export writes a file for people, and tells where it is.
func (c *commands) export(name string, rows [][]string) tea.Cmd {
	if c.save == nil {
		return nil
	}
	return func() tea.Msg {
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		err := w.WriteAll(rows)
		path := ""
		if err == nil {
			path, err = c.save(name+".csv", text.Bytes())
		}
		return resultMsg{func() tea.Cmd { return c.saved(path, err) }}
	}
}

// kept lists the instants that a simulation can go back to, oldest first.
func (c *commands) kept(then func([]string, error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		names, err := c.lab.Snapshots(c.ctx)
		return resultMsg{func() tea.Cmd { return then(names, err) }}
	}
}

// keepInstant keeps the present of a simulation under a name.
func (c *commands) keepInstant(name string, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Snapshot(c.ctx, name) }, then)
}

// rewindTo goes back to a kept instant.
func (c *commands) rewindTo(name string, then func(error) tea.Cmd) tea.Cmd {
	return steered(func() error { return c.lab.Rewind(c.ctx, name) }, then)
}

// scenario writes the session of a simulation as a scenario, and tells where.
func (c *commands) scenario(then func(path string, err error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		text, err := c.lab.SaveScenario(c.ctx)
		path := ""
		if err == nil {
			path, err = c.save("session.toml", text)
		}
		return resultMsg{func() tea.Cmd { return then(path, err) }}
	}
}

// toClipboard copies a text, through whatever lies between here and the user's terminal.
func (c *commands) toClipboard(text string, then func() tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		if c.clip != nil {
			c.clip(text)
		}
		return resultMsg{then}
	}
}

// keep stores what the user would not like to choose again. That it can't be stored is told, once more with every try.
func (c *commands) keep(p Prefs) tea.Cmd {
	if c.keeps == nil {
		return nil
	}
	return func() tea.Msg {
		if err := c.keeps(p); err != nil {
			return resultMsg{func() tea.Cmd { return c.saved("", err) }}
		}
		return nil
	}
}

// kindsOf asks which faults a lock, hub or account can have.
func (c *commands) kindsOf(target string, then func([]lab.FaultKind, error) tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		kinds, err := c.lab.Kinds(c.ctx, target)
		return resultMsg{func() tea.Cmd { return then(kinds, err) }}
	}
}
