package twon_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/twon"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/twon"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is the driver before simulated devices, with real HTTP between them, in a year that only the fleet's clock knows.
type house struct {
	*conform.Rig
	leap  *facade.Leap
	cloud *cloud.Cloud
	base  string
}

func build(t *testing.T, habits cloud.Habits) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "2n", Account: "house", Name: "Front door", Slots: 20}, {ID: "back", Model: "2n", Account: "house"},
	}})
	drivertest.Must(t, err)
	h := &house{leap: leap}
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		h.cloud, err = cloud.New(f, "house")
		return err
	}))
	h.cloud.Habits = habits
	server := httptest.NewServer(facade.Handler(leap, h.cloud))
	t.Cleanup(server.Close)
	h.base = h.cloud.Addresses(server.URL)
	log := &bytes.Buffer{}
	far := &rig.Far{Do: leap.Do, Pass: func() { leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house"}
	h.Rig = &conform.Rig{Driver: login(t, server.Client(), h.base, leap.Now, log, ""), Far: far, Direct: true, Now: leap.Now, Log: log.String}
	h.Device = drivertest.Find(t, h.Driver, "Front door").ID
	return h
}

func open(t *testing.T) *conform.Rig { return build(t, cloud.Habits{}).Rig }

func login(t *testing.T, client *http.Client, base string, now func() time.Time, log *bytes.Buffer, certificate string) driver.Driver {
	t.Helper()
	user, password := cloud.Login("house")
	env := provider.Env{HTTP: client, Now: now, Rand: rand.Reader, Log: drivertest.Log(log)}
	d, err := twon.Provider().Open(t.Context(), env, provider.Account{
		ID: "house", Texts: map[string]string{"base_url": base, "user": user, "zone": "Europe/Prague", "certificate": certificate}, Secrets: map[string]string{"password": password},
	})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func TestConforms(t *testing.T) { drivertest.Run(t, open) }

// Other ways of signing in, short nonces, other models and firmware change nothing.
func TestConformsWithOtherHabits(t *testing.T) {
	for name, habits := range map[string]cloud.Habits{
		"basic":  {Auth: "basic", Family: "verso", Unique: true, UpperUUIDs: true},
		"legacy": {Auth: "digest without qop", NonceFor: 20},
		"none":   {Full: "EDIR_FULL", NonceFor: 1e-9, Auth: "none"},
		"uni":    {Family: "uni"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "none" { // nothing to sign in to, and a word for a full directory that nobody has told of
				for _, c := range conform.Cases() {
					if c.Name == "set" || c.Name == "clear" || c.Name == "lost reply" {
						drivertest.Must(t, conform.Check(t.Context(), c, build(t, habits).Rig))
					}
				}
				return
			}
			drivertest.Run(t, func(t *testing.T) *conform.Rig { return build(t, habits).Rig })
		})
	}
}

// A model without PINs is given the code of its first switch, and no windows.
func TestAModelWithoutPINs(t *testing.T) {
	h := build(t, cloud.Habits{Family: "uni"})
	all, err := h.Driver.Devices(t.Context())
	drivertest.Must(t, err)
	if len(all) != 2 || all[0].Traits.NativeSchedule || all[0].Traits.OpenEnded {
		t.Errorf("its traits are %+v", all[0].Traits)
	}
}

// A login that lacks a privilege is refused, and the account is blamed; without the log the rest works.
func TestALoginWithoutRights(t *testing.T) {
	for name, habits := range map[string]cloud.Habits{
		"no privilege": {Lacks: []string{"system"}}, "service off": {Off: []string{"system"}}, "TLS alone": {HTTPSOnly: true},
	} {
		leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "2n", Account: "house"}}})
		drivertest.Must(t, err)
		var server *httptest.Server
		drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
			c, err := cloud.New(f, "house")
			c.Habits = habits
			server = httptest.NewServer(facade.Handler(leap, c))
			return err
		}))
		_, err = login(t, server.Client(), server.URL, leap.Now, &bytes.Buffer{}, "").Devices(t.Context())
		if e := drivertest.Error(t, err); e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount {
			t.Errorf("%s gives %v", name, err)
		}
		server.Close()
	}
	h := build(t, cloud.Habits{Off: []string{"logging"}})
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Since: "1930000000 1930000000 7 4"})
	if err != nil || o.Reach != lock.Reached || o.Next != "1930000000 1930000000 7 4" {
		t.Errorf("without the log: %+v, %v", o, err)
	}
}

