package tui

import (
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func pinOf(t *testing.T, digits string) lock.PIN {
	t.Helper()
	p, err := lock.ParsePIN(digits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pins(t *testing.T, digits string) []lock.PIN { return []lock.PIN{pinOf(t, digits)} }

func refusal(code, field, message, remedy string) error {
	return &engine.Refusal{Issue: engine.Issue{Code: code, Message: message, Remedy: remedy}, Field: field}
}

// atSmith stands on the code Smith in the list of the front door.
func atSmith(t *testing.T) *harness {
	h := newHarness(t, smallHotel())
	h.press("/", "front", "enter", "enter", "down")
	h.selected("Smith")
	return h
}

func TestADialogOpensOnCancel(t *testing.T) {
	h := atSmith(t)
	h.press("x")
	h.shows("Cancel", "enter")
	h.press("enter")
	h.hides("Cancel")
	if h.sent() != nil {
		t.Fatalf("enter in a dialog sent %#v", h.sent())
	}
	h.press("x", "y")
	if got, ok := h.sent().(engine.Delete); !ok || got.Code != "smith" {
		t.Errorf("y sent %#v, want the deletion of smith", h.sent())
	}
	h.shows("✓ revoked Smith")
}

func TestARefusedCommandSaysWhyAndStays(t *testing.T) {
	h := atSmith(t)
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		return engine.Receipt{}, refusal("no_backup_available", "", "no backup code is ready on this lock", "switch the pool on")
	}
	h.press("b")
	h.shows("no backup code is ready on this lock")
	h.press("y")
	h.shows("Backup for Smith")
	h.shows("✖ no backup code is ready on this lock (switch the pool on)")
	h.press("esc")
	h.selected("Smith")
}

func TestALongAnswerIsToldWhole(t *testing.T) {
	h := atSmith(t)
	h.size(80, 24)
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		return engine.Receipt{Notes: []string{"it must be erased at its end: while the lock is out of reach it would stay open", "the guest before is still in"}}, nil
	}
	h.press("+", "enter")
	h.shows("✓ moved the times of Smith")
	h.shows("the guest before is still in")
	h.fits()
}

func TestAGapIsAcceptedByAKeyOfItsOwn(t *testing.T) {
	h := atSmith(t)
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		if r, ok := c.Do.(engine.Rotate); ok && !r.AcceptGap {
			return engine.Receipt{}, refusal("gap_not_accepted", "", "the guest would be without a code for 4 s", "accept the gap")
		}
		return engine.Receipt{Seq: 500}, nil
	}
	h.press("P", "y")
	h.shows("accept the gap")
	h.press("ctrl+g", "y")
	if got, ok := h.sent().(engine.Rotate); !ok || !got.AcceptGap {
		t.Errorf("sent %#v, want a rotation with its gap accepted", h.sent())
	}
}

func TestRevealShowsOneRowForAWhile(t *testing.T) {
	h := atSmith(t)
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		digits := "4829"
		if c.Do.(engine.Reveal).Code == "owner" {
			digits = "7316"
		}
		return engine.Receipt{PINs: []lock.PIN{pinOf(t, digits)}}, nil
	}
	h.hides("4829")
	h.press("v")
	h.shows("Smith", "4829")
	h.press("up", "v")
	h.shows("Owner", "7316")
	h.hides("4829")
	h.pass(revealFor)
	h.hides("7316")
	h.press("v")
	h.shows("Owner", "7316")
	h.press("esc")
	h.press("enter")
	h.hides("7316")
}

func TestLaterEndIsPreviewedThenApplied(t *testing.T) {
	h := atSmith(t)
	h.press("+")
	h.shows("end", "Mon 30 Mar 11:00", "Mon 30 Mar 12:00", "+1h")
	h.press("]")
	h.shows("end", "Mon 30 Mar 12:15", "+1h 15m")
	if h.sent() != nil {
		t.Fatal("a preview was applied")
	}
	h.press("enter")
	u, ok := h.sent().(engine.Update)
	if !ok || u.Ends == nil || u.Starts != nil || !u.Ends.Equal(time.Date(2026, 3, 30, 12, 15, 0, 0, berlin)) {
		t.Errorf("sent %#v", h.sent())
	}
	h.press("-", "e", "13:30", "enter")
	h.shows("start", "Sat 28 Mar 12:00", "Sat 28 Mar 13:30")
}

