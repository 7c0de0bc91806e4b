package ttlock_test

import (
	"bytes"
	"encoding/json"
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
	"github.com/accesscodes/lockctl/driver/ttlock"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/ttlock"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is a driver before a simulated account, with real HTTP between them, in a year that only the fleet's clock knows.
type house struct {
	t       *testing.T
	leap    *facade.Leap
	server  *httptest.Server
	secrets *provider.MemorySecrets
	posts   []driver.Inbound
	log     bytes.Buffer
	rig     *conform.Rig
}

// open builds a house whose front door hangs on that hub; "": on Wi-Fi.
func open(t *testing.T, hub lock.HubID, queues string) *house {
	t.Helper()
	h := &house{t: t, secrets: &provider.MemorySecrets{}}
	var err error
	h.leap, err = facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "ttlock", Account: "house", Name: "Front door", Hub: hub, Slots: 8}, {ID: "back", Model: "ttlock", Account: "house", Hub: "cellar"},
	}})
	drivertest.Must(t, err)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		c, err := cloud.New(f, "house")
		if err != nil {
			return err
		}
		f.OnNotice(func(n driver.Notice) {
			for _, p := range c.Push(n.Device) {
				h.posts = append(h.posts, driver.Inbound{Method: http.MethodPost, Header: p.Header, Body: p.Body})
			}
		})
		h.server = httptest.NewServer(facade.Handler(h.leap, c))
		return nil
	}))
	t.Cleanup(h.server.Close)
	h.hand("/console/callback", url.Values{"url": {"https://locks.example.org/hooks/house/secret"}})
	far := &rig.Far{
		Do: h.leap.Do, Pass: func() { h.leap.Pass(2 * time.Minute) }, Lock: "front", Hub: hub, Account: "house", Async: true,
		Posted: func() []driver.Inbound { all := h.posts; h.posts = nil; return all },
	}
	h.rig = &conform.Rig{Driver: h.login(cloud.Password("house"), queues), Far: far, Hub: hub != "", Unsigned: true, Now: h.leap.Now, Log: h.log.String}
	h.rig.Device = drivertest.Find(t, h.rig.Driver, "Front door").ID
	return h
}

func (h *house) login(password, queues string) driver.Driver {
	h.t.Helper()
	d := login(h.t, h.server.URL, h.leap.Now, &h.log, h.secrets, map[string]string{"power_saving": queues, "zone": "Europe/Berlin"}, password)
	return d
}

func login(t *testing.T, base string, now func() time.Time, log io.Writer, secrets provider.Secrets, texts map[string]string, password string) driver.Driver {
	t.Helper()
	texts["client_id"], texts["username"], texts["base_url"] = cloud.ClientID("house"), cloud.Username("house"), base
	env := provider.Env{HTTP: &http.Client{}, Now: now, Secrets: secrets, Log: drivertest.Log(log)}
	d, err := ttlock.Provider().Open(t.Context(), env, provider.Account{
		ID: "house", Texts: texts, Secrets: map[string]string{"client_secret": cloud.ClientSecret("house"), "password": password},
	})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

// hand does something in the vendor's console or app.
func (h *house) hand(path string, form url.Values) map[string]any {
	h.t.Helper()
	form.Set("clientId", cloud.ClientID("house"))
	form.Set("clientSecret", cloud.ClientSecret("house"))
	res, err := http.PostForm(h.server.URL+path, form)
	drivertest.Must(h.t, err)
	var said map[string]any
	drivertest.Must(h.t, json.NewDecoder(res.Body).Decode(&said))
	drivertest.Must(h.t, res.Body.Close())
	return said
}

// number is the vendor's of the front door.
func (h *house) number() string { return strings.TrimPrefix(string(h.rig.Device), "ttlock-") }

func TestConformsBehindAGateway(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t, "porch", "").rig })
}

func TestConformsOnWiFi(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t, "", "").rig })
}

// A lock that saves power is written through the vendor's queue.
func TestConformsWhileItSavesPower(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig {
		h := open(t, "", "all")
		h.hand("/app/lock", url.Values{"lockId": {h.number()}, "powerSaving": {"1"}})
		return h.rig
	})
}
