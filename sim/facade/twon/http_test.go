package twon_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/twon"
)

// meet has a stranger's program before a device.
func meet(t *testing.T) *facadetest.House {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 20, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "2n", Account: facadetest.Account}}})
	if err != nil {
		t.Fatal(err)
	}
	s := facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return twon.New(f, facadetest.Account) })
	user, password := twon.Login(facadetest.Account)
	s.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	return s
}

// How a device is set up is chosen over the control port: each service has its own way of signing in, may be off, or want TLS.
func TestServicesAreSetUp(t *testing.T) {
	s := meet(t)
	s.Asks("GET", "/api/system/info", "", http.StatusUnauthorized, `"code":9`)
	s.Steer("/habits", `{"account":"house","habits":{"auth":"basic","auth_of":{"logging":"none","switch":"digest"}}}`)
	s.Asks("GET", "/api/system/info", "", http.StatusOK, `"serialNumber"`)
	s.Asks("GET", "/api/switch/status", "", http.StatusUnauthorized, `"code":9`)
	s.Steer("/habits", `{"account":"house","habits":{"off":["switch"],"lacks":["logging"]}}`)
	s.Asks("GET", "/api/switch/status", "", http.StatusOK, `"code":4`)
	s.Asks("GET", "/api/log/caps", "", http.StatusOK, `"code":10`)
	s.Steer("/habits", `{"account":"house","habits":{"https_only":true}}`)
	s.Asks("GET", "/api/system/info", "", http.StatusOK, `"code":7`)
	secure := httptest.NewTLSServer(s.Handler)
	defer secure.Close()
	res, err := secure.Client().Get(secure.URL + "/api/system/info")
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("with TLS it is answered with %v, %v", res, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	s.Refuses("/habits", `{"account":"house","habits":{"auth_of":{"door":"none"}}}`, "auth_of: ")
}

// The directory may be sent as a file in a form.
func TestAFormWithAFile(t *testing.T) {
	s := meet(t)
	s.Steer("/habits", `{"account":"house","habits":{"auth":"none"}}`)
	put := func(path, text string) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("blob-json", "dir-new")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(text))
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		s.Header.Set("Content-Type", form.FormDataContentType())
		status, _, said := s.Send(http.MethodPut, path, body.String())
		s.Header.Del("Content-Type")
		return status, said
	}
	if status, said := put("/api/dir/create", `{"users":[{"name":"Ada","owner":"me","access":{"pin":"482915"}}]}`); status != http.StatusOK || !strings.Contains(said, `"timestamp":1`) {
		t.Errorf("%d %s", status, said)
	}
	s.Steer("/type", `{"lock":"front","pin":"482915"}`)
	s.Asks("POST", "/api/dir/query", `{}`, http.StatusOK, "Ada", "482915")
	if status, said := put("/api/dir/delete", `{"owner":"me"}`); status != http.StatusOK || !strings.Contains(said, `"uuid"`) {
		t.Errorf("%d %s", status, said)
	}
	s.Asks("POST", "/api/dir/query", `{}`, http.StatusOK, `"deleted":true`)
}

// Five wrong tries block the keypad for half a minute. The log tells when it begins and ends, once each, by the device's own clock.
func TestABlockedKeypad(t *testing.T) {
	s := meet(t)
	s.Steer("/habits", `{"account":"house","habits":{"auth":"none"}}`)
	s.Steer("/faults", `{"on":"front","kind":"clock-jump","args":{"seconds":7200}}`)
	at := s.Leap.Now().Add(2 * time.Hour).Unix()
	for range 8 {
		s.Steer("/type", `{"lock":"front","pin":"111111"}`)
	}
	s.Asks("GET", "/api/log/subscribe?include=all&filter=AccessLimited", "", http.StatusOK, `"id":2121013001`)
	s.Asks("GET", "/api/log/pull?id=2121013001&timeout=0", "", http.StatusOK, `"state":"in"`, fmt.Sprintf(`"utcTime":%d`, at))
	s.Leap.Pass(40 * time.Second)
	s.Asks("GET", "/api/log/pull?id=2121013001&timeout=0", "", http.StatusOK, `"state":"out"`)
	s.Asks("GET", "/api/log/pull?id=2121013001&timeout=0", "", http.StatusOK, `"events":[]`)
}
