// Package wire joins each vendor's driver to its façade: without it whoever wants simulated locks behind a vendor's real protocol
// would have to know what the façade calls its accounts.
package wire

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/august"
	"github.com/accesscodes/lockctl/sim/facade/hubitat"
	"github.com/accesscodes/lockctl/sim/facade/igloohome"
	"github.com/accesscodes/lockctl/sim/facade/nuki"
	"github.com/accesscodes/lockctl/sim/facade/seam"
	"github.com/accesscodes/lockctl/sim/facade/smartthings"
	"github.com/accesscodes/lockctl/sim/facade/twon"
)

// Vendor is a vendor that the simulator speaks for.
type Vendor struct {
	Name  string // of its provider
	Model string // of its locks
	// Direct: there is no cloud. Each lock is spoken to at an address of its own.
	Direct bool
	// Hosted: a service in between keeps codes by itself.
	Hosted bool
	// Disabled: its lists tell which codes somebody has disabled.
	Disabled bool
	// HidesFull: a write for which a lock has no room looks like one that is lost.
	HidesFull bool
	// Most is how many locks an account has at most; 0: any number. A look at one of them costs their vendor, or the driver, a look at all.
	Most int
	// Open puts the vendor's locks of an account behind its API. It is called on the fleet's thread.
	Open func(*sim.Fleet, lock.AccountID) (facade.Cloud, error)
	// Secrets are what an account of the façade signs in with, by the names of the provider's settings.
	Secrets func(lock.AccountID) map[string]string
	// Texts are further settings that such an account needs; nil: none.
	Texts func(lock.AccountID) map[string]string
	// ByHand are the settings of an account into which somebody signs in with a code that the vendor sends, in place of Secrets and Texts;
	// nil: none.
	ByHand func(lock.AccountID) (texts, secrets map[string]string)
}

// Vendors lists them by name.
func Vendors() []Vendor {
	return []Vendor{
		{
			Name: "2n", Model: "2n", Direct: true, Most: 20,
			Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return twon.New(f, a) },
			Secrets: func(a lock.AccountID) map[string]string {
				_, password := twon.Login(a)
				return map[string]string{"password": password}
			},
			Texts: func(a lock.AccountID) map[string]string {
				user, _ := twon.Login(a)
				return map[string]string{"user": user}
			},
		},
		accessVendor("august", august.August),
		hubitatVendor(),
		hostedVendor("lockly"),
		{
			Name: "igloohome", Model: "igloohome",
			Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return igloohome.New(f, a) },
			Secrets: func(a lock.AccountID) map[string]string {
				id, secret := igloohome.Client(a)
				return map[string]string{"client_id": id, "client_secret": secret}
			},
		},
		kwiksetVendor(),
		{
			Name: "nuki", Model: "nuki", Disabled: true, HidesFull: true,
			Open:    func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return nuki.New(f, a) },
			Secrets: func(a lock.AccountID) map[string]string { return map[string]string{"token": nuki.Token(a)} },
		},
		saltoksVendor(),
		schlageVendor(),
		smartthingsVendor(),
		ttlockVendor(),
		hostedVendor("oracode"),
		accessVendor("yale", august.YaleHome),
	}
}

func smartthingsVendor() Vendor {
	return Vendor{
		Name: "smartthings", Model: "smartthings",
		Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return smartthings.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_secret": smartthings.ClientSecret(a), "refresh_token": smartthings.RefreshToken(a)}
		},
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_id": smartthings.ClientID(a)}
		},
	}
}

func hubitatVendor() Vendor {
	return Vendor{
		Name: "hubitat", Model: "hubitat",
		Open:    func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return hubitat.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string { return map[string]string{"token": hubitat.Token(a)} },
		Texts:   func(a lock.AccountID) map[string]string { return map[string]string{"app_id": hubitat.AppID} },
	}
}

// accessVendor is one of the two whose cloud is the same.
func accessVendor(name string, brand august.Brand) Vendor {
	return Vendor{
		Name: name, Model: name, Disabled: true,
		Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return august.New(f, a, brand) },
		Secrets: func(a lock.AccountID) map[string]string {
			return map[string]string{"api_key": august.Key(a), "client_secret": august.ClientSecret(a), "refresh_token": august.RefreshToken(a)}
		},
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_id": august.Client(a)}
		},
		ByHand: func(a lock.AccountID) (texts, secrets map[string]string) {
			return map[string]string{"identifier": august.Identifier(a)}, map[string]string{"api_key": august.Key(a), "password": august.Password(a)}
		},
	}
}

// hostedVendor is one that is reached by a hosted service alone.
func hostedVendor(name string) Vendor {
	return Vendor{
		Name: name, Model: name, Hosted: true, Disabled: true,
		Open:    func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return seam.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string { return map[string]string{"api_key": seam.Key(a)} },
	}
}

// Settings are the texts of an account whose requests go to base, but for its zone, which is that of its locks.
func (v Vendor) Settings(a lock.AccountID, base string) map[string]string {
	texts := map[string]string{"base_url": base}
	if v.Texts != nil {
		maps.Copy(texts, v.Texts(a))
	}
	return texts
}

// Reached is the base_url of an account whose façade answers at base: one address, or one for each device where there is no cloud.
func Reached(c facade.Cloud, base string) string {
	if many, ok := c.(interface{ Addresses(base string) string }); ok {
		return many.Addresses(base)
	}
	return base
}

// Find returns the vendor of that name.
func Find(name string) (Vendor, bool) {
	all := Vendors()
	i := slices.IndexFunc(all, func(v Vendor) bool { return v.Name == name })
	if i < 0 {
		return Vendor{}, false
	}
	return all[i], true
}

// Base is the address that a driver is given whose requests a Transport takes.
const Base = "http://facade.invalid"

// Transport carries a driver's requests to a façade in the same process, without a socket, whatever their address is.
type Transport struct{ Handler http.Handler }

// RoundTrip implements http.RoundTripper. A connection that the façade breaks ends as one that was cut off.
func (t Transport) RoundTrip(r *http.Request) (res *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			if cut, ok := v.(error); !ok || !errors.Is(cut, http.ErrAbortHandler) {
				panic(v)
			}
			if res, err = nil, r.Context().Err(); err == nil {
				err = io.ErrUnexpectedEOF
			}
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if r.ContentLength == 0 && r.Method != http.MethodGet { // as a connection says it
		r.Header = r.Header.Clone()
		r.Header.Set("Content-Length", "0")
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	t.Handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Request: r,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// answer is what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
