package igloohome_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/lock"
)

const (
	granted = `{"access_token":"secret-token","expires_in":3600,"token_type":"Bearer"}`
	listed  = `{"nextCursor":"","payload":[{"type":"Bridge","deviceId":"EB1X04aabbcc","linkedDevices":[{"type":"Lock","deviceId":"SP2X24ec23e1"}]},{"type":"Lock","deviceId":"SP2X24ec23e1","deviceName":"Front"}]}`
	front   = lock.DeviceID("igloohome-SP2X24ec23e1")
)

func epoch() time.Time { return time.Unix(0, 0) }

// vendor answers every request for a token with one, and the others by fn.
func vendor(t *testing.T, fn http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth2/token" {
			_, _ = w.Write([]byte(granted))
			return
		}
		fn(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// Answers that nobody would expect make an error of a known kind and nothing else.
func TestGarbledAnswers(t *testing.T) {
	drivertest.Garbled{
		Open: func(t *testing.T, base string) driver.Driver {
			return login(t, base, epoch, &bytes.Buffer{}, "i", "secret-of-client", nil)
		},
		Device: front, Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "1", Secrets: []string{"secret"},
		Answers: map[string]drivertest.Said{
			"half a list":     {Body: `{"nextCursor":"","payload":[{"type":"Lock",`},
			"another type":    {Body: `{"nextCursor":"","payload":"none","deviceId":7}`},
			"no end":          {Body: `{"nextCursor":"more","payload":[],"deviceId":7}`},
			"error with code": {Status: 400, Body: `{"message":"The PIN 482915 is not valid"}`},
		},
		Others: map[string]string{"POST /oauth2/token": granted},
	}.Run(t)
}

func TestWhatARefusalMeans(t *testing.T) {
	for _, x := range []struct {
		status int
		body   string
		kind   driver.Kind
		blame  driver.Blame
	}{
		{400, `{"message":"'startDate' must be a time that is not past"}`, driver.Rejected, driver.BlameRequest},
		{400, `{"message":"Too many pending jobs"}`, driver.Throttled, driver.BlameHub},
		{422, `{"error":"too many pending jobs"}`, driver.Throttled, driver.BlameHub},
		{409, `{"status":"ERROR","code":"409","message":"The bridge is offline"}`, driver.Offline, driver.BlameHub},
		{401, `{}`, driver.Unauthorized, driver.BlameAccount},
		{403, `<html>`, driver.Unauthorized, driver.BlameAccount},
		{404, `{}`, driver.NotFound, driver.BlameRequest},
		{409, `{}`, driver.Rejected, driver.BlameRequest},
		{422, `{"status":"ERROR","code":"422","message":"Exceeded the limit of 367 days"}`, driver.Rejected, driver.BlameRequest},
		{429, ``, driver.Throttled, driver.BlameCloud},
		{500, `{"message":"too many pending jobs"}`, driver.Ambiguous, driver.BlameCloud},
		{504, ``, driver.Ambiguous, driver.BlameCloud},
		{200, `{}`, driver.Ambiguous, driver.BlameCloud},
		{201, `{"jobId":7}`, driver.Ambiguous, driver.BlameCloud},
	} {
		server := vendor(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(listed))
				return
			}
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(x.body))
		})
		d := login(t, server.URL, epoch, &bytes.Buffer{}, "i", "s", nil)
		_, err := d.Set(t.Context(), front, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		e, ok := errors.AsType[*driver.Error](err)
		if !ok || e.Kind != x.kind || e.Blame != x.blame || e.Kind == driver.Throttled && e.RetryAfter == 0 {
			t.Errorf("%d %s gives %v", x.status, x.body, err)
		}
	}
}

// Whatever goes wrong with the login, nothing was written.
func TestWhatARefusedLoginMeans(t *testing.T) {
	for _, x := range []struct {
		status int
		body   string
		kind   driver.Kind
	}{
		{400, `{"error":"invalid_client"}`, driver.Unauthorized}, {401, `{"error":"invalid_client"}`, driver.Unauthorized}, {403, ``, driver.Unauthorized},
		{429, ``, driver.Throttled}, {502, `<html>`, driver.Offline}, {200, `<html>`, driver.Offline}, {200, `{"access_token":""}`, driver.Offline},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(x.body))
		}))
		d := login(t, server.URL, epoch, &bytes.Buffer{}, "i", "s", nil)
		if e := drivertest.Error(t, d.Clear(t.Context(), front, "1")); e.Kind != x.kind {
			t.Errorf("%d %s gives %v", x.status, x.body, e)
		}
		server.Close()
	}
}

// What became of a job is read strictly: completed with a bad status is a failure.
func TestWhatAJobSays(t *testing.T) {
	var says string
	server := vendor(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/igloohome/jobs/"):
			if says == "" {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = w.Write([]byte(says))
		case r.Method == http.MethodPost:
			_, _ = w.Write([]byte(`{"jobId":"b7c1"}`))
		case strings.HasSuffix(r.URL.Path, "/SP2X24ec23e1"):
			_, _ = w.Write([]byte(`{"type":"Lock","deviceId":"SP2X24ec23e1"}`))
		default:
			_, _ = w.Write([]byte(listed))
		}
	})
	d := login(t, server.URL, epoch, &bytes.Buffer{}, "i", "s", nil)
	held, err := d.Set(t.Context(), front, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	drivertest.Must(t, err)
	for text, want := range map[string]string{
		`{"jobId":"b7c1","completed":false,"jobType":"4","jobResponse":{}}`:              "pending",
		`{"jobId":"b7c1","completed":false,"jobResponse":{"jobStatus":1}}`:               "pending",
		`{"jobId":"b7c1","completed":true,"jobResponse":{"jobStatus":0}}`:                "done",
		`{"jobId":"b7c1","completed":true,"jobResponse":{}}`:                             "done",
		`{"jobId":"b7c1","completed":true,"jobResponse":null}`:                           "done",
		`{"jobId":"b7c1","completed":false,"jobResponse":{"jobStatus":"0"}}`:             "done",
		`{"jobId":"b7c1","completed":true,"jobResponse":{"jobStatus":2}}`:                "failed",
		`{"jobId":"b7c1","completed":true,"jobResponse":{"jobStatus":1}}`:                "failed",
		`{"jobId":"b7c1","completed":false,"jobType":4,"jobResponse":{"jobStatus":"2"}}`: "failed",
		``: "failed",
	} {
		says = text
		o, err := d.Observe(t.Context(), front, driver.Known{Refs: []lock.Ref{held.Ref, "somebody's"}})
		drivertest.Must(t, err)
		got := "failed"
		if len(o.Held) == 1 {
			got = map[bool]string{true: "pending", false: "done"}[o.Held[0].Pending]
		}
		if got != want {
			t.Errorf("%s is taken as %s", text, got)
		}
	}
}
