package schlage

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// door is a lock as the cloud knows it.
type door struct {
	id     string
	of     lock.Device
	weeks  map[lock.Ref]*week // of codes that follow the days of the week
	locked bool
	beeps  int
	leaves int                    // locks by itself when somebody leaves
	digits int                    // of its codes; 0: it has none
	after  int                    // seconds after which it locks by itself
	born   map[lock.Ref]time.Time // codes that the list does not show yet
	freed  map[string]time.Time   // names of codes that were deleted a moment ago
	lost   []string               // names of codes whose writing was not answered by the lock
	events []event                // that the lock's own log lacks, the oldest first

	connected string          // as partners were told
	told      map[string]bool // lines of the log, by id, which they were told
	unsent    []news
}

// event is a line of the log that this API has caused.
type event struct {
	at       time.Time
	code     int
	accessor string
}

const (
	encode      = "be489wifi"
	sense       = "be479"
	stateOpen   = 0
	stateLocked = 1
	stateJammed = 2
	lowCharge   = 0.2
	eventsKept  = 100
)

func (d *door) note(e event) {
	if len(d.events) == eventsKept {
		d.events = slices.Delete(d.events, 0, 1)
	}
	d.events = append(d.events, e)
}

type person struct {
	Identity string `json:"identityId"`
	Name     string `json:"friendlyName"`
	Email    string `json:"email"`
}

func (c *Cloud) owner() person {
	return person{uuid("user", string(c.account)), "Owner of " + string(c.account), string(c.account) + "@example.org"}
}

func (c *Cloud) me(r *request) { c.reach(r, func() { r.json(c.owner()) }) }

func (c *Cloud) users(r *request) { c.reach(r, func() { r.json([]person{c.owner()}) }) }

// length is how many digits the codes of a lock have: as many as its first, until it is empty again.
func (c *Cloud) length(d *door) int {
	held := c.fleet.Memory(d.of.ID)
	if len(held) == 0 {
		d.digits = 0
	}
	for _, m := range held {
		if d.digits == 0 {
			d.digits = m.PIN.Len()
		}
	}
	return cmp.Or(d.digits, fewestDigits)
}

// state is that of the bolt.
func (c *Cloud) state(d *door) int {
	if slices.ContainsFunc(c.fleet.Faults(), func(x sim.Fault) bool { return x.On == string(d.of.ID) && x.Kind == "jam" }) {
		return stateJammed
	}
	if d.locked {
		return stateLocked
	}
	return stateOpen
}

// device is a lock as the API tells of it. Of one that can't be reached it knows little.
func (c *Cloud) device(d *door) map[string]any {
	serial, mac := "0000000"+d.id[:9], d.id[:2]+":"+d.id[2:4]+":"+d.id[4:6]+":00:00:01"
	reached := c.fleet.Shown(d.of.ID) == lock.Reached
	attributes := map[string]any{"modelName": "BE489WB", "serialNumber": serial, "macAddress": mac, "SAT": "sat-" + d.id, "CAT": "cat-" + d.id}
	if reached {
		charge := c.fleet.Charge(d.of.ID)
		low := 0
		if charge <= lowCharge {
			low = 1
		}
		for name, value := range map[string]any{
			"lockState": c.state(d), "batteryLevel": int(math.Round(charge * 100)), "batteryLowState": low, "beeperEnabled": d.beeps,
			"lockAndLeaveEnabled": d.leaves, "autoLockTime": d.after, "accessCodeLength": c.length(d), "maxUserCodes": d.of.Traits.Slots, "wifiRssi": -42, "mainFirmwareVersion": "10.00.00264232",
			"firmwareUpdate": map[string]any{"status": map[string]any{}}, "lockStateMetadata": map[string]any{"actionType": "unknown", "UUID": nobody, "name": nil, "clientId": nil},
		} {
			attributes[name] = value
		}
	}
	kind := encode
	if c.Sense {
		kind = sense
		delete(attributes, "maxUserCodes")
	}
	return map[string]any{
		"deviceId": d.id, "name": d.of.Name, "modelName": "BE489WB", "devicetypeId": kind, "connected": reached, "macAddress": mac,
		"users": []person{c.owner()}, "SAT": "sat-" + d.id, "CAT": "cat-" + d.id, "attributes": attributes, "timezone": "UTC", "role": "owner",
	}
}

func (c *Cloud) listDevices(r *request) {
	if kind := r.Query.Get("archetype"); kind != "lock" && kind != "" {
		r.json([]any{})
		return
	}
	c.reach(r, func() {
		all := []map[string]any{}
		for _, d := range c.order {
			all = append(all, c.device(d))
		}
		r.json(all)
	})
}

