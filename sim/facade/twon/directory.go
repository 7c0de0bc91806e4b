package twon

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// asked is the body of a request about the directory.
type asked struct {
	Users    []map[string]json.RawMessage `json:"users"`
	Owner    string                       `json:"owner"`
	Fields   *[]string                    `json:"fields"`
	Force    bool                         `json:"force"`
	Series   string                       `json:"series"`
	Iterator struct {
		Timestamp int `json:"timestamp"`
	} `json:"iterator"`
}

func (r *request) read() (asked, bool) {
	var in asked
	if len(r.Body) > longestRequest || json.Unmarshal(r.blob(), &in) != nil {
		r.fail(badValue, "")
		return in, false
	}
	return in, true
}

// blob is the JSON of a body: all of it, or a file in a form.
func (r *request) blob() []byte {
	kind, with, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return r.Body
	}
	form, err := multipart.NewReader(bytes.NewReader(r.Body), with["boundary"]).ReadForm(longestRequest)
	if err != nil {
		return nil
	}
	for _, files := range form.File {
		if file, err := files[0].Open(); err == nil {
			text, _ := io.ReadAll(file) // it lies in memory
			return text
		}
	}
	return nil
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // what is no text is malformed
	return s
}

func (c *Cloud) template(r *request) {
	c.look(r, func(lock.Observation) {
		x := c.blank()
		maps.Copy(x, map[string]any{"uuid": "", "deleted": false, "timestamp": 0})
		r.done(map[string]any{"series": r.door.series, "users": []any{x}})
	})
}

// batch is a request that changes entries, one after the other.
type batch struct {
	*request
	all    []map[string]json.RawMessage
	result []map[string]any
	one    func(said map[string]json.RawMessage, next func(map[string]any))
}

func (c *Cloud) each(b *batch) {
	if len(b.result) == len(b.all) {
		b.done(map[string]any{"series": b.door.series, "users": b.result})
		return
	}
	b.one(b.all[len(b.result)], func(x map[string]any) {
		b.result = append(b.result, x)
		c.each(b)
	})
}

func bad(uuid string, wrong ...complaint) map[string]any {
	x := map[string]any{"errors": wrong}
	if uuid != "" {
		x["uuid"] = uuid
	}
	return x
}

func (c *Cloud) good(u *user) map[string]any {
	return map[string]any{"uuid": c.told(u.uuid), "timestamp": u.stamp}
}

func (c *Cloud) told(uuid string) string {
	if c.Habits.UpperUUIDs {
		return strings.ToUpper(uuid)
	}
	return uuid
}

func (c *Cloud) create(r *request) {
	in, ok := r.read()
	if !ok {
		return
	}
	if len(in.Users) == 0 {
		r.fail(missing, "users")
		return
	}
	force := in.Force || r.Query.Get("force") == "1"
	c.each(&batch{request: r, all: in.Users, result: []map[string]any{}, one: func(said map[string]json.RawMessage, next func(map[string]any)) {
		c.sync(r.door)
		uuid := text(said["uuid"])
		if said["uuid"] != nil && !uuidForm.MatchString(uuid) {
			next(bad(uuid, complaint{Code: uuidMalformed}))
			return
		}
		if uuid == "" {
			c.made++
			uuid = newUUID(fmt.Sprint("made ", c.account, c.made))
		}
		u := r.door.find(uuid)
		if u != nil && !force {
			next(bad(uuid, complaint{Code: uuidExists}))
			return
		}
		if u == nil {
			u = &user{uuid: uuid}
		}
		fields := c.blank()
		if wrong := c.merge(fields, said, ""); wrong != nil {
			next(bad(uuid, wrong...))
			return
		}
		c.write(r, u, fields, next)
	}})
}

func (c *Cloud) update(r *request) {
	c.known(r, func(u *user, said map[string]json.RawMessage, next func(map[string]any)) {
		fields := clone(u.fields)
		if wrong := c.merge(fields, said, ""); wrong != nil {
			next(bad(c.told(u.uuid), wrong...))
			return
		}
		c.write(r, u, fields, next)
	})
}

