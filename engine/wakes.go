package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// row is what is kept in memory of every device, so that a fleet can be listed, sorted and woken without reading it.
type row struct {
	id   lock.DeviceID
	wake int64 // unix nanoseconds; 0: none
	heap int32 // its place in the heap, plus one; 0: not in it

	device *device // decoded, in the cache; nil: it is not
	sought string  // what a filter's plain words look through, in lower case; "": nobody has filtered since it changed
	summary
}

// wakes is a heap of rows by wake, then by id, so that the order never depends on history.
type wakes struct{ heap []alarm }

// alarm is a row with its wake beside it, so that most comparisons need not fetch the row.
type alarm struct {
	at  int64
	row *row
}

func newWakes() *wakes { return &wakes{} }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromUnix(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func (w *wakes) less(a, b alarm) bool {
	return a.at < b.at || a.at == b.at && a.row.id < b.row.id
}

// set moves a row to a wake; zero takes it out.
func (w *wakes) set(r *row, at time.Time) {
	r.wake = unix(at)
	i := int(r.heap) - 1
	switch {
	case r.wake == 0 && i < 0:
	case r.wake == 0:
		last := len(w.heap) - 1
		w.swap(i, last)
		w.heap[last] = alarm{}
		w.heap = w.heap[:last]
		r.heap = 0
		if i < last {
			w.fix(i)
		}
	case i < 0:
		w.heap = append(w.heap, alarm{r.wake, r})
		r.heap = int32(len(w.heap))
		w.up(len(w.heap) - 1)
	default:
		w.heap[i].at = r.wake
		w.fix(i)
	}
}

// next is the earliest wake; zero: none.
func (w *wakes) next() time.Time {
	if len(w.heap) == 0 {
		return time.Time{}
	}
	return fromUnix(w.heap[0].at)
}

// due returns the first row whose wake has come.
func (w *wakes) due(now time.Time) (*row, bool) {
	if len(w.heap) == 0 || w.heap[0].at > now.UnixNano() {
		return nil, false
	}
	return w.heap[0].row, true
}

func (w *wakes) fix(i int) {
	if !w.down(i) {
		w.up(i)
	}
}

func (w *wakes) swap(i, j int) {
	w.heap[i], w.heap[j] = w.heap[j], w.heap[i]
	w.heap[i].row.heap, w.heap[j].row.heap = int32(i+1), int32(j+1)
}

func (w *wakes) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !w.less(w.heap[i], w.heap[parent]) {
			return
		}
		w.swap(i, parent)
		i = parent
	}
}

func (w *wakes) down(i int) bool {
	moved := false
	for {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < len(w.heap) && w.less(w.heap[c], w.heap[least]) {
				least = c
			}
		}
		if least == i {
			return moved
		}
		w.swap(i, least)
		i, moved = least, true
	}
}
