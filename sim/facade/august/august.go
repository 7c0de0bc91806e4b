// Package august speaks the cloud of August and Yale for simulated locks: without it the driver for these locks could be tried
// with an account, a bridge and a real door only. It is written from what the vendor and those who use its cloud publish, apart from
// the driver.
package august

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

// Brand is one of the names under which the cloud answers. They differ in hosts and headers; behind them is the same.
type Brand string

// The brands.
const (
	August     Brand = "august"      // headers x-august-…
	YaleAccess Brand = "yale_access" // the same, with the branding of Yale
	YaleAugust Brand = "yale_august" // the same, and no passwords
	YaleHome   Brand = "yale_home"   // headers x-…
	YaleGlobal Brand = "yale_global" // the same, and no passwords
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Brand) UnmarshalText(text []byte) error {
	all := []Brand{August, YaleAccess, YaleAugust, YaleHome, YaleGlobal}
	if !slices.Contains(all, Brand(text)) {
		return fmt.Errorf("brand: must be one of %v", all)
	}
	*b = Brand(text)
	return nil
}

// headers are what a brand calls its three headers, and the value of the last.
func (b Brand) headers() (key, token, branding, value string) {
	switch b {
	case August:
		return "x-august-api-key", "x-august-access-token", "x-august-branding", "august"
	case YaleAccess, YaleAugust:
		return "x-august-api-key", "x-august-access-token", "x-august-branding", "yale"
	case YaleHome, YaleGlobal:
	}
	return "x-api-key", "x-access-token", "x-branding", "yale"
}

// Habits are what an account is, and its locks are, other than they were made.
type Habits struct {
	Brand Brand                    `json:"brand"`
	Locks map[lock.DeviceID]Quirks `json:"locks"` // whoever changes a lock's says all of them
}

// Quirks are states in which the vendor has been seen to tell of a lock.
type Quirks struct {
	NoBridge        bool `json:"no_bridge"`        // there is no bridge
	NoBridgeStatus  bool `json:"no_bridge_status"` // the bridge is "operative", and more is not said
	NoKeypad        bool `json:"no_keypad"`        // no keypad is paired
	NoEntryCodes    bool `json:"no_entry_codes"`   // supportsEntryCodes is false
	FirstGeneration bool `json:"first_generation"` // Type 1: codes work always or not at all
	NoBattery       bool `json:"no_battery"`       // battery is -1
	NotOwner        bool `json:"not_owner"`        // the account is a guest of the house
	Sparse          bool `json:"sparse"`           // lists of codes that are empty are left out
	FallsBack       bool `json:"falls_back"`       // codes that were loaded are listed as created again
	Capacity        int  `json:"capacity"`         // codes that the lock takes; 0: those of its model
	Operate         int  `json:"operate"`          // what remote operations are answered with; 0: as the lock does
	Write           int  `json:"write"`            // what batches of codes are answered with; 0: as the lock does
}

