package august

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

//go:embed notes.md
var notes string

//go:embed yale.md
var yaleNotes string

// brand is what differs between the names under which the cloud answers.
type brand struct {
	name     string
	base     string
	auth     string // of OAuth
	prefix   string // of its headers
	branding string
	oauth    bool // it takes no passwords
}

const (
	augustBase = "https://api-production.august.com"
	yaleBase   = "https://api.aaecosystem.com"
	augustAuth = "https://auth.august.com/authorization"
	yaleAuth   = "https://oauth.aaecosystem.com/authorize"
)

var brands = [...]brand{
	{name: "august", base: augustBase, auth: augustAuth, prefix: "x-august-", branding: "august"},
	{name: "yale_home", base: yaleBase, auth: yaleAuth, prefix: "x-", branding: "yale"},
	{name: "yale_access", base: augustBase, auth: augustAuth, prefix: "x-august-", branding: "yale"},
	{name: "yale_global", base: yaleBase, auth: yaleAuth, prefix: "x-", branding: "yale", oauth: true},
	{name: "yale_august", base: augustBase, auth: yaleAuth, prefix: "x-august-", branding: "yale", oauth: true},
}

// Provider describes August.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "august", About: "August smart locks with a keypad, through August's cloud (without a partner's credentials: a community protocol)", Notes: notes,
		Settings: settings(augustBase, augustAuth, 6), Open: opener("august", 6), SignIn: signer("august", 6), Community: consumer,
	}
}

// Yale describes Yale.
func Yale() provider.Provider {
	return provider.Provider{
		Name: "yale", Folder: "august", About: "Yale smart locks with a keypad, through the Yale Access cloud (without a partner's credentials: a community protocol)", Notes: yaleNotes,
		Settings: append(settings(yaleBase, yaleAuth, 8), provider.Setting{
			Name: "brand", Kind: provider.Text, Choices: []string{"yale_home", "yale_access", "yale_global", "yale_august"},
			About: "which of Yale's apps the account is of: Yale Home outside America, Yale Access in it, and the two that take OAuth alone; left out: yale_home", Example: `"yale_home"`,
		}),
		Open: opener("yale", 8), SignIn: signer("yale", 8), Community: consumer,
	}
}

// consumer reports whether an account signs in as the vendor's own app does, and not as a partner.
func consumer(texts map[string]string) bool { return texts["client_id"] == "" }

