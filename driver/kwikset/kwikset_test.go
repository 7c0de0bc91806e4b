package kwikset_test

import (
	"bytes"
	"context"
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
	"github.com/accesscodes/lockctl/driver/kwikset"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
	far "github.com/accesscodes/lockctl/sim/facade/kwikset"
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
		{ID: "front", Model: "kwikset", Account: "house", Name: "Front door", Zone: "America/Chicago", Slots: 20},
		{ID: "back", Model: "kwikset", Account: "house", Zone: "America/Chicago"},
	}})
	drivertest.Must(t, err)
	h := &house{leap: leap}
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) (err error) {
		h.cloud, err = far.New(f, "house")
		h.server = httptest.NewServer(facade.Handler(leap, h.cloud))
		return err
	}))
	t.Cleanup(h.server.Close)
	log := &bytes.Buffer{}
	h.Rig = &conform.Rig{
		Driver: h.login(t, log, account(h.server.URL)), Now: leap.Now, Log: log.String,
		Far: &rig.Far{Do: leap.Do, Pass: func() { leap.Pass(2 * time.Minute) }, Lock: "front", Account: "house", Async: true},
	}
	h.Device = drivertest.Find(t, h.Driver, "Front door").ID
	return h
}

func account(url string) provider.Account {
	return provider.Account{
		ID:      "house",
		Texts:   map[string]string{"base_url": url, "zone": "America/Chicago", "email": cognito.User("house"), "user_pool": far.UserPool, "client_id": far.Client},
		Secrets: map[string]string{"password": cognito.Password("house")},
	}
}

func env(h *http.Client, now func() time.Time, log io.Writer) provider.Env {
	return provider.Env{
		HTTP: h, Now: now, Rand: rand.NewChaCha8([32]byte{7}), Secrets: &provider.MemorySecrets{},
		Log: drivertest.Log(log),
	}
}

func (h *house) login(t *testing.T, log *bytes.Buffer, a provider.Account) driver.Driver {
	t.Helper()
	d, err := kwikset.Provider().Open(t.Context(), env(h.server.Client(), h.leap.Now, log), a)
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func want(t *testing.T, tag, digits string) lock.Credential {
	t.Helper()
	return lock.Credential{Code: lock.CodeID(tag), Tag: tag, PIN: drivertest.PIN(t, digits), Enabled: true}
}

func (h *house) inject(t *testing.T, x sim.Fault) {
	t.Helper()
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(x)
		return err
	}))
}

func (h *house) look(t *testing.T, refs ...lock.Ref) lock.Observation {
	t.Helper()
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: refs})
	drivertest.Must(t, err)
	return o
}

func (h *house) set(t *testing.T, c lock.Credential) lock.Ref {
	t.Helper()
	held, err := h.Driver.Set(t.Context(), h.Device, c, "")
	drivertest.Must(t, err)
	if !held.Pending {
		t.Error("a write that nobody has confirmed is not pending")
	}
	return held.Ref
}

func (h *house) holds(t *testing.T, want int) {
	t.Helper()
	have, err := h.Far.Holds(h.Device)
	drivertest.Must(t, err)
	if len(have) != want {
		t.Errorf("the lock holds %d codes, not %d", len(have), want)
	}
}

func TestConforms(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig { return open(t).Rig })
}

// A code is known by a token first and by its slot later, by which it is erased also when the token is long forgotten.
func TestATokenBecomesASlot(t *testing.T) {
	h := open(t)
	token := h.set(t, want(t, "LCABCDE23", "4829"))
	if o := h.look(t, token); len(o.Held) != 1 || !o.Held[0].Pending || o.Held[0].Ref != token {
		t.Errorf("at once a look tells %+v", o.Held)
	}
	if err := h.Driver.Clear(t.Context(), h.Device, token); drivertest.Error(t, err).Kind != driver.Throttled {
		t.Errorf("to clear it before its slot is known gives %v", err)
	}
	h.Far.Settle()
	o := h.look(t, token)
	if len(o.Held) != 1 || o.Held[0].Pending || o.Held[0].Ref == token || o.Held[0].Tag != "LCABCDE23" {
		t.Fatalf("later a look tells %+v", o.Held)
	}
	h.leap.Pass(3 * time.Hour)
	if err := h.Driver.Clear(t.Context(), h.Device, token); drivertest.Error(t, err).Kind != driver.Unsupported {
		t.Errorf("by a token that is forgotten it gives %v", err)
	}
	h.holds(t, 1)
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, o.Held[0].Ref))
	h.Far.Settle()
	h.holds(t, 0)
}

