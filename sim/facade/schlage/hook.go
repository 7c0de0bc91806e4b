package schlage

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// subscription is a partner's wish to be told.
type subscription struct {
	ID       string   `json:"subscriptionId"`
	URL      string   `json:"url"`
	Triggers []string `json:"triggers"` // none: all
}

const (
	hooksAtMost  = 20
	unsentAtMost = 100 // of a lock
)

func (c *Cloud) listHooks(r *request) {
	c.reach(r, func() { r.json(map[string]any{"subscriptions": append([]*subscription{}, c.partner.hooks...)}) })
}

// addHook begins with what happens from now on.
func (c *Cloud) addHook(r *request) {
	s := &subscription{}
	err := json.Unmarshal(r.Body, s)
	u, bad := url.Parse(s.URL)
	if err != nil || bad != nil || u.Host == "" {
		r.refuse(http.StatusBadRequest, "Invalid url")
		return
	}
	c.reach(r, func() {
		p := &c.partner
		if len(p.hooks) == hooksAtMost {
			r.refuse(http.StatusBadRequest, "Maximum number of subscriptions reached")
			return
		}
		if len(p.hooks) == 0 {
			for _, d := range c.order {
				c.notice(d)
				d.unsent = nil
			}
		}
		p.made++
		s.ID = uuid(string(c.account), "subscription", strconv.Itoa(p.made))
		p.hooks = append(p.hooks, s)
		r.reply(facade.JSON(http.StatusCreated, s))
	})
}

func (c *Cloud) deleteHook(r *request) {
	c.reach(r, func() {
		i := slices.IndexFunc(c.partner.hooks, func(s *subscription) bool { return s.ID == r.id })
		if i < 0 {
			r.refuse(http.StatusNotFound, "Subscription not found")
			return
		}
		c.partner.hooks = slices.Delete(c.partner.hooks, i, i+1)
		r.reply(facade.Reply{Status: http.StatusNoContent})
	})
}

// news is what partners are posted.
type news struct {
	ID      string `json:"eventId"`
	Trigger string `json:"trigger"`
	Device  string `json:"deviceId"`
	Time    string `json:"time"`
	Type    string `json:"eventType"`
	Data    any    `json:"data"`
	Version string `json:"version"`
}

// tell keeps news of a lock for the partners, until they are posted.
func (c *Cloud) tell(d *door, trigger, kind string, data any) {
	if len(c.partner.hooks) == 0 {
		return
	}
	c.add(d, trigger, kind, stamp(c.fleet.Now()), data)
	c.fleet.Hint(d.of.ID)
}

func (c *Cloud) add(d *door, trigger, kind, at string, data any) {
	c.partner.made++
	x := news{uuid(d.id, "news", strconv.Itoa(c.partner.made)), trigger, d.id, at, kind, data, "2.0"}
	d.unsent = append(d.unsent[max(0, len(d.unsent)-unsentAtMost+1):], x)
}

// notice finds what has changed about a lock since it was last looked at.
func (c *Cloud) notice(d *door) {
	// The vendor has this as text, which its schema calls a boolean.
	if connected := strconv.FormatBool(c.fleet.Shown(d.of.ID) == lock.Reached); connected != d.connected {
		d.connected = connected
		c.add(d, "DeviceConnectivityStateChanged", "ConnectivityStateChanged", stamp(c.fleet.Now()), map[string]string{"connected": connected})
	}
	told := map[string]bool{}
	for _, h := range c.happenings(d, false) {
		told[h.ID] = true
		if d.told[h.ID] {
			continue
		}
		data := map[string]any{"accessor": h.Accessor}
		trigger := "DeviceAccessCodeChanged"
		switch h.code {
		case lockedByKeypad, unlockedByKeypad, lockedByApp, unlockedByApp:
			trigger = "DeviceLockStateChanged"
			data["lockState"] = h.Code
		case keypadDisabled:
			trigger = "DeviceKeypadDisabled"
		}
		c.add(d, trigger, h.Code, h.Time, data)
	}
	d.told = told
}

// Push implements facade.Cloud. Partners alone are told, the app asks.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 || len(c.partner.hooks) == 0 {
		return nil
	}
	d := c.order[i]
	c.notice(d)
	var posts []facade.Post
	for _, x := range d.unsent {
		for _, s := range c.partner.hooks {
			if len(s.Triggers) == 0 || slices.Contains(s.Triggers, x.Trigger) {
				posts = append(posts, facade.Post{URL: s.URL, Header: http.Header{"Content-Type": {"application/json"}}, Body: facade.JSON(http.StatusOK, x).Body})
			}
		}
	}
	d.unsent = nil
	return posts
}
