package saltoks

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

const (
	base     = "https://connect.my-clay.com"
	identity = "https://identity.eu.my-clay.com"
)

//go:embed notes.md
var notes string

// Provider describes Salto KS.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "saltoks", About: "Salto KS locks with a keypad, through the Connect API", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "client_id", Kind: provider.Text, Required: true, About: "of the application, from Salto", Example: `"my-application"`},
			{Name: "client_secret", Kind: provider.Secret, Required: true, About: "of the application", Example: `"env:SALTO_CLIENT_SECRET"`},
			{Name: "username", Kind: provider.Text, Required: true, About: "of a service user who is administrator of the site", Example: `"service@example.org"`},
			{Name: "password", Kind: provider.Secret, Required: true, About: "the service user's", Example: `"env:SALTO_PASSWORD"`},
			{Name: "site", Kind: provider.Text, About: "the UUID or the UID of the site; left out: the only one that the service user sees", Example: `"DE4520168385"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "identity_url", Kind: provider.Text, About: "where signing in is; left out: with base_url the same address, else " + identity, Example: `"` + identity + `"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	bad := func(err error) (driver.Driver, error) { return nil, fmt.Errorf("account %s: %w", a.ID, err) }
	api, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return bad(err)
	}
	out := &account{wrote: map[lock.DeviceID]time.Time{}, looked: map[lock.DeviceID]time.Time{}, id: a.ID, api: api, now: env.Now, wanted: a.Texts["site"], client: a.Texts["client_id"], user: a.Texts["username"]}
	where := a.Texts["identity_url"]
	if where == "" && a.Texts["base_url"] == "" {
		where = identity
	}
	if out.identity, err = rest.NewClient(env.HTTP, cmp.Or(where, api.Base)); err != nil {
		return bad(fmt.Errorf("identity_url: %w", err))
	}
	for _, x := range []struct{ name, value string }{
		{"client_id", out.client}, {"client_secret", a.Secrets["client_secret"]}, {"username", out.user}, {"password", a.Secrets["password"]},
	} {
		if x.value == "" {
			return bad(fmt.Errorf("%s: is missing", x.name))
		}
	}
	out.secret, out.password = provider.NewToken(a.Secrets["client_secret"]), provider.NewToken(a.Secrets["password"])
	out.tokens = oauth.New(env.Secrets, env.Now, out.password, out.signIn)
	return out, nil
}
