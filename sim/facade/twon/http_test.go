package twon_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/twon"
)

// stranger speaks HTTP to a device, and to the control port behind it.
type stranger struct {
	t       *testing.T
	leap    *facade.Leap
	device  *httptest.Server
	control *httptest.Server
}

func meet(t *testing.T) *stranger {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 20, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "2n", Account: "house"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, leap: leap}
	if err := leap.Do(func(f *sim.Fleet) error {
		c, err := twon.New(f, "house")
		s.device = httptest.NewServer(facade.Handler(leap, c))
		s.control = httptest.NewServer(facade.Control(leap, nil, map[lock.AccountID]facade.Served{"house": {Vendor: "2n", Cloud: c}}))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.device.Close)
	t.Cleanup(s.control.Close)
	return s
}

func (s *stranger) send(method, url, kind, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	user, password := twon.Login("house")
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		s.t.Error(err)
	}
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// asks makes a request of the device.
func (s *stranger) asks(method, path, body string, status int, words ...string) {
	s.t.Helper()
	got, said := s.send(method, s.device.URL+path, "application/json", body)
	for _, w := range words {
		if got != status || !strings.Contains(said, w) {
			s.t.Errorf("%s %s: %d %s lacks %s", method, path, got, said, w)
		}
	}
}

// steers makes a request of the control port.
func (s *stranger) steers(path, body string) {
	s.t.Helper()
	if status, said := s.send(http.MethodPost, s.control.URL+path, "application/json", body); status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", path, body, status, said)
	}
}

// How a device is set up is chosen over the control port: each service has its own way of signing in, may be off, or want TLS.
func TestServicesAreSetUp(t *testing.T) {
	s := meet(t)
	s.asks("GET", "/api/system/info", "", http.StatusUnauthorized, `"code":9`)
	s.steers("/habits", `{"account":"house","habits":{"auth":"basic","auth_of":{"logging":"none","switch":"digest"}}}`)
	s.asks("GET", "/api/system/info", "", http.StatusOK, `"serialNumber"`)
	s.asks("GET", "/api/switch/status", "", http.StatusUnauthorized, `"code":9`)
	s.steers("/habits", `{"account":"house","habits":{"off":["switch"],"lacks":["logging"]}}`)
	s.asks("GET", "/api/switch/status", "", http.StatusOK, `"code":4`)
	s.asks("GET", "/api/log/caps", "", http.StatusOK, `"code":10`)
	s.steers("/habits", `{"account":"house","habits":{"https_only":true}}`)
	s.asks("GET", "/api/system/info", "", http.StatusOK, `"code":7`)
	secure := httptest.NewTLSServer(s.device.Config.Handler)
	defer secure.Close()
	res, err := secure.Client().Get(secure.URL + "/api/system/info")
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("with TLS it is answered with %v, %v", res, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if status, said := s.send(http.MethodPost, s.control.URL+"/habits", "application/json", `{"account":"house","habits":{"auth_of":{"door":"none"}}}`); status != http.StatusBadRequest || !strings.Contains(said, "auth_of: ") {
		t.Errorf("a service that there is not: %d %s", status, said)
	}
}

// The directory may be sent as a file in a form.
func TestAFormWithAFile(t *testing.T) {
	s := meet(t)
	s.steers("/habits", `{"account":"house","habits":{"auth":"none"}}`)
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
		return s.send(http.MethodPut, s.device.URL+path, form.FormDataContentType(), body.String())
	}
	if status, said := put("/api/dir/create", `{"users":[{"name":"Ada","owner":"me","access":{"pin":"482915"}}]}`); status != http.StatusOK || !strings.Contains(said, `"timestamp":1`) {
		t.Errorf("%d %s", status, said)
	}
	s.steers("/type", `{"lock":"front","pin":"482915"}`)
	s.asks("POST", "/api/dir/query", `{}`, http.StatusOK, "Ada", "482915")
	if status, said := put("/api/dir/delete", `{"owner":"me"}`); status != http.StatusOK || !strings.Contains(said, `"uuid"`) {
		t.Errorf("%d %s", status, said)
	}
	s.asks("POST", "/api/dir/query", `{}`, http.StatusOK, `"deleted":true`)
}

// Five wrong tries block the keypad for half a minute. The log tells when it begins and ends, once each, by the device's own clock.
func TestABlockedKeypad(t *testing.T) {
	s := meet(t)
	s.steers("/habits", `{"account":"house","habits":{"auth":"none"}}`)
	s.steers("/faults", `{"on":"front","kind":"clock-jump","args":{"seconds":7200}}`)
	at := s.leap.Now().Add(2 * time.Hour).Unix()
	for range 8 {
		s.steers("/type", `{"lock":"front","pin":"111111"}`)
	}
	s.asks("GET", "/api/log/subscribe?include=all&filter=AccessLimited", "", http.StatusOK, `"id":2121013001`)
	s.asks("GET", "/api/log/pull?id=2121013001&timeout=0", "", http.StatusOK, `"state":"in"`, fmt.Sprintf(`"utcTime":%d`, at))
	s.leap.Pass(40 * time.Second)
	s.asks("GET", "/api/log/pull?id=2121013001&timeout=0", "", http.StatusOK, `"state":"out"`)
	if _, said := s.send("GET", s.device.URL+"/api/log/pull?id=2121013001&timeout=0", "", ""); !strings.Contains(said, `"events":[]`) {
		t.Errorf("it is told again: %s", said)
	}
}
