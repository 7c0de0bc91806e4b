// Package schlage speaks the protocol of the Schlage Home app for simulated locks: without it the driver for these locks could be tried
// with a real account and a real door only. It is written from what the integrators of that protocol have published, apart from the
// driver. Beside it stands the vendor's API for partners, about the same locks and codes. Most of that one is behind the vendor's login:
// the paths of single codes and commands, the shape of a device, the names of events and how subscriptions are made are guesses.
package schlage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
)

// Cloud is one account.
type Cloud struct {
	Habits

	fleet   *sim.Fleet
	account lock.AccountID
	pool    *cognito.Pool
	doors   map[string]*door
	order   []*door
	notes   map[string]*note
	partner partner
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are ways that the vendor's locks, or its cloud, were seen to have.
type Habits struct {
	NotesFail bool `json:"notes_fail"` // writes of notifications are answered with an error of the server, although the code was taken
	AtOnce    bool `json:"at_once"`    // the partner API refuses a schedule with 502 before it makes a command of it
	Sense     bool `json:"sense"`      // the locks are Senses: the bolt is moved through a gateway, by a command; how many codes they take they do not tell
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, func(*Habits) error { return nil })
}

// What an app of the vendor knows besides its user: the user pool, and the key of the API.
const (
	UserPool     = "us-west-2_Simulated"
	Client       = "simulated-app"
	ClientSecret = "secret-of-the-simulated-app"
)

// APIKey is the key of the API.
func APIKey(account lock.AccountID) string { return "schlage-key-" + string(account) }

// New puts the Schlage locks of an account of the fleet behind the API.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{
		fleet: f, account: account, doors: map[string]*door{}, notes: map[string]*note{},
		partner: partner{account: account, commands: map[string]*command{}},
		pool:    cognito.New(f, account, cognito.Config{ID: UserPool, Client: Client, Secret: ClientSecret}),
	}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "schlage" {
			continue
		}
		x := &door{id: uuid("device", string(d.ID)), of: d, locked: true, weeks: map[lock.Ref]*week{}, born: map[lock.Ref]time.Time{}, freed: map[string]time.Time{}}
		if before := c.doors[x.id]; before != nil {
			return nil, fmt.Errorf("locks %s and %s get the same id: call one of them something else", d.ID, before.of.ID)
		}
		c.doors[x.id] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Serve implements facade.Cloud. The user pool is asked at the same address.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	if cognito.Wants(r) {
		c.pool.Serve(r, reply)
		return
	}
	if c.partner.wants(r) {
		c.servePartner(r, reply)
		return
	}
	if r.Header.Get("X-Api-Key") != APIKey(c.account) {
		reply(says(http.StatusForbidden, "Forbidden"))
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch c.pool.Judge(token, cognito.Access) {
	case cognito.Forged:
		reply(says(http.StatusUnauthorized, "Unauthorized"))
		return
	case cognito.Expired:
		reply(says(http.StatusUnauthorized, "The incoming token has expired"))
		return
	case cognito.Valid:
	}
	c.route(endpoints(), strings.TrimPrefix(r.Path, "/v1"), request{Request: r, reply: reply})
}

// route has a request served by what stands at its path.
func (c *Cloud) route(all []endpoint, path string, x request) {
	for _, e := range all {
		found, ok := facade.Match(e.path, path)
		if !ok || e.method != x.Method {
			continue
		}
		x.id = found["id"]
		if id, ok := found["device"]; ok {
			if x.door = c.doors[id]; x.door == nil {
				x.refuse(http.StatusNotFound, "Device not found")
				return
			}
		}
		if id := x.Query.Get("deviceId"); id != "" {
			x.door = c.doors[id]
		}
		e.serve(c, &x)
		return
	}
	x.refuse(http.StatusNotFound, "Not Found")
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.order {
		if d.of.ID == id {
			return d.id
		}
	}
	return ""
}

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door   *door
	id     string
	reply  func(facade.Reply)
	passed bool // the cloud has taken it before, and works on it now
}

func (r *request) json(v any) { r.reply(facade.JSON(http.StatusOK, v)) }

func (r *request) refuse(status int, message string) { r.reply(says(status, message)) }

type endpoint struct {
	method, path string
	serve        func(*Cloud, *request)
}

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "users/@me", (*Cloud).me},
		{http.MethodGet, "users", (*Cloud).users},
		{http.MethodGet, "devices", (*Cloud).listDevices},
		{http.MethodGet, "devices/{device}", (*Cloud).showDevice},
		{http.MethodPut, "devices/{device}", (*Cloud).changeDevice},
		{http.MethodPost, "devices/{device}/commands", (*Cloud).command},
		{http.MethodGet, "devices/{device}/storage/accesscode", (*Cloud).listCodes},
		{http.MethodGet, "devices/{device}/logs", (*Cloud).showLog},
		{http.MethodGet, "notifications", (*Cloud).listNotes},
		{http.MethodPost, "notifications", (*Cloud).writeNote},
		{http.MethodPut, "notifications", (*Cloud).writeNote},
		{http.MethodDelete, "notifications/{id}", (*Cloud).deleteNote},
	}
}

// says is a refusal, or whatever else is told in one sentence.
func says(status int, message string) facade.Reply {
	return facade.JSON(status, map[string]string{"message": message})
}

const timedOut = "Endpoint request timed out"

// gateway is how long the server in front of the API waits for an answer.
const gateway = 29 * time.Second

// call makes a call to the fleet and goes on with what came of it, unless that is a failure.
func (c *Cloud) call(r *request, x sim.Call, then func(sim.Result)) {
	c.tryCall(r, x, then, nil)
}

// tryCall is call, with something to do when no answer came.
func (c *Cloud) tryCall(r *request, x sim.Call, then func(sim.Result), unanswered func()) {
	x.Deadline, x.Passed = c.fleet.Now().Add(gateway), r.passed
	c.fleet.Call(x, func(result sim.Result) {
		if result.Err == nil {
			then(result)
			return
		}
		answer, why, ok := facade.Failure(result)
		switch {
		case why == "timeout":
			if unanswered != nil {
				unanswered()
			}
			answer = says(http.StatusGatewayTimeout, timedOut)
		case why == "lock_offline":
			answer = says(http.StatusGatewayTimeout, timedOut)
		case why == "hub_offline":
			answer = says(http.StatusBadRequest, "Device is not connected")
		case ok:
		case why == "token_expired":
			answer = says(http.StatusUnauthorized, "Unauthorized")
		case why == "duplicate_pin", why == "pin_known", why == string(lock.NameMustBeUnique):
			answer = says(http.StatusBadRequest, exists)
		case why == "no_free_slot":
			answer = says(http.StatusBadRequest, "Maximum number of access codes reached")
		default:
			answer = says(http.StatusBadRequest, why)
		}
		r.reply(answer)
	})
}

// look asks the cloud's copy of a lock, and with that whether the cloud answers at all.
func (c *Cloud) look(r *request, d *door, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) { then(x.Observation) })
}

// reach asks whether the cloud answers, by any lock.
func (c *Cloud) reach(r *request, then func()) {
	if len(c.order) == 0 {
		then()
		return
	}
	c.call(r, sim.Call{Verb: "observe", Device: c.order[0].of.ID, Taken: func() {}}, func(sim.Result) { then() })
}

// uuid follows from what is named.
func uuid(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
