package tui

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/jonboulle/clockwork"
	"github.com/muesli/termenv"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim/lab"
)

var update = flag.Bool("update", false, "write the golden frames instead of comparing")

// harness drives the model without a program or a terminal: commands run at once, on the test's goroutine, and time passes
// only when the test says so.
type harness struct {
	t      testing.TB
	m      *Model
	host   *fakeHost
	lab    *fakeLab
	timers []timer
	quits  bool
	clock  *clockwork.FakeClock // of what takes real time
	atHome bool                 // begin on the home screen; else on the list of locks
}

// timer is a message that waits for real time to pass.
type timer struct {
	after time.Duration
	msg   tea.Msg
}

// newHarness shows a simulated fleet on 80 by 24 cells.
func newHarness(t testing.TB, host *fakeHost) *harness {
	h := &harness{t: t, host: host, lab: newFakeLab(host)}
	h.begin(h.host, h.lab, termenv.Ascii)
	return h
}

// newHome shows the same as a new user sees it.
func newHome(t testing.TB, host *fakeHost) *harness {
	h := &harness{t: t, host: host, lab: newFakeLab(host), atHome: true}
	h.begin(h.host, h.lab, termenv.Ascii)
	return h
}

// newLive shows the same fleet as if it were real.
func newLive(t testing.TB, host *fakeHost) *harness {
	h := &harness{t: t, host: host}
	h.begin(h.host, nil, termenv.Ascii)
	return h
}

func (h *harness) begin(host engine.Host, controls lab.Lab, colours termenv.Profile) {
	h.clock = clockwork.NewFakeClock()
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(colours)
	renderer.SetHasDarkBackground(true)
	h.m = New(context.Background(), Options{Host: host, Lab: controls, Zone: berlin, Actor: "anna", Clock: h.clock, renderer: renderer})
	h.m.after = func(d time.Duration, msg tea.Msg) tea.Cmd {
		return func() tea.Msg {
			h.timers = append(h.timers, timer{d, msg})
			return nil
		}
	}
	h.m.listen = func() tea.Cmd { return nil }
	h.run(h.m.Init())
	h.size(80, 24)
	h.settle()
	if !h.atHome {
		h.press(":", "fleet", "enter")
	}
}

// run runs a command and everything that follows from it.
func (h *harness) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			h.run(c)
		}
	case tea.QuitMsg:
		h.quits = true
	default:
		h.send(msg)
	}
}

func (h *harness) send(msg tea.Msg) {
	_, cmd := h.m.Update(msg)
	h.run(cmd)
}

func (h *harness) size(w, height int) { h.send(tea.WindowSizeMsg{Width: w, Height: height}) }

// settle ends the rest after a load, as often as there is one.
func (h *harness) settle() { h.pass(restAfterLoad) }

// pass fires the timers of up to d, those of the clock's beat excepted.
func (h *harness) pass(d time.Duration) {
	for range 20 {
		fired := false
		waiting := h.timers
		h.timers = nil
		for _, t := range waiting {
			if _, beat := t.msg.(beatMsg); beat || t.after > d {
				h.timers = append(h.timers, t)
				continue
			}
			fired = true
			h.send(t.msg)
		}
		if !fired {
			return
		}
	}
}

// press sends keys by their names; a longer word is typed rune by rune.
func (h *harness) press(keys ...string) {
	for _, k := range keys {
		h.send(keyMsg(k))
		h.settle()
	}
}

// write sends a text as a terminal does that merges fast keys: in one message.
func (h *harness) write(text string) {
	h.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)})
	h.settle()
}

func keyMsg(k string) tea.KeyMsg { return keyNamed(k) }

func (h *harness) frame() string { return h.m.View() }

// row is the line of the screen that contains all words.
func (h *harness) row(words ...string) string {
	h.t.Helper()
	for _, l := range strings.Split(h.frame(), "\n") {
		all := true
		for _, w := range words {
			all = all && strings.Contains(l, w)
		}
		if all {
			return l
		}
	}
	h.t.Fatalf("no line of the screen has %q:\n%s", words, h.frame())
	return ""
}

// shows demands that one line of the screen has all words.
func (h *harness) shows(words ...string) {
	h.t.Helper()
	h.row(words...)
}

// hides demands that the screen shows a text nowhere.
func (h *harness) hides(text string) {
	h.t.Helper()
	if strings.Contains(h.frame(), text) {
		h.t.Fatalf("the screen shows %q:\n%s", text, h.frame())
	}
}

// selected demands that the row with these words has the cursor.
func (h *harness) selected(words ...string) {
	h.t.Helper()
	if l := h.row(words...); !strings.Contains(l, h.m.style.mark) {
		h.t.Fatalf("%q has not the cursor:\n%s", words, h.frame())
	}
}

// sent returns the last command that was meant: rehearsals do not count.
func (h *harness) sent() engine.Action {
	for i := len(h.host.submitted) - 1; i >= 0; i-- {
		if c := h.host.submitted[i]; !c.DryRun {
			return c.Do
		}
	}
	return nil
}

// golden compares the screen with testdata/name.txt.
func (h *harness) golden(name string) {
	h.t.Helper()
	h.fits()
	path := filepath.Join("testdata", name+".txt")
	got := h.frame() + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	if got != string(want) {
		h.t.Errorf("%s differs; look at it, then run go test -update\n%s", path, got)
	}
}

// fits demands that the frame fills the screen exactly.
func (h *harness) fits() {
	h.t.Helper()
	if h.frame() == "" {
		return
	}
	rows := strings.Split(h.frame(), "\n")
	if len(rows) > h.m.height {
		h.t.Fatalf("%d lines on a screen of %d:\n%s", len(rows), h.m.height, h.frame())
	}
	for i, r := range rows {
		if w := ansi.StringWidth(r); w != h.m.width {
			h.t.Fatalf("line %d has %d cells on a screen of %d: %q", i, w, h.m.width, r)
		}
	}
}
