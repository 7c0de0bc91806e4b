package smartthings

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What a hub takes for a command, until its result is told: 2 to 6 s with the way over the radio.
const (
	hubLeast  = 1500 * time.Millisecond
	hubSpread = 2500
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

// listed finds what the hub believes to be in a slot.
func (c *Cloud) listed(d *door, slot int) (sim.Memory, bool) {
	all := c.fleet.Listed(d.of.ID)
	i := slices.IndexFunc(all, func(m sim.Memory) bool { return m.Slot == slot })
	if i < 0 {
		return sim.Memory{}, false
	}
	return all[i], true
}

// obeyLegacy is lockCodes.
func (c *Cloud) obeyLegacy(d *door, x *command) {
	switch x.Command {
	case "setCode":
		if slot, digits, name := x.numbers[0], x.texts[1], x.texts[2]; digits == "" {
			c.rename(d, slot, name)
		} else {
			c.later(d, func() { c.setCode(d, slot, digits, name) })
		}
	case "nameSlot":
		c.rename(d, x.numbers[0], x.texts[1])
	case "deleteCode":
		c.later(d, func() { c.deleteCode(d, x.numbers[0]) })
	case "updateCodes":
		names := make([]string, 0, len(x.objects[0]))
		for name := range x.objects[0] {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			var digits string
			number, ok := strings.CutPrefix(name, "code")
			slot, err := strconv.Atoi(number)
			if !ok || err != nil || json.Unmarshal(x.objects[0][name], &digits) != nil {
				continue
			}
			c.later(d, func() {
				if digits == "" || digits == "0" {
					c.deleteCode(d, slot)
				} else {
					c.setCode(d, slot, digits, "")
				}
			})
		}
	case "requestCode":
		c.later(d, func() { c.request(d, x.numbers[0]) })
	case "reloadAllCodes":
		c.reload(d)
	case "migrate":
		c.later(d, func() { c.migrate(d) })
	}
}

// setCode writes a slot. A slot that there is not is ignored without a word.
func (c *Cloud) setCode(d *door, slot int, digits, name string) {
	if slot < 1 || slot > d.of.Traits.Slots {
		return
	}
	before, had := c.listed(d, slot)
	if name == "" {
		name = "Code " + strconv.Itoa(slot)
		if before.Name != "" {
			name = before.Name
		}
	}
	pin, err := lock.ParsePIN(digits)
	if err != nil || c.CodeLength > 0 && len(digits) != c.CodeLength {
		c.failed(d, slot, lock.PIN{})
		return
	}
	c.fleet.Call(sim.Call{Verb: "set", Device: d.of.ID, Passed: true, Want: lock.Credential{Name: name, PIN: pin, Enabled: true, Slot: slot}}, func(r sim.Result) {
		switch {
		case r.Err == nil && had:
			c.changed(d, c.fleet.Now(), slot, "changed", name)
		case r.Err == nil:
			c.changed(d, c.fleet.Now(), slot, "set", name)
		case unheard(r):
			return
		default:
			c.failed(d, slot, pin)
			return
		}
		c.learn(d)
		c.fleet.Hint(d.of.ID)
	})
}

// unheard reports whether nothing came back from a lock, not even a refusal.
func unheard(r sim.Result) bool {
	return slices.Contains([]string{"offline", "ambiguous", "throttled"}, r.Err.Kind.String())
}

// failed tells that a slot was not written, and not why.
func (c *Cloud) failed(d *door, slot int, pin lock.PIN) {
	if c.FailsElsewhere {
		for _, m := range c.fleet.Listed(d.of.ID) {
			if m.PIN == pin {
				slot = m.Slot
			}
		}
	}
	c.changed(d, c.fleet.Now(), slot, "failed", "")
	c.fleet.Hint(d.of.ID)
}

func (c *Cloud) deleteCode(d *door, slot int) {
	_, had := c.listed(d, slot)
	c.fleet.Call(sim.Call{Verb: "clear", Device: d.of.ID, Passed: true, At: lock.Ref(strconv.Itoa(slot))}, func(r sim.Result) {
		if r.Err != nil {
			return
		}
		what := "deleted"
		if !had {
			what = "unset"
		}
		c.changed(d, c.fleet.Now(), slot, what, "")
		c.learn(d)
		c.fleet.Hint(d.of.ID)
	})
}

// rename gives a code another name, of which the lock knows nothing.
func (c *Cloud) rename(d *door, slot int, name string) {
	c.later(d, func() {
		if c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditName, Slot: slot, Name: name}) == nil {
			c.changed(d, c.fleet.Now(), slot, "renamed", name)
			c.learn(d)
		}
	})
}

// request reads one slot again.
func (c *Cloud) request(d *door, slot int) {
	c.fleet.Call(sim.Call{Verb: "observe", Device: d.of.ID, Passed: true}, func(r sim.Result) {
		if r.Err != nil || r.Observation.Reach != lock.Reached {
			return
		}
		c.fleet.Reread(d.of.ID)
		if m, ok := c.listed(d, slot); ok {
			c.changed(d, c.fleet.Now(), slot, "changed", m.Name)
		} else {
			c.changed(d, c.fleet.Now(), slot, "unset", "")
		}
		c.notice(d)
		c.fleet.Hint(d.of.ID)
	})
}

// reload reads every slot again, and tells of the empty ones too.
func (c *Cloud) reload(d *door) {
	c.tell(d, c.fleet.Now(), "lockCodes", "scanCodes", "Scanning", nil)
	c.later(d, func() {
		c.fleet.Call(sim.Call{Verb: "observe", Device: d.of.ID, Passed: true}, func(r sim.Result) {
			if r.Err != nil || r.Observation.Reach != lock.Reached {
				return
			}
			c.fleet.Reread(d.of.ID)
			c.notice(d)
			for slot := 1; slot <= min(d.of.Traits.Slots, emptyTold); slot++ {
				if _, ok := c.listed(d, slot); !ok {
					c.changed(d, c.fleet.Now(), slot, "unset", "")
				}
			}
			c.tell(d, c.fleet.Now(), "lockCodes", "scanCodes", "Complete", nil)
			c.fleet.Hint(d.of.ID)
		})
	})
}

const emptyTold = 8 // empty slots of which a scan tells

// migrate makes a lock of the first generation one of the second, with a user for each code.
func (c *Cloud) migrate(d *door) {
	if d.gen != legacy {
		return
	}
	d.gen = migrated
	c.learn(d)
	c.tell(d, c.fleet.Now(), "lockCodes", "migrated", true, nil)
}
