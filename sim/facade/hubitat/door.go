package hubitat

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// door is a lock as the hub knows it.
type door struct {
	id      string
	of      lock.Device
	virtual bool // refuses without a word
	length  int  // codeLength as somebody has set it; 0: nobody has
	filled  bool // it had a code once
	bolt    string
	changed string // codeChanged; "": null
	opener  string // lastCodeName
	known   map[int]code
	logged  string // the newest line of the lock's log that was told
	free    time.Time
	events  []event // the oldest first, at most eventsKept
	unsent  []event
	sent    []event // the last that were
	sentAt  time.Time
}

// code is one that was told of already.
type code struct {
	name string
	pin  lock.PIN
}

// event is one of a device, or of the hub where there is no door.
type event struct {
	at                time.Time
	name, value, kind string
	description       string
	codes             map[string]any // its data
}

const eventsKept = 200

// attribute is one of the list form.
type attribute struct {
	Name   string   `json:"name"`
	Value  any      `json:"currentValue"`
	Type   string   `json:"dataType"`
	Values []string `json:"values,omitempty"`
}

func (d *door) summary() map[string]any {
	return map[string]any{"id": d.id, "name": "Generic Z-Wave Lock", "label": d.of.Name, "type": "Generic Z-Wave Lock", "room": nil}
}

// null is a value, or null where there is none.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (c *Cloud) attributes(d *door, held []lock.Held) []attribute {
	codes := map[string]any{}
	for _, h := range held {
		if h.Enabled || h.Name != "" {
			codes[strconv.Itoa(h.Slot)] = codeJSON(h.Slot, h.Name, h.PIN)
		}
	}
	var length, most, listed any = nil, c.slots(d), c.sealed(codes)
	if n := c.length(d); n > 0 {
		length = n
	}
	if c.Nulls {
		most = nil
		if d.filled = d.filled || len(codes) > 0; !d.filled {
			listed = nil
		}
	}
	all := []attribute{
		{"codeChanged", null(d.changed), "ENUM", []string{"added", "changed", "deleted", "failed"}},
		{"lockCodes", listed, "JSON_OBJECT", nil},
		{"lastCodeName", null(d.opener), "STRING", nil},
		{"maxCodes", most, "NUMBER", nil},
		{"codeLength", length, "NUMBER", nil},
		{"lock", d.bolt, "ENUM", []string{"locked", "unlocked with timeout", "unlocked", "unknown"}},
		{"battery", int(math.Round(c.fleet.Charge(d.of.ID) * 100)), "NUMBER", nil},
		{"lock", d.bolt, "ENUM", []string{"locked", "unlocked with timeout", "unlocked", "unknown"}}, // twice, as some hubs have it
	}
	if !d.virtual {
		health := "online"
		if c.fleet.Shown(d.of.ID) != lock.Reached {
			health = "offline"
		}
		all = append(all, attribute{"healthStatus", health, "ENUM", []string{"offline", "online"}})
	}
	return all
}

func codeJSON(slot int, name string, pin lock.PIN) map[string]string {
	if name == "" {
		name = "code #" + strconv.Itoa(slot)
	}
	return map[string]string{"name": name, "code": pin.Reveal()}
}

// length is codeLength; 0: null.
func (c *Cloud) length(d *door) int { return cmp.Or(d.length, c.CodeLength) }

// slots is maxCodes.
func (c *Cloud) slots(d *door) int {
	if c.MaxCodes > 0 {
		return min(c.MaxCodes, d.of.Traits.Slots)
	}
	return d.of.Traits.Slots
}

