package smartthings_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/smartthings"
)

// meet has a stranger's program before a lock of each generation; paths are those of their devices.
func meet(t *testing.T) (h *facadetest.House, paths []string) {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "first", Model: "smartthings", Account: facadetest.Account}, {ID: "second", Model: "smartthings", Account: facadetest.Account},
		{ID: "third", Model: "smartthings", Account: facadetest.Account},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h = facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return smartthings.New(f, facadetest.Account) })
	h.Header.Set("Authorization", "Bearer "+smartthings.PersonalToken(facadetest.Account))
	var list struct{ Items []struct{ DeviceID string } }
	if err := json.Unmarshal([]byte(h.Asks("GET", "/v1/devices", "", http.StatusOK)), &list); err != nil || len(list.Items) != 3 {
		t.Fatal(list, err)
	}
	for _, x := range list.Items {
		paths = append(paths, "/devices/"+x.DeviceID)
	}
	return h, paths
}

// orders has a device do something, and waits until it has.
func orders(h *facadetest.House, path, capability, command, arguments string) {
	h.Asks("POST", path+"/commands", `{"commands":[{"component":"main","capability":"`+capability+`","command":"`+command+`","arguments":`+arguments+`}]}`, http.StatusOK, `"ACCEPTED"`)
	h.Leap.Pass(time.Minute)
}

// How locks differ is chosen over the control port, and a lock is moved to the other way of managing codes while it is in use.
func TestHabits(t *testing.T) {
	h, paths := meet(t)
	const codes, credentials = "/components/main/capabilities/lockCodes/status", "/components/main/capabilities/lockCredentials/status"
	h.Steer("/habits", `{"account":"house","habits":{"code_length":6}}`)
	orders(h, paths[0], "lockCodes", "setCode", `[1,"4829","Ada"]`)
	h.Asks("GET", paths[0]+codes, "", http.StatusOK, `"codeLength":{"value":6`, `"value":"1 failed"`, `"lockCodes":{"value":"{}"`)
	orders(h, paths[0], "lockCodes", "setCode", `[1,"482915","Ada"]`)
	h.Asks("GET", paths[0]+codes, "", http.StatusOK, `"value":"1 set"`, `{\"1\":\"Ada\"}`)
	h.Steer("/habits", `{"account":"house","habits":{"migrated":["first"]}}`)
	orders(h, paths[0], "lockCodes", "setCode", `[2,"739164","Bea"]`) // is taken, and does nothing
	h.Asks("GET", paths[0]+codes, "", http.StatusOK, `"migrated":{"value":true`, `{\"1\":\"Ada\"}`)
	h.Asks("GET", paths[0]+credentials, "", http.StatusOK, `"credentialIndex":1,"credentialName":"Ada"`)
	h.Refuses("/habits", `{"account":"house","habits":{"migrated":["gate"]}}`, `there is no lock "gate"`)
	h.Refuses("/habits", `{"account":"house","habits":{"page_at_most":0}}`, "page_at_most: must lie between 1 and 200")
	h.Steer("/habits", `{"account":"house","habits":{"page_at_most":2}}`)
	h.Asks("GET", "/devices", "", http.StatusOK, `"next":{"href":"http://127.0.0.1:`)
}

// Access tokens may be short-lived, and a refresh token is good for one renewal.
func TestTokensThatEnd(t *testing.T) {
	h, _ := meet(t)
	h.Steer("/habits", `{"account":"house","habits":{"token_for":60}}`)
	personal := h.Header.Get("Authorization")
	sign := base64.StdEncoding.EncodeToString([]byte(smartthings.ClientID(facadetest.Account) + ":" + smartthings.ClientSecret(facadetest.Account)))
	form := "grant_type=refresh_token&client_id=" + smartthings.ClientID(facadetest.Account) + "&refresh_token="
	h.Header.Set("Authorization", "Basic "+sign)
	said := h.Asks("POST", "/v1/oauth/token", form+smartthings.RefreshToken(facadetest.Account), http.StatusOK, `"expires_in":60`)
	h.Asks("POST", "/oauth/token", form+smartthings.RefreshToken(facadetest.Account), http.StatusBadRequest, "invalid_grant")
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(said), &got); err != nil {
		t.Fatal(err)
	}
	h.Header.Set("Authorization", "Bearer "+got.Token)
	h.Asks("GET", "/devices", "", http.StatusOK, `"items"`)
	h.Leap.Pass(time.Minute)
	h.Asks("GET", "/devices", "", http.StatusUnauthorized, "{}")
	h.Header.Set("Authorization", personal)
	h.Leap.Pass(23 * time.Hour)
	h.Asks("GET", "/devices", "", http.StatusOK, `"items"`)
	h.Leap.Pass(time.Hour)
	h.Asks("GET", "/devices", "", http.StatusUnauthorized, "{}")
}

// A user of a Matter lock has ten schedules of a kind at most, and they go with the user.
func TestSchedulesOfAUser(t *testing.T) {
	h, paths := meet(t)
	const status = "/components/main/capabilities/lockSchedules/status"
	orders(h, paths[2], "lockCredentials", "addCredential", `[0,"guest","pin","482915"]`)
	schedule := func(index int) {
		orders(h, paths[2], "lockSchedules", "setYearDaySchedule", fmt.Sprintf(`[%d,1,{"localStartTime":"2031-04-01T10:00:00","localEndTime":"2031-04-02T10:00:00"}]`, index))
	}
	schedule(10)
	h.Asks("GET", paths[2]+status, "", http.StatusOK, `"statusCode":"success"`, `"scheduleIndex":10`)
	schedule(11)
	h.Asks("GET", paths[2]+status, "", http.StatusOK, `"statusCode":"resourceExhausted"`)
	schedule(0)
	h.Asks("GET", paths[2]+status, "", http.StatusOK, `"statusCode":"invalidCommand"`)
	orders(h, paths[2], "lockUsers", "deleteUser", `[1]`)
	orders(h, paths[2], "lockUsers", "addUser", `["Bea","guest"]`)
	if said := h.Asks("GET", paths[2]+status, "", http.StatusOK); strings.Contains(said, `"scheduleIndex":10,`) || strings.Contains(said, "2031-04-01") {
		t.Errorf("another user has the schedules of one who is gone: %s", said)
	}
}
