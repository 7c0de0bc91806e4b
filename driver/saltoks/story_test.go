package saltoks_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/saltoks"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

func ada() lock.Credential {
	return lock.Credential{Code: "c", Tag: "LCABCDE23", Name: "Ada", Enabled: true}
}

func (h *hotel) look() lock.Observation {
	h.t.Helper()
	o, err := h.rig.Driver.Observe(h.t.Context(), h.rig.Device, driver.Known{})
	drivertest.Must(h.t, err)
	return o
}

func (h *hotel) set(want lock.Credential, at lock.Ref) lock.Held {
	h.t.Helper()
	held, err := h.rig.Driver.Set(h.t.Context(), h.rig.Device, want, at)
	drivertest.Must(h.t, err)
	return held
}

func (h *hotel) opens(p lock.PIN) bool {
	h.t.Helper()
	opens, err := h.rig.Far.Type(h.rig.Device, p)
	drivertest.Must(h.t, err)
	return opens
}

func (h *hotel) fault(x sim.Fault) {
	h.t.Helper()
	drivertest.Must(h.t, h.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(x); return err }))
}

// A site without a free seat says nothing; the driver finds out, and leaves no guest behind.
func TestASiteWithoutSeats(t *testing.T) {
	h := open(t)
	first := h.set(ada(), "")
	h.app(`{"seats":1}`)
	other := ada()
	other.Code, other.Tag = "d", "LCZYXWV76"
	for range 2 {
		_, err := h.rig.Driver.Set(t.Context(), h.rig.Device, other, "")
		drivertest.Fails(t, "a second guest", err, driver.Full, driver.BlameAccount)
		h.rig.Far.Settle()
	}
	if o := h.look(); len(o.Held) != 1 || o.Held[0].Ref != first.Ref || !h.opens(first.PIN) {
		t.Errorf("the list has %+v", o.Held)
	}
	drivertest.Must(t, h.rig.Driver.Clear(t.Context(), h.rig.Device, first.Ref))
	h.rig.Far.Settle()
	if second := h.set(other, ""); second.PIN.IsZero() {
		t.Error("the seat is not free again")
	}
}

// Until a new guest has its role, nothing more can be written of it; the next try goes on with it.
func TestAGuestThatIsNotReady(t *testing.T) {
	h := open(t)
	h.app(`{"role_delay":30}`)
	_, err := h.rig.Driver.Set(t.Context(), h.rig.Device, ada(), "")
	drivertest.Fails(t, "at once", err, driver.Throttled, driver.BlameCloud)
	h.leap.Pass(40 * time.Second)
	held := h.set(ada(), "")
	h.rig.Far.Settle()
	if o := h.look(); len(o.Held) != 1 || o.Held[0].Pending || !h.opens(held.PIN) {
		t.Errorf("the list has %+v", o.Held)
	}
}

// A change keeps the digits that people were told, and reaches the lock when its schedule does.
func TestAChangeKeepsTheDigits(t *testing.T) {
	h := open(t)
	want := ada()
	from := h.leap.Now().Truncate(time.Minute)
	want.Window = lock.Window{From: from, To: from.Add(2 * time.Hour)}
	held := h.set(want, "")
	h.rig.Far.Settle()
	want.PIN, want.Name, want.Window.To = held.PIN, "Ada Lovelace", from.Add(4*time.Hour)
	if again := h.set(want, held.Ref); again.Ref != held.Ref || again.PIN != held.PIN {
		t.Errorf("%+v became %+v", held, again)
	}
	h.leap.Pass(3 * time.Hour)
	o := h.look()
	if !h.opens(held.PIN) || len(o.Held) != 1 || !o.Held[0].Window.Equal(want.Window) || o.Held[0].Name != "Ada Lovelace" {
		t.Errorf("the list has %+v", o.Held)
	}
	h.leap.Pass(2 * time.Hour)
	if h.opens(held.PIN) {
		t.Error("it opens after its end")
	}
}

