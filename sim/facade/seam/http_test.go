package seam_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/seam"
)

// house is a workspace with one lock, front, on a Monday at noon in Berlin.
type house struct {
	*facadetest.House
	t *testing.T
}

func open(t *testing.T, model string) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 24, 11, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: model, Account: facadetest.Account, Zone: "Europe/Berlin", Hub: "bridge"}}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, House: facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return seam.New(f, facadetest.Account) })}
	h.Header.Set("Authorization", "Bearer "+seam.Key(facadetest.Account))
	h.Header.Set("Content-Type", "application/json")
	leap.Pass(time.Minute)
	return h
}

// has accustoms the service.
func (h *house) has(habits string) {
	h.t.Helper()
	h.Steer("/habits", `{"account":"house","habits":`+habits+`}`)
}

// makes has the vendor compute a code, and returns its id and what is told of it then.
func (h *house) makes(more string) (id, digits, said string) {
	h.t.Helper()
	var made struct {
		Code struct {
			ID   string `json:"access_code_id"`
			Code string `json:"code"`
		} `json:"access_code"`
	}
	said = h.Asks("POST", "/access_codes/create", `{"device_id":"front","name":"Ada","is_offline_access_code":true,`+more+`}`, http.StatusOK)
	if err := json.Unmarshal([]byte(said), &made); err != nil {
		h.t.Fatal(err)
	}
	h.Leap.Pass(time.Minute)
	id = made.Code.ID
	said = h.told(id)
	if err := json.Unmarshal([]byte(said), &made); err != nil {
		h.t.Fatal(err)
	}
	return id, made.Code.Code, said
}

func (h *house) told(id string) string {
	h.t.Helper()
	return h.Asks("POST", "/access_codes/get", `{"access_code_id":"`+id+`"}`, http.StatusOK)
}

func (h *house) opens(digits string, want bool) {
	h.t.Helper()
	if said := h.Steer("/type", `{"lock":"front","pin":"`+digits+`"}`); strings.Contains(said, `"opens":true`) != want {
		h.t.Errorf("at %v the keypad says %s", h.Leap.Now(), said)
	}
}

// until lets time pass until that day of March and hour in Berlin, which is an hour ahead.
func (h *house) until(day, hour int) {
	h.t.Helper()
	h.Leap.Pass(time.Date(2031, 3, day, hour-1, 0, 0, 0, time.UTC).Sub(h.Leap.Now()))
}

func (h *house) wants(said string, words ...string) {
	h.t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			h.t.Errorf("%s lacks %s", said, w)
		}
	}
}

const (
	stay  = `"starts_at":"2031-03-25T14:00:00Z","ends_at":"2031-03-28T10:00:00Z"` // from 15:00 to 11:00
	other = `"starts_at":"2031-03-26T15:00:00Z","ends_at":"2031-03-29T09:00:00Z"` // from 16:00 to 10:00
)

// Oracode's stays are for ever, unless the vendor takes them back.
func TestStaysAreCancelled(t *testing.T) {
	h := open(t, "oracode")
	id, digits, said := h.makes(stay)
	h.wants(said, `"is_cancellable":false`, `"user_level_name":"User level 1"`, `"user_level_id":"`)
	h.wants(h.Asks("GET", "/devices/get?device_id=front", "", http.StatusOK), `"door_id":1`, `"name":"User level 1"`, `"check_in_time":"15:00:00[Europe/Berlin]"`)
	h.Asks("POST", "/access_codes/delete", `{"access_code_id":"`+id+`"}`, http.StatusBadRequest, "irrevocable")
	h.has(`{"cancellable":true}`)
	h.wants(h.told(id), `"is_cancellable":true`)
	h.until(26, 12)
	h.opens(digits, true)
	h.Asks("POST", "/access_codes/delete", `{"access_code_id":"`+id+`"}`, http.StatusOK)
	h.opens(digits, false)
	h.Asks("POST", "/access_codes/get", `{"access_code_id":"`+id+`"}`, http.StatusNotFound, "access_code_not_found")
	if said := h.Asks("POST", "/access_codes/list", `{"device_id":"front"}`, http.StatusOK); strings.Contains(said, id) {
		t.Errorf("%s lists what was cancelled", said)
	}
	h.Leap.Pass(5 * time.Hour)
	h.opens(digits, false)
}

