package nuki_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/nuki"
)

// An application comes to a token by the consent of a person, which may do what was asked for and no more, ends, and is renewed.
func TestOAuth(t *testing.T) {
	f := open(t)
	id, secret := nuki.Client(facadetest.Account)
	const back = "https://app.example.org/back?from=nuki"
	asks := func(pairs ...string) string {
		form := url.Values{"response_type": {"code"}, "client_id": {id}, "redirect_uri": {back}, "scope": {"smartlock.readOnly smartlock.log"}, "state": {"s1"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return "/oauth/authorize?" + form.Encode()
	}
	agree := func(pairs ...string) url.Values {
		t.Helper()
		status, header, said := f.Send("GET", asks(pairs...), "")
		to, err := url.Parse(header.Get("Location"))
		if status != http.StatusFound || err != nil || to.Host != "app.example.org" || to.Query().Get("from") != "nuki" || to.Query().Get("state") != "s1" {
			t.Fatal(status, header, said)
		}
		return to.Query()
	}
	form := func(pairs ...string) string {
		form := url.Values{"client_id": {id}, "client_secret": {secret}, "redirect_uri": {back}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form.Encode()
	}
	type tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		For     int    `json:"expires_in"`
	}
	gives := func(pairs ...string) (got tokens) {
		t.Helper()
		said := f.Asks("POST", "/oauth/token", form(pairs...), http.StatusOK)
		if err := json.Unmarshal([]byte(said), &got); err != nil || got.Access == "" || got.Refresh == "" {
			t.Fatal(said, err)
		}
		return got
	}
	refuses := func(why string, status int, pairs ...string) {
		t.Helper()
		f.Asks("POST", "/oauth/token", form(pairs...), status, why)
	}
	f.Header.Del("Authorization")
	f.Asks("GET", asks("client_id", "x"), "", http.StatusUnauthorized, "invalid_client")
	f.Asks("GET", asks("redirect_uri", "x"), "", http.StatusBadRequest, "invalid_request")
	f.Asks("GET", asks("response_type", "token"), "", http.StatusBadRequest, "invalid_request")
	if q := agree("scope", "smartlock.all"); q.Get("error") != "invalid_scope" || q.Has("code") {
		t.Errorf("a scope that there is not: %v", q)
	}
	code := agree().Get("code")
	refuses("invalid_client", http.StatusUnauthorized, "grant_type", "authorization_code", "code", code, "client_secret", "x")
	refuses("unsupported_grant_type", http.StatusBadRequest, "grant_type", "password", "code", code)
	got := gives("grant_type", "authorization_code", "code", code)
	if got.For != 3600 {
		t.Errorf("it lasts %d s", got.For)
	}
	refuses("invalid_grant", http.StatusBadRequest, "grant_type", "authorization_code", "code", code)
	refuses("invalid_grant", http.StatusBadRequest, "grant_type", "authorization_code", "code", agree().Get("code"), "redirect_uri", "https://elsewhere.example.org")
	late := agree().Get("code")
	f.Leap.Pass(11 * time.Minute)
	refuses("invalid_grant", http.StatusBadRequest, "grant_type", "authorization_code", "code", late)

	f.Header.Set("Authorization", "Bearer "+got.Access)
	f.Asks("GET", "/smartlock", "", http.StatusOK, `"smartlockId"`)
	f.Asks("PUT", f.front+"/auth", `{"name":"a","type":13,"code":482915,"remoteAllowed":false}`, http.StatusForbidden)
	f.Leap.Pass(time.Hour)
	f.Asks("GET", "/smartlock", "", http.StatusUnauthorized, "Not authorized")

	f.Steer("/habits", `{"account":"house","habits":{"token_for":60}}`)
	refuses("invalid_grant", http.StatusBadRequest, "grant_type", "refresh_token", "refresh_token", got.Access)
	next := gives("grant_type", "refresh_token", "refresh_token", got.Refresh)
	f.Header.Set("Authorization", "Bearer "+next.Access)
	f.Asks("GET", "/smartlock", "", http.StatusOK, `"smartlockId"`)
	f.Asks("PUT", f.front+"/auth", `{"name":"a","type":13,"code":482915,"remoteAllowed":false}`, http.StatusForbidden)
	f.Leap.Pass(2 * time.Minute)
	f.Asks("GET", "/smartlock", "", http.StatusUnauthorized, "Not authorized")
}
