// Package saltoks speaks the Connect API of Salto KS for simulated locks: without it the driver for these locks could be tried at a
// paid site with a real door only. It is written from what the vendor publishes and integrators have measured, apart from the driver.
package saltoks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one account, which has one site.
type Cloud struct {
	Habits Habits

	fleet   *sim.Fleet
	account lock.AccountID
	site    string
	zone    *time.Location
	doors   []*door
	users   []*user
	groups  []*group
	tokens  map[string]time.Time // when each ends
	made    int                  // ids ever
	rounds  map[time.Time]bool   // when the locks will be told of what has changed
	adopted time.Time            // when the books were last put right
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are how sites differ. A new one's are quick, so that tests on the machine's clock need not wait.
type Habits struct {
	Seats         int            `json:"seats"`          // users that the subscription pays for
	CustomPIN     bool           `json:"custom_pin"`     // the subscription lets administrators choose digits
	RoleDelay     facade.Seconds `json:"role_delay"`     // until a new guest has its role
	MemberTakes   facade.Seconds `json:"member_takes"`   // until the locks know of a new member; at a real door 45
	ScheduleTakes facade.Seconds `json:"schedule_takes"` // and of a new schedule; at a real door 210
	IdentityAway  bool           `json:"identity_away"`  // the identity server answers 404, as the vendor's has for hours, while the API works
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, func(h *Habits) error {
		const hour = 3600
		return errors.Join(
			facade.Within("seats", h.Seats, 0, 100_000), facade.Within("role_delay", h.RoleDelay, 0, hour), facade.Within("member_takes", h.MemberTakes, 0, hour),
			facade.Within("schedule_takes", h.ScheduleTakes, 0, hour),
		)
	})
}

// door is a lock as the cloud knows it.
type door struct {
	id        string
	iq        string // id of its hub
	of        lock.Device
	delivered map[string]*delivery // by user
	busy      bool                 // a write is on its way
	otpWrong  int
}

// New puts the Salto locks of an account of the fleet behind the API.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{
		fleet: f, account: account, site: uuid(string(account), "site"), zone: time.UTC, tokens: map[string]time.Time{}, rounds: map[time.Time]bool{}, Habits: Habits{RoleDelay: 2, MemberTakes: 2, ScheduleTakes: 5},
	}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "salto" {
			continue
		}
		c.doors = append(c.doors, &door{id: uuid(string(account), string(d.ID)), iq: uuid(string(account), "iq", string(d.Hub)), of: d, delivered: map[string]*delivery{}})
		c.Habits.Seats += d.Traits.Slots
		if zone, err := lock.LoadZone(d.Traits.Zone); err == nil {
			c.zone = zone // a site has one
		}
	}
	for i, d := range c.doors {
		if slices.ContainsFunc(c.doors[:i], func(o *door) bool { return o.id == d.id }) {
			return nil, fmt.Errorf("lock %s gets the id of another: call it something else", d.of.ID)
		}
	}
	return c, nil
}

// What the only service user of an account signs in with.

// ClientID is that of the application.
func ClientID(account lock.AccountID) string { return "lockctl-" + string(account) }

// ClientSecret is that of the application.
func ClientSecret(account lock.AccountID) string { return hexID(string(account), "secret") }

// Username is the service user's.
func Username(account lock.AccountID) string { return "service@" + string(account) + ".example.org" }

// Password is the service user's.
func Password(account lock.AccountID) string { return "salto-" + string(account) }

func hexID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// uuid is an id that follows from what is named.
func uuid(parts ...string) string {
	h := hexID(parts...)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// next is an id that nothing else has.
func (c *Cloud) next(kind string) string {
	c.made++
	return uuid(string(c.account), kind, strconv.Itoa(c.made))
}

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door  *door
	user  *user
	group *group
	id    string // the last part of the path, where it names something else
	body  map[string]any
	reply func(facade.Reply)
}

func (r *request) json(status int, v any) { r.reply(facade.JSON(status, v)) }

// fail answers as versions 1 do.
func (r *request) fail(status, code int, message string) {
	r.json(status, map[string]any{"ErrorCode": strconv.Itoa(code), "Message": message})
}

// The codes of the vendor.
const (
	badParameter = 1100
	invalid      = 1101
	badOrder     = 1102
	notFound     = 2202
	noPermission = 2203
	otpCode      = 3102
)

