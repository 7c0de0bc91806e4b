package twon

import (
	"cmp"
	"crypto/md5" //nolint:gosec // it is what the devices ask for
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// realm is what a device calls itself when it asks who is there.
const realm = "HIP"

// mostNonces is how many of those that were given are remembered.
const mostNonces = 1000

// Login is the account of the API that the devices of an account know.
func Login(account lock.AccountID) (user, password string) {
	return "accessd", hexID("password of " + string(account))
}

// refuse asks for a login.
func refuse(challenge string) facade.Reply {
	x := fault(unauthorised, "")
	x.Status = http.StatusUnauthorized
	if challenge != "" {
		x.Header.Set("Www-Authenticate", challenge)
	}
	return x
}

// challenge is what a device asks of whoever has no login yet; stale: the login was good, and took too long.
func (c *Cloud) challenge(auth string, stale bool) string {
	if auth == "basic" {
		return `Basic realm="` + realm + `"`
	}
	c.made++
	nonce := hexID(fmt.Sprint("nonce ", c.account, c.made))
	now := c.fleet.Now()
	if len(c.nonces) >= mostNonces {
		maps.DeleteFunc(c.nonces, func(_ string, until time.Time) bool { return !now.Before(until) })
	}
	if len(c.nonces) >= mostNonces {
		clear(c.nonces)
	}
	c.nonces[nonce] = now.Add(cmp.Or(c.Habits.NonceFor.Span(), 5*time.Minute))
	text := `Digest realm="` + realm + `", nonce="` + nonce + `", algorithm=MD5`
	if auth != "digest without qop" {
		text += `, qop="auth"`
	}
	if stale {
		text += `, stale=true`
	}
	return text
}

func sum(parts ...string) string {
	h := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // as above
	return hex.EncodeToString(h[:])
}

// authorised reports whether a request comes from the account of the API, and otherwise what is asked.
func (c *Cloud) authorised(r *request) (challenge string, ok bool) {
	user, password := Login(c.account)
	said := r.Header.Get("Authorization")
	switch {
	case r.auth == "none":
		return "", true
	case r.auth == "basic":
		right := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		return c.challenge(r.auth, false), subtle.ConstantTimeCompare([]byte(said), []byte(right)) == 1
	}
	text, ok := strings.CutPrefix(said, "Digest ")
	if !ok {
		return c.challenge(r.auth, false), false
	}
	d := parameters(text)
	until, known := c.nonces[d["nonce"]]
	path, _, _ := strings.Cut(d["uri"], "?")
	hash := sum(sum(user, realm, password), d["nonce"], sum(r.Method, d["uri"]))
	if r.auth != "digest without qop" {
		hash = sum(sum(user, realm, password), d["nonce"], d["nc"], d["cnonce"], d["qop"], sum(r.Method, d["uri"]))
	}
	switch {
	case d["username"] != user, d["realm"] != realm, path != r.Path, d["response"] != hash:
		return c.challenge(r.auth, false), false
	case !known, !c.fleet.Now().Before(until):
		delete(c.nonces, d["nonce"])
		return c.challenge(r.auth, true), false
	case r.auth != "digest without qop" && (d["qop"] != "auth" || d["cnonce"] == "" || len(d["nc"]) != 8):
		return c.challenge(r.auth, false), false
	}
	return "", true
}

// pair is name="value", or name=value.
var pair = regexp.MustCompile(`([A-Za-z]+)=(?:"([^"]*)"|([^",\s]+))`)

func parameters(text string) map[string]string {
	all := map[string]string{}
	for _, m := range pair.FindAllStringSubmatch(text, -1) {
		all[strings.ToLower(m[1])] = m[2] + m[3]
	}
	return all
}
