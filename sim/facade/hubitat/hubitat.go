// Package hubitat speaks the Maker API of a Hubitat hub for simulated locks: without it the driver for these locks could be tried with a
// hub and a real door only. It is written from what the vendor publishes, apart from the driver.
package hubitat

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one hub with one instance of the Maker API.
type Cloud struct {
	Habits

	fleet   *sim.Fleet
	account lock.AccountID
	doors   map[string]*door
	order   []*door
	url     string // where events are posted; "": nowhere
	under   int    // requests that are being answered
	down    bool   // the hub was away when it was last asked
	back    time.Time
	started bool // after that; to be told
	made    int
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are how a hub is set up, and what differs between its versions and its locks. Zero values are a hub as it is delivered.
type Habits struct {
	AsHTML      bool `json:"as_html"`      // answers are called text/html, although they are JSON
	Encrypts    bool `json:"encrypts"`     // the codes in attributes can't be read
	LosesZeros  bool `json:"loses_zeros"`  // an old fault: digits that begin with zeros lose them
	LengthWipes bool `json:"length_wipes"` // to change the length of codes erases them, as on some locks
	CodeLength  int  `json:"code_length"`  // codeLength until somebody changes it; 0: null
	MaxCodes    int  `json:"max_codes"`    // maxCodes, where locks have room for more; 0: what they have room for
	Nulls       bool `json:"nulls"`        // what some locks never report is null: maxCodes, and lockCodes until the first code
	AtOnce      int  `json:"at_once"`      // requests that are answered at once, others are refused with 503; 0: as many as come. Real hubs stand about 4
}

func (h *Habits) check() error {
	return errors.Join(facade.Within("at_once", h.AtOnce, 0, 1000), facade.Within("code_length", h.CodeLength, 0, lock.MaxPIN), facade.Within("max_codes", h.MaxCodes, 0, 1000))
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, (*Habits).check)
}

// What a hub is and bears.
const (
	AppID     = "97" // of the instance of the Maker API
	HubUID    = "2f0c6e1a-8f5e-4a7e-9a55-6d7a1f2b3c4d"
	startsFor = 20 * time.Second // after it was away it answers that it is not ready
)

// New puts the Hubitat locks of an account of the fleet behind the API. Every second lock, beginning with the second, is one as the vendor's
// own virtual lock, which refuses without a word and tells no health; the others say that they have failed.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{fleet: f, account: account, doors: map[string]*door{}}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "hubitat" {
			continue
		}
		f.KeepsCopy(d.ID)
		x := &door{id: strconv.Itoa(67 + len(c.order)), of: d, virtual: len(c.order)%2 == 1, bolt: "locked", known: map[int]code{}}
		c.doors[x.id] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Token is the access token of the API of an account.
func Token(account lock.AccountID) string { return "token-of-" + string(account) }

// Serve implements facade.Cloud: below /apps/api on the hub itself, and below /api on the vendor's relay.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	if x, ok := c.away(); ok {
		reply(x)
		return
	}
	if c.AtOnce > 0 && c.under >= c.AtOnce {
		reply(c.failure(http.StatusServiceUnavailable, "too many requests at once"))
		return
	}
	c.under++
	q := &request{Request: r, reply: func(x facade.Reply) {
		c.under--
		if c.AsHTML && x.Header != nil {
			x.Header.Set("Content-Type", "text/html;charset=utf-8")
		}
		reply(x)
	}}
	path, local := strings.CutPrefix(r.Path, "/apps/api/"+AppID+"/")
	if !local {
		var relayed bool
		if path, relayed = strings.CutPrefix(r.Path, "/api/"+HubUID+"/apps/"+AppID+"/"); !relayed {
			q.reply(c.failure(http.StatusNotFound, "App "+AppID+" not found"))
			return
		}
	}
	token := r.Query.Get("access_token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	if token != Token(c.account) {
		q.json(http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": token})
		return
	}
	c.route(q, strings.TrimSuffix(path, "/"))
}

