package smartthings

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// app is the app that is installed in the account, to which events are posted.
type app struct {
	target    string
	asked     string // the secret of a confirmation that is waited for
	confirmed bool
	unsent    []facade.Post
	hooks     []*subscription
	key       *rsa.PrivateKey // with which posts are signed
}

// keyText is the key of every simulated account, which guards nothing: a new one for each would take its time, and differ from run to run.
//
//go:embed key.pem
var keyText []byte

func newKey() (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(keyText)
	if block == nil {
		return nil, errors.New("the key of posts can't be read")
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

// subscription is one that an installed app has made.
type subscription struct {
	ID         string         `json:"id"`
	Installed  string         `json:"installedAppId"`
	SourceType string         `json:"sourceType"`
	Device     map[string]any `json:"device,omitempty"`
	Capability map[string]any `json:"capability,omitempty"`
	Health     map[string]any `json:"deviceHealth,omitempty"`
}

const (
	subscriptionsAtMost = 40
	confirmationsKept   = 20
	keyPath             = "/pl/sim/"
	duplicatesWithin    = 2 * time.Second // a second hint, which a fault has made of one
	forgottenAfter      = 2 * time.Minute // an event that could not be posted
)

// updateApp sets where events go. That place has to confirm that it wants them.
func (c *Cloud) updateApp(r *request) {
	var body struct {
		APIOnly struct {
			TargetURL string `json:"targetUrl"`
		} `json:"apiOnly"`
	}
	err := json.Unmarshal(r.Body, &body)
	if u, bad := url.Parse(body.APIOnly.TargetURL); err != nil || bad != nil || u.Host == "" {
		r.reply(malformed("apiOnly.targetUrl"))
		return
	}
	c.retarget(r.found["app"], body.APIOnly.TargetURL, r.Base)
	r.json(http.StatusOK, map[string]any{"appId": r.found["app"], "apiOnly": map[string]any{"subscription": map[string]string{"targetUrl": c.app.target, "targetStatus": "PENDING"}}})
}

// Target implements facade.Targeted: the owner of the app sets where its events go.
func (c *Cloud) Target(url string) { c.retarget("lockctl", url, c.base) }

// retarget asks a place whether it wants the events of an app.
func (c *Cloud) retarget(id, target, base string) {
	c.made++
	a := &c.app
	a.target, a.asked, a.confirmed = target, uuid(string(c.account), "confirm", strconv.Itoa(c.made)), false
	a.unsent = append(a.unsent[:min(len(a.unsent), confirmationsKept)], c.sign(map[string]any{
		"messageType": "CONFIRMATION", "executionId": uuid(a.asked, "execution"),
		"confirmationData": map[string]string{"appId": id, "confirmationUrl": base + "/apps/" + id + "/confirm/" + a.asked},
	})...)
	if len(c.order) > 0 {
		c.fleet.Hint(c.order[0].of.ID)
	}
}

func (c *Cloud) confirm(r *request) {
	if r.found["token"] != c.app.asked {
		r.reply(notFound("token"))
		return
	}
	c.app.confirmed = true
	r.json(http.StatusOK, map[string]string{"targetUrl": c.app.target})
}

func (c *Cloud) listSubscriptions(r *request) {
	if r.found["app"] != InstalledApp(c.account) {
		r.reply(notFound("installedAppId"))
		return
	}
	c.any(r, func() {
		r.json(http.StatusOK, map[string]any{"items": append([]*subscription{}, c.app.hooks...), "_links": map[string]any{}})
	})
}

func (c *Cloud) subscribe(r *request) {
	if r.found["app"] != InstalledApp(c.account) {
		r.reply(notFound("installedAppId"))
		return
	}
	s := &subscription{}
	if json.Unmarshal(r.Body, s) != nil || !slices.Contains([]string{"DEVICE", "CAPABILITY", "DEVICE_HEALTH"}, s.SourceType) ||
		s.SourceType == "DEVICE" && s.Device["deviceId"] == nil || s.SourceType == "CAPABILITY" && s.Capability["locationId"] != c.locationID() {
		r.reply(malformed("sourceType"))
		return
	}
	c.any(r, func() {
		if len(c.app.hooks) == subscriptionsAtMost {
			r.reply(failure(http.StatusUnprocessableEntity, "ConstraintViolationError", "There are too many subscriptions.", ""))
			return
		}
		c.made++
		s.ID, s.Installed = uuid(string(c.account), "subscription", strconv.Itoa(c.made)), InstalledApp(c.account)
		c.app.hooks = append(c.app.hooks, s)
		r.json(http.StatusOK, s)
	})
}

// unsubscribe deletes one subscription, or all.
func (c *Cloud) unsubscribe(r *request) {
	if r.found["app"] != InstalledApp(c.account) {
		r.reply(notFound("installedAppId"))
		return
	}
	c.any(r, func() {
		before := len(c.app.hooks)
		id, one := r.found["id"]
		c.app.hooks = slices.DeleteFunc(c.app.hooks, func(s *subscription) bool { return !one || s.ID == id })
		r.json(http.StatusOK, map[string]int{"count": before - len(c.app.hooks)})
	})
}

// wants reports whether a subscription is about an event of a lock.
func (s *subscription) wants(d *door, e *event) bool {
	names := func(of map[string]any, field, is string) bool { v := of[field]; return v == nil || v == "*" || v == is }
	switch s.SourceType {
	case "DEVICE_HEALTH":
		return e.capability == ""
	case "DEVICE":
		return e.capability != "" && s.Device["deviceId"] == d.id && names(s.Device, "capability", e.capability) && names(s.Device, "attribute", e.attribute)
	}
	return e.capability != "" && names(s.Capability, "capability", e.capability) && names(s.Capability, "attribute", e.attribute)
}

// Push implements facade.Cloud: what was told of a lock and not posted yet, and what an app is to confirm.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	a := &c.app
	posts := a.unsent
	a.unsent = nil
	now := c.fleet.Now()
	for _, d := range c.order {
		if d.of.ID != id && id != "" {
			continue
		}
		c.notice(d)
		events := d.unposted
		d.unposted = nil
		if len(events) == 0 && now.Sub(d.postedAt) <= duplicatesWithin {
			events = d.posted
		}
		d.posted, d.postedAt = events, now
		if a.confirmed {
			posts = append(posts, c.post(d, events)...)
		}
	}
	return posts
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.order {
		if d.of.ID == id {
			return d.id
		}
	}
	return ""
}

func (c *Cloud) post(d *door, events []event) []facade.Post {
	told := []any{}
	for i := range events {
		e := &events[i]
		if !slices.ContainsFunc(c.app.hooks, func(s *subscription) bool { return s.wants(d, e) }) || c.fleet.Now().Sub(e.at) > forgottenAfter {
			continue
		}
		at := map[string]any{"eventId": e.id, "locationId": c.locationID(), "ownerId": c.locationID(), "ownerType": "LOCATION", "deviceId": d.id}
		x := map[string]any{"eventTime": stamp(e.at)}
		if e.capability == "" {
			at["status"] = e.value
			x["eventType"], x["deviceHealthEvent"] = "DEVICE_HEALTH_EVENT", at
		} else {
			at["componentId"], at["capability"], at["attribute"], at["value"], at["valueType"] = "main", e.capability, e.attribute, e.value, "string"
			at["stateChange"], at["data"] = true, e.data
			x["eventType"], x["deviceEvent"] = "DEVICE_EVENT", at
		}
		told = append(told, x)
	}
	if len(told) == 0 {
		return nil
	}
	return c.sign(map[string]any{"messageType": "EVENT", "executionId": uuid(d.id, "execution", stamp(c.fleet.Now())), "eventData": map[string]any{
		"authToken":    "",
		"installedApp": map[string]any{"installedAppId": InstalledApp(c.account), "locationId": c.locationID(), "config": map[string]any{}, "permissions": []string{mayRead}},
		"events":       told,
	}})
}

// sign makes a post of a message, as the vendor's key has it.
func (c *Cloud) sign(message map[string]any) []facade.Post {
	a := &c.app
	to, err := url.Parse(a.target)
	if err != nil || a.target == "" {
		return nil
	}
	text := facade.JSON(http.StatusOK, message).Body
	sum := sha256.Sum256(text)
	digest := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	date := c.fleet.Now().UTC().Format(http.TimeFormat)
	signed := sha256.Sum256([]byte("(request-target): post " + to.RequestURI() + "\ndigest: " + digest + "\ndate: " + date))
	signature, err := rsa.SignPKCS1v15(nil, a.key, crypto.SHA256, signed[:])
	if err != nil {
		return nil
	}
	header := http.Header{"Content-Type": {"application/json"}, "Digest": {digest}, "Date": {date}}
	header.Set("Authorization", `Signature keyId="`+keyPath+c.keyID()+`",algorithm="rsa-sha256",headers="(request-target) digest date",signature="`+
		base64.StdEncoding.EncodeToString(signature)+`"`)
	return []facade.Post{{URL: a.target, Header: header, Body: text}}
}

func (c *Cloud) keyID() string { return uuid(string(c.account), "key") }

// certificate is the public half of the key that posts are signed with.
func (c *Cloud) certificate(r *request) {
	if r.found["publisher"] != "sim" || r.found["key"] != c.keyID() {
		r.reply(notFound(""))
		return
	}
	now := c.fleet.Now()
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "padlock"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &c.app.key.PublicKey, c.app.key)
	if err != nil {
		r.reply(notFound(""))
		return
	}
	r.reply(facade.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-pem-file"}}, Body: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})})
}