// Cloud is one account.
type Cloud struct {
	fleet   *sim.Fleet
	account lock.AccountID
	brand   Brand
	doors   map[string]*door // by lockID
	order   []*door
	signs   signs
	users   map[string]*user // made by the way of the app, by their id
	made    int              // of everything that is numbered
	posts   []time.Time      // the last batches of codes
	blocked time.Time        // until then no more are taken
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// door is a lock as the cloud knows it.
type door struct {
	id     string // lockID
	of     lock.Device
	quirks Quirks
	pins   map[lock.Ref]*record
	asked  map[string]*record // on their way to the fleet, by the tags that they are given there
	hooks  []*hook            // by clientID
	locked bool
	told   string // the newest line of the log that was posted
	moves  []move // of the bolt, by this API, the oldest first
}

// move is a turn of the bolt.
type move struct {
	at     time.Time
	locked bool
}

// capacity is how many codes the lock takes.
func (d *door) capacity() int {
	if d.quirks.Capacity > 0 {
		return d.quirks.Capacity
	}
	return d.of.Traits.Slots
}

// New puts the locks that an account of the fleet has of a brand behind the API.
func New(f *sim.Fleet, account lock.AccountID, brand Brand) (*Cloud, error) {
	c := &Cloud{fleet: f, account: account, brand: brand, doors: map[string]*door{}, users: map[string]*user{}}
	c.signs = newSigns(account)
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "august" && d.System != "yale" {
			continue
		}
		x := &door{id: strings.ToUpper(hexID(string(d.ID))), of: d, pins: map[lock.Ref]*record{}, asked: map[string]*record{}, locked: true}
		c.doors[x.id] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	now := Habits{c.brand, map[lock.DeviceID]Quirks{}}
	for _, d := range c.order {
		now.Locks[d.of.ID] = d.quirks
	}
	return facade.Change(&now, read, func(next *Habits) error {
		for id, q := range next.Locks {
			if !slices.ContainsFunc(c.order, func(d *door) bool { return d.of.ID == id }) {
				return fmt.Errorf("locks: %q is not of this account", id)
			}
			if err := errors.Join(facade.Within("capacity", q.Capacity, 0, 1000), status("operate", q.Operate), status("write", q.Write)); err != nil {
				return err
			}
		}
		c.brand = next.Brand
		for _, d := range c.order {
			d.quirks = next.Locks[d.of.ID]
		}
		return nil
	})
}

// status checks what a request is to be answered with.
func status(field string, n int) error {
	if n == 0 {
		return nil
	}
	return facade.Within(field, n, 400, 599)
}

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	if r.Header.Get("Transfer-Encoding") == "" && len(r.Body) == 0 && (r.Method == http.MethodPut || r.Method == http.MethodPost) && r.Header.Get("Content-Length") == "" {
		c.fleet.After(hangs, func() { reply(facade.Reply{Broken: true}) }) // it waits for the body in vain
		return
	}
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, r.Path)
		if !ok || e.method != r.Method {
			continue
		}
		x := &request{Request: r, reply: reply, id: found["id"], op: found["op"]}
		if !e.open {
			if refused, ok := c.authorize(x, e.tokenless); !ok {
				reply(refused)
				return
			}
		}
		if id, ok := found["lock"]; ok {
			if x.door = c.doors[id]; x.door == nil {
				x.no(http.StatusNotFound, "Lock not found")
				return
			}
		}
		e.serve(c, x)
		return
	}
	reply(refusal(http.StatusNotFound, "Not found"))
}

// hangs is how long a request is waited for that does not say that it has no body.
const hangs = 30 * time.Second

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door  *door
	id    string
	op    string
	reply func(facade.Reply)
	fresh http.Header // the next token, which goes with every answer
}

func (r *request) json(status int, v any) { r.answer(facade.JSON(status, v)) }

func (r *request) no(status int, message string) { r.answer(refusal(status, message)) }

// answer replies, with the next token.
func (r *request) answer(x facade.Reply) {
	for name, values := range r.fresh {
		if x.Header == nil {
			x.Header = http.Header{}
		}
		x.Header[name] = values
	}
	r.reply(x)
}

type endpoint struct {
	method, path    string
	open, tokenless bool // needs no key, or no token
	serve           func(*Cloud, *request)
}

