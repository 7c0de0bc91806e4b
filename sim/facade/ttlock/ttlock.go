// Package ttlock speaks the cloud API of the TTLock Open Platform for simulated locks: without it the driver for these locks could
// be tried with a gateway and a real door only. It is written from what the vendor publishes, apart from the driver.
//
// A lock of the fleet that hangs on a hub is one behind a gateway, any other one is on Wi-Fi. What people do in the vendor's console
// and app has paths of its own: /console/callback (clientId, clientSecret, url) sets where records are posted, /console/expire
// (clientId, clientSecret) ends all access tokens, /console/strict (the same, on) has the cloud refuse to delete what it does not
// know, /app/lock (clientId, clientSecret, lockId, powerSaving, unpaired: 0 or 1) changes a lock's settings.
//
// Faults of the fleet are told as the vendor does. "5xx" with a status of 30008 or another errcode answers with that, as does "rejects"
// with a text such as "-3037"; "429" with a retry of a day or more is the monthly quota.
package ttlock

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one account, and the application that speaks for it.
type Cloud struct {
	Habits

	fleet    *sim.Fleet
	account  lock.AccountID
	doors    map[int64]*door
	order    []*door
	gateways []*gateway
	methods  map[string]endpoint
	sessions map[string]*session // by access token
	issued   int                 // tokens ever
	callback string              // where records are posted; "": nowhere
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Targeted = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
	_ facade.Answered = (*Cloud)(nil)
)

// New puts the TTLock locks of an account of the fleet behind the API.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{Habits: Habits{CallbackRetries: 3, CallbackAgain: 60}, fleet: f, account: account, doors: map[int64]*door{}, methods: endpoints(), sessions: map[string]*session{}}
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "ttlock" {
			continue
		}
		x := &door{number: 1_000_000 + hashed(string(d.ID))%9_000_000, of: d, locked: true, ids: map[lock.Ref]int64{}, tries: map[string]int{}}
		if before := c.doors[x.number]; before != nil {
			return nil, fmt.Errorf("locks %s and %s get the same number: call one of them something else", d.ID, before.of.ID)
		}
		c.doors[x.number] = x
		c.order = append(c.order, x)
		if d.Hub != "" {
			x.gateway = c.gateway(d.Hub)
			x.hangsOn = x.gateway
			x.gateway.doors = append(x.gateway.doors, x)
		}
	}
	return c, nil
}

// gateway finds or adds the gateway that is called so in the fleet.
func (c *Cloud) gateway(id lock.HubID) *gateway {
	for _, d := range c.order {
		if d.gateway != nil && d.gateway.id == id {
			return d.gateway
		}
	}
	g := &gateway{id: id, number: 100_000 + hashed(string(id))%900_000}
	c.gateways = append(c.gateways, g)
	return g
}

func hashed(text string) int64 {
	h := fnv.New32a()
	h.Write([]byte(text))
	return int64(h.Sum32())
}

// request is a Request whose parameters were gathered.
type request struct {
	form  url.Values
	door  *door
	reply func(facade.Reply)
}

