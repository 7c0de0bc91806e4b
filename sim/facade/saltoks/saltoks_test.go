package saltoks_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/saltoks"
)

// site is an account whose cloud is asked as integrators do.
type site struct {
	t      *testing.T
	leap   *facade.Leap
	cloud  *saltoks.Cloud
	server http.Handler
	token  string
	path   string // of the site
	lock   string
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *site {
	t.Helper()
	s := &site{t: t}
	var err error
	s.leap, err = facade.NewLeap(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "salto", Account: "hotel", Hub: "iq"}}})
	must(t, err)
	must(t, s.leap.Do(func(f *sim.Fleet) error {
		s.cloud, err = saltoks.New(f, "hotel")
		s.server = facade.Handler(s.leap, s.cloud)
		return err
	}))
	status, got := s.signIn(saltoks.ClientSecret("hotel"), saltoks.Password("hotel"))
	if status != 200 || got["expires_in"] != 3600.0 || got["token_type"] != "Bearer" {
		t.Fatalf("signing in gives %d %v", status, got)
	}
	s.token, _ = got["access_token"].(string)
	s.accustom(`{"role_delay":0,"member_takes":45,"schedule_takes":210}`)
	_, sites := s.ask("GET", "/v1.2/sites", "")
	first := sites.([]any)[0].(map[string]any) // bare
	s.path = "/sites/" + first["id"].(string)
	if status, got := s.ask("GET", "/v1.2/sites/"+first["site_uid"].(string), ""); status != 400 || code(got) != "1100" {
		t.Errorf("by its UID the site gives %d %v", status, got)
	}
	_, locks := s.ask("GET", "/v1.2"+s.path+"/locks", "")
	one := locks.(map[string]any)["items"].([]any)[0].(map[string]any) // wrapped
	s.lock = one["id"].(string)
	if one["lock_type"] != "escutcheon_pin" || one["online"] != true {
		t.Errorf("%v", one)
	}
	return s
}

// accustom changes what sites differ in.
func (s *site) accustom(habits string) {
	s.t.Helper()
	must(s.t, s.leap.Do(func(*sim.Fleet) error {
		_, err := s.cloud.Accustom(func(v any) error { return json.Unmarshal([]byte(habits), v) })
		return err
	}))
}

func (s *site) signIn(secret, password string) (int, map[string]any) {
	s.t.Helper()
	form := url.Values{"grant_type": {"password"}, "username": {saltoks.Username("hotel")}, "password": {password}, "scope": {"user_api.full_access"}}
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/connect/token", strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(saltoks.ClientID("hotel")+":"+secret)))
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	var got map[string]any
	if w.Body.Len() > 0 {
		must(s.t, json.Unmarshal(w.Body.Bytes(), &got))
	}
	return w.Code, got
}

func (s *site) ask(method, path, body string) (int, any) {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token)
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	var got any
	if w.Body.Len() > 0 {
		must(s.t, json.Unmarshal(w.Body.Bytes(), &got))
	}
	return w.Code, got
}

// does wants a status and returns the object that was answered.
func (s *site) does(status int, method, path, body string) map[string]any {
	s.t.Helper()
	have, got := s.ask(method, path, body)
	if have != status {
		s.t.Fatalf("%s %s: %d %v, not %d", method, path, have, got, status)
	}
	object, _ := got.(map[string]any)
	return object
}

func code(got any) string {
	object, _ := got.(map[string]any)
	text, _ := object["ErrorCode"].(string)
	return text
}

func (s *site) opens(digits string) bool {
	s.t.Helper()
	pin, err := lock.ParsePIN(digits)
	must(s.t, err)
	var try sim.Try
	must(s.t, s.leap.Do(func(f *sim.Fleet) (err error) { try, err = f.TryPIN("front", pin); return err }))
	return try.Opens
}

const everyDay = `{"monday":true,"tuesday":true,"wednesday":true,"thursday":true,"friday":true,"saturday":true,"sunday":true,"start_time":"00:00","end_time":"23:59"}`

// group makes an access group with the lock, and returns its path without the version.
func (s *site) group() string {
	s.t.Helper()
	made := s.does(200, "POST", "/v1.2"+s.path+"/access_groups", `{"customer_reference":"Guests"}`)
	group := s.path + "/access_groups/" + made["id"].(string)
	s.does(200, "POST", "/v1.2"+group+"/locks", `{"lock_id":"`+s.lock+`"}`)
	return group
}

// guest makes a guest with a PIN in that group, and returns its path and the digits.
func (s *site) guest(group string) (user map[string]any, path, digits string) {
	s.t.Helper()
	user = s.does(201, "POST", "/v1.2"+s.path+"/guests", `{"alias":"Ada","expires_at":"2026-12-31T00:00:00Z"}`)
	path = "/v1.2" + s.path + "/users/" + user["id"].(string)
	s.does(200, "PATCH", path, `{"use_pin":true}`)
	s.does(200, "POST", "/v1.2"+group+"/users", `{"user_id":"`+user["user"].(map[string]any)["id"].(string)+`"}`)
	status, pin := s.ask("PUT", path+"/pin", `{}`)
	digits, _ = pin.(string)
	if status != 200 || len(digits) != 6 {
		s.t.Fatalf("the PIN is %d %v", status, pin)
	}
	return user, path, digits
}