func endpoints() []endpoint {
	return []endpoint{
		{method: http.MethodPost, path: "session", tokenless: true, serve: (*Cloud).session},
		{method: http.MethodDelete, path: "session/{id}", serve: (*Cloud).endSession},
		{method: http.MethodPost, path: "validation/{id}", serve: (*Cloud).sendCode},
		{method: http.MethodPost, path: "validate/{id}", serve: (*Cloud).validate},
		{method: http.MethodGet, path: "authorization", open: true, serve: (*Cloud).authorization},
		{method: http.MethodGet, path: "authorize", open: true, serve: (*Cloud).authorization},
		{method: http.MethodPost, path: "access_token", open: true, serve: (*Cloud).accessToken},
		{method: http.MethodGet, path: "users/me", serve: (*Cloud).me},
		{method: http.MethodGet, path: "users/locks/mine", serve: (*Cloud).listLocks},
		{method: http.MethodGet, path: "users/houses/mine", serve: (*Cloud).listHouses},
		{method: http.MethodGet, path: "houses/{id}", serve: (*Cloud).showHouse},
		{method: http.MethodGet, path: "houses/{id}/activities", serve: (*Cloud).activities},
		{method: http.MethodGet, path: "locks/{lock}", serve: (*Cloud).showLock},
		{method: http.MethodGet, path: "locks/{lock}/status", serve: (*Cloud).showStatus},
		{method: http.MethodPut, path: "remoteoperate/{lock}/{op}", serve: (*Cloud).operate},
		{method: http.MethodGet, path: "locks/{lock}/pins", serve: (*Cloud).listPins},
		{method: http.MethodPost, path: "locks/{lock}/pins", serve: (*Cloud).batch},
		{method: http.MethodGet, path: "locks/{lock}/pin", serve: (*Cloud).reserve},
		{method: http.MethodPut, path: "locks/{lock}/pins/sync", serve: (*Cloud).sync},
		{method: http.MethodPost, path: "unverifiedusers", serve: (*Cloud).addUser},
		{method: http.MethodPut, path: "locks/{lock}/users/{id}/credentials", serve: (*Cloud).credential},
		{method: http.MethodPut, path: "locks/{lock}/users/{id}/pin", serve: (*Cloud).credential},
		{method: http.MethodGet, path: "locks/{lock}/users/{id}/credential", serve: (*Cloud).showCredential},
		{method: http.MethodPost, path: "webhook/{lock}", serve: (*Cloud).addHook},
		{method: http.MethodDelete, path: "webhook/{lock}/{id}", serve: (*Cloud).deleteHook},
	}
}

// refusal is an error as the cloud tells it.
func refusal(status int, message string) facade.Reply {
	return facade.JSON(status, map[string]string{"code": strings.ReplaceAll(http.StatusText(status), " ", ""), "message": message})
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
		case ok && answer.Status/100 == 4:
			answer.Body = refusal(answer.Status, "Too many requests").Body
		case ok:
		case why == "token_expired":
			answer = refusal(http.StatusUnauthorized, "Invalid access token")
			r.fresh = nil
		case why == "duplicate_pin":
			answer = refusal(http.StatusConflict, "Pin is in use")
		case why == "no_free_slot":
			answer = refusal(http.StatusConflict, "No slot is available")
		case why == "invalid_code_length":
			answer = refusal(http.StatusBadRequest, "bad pin format")
		default:
			answer = refusal(http.StatusBadRequest, why)
		}
		r.answer(answer)
	})
}

// look asks the fleet for a lock, and with that whether the cloud answers at all.
func (c *Cloud) look(r *request, d *door, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) { then(x.Observation) })
}

// any looks at some lock, for what is asked about the account. An account without locks always answers.
func (c *Cloud) any(r *request, then func()) {
	if len(c.order) == 0 {
		then()
		return
	}
	c.look(r, c.order[0], func(lock.Observation) { then() })
}

// bridged refuses what needs the lock's bridge while that is away; true: it is there.
func (c *Cloud) bridged(r *request) bool {
	switch {
	case r.door.quirks.NoBridge:
		r.no(http.StatusConflict, "Lock has no bridge")
	case c.fleet.Reach(r.door.of.ID) == lock.HubDown:
		r.no(http.StatusUnprocessableEntity, "Bridge is offline")
	default:
		return true
	}
	return false
}

// hexID is 32 hexadecimal digits that follow from what is named.
func hexID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// uuid is such digits as the cloud writes the ids of people and bridges.
func uuid(parts ...string) string {
	x := hexID(parts...)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
