package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
)

// hook is an endpoint that wants to be told of events: hook/<id>.
type hook struct {
	ID       string
	URL      string
	Types    []string // "*": all
	Secret   string   // whsec_ and base64, as its verifier wants it
	PINs     bool     `json:",omitzero"` // digits may be in what it is told
	Created  time.Time
	Disabled bool       `json:",omitzero"`
	Cursor   engine.Seq `json:",omitzero"` // the journal is read up to here

	kept engine.Seq // the cursor that the store has
}

// wants reports whether an event is for the endpoint.
func (h *hook) wants(typ string) bool {
	return public(typ) && (slices.Contains(h.Types, "*") || slices.Contains(h.Types, typ))
}

const (
	dirHooks    = "hook/"
	dirLetters  = "letter/"
	maxHooks    = 100
	maxURL      = 2000
	secretBytes = 24
)

// hooks are the endpoints of a store, kept in memory too. They are safe for concurrent use.
type hooks struct {
	records store.Store
	mu      sync.Mutex
	all     map[string]hook
	changed chan struct{} // one slot: the deliverer looks again
}

func openHooks(ctx context.Context, s store.Store) (*hooks, error) {
	kvs, _, err := s.Scan(ctx, dirHooks, "", 0)
	if err != nil {
		return nil, err
	}
	h := &hooks{records: s, all: map[string]hook{}, changed: make(chan struct{}, 1)}
	for _, kv := range kvs {
		var one hook
		if err := json.Unmarshal(kv.Val, &one); err != nil {
			return nil, fmt.Errorf("the record %s is damaged: %w", kv.Key, err)
		}
		one.kept = one.Cursor
		h.all[one.ID] = one
	}
	return h, nil
}

func (h *hooks) list() []hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]hook, 0, len(h.all))
	for _, one := range h.all {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b hook) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (h *hooks) get(id string) (hook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one, ok := h.all[id]
	if !ok {
		return hook{}, problem(http.StatusNotFound, "webhook_not_found", "no webhook "+clip(id))
	}
	return one, nil
}

// edit changes an endpoint, on disk and in memory, together with other records. One that is gone meanwhile stays so.
func (h *hooks) edit(ctx context.Context, id string, change func(*hook), also ...store.Op) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	one, ok := h.all[id]
	if !ok {
		return problem(http.StatusNotFound, "webhook_not_found", "no webhook "+clip(id))
	}
	change(&one)
	return h.put(ctx, one, also...)
}

// put must be called with mu held.
func (h *hooks) put(ctx context.Context, one hook, also ...store.Op) error {
	val, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if _, err := h.records.Commit(ctx, nil, append(also, store.Op{Key: dirHooks + one.ID, Val: val})); err != nil {
		return err
	}
	one.kept = one.Cursor
	h.all[one.ID] = one
	h.ring()
	return nil
}

func (h *hooks) ring() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *hooks) add(ctx context.Context, one hook) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) >= maxHooks {
		return problem(http.StatusBadRequest, "too_many_webhooks", "there are "+number(maxHooks)+" webhooks already")
	}
	return h.put(ctx, one)
}

// remove takes an endpoint away, with its letters.
func (h *hooks) remove(ctx context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.all[id]; !ok {
		return problem(http.StatusNotFound, "webhook_not_found", "no webhook "+clip(id))
	}
	kvs, _, err := h.records.Scan(ctx, dirLetters+id+"/", "", 0)
	if err != nil {
		return err
	}
	ops := []store.Op{{Key: dirHooks + id, Delete: true}}
	for _, kv := range kvs {
		ops = append(ops, store.Op{Key: kv.Key, Delete: true})
	}
	if _, err := h.records.Commit(ctx, nil, ops); err != nil {
		return err
	}
	delete(h.all, id)
	h.ring()
	return nil
}

// shownHook is an endpoint as the API shows it. The secret is there for whoever may write.
type shownHook struct {
	ID       string   `json:"webhook_id"`
	URL      string   `json:"url"`
	Types    []string `json:"event_types"`
	Secret   string   `json:"secret,omitempty"`
	Disabled bool     `json:"is_disabled"`
}

func (c *call) showHook(h hook) shownHook {
	v := shownHook{ID: h.ID, URL: h.URL, Types: h.Types, Disabled: h.Disabled}
	if c.who.May(ScopeWrite) {
		v.Secret = h.Secret
	}
	return v
}

