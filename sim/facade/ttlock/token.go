package ttlock

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// What the only application and the only user of an account sign in with.

// ClientID is that of the application.
func ClientID(account lock.AccountID) string { return hexID(string(account), "client") }

// ClientSecret is that of the application.
func ClientSecret(account lock.AccountID) string { return hexID(string(account), "secret") }

// Username is what the owner of the locks signs in to the vendor's app as.
func Username(account lock.AccountID) string { return string(account) + "@example.org" }

// Password is the owner's in the vendor's app.
func Password(account lock.AccountID) string { return "ttlock-" + string(account) }

// hexID is 32 hexadecimal digits that follow from what is named.
func hexID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// session is what an access token stands for.
type session struct {
	refresh string
	ends    time.Time
}

const (
	tokenLives  = 90 * 24 * time.Hour
	maxSessions = 1000
	uid         = 2340
)

// token serves both kinds of signing in. Names may be written in either of the ways that are seen.
func (c *Cloud) token(r *request) {
	c.look(r, func(lock.Observation) {
		param := func(camel, snake string) string {
			if v := r.form.Get(camel); v != "" {
				return v
			}
			return r.form.Get(snake)
		}
		switch {
		case param("clientId", "client_id") != ClientID(c.account):
			r.fail(noClient)
			return
		case param("clientSecret", "client_secret") != ClientSecret(c.account):
			r.fail(badClient)
			return
		}
		if r.form.Get("grant_type") == "refresh_token" {
			c.renew(r)
			return
		}
		sum := md5.Sum([]byte(Password(c.account)))
		given := r.form.Get("password")
		switch raw, err := hex.DecodeString(given); {
		case err != nil || len(raw) != md5.Size || given != strings.ToLower(given):
			r.fail(notMD5)
		case r.form.Get("username") != Username(c.account) || given != hex.EncodeToString(sum[:]):
			r.fail(badPassword)
		default:
			c.open(r, true)
		}
	})
}

// renew gives a new pair of tokens for a refresh token, which is then used up.
func (c *Cloud) renew(r *request) {
	for access, s := range c.sessions {
		if s.refresh != "" && s.refresh == r.form.Get("refresh_token") {
			delete(c.sessions, access)
			c.open(r, false)
			return
		}
	}
	r.fail(badRefresh)
}

func (c *Cloud) open(r *request, first bool) {
	now := c.fleet.Now()
	if len(c.sessions) >= maxSessions {
		clear(c.sessions)
	}
	c.issued++
	n := strconv.Itoa(c.issued)
	access, s := hexID(string(c.account), "access", n), &session{refresh: hexID(string(c.account), "refresh", n), ends: now.Add(tokenLives)}
	c.sessions[access] = s
	answer := map[string]any{"access_token": access, "refresh_token": s.refresh, "expires_in": int(tokenLives / time.Second)}
	if first {
		answer["uid"] = uid
	}
	r.json(answer)
}

// byHand is what people do in the vendor's console and app.
func byHand() map[string]func(*Cloud, *request) {
	return map[string]func(*Cloud, *request){
		"/console/callback": func(c *Cloud, r *request) { c.callback = r.form.Get("url"); r.done() },
		"/console/strict":   func(c *Cloud, r *request) { c.Strict = r.flag("on"); r.done() },
		"/console/expire": func(c *Cloud, r *request) {
			for _, s := range c.sessions {
				s.ends = c.fleet.Now()
			}
			r.done()
		},
		"/app/lock": func(c *Cloud, r *request) {
			d := c.doors[r.number("lockId", 0)]
			if d == nil {
				r.fail(noSuchLock)
				return
			}
			d.sleepy, d.unpaired = r.flag("powerSaving"), r.flag("unpaired")
			c.PowerSaving, c.Unpaired = has(c.PowerSaving, d.of.ID, d.sleepy), has(c.Unpaired, d.of.ID, d.unpaired)
			r.done()
		},
	}
}
