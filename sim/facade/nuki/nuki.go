// Package nuki speaks Nuki's Web API for simulated locks: without it the driver for these locks could be tried with a paid
// account and a real door only. It is written from what the vendor publishes, apart from the driver.
package nuki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one account.
type Cloud struct {
	Habits

	fleet   *sim.Fleet
	account lock.AccountID
	tokens  map[string][]string // API token to scopes
	login   login
	doors   map[int64]*door
	order   []*door
	hooks   []*hook
	made    int64 // webhooks ever registered, and chances taken
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// door is a lock as the cloud knows it.
type door struct {
	number int64
	of     lock.Device
	born   map[lock.Ref]time.Time // when an auth will be listed that is not yet
	limits map[lock.Ref]limits
	turns  time.Time         // when one of them opens or closes, and that is waited for
	stale  []authJSON        // erased, and listed until the lock is synchronised
	late   int               // creations that wait for the daily synchronisation
	auths  map[string]string // what was posted of each
	locked bool
	told   string // the newest line of the log that was posted
	moves  []move // of the bolt, by this API, the oldest first
}

// move is a turn of the bolt.
type move struct {
	at     time.Time
	action int
}

// New puts the Nuki locks of an account of the fleet behind the API.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{fleet: f, account: account, doors: map[int64]*door{}, tokens: map[string][]string{
		Token(account):              {"notification", "smartlock", "smartlock.readOnly", "smartlock.action", "smartlock.auth", "smartlock.config", "smartlock.log"},
		Token(account) + "-looking": {"smartlock.readOnly"},
	}}
	c.login = login{codes: map[string]grant{}, access: map[string]grant{}, refresh: map[string]grant{}}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "nuki" {
			continue
		}
		x := &door{number: number(d.ID), of: d, born: map[lock.Ref]time.Time{}, limits: map[lock.Ref]limits{}, auths: map[string]string{}, locked: true}
		if before := c.doors[x.number]; before != nil {
			return nil, fmt.Errorf("locks %s and %s get the same number: call one of them something else", d.ID, before.of.ID)
		}
		c.doors[x.number] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Token is the API token of an account with all rights. With "-looking" behind it, it may look at locks and no more.
func Token(account lock.AccountID) string { return "nuki-" + string(account) }

// number is a smartlockId: the type in front of 32 bits that follow from the name.
func number(id lock.DeviceID) int64 {
	h := fnv.New32a()
	h.Write([]byte(id))
	return smartlock3<<32 | int64(h.Sum32())
}

const smartlock3 = 4 // the type of newer locks

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	switch r.Method + " " + r.Path {
	case "GET /oauth/authorize":
		reply(c.authorize(r))
		return
	case "POST /oauth/token":
		reply(c.token(r))
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	scopes, ok := c.scopesOf(token)
	if !ok || !bearer {
		reply(plain(http.StatusUnauthorized, "Not authorized"))
		return
	}
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, r.Path)
		if !ok || e.method != r.Method {
			continue
		}
		if !slices.Contains(scopes, e.scope) {
			reply(plain(http.StatusForbidden, "Forbidden"))
			return
		}
		x := request{Request: r, reply: reply, id: found["id"]}
		if id, ok := found["lock"]; ok {
			n, err := strconv.ParseInt(id, 10, 64)
			if x.door = c.doors[n]; err != nil || x.door == nil {
				reply(plain(http.StatusNotFound, "Not found"))
				return
			}
		}
		e.serve(c, &x)
		return
	}
	reply(plain(http.StatusNotFound, "Not found"))
}

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door  *door
	id    string
	reply func(facade.Reply)
}

func (r *request) json(status int, v any) { r.reply(facade.JSON(status, v)) }

// done answers that a write was taken: without a body, and without a word about where it is.
func (r *request) done() { r.reply(facade.Reply{Status: http.StatusNoContent}) }