type createHook struct {
	URL   string    `json:"url" need:"true" doc:"where events are posted to"`
	Types *[]string `json:"event_types" doc:"which events; * for all, as when it is left out"`
}

func hooksCreate(c *call, p createHook) (reply, error) {
	types := []string{"*"}
	set(&types, p.Types)
	if err := CheckHook(p.URL, types); err != nil {
		return nil, err
	}
	random := make([]byte, secretBytes+10)
	if _, err := io.ReadFull(c.random, random); err != nil {
		return nil, err
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		return nil, err
	}
	h := hook{
		ID: "webhook_" + letters.EncodeToString(random[secretBytes:]), URL: p.URL, Types: types, PINs: c.who.May(ScopePINs),
		Secret: "whsec_" + base64.StdEncoding.EncodeToString(random[:secretBytes]), Created: c.now, Cursor: s.Seq,
	}
	return reply{"webhook": c.showHook(h)}, c.hooks.add(c.ctx, h)
}

// CheckHook returns what is wrong with a webhook's address or its event types, or nil.
func CheckHook(text string, types []string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(text) > maxURL:
		return invalid(mistake{"url", "must be an address that begins with https:// or http://"})
	case len(types) == 0:
		return invalid(mistake{"event_types", "must name one type at least, or *"})
	}
	known := engine.EventTypes()
	for _, t := range types {
		if t != "*" && (!slices.Contains(known, t) || !public(t)) {
			return invalid(mistake{"event_types", "has " + clip(t) + ", which is no type of event here"})
		}
	}
	return nil
}

type oneHook struct {
	ID string `json:"webhook_id" need:"true" doc:"the webhook"`
}

func hooksGet(c *call, p oneHook) (reply, error) {
	h, err := c.hooks.get(p.ID)
	return reply{"webhook": c.showHook(h)}, err
}

func hooksList(c *call, _ struct{}) (reply, error) {
	all := []shownHook{}
	for _, h := range c.hooks.list() {
		all = append(all, c.showHook(h))
	}
	return reply{"webhooks": all}, nil
}

type updateHook struct {
	ID       string    `json:"webhook_id" need:"true" doc:"the webhook"`
	Types    *[]string `json:"event_types" doc:"which events; * for all"`
	Disabled *bool     `json:"is_disabled" doc:"true: nothing is sent, and what happens meanwhile is not kept for it"`
}

func hooksUpdate(c *call, p updateHook) (reply, error) {
	h, err := c.hooks.get(p.ID)
	if err != nil {
		return nil, err
	}
	if p.Types != nil {
		if err := CheckHook(h.URL, *p.Types); err != nil {
			return nil, err
		}
	}
	return reply{}, c.hooks.edit(c.ctx, p.ID, func(h *hook) {
		set(&h.Types, p.Types)
		set(&h.Disabled, p.Disabled)
	})
}

func hooksDelete(c *call, p oneHook) (reply, error) { return reply{}, c.hooks.remove(c.ctx, p.ID) }

// shownLetter is an event on its way to an endpoint, or given up.
type shownLetter struct {
	Event    string `json:"event_id"`
	Attempts int    `json:"attempts"`
	Next     stamp  `json:"next_attempt_at"` // null: given up
	Answer   string `json:"last_answer"`
}

func hooksLetters(c *call, p oneHook) (reply, error) {
	if _, err := c.hooks.get(p.ID); err != nil {
		return nil, err
	}
	all, err := c.hooks.letters(c.ctx, p.ID)
	shown := []shownLetter{}
	for _, l := range all {
		shown = append(shown, shownLetter{eventID(l.Seq), l.Attempts, stamp(l.Next), l.Answer})
	}
	return reply{"deliveries": shown}, err
}

type redeliver struct {
	ID    string `json:"webhook_id" need:"true" doc:"the webhook"`
	Event string `json:"event_id" need:"true" doc:"the event that is to be sent again"`
}

func hooksRedeliver(c *call, p redeliver) (reply, error) {
	if _, err := eventsGet(c, getEvent{ID: &p.Event}); err != nil {
		return nil, err
	}
	var seq engine.Seq
	if _, err := fmt.Sscanf(p.Event, "event_%d", &seq); err != nil {
		return nil, err
	}
	return reply{}, c.hooks.edit(c.ctx, p.ID, func(*hook) {}, letter{Seq: seq, Next: c.clock.Now()}.op(p.ID))
}
