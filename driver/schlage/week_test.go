package schlage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	signin "github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
	far "github.com/accesscodes/lockctl/sim/facade/schlage"
)

// app stands for the vendor's app: it says what it likes, past the driver.
type app struct {
	t     *testing.T
	h     *house
	token string
	door  string // the vendor's id of the front door
}

func install(t *testing.T, h *house) *app {
	t.Helper()
	session, err := signin.Open(env(h.server.Client(), h.leap.Now, io.Discard), signin.Login{
		Pool: far.UserPool, URL: h.server.URL, Client: far.Client, Secret: far.ClientSecret, User: cognito.User("house"), Password: cognito.Password("house"),
	})
	drivertest.Must(t, err)
	tokens, err := session.Tokens(t.Context())
	drivertest.Must(t, err)
	return &app{t, h, tokens.Access.Reveal(), strings.TrimPrefix(string(h.Device), "schlage-")}
}

// ask makes a request; "@" in the path is the front door.
func (a *app) ask(method, path, body string, into any) (status int) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.h.server.URL+"/v1/"+strings.ReplaceAll(path, "@", a.door), bytes.NewReader([]byte(body)))
	drivertest.Must(a.t, err)
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("X-Api-Key", far.APIKey("house"))
	res, err := a.h.server.Client().Do(req)
	drivertest.Must(a.t, err)
	text, err := io.ReadAll(res.Body)
	drivertest.Must(a.t, err)
	drivertest.Must(a.t, res.Body.Close())
	if into != nil && res.StatusCode == http.StatusOK {
		drivertest.Must(a.t, json.Unmarshal(text, into))
	}
	return res.StatusCode
}

// cleaner is a code for Mondays and Wednesdays by day, and Saturday mornings, until a Monday at noon.
const cleaner = `{"friendlyName":"Cleaner","accessCode":482,"accessCodeLength":4,"notificationEnabled":0,"disabled":0,"activationSecs":0,"expirationSecs":%d,
	"schedule1":{"daysOfWeek":"28","startHour":9,"startMinute":0,"endHour":17,"endMinute":0},
	"schedule2":{"daysOfWeek":"1","startHour":10,"startMinute":0,"endHour":12,"endMinute":30}}`

var until = time.Date(2031, 3, 17, 12, 0, 0, 0, time.UTC)

// A code of the app may follow the days of the week. The keypad does too, in the lock's own zone, whether or not it can be reached; the driver
// tells when, and that it is not ours.
func TestACodeThatFollowsTheWeek(t *testing.T) {
	h := open(t)
	a := install(t, h)
	var made struct {
		ID string `json:"accesscodeId"`
	}
	body := fmt.Sprintf(cleaner, until.Unix())
	if status := a.ask("POST", "devices/@/commands", `{"name":"addaccesscode","data":`+body+`}`, &made); status != http.StatusOK || made.ID == "" {
		t.Fatalf("it is answered with %d", status)
	}
	o := h.look(t)
	if len(o.Held) != 1 || o.Held[0].Weekly != "Mo,We 09:00-17:00, Sa 10:00-12:30" || o.Held[0].Tag != "" || !o.Held[0].Window.Equal(lock.Window{To: until}) {
		t.Fatalf("it is told as %+v", o.Held)
	}
	var codes []map[string]any
	a.ask("GET", "devices/@/storage/accesscode", "", &codes)
	if second, _ := codes[0]["schedule2"].(map[string]any); second["daysOfWeek"] != "1" || second["endMinute"] != 30.0 || codes[0]["expirationSecs"] != float64(until.Unix()) {
		t.Errorf("the app is told %v", codes[0])
	}
	h.inject(t, sim.Fault{On: "front", Kind: "offline"})
	for _, x := range []struct {
		at    string // UTC; the door is an hour ahead
		opens bool
	}{
		{"03-07T09:00", false}, {"03-08T08:59", false}, {"03-08T09:00", true}, {"03-08T11:29", true}, {"03-08T11:30", false},
		{"03-10T07:59", false}, {"03-10T08:00", true}, {"03-10T15:59", true}, {"03-10T16:00", false}, {"03-11T12:00", false},
		{"03-12T12:00", true}, {"03-15T10:00", true}, {"03-17T11:59", true}, {"03-17T12:00", false}, {"03-19T12:00", false},
	} {
		at, err := time.Parse(time.RFC3339, "2031-"+x.at+":00Z")
		drivertest.Must(t, err)
		h.leap.Pass(at.Sub(h.leap.Now()))
		if opens, err := h.Far.Type(h.Device, drivertest.PIN(t, "0482")); err != nil || opens != x.opens {
			t.Errorf("at %s it opens: %t, %v", x.at, opens, err)
		}
		h.leap.Pass(time.Millisecond)
	}
}