func (c *Cloud) validate(r *request) {
	in, ok := r.read()
	if !ok {
		return
	}
	c.look(r, func(lock.Observation) {
		result := []map[string]any{}
		for _, said := range in.Users {
			x := map[string]any{"uuid": text(said["uuid"])}
			if wrong := c.merge(c.blank(), said, ""); wrong != nil {
				x["errors"] = wrong
			}
			result = append(result, x)
		}
		r.done(map[string]any{"series": r.door.series, "users": result})
	})
}

// known goes through entries that are named.
func (c *Cloud) known(r *request, one func(u *user, said map[string]json.RawMessage, next func(map[string]any))) {
	in, ok := r.read()
	if !ok {
		return
	}
	if len(in.Users) == 0 {
		r.fail(missing, "users")
		return
	}
	c.each(&batch{request: r, all: in.Users, result: []map[string]any{}, one: func(said map[string]json.RawMessage, next func(map[string]any)) {
		c.sync(r.door)
		uuid := text(said["uuid"])
		u := r.door.find(uuid)
		switch {
		case said["uuid"] == nil:
			next(bad("", complaint{Code: uuidMissing}))
		case u == nil:
			next(bad(uuid, complaint{Code: uuidUnknown}))
		default:
			one(u, said, next)
		}
	}})
}

// write gives an entry its fields, and the lock its digits.
func (c *Cloud) write(r *request, u *user, fields map[string]any, next func(map[string]any)) {
	d := r.door
	pin, at := digits(fields), u.ref
	c.guard(d, u)
	take := func(ref lock.Ref) {
		u.ref, u.fields, u.deleted = ref, fields, false
		if !slices.Contains(d.users, u) {
			d.users = append(d.users, u)
		}
		d.touch(u)
		next(c.good(u))
	}
	call := sim.Call{Verb: "set", Device: d.of.ID, At: at, Want: lock.Credential{Name: name(fields), PIN: pin, Window: window(fields), Enabled: true}}
	switch {
	case pin.IsZero() && at != "":
		call = sim.Call{Verb: "clear", Device: d.of.ID, At: at}
	case pin.IsZero():
		call = sim.Call{Verb: "set", Device: d.of.ID, Taken: func() {}}
	}
	hope := &user{uuid: u.uuid, fields: fields}
	if call.Verb == "set" && at == "" && !pin.IsZero() {
		d.hopes = append(d.hopes, hope)
	}
	settle := func() { d.hopes = slices.DeleteFunc(d.hopes, func(h *user) bool { return h == hope }) }
	c.call(r, call, func(x sim.Result) {
		settle()
		take(x.Held.Ref)
	}, func(why string) {
		if why == "schedule_failed" { // it says that it failed, and holds the digits all the same
			r.fail(unspecified, "")
			return
		}
		settle()
		switch {
		case why == "duplicate_pin" && !c.Habits.Unique:
			take("") // the device lists them, and who had the digits first is who they open for
		case why == "no_free_slot" && c.Habits.Full == "":
			r.fail(unspecified, "")
		case why == "no_free_slot":
			next(bad(c.told(u.uuid), complaint{Code: c.Habits.Full}))
		default:
			next(bad(c.told(u.uuid), complaint{valueWrong, "access.pin"}))
		}
	})
}

