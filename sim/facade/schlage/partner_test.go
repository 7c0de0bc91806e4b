package schlage_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/schlage"
)

const base = "/schlage-home"

// read takes one field out of an answer.
func read(t *testing.T, said, field string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(said), &all); err != nil {
		t.Fatal(said, err)
	}
	text, _ := all[field].(string)
	if text == "" {
		t.Fatalf("%s lacks %s", said, field)
	}
	return text
}

// meet has a partner's program before the account of a house, whose owner has let it in; path is that of the lock.
func meet(t *testing.T) (h *facadetest.House, path string) {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 6, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Name: "Front door", Model: "schlage", Account: facadetest.Account},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h = facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return schlage.New(f, facadetest.Account) })
	client := url.Values{"client_id": {schlage.PartnerClient(facadetest.Account)}, "client_secret": {schlage.PartnerSecret(facadetest.Account)}}
	status, header, _ := h.Send("GET", "/OAuth2/authorize?response_type=code&state=mine&redirect_uri=https%3A%2F%2Fpartner.example%2Fback&client_id="+client.Get("client_id"), "")
	back, err := url.Parse(header.Get("Location"))
	if err != nil || status != http.StatusFound || back.Host != "partner.example" || back.Query().Get("state") != "mine" {
		t.Fatal(status, header, err)
	}
	form := client.Encode() + "&grant_type=authorization_code&code=" + back.Query().Get("code")
	refresh := read(t, h.Asks("POST", "/oauth2/token", form, http.StatusOK, `"expires_in":3600`), "refresh_token")
	h.Asks("POST", "/oauth2/token", form, http.StatusBadRequest, "invalid_grant") // it was good for one
	h.Asks("POST", "/oauth2/token", "grant_type=refresh_token&refresh_token="+refresh, http.StatusUnauthorized, "invalid_client")
	said := h.Asks("POST", "/oauth2/token", client.Encode()+"&grant_type=refresh_token&refresh_token="+refresh, http.StatusOK)
	h.Header.Set("Authorization", "Bearer "+read(t, said, "access_token"))
	h.Asks("GET", base+"/Devices", "", http.StatusUnauthorized, "subscription key")
	h.Header.Set("alle-subscription-key", schlage.PartnerKey(facadetest.Account))
	said = h.Asks("GET", base+"/Devices", "", http.StatusOK, `"name":"Front door"`, `"connected":true`, `"lockState":"Locked"`)
	_, id, _ := strings.Cut(said, `"deviceId":"`)
	id, _, _ = strings.Cut(id, `"`)
	return h, base + "/devices/" + id
}

// orders asks for something that is done later, and returns the path of the command.
func orders(t *testing.T, h *facadetest.House, path, method, at, body string) string {
	t.Helper()
	return path + "/commands/" + read(t, h.Asks(method, path+at, body, http.StatusAccepted), "commandId")
}

