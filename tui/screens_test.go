package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
)

func TestTheTimelineTellsWhatIsOnADoorAtAnInstant(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "device front", "enter", "T")
	h.shows("now, on Front door")
	h.shows("Owner opens")
	h.press("right", "right") // two hours on Smith has come
	h.shows("Sat 28 Mar 13:42", "in 2h")
	h.shows("Smith opens, until Mon 11:00")
	h.press("0", "left", "left", "left", "left")
	h.shows("4h ago")
	h.hides("Smith should open")
	h.press("-")
	h.shows("a cell is 2h")
	h.press("+", "+")
	h.shows("a cell is 30m")
	h.press("down", "enter")
	h.shows("delivery") // a lane opens its code
}

func TestTheTimelineOfTheMarked(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("down", " ", "down", "down", " ", "T")
	h.shows("Timeline 2 locks")
	h.shows("Attic", "▲") // its hub is broken now
	h.hides("Cellar")
	h.press("enter")
	h.shows("Timeline ─ Attic")
	h.shows("Lopez")
	h.press("esc", "esc")
	h.shows("Fleet 12")
}

func TestForeignCodesAreAdoptedOrErased(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "device front", "enter", "a")
	h.shows("adopt: choose an unmanaged entry among the slots (tab)")
	h.press("tab", "down", "down", "down", "down")
	h.selected("Handyman")
	h.press("a", "y")
	if got := h.sent(); got != (engine.Adopt{Device: "front", Ref: "9"}) {
		t.Errorf("sent %#v", got)
	}
	h.press("x", "y", "enter")
	if _, erased := h.sent().(engine.DeleteUnmanaged); erased {
		t.Fatal("y and enter erased what can't come back")
	}
	h.press("x")
	h.press("erase", "enter")
	if got := h.sent(); got != (engine.DeleteUnmanaged{Device: "front", Ref: "9"}) {
		t.Errorf("sent %#v", got)
	}
}

func TestPreferNativeIsSwitched(t *testing.T) {
	h := atSmith(t)
	h.press("N")
	h.shows("Write it just in time")
	h.press("y")
	if got, ok := h.sent().(engine.Update); !ok || got.JIT == nil || !*got.JIT {
		t.Errorf("sent %#v", h.sent())
	}
}

func TestAPINIsDrawnToChooseFrom(t *testing.T) {
	h := newDemo(t)
	h.press(":", "device mill house · flat 1", "enter", "n", "enter", "Ada", "ctrl+r")
	f := h.m.top().(*form)
	first := f.inputs[rowPIN].text()
	h.press("ctrl+r")
	second := f.inputs[rowPIN].text()
	if len(first) < 4 || first == second {
		t.Errorf("drew %d digits, then others: %v", len(first), first != second)
	}
	h.shows("✓")
	h.press("tab", "fri 15:00", "tab", "+2d")
	h.shows("to be written", "starts", "ends") // what will happen when
	h.press("enter")
	h.shows("✓ created Ada")
	s, err := h.m.host.Snapshot(t.Context(), engine.Query{View: engine.ViewCodes, Filter: "id:draw"})
	if err != nil || len(s.Codes) != 0 {
		t.Errorf("drawing left %d codes behind: %v", len(s.Codes), err)
	}
}

func TestUndoShowsItsPlanAndAlsoTakesBackWhatTheJournalNames(t *testing.T) {
	h := newDemo(t)
	h.press(":", "today", "enter", "/", "bruno b seaview", "enter", "-", "enter")
	h.press("u")
	h.shows("Take back: moved the times of Bruno B")
	h.shows("then:", "starts")
	h.press("y")
	h.shows("✓ undone")
	h.press("x", "y", ":", "journal delete", "enter")
	h.shows("→ delete")
	h.press("end", "u")
	h.shows("Take back: delete Bruno B")
	h.press("y")
	h.shows("✓ undone: delete")
}

func TestRewindGoesBack(t *testing.T) {
	h := newDemo(t)
	h.press("w")
	h.shows("No instant is kept yet")
	h.press("k")
	h.shows("kept this instant")
	h.press("esc", "g", "+2h", "enter")
	before := h.m.now
	h.press("w", "enter")
	h.shows("What happened since then is lost")
	h.press("enter") // stays
	h.press("enter", "y")
	h.shows("✓ back at")
	if d := before.Sub(h.m.now); d < time.Hour {
		t.Errorf("went back %s", d)
	}
	h.shows("Fleet 24")
}

func TestASessionIsSavedAsAScenario(t *testing.T) {
	h := newDemo(t)
	saved := ""
	h.m.save = func(name string, data []byte) (string, error) {
		saved = string(data)
		return "/exports/" + name, nil
	}
	h.press("W")
	h.shows("saved as a scenario: /exports/session.toml")
	if !strings.Contains(saved, "[scenario]") {
		t.Errorf("saved %.200q", saved)
	}
}

