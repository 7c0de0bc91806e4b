package ttlock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// A callback that is not answered with the word that the vendor wants comes again after a while, the same to the byte, and is given up after
// as many times as is set.
func TestCallbacksComeAgain(t *testing.T) {
	s := comeIn(t, time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), "front")
	var came []string // what the receiver got
	status, answer := http.StatusOK, "thanks"
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		came = append(came, r.PostForm.Encode())
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer receiver.Close()
	s.Asks("POST", "/console/callback", with(client(), "url", receiver.URL+"/secret").Encode(), http.StatusOK, `"errcode":0`)
	var waiting []facade.Post
	must(t, s.leap.Do(func(f *sim.Fleet) error {
		f.OnNotice(func(n driver.Notice) { waiting = append(waiting, s.cloud.Push(n.Device)...) })
		return nil
	}))
	// pass lets time pass in which the sender goes on sending.
	pass := func(d time.Duration) {
		t.Helper()
		for ; d > 0; d -= time.Second {
			s.leap.Pass(time.Second)
			all := waiting
			waiting = nil
			for _, p := range all {
				said, _ := facade.Send(t.Context(), receiver.Client(), p) // no success is an answer too
				must(t, s.leap.Do(func(*sim.Fleet) error { s.cloud.Answer("front", p, said); return nil }))
			}
		}
	}
	typed := func() {
		t.Helper()
		came = nil
		s.Steer("/type", `{"lock":"front","pin":"482915"}`)
		pass(2 * time.Second)
		if len(came) != 1 || !strings.Contains(came[0], "notifyType=1") {
			t.Fatalf("first: %v", came)
		}
	}
	same := func(times int) {
		t.Helper()
		if len(came) != times {
			t.Fatalf("it came %d times, want %d", len(came), times)
		}
		for _, x := range came {
			if x != came[0] {
				t.Errorf("it came as %s and as %s", came[0], x)
			}
		}
	}
	s.Steer("/habits", `{"account":"house","habits":{"callback_retries":2,"callback_again":30}}`)

	typed()
	pass(20 * time.Second)
	same(1)
	pass(20 * time.Second)
	same(2)
	answer = " success\n"
	pass(10 * time.Minute)
	same(3)

	typed()
	pass(10 * time.Minute)
	same(1)

	status = http.StatusInternalServerError // whatever it says then
	typed()
	pass(10 * time.Minute)
	same(3)

	s.Refuses("/habits", `{"account":"house","habits":{"callback_again":0}}`, "callback_again: must lie between 1 and 86400")
}
