package ttlock

import (
	"maps"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

const (
	wakes = 5 * time.Second  // until a lock that saves power asks for what there is to do
	again = 30 * time.Second // until it is tried once more
)

// queue takes a write for a lock that saves power. good looks at the list and refuses, or returns what the books then say.
func (c *Cloud) queue(r *request, x sim.Call, good func([]passcode) (int, *note), answer func(*note)) {
	d := r.door
	c.look(r, func(o lock.Observation) {
		code, n := 0, (*note)(nil)
		switch {
		case d.unpaired:
			code = noGateway
		case !d.sleepy || d.gateway != nil:
			code = notSupported
		default:
			code, n = good(c.passcodes(d, o.Held))
		}
		if code != 0 {
			r.fail(code)
			return
		}
		x.Device = d.of.ID
		x.Taken = func() {
			d.enter(n)
			c.deliverIn(d, wakes)
		}
		c.call(r, x, func(sim.Result) { answer(n) })
	})
}

// forget drops the numbers of passcodes that the lock has no more.
func (c *Cloud) forget(d *door) {
	maps.DeleteFunc(d.ids, func(ref lock.Ref, _ int64) bool {
		return !slices.ContainsFunc(c.fleet.Memory(d.of.ID), func(m sim.Memory) bool { return m.Ref == ref })
	})
}

// deliverIn turns to what waits for a lock after a while.
func (c *Cloud) deliverIn(d *door, after time.Duration) {
	c.fleet.After(after, func() { c.deliver(d) })
}

// deliver hands the oldest write that waits to the lock; the next follows it.
func (c *Cloud) deliver(d *door) {
	i := slices.IndexFunc(d.books, (*note).pending)
	if i < 0 || d.delivering {
		return
	}
	n := d.books[i]
	x := sim.Call{Verb: "set", Device: d.of.ID, Want: n.want, At: n.ref, Passed: true, Deadline: c.fleet.Now().Add(gives)}
	if n.gone {
		x.Verb, x.Want = "clear", lock.Credential{}
	}
	d.delivering = true
	c.fleet.Call(x, func(result sim.Result) {
		d.delivering = false
		switch {
		case result.Err == nil:
			if n.state == stateAdding {
				if d.ids[result.Held.Ref] = n.id; len(d.ids) > booksKept {
					c.forget(d)
				}
			}
			d.scratch(n.id)
		case !result.Err.Kind.Definite() || slices.Contains([]string{"lock_offline", "hub_offline", "queue_full"}, result.Err.Vendor):
			c.deliverIn(d, again)
			return
		default:
			n.state++ // to that of the failure
			n.refused = meaning(result.Err.Vendor, d)
			c.fleet.Hint(d.of.ID)
		}
		c.deliverIn(d, time.Second)
	})
}