// What is told of a device is its own clock; one that has just started does not know the time.
func TestTheClockOfADevice(t *testing.T) {
	h := build(t, cloud.Habits{})
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{})
	drivertest.Must(t, err)
	if o.Clock.Sub(h.leap.Now()).Abs() > time.Minute || o.Source != lock.SourceLock || !o.Complete {
		t.Errorf("a look tells %+v", o)
	}
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(sim.Fault{On: "front", Kind: "reset"})
		return err
	}))
	h.leap.Pass(22 * time.Second)
	if o, err = h.Driver.Observe(t.Context(), h.Device, driver.Known{}); err != nil || o.Clock.Year() != 1970 {
		t.Errorf("after a start its clock says %v, %v", o.Clock, err)
	}
}

// After a restart of the device its log begins anew, and what happens then is told once.
func TestTheLogAfterARestart(t *testing.T) {
	h := build(t, cloud.Habits{})
	drivertest.Must(t, h.Far.Add(h.Device, drivertest.PIN(t, "482915"), "By hand"))
	before, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{})
	drivertest.Must(t, err)
	for range 3 {
		_, err := h.Far.Type(h.Device, drivertest.PIN(t, "111111"))
		drivertest.Must(t, err)
	}
	first, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Since: before.Next})
	drivertest.Must(t, err)
	if len(first.Entries) != 3 || first.Entries[0].Kind != lock.Denied || first.Entries[0].Reason != "unknown_code" {
		t.Fatalf("the log tells %+v", first.Entries)
	}
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(sim.Fault{On: "front", Kind: "reset", Args: map[string]float64{"forgets": 0}})
		return err
	}))
	h.leap.Pass(2 * time.Minute)
	if opens, err := h.Far.Type(h.Device, drivertest.PIN(t, "482915")); err != nil || !opens {
		t.Fatal(opens, err)
	}
	second, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Since: first.Next})
	drivertest.Must(t, err)
	if len(second.Entries) != 1 || second.Entries[0].Kind != lock.Opened || len(second.Held) != 1 || second.Entries[0].Ref != second.Held[0].Ref {
		t.Errorf("after the restart the log tells %+v of %+v", second.Entries, second.Held)
	}
}

// A clock that is set, the device's or our own, makes no line of the log come twice, and none be missed. When somebody opened is told by our
// clock.
func TestTheLogWhileClocksAreSet(t *testing.T) {
	h := build(t, cloud.Habits{})
	drivertest.Must(t, h.Far.Add(h.Device, drivertest.PIN(t, "482915"), "By hand"))
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{})
	drivertest.Must(t, err)
	wrong := func(seconds float64) {
		t.Helper()
		drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
			if err := f.Heal("front"); err != nil {
				return err
			}
			_, err := f.Inject(sim.Fault{On: "front", Kind: "clock-jump", Args: map[string]float64{"seconds": seconds}})
			return err
		}))
	}
	for i, off := range []float64{0, 7200, 7200, -7200, 1, 7200} {
		wrong(off)
		h.leap.Pass(10 * time.Minute)
		at := h.leap.Now()
		if opens, err := h.Far.Type(h.Device, drivertest.PIN(t, "482915")); err != nil || !opens {
			t.Fatal(opens, err)
		}
		h.leap.Pass(10 * time.Minute)
		o, err = h.Driver.Observe(t.Context(), h.Device, driver.Known{Since: o.Next})
		if err != nil || len(o.Entries) != 1 || o.Entries[0].Kind != lock.Opened || o.Entries[0].At.Sub(at).Abs() > 10*time.Second {
			t.Errorf("opening %d at %v is told as %+v, %v", i, at, o.Entries, err)
		}
	}
	user, password := cloud.Login("house")
	late, err := twon.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}, Now: func() time.Time { return h.leap.Now().Add(time.Hour) }, Rand: rand.Reader},
		provider.Account{ID: "house", Texts: map[string]string{"base_url": h.base, "user": user}, Secrets: map[string]string{"password": password}})
	drivertest.Must(t, err)
	if o, err = late.Observe(t.Context(), h.Device, driver.Known{Since: o.Next}); err != nil || len(o.Entries) != 0 {
		t.Errorf("after our clock was set it is told anew: %+v, %v", o.Entries, err)
	}
}

// One device that does not answer takes no other from the list, and is found again.
func TestOneOfTwoDevicesIsAway(t *testing.T) {
	h := build(t, cloud.Habits{})
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.LockOffline))
	all, err := h.Driver.Devices(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("%d devices are listed, %v", len(all), err)
	}
	user, password := cloud.Login("house")
	fresh, err := twon.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}, Now: h.leap.Now, Rand: rand.Reader},
		provider.Account{ID: "house", Texts: map[string]string{"base_url": h.base, "user": user}, Secrets: map[string]string{"password": password}})
	drivertest.Must(t, err)
	if _, err := fresh.Devices(t.Context()); err == nil {
		t.Error("a list that lacks a device is told as complete")
	}
	if o, err := fresh.Observe(t.Context(), h.Device, driver.Known{}); err != nil || o.Reach != lock.LockDown {
		t.Errorf("what never answered is told as %+v, %v", o, err)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	if o, err := fresh.Observe(t.Context(), h.Device, driver.Known{}); err != nil || o.Reach != lock.Reached {
		t.Errorf("back again it is told as %+v, %v", o, err)
	}
}

