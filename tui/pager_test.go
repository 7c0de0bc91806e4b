package tui

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// manyCodes is a host of n codes, which it lists a page at a time without knowing how many there are.
func manyCodes(n int) *fakeHost {
	f := manyLocks(1)
	f.lists = func(q engine.Query, s *engine.Snapshot) {
		from, _ := strconv.Atoi(q.After)
		for i := from; i < min(n, from+q.Limit); i++ {
			s.Codes = append(s.Codes, engine.CodeView{ID: lock.CodeID(fmt.Sprintf("c-%06d", i)), Name: fmt.Sprintf("Guest %06d", i), Device: "room-00000", Status: engine.StatusSet})
		}
		if s.Total = len(s.Codes); from+q.Limit < n {
			s.Next = strconv.Itoa(from + q.Limit)
		}
		s.Fleet.Set = n
	}
	return f
}

func TestCodesAreReadAPageAtATime(t *testing.T) {
	h := newHome(t, manyCodes(100_000))
	h.press(":", "codes", "enter")
	h.shows("1 of 100000")
	l := h.m.page().(*codeList)
	for range 200 {
		h.press("pgdown")
		if n := len(l.table.rows); n > 2*pageRows {
			t.Fatalf("%d codes are held", n)
		}
		h.fits()
	}
	h.selected("Guest 002200")
	for range 100 {
		h.press("pgup")
	}
	h.selected("Guest 001100")
	h.press("home")
	h.selected("Guest 000000")
	h.press("A")
	h.shows("more codes than the 10000 that can be marked")
}

func TestARangeOfCodesMustBeHeld(t *testing.T) {
	h := newHome(t, manyCodes(3000))
	h.press(":", "codes", "enter", " ")
	for range 60 {
		h.press("pgdown")
	}
	h.press("V")
	h.shows("the range begins too far away")
	h.press("esc", "A")
	h.shows("marked all 3000")
	h.press("R")
	h.shows("Looks at 1 lock")
}
