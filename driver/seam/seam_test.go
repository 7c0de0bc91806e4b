package seam_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/seam"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/seam"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is a simulated workspace, in a year that only the fleet's clock knows.
type house struct {
	t      *testing.T
	leap   *facade.Leap
	cloud  *cloud.Cloud
	server *httptest.Server
	log    *bytes.Buffer
	posts  []driver.Inbound
}

func build(t *testing.T, model string) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: model, Account: "house", Name: "Front door", Hub: "bridge"}, {ID: "back", Model: model, Account: "house", Name: "Back door", Hub: "bridge"},
	}})
	drivertest.Must(t, err)
	h := &house{t: t, leap: leap, log: &bytes.Buffer{}}
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		if h.cloud, err = cloud.New(f, "house"); err != nil {
			return err
		}
		f.OnNotice(func(n driver.Notice) {
			for _, p := range h.cloud.Push(n.Device) {
				h.posts = append(h.posts, driver.Inbound{Method: http.MethodPost, Header: p.Header, Body: p.Body})
			}
		})
		h.server = httptest.NewServer(facade.Handler(leap, h.cloud))
		return nil
	}))
	t.Cleanup(h.server.Close)
	leap.Pass(time.Minute) // the service has looked at its locks
	return h
}

func (h *house) open(p provider.Provider) driver.Driver {
	h.t.Helper()
	d, err := p.Open(h.t.Context(), h.env(), h.account())
	drivertest.Must(h.t, err)
	h.t.Cleanup(func() { drivertest.Must(h.t, d.Close()) })
	return d
}

func (h *house) env() provider.Env {
	return provider.Env{
		HTTP: h.server.Client(), Now: h.leap.Now, Secrets: &provider.MemorySecrets{}, Log: drivertest.Log(h.log),
	}
}

func (h *house) account() provider.Account {
	return provider.Account{ID: "house", Texts: map[string]string{"base_url": h.server.URL}, Secrets: map[string]string{"api_key": cloud.Key("house")}}
}