func TestFormShowsTheRuleBesideTheField(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("/", "front", "enter", "n", "enter")
	h.shows("PIN", "empty: drawn")
	h.press("Miller", "tab")
	h.shows("the lock takes 4 to 8 digits, no 0, not all the same")
	h.press("1020")
	h.shows("PIN", "✖ the PIN must not contain the digit 0")
	h.press("enter")
	if h.sent() != nil {
		t.Fatal("a form with a mistake was sent")
	}
	h.press("ctrl+u", "5283", "tab", "sun 02:30")
	h.shows("from", "✖ 02:30 does not exist on that day")
	h.press("ctrl+u", "mon 15:00", "tab", "+2d")
	h.shows("from", "Mon 30 Mar 15:00 CEST, in 2d 2h")
	h.shows("to", "Wed 1 Apr 15:00 CEST, 2d")
	h.press("enter")
	c, ok := h.sent().(engine.Create)
	if !ok || c.Device != "front" || c.Name != "Miller" || c.PIN != pinOf(t, "5283") || c.Starts.Format(time.RFC3339) != "2026-03-30T15:00:00+02:00" || c.Ends.Sub(c.Starts) != 48*time.Hour {
		t.Errorf("sent %#v", h.sent())
	}
	h.shows("✓ created Miller")
}

func TestFormRehearsesAndPutsARefusalWhereItBelongs(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		if !c.DryRun {
			t.Error("a rehearsal has an effect")
		}
		if !c.Do.(engine.Create).PIN.IsZero() {
			return engine.Receipt{}, refusal("duplicate_access_code", "pin", "another code of this lock has this PIN at the same time", "choose another PIN, or leave it out")
		}
		return engine.Receipt{Notes: []string{"the code opens at once"}}, nil
	}
	h.press("/", "front", "enter", "n", "enter", "Miller")
	h.shows("the code opens at once")
	h.press("tab", "5283")
	h.shows("PIN", "✖ another code of this lock has this PIN")
	h.shows("→ choose another PIN, or leave it out")
}

func TestModifySendsOnlyWhatChanged(t *testing.T) {
	h := atSmith(t)
	h.press("m")
	h.shows("from", "2026-03-28 12:00")
	h.press("ctrl+u", "Smith & Co", "enter")
	u, ok := h.sent().(engine.Update)
	if !ok || u.Name == nil || *u.Name != "Smith & Co" || u.PIN != nil || u.Starts != nil || u.Ends != nil {
		t.Errorf("sent %#v", h.sent())
	}
}

func TestUndoTakesTheLastCommandBack(t *testing.T) {
	h := atSmith(t)
	h.host.answer = func(c engine.Command) (engine.Receipt, error) { return engine.Receipt{Seq: 777, Undoable: true}, nil }
	h.press("u")
	h.shows("nothing to undo")
	h.press("x", "y", "u")
	h.shows("Take back: revoked Smith?")
	h.press("y")
	if got, ok := h.sent().(engine.Undo); !ok || got.Receipt != 777 {
		t.Errorf("sent %#v", h.sent())
	}
}

func TestWhatIsSaidOfSeveralLocksIsSaidOnce(t *testing.T) {
	n := names{locks: map[lock.DeviceID]string{"a": "Attic", "b": "Back door"}}
	got := n.notes([]string{"a: it must be erased at its end: while it is away it stays open", "b: written at 9:30", "b: it must be erased at its end: while it is away it stays open", "note: whole minutes"})
	want := []string{"Attic, Back door: it must be erased at its end: while it is away it stays open", "Back door: written at 9:30", "note: whole minutes"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
