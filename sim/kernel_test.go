package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func TestKernelRunsInOrder(t *testing.T) {
	k := NewKernel(start, 1)
	var got []string
	note := func(s string) func() { return func() { got = append(got, s+k.Now().Format(" 05")) } }
	k.At(start.Add(2*time.Second), ClassExpect, note("expect"))
	k.At(start.Add(2*time.Second), ClassStep, note("step 1"))
	k.At(start.Add(2*time.Second), ClassStep, note("step 2"))
	k.At(start.Add(2*time.Second), ClassEngine, func() {
		note("engine")()
		k.At(start, ClassLock, note("lock, posted late"))
	})
	k.At(start.Add(time.Second), ClassExpect, note("earlier"))
	k.At(start.Add(-time.Hour), ClassLock, note("past"))
	k.At(start.Add(3*time.Second), ClassLock, note("beyond"))
	k.RunUntil(start.Add(2500 * time.Millisecond))
	want := []string{"past 00", "earlier 01", "engine 02", "lock, posted late 02", "step 1 02", "step 2 02", "expect 02"}
	if !slices.Equal(got, want) {
		t.Errorf("ran %q\nwant %q", got, want)
	}
	if !k.Now().Equal(start.Add(2500 * time.Millisecond)) {
		t.Errorf("the clock stands at %v", k.Now())
	}
	if next, ok := k.Next(); !ok || !next.Equal(start.Add(3*time.Second)) || k.Events() != 7 {
		t.Errorf("next %v %v after %d events", next, ok, k.Events())
	}
	k.RunUntil(start)
	if k.Now().Before(start.Add(2 * time.Second)) {
		t.Error("RunUntil set the clock back")
	}
}

func TestKernelCancel(t *testing.T) {
	k := NewKernel(start, 1)
	ran := 0
	var none *Timer
	none.Cancel()
	var timers []*Timer
	for i := range 1000 {
		timers = append(timers, k.At(start.Add(time.Duration(i)*time.Second), ClassLock, func() { ran++ }))
	}
	for i, timer := range timers {
		if i%4 != 0 {
			timer.Cancel()
			timer.Cancel()
		}
	}
	if len(k.heap) > 600 {
		t.Errorf("%d events are kept of which 250 are alive", len(k.heap))
	}
	for k.Step() {
	}
	if ran != 250 || k.Events() != 250 {
		t.Errorf("%d ran, %d counted, want 250", ran, k.Events())
	}
	timers[0].Cancel()
	if _, ok := k.Next(); ok || k.dead != 0 {
		t.Errorf("an empty kernel has a next event, or %d dead ones", k.dead)
	}
}

// The heap agrees with a sort by (time, class, sequence), whatever the order of posting.
func TestKernelHeap(t *testing.T) {
	k := NewKernel(start, 7)
	r := k.Rand("test")
	type key struct {
		at    int64
		class Class
		seq   int
	}
	var want, got []key
	for i := range 5000 {
		e := key{k.now + r.Int64N(200), Class(r.IntN(4)), i}
		want = append(want, e)
		k.At(instant(e.at), e.class, func() { got = append(got, e) })
	}
	slices.SortFunc(want, func(a, b key) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		if a.class != b.class {
			return int(a.class) - int(b.class)
		}
		return a.seq - b.seq
	})
	for k.Step() {
	}
	if !slices.Equal(got, want) {
		t.Error("the order is wrong")
	}
}

func TestKernelStreams(t *testing.T) {
	draw := func(seed uint64, names ...string) string {
		k := NewKernel(start, seed)
		s := ""
		for _, n := range names {
			s += fmt.Sprint(n, k.Rand(n).Uint64(), " ")
		}
		return s
	}
	if first := draw(1, "a", "b"); first != draw(1, "a", "b") {
		t.Error("one seed gives two sequences")
	}
	if a, b := NewKernel(start, 1), NewKernel(start, 2); a.Rand("x").Uint64() == b.Rand("x").Uint64() {
		t.Error("two seeds agree")
	}
	k, other := NewKernel(start, 1), NewKernel(start, 1)
	other.Rand("more").Uint64()
	if k.Rand("x").Uint64() != other.Rand("x").Uint64() {
		t.Error("one more stream changes the luck of another")
	}
	if k.Rand("x").Uint64() == k.Rand("y").Uint64() {
		t.Error("two streams agree")
	}
}

func TestKernelEndOfTime(t *testing.T) {
	k := NewKernel(start, 1)
	ran := false
	k.At(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ClassLock, func() { ran = true })
	k.At(time.Time{}, ClassLock, func() {})
	k.RunUntil(start.AddDate(100, 0, 0))
	if ran {
		t.Error("an event beyond the end of time ran within a century")
	}
}