// number reads a parameter that is a whole number; what is none is the one given.
func (r *request) number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(r.form.Get(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (r *request) flag(name string) bool { return r.form.Get(name) == "1" }

// instant reads a parameter that is a time in milliseconds; zero: it is not there.
func (r *request) instant(name string) time.Time {
	if n := r.number(name, 0); n > 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

func (r *request) json(v any) { r.reply(facade.JSON(http.StatusOK, v)) }

// done answers that a write without a result succeeded.
func (r *request) done() {
	r.json(map[string]any{"errcode": 0, "errmsg": "none error message or means yes", "description": "表示成功或是"})
}

// fail answers with an error, which has the status of a success.
func (r *request) fail(code int) {
	r.json(map[string]any{"errcode": code, "errmsg": messages[code], "description": "错误" + strconv.Itoa(code)})
}

// The error codes that this side gives.
const (
	failed         = 1
	badParameter   = -3
	noSuchLock     = -1003
	windowIssued   = -1026
	noGateway      = -2012
	noSuchPasscode = -2009
	tooSimple      = -2032
	gatewayOffline = -3002
	gatewayBusy    = -3003
	badLength      = -3006
	samePasscode   = -3007
	neverUsed      = -3008
	passcodesFull  = -3009
	noNetwork      = -3034
	powerSaving    = -3035
	lockOffline    = -3036
	lockBusy       = -3037
	noGatewayFound = -4037
	notSupported   = -4043
	storageFull    = -4056
	noClient       = 10000
	badClient      = 10001
	noToken        = 10003
	badToken       = 10004
	badPassword    = 10007
	badRefresh     = 10011
	notMD5         = 30005
	callLimit      = 30006
	monthlyLimit   = 30007
	staleDate      = 80000
	internal       = 90000
)

var messages = map[int]string{
	failed: "failed or means no", badParameter: "Invalid Parameter", noSuchLock: "Lock does not exist", windowIssued: "Passcode of this period was issued",
	noGateway: "There is no gateway near the lock", noSuchPasscode: "Passcode does not exist", tooSimple: "Passcode is too simple", gatewayOffline: "Gateway is offline",
	gatewayBusy: "Gateway is busy", badLength: "Length of passcode must be 4 to 9", samePasscode: "The same passcode already exists. Please use another one.",
	neverUsed: "Passcode was never used on the lock", passcodesFull: "No space for custom passcodes", noNetwork: "WiFi is not configured",
	powerSaving: "Lock is in power saving mode", lockOffline: "Lock is offline", lockBusy: "Lock is busy", noGatewayFound: "Gateway does not exist",
	notSupported: "Not supported by this lock", storageFull: "The storage of the lock is full", noClient: "invalid client_id", badClient: "invalid client", noToken: "invalid token", badToken: "invalid grant",
	badPassword: "invalid account or invalid password", badRefresh: "invalid refresh_token", notMD5: "password must be md5", callLimit: "too many calls",
	monthlyLimit: "monthly calls are used up", staleDate: "date must be current time, in 5 minutes", internal: "internal server error",
}

// skew is how far a request's date may lie from the cloud's clock.
const skew = 5 * time.Minute

// Serve implements facade.Cloud. Parameters may stand in the query and in a form alike.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	x := &request{form: r.Query, reply: reply}
	if x.form == nil {
		x.form = url.Values{}
	}
	if body, err := url.ParseQuery(string(r.Body)); err == nil {
		for name, values := range body {
			x.form[name] = values
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		reply(facade.Reply{Status: http.StatusMethodNotAllowed})
		return
	}
	if r.Path == "/oauth2/token" {
		c.token(x)
		return
	}
	if serve := byHand()[r.Path]; serve != nil {
		if x.form.Get("clientId") != ClientID(c.account) || x.form.Get("clientSecret") != ClientSecret(c.account) {
			x.fail(badClient)
			return
		}
		serve(c, x)
		return
	}
	e, ok := c.methods[strings.TrimPrefix(r.Path, "/v3")]
	if !ok || !strings.HasPrefix(r.Path, "/v3/") {
		reply(facade.Reply{Status: http.StatusNotFound})
		return
	}
	if code := c.refusal(x); code != 0 {
		x.fail(code)
		return
	}
	if !e.ofLock {
		c.watch(c.order...)
		e.serve(c, x)
		return
	}
	if x.door = c.doors[x.number("lockId", 0)]; x.door == nil {
		x.fail(noSuchLock)
		return
	}
	c.watch(x.door)
	e.serve(c, x)
}

// refusal says why a request is not let in, or 0.
func (c *Cloud) refusal(r *request) int {
	s := c.sessions[r.form.Get("accessToken")]
	now := c.fleet.Now()
	switch {
	case r.form.Get("clientId") != ClientID(c.account):
		return noClient
	case s == nil:
		return noToken
	case !now.Before(s.ends):
		return badToken
	case now.Sub(r.instant("date")).Abs() > skew:
		return staleDate
	}
	return 0
}

type endpoint struct {
	ofLock bool
	serve  func(*Cloud, *request)
}

func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"/lock/list":                  {false, (*Cloud).listLocks},
		"/lock/detail":                {true, (*Cloud).showLock},
		"/lock/queryOpenState":        {true, (*Cloud).openState},
		"/lock/queryElectricQuantity": {true, (*Cloud).battery},
		"/lock/lock":                  {true, (*Cloud).lock},
		"/lock/unlock":                {true, (*Cloud).unlock},
		"/lock/listKeyboardPwd":       {true, (*Cloud).listPasscodes},
		"/gateway/list":               {false, (*Cloud).listGateways},
		"/gateway/detail":             {false, (*Cloud).showGateway},
		"/gateway/listByLock":         {true, (*Cloud).gatewaysOfLock},
		"/gateway/listLock":           {false, (*Cloud).locksOfGateway},
		"/wifiLock/detail":            {true, (*Cloud).showWiFi},
		"/keyboardPwd/add":            {true, (*Cloud).addPasscode},
		"/keyboardPwd/get":            {true, (*Cloud).issuePasscode},
		"/keyboardPwd/change":         {true, (*Cloud).changePasscode},
		"/keyboardPwd/delete":         {true, (*Cloud).deletePasscode},
		"/keyboardPwd/deleteByCode":   {true, (*Cloud).deleteByCode},
		"/lockRecord/list":            {true, (*Cloud).listRecords},
	}
}

// call makes a call to the fleet and goes on with what came of it, unless that is a failure.
func (c *Cloud) call(r *request, x sim.Call, then func(sim.Result)) {
	c.fleet.Call(x, func(result sim.Result) {
		if result.Err != nil {
			c.refuse(r, r.door, result)
			return
		}
		then(result)
	})
}

// look asks the fleet for a lock, and with that whether the cloud answers at all.
func (c *Cloud) look(r *request, then func(lock.Observation)) {
	d := r.door
	if d == nil && len(c.order) > 0 {
		d = c.order[0]
	}
	if d == nil {
		then(lock.Observation{})
		return
	}
	c.call(r, sim.Call{Verb: "observe", Device: d.of.ID}, func(x sim.Result) { then(x.Observation) })
}

// refuse answers for a call that the fleet has failed.
func (c *Cloud) refuse(r *request, d *door, x sim.Result) {
	why := x.Err.Vendor
	n, err := strconv.Atoi(why)
	switch {
	case why == "connection_refused", why == "timeout" && x.Err.Op == "observe", why == "0":
		r.reply(facade.Reply{Broken: true})
	case why == "429", why == "rate_limit":
		if x.Err.RetryAfter >= 24*time.Hour {
			r.fail(monthlyLimit)
			return
		}
		r.fail(callLimit)
	case err == nil && n == http.StatusInternalServerError:
		r.fail(internal)
	case err == nil && n > 100 && n < 1000:
		r.reply(facade.Reply{Status: n, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>an error before the server</body></html>")})
	case err == nil:
		r.fail(n)
	default:
		r.fail(meaning(why, d))
	}
}

// meaning is the vendor's code for the fleet's word.
func meaning(why string, d *door) int {
	switch why {
	case "token_expired":
		return badToken
	case "hub_offline":
		if d != nil && d.gateway == nil {
			return lockOffline
		}
		return gatewayOffline
	case "queue_full":
		return gatewayBusy
	case "lock_offline":
		if d != nil && d.gateway == nil {
			return lockOffline
		}
		return noGateway
	case "duplicate_pin", "pin_known", "slot_occupied":
		return samePasscode
	case "no_free_slot":
		return passcodesFull
	case "invalid_code_length":
		return badLength
	case string(lock.NoSequence), string(lock.NotAllSame):
		return tooSimple
	case "end_before_start":
		return badParameter
	case "schedules_not_supported":
		return notSupported
	case "too_many_codes_for_this_window":
		return windowIssued
	}
	return failed
}
