package main

import (
	"os"
	"os/user"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/world"
	"github.com/accesscodes/lockctl/tui"
)

// demoRate is the pace of a demonstration, in virtual seconds per second.
const demoRate = 60

// needsTerminal refuses to draw on anything else. Talking in lines needs none.
func (a *app) needsTerminal() error {
	if a.plain {
		return nil
	}
	in, isIn := a.io.in.(*os.File)
	out, isOut := a.io.out.(*os.File)
	if !isIn || !isOut || !term.IsTerminal(in.Fd()) || !term.IsTerminal(out.Fd()) {
		return badInput("the terminal interface needs a terminal; lockctl --help lists what works without one")
	}
	if a.env.get("TERM") == "dumb" {
		return badInput("the terminal interface needs a terminal that can move its cursor; this one says TERM=dumb")
	}
	switch tui.Theme(a.theme) {
	case tui.ThemeAuto, tui.ThemeDark, tui.ThemeLight:
		return nil
	}
	return badInput("theme: %q is none of auto, dark and light", a.theme)
}

// show runs the terminal interface on a world until its user leaves. The world lives on the real clock meanwhile, and is
// closed after. One that begins paused has a sentence that says so; "": it runs, and the hint is about its fleet.
func (a *app) show(w *world.World, told *story, paused string) error {
	clock := clockwork.NewRealClock()
	play := world.Start(w, clock, demoRate)
	controls := play.Lab()
	err := func() error {
		hint, focus := a.advice(play)
		if paused != "" {
			hint = paused
			if err := controls.Pause(a.ctx, true); err != nil {
				return err
			}
		} else if s, err := controls.State(a.ctx); err == nil && s.Paused {
			hint = "Paused, as you left it: p lets time go on"
		}
		if a.plain && paused == "" {
			hint = ""
		}
		return a.face(tui.Options{Host: play, Lab: controls, Clock: clock, Hint: hint, Focus: focus, Story: told.after})
	}()
	if closed := play.Close(); err == nil {
		err = closed
	}
	return err
}

// face runs the terminal interface, or its lines, as the user wants it to look.
func (a *app) face(o tui.Options) (err error) {
	o.Actor, o.Log, o.In, o.Out = a.actor(), a.logged.after, a.io.in, a.io.out
	o.Theme, o.ASCII, o.Mouse = tui.Theme(a.theme), a.ascii || a.plainTerminal(), a.mouse
	o.Save, o.Keep = a.save, a.keepPrefs
	if a.plain {
		return tui.RunPlain(a.ctx, o)
	}
	if o.Keys, err = a.keymap(); err != nil {
		return err
	}
	if o.Templates, err = a.templates(); err != nil {
		return err
	}
	if o.Prefs, err = a.prefs(); err != nil {
		return err
	}
	return tui.Run(a.ctx, o)
}

// advice names what is most worth looking at, with three keys to try, and its lock; "": none in particular.
func (a *app) advice(host engine.Host) (hint string, at lock.DeviceID) {
	const keys = "Try: enter opens a stay, K keypad, F faults"
	s, err := host.Snapshot(a.ctx, engine.Query{View: engine.ViewArrivals, Limit: 1})
	if err != nil || len(s.Codes) == 0 {
		return keys, ""
	}
	c := s.Codes[0]
	d, err := host.Snapshot(a.ctx, engine.Query{View: engine.ViewDevice, Device: c.Device})
	if err != nil || d.Device == nil || c.Readiness != engine.ReadyAtRisk && c.Readiness != engine.ReadyWillFail {
		return keys, ""
	}
	if c.BackupAvailable {
		return "Begin at " + d.Device.Name + ". Try: b gives a backup, K keypad, F faults", c.Device
	}
	return "Begin at " + d.Device.Name + ". " + keys, c.Device
}

// actor is who acts, for the journal.
func (a *app) actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "operator"
}

// plainTerminal reports whether the terminal says that it shows no more than ASCII.
func (a *app) plainTerminal() bool {
	if a.env.get("TERM") == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(a.env.get(name)); v != "" {
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return false
}