func (h *house) rig(d driver.Driver) *conform.Rig {
	h.t.Helper()
	r := &conform.Rig{Driver: d, Hub: true, Now: h.leap.Now, Log: h.log.String, Far: &rig.Far{
		Do: h.leap.Do, Pass: func() { h.leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house", Hub: "bridge", Async: true,
		Posted: func() []driver.Inbound { all := h.posts; h.posts = nil; return all },
	}}
	r.Device = drivertest.Find(h.t, d, "Front door").ID
	return r
}

// Lockly's locks know no windows; August's, which the same service reaches, do; Oracode's are told nothing at all.
func TestConforms(t *testing.T) {
	for model, p := range map[string]provider.Provider{"lockly": seam.Lockly(), "oracode": seam.Oracode(), "august": seam.Provider()} {
		t.Run(model, func(t *testing.T) {
			drivertest.Run(t, func(t *testing.T) *conform.Rig {
				h := build(t, model)
				return h.rig(h.open(p))
			})
		})
	}
}

// A page of the service's links an account, once somebody has opened it.
func TestLinkingAnAccount(t *testing.T) {
	h := build(t, "lockly")
	p := seam.Lockly()
	ask := func(visit bool) provider.Ask {
		return func(ctx context.Context, q provider.Question) (string, error) {
			if !visit {
				return "", nil
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
			if err != nil {
				return "", err
			}
			res, err := h.server.Client().Do(req)
			if err != nil {
				return "", err
			}
			return "", res.Body.Close()
		}
	}
	if err := p.SignIn(t.Context(), h.env(), h.account(), ask(false)); err == nil {
		t.Error("a page that nobody has opened has linked an account")
	}
	drivertest.Must(t, p.SignIn(t.Context(), h.env(), h.account(), ask(true)))
	wrong := h.account()
	wrong.Secrets = map[string]string{"api_key": "seam_wrong"}
	err := p.SignIn(t.Context(), h.env(), wrong, ask(true))
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized {
		t.Errorf("a wrong key gives %v", err)
	}
}

// The page that a person is sent to is a whole address, also where the service tells only the end of it.
func TestThePageThatLinksIsAWholeAddress(t *testing.T) {
	for told, want := range map[string]string{
		"/view?id=1": "http://service.example/view?id=1", "https://pages.example/view": "https://pages.example/view", "": "", "javascript:alert(1)": "", "http://[": "",
	} {
		env := provider.Env{Now: time.Now, HTTP: &http.Client{Transport: drivertest.Said{Body: fmt.Sprintf(`{"connect_webview":{"connect_webview_id":"1","url":%q,"status":"authorized"}}`, told)}}}
		asked := ""
		err := seam.Lockly().SignIn(t.Context(), env, provider.Account{
			ID: "house", Texts: map[string]string{"base_url": "http://service.example"}, Secrets: map[string]string{"api_key": "k"},
		}, func(_ context.Context, q provider.Question) (string, error) { asked = q.URL; return "", nil })
		if asked != want || (err == nil) != (want != "") {
			t.Errorf("%q sends to %q: %v", told, asked, err)
		}
	}
}

// Ten creations of a device are taken in a minute; the eleventh is held back here.
func TestTheServicesLimits(t *testing.T) {
	h := build(t, "lockly")
	d := h.open(seam.Lockly())
	r := h.rig(d)
	for n := range 11 {
		pin := drivertest.PIN(t, fmt.Sprint(482900+n))
		_, err := d.Set(t.Context(), r.Device, lock.Credential{Code: "c", Name: fmt.Sprint("Guest ", n), PIN: pin, Enabled: true}, "")
		e, _ := errors.AsType[*driver.Error](err)
		if held := e != nil && e.Kind == driver.Throttled && e.RetryAfter > 0 && e.RetryAfter <= time.Minute; held != (n == 10) {
			t.Fatalf("creation %d: %v", n+1, err)
		}
	}
}

// A code that finds no room says so when it is asked for again.
func TestACodeWithoutRoom(t *testing.T) {
	h := build(t, "lockly")
	d := h.open(seam.Lockly())
	r := h.rig(d)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "front", Kind: "slots-full"}); return err }))
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	held, err := d.Set(t.Context(), r.Device, want, "")
	drivertest.Must(t, err)
	r.Far.Settle()
	_, err = d.Set(t.Context(), r.Device, want, held.Ref)
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Full {
		t.Errorf("asked for again: %v", err)
	}
}

// A hub that is away is what is blamed, and in the time that a call has: also when the service has given up to ask each of its locks.
func TestAHubThatIsAway(t *testing.T) {
	h := build(t, "lockly")
	d := h.open(seam.Lockly())
	r := h.rig(d)
	drivertest.Must(t, r.Far.Trouble(r.Device, conform.HubOffline))
	for n := range 12 {
		answers := 0
		drivertest.Must(t, h.leap.Do(func(*sim.Fleet) error {
			for _, id := range []string{"front", "back"} {
				h.cloud.Serve(facade.Request{
					Method: http.MethodPost, Path: "/devices/get", Body: []byte(`{"device_id":"` + id + `"}`),
					Header: http.Header{"Authorization": {"Bearer " + cloud.Key("house")}, "Content-Type": {"application/json"}},
				}, func(x facade.Reply) {
					if answers++; x.Status != http.StatusOK {
						t.Errorf("status %d", x.Status)
					}
				})
			}
			return nil
		}))
		h.leap.Pass(engine.DefaultPolicy().CallTimeout / 2)
		if answers != 2 {
			t.Errorf("round %d: %d answers to two questions at once", n, answers)
		}
		o, err := d.Observe(t.Context(), r.Device, driver.Known{})
		if drivertest.Must(t, err); o.Reach != lock.HubDown {
			t.Errorf("round %d: reach %d", n, o.Reach)
		}
	}
}

