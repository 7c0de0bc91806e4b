package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

func TestFleetSaysWhatEachLockNeeds(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.shows("Garage", "✖ will fail", "full")
	h.shows("Roof terrace", "◆ exposed", "○ lock")
	h.shows("Attic", "▲ at risk", "○ hub")
	h.shows("Front door", "◐ writing")
	h.shows("Gate", "● ok", "—") // capacity hidden
	h.shows("93 set", "1 removing", "2 issues")
	h.shows("SIMULATED")
}

func TestLiveIsAWord(t *testing.T) {
	h := newLive(t, smallHotel())
	h.shows("LIVE")
	h.hides("SIMULATED")
	for _, k := range []string{"p", "<", ">", ".", "g", "K", "F"} {
		h.press(k)
		h.shows("steers a simulation; this host is live")
	}
}

func TestKeysTypedFastArriveAsOneMessage(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.write("jjjk")
	h.selected("Cellar")
	h.write("/lob") // the first key opens a text input, the others go into it
	h.press("enter", "enter")
	h.shows("Lobby", "salto")
	h.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'?'}, Alt: true}) // esc and ? in one read
	h.shows("Fleet", "Everywhere")
}

func TestAPasteOutsideOfInputsDoesNothing(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("xyq"), Paste: true})
	h.shows("nothing here takes a paste")
	if h.quits || len(h.host.submitted) > 0 {
		t.Error("a paste was taken for keys")
	}
}

func TestFilterFollowsTheKeysAndEscTakesItAway(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("/", "s", "u")
	h.hides("Lobby")
	h.shows("Suite 1")
	h.press("enter", "esc")
	h.shows("Lobby")
	h.press("/", "zzz")
	h.shows("no lock matches")
	h.press("esc")
	h.shows("Lobby")
}

func TestSortNamesItsColumn(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.shows("LOCK▲")
	h.press("S")
	h.shows("LOCK▼")
	h.press("home")
	h.selected("Suite 2")
}

func TestMarkAllMarksWhatIsOutOfSightToo(t *testing.T) {
	h := newHarness(t, manyLocks(2500))
	h.press("A")
	h.shows("marked all 2500")
	h.press("R")
	h.shows("Looks at 2500 locks now")
	h.press("esc", "esc")
	h.hides("2500 marked")
	h = newHarness(t, manyLocks(20_000))
	h.press("A")
	h.shows("there are more locks than the 10000 that can be marked")
	h.hides(" marked ")
	h.press("/", "room 0012", "enter", "A")
	h.shows("10 marked")
}

func TestWarningsDoNotStandOutAsIssues(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.size(120, 40)
	h.shows("▲ 2 issues", "· 3 warnings")
	h.shows("· warning", "Cellar", "low battery")
	s := h.m.style
	for _, row := range []struct {
		engine.DeviceRow
		glyph, word string
	}{
		{engine.DeviceRow{Link: lock.Reached, Issues: 2, Worst: "keypad_lockout"}, s.dot, "warning"},
		{engine.DeviceRow{Link: lock.Reached, Issues: 2, Errors: 1, Worst: "contended"}, s.warn, "issue"},
	} {
		if got := s.state(row.DeviceRow); got.glyph != row.glyph || got.word != row.word {
			t.Errorf("%s: %+v", row.Worst, got)
		}
	}
}

func TestWhatComesNextIsToldByName(t *testing.T) {
	host := smallHotel()
	v := host.devices["front"]
	v.Flight, v.Next = nil, "smith changes"
	host.devices["front"] = v
	h := newHarness(t, host)
	h.press(":", "device front", "enter")
	h.shows("next", ": Smith changes")
}

func TestEnterAndEscGoInAndOut(t *testing.T) {
	h := atSmith(t)
	h.press("enter")
	h.shows("Smith", "Front door", "scheduled")
	h.shows("evidence", "● reported", "○ used")
	h.shows("next", "by its own clock at 12:00")
	h.shows("created", "now", "starts", "ends")
	h.press("esc")
	h.selected("Smith")
	h.press("esc", "esc", "esc", "esc")
	h.shows("Today")
	if h.quits {
		t.Error("esc quits")
	}
	h.press("q")
	if !h.quits {
		t.Error("q does not quit")
	}
}

