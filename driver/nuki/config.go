package nuki

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

const base = "https://api.nuki.io"

//go:embed notes.md
var notes string

// Provider describes Nuki.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "nuki", About: "Nuki smart locks with a keypad, through the Nuki Web API", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "token", Kind: provider.Secret, Required: true, About: "an API token of Nuki Web (menu API), with the rights to see locks, their codes and their log", Example: `"env:NUKI_TOKEN"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks; left out: unknown, times are shown in UTC", Example: `"Europe/Vienna"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	client, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	if _, err := a.Zone(); err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	token := a.Secrets["token"]
	if token == "" {
		return nil, fmt.Errorf("account %s: %w", a.ID, errors.New("token: is missing"))
	}
	return &account{
		id: a.ID, zone: a.Texts["zone"], api: client, now: env.Now,
		header: http.Header{"Authorization": {"Bearer " + token}},
	}, nil
}
