package august

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// The way of the vendor's own app: a user is made, what is intended for the user's code is said, and a sync carries it out.

// user is somebody who was made in the app.
type user struct {
	door                 *door
	id, first, last, pin string
	slot                 int
	intent               *intent
}

// intent is what was said of a user's code.
type intent struct {
	state string // load, update or delete
	pin   lock.PIN
	to    access
	done  bool // a sync has carried it out
}

func (c *Cloud) addUser(r *request) {
	var in struct{ DeviceID, DeviceType, FirstName, LastName string }
	if json.Unmarshal(r.Body, &in) != nil || in.FirstName == "" || in.LastName == "" || in.DeviceType != "lock" {
		r.no(http.StatusBadRequest, "deviceType, firstName and lastName are required")
		return
	}
	if r.door = c.doors[in.DeviceID]; r.door == nil {
		r.no(http.StatusNotFound, "Lock not found")
		return
	}
	c.held(r, func(held []lock.Held) {
		u := &user{door: r.door, first: in.FirstName, last: in.LastName, pin: c.draw(r.door, held), slot: c.made}
		u.id = uuid(r.door.id, "unverified", strconv.Itoa(c.made))
		c.users[u.id] = u
		r.json(http.StatusOK, map[string]any{"id": u.id, "pin": u.pin, "slot": u.slot, "firstName": u.first, "lastName": u.last})
	})
}

func (c *Cloud) showCredential(r *request) {
	u := c.users[r.id]
	if u == nil || u.door != r.door {
		r.no(http.StatusNotFound, "User not found")
		return
	}
	c.look(r, r.door, func(lock.Observation) { r.json(http.StatusOK, map[string]any{"pin": u.pin, "slot": u.slot}) })
}

// credential says or commits an intent.
func (c *Cloud) credential(r *request) {
	var in struct{ State, Action, PIN, AccessType, AccessTimes, AccessRecurrence string }
	u := c.users[r.id]
	if u == nil || u.door != r.door {
		r.no(http.StatusNotFound, "User not found")
		return
	}
	if json.Unmarshal(r.Body, &in) != nil {
		r.no(http.StatusBadRequest, "the body is wrong")
		return
	}
	if in.Action == "commit" {
		switch {
		case u.intent == nil || u.intent.state != in.State, u.intent.done && in.State != "delete":
			r.no(http.StatusConflict, "Credential cannot transition to "+in.State)
		case u.intent.done:
			r.json(http.StatusOK, map[string]any{})
		default:
			c.carry(r, u, func() { r.json(http.StatusOK, map[string]any{}) })
		}
		return
	}
	next := &intent{state: in.State}
	digits := in.PIN
	if digits == "" {
		digits = u.pin
	}
	if in.AccessType == "" {
		in.AccessType = always
	}
	var err, wrong error
	next.pin, err = lock.ParsePIN(digits)
	next.to, wrong = parseAccess(in.AccessType, in.AccessTimes, in.AccessRecurrence)
	if err != nil || wrong != nil || in.Action != "intent" || in.State != "load" && in.State != "update" && in.State != "delete" {
		r.no(http.StatusBadRequest, "state, action, pin or access is wrong")
		return
	}
	c.look(r, r.door, func(lock.Observation) {
		u.intent = next
		r.json(http.StatusOK, map[string]any{})
	})
}

// carry has the lock do what was said of a user's code.
func (c *Cloud) carry(r *request, u *user, then func()) {
	c.held(r, func(held []lock.Held) {
		x := command{User: u.id}
		have, known := x.of(c, r.door, held)
		done := func() {
			u.intent.done, u.pin = true, u.intent.pin.Reveal()
			then()
		}
		if u.intent.state == "delete" {
			if !known {
				done()
				return
			}
			c.call(r, sim.Call{Verb: "clear", Device: r.door.of.ID, At: have.Ref}, func(sim.Result) {
				c.recordOf(r.door, have).doing = "deleting"
				done()
			})
			return
		}
		if known {
			if c.rewrite(r, have, u.intent.pin, c.recordOf(r.door, have), u.intent.to) {
				done()
			}
			return
		}
		now := c.fleet.Now()
		p := &record{user: u.id, first: u.first, last: u.last, access: u.intent.to, created: now, updated: now}
		c.write(r, u.intent.pin, p, done)
	})
}

// sync carries out every intent of a lock.
func (c *Cloud) sync(r *request) {
	if r.door.quirks.NoBridge || c.fleet.Reach(r.door.of.ID) == lock.HubDown {
		r.no(http.StatusConflict, "Lock has no bridge that is online")
		return
	}
	c.carryAll(r, 0)
}

func (c *Cloud) carryAll(r *request, carried int) {
	var next *user
	for _, u := range c.users {
		if u.door == r.door && u.intent != nil && !u.intent.done && (next == nil || u.slot < next.slot) {
			next = u
		}
	}
	switch {
	case next != nil:
		c.carry(r, next, func() { c.carryAll(r, carried+1) })
	case carried == 0:
		r.json(http.StatusOK, map[string]any{})
	default:
		r.json(http.StatusAccepted, map[string]any{"channelID": uuid(r.door.id, "channel"), "numRecords": carried})
	}
}
