package lock

import (
	"strings"
	"testing"
	"time"
)

func window(t testing.TB, from, to string) Window {
	t.Helper()
	var w Window
	if from != "" {
		w.From = instant(t, from)
	}
	if to != "" {
		w.To = instant(t, to)
	}
	return w
}

func TestSnap(t *testing.T) {
	igloo := Traits{Offline: []OfflineKind{OfflineOneTime, OfflineDaily, OfflineHourly}, Zone: "Asia/Singapore"}
	oracode := Traits{Offline: []OfflineKind{OfflineSlots}, TimeSlots: []TimeSlot{{16 * 60, 10 * 60}, {15 * 60, 11 * 60}, {9 * 60, 17 * 60}}, Zone: "America/New_York"}
	kathmandu := Traits{Offline: []OfflineKind{OfflineHourly}, Zone: "Asia/Kathmandu"}
	berlin := Traits{Offline: []OfflineKind{OfflineHourly, OfflineDaily}, Zone: "Europe/Berlin"}
	lockly := Traits{Offline: []OfflineKind{OfflineTimed, OfflineOneTime}, Zone: "America/New_York"}
	howe := Traits{Offline: []OfflineKind{OfflineHourly}, Zone: "Australia/Lord_Howe"}
	for _, c := range []struct {
		name     string
		traits   Traits
		kind     OfflineKind
		from, to string
		wantFrom string
		wantTo   string
		wantKind OfflineKind
		rounding time.Duration
	}{
		{"on the hour stays", igloo, OfflineHourly, "2026-05-01T15:00:00+08:00", "2026-05-03T11:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-03T11:00:00+08:00", OfflineHourly, 0},
		{"both ends round down", igloo, OfflineHourly, "2026-05-01T15:20:00+08:00", "2026-05-03T11:45:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-03T11:00:00+08:00", OfflineHourly, 45 * time.Minute},
		{"672 h", igloo, OfflineHourly, "2026-05-01T00:00:00+08:00", "2026-05-29T00:00:00+08:00", "2026-05-01T00:00:00+08:00", "2026-05-29T00:00:00+08:00", OfflineHourly, 0},
		{"a quarter-hour zone has its own full hours", kathmandu, OfflineHourly, "2026-05-01T12:15:00Z", "2026-05-01T18:00:00Z", "2026-05-01T12:15:00Z", "2026-05-01T17:15:00Z", OfflineHourly, 45 * time.Minute},
		{"a half-hour jump", howe, OfflineHourly, "2026-04-04T12:00:00Z", "2026-04-04T15:10:00Z", "2026-04-04T12:00:00Z", "2026-04-04T14:00:00Z", OfflineHourly, 70 * time.Minute},
		{"daily", igloo, OfflineDaily, "2026-05-01T15:00:00+08:00", "2026-06-01T11:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-31T15:00:00+08:00", OfflineDaily, 20 * time.Hour},
		{"29 days", igloo, OfflineDaily, "2026-05-01T15:00:00+08:00", "2026-05-30T15:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-30T15:00:00+08:00", OfflineDaily, 0},
		{"367 days", igloo, OfflineDaily, "2026-05-01T15:00:00+08:00", "2027-05-04T14:00:00+08:00", "2026-05-01T15:00:00+08:00", "2027-05-03T15:00:00+08:00", OfflineDaily, 23 * time.Hour},
		{"equal clock times across a change", berlin, OfflineDaily, "2026-03-10T15:00:00+01:00", "2026-04-20T15:00:00+02:00", "2026-03-10T15:00:00+01:00", "2026-04-20T15:00:00+02:00", OfflineDaily, 0},
		{"a day whose clocks jump over the hour", berlin, OfflineDaily, "2026-02-20T02:00:00+01:00", "2026-03-29T20:00:00+02:00", "2026-02-20T02:00:00+01:00", "2026-03-28T02:00:00+01:00", OfflineDaily, 41 * time.Hour},
		{"one-time", igloo, OfflineOneTime, "2026-05-01T15:20:00+08:00", "", "2026-05-01T15:00:00+08:00", "2026-05-02T15:00:00+08:00", OfflineOneTime, 20 * time.Minute},
		{"timed, to the minute", lockly, OfflineNone, "2026-05-01T15:20:40-04:00", "2026-05-03T10:45:30-04:00", "2026-05-01T15:20:00-04:00", "2026-05-03T10:45:00-04:00", OfflineTimed, 40 * time.Second},
		{"timed, 30 days", lockly, OfflineTimed, "2026-05-01T15:00:00-04:00", "2026-05-31T15:00:00-04:00", "2026-05-01T15:00:00-04:00", "2026-05-31T15:00:00-04:00", OfflineTimed, 0},
		{"one-time, then longer", igloo, OfflineOneTime, "2026-05-01T15:00:00+08:00", "2026-05-03T15:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-02T15:00:00+08:00", OfflineOneTime, 24 * time.Hour},
		{"the nearest slot", oracode, OfflineSlots, "2026-05-01T15:45:00-04:00", "2026-05-03T10:15:00-04:00", "2026-05-01T16:00:00-04:00", "2026-05-03T10:00:00-04:00", OfflineSlots, 15 * time.Minute},
		{"another slot", oracode, OfflineSlots, "2026-05-01T15:10:00-04:00", "2026-05-03T11:00:00-04:00", "2026-05-01T15:00:00-04:00", "2026-05-03T11:00:00-04:00", OfflineSlots, 10 * time.Minute},
		{"a slot within a day", oracode, OfflineSlots, "2026-05-01T09:10:00-04:00", "2026-05-01T17:30:00-04:00", "2026-05-01T09:00:00-04:00", "2026-05-01T17:00:00-04:00", OfflineSlots, 30 * time.Minute},
		{"a slot never ends late", oracode, OfflineSlots, "2026-05-01T16:00:00-04:00", "2026-05-03T09:50:00-04:00", "2026-05-01T09:00:00-04:00", "2026-05-02T17:00:00-04:00", OfflineSlots, 1010 * time.Minute},
		{"the best kind, short", igloo, OfflineNone, "2026-05-01T15:20:00+08:00", "2026-05-03T11:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-05-03T11:00:00+08:00", OfflineHourly, 20 * time.Minute},
		{"the best kind, long", igloo, OfflineNone, "2026-05-01T15:00:00+08:00", "2026-07-01T11:00:00+08:00", "2026-05-01T15:00:00+08:00", "2026-06-30T15:00:00+08:00", OfflineDaily, 20 * time.Hour},
	} {
		wished := window(t, c.from, c.to)
		kept, kind, err := c.traits.Snap(c.kind, wished)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := window(t, c.wantFrom, c.wantTo); !kept.Equal(want) || kind != c.wantKind {
			t.Errorf("%s: %v %s, want %v %s", c.name, kept, kind, want.UTC(), c.wantKind)
		}
		if got := Rounding(wished, kept); got != c.rounding {
			t.Errorf("%s: rounding %v, want %v", c.name, got, c.rounding)
		}
		if wished.Bounded() && kept.To.After(wished.To) {
			t.Errorf("%s: ends late", c.name)
		}
	}
}

