package hubitat_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/hubitat"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	cloud "github.com/accesscodes/lockctl/sim/facade/hubitat"
)

func (h *house) held() []lock.Held {
	h.t.Helper()
	o, err := h.driver.Observe(h.t.Context(), h.door, driver.Known{})
	drivertest.Must(h.t, err)
	return o.Held
}

func (h *house) set(digits, tag string, at lock.Ref) (lock.Held, error) {
	return h.driver.Set(h.t.Context(), h.door, lock.Credential{Code: "c", Tag: tag, Name: "Ada, 2/3", PIN: drivertest.PIN(h.t, digits), Enabled: true}, at)
}

func (h *house) faults(x sim.Fault) {
	h.t.Helper()
	drivertest.Must(h.t, h.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(x); return err }))
}

// What the vendor's own driver refuses without a word is refused here with one, and what stands there already is not sent again.
func TestWhatIsRefusedWithoutAWord(t *testing.T) {
	h := open(t, nil, nil)
	all, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	h.door = all[1].ID // as the vendor's virtual lock
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/apps/api/97/devices/68/setCodeLength/8?access_token="+cloud.Token("house"), nil)
	drivertest.Must(t, err)
	res, err := h.server.Client().Do(req)
	drivertest.Must(t, err)
	drivertest.Must(t, res.Body.Close())
	h.leap.Pass(time.Minute)
	first, err := h.set("48291534", "LCABCDE23", "")
	drivertest.Must(t, err)
	h.leap.Pass(time.Minute)
	again, err := h.set("48291534", "LCABCDE23", first.Ref)
	if err != nil || again.Pending || again.Ref != first.Ref {
		t.Errorf("what is there already: %+v, %v", again, err)
	}
	if _, err := h.set("48291534", "LCFGHIJ45", ""); err == nil {
		t.Error("digits that another code has are sent")
	} else if e := drivertest.Error(t, err); e.Kind != driver.Taken {
		t.Errorf("digits that another code has: %v", err)
	}
	if _, err := h.set("4829", "LCFGHIJ45", ""); err == nil {
		t.Error("digits that are too few are sent")
	}
	if held := h.held(); len(held) != 1 || held[0].Tag != "LCABCDE23" || strings.ContainsAny(held[0].Name, ",/ ") {
		t.Errorf("it lists %+v", held)
	}
}

// A hub that is off, and then starts, is told from its locks; what happened meanwhile is looked for when it says that it has started.
func TestAHubThatRestarts(t *testing.T) {
	h := open(t, nil, nil)
	drivertest.Must(t, h.driver.(driver.Subscriber).Subscribe(t.Context(), "http://192.168.1.5:8080/hooks/a"))
	h.faults(sim.Fault{On: "bridge", Kind: "offline"})
	if o, err := h.driver.Observe(t.Context(), h.door, driver.Known{}); err != nil || o.Reach != lock.HubDown {
		t.Errorf("while it is off: reach %d, %v", o.Reach, err)
	}
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error { return f.Heal("bridge") }))
	_, err := h.driver.Observe(t.Context(), h.door, driver.Known{})
	if e := drivertest.Error(t, err); e.Kind != driver.Offline || e.Blame != driver.BlameHub {
		t.Errorf("while it starts: %v", err)
	}
	h.leap.Pass(time.Minute)
	if o, err := h.driver.Observe(t.Context(), h.door, driver.Known{}); err != nil || o.Reach != lock.Reached {
		t.Errorf("when it has started: reach %d, %v", o.Reach, err)
	}
	whole := false
	for _, in := range h.posts {
		_, notices, err := h.driver.(driver.Receiver).Receive(t.Context(), in)
		drivertest.Must(t, err)
		for _, n := range notices {
			whole = whole || n.Device == ""
		}
	}
	if !whole {
		t.Error("that it has started leads to no look at all its locks")
	}
	reply, notices, err := h.driver.(driver.Receiver).Receive(t.Context(), driver.Inbound{Body: []byte(`{"content":{"name":"mode","value":"Evening","deviceId":null}}`)})
	if err != nil || reply.Status != http.StatusNoContent || len(notices) != 0 {
		t.Errorf("a mode of the house: %d, %v, %v", reply.Status, notices, err)
	}
}

// Older hubs lose zeros at the beginning: what stands there is seen.
func TestZerosThatAreLost(t *testing.T) {
	h := open(t, func(c *cloud.Cloud) { c.LosesZeros = true }, map[string]string{"zeros": "allowed"})
	_, err := h.set("04829", "LCABCDE23", "")
	drivertest.Must(t, err)
	h.leap.Pass(time.Minute)
	if held := h.held(); len(held) != 1 || held[0].PIN != drivertest.PIN(t, "4829") {
		t.Errorf("it lists %d codes", len(held))
	}
	careful := open(t, nil, nil)
	if _, err := careful.set("04829", "LCABCDE23", ""); err == nil {
		t.Error("zeros at the beginning are sent to a hub that may lose them")
	}
}

