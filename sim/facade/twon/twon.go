// Package twon speaks the HTTP API of 2N intercoms and access units for simulated locks: without it the driver for these devices could be
// tried on a real one only. It is written from what the vendor publishes, apart from the driver.
package twon

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is the devices of an account. There is no cloud: each answers at an address of its own.
type Cloud struct {
	Habits Habits

	fleet   *sim.Fleet
	account lock.AccountID
	doors   []*door
	nonces  map[string]time.Time // given, and until when
	made    int                  // nonces and subscriptions ever
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are how a device is set up, and what differs between models and firmware. Zero values are a device as it is delivered.
type Habits struct {
	Auth       string            `json:"auth"`        // "basic", "none", "digest without qop"; else digest
	AuthOf     map[string]string `json:"auth_of"`     // the same for services that differ from the others
	NonceFor   facade.Seconds    `json:"nonce_for"`   // 0: 5 min
	HTTPSOnly  bool              `json:"https_only"`  // the services want TLS
	Off        []string          `json:"off"`         // services that are switched off: system, switch, logging, access
	Lacks      []string          `json:"lacks"`       // privileges that the login lacks: system, switch, logging, access, monitoring
	Family     string            `json:"family"`      // "verso", "uni"; else accessunit2
	Unique     bool              `json:"unique"`      // digits that another user has are refused
	Full       string            `json:"full"`        // code of the entry that finds no room; "": the whole request fails with 14
	UpperUUIDs bool              `json:"upper_uuids"` // uuids are told in capitals, whatever was sent
}

func (h *Habits) check() error {
	services := []string{"system", "switch", "logging", "access"}
	logins := []string{"", "digest", "digest without qop", "basic", "none"}
	return errors.Join(
		facade.Among("auth", []string{h.Auth}, logins...),
		facade.Among("auth_of", slices.Sorted(maps.Keys(h.AuthOf)), services...),
		facade.Among("auth_of", slices.Sorted(maps.Values(h.AuthOf)), logins...),
		facade.Within("nonce_for", h.NonceFor, 0, 86400),
		facade.Among("off", h.Off, services...),
		facade.Among("lacks", h.Lacks, append(services, "monitoring")...),
		facade.Among("family", []string{h.Family}, "", "accessunit2", "verso", "uni"),
	)
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, (*Habits).check)
}

// door is one device.
type door struct {
	of     lock.Device
	series string
	stamp  int
	users  []*user // deleted ones among them
	hopes  []*user // written to the lock without an answer

	boot   time.Time
	events []event
	last   int // number of the newest line of the fleet's log that is an event
	ids    int // events since the start
	subs   []*subscription
	barred time.Time // until when its keypad takes nothing

	active, locked, held bool // of its switch
}

// New puts the 2N devices of an account of the fleet on the network.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{fleet: f, account: account, nonces: map[string]time.Time{}}
	for _, d := range f.Devices() {
		if d.Account == account && d.System == "2n" {
			c.doors = append(c.doors, &door{of: d, series: series(d.ID, 1), boot: f.Now().Add(-8 * time.Hour)})
		}
	}
	return c, nil
}

// Addresses are where the devices answer: as they share a port, each below its name.
func (c *Cloud) Addresses(base string) string {
	var all []string
	for _, d := range c.doors {
		all = append(all, base+"/"+string(d.of.ID))
	}
	return strings.Join(all, " ")
}

// Push implements facade.Cloud: a device tells nobody by itself. Its log takes what has happened.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	for _, d := range c.doors {
		if d.of.ID == id {
			c.restarted(d)
			c.collect(d)
		}
	}
	return nil
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.doors {
		if d.of.ID == id {
			return d.serial()
		}
	}
	return ""
}

// request is a Request to one device.
type request struct {
	facade.Request
	door  *door
	path  string
	auth  string // of its service
	reply func(facade.Reply)
}

type endpoint struct {
	path, service string
	methods       []string
	serve         func(*Cloud, *request)
}

