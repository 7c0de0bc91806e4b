package hubitat

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What a hub takes for a command besides the way over the radio: up to 5 s.
const (
	hubLeast  = 500 * time.Millisecond
	hubSpread = 4500
)

// later has the hub do something when it has done what it was asked before.
func (c *Cloud) later(d *door, do func()) {
	c.made++
	now := c.fleet.Now()
	if d.free.Before(now) {
		d.free = now
	}
	d.free = d.free.Add(hubLeast + time.Duration(c.made*7919%hubSpread)*time.Millisecond)
	c.fleet.After(d.free.Sub(now), do)
}

// command takes one. The answer is the device as it stood before the lock has acted.
func (c *Cloud) command(r *request, name, args string) {
	if !slices.Contains(commands(), name) {
		r.reply(c.failure(http.StatusInternalServerError, "command not found"))
		return
	}
	d := r.door
	parts := strings.SplitN(args, ",", 3)
	position, err := strconv.Atoi(parts[0])
	if slices.Contains([]string{"setCode", "deleteCode", "setCodeLength"}, name) && (args == "" || err != nil) {
		r.reply(c.failure(http.StatusInternalServerError, "argument type mismatch"))
		return
	}
	verb := "set"
	if name == "deleteCode" {
		verb = "clear"
	}
	var before map[string]any
	take := func() {
		before = c.object(d, c.listed(d))
		switch name {
		case "setCode":
			c.setCode(d, position, parts[1:])
		case "deleteCode":
			c.deleteCode(d, position)
		case "getCodes":
			c.getCodes(d)
		case "setCodeLength":
			c.setLength(d, position)
		case "lock", "unlock":
			c.move(d, name)
		}
	}
	c.call(r, sim.Call{Verb: verb, Device: d.of.ID, Taken: take}, func(sim.Result) {
		if before == nil {
			before = c.object(d, c.listed(d)) // the command was lost
		}
		r.json(http.StatusOK, before)
	})
}

// refused reports whether the vendor's own driver would do nothing, and say so in its log only.
func (c *Cloud) refused(d *door, slot int, digits, name string) bool {
	if slot < 1 || slot > c.slots(d) || digits == "" {
		return true
	}
	if !d.virtual {
		return false
	}
	for _, m := range c.fleet.Listed(d.of.ID) {
		if m.Slot != slot && (m.Name == name || m.PIN.Reveal() == digits) {
			return true
		}
	}
	return c.length(d) > 0 && len(digits) > c.length(d)
}

func (c *Cloud) setCode(d *door, slot int, args []string) {
	digits, name := "", "code #"+strconv.Itoa(slot)
	if len(args) > 0 {
		digits = args[0]
	}
	if len(args) > 1 {
		name = args[1]
	}
	if c.LosesZeros {
		digits = strings.TrimLeft(digits, "0")
	}
	if c.refused(d, slot, digits, name) {
		return
	}
	c.later(d, func() {
		pin, err := lock.ParsePIN(digits)
		if err != nil || c.length(d) > 0 && len(digits) != c.length(d) && !d.virtual {
			c.failed(d, slot, name)
			return
		}
		_, had := d.known[slot]
		c.fleet.Call(sim.Call{Verb: "set", Device: d.of.ID, Passed: true, Want: lock.Credential{Name: name, PIN: pin, Enabled: true, Slot: slot}}, func(r sim.Result) {
			switch {
			case r.Err == nil && had:
				c.changes(d, "changed", slot, name, pin)
			case r.Err == nil:
				c.changes(d, "added", slot, name, pin)
			case slices.Contains([]string{"offline", "ambiguous", "throttled"}, r.Err.Kind.String()):
				return // nothing is heard of it
			default:
				c.failed(d, slot, name)
				return
			}
			c.learn(d)
			c.fleet.Hint(d.of.ID)
		})
	})
}

// failed tells that the lock has refused; the vendor's own driver never does.
func (c *Cloud) failed(d *door, slot int, name string) {
	if !d.virtual {
		c.changes(d, "failed", slot, name, lock.PIN{})
		c.fleet.Hint(d.of.ID)
	}
}

// deleteCode does nothing about an empty slot.
func (c *Cloud) deleteCode(d *door, slot int) {
	c.later(d, func() {
		was, had := d.known[slot]
		c.fleet.Call(sim.Call{Verb: "clear", Device: d.of.ID, Passed: true, At: lock.Ref(strconv.Itoa(slot))}, func(r sim.Result) {
			if r.Err != nil || !had {
				return
			}
			c.changes(d, "deleted", slot, was.name, was.pin)
			c.learn(d)
			c.fleet.Hint(d.of.ID)
		})
	})
}

// getCodes reads every slot again.
func (c *Cloud) getCodes(d *door) {
	c.later(d, func() {
		c.fleet.Call(sim.Call{Verb: "observe", Device: d.of.ID, Passed: true}, func(r sim.Result) {
			if r.Err == nil && r.Observation.Reach == lock.Reached {
				c.fleet.Reread(d.of.ID)
				c.fleet.Hint(d.of.ID)
			}
		})
	})
}

func (c *Cloud) setLength(d *door, length int) {
	c.later(d, func() {
		d.length = length
		if !c.LengthWipes {
			return
		}
		for _, m := range c.fleet.Listed(d.of.ID) {
			c.deleteCode(d, m.Slot)
		}
	})
}

// move turns the bolt, if the lock can be reached.
func (c *Cloud) move(d *door, command string) {
	c.later(d, func() {
		if c.fleet.Reach(d.of.ID) == lock.Reached {
			d.bolt = command + "ed"
			d.tell(event{at: c.fleet.Now(), name: "lock", value: d.bolt, kind: "digital", description: d.of.Name + " was " + d.bolt})
			c.fleet.Hint(d.of.ID)
		}
	})
}
