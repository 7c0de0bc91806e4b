package smartthings

import (
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// event is a change of an attribute, or of the health of a device.
type event struct {
	id                    string
	at                    time.Time
	capability, attribute string // "": of the health
	value                 any
	data                  map[string]any
}

const eventsKept = 500 // of each device

// tell notes a change of an attribute, and lets the cloud push it.
func (c *Cloud) tell(d *door, at time.Time, capability, attribute string, v any, data map[string]any) {
	if data == nil {
		data = map[string]any{}
	}
	if d.attributes[capability] == nil {
		d.attributes[capability] = map[string]value{}
	}
	d.attributes[capability][attribute] = value{Value: v, Data: data, Timestamp: stamp(at)}
	e := c.event(d, at)
	e.capability, e.attribute, e.value, e.data = capability, attribute, v, data
	if len(d.events) == eventsKept {
		d.events = slices.Delete(d.events, 0, 1)
	}
	d.events = append(d.events, e)
	d.post(e)
}

// post lets the cloud push an event.
func (d *door) post(e event) {
	if len(d.unposted) == eventsKept {
		d.unposted = slices.Delete(d.unposted, 0, 1)
	}
	d.unposted = append(d.unposted, e)
}

func (c *Cloud) event(d *door, at time.Time) event {
	c.made++
	return event{id: uuid(d.id, "event", strconv.Itoa(c.made)), at: at}
}

// notice tells of what the lock did by itself: what was typed, and what somebody has changed at its keypad. A hub learns of it if it can
// reach the lock.
func (c *Cloud) notice(d *door) {
	if online := c.fleet.Reach(d.of.ID) == lock.Reached; online != d.online {
		d.online = online
		e := c.event(d, c.fleet.Now())
		e.value = c.health(d)
		d.post(e)
	}
	if !d.online {
		return
	}
	now := c.fleet.Now()
	names := map[int]string{}
	held := map[int]lock.PIN{}
	for _, m := range c.fleet.Listed(d.of.ID) {
		names[m.Slot], held[m.Slot] = m.Name, m.PIN
	}
	for slot := range d.of.Traits.Slots + 1 {
		was, before := d.known[slot]
		is, after := held[slot]
		what := ""
		switch {
		case before && !after:
			what = "deleted"
		case !before && after:
			what = "set"
		case was != is:
			what = "changed"
		case before && d.names[slot] != names[slot]:
			what = "renamed"
		default:
			continue
		}
		c.changed(d, now, slot, what, names[slot])
	}
	c.learn(d)
	for _, e := range c.newest(d) {
		if e.Kind == lock.Opened {
			c.tell(d, e.At, "lock", "lock", "unlocked", d.openedBy(e.Ref, names))
		}
		d.logged = e.ID
	}
}

// learn takes what the cloud lists as told.
func (c *Cloud) learn(d *door) {
	clear(d.known)
	clear(d.names)
	for _, m := range c.fleet.Listed(d.of.ID) {
		d.known[m.Slot], d.names[m.Slot] = m.PIN, m.Name
		c.own(d, m.Slot, m.Name)
	}
	for slot := range d.of.Traits.Slots + 1 {
		if _, ok := d.known[slot]; !ok {
			delete(d.owner, slot)
		}
	}
}

// newest is what the lock's log has that was not told of yet.
func (c *Cloud) newest(d *door) []lock.Entry {
	log := c.fleet.Log(d.of.ID)
	if i := slices.IndexFunc(log, func(e lock.Entry) bool { return e.ID == d.logged }); i >= 0 {
		log = log[i+1:]
	}
	return log
}

// openedBy is what an event says of who has opened.
func (d *door) openedBy(ref lock.Ref, names map[int]string) map[string]any {
	slot, _ := strconv.Atoi(string(ref))
	data := map[string]any{"method": "keypad", "codeId": strconv.Itoa(slot), "codeName": names[slot]}
	if d.gen != legacy {
		data["userIndex"] = d.owner[slot]
	}
	return data
}

// changed tells what became of a slot.
func (c *Cloud) changed(d *door, at time.Time, slot int, what, name string) {
	data := map[string]any{}
	if name != "" {
		data["codeName"] = name
	}
	if d.gen == legacy {
		c.tell(d, at, "lockCodes", "codeChanged", strconv.Itoa(slot)+" "+what, data)
		return
	}
	c.tell(d, at, "lockCredentials", "credentials", nil, nil)
	delete(d.attributes["lockCredentials"], "credentials") // its value follows from what is listed
}

// history lists events, the newest first unless it is asked for otherwise.
func (c *Cloud) history(r *request) {
	if !slices.Contains(r.Query["locationId"], c.locationID()) {
		r.reply(malformed("locationId"))
		return
	}
	number := func(name string, otherwise int64) int64 {
		if n, err := strconv.ParseInt(r.Query.Get(name), 10, 64); err == nil {
			return n
		}
		return otherwise
	}
	limit := int(min(max(number("limit", 20), 1), 200))
	after, before := number("pagingAfterEpoch", math.MinInt64), number("pagingBeforeEpoch", math.MaxInt64)
	var doors []*door
	for _, d := range c.order {
		if oneOf(r.Query["deviceId"], d.id) {
			doors = append(doors, d)
		}
	}
	c.all(r, doors, func([]lock.Observation) {
		type line struct {
			event
			d *door
		}
		var lines []line
		for _, d := range doors {
			for _, e := range d.events {
				lines = append(lines, line{e, d})
			}
		}
		slices.SortStableFunc(lines, func(x, y line) int { return x.at.Compare(y.at) })
		lines = slices.DeleteFunc(lines, func(l line) bool { e := l.at.UnixMilli(); return e <= after || e >= before })
		if r.Query.Get("oldestFirst") != "true" {
			slices.Reverse(lines)
		}
		items := []any{}
		for _, l := range lines[:min(limit, len(lines))] {
			items = append(items, map[string]any{
				"deviceId": l.d.id, "deviceName": l.d.of.Name, "locationId": c.locationID(), "locationName": "Home", "time": stamp(l.at), "text": "",
				"component": "main", "capability": l.capability, "attribute": l.attribute, "value": l.value, "data": l.data,
				"epoch": l.at.UnixMilli(), "hash": l.hash(),
			})
		}
		r.json(http.StatusOK, map[string]any{"items": items, "_links": map[string]any{}})
	})
}

// hash tells two events of one instant apart.
func (e *event) hash() int64 {
	h := fnv.New32a()
	h.Write([]byte(e.id))
	return int64(h.Sum32())
}
