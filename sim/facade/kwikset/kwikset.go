// Package kwikset speaks the protocol of the Kwikset app for simulated locks: without it the driver for these locks could be tried with a
// real account and a real door only. It is written from what the community has found out, apart from the driver.
package kwikset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	jobs    map[string]*job
	taken   int // jobs ever
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are how accounts differ, and what nobody outside knows for sure of the vendor.
type Habits struct {
	Homes        int    `json:"homes"`         // without locks, that come before the one that has them; the API lists twenty unless it is asked for more
	HistoryFails bool   `json:"history_fails"` // with 504, as it does at times
	DateRanges   string `json:"date_ranges"`   // "daily": two dates and times mean those hours of each of the days; "": all the time from one to the other
}

const daily = "daily" // of DateRanges

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, func(h *Habits) error {
		return errors.Join(facade.Within("homes", h.Homes, 0, 1000), facade.Among("date_ranges", []string{h.DateRanges}, "", daily))
	})
}

// What an app of the vendor knows besides its user.
const (
	UserPool = "us-east-1_Simulated"
	Client   = "simulated-app"
)

// New puts the Kwikset locks of an account of the fleet behind the API.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{
		fleet: f, account: account, doors: map[string]*door{}, jobs: map[string]*job{},
		pool: cognito.New(f, account, cognito.Config{ID: UserPool, Client: Client}),
	}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "kwikset" {
			continue
		}
		x := &door{id: hexID("device", string(d.ID)), of: d, locked: true}
		if d.Traits.Zone != "" {
			zone, err := lock.LoadZone(d.Traits.Zone)
			if err != nil {
				return nil, fmt.Errorf("lock %s: %w", d.ID, err)
			}
			x.zone = zone
		}
		if before := c.doors[x.id]; before != nil {
			return nil, fmt.Errorf("locks %s and %s get the same id: call one of them something else", d.ID, before.of.ID)
		}
		c.doors[x.id] = x
		c.order = append(c.order, x)
	}
	return c, nil
}

// Push implements facade.Cloud: what the vendor's own app subscribes to is not known well enough to be spoken.
func (c *Cloud) Push(lock.DeviceID) []facade.Post { return nil }

// Serve implements facade.Cloud. The user pool is asked at the same address.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	if cognito.Wants(r) {
		c.pool.Serve(r, reply)
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch c.pool.Judge(token, cognito.ID) {
	case cognito.Forged:
		reply(says(http.StatusUnauthorized, "Unauthorized"))
		return
	case cognito.Expired:
		reply(says(http.StatusUnauthorized, "The incoming token has expired"))
		return
	case cognito.Valid:
	}
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, strings.TrimPrefix(r.Path, "/prod_v1"))
		if !ok || e.method != r.Method {
			continue
		}
		x := request{Request: r, reply: reply, id: found["id"]}
		if id, ok := found["device"]; ok {
			if x.door = c.find(id); x.door == nil {
				reply(says(http.StatusNotFound, "Device not found"))
				return
			}
		}
		e.serve(c, &x)
		return
	}
	reply(says(http.StatusForbidden, "Missing Authentication Token")) // what the gateway says of paths that it does not know
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

// find returns the door of that id or serial number, or nil.
func (c *Cloud) find(name string) *door {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.id == name || d.serial() == name })
	if i < 0 {
		return nil
	}
	return c.order[i]
}

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door  *door
	id    string
	reply func(facade.Reply)
}

func (r *request) data(v any) {
	r.reply(facade.JSON(http.StatusOK, map[string]any{"data": v}))
}

func (r *request) refuse(status int, message string) { r.reply(says(status, message)) }

type endpoint struct {
	method, path string
	serve        func(*Cloud, *request)
}

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "users/me", (*Cloud).me},
		{http.MethodGet, "users/me/homes", (*Cloud).homes},
		{http.MethodGet, "homes/{id}/devices", (*Cloud).listDevices},
		{http.MethodGet, "devices_v2/{device}", (*Cloud).showDevice},
		{http.MethodGet, "devices/{device}/history_v4", (*Cloud).history},
		{http.MethodPatch, "devices/{device}/status", (*Cloud).move},
		{http.MethodPatch, "devices/{device}/ledstatus", (*Cloud).setting},
		{http.MethodPatch, "devices/{device}/audiostatus", (*Cloud).setting},
		{http.MethodPatch, "devices/{device}/securescreenstatus", (*Cloud).setting},
		{http.MethodPost, "devices/{device}/accesscode", (*Cloud).create},
		{http.MethodDelete, "devices/{device}/accesscode", (*Cloud).delete},
		{http.MethodGet, "devices/{device}/accesscode/{id}", (*Cloud).confirm},
		{http.MethodGet, "devices/{device}/remoteaccesscode", (*Cloud).manifest},
	}
}

// says is what the gateway makes of a refusal.
func says(status int, message string) facade.Reply {
	return facade.JSON(status, map[string]string{"message": message})
}

// reach asks whether the account's cloud answers; x is the write that it is to take, or nothing.
func (c *Cloud) reach(r *request, x sim.Call, taken, then func()) {
	if len(c.order) == 0 {
		then()
		return
	}
	if r.door == nil {
		r.door = c.order[0]
	}
	x.Device, x.Taken = r.door.of.ID, taken
	c.fleet.Call(x, func(result sim.Result) {
		if result.Err == nil {
			then()
			return
		}
		answer, why, ok := facade.Failure(result)
		switch {
		case ok && answer.Status == http.StatusTooManyRequests:
			answer.Body = []byte(`{"message":"Too Many Requests"}`)
		case ok:
		case why == "token_expired":
			answer = says(http.StatusUnauthorized, "The incoming token has expired")
		default:
			answer = says(http.StatusBadRequest, why)
		}
		r.reply(answer)
	})
}

// look is reach for what only reads.
func (c *Cloud) look(r *request, then func()) {
	c.reach(r, sim.Call{Verb: "observe"}, func() {}, then)
}

func (c *Cloud) me(r *request) {
	c.look(r, func() {
		r.reply(facade.JSON(http.StatusOK, map[string]any{"data": []any{map[string]string{"email": cognito.User(c.account), "firstname": "Owner", "lastname": string(c.account)}}}))
	})
}

const pageOfHomes = 20

func (c *Cloud) homes(r *request) {
	top := pageOfHomes
	if text := r.Query.Get("top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			r.refuse(http.StatusBadRequest, "Invalid top")
			return
		}
		top = n
	}
	c.look(r, func() {
		var all []map[string]string
		for i := range c.Homes + 1 {
			all = append(all, map[string]string{"homeid": c.home(i), "homename": fmt.Sprintf("Home %d", i+1)})
		}
		r.data(all[:min(top, len(all))])
	})
}

func (c *Cloud) home(i int) string { return hexID("home", string(c.account), strconv.Itoa(i)) }

// hexID follows from what is named.
func hexID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// zoned is how the history writes the offset of a zone.
func zoned(t time.Time) string {
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("GMT%s%d:%02d", sign, seconds/3600, seconds/60%60)
}
