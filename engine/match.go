package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// matched lays what the lock holds beside what it should hold.
func (b *batch) matched(d *device, o lock.Observation, first bool) {
	now := b.now
	seen := b.e.listed[:0]
	for _, h := range o.Held {
		if vacant(h) {
			continue
		}
		seen = append(seen, entry{Ref: h.Ref, Tag: h.Tag, Name: h.Name, PIN: vaultPIN{h.PIN}, Window: h.Window, Weekly: h.Weekly, Enabled: h.Enabled, Slot: h.Slot})
	}
	for _, c := range append([]*code(nil), d.codes...) {
		for i := 0; i < len(c.Places); i++ {
			p := &c.Places[i]
			if c.Offline != lock.OfflineNone {
				if x := find(seen, d, c, p); x != nil {
					x.Code, x.Ours = c.ID, true // a vendor may list what the lock was never told
				}
				continue
			}
			was := *p
			if p.Reported.IsZero() || !p.Cleared.IsZero() {
				p.Looks++
			}
			x := find(seen, d, c, p)
			p.Kept = p.Kept && (o.Source == lock.SourceCloud || x == nil && !o.Complete)
			switch {
			case x != nil:
				x.Code, x.Ours = c.ID, true
				p.Pending = pending(o.Held, x.Ref)
				b.present(d, c, p, x, o)
				c.dirty = c.dirty || !p.listedAgain(was)
			case o.Complete:
				perhaps := maybeStands(seen, p)
				if b.absent(d, c, p, o.Source) {
					c.Unproven = c.Unproven || perhaps && c.isOver(now)
					i--
				}
			default:
				c.dirty = true // it is in no list that freshen would find it in
			}
		}
	}
	for i := 0; i < len(d.Orphans); i++ {
		p := &d.Orphans[i]
		p.Looks++
		x := find(seen, d, nil, p)
		switch {
		case x != nil:
			x.Ours = true
			p.Doubt = false
			p.Ref, p.Slot, p.Seen = x.Ref, x.Slot, now
			if o.Source == lock.SourceLock && !pending(o.Held, x.Ref) {
				p.Reported = now
			}
			if p.Blanked && !x.PIN.IsZero() && x.PIN != p.PIN {
				p.unblank(x.PIN)
			}
			if !p.Cleared.IsZero() {
				p.Cleared, p.Looks = time.Time{}, 0
			}
		case o.Complete && (o.Source == lock.SourceLock || p.Cleared.IsZero() || !now.Before(p.Cleared.Add(orphanRest))):
			d.remember(p, "", now)
			if t := &d.Device.Traits; t.NameMax == 0 {
				d.mislay(p, "", now) // without its name on it, it would come back as somebody else's
			}
			d.Orphans = append(d.Orphans[:i:i], d.Orphans[i+1:]...)
			i--
		}
	}
	b.e.listed = b.outsiders(d, seen, o.Complete, first)
}

// listedAgain reports whether a look taught no more of a place than that it is there still. Its code is not written for that, which
// would be most of what is ever written: the list is, and tells it to freshen.
func (p *place) listedAgain(was place) bool {
	if was.Seen.IsZero() || was.Reported.IsZero() != p.Reported.IsZero() {
		return false
	}
	was.Seen, was.Reported = p.Seen, p.Reported
	return *p == was
}

// freshen gives the places of a device that was read from the store the times of its last look, for those that it listed.
func (d *device) freshen() {
	if !d.Look.Listed {
		return
	}
	for i := range d.held {
		x := &d.held[i]
		c := d.find(x.Code)
		if c == nil {
			continue
		}
		for k := range c.Places {
			p := &c.Places[k]
			if p.Ref != x.Ref || p.Slot != x.Slot || p.Seen.IsZero() {
				continue
			}
			p.Seen = d.Look.At
			if !p.Reported.IsZero() && d.Look.Source == lock.SourceLock && !p.Pending {
				p.Reported = d.Look.At
			}
		}
	}
}

// maybeStands reports whether what was erased at a place may be there still, by another name: something is, with its digits hidden.
func maybeStands(seen []entry, p *place) bool {
	return !p.Cleared.IsZero() && p.Ref != "" && slices.ContainsFunc(seen, func(x entry) bool {
		return x.Ref == p.Ref && x.PIN.IsZero() && !ourTag(x.Tag)
	})
}

// pending reports whether a list says of an entry that it is not yet on the lock.
func pending(held []lock.Held, ref lock.Ref) bool {
	return slices.ContainsFunc(held, func(h lock.Held) bool { return h.Pending && h.Ref == ref })
}