// A device that was put in the place of another is not taken for it.
func TestAnotherDeviceAtTheAddress(t *testing.T) {
	serial := "54-1"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"success":true,"result":{"serialNumber":"` + serial + `","users":[{"access":{"pin":""}}]}}`))
	}))
	defer server.Close()
	d := login(t, server.Client(), server.URL, time.Now, &bytes.Buffer{}, "")
	for _, now := range []string{"54-1", "54-2"} {
		serial = now
		all, err := d.Devices(t.Context())
		if err != nil || len(all) != 1 || all[0].ID != lock.DeviceID("2n-"+now) {
			t.Fatalf("%s is listed as %v, %v", now, all, err)
		}
	}
	_, err := d.Set(t.Context(), "2n-54-1", lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	if e := drivertest.Error(t, err); e.Kind != driver.NotFound {
		t.Errorf("a code for the device that is gone gives %v", err)
	}
}

// Users that another service keeps are not touched, and digits of a switch are taken.
func TestUsersOfOthers(t *testing.T) {
	var wrote []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/system/info":
			_, _ = w.Write([]byte(`{"success":true,"result":{"serialNumber":"54-1","deviceName":"Gate"}}`))
		case "/api/dir/template":
			_, _ = w.Write([]byte(`{"success":true,"result":{"users":[{"access":{"pin":"","code":[""],"validFrom":"0","validTo":"0"}}]}}`))
		case "/api/dir/query", "/api/dir/get":
			_, _ = w.Write([]byte(`{"success":true,"result":{"users":[{"uuid":"4c957905-5d3f-479b-839a-c7d5b2ae2db5","owner":"My2N","access":{"pin":"1111","code":["2222"]}}]}}`))
		default:
			wrote = append(wrote, r.URL.Path)
		}
	}))
	defer server.Close()
	d := login(t, server.Client(), server.URL, time.Now, &bytes.Buffer{}, "")
	const theirs = lock.Ref("4C957905-5D3F-479B-839A-C7D5B2AE2DB5")
	if e := drivertest.Error(t, d.Clear(t.Context(), "2n-54-1", theirs)); e.Kind != driver.Unsupported {
		t.Error("their user can be erased")
	}
	_, err := d.Set(t.Context(), "2n-54-1", lock.Credential{Code: "c", PIN: drivertest.PIN(t, "3333"), Enabled: true}, theirs)
	if e := drivertest.Error(t, err); e.Kind != driver.Unsupported {
		t.Errorf("their user can be changed: %v", err)
	}
	_, err = d.Set(t.Context(), "2n-54-1", lock.Credential{Code: "c", PIN: drivertest.PIN(t, "2222"), Enabled: true}, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Taken {
		t.Errorf("the digits of a switch can be given: %v", err)
	}
	if len(wrote) > 0 {
		t.Errorf("written to %v", wrote)
	}
}

// A device's own certificate is taken if its sum is known, and no other.
func TestACertificateOfItsOwn(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"success":true,"result":{"serialNumber":"54-1","deviceName":"Gate","users":[{"access":{"pin":""}}]}}`))
	}))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	sumOf := func(c *x509.Certificate) string {
		sum := sha256.Sum256(c.Raw)
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	good := sumOf(server.Certificate())
	for certificate, ok := range map[string]bool{good: true, strings.Repeat("ab:", 31) + "cd " + good: true, strings.Repeat("ab", 32): false, "": false} {
		_, err := login(t, &http.Client{}, server.URL, time.Now, &bytes.Buffer{}, certificate).Devices(t.Context())
		if (err == nil) != ok {
			t.Errorf("%.8s… gives %v", certificate, err)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, a := range []provider.Account{
		{Texts: map[string]string{"user": "u"}, Secrets: map[string]string{"password": "p"}},
		{Texts: map[string]string{"user": "u", "base_url": "10.0.0.21"}, Secrets: map[string]string{"password": "p"}},
		{Texts: map[string]string{"user": "u", "base_url": "http://a", "zone": "Prague"}, Secrets: map[string]string{"password": "p"}},
		{Texts: map[string]string{"user": "u", "base_url": "http://a", "certificate": "abc"}, Secrets: map[string]string{"password": "p"}},
		{Texts: map[string]string{"base_url": "http://a"}, Secrets: map[string]string{"password": "p"}},
	} {
		a.ID = "house"
		if _, err := twon.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}, Rand: rand.Reader}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}
