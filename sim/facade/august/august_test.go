package august_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/august"
	"github.com/accesscodes/lockctl/sim/facade/facadetest"
)

// start is a Monday, in winter.
var start = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// phone is what somebody's program has of an account.
type phone struct {
	t     *testing.T
	leap  *facade.Leap
	cloud *august.Cloud
	token string
	door  string
}

func pickUp(t *testing.T) *phone {
	t.Helper()
	leap, err := facade.NewLeap(start, 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "august", Account: "house", Hub: "bridge", Slots: 5}}})
	must(t, err)
	p := &phone{t: t, leap: leap}
	must(t, leap.Do(func(f *sim.Fleet) error { p.cloud, err = august.New(f, "house", august.August); return err }))
	x, _ := p.ask(http.MethodPost, "session", `{"installId":"`+august.InstallID("house")+`","identifier":"`+august.Identifier("house")+`","password":"`+august.Password("house")+`"}`)
	p.token = x.Header.Get("x-august-access-token")
	_, said := p.ask(http.MethodGet, "users/locks/mine", "")
	for id := range said {
		p.door = id
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask makes a request; "/@" in the path is the lock.
func (p *phone) ask(method, path, body string) (x facade.Reply, said map[string]any) {
	p.t.Helper()
	h := http.Header{}
	h.Set("x-august-api-key", august.Key("house"))
	h.Set("x-august-branding", "august")
	h.Set("x-august-access-token", p.token)
	h.Set("Content-Length", fmt.Sprint(len(body)))
	return p.send(facade.Request{Method: method, Path: "/" + strings.ReplaceAll(path, "/@", "/"+p.door), Header: h, Body: []byte(body)})
}

func (p *phone) send(r facade.Request) (x facade.Reply, said map[string]any) {
	p.t.Helper()
	must(p.t, p.leap.Run(p.t.Context(), func(_ *sim.Fleet, done func()) {
		p.cloud.Serve(r, func(y facade.Reply) { x = y; done() })
	}))
	if json.Unmarshal(x.Body, &said) != nil && len(x.Body) > 0 && x.Body[0] == '{' {
		p.t.Errorf("%s is answered with a body that can't be read", r.Path)
	}
	return x, said
}

// pins is how many codes stand in each list.
func (p *phone) pins() map[string]int {
	p.t.Helper()
	_, said := p.ask(http.MethodGet, "locks/@/pins", "")
	n := map[string]int{}
	for name, list := range said {
		if all, ok := list.([]any); ok && len(all) > 0 {
			n[name] = len(all)
		}
	}
	return n
}

func (p *phone) opens(digits string) (opens bool) {
	p.t.Helper()
	pin, err := lock.ParsePIN(digits)
	must(p.t, err)
	must(p.t, p.leap.Do(func(f *sim.Fleet) error {
		try, err := f.TryPIN("front", pin)
		opens = try.Opens
		return err
	}))
	return opens
}

func load(more string) string {
	return `{"commands":[{"action":"load","pin":"482913","partnerUserID":"one","firstName":"Ann","lastName":"Lee","accessType":"always"` + more + `}]}`
}

func TestWhatABatchMayNotHave(t *testing.T) {
	p := pickUp(t)
	for body, status := range map[string]int{
		`{`: 400, `{}`: 400, `{"commands":[null]}`: 400,
		strings.Replace(load(""), "482913", "48", 1):           400,
		strings.Replace(load(""), "482913", "48291345", 1):     400,
		strings.Replace(load(""), `"one"`, `""`, 1):            400,
		strings.Replace(load(""), "Lee", "", 1):                400,
		strings.Replace(load(""), "always", "now and then", 1): 400,
		strings.Replace(load(`,"accessTimes":"DTSTART=2026-01-05T09:00:00Z;DTEND=2026-01-05T10:00:00.000Z"`), "always", "temporary", 1):     400,
		strings.Replace(load(`,"accessTimes":"DTSTART=2026-01-05T11:00:00.000Z;DTEND=2026-01-05T10:00:00.000Z"`), "always", "temporary", 1): 400,
		strings.Replace(load(`,"accessTimes":"STARTSEC=9;ENDSEC=5","accessRecurrence":"FREQ=WEEKLY;BYDAY=MO"`), "always", "recurring", 1):   400,
		strings.Replace(load(`,"accessTimes":"STARTSEC=5;ENDSEC=9","accessRecurrence":"FREQ=WEEKLY;BYDAY=XX"`), "always", "recurring", 1):   400,
		strings.Replace(load(""), `"load"`, `"delete"`, 1): 404,
	} {
		if x, said := p.ask(http.MethodPost, "locks/@/pins", body); x.Status != status || said["code"] == "" || said["message"] == "" {
			t.Errorf("%s is answered with %d %v", body, x.Status, said)
		}
	}
	if n := p.pins(); len(n) > 0 {
		t.Errorf("there are codes: %v", n)
	}
}

// A code is accepted, then loaded; in its way stand its own person, its digits, and a full lock.
func TestTheLifeOfACode(t *testing.T) {
	p := pickUp(t)
	if x, said := p.ask(http.MethodPost, "locks/@/pins", load("")); x.Status != http.StatusOK || said["transactionID"] == "" {
		t.Fatalf("%d %s", x.Status, x.Body)
	}
	if n := p.pins(); n["created"] != 1 || p.opens("482913") {
		t.Errorf("at once: %v", n)
	}
	p.leap.Pass(time.Minute)
	if n := p.pins(); n["loaded"] != 1 || !p.opens("482913") {
		t.Errorf("later: %v", n)
	}
	for _, body := range []string{load(""), strings.Replace(load(""), "482913", "482914", 1), strings.Replace(load(""), `"one"`, `"two"`, 1)} {
		if x, _ := p.ask(http.MethodPost, "locks/@/pins", body); x.Status != http.StatusConflict {
			t.Errorf("%s is answered with %d", body, x.Status)
		}
	}
	for n := range 5 {
		body := strings.NewReplacer("one", fmt.Sprint("more", n), "482913", fmt.Sprint("48292", n)).Replace(load(""))
		x, _ := p.ask(http.MethodPost, "locks/@/pins", body)
		if full := x.Status == http.StatusConflict; full != (n == 4) {
			t.Errorf("code %d is answered with %d", n+2, x.Status)
		}
	}
	if x, _ := p.ask(http.MethodGet, "locks/@/pin", ""); x.Status != http.StatusConflict {
		t.Errorf("a full lock proposes digits: %d", x.Status)
	}
	gone := strings.Replace(load(""), `"load"`, `"delete"`, 1)
	if x, _ := p.ask(http.MethodPost, "locks/@/pins", gone); x.Status != http.StatusOK {
		t.Errorf("a delete is answered with %d", x.Status)
	}
	if n := p.pins(); n["deleting"] != 1 {
		t.Errorf("after the delete: %v", n)
	}
	if x, said := p.ask(http.MethodPost, "locks/@/pins", load("")); x.Status != http.StatusConflict || said["message"] != "Unable to set intent state for pin" {
		t.Errorf("amid the delete a load is answered with %d %v", x.Status, said)
	}
	p.leap.Pass(time.Minute)
	if p.opens("482913") || p.pins()["deleting"] != 0 {
		t.Error("it is still there")
	}
}

// A recurring code opens on its days, in the lock's zone, also while the bridge is away.
func TestARecurringCode(t *testing.T) {
	body := strings.Replace(load(`,"accessTimes":"STARTSEC=36000;ENDSEC=43200","accessRecurrence":"FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE"`), "always", "recurring", 1)
	for hour, opens := range map[int]bool{1: true, 2: true, 4: false, 26: false, 50: true, 168 + 2: true} { // from 9 o'clock in Berlin on a Monday
		p := pickUp(t)
		if x, _ := p.ask(http.MethodPost, "locks/@/pins", body); x.Status != http.StatusOK {
			t.Fatalf("%d %s", x.Status, x.Body)
		}
		p.leap.Pass(time.Minute)
		must(t, p.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "bridge", Kind: "offline"}); return err }))
		p.leap.Pass(time.Duration(hour)*time.Hour + time.Minute - p.leap.Now().Sub(start))
		if got := p.opens("482913"); got != opens {
			t.Errorf("%d hours after 9 on a Monday it opens: %v", hour, got)
		}
	}
}

