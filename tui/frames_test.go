package tui

import (
	"fmt"
	"testing"

	"github.com/muesli/termenv"
)

// scene brings a harness to a screen worth a picture.
type scene struct {
	name     string
	keys     []string
	pictured bool
	home     bool // from the home screen; else from the list of locks
}

func scenes() []scene {
	return []scene{
		{name: "today", pictured: true, home: true},
		{name: "palette", keys: []string{"ctrl+p", "n", "o"}, home: true},
		{name: "fleet", pictured: true},
		{name: "device", keys: []string{"/", "front", "enter", "enter"}, pictured: true},
		{name: "device_slots", keys: []string{"/", "front", "enter", "enter", "tab"}},
		{name: "code", keys: []string{"/", "front", "enter", "enter", "down", "enter"}, pictured: true},
		{name: "create", keys: []string{"/", "front", "enter", "n", "enter", "Miller", "tab", "1020", "tab", "mon 15:00", "tab", "+2d"}, pictured: true},
		{name: "explain", keys: []string{"down", "e"}, home: true},
		{name: "timeline", keys: []string{"/", "front", "enter", "T", "right", "right"}, pictured: true},
		{name: "timeline_fleet", keys: []string{":", "timeline", "enter", "down", "down", "down"}},
		{name: "rewind", keys: []string{"w"}},
		{name: "revoke", keys: []string{"/", "front", "enter", "enter", "down", "x"}},
		{name: "later", keys: []string{"/", "front", "enter", "enter", "down", "+"}},
		{name: "journal", keys: []string{":", "journal", "enter"}, pictured: true},
		{name: "help", keys: []string{"?"}},
		{name: "jump", keys: []string{":", "ro"}},
		{name: "faults", keys: []string{"F", "down"}, pictured: true},
		{name: "keypad", keys: []string{"/", "front", "enter", "K", "4711", "enter"}, pictured: true},
		{name: "faults_list", keys: []string{":", "faults", "enter"}},
		{name: "skip", keys: []string{"g", "fri 25:00", "enter"}},
	}
}

// The same in colour, for the screens that live by it, and without any sign beyond ASCII.
func TestFramesInColour(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for _, s := range scenes() {
			if s.pictured {
				name := fmt.Sprintf("%s_%dx%d", s.name, size[0], size[1])
				t.Run(name, func(t *testing.T) {
					h := s.begin(t, termenv.TrueColor)
					h.size(size[0], size[1])
					h.press(s.keys...)
					h.golden("colour/" + name)
					h = s.begin(t, termenv.Ascii)
					h.m.style = newStyle(plainRenderer(), true)
					h.size(size[0], size[1])
					h.press(s.keys...)
					h.golden("ascii/" + name)
				})
			}
		}
	}
}

// begin stands where a scene begins.
func (s scene) begin(t testing.TB, colours termenv.Profile) *harness {
	h := &harness{t: t, host: smallHotel(), atHome: s.home}
	h.lab = newFakeLab(h.host)
	h.begin(h.host, h.lab, colours)
	return h
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for _, s := range scenes() {
			name := fmt.Sprintf("%s_%dx%d", s.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				h := s.begin(t, termenv.Ascii)
				h.size(size[0], size[1])
				h.press(s.keys...)
				h.golden(name)
			})
		}
	}
}
