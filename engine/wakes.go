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
	summary
}

// wakes is a heap of rows by wake, then by id, so that the order never depends on history.
type wakes struct{ rows []*row }

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

func (w *wakes) less(a, b *row) bool {
	return a.wake < b.wake || a.wake == b.wake && a.id < b.id
}

// set moves a row to a wake; zero takes it out.
func (w *wakes) set(r *row, at time.Time) {
	r.wake = unix(at)
	switch {
	case r.wake == 0 && r.heap == 0:
	case r.wake == 0:
		i := int(r.heap) - 1
		last := len(w.rows) - 1
		w.swap(i, last)
		w.rows = w.rows[:last]
		r.heap = 0
		if i < last {
			w.fix(i)
		}
	case r.heap == 0:
		w.rows = append(w.rows, r)
		r.heap = int32(len(w.rows))
		w.up(len(w.rows) - 1)
	default:
		w.fix(int(r.heap) - 1)
	}
}

// next is the earliest wake; zero: none.
func (w *wakes) next() time.Time {
	if len(w.rows) == 0 {
		return time.Time{}
	}
	return fromUnix(w.rows[0].wake)
}

// due returns the first row whose wake has come.
func (w *wakes) due(now time.Time) (*row, bool) {
	if len(w.rows) == 0 || w.rows[0].wake > now.UnixNano() {
		return nil, false
	}
	return w.rows[0], true
}

func (w *wakes) fix(i int) {
	if !w.down(i) {
		w.up(i)
	}
}

func (w *wakes) swap(i, j int) {
	w.rows[i], w.rows[j] = w.rows[j], w.rows[i]
	w.rows[i].heap, w.rows[j].heap = int32(i+1), int32(j+1)
}

func (w *wakes) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !w.less(w.rows[i], w.rows[parent]) {
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
			if c < len(w.rows) && w.less(w.rows[c], w.rows[least]) {
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