func endpoints() []endpoint {
	get, put, post := []string{http.MethodGet, http.MethodPost}, []string{http.MethodPut}, []string{http.MethodPost}
	return []endpoint{
		{"system/info", "system", get, (*Cloud).info},
		{"system/status", "system", get, (*Cloud).status},
		{"system/caps", "system", get, (*Cloud).caps},
		{"switch/caps", "switch", get, (*Cloud).switchCaps},
		{"switch/status", "switch", get, (*Cloud).switchStatus},
		{"switch/ctrl", "switch", get, (*Cloud).switchCtrl},
		{"accesspoint/grantaccess", "access", get, (*Cloud).grant},
		{"dir/template", "system", get, (*Cloud).template},
		{"dir/create", "system", put, (*Cloud).create},
		{"dir/update", "system", put, (*Cloud).update},
		{"dir/delete", "system", put, (*Cloud).remove},
		{"dir/validate", "system", put, (*Cloud).validate},
		{"dir/get", "system", post, (*Cloud).get},
		{"dir/query", "system", post, (*Cloud).query},
		{"log/caps", "logging", get, (*Cloud).logCaps},
		{"log/subscribe", "logging", get, (*Cloud).subscribe},
		{"log/unsubscribe", "logging", get, (*Cloud).unsubscribe},
		{"log/pull", "logging", get, (*Cloud).pull},
	}
}

// The codes of the envelope.
const (
	notSupported   = 1
	badPath        = 2
	badMethod      = 3
	switchedOff    = 4
	badConnection  = 7
	badAuth        = 8
	unauthorised   = 9
	noPrivilege    = 10
	missing        = 11
	badValue       = 12
	unspecified    = 14
	collision      = 17
	longestRequest = 1 << 16
)

var descriptions = [...]string{
	notSupported: "function is not supported", badPath: "invalid request path", badMethod: "invalid request method", switchedOff: "function is disabled",
	badConnection: "invalid connection type", badAuth: "invalid authentication method", unauthorised: "authorisation required",
	noPrivilege: "insufficient user privileges", missing: "missing mandatory parameter", badValue: "invalid parameter value",
	unspecified: "unspecified processing error", collision: "parameter collision",
}

// fault is a failure as a device tells it: with a status of success.
func fault(code int, param string) facade.Reply {
	e := map[string]any{"code": code, "description": descriptions[code]}
	if param != "" {
		e["param"] = param
	}
	return facade.JSON(http.StatusOK, map[string]any{"success": false, "error": e})
}

func (r *request) fail(code int, param string) { r.reply(fault(code, param)) }

