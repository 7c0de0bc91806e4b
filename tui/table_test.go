package tui

import (
	"testing"

	"github.com/accesscodes/lockctl/engine"
)

func TestTheTableHoldsTwoPagesWhateverTheFleet(t *testing.T) {
	h := newHarness(t, manyLocks(100_000))
	f := h.m.fleet
	check := func() {
		t.Helper()
		if n := len(f.table.rows); n > 2*pageRows {
			t.Fatalf("%d rows are held", n)
		}
		h.fits()
	}
	h.shows("1 of 100000")
	for range 40 {
		h.press("pgdown")
		check()
	}
	h.selected("Room 00600")
	for range 12 {
		h.press("pgup")
		check()
	}
	h.selected("Room 00420")
	h.press("end")
	check()
	h.selected("Room 99999")
	h.shows("100000 of 100000")
	for range 40 {
		h.press("pgup")
		check()
	}
	h.selected("Room 99399")
	h.press("home")
	check()
	h.selected("Room 00000")
}

func TestMovingTheCursorReadsNoPage(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.size(120, 40)
	h.settle()
	before := h.host.queries
	h.press("down", "down", "down")
	h.shows("Front door", "account ttlock")
	if n := h.host.queries - before; n != 3 {
		t.Errorf("three moves asked %d queries, and one each would do", n)
	}
	h.size(80, 24)
	h.settle()
	before = h.host.queries
	h.press("down")
	if n := h.host.queries - before; n != 0 {
		t.Errorf("a move without a peek asked %d queries", n)
	}
}

func TestTheCursorStaysOnItsRow(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.press("down", "down", "down")
	h.selected("Front door")
	h.host.rows = append([]engine.DeviceRow{{ID: "aaa", Name: "Aaa"}}, h.host.rows...)
	h.send(bellMsg{})
	h.settle()
	h.selected("Front door")
	h.host.rows = h.host.rows[:3]
	h.send(bellMsg{})
	h.settle()
	h.selected("Attic")
}

func TestAColumnTakesNoMoreCellsThanItCanUse(t *testing.T) {
	for _, w := range []int{40, 80, 150, 300} {
		tab := table[int]{columns: []column[int]{{width: 8}, {width: 10, flex: 3, most: 20}, {width: 10, flex: 1}}}
		widths, gap := tab.layout(w)
		if widths[0] != 8 || widths[1] > 20 {
			t.Errorf("in %d cells: %v", w, widths)
		}
		if got, want := widths[0]+widths[1]+widths[2]+2*gap, w-3; got != want {
			t.Errorf("of %d cells %d are used: %v", want, got, widths)
		}
	}
}

func TestReversed(t *testing.T) {
	if reversed("name") != "-name" || reversed("-name") != "name" {
		t.Error("an order reversed twice is another")
	}
}
