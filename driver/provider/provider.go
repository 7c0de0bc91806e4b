// Package provider says how a vendor's accounts are described and opened: without it whoever hosts the engine would have to
// know each vendor's settings. A Registry is a value; main makes the one that it uses.
package provider

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Provider is one vendor.
type Provider struct {
	Name     string // as configurations name it: "ttlock"
	Folder   string // below driver/ and sim/facade/; "": it is called as its name is
	About    string // one sentence for people
	Notes    string // Markdown: what works, how to get credentials, limits, what is uncertain
	Settings []Setting
	// Open asks the vendor nothing. It needs no token: until somebody has signed in, the calls of the driver are Unauthorized.
	Open func(ctx context.Context, env Env, a Account) (driver.Driver, error)
	// SignIn asks a person for what a login needs beyond its settings, such as a code that the vendor sends, and saves the token in
	// env.Secrets, where Open finds it. nil: the settings are enough.
	SignIn func(ctx context.Context, env Env, a Account, ask Ask) error
	// Community reports whether an account with those texts is spoken to by a protocol that its vendor does not publish, but that others
	// have found out: it may break any day, and using it may be against the vendor's terms. nil: none is.
	Community func(texts map[string]string) bool
}

// Ask puts a question to the person who signs in, and returns the answer without blanks around it. It ends with ctx.
type Ask func(ctx context.Context, q Question) (string, error)

// Question is what a person is asked.
type Question struct {
	Text   string // one sentence, without a question mark or colon at the end
	URL    string // where to go first; "": nowhere
	Secret bool   // the answer is not shown while it is typed
}

// Kind is the type of a setting.
type Kind string

// The kinds. A Secret stands in no file that is shown: there it is the name of an environment variable or of a file.
const (
	Text   Kind = "text"
	Zone   Kind = "time zone" // a Text that names an IANA time zone
	Whole  Kind = "whole number"
	Secret Kind = "secret"
)

// Setting is one thing that an account of the provider needs to be told.
type Setting struct {
	Name     string
	Kind     Kind
	Required bool
	Usual    bool     // stands in samples, although there are accounts without it
	Enough   bool     // an account that has it works before anybody has signed in
	About    string   // one sentence for people
	Example  string   // as it stands behind the equals sign
	Choices  []string // of a Text; nil: any
	Min, Max int64    // of a Whole
}

// Account is one login, as its settings describe it. They were checked against the provider's list.
type Account struct {
	ID      lock.AccountID
	Texts   map[string]string
	Wholes  map[string]int64
	Secrets map[string]string
}

// Zone is the time zone that the setting "zone" names; nil: it is left out.
func (a Account) Zone() (*time.Location, error) {
	if a.Texts["zone"] == "" {
		return nil, nil
	}
	return lock.LoadZone(a.Texts["zone"])
}

// Env is what a driver is given of the world.
type Env struct {
	HTTP    *http.Client     // its errors hold no URLs
	Now     func() time.Time // the only clock
	Rand    io.Reader        // the only source of what nobody may guess
	Secrets Secrets          // of this account
	Log     *slog.Logger
}

// Registry lists providers.
type Registry []Provider

// Find returns the provider of that name.
func (r Registry) Find(name string) (Provider, bool) {
	i := slices.IndexFunc(r, func(p Provider) bool { return p.Name == name })
	if i < 0 {
		return Provider{}, false
	}
	return r[i], true
}

// Names lists what can be found, in order.
func (r Registry) Names() []string {
	var names []string
	for _, p := range r {
		names = append(names, p.Name)
	}
	return names
}
