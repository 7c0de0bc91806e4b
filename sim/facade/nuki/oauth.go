package nuki

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// login is what applications were let do by OAuth.
type login struct {
	codes   map[string]grant // each can be exchanged once
	access  map[string]grant
	refresh map[string]grant // the vendor does not say that they end
	made    int
}

// grant is what a code or a token stands for.
type grant struct {
	scopes   []string
	redirect string // of a code: where it was sent
	ends     time.Time
}

const (
	codeLasts   = 10 * time.Minute
	accessLasts = time.Hour // the vendor gives no figure; its implicit tokens last so long
	grantsKept  = 1000      // of each
)

// Client is the id and the secret of the application that may ask for an account's tokens.
func Client(account lock.AccountID) (id, secret string) {
	return "app-of-" + string(account), "secret-of-app-of-" + string(account)
}

// keepGrant writes a grant down. What has ended is forgotten, and all where there is no room.
func (c *Cloud) keepGrant(in map[string]grant, what string, g grant) string {
	now := c.fleet.Now()
	maps.DeleteFunc(in, func(_ string, g grant) bool { return !g.ends.IsZero() && !now.Before(g.ends) })
	if len(in) >= grantsKept {
		clear(in)
	}
	c.login.made++
	sum := sha256.Sum256([]byte(string(c.account) + "\x00" + what + "\x00" + strconv.Itoa(c.login.made)))
	token := hex.EncodeToString(sum[:16])
	in[token] = g
	return token
}

// scopesOf are what a token may do; false: it is none.
func (c *Cloud) scopesOf(token string) ([]string, bool) {
	if g, ok := c.login.access[token]; ok && c.fleet.Now().Before(g.ends) {
		return g.scopes, true
	}
	scopes, ok := c.tokens[token]
	return scopes, ok
}

// authorize sends the browser of a person, who agrees at once, back to the application with a code.
func (c *Cloud) authorize(r facade.Request) facade.Reply {
	id, _ := Client(c.account)
	back, err := url.Parse(r.Query.Get("redirect_uri"))
	scopes := strings.Fields(r.Query.Get("scope"))
	unknown := func(s string) bool { return !slices.Contains(c.tokens[Token(c.account)], s) }
	switch {
	case r.Query.Get("client_id") != id:
		return refusal(http.StatusUnauthorized, "invalid_client")
	case err != nil || back.Host == "" || r.Query.Get("response_type") != "code":
		return refusal(http.StatusBadRequest, "invalid_request")
	}
	q := back.Query()
	if len(scopes) == 0 || slices.ContainsFunc(scopes, unknown) {
		q.Set("error", "invalid_scope")
	} else {
		q.Set("code", c.keepGrant(c.login.codes, "code", grant{scopes, r.Query.Get("redirect_uri"), c.fleet.Now().Add(codeLasts)}))
	}
	if state := r.Query.Get("state"); state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	return facade.Reply{Status: http.StatusFound, Header: http.Header{"Location": {back.String()}}}
}

// token exchanges a code or a refresh token for an access token.
func (c *Cloud) token(r facade.Request) facade.Reply {
	form, err := url.ParseQuery(string(r.Body))
	id, secret := Client(c.account)
	now := c.fleet.Now()
	switch {
	case err != nil:
		return refusal(http.StatusBadRequest, "invalid_request")
	case form.Get("client_id") != id || form.Get("client_secret") != secret:
		return refusal(http.StatusUnauthorized, "invalid_client")
	}
	var g grant
	refresh := form.Get("refresh_token")
	switch form.Get("grant_type") {
	case "authorization_code":
		code := form.Get("code")
		var ok bool
		g, ok = c.login.codes[code]
		delete(c.login.codes, code)
		if !ok || !now.Before(g.ends) || g.redirect != form.Get("redirect_uri") {
			return refusal(http.StatusBadRequest, "invalid_grant")
		}
		g = grant{scopes: g.scopes}
		refresh = c.keepGrant(c.login.refresh, "refresh", g)
	case "refresh_token":
		var ok bool
		if g, ok = c.login.refresh[refresh]; !ok {
			return refusal(http.StatusBadRequest, "invalid_grant")
		}
	default:
		return refusal(http.StatusBadRequest, "unsupported_grant_type")
	}
	lasts := cmp.Or(c.TokenFor.Span(), accessLasts)
	g.ends = now.Add(lasts)
	return facade.JSON(http.StatusOK, map[string]any{
		"access_token": c.keepGrant(c.login.access, "access", g), "refresh_token": refresh, "token_type": "bearer", "expires_in": int(lasts / time.Second),
		"scope": strings.Join(g.scopes, " "),
	})
}

// refusal is an error in the words of OAuth.
func refusal(status int, why string) facade.Reply {
	return facade.JSON(status, map[string]string{"error": why})
}
