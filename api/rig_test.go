package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/lab"
	"github.com/accesscodes/lockctl/sim/world"
)

// noon is when every rig starts.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// rig is a server before a simulated house whose clock stands still unless a test moves it.
type rig struct {
	t     *testing.T
	s     *Server
	lab   lab.Lab
	http  *httptest.Server // asks for keys
	keys  *Keys
	clock *clockwork.FakeClock // of the world outside
	key   string               // of a client that may do everything
}

func newRig(t *testing.T, locks ...sim.LockSpec) *rig {
	t.Helper()
	if len(locks) == 0 {
		locks = []sim.LockSpec{{ID: "front", Model: "jit.keypad"}, {ID: "gate", Model: "native.keypad"}}
	}
	records := memkv.New()
	w, err := world.New(t.Context(), world.Options{Name: "house", Seed: 1, Start: noon, Store: records, Spec: sim.Spec{Locks: locks}})
	must(t, err)
	play := world.Start(w, clockwork.NewFakeClock(), 1)
	keys, err := OpenKeys(t.Context(), records)
	must(t, err)
	r := &rig{t: t, keys: keys, lab: play.Lab()}
	r.clock = clockwork.NewFakeClockAt(noon)
	r.s, err = New(t.Context(), Options{Host: play, Lab: r.lab, Keys: keys, Records: records, Clock: r.clock, Workspace: Workspace{"space", "House"}, Random: &chance{}})
	must(t, err)
	r.http = httptest.NewServer(r.s.Keyed())
	t.Cleanup(func() {
		r.http.Close()
		must(t, play.Close())
	})
	r.key = r.newKey("all", Scopes()...)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// chance is a stream that is as good as random for a test, and the same every time.
type chance struct{ n byte }

func (c *chance) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*31 + 7
		p[i] = c.n
	}
	return len(p), nil
}

func (r *rig) newKey(name string, scopes ...Scope) string {
	r.t.Helper()
	token, _, err := r.keys.Create(r.t.Context(), noon, name, scopes, &chance{byte(len(r.keys.all))})
	must(r.t, err)
	return token.Reveal()
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

// at digs a value out of the body: "access_code.status".
func (a answer) at(path string) any {
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// send makes a request with the rig's key.
func (r *rig) send(method, path, body string) answer { return r.sendAs(r.key, method, path, body) }

func (r *rig) sendAs(key, method, path, body string) answer {
	r.t.Helper()
	return r.sendNamed("", key, method, path, body)
}

// sendNamed makes a request with an idempotency key.
func (r *rig) sendNamed(name, key, method, path, body string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.t.Context()), method, r.http.URL+path, strings.NewReader(body))
	must(r.t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if name != "" {
		req.Header.Set(keyHeader, name)
	}
	resp, err := http.DefaultClient.Do(req)
	must(r.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(r.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&a.body); err != nil {
		r.t.Fatalf("%s %s: %d: the answer is no JSON: %q", method, path, resp.StatusCode, raw)
	}
	return a
}

// post makes a request that must succeed. Values in args follow each other as names and values.
func (r *rig) post(path string, args ...any) answer {
	r.t.Helper()
	a := r.send("POST", path, object(args...))
	if a.status != http.StatusOK || a.at("ok") != true {
		r.t.Fatalf("%s: %d %s", path, a.status, a.raw)
	}
	return a
}

func object(args ...any) string {
	m := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	raw, _ := json.Marshal(m)
	return string(raw)
}

// skip lets virtual time go by.
func (r *rig) skip(d time.Duration) {
	r.t.Helper()
	must(r.t, r.lab.SkipTo(r.t.Context(), r.s.host.Now().Add(d)))
}

// opens types digits at a lock's keypad.
func (r *rig) opens(id lock.DeviceID, code any) bool {
	r.t.Helper()
	pin, err := lock.ParsePIN(code.(string))
	must(r.t, err)
	try, err := r.lab.Type(r.t.Context(), id, pin)
	must(r.t, err)
	return try.Opens
}

func in(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