// A partner's code is seen to be set by its command, and only then does the keypad open.
func TestAPartnersCode(t *testing.T) {
	h, path := meet(t)
	h.Asks("POST", base+"/webhooks", `{"url":"https://partner.example/hook"}`, http.StatusCreated, `"subscriptionId"`)
	const guest = `{"name":"Guest","code":"0482","accessCodeLength":4,"scheduleType":"Always"}`
	command := orders(t, h, path, "POST", "/accesscodes", guest)
	h.Asks("GET", command, "", http.StatusOK, `"state":"Pending"`, `"name":"AddAccessCode"`, `"friendlyName":"Guest"`)
	if said := h.Steer("/type", `{"lock":"front","pin":"0482"}`); strings.Contains(said, `"opens":true`) {
		t.Errorf("a code opens that is not yet on the lock: %s", said)
	}
	h.Leap.Pass(20 * time.Second)
	var done struct{ Data struct{ AccessCodeID string } }
	if err := json.Unmarshal([]byte(h.Asks("GET", command, "", http.StatusOK, `"state":"Successful"`, `"errorCode":0`)), &done); err != nil {
		t.Fatal(err)
	}
	h.Asks("GET", path+"/accesscodes", "", http.StatusOK, `{"accessCodes":[{`, `"code":"0482"`, `"scheduleType":"Always"`, `"readOnly":false`, done.Data.AccessCodeID)
	if said := h.Steer("/type", `{"lock":"front","pin":"0482"}`); !strings.Contains(said, `"opens":true`) {
		t.Errorf("the guest stands before a closed door: %s", said)
	}
	h.Asks("GET", path+"/history?limit=1&deviceLocalTime=true", "", http.StatusOK, `"eventCode":"Unlocked"`, `"friendlyName":"Guest"`, `"accessType":"AccessCode"`, `+01:00"`)
	var told []string
	for _, post := range h.Pushed("front") {
		told = append(told, string(post.Body))
	}
	for _, words := range []string{`"trigger":"CommandStatusChanged"`, `"state":"Successful"`, `"eventType":"AccessCodeUserAdded"`, `"trigger":"DeviceLockStateChanged"`, `"version":"2.0"`} {
		if !strings.Contains(strings.Join(told, "\n"), words) {
			t.Errorf("posts lack %s: %s", words, told)
		}
	}
	if again := h.Pushed("front"); len(again) > 0 {
		t.Errorf("it is told twice: %s", again[0].Body)
	}

	item := "/accesscodes/" + done.Data.AccessCodeID
	command = orders(t, h, path, "PUT", item, strings.ReplaceAll(guest, "0482", "7391"))
	h.Leap.Pass(20 * time.Second)
	h.Asks("GET", command, "", http.StatusOK, `"state":"Successful"`, `"name":"UpdateAccessCode"`)
	if said := h.Steer("/type", `{"lock":"front","pin":"7391"}`); !strings.Contains(said, `"opens":true`) {
		t.Errorf("changed digits do not open: %s", said)
	}
	command = orders(t, h, path, "DELETE", item, "")
	h.Leap.Pass(20 * time.Second)
	h.Asks("GET", command, "", http.StatusOK, `"state":"Successful"`, `"name":"DeleteAccessCode"`)
	if said := h.Steer("/type", `{"lock":"front","pin":"7391"}`); !strings.Contains(said, `"opens":false`) {
		t.Errorf("a deleted code opens: %s", said)
	}
	h.Asks("GET", path+"/accesscodes", "", http.StatusOK, `{"accessCodes":[]}`)
}

// Schedules go to the lock and back: a stay, and hours on days of the week.
func TestAPartnersSchedules(t *testing.T) {
	h, path := meet(t)
	orders(t, h, path, "PUT", "/accesscodes", `{"name":"Stay","code":"4829","scheduleType":"Temporary","scheduleDetails":{"startDateTime":"2031-03-06T10:00:00+01:00","endDateTime":"2031-03-06T11:00:00Z"}}`)
	orders(t, h, path, "PUT", "/accesscodes", `{"name":"Cleaner","code":"7391","scheduleType":"Recurring","scheduleDetails":{"schedules":[{"startTime":"10:00","endTime":"12:00","activeWeekDays":["Thursday","Saturday"]}]}}`)
	opens := func(pin, answer string) {
		t.Helper()
		if said := h.Steer("/type", `{"lock":"front","pin":"`+pin+`"}`); !strings.Contains(said, `"opens":`+answer) {
			t.Errorf("%s at %s: %s", pin, h.Leap.Now(), said)
		}
	}
	h.Leap.Pass(time.Minute)
	h.Asks("GET", path+"/accesscodes", "", http.StatusOK,
		`"startDateTime":"2031-03-06T09:00:00Z","endDateTime":"2031-03-06T11:00:00Z"`, `{"startTime":"10:00","endTime":"12:00","activeWeekDays":["Thursday","Saturday"]}`)
	opens("4829", "false")
	opens("7391", "false")
	h.Leap.Pass(90 * time.Minute) // half past ten, on a Thursday in Berlin
	opens("4829", "true")
	opens("7391", "true")
	h.Leap.Pass(2 * time.Hour)
	opens("4829", "false")
	opens("7391", "false")
}

