package august

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// line is something that happened at a door.
type line struct {
	id     string
	at     time.Time
	action string
	user   string // whose code it was, or who asked for it; "": nobody knows
	first  string
	last   string
}

const (
	byPIN        = "pin_unlock"
	byHandLocked = "manual_lock"
	remoteLock   = "remote_lock"
	remoteUnlock = "remote_unlock"
	linesAsked   = 50 // of the log, unless the request says
	linesAtMost  = 500
)

// log is all that the API tells of a door, the newest first. Wrong tries are not told.
func (c *Cloud) log(d *door) []line {
	var lines []line
	for _, e := range c.fleet.Log(d.of.ID) {
		l := line{id: uuid(d.id, "log", e.ID), at: e.At}
		switch e.Kind {
		case lock.Opened:
			l.action = byPIN
			if p := d.pins[e.Ref]; p != nil {
				l.user, l.first, l.last = p.user, p.first, p.last
			}
		case lock.Locked:
			l.action = byHandLocked
		case lock.Denied, lock.Tampered:
			continue
		}
		lines = append(lines, l)
	}
	for _, m := range d.moves {
		l := line{
			id: uuid(d.id, "move", strconv.FormatInt(m.at.UnixNano(), 10)), at: m.at, action: remoteUnlock, user: uuid(string(c.account), "owner"), first: "Owner", last: string(c.account),
		}
		if m.locked {
			l.action = remoteLock
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(x, y line) int { return y.at.Compare(x.at) })
	return lines
}

// json writes a line as the fourth version of the API does, or as those before.
func (l *line) json(c *Cloud, d *door, fourth bool) map[string]any {
	user := map[string]string{"UserID": l.user, "FirstName": l.first, "LastName": l.last}
	if fourth {
		return map[string]any{
			"id": l.id, "timestamp": l.at.UnixMilli(), "action": l.action, "deviceID": d.id, "deviceType": "lock", "user": user, "title": l.first + " " + l.last,
		}
	}
	action := "unlock"
	if l.action == remoteLock || l.action == byHandLocked {
		action = "lock"
	}
	return map[string]any{
		"dateTime": l.at.UnixMilli(), "action": action, "deviceName": d.of.Name, "deviceID": d.id, "deviceType": "lock", "house": c.house(), "callingUser": user,
		"entities": map[string]string{"activity": l.id, "device": d.id, "house": c.house()},
		"info":     map[string]any{"keypad": l.action == byPIN, "remote": l.action == remoteLock || l.action == remoteUnlock},
	}
}

func (c *Cloud) activities(r *request) {
	limit := linesAsked
	if text := r.Query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > linesAtMost {
			r.no(http.StatusBadRequest, "limit is out of bounds")
			return
		}
		limit = n
	}
	if r.id != c.house() {
		r.no(http.StatusNotFound, "House not found")
		return
	}
	c.any(r, func() {
		type told struct {
			at   time.Time
			json map[string]any
		}
		var all []told
		fourth := r.Header.Get("Accept-Version") == "4.0.0"
		for _, d := range c.order {
			for _, l := range c.log(d) {
				all = append(all, told{l.at, l.json(c, d, fourth)})
			}
		}
		slices.SortStableFunc(all, func(x, y told) int { return y.at.Compare(x.at) })
		lines := []map[string]any{}
		for _, t := range all[:min(len(all), limit)] {
			lines = append(lines, t.json)
		}
		if fourth {
			r.json(http.StatusOK, map[string]any{"events": lines})
			return
		}
		r.json(http.StatusOK, lines)
	})
}

// hook is a registered webhook: one of a client for each lock.
type hook struct {
	URL    string   `json:"url"`
	Method string   `json:"method"`
	Client string   `json:"clientID"`
	Header string   `json:"header"`
	Token  string   `json:"token"`
	Types  []string `json:"notificationTypes"`
}

func (c *Cloud) addHook(r *request) {
	h := &hook{}
	u, err := &url.URL{}, json.Unmarshal(r.Body, h)
	if err == nil {
		u, err = url.Parse(h.URL)
	}
	if err != nil || u.Host == "" || h.Method != http.MethodPost || h.Client == "" || len(h.Types) == 0 {
		r.no(http.StatusBadRequest, "url, method, clientID and notificationTypes are required")
		return
	}
	c.look(r, r.door, func(lock.Observation) {
		r.door.hooks = slices.DeleteFunc(r.door.hooks, func(x *hook) bool { return x.Client == h.Client })
		r.door.hooks = append(r.door.hooks, h)
		r.json(http.StatusOK, map[string]string{"message": "success"})
	})
}

func (c *Cloud) deleteHook(r *request) {
	c.look(r, r.door, func(lock.Observation) {
		i := slices.IndexFunc(r.door.hooks, func(x *hook) bool { return x.Client == r.id })
		if i < 0 {
			r.no(http.StatusNotFound, "Webhook not found")
			return
		}
		r.door.hooks = slices.Delete(r.door.hooks, i, i+1)
		r.json(http.StatusOK, map[string]string{"message": "success"})
	})
}

// Push implements facade.Cloud: the newest line of the log if that was not told yet, otherwise that something about the codes has
// changed, and what became of commands whose batch asked to be told.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 {
		return nil
	}
	d := c.order[i]
	kind, body := "accessmgmt", map[string]any{"eventType": "accessmgmt", "lockID": d.id, "timeStamp": c.fleet.Now().UnixMilli()}
	if log := c.log(d); len(log) > 0 && log[0].id != d.told {
		d.told, kind = log[0].id, "operation"
		body = map[string]any{"eventType": "operation", "lockID": d.id, "timeStamp": log[0].at.UnixMilli(), "Event": log[0].action, "UserID": log[0].user}
	}
	var posts []facade.Post
	text := facade.JSON(http.StatusOK, body).Body
	for _, h := range d.hooks {
		if slices.Contains(h.Types, kind) {
			header := http.Header{"Content-Type": {"application/json"}}
			if h.Header != "" {
				header.Set(h.Header, h.Token)
			}
			posts = append(posts, facade.Post{URL: h.URL, Header: header, Body: text})
		}
	}
	return append(posts, c.reports(d)...)
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
