// Package seam is a hosted service for access codes, such as Seam, above simulated locks: without it the driver of that service could be
// tried with an account and somebody's locks only. Such a service is an engine that plans codes and an API in front of it, so it is our
// own: a second engine over the same locks, behind our compatible API. What the API lacks, because it is about people who link their
// accounts, stands here.
package seam

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one workspace of the service, with one account of a vendor linked to it.
type Cloud struct {
	fleet    *sim.Fleet
	devices  []lock.Device
	host     *host
	server   *api.Server
	api      http.Handler
	clock    *clockwork.FakeClock // the fleet's, for what the API does by the clock
	views    views
	failures int                          // of requests that came to nothing, ever
	posts    map[lock.DeviceID][]api.Post // of the service's webhooks, which a hint of its cloud brings on their way
}

var _ facade.Cloud = (*Cloud)(nil)

const (
	confirmed = time.Minute      // the service believes a vendor's own list after; our own engine above it waits once more
	polled    = 15 * time.Minute // the service looks at each lock by itself, whether or not its vendor posts
)

// New puts the locks of an account of the fleet behind the service.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	ctx := context.Background()
	c := &Cloud{fleet: f, clock: clockwork.NewFakeClockAt(f.Now()), views: views{account: account}, posts: map[lock.DeviceID][]api.Post{}}
	secret := sha256.Sum256([]byte("seam " + account))
	policy := engine.DefaultPolicy()
	policy.ConfirmWithin, policy.ObserveEvery = confirmed, polled
	e, err := engine.Open(ctx, engine.Options{Store: memkv.New(), Secret: secret[:], Policy: policy})
	if err != nil {
		return nil, err
	}
	c.host = &host{fleet: f, engine: e, waits: map[lock.DeviceID][]func(){}, of: map[lock.DeviceID]lock.Device{}}
	keys, records, err := keysOf(ctx, account)
	if err != nil {
		return nil, err
	}
	server, err := api.New(ctx, api.Options{
		Host: c.host, Lab: hands{host: c.host, account: account}, Keys: keys, Records: records, Clock: c.clock, Workspace: api.Workspace{ID: string(account), Name: "Simulation"},
		Log: slog.New(slog.DiscardHandler), Random: chance("ids", account),
	})
	if err != nil {
		return nil, err
	}
	c.server, c.api = server, server.Keyed()
	for _, d := range f.Devices() {
		if d.Account != account {
			continue
		}
		if _, err := c.host.Submit(ctx, engine.Command{Actor: "service", Do: engine.AddDevice{Device: d}}); err != nil {
			return nil, err
		}
		c.devices = append(c.devices, d)
		c.views.provider = api.ProviderOf(d.System)
		c.host.of[d.ID] = d
		if d.System == "lockly" {
			c.host.habits.MostOffline = 50
		}
	}
	c.host.news = c.news
	return c, nil
}

// Key is the API key of an account's workspace.
func Key(account lock.AccountID) string {
	ctx := context.Background()
	keys, err := api.OpenKeys(ctx, memkv.New())
	if err != nil {
		return ""
	}
	token, _, err := keys.Create(ctx, time.Unix(0, 0), "driver", api.Scopes(), chance("key", account))
	if err != nil {
		return ""
	}
	return token.Reveal()
}

func keysOf(ctx context.Context, account lock.AccountID) (*api.Keys, store.Store, error) {
	records := memkv.New()
	keys, err := api.OpenKeys(ctx, records)
	if err == nil {
		_, _, err = keys.Create(ctx, time.Unix(0, 0), "driver", api.Scopes(), chance("key", account))
	}
	return keys, records, err
}

// chance is a stream of bits that follow from what they are for.
func chance(what string, account lock.AccountID) io.Reader {
	return rand.NewChaCha8(sha256.Sum256([]byte(what + " of " + string(account))))
}

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	path := strings.TrimSuffix(r.Path, "/")
	if path == viewPage { // a browser, which has no key
		if c.views.open(r, c.fleet.Now(), reply) {
			c.host.habits.Disconnected = false
		}
		return
	}
	if strings.HasPrefix(path, "/v1/") {
		reply(problem(http.StatusNotFound, "not_found", "nothing is served here"))
		return
	}
	verb, device := c.about(r, path)
	if device == "" {
		reply(c.answer(r, path)) // a workspace without locks
		return
	}
	if (path == "/devices/get" || path == "/locks/get") && c.known(device) {
		c.host.look(device, func() { c.pass(r, path, verb, device, reply) })
		return
	}
	c.pass(r, path, verb, device, reply)
}

// pass answers when the request has got through to the service.
func (c *Cloud) pass(r facade.Request, path, verb string, device lock.DeviceID, reply func(facade.Reply)) {
	var answer facade.Reply
	c.fleet.Call(sim.Call{Verb: verb, Device: device, Taken: func() { answer = c.answer(r, path) }}, func(x sim.Result) {
		if x.Err == nil {
			reply(answer)
			return
		}
		failed, why, ok := facade.Failure(x)
		switch {
		case ok && failed.Status == http.StatusTooManyRequests:
			limited := problem(failed.Status, "rate_limit_exceeded", "too many requests")
			limited.Header.Set("Retry-After", failed.Header.Get("Retry-After"))
			failed = limited
		case ok:
		case why == "token_expired":
			failed = problem(http.StatusUnauthorized, "unauthorized", "this API key is not valid")
		default:
			failed = problem(http.StatusBadRequest, "provider_issue", why)
		}
		if failed.Header != nil {
			c.failures++
			failed.Header.Set(requestID, fmt.Sprintf("failure-%d", c.failures))
		}
		reply(failed)
	})
}

