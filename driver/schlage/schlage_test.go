package schlage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/schlage"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
	far "github.com/accesscodes/lockctl/sim/facade/schlage"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is the driver before a simulated account, with real HTTP between them, in a year that only the fleet's clock knows.
type house struct {
	*conform.Rig
	leap   *facade.Leap
	cloud  *far.Cloud
	server *httptest.Server
}

func open(t *testing.T) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 6, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "schlage", Account: "house", Name: "Front door"}, {ID: "back", Model: "schlage", Account: "house"},
	}})
	drivertest.Must(t, err)
	h := &house{leap: leap}
	var server *httptest.Server
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) (err error) {
		h.cloud, err = far.New(f, "house")
		server = httptest.NewServer(facade.Handler(leap, h.cloud))
		return err
	}))
	t.Cleanup(server.Close)
	h.server = server
	log := &bytes.Buffer{}
	h.Rig = &conform.Rig{
		Driver: login(t, server, leap.Now, log, account(server.URL)), Now: leap.Now, Log: log.String,
		Far: &rig.Far{Do: leap.Do, Pass: func() { leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house", Async: true},
	}
	h.Device = drivertest.Find(t, h.Driver, "Front door").ID
	return h
}

func account(url string) provider.Account {
	return provider.Account{
		ID:      "house",
		Texts:   map[string]string{"base_url": url, "zone": "Europe/Berlin", "email": cognito.User("house"), "user_pool": far.UserPool, "client_id": far.Client},
		Secrets: map[string]string{"password": cognito.Password("house"), "client_secret": far.ClientSecret, "api_key": far.APIKey("house")},
	}
}

func env(h *http.Client, now func() time.Time, log io.Writer) provider.Env {
	return provider.Env{
		HTTP: h, Now: now, Rand: rand.NewChaCha8([32]byte{7}), Secrets: &provider.MemorySecrets{},
		Log: drivertest.Log(log),
	}
}

func login(t *testing.T, server *httptest.Server, now func() time.Time, log *bytes.Buffer, a provider.Account) driver.Driver {
	t.Helper()
	d, err := schlage.Provider().Open(t.Context(), env(server.Client(), now, log), a)
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func (h *house) inject(t *testing.T, x sim.Fault) {
	t.Helper()
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(x)
		return err
	}))
}

func (h *house) look(t *testing.T) lock.Observation {
	t.Helper()
	h.Far.Settle()
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{})
	drivertest.Must(t, err)
	return o
}

func TestConforms(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t).Rig })
}

// A code that begins with zeros travels as a number, and comes back whole.
func TestZerosInFront(t *testing.T) {
	h := open(t)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "0072"), Enabled: true}
	_, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	o := h.look(t)
	if len(o.Held) != 1 || o.Held[0].PIN != want.PIN {
		t.Error("the list does not have the digits")
	}
	if opens, err := h.Far.Type(h.Device, want.PIN); err != nil || !opens {
		t.Errorf("the door does not open: %v", err)
	}
}

// All codes of a lock have the length of its first, and the lock says so, reached or not.
func TestOneLengthOnALock(t *testing.T) {
	h := open(t)
	drivertest.Must(t, h.Far.Add(h.Device, drivertest.PIN(t, "482915"), "Resident"))
	for _, fault := range []string{"", "offline"} {
		if fault != "" {
			h.inject(t, sim.Fault{On: "front", Kind: fault})
		}
		all, err := h.Driver.Devices(t.Context())
		drivertest.Must(t, err)
		for _, d := range all {
			if n := d.Traits.PINLengths; d.ID == h.Device && (len(n) != 1 || n[0] != 6) {
				t.Errorf("fault %q: lengths %v", fault, n)
			}
		}
	}
}

