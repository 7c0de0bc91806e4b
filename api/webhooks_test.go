package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// receiver is a program that is told of events. It verifies what it gets by itself, as the description of the signature says.
type receiver struct {
	t      *testing.T
	http   *httptest.Server
	mu     sync.Mutex
	secret string
	broken bool
	got    []map[string]any
	tries  int
}

func newReceiver(t *testing.T) *receiver {
	v := &receiver{t: t}
	v.http = httptest.NewServer(http.HandlerFunc(v.take))
	t.Cleanup(v.http.Close)
	return v
}

func (v *receiver) take(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Error(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v.secret, "whsec_"))
	if err != nil {
		v.t.Error(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(r.Header.Get("svix-id") + "." + r.Header.Get("svix-timestamp") + "."))
	mac.Write(body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("svix-signature") != want {
		v.t.Errorf("the signature is %q, want %q", r.Header.Get("svix-signature"), want)
	}
	if v.tries++; v.broken {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		v.t.Error(err)
	}
	v.got = append(v.got, event)
}

func (r *rig) hook(v *receiver, types ...string) string {
	r.t.Helper()
	made := r.post("/webhooks/create", "url", v.http.URL, "event_types", types)
	v.secret = made.at("webhook.secret").(string)
	return made.at("webhook.webhook_id").(string)
}

func (r *rig) round(d *Deliverer) time.Time {
	r.t.Helper()
	var next time.Time
	for _, h := range r.s.hooks.list() {
		at, err := d.serve(r.t.Context(), h)
		must(r.t, err)
		if next.IsZero() || !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

func TestWebhooksTellOfEvents(t *testing.T) {
	r := newRig(t)
	v := newReceiver(t)
	r.post("/access_codes/create", "device_id", "gate") // before anybody wanted to know
	r.skip(10 * time.Minute)
	r.hook(v, "access_code.created", "access_code.set_on_device")
	d := NewDeliverer(r.s, &http.Client{}, r.clock)
	made := r.post("/access_codes/create", "device_id", "front")
	r.skip(10 * time.Minute)
	if next := r.round(d); !next.IsZero() {
		t.Errorf("something is due %v", next)
	}
	if len(v.got) != 2 {
		t.Fatalf("%d events, want created and set of one code: %v", len(v.got), v.got)
	}
	kinds := map[any]map[string]any{}
	for _, e := range v.got {
		kinds[e["event_type"]] = e
		if e["access_code_id"] != made.at("access_code.access_code_id") || e["device_id"] != "front" || !strings.HasPrefix(e["event_id"].(string), "event_") {
			t.Errorf("an event is %v", e)
		}
	}
	if set := kinds["access_code.set_on_device"]; set["code"] != made.at("access_code.code") {
		t.Errorf("the one that tells of the set has the digits %v", set["code"])
	}
	if again := r.round(d); !again.IsZero() || len(v.got) != 2 {
		t.Errorf("events come again: %d", len(v.got))
	}
}

// A receiver that fails gets eight attempts on the documented schedule, also across a restart; then the event is kept for a
// look, and can be sent by hand.
func TestWebhooksTryAgainAndGiveUp(t *testing.T) {
	r := newRig(t)
	v := newReceiver(t)
	v.broken = true
	id := r.hook(v, "access_code.created")
	r.post("/access_codes/create", "device_id", "front")
	d := NewDeliverer(r.s, &http.Client{}, r.clock)
	var pauses []time.Duration
	for next := r.round(d); !next.IsZero(); next = r.round(d) {
		pause := next.Sub(r.clock.Now())
		pauses = append(pauses, pause)
		r.clock.Advance(pause - time.Second)
		if early := v.tries; !r.round(d).Equal(next) || v.tries != early {
			t.Fatalf("it tries a second too early")
		}
		r.clock.Advance(time.Second)
		if len(pauses) == 3 { // what waits is on the disk
			s, err := New(t.Context(), Options{Host: r.s.host, Keys: r.keys, Records: r.s.hooks.records, Clock: r.clock, Random: &chance{}})
			must(t, err)
			d = NewDeliverer(s, &http.Client{}, r.clock)
		}
	}
	var total time.Duration
	for _, p := range pauses {
		total += p
	}
	if v.tries != 8 || total != 27*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("%d attempts over %s: %v", v.tries, total, pauses)
	}
	dead := r.post("/v1/webhooks/deliveries", "webhook_id", id)
	if dead.at("deliveries.0.attempts") != 8.0 || dead.at("deliveries.0.next_attempt_at") != nil || dead.at("deliveries.0.last_answer") != "502 Bad Gateway" {
		t.Errorf("what was given up: %s", dead.raw)
	}
	v.broken = false
	r.post("/v1/webhooks/redeliver", "webhook_id", id, "event_id", dead.at("deliveries.0.event_id"))
	if r.round(d); len(v.got) != 1 {
		t.Errorf("sent by hand, %d events came", len(v.got))
	}
	if left := r.post("/v1/webhooks/deliveries", "webhook_id", id); left.at("deliveries.0") != nil {
		t.Errorf("delivered, and yet there: %s", left.raw)
	}
}

// More events than an endpoint may have letters are all posted, although nothing new happens that would wake anybody.
func TestWhatPilesUpIsPostedToTheEnd(t *testing.T) {
	const events = maxLetters + 1
	doors := []lock.DeviceID{"one", "two", "three"} // none of which has so many codes
	r := newRig(t, sim.LockSpec{ID: doors[0], Model: "native.keypad"}, sim.LockSpec{ID: doors[1], Model: "native.keypad"}, sim.LockSpec{ID: doors[2], Model: "native.keypad"})
	posts := 0
	var mu sync.Mutex
	v := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { mu.Lock(); defer mu.Unlock(); posts++ }))
	t.Cleanup(v.Close)
	r.post("/webhooks/create", "url", v.URL, "event_types", []string{"access_code.created"})
	for i := range events {
		_, err := r.s.host.Submit(t.Context(), engine.Command{Do: engine.Create{Device: doors[i%len(doors)], Starts: noon.AddDate(0, 1, 0)}})
		must(t, err)
	}
	d := NewDeliverer(r.s, &http.Client{}, r.clock)
	for next := noon; !next.IsZero(); next = r.round(d) {
		if next.After(noon) {
			t.Fatalf("nobody looks before %v", next)
		}
	}
	if posts != events {
		t.Errorf("%d of %d events were posted", posts, events)
	}
}

