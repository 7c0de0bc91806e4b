package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// Post is an event as it is posted to an endpoint.
type Post struct {
	URL    string
	Device lock.DeviceID // that it is about; "": none
	Body   []byte

	id, secret string
}

// Header goes with a body that leaves now, and signs it as its receiver's verifier wants it.
func (p Post) Header(now time.Time) http.Header {
	at := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "lockctl-webhooks")
	h.Set("svix-id", p.id)
	h.Set("svix-timestamp", at)
	h.Set("svix-signature", "v1,"+sign(p.secret, p.id, at, p.Body))
	return h
}

// sign is the signature of a post: HMAC-SHA-256 over its id, time and body, as Standard Webhooks has it.
func sign(secret, id, at string, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		key = []byte(secret)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post is an event for an endpoint.
func (s *Server) post(ctx context.Context, h *hook, e *engine.Event) (Post, error) {
	c := &call{Server: s, ctx: ctx, now: s.host.Now(), who: Identity{Name: "webhook " + h.ID}}
	if h.PINs {
		c.who.Scopes = []Scope{ScopePINs}
		if e.Type == "access_code.set_on_device" || e.Type == "access_code.scheduled_on_device" {
			_, _ = c.show(e.Code) // the post tells the digits, also if nobody was told before
		}
	}
	v, err := c.told(e)
	if err != nil {
		v = s.showEvent(e) // what can't be read besides is no reason to keep the event back
	}
	body, err := json.Marshal(v)
	return Post{URL: h.URL, Device: e.Device, Body: body, id: "msg_" + v.ID, secret: h.Secret}, err
}

// Posts returns what has happened since they were last asked for, once for each endpoint that wants it. They are for a host that posts
// by itself, because nothing on its thread may wait for a network; any other has a Deliverer.
func (s *Server) Posts(ctx context.Context) ([]Post, error) {
	var all []Post
	for _, h := range s.hooks.list() {
		for {
			lines, err := s.host.Journal(ctx, h.Cursor, maxPage)
			if err != nil {
				return all, err
			}
			if len(lines) == 0 {
				break
			}
			h.Cursor = lines[len(lines)-1].Seq
			if err := s.hooks.read(ctx, h.ID, h.Cursor, nil); err != nil {
				return all, err
			}
			for i := range lines {
				if h.Disabled || !h.wants(lines[i].Type) {
					continue
				}
				p, err := s.post(ctx, &h, &lines[i])
				if err != nil {
					return all, err
				}
				all = append(all, p)
			}
		}
	}
	return all, nil
}
