package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
)

// listing is a screen that holds every binding of the groups that are in force together.
func inForce(k *keyMap) map[string][]key.Binding {
	always := slices.Concat(k.everywhere().keys, k.simulation().keys)
	return map[string][]key.Binding{
		"fleet":   slices.Concat(always, k.fleet()),
		"device":  slices.Concat(always, k.device()),
		"code":    slices.Concat(always, k.code()),
		"journal": slices.Concat(always, k.journal()),
		"faults":  k.faultList(),
	}
}

func TestNoTwoBindingsShareAKey(t *testing.T) {
	for name, bindings := range inForce(newKeyMap()) {
		owner := map[string]string{}
		for _, b := range bindings {
			for _, k := range b.Keys() {
				if other, taken := owner[k]; taken && other != b.Help().Desc {
					t.Errorf("%s: %q is %q and %q", name, k, other, b.Help().Desc)
				}
				owner[k] = b.Help().Desc
			}
		}
	}
}

func TestEveryBindingHasHelp(t *testing.T) {
	for name, bindings := range inForce(newKeyMap()) {
		for _, b := range bindings {
			if h := b.Help(); h.Key == "" || h.Desc == "" || len(b.Keys()) == 0 {
				t.Errorf("%s: %+v has no help", name, b.Keys())
			}
		}
	}
}

func TestHelpShowsWhatIsInForce(t *testing.T) {
	h := newHarness(t, smallHotel())
	h.size(100, 40)
	h.press("?")
	for _, b := range slices.Concat(h.m.keys.fleet(), h.m.keys.everywhere().keys, h.m.keys.simulation().keys) {
		h.shows(b.Help().Key, brief(b.Help().Desc))
	}
	h.press("?")
	h.hides("Everywhere")
	live := newLive(t, smallHotel())
	live.press("?")
	live.hides("Simulation")
}

func TestHelpIsNotClipped(t *testing.T) {
	h := newHome(t, smallHotel())
	for _, there := range [][]string{nil, {":", "fleet", "enter"}, {":", "device front", "enter"}, {":", "code smith", "enter"}, {":", "timeline", "enter"}} {
		h.press(there...)
		h.press("?")
		for _, l := range h.m.top().(*help).rows() {
			if l.width() > 74 {
				t.Errorf("a line of the help is cut: %q", h.m.style.draw(l, cells{width: 120}))
			}
			for _, p := range l {
				if strings.Contains(p.text, h.m.style.more) {
					t.Errorf("a text of the help is cut: %q", p.text)
				}
			}
		}
		h.press("esc")
	}
}
