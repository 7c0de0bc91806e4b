package seam_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/seam"
	"github.com/accesscodes/lockctl/lock"
)

func at(t *testing.T, client *http.Client, base string) driver.Driver {
	t.Helper()
	d, err := seam.Provider().Open(t.Context(), provider.Env{HTTP: client, Now: func() time.Time { return time.Unix(0, 0) }}, provider.Account{
		ID: "house", Texts: map[string]string{"base_url": base}, Secrets: map[string]string{"api_key": "seam_secret"},
	})
	drivertest.Must(t, err)
	return d
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open:   func(t *testing.T, base string) driver.Driver { return at(t, &http.Client{}, base) },
		Device: "seam-front", Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "1", Secrets: []string{"seam_secret"},
		Answers: map[string]drivertest.Said{
			"half a device":   {Body: `{"device":{"device_id":"front",`},
			"a number":        {Body: `[17]`},
			"error with code": {Status: 400, Body: `{"ok":false,"error":{"type":"invalid_input","message":"482915 is too long"}}`},
			"strange type":    {Status: 400, Body: `{"ok":false,"error":{"type":"482915 seam_secret"}}`},
		},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for _, x := range []struct {
		status int
		typ    string
		kind   driver.Kind
	}{
		{400, "invalid_input", driver.Rejected}, {400, "device_offline", driver.Offline}, {400, "no_space_for_access_code_on_device", driver.Full},
		{401, "unauthorized", driver.Unauthorized}, {403, "forbidden", driver.Unauthorized}, {409, "duplicate_access_code", driver.Taken},
		{429, "rate_limit_exceeded", driver.Throttled}, {500, "internal_error", driver.Ambiguous}, {504, "", driver.Ambiguous},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/access_codes/create" {
				_, _ = w.Write([]byte(`{"ok":true,"device":{"device_id":"front","device_type":"lockly_lock"},"access_codes":[]}`))
				return
			}
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(`{"ok":false,"error":{"type":"` + x.typ + `"}}`))
		}))
		_, err := at(t, server.Client(), server.URL).Set(t.Context(), "seam-front", lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != x.kind || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("status %d %s gives %v", x.status, x.typ, err)
		}
		server.Close()
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, a := range []provider.Account{
		{Texts: map[string]string{"base_url": "connect.getseam.com"}, Secrets: map[string]string{"api_key": "k"}}, {},
	} {
		a.ID = "house"
		if _, err := seam.Lockly().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}

// Whatever the service answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"ok":true,"device":{"device_id":"front","device_type":"august_lock","can_program_online_access_codes":true,"properties":{"online":true,"battery":{"level":0.9},"supported_code_lengths":[6,4],"code_constraints":[{"constraint_type":"name_length","max_length":14}]}}}`,
		`{"devices":[{"device_id":"front","device_type":"dormakaba_oracode_door","can_program_offline_access_codes":true,"can_program_online_access_codes":false,"properties":{"dormakaba_oracode_metadata":{"predefined_time_slots":[{"check_in_time":"15:00:00[America/Los_Angeles]","check_out_time":"11:00"}]}}}]}`,
		`{"device":{"device_id":"front"},"access_codes":[{"access_code_id":"1","name":"LCABCDE23:Ada","code":"482915","type":"time_bound","status":"set","starts_at":"2026-01-05T14:00:00.000Z","ends_at":"2026-01-07T10:00:00.000Z"}]}`,
		`{"device":{"device_id":"front","device_type":"august_lock"},"events":[{"event_id":"e","event_type":"lock.unlocked","occurred_at":"2026-01-05T14:00:00.000Z","access_code_id":"1"}]}`,
		`{"device":{"properties":{"battery":{"level":-1e300},"supported_code_lengths":[-4,99],"max_active_codes_supported":-3}}}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := at(t, &http.Client{Transport: drivertest.Said{Body: string(text)}}, "https://api.example.org")
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" || x.Traits.Slots < 0 || x.Traits.NameMax < 0 {
				t.Errorf("a device without a model or a name, or with strange traits: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), "seam-front", driver.Known{Since: "2026-01-05T14:00:00Z e"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
	})
}
