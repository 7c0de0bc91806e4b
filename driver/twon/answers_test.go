package twon_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/twon"
	"github.com/accesscodes/lockctl/lock"
)

const (
	told  = `{"success":true,"result":{"serialNumber":"54-1","deviceName":"Gate","systemTime":1767618000,"users":[{"access":{"pin":"","code":[""],"validFrom":"0","validTo":"0"}}]}}`
	empty = `{"success":true,"result":{"series":"7","users":[]}}`
	gate  = lock.DeviceID("2n-54-1")
)

func epoch() time.Time { return time.Unix(0, 0) }

// device answers what a driver asks before it writes, and the rest by fn.
func device(t *testing.T, fn http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/system/info", "/api/system/status", "/api/dir/template":
			_, _ = w.Write([]byte(told))
		case "/api/dir/query":
			_, _ = w.Write([]byte(empty))
		default:
			fn(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open: func(t *testing.T, base string) driver.Driver {
			return login(t, &http.Client{}, base, epoch, &bytes.Buffer{}, "")
		},
		Device: gate, Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "1", Alone: true,
		Answers: map[string]drivertest.Said{
			"half a result": {Body: `{"success":true,"result":{"serialNumber":"54-`},
			"another type":  {Body: `{"success":"yes","result":7}`},
			"no result":     {Body: `{"success":true}`},
			"no serial":     {Body: `{"success":true,"result":{}}`},
			"refused":       {Body: `{"success":false,"error":{"code":12,"param":"482915","description":"bad 482915"}}`},
			"unexplained":   {Body: `{"success":false,"error":{"code":99,"param":"pin"}}`},
		},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	refused := func(code int) string {
		return fmt.Sprintf(`{"success":false,"error":{"code":%d,"param":"users"}}`, code)
	}
	misfit := func(code string) string {
		return `{"success":true,"result":{"users":[{"uuid":"x","errors":[{"code":"` + code + `","field":"access.pin"}]}]}}`
	}
	for _, x := range []struct {
		status int
		body   string
		kind   driver.Kind
	}{
		{200, refused(1), driver.Unsupported}, {200, refused(2), driver.Unsupported}, {200, refused(3), driver.Unsupported}, {200, refused(4), driver.Unauthorized},
		{200, refused(7), driver.Unauthorized}, {200, refused(8), driver.Unauthorized}, {401, refused(9), driver.Unauthorized}, {200, refused(10), driver.Unauthorized},
		{200, refused(11), driver.Rejected}, {200, refused(12), driver.Rejected}, {200, refused(13), driver.Rejected}, {200, refused(14), driver.Full},
		{200, refused(15), driver.Ambiguous}, {200, refused(17), driver.Rejected}, {200, refused(18), driver.Rejected}, {200, refused(0), driver.Ambiguous},
		{200, misfit("EDIR_UUID_ALREADY_EXISTS"), driver.Offline}, {200, misfit("EDIR_UUID_INVALID_FORMAT"), driver.Rejected},
		{200, misfit("EDIR_FIELD_VALUE_ERROR"), driver.Rejected}, {200, misfit("EDIR_FIELD_NOT_AVAILABLE"), driver.Unsupported}, {200, misfit("EDIR_ANYTHING"), driver.Rejected},
		{200, empty, driver.Ambiguous}, {200, `<html>`, driver.Ambiguous}, {429, ``, driver.Throttled}, {403, ``, driver.Unauthorized}, {500, ``, driver.Ambiguous}, {404, ``, driver.Ambiguous},
	} {
		server := device(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(x.body))
		})
		_, err := login(t, server.Client(), server.URL, epoch, &bytes.Buffer{}, "").Set(t.Context(), gate, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		e, ok := errors.AsType[*driver.Error](err)
		if !ok || e.Kind != x.kind || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("%d %s gives %v", x.status, x.body, err)
		}
	}
}

// Challenges that can't be answered end in a refusal, and none is answered more than once.
func TestChallenges(t *testing.T) {
	for challenge, most := range map[string]int{
		"": 1, `Bearer realm="x"`: 1, `Digest realm="x", nonce="n", algorithm=SHA-512`: 1, `Digest realm="x", nonce="n", qop="auth-int"`: 1,
		`Digest realm="a, b", nonce="n", qop="auth,auth-int", algorithm=MD5`: 2, `Digest realm="x", nonce="n"`: 2, `Basic realm="x"`: 2,
	} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			if challenge != "" {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			w.WriteHeader(http.StatusUnauthorized)
		}))
		_, err := login(t, server.Client(), server.URL, epoch, &bytes.Buffer{}, "").Devices(t.Context())
		if e := drivertest.Error(t, err); e.Kind != driver.Unauthorized || e.Blame != driver.BlameAccount || asked != most {
			t.Errorf("%q is asked %d times and gives %v", challenge, asked, err)
		}
		server.Close()
	}
}

// A directory that comes in pages is read to its end.
func TestADirectoryInPages(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path != "/api/dir/query":
			_, _ = w.Write([]byte(told))
		case !bytes.Contains(body, []byte("iterator")):
			_, _ = w.Write([]byte(`{"success":true,"result":{"iterator":{"timestamp":5},"users":[{"uuid":"a","access":{"pin":"1111"}}]}}`))
		default:
			_, _ = w.Write([]byte(`{"success":true,"result":{"users":[{"uuid":"b","access":{"pin":"2222","validFrom":1767618000}},{"uuid":"c","deleted":true}]}}`))
		}
	}))
	defer server.Close()
	o, err := login(t, server.Client(), server.URL, epoch, &bytes.Buffer{}, "").Observe(t.Context(), gate, driver.Known{})
	if err != nil || len(o.Held) != 2 || o.Held[1].Ref != "B" || o.Held[1].Window.From.Unix() != 1767618000 {
		t.Errorf("it is read as %+v, %v", o.Held, err)
	}
}

// Whatever a device answers, a look is an observation within its bounds, or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		told, empty, `{"success":true,"result":{"id":7,"events":[{"id":7,"utcTime":1767618123,"upTime":812,"event":"CodeEntered","params":{"code":"482915","uuid":"4C95","valid":true}}]}}`,
		`{"success":true,"result":{"users":[{"uuid":"a","name":"LCABCDE23:Ada","access":{"pin":"4829","validFrom":"-1","validTo":"99999999999999999999","code":null}}],"iterator":{"timestamp":1}}}`,
		`{"success":false,"error":{"code":12,"param":"id"}}`, `{"success":true,"result":{"events":[{"id":-1,"utcTime":-9e18,"event":"UserAuthenticated"}]}}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := twon.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{Transport: drivertest.Said{Body: string(text), Others: map[string]string{"GET /api/system/info": told}}}, Now: epoch, Rand: bytes.NewReader(make([]byte, 64))},
			provider.Account{ID: "house", Texts: map[string]string{"base_url": "http://gate", "user": "u"}, Secrets: map[string]string{"password": "p"}})
		drivertest.Must(t, err)
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		for _, since := range []lock.Cursor{"", "1767618000 3", "1767618000 1767618000 812 3", lock.Cursor(text)} {
			o, err := d.Observe(t.Context(), gate, driver.Known{Since: since})
			drivertest.Typed(t, "observe", err)
			if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries {
				t.Errorf("%d codes, %d entries", len(o.Held), len(o.Entries))
			}
		}
		_, err = d.Set(t.Context(), gate, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		drivertest.Typed(t, "set", err)
		drivertest.Typed(t, "clear", d.Clear(t.Context(), gate, lock.Ref(text)))
	})
}