// The bolt moves.
func TestTheBoltMoves(t *testing.T) {
	h := open(t, nil, nil)
	bolt := h.driver.(driver.Bolt)
	drivertest.Must(t, h.driver.(driver.Subscriber).Subscribe(t.Context(), "http://192.168.1.5:8080/hooks/a"))
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), h.door))
		h.leap.Pass(time.Minute)
	}
	if len(h.posts) != 2 || !bytes.Contains(h.posts[0].Body, []byte(`"unlocked"`)) || !bytes.Contains(h.posts[1].Body, []byte(`"locked"`)) {
		t.Errorf("%d posts tell of it", len(h.posts))
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, a := range []provider.Account{
		{Texts: map[string]string{"base_url": "192.168.1.20", "app_id": "97"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"base_url": "http://192.168.1.20", "app_id": "97/devices"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"base_url": "http://192.168.1.20", "app_id": "97", "zone": "Vienna"}, Secrets: map[string]string{"token": "t"}},
		{Texts: map[string]string{"base_url": "http://192.168.1.20", "app_id": "97"}},
		{},
	} {
		a.ID = "house"
		if _, err := hubitat.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}

func at(t *testing.T, client *http.Client, base string) driver.Driver {
	t.Helper()
	d, err := hubitat.Provider().Open(t.Context(), provider.Env{HTTP: client, Now: func() time.Time { return time.Unix(0, 0) }}, provider.Account{
		ID: "house", Texts: map[string]string{"base_url": base, "app_id": "97"}, Secrets: map[string]string{"token": "secret-token"},
	})
	drivertest.Must(t, err)
	return d
}

const (
	doorOf  = lock.DeviceID("hubitat-house-67")
	oneDoor = `{"id":"67","name":"Yale Zigbee Lock","label":"Garage Door Lock","attributes":[{"name":"lockCodes","currentValue":"{\"3\":{\"name\":\"LCABCDE23:Ada\",\"code\":\"482915\"}}"},` +
		`{"name":"lockCodes","currentValue":null},{"name":"maxCodes","currentValue":250},{"name":"codeLength","currentValue":null},{"name":"battery","currentValue":"100"}],` +
		`"capabilities":["Lock",{"attributes":[{"name":"lock","dataType":null}]}],"commands":["setCode",{"command":"lock"},7]}`
)

// Whatever the hub answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		oneDoor, `[` + oneDoor + `]`, `[{"id":67,"attributes":{"lockCodes":"kJ8s=","battery":-1e300,"maxCodes":"x"},"commands":7}]`,
		`{"id":"67","attributes":[null,{"name":"healthStatus","currentValue":"offline"}]}`, `{"error":true,"message":"482915"}`, `null`, `[null]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := at(t, &http.Client{Transport: drivertest.Said{Body: string(text)}}, "http://hub")
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" || len(x.Traits.Lengths()) == 0 || x.Traits.Slots < 0 {
				t.Errorf("a device without a model, a name or lengths: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), doorOf, driver.Known{})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, battery %v", len(o.Held), o.Battery.Level)
		}
		_, _, _ = d.(driver.Receiver).Receive(t.Context(), driver.Inbound{Body: text})
	})
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open:   func(t *testing.T, base string) driver.Driver { return at(t, &http.Client{}, base) },
		Device: doorOf, Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "3", Secrets: []string{"secret-token"},
		Answers: map[string]drivertest.Said{
			"half a lock":                  {Body: `{"id":"67","attri`},
			"another type":                 {Body: `{"id":"67","attributes":7}`},
			"an error that is called well": {Body: `{"error":true,"message":"482915"}`},
		},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for status, want := range map[int]driver.Kind{
		401: driver.Unauthorized, 403: driver.Unauthorized, 404: driver.NotFound, 408: driver.Ambiguous, 429: driver.Throttled, 500: driver.Ambiguous, 503: driver.Ambiguous,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "setCode") {
				w.WriteHeader(status)
			}
			_, _ = w.Write([]byte(oneDoor))
		}))
		d := at(t, server.Client(), server.URL)
		_, err := d.Set(t.Context(), doorOf, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "739164"), Enabled: true}, "")
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != want || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("status %d gives %v", status, err)
		}
		server.Close()
	}
}
