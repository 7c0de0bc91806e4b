package nuki_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/nuki"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`{"smartlockId":18205286116,"type":4,"serverState":0,"config":{"keypad2Paired":true},"state":{"batteryCharge":90}}`,
		`[{"smartlockId":18205286116,"type":-9,"name":"Front","config":{"keypadPaired":true}}]`,
		`[{"id":"65219648fe57075d71a6cb01","type":13,"code":482915,"name":"LCABCDE23:Ada","allowedFromDate":"2026-01-05T14:00:00.000Z"}]`,
		`[{"id":"a","type":13,"code":"x","date":"2026-01-05T14:00:00Z","action":1,"trigger":255,"source":1}]`, `{"state":{"batteryCharge":-1e300}}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := nuki.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{Transport: drivertest.Said{Body: string(text)}}, Now: func() time.Time { return time.Unix(0, 0) }},
			provider.Account{ID: "house", Secrets: map[string]string{"token": "t"}})
		drivertest.Must(t, err)
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), "nuki-1", driver.Known{Since: "2026-01-05T14:00:00Z x"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
	})
}