func (c *Cloud) showDevice(r *request) {
	c.look(r, r.door, func(lock.Observation) { r.json(c.device(r.door)) })
}

// autoLocks are the times that the lock offers, in seconds.
var autoLocks = [...]int{0, 5, 15, 30, 60, 120, 240, 300, 360, 600}

func (c *Cloud) changeDevice(r *request) {
	var in struct {
		Attributes struct {
			State  *int `json:"lockState"`
			Beeps  *int `json:"beeperEnabled"`
			Leaves *int `json:"lockAndLeaveEnabled"`
			After  *int `json:"autoLockTime"`
		} `json:"attributes"`
	}
	err := json.Unmarshal(r.Body, &in)
	a := in.Attributes
	bit := func(n *int) bool { return n == nil || *n == 0 || *n == 1 }
	if err != nil || !bit(a.State) || !bit(a.Beeps) || !bit(a.Leaves) || a.After != nil && !slices.Contains(autoLocks[:], *a.After) || a.State != nil && c.Sense {
		r.refuse(http.StatusBadRequest, "Invalid attributes")
		return
	}
	c.look(r, r.door, func(o lock.Observation) {
		d := r.door
		if o.Reach != lock.Reached {
			r.refuse(http.StatusGatewayTimeout, timedOut)
			return
		}
		take := func(to, from *int) {
			if from != nil {
				*to = *from
			}
		}
		take(&d.beeps, a.Beeps)
		take(&d.leaves, a.Leaves)
		take(&d.after, a.After)
		if a.State != nil {
			c.move(d, *a.State == stateLocked)
		}
		r.json(c.device(d))
	})
}

// move turns the bolt.
func (c *Cloud) move(d *door, locked bool) {
	d.locked = locked
	code := unlockedByApp
	if locked {
		code = lockedByApp
	}
	d.note(event{c.fleet.Now(), code, c.owner().Identity})
	if len(c.partner.hooks) > 0 {
		c.fleet.Hint(d.of.ID)
	}
}

// Codes of events.
const (
	lockedByKeypad   = 1
	unlockedByKeypad = 2
	lockedByApp      = 6
	unlockedByApp    = 7
	keypadDisabled   = 11
	codeAdded        = 14
	codeDeleted      = 15
	nobody           = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	linesAsked       = 20 // unless the request says
	linesAtMost      = 100
)

// line is one of the log.
type line struct {
	Created string  `json:"createdAt"`
	Time    string  `json:"timestamp"`
	ID      string  `json:"logId"`
	Device  string  `json:"deviceId"`
	Type    string  `json:"type"`
	TTL     string  `json:"ttl"`
	Message message `json:"message"`

	at time.Time
}

type message struct {
	Code     int    `json:"eventCode"`
	Accessor string `json:"accessorUuid"`
	Keypad   string `json:"keypadUuid"`
	Action   int    `json:"action"`
	Seconds  int64  `json:"secondsSinceEpoch"`
}

// log is all that the API tells of a door, the oldest first. Single wrong tries are not told.
func (c *Cloud) log(d *door) []line {
	var lines []line
	add := func(at time.Time, code int, accessor, id string) {
		lines = append(lines, line{
			stamp(at), stamp(at), uuid(d.id, "log", id), d.id, "DEVICE_LOG", stamp(at.AddDate(0, 1, 0)),
			message{code, accessor, nobody, 0, at.Unix()}, at,
		})
	}
	for _, e := range c.fleet.Log(d.of.ID) {
		switch {
		case e.Kind == lock.Opened:
			accessor := nobody
			if e.Ref != "" {
				accessor = codeID(d, e.Ref)
			}
			add(e.At, unlockedByKeypad, accessor, e.ID)
		case e.Kind == lock.Locked:
			add(e.At, lockedByKeypad, nobody, e.ID)
		case e.Kind == lock.Denied && e.Reason == "too_many_attempts":
			add(e.At, keypadDisabled, nobody, e.ID)
		}
	}
	for _, e := range d.events {
		add(e.at, e.code, e.accessor, "api "+strconv.Itoa(e.code)+" "+e.accessor+strconv.FormatInt(e.at.UnixNano(), 10))
	}
	slices.SortStableFunc(lines, func(x, y line) int { return x.at.Compare(y.at) })
	return lines
}

func (c *Cloud) showLog(r *request) {
	limit := linesAsked
	if text := r.Query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			r.refuse(http.StatusBadRequest, "Invalid limit")
			return
		}
		limit = min(n, linesAtMost)
	}
	c.look(r, r.door, func(lock.Observation) {
		lines := c.log(r.door)
		if r.Query.Get("sort") == "desc" {
			slices.Reverse(lines)
		}
		r.json(append([]line{}, lines[:min(limit, len(lines))]...))
	})
}
