package saltoks

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

const (
	again = 30 * time.Second // until a lock that could not be reached is tried again
	gives = 30 * time.Second // to a lock, to answer
)

// delivery is what a lock was told of a user, and has acknowledged.
type delivery struct {
	user *user
	ref  lock.Ref // by which the fleet knows it
	cred lock.Credential
	plan plan
}

// plan is when somebody may come in, by all schedules that say so.
type plan []facade.Turns

// unbroken reports whether it is one stretch.
func (p plan) unbroken() bool { return len(p) == 1 && p[0].Unbroken() }

// and is the plan with another schedule in it. Stretches that overlap are one.
func (p plan) and(t facade.Turns) plan {
	for i := range p {
		if p[i].Unbroken() && t.Unbroken() && p[i].Within.Overlaps(t.Within) {
			p[i].Within = hull(p[i].Within, t.Within)
			return p
		}
	}
	return append(p, t)
}

// next is the stretch that goes on, or the first one to come; false: there is none.
func (p plan) next(now time.Time) (first lock.Window, ok bool) {
	for _, t := range p {
		if w, more := t.Next(now); more && (!ok || w.From.Before(first.From)) {
			first, ok = w, true
		}
	}
	return first, ok
}

// soon has the locks told after a while. What changes within a second is told at once.
func (c *Cloud) soon(after time.Duration) {
	now := c.fleet.Now()
	at := now.Add(after + time.Second - 1).Truncate(time.Second)
	if c.rounds[at] {
		return
	}
	c.rounds[at] = true
	c.fleet.After(at.Sub(now), func() {
		delete(c.rounds, at)
		for _, d := range c.doors {
			c.deliver(d)
		}
	})
}

// wish is what a lock should hold of a user.
type wish struct {
	user *user
	cred lock.Credential
	plan plan
}

// wishes is what a lock should hold, in the order of its groups.
func (c *Cloud) wishes(d *door) []wish {
	var all []wish
	at := map[*user]int{}
	now := c.fleet.Now()
	for _, g := range c.groups {
		if !slices.Contains(g.locks, d) {
			continue
		}
		for _, s := range g.schedules {
			opens, ok := s.at(now)
			if !ok {
				continue
			}
			for _, u := range g.members {
				i, known := at[u]
				switch {
				case u.pin.IsZero() || u.lost || !u.usePIN || u.blocked || !u.seated:
				case known:
					all[i].plan = all[i].plan.and(opens)
				default:
					at[u] = len(all)
					all = append(all, wish{u, lock.Credential{Name: u.alias, PIN: u.pin, Enabled: true}, plan{opens}})
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(w wish) bool {
		_, opens := w.plan.next(now)
		return !opens && !w.plan.unbroken()
	})
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
	wishes := c.wishes(d)
	for _, id := range d.order() {
		x := d.delivered[id]
		if !slices.ContainsFunc(wishes, func(w wish) bool { return w.user == x.user }) {
			c.tell(d, sim.Call{Verb: "clear", At: x.ref}, x, func(sim.Result) { delete(d.delivered, id) })
			return
		}
	}
	for _, w := range wishes {
		have := d.delivered[w.user.id]
		if have != nil && have.cred == w.cred && slices.Equal(have.plan, w.plan) {
			continue
		}
		x := &delivery{user: w.user, cred: w.cred, plan: w.plan}
		call := sim.Call{Verb: "set", Want: w.cred}
		if call.Want.Window = w.plan[0].Within; !w.plan.unbroken() {
			call.Want.Window, _ = w.plan.next(c.fleet.Now())
		}
		if have != nil {
			call.At = have.ref
		}
		c.tell(d, call, x, func(r sim.Result) {
			x.ref = r.Held.Ref
			d.delivered[w.user.id] = x
			if !x.plan.unbroken() {
				facade.Turn(c.fleet, d.of.ID, x.ref, func(now time.Time) (lock.Window, bool) {
					next, more := x.plan.next(now)
					return next, more && d.delivered[x.user.id] == x
				})
			}
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
				if m.PIN == what.cred.PIN && m.Name == what.cred.Name && m.Window.Equal(x.Want.Window.Grain(d.of.Traits.Granularity)) {
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
	opens := facade.Turns{Zone: c.zone, Days: facade.EveryDay, Within: h.Window}
	c.users = append(c.users, u)
	c.groups = append(c.groups, &group{
		id: c.next("group"), name: "Residents", locks: []*door{d}, members: []*user{u},
		schedules: []*schedule{{id: c.next("schedule"), opens: opens, live: c.fleet.Now()}},
	})
	x := &delivery{user: u, ref: h.Ref, cred: lock.Credential{Name: u.alias, PIN: h.PIN, Enabled: true}, plan: plan{opens}}
	d.delivered[u.id] = x
	return x
}
