package seam

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

const base = "https://connect.getseam.com"

var (
	//go:embed notes.md
	notes string
	//go:embed lockly.md
	locklyNotes string
	//go:embed oracode.md
	oracodeNotes string
)

// Provider describes Seam itself.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "seam", About: "any system that a Seam workspace reaches, via Seam (hosted, third party)", Notes: notes, Open: opener("seam", ""), SignIn: signer("seam", ""),
		Settings: append(settings(), provider.Setting{
			Name: "device_type", Kind: provider.Text, About: "only devices of this type of Seam's; left out: all", Example: `"kwikset_lock"`,
		}),
	}
}

// Lockly describes Lockly.
func Lockly() provider.Provider {
	return provider.Provider{
		Name: "lockly", Folder: "seam", About: "Lockly smart locks, via Seam (hosted, third party)", Notes: locklyNotes, Settings: settings(),
		Open: opener("lockly", "lockly_lock"), SignIn: signer("lockly", "lockly_lock"),
	}
}

// Oracode describes dormakaba Oracode.
func Oracode() provider.Provider {
	return provider.Provider{
		Name: "oracode", Folder: "seam", About: "dormakaba Oracode locks, via Seam (hosted, third party)", Notes: oracodeNotes, Settings: settings(),
		Open: opener("oracode", "dormakaba_oracode_door"), SignIn: signer("oracode", "dormakaba_oracode_door"),
	}
}

func settings() []provider.Setting {
	return []provider.Setting{
		{Name: "api_key", Kind: provider.Secret, Required: true, Enough: true, About: "an API key of a Seam workspace", Example: `"env:SEAM_API_KEY"`},
		{Name: "connected_account_id", Kind: provider.Text, About: "only devices of this account in the workspace; left out: all", Example: `"a34d4c7c-…"`},
		{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
	}
}

func opener(name, kind string) func(context.Context, provider.Env, provider.Account) (driver.Driver, error) {
	return func(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
		return open(name, kind, env, a)
	}
}

// account drives the locks of one workspace, or those of one of its accounts.
type account struct {
	id     lock.AccountID
	name   string // of the provider
	kind   string // of devices; "": any
	linked string // connected_account_id; "": any
	api    *rest.Client
	now    func() time.Time
	header http.Header
	hook   atomic.Pointer[webhook] // its posts come here; nil: nobody has asked for them

	mu     sync.Mutex
	limits map[string]*rest.Limit // by verb and device
}

func open(name, kind string, env provider.Env, a provider.Account) (*account, error) {
	client, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err == nil && a.Secrets["api_key"] == "" {
		err = errors.New("api_key: is missing")
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	return &account{
		id: a.ID, name: name, kind: cmp.Or(kind, a.Texts["device_type"]), linked: a.Texts["connected_account_id"], api: client, now: env.Now,
		header: http.Header{"Authorization": {"Bearer " + a.Secrets["api_key"]}}, limits: map[string]*rest.Limit{},
	}, nil
}

// accepted names the accounts that a page of Seam's is to link.
func accepted(name string) []string {
	switch name {
	case "lockly":
		return []string{"lockly"}
	case "oracode":
		return []string{"dormakaba_oracode"}
	}
	return []string{"august", "yale", "schlage", "kwikset", "salto_ks", "lockly", "dormakaba_oracode", "nuki", "ttlock", "igloohome", "smartthings", "my_2n"}
}

// signer links an account of the vendor's to the workspace, by a page of Seam's.
func signer(name, kind string) func(context.Context, provider.Env, provider.Account, provider.Ask) error {
	return func(ctx context.Context, env provider.Env, p provider.Account, ask provider.Ask) error {
		a, err := open(name, kind, env, p)
		if err != nil {
			return err
		}
		c := rest.Call{Op: "login"}
		var said struct {
			View struct {
				ID     string `json:"connect_webview_id"`
				URL    string `json:"url"`
				Status string `json:"status"`
			} `json:"connect_webview"`
		}
		if err := a.post(ctx, c, "/connect_webviews/create", map[string]any{"accepted_providers": accepted(name)}, &said, true); err != nil {
			return err
		}
		page, err := a.page(c, said.View.URL)
		if err != nil {
			return err
		}
		if _, err := ask(ctx, provider.Question{Text: "Enter, when the page says that the account is linked", URL: page}); err != nil {
			return err
		}
		if err := a.post(ctx, c, "/connect_webviews/get", map[string]any{"connect_webview_id": said.View.ID}, &said, false); err != nil {
			return err
		}
		if said.View.Status != "authorized" {
			return errors.New("the account is not linked yet: sign in again")
		}
		return nil
	}
}

// page is the whole address of a page that the service names, perhaps without saying where it is itself.
func (a *account) page(c rest.Call, told string) (string, error) {
	at, err := url.Parse(a.api.Base)
	if err == nil && told != "" {
		if at, err = at.Parse(told); err == nil && at.Host != "" && (at.Scheme == "https" || at.Scheme == "http") {
			return at.String(), nil
		}
	}
	return "", c.Fail(driver.Offline, driver.BlameCloud, "no page to link the account on")
}
