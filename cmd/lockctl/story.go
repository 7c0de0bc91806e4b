package main

import (
	"sync"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/tui"
)

// storyKeeps is how many of the newest records of a world are kept for whoever looks.
const storyKeeps = 5000

// story keeps what a world tells while it runs, for the terminal interface to read from another goroutine.
type story struct {
	mu    sync.Mutex
	last  int64
	lines []tui.StoryLine
}

// watch takes a record; it is the world's Watch.
func (s *story) watch(r sim.Record) {
	if r.Kind == sim.KindEvent {
		return // the journal has it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	device := r.Device
	text := r.Text
	if r.On != "" && device == "" {
		text = r.On
	}
	s.lines = append(s.lines, tui.StoryLine{
		N: s.last, At: r.At, Kind: string(r.Kind), Name: r.Name, Device: device, Code: r.Code, Text: text,
		Failed: r.Kind == sim.KindBreach || r.Kind == sim.KindStep && r.Name == "failed",
	})
	if over := len(s.lines) - storyKeeps; over > storyKeeps/10 {
		s.lines = append([]tui.StoryLine{}, s.lines[over:]...)
	}
}

// after returns the lines after a number, oldest first.
func (s *story) after(n int64) []tui.StoryLine {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := int(min(s.last-n, int64(len(s.lines))))
	return append([]tui.StoryLine{}, s.lines[len(s.lines)-fresh:]...)
}
