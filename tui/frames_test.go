package tui

import (
	"fmt"
	"testing"
)

// scene brings a harness to a screen worth a picture.
type scene struct {
	name     string
	keys     []string
	pictured bool
}

func scenes() []scene {
	return []scene{
		{"fleet", nil, true},
		{"device", []string{"/", "front", "enter", "enter"}, true},
		{"device_slots", []string{"/", "front", "enter", "enter", "tab"}, false},
		{"code", []string{"/", "front", "enter", "enter", "down", "enter"}, true},
		{"create", []string{"/", "front", "enter", "n", "Miller", "tab", "1020", "tab", "mon 15:00", "tab", "+2d"}, true},
		{"revoke", []string{"/", "front", "enter", "enter", "down", "x"}, false},
		{"later", []string{"/", "front", "enter", "enter", "down", "+"}, false},
		{"journal", []string{":", "journal", "enter"}, true},
		{"help", []string{"?"}, false},
		{"jump", []string{":", "ro"}, false},
		{"faults", []string{"F", "down"}, true},
		{"keypad", []string{"/", "front", "enter", "K", "4711", "enter"}, true},
		{"skip", []string{"g", "fri 25:00", "enter"}, false},
	}
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, s := range scenes() {
			name := fmt.Sprintf("%s_%dx%d", s.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				h := newHarness(t, smallHotel())
				h.size(size[0], size[1])
				h.press(s.keys...)
				h.golden(name)
			})
		}
	}
}
