package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// ids are those of the codes that an answer lists.
func (a answer) ids() []string {
	var all []string
	list, _ := a.at("access_codes").([]any)
	for _, v := range list {
		all = append(all, v.(map[string]any)["access_code_id"].(string))
	}
	return all
}

func TestACommandThatIsSentAgainIsDoneOnce(t *testing.T) {
	r := newRig(t)
	body := object("device_id", "front", "name", "Ada", "starts_at", in(time.Hour), "ends_at", in(2*time.Hour))
	first := r.sendNamed("booking-7", r.key, "POST", "/access_codes/create", body)
	again := r.sendNamed("booking-7", r.key, "POST", "/access_codes/create", body)
	if first.status != http.StatusOK || first.raw != again.raw {
		t.Errorf("sent again under its name it was answered with\n%s\nnot with\n%s", again.raw, first.raw)
	}
	if n := len(r.post("/access_codes/list", "device_id", "front").ids()); n != 1 {
		t.Errorf("%d codes were made, want 1", n)
	}
	other := r.sendNamed("booking-7", r.key, "POST", "/access_codes/create", strings.Replace(body, "Ada", "Bob", 1))
	if other.status != http.StatusConflict || other.at("error.type") != "idempotency_key_reused" {
		t.Errorf("the name with another command: %d %s", other.status, other.raw)
	}
	stranger := r.sendNamed("booking-7", r.newKey("stranger", Scopes()...), "POST", "/access_codes/create", body)
	if stranger.status != http.StatusOK || stranger.at("access_code.access_code_id") == first.at("access_code.access_code_id") {
		t.Errorf("somebody else's command of that name was answered with the first one's: %s", stranger.raw)
	}
	long := r.sendNamed(strings.Repeat("x", maxIdempotency+1), r.key, "POST", "/access_codes/create", body)
	if long.status != http.StatusBadRequest || long.at("error.validation_errors."+keyHeader) == nil {
		t.Errorf("a name without bound: %d %s", long.status, long.raw)
	}
}

func TestAPutOfSeveralCodesIsSafeToRepeat(t *testing.T) {
	r := newRig(t)
	body := object("device_ids", []string{"front", "gate"}, "name", "family")
	first := r.send("PUT", "/access_codes/create_multiple", body).ids()
	if again := r.send("PUT", "/access_codes/create_multiple", body).ids(); len(first) != 2 || !slices.Equal(first, again) {
		t.Fatalf("first %v, then %v", first, again)
	}
	if posted := r.send("POST", "/access_codes/create_multiple", body).ids(); slices.Equal(posted, first) {
		t.Error("a POST makes new codes, and made none")
	}
	r.post("/access_codes/delete", "access_code_id", first[0])
	second := r.send("PUT", "/access_codes/create_multiple", body).ids()
	if len(second) != 2 || slices.Contains(second, first[0]) || slices.Contains(second, first[1]) {
		t.Errorf("one of the codes is gone, so a new pair is wished: %v after %v", second, first)
	}
	if again := r.send("PUT", "/access_codes/create_multiple", body).ids(); !slices.Equal(again, second) {
		t.Errorf("the new pair is made once too: %v, then %v", second, again)
	}
	r.skip(repeatWithin + time.Minute)
	if later := r.send("PUT", "/access_codes/create_multiple", body).ids(); len(later) != 2 || slices.Contains(later, second[0]) {
		t.Errorf("much later the same request is another wish: %v", later)
	}
}

func TestACodeThatIsGivenUpStaysOnTheLock(t *testing.T) {
	r := newRig(t)
	made := r.post("/access_codes/create", "device_id", "front", "code", "4829")
	id := made.at("access_code.access_code_id")
	r.skip(time.Hour)
	if a := r.send("POST", "/access_codes/update", object("access_code_id", id, "is_managed", false, "name", "x")); a.status != http.StatusBadRequest || a.at("error.validation_errors.is_managed") == nil {
		t.Errorf("given up and changed at once: %d %s", a.status, a.raw)
	}
	r.post("/access_codes/update", "access_code_id", id, "is_managed", false)
	if a := r.send("POST", "/access_codes/get", object("access_code_id", id)); a.status != http.StatusNotFound {
		t.Errorf("it is still managed: %d %s", a.status, a.raw)
	}
	if len(r.post("/access_codes/unmanaged/list", "device_id", "front").ids()) != 1 || !r.opens("front", "4829") {
		t.Error("it is not on the lock as somebody else's")
	}
}

