package hubitat_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/hubitat"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/hubitat"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is a simulated hub, with real HTTP before it, in a year that only the fleet's clock knows.
type house struct {
	t      *testing.T
	leap   *facade.Leap
	hub    *cloud.Cloud
	server *httptest.Server
	posts  []driver.Inbound
	log    bytes.Buffer
	driver driver.Driver
	door   lock.DeviceID // the front door's name at the driver
}

func open(t *testing.T, how func(*cloud.Cloud), texts map[string]string) *house {
	t.Helper()
	h := &house{t: t}
	var err error
	h.leap, err = facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "hubitat", Account: "house", Hub: "bridge", Name: "Front door"}, {ID: "side", Model: "hubitat", Account: "house", Hub: "bridge"},
	}})
	drivertest.Must(t, err)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		h.hub, err = cloud.New(f, "house")
		f.OnNotice(func(n driver.Notice) {
			for _, p := range h.hub.Push(n.Device) {
				h.posts = append(h.posts, driver.Inbound{Method: http.MethodPost, Header: p.Header, Body: p.Body})
			}
		})
		if how != nil {
			how(h.hub)
		}
		return err
	}))
	h.server = httptest.NewServer(facade.Handler(h.leap, h.hub))
	t.Cleanup(h.server.Close)
	settings := map[string]string{"base_url": h.server.URL, "app_id": cloud.AppID, "zone": "Europe/Vienna"}
	for name, text := range texts {
		settings[name] = text
	}
	h.driver, err = hubitat.Provider().Open(t.Context(), provider.Env{
		HTTP: h.server.Client(), Now: h.leap.Now, Log: drivertest.Log(&h.log),
	}, provider.Account{ID: "house", Texts: settings, Secrets: map[string]string{"token": cloud.Token("house")}})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, h.driver.Close()) })
	all, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	if len(all) != 2 {
		t.Fatalf("%d locks are listed", len(all))
	}
	h.door = all[0].ID
	return h
}

func (h *house) rig() *conform.Rig {
	far := &rig.Far{
		Do: h.leap.Do, Pass: func() { h.leap.Pass(3 * time.Minute) }, Lock: "front", Hub: "bridge", Account: "house", Async: true,
		Posted: func() []driver.Inbound { all := h.posts; h.posts = nil; return all },
	}
	return &conform.Rig{Driver: h.driver, Far: far, Device: h.door, Hub: true, AtHub: true, Unsigned: true, Now: h.leap.Now, Log: h.log.String}
}

func TestConforms(t *testing.T) {
	for name, x := range map[string]struct {
		how   func(*cloud.Cloud)
		texts map[string]string
	}{
		"on the local network": {nil, nil},
		"through the relay":    {func(c *cloud.Cloud) { c.AsHTML = true }, map[string]string{"hub": cloud.HubUID, "zeros": "allowed"}},
		"encrypted":            {func(c *cloud.Cloud) { c.Encrypts = true }, nil},
		"nothing told so far":  {func(c *cloud.Cloud) { c.Nulls = true }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t, x.how, x.texts).rig() })
		})
	}
}

// Of a lock that tells nothing of its slots, the slots are given by whoever keeps the books: its list may leave one out.
func TestSlotsThatNobodyTells(t *testing.T) {
	h := open(t, func(c *cloud.Cloud) { c.Nulls = true }, nil)
	all, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	if x := all[0].Traits; x.Slots != 20 || !x.ClientSlots {
		t.Errorf("its traits are %+v", x)
	}
}
