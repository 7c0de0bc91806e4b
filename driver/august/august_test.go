package august_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/august"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/august"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is a simulated account, in a year that only the fleet's clock knows.
type house struct {
	t       *testing.T
	vendor  provider.Provider
	leap    *facade.Leap
	cloud   *cloud.Cloud
	server  *httptest.Server
	posts   []driver.Inbound
	log     *bytes.Buffer
	secrets *provider.MemorySecrets
}

func build(t *testing.T, vendor provider.Provider, brand cloud.Brand) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{
		Accounts: []sim.AccountSpec{{ID: "house", Latency: 5 * time.Millisecond}}, // quick enough to ask for too much
		Locks:    []sim.LockSpec{{ID: "front", Model: vendor.Name, Account: "house", Name: "Front door", Hub: "bridge"}, {ID: "back", Model: vendor.Name, Account: "house"}},
	})
	drivertest.Must(t, err)
	h := &house{t: t, vendor: vendor, leap: leap, log: &bytes.Buffer{}, secrets: &provider.MemorySecrets{}}
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		if h.cloud, err = cloud.New(f, "house", brand); err != nil {
			return err
		}
		f.OnNotice(func(n driver.Notice) {
			for _, p := range h.cloud.Push(n.Device) {
				_, path, _ := strings.Cut(p.URL, "example.org")
				h.posts = append(h.posts, driver.Inbound{Method: http.MethodPost, Path: path, Header: p.Header, Body: p.Body})
			}
		})
		h.server = httptest.NewServer(facade.Handler(leap, h.cloud))
		return nil
	}))
	t.Cleanup(h.server.Close)
	return h
}

func (h *house) env() provider.Env {
	return provider.Env{
		HTTP: h.server.Client(), Now: h.leap.Now, Rand: bytes.NewReader(bytes.Repeat([]byte{7, 1, 9, 4}, 64)), Secrets: h.secrets,
		Log: drivertest.Log(h.log),
	}
}

// session is an account that signs in with a password.
func (h *house) session(texts map[string]string) provider.Account {
	all := map[string]string{"base_url": h.server.URL, "auth_url": h.server.URL + "/authorization", "identifier": cloud.Identifier("house")}
	maps.Copy(all, texts)
	return provider.Account{ID: "house", Texts: all, Secrets: map[string]string{"api_key": cloud.Key("house"), "password": cloud.Password("house")}}
}

// partner is an account that signs in by OAuth.
func (h *house) partner() provider.Account {
	return provider.Account{
		ID: "house", Texts: map[string]string{
			"base_url": h.server.URL, "auth_url": h.server.URL + "/authorization", "client_id": cloud.Client("house"), "redirect_uri": "https://example.org/back?at=1",
		}, Secrets: map[string]string{"api_key": cloud.Key("house"), "client_secret": cloud.ClientSecret("house")},
	}
}

// quirk has the cloud tell of the front door in that way.
func (h *house) quirk(q cloud.Quirks) error {
	_, err := h.cloud.Accustom(func(x any) error {
		x.(*cloud.Habits).Locks["front"] = q
		return nil
	})
	return err
}

// agree is a person who signs in with a browser and copies the address that it ends at.
func (h *house) agree(ctx context.Context, q provider.Question) (string, error) {
	client := *h.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return res.Header.Get("Location"), res.Body.Close()
}

func (h *house) open(a provider.Account) driver.Driver {
	h.t.Helper()
	d, err := h.vendor.Open(h.t.Context(), h.env(), a)
	drivertest.Must(h.t, err)
	h.t.Cleanup(func() { drivertest.Must(h.t, d.Close()) })
	return d
}

func (h *house) rig(d driver.Driver) *conform.Rig {
	h.t.Helper()
	far := &rig.Far{
		Do: h.leap.Do, Pass: func() { h.leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house", Hub: "bridge", Async: true,
		Posted: func() []driver.Inbound { all := h.posts; h.posts = nil; return all },
	}
	r := &conform.Rig{Driver: d, Far: far, Hub: true, Unsigned: true, Now: h.leap.Now, Log: h.log.String}
	r.Device = drivertest.Find(h.t, d, "Front door").ID
	return r
}

// August is tried as a partner, Yale with a password.
func TestConforms(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig {
		h := build(t, august.Provider(), cloud.August)
		drivertest.Must(t, h.vendor.SignIn(t.Context(), h.env(), h.partner(), h.agree))
		return h.rig(h.open(h.partner()))
	})
}

