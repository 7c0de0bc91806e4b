// Package smartthings speaks SmartThings' REST API for simulated locks: without it the driver for these locks could be tried with a hub
// and a real door only. It is written from what the vendor publishes, apart from the driver.
package smartthings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one account, at one location with one hub.
type Cloud struct {
	Habits

	fleet   *sim.Fleet
	account lock.AccountID
	login   login
	app     app
	doors   map[string]*door
	order   []*door
	base    string // where it was last spoken to
	made    int    // ids ever given
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Targeted = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are what differs between locks, and what nobody outside knows for sure of the vendor.
type Habits struct {
	RefusesOffline bool `json:"refuses_offline"` // a command to a device that is offline is answered with 409; else it is accepted, and lost
	FailsElsewhere bool `json:"fails_elsewhere"` // when digits are taken, the failure is told of the slot that has them, as of some Z-Wave locks
	PageAtMost     int  `json:"page_at_most"`    // devices that a page has at most

	TokenFor   facade.Seconds  `json:"token_for"`   // how long access tokens last that are given from now on; 0: a day
	CodeLength int             `json:"code_length"` // the only length that locks managed by lockCodes take, of those they know; 0: codeLength is null
	Migrated   []lock.DeviceID `json:"migrated"`    // locks that somebody moves from lockCodes to lockUsers and lockCredentials; there is no way back
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	now, err := facade.Change(&c.Habits, read, func(h *Habits) error {
		errs := []error{
			facade.Within("page_at_most", h.PageAtMost, 1, 200), facade.Within("token_for", h.TokenFor, 0, 86400*365), facade.Within("code_length", h.CodeLength, 0, lock.MaxPIN),
		}
		for _, id := range h.Migrated {
			if c.Called(id) == "" {
				errs = append(errs, fmt.Errorf("migrated: there is no lock %q", id))
			}
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range c.Migrated {
		c.Migrate(id)
	}
	return now, nil
}

// New puts the SmartThings locks of an account of the fleet behind the API. Every third lock, beginning with the first, is managed by
// lockCodes, every third with the second was migrated to lockUsers and lockCredentials, the others are Matter locks, which have never known
// anything else.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{Habits: Habits{PageAtMost: 200}, fleet: f, account: account, doors: map[string]*door{}}
	c.login.init(account, f.Now())
	var err error
	if c.app.key, err = newKey(); err != nil {
		return nil, err
	}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "smartthings" {
			continue
		}
		f.KeepsCopy(d.ID)
		x := newDoor(d, generation(len(c.order)%3), f.Now())
		x.online = f.Reach(d.ID) == lock.Reached
		c.doors[x.id] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Migrate moves a lock from lockCodes to lockUsers and lockCredentials, as the vendor's app does.
func (c *Cloud) Migrate(id lock.DeviceID) {
	for _, d := range c.order {
		if d.of.ID == id {
			c.migrate(d)
		}
	}
}

// request is a Request whose path was understood.
type request struct {
	facade.Request
	found map[string]string // what its path has for the names in the pattern
	door  *door             // of patterns that begin with devices/{device}
	reply func(facade.Reply)
}

func (r *request) json(status int, v any) { r.reply(facade.JSON(status, v)) }

type endpoint struct {
	method, path, scope string // scope "": anybody may
	serve               func(*Cloud, *request)
}

// The scopes.
const (
	mayRead    = "r:devices:*"
	mayExecute = "x:devices:*"
)

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "oauth/authorize", "", (*Cloud).authorize},
		{http.MethodPost, "oauth/token", "", (*Cloud).token},
		{http.MethodGet, "pl/{publisher}/{key}", "", (*Cloud).certificate},
		{http.MethodGet, "apps/{app}/confirm/{token}", "", (*Cloud).confirm},
		{http.MethodPut, "apps/{app}", mayRead, (*Cloud).updateApp},
		{http.MethodGet, "devices", mayRead, (*Cloud).listDevices},
		{http.MethodGet, "devices/{device}", mayRead, (*Cloud).showDevice},
		{http.MethodGet, "devices/{device}/health", mayRead, (*Cloud).showHealth},
		{http.MethodGet, "devices/{device}/status", mayRead, (*Cloud).showStatus},
		{http.MethodGet, "devices/{device}/components/main/status", mayRead, (*Cloud).showComponent},
		{http.MethodGet, "devices/{device}/components/main/capabilities/{capability}/status", mayRead, (*Cloud).showCapability},
		{http.MethodPost, "devices/{device}/commands", mayExecute, (*Cloud).execute},
		{http.MethodGet, "history/devices", mayRead, (*Cloud).history},
		{http.MethodGet, "capabilities/{capability}/{version}", mayRead, (*Cloud).showDefinition},
		{http.MethodGet, "installedapps/{app}/subscriptions", mayRead, (*Cloud).listSubscriptions},
		{http.MethodPost, "installedapps/{app}/subscriptions", mayRead, (*Cloud).subscribe},
		{http.MethodDelete, "installedapps/{app}/subscriptions", mayRead, (*Cloud).unsubscribe},
		{http.MethodDelete, "installedapps/{app}/subscriptions/{id}", mayRead, (*Cloud).unsubscribe},
	}
}

// Serve implements facade.Cloud. Paths are understood with and without a version in front.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	c.base = r.Base
	r.Path = strings.TrimPrefix(strings.Trim(r.Path, "/"), "v1/")
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, r.Path)
		if !ok || e.method != r.Method {
			continue
		}
		x := &request{Request: r, found: found, reply: reply}
		if e.scope != "" {
			scopes, ok := c.login.scopes(r.Header.Get("Authorization"), c.fleet.Now())
			if !ok {
				reply(unauthorized())
				return
			}
			if !slices.Contains(scopes, e.scope) {
				reply(failure(http.StatusForbidden, "ForbiddenError", "The token lacks a scope.", ""))
				return
			}
		}
		if id, ok := found["device"]; ok {
			hub := c.hubID() == id && e.path == "devices/{device}/health"
			if x.door = c.doors[id]; x.door == nil && !hub {
				reply(notFound("deviceId"))
				return
			}
		}
		e.serve(c, x)
		return
	}
	reply(notFound(""))
}