func TestDeviceSetsWishedAgainstHeld(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("/", "front", "enter", "enter", "tab")
	h.shows("2 Smith", "● held", "12:00 → Mon 11:00")
	h.shows("3 Cleaner", "◐ writing")
	h.shows("5 Handyman", "? unmanaged")
	h.shows("— Jones", "○ wished")
}

// A code that opens at times of the week shows them where others have their schedule.
func TestDeviceShowsTimesOfTheWeek(t *testing.T) {
	hotel := smallHotel()
	hotel.devices["front"].Slots[4].Weekly = "Mo,We 09:00-17:00"
	h := newHarness(t, hotel)
	h.press("/", "front", "enter", "enter", "tab")
	h.shows("5 Handyman", "? unmanaged", "Mo,We 09:00-17:00")
}

func TestKeypadTellsTheTruth(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.lab.opens["4829"] = lab.Try{Opens: true, Code: "smith"}
	h.host.answer = func(c engine.Command) (engine.Receipt, error) {
		return engine.Receipt{PINs: []lock.PIN{pinOf(t, "4829")}}, nil
	}
	h.press("/", "front", "enter", "K", "1", "1", "1", "1", "enter")
	h.shows("REFUSED", "••••")
	h.shows("no code on the lock has these digits")
	h.press("down", "enter")
	h.shows("OPENS", "Smith")
	h.hides("4829")
	h.press("esc")
	h.shows("Fleet")
}

func TestFaultsBreakAndHeal(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("/", "front", "enter", "F", "down", "enter")
	h.shows("for how long?")
	h.press("ctrl+u", "soon", "enter")
	h.shows("is not a length of time")
	h.press("ctrl+u", "2h", "enter")
	if n := len(h.lab.state.Faults); n != 2 {
		t.Fatalf("%d faults, want 2", n)
	}
	if f := h.lab.state.Faults[1]; f.On != "front" || f.Kind != "lost-ack" || f.For != 2*time.Hour {
		t.Errorf("placed %+v", f)
	}
	h.shows("✖ lost-ack", "heals in 2h")
	h.press("x")
	h.hides("✖ lost-ack")
}

func TestTheClockIsSteered(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.shows("▶ ×60")
	h.press(">")
	h.shows("▶ ×600")
	h.press("<", "<")
	h.shows("▶ ×10")
	h.press("p")
	h.shows("‖ paused")
	h.press("p", ".")
	h.shows("‖ paused")
	h.lab.state.Paused, h.lab.state.Rate, h.lab.state.Reached = false, 3600, 2100
	h.send(bellMsg{})
	h.shows("×3600 reaches ×2100")
	h.press("g", "-1h", "enter")
	h.shows("lies in the past")
	h.press("ctrl+u", "sun 03:30", "enter")
	h.shows("Sun 29 Mar 03:30:00 CEST")
}

func TestJournalFollowsUntilFrozen(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press(":", "journal", "enter")
	h.selected("set on device")
	h.press("up")
	h.shows("frozen, 0 new")
	h.host.seq = 413
	h.host.events = append(h.host.events, engine.Event{Seq: 413, At: start, Type: "device.connected", Device: "roof"})
	h.send(bellMsg{})
	h.settle()
	h.shows("frozen, 1 new")
	h.press("t")
	h.selected("Roof terrace", "● connected")
	h.press("/", "roof !connected", "enter")
	h.shows("delay in removing")
	h.hides("Attic")
	h.shows("$ lockctl events tail --follow --filter 'roof !connected'")
	h.press("esc")
	h.shows("Attic")
}