// What a lock refuses it never speaks of. After a while that is taken for a no.
func TestALockThatKeepsQuiet(t *testing.T) {
	for name, change := range map[string]func(*house){
		"first four":  func(h *house) { drivertest.Must(t, h.Far.Add(h.Device, drivertest.PIN(t, "482977"), "By hand")) },
		"it is full":  func(h *house) { h.inject(t, sim.Fault{On: "front", Kind: "slots-full"}) },
		"cloud loses": func(h *house) { h.inject(t, sim.Fault{On: "house", Kind: "ok-but-lost"}) },
	} {
		h := open(t)
		change(h)
		token := h.set(t, want(t, "LCABCDE23", "4829"))
		h.leap.Pass(2 * time.Minute)
		if o := h.look(t, token); len(o.Held) != 1 || !o.Held[0].Pending {
			t.Errorf("%s: after two minutes a look tells %+v", name, o.Held)
		}
		h.leap.Pass(2 * time.Minute)
		if o := h.look(t, token); len(o.Held) != 0 {
			t.Errorf("%s: after four minutes a look tells %+v", name, o.Held)
		}
		drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, token))
		drivertest.Must(t, h.Far.Heal(h.Device))
		held, err := h.Driver.Set(t.Context(), h.Device, want(t, "LCABCDE23", "1357"), token)
		drivertest.Must(t, err)
		h.Far.Settle()
		if o := h.look(t, held.Ref); len(o.Held) != 1 || o.Held[0].Pending {
			t.Errorf("%s: written again, a look tells %+v", name, o.Held)
		}
	}
}

// An erase in doubt that has happened is not made once more upon the code that has got the slot since.
func TestASlotThatWasGivenAway(t *testing.T) {
	h := open(t)
	first := h.set(t, want(t, "LCABCDE23", "4829"))
	h.Far.Settle()
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.LoseReply))
	if err := h.Driver.Clear(t.Context(), h.Device, first); drivertest.Error(t, err).Kind != driver.Ambiguous {
		t.Fatalf("it gives %v", err)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	h.Far.Settle()
	second := h.set(t, want(t, "LCBBBBBSI", "1357"))
	if err := h.Driver.Clear(t.Context(), h.Device, first); drivertest.Error(t, err).Kind != driver.Throttled {
		t.Errorf("before the second code has told its slot it gives %v", err)
	}
	h.Far.Settle()
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, first))
	h.Far.Settle()
	h.holds(t, 1)
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, second))
	h.Far.Settle()
	h.holds(t, 0)
}

// A code that somebody has removed in the vendor's app leaves its slot to the next one of ours, which an erase of the first must not hit. What
// the slot was given to is in the handles, so that it is known after a restart too.
func TestASlotThatSomebodyHasFreed(t *testing.T) {
	for _, restart := range []bool{false, true} {
		h := open(t)
		write := func(tag, digits string) lock.Ref {
			token := h.set(t, want(t, tag, digits))
			h.Far.Settle()
			o := h.look(t, token)
			if len(o.Held) != 1 || o.Held[0].Pending {
				t.Fatalf("%s: a look tells %+v", tag, o.Held)
			}
			return o.Held[0].Ref
		}
		first := write("LCABCDE23", "4829")
		drivertest.Must(t, h.Far.Remove(h.Device, drivertest.PIN(t, "4829")))
		second := write("LCBBBBBSI", "1357")
		if restart {
			h.Driver = h.login(t, &bytes.Buffer{}, account(h.server.URL))
		}
		if o := h.look(t, first, second); len(o.Held) != 1 || o.Held[0].Ref != second {
			t.Errorf("a look tells %+v", o.Held)
		}
		drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, first))
		h.Far.Settle()
		h.holds(t, 1)
		if held, err := h.Driver.Set(t.Context(), h.Device, want(t, "LCABCDE23", "4829"), first); err != nil || !held.Pending || held.Ref == first {
			t.Errorf("to set the first again gives %+v, %v", held, err)
		}
		h.Far.Settle()
		h.holds(t, 2)
		drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, second))
		h.Far.Settle()
		h.holds(t, 1)
	}
}

// A start that has passed by the time the lock hears of it is kept quiet about, too; one that has passed before is refused.
func TestAStartThatHasPassed(t *testing.T) {
	h := open(t)
	c := want(t, "LCABCDE23", "4829")
	c.Window = lock.Window{From: h.Now().Truncate(time.Minute), To: h.Now().Add(time.Hour)}
	if _, err := h.Driver.Set(t.Context(), h.Device, c, ""); drivertest.Error(t, err).Kind != driver.Rejected {
		t.Errorf("it gives %v", err)
	}
	c.Window.From = h.Now().Truncate(time.Minute).Add(time.Minute)
	h.leap.Pass(c.Window.From.Sub(h.Now()) - 2*time.Second)
	token := h.set(t, c)
	h.leap.Pass(5 * time.Minute)
	if o := h.look(t, token); len(o.Held) != 0 {
		t.Errorf("a look tells %+v", o.Held)
	}
}

// The lock keeps local times, over a change of summer time too.
func TestALocksOwnWindow(t *testing.T) {
	h := open(t)
	c := want(t, "LCABCDE23", "4829")
	c.Window = lock.Window{From: time.Date(2031, 3, 8, 22, 0, 0, 0, time.UTC), To: time.Date(2031, 3, 10, 16, 0, 0, 0, time.UTC)} // summer begins on the 9th
	h.set(t, c)
	h.Far.Settle()
	have, err := h.Far.Holds(h.Device)
	drivertest.Must(t, err)
	if len(have) != 1 || !have[0].Window.Equal(c.Window) {
		t.Errorf("the lock holds %+v", have)
	}
}