// A session has no webhooks: everything else is as with a partner.
func TestYaleConforms(t *testing.T) {
	for _, c := range conform.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			h := build(t, august.Yale(), cloud.YaleHome)
			d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
			if c.Name == "push" {
				err := d.(driver.Subscriber).Subscribe(t.Context(), "https://locks.example.org/hooks/a")
				if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unsupported {
					t.Errorf("a session is given webhooks: %v", err)
				}
				return
			}
			if err := conform.Check(t.Context(), c, h.rig(d)); err != nil {
				t.Errorf("%s: %v", c.Clause, err)
			}
		})
	}
}

// The headers of one brand are not those of another.
func TestEachBrandHasItsHeaders(t *testing.T) {
	for brand, of := range map[string]cloud.Brand{"yale_home": cloud.YaleHome, "yale_access": cloud.YaleAccess} {
		for _, asked := range []string{"yale_home", "yale_access"} {
			h := build(t, august.Yale(), of)
			_, err := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house"), "brand": asked})).Devices(t.Context())
			e, ok := errors.AsType[*driver.Error](err)
			if brand == asked && err != nil || brand != asked && (!ok || e.Kind != driver.Unauthorized) {
				t.Errorf("a driver of %s at %s: %v", asked, brand, err)
			}
		}
	}
}

// Whoever signs in for the first time is asked for the code that the vendor sends, and never again.
func TestSigningInWithACode(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	a := h.session(nil)
	d := h.open(a)
	_, err := d.Devices(t.Context())
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount {
		t.Fatalf("before anybody has signed in: %v", err)
	}
	wrong := func(context.Context, provider.Question) (string, error) { return "000000", nil }
	if err := h.vendor.SignIn(t.Context(), h.env(), a, wrong); err == nil || !strings.Contains(err.Error(), "does not take that code") {
		t.Errorf("a wrong code gives %v", err)
	}
	asked := 0
	right := func(context.Context, provider.Question) (string, error) { asked++; return h.cloud.Sent(), nil }
	drivertest.Must(t, h.vendor.SignIn(t.Context(), h.env(), a, right))
	all, err := d.Devices(t.Context())
	drivertest.Must(t, err)
	if asked != 1 || len(all) != 2 {
		t.Errorf("asked %d times, and %d locks are listed", asked, len(all))
	}
	h.leap.Pass(200 * 24 * time.Hour) // the session is over, and is begun again without a person
	_, err = d.Devices(t.Context())
	drivertest.Must(t, err)
	a.Secrets["password"] = "another"
	if err := h.vendor.SignIn(t.Context(), h.env(), a, right); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("a wrong password gives %v", err)
	}
}

// A refresh token is spent by its use, and the next one is kept.
func TestAPartnersTokensAreRenewed(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	drivertest.Must(t, h.vendor.SignIn(t.Context(), h.env(), h.partner(), h.agree))
	for range 3 {
		h.leap.Pass(200 * 24 * time.Hour)
		_, err := h.open(h.partner()).Devices(t.Context())
		drivertest.Must(t, err)
	}
	other := func(ctx context.Context, q provider.Question) (string, error) {
		back, err := h.agree(ctx, q)
		u, _ := url.Parse(back)
		v := u.Query()
		v.Set("state", "of somebody else")
		u.RawQuery = v.Encode()
		return u.String(), err
	}
	if err := h.vendor.SignIn(t.Context(), h.env(), h.partner(), other); err == nil {
		t.Error("an address of another attempt is taken")
	}
}