func TestJumpGoesByName(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press(":", "device gar", "enter")
	h.shows("Garage", "smartthings")
	h.press(":", "code smith", "enter")
	h.shows("Smith", "Front door")
	h.press(":", "fleet /suite", "enter")
	h.shows("Fleet 2 /suite")
}

func TestOlderLoadsAreDropped(t *testing.T) {
	h := newHarness(t, smallHotel())
	stale := loadedMsg{number: h.m.number - 1, now: start.Add(-time.Hour)}
	h.send(stale)
	h.shows("11:42:07")
}

func TestOneLoadAtATimeAndARestBetween(t *testing.T) {
	h := newHarness(t, smallHotel())
	before := h.host.queries
	for range 50 {
		h.send(bellMsg{})
	}
	if n := h.host.queries - before; n != 1 {
		t.Errorf("50 rings made %d queries before the rest was over, want 1", n)
	}
	h.settle()
	if n := h.host.queries - before; n != 2 {
		t.Errorf("50 rings made %d queries, want 2", n)
	}
}

func TestAFailingHostIsASentence(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.send(loadedMsg{number: h.m.number, err: errors.New("the engine is stopped")})
	h.shows("✖ the engine is stopped")
}

func TestNamesCannotReachTheTerminal(t *testing.T) {
	host := smallHotel()
	host.rows[0].Name = "An\x1b[2Jnex\n\u202eevil"
	h := newHarness(t, host)
	h.fits()
	if strings.Contains(h.frame(), "\x1b[2J") || strings.Contains(h.frame(), "\u202e") {
		t.Error("a name carries control characters to the terminal")
	}
}

func TestASmallTerminalGetsASentence(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.size(59, 24)
	h.shows("lockctl needs 60 by 15 cells")
	h.size(60, 14)
	h.shows("lockctl needs 60 by 15 cells")
	h.press("x", "y")
	if len(h.host.submitted) > 0 {
		t.Error("keys act on a screen that can't be seen")
	}
	h.size(60, 15)
	h.shows("Fleet 12")
	h.size(0, 0)
	if h.frame() != "" {
		t.Error("a screen without cells shows something")
	}
}

func TestTheCursorBeginsWhereItIsTold(t *testing.T) {
	h := newHome(t, smallHotel())
	h.m.stack[0].(*codeList).focus = "suite-1"
	h.send(bellMsg{})
	h.settle()
	h.selected("Suite 1")
	h.press("home")
	h.send(bellMsg{})
	h.settle()
	h.selected("Garage")
}

func TestAnErrorDoesNotStopTheClock(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.send(loadedMsg{number: h.m.number, now: start.Add(time.Hour), err: errors.New("no such access code")})
	h.shows("12:42:07")
	h.shows("✖ no such access code")
}

func TestEarlierMeansTheEndOnceACodeHasBegun(t *testing.T) {
	h := atSmith(t)
	h.host.now = start.Add(2 * time.Hour)
	h.send(beatMsg{})
	h.press("-")
	h.shows("end", "Mon 30 Mar 11:00", "Mon 30 Mar 10:00", "-1h")
}

func TestTheStoryTellsWhatIsSo(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.size(120, 40)
	lines := []StoryLine{
		{N: 1, At: start, Kind: "call", Name: "set", Device: "front", Code: "cleaner", Text: "due"},
		{N: 2, At: start, Kind: "try", Name: "opens", Device: "front", Code: "smith"},
	}
	h.m.story = func(after int64) []StoryLine { return lines[after:] }
	h.press(":", "story", "enter")
	h.shows("Front door", "◐ call set", "Cleaner")
	h.selected("Front door", "✓ opens", "Smith")
	lines = append(lines, StoryLine{N: 3, At: start, Kind: "step", Name: "failed", Code: "smith", Text: "smith: status is unset, want set", Failed: true})
	h.send(bellMsg{})
	h.settle()
	h.shows("✖ step failed", "smith")
	h.shows("✖ smith: status is unset, want set")
	h.press("/", "opens", "enter")
	h.hides("call set")
	h.press("esc", "esc")
	h.shows("Today")
}
