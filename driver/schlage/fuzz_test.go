package schlage_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/schlage"
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
	e := env(client, func() time.Time { return time.Unix(0, 0) }, io.Discard)
	_, err := e.Secrets.Save(t.Context(), provider.NewToken("user refresh"), 0)
	drivertest.Must(t, err)
	d, err := schlage.Provider().Open(t.Context(), e, account(base))
	drivertest.Must(t, err)
	return d
}

const (
	aDevice = `{"deviceId":"d1","name":"Front","modelName":"BE489WB","devicetypeId":"be489wifi","connected":true,"attributes":{"batteryLevel":90,"accessCodeLength":4}}`
	aCode   = `{"accesscodeId":"c1","friendlyName":"LCABCDE23","accessCode":72,"accessCodeLength":4,"disabled":0,"activationSecs":0,"expirationSecs":4294967295}`
)

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open:   func(t *testing.T, base string) driver.Driver { return before(t, &http.Client{}, base) },
		Device: "schlage-d1", Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}, Ref: "c1", Secrets: []string{"secret-token"},
		Answers: map[string]drivertest.Said{
			"half a device": {Body: `[{"deviceId":"d1","attributes":{`},
			"another type":  {Body: `{"deviceId":7}`},
			"with digits":   {Status: 400, Body: `{"message":"accessCode 4829 of secret-token is not valid"}`},
		},
		Others: map[string]string{pool: granted},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	read := map[string]string{pool: granted, "GET /devices/d1": aDevice, "GET /devices/d1/storage/accesscode": `[]`}
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
		d := before(t, &http.Client{Transport: drivertest.Said{Status: x.status, Body: `{"message":"` + x.message + `"}`, Others: read}}, "http://api.example.org")
		_, err := d.Set(t.Context(), "schlage-d1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}, "")
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
		d := before(t, &http.Client{Transport: drivertest.Said{Body: string(many), Others: map[string]string{pool: granted, "GET /devices/d1": string(one)}}}, "http://api.example.org")
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" || len(x.Traits.PINLengths) == 0 {
				t.Errorf("a device without a model, a name or lengths: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), "schlage-d1", driver.Known{Since: "2026-01-05T14:00:00Z x"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
		_, err = d.Set(t.Context(), "schlage-d1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "4829"), Enabled: true}, "c1")
		drivertest.Typed(t, "set", err)
	})
}
