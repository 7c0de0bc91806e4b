package kwikset_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/kwikset"
	"github.com/accesscodes/lockctl/driver/provider"
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
	e := env(&http.Client{Transport: s}, func() time.Time { return time.Unix(1700000000, 0) }, io.Discard)
	_, err := e.Secrets.Save(t.Context(), provider.NewToken("user refresh"), 0)
	must(t, err)
	d, err := kwikset.Provider().Open(t.Context(), e, account("http://api.example.org"))
	must(t, err)
	return d
}

const aDevice = `{"data":[{"deviceid":"d1","devicename":"Front","modelnumber":"HALO-01","batterypercentage":"90","deviceconnectivitystatus":"connected","ledstatus":true}]}`

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestMangledAnswers(t *testing.T) {
	for name, x := range map[string]said{
		"a page":         {200, []byte("<html>please sign in</html>"), nil},
		"nothing":        {200, nil, nil},
		"half an answer": {200, []byte(`{"data":[{"deviceid":"d1",`), nil},
		"another type":   {200, []byte(`{"data":[{"deviceid":7}]}`), nil},
		"far too much":   {200, []byte(`["` + strings.Repeat("x", 5<<20) + `"]`), nil},
		"teapot":         {418, []byte("{}"), nil},
		"with digits":    {400, []byte(`{"message":"accessCode 4829 of secret-token is not valid"}`), nil},
		"error":          {503, []byte("<html>"), nil},
	} {
		d := before(t, x)
		_, listed := d.Devices(t.Context())
		_, observed := d.Observe(t.Context(), "kwikset-d1", driver.Known{})
		_, set := d.Set(t.Context(), "kwikset-d1", want(t, "LCABCDE23", "4829"), "")
		cleared := d.Clear(t.Context(), "kwikset-d1", "slot/4/x/LCABCDE23")
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
	for status, kind := range map[int]driver.Kind{
		200: driver.Ambiguous, 400: driver.Rejected, 401: driver.Unauthorized, 403: driver.Unauthorized, 404: driver.Ambiguous, 429: driver.Throttled,
		500: driver.Ambiguous, 502: driver.Ambiguous, 504: driver.Ambiguous,
	} {
		d := before(t, said{status, []byte(`{"message":"no"}`), map[string]string{"GET /devices_v2/d1": aDevice}})
		_, set := d.Set(t.Context(), "kwikset-d1", want(t, "LCABCDE23", "4829"), "")
		cleared := d.Clear(t.Context(), "kwikset-d1", "slot/4/x/LCABCDE23")
		for _, err := range []error{set, cleared} {
			if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != kind || e.Kind == driver.Throttled && e.RetryAfter == 0 {
				t.Errorf("status %d gives %v", status, err)
			}
		}
	}
}

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		aDevice, `{"data":[{"homeid":"h"}]}`, `{"message":"030104"}`, `{"data":[{"message":"0301ff"}]}`, `{"data":[{"batterypercentage":-1e300,"deviceconnectivitystatus":"Connected"}]}`,
		`{"data":[{"id":7,"user":"LCABCDE23","timestamp":1700000000,"eventtype":"Keypad","event":"Unlocked"}]}`, `{"data":[{"token":"t/1"}]}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(aDevice), []byte(s))
	}
	f.Fuzz(func(t *testing.T, one, many []byte) {
		d := before(t, said{http.StatusOK, many, map[string]string{"GET /devices_v2/d1": string(one)}})
		devices, err := d.Devices(t.Context())
		if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
			t.Fatalf("devices: %v", err)
		}
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		refs := []lock.Ref{"token/t/1699999999/p/LCABCDE23", "slot/4/p/LCBBBBBSI", "1"}
		o, err := d.Observe(t.Context(), "kwikset-d1", driver.Known{Refs: refs, Since: "2026-01-05T14:00:00Z x"})
		if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
			t.Fatalf("observe: %v", err)
		}
		if len(o.Held) > len(refs) || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 || o.Complete {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
		_, set := d.Set(t.Context(), "kwikset-d1", want(t, "LCABCDE23", "4829"), refs[0])
		for _, err := range []error{set, d.Clear(t.Context(), "kwikset-d1", refs[0])} {
			if _, ok := errors.AsType[*driver.Error](err); err != nil && !ok {
				t.Fatalf("set or clear: %v", err)
			}
		}
	})
}
