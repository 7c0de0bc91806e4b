package smartthings_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/smartthings"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/smartthings"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is a simulated account, with real HTTP before it, in a year that only the fleet's clock knows.
type house struct {
	t      *testing.T
	leap   *facade.Leap
	cloud  *cloud.Cloud
	server *httptest.Server
	posts  []driver.Inbound
	log    bytes.Buffer
	driver driver.Driver
	door   lock.DeviceID // the front door's name at the driver
}

// Where the front door stands in the account says how its codes are managed.
const (
	legacy = iota
	migrated
	matter
)

func open(t *testing.T, generation int) *house {
	t.Helper()
	spec := sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "smartthings", Account: "house", Hub: "bridge", Name: "Front door"}}}
	for _, before := range []lock.DeviceID{"attic", "back"}[:generation] {
		spec.Locks = append(spec.Locks, sim.LockSpec{ID: before, Model: "smartthings", Account: "house", Hub: "bridge"})
	}
	h := &house{t: t}
	var err error
	h.leap, err = facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, spec)
	drivertest.Must(t, err)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		h.cloud, err = cloud.New(f, "house")
		f.OnNotice(func(n driver.Notice) {
			for _, p := range h.cloud.Push(n.Device) {
				to, _ := url.Parse(p.URL)
				h.posts = append(h.posts, driver.Inbound{Method: http.MethodPost, Path: to.RequestURI(), Header: p.Header, Body: p.Body})
			}
		})
		return err
	}))
	h.server = httptest.NewServer(facade.Handler(h.leap, h.cloud))
	t.Cleanup(h.server.Close)
	h.driver = h.login(&provider.MemorySecrets{})
	all, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	if len(all) != generation+1 {
		t.Fatalf("%d locks are listed", len(all))
	}
	for _, d := range all {
		if d.Name == "Front door" {
			h.door = d.ID
		}
	}
	return h
}

// secrets are those of the app.
func secrets() map[string]string {
	return map[string]string{"client_secret": cloud.ClientSecret("house"), "refresh_token": cloud.RefreshToken("house")}
}

func (h *house) login(s provider.Secrets) driver.Driver {
	return h.as(s, provider.Account{Texts: map[string]string{"client_id": cloud.ClientID("house")}, Secrets: secrets()})
}

// as signs in as somebody.
func (h *house) as(s provider.Secrets, a provider.Account) driver.Driver {
	h.t.Helper()
	if a.Texts == nil {
		a.Texts = map[string]string{}
	}
	a.ID, a.Texts["base_url"], a.Texts["zone"] = "house", h.server.URL, "Europe/Vienna"
	d, err := smartthings.Provider().Open(h.t.Context(), h.env(s), a)
	drivertest.Must(h.t, err)
	h.t.Cleanup(func() { drivertest.Must(h.t, d.Close()) })
	return d
}

func (h *house) env(s provider.Secrets) provider.Env {
	return provider.Env{HTTP: h.server.Client(), Now: h.leap.Now, Secrets: s, Log: drivertest.Log(&h.log)}
}

// ask makes a request as a person who has a token of a day.
func (h *house) ask(method, path, body string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, strings.NewReader(body))
	drivertest.Must(h.t, err)
	req.Header.Set("Authorization", "Bearer "+cloud.PersonalToken("house"))
	res, err := h.server.Client().Do(req)
	drivertest.Must(h.t, err)
	text, err := io.ReadAll(res.Body)
	drivertest.Must(h.t, err)
	drivertest.Must(h.t, res.Body.Close())
	return res.StatusCode, string(text)
}

// listen has the app's events posted to the driver, which the vendor asks first.
func (h *house) listen() {
	h.t.Helper()
	if status, text := h.ask(http.MethodPut, "/apps/lockctl", `{"apiOnly":{"targetUrl":"https://locks.example.org/hooks/a"}}`); status != http.StatusOK {
		h.t.Fatal(status, text)
	}
	h.leap.Pass(5 * time.Second)
	if len(h.posts) != 1 {
		h.t.Fatalf("%d posts ask for a confirmation", len(h.posts))
	}
	if reply, _, err := h.driver.(driver.Receiver).Receive(h.t.Context(), h.posts[0]); err != nil || reply.Status != http.StatusOK {
		h.t.Fatal(reply.Status, err)
	}
	h.posts = nil
}

func (h *house) rig() *conform.Rig {
	h.listen()
	far := &rig.Far{
		Do: h.leap.Do, Pass: func() { h.leap.Pass(3 * time.Minute) }, Lock: "front", Hub: "bridge", Account: "house", Async: true,
		Posted: func() []driver.Inbound { all := h.posts; h.posts = nil; return all },
	}
	return &conform.Rig{Driver: h.driver, Far: far, Device: h.door, Hub: true, Now: h.leap.Now, Log: h.log.String}
}

func TestConforms(t *testing.T) {
	for name, generation := range map[string]int{"lockCodes": legacy, "lockCredentials": migrated, "matter": matter} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t, generation).rig() })
		})
	}
}
