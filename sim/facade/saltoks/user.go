package saltoks

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// user is somebody at the site. Every user takes a seat, also one whose time is over.
type user struct {
	id       string // at the site
	platform string // everywhere
	alias    string
	born     time.Time
	expires  time.Time
	usePIN   bool
	blocked  bool
	seated   bool // subscribed
	pin      lock.PIN
	lost     bool // the cloud said yes, and forgot
	drawn    int  // PINs ever
	byHand   bool
}

func (c *Cloud) ready(u *user) bool {
	return u.byHand || !c.fleet.Now().Before(u.born.Add(c.Habits.RoleDelay.Span()))
}

func (c *Cloud) userJSON(u *user) map[string]any {
	state, roles := "suspended", []map[string]any{}
	if u.seated {
		state = "subscribed"
	}
	if c.ready(u) {
		roles = append(roles, map[string]any{"id": uuid("role", "guest"), "code": "site_guest"})
	}
	out := map[string]any{
		"id": u.id, "user": map[string]any{"id": u.platform, "first_name": "", "last_name": ""}, "alias": u.alias, "roles": roles, "subscription_state": state,
		"use_pin": u.usePIN, "blocked": u.blocked, "remote_access": false, "expires_at": nil,
	}
	if !u.expires.IsZero() {
		out["expires_at"] = u.expires.UTC().Format(time.RFC3339)
	}
	return out
}

// taken counts the seats in use.
func (c *Cloud) taken() int {
	n := 0
	for _, u := range c.users {
		if u.seated {
			n++
		}
	}
	return n
}

func (c *Cloud) listUsers(r *request) {
	all := []map[string]any{}
	for _, u := range c.users {
		all = append(all, c.userJSON(u))
	}
	r.json(http.StatusOK, all) // without a wrapping, unlike most lists
}

func (c *Cloud) showUser(r *request) { r.json(http.StatusOK, c.userJSON(r.user)) }

// addGuest never fails for want of a seat: who gets none is suspended, and nobody says so.
func (c *Cloud) addGuest(r *request) {
	u := &user{alias: r.text("alias"), seated: c.taken() < c.Habits.Seats, born: c.fleet.Now()}
	if u.alias == "" {
		r.fail(http.StatusBadRequest, badParameter, "alias is required")
		return
	}
	if text := r.text("expires_at"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			r.fail(http.StatusBadRequest, badParameter, "expires_at is not valid")
			return
		}
		u.expires = at
	}
	c.writes(r, "observe", func() {
		u.id, u.platform = c.next("site user"), c.next("user")
		c.users = append(c.users, u)
	}, func() { r.json(http.StatusCreated, c.userJSON(u)) })
}

func (c *Cloud) changeUser(r *request) {
	u := r.user
	next := *u
	for name, value := range r.body {
		switch v := value.(type) {
		case bool:
			switch name {
			case "use_pin":
				next.usePIN = v
			case "blocked":
				next.blocked = v
			}
		case string:
			switch name {
			case "alias":
				next.alias = v
			case "expires_at":
				at, err := time.Parse(time.RFC3339, v)
				if err != nil {
					r.fail(http.StatusBadRequest, badParameter, "expires_at is not valid")
					return
				}
				next.expires = at
			}
		}
	}
	c.writes(r, "observe", func() {
		u.usePIN, u.blocked, u.alias, u.expires = next.usePIN, next.blocked, next.alias, next.expires
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.json(http.StatusOK, c.userJSON(u)) })
}

// gone is how long a user that was deleted is still found.
const gone = 5 * time.Second

func (c *Cloud) deleteUser(r *request) {
	u := r.user
	c.writes(r, "clear", func() {
		u.seated, u.usePIN = false, false
		for _, g := range c.groups {
			g.members = slices.DeleteFunc(g.members, func(m *user) bool { return m == u })
		}
		c.fleet.After(gone, func() { c.forget(u) })
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.reply(accepted()) })
}

func (c *Cloud) forget(u *user) {
	c.users = slices.DeleteFunc(c.users, func(x *user) bool { return x == u })
}

func (c *Cloud) subscribe(r *request) {
	u, state := r.user, r.text("state")
	switch {
	case state != "subscribed" && state != "suspended":
		r.fail(http.StatusBadRequest, invalid, "state is not valid")
	case state == "subscribed" && !u.seated && c.taken() >= c.Habits.Seats:
		r.fail(http.StatusBadRequest, invalid, "No free subscription")
	default:
		c.writes(r, "observe", func() { u.seated = state == "subscribed"; c.soon(c.Habits.MemberTakes.Span()) }, func() { r.json(http.StatusOK, c.userJSON(u)) })
	}
}

func (c *Cloud) listKeys(r *request) {
	var keys []map[string]any
	if !r.user.pin.IsZero() {
		keys = append(keys, map[string]any{"type": "pin", "key_identifier": "pin", "expiry_date": nil, "offline_access": false})
	}
	r.json(http.StatusOK, items(keys))
}

// givePIN draws digits, others each time, and tells them this once.
func (c *Cloud) givePIN(r *request) {
	u := r.user
	if !c.ready(u) {
		r.fail(http.StatusForbidden, noPermission, "User does not have permission for this operation on this user")
		return
	}
	digits := c.draw(u)
	done := false
	c.writes(r, "set", func() { done, u.lost, u.pin = true, false, digits; c.soon(c.Habits.MemberTakes.Span()) }, func() {
		u.lost = !done
		r.json(http.StatusOK, digits.Reveal())
	})
}

// draw makes six digits that nobody at the site has.
func (c *Cloud) draw(u *user) lock.PIN {
	for {
		u.drawn++
		h := hexID(u.id, "pin", strconv.Itoa(u.drawn))
		n, err := strconv.ParseUint(h[:8], 16, 64)
		if err != nil {
			continue
		}
		pin, err := lock.ParsePIN(strconv.FormatUint(100_000+n%900_000, 10))
		if err == nil && !slices.ContainsFunc(c.users, func(x *user) bool { return x.pin == pin }) {
			return pin
		}
	}
}

func (c *Cloud) giveCustomPIN(r *request) {
	pin, err := lock.ParsePIN(r.text("pin"))
	switch {
	case !c.Habits.CustomPIN:
		r.fail(http.StatusForbidden, noPermission, "The subscription does not include custom PINs")
	case err != nil || pin.Len() < 4 || pin.Len() > 6:
		r.fail(http.StatusBadRequest, invalid, "The PIN is not valid")
	default:
		c.writes(r, "set", func() { r.user.pin = pin; c.soon(c.Habits.MemberTakes.Span()) }, func() { r.json(http.StatusOK, pin.Reveal()) })
	}
}
