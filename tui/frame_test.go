package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

func TestHistoryGoesBackAndOn(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press("enter")
	h.press(":", "fleet", "enter")
	h.press("ctrl+o")
	h.shows("Park", "Garage")
	h.shows("delivery")
	h.press("ctrl+o")
	h.shows("Today")
	h.press("tab") // a terminal sends ctrl+i as tab
	h.shows("delivery")
	h.press("]")
	h.shows("Fleet 12")
	h.press("]")
	h.shows("there is no later view")
}

func TestThePaletteDoesWhatItNames(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press("ctrl+p", "keypad", "enter")
	h.shows("Keypad of")
	h.press("esc", "ctrl+p", "undo")
	h.shows("u", "undo", "✗ nothing to undo in this session")
	live := newLive(t, smallHotel())
	live.press("ctrl+p", "pause")
	live.shows("pause", "✗ it steers a simulation; this host is live")
}

func TestADisabledKeySaysWhy(t *testing.T) {
	host := smallHotel()
	c := &host.codes["garage"][0]
	c.Status, c.Deleted = engine.StatusRemoving, start
	h := newHome(t, host)
	h.press("/", "park", "enter", "b")
	h.shows("backup: the code is on its way off the lock")
	if h.sent() != nil {
		t.Errorf("sent %#v", h.sent())
	}
}

func TestTheFooterShowsTheCommandLine(t *testing.T) {
	h := newHome(t, smallHotel())
	h.shows("$ lockctl codes show park")
	h.press("enter")
	h.shows("$ lockctl codes explain park")
	h.press(":", "locks attic sort:battery", "enter")
	h.shows("$ lockctl devices list --sort battery --filter attic")
}

func TestKeysAreRebound(t *testing.T) {
	m, err := ReadKeymap([]byte("revoke = [\"Z\", \"delete\"]\nbackup = [\"ctrl+r\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, smallHotel())
	if h.m.keys, err = m.apply(); err != nil {
		t.Fatal(err)
	}
	h.press("Z")
	h.shows("Revoke Park")
	h.press("esc", "x")
	h.hides("Revoke")
	for text, want := range map[string]string{
		`revoke = ["b"]`:       `backup and revoke share the key "b" on Today`,
		`fly = ["z"]`:          "no verb is called that",
		`revoke = []`:          "needs at least one key",
		`revoke = "x"`:         "1:1",
		`yes = ["enter"]`:      "so that dialogs stay safe",
		`back = ["backspace"]`: "so that dialogs stay safe",
	} {
		if _, err := ReadKeymap([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestTheOrderOfTheFleetIsKept(t *testing.T) {
	h := newHarness(t, smallHotel())
	var kept Prefs
	h.m.keeps = func(p Prefs) error {
		kept = p
		return nil
	}
	h.press("s", "S")
	if kept.FleetSort == "" || kept.FleetSort[0] != '-' {
		t.Errorf("kept %+v", kept)
	}
}

func TestACopiedPINIsRecordedAndCleared(t *testing.T) {
	h := atSmith(t)
	clipboard := ""
	h.m.clip = func(text string) { clipboard = text }
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		return engine.Receipt{PINs: pins(t, "4829")}, nil
	}
	h.press("c")
	if clipboard != "4829" {
		t.Fatalf("the clipboard holds %q", clipboard)
	}
	h.hides("4829")
	if _, ok := h.sent().(engine.Reveal); !ok {
		t.Error("nobody recorded it")
	}
	h.pass(copyFor)
	if clipboard != "" {
		t.Errorf("after a while the clipboard still holds %q", clipboard)
	}
}

func TestASlowHostIsAskedLessOften(t *testing.T) {
	h := newHome(t, smallHotel())
	h.host.thinks = func() { h.clock.Advance(100 * time.Millisecond) }
	h.send(bellMsg{})
	asked := h.host.queries
	h.send(bellMsg{})
	h.pass(399 * time.Millisecond)
	if h.host.queries != asked {
		t.Error("it was asked again before four times as long as it took")
	}
	h.pass(400 * time.Millisecond)
	if h.host.queries == asked {
		t.Error("what rang meanwhile was forgotten")
	}
}
