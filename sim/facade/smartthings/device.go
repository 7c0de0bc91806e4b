package smartthings

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// generation says how the codes of a lock are managed.
type generation int

const (
	legacy   generation = iota // by lockCodes
	migrated                   // by lockUsers and lockCredentials, and lockCodes says so
	matter                     // by those and lockSchedules; it has no lockCodes
)

// door is a lock as the cloud knows it.
type door struct {
	id   string
	of   lock.Device
	born time.Time
	gen  generation

	attributes map[string]map[string]value // that are events, by capability
	events     []event                     // the oldest first, at most eventsKept
	unposted   []event
	posted     []event // the last that were
	postedAt   time.Time
	known      map[int]lock.PIN // by slot, what was told of already
	names      map[int]string
	logged     string // the newest entry of the lock's log that was told of
	online     bool
	free       time.Time // when the hub has done what it was asked
	busy       bool      // the new generation takes one command at a time

	users     map[int]*user
	owner     map[int]int // of the credential in each slot
	schedules []schedule
	turns     time.Time // when one of them begins or ends, on the wall, and that is waited for
}

// user is one of lockUsers.
type user struct{ name, kind string }

// value is an attribute as a status has it.
type value struct {
	Value     any            `json:"value"`
	Unit      string         `json:"unit,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
	Timestamp string         `json:"timestamp,omitempty"`
}

// status is what a component says: attributes by capability and name.
type status map[string]map[string]value

func newDoor(d lock.Device, g generation, now time.Time) *door {
	return &door{
		id: uuid(string(d.Account), "device", string(d.ID)), of: d, born: now, gen: g, attributes: map[string]map[string]value{},
		known: map[int]lock.PIN{}, names: map[int]string{}, users: map[int]*user{}, owner: map[int]int{},
	}
}

func (d *door) capabilities() []string {
	switch d.gen {
	case legacy:
		return []string{"lock", "lockCodes", "battery", "refresh"}
	case migrated:
		return []string{"lock", "lockCodes", "lockUsers", "lockCredentials", "battery", "refresh"}
	}
	return []string{"lock", "lockUsers", "lockCredentials", "lockSchedules", "battery", "refresh"}
}

// kind is what the device's own object is called, and its type.
func (d *door) kind() (name, typ string) {
	return [...]string{"zigbee", "zwave", "matter"}[d.gen], [...]string{"ZIGBEE", "ZWAVE", "MATTER"}[d.gen]
}

// was gives the attribute as it stood at that time, or null.
func (d *door) was(capability, attribute string, at time.Time) value {
	if v, ok := d.attributes[capability][attribute]; ok && v.Timestamp <= stamp(at) {
		return v
	}
	for _, e := range slices.Backward(d.events) {
		if e.capability == capability && e.attribute == attribute && !e.at.After(at) {
			return value{Value: e.value, Data: e.data, Timestamp: stamp(e.at)}
		}
	}
	return value{}
}

// status is all that the API tells of a lock, of which the cloud lists that.
func (c *Cloud) status(d *door, o lock.Observation) status {
	at := stamp(d.born)
	s := status{
		"lock":    {"lock": d.was("lock", "lock", o.At)},
		"battery": {"battery": {Value: int(math.Round(c.fleet.Charge(d.of.ID) * 100)), Unit: "%", Timestamp: at}},
		"refresh": {},
	}
	if s["lock"]["lock"].Value == nil {
		s["lock"]["lock"] = value{Value: "locked", Data: map[string]any{}, Timestamp: at}
	}
	least, most := 4, 8
	if n := d.of.Traits.PINLengths; len(n) > 0 {
		least, most = n[0], n[len(n)-1]
	}
	entries := slices.DeleteFunc(slices.Clone(o.Held), func(h lock.Held) bool { return !h.Enabled && h.Name == "" })
	if d.gen != matter {
		codes := map[string]string{}
		for _, h := range entries {
			codes[strconv.Itoa(h.Slot)] = d.nameOf(h)
		}
		text, _ := json.Marshal(codes) // a map of texts can always be written
		mapped := d.was("lockCodes", "codeChanged", o.At).Timestamp
		if mapped == "" {
			mapped = at
		}
		s["lockCodes"] = map[string]value{
			"maxCodes": {Value: d.of.Traits.Slots, Timestamp: at}, "minCodeLength": {Value: least, Timestamp: at}, "maxCodeLength": {Value: most, Timestamp: at},
			"codeLength": c.onlyLength(d), "codeReport": {}, "lock": {}, "codeChanged": d.was("lockCodes", "codeChanged", o.At), "scanCodes": {Value: "Complete", Timestamp: at},
			"lockCodes": {Value: string(text), Timestamp: mapped}, "migrated": {Value: d.gen == migrated, Timestamp: at},
		}
		if x := d.was("lockCodes", "scanCodes", o.At); x.Value != nil {
			s["lockCodes"]["scanCodes"] = x
		}
	}
	if d.gen != legacy {
		c.modernStatus(d, entries, least, most, o.At, s)
	}
	return s
}

// onlyLength is codeLength.
func (c *Cloud) onlyLength(d *door) value {
	if c.CodeLength == 0 {
		return value{}
	}
	return value{Value: c.CodeLength, Timestamp: stamp(d.born)}
}

// nameOf is what the hub calls a code that nobody has named.
func (d *door) nameOf(h lock.Held) string {
	if h.Name == "" {
		return "Code " + strconv.Itoa(h.Slot)
	}
	return h.Name
}

func (c *Cloud) deviceJSON(d *door, with url.Values, o lock.Observation) map[string]any {
	kind, typ := d.kind()
	s := c.status(d, o)
	var capabilities []any
	for _, id := range d.capabilities() {
		x := map[string]any{"id": id, "version": 1}
		if with.Get("includeStatus") == "true" {
			x["status"] = s[id]
		}
		capabilities = append(capabilities, x)
	}
	of := map[string]any{
		"deviceId": d.id, "name": "base-lock", "label": d.of.Name, "manufacturerName": "SmartThingsCommunity", "presentationId": uuid(kind, "presentation"),
		"locationId": c.locationID(), "ownerId": uuid(string(c.account), "owner"), "roomId": uuid(string(c.account), "room"), "type": typ,
		"restrictionTier": 0, "createTime": stamp(d.born), "profile": map[string]any{"id": uuid(kind, "profile")},
		kind: map[string]any{"hubId": c.hubID(), "driverId": uuid(kind, "driver"), "executingLocally": true},
		"components": []any{map[string]any{
			"id": "main", "label": "main", "capabilities": capabilities,
			"categories": []any{map[string]any{"name": "SmartLock", "categoryType": "manufacturer"}},
		}},
	}
	if with.Get("includeHealth") == "true" {
		of["healthState"] = map[string]any{"state": c.health(d), "lastUpdatedDate": stamp(c.fleet.Now())}
	}
	return of
}

func (c *Cloud) health(d *door) string {
	if c.fleet.Shown(d.of.ID) != lock.Reached {
		return "OFFLINE"
	}
	return "ONLINE"
}

func (c *Cloud) listDevices(r *request) {
	with := r.Query
	all := slices.DeleteFunc(slices.Clone(c.order), func(d *door) bool {
		have := 0
		for _, x := range with["capability"] {
			if slices.Contains(d.capabilities(), x) {
				have++
			}
		}
		asked := len(with["capability"])
		_, typ := d.kind()
		return asked > 0 && have == 0 || with.Get("capabilitiesMode") != "or" && have < asked || !oneOf(with["locationId"], c.locationID()) ||
			!oneOf(with["deviceId"], d.id) || !oneOf(with["type"], typ)
	})
	size, page := c.PageAtMost, 0
	var err error
	if text := with.Get("max"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 1 {
			r.reply(malformed("max"))
			return
		}
	}
	if text := with.Get("page"); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 0 {
			r.reply(malformed("page"))
			return
		}
	}
	size = min(size, c.PageAtMost)
	from := min(page*size, len(all))
	to := min(from+size, len(all))
	c.all(r, all[from:to], func(seen []lock.Observation) {
		items, links := []any{}, map[string]any{}
		for i, o := range seen {
			items = append(items, c.deviceJSON(all[from+i], with, o))
		}
		if to < len(all) {
			next := url.Values(http.Header(with).Clone())
			next.Set("page", strconv.Itoa(page+1))
			links["next"] = map[string]any{"href": r.Base + "/devices?" + next.Encode()}
		}
		r.json(http.StatusOK, map[string]any{"items": items, "_links": links})
	})
}

func (c *Cloud) showDevice(r *request) {
	c.look(r, r.door, func(o lock.Observation) { r.json(http.StatusOK, c.deviceJSON(r.door, r.Query, o)) })
}

// showHealth tells of a lock, or of the hub, which is a device too.
func (c *Cloud) showHealth(r *request) {
	if d := r.door; d != nil {
		c.look(r, d, func(lock.Observation) {
			r.json(http.StatusOK, map[string]any{"deviceId": d.id, "state": c.health(d), "lastUpdatedDate": stamp(c.fleet.Now())})
		})
		return
	}
	c.any(r, func() {
		state := "ONLINE"
		for _, d := range c.order {
			if c.fleet.Reach(d.of.ID) == lock.HubDown {
				state = "OFFLINE"
			}
		}
		r.json(http.StatusOK, map[string]any{"deviceId": c.hubID(), "state": state, "lastUpdatedDate": stamp(c.fleet.Now())})
	})
}

func (c *Cloud) showStatus(r *request) {
	c.look(r, r.door, func(o lock.Observation) {
		r.json(http.StatusOK, map[string]any{"components": map[string]any{"main": c.status(r.door, o)}})
	})
}

func (c *Cloud) showComponent(r *request) {
	c.look(r, r.door, func(o lock.Observation) { r.json(http.StatusOK, c.status(r.door, o)) })
}

func (c *Cloud) showCapability(r *request) {
	c.look(r, r.door, func(o lock.Observation) {
		of, ok := c.status(r.door, o)[r.found["capability"]]
		if !ok {
			r.reply(notFound("capabilityId"))
			return
		}
		r.json(http.StatusOK, of)
	})
}