// done answers with a result; nil: without one.
func (r *request) done(result any) {
	said := map[string]any{"success": true}
	if result != nil {
		said["result"] = result
	}
	r.reply(facade.JSON(http.StatusOK, said))
}

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	x := &request{Request: r, reply: reply, path: strings.Trim(r.Path, "/")}
	if first, rest, ok := strings.Cut(x.path, "/"); ok && first != "api" {
		if i := slices.IndexFunc(c.doors, func(d *door) bool { return string(d.of.ID) == first }); i >= 0 {
			x.door, x.path = c.doors[i], rest
		}
	} else if len(c.doors) == 1 {
		x.door = c.doors[0]
	}
	function, ok := strings.CutPrefix(x.path, "api/")
	if x.door == nil || !ok {
		reply(facade.Reply{Status: http.StatusNotFound, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>Not found</body></html>")})
		return
	}
	i := slices.IndexFunc(endpoints(), func(e endpoint) bool { return e.path == function })
	if i < 0 {
		x.fail(badPath, "")
		return
	}
	e := endpoints()[i]
	switch {
	case slices.Contains(c.Habits.Off, e.service):
		x.fail(switchedOff, "")
		return
	case c.Habits.HTTPSOnly && !strings.HasPrefix(r.Base, "https:"):
		x.fail(badConnection, "")
		return
	case !slices.Contains(e.methods, r.Method):
		x.fail(badMethod, "")
		return
	}
	x.auth = cmp.Or(c.Habits.AuthOf[e.service], c.Habits.Auth)
	if challenge, ok := c.authorised(x); !ok {
		reply(refuse(challenge))
		return
	}
	if slices.Contains(c.Habits.Lacks, e.service) {
		x.fail(noPrivilege, "")
		return
	}
	c.restarted(x.door)
	e.serve(c, x)
}

// look asks the device how it is, and goes on if it answers.
func (c *Cloud) look(r *request, then func(lock.Observation)) {
	c.call(r, sim.Call{Verb: "observe", Device: r.door.of.ID}, func(x sim.Result) {
		if x.Observation.Reach != lock.Reached {
			r.reply(facade.Reply{Broken: true}) // nobody is there to answer
			return
		}
		c.collect(r.door)
		c.sync(r.door)
		then(x.Observation)
	}, nil)
}

// call makes a call to the fleet and goes on with what came of it. What the device itself refuses is for refused; nil: an unspecified error.
func (c *Cloud) call(r *request, x sim.Call, then func(sim.Result), refused func(why string)) {
	c.fleet.Call(x, func(result sim.Result) {
		if result.Err == nil {
			then(result)
			return
		}
		answer, why, ok := facade.Failure(result)
		switch {
		case ok:
			r.reply(answer)
		case why == "token_expired":
			r.reply(refuse(c.challenge(r.auth, false)))
		case why == "lock_offline" || why == "hub_offline":
			r.reply(facade.Reply{Broken: true})
		case refused != nil:
			refused(why)
		default:
			r.fail(unspecified, "")
		}
	})
}

// restarted notes that a device has started anew: what it remembers of what happened is gone.
func (c *Cloud) restarted(d *door) {
	for _, x := range c.fleet.Faults() {
		if x.On == string(d.of.ID) && x.Kind == "reset" && x.From.After(d.boot) && !x.From.After(c.fleet.Now()) {
			d.boot, d.events, d.ids, d.subs = x.From, nil, 0, nil
			for _, e := range c.fleet.Log(d.of.ID) {
				if n, err := strconv.Atoi(e.ID); err == nil && e.At.Before(x.From) {
					d.last = max(d.last, n)
				}
			}
			c.note(d, x.From, "DeviceState", map[string]any{"state": "startup"})
		}
	}
}

// clockless is how long a device that has started does not know the time.
const clockless = 30 * time.Second

// clock is a device's time, which says 1970 until it has heard of a better one.
func (c *Cloud) clock(d *door, o lock.Observation) time.Time {
	up := c.fleet.Now().Sub(d.boot)
	if up < clockless {
		return time.Unix(0, 0).Add(up)
	}
	if o.Clock.IsZero() {
		return c.fleet.Now()
	}
	return o.Clock
}

func series(id lock.DeviceID, n int) string {
	sum := sha256.Sum256([]byte(fmt.Sprint("series", id, n)))
	return strconv.FormatUint(uint64(sum[0])<<48|uint64(sum[1])<<40|uint64(sum[2])<<32|0x1d0f, 10)
}

func hexID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// serial is the number on the device's label.
func (d *door) serial() string {
	h := hexID("serial " + string(d.of.ID))
	part := func(from int) string {
		v, _ := strconv.ParseUint(h[from:from+8], 16, 64) // it is hexadecimal by its making
		return fmt.Sprintf("%04d", v%10000)
	}
	return "54-" + part(0) + "-" + part(8)
}

func (c *Cloud) info(r *request) {
	c.look(r, func(lock.Observation) {
		r.done(map[string]any{
			"variant": "2N Access Unit 2.0", "serialNumber": r.door.serial(), "macAddr": "7C-1E-B3-00-00-01", "hwVersion": "535v1",
			"swVersion": "2.43.0.53.2", "buildType": "release", "firmwarePackage": cmp.Or(c.Habits.Family, "accessunit2"), "deviceName": r.door.of.Name,
		})
	})
}

func (c *Cloud) status(r *request) {
	c.look(r, func(o lock.Observation) {
		r.done(map[string]any{"systemTime": c.clock(r.door, o).Unix(), "upTime": int(c.fleet.Now().Sub(r.door.boot) / time.Second)})
	})
}

func (c *Cloud) caps(r *request) {
	c.look(r, func(lock.Observation) {
		r.done(map[string]any{"options": map[string]string{"codec": "no", "directory": "active", "accessControl": "active"}})
	})
}
