package tui

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// doorData is what a door's lanes are drawn from.
type doorData struct {
	device engine.DeviceView
	live   []engine.CodeView
	gone   []engine.CodeView // the last goneShown
	zone   *time.Location
	stale  bool // a code has gone since gone was read
}

// codes are the live ones, then those that are gone.
func (d doorData) codes() []engine.CodeView { return slices.Concat(d.live, d.gone) }

// goneShown is how many past codes of a door are drawn, the last of the historyMost that are read.
const (
	goneShown   = 60
	historyMost = 1000
)

func (t *timeline) request() request {
	if len(t.doors) == 0 { // the list of locks was never shown: its first page
		return request{to: t, queries: []engine.Query{{View: engine.ViewFleet, Sort: "name", Limit: pageRows}}}
	}
	w, _ := t.sh.body()
	r := request{to: t, journal: t.past.request(t.start(t.width(w)))}
	for _, d := range t.visible() {
		r.queries = append(r.queries, engine.Query{View: engine.ViewDevice, Device: d.id})
		if t.parted(d.id) {
			r.queries = append(r.queries, engine.Query{View: engine.ViewHistory, Device: d.id, Limit: historyMost})
		}
	}
	return r
}

// parted reports whether a code may have gone since the history of a lock was read.
func (t *timeline) parted(id lock.DeviceID) bool {
	d, known := t.data[id]
	return !known || d.stale
}

func (t *timeline) take(a answer) tea.Cmd {
	if len(t.doors) == 0 {
		t.doors = doorsOfRows(a.snaps[0].Devices)
		return t.sh.changed()
	}
	var at lock.DeviceID
	stale := false
	for _, s := range a.snaps {
		if s.Device != nil {
			at = s.Device.ID
			d, known := t.data[at]
			d.stale = known && lacks(s.Codes, d.live)
			d.device, d.live, d.zone = *s.Device, s.Codes, t.sh.zoneNamed(s.Device.Zone)
			stale = stale || d.stale
			t.data[at] = d
			continue
		}
		d := t.data[at]
		d.gone, d.stale = latest(s.Codes), false
		t.data[at] = d
	}
	t.broken = broken(a.story, t.sh.state.Faults)
	w, _ := t.sh.body()
	more := t.past.take(a.events, t.start(t.width(w)))
	t.lane = max(0, min(t.lane, len(t.lanes())-1))
	if more || stale {
		return t.sh.changed()
	}
	return nil
}

// lacks reports whether a code that was there is not there now.
func lacks(now, before []engine.CodeView) bool {
	return slices.ContainsFunc(before, func(b engine.CodeView) bool {
		return !slices.ContainsFunc(now, func(n engine.CodeView) bool { return n.ID == b.ID })
	})
}

// latest are those of a history that went last.
func latest(gone []engine.CodeView) []engine.CodeView {
	slices.SortStableFunc(gone, func(a, b engine.CodeView) int { return b.Gone.Compare(a.Gone) })
	return gone[:min(len(gone), goneShown)]
}