// A code that can't be read is known by its name, and is written anew rather than believed.
func TestMaskedCodes(t *testing.T) {
	h := open(t)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}
	first, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.inject(t, sim.Fault{On: "front", Kind: "masked-read"})
	o := h.look(t)
	if len(o.Held) != 1 || !o.Held[0].PIN.IsZero() || o.Held[0].Tag != want.Tag {
		t.Fatalf("a masked code is told as %+v", o.Held)
	}
	again, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	if again.Ref != first.Ref {
		t.Error("the code was written beside itself")
	}
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, first.Ref))
	if o := h.look(t); len(o.Held) != 0 {
		t.Error("a masked code can't be cleared")
	}
}

// The gateway gives up after half a minute. What the lock has taken by then is found again.
func TestAnAnswerThatComesTooLate(t *testing.T) {
	h := open(t)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}
	h.inject(t, sim.Fault{On: "front", Kind: "lost-ack"})
	_, err := h.Driver.Set(t.Context(), h.Device, want, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Ambiguous || !strings.Contains(err.Error(), "504") {
		t.Fatalf("it gives %v", err)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	if o := h.look(t); len(o.Held) != 1 || o.Held[0].Tag != want.Tag {
		t.Fatalf("the list has %+v", o.Held)
	}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, held.Ref))
	left, err := h.Far.Holds(h.Device)
	drivertest.Must(t, err)
	if len(left) != 0 || len(h.look(t).Held) != 0 {
		t.Error("it can't be cleared")
	}
}

// The same name is refused for a moment after it was deleted: nobody knows then.
func TestWrittenRightAfterItWasDeleted(t *testing.T) {
	h := open(t)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, held.Ref))
	_, err = h.Driver.Set(t.Context(), h.Device, want, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Ambiguous {
		t.Errorf("it gives %v", err)
	}
	h.Far.Settle()
	_, err = h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
}

// Lock and cloud disagree: the cloud lists what the lock refuses for ever.
func TestSplitBrain(t *testing.T) {
	h := open(t)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	h.inject(t, sim.Fault{On: "front", Kind: "rejects", Text: "ID not found on device"})
	want.PIN = drivertest.PIN(t, "1357")
	if _, err = h.Driver.Set(t.Context(), h.Device, want, held.Ref); drivertest.Error(t, err).Kind != driver.Ambiguous {
		t.Errorf("a change gives %v", err)
	}
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, held.Ref)) // the lock says that it is absent
	drivertest.Must(t, h.Far.Heal(h.Device))
	h.inject(t, sim.Fault{On: "front", Kind: "rejects", Text: "name or code already in use"})
	want.Tag, want.PIN = "LCBBBBBSI", drivertest.PIN(t, "2468")
	if _, err = h.Driver.Set(t.Context(), h.Device, want, ""); drivertest.Error(t, err).Kind != driver.Ambiguous {
		t.Errorf("a new code gives %v", err)
	}
}

// How many codes a lock takes it says itself, as long as it can be reached.
func TestHowManyCodesALockTakes(t *testing.T) {
	leap, err := facade.NewLeap(time.Date(2031, 3, 6, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "schlage", Account: "house", Slots: 7}}})
	drivertest.Must(t, err)
	var server *httptest.Server
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		c, err := far.New(f, "house")
		server = httptest.NewServer(facade.Handler(leap, c))
		return err
	}))
	defer server.Close()
	d := login(t, server, leap.Now, &bytes.Buffer{}, account(server.URL))
	for slots, fault := range map[int]string{7: "", 100: "offline"} {
		drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
			if fault == "" {
				return f.Heal("front")
			}
			_, err := f.Inject(sim.Fault{On: "front", Kind: fault})
			return err
		}))
		all, err := d.Devices(t.Context())
		drivertest.Must(t, err)
		if all[0].Traits.Slots != slots {
			t.Errorf("fault %q: it takes %d", fault, all[0].Traits.Slots)
		}
	}
}

// A lock may hold more than its cloud lists, and have no room for another code.
func TestALockThatIsFullUnseen(t *testing.T) {
	h := open(t)
	h.inject(t, sim.Fault{On: "front", Kind: "slots-full"})
	_, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Full {
		t.Errorf("it gives %v", err)
	}
}

