package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// The life of a code on a lock without schedules, as a program on the other side sees it, judged at the keypad.
func TestACodeFromCreationToItsEnd(t *testing.T) {
	r := newRig(t)
	made := r.post("/access_codes/create", "device_id", "front", "name", "Ann", "starts_at", in(2*time.Hour), "ends_at", in(4*time.Hour))
	id, code := made.at("access_code.access_code_id"), made.at("access_code.code")
	if made.at("access_code.status") != "unset" || made.at("access_code.type") != "time_bound" || made.at("access_code.is_managed") != true {
		t.Errorf("a fresh code for later: %s", made.raw)
	}
	if m := made.at("access_code.pending_mutations.0.mutation_code"); m != "deferring_creation" {
		t.Errorf("it waits by %v", m)
	}
	if at := made.at("access_code.pending_mutations.0.scheduled_at"); at != "2026-03-02T13:30:00.000Z" {
		t.Errorf("it is written at %v, not thirty minutes before its start", at)
	}
	if r.opens("front", code) {
		t.Error("it opens before anything was written")
	}
	r.skip(2*time.Hour + time.Minute)
	if got := r.post("/access_codes/get", "access_code_id", id); got.at("access_code.status") != "set" || got.at("access_code.code") != code {
		t.Errorf("in its window: %s", got.raw)
	}
	if !r.opens("front", code) {
		t.Error("it does not open in its window")
	}
	if done := r.post("/action_attempts/get", "action_attempt_id", made.at("action_attempt.action_attempt_id")); done.at("action_attempt.status") != "success" {
		t.Errorf("the attempt: %s", done.raw)
	}
	r.skip(2 * time.Hour)
	if r.opens("front", code) {
		t.Error("it opens after its end")
	}
	if gone := r.send("POST", "/access_codes/get", object("access_code_id", id)); gone.status != http.StatusNotFound || gone.at("error.type") != "access_code_not_found" {
		t.Errorf("after its end: %d %s", gone.status, gone.raw)
	}
}

// The generations of SDKs differ in verbs and in where they put parameters. All get the same.
func TestEveryVerbThatAnSDKSends(t *testing.T) {
	r := newRig(t)
	id := r.post("/access_codes/create", "device_id", "front", "name", "Ann").at("access_code.access_code_id").(string)
	for _, verb := range []string{"POST", "PATCH", "PUT"} {
		if a := r.send(verb, "/access_codes/update", object("access_code_id", id, "name", "by "+verb)); a.status != http.StatusOK {
			t.Fatalf("%s update: %s", verb, a.raw)
		}
		for _, got := range []answer{r.send("GET", "/access_codes/get?access_code_id="+id, ""), r.send("POST", "/access_codes/get", object("access_code_id", id))} {
			if got.at("access_code.name") != "by "+verb {
				t.Errorf("after %s the name is %v", verb, got.at("access_code.name"))
			}
		}
	}
	if a := r.send("PUT", "/access_codes/create_multiple", object("device_ids", []string{"front", "gate"})); a.status != http.StatusOK ||
		a.at("access_codes.0.code") != a.at("access_codes.1.code") || a.at("access_codes.0.common_code_key") == nil {
		t.Errorf("PUT create_multiple: %s", a.raw)
	}
	if a := r.send("GET", "/access_codes/list?device_id=front&limit=1", ""); len(a.at("access_codes").([]any)) != 1 || a.at("pagination.has_next_page") != true {
		t.Errorf("GET list: %s", a.raw)
	}
	if a := r.send("GET", "/access_codes/list?access_code_ids="+id+"&access_code_ids=none", ""); len(a.at("access_codes").([]any)) != 1 {
		t.Errorf("GET list by ids: %s", a.raw)
	}
	if a := r.send("DELETE", "/access_codes/delete?access_code_id="+id, ""); a.status != http.StatusOK {
		t.Errorf("DELETE: %s", a.raw)
	}
	other := r.post("/access_codes/create", "device_id", "front").at("access_code.access_code_id")
	if a := r.send("DELETE", "/access_codes/delete", object("access_code_id", other)); a.status != http.StatusOK {
		t.Errorf("DELETE with a body: %s", a.raw)
	}
	a := r.send("GET", "/access_codes/create", "")
	if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" || a.at("error.type") != "method_not_allowed" {
		t.Errorf("a verb that is not served: %d %s", a.status, a.raw)
	}
}

