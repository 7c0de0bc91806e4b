package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// vacant counts the code's places that are known not to be there: the room that they keep is the code's own.
func (c *code) vacant() int {
	n := 0
	for i := range c.Places {
		if c.Places[i].lost() {
			n++
		}
	}
	return n
}

// crowded reports whether the lock has said that it has no room for a code that somebody waits for.
func (c *code) crowded() bool {
	return !c.Spare && len(c.Places) == c.vacant() && c.noRoom()
}

// noRoom reports whether the lock has said that it has no room for the code.
func (c *code) noRoom() bool { return has(c.Issues, "no_space_for_access_code_on_device") }

// room returns the erase that makes room for a job: of an unpulled spare, else of a code loaded ahead that starts later. A spare that a
// cloud keeps for when there is room goes before all: it would have the place first.
func (d *device) room(v view, j *job) *intent {
	if j.Code.unpulled() {
		return nil
	}
	var last *code
	for _, c := range d.codes {
		if c == j.Code || len(c.Places) == 0 || c.Offline != lock.OfflineNone {
			continue
		}
		if c.unpulled() && c.noRoom() && c.Places[0].lost() && c.Places[0].Ref != "" {
			last = c
			break
		}
		if v.now.Before(c.NextTry) {
			continue
		}
		if p := &c.Places[0]; !p.Cleared.IsZero() || p.Doubt && !d.Device.Traits.CannotList || p.Blanked || (p.lost() || p.Pending) && d.Device.Traits.CannotList {
			continue // a look comes first; and of what resists an erase, or may not be there, another one makes no room
		}
		if c.unpulled() {
			if last == nil || !last.unpulled() || c.Created.After(last.Created) {
				last = c
			}
			continue
		}
		if last != nil && last.unpulled() || !c.Places[0].Native || c.window().Started(v.now) || !c.From.After(start(j.Code)) {
			continue
		}
		if last == nil || c.From.After(last.From) {
			last = c
		}
	}
	if last == nil {
		return nil
	}
	p := &last.Places[0]
	return &intent{Verb: CallClear, Code: last, Place: p.ID, At: p.Ref, For: j.Code, Reason: "makes room for " + string(j.Code.ID)}
}

// clash finds what else on the lock has these digits while win lasts. wait: it is on its way out, no need to say anything.
func (d *device) clash(now time.Time, c *code, pin vaultPIN, win lock.Window) (b *blocked, wait bool) {
	if pin.IsZero() {
		return nil, false
	}
	t := &d.Device.Traits
	for _, o := range d.codes {
		if o == c {
			continue
		}
		for i := range o.Places {
			p := &o.Places[i]
			if p.PIN != pin || p.Blanked || o.Offline != lock.OfflineNone {
				continue
			}
			if o.Holder != "" && o.Holder == c.Holder {
				if t.CannotList && !p.Cleared.IsZero() {
					continue // its erase will never be proven, and whether it still stands or not: it lets the same people in
				}
				if !t.UpdatesInPlace && !t.RefusesReuse && p.Window.Bounded() && !p.Window.Overlaps(win) {
					continue // it can't become the next stay's, so that stands beside it, for when it has ended
				}
			}
			b, wait = &blocked{Code: c, Issue: "duplicate_code_on_device", Other: o.ID}, o.yields(p, c, now)
			if !wait {
				return b, false
			}
		}
	}
	if b != nil {
		return b, true
	}
	for i := range d.Orphans {
		if p := &d.Orphans[i]; p.PIN == pin && !p.Blanked {
			return &blocked{Code: c, Issue: "duplicate_code_on_device", OtherRef: p.Ref}, true
		}
	}
	return d.outsider(c), false
}

// outsider finds a code of somebody else on the lock that has the digits of c at the same time.
func (d *device) outsider(c *code) *blocked {
	for i := range d.held {
		h := &d.held[i]
		if !h.Ours && h.PIN == c.PIN && !c.PIN.IsZero() && (d.Device.Traits.RefusesReuse || h.Window.Overlaps(c.window())) {
			return &blocked{Code: c, Issue: "duplicate_code_on_device", OtherRef: h.Ref}
		}
	}
	return nil
}

// yields reports whether the code's place will be gone, or have other digits, by itself before c needs those that it has.
func (o *code) yields(p *place, c *code, now time.Time) bool {
	return o.isOver(now) || !p.Cleared.IsZero() || p.PIN != o.PIN && o.Contended.IsZero() || !o.over().IsZero() && !o.over().After(c.From)
}

// used counts slots that are taken or may be.
func (d *device) used() int {
	n := len(d.Orphans)
	for i := range d.held {
		if !d.held[i].Ours {
			n++
		}
	}
	for _, c := range d.codes {
		if c.Offline == lock.OfflineNone {
			n += len(c.Places)
		}
	}
	return n
}

// going counts what was erased and is not known to be gone.
func (d *device) going() int {
	n := 0
	for i := range d.Orphans {
		if !d.Orphans[i].Cleared.IsZero() {
			n++
		}
	}
	for _, c := range d.codes {
		for i := range c.Places {
			if !c.Places[i].Cleared.IsZero() {
				n++
			}
		}
	}
	return n
}

// makeRoom gives the room that an erase has made, which was for nobody, to whom the lock has called itself full for and who comes first:
// they are tried again at once, and nobody else has to make room.
func (b *batch) makeRoom(d *device) {
	var first *code
	for _, c := range d.codes {
		if c.Crowded && b.wanted(d, c) && (first == nil || start(c).Before(start(first))) {
			first = c
		}
	}
	if first == nil {
		return
	}
	first.Crowded, first.NextTry, first.dirty = false, time.Time{}, true
	b.lower(d, first, "no_space_for_access_code_on_device") // should the lock say so again, one other may still make room
}

// free counts free slots; a lock that hides its capacity always has one.
func (d *device) free() int {
	if d.Device.Traits.Slots == 0 {
		return 1
	}
	return d.Device.Traits.Slots - d.used()
}

// slot is the lowest slot that nothing holds or may hold, and, if there is another, from which nothing was removed by hand and to
// which no write may be on its way.
func (d *device) slot() int {
	last := 0
	for n := 1; last == 0 || n <= d.Device.Traits.Slots; n++ {
		if d.slotTaken(n, nil) || slices.ContainsFunc(d.held, func(h entry) bool { return h.Slot == n }) {
			continue
		}
		removed := func(c *code) bool { return c.Honoured && c.Stood == n }
		coming := func(e erased) bool { return e.Late && e.Slot == n }
		if !slices.ContainsFunc(d.codes, removed) && !slices.ContainsFunc(d.Mislaid.list, coming) {
			return n
		}
		last = cmp.Or(last, n)
	}
	return last
}

// slotTaken reports whether anything but that place stands in a slot, or may.
func (d *device) slotTaken(n int, but *place) bool {
	for i := range d.held {
		if h := &d.held[i]; !h.Ours && h.Slot == n {
			return true
		}
	}
	for i := range d.Orphans {
		if d.Orphans[i].Slot == n {
			return true
		}
	}
	for _, c := range d.codes {
		for i := range c.Places {
			if p := &c.Places[i]; p != but && p.Slot == n {
				return true
			}
		}
	}
	return false
}