// What an update asks for is done whole or not at all, whatever it is made of.
func TestAnUpdateThatIsRefusedChangesNothing(t *testing.T) {
	r := newRig(t)
	id := r.post("/access_codes/create", "device_id", "front", "code", "4829", "starts_at", in(time.Hour), "ends_at", in(2*time.Hour)).at("access_code.access_code_id")
	before := r.post("/access_codes/get", "access_code_id", id).raw
	a := r.send("POST", "/access_codes/update", object("access_code_id", id, "type", "ongoing", "code", "482", "use_backup_access_code_pool", true))
	if a.status != http.StatusBadRequest || a.at("error.validation_errors.code") == nil {
		t.Fatalf("digits that no lock takes: %d %s", a.status, a.raw)
	}
	for field, body := range map[string]string{
		"is_offline_access_code": object("access_code_id", id, "is_offline_access_code", true, "name", "Ann"), "is_one_time_use": object("access_code_id", id, "is_one_time_use", true, "name", "Ann"),
		"max_time_rounding": object("access_code_id", id, "max_time_rounding", "1week", "name", "Ann"),
	} {
		if a := r.send("PATCH", "/access_codes/update", body); a.status != http.StatusBadRequest || a.at("error.validation_errors."+field) == nil {
			t.Errorf("%s: %d %s", field, a.status, a.raw)
		}
	}
	if after := r.post("/access_codes/get", "access_code_id", id).raw; after != before {
		t.Errorf("the code was\n%s\nand is\n%s", before, after)
	}
	r.post("/access_codes/update", "access_code_id", id, "type", "ongoing", "code", "9164", "use_backup_access_code_pool", true, "is_offline_access_code", false, "max_time_rounding", "1hour")
	after := r.post("/access_codes/get", "access_code_id", id)
	if after.at("access_code.type") != "ongoing" || after.at("access_code.code") != "9164" || after.at("access_code.ends_at") != nil {
		t.Errorf("it is %s", after.raw)
	}
	if r.post("/devices/get", "device_id", "front").at("device.properties.backup_access_code_pool_enabled") != true {
		t.Error("the pool is off")
	}
}

func TestLengthsThatAreToldOfALock(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, field string
		args        []any
	}{
		{"nothing", "supported_code_lengths", nil},
		{"both", "supported_code_lengths", []any{"supported_code_lengths", []int{4}, "min_code_length", 4}},
		{"none", "supported_code_lengths", []any{"supported_code_lengths", []int{}}},
		{"too short", "supported_code_lengths", []any{"supported_code_lengths", []int{3, 4}}},
		{"no end", "supported_code_lengths", []any{"min_code_length", 4, "max_code_length", 2_000_000_000}},
		{"longer than any code", "supported_code_lengths", []any{"supported_code_lengths", []int{13}}},
		{"reversed", "max_code_length", []any{"min_code_length", 6, "max_code_length", 5}},
	} {
		a := r.send("POST", "/access_codes/report_device_constraints", object(append([]any{"device_id", "front"}, c.args...)...))
		if a.status != http.StatusBadRequest || a.at("error.validation_errors."+c.field) == nil {
			t.Errorf("%s: %d %s", c.name, a.status, a.raw)
		}
	}
	r.post("/access_codes/report_device_constraints", "device_id", "front", "min_code_length", 6, "max_code_length", 7)
	if got := r.post("/devices/get", "device_id", "front").at("device.properties.supported_code_lengths"); got == nil || len(got.([]any)) != 2 {
		t.Errorf("the lock takes lengths of %v", got)
	}
	if code := r.post("/access_codes/create", "device_id", "front").at("access_code.code").(string); len(code) != 6 {
		t.Errorf("%d digits were drawn", len(code))
	}
}

func TestSimulatedDevicesAnswerLikeTheHostedOnes(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/locks/simulate/manual_lock_via_keypad", "/devices/simulate/paid_subscription"} {
		body := object("device_id", "front", "is_expired", true)
		if path == "/locks/simulate/manual_lock_via_keypad" {
			body = object("device_id", "front")
		}
		if a := r.send("POST", path, body); a.status != http.StatusBadRequest || a.at("error.type") != "device_type_not_supported" {
			t.Errorf("%s: %d %s", path, a.status, a.raw)
		}
	}
	r.post("/devices/simulate/remove", "device_id", "front")
	if a := r.send("POST", "/access_codes/create", object("device_id", "front")); a.status != http.StatusNotFound {
		t.Errorf("a device that was taken away: %d %s", a.status, a.raw)
	}
}
