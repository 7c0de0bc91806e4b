package nuki

import (
	"encoding/json"
	"net/http"
	"slices"
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
			if now.Before(born) {
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
	if l, ok := d.limits[h.Ref]; ok {
		h.Window = lock.Window{From: l.from, To: l.until}
		a.Enabled, a.AllowedWeekDays, a.AllowedFromTime, a.AllowedToTime = l.enabled, l.days, l.begin, l.end
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
	c.look(r, r.door, func(o lock.Observation) { r.json(http.StatusOK, c.auths(r, r.door, o.Held)) })
}

// auths are those that a list of a lock shows.
func (c *Cloud) auths(r *request, d *door, held []lock.Held) []authJSON {
	all := []authJSON{}
	if types := r.Query.Get("types"); types != "" && !strings.Contains(","+types+",", ","+strconv.Itoa(keypadCode)+",") {
		return all
	}
	for _, h := range c.shown(d, held) {
		all = append(all, c.authJSON(d, h))
	}
	for _, a := range d.stale {
		if !slices.ContainsFunc(all, func(x authJSON) bool { return x.ID == a.ID }) {
			all = append(all, a)
		}
	}
	return all
}

// isStale reports whether an auth is erased and still listed.
func (d *door) isStale(id string) bool {
	return slices.ContainsFunc(d.stale, func(a authJSON) bool { return a.ID == id })
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
	want, l := lock.Credential{Enabled: true}, limits{enabled: true, days: allDays}
	if refused, ok := read(r.Body, &want, &l, true); !ok {
		r.reply(refused)
		return
	}
	d := r.door
	code, _ := strconv.ParseInt(want.PIN.Reveal(), 10, 64)
	switch {
	case c.Subscription != 0:
		r.reply(plain(c.Subscription, http.StatusText(c.Subscription)))
		return
	case !c.keypad(d):
		r.reply(badValue(strconv.Itoa(keypadCode), "type"))
		return
	case slices.ContainsFunc(d.stale, func(a authJSON) bool { return a.Code == code }):
		r.reply(plain(http.StatusConflict, "Conflict"))
		return
	case c.DailySync && c.fleet.Reach(d.of.ID) != lock.Reached:
		c.look(r, d, func(lock.Observation) {
			c.late(d, want, l)
			r.done()
		})
		return
	}
	want.Enabled = l.open(c.clock(d))
	c.call(r, sim.Call{Verb: "set", Device: d.of.ID, Want: want}, func(x sim.Result) {
		d.born[x.Held.Ref] = c.appearing()
		c.keep(d, x.Held.Ref, l)
		r.done()
	})
}

func (c *Cloud) changeAuth(r *request) {
	c.find(r, func(h lock.Held) {
		if h.Pending {
			r.reply(plain(http.StatusLocked, "Locked"))
			return
		}
		d := r.door
		want := lock.Credential{Name: h.Name, PIN: h.PIN}
		l, ok := d.limits[h.Ref]
		if !ok {
			l = limits{enabled: h.Enabled, from: h.Window.From, until: h.Window.To, days: allDays}
		}
		if refused, ok := read(r.Body, &want, &l, false); !ok {
			r.reply(refused)
			return
		}
		if c.Subscription != 0 {
			r.reply(plain(c.Subscription, http.StatusText(c.Subscription)))
			return
		}
		want.Enabled = l.open(c.clock(d))
		c.call(r, sim.Call{Verb: "set", Device: d.of.ID, Want: want, At: h.Ref}, func(sim.Result) {
			c.keep(d, h.Ref, l)
			r.done()
		})
	})
}

func (c *Cloud) deleteAuth(r *request) {
	if r.door.isStale(r.id) {
		c.look(r, r.door, func(lock.Observation) { r.done() })
		return
	}
	c.find(r, func(h lock.Held) {
		if h.Pending {
			r.reply(plain(http.StatusLocked, "Locked"))
			return
		}
		d := r.door
		before := c.authJSON(d, h)
		c.call(r, sim.Call{Verb: "clear", Device: d.of.ID, At: h.Ref}, func(sim.Result) {
			if c.StaleDeletes && len(d.stale) < staleKept {
				d.stale = append(d.stale, before)
			}
			r.done()
		})
	})
}

// body is a SmartlockAuthCreate or -Update, in which what is absent and what is null are told apart.
type body map[string]json.RawMessage

func (b body) has(name string) bool { return b[name] != nil }

func (b body) null(name string) bool { return string(b[name]) == "null" }

// read puts what a body asks for over want; false: the Reply refuses it.
func read(text []byte, want *lock.Credential, l *limits, create bool) (facade.Reply, bool) {
	var b body
	if json.Unmarshal(text, &b) != nil || json.Unmarshal(b["name"], &want.Name) != nil || want.Name == "" || utf8.RuneCountInString(want.Name) > nameMax {
		return unprocessable(), false
	}
	for _, x := range []struct {
		name  string
		into  *int
		bound int
	}{{"allowedWeekDays", &l.days, allDays}, {"allowedFromTime", &l.begin, 24 * 60}, {"allowedUntilTime", &l.end, 24 * 60}} {
		n := *x.into
		if b.has(x.name) && !b.null(x.name) && (json.Unmarshal(b[x.name], &n) != nil || n < 0 || n > x.bound) {
			return unprocessable(), false
		}
		*x.into = n
	}
	if create {
		var kind int
		if json.Unmarshal(b["type"], &kind) != nil {
			return unprocessable(), false
		}
		if kind != keypadCode {
			return badValue(strconv.Itoa(kind), "type"), false
		}
	} else if b.has("enabled") && json.Unmarshal(b["enabled"], &l.enabled) != nil {
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
	if !b.instant("allowedFromDate", &l.from) || !b.instant("allowedUntilDate", &l.until) {
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
