package twon

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// event is a line of a device's log.
type event struct {
	ID     int            `json:"id"`
	Shift  int            `json:"tzShift"`
	UTC    int64          `json:"utcTime"`
	Up     int            `json:"upTime"`
	Event  string         `json:"event"`
	Params map[string]any `json:"params"`
}

const (
	mostEvents = 10000
	batchOf    = 128
	shortest   = 10   // seconds that a subscription lasts without a pull
	longest    = 3600 //
	usual      = 90
	mostSubs   = 8
)

// subscription is somebody who reads the log.
type subscription struct {
	id       int
	filter   []string // nil: all
	after    int      // the last event that was read
	duration time.Duration
	until    time.Time
}

func (c *Cloud) note(d *door, at time.Time, what string, params map[string]any) {
	d.ids++
	up := at.Sub(d.boot)
	utc := at.Add(c.fleet.Clock(d.of.ID).Sub(c.fleet.Now())).Unix()
	if up < clockless {
		utc = int64(up / time.Second)
	}
	if len(d.events) == mostEvents {
		d.events = slices.Delete(d.events, 0, 1)
	}
	d.events = append(d.events, event{d.ids, 0, utc, int(up / time.Second), what, params})
}

// collect makes events of what has happened at the keypad.
func (c *Cloud) collect(d *door) {
	for _, e := range c.fleet.Log(d.of.ID) {
		n, err := strconv.Atoi(e.ID)
		if err != nil || n <= d.last {
			continue
		}
		d.last = n
		if slices.Contains(c.Habits.Lacks, "monitoring") {
			continue
		}
		c.tell(d, e)
	}
}

func (c *Cloud) tell(d *door, e lock.Entry) {
	var of *user
	c.sync(d)
	for _, u := range d.users {
		if e.Ref != "" && u.ref == e.Ref {
			of = u
		}
	}
	point := func(more map[string]any) map[string]any {
		p := map[string]any{"ap": 0, "session": d.last}
		for name, v := range more {
			p[name] = v
		}
		return p
	}
	if e.Reason == "too_many_attempts" && e.Ref == "" {
		c.limit(d, e.At)
		return
	}
	code := map[string]any{"direction": "in", "code": "", "valid": e.Kind == lock.Opened}
	who := map[string]any{}
	if of != nil {
		code["code"], code["uuid"] = digits(of.fields).Reveal(), c.told(of.uuid)
		who = map[string]any{"name": name(of.fields), "uuid": c.told(of.uuid)}
	}
	switch e.Kind {
	case lock.Opened:
		c.note(d, e.At, "CodeEntered", point(code))
		who["apbBroken"] = false
		c.note(d, e.At, "UserAuthenticated", point(who))
		c.note(d, e.At, "SwitchStateChanged", map[string]any{"switch": 1, "state": true, "originator": "ap"})
	case lock.Denied:
		c.note(d, e.At, "CodeEntered", point(code))
		if of != nil {
			who["reason"] = "invalidTime"
			c.note(d, e.At, "UserRejected", point(who))
		}
	case lock.Tampered:
		c.note(d, e.At, "UnauthorizedDoorOpen", map[string]any{"state": "in"})
	case lock.Locked:
	}
}

// blockedFor is how long a keypad takes nothing after five wrong tries.
const blockedFor = 30 * time.Second

// limit tells that a keypad takes nothing any more, and later that it does again.
func (c *Cloud) limit(d *door, at time.Time) {
	if at.Before(d.barred) {
		return
	}
	d.barred = at.Add(blockedFor)
	boot := d.boot
	state := func(is string) map[string]any { return map[string]any{"ap": 0, "type": "code", "state": is} }
	c.note(d, at, "AccessLimited", state("in"))
	c.fleet.After(max(d.barred.Sub(c.fleet.Now()), 0), func() {
		if d.boot.Equal(boot) {
			c.note(d, d.barred, "AccessLimited", state("out"))
		}
	})
}

func (c *Cloud) logCaps(r *request) {
	c.look(r, func(lock.Observation) {
		r.done(map[string]any{"events": []string{
			"CodeEntered", "UserAuthenticated", "UserRejected", "AccessLimited", "SwitchStateChanged", "DeviceState", "UnauthorizedDoorOpen",
		}})
	})
}

func (c *Cloud) subscribe(r *request) {
	s := &subscription{duration: usual * time.Second}
	if t := r.Query.Get("duration"); t != "" {
		n, err := strconv.Atoi(t)
		if err != nil || n < shortest || n > longest {
			r.fail(badValue, "duration")
			return
		}
		s.duration = time.Duration(n) * time.Second
	}
	if t := r.Query.Get("filter"); t != "" {
		s.filter = strings.Split(t, ",")
	}
	include := r.Query.Get("include")
	back, err := strconv.Atoi(include)
	if include != "" && include != "new" && include != "all" && (err != nil || back >= 0) {
		r.fail(badValue, "include")
		return
	}
	c.look(r, func(o lock.Observation) {
		d, now := r.door, c.fleet.Now()
		d.subs = slices.DeleteFunc(d.subs, func(s *subscription) bool { return !now.Before(s.until) })
		if len(d.subs) >= mostSubs {
			r.fail(unspecified, "")
			return
		}
		switch include {
		case "", "new":
			s.after = d.ids
		case "all":
		default:
			s.after = d.ids
			from := c.clock(d, o).Unix() + int64(back)
			if i := slices.IndexFunc(d.events, func(e event) bool { return e.UTC >= from }); i >= 0 {
				s.after = d.events[i].ID - 1
			}
		}
		c.made++
		s.id, s.until = 2121013000+c.made, now.Add(s.duration)
		d.subs = append(d.subs, s)
		r.done(map[string]any{"id": s.id})
	})
}

// subscription finds the one that a request names.
func (c *Cloud) subscription(r *request) *subscription {
	i := slices.IndexFunc(r.door.subs, func(s *subscription) bool {
		return strconv.Itoa(s.id) == r.Query.Get("id") && c.fleet.Now().Before(s.until)
	})
	if i < 0 {
		r.fail(badValue, "id")
		return nil
	}
	return r.door.subs[i]
}

func (c *Cloud) unsubscribe(r *request) {
	c.look(r, func(lock.Observation) {
		if s := c.subscription(r); s != nil {
			r.door.subs = slices.DeleteFunc(r.door.subs, func(x *subscription) bool { return x == s })
			r.done(nil)
		}
	})
}

func (c *Cloud) pull(r *request) {
	wait := 0
	if t := r.Query.Get("timeout"); t != "" {
		var err error
		if wait, err = strconv.Atoi(t); err != nil || wait < 0 || wait > longest {
			r.fail(badValue, "timeout")
			return
		}
	}
	c.look(r, func(lock.Observation) {
		if s := c.subscription(r); s != nil {
			c.poll(r, s, c.fleet.Now().Add(time.Duration(wait)*time.Second))
		}
	})
}

// poll answers with what there is, and otherwise waits for it.
func (c *Cloud) poll(r *request, s *subscription, until time.Time) {
	c.collect(r.door)
	found := []event{}
	for _, e := range r.door.events {
		if e.ID <= s.after || len(found) == batchOf {
			continue
		}
		s.after = e.ID
		if s.filter == nil || slices.Contains(s.filter, e.Event) {
			found = append(found, e)
		}
	}
	now := c.fleet.Now()
	s.until = now.Add(s.duration)
	if len(found) > 0 || !now.Before(until) {
		r.done(map[string]any{"events": found})
		return
	}
	c.fleet.After(time.Second, func() { c.poll(r, s, until) })
}