func TestSigningIn(t *testing.T) {
	s := open(t)
	if status, got := s.signIn("x", saltoks.Password("hotel")); status != 400 || got["error"] != "invalid_client" {
		t.Errorf("%d %v", status, got)
	}
	if status, got := s.signIn(saltoks.ClientSecret("hotel"), "x"); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, got)
	}
	s.leap.Pass(2 * time.Hour)
	if status, _ := s.ask("GET", "/v1.2/sites", ""); status != 401 {
		t.Errorf("a token of two hours ago gives %d", status)
	}
}

// Without a schedule no lock hears of a group; with one, minutes pass.
func TestAGroupNeedsASchedule(t *testing.T) {
	s := open(t)
	group := s.group()
	_, path, digits := s.guest(group)
	s.leap.Pass(40 * time.Minute)
	if s.opens(digits) {
		t.Fatal("a group without a schedule opens")
	}
	if status, got := s.ask("POST", "/v1.1"+group+"/time_schedules", `{"days":["monday"],"start_time":"00:00","end_time":"23:59"}`); status != 400 || code(got) != "1101" {
		t.Errorf("a schedule without days gives %d %v", status, got)
	}
	s.does(200, "POST", "/v1.1"+group+"/time_schedules", everyDay)
	s.leap.Pass(2 * time.Minute)
	if s.opens(digits) {
		t.Error("a schedule is at the lock after two minutes")
	}
	s.leap.Pass(2 * time.Minute)
	if !s.opens(digits) {
		t.Error("a schedule is not at the lock after four minutes")
	}
	_, _, second := s.guest(group)
	s.leap.Pass(time.Minute)
	if !s.opens(second) {
		t.Error("a member is not at the lock after a minute")
	}
	if _, again := s.ask("PUT", path+"/pin", `{}`); again == digits {
		t.Error("asking again gives the same digits")
	}
	if keys := s.does(200, "GET", path+"/keys", "")["items"].([]any); len(keys) != 1 || strings.Contains(keys[0].(map[string]any)["key_identifier"].(string), digits) {
		t.Errorf("keys %v", keys)
	}
	s.does(202, "DELETE", path, "")
	s.leap.Pass(10 * time.Second)
	if status, got := s.ask("GET", path, ""); status != 404 || code(got) != "2202" {
		t.Errorf("a deleted user gives %d %v", status, got)
	}
	s.leap.Pass(time.Minute)
	if s.opens(digits) {
		t.Error("a deleted user opens")
	}
}

// Where no seat is free everything is answered as if one were.
func TestSeatsRunOutSilently(t *testing.T) {
	s := open(t)
	group := s.group()
	s.does(200, "POST", "/v1.1"+group+"/time_schedules", everyDay)
	_, first, _ := s.guest(group)
	s.accustom(`{"seats":1}`)
	user, second, digits := s.guest(group)
	if user["subscription_state"] != "suspended" {
		t.Errorf("%v", user)
	}
	s.leap.Pass(10 * time.Minute)
	if s.opens(digits) {
		t.Error("a suspended guest opens")
	}
	if status, got := s.ask("PATCH", second+"/subscription", `{"subscription_state":"subscribed"}`); status != 400 || code(got) != "1101" {
		t.Errorf("%d %v", status, got)
	}
	s.does(202, "DELETE", first, "")
	s.does(200, "PATCH", second+"/subscription", `{"state":"subscribed"}`)
	s.leap.Pass(time.Minute)
	if got := s.does(200, "GET", "/v1.2"+s.path, ""); got["active_user_amount"] != 1.0 || got["subscribed_user_amount"] != 1.0 || got["time_zone"] != "Europe/Berlin" {
		t.Errorf("%v", got)
	}
	if !s.opens(digits) {
		t.Error("a guest who got the free seat does not open")
	}
}

func TestANewGuestHasNoRoleYet(t *testing.T) {
	s := open(t)
	s.accustom(`{"role_delay":60}`)
	group := s.group()
	user := s.does(201, "POST", "/v1.2"+s.path+"/guests", `{"alias":"Ada"}`)
	platform := user["user"].(map[string]any)["id"].(string)
	if roles := user["roles"].([]any); len(roles) != 0 || user["use_pin"] != false {
		t.Errorf("%v", user)
	}
	if status, got := s.ask("PUT", "/v1.2"+s.path+"/users/"+user["id"].(string)+"/pin", `{}`); status != 403 || code(got) != "2203" {
		t.Errorf("%d %v", status, got)
	}
	if status, got := s.ask("POST", "/v1.2"+group+"/users", `{"user_id":"`+platform+`"}`); status != 404 || code(got) != "2202" {
		t.Errorf("%d %v", status, got)
	}
	s.leap.Pass(time.Minute)
	s.does(200, "POST", "/v1.2"+group+"/users", `{"user_id":"`+platform+`"}`)
	if status, got := s.ask("POST", "/v1.2"+group+"/users", `{"user_id":"`+user["id"].(string)+`"}`); status != 404 || code(got) != "2202" {
		t.Errorf("with the site's id of the user: %d %v", status, got)
	}
}

