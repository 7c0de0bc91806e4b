package lock

import (
	_ "embed"
	"slices"
	"strings"
	"testing"
	"time"
)

// zoneNames is every name that the IANA publishes.
//
//go:embed testdata/zones.txt
var zoneNames string

// The ten years whose changes are looked at.
var (
	firstYear = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	lastYear  = time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)
)

// changes finds the instants at which clocks in loc change, by asking for the offset again and again.
func changes(loc *time.Location) []time.Time {
	var all []time.Time
	const stride = 12 * time.Hour // no zone changes twice in so little
	for t := firstYear; t.Before(lastYear); t = t.Add(stride) {
		lo, hi := t.Unix(), t.Add(stride).Unix()
		at := func(unix int64) time.Duration { return offset(time.Unix(unix, 0).In(loc)) }
		if at(lo) == at(hi) {
			continue
		}
		for hi-lo > 1 {
			if mid := (lo + hi) / 2; at(mid) == at(t.Unix()) {
				lo = mid
			} else {
				hi = mid
			}
		}
		all = append(all, time.Unix(hi, 0).UTC())
	}
	return all
}

func TestEveryChangeOfEveryZone(t *testing.T) {
	gaps, folds := 0, 0
	for name := range strings.FieldsSeq(zoneNames) {
		loc := zone(t, name)
		next := firstYear
		for _, at := range changes(loc) {
			if got, ok := Crosses(name, next, lastYear); !ok || !got.Equal(at) {
				t.Errorf("%s: after %v comes %v, want %v", name, next, got, at)
			}
			next = at
			before, after := offset(at.Add(-time.Second).In(loc)), offset(at.In(loc))
			jump := (after - before).Abs()
			// What clocks would have shown had they not been changed, at the first, a middle and the last second of the jump.
			for _, into := range []time.Duration{0, jump / 2, jump - time.Second} {
				wall := at.Add(into).Add(min(before, after))
				got, note := Resolve(loc, wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second())
				switch {
				case after > before && (note != NoteGap || !got.Equal(at)):
					t.Errorf("%s: %s in a gap gives %v %q, want %v", name, wall.Format(time.DateTime), got, note, at)
				case after < before && (note != NoteFold || !got.Equal(at.Add(into-jump))):
					t.Errorf("%s: %s in a fold gives %v %q, want %v", name, wall.Format(time.DateTime), got, note, at.Add(into-jump))
				}
			}
			for _, out := range []time.Duration{-time.Second, jump} { // both sides of it are ordinary
				wall := at.Add(out).Add(min(before, after))
				if got, note := Resolve(loc, wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second()); note != "" || offset(got.In(loc)) != wall.Sub(got) {
					t.Errorf("%s: %s beside a change gives %v %q", name, wall.Format(time.DateTime), got, note)
				}
			}
			if after > before {
				gaps++
			} else {
				folds++
			}
		}
		if got, ok := Crosses(name, next, lastYear); ok {
			t.Errorf("%s: changes at %v, which no clock shows", name, got)
		}
	}
	if gaps < 2000 || folds < 2000 {
		t.Errorf("%d gaps and %d folds: these are not the world's zones", gaps, folds)
	}
}

// zoneAndInstant reads the two arguments that the targets below share.
func zoneAndInstant(t *testing.T, which uint16, minute uint32) (*time.Location, time.Time) {
	names := strings.Fields(zoneNames)
	const minutes = 10 * 366 * 24 * 60
	return zone(t, names[int(which)%len(names)]), firstYear.Add(time.Duration(minute%minutes) * time.Minute)
}

// A wall time, shown or jumped over, resolves to the first instant that shows it, and its note says how many there are.
func FuzzResolve(f *testing.F) {
	f.Fuzz(func(t *testing.T, which uint16, minute uint32, shift int16) {
		loc, at := zoneAndInstant(t, which, minute)
		wall := wallOf(at.In(loc)).Add(time.Duration(shift) * time.Second)
		got, note := Resolve(loc, wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second())
		var shown []time.Time // by every offset that was in use around then
		for d := -26 * time.Hour; d <= 26*time.Hour; d += 15 * time.Minute {
			at := wall.Add(-offset(wall.Add(d).In(loc)))
			if wallOf(at.In(loc)).Equal(wall) && !slices.ContainsFunc(shown, at.Equal) {
				shown = append(shown, at)
			}
		}
		slices.SortFunc(shown, time.Time.Compare)
		switch {
		case len(shown) == 0:
			before, after := wallOf(got.Add(-time.Nanosecond).In(loc)), wallOf(got.In(loc))
			if note != NoteGap || !before.Before(wall) || !after.After(wall) {
				t.Errorf("%s %s, which clocks jump over, gives %v %q", loc, wall.Format(time.DateTime), got, note)
			}
		case !got.Equal(shown[0]) || note != map[int]string{1: "", 2: NoteFold}[len(shown)]:
			t.Errorf("%s %s gives %v %q, and is shown at %v", loc, wall.Format(time.DateTime), got, note, shown)
		}
	})
}

