package hubitat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/hubitat"
)

// meet has a stranger's program before a hub with a lock and a virtual one.
func meet(t *testing.T) (h *facadetest.House, at func(path string) string) {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "hubitat", Account: facadetest.Account, Hub: "hub"}, {ID: "side", Model: "hubitat", Account: facadetest.Account, Hub: "hub"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h = facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return hubitat.New(f, facadetest.Account) })
	return h, func(path string) string {
		return "/apps/api/" + hubitat.AppID + "/" + path + "?access_token=" + hubitat.Token(facadetest.Account)
	}
}

// How a hub and its locks differ is chosen over the control port.
func TestHabits(t *testing.T) {
	h, at := meet(t)
	is := func(id, name, want string) {
		t.Helper()
		h.Asks("GET", at("devices/"+id+"/attribute/"+name), "", http.StatusOK, `"value":`+want)
	}
	is("67", "codeLength", "null")
	is("67", "lockCodes", `"{}"`)
	h.Steer("/habits", `{"account":"house","habits":{"nulls":true,"code_length":6,"max_codes":2,"as_html":true}}`)
	is("67", "maxCodes", "null")
	is("67", "lockCodes", "null")
	is("67", "codeLength", "6")
	if _, header, _ := h.Send("GET", at("devices"), ""); !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		t.Errorf("it is called %s", header.Get("Content-Type"))
	}
	h.Asks("GET", at("devices/67/setCode/1,4829,Ada"), "", http.StatusOK) // too short for this lock
	h.Asks("GET", at("devices/68/setCode/1%2C4829%2CAda"), "", http.StatusOK)
	h.Asks("GET", at("devices/68/setCode/3,482917,Bob"), "", http.StatusOK) // there is no third slot
	h.Leap.Pass(time.Minute)
	is("67", "codeChanged", `"failed"`)
	is("68", "lockCodes", `"{\"1\":{\"code\":\"4829\",\"name\":\"Ada\"}}"`)
	h.Steer("/habits", `{"account":"house","habits":{"nulls":false,"encrypts":true}}`)
	is("68", "maxCodes", "2")
	if said := h.Asks("GET", at("devices/68/attribute/lockCodes"), "", http.StatusOK, `"value":"`); strings.Contains(said, "4829") || strings.Contains(said, "{\\") {
		t.Errorf("encrypted it says %s", said)
	}
	h.Refuses("/habits", `{"account":"house","habits":{"code_length":99}}`, "code_length: must lie between")
}

// Errors that stand in an answer of status 200, a lock that never hears, and a hub that starts anew.
func TestTroubles(t *testing.T) {
	h, at := meet(t)
	h.Steer("/faults", `{"on":"house","kind":"5xx","for":1,"args":{"status":200}}`)
	h.Asks("GET", at("devices/67"), "", http.StatusOK, `"error":true`)
	h.Leap.Pass(time.Second)
	h.Steer("/faults", `{"on":"front","kind":"offline","for":300}`)
	h.Asks("GET", at("devices/67/setCode/1,482915,Ada"), "", http.StatusOK)
	h.Leap.Pass(2 * time.Minute)
	h.Asks("GET", at("devices/67/attribute/lockCodes"), "", http.StatusOK, `"{}"`)
	h.Asks("GET", at("devices/67/attribute/healthStatus"), "", http.StatusOK, `"offline"`)
	h.Asks("GET", "/apps/api/98/devices", "", http.StatusNotFound, `"error":true`)
	h.Asks("POST", at("postURL/http%3A%2F%2F192.168.1.5%3A8080%2Fhub"), "", http.StatusOK, `"url":"http://192.168.1.5:8080/hub"`)
	h.Steer("/faults", `{"on":"hub","kind":"offline","for":60}`)
	h.Asks("GET", at("devices"), "", 0)
	h.Leap.Pass(time.Minute)
	h.Asks("GET", at("devices"), "", http.StatusServiceUnavailable)
	if posts := h.Pushed("side"); len(posts) != 1 || !strings.Contains(string(posts[0].Body), `"systemStart"`) || posts[0].URL != "http://192.168.1.5:8080/hub" {
		t.Errorf("after its start the hub posts %v", posts)
	}
	h.Leap.Pass(30 * time.Second)
	h.Asks("GET", at("devices"), "", http.StatusOK, `"id":"67"`)
}
