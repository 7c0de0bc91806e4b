package twon

import (
	"crypto/md5" //nolint:gosec // it is what the devices ask for
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// login answers the challenges of one device.
type login struct {
	user, password string
	own            string // our part of each answer
	below          string // the path of the device's address

	mu    sync.Mutex
	asked challenge
	used  uint32 // answers to it
}

// challenge is what a device asks.
type challenge struct {
	scheme, realm, nonce, opaque string
	qop                          bool
}

// challengeOf reads the one of a refusal that can be answered, Digest before Basic; false: there is none.
func challengeOf(h http.Header) (challenge, bool) {
	var basic challenge
	for _, text := range h.Values("Www-Authenticate") {
		scheme, rest, _ := strings.Cut(text, " ")
		p := parameters(rest)
		switch {
		case strings.EqualFold(scheme, "Basic"):
			basic = challenge{scheme: "Basic", realm: p["realm"]}
		case strings.EqualFold(scheme, "Digest") && p["nonce"] != "" && (p["algorithm"] == "" || strings.EqualFold(p["algorithm"], "MD5")):
			c := challenge{scheme: "Digest", realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"]}
			for _, q := range strings.Split(p["qop"], ",") {
				c.qop = c.qop || strings.TrimSpace(q) == "auth"
			}
			return c, c.qop || p["qop"] == ""
		}
	}
	return basic, basic.scheme != ""
}

// parameters reads name="value" pairs, in which commas may stand.
func parameters(text string) map[string]string {
	all := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		value := ""
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			value, rest, _ = strings.Cut(quoted, `"`)
			_, text, _ = strings.Cut(rest, ",")
		} else {
			value, text, _ = strings.Cut(rest, ",")
		}
		all[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return all
}

// header is what a request goes with, and the challenge that it answers; none before the first.
func (l *login) header(method, path string) (http.Header, challenge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.asked
	switch c.scheme {
	case "Basic":
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))}}, c
	case "Digest":
		l.used++
		return http.Header{"Authorization": {l.answer(c, l.used, method, l.below+path)}}, c
	}
	return http.Header{}, c
}

func (l *login) answer(c challenge, n uint32, method, uri string) string {
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // as above
		return hex.EncodeToString(h[:])
	}
	who, what, count := sum(l.user, c.realm, l.password), sum(method, uri), fmt.Sprintf("%08x", n)
	text := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=MD5`, l.user, c.realm, c.nonce, uri)
	if c.opaque != "" {
		text += `, opaque="` + c.opaque + `"`
	}
	if !c.qop {
		return text + `, response="` + sum(who, c.nonce, what) + `"`
	}
	return text + `, qop=auth, nc=` + count + `, cnonce="` + l.own + `", response="` + sum(who, c.nonce, count, l.own, "auth", what) + `"`
}

// learn keeps what a device asks now.
func (l *login) learn(c challenge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != c {
		l.asked, l.used = c, 0
	}
}
