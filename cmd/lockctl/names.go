package main

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// wanted tells which lines of the journal are asked for: those of one lock, and those that hold the words of a filter, which
// may be names where the journal has ids.
func (s *talk) wanted() (func(engine.Event) bool, error) {
	var at lock.DeviceID
	if name := s.text("device"); name != "" {
		d, err := s.device(name)
		if err != nil {
			return nil, err
		}
		at = d.ID
	}
	words := s.text("filter")
	locks, codes := map[lock.DeviceID]string{}, map[lock.CodeID]string{}
	name := func(q engine.Query) string {
		got, err := s.Snapshot(s.ctx, q)
		switch {
		case err != nil: // it is gone: its id is all there is
			return ""
		case q.Code != "":
			return got.Codes[0].Name
		}
		return got.Device.Name
	}
	return func(e engine.Event) bool {
		if at != "" && e.Device != at {
			return false
		}
		if words == "" {
			return true
		}
		if _, known := locks[e.Device]; !known && e.Device != "" {
			locks[e.Device] = name(engine.Query{View: engine.ViewDevice, Device: e.Device})
		}
		if _, known := codes[e.Code]; !known && e.Code != "" {
			codes[e.Code] = name(engine.Query{View: engine.ViewCode, Code: e.Code})
		}
		text := strings.Join([]string{e.Type, string(e.Device), string(e.Code), locks[e.Device], codes[e.Code], e.Text, e.Actor}, " ")
		return when.Matches(strings.ToLower(text), words, e.At, s.Now(), time.Local)
	}, nil
}
