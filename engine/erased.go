package engine

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	maxErased  = 16                  // handles that a device remembers
	maxMislaid = 64                  // writes of which a list knows nothing that it remembers: as many as a cloud takes in a day that lists none
	erasedFor  = 30 * 24 * time.Hour // how long each
)

// erased is a place that counts as gone although only a cloud said so: if the door still opens by its handle, it is not.
type erased struct {
	Ref  lock.Ref
	Slot int         `json:",omitzero"`
	PIN  vaultPIN    `json:",omitzero"`
	Code lock.CodeID `json:",omitzero"`
	At   time.Time
	Late bool `json:",omitzero"` // of one mislaid: no list has shown it since it was written, which may be on its way
}

// past is a list of such places, newest last. Its text is kept: it seldom changes, and is nearly half of what each step writes of a
// device.
type past struct {
	list []erased // nil: none
	text []byte   // of the list, as it was last written; nil: not since it changed
}

// add appends to the list, of which the oldest goes that is one too many.
func (x *past) add(e erased, most int) {
	x.list, x.text = append(x.list[max(0, len(x.list)+1-most):], e), nil
}

// drop takes out of the list what is named, and what is too old.
func (x *past) drop(now time.Time, named func(erased) bool) {
	x.list = slices.DeleteFunc(x.list, func(e erased) bool { return named(e) || now.Sub(e.At) > erasedFor })
	x.text = nil
	if len(x.list) == 0 {
		x.list = nil
	}
}

// take takes the i-th out of the list.
func (x *past) take(i int) {
	x.list, x.text = slices.Delete(x.list, i, i+1), nil
	if len(x.list) == 0 {
		x.list = nil
	}
}

// IsZero reports whether the list is empty.
func (x past) IsZero() bool { return x.list == nil }

// MarshalJSON writes the list.
func (x past) MarshalJSON() ([]byte, error) { return json.Marshal(x.list) }

// UnmarshalJSON reads what MarshalJSON writes.
func (x *past) UnmarshalJSON(text []byte) error {
	x.text = nil
	return json.Unmarshal(text, &x.list)
}

// remember keeps what was erased from a lock whose log tells more than its list.
func (d *device) remember(p *place, of lock.CodeID, now time.Time) {
	if t := &d.Device.Traits; !t.ReportsEntry || !t.CloudList && !t.CannotList || p.Ref == "" || p.Cleared.IsZero() {
		return
	}
	if i := slices.IndexFunc(d.Erased.list, func(e erased) bool { return e.Ref == p.Ref }); i >= 0 {
		of = cmp.Or(of, d.Erased.list[i].Code) // erased once more
	}
	d.Erased.drop(now, func(e erased) bool { return e.Ref == p.Ref })
	d.Erased.add(erased{Ref: p.Ref, Slot: p.Slot, PIN: p.PIN, Code: of, At: now}, maxErased)
	d.dirtyRun = true
}

// mislay keeps what was written and is gone by what a list lacks: a list may lag behind or leave things out, and a write may be on
// its way. Digits that a hand gave it are not kept: who gave them may write an entry of their own with them.
func (d *device) mislay(p *place, of lock.CodeID, now time.Time) {
	if p.PIN.IsZero() || p.Blanked || p.Hand || d.Device.Traits.CannotList {
		return
	}
	d.Mislaid.drop(now, func(e erased) bool { return e.PIN == p.PIN && e.Slot == p.Slot })
	d.Mislaid.add(erased{Ref: p.Ref, Slot: p.Slot, PIN: p.PIN, Code: of, At: now, Late: p.Seen.IsZero()}, maxMislaid)
	d.dirtyRun = true
}

// found reports whether an entry without our tag is one that was mislaid, and of which code: its digits stand where they were
// written, or under the handle that they were given.
func (d *device) found(x *entry) (of lock.CodeID, ok bool) {
	own := !d.Device.Traits.ClientSlots // the lock's own handles stay with what they were given to, whatever its name is by now
	i := slices.IndexFunc(d.Mislaid.list, func(e erased) bool {
		return (x.Tag == "" || own && e.Ref != "") && x.PIN == e.PIN && (e.Slot == 0 || e.Slot == x.Slot) && (e.Ref == "" || e.Ref == x.Ref)
	})
	if i < 0 {
		return "", false
	}
	of = d.Mislaid.list[i].Code
	d.Mislaid.take(i)
	d.dirtyRun = true
	return of, true
}

// landed takes an opening by the handle of what was erased from a slot in which a write has been in doubt since: it has landed,
// and that is its handle. It reports whether there is such a write.
func (b *batch) landed(d *device, e *erased, at time.Time) bool {
	for _, c := range d.codes {
		for i := range c.Places {
			if p := &c.Places[i]; p.Slot != 0 && p.Slot == e.Slot && p.Ref == "" && p.Doubt && !at.Before(p.Wrote) {
				p.Ref = e.Ref
				return b.opened(d, e.Ref, at)
			}
		}
	}
	return false
}

// opensAgain takes an opening by what was erased: it is told, and erased again, though a cloud that has struck it from its list
// may not pass that on. So the alarm stays until somebody has seen to the lock and asks for a look. It reports whether there is
// such a thing.
func (b *batch) opensAgain(d *device, ref lock.Ref, at time.Time) bool {
	i := slices.IndexFunc(d.Erased.list, func(e erased) bool { return e.Ref == ref && at.After(e.At) })
	if ref == "" || i < 0 {
		return false
	}
	e := d.Erased.list[i]
	if b.landed(d, &e, at) {
		return true
	}
	if c := d.find(e.Code); c != nil && c.PIN == e.PIN && b.wanted(d, c) {
		if len(c.Places) == 0 {
			b.stands(d, c, &entry{Ref: e.Ref, Slot: e.Slot, PIN: e.PIN, Name: c.Name, Enabled: true}) // it made room, and is wished again by now
		}
		b.tell("lock.unlocked", d, c, "opened by code")
		return true
	}
	if !slices.ContainsFunc(d.Orphans, func(p place) bool { return p.Ref == ref }) {
		d.orphan(place{Ref: e.Ref, Slot: e.Slot, PIN: e.PIN, Accepted: at, Seen: at}, "", b.now)
	}
	b.event(Event{Type: "lock.unlocked", Account: d.Device.Account, Device: d.id(), Code: e.Code, Text: "opened by a code that was erased"})
	b.setDevice(d, true, "erased_code_opens", nil)
	return true
}
