package engine

import (
	"github.com/accesscodes/lockctl/lock"
)

// outsiders keeps the list of what others put on the lock, and tells what came and went.
func (b *batch) outsiders(d *device, seen []entry, complete, first bool) {
	known := map[lock.Ref]bool{} // false: it was a ghost
	for i := range d.held {
		if !d.held[i].Ours {
			known[d.held[i].Ref] = !d.held[i].ghost(d.Device.Traits)
		}
	}
	ghosts := 0
	for i := range seen {
		x := &seen[i]
		if x.Ours {
			continue
		}
		if ourTag(x.Tag) && !known[x.Ref] && !d.leaves() {
			b.resurfaced(d, x)
			continue
		}
		if x.ghost(d.Device.Traits) {
			ghosts++
			if !complete || !known[x.Ref] {
				delete(known, x.Ref)
			}
			continue
		}
		if !known[x.Ref] {
			b.event(Event{Type: "access_code.unmanaged.created", Account: d.Device.Account, Device: d.id(), Text: "unmanaged code " + string(x.Ref) + " is on the lock"})
			if !first {
				d.Aged = b.now
			}
		}
		delete(known, x.Ref)
	}
	if complete {
		for i := range d.held {
			if x := &d.held[i]; !x.Ours && known[x.Ref] {
				b.event(Event{Type: "access_code.unmanaged.removed", Account: d.Device.Account, Device: d.id(), Text: "unmanaged code " + string(x.Ref) + " is gone"})
			}
		}
	} else {
		for i := range d.held {
			if _, unseen := known[d.held[i].Ref]; unseen && !d.held[i].Ours {
				seen = append(seen, d.held[i]) // a partial list says nothing of it
			}
		}
	}
	g := issue("ghost_slot", b.now)
	b.setDevice(d, ghosts > 0, g)
	if !sameEntries(d.held, seen) {
		d.held, d.dirtyHeld = seen, true
	}
}

// resurfaced recognises a credential that we wrote although no place stands for it: of a live code it becomes one, of a code
// that is gone it is to be erased.
func (b *batch) resurfaced(d *device, x *entry) {
	x.Ours = true
	for _, c := range d.codes {
		if tagOf(c.ID) != x.Tag {
			continue
		}
		x.Code = c.ID
		c.PlaceNo++
		p := place{ID: c.PlaceNo, Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Enabled: x.Enabled, Wrote: b.now, Accepted: b.now, Seen: b.now}
		if p.PIN.IsZero() {
			p.PIN = c.PIN
		}
		c.Places, c.Written, c.dirty = append(c.Places, p), true, true
		return
	}
	for i := range d.Orphans {
		if d.Orphans[i].Ref == x.Ref {
			return
		}
	}
	d.orphan(place{Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Enabled: x.Enabled, Accepted: b.now, Seen: b.now}, "", b.now)
	b.event(Event{Type: "internal.access_code.resurfaced", Account: d.Device.Account, Device: d.id(), Text: "a code that was erased stands on the lock again"})
}

func sameEntries(a, b []entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
