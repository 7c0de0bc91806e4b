package igloohome

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// token is an access token that was given.
type token struct {
	scopes []string
	ends   time.Time
}

// prefix stands before every scope.
const prefix = "igloohomeapi/"

// scopes are those that the client owns.
func scopes() []string {
	return []string{
		"algopin-hourly", "algopin-daily", "algopin-onetime", "create-pin-bridge-proxied-job", "delete-pin-bridge-proxied-job", "lock-bridge-proxied-job",
		"unlock-bridge-proxied-job", "get-device-status-bridge-proxied-job", "get-battery-level-bridge-proxied-job", "get-activity-logs-bridge-proxied-job",
		"get-devices", "get-job-status", "get-properties",
	}
}

// Client is the id and the secret that an account signs in with.
func Client(account lock.AccountID) (id, secret string) {
	return "client-" + string(account), hexID("secret of " + string(account))
}

func hexID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// signIn gives a token for client credentials, in the header or in the form.
func (c *Cloud) signIn(r *request) {
	form, err := url.ParseQuery(string(r.Body))
	refuse := func(status int, why string) { r.reply(facade.JSON(status, map[string]string{"error": why})) }
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		refuse(http.StatusBadRequest, "invalid_request")
		return
	}
	given := form.Get("client_id") + ":" + form.Get("client_secret")
	if basic, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic "); ok {
		text, _ := base64.StdEncoding.DecodeString(basic) // what can't be decoded is no client's
		given = string(text)
	}
	id, secret := Client(c.account)
	if given != id+":"+secret {
		refuse(cmp.Or(c.Habits.BadClient, http.StatusUnauthorized), "invalid_client")
		return
	}
	if form.Get("grant_type") != "client_credentials" {
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	may := scopes()
	if asked := strings.Fields(form.Get("scope")); len(asked) > 0 {
		may = nil
		for _, s := range asked {
			name, ok := strings.CutPrefix(s, prefix)
			if !ok || !slices.Contains(scopes(), name) {
				refuse(http.StatusBadRequest, "invalid_scope")
				return
			}
			may = append(may, name)
		}
	}
	if len(c.doors) == 0 {
		r.reply(c.grant(may))
		return
	}
	// The login is the account's, so that what troubles the account troubles it.
	var answer facade.Reply
	c.fleet.Call(sim.Call{Verb: "observe", Device: c.doors[0].of.ID, Taken: func() { answer = c.grant(may) }}, func(x sim.Result) {
		switch {
		case x.Err == nil:
			r.reply(answer)
		case x.Err.Vendor == "token_expired":
			refuse(cmp.Or(c.Habits.BadClient, http.StatusUnauthorized), "invalid_client")
		default:
			r.reply(c.refusal(x))
		}
	})
}

// grant makes a token. It looks like the signed ones of the vendor, whose end can be read.
func (c *Cloud) grant(may []string) facade.Reply {
	lasts := cmp.Or(c.Habits.TokenFor.Span(), 24*time.Hour)
	ends := c.fleet.Now().Add(lasts)
	c.made++
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	text := part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(fmt.Sprintf(`{"exp":%d,"token_use":"access"}`, ends.Unix())) + "." +
		part(hexID(fmt.Sprint("token ", c.account, c.made)))
	c.tokens[text] = token{may, ends}
	return facade.JSON(http.StatusOK, map[string]any{"access_token": text, "expires_in": int(lasts / time.Second), "token_type": "Bearer"})
}

// bearer returns the scopes of a request's token; false: it is none, or over.
func (c *Cloud) bearer(h http.Header) ([]string, bool) {
	text, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, false
	}
	t, ok := c.tokens[text]
	if ok && !c.fleet.Now().Before(t.ends) {
		delete(c.tokens, text)
		return nil, false
	}
	return t.scopes, ok
}
