package kwikset

import (
	"cmp"
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	_ "embed"
	"fmt"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

const (
	base   = "https://ynk95r1v52.execute-api.us-east-1.amazonaws.com/prod_v1"
	byLock = "lock" // of the setting schedules
	byUs   = "engine"
)

//go:embed notes.md
var notes string

// Provider describes Kwikset.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "kwikset", About: "Kwikset Halo Wi-Fi locks, through the account of the Kwikset app (community-documented protocol)", Notes: notes, Open: open, SignIn: signIn,
		Community: func(map[string]string) bool { return true },
		Settings: []provider.Setting{
			{Name: "email", Kind: provider.Text, Required: true, About: "the e-mail of the account", Example: `"locks@example.org"`},
			{Name: "password", Kind: provider.Secret, Required: true, About: "its password", Example: `"env:KWIKSET_PASSWORD"`},
			{Name: "user_pool", Kind: provider.Text, Required: true, About: "the id of the Cognito user pool that the vendor's app signs in to", Example: `"us-east-1_AbCdEf123"`},
			{Name: "client_id", Kind: provider.Text, Required: true, About: "the id of the app in that pool", Example: `"1h2j3k4l5m6n"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks, in which they keep schedules; left out: unknown, and the engine keeps them", Example: `"America/Chicago"`},
			{Name: "schedules", Kind: provider.Text, About: "who keeps the windows of codes; left out: the lock, where its zone is known", Example: `"` + byLock + `"`, Choices: []string{byLock, byUs}},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; left out: " + base, Example: `"` + base + `"`},
			{Name: "auth_url", Kind: provider.Text, About: "where the user pool is; left out: with base_url the same address, else Amazon's of the pool's region", Example: `"` + cognito.Endpoint("us-east-1") + `"`},
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

// rounds make the key of the prints slow to guess the password by.
const rounds = 20_000

func newAccount(env provider.Env, a provider.Account) (*account, error) {
	session, err := newSession(env, a)
	if err != nil {
		return nil, err
	}
	zone, err := a.Zone()
	if err != nil {
		return nil, err
	}
	api, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(sha256.New, a.Secrets["password"], []byte("lockctl kwikset "+a.Texts["email"]), rounds, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return &account{
		id: a.ID, zone: zone, native: zone != nil && a.Texts["schedules"] != byUs, api: api, session: session, key: key, now: env.Now, log: env.Log,
	}, nil
}

func newSession(env provider.Env, a provider.Account) (*cognito.Session, error) {
	for _, name := range [...]string{"email", "client_id"} {
		if a.Texts[name] == "" {
			return nil, fmt.Errorf("%s: is missing", name)
		}
	}
	if a.Secrets["password"] == "" {
		return nil, fmt.Errorf("password: is missing")
	}
	return cognito.Open(env, cognito.Login{
		Pool: a.Texts["user_pool"], URL: cmp.Or(a.Texts["auth_url"], a.Texts["base_url"]), Client: a.Texts["client_id"], User: a.Texts["email"], Password: a.Secrets["password"],
	})
}

func signIn(ctx context.Context, env provider.Env, a provider.Account, ask provider.Ask) error {
	s, err := newSession(env, a)
	if err != nil {
		return fmt.Errorf("account %s: %w", a.ID, err)
	}
	asked := false
	return s.Ask(ctx, ask, func(ctx context.Context, c cognito.Challenge, ask provider.Ask) (map[string]string, bool, error) {
		if c.Name != "CUSTOM_CHALLENGE" {
			return nil, false, nil
		}
		if !asked { // first the vendor is to send a code, then it wants to hear it
			asked = true
			return map[string]string{"ANSWER": "answerType:generateCode,medium:phone,codeType:login"}, true, nil
		}
		code, err := ask(ctx, provider.Question{Text: "the code that the vendor has sent to your phone"})
		return map[string]string{"ANSWER": "answerType:verifyCode,medium:phone,codeType:login,code:" + code}, true, err
	})
}
