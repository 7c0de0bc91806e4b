package igloohome

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

const (
	base      = "https://api.igloodeveloper.co"
	baseLogin = "https://auth.igloohome.co"
)

//go:embed notes.md
var notes string

// Provider describes igloohome.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "igloohome", About: "igloohome locks, padlocks and keyboxes, with and without a bridge, through the iglooaccess API", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "client_id", Kind: provider.Secret, Required: true, About: "the id of an API client of iglooaccess", Example: `"env:IGLOOHOME_CLIENT_ID"`},
			{Name: "client_secret", Kind: provider.Secret, Required: true, About: "its secret", Example: `"env:IGLOOHOME_CLIENT_SECRET"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks; left out: unknown, and then there are no schedules and no algorithmic PINs", Example: `"Asia/Singapore"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "login_url", Kind: provider.Text, About: "where tokens are given; left out: base_url if that is set, else " + baseLogin, Example: `"` + baseLogin + `"`},
			{Name: "endless_pin_type", Kind: provider.Whole, About: "the vendor's number of a PIN without an end; left out: 2", Example: "2", Min: 1, Max: 9},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	fail := func(err error) error { return fmt.Errorf("account %s: %w", a.ID, err) }
	api, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, fail(err)
	}
	login, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["login_url"], a.Texts["base_url"], baseLogin))
	if err != nil {
		return nil, fail(fmt.Errorf("login_url: %w", err))
	}
	x := &account{
		id: a.ID, api: api, login: login, now: env.Now, client: a.Secrets["client_id"], secret: a.Secrets["client_secret"], zone: a.Texts["zone"],
		endless: int(cmp.Or(a.Wholes["endless_pin_type"], pinForever)), bridges: map[string]string{}, posts: map[string][]post{}, back: map[string]time.Time{}, book: book{secrets: env.Secrets},
	}
	if x.clock, err = a.Zone(); err != nil {
		return nil, fail(err)
	}
	if x.client == "" || x.secret == "" {
		return nil, fail(fmt.Errorf("client_id, client_secret: one of them is missing"))
	}
	if x.book.secrets == nil {
		x.book.secrets = &provider.MemorySecrets{}
	}
	key := sha256.Sum256([]byte("igloohome handle\x00" + x.client))
	if x.cipher, err = aes.NewCipher(key[:]); err != nil {
		return nil, fail(err)
	}
	return x, nil
}
