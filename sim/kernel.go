package sim

import (
	"math/rand/v2"
	"time"
)

// Class orders what happens at one instant: first the locks and their links, then the engine, then the steps of a scenario,
// then its expectations.
type Class uint8

// The classes, in the order in which they run.
const (
	ClassLock Class = iota
	ClassEngine
	ClassStep
	ClassExpect
)

// actor is something that happens. Events hold an actor rather than a function so that the hot paths need no closures.
type actor interface{ act() }

// event is one entry of the heap: 32 bytes, without a pointer of its own but the actor.
type event struct {
	at  int64  // Unix nanoseconds
	ord uint64 // class in the top byte, sequence below: the order at one instant
	who actor
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.ord < o.ord }

// Kernel is virtual time: a heap of events ordered by (time, class, sequence) and a clock that only the kernel sets. It is
// single-threaded; everything that it runs may post further events, but must not run it.
type Kernel struct {
	now     int64
	seq     uint64
	seed    uint64
	ran     int64
	dead    int // cancelled timers that are still in the heap
	heap    []event
	streams map[string]*source
	drawn   []*source // streams drawn from since they were last persisted
}

// NewKernel returns a kernel whose clock stands at start. Everything random in its world follows from seed.
func NewKernel(start time.Time, seed uint64) *Kernel {
	return &Kernel{now: nanos(start), seed: seed, streams: map[string]*source{}}
}

// Now returns the virtual instant, in UTC.
func (k *Kernel) Now() time.Time { return instant(k.now) }

// Seed returns the seed that the kernel was made with.
func (k *Kernel) Seed() uint64 { return k.seed }

// Events counts the events run so far. A cancelled timer is none.
func (k *Kernel) Events() int64 { return k.ran }

// At runs fn at t, after everything of the same instant that has a lower class or was posted before. A t in the past means
// now.
func (k *Kernel) At(t time.Time, c Class, fn func()) *Timer {
	timer := &Timer{k: k, fn: fn}
	k.post(nanos(t), c, timer)
	return timer
}

// Timer is an event that can be taken back.
type Timer struct {
	k  *Kernel
	fn func() // nil once it has run or was cancelled
}

// Cancel takes the event back. It is idempotent, and harmless on nil and on a timer that has run.
func (t *Timer) Cancel() {
	if t == nil || t.fn == nil {
		return
	}
	t.fn = nil
	t.k.dead++
	if t.k.dead > 64 && t.k.dead > len(t.k.heap)/2 {
		t.k.compact()
	}
}

func (t *Timer) act() {
	fn := t.fn
	t.fn = nil
	fn()
}

// Next returns the instant of the next event, or false if there is none.
func (k *Kernel) Next() (time.Time, bool) {
	k.prune()
	if len(k.heap) == 0 {
		return time.Time{}, false
	}
	return instant(k.heap[0].at), true
}

// Step advances the clock to the next event and runs it. It returns false if there is none.
func (k *Kernel) Step() bool {
	k.prune()
	if len(k.heap) == 0 {
		return false
	}
	e := k.pop()
	k.now = e.at
	k.ran++
	e.who.act()
	return true
}

// RunUntil runs every event at or before t, in order, those included that the events post; then the clock stands at t. It
// does nothing if t has passed.
func (k *Kernel) RunUntil(t time.Time) {
	end := nanos(t)
	for {
		k.prune()
		if len(k.heap) == 0 || k.heap[0].at > end {
			break
		}
		k.Step()
	}
	k.now = max(k.now, end)
}

// post puts an event into the heap; an instant in the past means now.
func (k *Kernel) post(at int64, c Class, who actor) {
	k.seq++
	k.heap = append(k.heap, event{max(at, k.now), uint64(c)<<56 | k.seq, who})
	k.up(len(k.heap) - 1)
}

// after posts an event d from now.
func (k *Kernel) after(d time.Duration, c Class, who actor) { k.post(k.now+int64(d), c, who) }

// The heap is 4-ary: half as deep as a binary one, and the four children share cache lines.

func (k *Kernel) up(i int) {
	h := k.heap
	e := h[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
}

func (k *Kernel) down(i int) {
	h := k.heap
	e := h[i]
	for {
		first := 4*i + 1
		if first >= len(h) {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, len(h)); c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if !h[least].before(&e) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = e
}

func (k *Kernel) pop() event {
	top := k.heap[0]
	last := len(k.heap) - 1
	k.heap[0] = k.heap[last]
	k.heap[last] = event{}
	k.heap = k.heap[:last]
	if last > 0 {
		k.down(0)
	}
	return top
}

// prune drops cancelled timers from the top.
func (k *Kernel) prune() {
	for k.dead > 0 && len(k.heap) > 0 && cancelled(k.heap[0].who) {
		k.pop()
		k.dead--
	}
}

// compact drops every cancelled timer, so that a timer which is set and cancelled for ever does not fill the heap.
func (k *Kernel) compact() {
	kept := k.heap[:0]
	for _, e := range k.heap {
		if !cancelled(e.who) {
			kept = append(kept, e)
		}
	}
	clear(k.heap[len(kept):])
	k.heap, k.dead = kept, 0
	for i := (len(kept) - 2) / 4; i >= 0 && len(kept) > 1; i-- {
		k.down(i)
	}
}

func cancelled(who actor) bool {
	t, ok := who.(*Timer)
	return ok && t.fn == nil
}

// The kernel counts in Unix nanoseconds, which reach from 1678 to 2262; later instants are the end of time.
var (
	firstInstant = time.Unix(0, -1<<62)
	lastInstant  = time.Unix(0, 1<<63-1)
)

func nanos(t time.Time) int64 {
	if t.Before(firstInstant) {
		return -1 << 62
	}
	if t.After(lastInstant) {
		return 1<<63 - 1
	}
	return t.UnixNano()
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Rand returns the random stream of that name: a PCG seeded by (seed, name), so that one more name does not reshuffle the
// others' luck. Its state is persisted with the fleet.
func (k *Kernel) Rand(stream string) *rand.Rand { return k.stream(stream).rand }

func (k *Kernel) stream(name string) *source {
	s := k.streams[name]
	if s == nil {
		s = &source{k: k, name: name}
		s.pcg.Seed(mix(k.seed, "a/"+name), mix(k.seed, "b/"+name))
		s.rand = rand.New(s)
		k.streams[name] = s
	}
	return s
}

// forget drops a stream that will not be drawn from again.
func (k *Kernel) forget(name string) {
	if s := k.streams[name]; s != nil {
		delete(k.streams, name)
		s.gone = true
		if !s.drawn {
			k.drawn = append(k.drawn, s)
		}
	}
}

// source is a stream that remembers being drawn from.
type source struct {
	k     *Kernel
	name  string
	pcg   rand.PCG
	rand  *rand.Rand
	drawn bool
	gone  bool
}

// Uint64 draws.
func (s *source) Uint64() uint64 {
	if !s.drawn {
		s.drawn = true
		s.k.drawn = append(s.k.drawn, s)
	}
	return s.pcg.Uint64()
}

// mix hashes a name under a seed: FNV-1a, then the finalizer of SplitMix64.
func mix(seed uint64, name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h ^= seed + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
