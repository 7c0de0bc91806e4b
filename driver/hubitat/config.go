package hubitat

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

//go:embed notes.md
var notes string

// Provider describes Hubitat.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "hubitat", About: "locks with a keypad on a Hubitat hub, through its Maker API", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "base_url", Kind: provider.Text, Required: true, About: "the hub's address on the local network, or the vendor's relay", Example: `"http://192.168.1.20"`},
			{Name: "app_id", Kind: provider.Text, Required: true, About: "the number of the Maker API on the hub, as its addresses have it behind /apps/api/", Example: `"97"`},
			{Name: "token", Kind: provider.Secret, Required: true, About: "the access token of the Maker API", Example: `"env:HUBITAT_TOKEN"`},
			{Name: "hub", Kind: provider.Text, About: "the hub's id, where base_url is https://cloud.hubitat.com", Example: `"2f0c6e1a-8f5e-4a7e-9a55-6d7a1f2b3c4d"`},
			{Name: "zeros", Kind: provider.Text, Choices: []string{"never", "allowed"}, About: "whether codes may have zeros: older hubs lose those that they begin with; left out: never", Example: `"never"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks; left out: unknown, times are shown in UTC", Example: `"America/New_York"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	x, err := newHub(env, a)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	return x, nil
}

func newHub(env provider.Env, a provider.Account) (*hub, error) {
	client, err := rest.NewClient(env.HTTP, a.Texts["base_url"])
	if err != nil {
		return nil, err
	}
	x := &hub{id: a.ID, zone: a.Texts["zone"], api: client, now: env.Now, zeros: a.Texts["zeros"] == "allowed"}
	if _, err := a.Zone(); err != nil {
		return nil, err
	}
	app := a.Texts["app_id"]
	switch {
	case app == "" || strings.Trim(app, "0123456789") != "":
		return nil, errors.New("app_id: must be a number")
	case a.Secrets["token"] == "":
		return nil, errors.New("token: is missing")
	}
	x.path = "/apps/api/" + app
	if of := a.Texts["hub"]; of != "" {
		x.path = "/api/" + url.PathEscape(of) + "/apps/" + app
	}
	x.query = "?" + url.Values{"access_token": {a.Secrets["token"]}}.Encode()
	return x, nil
}