// sealed is codes as text, which can't be read if the hub encrypts them.
func (c *Cloud) sealed(codes map[string]any) string {
	plain := text(codes)
	if !c.Encrypts {
		return plain
	}
	sum := sha256.Sum256([]byte(plain))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// capabilities mixes names and their attributes.
func capabilities() []any {
	of := func(names ...string) map[string]any {
		list := []any{}
		for _, n := range names {
			list = append(list, map[string]any{"name": n, "dataType": nil})
		}
		return map[string]any{"attributes": list}
	}
	return []any{
		"Configuration", "Lock", of("lock"), "LockCodes", of("lockCodes", "codeChanged", "maxCodes", "codeLength", "lastCodeName"), "Actuator", "Battery", of("battery"), "Refresh",
	}
}

func commands() []string {
	return []string{"configure", "deleteCode", "getCodes", "lock", "refresh", "setCode", "setCodeLength", "unlock"}
}

func commandsJSON() []any {
	types := map[string][]string{"setCode": {"NUMBER", "STRING", "STRING"}, "deleteCode": {"NUMBER"}, "setCodeLength": {"NUMBER"}}
	all := []any{}
	for _, name := range commands() {
		all = append(all, map[string]any{"command": name, "type": types[name]})
	}
	return all
}

// object is all of a device.
func (c *Cloud) object(d *door, held []lock.Held) map[string]any {
	x := d.summary()
	x["attributes"], x["capabilities"], x["commands"] = c.attributes(d, held), capabilities(), commands()
	return x
}

// tell notes an event, and lets the hub post it.
func (d *door) tell(e event) {
	if len(d.events) == eventsKept {
		d.events = slices.Delete(d.events, 0, 1)
	}
	if len(d.unsent) == eventsKept {
		d.unsent = slices.Delete(d.unsent, 0, 1)
	}
	d.events, d.unsent = append(d.events, e), append(d.unsent, e)
}

// changes tells what became of a slot.
func (c *Cloud) changes(d *door, what string, slot int, name string, pin lock.PIN) {
	d.changed = what
	d.tell(event{at: c.fleet.Now(), name: "codeChanged", value: what, codes: map[string]any{strconv.Itoa(slot): codeJSON(slot, name, pin)}})
}

// learn takes what the hub lists as told.
func (c *Cloud) learn(d *door) {
	clear(d.known)
	for _, m := range c.fleet.Listed(d.of.ID) {
		d.known[m.Slot] = code{m.Name, m.PIN}
	}
}

// notice tells of what the lock did by itself, if the hub can reach it.
func (c *Cloud) notice(d *door) {
	if c.fleet.Reach(d.of.ID) != lock.Reached {
		return
	}
	have := map[int]code{}
	for _, m := range c.fleet.Listed(d.of.ID) {
		have[m.Slot] = code{m.Name, m.PIN}
	}
	for slot := range d.of.Traits.Slots + 1 {
		was, before := d.known[slot]
		is, after := have[slot]
		switch {
		case before && !after:
			c.changes(d, "deleted", slot, was.name, was.pin)
		case !before && after:
			c.changes(d, "added", slot, is.name, is.pin)
		case was != is:
			c.changes(d, "changed", slot, is.name, is.pin)
		}
	}
	c.learn(d)
	log := c.fleet.Log(d.of.ID)
	if i := slices.IndexFunc(log, func(e lock.Entry) bool { return e.ID == d.logged }); i >= 0 {
		log = log[i+1:]
	}
	for _, e := range log {
		d.logged = e.ID
		if e.Kind != lock.Opened {
			continue
		}
		slot, _ := strconv.Atoi(string(e.Ref))
		by := have[slot]
		d.bolt, d.opener = "unlocked", codeJSON(slot, by.name, by.pin)["name"]
		d.tell(event{
			at: e.At, name: "lock", value: "unlocked", kind: "physical", description: d.of.Name + " was unlocked by " + d.opener,
			codes: map[string]any{strconv.Itoa(slot): codeJSON(slot, by.name, by.pin)},
		})
	}
}

// eventsJSON lists the newest events first.
func (d *door) eventsJSON() []any {
	all := []any{}
	for _, e := range slices.Backward(d.events) {
		all = append(all, map[string]any{
			"device_id": d.id, "label": d.of.Name, "name": e.name, "value": e.value, "date": e.at.UTC().Format("2006-01-02T15:04:05-0700"), "unit": nil,
			"isStateChange": nil, "source": "DEVICE",
		})
	}
	return all
}

const twiceWithin = 2 * time.Second // a second hint, which a fault has made of one

// Push implements facade.Cloud. What can't be posted is lost.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	if _, off := c.away(); off && !c.started {
		return nil
	}
	var posts []facade.Post
	if c.started {
		c.started = false
		posts = append(posts, c.post(nil, event{name: "systemStart", value: "3.0", description: "System startup"})...)
	}
	now := c.fleet.Now()
	for _, d := range c.order {
		if d.of.ID != id && id != "" {
			continue
		}
		c.notice(d)
		events := d.unsent
		d.unsent = nil
		if len(events) == 0 && now.Sub(d.sentAt) <= twiceWithin {
			events = d.sent
		}
		d.sent, d.sentAt = events, now
		for _, e := range events {
			posts = append(posts, c.post(d, e)...)
		}
	}
	return posts
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

// post is one event; of the hub itself where d is nil. All values are texts.
func (c *Cloud) post(d *door, e event) []facade.Post {
	if c.url == "" {
		return nil
	}
	content := map[string]any{"name": e.name, "value": e.value, "displayName": "Home", "deviceId": nil, "descriptionText": null(e.description), "unit": nil, "type": null(e.kind), "data": nil}
	if d != nil {
		content["displayName"], content["deviceId"] = d.of.Name, d.id
	}
	if e.codes != nil {
		content["data"] = c.sealed(e.codes)
	}
	return []facade.Post{{
		URL: c.url, Header: http.Header{"Content-Type": {"application/json"}}, Body: facade.JSON(http.StatusOK, map[string]any{"content": content}).Body,
	}}
}
