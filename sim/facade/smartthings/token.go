package smartthings

import (
	"cmp"
	"encoding/base64"
	"fmt"
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

// How long tokens last.
const (
	accessLasts   = 86399 * time.Second // and personal tokens
	refreshLasts  = 30 * 24 * time.Hour
	codeLasts     = 10 * time.Minute
	allMayDo      = mayRead + " " + mayExecute + " r:locations:*"
	grantRefresh  = "refresh_token"
	grantCode     = "authorization_code"
	basicOfClient = "Basic "
)

// login is who may ask what.
type login struct {
	account lock.AccountID
	access  map[string]grant
	refresh map[string]time.Time // until when each may be used, once
	codes   map[string]time.Time // likewise
	made    int
}

// grant is what an access token allows, and until when.
type grant struct {
	scopes []string
	until  time.Time
}

func (l *login) init(account lock.AccountID, now time.Time) {
	*l = login{account: account, access: map[string]grant{}, refresh: map[string]time.Time{}, codes: map[string]time.Time{}}
	until := now.Add(accessLasts)
	l.access[PersonalToken(account)] = grant{strings.Fields(allMayDo), until}
	l.access[PersonalToken(account)+"-looking"] = grant{[]string{mayRead}, until}
	l.refresh[RefreshToken(account)] = now.Add(refreshLasts)
}

// PersonalToken is a token of a person of the account. It lasts a day. With "-looking" behind it, it may look and no more.
func PersonalToken(account lock.AccountID) string { return uuid(string(account), "personal") }

// RefreshToken is the refresh token of the app that is installed in the account. It can be used once; the answer has the next.
func RefreshToken(account lock.AccountID) string { return refreshToken(account, 0) }

// refreshToken is the one that was given by that count. It ends with the count, so that it is known again.
func refreshToken(account lock.AccountID, n int) string {
	id := uuid(string(account), "refresh", strconv.Itoa(n))
	return fmt.Sprintf("%s%06x", id[:len(id)-6], n&0xffffff)
}

// earlier is the count of a refresh token that was given before this program began, which has forgotten it: whoever kept it need not sign
// in anew. One that was given since is not.
func (l *login) earlier(token string) (n int, ok bool) {
	last, err := strconv.ParseUint(token[max(0, len(token)-6):], 16, 24)
	n = int(last)
	return n, err == nil && n > l.made && token == refreshToken(l.account, n)
}

// ClientID and ClientSecret are what the app signs in with.
func ClientID(account lock.AccountID) string { return uuid(string(account), "client") }

// ClientSecret is the secret to ClientID.
func ClientSecret(account lock.AccountID) string { return uuid(string(account), "client", "secret") }

// keeps is how many tokens of each kind are remembered.
const keeps = 1000

// prune makes room for another token of each kind: those that are over go first, and then all.
func (l *login) prune(now time.Time) {
	over := func(_ string, until time.Time) bool { return !now.Before(until) }
	for _, of := range []map[string]time.Time{l.refresh, l.codes} {
		if len(of) >= keeps {
			maps.DeleteFunc(of, over)
		}
		if len(of) >= keeps {
			clear(of)
		}
	}
	if len(l.access) >= keeps {
		maps.DeleteFunc(l.access, func(token string, g grant) bool { return over(token, g.until) })
	}
	if len(l.access) >= keeps {
		clear(l.access)
	}
}

func (l *login) scopes(header string, now time.Time) ([]string, bool) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	g, known := l.access[token]
	return g.scopes, ok && known && now.Before(g.until)
}

// Expire ends every access token that was given.
func (c *Cloud) Expire() { clear(c.login.access) }

// authorize is the page on which a person lets the app in; here nobody has to be asked.
func (c *Cloud) authorize(r *request) {
	to, err := url.Parse(r.Query.Get("redirect_uri"))
	if err != nil || to.Scheme == "" || r.Query.Get("client_id") != ClientID(c.account) || r.Query.Get("response_type") != "code" {
		r.reply(failure(http.StatusBadRequest, "BadRequestError", "The client or its redirect_uri is not known.", ""))
		return
	}
	c.login.made++
	code := uuid(string(c.account), "code", strconv.Itoa(c.login.made))[:6]
	c.login.prune(c.fleet.Now())
	c.login.codes[code] = c.fleet.Now().Add(codeLasts)
	query := to.Query()
	query.Set("code", code)
	to.RawQuery = query.Encode()
	r.reply(facade.Reply{Status: http.StatusFound, Header: http.Header{"Location": {to.String()}}})
}

// token gives new tokens for a code or for a refresh token, which is spent by that.
func (c *Cloud) token(r *request) {
	form, err := url.ParseQuery(string(r.Body))
	basic, _ := strings.CutPrefix(r.Header.Get("Authorization"), basicOfClient)
	want := base64.StdEncoding.EncodeToString([]byte(ClientID(c.account) + ":" + ClientSecret(c.account)))
	if err != nil || basic != want || form.Get("client_id") != ClientID(c.account) {
		r.json(http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	c.any(r, func() {
		var valid map[string]time.Time
		var given string
		switch form.Get("grant_type") {
		case grantRefresh:
			valid, given = c.login.refresh, form.Get("refresh_token")
		case grantCode:
			valid, given = c.login.codes, form.Get("code")
		}
		now := c.fleet.Now()
		until, ok := valid[given]
		if n, earlier := c.login.earlier(given); earlier && form.Get("grant_type") == grantRefresh {
			until, ok, c.login.made = now.Add(refreshLasts), true, n
		}
		delete(valid, given)
		if !ok || !now.Before(until) {
			r.json(http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "keymanagement.service.invalid_request-" + form.Get("grant_type") + "_invalid"})
			return
		}
		c.login.made++
		n := strconv.Itoa(c.login.made)
		access, refresh := uuid(string(c.account), "access", n), refreshToken(c.account, c.login.made)
		c.login.prune(now)
		lasts := cmp.Or(c.TokenFor.Span(), accessLasts)
		c.login.access[access] = grant{strings.Fields(allMayDo), now.Add(lasts)}
		c.login.refresh[refresh] = now.Add(refreshLasts)
		r.json(http.StatusOK, map[string]any{
			"access_token": access, "token_type": "bearer", "refresh_token": refresh, "expires_in": int(lasts / time.Second), "scope": allMayDo,
			"access_tier": 0, "installed_app_id": InstalledApp(c.account),
		})
	})
}

// InstalledApp is the id of the app in the account.
func InstalledApp(account lock.AccountID) string { return uuid(string(account), "installed app") }

// oneOf reports whether a request names what is wanted, or nothing at all.
func oneOf(wanted []string, is string) bool { return len(wanted) == 0 || slices.Contains(wanted, is) }