// about is what a request does, and to which lock; the first one where it names none.
func (c *Cloud) about(r facade.Request, path string) (verb string, device lock.DeviceID) {
	switch _, what, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); {
	case strings.HasSuffix(what, "delete"):
		verb = "clear"
	case strings.HasSuffix(what, "create"), strings.HasSuffix(what, "update"), strings.HasSuffix(what, "multiple"), strings.HasSuffix(what, "_door"):
		verb = "set"
	default:
		verb = "observe"
	}
	if len(c.devices) == 0 {
		return verb, ""
	}
	var in struct {
		Device lock.DeviceID `json:"device_id"`
		Code   lock.CodeID   `json:"access_code_id"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		in.Device, in.Code = lock.DeviceID(r.Query.Get("device_id")), lock.CodeID(r.Query.Get("access_code_id"))
	}
	if in.Device == "" && in.Code != "" {
		if s, err := c.host.Snapshot(context.Background(), engine.Query{View: engine.ViewCode, Code: in.Code}); err == nil && len(s.Codes) > 0 {
			in.Device = s.Codes[0].Device
		}
	}
	if c.known(in.Device) {
		return verb, in.Device
	}
	return verb, c.devices[0].ID
}

func (c *Cloud) known(id lock.DeviceID) bool {
	return slices.ContainsFunc(c.devices, func(d lock.Device) bool { return d.ID == id })
}

// answer has the API answer.
func (c *Cloud) answer(r facade.Request, path string) facade.Reply {
	if now := c.fleet.Now(); now.After(c.clock.Now()) {
		c.clock.Advance(now.Sub(c.clock.Now()))
	}
	if path == "/access_codes/unmanaged/get" {
		r = c.byDigits(r)
	}
	url := r.Path
	if len(r.Query) > 0 {
		url += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(context.Background(), r.Method, url, bytes.NewReader(r.Body))
	if err != nil {
		return problem(http.StatusBadRequest, "invalid_input", "the address can't be read")
	}
	req.Header = r.Header
	w := &written{header: http.Header{}, status: http.StatusOK}
	if strings.HasPrefix(path, "/connect_webviews/") {
		// The key is the API's matter: whoever may list accounts may link one.
		asked := req.Clone(req.Context())
		asked.URL.Path, asked.URL.RawQuery = "/connected_accounts/list", ""
		asked.Method, asked.Body = http.MethodGet, http.NoBody
		if c.api.ServeHTTP(w, asked); w.status == http.StatusOK {
			x := c.views.answer(r, path, c.fleet.Now())
			x.Header.Set(requestID, w.header.Get(requestID))
			return x
		}
	} else {
		c.api.ServeHTTP(w, req)
	}
	return c.more(path, c.stayed(r, path, facade.Reply{Status: w.status, Header: w.header, Body: w.body.Bytes()}))
}

// postsAtMost bounds the posts about a lock that wait for a hint, which a fault may have lost. Older ones are given up.
const postsAtMost = 50

// news has what the service has to tell of its locks posted.
func (c *Cloud) news() {
	posts, err := c.server.Posts(context.Background())
	if err != nil || len(c.devices) == 0 {
		return
	}
	var about []lock.DeviceID
	for _, p := range posts {
		id := cmp.Or(p.Device, c.devices[0].ID)
		c.posts[id] = append(c.posts[id], p)
		c.posts[id] = c.posts[id][max(0, len(c.posts[id])-postsAtMost):]
		if !slices.Contains(about, id) {
			about = append(about, id)
		}
	}
	for _, id := range about {
		c.fleet.Hint(id)
	}
}

// Push implements facade.Cloud. What happens at a lock is told to the service, which looks; what it has found out, its webhooks tell.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.devices, func(d lock.Device) bool { return d.ID == id })
	if i < 0 {
		return nil
	}
	waiting := c.posts[id]
	if len(waiting) == 0 {
		c.host.offer(engine.Notice{Account: c.devices[i].Account, Device: id})
		return nil
	}
	delete(c.posts, id)
	var all []facade.Post
	for _, p := range waiting {
		all = append(all, facade.Post{URL: p.URL, Header: p.Header(c.fleet.Now()), Body: p.Body})
	}
	return all
}

// Called implements facade.Cloud: the service takes the ids of the fleet over.
func (c *Cloud) Called(id lock.DeviceID) string { return string(id) }

// written is what the API writes.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header { return w.header }

func (w *written) WriteHeader(status int) { w.status = status }

func (w *written) Write(p []byte) (int, error) { return w.body.Write(p) }

// problem is an error in the API's envelope.
func problem(status int, kind, message string) facade.Reply {
	return facade.JSON(status, map[string]any{"ok": false, "error": map[string]string{"type": kind, "message": message}})
}

// invalid is a request that breaks the rule of a parameter; field "": of none in particular.
func invalid(field, rule string) facade.Reply {
	wrong := map[string]any{"_errors": []string{}}
	if field != "" {
		wrong[field] = map[string]any{"_errors": []string{rule}}
	}
	return facade.JSON(http.StatusBadRequest, map[string]any{"ok": false, "error": map[string]any{
		"type": "invalid_input", "message": strings.TrimSpace(field + " " + rule), "validation_errors": wrong,
	}})
}

// requestID is the header by which a request is found in the service's log.
const requestID = "seam-request-id"

var errGone = errors.New("the service has failed")
