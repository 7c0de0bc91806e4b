package tui

import (
	"context"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/muesli/termenv"

	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim/world"
)

// newDemo shows the real demonstration, on a clock that stands still: only a skip moves its time.
func newDemo(t *testing.T) *harness {
	o := world.Demo(7)
	o.Store = memkv.New()
	w, err := world.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	play := world.Start(w, clockwork.NewFakeClock(), 60)
	t.Cleanup(func() {
		if err := play.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &harness{t: t}
	h.begin(play, play.Lab(), termenv.Ascii)
	return h
}

func TestTheDemonstrationFromTheKeys(t *testing.T) {
	h := newDemo(t)
	h.shows("demonstration", "SIMULATED")
	h.shows("Fleet 24")
	h.shows("Harbour 12", "▲ at risk", "○ hub")

	h.press("/", "harbour 12 · front", "enter", "enter")
	h.shows("link", "its hub does not answer")
	h.press("F", "tab")
	h.shows("✖ offline", "x heals it")
	h.press("x")
	h.hides("✖ offline")
	h.press("esc", "r")
	h.shows("✓ looking at Harbour 12")
	h.press("g", "+10m", "enter")
	h.shows("link", "● reached")

	h.press("n", "enter", "Ada", "tab", "1111")
	h.press("enter")
	h.shows("✓ created Ada")
	h.press("g", "+5m", "enter")
	h.shows("Ada", "● set")
	h.press("K", "1", "1", "1", "1", "enter")
	h.shows("OPENS")
	h.press("esc")

	h.press(":", "journal", "enter")
	h.shows("Harbour 12 · fro", "→ create")
	h.fits()
}

func TestTheDemonstrationRefusesInWords(t *testing.T) {
	h := newDemo(t)
	h.press("/", "mill house · flat 1", "enter", "enter", "n", "enter", "Bob", "tab", "12")
	h.shows("PIN", "✖ the PIN must have")
	h.press("ctrl+u", "tab", "now", "tab", "-2h")
	h.shows("✖")
	h.press("enter")
	h.shows("New code on Mill House")
	if got, err := h.m.host.Journal(t.Context(), 0, 1000); err != nil || len(got) == 0 {
		t.Fatal(err)
	} else {
		for _, e := range got {
			if e.Type == "command.create" && e.Text == "Bob" {
				t.Errorf("a refused command is in the journal: %+v", e)
			}
		}
	}
}
