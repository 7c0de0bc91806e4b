package hubitat_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/hubitat"
)

// hub is a simulated one with two locks, the second of which is as the vendor's virtual lock.
type hub struct {
	t    *testing.T
	leap *facade.Leap
	*hubitat.Cloud
}

func open(t *testing.T) *hub {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "hubitat", Account: "house"}, {ID: "side", Model: "hubitat", Account: "house"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, leap: leap}
	if err := leap.Do(func(f *sim.Fleet) error { h.Cloud, err = hubitat.New(f, "house"); return err }); err != nil {
		t.Fatal(err)
	}
	return h
}

func request(path, token string) facade.Request {
	return facade.Request{Method: http.MethodGet, Path: "/apps/api/97/" + path, Query: url.Values{"access_token": {token}}, Header: http.Header{}}
}

// ask waits for an answer, and then until the locks have done what was asked.
func (h *hub) ask(path string) facade.Reply {
	h.t.Helper()
	var got facade.Reply
	err := h.leap.Run(h.t.Context(), func(_ *sim.Fleet, done func()) {
		h.Serve(request(path, hubitat.Token("house")), func(x facade.Reply) { got = x; done() })
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.leap.Pass(time.Minute)
	return got
}

// says is the attribute of the device 67 or 68, as the API tells it.
func (h *hub) says(id, name string) string {
	h.t.Helper()
	var x struct{ Value any }
	if err := json.Unmarshal(h.ask("devices/"+id+"/attribute/"+name).Body, &x); err != nil {
		h.t.Fatal(err)
	}
	text, err := json.Marshal(x.Value)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func TestAHubThatIsAskedTooMuchAtOnce(t *testing.T) {
	h := open(t)
	h.AtOnce = 4
	var got []int
	if err := h.leap.Do(func(*sim.Fleet) error {
		for range 5 {
			h.Serve(request("devices", hubitat.Token("house")), func(x facade.Reply) { got = append(got, x.Status) })
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	h.leap.Pass(time.Minute)
	if len(got) != 5 || got[0] != http.StatusServiceUnavailable || got[4] != http.StatusOK {
		t.Errorf("five requests at once are answered with %v", got)
	}
}

// The answer to a command is the device as it stood before; the same command is refused aloud by one lock and without a word by the other.
func TestCommands(t *testing.T) {
	h := open(t)
	for _, id := range []string{"67", "68"} {
		if x := h.ask("devices/" + id + "/setCode/3,482915,Ada"); x.Status != http.StatusOK || strings.Contains(string(x.Body), "482915") {
			t.Errorf("%s: the answer, with status %d, is not of the time before", id, x.Status)
		}
		if got := h.says(id, "lockCodes"); !strings.Contains(got, "482915") || h.says(id, "codeChanged") != `"added"` {
			t.Errorf("%s: it has %s", id, got)
		}
		h.ask("devices/" + id + "/setCode/4,482915,Bob")
		if want := map[string]string{"67": `"failed"`, "68": `"added"`}[id]; h.says(id, "codeChanged") != want || strings.Contains(h.says(id, "lockCodes"), "Bob") {
			t.Errorf("%s: digits that another code has: %s", id, h.says(id, "codeChanged"))
		}
		h.ask("devices/" + id + "/deleteCode/3")
		if h.says(id, "lockCodes") != `"{}"` || h.says(id, "codeChanged") != `"deleted"` {
			t.Errorf("%s: after an erase it has %s", id, h.says(id, "lockCodes"))
		}
	}
	h.LengthWipes = true
	h.ask("devices/67/setCode/1,482915,Ada")
	h.ask("devices/67/setCodeLength/6")
	if h.says("67", "lockCodes") != `"{}"` || h.says("67", "codeLength") != "6" {
		t.Errorf("after another length it has %s", h.says("67", "lockCodes"))
	}
}

// Each list has its own form, and what is not there is told as an error.
func TestForms(t *testing.T) {
	h := open(t)
	for path, says := range map[string]string{
		"devices": `"label":"front"`, "devices/all": `"attributes":{`, "devices/*": `"attributes":[{"name":"codeChanged","currentValue":null`, "devices/67/commands": `"type":["NUMBER","STRING","STRING"]`,
		"devices/67/capabilities": `"LockCodes",{"attributes":[{"dataType":null,"name":"lockCodes"}`, "devices/67/events": `[]`, "modes": `[]`,
	} {
		if x := h.ask(path); x.Status != http.StatusOK || !strings.Contains(string(x.Body), says) {
			t.Errorf("%s: %d %s", path, x.Status, x.Body)
		}
	}
	for path, status := range map[string]int{"devices/99": 404, "devices/67/dance": 500, "devices/67/setCode/x": 500, "elsewhere": 404} {
		if x := h.ask(path); x.Status != status || !strings.Contains(string(x.Body), `"error":true`) {
			t.Errorf("%s: %d %s", path, x.Status, x.Body)
		}
	}
	refused := 0
	h.Serve(request("devices", "guess"), func(x facade.Reply) { refused = x.Status })
	if refused != http.StatusUnauthorized {
		t.Errorf("a wrong token gets %d", refused)
	}
}
