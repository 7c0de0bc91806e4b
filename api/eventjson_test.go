package api

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/lab"
)

// event finds the newest event of a type.
func (r *rig) event(key, typ string) answer {
	r.t.Helper()
	all := r.sendAs(key, "POST", "/events/list", object("since", in(0), "event_type", typ))
	list, _ := all.at("events").([]any)
	if len(list) == 0 {
		r.t.Fatalf("there is no event %s: %s", typ, all.raw)
	}
	return answer{body: list[len(list)-1].(map[string]any), raw: all.raw}
}

// What an event is about comes with it, in the hosted API's fields.
func TestEventsCarryWhatTheyTellOf(t *testing.T) {
	r := newRig(t, sim.LockSpec{ID: "front", Model: "nuki"}, sim.LockSpec{ID: "gate", Model: "native.keypad"})
	made := r.post("/access_codes/create", "device_id", "front", "name", "Ann", "starts_at", in(time.Hour), "ends_at", in(9*time.Hour))
	id, code := made.at("access_code.access_code_id").(string), made.at("access_code.code")
	r.post("/access_codes/create", "device_id", "gate", "starts_at", in(time.Hour), "ends_at", in(9*time.Hour))
	blind := r.newKey("blind", ScopeRead)
	r.skip(2 * time.Hour)
	for _, typ := range []string{"access_code.set_on_device", "access_code.scheduled_on_device"} {
		if got, blindly := r.event(r.key, typ).at("code"), r.event(blind, typ).at("code"); got == nil || blindly != nil {
			t.Errorf("%s tells the digits %v, and %v without the scope", typ, got, blindly)
		}
	}
	r.post("/access_codes/update", "access_code_id", id, "name", "Ann and Ben", "ends_at", in(8*time.Hour))
	if e := r.event(r.key, "access_code.mutations_requested"); e.at("requested_mutations.0.mutation_code") != "updating_name" || e.at("requested_mutations.1.mutation_code") != "updating_time_frame" {
		t.Errorf("what was asked for: %v", e.body)
	}
	r.skip(20 * time.Minute)
	if e := r.event(r.key, "access_code.name_changed"); e.at("description") == nil {
		t.Errorf("the change: %v", e.body)
	}
	r.opens("front", code)
	r.opens("front", "999999")
	r.skip(time.Hour)
	if e := r.event(r.key, "lock.unlocked"); e.at("method") != "keycode" || e.at("access_code_id") != id || e.at("access_code_is_managed") != true {
		t.Errorf("the opening: %v", e.body)
	}
	if e := r.event(r.key, "lock.access_denied"); e.at("reason.reason_code") != "unknown_code" {
		t.Errorf("the try: %v", e.body)
	}
	r.skip(5 * time.Hour)
	if e := r.event(r.key, "access_code.deleted"); e.at("code") != code {
		t.Errorf("the end: %v, want the digits %v", e.body, code)
	}
}

// An event that tells of trouble says what is wrong with the code, with its device and with its account.
func TestEventsOfTroubleSayAllThatIsWrong(t *testing.T) {
	r := newRig(t)
	_, err := r.lab.Inject(t.Context(), lab.Fault{On: "front", Kind: "offline"})
	must(t, err)
	r.post("/access_codes/create", "device_id", "front", "starts_at", in(time.Hour), "ends_at", in(9*time.Hour))
	r.skip(2 * time.Hour)
	e := r.event(r.key, "access_code.delay_in_setting_on_device")
	if e.at("access_code_warnings.0.warning_code") != "delay_in_setting_on_device" || e.at("device_errors.0.error_code") != "device_disconnected" {
		t.Errorf("the delay: %v", e.body)
	}
	for _, name := range []string{"access_code_errors", "device_warnings", "connected_account_errors", "connected_account_warnings"} {
		if _, there := e.body[name].([]any); !there {
			t.Errorf("%s is no list: %v", name, e.body[name])
		}
	}
	if e := r.event(r.key, "device.disconnected"); e.at("error_code") != "device_disconnected" || e.at("device_errors.0.error_code") != "device_disconnected" || e.body["access_code_errors"] != nil {
		t.Errorf("the device: %v", e.body)
	}
	must(t, r.lab.Heal(t.Context(), "front"))
	_, err = r.lab.Inject(t.Context(), lab.Fault{On: "front", Kind: "battery", Args: map[string]float64{"level": 0.05, "per_day": 0}})
	must(t, err)
	r.skip(24 * time.Hour)
	if e := r.event(r.key, "device.low_battery"); e.at("battery_level").(float64) > 0.06 || e.at("battery_status") != "critical" {
		t.Errorf("the battery: %v", e.body)
	}
}

// Whoever follows the address of the next page with a GET gets it.
func TestPagesAreFollowedByTheirAddress(t *testing.T) {
	r := newRig(t, sim.LockSpec{ID: "a", Model: "jit.keypad"}, sim.LockSpec{ID: "b", Model: "jit.keypad"}, sim.LockSpec{ID: "c", Model: "jit.keypad"})
	page := r.post("/devices/list", "device_ids", []string{"a", "b", "c"}, "limit", 1)
	var ids []any
	for range 5 {
		ids = append(ids, page.at("devices.0.device_id"))
		next, _ := page.at("pagination.next_page_url").(string)
		if next == "" {
			break
		}
		if next[:len(r.http.URL)] != r.http.URL {
			t.Fatalf("the next page is at %s", next)
		}
		if page = r.send("GET", next[len(r.http.URL):], ""); page.status != http.StatusOK {
			t.Fatalf("%s: %s", next, page.raw)
		}
	}
	if !slices.Equal(ids, []any{"a", "b", "c"}) {
		t.Errorf("the pages are %v", ids)
	}
}