func TestLogsAreFollowed(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "logs")
	h.hides("what the program itself has to say") // nobody keeps one
	h.press("esc")
	h.m.log = func(after int64) []LogLine {
		if after > 0 {
			return nil
		}
		return []LogLine{{N: 1, At: start, Level: "INFO", Text: "world opened"}, {N: 2, At: start, Level: "WARN", Text: "slow disk"}}
	}
	h.press(":", "logs", "enter")
	h.shows("▲ warn", "slow disk")
	h.press("/", "world", "enter")
	h.hides("slow disk")
}

func TestHistoryListsWhatIsGone(t *testing.T) {
	host := smallHotel()
	host.codes["front"] = append(host.codes["front"], engine.CodeView{ID: "past", Device: "front", Name: "Garcia", Status: engine.StatusGone, Starts: start.Add(-99 * time.Hour), Ends: start.Add(-50 * time.Hour), Gone: start.Add(-50 * time.Hour)})
	h := newHome(t, host)
	h.press(":", "device front", "enter", "H")
	h.shows("Garcia", "gone")
	h.hides("Smith")
	h.press("x")
	h.shows("Garcia") // nothing can be done to it
	if h.sent() != nil {
		t.Errorf("sent %#v", h.sent())
	}
}

func TestTheMouseChoosesOpensSortsAndPresses(t *testing.T) {
	h := newHarness(t, smallHotel())
	click := func(x, y int) {
		h.send(tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
		h.settle()
	}
	rowOf := func(words ...string) int {
		for i, l := range strings.Split(h.frame(), "\n") {
			if l == h.row(words...) {
				return i
			}
		}
		return -1
	}
	click(10, rowOf("Garage"))
	h.selected("Garage")
	h.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	h.selected("Gate")
	click(49, rowOf("STATE", "BATT"))
	h.shows("BAT▲")
	click(10, rowOf("Lobby"))
	click(10, rowOf("Lobby"))
	h.shows("Lobby", "salto, account salto")
	click(3, 23) // the first key of the footer
	h.press("M")
	h.shows("the mouse is followed")
	h.press("M")
	h.shows("the mouse is left to the terminal")
}

func TestBulkTellsHowFarItCame(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		if c.Do == (engine.Observe{Device: "attic"}) {
			return engine.Receipt{}, refusal("busy", "", "too many commands wait", "")
		}
		return engine.Receipt{}, nil
	}
	h.press("A", "R")
	h.shows("Looks at 12 locks now")
	h.shows("$ lockctl devices observe annex  # 1 of 12")
	h.press("enter")
	if len(h.host.submitted) > 0 {
		t.Fatal("enter in a dialog did it")
	}
	h.press("R", "y")
	h.shows("1 of 12 refused: Attic: too many commands wait")
}

func TestAFullScreenOfLocksIsMarkedByRange(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("down", " ", "down", "down", "V")
	h.shows("4 marked")
	h.press("esc")
	h.hides("marked")
}

func TestEveryFaultOfASimulationIsListedAndHealed(t *testing.T) {
	h := newDemo(t)
	h.press(":", "faults", "enter")
	h.shows("✖ offline", "harbour-bridge")
	h.press("x")
	h.shows("nothing is broken")
	h.press("n", "harbour-bridge", "enter")
	h.shows("Faults: what breaks")
	h.press("down", "enter", "enter")
	h.press("esc")
	h.shows("harbour-bridge")
	live := newLive(t, smallHotel())
	live.press(":", "faults")
	live.hides("what is broken in the simulation")
}

func TestWordsForAScreenAreNotLookedForAmongLocks(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "locks sort:risk")
	h.hides("device ")
	h.hides("no column")
	h.press("enter")
	h.shows("$ lockctl devices list --sort -readiness")
}

func TestACodeIsJumpedToByItsName(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "code park", "enter")
	h.shows("Park ─ Garage")
	h.press(":", "code nobody", "enter")
	h.shows("nothing is called that")
	h.press("esc")
	h.shows("Park ─ Garage")
}

// A stay that is taken back before its start comes no more, though its code is not off the lock yet.
func TestARevokedStayDoesNotArrive(t *testing.T) {
	host := smallHotel()
	codes := host.codes["front"]
	i := slices.IndexFunc(codes, func(c engine.CodeView) bool { return c.ID == "smith" })
	codes[i].Deleted, codes[i].Status, codes[i].Readiness = host.now.Add(-48*time.Second), engine.StatusRemoving, ""
	h := newHarness(t, host)
	h.press(":", "today", "enter")
	if row := h.row("Smith"); !strings.Contains(row, "revoked") || !strings.Contains(row, "-48s") || strings.Contains(row, "arrives") {
		t.Errorf("the day's list says %q", row)
	}
}

// Whoever types fast presses enter before the words are looked up, and goes where they point all the same.
func TestAJumpWaitsForWhatWasTyped(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press(":")
	for _, text := range []string{"device a", "ttic"} {
		h.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)}) // the second while the screen rests from the answer to the first
	}
	h.send(keyMsg("enter"))
	h.hides("Annex ─ salto")
	h.settle()
	h.shows("Attic ─ nuki")
}
