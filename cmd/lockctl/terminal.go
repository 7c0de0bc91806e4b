package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
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

// needsTerminal refuses to draw on anything else.
func (a *app) needsTerminal() error {
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
		}
		keys, err := a.keymap()
		if err != nil {
			return err
		}
		return tui.Run(a.ctx, tui.Options{
			Keys: keys, Save: a.save, Mouse: true,
			Host: play, Lab: controls, Clock: clock, Actor: a.actor(), Hint: hint, Focus: focus, Story: told.after,
			Theme: tui.Theme(a.theme), ASCII: a.ascii || a.plainTerminal(), In: a.io.in, Out: a.io.out,
		})
	}()
	if closed := play.Close(); err == nil {
		err = closed
	}
	return err
}

// advice names what is most worth looking at, with three keys to try, and its lock; "": none in particular.
func (a *app) advice(host engine.Host) (hint string, at lock.DeviceID) {
	const keys = "Try: enter opens a lock, K keypad, F faults"
	s, err := host.Snapshot(a.ctx, engine.Query{View: engine.ViewArrivals, Limit: 1})
	if err != nil || len(s.Codes) == 0 {
		return keys, ""
	}
	c := s.Codes[0]
	d, err := host.Snapshot(a.ctx, engine.Query{View: engine.ViewDevice, Device: c.Device})
	if err != nil || d.Device == nil || c.Readiness != engine.ReadyAtRisk && c.Readiness != engine.ReadyWillFail {
		return keys, ""
	}
	return "At risk: " + d.Device.Name + ". " + keys, c.Device
}

// keymap reads the keys that the user has rebound; nil: none.
func (a *app) keymap() (tui.Keymap, error) {
	dir, err := a.dir("XDG_CONFIG_HOME", ".config")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "keys.toml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := tui.ReadKeymap(text)
	if err != nil {
		return nil, badInput("%s: %w", path, err)
	}
	return keys, nil
}

// save writes a file that the user asked for below the folder of exports. It never writes over another one.
func (a *app) save(name string, data []byte) (string, error) {
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "exports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		return path, errors.Join(err, f.Close())
	}
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
