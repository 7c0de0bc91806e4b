package kwikset_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/kwikset"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// pool is the path of the user pool, which gives this token.
const (
	pool    = "POST /"
	granted = `{"AuthenticationResult":{"AccessToken":"secret-token","IdToken":"secret-token","ExpiresIn":3600}}`
)

// before opens the driver of somebody who has signed in already.
func before(t *testing.T, client *http.Client, base string) driver.Driver {
	t.Helper()
	e := env(client, func() time.Time { return time.Unix(1700000000, 0) }, io.Discard)
	_, err := e.Secrets.Save(t.Context(), provider.NewToken("user refresh"), 0)
	drivertest.Must(t, err)
	d, err := kwikset.Provider().Open(t.Context(), e, account(base))
	drivertest.Must(t, err)
	return d
}

const aDevice = `{"data":[{"deviceid":"d1","devicename":"Front","modelnumber":"HALO-01","batterypercentage":"90","deviceconnectivitystatus":"connected","ledstatus":true}]}`

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open:   func(t *testing.T, base string) driver.Driver { return before(t, &http.Client{}, base) },
		Device: "kwikset-d1", Want: want(t, "LCABCDE23", "4829"), Ref: "slot/4/x/LCABCDE23", Secrets: []string{"secret-token"},
		Answers: map[string]drivertest.Said{
			"half a device": {Body: `{"data":[{"deviceid":"d1",`},
			"another type":  {Body: `{"data":[{"deviceid":7}]}`},
			"with digits":   {Status: 400, Body: `{"message":"accessCode 4829 of secret-token is not valid"}`},
		},
		Others: map[string]string{pool: granted},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for status, kind := range map[int]driver.Kind{
		200: driver.Ambiguous, 400: driver.Rejected, 401: driver.Unauthorized, 403: driver.Unauthorized, 404: driver.Ambiguous, 429: driver.Throttled,
		500: driver.Ambiguous, 502: driver.Ambiguous, 504: driver.Ambiguous,
	} {
		d := before(t, &http.Client{Transport: drivertest.Said{
			Status: status, Body: `{"message":"no"}`, Others: map[string]string{pool: granted, "GET /devices_v2/d1": aDevice},
		}}, "http://api.example.org")
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
		d := before(t, &http.Client{Transport: drivertest.Said{Body: string(many), Others: map[string]string{pool: granted, "GET /devices_v2/d1": string(one)}}}, "http://api.example.org")
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		refs := []lock.Ref{"token/t/1699999999/p/LCABCDE23", "slot/4/p/LCBBBBBSI", "1"}
		o, err := d.Observe(t.Context(), "kwikset-d1", driver.Known{Refs: refs, Since: "2026-01-05T14:00:00Z x"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > len(refs) || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 || o.Complete {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
		_, set := d.Set(t.Context(), "kwikset-d1", want(t, "LCABCDE23", "4829"), refs[0])
		for _, err := range []error{set, d.Clear(t.Context(), "kwikset-d1", refs[0])} {
			drivertest.Typed(t, "set or clear", err)
		}
	})
}