// What goes wrong is told as a problem, or by the command where it is found out later.
func TestWhatAPartnerIsRefused(t *testing.T) {
	h, path := meet(t)
	const (
		kind  = `"type":"https://api.allegion.com/errors/producers/SchlageHomeAPI/errorcodes/`
		never = `{"name":"Never","code":"4829","scheduleType":"Temporary","scheduleDetails":{"startDateTime":"2031-03-07T10:00:00Z","endDateTime":"2031-03-06T10:00:00Z"}}`
		guest = `{"name":"Guest","code":"7391","scheduleType":"Always"}`
	)
	ends := func(command string, words ...string) {
		t.Helper()
		h.Leap.Pass(time.Minute)
		h.Asks("GET", command, "", http.StatusOK, append(words, `"state":"Failed"`)...)
	}
	ends(orders(t, h, path, "POST", "/accesscodes", never), `"errorCode":34`)
	ends(orders(t, h, path, "DELETE", "/accesscodes/unknown", ""), `"errorCode":1`, `"statusCode":404`)
	h.Steer("/faults", `{"on":"front","kind":"offline"}`)
	ends(orders(t, h, path, "POST", "/accesscodes", guest), `"errorCode":1`, `"statusCode":504`)
	h.Asks("GET", path, "", http.StatusOK, `"connected":false`)

	h.Asks("POST", path+"/accesscodes", `{"name":"Guest","code":"12"}`, http.StatusBadRequest, kind+`BadRequest"`, `"title":"Bad Request"`, `"errors":{"Error Code: 1":[`)
	h.Asks("GET", path+"/commands/unknown", "", http.StatusNotFound, kind+`NotFound"`)
	h.Asks("GET", base+"/devices/unknown", "", http.StatusNotFound, kind+`NotFound"`, "Device not found")
	h.Steer("/habits", `{"account":"house","habits":{"at_once":true}}`)
	_, header, _ := h.Send("POST", path+"/accesscodes", never)
	if got := header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("an error is of type %q", got)
	}
	h.Asks("POST", path+"/accesscodes", never, http.StatusBadGateway, kind+`ResourceProviderBadGateway"`, `"Error Code: 34":[`)
	h.Leap.Pass(time.Hour)
	h.Asks("GET", base+"/Devices", "", http.StatusUnauthorized, kind+`Unauthorized"`)
}

// A cloud that has an error may have done what it was asked, and one that says yes may not.
func TestAPartnerIsToldTheWrongThing(t *testing.T) {
	h, path := meet(t)
	const (
		guest = `{"name":"Guest","code":"7391","scheduleType":"Always"}`
		other = `{"name":"Other","code":"4829","scheduleType":"Always"}`
	)
	opens := func(pin, answer string) {
		t.Helper()
		h.Leap.Pass(time.Minute)
		if said := h.Steer("/type", `{"lock":"front","pin":"`+pin+`"}`); !strings.Contains(said, `"opens":`+answer) {
			t.Errorf("%s: %s", pin, said)
		}
	}
	h.Steer("/faults", `{"on":"front","kind":"5xx","for":60}`)
	h.Asks("POST", path+"/accesscodes", guest, http.StatusBadGateway, `errorcodes/ResourceProviderBadGateway"`, `"Error Code: 1"`)
	opens("7391", "false")
	h.Steer("/faults", `{"on":"front","kind":"applied-but-error","for":60}`)
	h.Asks("POST", path+"/accesscodes", guest, http.StatusBadGateway, `errorcodes/ResourceProviderBadGateway"`, `"Error Code: 1"`)
	opens("7391", "true")
	command := orders(t, h, path, "POST", "/accesscodes", `{"name":"Third","code":"5160","scheduleType":"Always"}`)
	h.Steer("/faults", `{"on":"front","kind":"5xx","for":60}`) // which is no matter to what was taken before
	opens("5160", "true")
	h.Asks("GET", command, "", http.StatusOK, `"state":"Successful"`)
	h.Steer("/faults", `{"on":"front","kind":"ok-but-lost","for":60}`)
	command = orders(t, h, path, "POST", "/accesscodes", other)
	opens("4829", "false")
	h.Asks("GET", command, "", http.StatusOK, `"state":"Successful"`)
}
