package schlage_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/schlage"
	"github.com/accesscodes/lockctl/lock"
)

// said answers every request alike, but those to the user pool, which gives a token, and those for which there is another answer by the
// method and the end of the path.
type said struct {
	status int
	body   []byte
	others map[string]string
}

func (s said) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := s.status, s.body
	if r.Header.Get("X-Amz-Target") != "" {
		status, body = http.StatusOK, []byte(`{"AuthenticationResult":{"AccessToken":"secret-token","IdToken":"secret-token","ExpiresIn":3600}}`)
	}
	for of, other := range s.others {
		if method, end, _ := strings.Cut(of, " "); r.Method == method && strings.HasSuffix(r.URL.Path, end) {
			status, body = http.StatusOK, []byte(other)
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// before opens the driver of somebody who has signed in already.
func before(t *testing.T, s said) driver.Driver {
	t.Helper()
	e := env(&http.Client{Transport: s}, func() time.Time { return time.Unix(0, 0) }, io.Discard)
	_, err := e.Secrets.Save(t.Context(), provider.NewToken("user refresh"), 0)
	must(t, err)
	d, err := schlage.Provider().Open(t.Context(), e, account("http://api.example.org"))
	must(t, err)
	return d
}

const (
	aDevice = `{"deviceId":"d1","name":"Front","modelName":"BE489WB","devicetypeId":"be489wifi","connected":true,"attributes":{"batteryLevel":90,"accessCodeLength":4}}`
	aCode   = `{"accesscodeId":"c1","friendlyName":"LCABCDE23","accessCode":72,"accessCodeLength":4,"disabled":0,"activationSecs":0,"expirationSecs":4294967295}`
)

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestMangledAnswers(t *testing.T) {
	for name, x := range map[string]said{
		"a page":         {200, []byte("<html>please sign in</html>"), nil},
		"nothing":        {200, nil, nil},
		"half an answer": {200, []byte(`[{"deviceId":"d1","attributes":{`), nil},
		"another type":   {200, []byte(`{"deviceId":7}`), nil},
		"far too much":   {200, []byte(`["` + strings.Repeat("x", 5<<20) + `"]`), nil},
		"teapot":         {418, []byte("{}"), nil},
		"with digits":    {400, []byte(`{"message":"accessCode 4829 of secret-token is not valid"}`), nil},
		"error":          {503, []byte("<html>"), nil},
	} {
		d := before(t, x)
		_, listed := d.Devices(t.Context())
		_, observed := d.Observe(t.Context(), "schlage-d1", driver.Known{})
		_, set := d.Set(t.Context(), "schlage-d1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: pinOf(t, "4829"), Enabled: true}, "")
		cleared := d.Clear(t.Context(), "schlage-d1", "c1")
		for verb, err := range map[string]error{"devices": listed, "observe": observed, "set": set, "clear": cleared} {
			switch e, ok := errors.AsType[*driver.Error](err); {
			case !ok:
				t.Errorf("%s: %s: %v is no *driver.Error", name, verb, err)
			case strings.Contains(err.Error(), "4829"), strings.Contains(err.Error(), "secret-token"), strings.Contains(err.Error(), "example.org"):
				t.Errorf("%s: %s: the error tells digits, the token or an address", name, verb)
			case e.Kind == driver.Ambiguous:
				t.Errorf("%s: %s: nothing was written, and the error is ambiguous", name, verb)
			}
		}
	}
}

func TestWhatARefusalMeans(t *testing.T) {
	read := map[string]string{"GET /devices/d1": aDevice, "GET /storage/accesscode": `[]`}
	for _, x := range []struct {
		status  int
		message string
		want    driver.Kind
	}{
		{400, "bad", driver.Rejected},
		{400, "Name or code already in use", driver.Ambiguous},
		{400, "Device is not connected", driver.Offline},
		{400, "Maximum number of access codes reached", driver.Full},
		{401, "", driver.Unauthorized},
		{403, "Forbidden", driver.Unauthorized},
		{404, "", driver.NotFound},
		{409, "", driver.Ambiguous},
		{422, "", driver.Rejected},
		{429, "", driver.Throttled},
		{500, "", driver.Ambiguous},
		{502, "", driver.Ambiguous},
		{504, "Endpoint request timed out", driver.Ambiguous},
	} {
		d := before(t, said{x.status, []byte(`{"message":"` + x.message + `"}`), read})
		_, err := d.Set(t.Context(), "schlage-d1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: pinOf(t, "4829"), Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != x.want || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("%d %q gives %v", x.status, x.message, err)
		}
	}
}

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		aDevice, `[` + aDevice + `]`, `[` + aCode + `]`, `[{"accesscodeId":"c","accessCode":"****","accessCodeLength":-4,"activationSecs":-9e18}]`,
		`[{"logId":"l","createdAt":"2026-01-05T14:00:00.000Z","message":{"eventCode":2,"accessorUuid":"c1","secondsSinceEpoch":1767621600}}]`,
		`{"deviceId":"d","attributes":{"batteryLevel":-1e300}}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s), []byte(s))
	}
	f.Fuzz(func(t *testing.T, one, many []byte) {
		d := before(t, said{http.StatusOK, many, map[string]string{"GET /devices/d1": string(one)}})
		devices, err := d.Devices(t.Context())
		if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
			t.Fatalf("devices: %v", err)
		}
		for _, x := range devices {
			if x.Model == "" || x.Name == "" || len(x.Traits.PINLengths) == 0 {
				t.Errorf("a device without a model, a name or lengths: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), "schlage-d1", driver.Known{Since: "2026-01-05T14:00:00Z x"})
		if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
			t.Fatalf("observe: %v", err)
		}
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
		_, err = d.Set(t.Context(), "schlage-d1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: pinOf(t, "4829"), Enabled: true}, "c1")
		if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
			t.Fatalf("set: %v", err)
		}
	})
}
