package smartthings_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
	"github.com/accesscodes/lockctl/sim/facade/smartthings"
)

// cloud is a simulated one with a lock of each kind: "a" has lockCodes, "b" was migrated, "c" is a Matter lock.
type cloud struct {
	t    *testing.T
	leap *facade.Leap
	*smartthings.Cloud
	ids map[string]string
}

var start = time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC)

func open(t *testing.T) *cloud {
	t.Helper()
	var spec sim.Spec
	for _, id := range []lock.DeviceID{"a", "b", "c"} {
		spec.Locks = append(spec.Locks, sim.LockSpec{ID: id, Model: "smartthings", Account: "house", Slots: 3, Zone: "Europe/Berlin"})
	}
	leap, err := facade.NewLeap(start, 7, spec)
	must(t, err)
	c := &cloud{t: t, leap: leap, ids: map[string]string{}}
	must(t, leap.Do(func(f *sim.Fleet) error { c.Cloud, err = smartthings.New(f, "house"); return err }))
	var list struct {
		Items []struct{ DeviceID, Label string }
	}
	must(t, json.Unmarshal(c.ask(http.MethodGet, "/v1/devices", nil, "").Body, &list))
	for _, d := range list.Items {
		c.ids[d.Label] = d.DeviceID
	}
	if len(c.ids) != 3 {
		t.Fatalf("%d devices are listed", len(c.ids))
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask waits for an answer.
func (c *cloud) ask(method, path string, query url.Values, body string) facade.Reply {
	c.t.Helper()
	var got facade.Reply
	must(c.t, c.leap.Run(c.t.Context(), func(_ *sim.Fleet, done func()) {
		c.Serve(facade.Request{
			Method: method, Path: path, Query: query, Header: http.Header{"Authorization": {"Bearer " + smartthings.PersonalToken("house")}}, Body: []byte(body), Base: "http://facade",
		}, func(x facade.Reply) { got = x; done() })
	}))
	return got
}

// order sends a command, with its arguments as JSON, and lets a minute pass.
func (c *cloud) order(of, capability, command string, args ...any) facade.Reply {
	c.t.Helper()
	x := c.send(of, capability, command, args...)
	c.leap.Pass(time.Minute)
	return x
}

func (c *cloud) send(of, capability, command string, args ...any) facade.Reply {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"commands": []any{map[string]any{"component": "main", "capability": capability, "command": command, "arguments": args}}})
	must(c.t, err)
	return c.ask(http.MethodPost, "/devices/"+c.ids[of]+"/commands", nil, string(body))
}