type endpoint struct {
	method, path, scope string
	serve               func(*Cloud, *request)
}

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "smartlock", "smartlock.readOnly", (*Cloud).listLocks},
		{http.MethodGet, "smartlock/auth", "smartlock.readOnly", (*Cloud).listAllAuths},
		{http.MethodPut, "smartlock/auth", "smartlock.auth", (*Cloud).createAuths},
		{http.MethodPost, "smartlock/auth", "smartlock.auth", (*Cloud).changeAuths},
		{http.MethodDelete, "smartlock/auth", "smartlock.auth", (*Cloud).deleteAuths},
		{http.MethodGet, "smartlock/log", "smartlock.log", (*Cloud).showLogs},
		{http.MethodGet, "smartlock/{lock}", "smartlock.readOnly", (*Cloud).showLock},
		{http.MethodPost, "smartlock/{lock}/sync", "smartlock.action", (*Cloud).sync},
		{http.MethodPost, "smartlock/{lock}/action", "smartlock.action", (*Cloud).action},
		{http.MethodPost, "smartlock/{lock}/action/lock", "smartlock.action", (*Cloud).lock},
		{http.MethodPost, "smartlock/{lock}/action/unlock", "smartlock.action", (*Cloud).unlock},
		{http.MethodGet, "smartlock/{lock}/auth", "smartlock.readOnly", (*Cloud).listAuths},
		{http.MethodPut, "smartlock/{lock}/auth", "smartlock.auth", (*Cloud).createAuth},
		{http.MethodGet, "smartlock/{lock}/auth/{id}", "smartlock.readOnly", (*Cloud).showAuth},
		{http.MethodPost, "smartlock/{lock}/auth/{id}", "smartlock.auth", (*Cloud).changeAuth},
		{http.MethodDelete, "smartlock/{lock}/auth/{id}", "smartlock.auth", (*Cloud).deleteAuth},
		{http.MethodGet, "smartlock/{lock}/log", "smartlock.log", (*Cloud).showLog},
		{http.MethodGet, "api/decentralWebhook", "notification", (*Cloud).listHooks},
		{http.MethodPut, "api/decentralWebhook", "notification", (*Cloud).addHook},
		{http.MethodDelete, "api/decentralWebhook/{id}", "notification", (*Cloud).deleteHook},
	}
}

// The two shapes of an error's body.

func plain(status int, message string) facade.Reply {
	return facade.JSON(status, map[string]any{"detailMessage": message, "stackTrace": []string{}, "suppressedExceptions": []string{}})
}

func badValue(value, parameter string) facade.Reply {
	return plain(http.StatusBadRequest, "The supplied value '"+value+"' for parameter '"+parameter+"' is not valid")
}

// unprocessable is what the framework beneath the API answers to a body that breaks the schema.
func unprocessable() facade.Reply {
	return facade.JSON(http.StatusUnprocessableEntity, map[string]any{
		"code": http.StatusUnprocessableEntity, "reasonPhrase": "Unprocessable Entity", "homeRef": "/",
		"description": "The server understands the content type of the request entity and the syntax of the request entity is correct but was unable to process the contained instructions",
		"uri":         "http://www.webdav.org/specs/rfc2518.html#STATUS_422",
	})
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
		case ok:
		case why == "token_expired":
			answer = plain(http.StatusUnauthorized, "Not authorized")
		case why == "no_free_slot" && c.FullSilently:
			answer = facade.Reply{Status: http.StatusNoContent}
		case why == "duplicate_pin", why == "no_free_slot":
			answer = plain(http.StatusConflict, "Conflict")
		case why == "schedules_not_supported":
			answer = unprocessable()
		default:
			answer = plain(http.StatusBadRequest, why)
		}
		r.reply(answer)
	})
}

// look asks the fleet for a lock, and with that whether the cloud answers at all.
func (c *Cloud) look(r *request, d *door, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) {
		c.gate(d)
		then(x.Observation)
	})
}

// hexID is 24 hexadecimal digits that follow from what is named.
func hexID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
