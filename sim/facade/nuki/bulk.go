package nuki

import (
	"encoding/json"
	"net/http"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Requests about several locks at once.

// seen looks at some locks, one after the other.
func (c *Cloud) seen(r *request, doors []*door, then func(map[*door]lock.Observation)) {
	all := map[*door]lock.Observation{}
	var next func(left []*door)
	next = func(left []*door) {
		if len(left) == 0 {
			then(all)
			return
		}
		c.look(r, left[0], func(o lock.Observation) {
			all[left[0]] = o
			next(left[1:])
		})
	}
	next(doors)
}

func (c *Cloud) listAllAuths(r *request) {
	c.seen(r, c.order, func(seen map[*door]lock.Observation) {
		all := []authJSON{}
		for _, d := range c.order {
			all = append(all, c.auths(r, d, seen[d].Held)...)
		}
		r.json(http.StatusOK, all)
	})
}

// part is what a request asks of one lock.
type part struct {
	door *door
	id   string // of an auth
	body []byte
}

// each does the parts of a request one after the other, until one is refused.
func (c *Cloud) each(r *request, parts []part, do func(*Cloud, *request)) {
	if len(parts) == 0 {
		r.done()
		return
	}
	one := *r
	one.door, one.id, one.Body = parts[0].door, parts[0].id, parts[0].body
	one.reply = func(x facade.Reply) {
		if x.Status/100 != 2 {
			r.reply(x)
			return
		}
		c.each(r, parts[1:], do)
	}
	do(c, &one)
}

// most is how many parts a request has at most.
const most = 100

func (c *Cloud) createAuths(r *request) {
	var in struct {
		Locks []int64 `json:"smartlockIds"`
	}
	if json.Unmarshal(r.Body, &in) != nil || len(in.Locks) == 0 || len(in.Locks) > most {
		r.reply(unprocessable())
		return
	}
	var parts []part
	for _, n := range in.Locks {
		d := c.doors[n]
		if d == nil {
			r.reply(plain(http.StatusNotFound, "Not found"))
			return
		}
		parts = append(parts, part{d, "", r.Body})
	}
	c.each(r, parts, (*Cloud).createAuth)
}

// owner is the lock whose list has an auth; nil: none.
func (c *Cloud) owner(id string) *door {
	for _, d := range c.order {
		if d.isStale(id) {
			return d
		}
		for _, m := range c.fleet.Listed(d.of.ID) {
			if c.authID(d, m.Ref) == id {
				return d
			}
		}
	}
	return nil
}

// named are the parts of a request that names auths.
func (c *Cloud) named(r *request, ids []string, bodies []json.RawMessage, do func(*Cloud, *request)) {
	if len(ids) == 0 || len(ids) > most {
		r.reply(unprocessable())
		return
	}
	var parts []part
	for i, id := range ids {
		d := c.owner(id)
		if d == nil {
			r.reply(plain(http.StatusNotFound, "Not found"))
			return
		}
		p := part{door: d, id: id}
		if bodies != nil {
			p.body = bodies[i]
		}
		parts = append(parts, p)
	}
	c.each(r, parts, do)
}

func (c *Cloud) changeAuths(r *request) {
	var bodies []json.RawMessage
	var ids []string
	err := json.Unmarshal(r.Body, &bodies)
	for _, b := range bodies {
		var of struct{ ID string }
		if json.Unmarshal(b, &of) == nil {
			ids = append(ids, of.ID)
		}
	}
	if err != nil || len(ids) != len(bodies) {
		r.reply(unprocessable())
		return
	}
	c.named(r, ids, bodies, (*Cloud).changeAuth)
}

func (c *Cloud) deleteAuths(r *request) {
	var ids []string
	if json.Unmarshal(r.Body, &ids) != nil {
		r.reply(unprocessable())
		return
	}
	c.named(r, ids, nil, (*Cloud).deleteAuth)
}
