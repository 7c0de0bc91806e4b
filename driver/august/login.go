package august

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

// login is how an account is signed in.
type login struct {
	rand io.Reader
	key  string

	kind, address string // of a session: "email" or "phone", and which
	password      string

	client, clientSecret string // of OAuth; "": a session
	redirect             string
	authorization        string
	exchanges            *rest.Client
	tokens               *oauth.Login
}

// token is the one to send now, other than the one that the vendor has refused.
func (a *account) token(ctx context.Context, c rest.Call, refused oauth.Tokens) (oauth.Tokens, error) {
	get := a.tokens.Tokens
	if !refused.Access.IsZero() {
		get = func(ctx context.Context) (oauth.Tokens, error) { return a.tokens.Instead(ctx, refused) }
	}
	t, err := get(ctx)
	if err == nil {
		return t, nil
	}
	if e, ok := errors.AsType[*driver.Error](err); ok {
		own := *e
		own.Op, own.Device = c.Op, c.Device
		return t, &own
	}
	e := c.Fail(driver.Unauthorized, driver.BlameAccount, "")
	if ctx.Err() != nil {
		e = c.Fail(driver.Offline, driver.BlameUnknown, "")
	}
	e.Err = err
	return t, e
}

// renew fetches new tokens. What a session is carried on with is not a token but the installation that the vendor trusts.
func (a *account) renew(ctx context.Context, refresh provider.Token) (oauth.Tokens, error) {
	c := rest.Call{Op: "login"}
	if a.client != "" {
		return a.exchange(ctx, c, map[string]string{"grant_type": "refresh_token", "refresh_token": refresh.Reveal()})
	}
	t, trusted, err := a.session(ctx, c, refresh.Reveal())
	if err == nil && !trusted {
		err = c.Fail(driver.Unauthorized, driver.BlameAccount, "the vendor wants a code: sign in again")
	}
	return t, err
}

// session signs in with the password. trusted is false for an installation that has to show a code first.
func (a *account) session(ctx context.Context, c rest.Call, install string) (t oauth.Tokens, trusted bool, err error) {
	answer, err := a.send(ctx, c, http.MethodPost, "/session", "", map[string]string{
		"installId": install, "identifier": a.kind + ":" + a.address, "password": a.password,
	}, "")
	if err != nil {
		return t, false, definite(err)
	}
	var said struct {
		Password bool   `json:"vPassword"`
		Trusted  bool   `json:"vInstallId"`
		Expires  string `json:"expiresAt"`
	}
	if answer.JSON(&said) != nil {
		return t, false, c.Fail(driver.Offline, driver.BlameCloud, "session")
	}
	access := answer.Header.Get(a.brand.prefix + "access-token")
	if !said.Password || access == "" {
		return t, false, c.Fail(driver.Unauthorized, driver.BlameAccount, "the password is refused")
	}
	t = oauth.Tokens{Access: provider.NewToken(access), Refresh: provider.NewToken(install), Expires: expiry(access)}
	if t.Expires.IsZero() {
		t.Expires, _ = time.Parse(time.RFC3339, said.Expires)
	}
	return t, said.Trusted, nil
}

// exchange trades a code or a refresh token for tokens.
func (a *account) exchange(ctx context.Context, c rest.Call, grant map[string]string) (t oauth.Tokens, err error) {
	grant["client_id"], grant["client_secret"] = a.client, a.clientSecret
	answer, err := a.exchanges.Do(ctx, http.MethodPost, "", nil, grant)
	if err != nil {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = err
		return t, e
	}
	var said struct {
		Access  string  `json:"access_token"`
		Refresh string  `json:"refresh_token"`
		Seconds float64 `json:"expires_in"`
	}
	switch {
	case answer.Status == http.StatusTooManyRequests:
		e := c.Fail(driver.Throttled, driver.BlameCloud, "429")
		e.RetryAfter = answer.RetryAfter(time.Minute)
		return t, e
	case answer.Status/100 == 4:
		return t, c.Fail(driver.Unauthorized, driver.BlameAccount, "the login is refused: sign in again")
	case answer.Status != http.StatusOK, answer.JSON(&said) != nil, said.Access == "":
		return t, c.Fail(driver.Offline, driver.BlameCloud, "access_token")
	}
	life := time.Duration(min(max(said.Seconds, 0), 1e9)) * time.Second
	return oauth.Tokens{Access: provider.NewToken(said.Access), Refresh: provider.NewToken(said.Refresh), Expires: a.now().Add(life)}, nil
}

// definite makes of a failed sign-in what it is to the call that needed it: nothing has happened at a lock.
func definite(err error) error {
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Ambiguous {
		e.Kind = driver.Offline
	}
	return err
}

// expiry is when a token says that it ends; zero: it does not.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said struct {
		Expires int64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(text, &said) != nil || said.Expires <= 0 || said.Expires > 1<<40 {
		return time.Time{}
	}
	return time.Unix(said.Expires, 0).UTC()
}
