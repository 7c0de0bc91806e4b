package august

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

const (
	sessionFor = 120 * 24 * time.Hour // a token's life; the same by either way of signing in
	codeFor    = 15 * time.Minute     // that of a code that was sent
)

// signs is who may sign in, and how.
type signs struct {
	key      string // of the application
	address  string // of the account's owner, behind "email:"
	phone    string // the same, behind "phone:"
	password string
	client   string // of the partner
	secret   string
	sent     string // the last code, whose time ends then
	sentEnd  time.Time
	trusted  map[string]bool // installations that have shown a code
	grants   map[string]bool // codes of a redirect that were not used yet
	refresh  int             // count of the one refresh token that is good
	ended    time.Time       // tokens from before are over
	signing  []byte          // the key that signs tokens
}

func newSigns(account lock.AccountID) signs {
	return signs{
		key: Key(account), address: strings.TrimPrefix(Identifier(account), "email:"), phone: strings.TrimPrefix(Phone(account), "phone:"), password: Password(account),
		client: Client(account), secret: ClientSecret(account), trusted: map[string]bool{InstallID(account): true}, grants: map[string]bool{},
		signing: []byte(hexID(string(account), "signing")),
	}
}

// What an account is signed in to with.

// Key is the application's key.
func Key(account lock.AccountID) string { return uuid(string(account), "key") }

// Identifier is whom the account belongs to.
func Identifier(account lock.AccountID) string {
	return "email:" + strings.ToLower(string(account)) + "@example.org"
}

// Phone is the same person.
func Phone(account lock.AccountID) string {
	sum := sha256.Sum256([]byte(string(account) + "phone"))
	return fmt.Sprintf("phone:+1555%07d", (int(sum[0])<<16|int(sum[1])<<8|int(sum[2]))%10_000_000)
}

// Password is the owner's.
func Password(account lock.AccountID) string { return "password-of-" + string(account) }

// InstallID is an installation that has shown a code before; any other has to.
func InstallID(account lock.AccountID) string { return uuid(string(account), "installation") }

// Client is the partner's id.
func Client(account lock.AccountID) string { return "client-of-" + string(account) }

// ClientSecret is the partner's secret.
func ClientSecret(account lock.AccountID) string { return "client-secret-of-" + string(account) }

// RefreshToken is the partner's first.
func RefreshToken(account lock.AccountID) string { return refreshToken(account, 0) }

// refreshToken is the one that was given by that count. It ends with the count, so that it is known again.
func refreshToken(account lock.AccountID, n int) string {
	return fmt.Sprintf("%s%06x", hexID(string(account), "refresh", strconv.Itoa(n)), n&0xffffff)
}

// renews reports whether a refresh token is good: the last, or one of a count that is yet to come, which was given before this program
// began and has forgotten it. Whoever kept that one need not sign in anew.
func (c *Cloud) renews(token string) bool {
	last, err := strconv.ParseUint(token[max(0, len(token)-6):], 16, 24)
	n := int(last)
	if err != nil || n < c.signs.refresh || token != refreshToken(c.account, n) {
		return false
	}
	c.signs.refresh = n
	return true
}

// Sent is the last code that was sent to the owner, for whom a test stands in; "": none.
func (c *Cloud) Sent() string { return c.signs.sent }