// says is an attribute as the API tells it.
func (c *cloud) says(of, capability, name string) string {
	c.t.Helper()
	var s map[string]struct{ Value any }
	must(c.t, json.Unmarshal(c.ask(http.MethodGet, "/devices/"+c.ids[of]+"/components/main/capabilities/"+capability+"/status", nil, "").Body, &s))
	text, err := json.Marshal(s[name].Value)
	must(c.t, err)
	return strings.ReplaceAll(string(text), `\`, "")
}

func (c *cloud) opens(of lock.DeviceID, digits string) (opens bool) {
	c.t.Helper()
	pin, err := lock.ParsePIN(digits)
	must(c.t, err)
	must(c.t, c.leap.Do(func(f *sim.Fleet) error {
		try, err := f.TryPIN(of, pin)
		opens = try.Opens
		return err
	}))
	return opens
}

// expect compares what a lock says after each of a row of commands.
func (c *cloud) expect(of, capability, name, want string) {
	c.t.Helper()
	if got := c.says(of, capability, name); got != want {
		c.t.Errorf("%s.%s of %s is %s, not %s", capability, name, of, got, want)
	}
}

func TestLockCodes(t *testing.T) {
	c := open(t)
	c.order("a", "lockCodes", "setCode", 1, "482915", "Ada")
	c.expect("a", "lockCodes", "codeChanged", `"1 set"`)
	c.order("a", "lockCodes", "setCode", 1, "739164", "Ada")
	c.expect("a", "lockCodes", "codeChanged", `"1 changed"`)
	c.order("a", "lockCodes", "setCode", 2, "739164", "Bob")
	c.expect("a", "lockCodes", "codeChanged", `"2 failed"`)
	c.FailsElsewhere = true
	c.order("a", "lockCodes", "setCode", 2, "739164", "Bob")
	c.expect("a", "lockCodes", "codeChanged", `"1 failed"`)
	c.order("a", "lockCodes", "setCode", 9, "555123", "Bob") // a slot that there is not: not a word
	c.expect("a", "lockCodes", "codeChanged", `"1 failed"`)
	c.order("a", "lockCodes", "nameSlot", 1, "Eve")
	c.expect("a", "lockCodes", "lockCodes", `"{"1":"Eve"}"`)
	c.order("a", "lockCodes", "updateCodes", map[string]string{"code1": "", "code2": "555123", "code3": "666123"})
	c.expect("a", "lockCodes", "lockCodes", `"{"2":"Code 2","3":"Code 3"}"`)
	c.send("a", "lockCodes", "reloadAllCodes")
	c.expect("a", "lockCodes", "scanCodes", `"Scanning"`)
	c.leap.Pass(time.Minute)
	c.expect("a", "lockCodes", "scanCodes", `"Complete"`)
	c.expect("a", "lockCodes", "codeChanged", `"1 unset"`)
	c.order("a", "lockCodes", "migrate")
	c.expect("a", "lockCodes", "migrated", `true`)
	c.order("a", "lockCodes", "deleteCode", 2)
	if !c.opens("a", "555123") {
		t.Error("a command of the first kind works on a migrated lock")
	}
	c.order("a", "lockCredentials", "deleteCredential", 2, "pin")
	if c.opens("a", "555123") {
		t.Error("a command of the second kind does not work on a migrated lock")
	}
}

func TestLockCredentials(t *testing.T) {
	c := open(t)
	result := func(status string) {
		t.Helper()
		if got := c.says("b", "lockCredentials", "commandResult"); !strings.Contains(got, `"statusCode":"`+status+`"`) {
			t.Errorf("the result is %s, not %s", got, status)
		}
	}
	c.send("b", "lockCredentials", "addCredential", 0, "guest", "pin", "482915", "Ada")
	c.send("b", "lockCredentials", "addCredential", 0, "guest", "pin", "739164", "Bob")
	result("busy")
	c.leap.Pass(time.Minute)
	result("success")
	c.order("b", "lockCredentials", "addCredential", 0, "guest", "pin", "482915", "Bob")
	result("duplicate")
	c.order("b", "lockCredentials", "addCredential", 0, "guest", "pin", "48", "Bob")
	result("invalidCommand")
	c.order("b", "lockCredentials", "updateCredential", 1, 1, "pin", "739164")
	result("success")
	for i := range 3 {
		c.order("b", "lockCredentials", "addCredential", 0, "guest", "pin", fmt.Sprintf("55512%d", i))
	}
	result("resourceExhausted")
	if !c.opens("b", "739164") || c.opens("b", "482915") {
		t.Error("the digits were not changed")
	}
	c.order("b", "lockUsers", "deleteUser", 1)
	if c.opens("b", "739164") {
		t.Error("the credential of a user who is gone opens")
	}
	c.order("b", "lockUsers", "deleteUser", 1)
	if got := c.says("b", "lockUsers", "commandResult"); !strings.Contains(got, `"failure"`) {
		t.Errorf("a user who is not there: %s", got)
	}
}

// A Matter lock keeps schedules by its own clock, which is not UTC.
func TestLockSchedules(t *testing.T) {
	c := open(t)
	c.order("c", "lockCredentials", "addCredential", 0, "guest", "pin", "482915", "Ada")
	if got := c.says("c", "lockSchedules", "yearDaySchedules"); !strings.Contains(got, `"localEndTime":"2099-12-31T23:59:59"`) || !c.opens("c", "482915") {
		t.Errorf("a guest without a schedule: %s", got)
	}
	c.order("c", "lockSchedules", "setYearDaySchedule", 1, 1, map[string]string{"localStartTime": "2031-03-28T11:00:00", "localEndTime": "2031-03-28T12:00:00"})
	for _, x := range []struct {
		at    time.Duration
		opens bool
	}{{time.Hour, false}, {2*time.Hour + time.Second, true}, {3*time.Hour - time.Second, true}, {3*time.Hour + time.Second, false}} {
		now := c.leap.Now()
		c.leap.Pass(start.Add(x.at).Sub(now))
		if got := c.opens("c", "482915"); got != x.opens {
			t.Errorf("%v after nine o'clock in Berlin it opens: %v", x.at, got)
		}
	}
	c.order("c", "lockSchedules", "setYearDaySchedule", 1, 1, map[string]string{"localStartTime": "tomorrow"})
	if got := c.says("c", "lockSchedules", "commandResult"); !strings.Contains(got, `"invalidCommand"`) {
		t.Errorf("a schedule that makes no sense: %s", got)
	}
	c.order("c", "lockSchedules", "clearYearDaySchedules", 1, 1)
	c.order("c", "lockSchedules", "setWeekDaySchedule", 1, 1, map[string]any{"weekDays": []string{"Saturday"}, "startHour": 10, "startMinute": 0, "endHour": 11, "endMinute": 0})
	if c.opens("c", "482915") {
		t.Error("on a Friday it opens with a code for Saturdays")
	}
	c.leap.Pass(start.Add(25*time.Hour + time.Minute).Sub(c.leap.Now()))
	if !c.opens("c", "482915") {
		t.Error("on a Saturday at ten it does not open")
	}
}

func TestWhatIsRefused(t *testing.T) {
	c := open(t)
	for _, x := range []struct {
		body, target string
		status       int
	}{
		{`{"commands":[]}`, "commands", 422}, {`{"commands":[{"capability":"lockCodes","command":"setCode","arguments":["3","482915"]}]}`, "commands[0].arguments[0]", 422},
		{`{"commands":[{"capability":"lockCodes","command":"setCode","arguments":[3,482915]}]}`, "commands[0].arguments[1]", 422},
		{`{"commands":[{"capability":"lockCodes","command":"dance"}]}`, "commands[0].command", 422}, {`{"commands":[{"capability":"thermostat","command":"on"}]}`, "commands[0].capability", 422},
	} {
		got := c.ask(http.MethodPost, "/devices/"+c.ids["a"]+"/commands", nil, x.body)
		if got.Status != x.status || !strings.Contains(string(got.Body), `"target":"`+x.target+`"`) {
			t.Errorf("%s: %d %s", x.body, got.Status, got.Body)
		}
	}
	for path, status := range map[string]int{"/devices/nowhere": 404, "/devices/" + c.ids["a"] + "/dance": 404, "/capabilities/thermostat/1": 404, "/history/devices": 422} {
		if got := c.ask(http.MethodGet, path, url.Values{}, ""); got.Status != status {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	must(t, c.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "a", Kind: "offline"}); return err }))
	if got := c.order("a", "lockCodes", "setCode", 1, "482915", "Ada"); got.Status != http.StatusOK {
		t.Errorf("a command to a device that is offline: %d", got.Status)
	}
	c.RefusesOffline = true
	if got := c.order("a", "lockCodes", "setCode", 1, "482915", "Ada"); got.Status != http.StatusConflict {
		t.Errorf("such a command, where it is refused: %d", got.Status)
	}
	must(t, c.leap.Do(func(f *sim.Fleet) error { return f.Heal("a") }))
	c.expect("a", "lockCodes", "lockCodes", `"{}"`)
}

// Events are posted to a place that has confirmed, those that somebody subscribed to; a fault doubles them, or loses them.
func TestPosts(t *testing.T) {
	c := open(t)
	var posts []facade.Post
	must(t, c.leap.Do(func(f *sim.Fleet) error {
		f.OnNotice(func(n driver.Notice) { posts = append(posts, c.Push(n.Device)...) })
		c.Target("https://locks.example.org/hooks/a")
		return nil
	}))
	c.leap.Pass(time.Second)
	var asks struct {
		ConfirmationData struct{ ConfirmationURL string }
	}
	if len(posts) != 1 || json.Unmarshal(posts[0].Body, &asks) != nil {
		t.Fatalf("%d posts ask for a confirmation", len(posts))
	}
	add := func(pin string) int {
		t.Helper()
		posts = nil
		c.order("a", "lockCodes", "setCode", 1, pin, "Ada")
		return len(posts)
	}
	if n := add("482915"); n != 0 {
		t.Errorf("without a confirmation and a subscription there are %d posts", n)
	}
	where, err := url.Parse(asks.ConfirmationData.ConfirmationURL)
	must(t, err)
	c.ask(http.MethodGet, where.Path, nil, "")
	app := smartthings.InstalledApp("house")
	made := c.ask(http.MethodPost, "/installedapps/"+app+"/subscriptions", nil, `{"sourceType":"DEVICE","device":{"deviceId":"`+c.ids["a"]+`","capability":"lockCodes","attribute":"*"}}`)
	if made.Status != http.StatusOK {
		t.Fatal(made.Status, string(made.Body))
	}
	if n := add("739164"); n != 1 || !strings.Contains(string(posts[0].Body), `"value":"1 changed"`) || posts[0].Header.Get("Digest") == "" {
		t.Errorf("with both there are %d", n)
	}
	for kind, want := range map[string]int{"webhook-dup": 2, "webhook-lost": 0} {
		must(t, c.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "a", Kind: kind}); return err }))
		if n := add("48291" + fmt.Sprint(want)); n != want {
			t.Errorf("with %s there are %d", kind, n)
		}
		must(t, c.leap.Do(func(f *sim.Fleet) error { return f.Heal("a") }))
		c.leap.Pass(5 * time.Minute)
	}
	if got := c.ask(http.MethodDelete, "/installedapps/"+app+"/subscriptions", nil, ""); string(got.Body) != `{"count":1}` {
		t.Errorf("the subscriptions that were deleted: %s", got.Body)
	}
}

// A refresh token is good once, and one that was given before the cloud was started anew still is.
func TestARefreshTokenOutlivesARestart(t *testing.T) {
	renew := func(c *cloud, token string) (next string, good bool) {
		var x facade.Reply
		must(t, c.leap.Run(t.Context(), func(_ *sim.Fleet, done func()) {
			h := http.Header{}
			h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(smartthings.ClientID("house")+":"+smartthings.ClientSecret("house"))))
			form := url.Values{"grant_type": {"refresh_token"}, "client_id": {smartthings.ClientID("house")}, "refresh_token": {token}}
			c.Serve(facade.Request{Method: http.MethodPost, Path: "/oauth/token", Header: h, Body: []byte(form.Encode())}, func(y facade.Reply) { x = y; done() })
		}))
		var said struct {
			Refresh string `json:"refresh_token"`
		}
		must(t, json.Unmarshal(x.Body, &said))
		return said.Refresh, x.Status == http.StatusOK
	}
	facadetest.RefreshTokensAreGoodOnce(t, smartthings.RefreshToken("house"), func(of string) string { return of[:30] + "00000f" }, func() facadetest.Renewer {
		c := open(t)
		return func(token string) (string, bool) { return renew(c, token) }
	})
}