func (r *request) text(name string) string { s, _ := r.body[name].(string); return s }

func (r *request) yes(name string) bool { b, _ := r.body[name].(bool); return b }

// items is the shape of most lists.
func items[T any](all []T) map[string]any {
	return map[string]any{"items": append([]T{}, all...), "next_page_link": nil, "count": len(all)}
}

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	x := &request{Request: r, reply: reply, body: map[string]any{}}
	if r.Path == "/connect/token" {
		c.token(x)
		return
	}
	path := strings.Split(strings.Trim(r.Path, "/"), "/")
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ends, known := c.tokens[token]; !ok || !known || !c.fleet.Now().Before(ends) {
		reply(facade.Reply{Status: http.StatusUnauthorized})
		return
	}
	if len(r.Body) > 0 && json.Unmarshal(r.Body, &x.body) != nil {
		x.fail(http.StatusBadRequest, badParameter, "The body is not valid")
		return
	}
	if path[0] == "v2" {
		x.json(http.StatusForbidden, map[string]any{"type": "about:blank", "title": "Forbidden", "status": http.StatusForbidden})
		return
	}
	known := false
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, strings.Join(path[1:], "/"))
		if !ok {
			continue
		}
		known = true
		if e.method != r.Method || !strings.Contains(e.versions, path[0]) {
			continue
		}
		c.look(x, func(lock.Observation) {
			if c.resolve(x, found) {
				e.serve(c, x)
			}
		})
		return
	}
	if known {
		reply(facade.Reply{Status: http.StatusMethodNotAllowed})
		return
	}
	reply(facade.Reply{Status: http.StatusNotFound})
}

// resolve finds what a path names; false: it was answered that there is no such thing.
func (c *Cloud) resolve(r *request, found map[string]string) bool {
	if id, ok := found["site"]; ok && id != c.site {
		if id == siteUID(c.account) {
			r.fail(http.StatusBadRequest, badParameter, "The value is not valid")
		} else {
			r.fail(http.StatusNotFound, notFound, "Site not found")
		}
		return false
	}
	if id, ok := found["lock"]; ok {
		i := slices.IndexFunc(c.doors, func(d *door) bool { return d.id == id })
		if i < 0 {
			r.fail(http.StatusNotFound, notFound, "Lock not found")
			return false
		}
		r.door = c.doors[i]
	}
	if id, ok := found["user"]; ok {
		i := slices.IndexFunc(c.users, func(u *user) bool { return u.id == id })
		if i < 0 {
			r.fail(http.StatusNotFound, notFound, "User not found")
			return false
		}
		r.user = c.users[i]
	}
	if id, ok := found["group"]; ok {
		i := slices.IndexFunc(c.groups, func(g *group) bool { return g.id == id })
		if i < 0 {
			r.fail(http.StatusNotFound, notFound, "Access group not found")
			return false
		}
		r.group = c.groups[i]
	}
	r.id = found["id"]
	return true
}

const (
	old    = "v1.1"
	newer  = "v1.2"
	either = "v1.1 v1.2"
)

type endpoint struct {
	method, versions, path string
	serve                  func(*Cloud, *request)
}

