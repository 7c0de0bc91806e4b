package sim

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
)

// Memory is one entry that a lock really holds, or one algorithmic code that it would accept.
type Memory struct {
	Slot    int      // 1-based; 0 for algorithmic codes, which stand in no slot
	Ref     lock.Ref // by which drivers know it
	Code    lock.CodeID
	Tag     string
	Name    string
	PIN     lock.PIN
	Window  lock.Window // as the lock holds it: rounded, and shifted where a fault did so
	Enabled bool
	Foreign bool             // written by somebody else than the engine
	Ghost   bool             // occupies its slot with nothing that can be read or erased
	Offline lock.OfflineKind // of an algorithmic code
	OneTime bool
	Written time.Time // last change; zero for ghosts
	Used    time.Time // first opening; zero: never
	Late    int       `json:",omitempty"` // lists that do not tell the digits of an algorithmic code yet
}

// entry is a Memory as its vendor's cloud keeps it, with the work that is left to do at the lock.
type entry struct {
	Memory
	Job job
	Rev int // grows with each change in the cloud, so that a late acknowledgement of an earlier one is known
}

// job is what the cloud still has to do at the lock for one of its entries.
type job uint8

const (
	jobNone job = iota
	jobSet
	jobClear
)

// credential is what the entry was written with.
func (m *Memory) credential() lock.Credential {
	return lock.Credential{Code: m.Code, Tag: m.Tag, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled, OneTime: m.OneTime}
}

// take puts want into the entry, as a lock of that profile keeps it.
func (m *Memory) take(p *Profile, want *lock.Credential) {
	m.Code, m.Window, m.Enabled, m.OneTime = want.Code, lock.Window{}, want.Enabled, want.OneTime
	m.Tag, m.Name = clip(want.Tag, p.Traits.NameMax), clip(want.Name, p.Traits.NameMax)
	m.Foreign, m.Used = want.Code == "", time.Time{}
	if !want.PIN.IsZero() {
		m.PIN = want.PIN
	}
	if !want.Window.IsZero() {
		m.Window = want.Window.Grain(p.Traits.Granularity)
	}
}

// codeOf is the code that a call wants the lock to hold, also where it does not name it and somebody else knows.
func (d *device) codeOf(want *lock.Credential) lock.CodeID {
	if want.Code == "" && d.f.author != nil {
		return d.f.author(d.id, want.PIN)
	}
	return want.Code
}

// holds reports whether taking want would change nothing.
func (m *Memory) holds(p *Profile, want *lock.Credential) bool {
	next := *m
	next.take(p, want)
	return (next.Code == m.Code || want.Code == "") && next.PIN == m.PIN && next.Window.Equal(m.Window) && next.Enabled == m.Enabled &&
		next.Name == m.Name && next.Tag == m.Tag
}

// clip cuts text to at most size bytes, at a rune.
func clip(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

// slotRef is the Ref of a slot that the writer chooses.
func slotRef(slot int) lock.Ref { return lock.Ref(strconv.Itoa(slot)) }

// Entries are kept in the order of their slots.

func indexRef(list []entry, ref lock.Ref) int {
	for i := range list {
		if list[i].Ref == ref {
			return i
		}
	}
	return -1
}

func indexCode(list []entry, code lock.CodeID) int {
	for i := range list {
		if list[i].Code == code && code != "" {
			return i
		}
	}
	return -1
}

func indexSlot(list []entry, slot int) int {
	for i := range list {
		if list[i].Slot == slot {
			return i
		}
	}
	return -1
}

// freeSlot returns the lowest free slot, or 0.
func freeSlot(list []entry, capacity int) int {
	slot := 1
	for i := range list {
		if list[i].Slot != slot {
			break
		}
		slot++
	}
	if slot > capacity {
		return 0
	}
	return slot
}

// insert puts e in its place and returns the list and the index.
func insert(list []entry, e entry) ([]entry, int) {
	i, _ := slices.BinarySearchFunc(list, e.Slot, func(have entry, slot int) int { return have.Slot - slot })
	return slices.Insert(list, i, e), i
}
