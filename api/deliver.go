package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
)

// letter is an event on its way to an endpoint: letter/<hook>/<seq>. One that was delivered is gone.
type letter struct {
	Seq      engine.Seq
	Attempts int       `json:",omitzero"`
	Next     time.Time `json:",omitzero"` // of the next attempt; zero: given up
	Answer   string    `json:",omitzero"` // to the last one
}

func (l letter) op(hook string) store.Op {
	val, _ := json.Marshal(l)
	return store.Op{Key: letterKey(hook, l.Seq), Val: val}
}

func letterKey(hook string, seq engine.Seq) string {
	return fmt.Sprintf("%s%s/%016d", dirLetters, hook, seq)
}

// waits is the pause after each failed attempt, as the hosted API documents it: eight attempts in 27 h 35 min 5 s.
func waits(attempts int) (time.Duration, bool) {
	all := [...]time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
	if attempts > len(all) {
		return 0, false
	}
	return all[attempts-1], true
}

const (
	maxLetters  = 1000             // of one endpoint; beyond, the journal itself keeps what is to come, and the oldest given up are forgotten
	postTimeout = 15 * time.Second // of one attempt
	postAtOnce  = 16               // letters of one endpoint under way
	maxAnswer   = 200
)

// Deliverer posts events to endpoints until its context ends. It reads the journal like everybody else, so nothing that
// happens to it keeps the engine waiting.
type Deliverer struct {
	s     *Server
	http  *http.Client
	clock clockwork.Clock
}

// NewDeliverer makes the deliverer of a server's webhooks. A client without a transport gets one that keeps the connections of all letters
// to an endpoint that are under way at once: Go's own keeps two of them, and makes the others anew for each letter. The clock is the
// world's, not a simulation's: receivers check how old a letter is.
func NewDeliverer(s *Server, client *http.Client, clock clockwork.Clock) *Deliverer {
	own := *client
	if shared, ok := http.DefaultTransport.(*http.Transport); ok && own.Transport == nil {
		t := shared.Clone()
		t.MaxIdleConnsPerHost = postAtOnce
		own.Transport = t
	}
	return &Deliverer{s, &own, clock}
}

// Run delivers until ctx ends. It returns early only when the store fails. Each endpoint is served by itself: one that never
// answers keeps no other waiting.
func (d *Deliverer) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	bell := d.s.host.Bell(ctx)
	wake := map[string]chan struct{}{} // by endpoint: one slot
	var all sync.WaitGroup
	defer all.Wait()
	defer stop(nil)
	for ctx.Err() == nil {
		there := d.s.hooks.list()
		for _, h := range there {
			if wake[h.ID] == nil {
				news := make(chan struct{}, 1)
				wake[h.ID] = news
				all.Go(func() { d.attend(ctx, stop, h.ID, news) })
			}
			select {
			case wake[h.ID] <- struct{}{}:
			default:
			}
		}
		for id := range wake {
			if !slices.ContainsFunc(there, func(h hook) bool { return h.ID == id }) {
				close(wake[id])
				delete(wake, id)
			}
		}
		select {
		case <-ctx.Done():
		case <-bell:
		case <-d.s.hooks.changed:
		}
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// attend serves one endpoint whenever there is news, or a letter is due, until it is deleted.
func (d *Deliverer) attend(ctx context.Context, stop context.CancelCauseFunc, id string, news <-chan struct{}) {
	due := d.clock.NewTimer(time.Hour)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, there := <-news:
			if !there {
				return
			}
		case <-due.Chan():
		}
		h, err := d.s.hooks.get(id)
		if err != nil {
			return // deleted just now
		}
		next, err := d.serve(ctx, h)
		if err != nil && ctx.Err() == nil {
			stop(err)
			return
		}
		pause := time.Hour
		if !next.IsZero() {
			pause = max(0, next.Sub(d.clock.Now()))
		}
		due.Reset(pause)
	}
}

// serve posts what is new for an endpoint and what is due, and says when to come back.
func (d *Deliverer) serve(ctx context.Context, h hook) (next time.Time, err error) {
	letters, err := d.collect(ctx, h)
	if err != nil || h.Disabled {
		return time.Time{}, err
	}
	now := d.clock.Now()
	gate := make(chan struct{}, postAtOnce)
	var all sync.WaitGroup
	var mu sync.Mutex
	full, done := len(letters) >= maxLetters, false
	for _, l := range letters {
		if l.Next.IsZero() {
			continue
		}
		if l.Next.After(now) {
			mu.Lock()
			if next.IsZero() || l.Next.Before(next) {
				next = l.Next
			}
			mu.Unlock()
			continue
		}
		gate <- struct{}{}
		all.Go(func() {
			defer func() { <-gate }()
			after, perr := d.post(ctx, h, l)
			mu.Lock()
			defer mu.Unlock()
			if !after.IsZero() && (next.IsZero() || after.Before(next)) {
				next = after
			}
			done = done || after.IsZero()
			err = errors.Join(err, perr)
		})
	}
	all.Wait()
	if full && done {
		next = now // the journal may hold more, and nobody rings for that
	}
	return next, err
}

