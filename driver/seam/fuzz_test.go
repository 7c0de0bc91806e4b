package seam_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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

// Were a missing list taken for an empty one, all codes would seem to be gone.
func TestAnAnswerWithoutTheListOfCodes(t *testing.T) {
	d := at(t, &http.Client{Transport: drivertest.Said{
		Body: `{"ok":true}`, Others: map[string]string{"POST /devices/get": `{"ok":true,"device":{"device_id":"front","device_type":"lockly_lock"}}`},
	}}, "http://api.example.org")
	_, err := d.Observe(t.Context(), "seam-front", driver.Known{})
	drivertest.Fails(t, "a look", err, driver.Offline, driver.BlameCloud)
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

// posted is a post of the service with its signature, and a driver that has asked for it.
func posted(t *testing.T, body []byte) (*http.Header, func(http.Header, []byte) (driver.Reply, []driver.Notice, error)) {
	t.Helper()
	const url, secret = "https://locks.example.org/hooks/a", "whsec_c2VjcmV0"
	d := at(t, &http.Client{Transport: drivertest.Said{
		Body: `{"ok":true,"webhooks":[{"webhook_id":"w","url":"` + url + `","event_types":["*"],"secret":"` + secret + `"}]}`,
	}}, "https://api.example.org")
	drivertest.Must(t, d.(driver.Subscriber).Subscribe(t.Context(), url))
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte("msg_1.0."))
	mac.Write(body)
	h := http.Header{}
	h.Set("svix-id", "msg_1")
	h.Set("svix-timestamp", "0") // the driver's clock stands there
	h.Set("svix-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return &h, func(h http.Header, body []byte) (driver.Reply, []driver.Notice, error) {
		return d.(driver.Receiver).Receive(t.Context(), driver.Inbound{Method: http.MethodPost, Header: h, Body: body})
	}
}

// What the service has signed, now, leads to a look at the lock that it is about; what it has not leads to nothing.
func TestPosts(t *testing.T) {
	body := []byte(`{"event_type":"access_code.deleted_external_to_seam","device_id":"front","connected_account_id":"x"}`)
	h, receive := posted(t, body)
	if _, notices, err := receive(*h, body); err != nil || len(notices) != 1 || notices[0] != (driver.Notice{Account: "house", Device: "seam-front"}) {
		t.Errorf("a post gives %v, %v", notices, err)
	}
	for name, change := range map[string]func(http.Header){
		"another time": func(h http.Header) { h.Set("svix-timestamp", "1") },
		"another id":   func(h http.Header) { h.Set("svix-id", "msg_2") },
		"no id":        func(h http.Header) { h.Del("svix-id") },
		"no signature": func(h http.Header) { h.Del("svix-signature") },
		"another version": func(h http.Header) {
			h.Set("svix-signature", strings.Replace(h.Get("svix-signature"), "v1,", "v2,", 1))
		},
	} {
		forged := h.Clone()
		change(forged)
		if reply, notices, err := receive(forged, body); err == nil || len(notices) > 0 || reply.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, %d notices, %v", name, reply.Status, len(notices), err)
		}
	}
	h.Set("svix-signature", "v1,bm90IHRoaXM= "+h.Get("svix-signature")) // while the secret changes
	if _, notices, err := receive(*h, body); err != nil || len(notices) != 1 {
		t.Errorf("the second signature fits, and a post gives %v, %v", notices, err)
	}
}

// Whatever is posted, and however it is signed, is believed when its signature fits and else not.
func FuzzPosts(f *testing.F) {
	for _, s := range []string{`{"event_type":"lock.unlocked","device_id":"front"}`, `{"event_type":"connected_account.disconnected"}`, `{"device_id":7}`, `[]`, `null`, ``} {
		f.Add([]byte(s), "msg_1", "0", "v1,")
		f.Add([]byte(s), "", "9223372036854775807", "v1,AAAA v1,,")
	}
	f.Fuzz(func(t *testing.T, body []byte, id, at, signature string) {
		right, receive := posted(t, body)
		forged := http.Header{}
		forged.Set("svix-id", id)
		forged.Set("svix-timestamp", at)
		forged.Set("svix-signature", signature)
		for _, h := range []http.Header{*right, forged} {
			fits := slices.Contains(strings.Fields(h.Get("svix-signature")), right.Get("svix-signature")) && h.Get("svix-id") == "msg_1" && h.Get("svix-timestamp") == "0"
			reply, notices, err := receive(h, body)
			switch {
			case !fits && (err == nil || reply.Status != http.StatusUnauthorized), err != nil && (len(notices) > 0 || reply.Status < 400), len(notices) > 1:
				t.Errorf("fits %v: status %d, %d notices, %v", fits, reply.Status, len(notices), err)
			case fits && reply.Status == http.StatusUnauthorized:
				t.Error("a post of the service is refused")
			}
		}
	})
}