func (c *Cloud) remove(r *request) {
	in, ok := r.read()
	if !ok {
		return
	}
	if in.Owner != "" {
		if len(in.Users) > 0 {
			r.fail(collision, "owner")
			return
		}
		c.sync(r.door)
		for _, u := range r.door.users {
			if owner, _ := u.fields["owner"].(string); !u.deleted && owner == in.Owner {
				id, _ := json.Marshal(u.uuid) // it is text
				in.Users = append(in.Users, map[string]json.RawMessage{"uuid": id})
			}
		}
		if len(in.Users) == 0 {
			c.look(r, func(lock.Observation) { r.done(map[string]any{"series": r.door.series, "users": []any{}}) })
			return
		}
		again, _ := json.Marshal(map[string]any{"users": in.Users}) // it was read from JSON
		r.Body, r.Header = again, nil
	}
	c.known(r, func(u *user, _ map[string]json.RawMessage, next func(map[string]any)) {
		c.guard(r.door, u)
		call := sim.Call{Verb: "clear", Device: r.door.of.ID, At: u.ref}
		if u.ref == "" {
			call.Taken = func() {}
		}
		c.call(r, call, func(sim.Result) {
			if slices.ContainsFunc(c.fleet.Memory(r.door.of.ID), func(m sim.Memory) bool { return u.ref != "" && m.Ref == u.ref }) {
				r.door.touch(u) // it says yes, and keeps it
			} else {
				r.door.drop(u)
			}
			next(c.good(u))
		}, nil)
	})
}

func (c *Cloud) get(r *request) {
	in, ok := r.read()
	if !ok {
		return
	}
	c.look(r, func(o lock.Observation) {
		result := []map[string]any{}
		for _, said := range in.Users {
			uuid := text(said["uuid"])
			if u := r.door.find(uuid); u != nil {
				result = append(result, c.show(u, o, in.Fields))
			} else {
				result = append(result, bad(uuid, complaint{Code: uuidUnknown}))
			}
		}
		r.done(map[string]any{"series": r.door.series, "users": result})
	})
}

func (c *Cloud) query(r *request) {
	in, ok := r.read()
	if !ok {
		return
	}
	c.look(r, func(o lock.Observation) {
		since := in.Iterator.Timestamp
		result := map[string]any{"series": r.door.series}
		if in.Series != "" && in.Series != r.door.series {
			since, result["invalid"] = 0, true
		}
		all := []map[string]any{}
		sorted := slices.SortedFunc(slices.Values(r.door.users), func(x, y *user) int { return cmp.Compare(x.stamp, y.stamp) })
		for _, u := range sorted {
			listed := u.ref == "" || slices.ContainsFunc(o.Held, func(h lock.Held) bool { return h.Ref == u.ref })
			switch {
			case u.stamp < since || !listed:
			case u.deleted:
				all = append(all, map[string]any{"uuid": c.told(u.uuid), "deleted": true, "timestamp": u.stamp})
			default:
				all = append(all, c.show(u, o, in.Fields))
			}
		}
		result["users"] = all
		r.done(result)
	})
}

// show tells of an entry: the fields that are named, or those that are not as they were from the start.
func (c *Cloud) show(u *user, o lock.Observation, fields *[]string) map[string]any {
	have := clone(u.fields)
	if i := slices.IndexFunc(o.Held, func(h lock.Held) bool { return u.ref != "" && h.Ref == u.ref }); i >= 0 {
		setDigits(have, o.Held[i].PIN) // as the device reads it now
	}
	said := c.good(u)
	if fields != nil && len(*fields) == 0 {
		maps.Copy(said, have)
		return said
	}
	if fields == nil {
		all := differs(have, c.blank())
		maps.Copy(said, all)
		return said
	}
	for _, f := range *fields {
		outer, inner, nested := strings.Cut(f, ".")
		v, ok := have[outer]
		if !ok {
			continue // unknown names are ignored
		}
		if !nested {
			said[outer] = v
			continue
		}
		of, _ := v.(map[string]any)
		part, _ := said[outer].(map[string]any)
		if x, ok := of[inner]; ok {
			if part == nil {
				part = map[string]any{}
			}
			part[inner], said[outer] = x, part
		}
	}
	return said
}

// differs are the fields that are not those of a blank entry.
func differs(have, blank map[string]any) map[string]any {
	all := map[string]any{}
	for name, v := range have {
		inner, nested := v.(map[string]any)
		before, _ := blank[name].(map[string]any)
		if nested {
			if part := differs(inner, before); len(part) > 0 {
				all[name] = part
			}
			continue
		}
		x, _ := json.Marshal(v) // it was made of JSON
		y, _ := json.Marshal(blank[name])
		if string(x) != string(y) {
			all[name] = v
		}
	}
	return all
}