// A newer stay of the same user level ends the earlier one when it begins, where that is the habit; one of another level does not.
func TestANewerStayOverrides(t *testing.T) {
	h := open(t, "oracode")
	h.has(`{"overrides":true}`)
	first, digits, said := h.makes(stay)
	h.wants(said, `"is_overridable":true`)
	_, second, _ := h.makes(other)
	h.until(26, 17)
	h.opens(digits, true)
	_, third, _ := h.makes(`"starts_at":"2031-03-27T14:00:00Z","ends_at":"2031-03-29T10:00:00Z"`)
	h.until(27, 14)
	h.opens(digits, true)
	h.until(27, 16)
	h.opens(digits, false)
	h.opens(second, true)
	h.opens(third, true)
	h.wants(h.told(first), "replaced_by_newer_access_code")
}

// Where the service has a door's zone wrong, what it asks for is no user level of the door's; and who asks for none is told so.
func TestNoUserLevel(t *testing.T) {
	h := open(t, "oracode")
	h.Asks("POST", "/access_codes/create", `{"device_id":"front","is_offline_access_code":true,"starts_at":"2031-03-25T01:00:00Z","ends_at":"2031-03-25T02:00:00Z"}`, http.StatusBadRequest,
		"dormakaba_oracode_no_valid_user_level")
	h.has(`{"zone_off":60}`)
	_, digits, said := h.makes(stay)
	if h.wants(said, `"error_code":"dormakaba_oracode_no_valid_user_level"`); digits != "" {
		t.Error("the vendor has computed digits nevertheless")
	}
	h.Refuses("/habits", `{"account":"house","habits":{"zone_off":2000}}`, "zone_off")
}

// Lockly's one-time codes are typed in their own way, begin late where the zone is wrong, and are bounded in number.
func TestLocklysOfflineCodes(t *testing.T) {
	const once = `"is_one_time_use":true,"starts_at":"2031-03-24T12:00:00Z"`
	h := open(t, "lockly")
	h.wants(h.Steer("/habits", `{"account":"house","habits":{}}`), `"most_offline_codes":50`)
	h.has(`{"offline_prefix":"00","config_number":"12","most_offline_codes":2,"zone_off":120}`)
	_, digits, _ := h.makes(once)
	h.until(24, 14)
	h.opens("00"+digits+"12", false)
	h.until(24, 16)
	h.opens(digits, false)
	h.opens("00"+digits, false)
	h.opens(digits+"12", false)
	h.opens("00"+digits+"12", true)
	h.opens("00"+digits+"12", false) // once
	_, second, _ := h.makes(`"is_one_time_use":true,"starts_at":"2031-03-24T16:00:00Z"`)
	h.makes(`"is_one_time_use":true,"starts_at":"2031-03-24T17:00:00Z"`)
	if _, none, said := h.makes(`"is_one_time_use":true,"starts_at":"2031-03-24T18:00:00Z"`); none != "" || !strings.Contains(said, "too_many_offline_codes") {
		t.Errorf("beyond the most there is %s", said)
	}
	h.has(`{"offline_prefix":"","config_number":"","most_offline_codes":50}`)
	h.until(24, 20)
	h.opens(second, true)
	h.Refuses("/habits", `{"account":"house","habits":{"config_number":"12345"}}`, "config_number")
}

// What somebody else has put on a lock is found by its digits too.
func TestACodeOfOthersByItsDigits(t *testing.T) {
	h := open(t, "lockly")
	h.Steer("/edit", `{"lock":"front","kind":"add","name":"cleaner","pin":"864213"}`)
	h.Leap.Pass(20 * time.Minute)
	for _, said := range []string{
		h.Asks("GET", "/access_codes/unmanaged/get?device_id=front&code=864213", "", http.StatusOK), h.Asks("POST", "/access_codes/unmanaged/get", `{"device_id":"front","code":"864213"}`, http.StatusOK),
	} {
		h.wants(said, `"name":"cleaner"`, `"code":"864213"`, `"is_managed":false`)
	}
	h.Asks("GET", "/access_codes/unmanaged/get?device_id=front&code=864214", "", http.StatusNotFound, "access_code_not_found")
}