func (c *Cloud) route(q *request, path string) {
	if url, ok := strings.CutPrefix(path+"/", "postURL/"); ok {
		c.any(q, func() {
			c.url = strings.TrimSuffix(url, "/")
			q.json(http.StatusOK, map[string]string{"url": c.url})
		})
		return
	}
	parts := strings.SplitN(path, "/", 4)
	switch {
	case len(parts) == 1 && parts[0] == "devices":
		c.all(q, func(d *door, _ []lock.Held) any { return d.summary() })
		return
	case len(parts) == 2 && parts[0] == "devices" && (parts[1] == "all" || parts[1] == "*"):
		c.all(q, func(d *door, held []lock.Held) any {
			x := c.object(d, held)
			if parts[1] == "all" {
				values := map[string]any{}
				for _, a := range c.attributes(d, held) {
					if _, twice := values[a.Name]; !twice {
						values[a.Name] = a.Value
					}
				}
				x["attributes"] = values
			}
			return x
		})
		return
	case len(parts) == 1 && (parts[0] == "modes" || parts[0] == "hsm" || parts[0] == "hubvariables"):
		c.any(q, func() { q.json(http.StatusOK, []any{}) })
		return
	case len(parts) < 2 || parts[0] != "devices":
		q.reply(c.failure(http.StatusNotFound, "not found"))
		return
	}
	if q.door = c.doors[parts[1]]; q.door == nil {
		q.reply(c.failure(http.StatusNotFound, "device not found"))
		return
	}
	if len(parts) == 2 {
		c.look(q, q.door, func(o lock.Observation) { q.json(http.StatusOK, c.object(q.door, o.Held)) })
		return
	}
	args := ""
	if len(parts) == 4 {
		args = parts[3]
	}
	switch parts[2] {
	case "events":
		c.look(q, q.door, func(lock.Observation) { q.json(http.StatusOK, q.door.eventsJSON()) })
	case "commands":
		c.any(q, func() { q.json(http.StatusOK, commandsJSON()) })
	case "capabilities":
		c.any(q, func() { q.json(http.StatusOK, map[string]any{"capabilities": capabilities()}) })
	case "attribute":
		c.look(q, q.door, func(o lock.Observation) {
			for _, a := range c.attributes(q.door, o.Held) {
				if a.Name == args {
					q.json(http.StatusOK, map[string]any{"id": q.door.id, "attribute": a.Name, "value": a.Value})
					return
				}
			}
			q.reply(c.failure(http.StatusNotFound, "attribute not found"))
		})
	default:
		c.command(q, parts[2], args)
	}
}

// request is one that the hub has taken.
type request struct {
	facade.Request
	door  *door
	reply func(facade.Reply)
}

func (r *request) json(status int, v any) { r.reply(facade.JSON(status, v)) }

// failure is an error in the shape that the hub has for most.
func (c *Cloud) failure(status int, message string) facade.Reply {
	return facade.JSON(status, map[string]any{"error": true, "type": "Error", "message": message})
}

// away answers in the stead of a hub that is off, or has just started.
func (c *Cloud) away() (facade.Reply, bool) {
	now := c.fleet.Now()
	off := slices.ContainsFunc(c.order, func(d *door) bool { return c.fleet.Reach(d.of.ID) == lock.HubDown })
	switch {
	case off:
		c.down = true
		return facade.Reply{Broken: true}, true
	case c.down:
		c.down, c.started, c.back = false, true, now.Add(startsFor)
	}
	if now.Before(c.back) {
		return facade.Reply{Status: http.StatusServiceUnavailable, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>initializing hub</body></html>")}, true
	}
	return facade.Reply{}, false
}

// call makes a call to the fleet and goes on with what came of it, unless that is a failure.
func (c *Cloud) call(r *request, x sim.Call, then func(sim.Result)) {
	c.fleet.Call(x, func(result sim.Result) {
		if result.Err == nil {
			then(result)
			return
		}
		answer, why, ok := facade.Failure(result)
		switch {
		case ok && answer.Status == http.StatusOK: // the error stands in the body alone
			answer = facade.JSON(http.StatusOK, map[string]any{"error": true, "type": "java.lang.Exception", "message": "An unexpected error occurred."})
		case ok:
		case why == "token_expired":
			answer = facade.JSON(http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": "expired"})
		default:
			answer = facade.JSON(http.StatusOK, map[string]any{"error": true, "message": why})
		}
		r.reply(answer)
	})
}

// look asks the fleet for what the hub has listed, and tells of what the lock did by itself.
func (c *Cloud) look(r *request, d *door, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) {
		c.notice(d)
		then(x.Observation)
	})
}

// any asks for some lock, for what no lock has to do with.
func (c *Cloud) any(r *request, then func()) {
	if len(c.order) == 0 {
		then()
		return
	}
	c.look(r, c.order[0], func(lock.Observation) { then() })
}

// all tells of every lock, from what the hub has listed.
func (c *Cloud) all(r *request, told func(*door, []lock.Held) any) {
	c.any(r, func() {
		list := []any{}
		for _, d := range c.order {
			list = append(list, told(d, c.listed(d)))
		}
		r.json(http.StatusOK, list)
	})
}

// listed is what the hub knows of a lock without asking anybody.
func (c *Cloud) listed(d *door) []lock.Held {
	var held []lock.Held
	for _, m := range c.fleet.Listed(d.of.ID) {
		held = append(held, lock.Held{Slot: m.Slot, Name: m.Name, PIN: m.PIN, Enabled: m.Enabled})
	}
	return held
}

// text is JSON within JSON.
func text(v any) string {
	b, _ := json.Marshal(v) // it consists of texts
	return string(b)
}