func settings(base, auth string, digits int64) []provider.Setting {
	return []provider.Setting{
		{Name: "api_key", Kind: provider.Secret, Required: true, About: "the key of the application: a partner's, or that of the vendor's app; lockctl comes with none", Example: `"env:AUGUST_API_KEY"`},
		{Name: "identifier", Kind: provider.Text, Usual: true, About: "who signs in, for a session: email:ann@example.org or phone:+15550100", Example: `"email:ann@example.org"`},
		{Name: "password", Kind: provider.Secret, Usual: true, About: "the password of that account", Example: `"env:AUGUST_PASSWORD"`},
		{Name: "install_id", Kind: provider.Text, About: "an installation that the vendor trusts already; left out: accounts login makes one", Example: `"b0f9…"`},
		{Name: "client_id", Kind: provider.Text, About: "the partner's client id, for OAuth in place of a session", Example: `"my-client"`},
		{Name: "client_secret", Kind: provider.Secret, About: "the partner's client secret", Example: `"env:AUGUST_CLIENT_SECRET"`},
		{Name: "refresh_token", Kind: provider.Secret, Enough: true, About: "a refresh token that was given elsewhere, to begin with; left out: accounts login gets one", Example: `"env:AUGUST_REFRESH_TOKEN"`},
		{Name: "redirect_uri", Kind: provider.Text, About: "where the vendor sends a browser that has signed in, as the partner has registered it; without it nobody can sign in that way", Example: `"https://example.org/back"`},
		{Name: "pin_min", Kind: provider.Whole, About: "the fewest digits of a code; left out: 4", Example: "4", Min: 4, Max: 8},
		{Name: "pin_max", Kind: provider.Whole, About: fmt.Sprintf("the most digits of a code; left out: %d", digits), Example: "6", Min: 4, Max: 8},
		{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
		{Name: "auth_url", Kind: provider.Text, About: "where people sign in by OAuth; tokens are at access_token beside it; left out: " + auth + ", or authorization at base_url where that is given", Example: `"` + auth + `"`},
	}
}

func opener(system string, digits int64) func(context.Context, provider.Env, provider.Account) (driver.Driver, error) {
	return func(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
		return open(system, digits, env, a)
	}
}

// account drives the locks of one login.
type account struct {
	id      lock.AccountID
	system  string
	brand   brand
	api     *rest.Client
	now     func() time.Time
	lengths []int
	limit   rest.Limit             // of batches
	secret  atomic.Pointer[string] // that the vendor repeats with its webhooks; nil: it was not asked to post
	mu      sync.Mutex
	details map[lock.DeviceID]reading
	login
}

func open(system string, digits int64, env provider.Env, a provider.Account) (*account, error) {
	bad := func(err error) (*account, error) { return nil, fmt.Errorf("account %s: %w", a.ID, err) }
	name := cmp.Or(a.Texts["brand"], map[string]string{"august": "august", "yale": "yale_home"}[system])
	out := &account{id: a.ID, system: system, now: env.Now, limit: rest.Limit{Most: 40, Within: 10 * time.Second}, details: map[lock.DeviceID]reading{}}
	for _, b := range brands {
		if b.name == name {
			out.brand = b
		}
	}
	base := cmp.Or(a.Texts["base_url"], out.brand.base)
	var err error
	if out.api, err = rest.NewClient(env.HTTP, base); err != nil {
		return bad(err)
	}
	least, most := cmp.Or(a.Wholes["pin_min"], 4), cmp.Or(a.Wholes["pin_max"], digits)
	if least > most {
		return bad(errors.New("pin_min: must not be above pin_max"))
	}
	for n := least; n <= most; n++ {
		out.lengths = append(out.lengths, int(n))
	}
	out.login = login{
		rand: env.Rand, key: a.Secrets["api_key"], password: a.Secrets["password"],
		client: a.Texts["client_id"], clientSecret: a.Secrets["client_secret"], redirect: a.Texts["redirect_uri"],
	}
	seed := provider.NewToken(a.Texts["install_id"])
	if out.client != "" {
		seed = provider.NewToken(a.Secrets["refresh_token"])
	}
	out.tokens = oauth.New(env.Secrets, env.Now, seed, out.renew)
	out.kind, out.address, _ = strings.Cut(a.Texts["identifier"], ":")
	switch {
	case out.key == "":
		return bad(errors.New("api_key: is missing"))
	case out.client != "" && out.clientSecret == "":
		return bad(errors.New("client_id: needs client_secret beside it"))
	case out.client == "" && out.brand.oauth:
		return bad(fmt.Errorf("brand: %s signs in by OAuth alone, which needs client_id", name))
	case out.client == "" && (out.kind != "email" && out.kind != "phone" || out.address == ""):
		return bad(errors.New("identifier: must be email:… or phone:…, or client_id given in its place"))
	case out.client == "" && out.password == "":
		return bad(errors.New("password: is missing"))
	}
	out.authorization = cmp.Or(a.Texts["auth_url"], out.brand.auth)
	if a.Texts["auth_url"] == "" && a.Texts["base_url"] != "" {
		out.authorization = out.api.Base + "/authorization"
	}
	token := out.authorization[:strings.LastIndexByte(out.authorization, '/')+1] + "access_token"
	if out.exchanges, err = rest.NewClient(env.HTTP, token); err != nil {
		return bad(errors.New("auth_url: must be the address of a page, as in " + out.brand.auth))
	}
	return out, nil
}

// header is what goes with every request. token "": none.
func (a *account) header(token string) http.Header {
	h := http.Header{}
	h.Set("Accept-Version", "0.0.1")
	h.Set("User-Agent", "lockctl")
	h.Set("x-august-country", "US")
	h.Set(a.brand.prefix+"api-key", a.key)
	h.Set(a.brand.prefix+"branding", a.brand.branding)
	if token != "" {
		h.Set(a.brand.prefix+"access-token", token)
	}
	return h
}