// The hour that comes twice can't be told to the site; the engine keeps such a window.
func TestTheHourThatComesTwice(t *testing.T) {
	h := open(t)
	want := ada()
	end := time.Date(2031, 10, 26, 1, 30, 0, 0, time.UTC) // the second half past two in Berlin
	want.Window = lock.Window{From: end.Add(-12 * time.Hour), To: end}
	_, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Fails(t, "an end in that hour", err, driver.Unsupported, driver.BlameRequest)
}

// The lock's moods are told, and people of the site are not removed.
func TestModesAndPeople(t *testing.T) {
	h := open(t)
	h.fault(sim.Fault{On: "front", Kind: "privacy"})
	if o := h.look(); len(o.Modes) != 1 || o.Modes[0] != lock.ModePrivacy {
		t.Errorf("modes %v", o.Modes)
	}
	drivertest.Must(t, h.rig.Far.Heal(h.rig.Device))
	h.fault(sim.Fault{On: "front", Kind: "office"})
	h.leap.Pass(2 * time.Second) // what served the last look at this lock does not serve the next
	if o := h.look(); len(o.Modes) != 1 || o.Modes[0] != lock.ModeOffice {
		t.Errorf("modes %v", o.Modes)
	}
	drivertest.Must(t, h.rig.Far.Heal(h.rig.Device))
	drivertest.Must(t, h.rig.Far.Add(h.rig.Device, drivertest.PIN(t, "771199"), "Resident"))
	h.leap.Pass(2 * time.Second)
	o := h.look()
	if len(o.Held) != 1 || o.Held[0].Tag != "" {
		t.Fatalf("the list has %+v", o.Held)
	}
	drivertest.Fails(t, "removing a resident", h.rig.Driver.Clear(t.Context(), h.rig.Device, o.Held[0].Ref), driver.Unsupported, driver.BlameRequest)
	if !h.opens(drivertest.PIN(t, "771199")) {
		t.Error("the resident is locked out")
	}
}

// An hour's token is renewed by the password, and a wrong one is told without being told.
func TestATokenIsRenewed(t *testing.T) {
	h := open(t)
	h.leap.Pass(3 * time.Hour)
	h.look()
	h.secrets = &provider.MemorySecrets{}
	_, err := h.login("marker-wrong").Devices(t.Context())
	drivertest.Fails(t, "a wrong password", err, driver.Unauthorized, driver.BlameAccount)
	if strings.Contains(err.Error()+h.log.String(), "marker") {
		t.Error("the password is told")
	}
}

func signedIn(t testing.TB) *provider.MemorySecrets {
	t.Helper()
	var s provider.MemorySecrets
	if err := oauth.Save(t.Context(), &s, oauth.Tokens{Access: provider.NewToken("marker-access"), Refresh: provider.NewToken("marker-refresh")}); err != nil {
		t.Fatal(err)
	}
	return &s
}

func epoch() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

const device = "salto-11111111-2222-4333-8444-555555555555"

func TestGarbledAnswers(t *testing.T) {
	for name, secrets := range map[string]func(testing.TB) *provider.MemorySecrets{
		"signed in": signedIn, "signing in": func(testing.TB) *provider.MemorySecrets { return &provider.MemorySecrets{} },
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Garbled{
				Open: func(t *testing.T, base string) driver.Driver {
					return login(t, base, epoch, io.Discard, secrets(t), "marker-password")
				},
				Device: device, Want: ada(), Ref: "u", Secrets: []string{"marker-access", "marker-refresh", "marker-password"},
				Answers: map[string]drivertest.Said{"other types": {Body: `{"list":{"id":true},"items":7,"errcode":{}}`}},
			}.Run(t)
		})
	}
}