// The shapes of errors.

func unauthorized() facade.Reply { return facade.JSON(http.StatusUnauthorized, struct{}{}) }

func notFound(target string) facade.Reply {
	return failure(http.StatusNotFound, "NotFoundError", "The resource was not found.", target)
}

// failure is an error with one detail about target; "": without a detail.
func failure(status int, code, message, target string) facade.Reply {
	details := []any{}
	if target != "" {
		details = append(details, map[string]any{"code": "UnprocessableEntityError", "target": target, "message": target + " is not valid.", "details": []any{}})
	}
	return facade.JSON(status, map[string]any{
		"requestId": "3051095549439698997", "error": map[string]any{"code": code, "message": message, "details": details},
	})
}

func malformed(target string) facade.Reply {
	return failure(http.StatusUnprocessableEntity, "ConstraintViolationError", "The request is malformed.", target)
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
		case ok && answer.Status == http.StatusTooManyRequests:
			wait := answer.Header.Get("Retry-After")
			answer = failure(http.StatusTooManyRequests, "TooManyRequestError", "The rate limit is reached.", "")
			answer.Header.Set("Retry-After", wait)
			answer.Header.Set("X-RateLimit-Limit", "50")
			answer.Header.Set("X-RateLimit-Remaining", "0")
			answer.Header.Set("X-RateLimit-Reset", wait+"000")
		case ok:
		case why == "token_expired":
			answer = unauthorized()
		default:
			answer = malformed("commands[0]")
		}
		r.reply(answer)
	})
}

// look asks the fleet for a lock, and with that whether the cloud answers at all. What the lock did by itself meanwhile is told first.
func (c *Cloud) look(r *request, d *door, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) {
		c.notice(d)
		then(x.Observation)
	})
}

// any asks the fleet for some lock of the account, for what no lock has to do with.
func (c *Cloud) any(r *request, then func()) {
	if len(c.order) == 0 {
		then()
		return
	}
	c.look(r, c.order[0], func(lock.Observation) { then() })
}

// all looks at some locks at once.
func (c *Cloud) all(r *request, doors []*door, then func([]lock.Observation)) {
	seen := make([]lock.Observation, len(doors))
	left, answered := len(doors), false
	if left == 0 {
		c.any(r, func() { then(nil) })
		return
	}
	one := *r
	one.reply = func(x facade.Reply) {
		if !answered {
			answered = true
			r.reply(x)
		}
	}
	for i, d := range doors {
		c.look(&one, d, func(o lock.Observation) {
			seen[i] = o
			if left--; left == 0 && !answered {
				then(seen)
			}
		})
	}
}

// uuid is an id that follows from what is named.
func uuid(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	x := hex.EncodeToString(sum[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

func (c *Cloud) locationID() string { return uuid(string(c.account), "location") }

func (c *Cloud) hubID() string { return uuid(string(c.account), "hub") }

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
