package api

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// told is one server-sent event.
type told struct{ id, event, data string }

// listen opens a stream; more reads the next event of it.
func (r *rig) listen(path, cursor string) (more func() told) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.http.URL+path, nil)
	must(r.t, err)
	req.Header.Set("Authorization", "Bearer "+r.key)
	if cursor != "" {
		req.Header.Set(lastEventID, cursor)
	}
	resp, err := http.DefaultClient.Do(req)
	must(r.t, err)
	r.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != eventStream {
		r.t.Fatalf("%s: %s, %s", path, resp.Status, resp.Header.Get("Content-Type"))
	}
	lines := bufio.NewReader(resp.Body)
	return func() (e told) {
		r.t.Helper()
		for {
			line, err := lines.ReadString('\n')
			must(r.t, err)
			switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
			case "id":
				e.id = value
			case "event":
				e.event = value
			case "data":
				e.data = value
			case "":
				if e != (told{}) {
					return e
				}
			}
		}
	}
}

func TestTheJournalIsToldAsItIsWritten(t *testing.T) {
	r := newRig(t)
	r.post("/access_codes/create", "device_id", "front", "name", "first")
	more := r.listen("/v1/journal/stream", "")
	var all []told
	for len(all) == 0 || all[len(all)-1].event != "access_code.created" {
		all = append(all, more())
	}
	for i, e := range all {
		if e.id != fmt.Sprint(i+1) || !strings.Contains(e.data, `"Seq":`+e.id) {
			t.Errorf("line %d came as %v", i+1, e)
		}
	}
	r.post("/access_codes/create", "device_id", "gate", "name", "second")
	if e := more(); e.event != "command.create" || e.id != fmt.Sprint(len(all)+1) {
		t.Errorf("what happened while it was read came as %v", e)
	}
	if e := r.listen("/v1/journal/stream", fmt.Sprint(len(all)))(); e.id != fmt.Sprint(len(all)+1) || e.event != "command.create" {
		t.Errorf("whoever was cut off goes on with %v", e)
	}
	if e := r.listen("/v1/journal/stream?after=1", "")(); e.id != "2" {
		t.Errorf("after=1 begins with %v", e)
	}
	fresh := r.listen("/v1/journal/stream?after=now", "")
	id := r.post("/access_codes/create", "device_id", "gate", "name", "third").at("access_code.access_code_id")
	if e := fresh(); e.event != "command.create" || !strings.Contains(e.data, id.(string)) {
		t.Errorf("after=now begins with %v", e)
	}
}

func TestAStreamIsRefusedLikeAnythingElse(t *testing.T) {
	r := newRig(t)
	if a := r.send("GET", "/v1/journal/stream?after=soon", ""); a.status != http.StatusBadRequest || a.at("error.validation_errors.after") == nil {
		t.Errorf("after what is no number: %d %s", a.status, a.raw)
	}
	if a := r.send("POST", "/v1/journal/stream", ""); a.status != http.StatusMethodNotAllowed {
		t.Errorf("a POST: %d %s", a.status, a.raw)
	}
	for _, path := range []string{"/v1/journal/stream", "/v1/bell"} {
		if a := r.sendAs("", "GET", path, ""); a.status != http.StatusUnauthorized {
			t.Errorf("%s without a key: %d %s", path, a.status, a.raw)
		}
		if a := r.sendAs(r.newKey("writer", ScopeWrite), "GET", path, ""); a.status != http.StatusForbidden {
			t.Errorf("%s without the scope: %d %s", path, a.status, a.raw)
		}
	}
}

func TestThePlanOfACodeIsToldBeforeItIsThere(t *testing.T) {
	r := newRig(t)
	stay := []any{"device_id", "front", "starts_at", in(10 * time.Hour), "ends_at", in(20 * time.Hour)}
	wished := r.post("/v1/plan", stay...)
	if len(wished.at("plan").([]any)) == 0 || wished.at("notes.0") == nil {
		t.Fatalf("the plan is %s", wished.raw)
	}
	if n := len(r.post("/access_codes/list", "device_id", "front").ids()); n != 0 {
		t.Errorf("a plan made %d codes", n)
	}
	id := r.post("/access_codes/create", stay...).at("access_code.access_code_id")
	if made := r.post("/v1/plan", "access_code_id", id); len(made.at("plan").([]any)) == 0 || made.at("plan.0.what") != "created" {
		t.Errorf("the plan of the code is %s", made.raw)
	}
	for _, body := range []string{object(), object("access_code_id", id, "device_id", "front"), object("access_code_id", id, "name", "x")} {
		if a := r.send("POST", "/v1/plan", body); a.status != http.StatusBadRequest || a.at("error.validation_errors.access_code_id") == nil {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	why := r.post("/v1/explain", "access_code_id", id)
	if len(why.at("why").([]any)) < 2 || why.at("arrival.access_code_id") != id {
		t.Errorf("it is explained by %s", why.raw)
	}
}

func TestWhoMayNotGetInAndWhoMayStillGetInAreListed(t *testing.T) {
	r := newRig(t)
	made := r.post("/access_codes/create", "device_id", "front", "code", "4829", "starts_at", in(time.Hour), "ends_at", in(3*time.Hour))
	r.post("/access_codes/create", "device_id", "gate", "starts_at", in(2*time.Hour), "ends_at", in(9*time.Hour))
	id := made.at("access_code.access_code_id")
	r.skip(2 * time.Hour)
	r.post("/devices/simulate/disconnect", "device_id", "front")
	r.skip(2 * time.Hour)
	exposed := r.post("/v1/exposure")
	if len(exposed.at("exposures").([]any)) != 1 || exposed.at("exposures.0.access_code_id") != id || exposed.at("exposures.0.seconds").(float64) < 3000 {
		t.Errorf("the lock was out of reach at the end, and listed is %s", exposed.raw)
	}
	r.post("/access_codes/create", "device_id", "front", "code", "9164", "starts_at", in(5*time.Hour), "ends_at", in(6*time.Hour))
	r.skip(30 * time.Minute)
	arrivals := r.post("/v1/readiness")
	if arrivals.at("arrivals.0.device_id") != "front" || arrivals.at("arrivals.0.readiness") == "verified" || arrivals.at("arrivals.0.cause") == "" || arrivals.at("total").(float64) < 1 {
		t.Errorf("who is least sure to get in is %s", arrivals.raw)
	}
	if a := r.send("POST", "/v1/readiness", object("limit", 0)); a.status != http.StatusBadRequest {
		t.Errorf("a page of none: %d %s", a.status, a.raw)
	}
	r.post("/access_codes/create", "device_id", "front", "starts_at", in(9*time.Hour), "ends_at", in(10*time.Hour))
	first := r.post("/v1/readiness", "limit", 1)
	rest := r.post("/v1/readiness", "limit", 1, "page_cursor", first.at("pagination.next_page_cursor"))
	if first.at("pagination.has_next_page") != true || len(rest.at("arrivals").([]any)) != 1 || rest.at("arrivals.0.access_code_id") == first.at("arrivals.0.access_code_id") {
		t.Errorf("one after the other: %s, then %s", first.raw, rest.raw)
	}
	r.post("/devices/simulate/connect", "device_id", "front")
	r.skip(30 * time.Minute)
	if after := r.post("/v1/exposure"); len(after.at("exposures").([]any)) != 0 {
		t.Errorf("the lock is back, and still listed is %s", after.raw)
	}
	traits := r.post("/v1/traits", "device_id", "gate")
	if traits.at("traits.NativeSchedule") != true {
		t.Errorf("the traits are %s", traits.raw)
	}
}
