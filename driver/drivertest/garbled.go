package drivertest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Garbled tries every verb on a server that answers what nobody would expect, and wants errors of known kinds that tell nothing
// that must not be told: neither the digits and secrets that it is given nor the server's address. first says that the verbs write
// without asking for anything before, so that they may be ambiguous.
func Garbled(t *testing.T, open func(t *testing.T, base string) driver.Driver, device lock.DeviceID, want lock.Credential, ref lock.Ref, first bool, secrets ...string) {
	t.Helper()
	digits := want.PIN.Reveal()
	for name, x := range map[string]struct {
		status int
		body   string
	}{
		"a page":             {200, "<html>please sign in</html>"},
		"nothing":            {200, ""},
		"null":               {200, "null"},
		"half an answer":     {200, `{"list":[{"lockId":1,"smartlockId":2,`},
		"a list":             {200, `[{"id":"front"},null,7]`},
		"a word":             {200, `"yes"`},
		"other types":        {200, `{"list":{"id":true},"items":7,"errcode":{}}`},
		"far too much":       {200, `["` + strings.Repeat("x", 5<<20) + `"]`},
		"a redirect":         {302, ""},
		"a teapot":           {418, "{}"},
		"digits told":        {400, `{"message":"` + digits + ` is not valid","detailMessage":"The supplied value '` + digits + `'","errmsg":"` + digits + `"}`},
		"an error of theirs": {500, `{"error":"` + digits + `"}`},
		"a gateway's":        {503, "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(x.status)
				_, _ = w.Write([]byte(x.body)) // whoever has read enough leaves
			}))
			defer server.Close()
			d := open(t, server.URL)
			for verb, try := range map[string]func(context.Context) error{
				"devices": func(ctx context.Context) error { _, err := d.Devices(ctx); return err },
				"observe": func(ctx context.Context) error {
					_, err := d.Observe(ctx, device, driver.Known{Refs: []lock.Ref{ref}})
					return err
				},
				"set":   func(ctx context.Context) error { _, err := d.Set(ctx, device, want, ""); return err },
				"clear": func(ctx context.Context) error { return d.Clear(ctx, device, ref) },
			} {
				err := try(t.Context())
				e, ok := errors.AsType[*driver.Error](err)
				switch {
				case !ok:
					t.Errorf("%s: %v is no *driver.Error", verb, err)
				case e.Kind == driver.Ambiguous && (!first || verb == "devices" || verb == "observe"):
					t.Errorf("%s: nothing was written, and the error is ambiguous", verb)
				}
				for _, secret := range append([]string{digits, server.URL, strings.TrimPrefix(server.URL, "http://")}, secrets...) {
					if err != nil && secret != "" && strings.Contains(err.Error(), secret) {
						t.Errorf("%s: the error tells digits, a secret or an address", verb)
					}
				}
			}
		})
	}
}
