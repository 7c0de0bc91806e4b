package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	manyPulled = 3              // backups in use at once that call a lock unhealthy
	renewing   = 24 * time.Hour // how long a spare that is not ready yet keeps others from being renewed
)

// pool keeps the backup pool of a device as the policy wishes it.
func (b *batch) pool(d *device, policy Policy) {
	now := b.now
	want := 0
	if d.Pool && !d.isRetired() && poolable(d.Device.Traits) {
		want = policy.PoolSize
	}
	var spares, ready, placed, pulled int
	short := false              // the lock takes none, or not yet
	young := d.young(policy, b) // one is renewed after the other, so that there are others to pull meanwhile
	for i := len(d.codes) - 1; i >= 0; i-- {
		c := d.codes[i]
		short = short || c.crowded()
		if !c.Spare || !c.Deleted.IsZero() {
			continue
		}
		if !c.unpulled() {
			if !c.isOver(now) {
				pulled++
			}
			continue
		}
		old := !now.Before(c.Created.Add(policy.PoolRotate)) && (!young || !d.ready(c, policy, b))
		if spares >= want || old || d.Device.Traits.CannotList && c.gaveWay() {
			c.Deleted, c.dirty = now, true
			young = young || old
			continue
		}
		spares++
		short = short || c.noRoom() || has(c.Issues, "failed_to_set_on_device")
		if len(c.Places) > 0 {
			placed++
		}
		if d.ready(c, policy, b) {
			ready++
		}
	}
	room := want
	if d.Device.Traits.Slots > 0 {
		room = d.free() - d.dueSoon(b, policy) + placed
	}
	for ; spares < want && spares < room; spares++ {
		d.Spares++
		id := lock.CodeID(fmt.Sprintf("%s.backup-%d", d.id(), d.Spares))
		pin, ok := b.e.draw(d, string(id), 0, 0)
		if !ok {
			break
		}
		c := &code{ID: id, Device: d.id(), Name: "Backup " + itoa(int64(d.Spares)), PIN: pin, Drawn: true, Spare: true, Created: now, Was: StatusSetting}
		b.insert(d, c)
		d.dirtyRun = true
	}
	b.setDevice(d, want > 0 && ready == 0, "empty_backup_access_code_pool", nil)
	b.setDevice(d, ready > 0 && ready < want && (room < want || short || !d.Down.IsZero()), "partial_backup_access_code_pool", nil)
	b.setDevice(d, pulled >= manyPulled, "many_active_backup_codes", nil)
}

// young reports whether a spare that was made a short time ago is not ready yet.
func (d *device) young(policy Policy, b *batch) bool {
	return slices.ContainsFunc(d.codes, func(c *code) bool {
		return c.unpulled() && c.Deleted.IsZero() && b.now.Sub(c.Created) < renewing && !d.ready(c, policy, b)
	})
}

// gaveWay reports whether a spare was erased to make room. Where that can't be seen it is not written again: another takes its place.
func (c *code) gaveWay() bool { return len(c.Places) > 0 && !c.Places[0].Cleared.IsZero() }

// ready reports whether a spare stands on the lock and can be given out.
func (d *device) ready(c *code, policy Policy, b *batch) bool {
	for i := range c.Places {
		if d.serves(b.now, c, &c.Places[i], &policy) {
			return true
		}
	}
	return false
}

// dueSoon counts codes that will want a slot within the native lead and have none yet.
func (d *device) dueSoon(b *batch, policy Policy) int {
	n := 0
	for _, c := range d.codes {
		if !c.Spare && !c.Honoured && c.Offline == lock.OfflineNone && len(c.Places) == 0 && !c.isOver(b.now) && c.From.Sub(b.now) <= policy.NativeLead {
			n++
		}
	}
	return n
}

// spare returns the ready spare that is given out next: the oldest.
func (d *device) spare(b *batch, policy Policy) *code {
	var first *code
	for _, c := range d.codes {
		if c.unpulled() && c.Deleted.IsZero() && d.ready(c, policy, b) && (first == nil || c.Created.Before(first.Created)) {
			first = c
		}
	}
	return first
}

// pull binds a spare to a code: it works at once, and until the code's end. It keeps its name: a lock in trouble is not written to
// for that.
func (b *batch) pull(d *device, c, s *code) {
	s.PulledFor, s.From, s.To = c.ID, b.now, c.To
	s.Holder, s.dirty = c.Holder, true
	c.Pulled, c.dirty = s.ID, true
	b.event(Event{Type: "access_code.backup_access_code_pulled", Account: d.Device.Account, Device: d.id(), Code: c.ID, Backup: s.ID})
}

// pullAt is when a code that is not on the lock gets a spare: ten minutes before its start, and, as long as nothing has failed,
// not before it had the time to be written.
func (d *device) pullAt(c *code, w delivery, p *Policy) time.Time {
	at := c.From.Add(-autoPullLead)
	if c.Attempts > 0 || !d.Down.IsZero() {
		return at
	}
	due := latest(latest(w.Due, w.Holds), c.Created)
	return latest(at, due.Add(2*p.CallTimeout)) // a look and a write
}

// autoPull gives a code that is due within minutes and not on the lock its spare, by policy.
func (b *batch) autoPull(d *device, c *code, policy Policy) {
	if c.Spare || c.Honoured || c.kind() != TimeBound || c.Pulled != "" || c.isOver(b.now) || c.Offline != lock.OfflineNone || b.now.Before(d.pullAt(c, d.deliver(b.now, c, &policy), &policy)) {
		return
	}
	for i := range c.Places {
		if d.serves(b.now, c, &c.Places[i], &policy) {
			return
		}
	}
	if s := d.spare(b, policy); s != nil {
		b.pull(d, c, s)
	}
}