// A code of ours that somebody gives days of the week is told so, and written anew as it should be.
func TestDaysOfTheWeekForACodeOfOurs(t *testing.T) {
	h := open(t)
	a := install(t, h)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "0482"), Enabled: true}
	first, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	body := strings.Replace(strings.Replace(fmt.Sprintf(cleaner, until.Unix()), "Cleaner", want.Tag, 1), `{`, `{"accesscodeId":"`+string(first.Ref)+`",`, 1)
	if status := a.ask("POST", "devices/@/commands", `{"name":"updateaccesscode","data":`+body+`}`, nil); status != http.StatusOK {
		t.Fatalf("it is answered with %d", status)
	}
	if o := h.look(t); len(o.Held) != 1 || o.Held[0].Tag != want.Tag || o.Held[0].Weekly == "" {
		t.Fatalf("it is told as %+v", o.Held)
	}
	_, err = h.Driver.Set(t.Context(), h.Device, want, first.Ref)
	drivertest.Must(t, err)
	if o := h.look(t); len(o.Held) != 1 || o.Held[0].Weekly != "" || !o.Held[0].Window.IsZero() {
		t.Errorf("written anew it is told as %+v", o.Held)
	}
	if opens, err := h.Far.Type(h.Device, want.PIN); err != nil || !opens {
		t.Errorf("the door does not open: %v", err)
	}
}

// What no week can have is refused.
func TestWeeksThatAreWrong(t *testing.T) {
	h := open(t)
	a := install(t, h)
	for _, days := range []string{"", "0", "80", "x"} {
		body := strings.Replace(fmt.Sprintf(cleaner, until.Unix()), `"28"`, `"`+days+`"`, 1)
		if status := a.ask("POST", "devices/@/commands", `{"name":"addaccesscode","data":`+body+`}`, nil); status != http.StatusBadRequest {
			t.Errorf("days %q are answered with %d", days, status)
		}
	}
	for _, x := range []string{`"startHour":24`, `"startHour":17`, `"startHour":-1`} {
		body := strings.Replace(fmt.Sprintf(cleaner, until.Unix()), `"startHour":9`, x, 1)
		if status := a.ask("POST", "devices/@/commands", `{"name":"addaccesscode","data":`+body+`}`, nil); status != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", x, status)
		}
	}
}

// The bolt of a Sense is moved by a command. What the locks are is chosen at the control port.
func TestASense(t *testing.T) {
	h := open(t)
	a := install(t, h)
	control := facade.Control(h.leap, nil, map[lock.AccountID]facade.Served{"house": {Vendor: "schlage", Cloud: h.cloud}})
	w := httptest.NewRecorder()
	control.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/habits", strings.NewReader(`{"account":"house","habits":{"sense":true,"notes_fail":true}}`)))
	if w.Code != http.StatusOK {
		t.Fatalf("the control port answers %d %s", w.Code, w.Body)
	}
	if status := a.ask("PUT", "devices/@", `{"attributes":{"lockState":0}}`, nil); status != http.StatusBadRequest {
		t.Errorf("a bolt that is moved as that of an Encode is answered with %d", status)
	}
	if status := a.ask("PUT", "devices/@", `{"attributes":{"autoLockTime":900}}`, nil); status != http.StatusBadRequest {
		t.Errorf("a time that the app does not offer is answered with %d", status)
	}
	if status := a.ask("POST", "notifications?deviceId=@", `{"notificationId":"x","notificationDefinitionId":"onunlockstateaction"}`, nil); status != http.StatusInternalServerError {
		t.Errorf("a notification is answered with %d", status)
	}
	drivertest.Must(t, h.Driver.(driver.Bolt).Unlock(t.Context(), h.Device))
	if o := h.look(t); len(o.Entries) != 1 || o.Entries[0].Kind != lock.Opened {
		t.Errorf("the log tells %+v", o.Entries)
	}
	if d := drivertest.Find(t, h.Driver, "Front door"); d.Traits.Slots != 30 {
		t.Errorf("it takes %d codes", d.Traits.Slots)
	}
}
