package schlage

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

const base = "https://api.allegion.yonomi.cloud/v1"

//go:embed notes.md
var notes string

// Provider describes Schlage.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "schlage", About: "Schlage Wi-Fi locks, through the account of the Schlage Home app (community-documented protocol)", Notes: notes, Open: open,
		Community: func(map[string]string) bool { return true },
		Settings: []provider.Setting{
			{Name: "email", Kind: provider.Text, Required: true, About: "the e-mail of the account", Example: `"locks@example.org"`},
			{Name: "password", Kind: provider.Secret, Required: true, About: "its password", Example: `"env:SCHLAGE_PASSWORD"`},
			{Name: "user_pool", Kind: provider.Text, Required: true, About: "the id of the Cognito user pool that the vendor's app signs in to", Example: `"us-west-2_AbCdEf123"`},
			{Name: "client_id", Kind: provider.Text, Required: true, About: "the id of the app in that pool", Example: `"1h2j3k4l5m6n"`},
			{Name: "client_secret", Kind: provider.Secret, Required: true, About: "the secret of the app in that pool", Example: `"env:SCHLAGE_CLIENT_SECRET"`},
			{Name: "api_key", Kind: provider.Secret, Required: true, About: "the key by which the app calls the API", Example: `"env:SCHLAGE_API_KEY"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks, in which their clocks miss a change of summer time; left out: unknown, times are shown in UTC", Example: `"America/Denver"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "auth_url", Kind: provider.Text, About: "where the user pool is; left out: with base_url the same address, else Amazon's of the pool's region", Example: `"` + cognito.Endpoint("us-west-2") + `"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	d, err := newAccount(env, a)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	return d, nil
}

func newAccount(env provider.Env, a provider.Account) (*account, error) {
	for _, name := range [...]string{"email", "client_id"} {
		if a.Texts[name] == "" {
			return nil, fmt.Errorf("%s: is missing", name)
		}
	}
	for _, name := range [...]string{"password", "client_secret", "api_key"} {
		if a.Secrets[name] == "" {
			return nil, fmt.Errorf("%s: is missing", name)
		}
	}
	if _, err := a.Zone(); err != nil {
		return nil, err
	}
	session, err := cognito.Open(env, cognito.Login{
		Pool: a.Texts["user_pool"], URL: cmp.Or(a.Texts["auth_url"], a.Texts["base_url"]), Client: a.Texts["client_id"], Secret: a.Secrets["client_secret"],
		User: a.Texts["email"], Password: a.Secrets["password"],
	})
	if err != nil {
		return nil, err
	}
	api, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, err
	}
	return &account{id: a.ID, zone: a.Texts["zone"], api: api, key: a.Secrets["api_key"], session: session, now: env.Now, log: env.Log}, nil
}
