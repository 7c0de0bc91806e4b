package lock

import (
	"testing"
	"time"
)

func TestWindowIsHalfOpen(t *testing.T) {
	from, to := instant(t, "2026-05-01T15:00:00Z"), instant(t, "2026-05-03T11:00:00Z")
	for _, c := range []struct {
		name              string
		w                 Window
		at                time.Time
		in, started, over bool
	}{
		{"before", Window{from, to}, from.Add(-1), false, false, false},
		{"the first instant", Window{from, to}, from, true, true, false},
		{"the last instant", Window{from, to}, to.Add(-1), true, true, false},
		{"the end", Window{from, to}, to, false, true, true},
		{"until removed", Window{From: from}, to.AddDate(100, 0, 0), true, true, false},
		{"since ever", Window{To: to}, from.AddDate(-100, 0, 0), true, true, false},
		{"always", Window{}, from, true, true, false},
		{"an empty window", Window{from, from}, from, false, true, true},
	} {
		if c.w.Contains(c.at) != c.in || c.w.Started(c.at) != c.started || c.w.Ended(c.at) != c.over {
			t.Errorf("%s: contains %v, started %v, ended %v", c.name, c.w.Contains(c.at), c.w.Started(c.at), c.w.Ended(c.at))
		}
	}
}

func TestWindowOverlaps(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 5, 1, h, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		a, b Window
		want bool
	}{
		{"back to back", Window{at(1), at(2)}, Window{at(2), at(3)}, false},
		{"an instant", Window{at(1), at(2).Add(1)}, Window{at(2), at(3)}, true},
		{"inside", Window{at(1), at(9)}, Window{at(2), at(3)}, true},
		{"open end", Window{From: at(1)}, Window{at(2), at(3)}, true},
		{"open end, later", Window{From: at(3)}, Window{at(2), at(3)}, false},
		{"open start", Window{To: at(2)}, Window{at(2), at(3)}, false},
		{"always", Window{}, Window{at(2), at(3)}, true},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%s: %v and %v", c.name, c.a.Overlaps(c.b), c.b.Overlaps(c.a))
		}
	}
}

func TestWindowEqualComparesInstants(t *testing.T) {
	w := window(t, "2026-05-01T15:00:00+02:00", "2026-05-03T11:00:00+02:00")
	if !w.Equal(w.UTC()) || w == w.UTC() {
		t.Error("a window and itself in UTC")
	}
	if (Window{}).UTC() != (Window{}) || !(Window{}).IsZero() || (Window{}).Bounded() {
		t.Error("the zero window")
	}
}

func TestGrainNeverReachesPastTheEnd(t *testing.T) {
	w := window(t, "2026-05-01T15:07:31.5Z", "2026-05-03T11:59:59.9Z")
	for g, want := range map[time.Duration]Window{
		0:                window(t, "2026-05-01T15:07:31Z", "2026-05-03T11:59:59Z"),
		time.Minute:      window(t, "2026-05-01T15:07:00Z", "2026-05-03T11:59:00Z"),
		15 * time.Minute: window(t, "2026-05-01T15:00:00Z", "2026-05-03T11:45:00Z"),
		time.Hour:        window(t, "2026-05-01T15:00:00Z", "2026-05-03T11:00:00Z"),
	} {
		got := w.Grain(g)
		if got != want {
			t.Errorf("Grain(%v) = %v, want %v", g, got, want)
		}
		if got.To.After(w.To) || got.From.After(w.From) || got.Grain(g) != got {
			t.Errorf("Grain(%v) reaches past the end, starts late, or rounds again", g)
		}
	}
	if got := (Window{From: w.From}).Grain(time.Minute); got.Bounded() {
		t.Errorf("an open end became %v", got.To)
	}
}
