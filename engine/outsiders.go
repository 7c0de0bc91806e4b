package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	maxTold    = 20 // codes of others that one look tells one by one
	maxCopies  = 4  // places that a code can get by what a lock lists
	maxOrphans = 50 // places that a device can have so: what more there is waits until some of them are gone
)

// tellOutsider tells that a code of somebody else came or went, the n-th of that look; a flood in one sentence.
func (b *batch) tellOutsider(d *device, typ string, ref lock.Ref, what string, n int) {
	switch text := "unmanaged code " + d.hush(clip(string(ref))) + what; {
	case n < maxTold:
		b.event(Event{Type: typ, Account: d.Device.Account, Device: d.id(), Text: text})
	case n == maxTold:
		b.event(Event{Type: typ, Account: d.Device.Account, Device: d.id(), Text: text + ", and more that are not told one by one"})
	}
}

// outsiders keeps the list of what others put on the lock, and tells what came and went. It returns what the lock is held to
// hold.
func (b *batch) outsiders(d *device, seen []entry, complete, first bool) []entry {
	known := map[lock.Ref]bool{} // false: it was a ghost
	for i := range d.held {
		if !d.held[i].Ours {
			known[d.held[i].Ref] = !d.held[i].ghost(d.Device.Traits)
		}
	}
	ghosts, came, went := 0, 0, 0
	for i := range seen {
		x := &seen[i]
		if x.Ours {
			continue
		}
		if digits, name := d.turned(x); x.Ref != "" && (digits || name) && !d.leaves() {
			ours := name && ourTag(x.Tag)
			if x.Waits = ours && len(d.Orphans) >= maxOrphans; x.Waits {
				delete(known, x.Ref)
				continue
			}
			of, ok := lock.CodeID(""), false
			if digits && len(d.Orphans) < maxOrphans {
				of, ok = d.found(x)
			}
			if ok || ours {
				delete(known, x.Ref)
				if x.Ours = d.overwritten(b, x); !x.Ours {
					b.resurfaced(d, x, of)
				}
				continue
			}
		}
		if c := d.honoured(x); c != nil && !known[x.Ref] {
			b.stands(d, c, x)
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
			b.tellOutsider(d, "access_code.unmanaged.created", x.Ref, " is on the lock", came)
			came++
			if !first {
				d.Aged = b.now
			}
		}
		delete(known, x.Ref)
	}
	if complete {
		for i := range d.held {
			if x := &d.held[i]; !x.Ours && !x.Waits && known[x.Ref] {
				b.tellOutsider(d, "access_code.unmanaged.removed", x.Ref, " is gone", went)
				went++
			}
		}
	} else {
		for i := range d.held {
			if _, unseen := known[d.held[i].Ref]; unseen && !d.held[i].Ours && len(seen) < lock.MaxHeld {
				seen = append(seen, d.held[i]) // a partial list says nothing of it
			}
		}
	}
	b.setDevice(d, ghosts > 0, "ghost_slot", nil)
	if !sameEntries(d.held, seen) {
		d.held, d.dirtyHeld = append(d.held[:0], seen...), true
	}
	return seen
}

// turned tells what is new about an entry of no place of ours since the last look, its digits or its name: a write of ours that lands late
// may have gone over somebody else's. What is ours and waits for its turn is as good as new.
func (d *device) turned(x *entry) (digits, name bool) {
	i := slices.IndexFunc(d.held, func(h entry) bool { return h.Ref == x.Ref && !h.Ours })
	if i < 0 || d.held[i].Waits {
		return true, true
	}
	return d.held[i].PIN != x.PIN, d.held[i].Tag != x.Tag
}

// overwritten reports whether a code that is wished was written over what the list shows, where that can be done: the list is of
// before, or the write was lost and is made once more. Erasing the slot would hit the code; a spare that was lost nobody needs.
func (d *device) overwritten(b *batch, x *entry) bool {
	t := &d.Device.Traits
	if !t.ClientSlots || !t.UpdatesInPlace {
		return false
	}
	i := slices.IndexFunc(d.codes, func(c *code) bool {
		return c.mark() != x.Tag && c.Refused == "" && c.Contended.IsZero() &&
			slices.ContainsFunc(c.Places, func(p place) bool { return p.Slot == x.Slot && p.Cleared.IsZero() && !(c.unpulled() && p.lost()) }) && b.wanted(d, c)
	})
	if i >= 0 && !slices.ContainsFunc(d.held, func(h entry) bool { return h.Ref == x.Ref }) {
		d.codes[i].NextTry, d.codes[i].dirty = time.Time{}, true // what is shown only now opens the door until then
	}
	return i >= 0
}

// resurfaced recognises a credential that we wrote although no place stands for it: of a live code it becomes one, of a code
// that is gone it is to be erased. of is the code that is known to have written it, if its tag does not tell.
func (b *batch) resurfaced(d *device, x *entry, of lock.CodeID) {
	x.Ours = true
	for _, c := range d.codes {
		if c.mark() != x.Tag && c.ID != of || len(c.Places) >= maxCopies {
			continue
		}
		if c.ID == of && c.unpulled() && !d.Device.Traits.AssignsPIN && !slices.ContainsFunc(c.Places, func(p place) bool { return p.PIN == c.PIN && !p.Seen.IsZero() }) {
			c.PIN = x.PIN // of digits that nobody was told those are best that stand on the lock
			b.tell("access_code.changed", d, c, "digits that it had before stand on the lock after all")
		}
		b.stands(d, c, x)
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

// stands gives a code a place for an entry that turns out to be its own: so nobody has removed it.
func (b *batch) stands(d *device, c *code, x *entry) {
	if c.Honoured {
		c.Honoured = false
		b.lower(d, c, "external_modification_in_effect")
	}
	x.Code, x.Ours = c.ID, true
	c.PlaceNo++
	p := place{ID: c.PlaceNo, Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Weekly: x.Weekly, Enabled: x.Enabled, Wrote: b.now, Accepted: b.now, Seen: b.now, Again: b.now}
	if p.PIN.IsZero() {
		p.PIN = c.PIN
	}
	if x.Ref != "" && slices.ContainsFunc(c.Places, func(o place) bool { return o.Was == x.Ref }) {
		p.Was = x.Ref
	}
	c.Places, c.Written, c.dirty = append(c.Places, p), true, true
	if c.PIN.IsZero() && !p.PIN.IsZero() {
		b.learn(d, c, &c.Places[len(c.Places)-1], p.PIN.PIN) // no answer and no look had told the digits that the provider chose
	}
	c.NextTry = time.Time{} // it is not as it was when the last try failed
}

// honoured finds the live code that counts as removed by hand and that has the digits of an entry without our tag: it was not
// removed after all, or somebody has put it back.
func (d *device) honoured(x *entry) *code {
	for _, c := range d.codes {
		if c.Honoured && len(c.Places) == 0 && x.Tag == "" && !x.PIN.IsZero() && x.PIN == c.PIN && x.PIN != c.Theirs {
			return c
		}
	}
	return nil
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
