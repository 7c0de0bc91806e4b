package igloohome_test

import (
	"net/http"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/igloohome"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// Whatever the vendor answers, a look is an observation within its bounds, a write a credential with a Ref, or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		listed, `{"payload":{"deviceId":"SP2X24ec23e1","type":"Keybox","batteryLevel":87}}`, `{"deviceId":"SP2X24ec23e1","batteryLevel":-1e300,"linkedDevices":null}`,
		`{"jobId":"b7c1","completed":true,"jobResponse":{"jobStatus":2}}`, `{"pin":"7654321","pinId":"pin-id"}`, `{"pin":"x","pinId":1}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := igloohome.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{Transport: drivertest.Said{Body: string(text), Others: map[string]string{"POST /oauth2/token": granted}}}, Now: epoch},
			provider.Account{ID: "house", Texts: map[string]string{"zone": "Asia/Singapore"}, Secrets: map[string]string{"client_id": "i", "client_secret": "s"}})
		drivertest.Must(t, err)
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		held, err := d.Set(t.Context(), front, lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		drivertest.Typed(t, "set", err)
		if err == nil && held.Ref == "" {
			t.Error("what was set has no Ref")
		}
		issued, err := d.Set(t.Context(), front, lock.Credential{Code: "o", Offline: lock.OfflineHourly, Enabled: true, Window: lock.Window{From: epoch(), To: epoch().Add(3600e9)}}, "")
		drivertest.Typed(t, "issue", err)
		if err == nil && issued.PIN.IsZero() {
			t.Error("what was issued has no digits")
		}
		o, err := d.Observe(t.Context(), front, driver.Known{Refs: []lock.Ref{held.Ref, lock.Ref(text)}})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > 1 || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, battery %v", len(o.Held), o.Battery.Level)
		}
		drivertest.Typed(t, "clear", d.Clear(t.Context(), front, lock.Ref(text)))
	})
}
