package nuki_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/nuki"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/nuki"
	"github.com/accesscodes/lockctl/sim/rig"
)

// open puts the driver before a simulated account, with real HTTP between them, in a year that only the fleet's clock knows.
func open(t *testing.T) *conform.Rig {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "nuki", Account: "house", Name: "Front door"}, {ID: "back", Model: "nuki", Account: "house"},
	}})
	drivertest.Must(t, err)
	var posts []driver.Inbound
	var server *httptest.Server
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		c, err := cloud.New(f, "house")
		if err != nil {
			return err
		}
		f.OnNotice(func(n driver.Notice) {
			for _, p := range c.Push(n.Device) {
				posts = append(posts, driver.Inbound{Method: http.MethodPost, Header: p.Header, Body: p.Body})
			}
		})
		server = httptest.NewServer(facade.Handler(leap, c))
		return nil
	}))
	t.Cleanup(server.Close)
	log := &bytes.Buffer{}
	far := &rig.Far{
		Do: leap.Do, Pass: func() { leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house", Async: true,
		Posted: func() []driver.Inbound { all := posts; posts = nil; return all },
	}
	r := &conform.Rig{Driver: login(t, server.URL, leap.Now, log, cloud.Token("house")), Far: far, Now: leap.Now, Log: log.String}
	r.Device = drivertest.Find(t, r.Driver, "Front door").ID
	return r
}

func login(t *testing.T, base string, now func() time.Time, log *bytes.Buffer, token string) driver.Driver {
	t.Helper()
	env := provider.Env{HTTP: &http.Client{}, Now: now, Log: drivertest.Log(log)}
	d, err := nuki.Provider().Open(t.Context(), env, provider.Account{
		ID: "house", Texts: map[string]string{"base_url": base, "zone": "Europe/Vienna"}, Secrets: map[string]string{"token": token},
	})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func TestConforms(t *testing.T) { drivertest.Run(t, open) }

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	pin := drivertest.PIN(t, "482915")
	drivertest.Garbled{
		Open: func(t *testing.T, base string) driver.Driver {
			return login(t, base, func() time.Time { return time.Unix(0, 0) }, &bytes.Buffer{}, "secret-token")
		},
		Device: "nuki-18205286116", Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: pin, Enabled: true}, Ref: "65219648fe57075d71a6cb01", Secrets: []string{"secret-token"},
		Answers: map[string]drivertest.Said{
			"half a lock":     {Body: `[{"smartlockId":18205286116,"type":4,`},
			"another type":    {Body: `{"smartlockId":"front"}`},
			"error with code": {Status: 400, Body: `{"detailMessage":"The supplied value '482915' for parameter 'code' is not valid"}`},
		},
		Bare: []string{"set", "clear"}, // their answers are not read
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	pin := drivertest.PIN(t, "482915")
	for status, want := range map[int]driver.Kind{
		400: driver.Rejected, 401: driver.Unauthorized, 402: driver.Unauthorized, 403: driver.Unauthorized, 422: driver.Rejected, 423: driver.Throttled,
		426: driver.Unauthorized, 429: driver.Throttled, 500: driver.Ambiguous, 504: driver.Ambiguous,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(`{"smartlockId":18205286116,"type":4,"serverState":0}`))
				return
			}
			w.WriteHeader(status)
		}))
		d := login(t, server.URL, func() time.Time { return time.Unix(0, 0) }, &bytes.Buffer{}, "t")
		_, err := d.Set(t.Context(), "nuki-18205286116", lock.Credential{Code: "c", PIN: pin, Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != want || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("status %d gives %v", status, err)
		}
		server.Close()
	}
}

// A token that may only look is refused what it may not do, and the account is blamed.
func TestATokenWithoutRights(t *testing.T) {
	r := open(t)
	var server *httptest.Server
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "nuki", Account: "house"}}})
	drivertest.Must(t, err)
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		c, err := cloud.New(f, "house")
		server = httptest.NewServer(facade.Handler(leap, c))
		return err
	}))
	defer server.Close()
	d := login(t, server.URL, leap.Now, &bytes.Buffer{}, cloud.Token("house")+"-looking")
	pin := drivertest.PIN(t, "482915")
	_, err = d.Set(t.Context(), r.Device, lock.Credential{Code: "c", PIN: pin, Enabled: true}, "")
	e, ok := errors.AsType[*driver.Error](err)
	if !ok || e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount {
		t.Errorf("a token that may only look gets %v", err)
	}
}

// The bolt moves, and the log tells that it did.
func TestTheBoltMoves(t *testing.T) {
	r := open(t)
	bolt := r.Driver.(driver.Bolt)
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), r.Device))
		r.Far.Settle()
	}
	o, err := r.Driver.Observe(t.Context(), r.Device, driver.Known{})
	drivertest.Must(t, err)
	if len(o.Entries) != 2 || o.Entries[0].Kind != lock.Opened || o.Entries[1].Kind != lock.Locked {
		t.Errorf("the log tells %+v", o.Entries)
	}
}

// An erased code that the list shows on is gone after the lock was asked what it holds, which the erase itself asks for.
func TestErasedAndStillListed(t *testing.T) {
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "nuki", Account: "house"}}})
	drivertest.Must(t, err)
	var server *httptest.Server
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		c, err := cloud.New(f, "house")
		c.StaleDeletes = true
		server = httptest.NewServer(facade.Handler(leap, c))
		return err
	}))
	defer server.Close()
	d := login(t, server.URL, leap.Now, &bytes.Buffer{}, cloud.Token("house"))
	id := drivertest.Find(t, d, "front").ID
	h, err := d.Set(t.Context(), id, lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	drivertest.Must(t, err)
	for i, want := range []int{1, 0} {
		leap.Pass(time.Minute)
		o, err := d.Observe(t.Context(), id, driver.Known{})
		drivertest.Must(t, err)
		if len(o.Held) != want {
			t.Fatalf("look %d lists %d codes", i, len(o.Held))
		}
		for range 2 { // the first may be on its way when the list is read
			drivertest.Must(t, d.Clear(t.Context(), id, h.Ref))
			leap.Pass(time.Minute)
		}
	}
}

// Before the list shows a new code, nobody knows what became of a second try at writing it.
func TestWrittenTwiceBeforeItIsListed(t *testing.T) {
	r := open(t)
	pin := drivertest.PIN(t, "482915")
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: pin, Enabled: true}
	_, err := r.Driver.Set(t.Context(), r.Device, want, "")
	drivertest.Must(t, err)
	_, err = r.Driver.Set(t.Context(), r.Device, want, "")
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Ambiguous {
		t.Errorf("the second try gives %v", err)
	}
	r.Far.Settle()
	held, err := r.Far.Holds(r.Device)
	drivertest.Must(t, err)
	if len(held) != 1 {
		t.Errorf("the lock holds %d codes", len(held))
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, a := range []provider.Account{
		{Texts: map[string]string{"base_url": "api.nuki.io"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"zone": "Vienna"}, Secrets: map[string]string{"token": "t"}},
		{},
	} {
		a.ID = "house"
		if _, err := nuki.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}
