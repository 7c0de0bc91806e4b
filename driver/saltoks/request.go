package saltoks

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

// settles is how long a new user usually takes until everything of it can be written.
const settles = 10 * time.Second

// refusals are tried in order. Words are the vendor's codes.
var refusals = []rest.Refusal{
	rest.Means(400, "1100", driver.Rejected, driver.BlameRequest, 0, "vendor's documents: a parameter is not valid"),
	rest.Means(400, "1101", driver.Rejected, driver.BlameRequest, 0, "vendor's documents: validation"),
	rest.Means(400, "1102", driver.Rejected, driver.BlameRequest, 0, "measured: an order that the list does not have"),
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "vendor's documents"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's documents: the token has ended"),
	rest.Means(403, "2203", driver.Throttled, driver.BlameCloud, settles, "measured: for a minute after a guest was created; later a lack of rights"),
	rest.Means(403, "", driver.Unsupported, driver.BlameAccount, 0, "vendor's documents: the service user lacks a right"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "vendor's documents: 2202"),
	rest.Means(405, "", driver.Unsupported, driver.BlameCloud, 0, "measured: this version of the API does not have it"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "integrators obey it; no figures are published"),
}

// answered is the error for a status that is no success.
func answered(c rest.Call, a rest.Answer, writes bool) *driver.Error {
	var said problem
	_ = a.JSON(&said) // without a code the status alone counts
	return c.Refused(refusals, a, said.code(), writes)
}

// is reports whether an error is of that kind.
func is(err error, kind driver.Kind) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Kind == kind
}

// signIn gets a token for the password; the vendor gives service users no other way.
func (a *account) signIn(ctx context.Context, password provider.Token) (oauth.Tokens, error) {
	c := rest.Call{Op: "sign in"}
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(a.client+":"+a.secret.Reveal()))}}
	answer, err := a.identity.Do(ctx, http.MethodPost, "/connect/token", header, url.Values{
		"grant_type": {"password"}, "username": {a.user}, "password": {password.Reveal()}, "scope": {"user_api.full_access"},
	})
	if err != nil {
		return oauth.Tokens{}, c.Unanswered(err, false)
	}
	switch {
	case answer.Status == http.StatusNotFound: // the vendor's identity server has been away for hours like that
		return oauth.Tokens{}, c.Fail(driver.Offline, driver.BlameCloud, "404")
	case answer.Status == http.StatusBadRequest:
		return oauth.Tokens{}, c.Fail(driver.Unauthorized, driver.BlameAccount, "400")
	case answer.Status/100 != 2:
		return oauth.Tokens{}, answered(c, answer, false)
	}
	var got token
	if err := answer.JSON(&got); err != nil || got.Access == "" {
		return oauth.Tokens{}, c.Fail(driver.Offline, driver.BlameCloud, "no access token")
	}
	t := oauth.Tokens{Access: provider.NewToken(got.Access), Refresh: password}
	if got.Seconds > 0 && got.Seconds < maxSeconds {
		t.Expires = a.now().Add(time.Duration(got.Seconds * float64(time.Second)))
	}
	return t, nil
}

const maxSeconds = 365 * 24 * 3600

// do makes a request of the API and reads its answer into v, unless that is nil. A token that is refused is renewed once.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body, v any) error {
	writes := method != http.MethodGet
	t, err := a.tokens.Tokens(ctx)
	for again := false; err == nil; again = true {
		answer, err := a.api.Do(ctx, method, path, http.Header{"Authorization": {"Bearer " + t.Access.Reveal()}}, body)
		if err != nil {
			return c.Unanswered(err, writes)
		}
		if answer.Status == http.StatusUnauthorized && !again {
			if t, err = a.tokens.Instead(ctx, t); err != nil {
				return c.Unsigned(err)
			}
			continue
		}
		if answer.Status/100 != 2 {
			return answered(c, answer, writes)
		}
		if v == nil {
			return nil
		}
		return c.Read(answer, v, writes)
	}
	return c.Unsigned(err)
}

// get reads something of the site.
func (a *account) get(ctx context.Context, c rest.Call, version, path string, v any) error {
	site, err := a.siteID(ctx, c)
	if err != nil {
		return err
	}
	return a.do(ctx, c, http.MethodGet, version+"/sites/"+url.PathEscape(site)+path, nil, v)
}

// tell writes something of the site.
func (a *account) tell(ctx context.Context, c rest.Call, method, version, path string, body, v any) error {
	site, err := a.siteID(ctx, c)
	if err != nil {
		return err
	}
	return a.do(ctx, c, method, version+"/sites/"+url.PathEscape(site)+path, body, v)
}

// The versions of the API: some methods are in the older one alone.
const (
	old   = "/v1.1"
	newer = "/v1.2"
)

// siteID finds the site once; it does not change.
func (a *account) siteID(ctx context.Context, c rest.Call) (string, error) {
	if id := a.site.Load(); id != nil {
		return *id, nil
	}
	var all list[site]
	if err := a.do(ctx, c, http.MethodGet, newer+"/sites", nil, &all); err != nil {
		return "", err
	}
	var found []site
	for _, s := range all.Items {
		if s.ID != "" && (a.wanted == "" || s.ID == a.wanted || s.UID == a.wanted) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		e := c.Fail(driver.Unsupported, driver.BlameAccount, "")
		e.Err = errors.New("site: the service user sees " + strconv.Itoa(len(found)) + " that it could be: name one by its UUID")
		return "", e
	}
	a.site.Store(&found[0].ID)
	return found[0].ID, nil
}
