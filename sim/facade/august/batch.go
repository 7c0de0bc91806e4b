package august

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// command is one step of a batch.
type command struct {
	Action      string `json:"action"`
	PIN         string `json:"pin"`
	Partner     string `json:"partnerUserID"`
	User        string `json:"augustUserID"`
	First       string `json:"firstName"`
	Last        string `json:"lastName"`
	AccessType  string `json:"accessType"`
	AccessTimes string `json:"accessTimes"`
	Recurrence  string `json:"accessRecurrence"`

	access access
	pin    lock.PIN
}

// check reads a command; otherwise it says what is wrong with it.
func (x *command) check(d *door) string {
	var err error
	if x.pin, err = lock.ParsePIN(x.PIN); err != nil || !slices.Contains(d.of.Traits.Lengths(), len(x.PIN)) {
		return "bad pin format"
	}
	if x.Partner == "" && x.User == "" {
		return "partnerUserID is required"
	}
	if x.access, err = parseAccess(x.AccessType, x.AccessTimes, x.Recurrence); err != nil && (x.Action == "load" || x.Action == "update" || x.access.kind == "") {
		return err.Error()
	}
	switch x.Action {
	case "load":
		if x.First == "" || x.Last == "" {
			return "firstName and lastName are required"
		}
	case "update", "delete", "disable", "enable":
	default:
		return "action is unknown"
	}
	if d.quirks.FirstGeneration && x.access.kind != always {
		return "this lock knows no schedules"
	}
	return ""
}

// of finds the code that a command is about.
func (x *command) of(c *Cloud, d *door, held []lock.Held) (lock.Held, bool) {
	i := slices.IndexFunc(held, func(h lock.Held) bool {
		p := c.recordOf(d, h)
		return x.Partner != "" && p.partner == x.Partner || x.Partner == "" && p.user == x.User
	})
	if i < 0 {
		return lock.Held{}, false
	}
	return held[i], true
}

// batch takes commands. It answers when all are accepted; what comes of them at the lock shows in the lists.
func (c *Cloud) batch(r *request) {
	if !c.admit(r) {
		return
	}
	var in struct {
		Commands []*command `json:"commands"`
		Webhook  string     `json:"webhook"`
	}
	if json.Unmarshal(r.Body, &in) != nil || len(in.Commands) == 0 || slices.Contains(in.Commands, nil) {
		r.no(http.StatusBadRequest, "commands are required")
		return
	}
	for _, x := range in.Commands {
		if wrong := x.check(r.door); wrong != "" {
			r.no(http.StatusBadRequest, wrong)
			return
		}
	}
	c.held(r, func([]lock.Held) { // whether the cloud answers at all
		q := r.door.quirks
		switch {
		case q.Write != 0:
			r.no(q.Write, "The lock did not take it")
		case q.NotOwner:
			r.no(http.StatusForbidden, "Only the owner may do that")
		case q.NoKeypad || q.NoEntryCodes:
			r.no(http.StatusPreconditionFailed, "The lock takes no entry codes")
		case c.bridged(r):
			c.step(r, in.Commands, in.Webhook)
		}
	})
}

// step carries out the first command and goes on with the others.
func (c *Cloud) step(r *request, commands []*command, webhook string) {
	if len(commands) == 0 {
		c.made++
		r.json(http.StatusOK, map[string]string{"transactionID": uuid(string(c.account), "transaction", stamp(c.fleet.Now()))})
		return
	}
	x := commands[0]
	next := func(p *record) {
		p.report = webhook
		c.step(r, commands[1:], webhook)
	}
	c.held(r, func(held []lock.Held) {
		have, ok := x.of(c, r.door, held)
		switch {
		case x.Action == "load":
			c.load(r, x, held, have, ok, next)
		case !ok || have.PIN != x.pin:
			r.no(http.StatusNotFound, "Pin not found")
		case x.Action == "delete":
			p := c.recordOf(r.door, have)
			c.call(r, sim.Call{Verb: "clear", Device: r.door.of.ID, At: have.Ref}, func(sim.Result) {
				p.doing = "deleting"
				next(p)
			})
		case x.Action == "update":
			p := c.recordOf(r.door, have)
			if !c.rewrite(r, have, have.PIN, p, x.access) {
				return
			}
			next(p)
		default:
			kind := sim.EditEnable
			if x.Action == "disable" {
				kind = sim.EditDisable
			}
			if c.fleet.Edit(sim.Edit{Lock: r.door.of.ID, Kind: kind, Ref: have.Ref}) != nil {
				r.no(http.StatusConflict, "Pin is not loaded")
				return
			}
			next(c.recordOf(r.door, have))
		}
	})
}

// rewrite has the lock change a code that it has; false: it has not, and that was answered.
func (c *Cloud) rewrite(r *request, have lock.Held, pin lock.PIN, p *record, to access) bool {
	window := to.window(c.fleet.Now(), r.door.of.Traits.Zone)
	var err error
	if pin != have.PIN {
		err = c.fleet.Edit(sim.Edit{Lock: r.door.of.ID, Kind: sim.EditPIN, Ref: have.Ref, PIN: pin})
	}
	if err == nil && !window.Equal(have.Window) {
		err = c.fleet.Edit(sim.Edit{Lock: r.door.of.ID, Kind: sim.EditWindow, Ref: have.Ref, Window: window})
	}
	if err != nil {
		r.no(http.StatusConflict, "Pin is not loaded")
		return false
	}
	p.access, p.updated = to, c.fleet.Now()
	p.turn++
	c.recur(r.door, have.Ref, p, p.turn)
	return true
}

// load accepts a new code, for somebody who has none, with digits that nobody has.
func (c *Cloud) load(r *request, x *command, held []lock.Held, have lock.Held, known bool, next func(*record)) {
	switch {
	case known && c.recordOf(r.door, have).doing == "deleting":
		r.no(http.StatusConflict, "Unable to set intent state for pin")
		return
	case known:
		r.no(http.StatusConflict, "User already has a pin")
		return
	case slices.ContainsFunc(held, func(h lock.Held) bool { return h.PIN == x.pin }):
		r.no(http.StatusConflict, "Pin is in use")
		return
	case len(held) >= r.door.capacity():
		r.no(http.StatusConflict, "No slot is available")
		return
	}
	now := c.fleet.Now()
	p := &record{partner: x.Partner, user: x.User, first: x.First, last: x.Last, access: x.access, created: now, updated: now}
	if p.user == "" {
		p.user = uuid(r.door.id, "partner", x.Partner)
	}
	c.write(r, x.pin, p, func() { next(p) })
}
