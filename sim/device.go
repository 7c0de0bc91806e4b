package sim

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// device is one lock, with the copy of it that its vendor's cloud keeps.
type device struct {
	f      *Fleet
	id     lock.DeviceID
	spec   LockSpec
	prof   *Profile
	traits lock.Traits
	acct   *account
	hub    *hub // nil: the lock has a link of its own
	zone   *time.Location
	rand   *rand.Rand
	faults []*trouble // active, in order of injection
	state
	counts Counts
	log    []lock.Entry // oldest first, at most maxLog
	logged int          // entries ever

	dirt       dirt
	unlogged   int  // entries of the log, from its end, that are to be persisted
	delivering bool // the cloud has a write for the lock on its way
}

// state is what a lock keeps across a power cut of the simulator.
type state struct {
	mem    []entry       // the lock's memory, by slot
	cloud  []entry       // the cloud's copy, where Traits.CloudList
	issued []Memory      // algorithmic codes; no clear can touch them
	past   []lock.PIN    // digits it held once, newest last, at most maxPast
	next   int           // last number given to a ref
	err    time.Duration // error of its clock
	offset time.Duration // UTC offset its clock was set with, where DST-naive
	charge float64       // of the battery, 0 to 1
	wrong  int           // wrong tries since the last right one
	until  time.Time     // end of the keypad's lockout
	kickAt time.Time     // when the cloud hands its jobs to the lock; zero: nothing to do
	tries  int           // failed deliveries in a row
	stale  []entry       // what a list shows instead of the truth
	lag    int           // reads for which stale is shown; always: until told otherwise
}

// Counts says how many calls were sent to a lock.
type Counts struct{ Observes, Sets, Clears int }

const (
	maxLog  = 128
	maxPast = 64
)

// always is a lag that no number of reads ends.
const always = -1

// dirt says which records of a lock are to be persisted.
type dirt uint8

const (
	dirtState dirt = 1 << iota
	dirtCounts
	dirtLog
)

func (d *device) soil(x dirt) {
	if d.dirt == 0 {
		d.f.changed = append(d.f.changed, d)
	}
	d.dirt |= x
}

// touch marks the state as changed.
func (d *device) touch() { d.soil(dirtState) }

func (d *device) capacity() int {
	if d.spec.Slots > 0 {
		return d.spec.Slots
	}
	return d.prof.Capacity
}

// ref returns a new handle, unique in the life of the lock.
func (d *device) ref(prefix string) lock.Ref {
	d.next++
	d.touch()
	return lock.Ref(prefix + strconv.Itoa(d.next))
}

// record tells the watcher what became of an entry.
func (d *device) record(name string, m *Memory) {
	d.f.emit(Record{Kind: KindMemory, Device: d.id, Code: m.Code, Slot: m.Slot, Window: m.Window, Name: name})
}

// set makes the memory hold want. ref is the handle that the cloud has given already, or "". It returns the entry.
func (d *device) set(want *lock.Credential, at, ref lock.Ref, asOf time.Time) (*entry, *refusal) {
	own, slot, r := d.place(d.mem, want, at)
	if r != nil {
		return nil, r
	}
	anew := own >= 0 && ref != "" && !d.traits.ClientSlots && d.mem[own].Ref != ref // the cloud has forgotten what stands there
	if own >= 0 && !anew && d.mem[own].holds(d.prof, want) && (want.PIN != lock.PIN{} || d.traits.AssignsPIN) {
		return &d.mem[own], nil
	}
	rules := d.prof
	if d.traits.AssignsPIN && !want.PIN.IsZero() && asOf.IsZero() { // its cloud has chosen the digits
		chosen := *d.prof
		chosen.Traits.AssignsPIN = false
		rules = &chosen
	}
	if r := rules.check(want, d.mem, own, asOf, d.zone != nil); r != nil {
		return nil, r
	}
	if own < 0 && slot == 0 {
		return nil, &refusal{driver.Full, driver.BlameLock, "no_free_slot"}
	}
	drawn := *want
	if d.traits.AssignsPIN && want.PIN.IsZero() && (own < 0 || anew || d.mem[own].PIN.IsZero()) {
		drawn.PIN = d.draw(d.traits.PINLengths[0])
	}
	drawn.Code = d.codeOf(&drawn)
	return d.write(own, slot, &drawn, ref), nil
}