// The way of the vendor's app: what is intended is carried out by a sync, and can't be committed then.
func TestTheWayOfTheApp(t *testing.T) {
	p := pickUp(t)
	_, user := p.ask(http.MethodPost, "unverifiedusers", `{"deviceID":"`+p.door+`","deviceType":"lock","firstName":"Ann","lastName":"Lee","credentialType":"pin"}`)
	path := fmt.Sprint("locks/@/users/", user["id"], "/credentials")
	for _, x := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", path, `{"type":"pin","state":"load","action":"intent","accessType":"always"}`, 200},
		{"PUT", "locks/@/pins/sync", "", 202},
		{"PUT", "locks/@/pins/sync", "", 200},
		{"PUT", path, `{"type":"pin","state":"update","action":"intent","pin":"482913"}`, 200},
		{"PUT", "locks/@/pins/sync", "", 202},
		{"PUT", path, `{"type":"pin","state":"update","action":"commit"}`, 409},
	} {
		p.leap.Pass(time.Minute)
		got, said := p.ask(x.method, x.path, x.body)
		if got.Status != x.status || x.status == 409 && !strings.Contains(fmt.Sprint(said["message"]), "cannot transition") {
			t.Errorf("%s is answered with %d %v", x.body, got.Status, said)
		}
	}
	p.leap.Pass(time.Minute)
	if !p.opens("482913") || p.opens(fmt.Sprint(user["pin"])) || p.pins()["loaded"] != 1 {
		t.Error("the code is not the one that was wanted")
	}
	p.ask("PUT", path, `{"type":"pin","state":"delete","action":"intent"}`)
	p.ask("PUT", "locks/@/pins/sync", "")
	if x, _ := p.ask("PUT", path, `{"type":"pin","state":"delete","action":"commit"}`); x.Status != 200 {
		t.Errorf("the end of a delete is answered with %d", x.Status)
	}
	p.leap.Pass(time.Minute)
	if p.opens("482913") {
		t.Error("a deleted code opens")
	}
}