// ask makes a request as a stranger does, and lets a minute pass.
func (h *house) ask(path, body string) map[string]any {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(body))
	drivertest.Must(h.t, err)
	req.Header.Set("Authorization", "Bearer "+cloud.Key("house"))
	req.Header.Set("Content-Type", "application/json")
	res, err := h.server.Client().Do(req)
	drivertest.Must(h.t, err)
	var said map[string]any
	drivertest.Must(h.t, json.NewDecoder(res.Body).Decode(&said))
	drivertest.Must(h.t, res.Body.Close())
	if said["ok"] != true {
		h.t.Fatalf("%s: %v", path, said)
	}
	h.leap.Pass(time.Minute)
	return said
}

// The service's API for tests breaks and mends what is behind it, as in a sandbox: a stranger's program needs nothing else.
func TestTheSandbox(t *testing.T) {
	h := build(t, "lockly")
	d := h.open(seam.Lockly())
	r := h.rig(d)
	ask := h.ask
	reach := func(want lock.Reach) {
		t.Helper()
		o, err := d.Observe(t.Context(), r.Device, driver.Known{})
		if drivertest.Must(t, err); o.Reach != want {
			t.Errorf("the reach is %d, not %d", o.Reach, want)
		}
	}
	const door = `{"device_id":"front"}`
	ask("/devices/simulate/disconnect", door)
	reach(lock.LockDown)
	ask("/devices/simulate/connect", door)
	reach(lock.Reached)
	ask("/devices/simulate/disconnect_from_hub", door)
	reach(lock.HubDown)
	ask("/devices/simulate/connect_to_hub", door)
	reach(lock.Reached)
	ask("/access_codes/simulate/create_unmanaged_access_code", `{"device_id":"front","name":"Resident","code":"771199"}`)
	if o, err := d.Observe(t.Context(), r.Device, driver.Known{}); err != nil || len(o.Held) != 1 || o.Held[0].Name != "Resident" {
		t.Errorf("the list has %+v, %v", o.Held, err)
	}
	if said := ask("/locks/simulate/keypad_code_entry", `{"device_id":"front","code":"771199"}`); said["opens"] != true {
		t.Errorf("the keypad says %v", said)
	}
	ask("/connected_accounts/simulate/disconnect", `{"connected_account_id":"house"}`)
	reach(lock.AccountDown)
}

// What the brands have names of their own for: locks without a bridge, and a site that its vendor has cut off, until it is linked anew.
func TestErrorsOfBrands(t *testing.T) {
	for model, x := range map[string]struct {
		p            provider.Provider
		habits, says string
		want         lock.Reach
	}{
		"lockly":  {seam.Lockly(), `{"missing_bridge":true}`, "lockly_missing_wifi_bridge", lock.HubDown},
		"oracode": {seam.Oracode(), `{"disconnected":true}`, "dormakaba_sites_disconnected", lock.AccountDown},
	} {
		h := build(t, model)
		d := h.open(x.p)
		r := h.rig(d)
		_, err := h.cloud.Accustom(func(v any) error { return json.Unmarshal([]byte(x.habits), v) })
		drivertest.Must(t, err)
		h.leap.Pass(time.Hour)
		o, err := d.Observe(t.Context(), r.Device, driver.Known{})
		if drivertest.Must(t, err); o.Reach != x.want {
			t.Errorf("%s: the reach is %d", model, o.Reach)
		}
		if said := fmt.Sprint(h.ask("/devices/get", `{"device_id":"front"}`)); !strings.Contains(said, x.says) {
			t.Errorf("%s: %s", model, said)
		}
		drivertest.Must(t, x.p.SignIn(t.Context(), h.env(), h.account(), func(ctx context.Context, q provider.Question) (string, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
			drivertest.Must(t, err)
			res, err := h.server.Client().Do(req)
			drivertest.Must(t, err)
			return "", res.Body.Close()
		}))
		h.leap.Pass(time.Hour)
		o, err = d.Observe(t.Context(), r.Device, driver.Known{})
		if drivertest.Must(t, err); x.want == lock.AccountDown && o.Reach != lock.Reached {
			t.Errorf("%s: after it was linked anew the reach is %d", model, o.Reach)
		}
	}
}