// vacant reports whether what a lock lists is an empty slot: disabled zeros that nobody has given a name or a window.
func vacant(h lock.Held) bool {
	return !h.Enabled && h.PIN.Zeros() && h.Name == "" && h.Tag == "" && h.Window.IsZero()
}

// find picks the entry that a place, of code c or an orphan, stands for: by the handle that its write gave it, by that which lists
// gave it, by its tag, by its slot.
func find(seen []entry, d *device, c *code, p *place) *entry {
	named := d.Device.Traits.NameMax > 0 && c != nil // the lock keeps our tag, so that another's entry in our slot shows
	for i := range seen {
		if x := &seen[i]; c != nil && p.Given != "" && !x.Ours && x.Ref == p.Given && c.marked(p, x) {
			return x
		}
	}
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref == "" || x.Ref != p.Ref || p.Slot != 0 && x.Slot != p.Slot {
			continue
		}
		if c == nil && p.supplanted(x) {
			continue
		}
		if named && !c.marked(p, x) && !d.keepsHandle(p, x) && (x.PIN.IsZero() || x.PIN != p.PIN && !(p.Blanked && x.PIN == c.PIN) || p.Hand || d.renamed(c, p, x)) {
			continue
		}
		return x
	}
	if c != nil {
		for i := range seen {
			x := &seen[i]
			other := func(o place) bool { return o.ID != p.ID && o.Ref == x.Ref && x.Ref != "" }
			if !x.Ours && c.marked(p, x) && (p.PIN.IsZero() || x.PIN.IsZero() || x.PIN == p.PIN || p.Ref == "") && !slices.ContainsFunc(c.Places, other) {
				return x
			}
		}
	}
	for i := range seen {
		x := &seen[i]
		if x.Ours || p.Ref != "" && !d.Device.Traits.ClientSlots {
			continue
		}
		if named && (!p.Cleared.IsZero() && p.Clears == 1 && x.PIN.IsZero() || d.renamed(c, p, x)) {
			continue // its slot was erased at once, and what stands there now goes by another name
		}
		if named && p.Hand && !x.PIN.IsZero() && !c.marked(p, x) {
			continue // whoever gave it these digits has written an entry of their own
		}
		if named && x.PIN.IsZero() && ourTag(x.Tag) && !c.marked(p, x) {
			continue // another code of ours stands there: this one has not landed
		}
		if p.Slot != 0 && x.Slot == p.Slot && (x.PIN.IsZero() || x.PIN == p.PIN) {
			return x
		}
		if p.Ref == "" && p.Slot == 0 && x.Tag == "" && !x.PIN.IsZero() && x.PIN == p.PIN && x.Name == p.Name {
			return x
		}
	}
	return nil
}

// supplanted reports whether what stands where nobody's code was to be erased is somebody else's: it has other digits, and not our name, so
// that an erase has landed, however late.
func (p *place) supplanted(x *entry) bool {
	return !p.Tried.IsZero() && !p.Blanked && !p.PIN.IsZero() && !x.PIN.IsZero() && x.PIN != p.PIN && !ourTag(x.Tag)
}

// keepsHandle reports whether an entry under the handle that the lock gave to a place, whose digits are hidden, has only got another name:
// nobody has asked for its erase, and no other code of ours is called so.
func (d *device) keepsHandle(p *place, x *entry) bool {
	return !d.Device.Traits.ClientSlots && x.PIN.IsZero() && p.Cleared.IsZero() && !p.lost() && !ourTag(x.Tag)
}

// renamed reports whether what stands where a place of the code was erased, without our name, is somebody else's: it has digits that the
// code never asked for, or went by our name until then, so that it was written since, be it with the same digits. A call in doubt may
// not have been an erase that happened: then both must hold.
func (d *device) renamed(c *code, p *place, x *entry) bool {
	doubted := p.Cleared.IsZero() && p.Doubt
	if p.Cleared.IsZero() && !doubted || c.marked(p, x) {
		return false
	}
	other := !x.PIN.IsZero() && x.PIN != c.PIN && !p.Blanked
	ours := slices.ContainsFunc(d.held, func(h entry) bool { return h.Code == c.ID && h.Ref == x.Ref && c.marked(p, &h) })
	return other && ours || !doubted && (other || ours)
}

// marked reports whether an entry goes by the tag of the code, or by that which its place p had before.
func (c *code) marked(p *place, x *entry) bool {
	return x.Tag == c.mark() || p.Tag != "" && x.Tag == p.Tag
}