// collect writes letters for what has happened since the endpoint was last looked after. A disabled one misses it.
func (d *Deliverer) collect(ctx context.Context, h hook) ([]letter, error) {
	letters, err := d.s.hooks.letters(ctx, h.ID)
	if err != nil {
		return nil, err
	}
	if letters, err = d.forget(ctx, h, letters); err != nil {
		return nil, err
	}
	for len(letters) < maxLetters {
		lines, err := d.s.host.Journal(ctx, h.Cursor, 500)
		if err != nil || len(lines) == 0 {
			return letters, err
		}
		var ops []store.Op
		for i := range lines {
			h.Cursor = lines[i].Seq
			if !h.Disabled && h.wants(lines[i].Type) {
				l := letter{Seq: lines[i].Seq, Next: d.clock.Now()}
				letters, ops = append(letters, l), append(ops, l.op(h.ID))
			}
		}
		if err := d.s.hooks.read(ctx, h.ID, h.Cursor, ops); err != nil {
			return nil, err
		}
	}
	return letters, nil
}

// forget makes room: the oldest half of what was given up goes when there is too much.
func (d *Deliverer) forget(ctx context.Context, h hook, letters []letter) ([]letter, error) {
	if len(letters) < maxLetters {
		return letters, nil
	}
	var ops []store.Op
	kept := letters[:0]
	for _, l := range letters {
		if l.Next.IsZero() && len(ops) < maxLetters/2 {
			ops = append(ops, store.Op{Key: letterKey(h.ID, l.Seq), Delete: true})
			continue
		}
		kept = append(kept, l)
	}
	if len(ops) == 0 {
		return letters, nil
	}
	_, err := d.s.hooks.records.Commit(ctx, nil, ops)
	return kept, err
}

// maxUnkept bounds the lines that are read again after a crash, none of which was for the endpoint: noting each would cost a
// synced commit for every one of the engine's.
const maxUnkept = 1000

// read notes how far the journal was read for an endpoint. It rings nobody.
func (h *hooks) read(ctx context.Context, id string, cursor engine.Seq, ops []store.Op) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	one, ok := h.all[id]
	if !ok {
		return nil // deleted meanwhile
	}
	one.Cursor = cursor
	if len(ops) == 0 && cursor-one.kept < maxUnkept {
		h.all[id] = one
		return nil
	}
	one.kept = cursor
	val, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if _, err := h.records.Commit(ctx, nil, append(ops, store.Op{Key: dirHooks + id, Val: val})); err != nil {
		return err
	}
	h.all[id] = one
	return nil
}

// letters lists what is on its way to an endpoint or was given up, oldest first.
func (h *hooks) letters(ctx context.Context, id string) ([]letter, error) {
	kvs, _, err := h.records.Scan(ctx, dirLetters+id+"/", "", 0)
	if err != nil {
		return nil, err
	}
	all := make([]letter, 0, len(kvs))
	for _, kv := range kvs {
		var l letter
		if err := json.Unmarshal(kv.Val, &l); err != nil {
			return nil, fmt.Errorf("the record %s is damaged: %w", kv.Key, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// post makes one attempt and writes down what came of it. It returns when to make the next.
func (d *Deliverer) post(ctx context.Context, h hook, l letter) (time.Time, error) {
	answer, ok := "", true // an event that is no longer kept can't be sent
	lines, err := d.s.host.Journal(ctx, l.Seq-1, 1)
	if err == nil && len(lines) > 0 && lines[0].Seq == l.Seq {
		var p Post
		if p, err = d.s.post(ctx, &h, &lines[0]); err == nil {
			answer, ok = d.send(ctx, p)
		}
	}
	if err != nil {
		return time.Time{}, err
	}
	if ctx.Err() != nil {
		return time.Time{}, nil // cut off, and nobody knows: it is sent again
	}
	records := d.s.hooks.records
	if ok {
		_, err := records.Commit(ctx, nil, []store.Op{{Key: letterKey(h.ID, l.Seq), Delete: true}})
		return time.Time{}, err
	}
	l.Attempts++
	l.Answer = answer
	l.Next = time.Time{}
	if pause, more := waits(l.Attempts); more {
		l.Next = d.clock.Now().Add(pause)
	} else {
		d.s.log.Warn("an event was given up", "webhook", h.ID, "event", eventID(l.Seq), "answer", answer)
	}
	_, err = records.Commit(ctx, nil, []store.Op{l.op(h.ID)})
	return l.Next, err
}

// send posts an event.
func (d *Deliverer) send(ctx context.Context, p Post) (answer string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		return "the address is no address", false
	}
	req.Header = p.Header(d.clock.Now())
	resp, err := d.http.Do(req)
	if err != nil {
		return "no answer", false // the error may quote the address, which may hold a token
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	return resp.Status[:min(len(resp.Status), maxAnswer)], resp.StatusCode >= 200 && resp.StatusCode < 300
}
