package ttlock

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

// login is what an account signs in with.
type login struct {
	id, secret, user string
	password         provider.Token // as its MD5; where others have a refresh token to begin with
}

// maxLife bounds how long an access token is believed to live.
const maxLife = 365 * 24 * time.Hour

// renew gets other tokens for the refresh token, or by signing in: nobody has to be asked, so the password is as good.
func (a *account) renew(ctx context.Context, refresh provider.Token) (oauth.Tokens, error) {
	c := rest.Call{Op: "sign in"}
	form := url.Values{"clientId": {a.login.id}, "clientSecret": {a.login.secret}}
	var got tokens
	var err error
	if refresh != a.login.password {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", refresh.Reveal())
		err = a.send(ctx, c, http.MethodPost, "/oauth2/token", form, false, &got)
	}
	if e, ok := errors.AsType[*driver.Error](err); refresh == a.login.password || ok && e.Kind == driver.Unauthorized {
		form.Del("refresh_token")
		form.Set("grant_type", "password")
		form.Set("username", a.login.user)
		form.Set("password", a.login.password.Reveal())
		err = a.send(ctx, c, http.MethodPost, "/oauth2/token", form, false, &got)
	}
	if err != nil {
		return oauth.Tokens{}, err
	}
	if got.Access == "" {
		return oauth.Tokens{}, c.Fail(driver.Offline, driver.BlameCloud, "no access token")
	}
	t := oauth.Tokens{Access: provider.NewToken(string(got.Access)), Refresh: provider.NewToken(string(got.Refresh))}
	if got.Refresh == "" {
		t.Refresh = a.login.password
	}
	if life := time.Duration(min(max(got.Seconds, 0), whole(maxLife/time.Second))) * time.Second; life > 0 {
		t.Expires = a.now().Add(life)
	}
	return t, nil
}