// Whatever window is wished of an algorithmic code in whatever zone: what is kept obeys its kind and never ends late.
func FuzzSnap(f *testing.F) {
	kinds := []OfflineKind{OfflineNone, OfflineHourly, OfflineDaily, OfflineOneTime, OfflineSlots}
	f.Fuzz(func(t *testing.T, which uint16, minute, length uint32, which2, start, end uint16) {
		loc, from := zoneAndInstant(t, which, minute)
		wished := Window{From: from}
		if length > 0 {
			wished.To = from.Add(time.Duration(length%(400*24*60)) * time.Minute)
		}
		slot := TimeSlot{int(start) % (24 * 60), int(end) % (24 * 60)}
		traits := Traits{Offline: kinds[1:], TimeSlots: []TimeSlot{slot}, Zone: loc.String()}
		asked := kinds[int(which2)%len(kinds)]
		if which2 >= 1<<15 { // apart: it keeps more of any window than the others
			traits.Offline, asked = []OfflineKind{OfflineTimed}, OfflineTimed
		}
		kept, kind, err := traits.Snap(asked, wished)
		if err != nil {
			if !kept.IsZero() || kind != OfflineNone || strings.Contains(err.Error(), "  ") {
				t.Errorf("%v %v: refused (%v), and yet %v", asked, wished, err, kept)
			}
			return
		}
		if asked != OfflineNone && kind != asked || kind == OfflineOneTime && asked != kind || kind == OfflineNone {
			t.Errorf("asked for %v, got %v", asked, kind)
		}
		if !kept.To.After(kept.From) || wished.Bounded() && kept.To.After(wished.To) || kept != kept.UTC() {
			t.Errorf("%v of %v is %v", kind, wished, kept)
		}
		first, last := kept.From.In(loc), kept.To.In(loc)
		lasts := kept.To.Sub(kept.From)
		if kind != OfflineSlots && kind != OfflineTimed && (first.Minute() != 0 || first.Second() != 0 || kept.From.After(wished.From) || wished.From.Sub(kept.From) >= 2*time.Hour) {
			t.Errorf("%v from %v starts at %v", kind, wished.From.In(loc), first)
		}
		days := int(dateOf(last).Sub(dateOf(first)) / (24 * time.Hour))
		switch kind {
		case OfflineHourly:
			if last.Minute() != 0 || lasts < time.Hour || lasts > hourlyMax || wished.To.Sub(kept.To) >= 2*time.Hour {
				t.Errorf("hourly %v to %v", first, last)
			}
		case OfflineDaily:
			if first.Hour() != last.Hour() || last.Minute() != 0 || days < dailyMin || days > dailyMax || wished.To.Sub(kept.To) > 73*time.Hour {
				t.Errorf("daily %v to %v: %d days", first, last, days)
			}
		case OfflineTimed:
			if wished.From.Sub(kept.From) >= time.Minute || kept.From.After(wished.From) || wished.To.Sub(kept.To) >= time.Minute || lasts < timedMin || lasts > timedMax {
				t.Errorf("timed %v to %v for %v", first, last, wished)
			}
		case OfflineOneTime:
			if lasts != oneTimeFor {
				t.Errorf("one-time %v to %v", first, last)
			}
		case OfflineSlots:
			for edge, minute := range map[time.Time]int{first: slot.Start, last: slot.End} {
				y, m, d := edge.Date()
				if at, note := Resolve(loc, y, m, d, minute/60, minute%60, 0); !at.Equal(edge) && note == "" {
					t.Errorf("slot %v to %v of %+v", first, last, slot)
				}
			}
			if lasts > slotsMax*24*time.Hour || !kept.To.After(wished.From) {
				t.Errorf("slot %v to %v for %v", first, last, wished)
			}
		}
	})
}

func dateOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func wallOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
