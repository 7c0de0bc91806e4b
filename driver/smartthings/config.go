package smartthings

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

const (
	base     = "https://api.smartthings.com"
	keys     = "https://key.smartthings.com"
	redirect = "https://localhost/lockctl"
	scopes   = "r:devices:* x:devices:* r:locations:*"
)

//go:embed notes.md
var notes string

// Provider describes SmartThings.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "smartthings", About: "locks with a keypad on a SmartThings hub, through the SmartThings API", Notes: notes, Open: open, SignIn: signIn,
		Settings: []provider.Setting{
			{Name: "client_id", Kind: provider.Text, Usual: true, About: "the OAuth client of an API-only app; sign in once with lockctl accounts login", Example: `"5b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"`},
			{Name: "client_secret", Kind: provider.Secret, Usual: true, About: "its secret", Example: `"env:SMARTTHINGS_CLIENT_SECRET"`},
			{Name: "redirect_uri", Kind: provider.Text, About: "an address that the app is registered with, to which the browser is sent after the sign-in; left out: " + redirect, Example: `"` + redirect + `"`},
			{Name: "refresh_token", Kind: provider.Secret, Enough: true, About: "a refresh token of that app to begin with, instead of signing in; it is spent by the first use", Example: `"env:SMARTTHINGS_REFRESH_TOKEN"`},
			{Name: "token", Kind: provider.Secret, Enough: true, About: "a personal access token instead of all that; it ends a day after it was made", Example: `"env:SMARTTHINGS_TOKEN"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks; left out: unknown, times are shown in UTC", Example: `"America/New_York"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	x, err := newAccount(env, a)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	return x, nil
}

func newAccount(env provider.Env, a provider.Account) (*account, error) {
	client, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, err
	}
	x := &account{
		id: a.ID, zone: a.Texts["zone"], api: client, now: env.Now, log: env.Log, personal: a.Secrets["token"],
		client: a.Texts["client_id"], secret: a.Secrets["client_secret"], sent: map[lock.DeviceID]sending{},
	}
	where := client.Base
	if where == base {
		where = keys
	}
	if x.keys, err = rest.NewClient(env.HTTP, where); err != nil {
		return nil, err
	}
	if _, err := a.Zone(); err != nil {
		return nil, err
	}
	switch {
	case x.personal != "":
	case x.client == "" || x.secret == "":
		return nil, errors.New("client_id and client_secret, or token: one of the two is needed")
	case env.Secrets == nil:
		return nil, errors.New("there is no place in which to keep what changes with each renewal")
	default:
		x.login = oauth.New(env.Secrets, env.Now, provider.NewToken(a.Secrets["refresh_token"]), x.renew)
	}
	return x, nil
}

// signIn has a person let the app in, and keeps the tokens that their code is exchanged for.
func signIn(ctx context.Context, env provider.Env, a provider.Account, ask provider.Ask) error {
	x, err := newAccount(env, a)
	if err != nil {
		return fmt.Errorf("account %s: %w", a.ID, err)
	}
	if x.login == nil {
		return fmt.Errorf("account %s: token: a personal access token needs no sign-in", a.ID)
	}
	to := cmp.Or(a.Texts["redirect_uri"], redirect)
	page := x.api.Base + "/oauth/authorize?" + url.Values{
		"client_id": {x.client}, "response_type": {"code"}, "redirect_uri": {to}, "scope": {scopes},
	}.Encode()
	answer, err := ask(ctx, provider.Question{
		Text: "Sign in there and allow access; then paste the address to which the browser was sent, or the code in it", URL: page, Secret: true,
	})
	if err != nil {
		return err
	}
	if u, err := url.Parse(answer); err == nil && u.Query().Get("code") != "" {
		answer = u.Query().Get("code")
	}
	if answer = strings.TrimSpace(answer); answer == "" {
		return errors.New("the address has no code in it")
	}
	tokens, err := x.exchange(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {answer}, "redirect_uri": {to}})
	if err != nil {
		return err
	}
	return oauth.Save(ctx, env.Secrets, tokens)
}
