package saltoks

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// How long what changes in the cloud takes until the locks know it, unless the site is told otherwise. At a real door a member took
// 45 seconds and a schedule 210; tests on the machine's clock need not wait for that.
const (
	memberTakes   = 2 * time.Second
	scheduleTakes = 5 * time.Second
	again         = 30 * time.Second // until a lock that could not be reached is tried again
	gives         = 30 * time.Second // to a lock, to answer
)

// delivery is what a lock was told of a user, and has acknowledged.
type delivery struct {
	user *user
	ref  lock.Ref // by which the fleet knows it
	cred lock.Credential
}

// soon has the locks told after a while.
func (c *Cloud) soon(after time.Duration) {
	c.fleet.After(after, func() {
		for _, d := range c.doors {
			c.deliver(d)
		}
	})
}

// wanted is what a lock should hold of a user; false: nothing.
func (c *Cloud) wanted(d *door, u *user) (lock.Credential, bool) {
	cred := lock.Credential{Name: u.alias, PIN: u.pin, Enabled: true}
	if u.pin.IsZero() || u.lost || !u.usePIN || u.blocked || !u.seated {
		return cred, false
	}
	now, found := c.fleet.Now(), false
	for _, g := range c.groups {
		if !slices.Contains(g.locks, d) || !slices.Contains(g.members, u) {
			continue
		}
		for _, s := range g.schedules {
			w, ok := s.at(now)
			switch {
			case !ok:
			case !found:
				cred.Window, found = w, true
			default:
				cred.Window = hull(cred.Window, w)
			}
		}
	}
	return cred, found
}

// hull is the least window that covers two.
func hull(a, b lock.Window) lock.Window {
	if a.IsZero() || b.IsZero() {
		return lock.Window{}
	}
	if b.From.Before(a.From) {
		a.From = b.From
	}
	if !b.Bounded() || a.Bounded() && b.To.After(a.To) {
		a.To = b.To
	}
	return a
}

// deliver tells a lock the first thing that it does not know yet; the next follows.
func (c *Cloud) deliver(d *door) {
	if d.busy {
		return
	}
	c.adopt(d)
	for _, id := range d.order() {
		x := d.delivered[id]
		if _, ok := c.wanted(d, x.user); !ok {
			c.tell(d, sim.Call{Verb: "clear", At: x.ref}, x, func(sim.Result) { delete(d.delivered, id) })
			return
		}
	}
	for _, u := range c.users {
		cred, ok := c.wanted(d, u)
		have := d.delivered[u.id]
		if !ok || have != nil && have.cred == cred {
			continue
		}
		x := &delivery{user: u, cred: cred}
		call := sim.Call{Verb: "set", Want: cred}
		if have != nil {
			call.At = have.ref
		}
		c.tell(d, call, x, func(r sim.Result) {
			x.ref = r.Held.Ref
			d.delivered[u.id] = x
		})
		return
	}
}

// order lists who is delivered, always in the same order.
func (d *door) order() []string {
	var all []string
	for id := range d.delivered {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// tell makes one write at a lock.
func (c *Cloud) tell(d *door, x sim.Call, what *delivery, done func(sim.Result)) {
	d.busy = true
	x.Device, x.Passed, x.Deadline = d.of.ID, true, c.fleet.Now().Add(gives)
	c.fleet.Call(x, func(r sim.Result) {
		d.busy = false
		if r.Err != nil && r.Err.Vendor == "duplicate_pin" {
			// The lock has it from a write whose answer was lost.
			for _, m := range c.fleet.Memory(d.of.ID) {
				if m.PIN == what.cred.PIN && m.Name == what.cred.Name && m.Window.Equal(what.cred.Window.Grain(d.of.Traits.Granularity)) {
					r = sim.Result{Held: lock.Held{Ref: m.Ref}}
				}
			}
		}
		if r.Err != nil {
			c.fleet.After(again, func() { c.deliver(d) })
			return
		}
		done(r)
		c.fleet.After(time.Second, func() { c.deliver(d) })
	})
}

// adopt takes into the books what hands have changed at a lock, or an administrator in the app.
func (c *Cloud) adopt(d *door) {
	if d.busy {
		return
	}
	listed := c.fleet.Listed(d.of.ID)
	of := map[lock.Ref]*delivery{}
	for _, x := range d.delivered {
		of[x.ref] = x
	}
	for _, h := range listed {
		x := of[h.Ref]
		if x == nil {
			x = c.resident(d, h)
		}
		if x.cred.PIN != h.PIN && !h.PIN.IsZero() {
			x.user.pin, x.cred.PIN = h.PIN, h.PIN
		}
		if x.cred.Name != h.Name && h.Name != "" {
			x.user.alias, x.cred.Name = h.Name, h.Name
		}
		if x.cred.Enabled != h.Enabled {
			x.user.blocked, x.cred.Enabled = !h.Enabled, h.Enabled
		}
	}
	for _, id := range d.order() {
		x := d.delivered[id]
		if !slices.ContainsFunc(listed, func(m sim.Memory) bool { return m.Ref == x.ref }) && !c.holds(d, x.ref) {
			delete(d.delivered, id)
			for _, g := range c.groups {
				g.members = slices.DeleteFunc(g.members, func(u *user) bool { return u == x.user })
			}
			c.forget(x.user)
		}
	}
}

func (c *Cloud) holds(d *door, ref lock.Ref) bool {
	return slices.ContainsFunc(c.fleet.Memory(d.of.ID), func(m sim.Memory) bool { return m.Ref == ref })
}

// resident is a user whom an administrator has given a PIN in the app.
func (c *Cloud) resident(d *door, h sim.Memory) *delivery {
	u := &user{
		id: c.next("site user"), platform: c.next("user"), alias: h.Name, born: c.fleet.Now(), usePIN: true, seated: true, pin: h.PIN, blocked: !h.Enabled, byHand: true,
	}
	if u.alias == "" {
		u.alias = "Resident"
	}
	days := map[string]bool{}
	for _, day := range weekdays() {
		days[day] = true
	}
	c.users = append(c.users, u)
	c.groups = append(c.groups, &group{
		id: c.next("group"), name: "Residents", locks: []*door{d}, members: []*user{u},
		schedules: []*schedule{{id: c.next("schedule"), days: days, window: h.Window, live: c.fleet.Now()}},
	})
	x := &delivery{user: u, ref: h.Ref, cred: lock.Credential{Name: u.alias, PIN: h.PIN, Window: h.Window, Enabled: true}}
	d.delivered[u.id] = x
	return x
}
