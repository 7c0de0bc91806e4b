package lock

import (
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ zone, wall, want, note string }{
		{"Europe/Berlin", "2026-01-15T12:00:00", "2026-01-15T11:00:00Z", ""},
		{"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", ""},
		{"Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z", NoteGap},
		{"Europe/Berlin", "2026-03-29T02:59:59", "2026-03-29T01:00:00Z", NoteGap},
		{"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", ""},
		{"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z", ""},
		{"Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z", NoteFold},
		{"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z", NoteFold},
		{"Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z", ""},
		{"America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00Z", NoteGap},
		{"America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z", NoteFold},
		{"America/Santiago", "2026-09-06T00:30:00", "2026-09-06T04:00:00Z", NoteGap}, // the gap is at midnight
		{"America/Santiago", "2026-04-04T23:30:00", "2026-04-05T02:30:00Z", NoteFold},
		{"Australia/Sydney", "2026-10-04T02:30:00", "2026-10-03T16:00:00Z", NoteGap},
		{"Australia/Sydney", "2026-04-05T02:30:00", "2026-04-04T15:30:00Z", NoteFold},
		{"Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z", NoteGap}, // half an hour
		{"Australia/Lord_Howe", "2026-10-04T02:30:00", "2026-10-03T15:30:00Z", ""},
		{"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z", NoteFold},
		{"Australia/Lord_Howe", "2026-04-05T01:15:00", "2026-04-04T14:15:00Z", ""},
		{"Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59Z", ""},
		{"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z", NoteGap}, // the day that never was
		{"Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z", ""},
		{"Asia/Kathmandu", "2026-06-01T00:00:00", "2026-05-31T18:15:00Z", ""},
		{"UTC", "2028-02-29T23:59:59", "2028-02-29T23:59:59Z", ""},
	} {
		w, err := time.Parse("2006-01-02T15:04:05", c.wall)
		if err != nil {
			t.Fatal(err)
		}
		got, note := Resolve(zone(t, c.zone), w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second())
		if want := instant(t, c.want); !got.Equal(want) || note != c.note || got.Location() != time.UTC {
			t.Errorf("%s %s = %v %q, want %v %q", c.zone, c.wall, got, note, want, c.note)
		}
	}
}

func TestResolveRefusesWhatNoCalendarShows(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range [][6]int{
		{2026, 2, 29, 0, 0, 0}, {2026, 13, 1, 0, 0, 0}, {2026, 4, 31, 0, 0, 0}, {2026, 1, 0, 0, 0, 0},
		{2026, 1, 1, 24, 0, 0}, {2026, 1, 1, 0, 60, 0}, {2026, 1, 1, 0, 0, 60}, {2026, 1, 1, -1, 0, 0},
	} {
		if got, note := Resolve(berlin, c[0], time.Month(c[1]), c[2], c[3], c[4], c[5]); note != NoteInvalid || !got.IsZero() {
			t.Errorf("%v = %v %q", c, got, note)
		}
	}
}

func TestCrosses(t *testing.T) {
	for _, c := range []struct{ zone, from, to, want string }{
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"}, // to is included
		{"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T12:00:00Z", ""},                     // from is not
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T00:59:59Z", ""},
		{"Europe/Berlin", "2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z", "2026-10-25T01:00:00Z"}, // the first of several
		{"Europe/Berlin", "2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z", "2026-03-29T01:00:00Z"}, // there and back again
		{"Australia/Lord_Howe", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-04-04T15:00:00Z"},
		{"Pacific/Apia", "2011-12-01T00:00:00Z", "2012-01-15T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"America/Phoenix", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", ""},
		{"UTC", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", ""},
		{"Europe/Berlin", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z", ""}, // an empty span
		{"Nowhere/At_All", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", ""},
		{"", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z", ""},
	} {
		got, ok := Crosses(c.zone, instant(t, c.from), instant(t, c.to))
		if ok != (c.want != "") || ok && !got.Equal(instant(t, c.want)) {
			t.Errorf("%s %s..%s = %v %v, want %q", c.zone, c.from, c.to, got, ok, c.want)
		}
	}
}

func TestLoadZoneRefusesTheMachinesOwn(t *testing.T) {
	for _, name := range []string{"", "Local", "Nowhere/At_All", "../etc/passwd"} {
		if loc, err := LoadZone(name); err == nil {
			t.Errorf("%q gives %v", name, loc)
		}
	}
}
