package drivertest

import (
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Garbled is a driver before a server that answers what nobody would expect.
type Garbled struct {
	Open    func(t *testing.T, base string) driver.Driver
	Device  lock.DeviceID
	Want    lock.Credential   // what is to be written
	Ref     lock.Ref          // what is to be cleared
	Secrets []string          // what no error may tell, beside the digits and the server's address
	Answers map[string]Said   // the vendor's own, beside those that every driver gets
	Others  map[string]string // what is answered well all the same, as in Said

	// Blind says that the verbs write without asking for anything before, so that they may be ambiguous.
	Blind bool
	// Bare are the verbs to which an empty object is an answer like any other. Where a list or a device should be, it is none.
	Bare []string
	// Alone says that no cloud answers for the device, so that a look may find it out of reach instead.
	Alone bool
}

// empty is the answer that has nothing of what was asked for.
const empty = "an empty object"

// answers are those that every driver gets.
func (g Garbled) answers() map[string]Said {
	digits := g.Want.PIN.Reveal()
	all := map[string]Said{
		"a page":             {Body: "<html>please sign in</html>"},
		"nothing":            {},
		"null":               {Body: "null"},
		empty:                {Body: "{}"},
		"half an answer":     {Body: `{"list":[{"lockId":1,"smartlockId":2,`},
		"a list":             {Body: `[{"id":"front"},null,7]`},
		"a word":             {Body: `"yes"`},
		"far too much":       {Body: `["` + strings.Repeat("x", 5<<20) + `"]`},
		"a redirect":         {Status: 302},
		"a teapot":           {Status: 418, Body: "{}"},
		"digits told":        {Status: 400, Body: `{"message":"` + digits + ` is not valid","detailMessage":"The supplied value '` + digits + `'","errmsg":"` + digits + `"}`},
		"an error of theirs": {Status: 500, Body: `{"error":"` + digits + `"}`},
		"a gateway's":        {Status: 503, Body: "<html>"},
	}
	maps.Copy(all, g.Answers)
	return all
}

// Run tries every verb on each answer, and wants errors of known kinds that tell nothing that must not be told.
func (g Garbled) Run(t *testing.T) {
	t.Helper()
	for name, said := range g.answers() {
		t.Run(name, func(t *testing.T) {
			said.Others = g.Others
			server := httptest.NewServer(said)
			defer server.Close()
			d := g.Open(t, server.URL)
			for verb, try := range map[string]func(context.Context) error{
				"devices": func(ctx context.Context) error { _, err := d.Devices(ctx); return err },
				"observe": func(ctx context.Context) error {
					o, err := d.Observe(ctx, g.Device, driver.Known{Refs: []lock.Ref{g.Ref}})
					if g.Alone && err == nil && o.Reach != lock.Reached {
						return &driver.Error{Kind: driver.Offline}
					}
					return err
				},
				"set":   func(ctx context.Context) error { _, err := d.Set(ctx, g.Device, g.Want, ""); return err },
				"clear": func(ctx context.Context) error { return d.Clear(ctx, g.Device, g.Ref) },
			} {
				err := try(t.Context())
				if name == empty && slices.Contains(g.Bare, verb) {
					continue
				}
				e, ok := errors.AsType[*driver.Error](err)
				switch {
				case !ok:
					t.Errorf("%s: %v is no *driver.Error", verb, err)
				case e.Kind == driver.Ambiguous && (!g.Blind || verb == "devices" || verb == "observe"):
					t.Errorf("%s: nothing was written, and the error is ambiguous", verb)
				}
				for _, secret := range append([]string{g.Want.PIN.Reveal(), server.URL, strings.TrimPrefix(server.URL, "http://")}, g.Secrets...) {
					if err != nil && secret != "" && strings.Contains(err.Error(), secret) {
						t.Errorf("%s: the error tells digits, a secret or an address", verb)
					}
				}
			}
		})
	}
}