// A page links the account of a vendor that it accepts, and sends the browser on. SDKs of both generations ask for it.
func TestPagesThatLinkAccounts(t *testing.T) {
	h := open(t, "lockly")
	made := h.Asks("POST", "/connect_webviews/create", `{"accepted_providers":["lockly"],"custom_redirect_url":"https://hotel.example/done"}`, http.StatusOK,
		`"status":"pending"`, `"connected_account_id":null`, `"any_provider_allowed":false`, `"device_selection_mode":"none"`)
	other := h.Asks("POST", "/connect_webviews/create", `{"accepted_providers":["nuki"]}`, http.StatusOK)
	id := func(said string) string {
		var v struct {
			View struct {
				ID string `json:"connect_webview_id"`
			} `json:"connect_webview"`
		}
		if err := json.Unmarshal([]byte(said), &v); err != nil {
			t.Fatal(err)
		}
		return v.View.ID
	}
	status, header, _ := h.Send("GET", "/connect_webviews/view?connect_webview_id="+id(made), "")
	if status != http.StatusFound || header.Get("Location") != "https://hotel.example/done" {
		t.Errorf("the browser is answered %d, and sent to %q", status, header.Get("Location"))
	}
	h.Asks("GET", "/connect_webviews/view?connect_webview_id="+id(other), "", http.StatusOK, "other vendors")
	for _, said := range []string{h.Asks("GET", "/connect_webviews/get?connect_webview_id="+id(made), "", http.StatusOK), h.Asks("POST", "/connect_webviews/get", `{"connect_webview_id":"`+id(made)+`"}`, http.StatusOK)} {
		h.wants(said, `"status":"authorized"`, `"connected_account_id":"house"`, `"selected_provider":"lockly"`, `"login_successful":true`)
	}
	h.Asks("GET", "/connect_webviews/get?connect_webview_id="+id(other), "", http.StatusOK, `"status":"failed"`)
	first := h.Asks("GET", "/connect_webviews/list?limit=1", "", http.StatusOK, id(made), `"has_next_page":true`)
	if strings.Contains(first, id(other)) {
		t.Errorf("a page of one is %s", first)
	}
	h.Asks("POST", "/connect_webviews/list", `{"page_cursor":"`+id(made)+`"}`, http.StatusOK, id(other), `"has_next_page":false`)
	h.Asks("DELETE", "/connect_webviews/delete?connect_webview_id="+id(other), "", http.StatusOK)
	h.Asks("POST", "/connect_webviews/get", `{"connect_webview_id":"`+id(other)+`"}`, http.StatusNotFound, "connect_webview_not_found")
	h.Asks("GET", "/connect_webviews/get", "", http.StatusBadRequest, `"validation_errors":{"_errors":[],"connect_webview_id":{"_errors":["is required"]}}`)
	h.Asks("POST", "/connect_webviews/create", `{"custom_redirect_url":"nowhere"}`, http.StatusBadRequest, "custom_redirect_url must be an address")
	h.Asks("GET", "/connect_webviews/create", "", http.StatusMethodNotAllowed)
	if _, header, _ := h.Send("GET", "/connect_webviews/list", ""); header.Get("seam-request-id") == "" {
		t.Error("no id of the request")
	}
}

// Lockly's codes for some hours open in their window, to the minute, and are set when their digits are known.
func TestLocklysTimedCodes(t *testing.T) {
	h := open(t, "lockly")
	_, digits, said := h.makes(`"starts_at":"2031-03-24T13:10:00Z","ends_at":"2031-03-24T15:20:00Z"`)
	h.wants(said, `"status":"set"`, `"pending_mutations":[]`, `"is_one_time_use":false`)
	h.opens(digits, false)
	h.until(24, 15)
	h.opens(digits, true)
	h.opens(digits, true)
	h.until(24, 17)
	h.opens(digits, false)
}
