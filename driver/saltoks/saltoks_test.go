package saltoks_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/saltoks"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/saltoks"
	"github.com/accesscodes/lockctl/sim/rig"
)

// hotel is a driver before a simulated site, with real HTTP between them, in a year that only the fleet's clock knows.
type hotel struct {
	t       *testing.T
	leap    *facade.Leap
	server  *httptest.Server
	cloud   *cloud.Cloud
	secrets *provider.MemorySecrets
	log     bytes.Buffer
	rig     *conform.Rig
}

func open(t *testing.T) *hotel {
	t.Helper()
	h := &hotel{t: t, secrets: &provider.MemorySecrets{}}
	var err error
	h.leap, err = facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "salto", Account: "hotel", Name: "Front door", Hub: "iq", Slots: 8},
	}})
	drivertest.Must(t, err)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		h.cloud, err = cloud.New(f, "hotel")
		h.server = httptest.NewServer(facade.Handler(h.leap, h.cloud))
		return err
	}))
	t.Cleanup(h.server.Close)
	far := &rig.Far{Do: h.leap.Do, Pass: func() { h.leap.Pass(6 * time.Minute) }, Lock: "front", Hub: "iq", Account: "hotel", Async: true}
	h.rig = &conform.Rig{Driver: h.login(cloud.Password("hotel")), Far: far, Hub: true, Now: h.leap.Now, Log: h.log.String}
	h.app(`{"role_delay":0,"member_takes":45,"schedule_takes":210}`)
	all, err := h.rig.Driver.Devices(t.Context())
	drivertest.Must(t, err)
	h.rig.Device = all[0].ID
	return h
}

// app does something as the site's administrator.
func (h *hotel) app(habits string) {
	h.t.Helper()
	drivertest.Must(h.t, h.leap.Do(func(*sim.Fleet) error {
		_, err := h.cloud.Accustom(func(v any) error { return json.Unmarshal([]byte(habits), v) })
		return err
	}))
}

func (h *hotel) login(password string) driver.Driver {
	h.t.Helper()
	return login(h.t, h.server.URL, h.leap.Now, &h.log, h.secrets, password)
}

func login(t *testing.T, base string, now func() time.Time, log io.Writer, secrets provider.Secrets, password string) driver.Driver {
	t.Helper()
	env := provider.Env{HTTP: &http.Client{}, Now: now, Secrets: secrets, Log: drivertest.Log(log)}
	d, err := saltoks.Provider().Open(t.Context(), env, provider.Account{
		ID: "hotel", Texts: map[string]string{"base_url": base, "client_id": cloud.ClientID("hotel"), "username": cloud.Username("hotel")},
		Secrets: map[string]string{"client_secret": cloud.ClientSecret("hotel"), "password": password},
	})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func TestConforms(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t).rig })
}
