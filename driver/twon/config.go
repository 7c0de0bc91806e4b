package twon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

//go:embed notes.md
var notes string

// Provider describes 2N.
func Provider() provider.Provider {
	return provider.Provider{
		Name: "2n", Folder: "twon", About: "2N intercoms and access units, through the HTTP API of each device", Notes: notes, Open: open,
		Settings: []provider.Setting{
			{Name: "base_url", Kind: provider.Text, Required: true, About: "addresses of the devices, with blanks between them", Example: `"https://10.0.0.21 https://10.0.0.22"`},
			{Name: "user", Kind: provider.Text, Required: true, About: "an account of the HTTP API, the same on all of them", Example: `"lockctl"`},
			{Name: "password", Kind: provider.Secret, Required: true, About: "its password", Example: `"env:TWON_PASSWORD"`},
			{Name: "certificate", Kind: provider.Text, About: "SHA-256 sums of the devices' own certificates, in hexadecimal, with blanks between them; left out: certificates are checked as everywhere", Example: `"9f86d081…"`},
			{Name: "zone", Kind: provider.Zone, Usual: true, About: "the IANA time zone of the devices; left out: unknown, and then codes are written just in time", Example: `"Europe/Prague"`},
		},
	}
}

func open(_ context.Context, env provider.Env, a provider.Account) (driver.Driver, error) {
	fail := func(err error) error { return fmt.Errorf("account %s: %w", a.ID, err) }
	x := &account{id: a.ID, zone: a.Texts["zone"], now: env.Now}
	if _, err := a.Zone(); err != nil {
		return nil, fail(err)
	}
	if a.Texts["user"] == "" || a.Secrets["password"] == "" {
		return nil, fail(errors.New("user, password: one of them is missing"))
	}
	h, err := trusting(env.HTTP, strings.Fields(a.Texts["certificate"]))
	if err != nil {
		return nil, fail(err)
	}
	var own [8]byte
	if _, err := io.ReadFull(env.Rand, own[:]); err != nil {
		return nil, fail(errors.New("no random bytes can be read"))
	}
	for _, base := range strings.Fields(a.Texts["base_url"]) {
		api, err := rest.NewClient(h, base)
		if err != nil {
			return nil, fail(err)
		}
		at, err := url.Parse(api.Base)
		if err != nil {
			return nil, fail(errors.New("base_url: is no address"))
		}
		x.units = append(x.units, &unit{api: api, login: login{user: a.Texts["user"], password: a.Secrets["password"], own: hex.EncodeToString(own[:]), below: at.Path}})
	}
	if len(x.units) == 0 {
		return nil, fail(errors.New("base_url: is missing"))
	}
	return x, nil
}

// trusting returns a client that takes the certificates with these sums, whoever has signed them; none: it is the one given.
func trusting(h *http.Client, sums []string) (*http.Client, error) {
	if len(sums) == 0 {
		return h, nil
	}
	for i, s := range sums {
		if sums[i] = strings.ToLower(strings.ReplaceAll(s, ":", "")); len(sums[i]) != 2*sha256.Size {
			return nil, errors.New("certificate: a sum has 64 hexadecimal digits")
		}
	}
	base, ok := cmp.Or(h.Transport, http.DefaultTransport).(*http.Transport)
	if !ok {
		return nil, errors.New("certificate: can't be checked on this connection")
	}
	own := *h
	transport := base.Clone()
	transport.TLSClientConfig = &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // the certificate itself is known
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 {
				sum := sha256.Sum256(s.PeerCertificates[0].Raw)
				if slices.Contains(sums, hex.EncodeToString(sum[:])) {
					return nil
				}
			}
			return errors.New("the device shows another certificate than the one that is known")
		},
	}
	own.Transport = transport
	return &own, nil
}
