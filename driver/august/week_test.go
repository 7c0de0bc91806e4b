package august_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/august"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/lock"
	cloud "github.com/accesscodes/lockctl/sim/facade/august"
)

// batch sends a batch of commands, past the driver.
func (h *house) batch(door lock.DeviceID, commands string) int {
	h.t.Helper()
	base := h.server.URL
	ask := func(path, token, body string) *http.Response {
		req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, base+path, strings.NewReader(body))
		drivertest.Must(h.t, err)
		req.Header.Set("x-august-api-key", cloud.Key("house"))
		req.Header.Set("x-august-branding", "august")
		req.Header.Set("x-august-access-token", token)
		res, err := h.server.Client().Do(req)
		drivertest.Must(h.t, err)
		drivertest.Must(h.t, res.Body.Close())
		return res
	}
	in := ask("/session", "", `{"installId":"`+cloud.InstallID("house")+`","identifier":"`+cloud.Identifier("house")+`","password":"`+cloud.Password("house")+`"}`)
	return ask("/locks/"+strings.TrimPrefix(string(door), "august-")+"/pins", in.Header.Get("x-august-access-token"), `{"commands":[`+commands+`]}`).StatusCode
}

// Codes for days of the week are told with them, are no codes of ours, and can be deleted.
func TestRecurringCodes(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
	r := h.rig(d)
	for of, recurs := range map[string]string{"cleaner": "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE", "gardener": "FREQ=DAILY"} {
		code := `{"action":"load","pin":"482913","partnerUserID":"` + of + `","firstName":"Ann","lastName":"Lee","accessType":"recurring","accessTimes":"STARTSEC=32400;ENDSEC=61200","accessRecurrence":"` + recurs + `"}`
		if of == "gardener" {
			code = strings.Replace(code, "482913", "482914", 1)
		}
		if status := h.batch(r.Device, code); status != http.StatusOK {
			t.Fatalf("%s: %d", of, status)
		}
	}
	r.Far.Settle()
	o, err := d.Observe(t.Context(), r.Device, driver.Known{})
	drivertest.Must(t, err)
	want := map[lock.Ref]string{"p:cleaner": "Mo,We 09:00-17:00", "p:gardener": "Mo,Tu,We,Th,Fr,Sa,Su 09:00-17:00"}
	for _, x := range o.Held {
		if x.Weekly != want[x.Ref] || x.Tag != "" || !x.Window.IsZero() {
			t.Errorf("it is told as %+v", x)
		}
		drivertest.Must(t, d.Clear(t.Context(), r.Device, x.Ref))
	}
	if r.Far.Settle(); len(o.Held) != 2 {
		t.Errorf("%d are told", len(o.Held))
	}
	o, err = d.Observe(t.Context(), r.Device, driver.Known{})
	drivertest.Must(t, err)
	if len(o.Held) != 0 {
		t.Errorf("%d are left", len(o.Held))
	}
}

// A code with days of the week is not the one that is wanted, although digits and person are.
func TestARecurringCodeInTheWay(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
	r := h.rig(d)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482913"), Enabled: true}
	if status := h.batch(r.Device, `{"action":"load","pin":"482913","partnerUserID":"LCABCDE23","firstName":"Ann","lastName":"LCABCDE23","accessType":"recurring","accessTimes":"STARTSEC=32400;ENDSEC=61200","accessRecurrence":"FREQ=DAILY"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	r.Far.Settle()
	if held, err := d.Set(t.Context(), r.Device, want, ""); err == nil {
		t.Errorf("it is taken for %+v", held)
	}
}

// Lists that are missing are empty, also where all of them are. What has something else in their place is no answer.
func TestListsThatAreMissing(t *testing.T) {
	for body, good := range map[string]bool{
		`{}`: true, `{"loaded":[]}`: true, `{"deleting":null}`: true, `{"pins":[]}`: false, `{"code":"Busy","message":"later"}`: false, `[]`: false, `null`: false,
		`{"loaded":{}}`: false, `{"loaded":"none"}`: false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said := `{"LockID":"x","Type":5,"Bridge":{"operative":true}}`
			if strings.HasSuffix(r.URL.Path, "/pins") {
				said = body
			}
			_, _ = w.Write([]byte(said))
		}))
		o, err := signedIn(t, server.Client(), server.URL).Observe(t.Context(), door, driver.Known{})
		if good != (err == nil) || good && (!o.Complete || len(o.Held) != 0) || !good && !driver.Is(err, driver.Offline) {
			t.Errorf("%s: %+v, %v", body, o.Held, err)
		}
		server.Close()
	}
	h := build(t, august.Provider(), cloud.August)
	d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
	r := h.rig(d)
	drivertest.Must(t, h.quirk(cloud.Quirks{Sparse: true}))
	for want := range 2 {
		if o, err := d.Observe(t.Context(), r.Device, driver.Known{}); err != nil || !o.Complete || len(o.Held) != want {
			t.Errorf("%d are told, not %d: %v", len(o.Held), want, err)
		}
		drivertest.Must(t, r.Far.Add(r.Device, drivertest.PIN(t, "482913"), "Resident"))
	}
}

// The bolt of a lock without a bridge can't be moved: that is 409 here, which elsewhere means that digits are taken.
func TestTheBoltOfALockWithoutABridge(t *testing.T) {
	h := build(t, august.Provider(), cloud.August)
	d := h.open(h.session(map[string]string{"install_id": cloud.InstallID("house")}))
	r := h.rig(d)
	drivertest.Must(t, h.quirk(cloud.Quirks{NoBridge: true}))
	if e := drivertest.Error(t, d.(driver.Bolt).Unlock(t.Context(), r.Device)); e.Kind != driver.Offline || e.Blame != driver.BlameHub {
		t.Errorf("it gives %v", e)
	}
}