// The vendor holds off whoever sends more than 40 batches in ten seconds; this driver does not get that far, and reads on.
func TestNoMoreBatchesThanTheVendorTakes(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	drivertest.Must(t, h.vendor.SignIn(t.Context(), h.env(), h.partner(), h.agree))
	d := h.open(h.partner())
	r := h.rig(d)
	written := 0
	write := func() *driver.Error {
		written++
		pin := drivertest.PIN(t, fmt.Sprint(482900+written))
		_, err := d.Set(t.Context(), r.Device, lock.Credential{Code: lock.CodeID(fmt.Sprint(written)), PIN: pin, Enabled: true}, "")
		e, _ := errors.AsType[*driver.Error](err)
		return e
	}
	for n := range 60 {
		e := write()
		if back := e != nil && e.Kind == driver.Throttled && strings.Contains(e.Vendor, "held back") && e.RetryAfter <= 10*time.Second; back != (n >= 40) {
			t.Fatalf("batch %d: %v", n, e)
		}
	}
	_, err := d.Observe(t.Context(), r.Device, driver.Known{})
	drivertest.Must(t, err)
	h.leap.Pass(10 * time.Second)
	if e := write(); e != nil {
		t.Errorf("ten seconds later: %v", e)
	}
	// Another driver, which knows nothing of what was sent, is told by the vendor, and then leaves it alone.
	for range 45 {
		d = h.open(h.partner())
		if e := write(); e != nil && e.Vendor == "429" {
			if e.RetryAfter != 10*time.Minute {
				t.Errorf("the vendor holds off for %v", e.RetryAfter)
			}
			break
		}
	}
	if e := write(); e == nil || e.Kind != driver.Throttled || e.Vendor == "429" || e.RetryAfter < 9*time.Minute {
		t.Errorf("while the vendor holds off: %v", e)
	}
}

// How the vendor has been seen to tell of locks.
func TestLocksOfManyKinds(t *testing.T) {
	for name, x := range map[string]struct {
		quirks cloud.Quirks
		listed bool
		native bool
		reach  lock.Reach
	}{
		"as usual":                 {cloud.Quirks{}, true, true, lock.Reached},
		"no bridge":                {cloud.Quirks{NoBridge: true}, true, true, lock.HubDown},
		"operative without status": {cloud.Quirks{NoBridgeStatus: true}, true, true, lock.Reached},
		"no keypad of its own":     {cloud.Quirks{NoKeypad: true}, true, true, lock.Reached},
		"no keypad":                {cloud.Quirks{NoKeypad: true, NoEntryCodes: true}, false, true, lock.Reached},
		"the first generation":     {cloud.Quirks{FirstGeneration: true}, true, false, lock.Reached},
		"battery unknown":          {cloud.Quirks{NoBattery: true}, true, true, lock.Reached},
		"a guest's":                {cloud.Quirks{NotOwner: true}, false, true, lock.Reached},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t, august.Provider(), cloud.August)
			d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
			r := h.rig(d)
			drivertest.Must(t, h.leap.Do(func(*sim.Fleet) error { return h.quirk(x.quirks) }))
			all, err := d.Devices(t.Context())
			drivertest.Must(t, err)
			listed := false
			for _, v := range all {
				if v.ID == r.Device {
					listed = true
					if v.Traits.NativeSchedule != x.native {
						t.Errorf("native is %v", v.Traits.NativeSchedule)
					}
				}
			}
			o, err := d.Observe(t.Context(), r.Device, driver.Known{})
			drivertest.Must(t, err)
			if listed != x.listed || o.Reach != x.reach || o.Battery.Known == x.quirks.NoBattery {
				t.Errorf("listed %v, reach %d, battery %v", listed, o.Reach, o.Battery)
			}
			w := lock.Window{From: h.leap.Now(), To: h.leap.Now().Add(time.Hour)}
			_, err = d.Set(t.Context(), r.Device, lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true, Window: w}, "")
			e, ok := errors.AsType[*driver.Error](err)
			if can := x.listed && x.native && x.reach == lock.Reached && !x.quirks.NoKeypad; can != !ok || ok && !e.Kind.Definite() {
				t.Errorf("a code is answered with %v", err)
			}
		})
	}
}

func TestTheBoltMoves(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
	r := h.rig(d)
	bolt := d.(driver.Bolt)
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), r.Device))
		r.Far.Settle()
	}
	o, err := d.Observe(t.Context(), r.Device, driver.Known{})
	drivertest.Must(t, err)
	if len(o.Entries) != 2 || o.Entries[0].Kind != lock.Opened || o.Entries[1].Kind != lock.Locked {
		t.Errorf("the log tells %+v", o.Entries)
	}
	for status, kind := range map[int]driver.Kind{408: driver.Offline, 423: driver.Throttled, 460: driver.Throttled, 530: driver.Rejected, 550: driver.Rejected, 560: driver.Ambiguous} {
		drivertest.Must(t, h.leap.Do(func(*sim.Fleet) error { return h.quirk(cloud.Quirks{Operate: status}) }))
		if e, ok := errors.AsType[*driver.Error](bolt.Lock(t.Context(), r.Device)); !ok || e.Kind != kind || e.Blame != driver.BlameLock && e.Blame != driver.BlameHub {
			t.Errorf("status %d gives %v", status, e)
		}
	}
}