// write puts a credential that was found good into the memory: over the entry at own, or into the free slot.
func (d *device) write(own, slot int, want *lock.Credential, ref lock.Ref) *entry {
	d.remember(false)
	name := "rewritten"
	if own < 0 {
		name = "written"
		e := entry{Memory: Memory{Slot: slot, Ref: ref}}
		switch {
		case d.traits.ClientSlots:
			e.Ref = slotRef(slot)
		case ref == "":
			e.Ref = d.ref("k")
		}
		d.mem, own = insert(d.mem, e)
	}
	e := &d.mem[own]
	was := *e
	if ref != "" && !d.traits.ClientSlots {
		e.Ref = ref
	}
	e.take(d.prof, want)
	e.Written = d.f.k.Now()
	if name == "rewritten" && was.Code == e.Code && was.PIN == e.PIN && was.Window.Equal(e.Window) && was.Enabled != e.Enabled {
		name = toggled(e.Enabled)
	}
	d.forgot(was.PIN, e.PIN)
	d.touch()
	d.record(name, &e.Memory)
	return e
}

func toggled(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

// place finds where want goes: own is the index of the entry that it replaces or -1, slot the free slot or 0.
func (d *device) place(list []entry, want *lock.Credential, at lock.Ref) (own, slot int, r *refusal) {
	own = -1
	if at != "" {
		own = indexRef(list, at)
	}
	if own < 0 {
		own = indexCode(list, want.Code)
		if own >= 0 && !d.traits.UpdatesInPlace && !want.PIN.IsZero() && list[own].PIN != want.PIN {
			own = -1 // other digits are no repetition: they get a place of their own
		}
	}
	if d.traits.ClientSlots && own < 0 {
		slot = want.Slot
		if n, err := strconv.Atoi(string(at)); err == nil && at != "" {
			slot = n
		}
		if slot < 0 || slot > d.capacity() {
			return -1, 0, reject("no_such_slot")
		}
		if slot > 0 {
			own = indexSlot(list, slot)
		}
	}
	switch {
	case own < 0 && slot == 0:
		slot = freeSlot(list, d.capacity())
	case own >= 0 && list[own].Ghost:
		return -1, 0, &refusal{driver.Taken, driver.BlameLock, "slot_occupied"}
	case own >= 0 && !d.traits.UpdatesInPlace && !list[own].holds(d.prof, want):
		if list[own].Code == want.Code || want.Code == "" {
			return -1, 0, unsupported("cannot_change_in_place")
		}
		return -1, 0, &refusal{driver.Taken, driver.BlameLock, "slot_occupied"}
	}
	return own, slot, nil
}

// erase forgets the entry at that index.
func (d *device) erase(i int) {
	d.remember(false)
	gone := d.mem[i]
	d.mem = slices.Delete(d.mem, i, i+1)
	d.forgot(gone.PIN, lock.PIN{})
	d.touch()
	d.record("erased", &gone.Memory)
}

// forgot keeps digits that the memory no longer holds, for locks that refuse what they have known.
func (d *device) forgot(old, now lock.PIN) {
	if old.IsZero() || old == now || slices.Contains(d.past, old) {
		return
	}
	if len(d.past) == maxPast {
		d.past = slices.Delete(d.past, 0, 1)
	}
	d.past = append(d.past, old)
}

// draw picks digits that no entry has.
func (d *device) draw(length int) lock.PIN {
	for {
		pin := drawPIN(d.rand, length)
		if !d.knows(pin) && d.prof.obeys(pin) {
			return pin
		}
	}
}

func drawPIN(r *rand.Rand, length int) lock.PIN {
	digits := make([]byte, length)
	for i := range digits {
		digits[i] = byte('0' + r.IntN(10))
	}
	return pinOf(string(digits))
}

// pinOf makes a PIN of digits that are known to be some.
func pinOf(digits string) lock.PIN {
	pin, err := lock.ParsePIN(digits)
	if err != nil {
		return lock.PIN{}
	}
	return pin
}

func (d *device) knows(pin lock.PIN) bool {
	for i := range d.mem {
		if d.mem[i].PIN == pin {
			return true
		}
	}
	for i := range d.issued {
		if d.issued[i].PIN == pin {
			return true
		}
	}
	return false
}

// held is how the lock, or its cloud, tells of an entry.
func (d *device) held(e *entry) lock.Held {
	h := lock.Held{Ref: e.Ref, Tag: e.Tag, Name: e.Name, PIN: e.PIN, Window: e.Window, Enabled: e.Enabled, Pending: e.Job != jobNone}
	if d.traits.ClientSlots {
		h.Slot = e.Slot
	}
	if d.traits.HidesPIN || e.Ghost {
		h.PIN = lock.PIN{}
	}
	if d.traits.HidesWindow {
		h.Window = lock.Window{}
	}
	return h
}