func TestSnapErrorsNameTheRule(t *testing.T) {
	igloo := Traits{Offline: []OfflineKind{OfflineHourly, OfflineDaily, OfflineOneTime}, Zone: "Asia/Singapore"}
	slots := Traits{Offline: []OfflineKind{OfflineSlots}, TimeSlots: []TimeSlot{{16 * 60, 10 * 60}}, Zone: "America/New_York"}
	oneTime := Traits{Offline: []OfflineKind{OfflineOneTime}, Zone: "UTC"}
	for _, c := range []struct {
		name     string
		traits   Traits
		kind     OfflineKind
		from, to string
		want     string
	}{
		{"no offline codes", Traits{Zone: "UTC"}, OfflineNone, "2026-05-01T15:00:00Z", "2026-05-02T15:00:00Z", "takes no algorithmic codes"},
		{"a kind it lacks", igloo, OfflineSlots, "2026-05-01T15:00:00Z", "2026-05-02T15:00:00Z", "takes no slots codes"},
		{"no zone", Traits{Offline: []OfflineKind{OfflineHourly}}, OfflineNone, "2026-05-01T15:00:00Z", "2026-05-02T15:00:00Z", "time zone"},
		{"no start", igloo, OfflineHourly, "", "2026-05-02T15:00:00Z", "needs a start"},
		{"no end", igloo, OfflineHourly, "2026-05-01T15:00:00Z", "", "needs an end"},
		{"under an hour", igloo, OfflineHourly, "2026-05-01T15:00:00Z", "2026-05-01T15:59:00Z", "at least one hour"},
		{"backwards", igloo, OfflineHourly, "2026-05-01T15:00:00Z", "2026-05-01T12:00:00Z", "at least one hour"},
		{"over 672 h", igloo, OfflineHourly, "2026-05-01T15:00:00Z", "2026-05-29T16:00:00Z", "at most 672 hours"},
		{"under 29 days", igloo, OfflineDaily, "2026-05-01T15:00:00Z", "2026-05-30T14:00:00Z", "at least 29 days"},
		{"over 367 days", igloo, OfflineDaily, "2026-05-01T15:00:00Z", "2027-05-04T15:00:00Z", "at most 367 days"},
		{"timed, under an hour", Traits{Offline: []OfflineKind{OfflineTimed}, Zone: "UTC"}, OfflineTimed, "2026-05-01T15:00:00Z", "2026-05-01T15:59:59Z", "1 hour to 30 days"},
		{"timed, over 30 days", Traits{Offline: []OfflineKind{OfflineTimed}, Zone: "UTC"}, OfflineNone, "2026-05-01T15:00:00Z", "2026-05-31T15:01:00Z", "1 hour to 30 days"},
		{"one-time past the end", igloo, OfflineOneTime, "2026-05-01T15:00:00Z", "2026-05-02T14:00:00Z", "24 hours"},
		{"no slot", slots, OfflineSlots, "2026-05-01T16:00:00-04:00", "2026-05-01T20:00:00-04:00", "predefined check-in and check-out times only, 16:00 to 10:00, at most"},
		{"slots over 31 days", slots, OfflineSlots, "2026-05-01T16:00:00-04:00", "2026-06-10T10:00:00-04:00", "31 days"},
		{"between the kinds", igloo, OfflineNone, "2026-05-01T15:00:00Z", "2026-05-29T23:00:00Z", "672 hours"},
		{"one-time is not chosen unasked", oneTime, OfflineNone, "2026-05-01T15:00:00Z", "2026-05-03T15:00:00Z", "ask for one"},
	} {
		kept, kind, err := c.traits.Snap(c.kind, window(t, c.from, c.to))
		if err == nil || !strings.Contains(err.Error(), c.want) || !kept.IsZero() || kind != OfflineNone {
			t.Errorf("%s: %v %q %v, want an error with %q", c.name, kept, kind, err, c.want)
		}
	}
}