// What the identity server and the API refuse, in their own words.
func TestWhatARefusalMeans(t *testing.T) {
	for name, x := range map[string]struct {
		path   string
		status int
		body   string
		kind   driver.Kind
		blame  driver.Blame
	}{
		"an outage of the identity server": {"/connect/token", 404, "", driver.Offline, driver.BlameCloud},
		"a wrong client":                   {"/connect/token", 400, `{"error":"invalid_client"}`, driver.Unauthorized, driver.BlameAccount},
		"no sites":                         {"/v1.2/sites", 200, `[]`, driver.Unsupported, driver.BlameAccount},
		"several sites":                    {"/v1.2/sites", 200, `[{"id":"a"},{"id":"b"}]`, driver.Unsupported, driver.BlameAccount},
		"a site that is not allowed":       {"/v1.2/sites", 403, `{"title":"Forbidden"}`, driver.Unsupported, driver.BlameAccount},
		"too much":                         {"/v1.2/sites", 429, ``, driver.Throttled, driver.BlameCloud},
		"pages":                            {"/v1.2/sites/s/locks", 200, `{"items":[],"next_page_link":"/more"}`, driver.Offline, driver.BlameCloud},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answers := map[string]string{"/connect/token": `{"access_token":"a"}`, "/v1.2/sites": `[{"id":"s"}]`, "/v1.2/sites/s": `{"time_zone":"Europe/Berlin"}`}
			if r.URL.Path == x.path {
				w.WriteHeader(x.status)
				_, _ = w.Write([]byte(x.body))
				return
			}
			_, _ = w.Write([]byte(answers[r.URL.Path]))
		}))
		_, err := login(t, server.URL, epoch, io.Discard, &provider.MemorySecrets{}, "p").Devices(t.Context())
		drivertest.Fails(t, name, err, x.kind, x.blame)
		server.Close()
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for field, change := range map[string]func(*provider.Account){
		"client_id": func(a *provider.Account) { delete(a.Texts, "client_id") }, "username": func(a *provider.Account) { delete(a.Texts, "username") },
		"client_secret": func(a *provider.Account) { delete(a.Secrets, "client_secret") }, "password": func(a *provider.Account) { delete(a.Secrets, "password") },
		"base_url": func(a *provider.Account) { a.Texts["base_url"] = "connect" }, "identity_url": func(a *provider.Account) { a.Texts["identity_url"] = "identity" },
	} {
		a := provider.Account{ID: "hotel", Texts: map[string]string{"client_id": "c", "username": "u"}, Secrets: map[string]string{"client_secret": "s", "password": "p"}}
		change(&a)
		if _, err := saltoks.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account hotel: "+field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`[{"id":"11111111-2222-4333-8444-555555555555","user":{"id":"p"},"lock_type":"escutcheon_pin","customer_reference":"LCABCDE23 11111111-2222-4333-8444-555555555555","use_pin":true,"start_date":"2026-01-05T15:00:00","event_category":"lock_opened","user_id":"p","utc_date_time":"2026-01-05T15:00:00Z","lock":{"id":"11111111-2222-4333-8444-555555555555"}}]`,
		`{"items":[{"id":"s"}],"next_page_link":null}`, `{"items":null}`, `"525149"`, `[null]`, `{"ErrorCode":2203}`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := saltoks.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{Transport: drivertest.Said{Body: string(text)}}, Now: epoch, Secrets: signedIn(t)}, provider.Account{
			ID: "hotel", Texts: map[string]string{"client_id": "c", "username": "u"}, Secrets: map[string]string{"client_secret": "s", "password": "p"},
		})
		drivertest.Must(t, err)
		_, err = d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		o, err := d.Observe(t.Context(), device, driver.Known{Since: "2026-01-05T14:00:00Z x"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries {
			t.Errorf("%d codes, %d entries", len(o.Held), len(o.Entries))
		}
		_, err = d.Set(t.Context(), device, ada(), "")
		drivertest.Typed(t, "set", err)
		drivertest.Typed(t, "clear", d.Clear(t.Context(), device, "u"))
	})
}
