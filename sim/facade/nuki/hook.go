package nuki

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// hook is a registered webhook.
type hook struct {
	ID       int64    `json:"id"`
	Secret   string   `json:"secret"`
	URL      string   `json:"webhookUrl"`
	Features []string `json:"webhookFeatures"`
}

// hooksAtMost is how many webhooks an account has.
const hooksAtMost = 20

func (c *Cloud) listHooks(r *request) { r.json(http.StatusOK, append([]*hook{}, c.hooks...)) }

func (c *Cloud) addHook(r *request) {
	h := &hook{}
	if json.Unmarshal(r.Body, h) != nil || len(h.Features) == 0 {
		r.reply(unprocessable())
		return
	}
	// The vendor takes https alone. This machine is let through, so that a test needs no certificate.
	if u, err := url.Parse(h.URL); err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "127.0.0.1") {
		r.reply(badValue(h.URL, "webhookUrl"))
		return
	}
	if len(c.hooks) == hooksAtMost {
		r.reply(unprocessable())
		return
	}
	c.made++
	h.ID, h.Secret = c.made, hexID(string(c.account), "secret", strconv.FormatInt(c.made, 10))
	c.hooks = append(c.hooks, h)
	r.json(http.StatusOK, h)
}

func (c *Cloud) deleteHook(r *request) {
	i := slices.IndexFunc(c.hooks, func(h *hook) bool { return strconv.FormatInt(h.ID, 10) == r.id })
	if i < 0 {
		r.reply(plain(http.StatusNotFound, "Not found"))
		return
	}
	c.hooks = slices.Delete(c.hooks, i, i+1)
	r.done()
}

// Push implements facade.Cloud: the state of the lock, the lines of its log that were not told yet, and what has changed about its codes.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 {
		return nil
	}
	d := c.order[i]
	c.gate(d)
	of := c.lockJSON(d)
	posts := c.post("DEVICE_STATUS", map[string]any{
		"feature": "DEVICE_STATUS", "smartlockId": d.number, "state": of.State, "serverState": of.ServerState, "adminPinState": of.AdminPINState,
	})
	log := c.log(d)
	fresh := log[:max(slices.IndexFunc(log, func(l logJSON) bool { return l.ID == d.told }), 0)]
	if d.told == "" {
		fresh = log
	}
	for _, l := range slices.Backward(fresh) {
		d.told = l.ID
		posts = append(posts, c.post("DEVICE_LOGS", map[string]any{"feature": "DEVICE_LOGS", "deleted": false, "smartlockLog": l})...)
	}
	return append(posts, c.changed(d)...)
}

// changed posts the auths of a lock that are new, others, or gone.
func (c *Cloud) changed(d *door) []facade.Post {
	var posts []facade.Post
	tell := func(deleted bool, auth any) {
		posts = append(posts, c.post("DEVICE_AUTHS", map[string]any{"feature": "DEVICE_AUTHS", "deleted": deleted, "smartlockAuth": auth})...)
	}
	var held []lock.Held
	for _, m := range c.fleet.Listed(d.of.ID) {
		held = append(held, lock.Held{Ref: m.Ref, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled})
	}
	now := map[string]bool{}
	for _, h := range c.shown(d, held) {
		a := c.authJSON(d, h)
		now[a.ID] = true
		if text := string(facade.JSON(http.StatusOK, a).Body); d.auths[a.ID] != text {
			d.auths[a.ID] = text
			tell(false, a)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.auths)) {
		if !now[id] {
			delete(d.auths, id)
			tell(true, map[string]any{"id": id, "smartlockId": d.number, "type": keypadCode})
		}
	}
	return posts
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.order {
		if d.of.ID == id {
			return strconv.FormatInt(d.number, 10)
		}
	}
	return ""
}

// post signs something for every webhook that wants it.
func (c *Cloud) post(feature string, body any) []facade.Post {
	text := facade.JSON(http.StatusOK, body).Body
	var posts []facade.Post
	for _, h := range c.hooks {
		if !slices.Contains(h.Features, feature) {
			continue
		}
		mac := hmac.New(sha256.New, []byte(h.Secret))
		mac.Write(text)
		header := http.Header{"Content-Type": {"application/json"}}
		header.Set("X-Nuki-Signature-SHA256", hex.EncodeToString(mac.Sum(nil)))
		posts = append(posts, facade.Post{URL: h.URL, Header: header, Body: text})
	}
	return posts
}
