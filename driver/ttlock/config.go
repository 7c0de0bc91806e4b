package ttlock

import (
	"cmp"
	"context"
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

const base = "https://euapi.ttlock.com"

// What may be left to a queue that a lock empties when it wakes.
const (
	queueAdds = "add"
	queueAll  = "all"
)

// customMax is how many codes of its owner's choice a lock holds, unless the account says otherwise.
const customMax = 250

//go:embed notes.md
var notes string

// Provider describes TTLock.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "ttlock", About: "TTLock and Sciener locks behind a gateway or on Wi-Fi, through the TTLock Open Platform", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "client_id", Kind: provider.Text, Required: true, About: "of the application, from the console of the TTLock Open Platform", Example: `"7946f0d923934a61baefb3303de4d132"`},
			{Name: "client_secret", Kind: provider.Secret, Required: true, About: "of the application", Example: `"env:TTLOCK_CLIENT_SECRET"`},
			{Name: "username", Kind: provider.Text, Required: true, About: "as whom the locks' administrator signs in to the TTLock app", Example: `"locks@example.org"`},
			{Name: "password", Kind: provider.Secret, Required: true, About: "the administrator's in the TTLock app, not the developer's", Example: `"env:TTLOCK_PASSWORD"`},
			{Name: "base_url", Kind: provider.Text, About: "where the API is; accounts from China have another one; left out: " + base, Example: `"` + base + `"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the locks; left out: the offset that each lock tells, without summer time", Example: `"Europe/Vienna"`},
			{Name: "slots", Kind: provider.Whole, Min: 1, Max: lock.MaxHeld, About: "codes that a lock holds; left out: 250, which is what the vendor says of present locks", Example: "150"},
			{Name: "six_keys", Kind: provider.Text, About: "numbers of locks whose keypad has the keys 1 to 6 alone, with commas", Example: `"532323,532324"`},
			{
				Name: "power_saving", Kind: provider.Text, Choices: []string{queueAdds, queueAll}, Example: `"` + queueAdds + `"`,
				About: "what is left to the vendor's queue for locks that save power: new codes, or changes and removals too, which is not documented; left out: " + queueAdds,
			},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	client, err := rest.NewClient(env.HTTP, cmp.Or(a.Texts["base_url"], base))
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	out := &account{
		id: a.ID, api: client, now: env.Now, zone: a.Texts["zone"], slots: customMax, queues: cmp.Or(a.Texts["power_saving"], queueAdds),
		sixKeys: map[int64]bool{},
		login:   login{id: a.Texts["client_id"], secret: a.Secrets["client_secret"], user: a.Texts["username"]},
	}
	if n := a.Wholes["slots"]; n > 0 {
		out.slots = int(n)
	}
	if _, err := a.Zone(); err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	for _, text := range strings.FieldsFunc(a.Texts["six_keys"], func(r rune) bool { return r == ',' || r == ' ' }) {
		n, ok := number(prefix + lock.DeviceID(text))
		if !ok {
			return nil, fmt.Errorf("account %s: six_keys: %q is not the number of a lock", a.ID, text)
		}
		out.sixKeys[n] = true
	}
	for _, x := range []struct{ name, value string }{
		{"client_id", out.login.id}, {"client_secret", out.login.secret}, {"username", out.login.user}, {"password", a.Secrets["password"]},
	} {
		if x.value == "" {
			return nil, fmt.Errorf("account %s: %s: is missing", a.ID, x.name)
		}
	}
	sum := md5.Sum([]byte(a.Secrets["password"])) // as the vendor wants it
	out.login.password = provider.NewToken(hex.EncodeToString(sum[:]))
	out.tokens = oauth.New(env.Secrets, env.Now, out.login.password, out.renew)
	return out, nil
}
