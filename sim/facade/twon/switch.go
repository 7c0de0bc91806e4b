package twon

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// onFor is how long the switch stays on after a trigger.
const onFor = 5 * time.Second

func (c *Cloud) switchCaps(r *request) {
	c.look(r, func(lock.Observation) {
		r.done(map[string]any{"switches": []map[string]any{{"switch": 1, "enabled": true, "mode": "monostable", "switchOnDuration": 5, "type": "normal"}}})
	})
}

func (c *Cloud) switchStatus(r *request) {
	c.look(r, func(lock.Observation) {
		d := r.door
		r.done(map[string]any{"switches": []map[string]any{{"switch": 1, "active": d.active, "locked": d.locked, "held": d.held}}})
	})
}

func (c *Cloud) switchCtrl(r *request) {
	if r.Query.Get("switch") != "1" {
		r.fail(badValue, "switch")
		return
	}
	c.look(r, func(lock.Observation) {
		d := r.door
		switch r.Query.Get("action") {
		case "on", "trigger":
			if d.locked {
				r.fail(unspecified, "")
				return
			}
			c.open(d)
		case "off":
			d.active = false
		case "lock":
			d.locked, d.active = true, false
		case "unlock":
			d.locked = false
		case "hold":
			d.held, d.active = true, true
		case "release":
			d.held, d.active = false, false
		case "":
			r.fail(missing, "action")
			return
		default:
			r.fail(badValue, "action")
			return
		}
		r.done(nil)
	})
}

// open puts the switch on for a while.
func (c *Cloud) open(d *door) {
	d.active = true
	c.note(d, c.fleet.Now(), "SwitchStateChanged", map[string]any{"switch": 1, "state": true, "originator": "api"})
	c.fleet.After(onFor, func() { d.active = d.held })
}

func (c *Cloud) grant(r *request) {
	if r.Query.Get("id") != "1" {
		r.fail(badValue, "id")
		return
	}
	c.look(r, func(lock.Observation) {
		d := r.door
		who := map[string]any{"ap": 0, "session": d.ids + 1}
		if uuid := r.Query.Get("user"); uuid != "" {
			u := d.find(uuid)
			if u == nil {
				r.fail(badValue, "user")
				return
			}
			who["uuid"], who["name"] = c.told(u.uuid), name(u.fields)
		}
		c.note(d, c.fleet.Now(), "ApiAccessRequested", map[string]any{"ap": 0, "valid": true})
		c.note(d, c.fleet.Now(), "UserAuthenticated", who)
		c.open(d)
		r.done(nil)
	})
}
