package nuki_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/nuki"
)

// flat is an account with two locks.
type flat struct {
	*facadetest.House
	t     *testing.T
	front string // its path
	side  string
}

// open begins on a Monday at 9:00 in Berlin.
func open(t *testing.T) *flat {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 24, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "nuki", Account: facadetest.Account, Zone: "Europe/Berlin"}, {ID: "side", Model: "nuki", Account: facadetest.Account, Slots: 2},
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := &flat{t: t, House: facadetest.Open(t, leap, func(f *sim.Fleet) (facade.Cloud, error) { return nuki.New(f, facadetest.Account) })}
	f.Header.Set("Authorization", "Bearer "+nuki.Token(facadetest.Account))
	var locks []struct {
		ID   int64 `json:"smartlockId"`
		Name string
	}
	if err := json.Unmarshal([]byte(f.Asks("GET", "/smartlock", "", http.StatusOK, `"firmwareVersion"`, `"updateDate"`)), &locks); err != nil || len(locks) != 2 {
		t.Fatal(locks, err)
	}
	f.front, f.side = fmt.Sprintf("/smartlock/%d", locks[0].ID), fmt.Sprintf("/smartlock/%d", locks[1].ID)
	return f
}

// put creates a code of the front door, and waits until it is listed.
func (f *flat) put(code, more string) {
	f.t.Helper()
	f.Asks("PUT", f.front+"/auth", `{"name":"`+code+`","type":13,"code":`+code+`,"remoteAllowed":false`+more+`}`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
}

// ids are those of the codes that a path lists, by their names.
func (f *flat) ids(path string) map[string]string {
	f.t.Helper()
	var auths []struct{ ID, Name string }
	if err := json.Unmarshal([]byte(f.Asks("GET", path+"/auth?types=13", "", http.StatusOK)), &auths); err != nil {
		f.t.Fatal(err)
	}
	all := map[string]string{}
	for _, a := range auths {
		all[a.Name] = a.ID
	}
	return all
}

func (f *flat) opens(lock, code string, want bool) {
	f.t.Helper()
	if said := f.Steer("/type", `{"lock":"`+lock+`","pin":"`+code+`"}`); strings.Contains(said, `"opens":true`) != want {
		f.t.Errorf("%s at the %s door at %v: %s", code, lock, f.Leap.Now(), said)
	}
}

// Dates are instants, times are the lock's own also after its clocks were put forward, days are a mask; a code that is over stays listed.
func TestLimits(t *testing.T) {
	f := open(t)
	f.put("482915", `,"allowedFromDate":"2031-03-24T10:00:00.000Z","allowedUntilDate":"2031-04-01T10:00Z","allowedWeekDays":127,"allowedFromTime":0,"allowedUntilTime":0`)
	f.put("739164", `,"allowedFromDate":"2031-03-24T00:00:00Z","allowedWeekDays":65,"allowedFromTime":600,"allowedUntilTime":660`) // Mondays and Sundays from 10 to 11
	f.Asks("GET", f.front+"/auth?types=13", "", http.StatusOK, `"allowedFromDate":"2031-03-24T10:00:00.000Z"`, `"allowedWeekDays":65,"allowedFromTime":600,"allowedUntilTime":660`, `"enabled":true`)
	at := func(day, hour, minute int, first, second bool) {
		t.Helper()
		f.Leap.Pass(time.Date(2031, 3, day, hour, minute, 30, 0, time.UTC).Sub(f.Leap.Now()))
		f.opens("front", "482915", first)
		f.opens("front", "739164", second)
	}
	at(24, 8, 59, false, false)
	at(24, 9, 0, false, true) // 10:00 in Berlin
	at(24, 9, 59, false, true)
	at(24, 10, 0, true, false)
	at(25, 9, 30, true, false) // Tuesday
	at(30, 7, 59, true, false) // Sunday, and 9:59 in summer time
	at(30, 8, 0, true, true)
	at(30, 9, 0, true, false)
	at(32, 10, 0, false, false) // the first of April
	ids := f.ids(f.front)
	if len(ids) != 2 {
		t.Errorf("when one is over %d are listed", len(ids))
	}
	// null takes a limit away, and "enable" is no word of the API.
	f.Asks("POST", f.front+"/auth/"+ids["482915"], `{"allowedUntilDate":null}`, http.StatusUnprocessableEntity, `"code":422`)
	f.Asks("POST", f.front+"/auth/"+ids["482915"], `{"name":"482915","allowedUntilDate":null,"enable":false}`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.opens("front", "482915", true)
	f.Asks("POST", f.front+"/auth/"+ids["482915"], `{"name":"482915","enabled":false}`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.opens("front", "482915", false)
	f.Asks("GET", f.front+"/auth/"+ids["482915"], "", http.StatusOK, `"enabled":false`)
}

// One request may be about several locks or codes.
func TestSeveralAtOnce(t *testing.T) {
	f := open(t)
	n := func(path string) string { return strings.TrimPrefix(path, "/smartlock/") }
	f.Asks("PUT", "/smartlock/auth", `{"name":"Ada","type":13,"code":"482915","smartlockIds":[`+n(f.front)+`,`+n(f.side)+`]}`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.opens("front", "482915", true)
	f.opens("side", "482915", true)
	one, two := f.ids(f.front)["Ada"], f.ids(f.side)["Ada"]
	f.Asks("GET", "/smartlock/auth?types=13", "", http.StatusOK, one, two)
	f.Asks("POST", "/smartlock/auth", `[{"id":"`+one+`","name":"Bea","code":739164},{"id":"`+two+`","name":"Eve"}]`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.opens("front", "739164", true)
	f.Asks("GET", "/smartlock/auth", "", http.StatusOK, "Bea", "Eve")
	f.Asks("GET", "/smartlock/log", "", http.StatusOK, `"smartlockId":`+n(f.front), `"smartlockId":`+n(f.side))
	f.Asks("GET", f.front+"/log?action=2", "", http.StatusOK, `[]`)
	f.Asks("GET", f.front+"/log?limit=1&authId="+one, "", http.StatusOK, `"trigger":255`, `"source":1`, `"name":"Bea"`)
	f.Asks("DELETE", "/smartlock/auth", `["`+one+`","`+two+`"]`, http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.Asks("GET", "/smartlock/auth", "", http.StatusOK, `[]`)
	f.opens("side", "482915", false)
	f.Asks("DELETE", "/smartlock/auth", `["`+one+`"]`, http.StatusNotFound)
	f.Asks("POST", f.front+"/action", `{"action":1}`, http.StatusNoContent)
	f.Asks("GET", f.front, "", http.StatusOK, `"state":3`)
	f.Asks("POST", f.front+"/action", `{"action":9}`, http.StatusBadRequest, "'action'")
}

// How locks and accounts differ is chosen over the control port.
func TestHabits(t *testing.T) {
	f := open(t)
	f.Steer("/habits", `{"account":"house","habits":{"no_keypad":["front"],"openers":["side"]}}`)
	f.Asks("GET", f.front, "", http.StatusOK, `"keypad2Paired":false`, `"type":4`)
	f.Asks("GET", f.side, "", http.StatusOK, `"keypad2Paired":false`, `"type":2`)
	f.Asks("PUT", f.front+"/auth", `{"name":"Ada","type":13,"code":482915}`, http.StatusBadRequest, "value '13' for parameter 'type'")
	f.Steer("/habits", `{"account":"house","habits":{"no_keypad":[],"openers":[],"subscription":426}}`)
	f.Asks("PUT", f.front+"/auth", `{"name":"Ada","type":13,"code":482915}`, http.StatusUpgradeRequired)
	f.Steer("/habits", `{"account":"house","habits":{"subscription":0,"appears":3600}}`)
	f.put("482915", "")
	if len(f.ids(f.front)) != 0 {
		t.Error("it is listed at once")
	}
	f.opens("front", "482915", true)
	f.Leap.Pass(time.Hour)
	id := f.ids(f.front)["482915"]
	// What is erased stays in the list, and nothing else may have its digits, until the lock is asked.
	f.Steer("/habits", `{"account":"house","habits":{"appears":1,"stale_deletes":true}}`)
	f.Asks("DELETE", f.front+"/auth/"+id, "", http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	f.opens("front", "482915", false)
	if f.ids(f.front)["482915"] != id {
		t.Error("it is listed no more")
	}
	f.Asks("PUT", f.front+"/auth", `{"name":"Ada","type":13,"code":482915}`, http.StatusConflict)
	f.Asks("POST", f.front+"/sync", "", http.StatusNoContent)
	f.Asks("GET", f.front+"/auth", "", http.StatusOK, `[]`)
	f.Refuses("/habits", `{"account":"house","habits":{"subscription":404}}`, "subscription: must be")
	f.Refuses("/habits", `{"account":"house","habits":{"openers":["gate"]}}`, `there is no lock "gate"`)
}

// A full keypad refuses, or takes and forgets; what a lock out of reach is sent comes a day later, or never.
func TestWhatIsLost(t *testing.T) {
	f := open(t)
	for i, x := range []struct {
		code   string
		status int
	}{{"482915", 204}, {"482916", 204}, {"482917", 409}, {"482918", 204}} {
		if i == 3 {
			f.Steer("/habits", `{"account":"house","habits":{"full_silently":true}}`)
		}
		f.Asks("PUT", f.side+"/auth", `{"name":"Ada","type":13,"code":`+x.code+`}`, x.status)
		f.Leap.Pass(time.Minute)
	}
	f.opens("side", "482916", true)
	f.opens("side", "482918", false)
	f.Steer("/habits", `{"account":"house","habits":{"daily_sync":true}}`)
	f.Steer("/faults", `{"on":"front","kind":"offline","for":600}`)
	f.Asks("GET", f.front, "", http.StatusOK, `"serverState":4`)
	f.put("739164", "")
	f.Leap.Pass(time.Hour)
	f.opens("front", "739164", false)
	f.Leap.Pass(24 * time.Hour)
	f.opens("front", "739164", true)
}

// Every use and every change is posted once, signed.
func TestPosts(t *testing.T) {
	f := open(t)
	f.Asks("PUT", "/api/decentralWebhook", `{"webhookUrl":"http://example.org/x","webhookFeatures":["DEVICE_LOGS"]}`, http.StatusBadRequest, "webhookUrl")
	f.Asks("PUT", "/api/decentralWebhook", `{"webhookUrl":"https://example.org/x","webhookFeatures":["DEVICE_LOGS","DEVICE_AUTHS"]}`, http.StatusOK, `"secret"`)
	posted := func() []string {
		var all []string
		for _, p := range f.Pushed("front") {
			var x struct {
				Feature string
				Deleted bool
			}
			if err := json.Unmarshal(p.Body, &x); err != nil || len(p.Header.Get("X-Nuki-Signature-SHA256")) != 64 {
				t.Errorf("%s is posted, %v", p.Body, err)
			}
			all = append(all, fmt.Sprint(x.Feature, " ", x.Deleted))
		}
		return all
	}
	says := func(want ...string) {
		t.Helper()
		if got := posted(); !slices.Equal(got, want) {
			t.Errorf("posted are %q", got)
		}
	}
	f.put("482915", "")
	says("DEVICE_AUTHS false")
	f.opens("front", "482915", true)
	f.opens("front", "482915", true)
	says("DEVICE_LOGS false", "DEVICE_LOGS false")
	says()
	f.Asks("DELETE", f.front+"/auth/"+f.ids(f.front)["482915"], "", http.StatusNoContent)
	f.Leap.Pass(time.Minute)
	says("DEVICE_AUTHS true")
	for i := range 19 {
		f.Asks("PUT", "/api/decentralWebhook", fmt.Sprintf(`{"webhookUrl":"https://example.org/%d","webhookFeatures":["DEVICE_LOGS"]}`, i), http.StatusOK)
	}
	f.Asks("PUT", "/api/decentralWebhook", `{"webhookUrl":"https://example.org/y","webhookFeatures":["DEVICE_LOGS"]}`, http.StatusUnprocessableEntity)
}
