package tui

import "testing"

func TestKindsOfFaultsAreFoundByWords(t *testing.T) {
	h := newDemo(t)
	h.press(":", "device seaview · 1", "enter", "F")
	h.shows("▌ offline") // what is tried first
	h.press("/", "battery")
	h.hides("partial-list")
	h.shows("/battery", "kinds")
	h.press("enter", "esc")
	h.shows("partial-list")
	h.press("/", "jam", "enter", "enter")
	h.shows("for how long?")
	h.press("enter")
	h.shows("▲ jam on Seaview · 1")
}