// claims are what a token says.
type claims struct {
	Install  string `json:"installId"`
	User     string `json:"userId"`
	Password bool   `json:"vPassword"`
	Trusted  bool   `json:"vInstallId"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Number   int    `json:"jti"`
}

// token signs claims.
func (c *Cloud) token(x claims) string {
	now := c.fleet.Now()
	c.made++
	x.User, x.Issued, x.Expires, x.Number = uuid(string(c.account), "owner"), now.Unix(), now.Add(sessionFor).Unix(), c.made
	said := encode(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + encode(x)
	return said + "." + c.signature(said)
}

func encode(v any) string {
	return base64.RawURLEncoding.EncodeToString(facade.JSON(http.StatusOK, v).Body)
}

func (c *Cloud) signature(said string) string {
	mac := hmac.New(sha256.New, c.signs.signing)
	mac.Write([]byte(said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// read checks a token; false: it is none, or over.
func (c *Cloud) read(token string) (claims, bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !hmac.Equal([]byte(c.signature(token[:i])), []byte(token[i+1:])) {
		return claims{}, false
	}
	_, body, _ := strings.Cut(token[:i], ".")
	text, err := base64.RawURLEncoding.DecodeString(body)
	var x claims
	now := c.fleet.Now()
	if err != nil || json.Unmarshal(text, &x) != nil || !now.Before(time.Unix(x.Expires, 0)) || time.Unix(x.Issued, 0).Before(c.signs.ended) {
		return claims{}, false
	}
	return x, x.Password
}

// authorize checks the headers of a request; ok is false with the refusal. Only what signing in needs takes a token whose
// installation has not shown a code.
func (c *Cloud) authorize(r *request, tokenless bool) (refused facade.Reply, ok bool) {
	key, token, branding, value := c.brand.headers()
	switch {
	case r.Header.Get(key) != c.signs.key:
		return refusal(http.StatusUnauthorized, "Invalid api key"), false
	case r.Header.Get(branding) != value:
		return refusal(http.StatusForbidden, "Wrong branding"), false
	case tokenless:
		return facade.Reply{}, true
	}
	x, ok := c.read(r.Header.Get(token))
	if !ok || !x.Trusted && !strings.HasPrefix(strings.TrimPrefix(r.Path, "/"), "valid") {
		return refusal(http.StatusUnauthorized, "Invalid access token"), false
	}
	r.fresh = http.Header{}
	r.fresh.Set(token, c.token(x))
	return facade.Reply{}, true
}

// session answers 200 in any case; the flags and the header tell what it is good for.
func (c *Cloud) session(r *request) {
	var in struct{ InstallID, Identifier, Password string }
	if json.Unmarshal(r.Body, &in) != nil || in.InstallID == "" || in.Identifier == "" {
		r.no(http.StatusBadRequest, "installId, identifier and password are required")
		return
	}
	if c.brand == YaleGlobal || c.brand == YaleAugust {
		r.no(http.StatusForbidden, "Use the authorization server")
		return
	}
	known := in.Identifier == "email:"+c.signs.address || in.Identifier == "phone:"+c.signs.phone
	x := claims{Install: in.InstallID, Password: known && in.Password == c.signs.password, Trusted: c.signs.trusted[in.InstallID]}
	c.fleetKnows(r, func(known bool) {
		x.Trusted = x.Trusted && known
		if x.Password {
			_, header, _, _ := c.brand.headers()
			r.fresh = http.Header{}
			r.fresh.Set(header, c.token(x))
		}
		r.json(http.StatusOK, map[string]any{
			"installId": in.InstallID, "userId": uuid(string(c.account), "owner"), "vPassword": x.Password, "vInstallId": x.Trusted,
			"expiresAt": c.fleet.Now().Add(sessionFor).UTC().Format("2006-01-02T15:04:05.000000Z"), "identifier": in.Identifier,
		})
	})
}

// fleetKnows goes on with whether the fleet takes the account's login at all.
func (c *Cloud) fleetKnows(r *request, then func(bool)) {
	inner := *r
	inner.reply = func(x facade.Reply) {
		if x.Status == http.StatusUnauthorized {
			then(false)
			return
		}
		r.reply(x)
	}
	c.any(&inner, func() { then(true) })
}

func (c *Cloud) endSession(r *request) {
	if r.id != "email:"+c.signs.address && r.id != "phone:"+c.signs.phone {
		r.no(http.StatusNotFound, "Not found")
		return
	}
	c.signs.ended = c.fleet.Now().Truncate(time.Second).Add(time.Second)
	r.fresh = nil
	r.json(http.StatusOK, map[string]any{})
}

// reached reports whether the owner can be told something in that way.
func (s *signs) reached(way, address string) bool {
	return way == "email" && address == s.address || way == "phone" && address == s.phone
}

func (c *Cloud) sendCode(r *request) {
	var in struct{ Value string }
	if json.Unmarshal(r.Body, &in) != nil || !c.signs.reached(r.id, in.Value) {
		r.no(http.StatusBadRequest, "value is not yours")
		return
	}
	c.made++
	sum := sha256.Sum256([]byte(string(c.account) + "code" + strconv.Itoa(c.made)))
	code := strconv.Itoa(100000 + (int(sum[0])<<16|int(sum[1])<<8|int(sum[2]))%900000)
	c.signs.sent, c.signs.sentEnd = code, c.fleet.Now().Add(codeFor)
	r.json(http.StatusOK, map[string]any{"value": in.Value})
}

func (c *Cloud) validate(r *request) {
	var in map[string]string
	_, token, _, _ := c.brand.headers()
	x, _ := c.read(r.Header.Get(token))
	if json.Unmarshal(r.Body, &in) != nil || !c.signs.reached(r.id, in[r.id]) || c.signs.sent == "" || in["code"] != c.signs.sent ||
		!c.fleet.Now().Before(c.signs.sentEnd) {
		r.no(http.StatusUnauthorized, "Wrong code")
		return
	}
	c.signs.sent = ""
	c.signs.trusted[x.Install] = true
	r.json(http.StatusOK, map[string]any{r.id: true})
}

// authorization is where a person agrees; here everybody does at once.
func (c *Cloud) authorization(r *request) {
	back, err := url.Parse(r.Query.Get("redirect_uri"))
	if r.Query.Get("client_id") != c.signs.client || err != nil || back.Host == "" {
		r.no(http.StatusBadRequest, "client_id or redirect_uri is wrong")
		return
	}
	c.made++
	code := hexID(string(c.account), "grant", strconv.Itoa(c.made))
	c.signs.grants[code] = true
	q := back.Query()
	q.Set("code", code)
	q.Set("state", r.Query.Get("state"))
	back.RawQuery = q.Encode()
	r.answer(facade.Reply{Status: http.StatusFound, Header: http.Header{"Location": {back.String()}}})
}

// accessToken gives tokens for a code or a refresh token, each of which is good once.
func (c *Cloud) accessToken(r *request) {
	var in struct {
		Client  string `json:"client_id"`
		Secret  string `json:"client_secret"`
		Grant   string `json:"grant_type"`
		Code    string `json:"code"`
		Refresh string `json:"refresh_token"`
	}
	if form, err := url.ParseQuery(string(r.Body)); err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		in.Client, in.Secret, in.Grant = form.Get("client_id"), form.Get("client_secret"), form.Get("grant_type")
		in.Code, in.Refresh = form.Get("code"), form.Get("refresh_token")
	} else if json.Unmarshal(r.Body, &in) != nil {
		r.json(http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	if in.Client != c.signs.client || in.Secret != c.signs.secret {
		r.json(http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	c.fleetKnows(r, func(known bool) {
		good := in.Grant == "authorization_code" && c.signs.grants[in.Code] || in.Grant == "refresh_token" && c.renews(in.Refresh)
		if !good || !known {
			r.json(http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
			return
		}
		delete(c.signs.grants, in.Code)
		access := c.token(claims{Install: in.Client, Password: true, Trusted: true})
		c.signs.refresh++
		r.json(http.StatusOK, map[string]any{
			"access_token": access, "expires_in": int(sessionFor/time.Second) - 1, "refresh_token": refreshToken(c.account, c.signs.refresh), "token_type": "Bearer",
		})
	})
}
