package lock

import "time"

// Window is the half-open span [From, To) of instants in which a code should open. A zero To means "until removed"; a
// zero From means "since ever".
type Window struct{ From, To time.Time }

// IsZero reports whether the window says nothing: always open.
func (w Window) IsZero() bool { return w.From.IsZero() && w.To.IsZero() }

// Bounded reports whether the window ends.
func (w Window) Bounded() bool { return !w.To.IsZero() }

// Contains reports whether t lies in [From, To).
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.From) && (w.To.IsZero() || t.Before(w.To))
}

// Started reports whether From has come.
func (w Window) Started(t time.Time) bool { return !t.Before(w.From) }

// Ended reports whether To has come.
func (w Window) Ended(t time.Time) bool { return !w.To.IsZero() && !t.Before(w.To) }

// Equal compares instants, whatever their location.
func (w Window) Equal(o Window) bool { return w.From.Equal(o.From) && w.To.Equal(o.To) }

// Overlaps reports whether the two windows share an instant. An empty window shares none.
func (w Window) Overlaps(o Window) bool {
	from := w.From
	if o.From.After(from) {
		from = o.From
	}
	return !w.Ended(from) && !o.Ended(from)
}

// UTC returns the window with both ends in UTC and without monotonic readings, as records store it.
func (w Window) UTC() Window { return Window{utc(w.From), utc(w.To)} }

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// Grain returns the window as a lock of granularity g holds it: both ends round down, so that it never reaches past To.
// A zero g is one second.
func (w Window) Grain(g time.Duration) Window {
	if g <= 0 {
		g = time.Second
	}
	down := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.UTC().Truncate(g)
	}
	return Window{down(w.From), down(w.To)}
}