// Bad input gets a 4xx that names field and rule, and changes nothing.
func TestBadInputNamesTheFieldAndTheRule(t *testing.T) {
	r := newRig(t)
	before := r.post("/access_codes/list").raw
	for _, bad := range []struct{ name, body, field, rule string }{
		{"no device", `{}`, "device_id", "is required"},
		{"null device", `{"device_id":null}`, "device_id", "is required"},
		{"device of another type", `{"device_id":7}`, "device_id", "must be a string"},
		{"unknown field", `{"device_id":"front","pin":"1234"}`, "pin", "is not a parameter of this request"},
		{"letters", `{"device_id":"front","code":"12a4"}`, "code", "must be 4 to 12 digits"},
		{"too short", `{"device_id":"front","code":"123"}`, "code", "must be 4 to 12 digits"},
		{"too long for the lock", `{"device_id":"front","code":"123456789012"}`, "code", ""},
		{"a time without offset", `{"device_id":"front","starts_at":"2026-03-02T14:00:00"}`, "starts_at", "must be an ISO 8601 timestamp with an offset, such as 2026-03-28T15:00:00Z"},
		{"reversed", `{"device_id":"front","starts_at":"2026-03-03T14:00:00Z","ends_at":"2026-03-03T13:00:00Z"}`, "ends_at", "must come after the start"},
		{"over", `{"device_id":"front","starts_at":"2026-03-01T14:00:00Z","ends_at":"2026-03-02T11:00:00Z"}`, "ends_at", "must lie in the future"},
		{"end alone", `{"device_id":"front","ends_at":"2026-03-03T13:00:00Z"}`, "starts_at", "a code that ends needs a start"},
		{"rounding", `{"device_id":"front","max_time_rounding":"2h"}`, "max_time_rounding", "must be 1hour or 1day"},
		{"a word for a switch", `{"device_id":"front","prefer_native_scheduling":"no"}`, "prefer_native_scheduling", "must be true or false"},
		{"a word for a switch by its other name", `{"device_id":"front","allow_external_modification":"no"}`, "allow_external_modification", "must be true or false"},
		{"two names that differ", `{"device_id":"front","allow_external_modification":true,"is_external_modification_allowed":false}`, "allow_external_modification", "is another name for is_external_modification_allowed, and the two differ"},
		{"the same name twice", `{"device_id":"front","name":{"a":1},"device_id":"gate"}`, "device_id", "is given twice"},
		{"the same name twice, once in escapes", `{"device_id":"front","name":"a\\\":{","n\u0061me":"b"}`, "name", "is given twice"},
		{"a name with a zero", `{"device_id":"front","name":"a\u0000b"}`, "name", "must not hold control characters"},
		{"a name of two lines", `{"device_id":"front","name":"a\nb"}`, "name", "must not hold control characters"},
	} {
		t.Run(bad.name, func(t *testing.T) {
			a := r.send("POST", "/access_codes/create", bad.body)
			rule := a.at("error.validation_errors." + bad.field + "._errors.0")
			if a.status != http.StatusBadRequest || a.at("error.type") != "invalid_input" || a.at("ok") != false || rule == nil || bad.rule != "" && rule != bad.rule {
				t.Errorf("%d %s, want %s: %s", a.status, a.raw, bad.field, bad.rule)
			}
			if a.header.Get("seam-request-id") == "" {
				t.Error("no request id")
			}
		})
	}
	for name, body := range map[string]string{"broken": `{"device_id":`, "a list": `[]`, "null": `null`, "two values": `{} {}`, "not UTF-8": "{\"device_id\":\"front\",\"name\":\"\xff\"}"} {
		if a := r.send("POST", "/access_codes/create", body); a.status != http.StatusBadRequest || a.at("error.type") != "invalid_input" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	large := make([]byte, 10*MaxBody)
	for i := range large {
		large[i] = ' '
	}
	if a := r.send("POST", "/access_codes/create", string(large)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body beyond the bound: %d %s", a.status, a.raw)
	}
	for query, sentence := range map[string]string{
		"device_id=front&device_id=gate": "device_id is given twice",
		"device_id=%zz":                  "the query string can't be read: a % starts two hexadecimal digits, and a ; is written %3B",
	} {
		if a := r.send("GET", "/access_codes/list?"+query, ""); a.status != http.StatusBadRequest || a.at("error.message") != sentence {
			t.Errorf("%s: %d %s", query, a.status, a.raw)
		}
	}
	if a := r.send("POST", "/events/list", object("between", []string{in(time.Hour), in(0)})); a.status != http.StatusBadRequest || a.at("error.message") != "between must be the earlier timestamp, then the later" {
		t.Errorf("a time that ends before it starts: %d %s", a.status, a.raw)
	}
	if after := r.post("/access_codes/list").raw; after != before {
		t.Errorf("something changed: %s", after)
	}
}

func TestRefusalsHaveTheirStatus(t *testing.T) {
	r := newRig(t)
	r.post("/access_codes/create", "device_id", "front", "code", "482913")
	for _, c := range []struct {
		path, body string
		status     int
		kind       string
	}{
		{"/access_codes/create", object("device_id", "nowhere"), http.StatusNotFound, "device_not_found"},
		{"/access_codes/create", object("device_id", "front", "code", "482913"), http.StatusConflict, "duplicate_access_code"},
		{"/access_codes/get", object("access_code_id", "none"), http.StatusNotFound, "access_code_not_found"},
		{"/access_codes/update", object("access_code_id", "none"), http.StatusNotFound, "access_code_not_found"},
		{"/access_codes/delete", object("access_code_id", "none"), http.StatusNotFound, "access_code_not_found"},
		{"/access_codes/unmanaged/get", object("access_code_id", "unmanaged_x"), http.StatusNotFound, "access_code_not_found"},
		{"/action_attempts/get", object("action_attempt_id", "attempt_x"), http.StatusNotFound, "action_attempt_not_found"},
		{"/connected_accounts/simulate/disconnect", object("connected_account_id", "none"), http.StatusNotFound, "connected_account_not_found"},
		{"/locks/simulate/keypad_code_entry", object("device_id", "none", "code", "4829"), http.StatusNotFound, "device_not_found"},
		{"/nowhere", "{}", http.StatusNotFound, "not_found"},
	} {
		if a := r.send("POST", c.path, c.body); a.status != c.status || a.at("error.type") != c.kind || a.at("error.message") == "" {
			t.Errorf("%s %s: %d %s", c.path, c.body, a.status, a.raw)
		}
	}
}

// The guardrails of the hosted API: ten creations a minute for each device.
func TestTooManyRequestsForOneDevice(t *testing.T) {
	r := newRig(t)
	for range 10 {
		r.post("/access_codes/create", "device_id", "front")
	}
	a := r.send("POST", "/access_codes/create", object("device_id", "front"))
	if a.status != http.StatusTooManyRequests || a.at("error.type") != "rate_limit_exceeded" || a.header.Get("Retry-After") != "6" {
		t.Errorf("the eleventh: %d, again after %q: %s", a.status, a.header.Get("Retry-After"), a.raw)
	}
	r.post("/access_codes/create", "device_id", "gate")
	r.skip(6 * time.Second)
	r.post("/access_codes/create", "device_id", "front")
}

// A code that opens at times of the week is shown with them, and as one that can't be managed.
func TestAnUnmanagedCodeOfTheWeek(t *testing.T) {
	for weekly, managed := range map[string]bool{"": true, "Mo,We 09:00-17:00": false} {
		u := (&Server{}).renderUnmanaged(&engine.DeviceView{}, engine.SlotView{Ref: "x", Weekly: weekly, Enabled: true}, time.Time{})
		if u.Weekly != weekly || u.Hidden == managed || u.Type != engine.Ongoing {
			t.Errorf("%q is told as %+v", weekly, u)
		}
	}
}