// As many letters as go at once go over the same connections the next time.
func TestConnectionsToAnEndpointAreKept(t *testing.T) {
	const letters = 8 // no more than a device may be given in a minute
	r := newRig(t)
	var together sync.WaitGroup
	var made atomic.Int32
	v := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { together.Done(); together.Wait() }))
	v.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			made.Add(1)
		}
	}
	v.Start()
	t.Cleanup(v.Close)
	r.post("/webhooks/create", "url", v.URL, "event_types", []string{"access_code.created"})
	d := NewDeliverer(r.s, &http.Client{}, r.clock)
	for range 3 {
		together.Add(letters)
		for range letters {
			r.post("/access_codes/create", "device_id", "front")
		}
		r.round(d)
		r.skip(time.Minute)
	}
	if made.Load() != letters {
		t.Errorf("%d connections for three times %d letters", made.Load(), letters)
	}
}

// An endpoint that never answers does not keep others waiting for what happens meanwhile.
func TestAMuteEndpointHoldsUpNoOther(t *testing.T) {
	r := newRig(t)
	asked, over, told := make(chan struct{}, 100), make(chan struct{}), make(chan string, 100)
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-over }))
	good := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		var e struct {
			Code string `json:"access_code_id"`
		}
		if err := json.NewDecoder(q.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		told <- e.Code
	}))
	for _, v := range []*httptest.Server{mute, good} {
		t.Cleanup(v.Close)
		r.post("/webhooks/create", "url", v.URL, "event_types", []string{"access_code.created"})
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- NewDeliverer(r.s, &http.Client{}, r.clock).Run(ctx) }()
	t.Cleanup(func() {
		close(over)
		cancel()
		must(t, <-ended)
	})
	for i := range 3 {
		id := r.post("/access_codes/create", "device_id", "front").at("access_code.access_code_id")
		select {
		case got := <-told:
			if got != id {
				t.Fatalf("told of %s, want %s", got, id)
			}
		case <-time.After(postTimeout / 2):
			t.Fatalf("event %d does not come while another endpoint is mute", i)
		}
		if i == 0 {
			<-asked
		}
	}
}

func TestADisabledWebhookGetsNothing(t *testing.T) {
	r := newRig(t)
	v := newReceiver(t)
	id := r.hook(v, "*")
	d := NewDeliverer(r.s, &http.Client{}, r.clock)
	r.post("/webhooks/update", "webhook_id", id, "is_disabled", true)
	r.post("/access_codes/create", "device_id", "front")
	r.round(d)
	if r.post("/webhooks/update", "webhook_id", id, "is_disabled", false); v.tries != 0 {
		t.Errorf("%d letters to a disabled one", v.tries)
	}
	r.round(d)
	if v.tries != 0 {
		t.Errorf("what happened while it was disabled comes later")
	}
	r.post("/webhooks/delete", "webhook_id", id)
	if a := r.send("POST", "/webhooks/get", object("webhook_id", id)); a.status != http.StatusNotFound {
		t.Errorf("a deleted one: %d", a.status)
	}
	for _, bad := range []string{`{"url":"ftp://x"}`, `{"url":"/x"}`, `{"url":"https://x","event_types":["access_code.eaten"]}`, `{"url":"https://x","event_types":[]}`} {
		if a := r.send("POST", "/webhooks/create", bad); a.status != http.StatusBadRequest || a.at("error.validation_errors") == nil {
			t.Errorf("%s: %d %s", bad, a.status, a.raw)
		}
	}
}
