package lock

import (
	"fmt"
	"slices"
	"time"
)

// LoadZone returns the location of an IANA zone name. It refuses "" and "Local": a lock has a zone of its own or an unknown one,
// never the machine's.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("zone: the time zone of the lock is not known")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone: %q is not an IANA time zone", name)
	}
	return loc, nil
}

// Crosses returns the first instant in (from, to] at which the UTC offset of an IANA zone changes, and whether there is one.
// A change of the abbreviation alone doesn't count. An unknown zone never changes.
func Crosses(zone string, from, to time.Time) (time.Time, bool) {
	loc, err := LoadZone(zone)
	if err != nil {
		return time.Time{}, false
	}
	return CrossesIn(loc, from, to)
}

// CrossesIn is Crosses for a zone that is loaded already, which takes long.
func CrossesIn(loc *time.Location, from, to time.Time) (time.Time, bool) {
	for t := from.In(loc); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.After(to) {
			return time.Time{}, false
		}
		if offset(end) != offset(t) {
			return end.UTC(), true
		}
		t = end
	}
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// What Resolve has to note about a local time.
const (
	NoteGap     = "gap"          // the clocks jump over it: the first instant after the gap is taken
	NoteFold    = "fold"         // it comes twice: the earlier one is taken
	NoteInvalid = "invalid date" // no calendar or clock shows it: there is no instant
)

// Resolve returns the instant, in UTC, at which clocks in loc show that date and time, and a note where that isn't exactly
// one instant: NoteGap, NoteFold or NoteInvalid (then the time is zero). It never shifts silently, as time.Date does.
func Resolve(loc *time.Location, year int, month time.Month, day, hour, minute, second int) (t time.Time, note string) {
	wall := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if y, m, d := wall.Date(); y != year || m != month || d != day {
		return time.Time{}, NoteInvalid
	}
	if h, m, s := wall.Clock(); h != hour || m != minute || s != second {
		return time.Time{}, NoteInvalid
	}
	// No zone is more than a day and a bit away from UTC, so the instant lies between two days before wall and two after.
	var matches []time.Time
	for z := wall.Add(-48 * time.Hour).In(loc); ; {
		match := wall.Add(-offset(z)).In(loc)
		if shows(match, wall) && !slices.ContainsFunc(matches, match.Equal) {
			matches = append(matches, match)
		}
		_, end := z.ZoneBounds()
		if end.IsZero() || end.After(wall.Add(48*time.Hour)) {
			break
		}
		// The clocks jump from wall time `before` to that of `end`.
		if before := end.Add(offset(z)); !wall.Before(before) && wall.Before(end.Add(offset(end))) {
			t = end
		}
		z = end
	}
	switch len(matches) {
	case 0:
		return t.UTC(), NoteGap
	case 1:
		return matches[0].UTC(), ""
	}
	return slices.MinFunc(matches, time.Time.Compare).UTC(), NoteFold
}

// shows reports whether t, in its location, reads as wall does in UTC. Every field is compared: Apia once skipped a whole
// day, so that the hour alone proves nothing.
func shows(t, wall time.Time) bool {
	y, m, d := t.Date()
	wy, wm, wd := wall.Date()
	h, n, s := t.Clock()
	wh, wn, ws := wall.Clock()
	return y == wy && m == wm && d == wd && h == wh && n == wn && s == ws
}