// The identity server may be away for hours, and answers 404 then, while the API takes the tokens that were given.
func TestTheIdentityServerIsAway(t *testing.T) {
	s := open(t)
	s.accustom(`{"identity_away":true}`)
	if status, got := s.signIn(saltoks.ClientSecret("hotel"), saltoks.Password("hotel")); status != 404 || got["access_token"] != nil {
		t.Errorf("%d %v", status, got)
	}
	s.does(200, "GET", "/v1.2"+s.path, "")
	s.leap.Pass(time.Hour)
	if status, _ := s.ask("GET", "/v1.2"+s.path, ""); status != 401 {
		t.Errorf("after an hour: %d", status)
	}
	s.accustom(`{"identity_away":false}`)
	if status, _ := s.signIn(saltoks.ClientSecret("hotel"), saltoks.Password("hotel")); status != 200 {
		t.Errorf("back again: %d", status)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := open(t)
	_, path, _ := s.guest(s.group())
	for _, x := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/v1.2" + s.path + "/entries", "", 405, ""},
		{"GET", "/v1.1" + s.path + "/entries?%24orderby=date", "", 400, "1102"},
		{"PUT", path + "/pin/custom", `{"pin":"482915"}`, 403, "2203"},
		{"PATCH", "/v1.2" + s.path + "/locks/" + s.lock + "/locking", `{"locked_state":"unlocked"}`, 404, "2202"},
		{"PATCH", "/v1.2" + s.path + "/locks/" + s.lock + "/locking", `{"locked_state":"unlocked","otp":"x"}`, 400, "3102"},
		{"GET", "/v1.2" + s.path + "/users/none", "", 404, "2202"},
		{"POST", "/v1.2" + s.path + "/guests", `{}`, 400, "1100"},
		{"POST", "/v1.2" + s.path + "/guests", `{`, 400, "1100"},
		{"GET", "/v2" + s.path + "/permissions", "", 403, ""},
	} {
		if status, got := s.ask(x.method, x.path, x.body); status != x.status || code(got) != x.code {
			t.Errorf("%s %s: %d %v", x.method, x.path, status, got)
		}
	}
	s.accustom(`{"custom_pin":true}`)
	if status, got := s.ask("PUT", path+"/pin/custom", `{"pin":"482915"}`); status != 200 {
		t.Errorf("a custom PIN with the feature: %d %v", status, got)
	}
	s.does(200, "PATCH", "/v1.2"+s.path+"/locks/"+s.lock+"/locking", `{"locked_state":"unlocked","otp":"`+saltoks.OTP("hotel", s.leap.Now())+`"}`)
	for range 3 {
		s.ask("PATCH", "/v1.2"+s.path+"/locks/"+s.lock+"/locking", `{"locked_state":"unlocked","otp":"x"}`)
	}
	s.does(403, "PATCH", "/v1.2"+s.path+"/locks/"+s.lock+"/locking", `{"locked_state":"unlocked","otp":"x"}`)
	s.leap.Pass(2 * time.Minute)
	s.does(200, "PATCH", "/v1.2"+s.path+"/locks/"+s.lock+"/locking", `{"locked_state":"unlocked","otp":"`+saltoks.OTP("hotel", s.leap.Now())+`"}`)
}

// The log names who came by the platform's id, and strangers by one that nobody has.
func TestEntries(t *testing.T) {
	s := open(t)
	group := s.group()
	s.does(200, "POST", "/v1.1"+group+"/time_schedules", everyDay)
	user, _, digits := s.guest(group)
	s.leap.Pass(5 * time.Minute)
	s.opens(digits)
	s.leap.Pass(time.Minute)
	s.opens("000111")
	lines := s.does(200, "GET", "/v1.1"+s.path+"/entries?%24top=5&%24orderby=utc_date_time%20desc", "")["items"].([]any)
	if len(lines) != 2 {
		t.Fatalf("%v", lines)
	}
	denied, opened := lines[0].(map[string]any), lines[1].(map[string]any)
	if opened["event_category"] != "lock_opened" || opened["user_id"] != user["user"].(map[string]any)["id"] || opened["user_alias"] != "Ada" {
		t.Errorf("%v", opened)
	}
	if denied["event_category"] != "lock_rejected" || denied["event_detail"] != "no_access" || denied["user_id"] == opened["user_id"] {
		t.Errorf("%v", denied)
	}
}
