package smartthings_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/smartthings"
	"github.com/accesscodes/lockctl/lock"
)

// person signs in with a token of a person, so that no answer is asked for tokens.
func person(t *testing.T, client *http.Client, texts map[string]string) driver.Driver {
	t.Helper()
	d, err := smartthings.Provider().Open(t.Context(), provider.Env{
		HTTP: client, Now: func() time.Time { return time.Unix(0, 0) }, Log: slog.New(slog.DiscardHandler),
	}, provider.Account{ID: "house", Texts: texts, Secrets: map[string]string{"token": "secret-token"}})
	drivertest.Must(t, err)
	return d
}

const (
	idOfOne  = "127cf400-e486-4889-a8a5-31caa15b1cbd"
	doorOf   = lock.DeviceID("smartthings-" + idOfOne)
	oneOfOld = `{"deviceId":"` + idOfOne + `","label":"Front","locationId":"b806","healthState":{"state":"ONLINE"},"components":[{"id":"main","capabilities":[` +
		`{"id":"lockCodes","status":{"maxCodes":{"value":30},"lockCodes":{"value":"{\"3\":\"LCABCDE23:Ada\",\"x\":7}"},"codeChanged":{"value":"3 set","timestamp":"2026-01-05T10:00:00.000Z"}}},` +
		`{"id":"battery","status":{"battery":{"value":-1e300}}}]}]}`
	oneOfNew = `{"deviceId":"` + idOfOne + `","components":[{"id":"main","capabilities":[{"id":"lockCredentials","status":{"pinUsersSupported":{"value":-3},` +
		`"credentials":{"value":[{"userIndex":1,"credentialIndex":2,"credentialType":"pin"},null]},"commandResult":{"value":{"commandName":"updateCredential","statusCode":1}}}}]}]}`
)

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		oneOfOld, oneOfNew, `{"items":[` + oneOfOld + `,` + oneOfNew + `],"_links":{"next":{"href":"http://x/devices?page=1"}}}`, `{"items":[` + oneOfNew + `]}`,
		`{"items":[{"capability":"lock","attribute":"lock","value":"unlocked","data":{"method":"keypad","codeId":3},"epoch":9,"hash":1}],"components":[]}`,
		`{"components":{"main":{"lockCodes":{}}}}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := person(t, &http.Client{Transport: drivertest.Said{Body: string(text)}}, nil)
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" || len(x.Traits.Lengths()) == 0 || x.Traits.Slots < 0 {
				t.Errorf("a device without a model, a name or lengths: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), doorOf, driver.Known{Since: "9-1", Refs: []lock.Ref{"3@1@2", "2@0@0", "@@", "name:x"}})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
	})
}

// Whatever is posted, nothing is believed that the vendor's key has not signed.
func FuzzPosts(f *testing.F) {
	f.Add([]byte(`{"messageType":"EVENT","eventData":{"events":[{"deviceEvent":{"deviceId":"`+idOfOne+`"}}]}}`), `Signature keyId="/pl/a/b",algorithm="rsa-sha256",headers="(request-target) digest",signature="AA=="`)
	f.Add([]byte(`{"messageType":"CONFIRMATION","confirmationData":{"confirmationUrl":"https://api.smartthings.com/x"}}`), ``)
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		d := person(t, &http.Client{Transport: drivertest.Said{}}, nil)
		_, notices, _ := d.(driver.Receiver).Receive(t.Context(), driver.Inbound{Method: http.MethodPost, Path: "/h", Header: http.Header{"Authorization": {header}}, Body: body})
		for _, n := range notices {
			if n.Device == "" {
				continue // to be asked for a confirmation leads to a look, and to nothing else
			}
			t.Errorf("it leads to %v", n)
		}
	})
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open: func(t *testing.T, base string) driver.Driver {
			return person(t, &http.Client{}, map[string]string{"base_url": base})
		},
		Device: doorOf, Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "3", Secrets: []string{"secret-token"},
		Answers: map[string]drivertest.Said{
			"half a list":     {Body: `{"items":[{"deviceId":"127c`},
			"another type":    {Body: `{"items":7,"components":"main"}`},
			"error with code": {Status: 422, Body: `{"error":{"code":"482915","message":"482915 is not valid"}}`},
		},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for _, x := range []struct {
		status int
		body   string
		want   driver.Kind
	}{
		{400, "", driver.Rejected}, {401, "", driver.Unauthorized}, {403, "", driver.Unauthorized}, {404, "", driver.NotFound}, {409, "", driver.Offline},
		{422, "", driver.Rejected}, {429, "", driver.Throttled}, {500, "", driver.Ambiguous}, {504, "", driver.Ambiguous}, {200, "", driver.Ambiguous},
		{200, `{"results":[{"status":"FAILED"}]}`, driver.Ambiguous},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(oneOfOld))
				return
			}
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(x.body))
		}))
		d := person(t, server.Client(), map[string]string{"base_url": server.URL})
		_, err := d.Set(t.Context(), doorOf, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != x.want || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("status %d %s gives %v", x.status, x.body, err)
		}
		server.Close()
	}
}
