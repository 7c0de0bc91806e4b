package facade_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// held is a clock that remembers how it was steered.
type held struct {
	paused  bool
	pace    float64
	advance time.Duration
}

func (c *held) Steer(_ context.Context, paused *bool, pace *float64, advance time.Duration) (any, error) {
	if pace != nil && *pace < 0 {
		return nil, errors.New("pace: must lie above 0")
	}
	out := map[string]float64{"pace": 1}
	if pace != nil {
		out["pace"] = *pace
	}
	if paused != nil {
		*c = held{*paused, out["pace"], advance}
	}
	return out, nil
}

// asking is a cloud that has sent somebody a code.
type asking struct{}

func (asking) Serve(facade.Request, func(facade.Reply)) {}

func (asking) Push(lock.DeviceID) []facade.Post { return nil }

func (asking) Called(id lock.DeviceID) string { return "x-" + string(id) }

func (asking) Sent() string { return "739164" }

// habits are those of a cloud that has some.
type habits struct {
	Page  int            `json:"page"`
	Lasts facade.Seconds `json:"lasts"`
	Off   []string       `json:"off"`
}

type fussy struct {
	asking
	habits *habits
}

func (f fussy) Accustom(read func(any) error) (any, error) {
	return facade.Change(f.habits, read, func(h *habits) error {
		return errors.Join(facade.Within("page", h.Page, 0, 9), facade.Within("lasts", h.Lasts, 0, 60), facade.Among("off", h.Off, "log", "door"))
	})
}

func TestControl(t *testing.T) {
	leap, err := facade.NewLeap(time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "nuki"}}})
	if err != nil {
		t.Fatal(err)
	}
	clock, of := &held{}, &habits{Page: 2}
	h := facade.Control(leap, clock, map[lock.AccountID]facade.Served{"account": {Vendor: "nuki", Cloud: asking{}}, "other": {Vendor: "2n", Cloud: fussy{habits: of}}})
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/edit", `{"lock":"front","kind":"add","pin":"482915","name":"Ada"}`, 200, "{}"},
		{"GET", "/locks", "", 200, `"name":"Ada","enabled":true`},
		{"GET", "/locks", "", 200, `"vendor":"nuki","vendor_id":"x-front"`},
		{"GET", "/sent", "", 200, `[{"account":"account","code":"739164"},{"account":"other","code":"739164"}]`},
		{"GET", "/habits", "", 200, `{"other":{"page":2,"lasts":0,"off":null}}`},
		{"POST", "/habits", `{"account":"other","habits":{"lasts":1.5,"off":["log"]}}`, 200, `{"page":2,"lasts":1.5,"off":["log"]}`},
		{"POST", "/habits", `{"account":"other","habits":{"page":10,"off":["door"]}}`, 400, "page: must lie between 0 and 9"},
		{"POST", "/habits", `{"account":"other","habits":{"off":["wall"]}}`, 400, `off: must be of ["log" "door"]`},
		{"POST", "/habits", `{"account":"other","habits":{"off":"log"}}`, 400, "off: must be a list"},
		{"POST", "/habits", `{"account":"other","habits":{"pages":1}}`, 400, `no place for "pages"`},
		{"POST", "/habits", `{"account":"other"}`, 400, "habits: must be an object"},
		{"POST", "/habits", `{"account":"account","habits":{}}`, 400, "account: nuki has no habits"},
		{"POST", "/habits", `{"account":"x","habits":{}}`, 400, `account: there is none with the id "x"`},
		{"GET", "/habits", "", 200, `{"page":2,"lasts":1.5,"off":["log"]}`},
		{"POST", "/type", `{"lock":"front","pin":"482915"}`, 200, `"opens":true`},
		{"POST", "/type", `{"lock":"front","pin":"999999"}`, 200, `"reason":"unknown_code"`},
		{"POST", "/type", `{"lock":"front","pin":"x"}`, 400, "pin: "},
		{"POST", "/type", `{"lock":"side","pin":"999999"}`, 400, `"side"`},
		{"POST", "/faults", `{"on":"front","kind":"offline","for":60}`, 200, `"id":"f1"`},
		{"GET", "/faults", "", 200, `"offline"`},
		{"GET", "/locks", "", 200, `"reached":false`},
		{"DELETE", "/faults/f1", "", 200, "{}"},
		{"GET", "/locks", "", 200, `"reached":true`},
		{"POST", "/faults", `{"on":"front","kind":"ofline"}`, 400, "ofline"},
		{"POST", "/edit", `{`, 400, "body: "},
		{"POST", "/faults", `{"on":"front","kind":"offline","for":"20m"}`, 400, "for: must be a number"},
		{"POST", "/faults", `{"on":"front","kind":"offline","until":20}`, 400, `body: has no place for "until"`},
		{"POST", "/type", `{"lock":"front","pin":482915}`, 400, "pin: must be text"},
		{"GET", "/clock", "", 200, `{"pace":1}`},
		{"POST", "/clock", `{"paused":true,"pace":60,"advance":90}`, 200, `{"pace":60}`},
		{"POST", "/clock", `{"pace":-1}`, 400, "pace: "},
		{"POST", "/clock", `{`, 400, "body: "},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), x.method, x.path, strings.NewReader(x.body)))
		said := w.Body.String()
		if w.Code != x.status || !strings.Contains(said, x.says) {
			t.Errorf("%s %s: %d %s", x.method, x.path, w.Code, said)
		}
		if strings.Contains(said, "482915") {
			t.Errorf("%s %s tells digits", x.method, x.path)
		}
	}
	if *clock != (held{true, 60, 90 * time.Second}) {
		t.Errorf("the clock was steered to %+v", *clock)
	}
}
