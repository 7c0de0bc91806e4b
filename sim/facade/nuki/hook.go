package nuki

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// Push implements facade.Cloud: the state of the lock, and the newest line of its log if that was not told yet.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 {
		return nil
	}
	d := c.order[i]
	of := c.lockJSON(d)
	posts := c.post("DEVICE_STATUS", map[string]any{
		"feature": "DEVICE_STATUS", "smartlockId": d.number, "state": of.State, "serverState": of.ServerState, "adminPinState": of.AdminPINState,
	})
	if log := c.log(d); len(log) > 0 && log[0].ID != d.told {
		d.told = log[0].ID
		posts = append(posts, c.post("DEVICE_LOGS", map[string]any{"feature": "DEVICE_LOGS", "deleted": false, "smartlockLog": log[0]})...)
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