// Whoever leaves the length of an empty body out is kept waiting, and cut off.
func TestABodyThatNeverComes(t *testing.T) {
	p := pickUp(t)
	before := p.leap.Now()
	x, _ := p.send(facade.Request{Method: http.MethodPut, Path: "/locks/" + p.door + "/pins/sync", Header: http.Header{}})
	if waited := p.leap.Now().Sub(before); !x.Broken || waited != 30*time.Second {
		t.Errorf("broken %v after %v", x.Broken, waited)
	}
}

// A session that was ended is over, and a batch that asks for it is told what came of it.
func TestReportsAndTheEndOfASession(t *testing.T) {
	p := pickUp(t)
	p.ask(http.MethodPost, "locks/@/pins", strings.Replace(load(""), `]}`, `],"webhook":"https://example.org/done"}`, 1))
	p.leap.Pass(time.Minute)
	var posts []facade.Post
	must(t, p.leap.Do(func(*sim.Fleet) error { posts = append(p.cloud.Push("front"), p.cloud.Push("front")...); return nil }))
	if len(posts) != 1 || posts[0].URL != "https://example.org/done" || !strings.Contains(string(posts[0].Body), `"one"`) {
		t.Errorf("%d posts", len(posts))
	}
	if x, _ := p.ask(http.MethodDelete, "session/"+august.Identifier("house"), ""); x.Status != http.StatusOK {
		t.Errorf("ending a session is answered with %d", x.Status)
	}
	if x, _ := p.ask(http.MethodGet, "users/me", ""); x.Status != http.StatusUnauthorized {
		t.Errorf("a session that was ended gets %d", x.Status)
	}
}