func endpoints() []endpoint {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []endpoint{
		{get, newer, "sites", (*Cloud).listSites},
		{get, newer, "sites/{site}", (*Cloud).showSite},
		{get, newer, "sites/{site}/subscription", (*Cloud).subscription},
		{get, newer, "sites/{site}/locks", (*Cloud).listLocks},
		{patch, either, "sites/{site}/locks/{lock}/locking", (*Cloud).locking},
		{get, newer, "sites/{site}/iqs", (*Cloud).listIQs},
		{get, newer, "sites/{site}/roles", (*Cloud).listRoles},
		{get, newer, "sites/{site}/users", (*Cloud).listUsers},
		{get, newer, "sites/{site}/users/{user}", (*Cloud).showUser},
		{post, newer, "sites/{site}/guests", (*Cloud).addGuest},
		{patch, newer, "sites/{site}/users/{user}", (*Cloud).changeUser},
		{del, newer, "sites/{site}/users/{user}", (*Cloud).deleteUser},
		{patch, newer, "sites/{site}/users/{user}/subscription", (*Cloud).subscribe},
		{get, newer, "sites/{site}/users/{user}/keys", (*Cloud).listKeys},
		{put, newer, "sites/{site}/users/{user}/pin", (*Cloud).givePIN},
		{put, newer, "sites/{site}/users/{user}/pin/custom", (*Cloud).giveCustomPIN},
		{get, newer, "sites/{site}/access_groups", (*Cloud).listGroups},
		{post, newer, "sites/{site}/access_groups", (*Cloud).addGroup},
		{del, newer, "sites/{site}/access_groups/{group}", (*Cloud).deleteGroup},
		{get, either, "sites/{site}/access_groups/{group}/locks", (*Cloud).listGroupLocks},
		{post, either, "sites/{site}/access_groups/{group}/locks", (*Cloud).addGroupLock},
		{get, newer, "sites/{site}/access_groups/{group}/users", (*Cloud).listGroupUsers},
		{post, newer, "sites/{site}/access_groups/{group}/users", (*Cloud).addGroupUser},
		{del, newer, "sites/{site}/access_groups/{group}/users/{id}", (*Cloud).removeGroupUser},
		{get, old, "sites/{site}/access_groups/{group}/time_schedules", (*Cloud).listSchedules},
		{post, old, "sites/{site}/access_groups/{group}/time_schedules", (*Cloud).addSchedule},
		{patch, old, "sites/{site}/access_groups/{group}/time_schedules/{id}", (*Cloud).changeSchedule},
		{del, old, "sites/{site}/access_groups/{group}/time_schedules/{id}", (*Cloud).deleteSchedule},
		{get, old, "sites/{site}/entries", (*Cloud).listEntries},
	}
}

const (
	tokenLives = time.Hour
	maxTokens  = 1000
)

// token serves the sign-in of service users.
func (c *Cloud) token(r *request) {
	c.look(r, func(lock.Observation) {
		form, err := url.ParseQuery(string(r.Body))
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(ClientID(c.account)+":"+ClientSecret(c.account)))
		switch {
		case c.Habits.IdentityAway:
			r.reply(facade.Reply{Status: http.StatusNotFound})
		case r.Method != http.MethodPost || err != nil || form.Get("grant_type") != "password" || form.Get("scope") != "user_api.full_access":
			r.json(http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		case r.Header.Get("Authorization") != basic:
			r.json(http.StatusBadRequest, map[string]any{"error": "invalid_client"})
		case form.Get("username") != Username(c.account) || form.Get("password") != Password(c.account):
			r.json(http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		default:
			if len(c.tokens) >= maxTokens {
				clear(c.tokens)
			}
			token := hexID(c.next("token"))
			c.tokens[token] = c.fleet.Now().Add(tokenLives)
			r.json(http.StatusOK, map[string]any{"access_token": token, "expires_in": int(tokenLives / time.Second), "token_type": "Bearer"})
		}
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
			answer = facade.Reply{Status: http.StatusUnauthorized}
		default:
			answer = facade.JSON(http.StatusBadRequest, map[string]any{"ErrorCode": strconv.Itoa(invalid), "Message": why})
		}
		r.reply(answer)
	})
}

// adopts is how often what hands have done at the locks comes to the cloud.
const adopts = time.Second

// look asks the fleet for a lock, and with that whether the cloud answers at all. What hands did at the locks is in the books then.
func (c *Cloud) look(r *request, then func(lock.Observation)) {
	if len(c.doors) == 0 {
		then(lock.Observation{})
		return
	}
	c.call(r, sim.Call{Verb: "observe", Device: c.doors[0].of.ID}, func(x sim.Result) {
		if now := c.fleet.Now(); now.Sub(c.adopted) >= adopts || now.Before(c.adopted) {
			c.adopted = now
			for _, d := range c.doors {
				c.adopt(d)
			}
		}
		then(x.Observation)
	})
}

// writes makes a write of the cloud's books, which reaches the locks later. effect changes them when the cloud has let it in.
func (c *Cloud) writes(r *request, verb string, effect func(), answer func()) {
	if len(c.doors) == 0 {
		effect()
		answer()
		return
	}
	d := c.doors[0]
	for _, g := range c.groups {
		if r.user != nil && slices.Contains(g.members, r.user) && len(g.locks) > 0 {
			d = g.locks[0]
		}
	}
	c.call(r, sim.Call{Verb: verb, Device: d.of.ID, Taken: effect}, func(sim.Result) { answer() })
}
