package august_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/august"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

const door = "august-2D8D693177AC44895FC02C009EC3F6AF"

// signedIn is a driver whose account has signed in already, at an address that answers what it likes.
func signedIn(t *testing.T, client *http.Client, base string) driver.Driver {
	t.Helper()
	env := provider.Env{
		HTTP: client, Now: func() time.Time { return time.Unix(0, 0) }, Secrets: &provider.MemorySecrets{}, Log: slog.New(slog.DiscardHandler),
	}
	drivertest.Must(t, oauth.Save(t.Context(), env.Secrets, oauth.Tokens{Access: provider.NewToken("secret-token"), Refresh: provider.NewToken("secret-installation")}))
	d, err := august.Provider().Open(t.Context(), env, provider.Account{
		ID: "house", Texts: map[string]string{"identifier": "email:ann@example.org", "base_url": base},
		Secrets: map[string]string{"api_key": "secret-key", "password": "secret-password"},
	})
	drivertest.Must(t, err)
	return d
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open:   func(t *testing.T, base string) driver.Driver { return signedIn(t, &http.Client{}, base) },
		Device: door, Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "p:LCABCDE23", Secrets: []string{"secret"},
		Answers: map[string]drivertest.Said{
			"half a lock":     {Body: `{"LockName":"Front","Type":5,`},
			"a number":        {Body: `[17]`},
			"error with code": {Status: 400, Body: `{"code":"BadRequest","message":"bad pin format: 482915"}`},
			"signed out":      {Status: 401, Body: `{"code":"Unauthorized","message":"secret-token"}`},
		},
		Bare: []string{"devices"}, // the list is an object
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for status, want := range map[int]driver.Kind{
		400: driver.Rejected, 401: driver.Unauthorized, 403: driver.Unauthorized, 408: driver.Offline, 412: driver.Unsupported, 422: driver.Offline, 423: driver.Throttled,
		429: driver.Throttled, 460: driver.Throttled, 500: driver.Ambiguous, 502: driver.Ambiguous, 560: driver.Ambiguous,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/pins") && r.Method == http.MethodGet:
				_, _ = w.Write([]byte(`{}`))
			case r.Method == http.MethodGet:
				_, _ = w.Write([]byte(`{"LockID":"x","Type":5,"Bridge":{"operative":true}}`))
			case r.URL.Path == "/session":
				w.Header().Set("x-august-access-token", "secret-next")
				_, _ = w.Write([]byte(`{"vPassword":true,"vInstallId":true,"expiresAt":"2031-01-01T00:00:00.000000Z"}`))
			default:
				w.WriteHeader(status)
			}
		}))
		d := signedIn(t, server.Client(), server.URL)
		_, err := d.Set(t.Context(), door, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != want || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("status %d gives %v", status, err)
		}
		server.Close()
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, x := range []struct {
		vendor provider.Provider
		texts  map[string]string
		wholes map[string]int64
		names  string
	}{
		{august.Provider(), map[string]string{"base_url": "api.august.com"}, nil, "base_url"},
		{august.Provider(), map[string]string{"auth_url": "auth"}, nil, "auth_url"},
		{august.Provider(), map[string]string{"identifier": "ann@example.org"}, nil, "identifier"},
		{august.Provider(), nil, map[string]int64{"pin_min": 7}, "pin_min"},
		{august.Provider(), map[string]string{"client_id": "c"}, nil, "client_id"},
		{august.Yale(), map[string]string{"brand": "yale_global"}, nil, "brand"},
	} {
		texts := map[string]string{"identifier": "email:ann@example.org"}
		for name, text := range x.texts {
			texts[name] = text
		}
		env := provider.Env{HTTP: &http.Client{}, Secrets: &provider.MemorySecrets{}}
		_, err := x.vendor.Open(t.Context(), env, provider.Account{ID: "house", Texts: texts, Wholes: x.wholes, Secrets: map[string]string{"api_key": "k", "password": "p"}})
		if err == nil || !strings.HasPrefix(err.Error(), "account house: "+x.names+": ") {
			t.Errorf("%v %v gives %v", x.texts, x.wholes, err)
		}
	}
}

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"LockID":"x","LockName":"Front","Type":5,"HouseID":"h","timeZone":"Europe/Berlin","battery":0.9,"supportsEntryCodes":true,"accessSchedulesAllowed":true,"Bridge":{"_id":"b","operative":true,"status":{"current":"online"}},"keypad":{"batteryLevel":"Low"}}`,
		`{"2D8D693177AC44895FC02C009EC3F6AF":{"LockName":"Front","UserType":"superuser"},"supportsEntryCodes":true}`,
		`{"loaded":[{"_id":"1","userID":"u","partnerUserID":"LCABCDE23","pin":"482915","accessType":"temporary","accessTimes":"DTSTART=2026-07-03T23:00:00.000Z;DTEND=2026-07-06T18:00:00.000Z","firstName":"Ann","lastName":"LCABCDE23"}]}`,
		`{"created":[{"_id":"1","pin":"x","accessType":"temporary","accessTimes":"STARTSEC=-9223372036854775808;ENDSEC=99999999999999"}]}`,
		`{"events":[{"id":"e","timestamp":1665378377000,"action":"pin_unlock","deviceID":"2D8D693177AC44895FC02C009EC3F6AF","user":{"UserID":"u"}}],"HouseID":"h"}`,
		`{"battery":-1e300,"Bridge":null}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := signedIn(t, &http.Client{Transport: drivertest.Said{Body: string(text)}}, "https://api.example.org")
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), door, driver.Known{Since: "1665378376000 d"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
	})
}