// A lock that can't be reached says so in the vendor's numbers.
func TestRemoteOperations(t *testing.T) {
	p := pickUp(t)
	for _, x := range []struct {
		on, kind, path string
		status         int
	}{
		{"", "", "remoteoperate/@/lock", 200}, {"", "", "remoteoperate/@/paint", 501}, {"front", "offline", "remoteoperate/@/lock", 408}, {"bridge", "offline", "remoteoperate/@/lock", 422},
	} {
		if x.kind != "" {
			must(t, p.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: x.on, Kind: x.kind}); return err }))
		}
		if got, _ := p.ask(http.MethodPut, x.path, ""); got.Status != x.status {
			t.Errorf("%s with %s %s is answered with %d", x.path, x.on, x.kind, got.Status)
		}
	}
}

// A refresh token is good once, and one that was given before the cloud was started anew still is.
func TestARefreshTokenOutlivesARestart(t *testing.T) {
	renew := func(p *phone, token string) (next string, good bool) {
		x, said := p.send(facade.Request{Method: http.MethodPost, Path: "/access_token", Header: http.Header{}, Body: fmt.Appendf(nil,
			`{"client_id":%q,"client_secret":%q,"grant_type":"refresh_token","refresh_token":%q}`, august.Client("house"), august.ClientSecret("house"), token)})
		next, _ = said["refresh_token"].(string)
		return next, x.Status == http.StatusOK
	}
	facadetest.RefreshTokensAreGoodOnce(t, august.RefreshToken("house"), func(of string) string { return of[:26] + "00000f" }, func() facadetest.Renewer {
		p := pickUp(t)
		return func(token string) (string, bool) { return renew(p, token) }
	})
}

// switched tells the control port to have the cloud behave in another way.
func (p *phone) switched(habits string) {
	p.t.Helper()
	h := facade.Control(p.leap, nil, map[lock.AccountID]facade.Served{"house": {Vendor: "august", Cloud: p.cloud}})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, "/habits", strings.NewReader(`{"account":"house","habits":`+habits+`}`)))
	if w.Code != http.StatusOK {
		p.t.Fatalf("%s: %d %s", habits, w.Code, w.Body)
	}
}

// What the vendor was seen to tell of locks is switched at the control port.
func TestQuirksAreSwitchedFromOutside(t *testing.T) {
	p := pickUp(t)
	for _, x := range []struct {
		quirks, method, path, body string
		status                     int
		field, says                string
	}{
		{`{"no_bridge":true}`, "GET", "locks/@", "", 200, "Bridge", "<nil>"},
		{`{"no_bridge":true}`, "GET", "locks/@/status", "", 409, "", ""},
		{`{"no_bridge":true}`, "PUT", "locks/@/pins/sync", "", 409, "", ""},
		{`{"no_bridge_status":true}`, "GET", "locks/@", "", 200, "Bridge", "operative:true]"},
		{`{"no_keypad":true}`, "GET", "locks/@", "", 200, "keypad", "<nil>"},
		{`{"no_entry_codes":true}`, "GET", "locks/@", "", 200, "supportsEntryCodes", "false"},
		{`{"first_generation":true}`, "GET", "locks/@", "", 200, "Type", "1"},
		{`{"no_battery":true}`, "GET", "locks/@", "", 200, "battery", "-1"},
		{`{"operate":550}`, "PUT", "remoteoperate/@/lock", "", 550, "", ""},
		{`{"operate":560}`, "PUT", "remoteoperate/@/lock", "", 560, "", ""},
		{`{"write":423}`, "POST", "locks/@/pins", load(""), 423, "", ""},
		{`{"sparse":true}`, "GET", "locks/@/pins", "", 200, "loaded", "<nil>"},
		{`{"capacity":1}`, "POST", "locks/@/pins", load(""), 200, "", ""},
		{`{"capacity":1}`, "POST", "locks/@/pins", strings.NewReplacer("one", "two", "482913", "482914").Replace(load("")), 409, "", ""},
	} {
		p.switched(`{"locks":{"front":` + x.quirks + `}}`)
		got, said := p.ask(x.method, x.path, x.body)
		if tells := fmt.Sprint(said[x.field]); got.Status != x.status || x.field != "" && !strings.Contains(tells, x.says) {
			t.Errorf("%s: %s is answered with %d, %s %s", x.quirks, x.path, got.Status, x.field, tells)
		}
	}
	p.leap.Pass(time.Minute)
	if n := p.pins(); n["loaded"] != 1 {
		t.Errorf("a loaded code stands in %v", n)
	}
	p.switched(`{"locks":{"front":{"falls_back":true}}}`)
	if n := p.pins(); n["created"] != 1 {
		t.Errorf("a code that has fallen back stands in %v", n)
	}
	p.switched(`{"brand":"yale_access"}`)
	if x, _ := p.ask(http.MethodGet, "users/me", ""); x.Status != http.StatusForbidden {
		t.Errorf("another brand's words are answered with %d", x.Status)
	}
}

