package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// endpoint is one row of what is served.
type endpoint struct {
	path  string
	verbs []string
	scope Scope
	about string // one sentence, for people
	pace  pace   // "": not limited
	takes shape  // of a struct, by whose tags parameters are read
	gives []gift
	do    func(*call, params) (reply, error)
	lab   bool // only where the host is a simulation
}

// gift is a key of an answer and an example of its value, which says its type.
type gift struct {
	key   string
	value any
}

// reply is an answer without its envelope.
type reply map[string]any

// on makes a row whose parameters are read into a P. The verbs stand in one word, with spaces between.
func on[P any](path, verbs string, scope Scope, about string, do func(*call, P) (reply, error), gives ...gift) endpoint {
	takes := shapeOf(reflect.TypeFor[P]())
	return endpoint{
		path: path, verbs: strings.Fields(verbs), scope: scope, about: about, takes: takes, gives: gives,
		do: func(c *call, in params) (reply, error) {
			var p P
			if err := in.into(&p, takes); err != nil {
				return nil, err
			}
			return do(c, p)
		},
	}
}

// paced bounds how often a row may be asked for one device.
func (e endpoint) paced(p pace) endpoint {
	e.pace = p
	return e
}

// simulated makes a row one that only simulations have.
func (e endpoint) simulated() endpoint {
	e.lab = true
	return e
}

// call is one request under way.
type call struct {
	*Server
	ctx  context.Context
	now  time.Time
	who  Identity
	row  *endpoint
	verb string // of HTTP
	home string // of the server, as the caller has it: "http://127.0.0.1:3020"; "": not known
	key  string // by which the engine knows the command again; "": by none
	in   params
}

// submit hands a command to the engine in the caller's name. A Refusal comes back as a Problem in the API's words.
// Each request hands over one at most, so the request's key is the command's.
func (c *call) submit(do engine.Action) (engine.Receipt, error) { return c.submitAs(c.key, do) }

func (c *call) submitAs(key string, do engine.Action) (engine.Receipt, error) {
	r, err := c.host.Submit(c.ctx, engine.Command{Key: key, Actor: c.who.Name, Do: do, Show: shows(do)})
	return r, asProblem(err)
}

// shows reports whether the answer to a command has its codes.
func shows(do engine.Action) bool {
	switch do.(type) {
	case engine.Create, engine.CreateMany:
		return true
	}
	return false
}

// snapshot asks the engine. Digits that were told come along if the caller may see them.
func (c *call) snapshot(q engine.Query) (engine.Snapshot, error) {
	q.Told = c.who.May(ScopePINs)
	s, err := c.host.Snapshot(c.ctx, q)
	return s, asProblem(err)
}

// slow takes one request for a device from the caller's allowance.
func (c *call) slow(id lock.DeviceID) error {
	if c.paces == nil || c.row.pace == "" || c.who.Local {
		return nil
	}
	wait, ok := c.paces.take(c.row.pace, id, c.now)
	if ok {
		return nil
	}
	p := problem(http.StatusTooManyRequests, "rate_limit_exceeded", "too many requests of this kind for this device: at most "+c.row.pace.words()+" a minute")
	p.after = wait
	return p
}
