package nuki

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// nameMax is the longest name of a keypad code, in characters.
const nameMax = 20

// authJSON is a SmartlockAuth.
type authJSON struct {
	ID              string  `json:"id"`
	SmartlockID     int64   `json:"smartlockId"`
	AuthID          int     `json:"authId"`
	Code            int64   `json:"code"`
	Type            int     `json:"type"`
	Name            string  `json:"name"`
	Enabled         bool    `json:"enabled"`
	RemoteAllowed   bool    `json:"remoteAllowed"`
	LockCount       int     `json:"lockCount"`
	AllowedFrom     *string `json:"allowedFromDate,omitempty"`
	AllowedUntil    *string `json:"allowedUntilDate,omitempty"`
	AllowedWeekDays int     `json:"allowedWeekDays"`
	AllowedFromTime int     `json:"allowedFromTime"`
	AllowedToTime   int     `json:"allowedUntilTime"`
	OperationID     string  `json:"operationId,omitempty"`
}

// authID is the id of what the fleet knows by ref.
func (c *Cloud) authID(d *door, ref lock.Ref) string {
	if ref == "" {
		return ""
	}
	return hexID(string(d.of.ID), "auth", string(ref))
}

// shown leaves out what the list does not show yet.
func (c *Cloud) shown(d *door, held []lock.Held) []lock.Held {
	now := c.fleet.Now()
	var all []lock.Held
	for _, h := range held {
		if born, ok := d.born[h.Ref]; ok {
			if now.Before(born.Add(appears)) {
				continue
			}
			delete(d.born, h.Ref)
		}
		all = append(all, h)
	}
	return all
}

func (c *Cloud) authJSON(d *door, h lock.Held) authJSON {
	a := authJSON{ID: c.authID(d, h.Ref), SmartlockID: d.number, Type: keypadCode, Name: h.Name, Enabled: h.Enabled, AllowedWeekDays: 127}
	a.Code, _ = strconv.ParseInt(h.PIN.Reveal(), 10, 64)
	a.AuthID, _ = strconv.Atoi(strings.TrimLeft(string(h.Ref), "k"))
	if h.Pending {
		a.OperationID = hexID(a.ID, "operation")
	}
	if !h.Window.From.IsZero() {
		a.AllowedFrom = new(stamp(h.Window.From))
	}
	if h.Window.Bounded() {
		a.AllowedUntil = new(stamp(h.Window.To))
	}
	return a
}

func (c *Cloud) listAuths(r *request) {
	types := r.Query.Get("types")
	c.look(r, r.door, func(o lock.Observation) {
		all := []authJSON{}
		if types == "" || strings.Contains(","+types+",", ","+strconv.Itoa(keypadCode)+",") {
			for _, h := range c.shown(r.door, o.Held) {
				all = append(all, c.authJSON(r.door, h))
			}
		}
		r.json(http.StatusOK, all)
	})
}

// find goes on with the auth that a request names.
func (c *Cloud) find(r *request, then func(lock.Held)) {
	c.look(r, r.door, func(o lock.Observation) {
		for _, h := range c.shown(r.door, o.Held) {
			if c.authID(r.door, h.Ref) == r.id {
				then(h)
				return
			}
		}
		r.reply(plain(http.StatusNotFound, "Not found"))
	})
}

func (c *Cloud) showAuth(r *request) {
	c.find(r, func(h lock.Held) { r.json(http.StatusOK, c.authJSON(r.door, h)) })
}

func (c *Cloud) createAuth(r *request) {
	want := lock.Credential{Enabled: true}
	if refused, ok := read(r.Body, &want, true); !ok {
		r.reply(refused)
		return
	}
	c.call(r, sim.Call{Verb: "set", Device: r.door.of.ID, Want: want}, func(x sim.Result) {
		r.door.born[x.Held.Ref] = c.fleet.Now()
		r.done()
	})
}

func (c *Cloud) changeAuth(r *request) {
	c.find(r, func(h lock.Held) {
		if h.Pending {
			r.reply(plain(http.StatusLocked, "Locked"))
			return
		}
		want := lock.Credential{Name: h.Name, PIN: h.PIN, Window: h.Window, Enabled: h.Enabled}
		if refused, ok := read(r.Body, &want, false); !ok {
			r.reply(refused)
			return
		}
		c.call(r, sim.Call{Verb: "set", Device: r.door.of.ID, Want: want, At: h.Ref}, func(sim.Result) { r.done() })
	})
}

func (c *Cloud) deleteAuth(r *request) {
	c.find(r, func(h lock.Held) {
		if h.Pending {
			r.reply(plain(http.StatusLocked, "Locked"))
			return
		}
		c.call(r, sim.Call{Verb: "clear", Device: r.door.of.ID, At: h.Ref}, func(sim.Result) { r.done() })
	})
}

// body is a SmartlockAuthCreate or -Update, in which what is absent and what is null are told apart.
type body map[string]json.RawMessage

func (b body) has(name string) bool { return b[name] != nil }

func (b body) null(name string) bool { return string(b[name]) == "null" }

// read puts what a body asks for over want; false: the Reply refuses it.
func read(text []byte, want *lock.Credential, create bool) (facade.Reply, bool) {
	var b body
	if json.Unmarshal(text, &b) != nil || json.Unmarshal(b["name"], &want.Name) != nil || want.Name == "" || utf8.RuneCountInString(want.Name) > nameMax {
		return unprocessable(), false
	}
	for name, bound := range map[string]int{"allowedWeekDays": 127, "allowedFromTime": 24 * 60, "allowedUntilTime": 24 * 60} {
		var n int
		if b.has(name) && (json.Unmarshal(b[name], &n) != nil || n < 0 || n > bound) {
			return unprocessable(), false
		}
	}
	if create {
		var kind int
		if json.Unmarshal(b["type"], &kind) != nil {
			return unprocessable(), false
		}
		if kind != keypadCode {
			return badValue(strconv.Itoa(kind), "type"), false
		}
	} else if b.has("enabled") && json.Unmarshal(b["enabled"], &want.Enabled) != nil {
		return unprocessable(), false
	}
	if create || b.has("code") {
		digits := strings.Trim(string(b["code"]), `"`) // a number, or text
		pin, err := lock.ParsePIN(digits)
		if err != nil || len(digits) != 6 || strings.Contains(digits, "0") || strings.HasPrefix(digits, "12") {
			return badValue(digits, "code"), false
		}
		want.PIN = pin
	}
	if !b.instant("allowedFromDate", &want.Window.From) || !b.instant("allowedUntilDate", &want.Window.To) {
		return unprocessable(), false
	}
	return facade.Reply{}, true
}

// instant reads a time, with or without seconds; null takes it away.
func (b body) instant(name string, t *time.Time) bool {
	switch {
	case !b.has(name):
		return true
	case b.null(name):
		*t = time.Time{}
		return true
	}
	var text string
	if json.Unmarshal(b[name], &text) != nil {
		return false
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z"} {
		if at, err := time.Parse(layout, text); err == nil {
			*t = at
			return true
		}
	}
	return false
}