// Whoever signs in by phone is sent a code there.
func TestSigningInByPhone(t *testing.T) {
	p := pickUp(t)
	session := func() (x facade.Reply, said map[string]any) {
		return p.ask(http.MethodPost, "session", `{"installId":"another","identifier":"`+august.Phone("house")+`","password":"`+august.Password("house")+`"}`)
	}
	x, said := session()
	if said["vPassword"] != true || said["vInstallId"] != false {
		t.Fatalf("it begins with %v", said)
	}
	p.token = x.Header.Get("x-august-access-token")
	number := strings.TrimPrefix(august.Phone("house"), "phone:")
	if x, _ := p.ask(http.MethodPost, "validation/phone", `{"value":"`+number+`"}`); x.Status != http.StatusOK {
		t.Fatalf("sending a code is answered with %d", x.Status)
	}
	if x, _ := p.ask(http.MethodPost, "validate/phone", `{"phone":"`+number+`","code":"`+p.cloud.Sent()+`"}`); x.Status != http.StatusOK {
		t.Fatalf("the code is answered with %d", x.Status)
	}
	if _, said := session(); said["vInstallId"] != true {
		t.Errorf("it ends with %v", said)
	}
}

// Forty batches are taken in ten seconds; the next shuts everybody out for ten minutes, in which it says how long.
func TestTooManyBatches(t *testing.T) {
	p := pickUp(t)
	for n := range 41 {
		x, _ := p.ask(http.MethodPost, "locks/@/pins", `{}`)
		if over := x.Status == http.StatusTooManyRequests; over != (n == 40) || over && x.Header.Get("Retry-After") != "600" {
			t.Fatalf("batch %d is answered with %d %v", n, x.Status, x.Header)
		}
	}
	p.leap.Pass(9 * time.Minute)
	if x, _ := p.ask(http.MethodPost, "locks/@/pins", load("")); x.Status != http.StatusTooManyRequests || x.Header.Get("Retry-After") != "60" {
		t.Errorf("nine minutes later: %d %v", x.Status, x.Header)
	}
	p.leap.Pass(time.Minute)
	if x, _ := p.ask(http.MethodPost, "locks/@/pins", load("")); x.Status != http.StatusOK {
		t.Errorf("ten minutes later: %d", x.Status)
	}
}

// A refresh token is good once, in JSON and in a form.
func TestRefreshTokensAreGoodOnce(t *testing.T) {
	p := pickUp(t)
	form := url.Values{
		"client_id": {august.Client("house")}, "client_secret": {august.ClientSecret("house")}, "grant_type": {"refresh_token"}, "refresh_token": {august.RefreshToken("house")},
	}.Encode()
	for _, status := range []int{200, 400} {
		x, said := p.send(facade.Request{Method: http.MethodPost, Path: "/access_token", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form)})
		if x.Status != status || status == 400 && said["error"] != "invalid_grant" || status == 200 && said["refresh_token"] == august.RefreshToken("house") {
			t.Errorf("%d %v", x.Status, said["error"])
		}
	}
}