// The notification of a code may fail although the code is well.
func TestANotificationThatFails(t *testing.T) {
	h := open(t)
	h.cloud.NotesFail = true
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}
	_, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	if !strings.Contains(h.Log(), "the notification of a code was not written") || strings.Contains(h.Log(), "4829") {
		t.Errorf("the log has %q", h.Log())
	}
}

// A token ends after an hour, without anybody noticing.
func TestTheTokenIsRenewed(t *testing.T) {
	h := open(t)
	for range 3 {
		h.leap.Pass(59 * time.Minute)
		h.look(t)
	}
}

// Who opens the door, and how, stands in the log.
func TestTheBoltMoves(t *testing.T) {
	h := open(t)
	bolt := h.Driver.(driver.Bolt)
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), h.Device))
		h.Far.Settle()
	}
	o := h.look(t)
	if len(o.Entries) != 2 || o.Entries[0].Kind != lock.Opened || o.Entries[1].Kind != lock.Locked {
		t.Errorf("the log tells %+v", o.Entries)
	}
	h.inject(t, sim.Fault{On: "front", Kind: "offline"})
	if err := bolt.Lock(t.Context(), h.Device); drivertest.Error(t, err).Kind != driver.Offline {
		t.Errorf("a lock that is away gives %v", err)
	}
}

// Too many wrong codes shut the keypad, which is all that is told of them.
func TestAKeypadThatIsShut(t *testing.T) {
	h := open(t)
	for range 4 {
		if opens, err := h.Far.Type(h.Device, drivertest.PIN(t, "9753")); err != nil || opens {
			t.Fatal(opens, err)
		}
	}
	o := h.look(t)
	if len(o.Entries) != 1 || o.Entries[0].Kind != lock.Denied || o.Entries[0].Reason != "too_many_attempts" {
		t.Errorf("the log tells %+v", o.Entries)
	}
}

func TestCredentialsThatAreWrong(t *testing.T) {
	for name, change := range map[string]func(*provider.Account){
		"password":      func(a *provider.Account) { a.Secrets["password"] = "x" },
		"email":         func(a *provider.Account) { a.Texts["email"] = "nobody@example.org" },
		"client_secret": func(a *provider.Account) { a.Secrets["client_secret"] = "x" },
		"client_id":     func(a *provider.Account) { a.Texts["client_id"] = "x" },
		"api_key":       func(a *provider.Account) { a.Secrets["api_key"] = "x" },
	} {
		h := open(t)
		server := httptest.NewServer(facade.Handler(h.leap, h.cloud))
		a := account(server.URL)
		change(&a)
		_, err := login(t, server, h.leap.Now, &bytes.Buffer{}, a).Devices(t.Context())
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount || e.Op != "devices" {
			t.Errorf("a wrong %s gives %v", name, err)
		}
		server.Close()
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for says, change := range map[string]func(*provider.Account){
		"email: ":     func(a *provider.Account) { a.Texts["email"] = "" },
		"password: ":  func(a *provider.Account) { a.Secrets["password"] = "" },
		"user_pool: ": func(a *provider.Account) { a.Texts["user_pool"] = "AbCdEf" },
		"base_url: ": func(a *provider.Account) {
			a.Texts["base_url"], a.Texts["auth_url"] = "api", "https://pool.example.org"
		},
		"auth_url: ": func(a *provider.Account) { a.Texts["auth_url"] = "pool" },
		"zone: ":     func(a *provider.Account) { a.Texts["zone"] = "Berlin" },
	} {
		a := account("https://api.example.org")
		change(&a)
		if _, err := schlage.Provider().Open(t.Context(), env(&http.Client{}, nil, io.Discard), a); err == nil || !strings.HasPrefix(err.Error(), "account house: "+says) {
			t.Errorf("%s gives %v", says, err)
		}
	}
}