// Homes beyond the first page have doors too.
func TestManyHomes(t *testing.T) {
	h := open(t)
	h.cloud.Homes = 30
	if drivertest.Find(t, h.Driver, "Front door").ID != h.Device {
		t.Error("the door has another name")
	}
}

// Without its history a look is as good as it can be.
func TestAHistoryThatFails(t *testing.T) {
	h := open(t)
	h.cloud.HistoryFails = true
	if o := h.look(t); o.Reach != lock.Reached || len(o.Entries) != 0 {
		t.Errorf("a look tells %+v", o)
	}
}

// A lock that is away is told as it was; that is not believed.
func TestALockThatIsAway(t *testing.T) {
	h := open(t)
	ref := h.set(t, want(t, "LCABCDE23", "4829"))
	h.Far.Settle()
	h.inject(t, sim.Fault{On: "front", Kind: "offline"})
	if o := h.look(t); o.Reach != lock.LockDown || o.Battery.Known {
		t.Errorf("a look tells %+v", o)
	}
	bolt := h.Driver.(driver.Bolt)
	for _, err := range []error{h.Driver.Clear(t.Context(), h.Device, ref), bolt.Lock(t.Context(), h.Device)} {
		if drivertest.Error(t, err).Kind != driver.Offline {
			t.Errorf("it gives %v", err)
		}
	}
}

func TestTheBoltMoves(t *testing.T) {
	h := open(t)
	bolt := h.Driver.(driver.Bolt)
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), h.Device))
		h.Far.Settle()
	}
	o := h.look(t)
	if len(o.Entries) != 2 || o.Entries[0].Kind != lock.Opened || o.Entries[0].Ref != "" || o.Entries[1].Kind != lock.Locked {
		t.Errorf("the history tells %+v", o.Entries)
	}
}

// An account that asks for a second factor works once somebody has helped it to sign in.
func TestSigningInWithASecondFactor(t *testing.T) {
	for _, factor := range []string{"sms", "totp", "custom"} {
		h := open(t)
		a := account(h.server.URL)
		a.Texts["email"] = factor + "+" + a.Texts["email"]
		e := env(h.server.Client(), h.leap.Now, io.Discard)
		d, err := kwikset.Provider().Open(t.Context(), e, a)
		drivertest.Must(t, err)
		_, err = d.Devices(t.Context())
		if drivertest.Error(t, err).Kind != driver.Unauthorized || !strings.Contains(err.Error(), "sign in") {
			t.Errorf("%s: before it gives %v", factor, err)
		}
		drivertest.Must(t, kwikset.Provider().SignIn(t.Context(), e, a, func(context.Context, provider.Question) (string, error) { return cognito.Code, nil }))
		if _, err = d.Devices(t.Context()); err != nil {
			t.Errorf("%s: after it gives %v", factor, err)
		}
		wrong := func(context.Context, provider.Question) (string, error) { return "000000", nil }
		if err := kwikset.Provider().SignIn(t.Context(), e, a, wrong); drivertest.Error(t, err).Kind != driver.Unauthorized {
			t.Errorf("%s: a wrong code gives %v", factor, err)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for says, change := range map[string]func(*provider.Account){
		"email: ":     func(a *provider.Account) { a.Texts["email"] = "" },
		"client_id: ": func(a *provider.Account) { a.Texts["client_id"] = "" },
		"password: ":  func(a *provider.Account) { a.Secrets["password"] = "" },
		"user_pool: ": func(a *provider.Account) { a.Texts["user_pool"] = "AbCdEf" },
		"base_url: ": func(a *provider.Account) {
			a.Texts["base_url"], a.Texts["auth_url"] = "api", "https://pool.example.org"
		},
		"auth_url: ": func(a *provider.Account) { a.Texts["auth_url"] = "pool" },
		"zone: ":     func(a *provider.Account) { a.Texts["zone"] = "Chicago" },
	} {
		a := account("https://api.example.org")
		change(&a)
		if _, err := kwikset.Provider().Open(t.Context(), env(&http.Client{}, nil, io.Discard), a); err == nil || !strings.HasPrefix(err.Error(), "account house: "+says) {
			t.Errorf("%s gives %v", says, err)
		}
	}
}

// Whoever keeps the windows of codes: the lock where its zone is known, unless the operator says otherwise.
func TestWhoKeepsWindows(t *testing.T) {
	for _, x := range []struct {
		zone, schedules string
		native          bool
	}{{"America/Chicago", "", true}, {"America/Chicago", "lock", true}, {"America/Chicago", "engine", false}, {"", "", false}} {
		h := open(t)
		a := account(h.server.URL)
		a.Texts["zone"], a.Texts["schedules"] = x.zone, x.schedules
		all, err := h.login(t, &bytes.Buffer{}, a).Devices(t.Context())
		drivertest.Must(t, err)
		if got := all[0].Traits; got.NativeSchedule != x.native || got.Zone != x.zone {
			t.Errorf("%+v gives %+v", x, got)
		}
	}
}
