package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
)

func TestDevicesAsTheyAre(t *testing.T) {
	r := newRig(t, sim.LockSpec{ID: "front", Model: "nuki", Name: "Front door", Account: "nuki-1", Hub: "bridge", Zone: "Europe/Berlin"},
		sim.LockSpec{ID: "gate", Model: "ttlock", Account: "tt-1"}, sim.LockSpec{ID: "yard", Model: "ttlock", Account: "tt-1"})
	r.skip(time.Minute)
	d := r.post("/devices/get", "device_id", "front")
	for path, want := range map[string]any{
		"device.device_type": "nuki_lock", "device.display_name": "Front door", "device.connected_account_id": "nuki-1", "device.is_managed": true,
		"device.properties.online": true, "device.properties.supported_code_lengths.0": 6.0, "device.location.timezone": "Europe/Berlin",
		"device.can_program_online_access_codes": true, "lock.device_id": "front", "device.created_at": "2026-03-02T12:00:00.000Z",
		"device.properties.manufacturer": "nuki", "device.properties.appearance.name": "Front door", "device.properties.model.manufacturer_display_name": "Nuki",
	} {
		if got := d.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if got := r.post("/devices/get", "name", "Front door"); got.at("device.device_id") != "front" {
		t.Errorf("by name: %s", got.raw)
	}
	page := r.post("/devices/list", "connected_account_id", "tt-1", "limit", 1)
	if page.at("devices.0.device_id") != "gate" || page.at("pagination.has_next_page") != true {
		t.Fatalf("the first page: %s", page.raw)
	}
	next := page.at("pagination.next_page_cursor")
	if rest := r.post("/devices/list", "connected_account_id", "tt-1", "limit", 1, "page_cursor", next); rest.at("devices.0.device_id") != "yard" || rest.at("pagination.has_next_page") != false {
		t.Errorf("the second page: %s", rest.raw)
	}
	if bad := r.send("POST", "/devices/list", object("limit", 1, "page_cursor", next)); bad.status != http.StatusBadRequest {
		t.Errorf("a cursor of another question: %d %s", bad.status, bad.raw)
	}
	if all := r.post("/connected_accounts/list"); all.at("connected_accounts.0.connected_account_id") != "nuki-1" || all.at("connected_accounts.1.account_type") != "ttlock" ||
		all.at("connected_accounts.1.account_type_display_name") != "TTLock" || all.at("connected_accounts.1.accepted_capabilities.0") != "lock" {
		t.Errorf("accounts: %s", all.raw)
	}
}

// Systems have the names that the hosted API has for them.
func TestSystemsByTheirHostedNames(t *testing.T) {
	r := newRig(t, sim.LockSpec{ID: "door", Model: "oracode", Account: "hotel"}, sim.LockSpec{ID: "gate", Model: "2n", Account: "street"}, sim.LockSpec{ID: "yard", Model: "salto", Account: "garden"})
	for id, want := range map[string][2]string{"door": {"dormakaba_oracode_door", "dormakaba_oracode"}, "gate": {"two_n_intercom", "my_2n"}, "yard": {"salto_lock", "salto_ks"}} {
		d := r.post("/devices/get", "device_id", id)
		a := r.post("/connected_accounts/get", "connected_account_id", d.at("device.connected_account_id"))
		if d.at("device.device_type") != want[0] || a.at("connected_account.account_type") != want[1] {
			t.Errorf("%s is a %v of %v, want %v", id, d.at("device.device_type"), a.at("connected_account.account_type"), want)
		}
	}
	if door := r.post("/devices/get", "device_id", "door"); door.at("device.properties.dormakaba_oracode_metadata.predefined_time_slots.0.check_in_time") != "15:00:00[Europe/Berlin]" {
		t.Errorf("the door's times: %s", door.raw)
	}
	all := r.post("/devices/list_device_providers").at("device_providers").([]any)
	homes := r.post("/devices/list_device_providers", "provider_category", "consumer_smartlocks").at("device_providers").([]any)
	if len(all) != 13 || len(homes) != 10 {
		t.Errorf("%d providers, %d of homes", len(all), len(homes))
	}
}

// A device that is taken out of reach says so, its codes say so, and the events tell when.
func TestASimulatedDeviceThatGoesAway(t *testing.T) {
	r := newRig(t)
	r.post("/devices/simulate/disconnect", "device_id", "front")
	id := r.post("/access_codes/create", "device_id", "front").at("access_code.access_code_id")
	r.skip(10 * time.Minute)
	if d := r.post("/devices/get", "device_id", "front"); d.at("device.properties.online") != false || d.at("device.errors.0.error_code") != "device_disconnected" || d.at("device.errors.0.is_device_error") != true {
		t.Errorf("the device: %s", d.raw)
	}
	if c := r.post("/access_codes/get", "access_code_id", id); c.at("access_code.status") != "setting" {
		t.Errorf("the code: %s", c.raw)
	}
	away := r.post("/events/list", "since", in(0), "event_type", "device.disconnected")
	if away.at("events.0.device_id") != "front" || away.at("events.1") != nil {
		t.Fatalf("events: %s", away.raw)
	}
	if one := r.post("/events/get", "event_id", away.at("events.0.event_id")); one.at("event.event_type") != "device.disconnected" {
		t.Errorf("the event by its id: %s", one.raw)
	}
	if none := r.post("/events/list", "between", []string{in(9 * time.Minute), in(10 * time.Minute)}, "event_type", "device.disconnected"); none.at("events.0") != nil {
		t.Errorf("between later instants: %s", none.raw)
	}
	r.post("/devices/simulate/connect", "device_id", "front")
	r.skip(time.Hour)
	if c := r.post("/access_codes/get", "access_code_id", id); c.at("access_code.status") != "set" {
		t.Errorf("after it came back: %s", c.raw)
	}
	typed := r.post("/locks/simulate/keypad_code_entry", "device_id", "front", "code", r.post("/access_codes/get", "access_code_id", id).at("access_code.code"))
	if typed.at("opens") != true || typed.at("action_attempt.status") != "success" {
		t.Errorf("the keypad: %s", typed.raw)
	}
}
