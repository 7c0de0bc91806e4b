package ttlock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/ttlock"
)

// shop is an account whose cloud is asked as integrators do.
type shop struct {
	t      *testing.T
	leap   *facade.Leap
	cloud  *ttlock.Cloud
	server http.Handler
	token  string
	front  string
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t}
	var err error
	s.leap, err = facade.NewLeap(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "ttlock", Account: "shop", Hub: "counter", Slots: 3}, {ID: "store", Model: "ttlock", Account: "shop"},
	}})
	must(t, err)
	must(t, s.leap.Do(func(f *sim.Fleet) (err error) { s.cloud, err = ttlock.New(f, "shop"); return err }))
	s.server = facade.Handler(s.leap, s.cloud)
	got := s.post("/oauth2/token", s.signIn())
	s.token, _ = got["access_token"].(string)
	if s.token == "" || got["expires_in"] != 7776000.0 || got["uid"] != 2340.0 {
		t.Fatalf("signing in gives %v", got)
	}
	for _, x := range s.list("/v3/lock/list", url.Values{}) {
		if x["lockAlias"] == "front" {
			s.front = strconv.FormatInt(int64(x["lockId"].(float64)), 10)
		}
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// md5 of "ttlock-shop".
const passwordSum = "6117939ea8009394400b4813f98ac183"

func (s *shop) signIn() url.Values {
	return url.Values{
		"clientId": {ttlock.ClientID("shop")}, "clientSecret": {ttlock.ClientSecret("shop")}, "username": {ttlock.Username("shop")}, "password": {passwordSum},
	}
}

func (s *shop) ask(method, path string, form url.Values) map[string]any {
	s.t.Helper()
	target, body := path, ""
	if method == http.MethodGet {
		target += "?" + form.Encode()
	} else {
		body = form.Encode()
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body)))
	var got map[string]any
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &got) != nil {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return got
}

func (s *shop) post(path string, form url.Values) map[string]any {
	s.t.Helper()
	return s.ask(http.MethodPost, path, form)
}

// call makes a call of the API with what every call needs.
func (s *shop) call(path string, form url.Values) map[string]any {
	s.t.Helper()
	full := url.Values{"clientId": {ttlock.ClientID("shop")}, "accessToken": {s.token}, "date": {ms(s.leap.Now())}, "lockId": {s.front}}
	for name, values := range form {
		full[name] = values
	}
	method := http.MethodPost
	if strings.HasPrefix(path[strings.LastIndexByte(path, '/')+1:], "list") {
		method = http.MethodGet
	}
	return s.ask(method, path, full)
}

func (s *shop) list(path string, form url.Values) []map[string]any {
	s.t.Helper()
	form.Set("pageNo", "1")
	form.Set("pageSize", "200")
	var all []map[string]any
	for _, x := range s.call(path, form)["list"].([]any) {
		all = append(all, x.(map[string]any))
	}
	return all
}

func (s *shop) opens(digits string) bool {
	s.t.Helper()
	p, err := lock.ParsePIN(digits)
	must(s.t, err)
	var try sim.Try
	must(s.t, s.leap.Do(func(f *sim.Fleet) (err error) { try, err = f.TryPIN("front", p); return err }))
	return try.Opens
}

func (s *shop) fault(x sim.Fault) {
	s.t.Helper()
	must(s.t, s.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(x); return err }))
}

func (s *shop) heal(on string) {
	s.t.Helper()
	must(s.t, s.leap.Do(func(f *sim.Fleet) error { return f.Heal(on) }))
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func code(got map[string]any) int {
	n, _ := got["errcode"].(float64)
	return int(n)
}

func with(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func TestSigningIn(t *testing.T) {
	s := open(t)
	for name, x := range map[string]struct {
		form url.Values
		code int
	}{
		"another application": {with(s.signIn(), "clientId", "x"), 10000},
		"another secret":      {with(s.signIn(), "clientSecret", "x"), 10001},
		"a plain password":    {with(s.signIn(), "password", "ttlock-shop"), 30005},
		"another password":    {with(s.signIn(), "password", strings.Repeat("0", 32)), 10007},
		"another user":        {with(s.signIn(), "username", "x"), 10007},
		"a wrong refresh":     {with(s.signIn(), "grant_type", "refresh_token", "refresh_token", "x"), 10011},
	} {
		if got := s.post("/oauth2/token", x.form); code(got) != x.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	snake := url.Values{"client_id": s.signIn()["clientId"], "client_secret": s.signIn()["clientSecret"], "username": s.signIn()["username"], "password": {passwordSum}}
	got := s.post("/oauth2/token", snake)
	refresh, _ := got["refresh_token"].(string)
	renewed := s.post("/oauth2/token", with(s.signIn(), "grant_type", "refresh_token", "refresh_token", refresh))
	if renewed["access_token"] == nil || renewed["uid"] != nil || renewed["access_token"] == got["access_token"] {
		t.Errorf("renewing gives %v", renewed)
	}
	for name, x := range map[string]struct {
		form url.Values
		code int
	}{
		"no such token": {url.Values{"accessToken": {"x"}}, 10003}, "a stale date": {url.Values{"date": {ms(s.leap.Now().Add(-6 * time.Minute))}}, 80000},
		"no application": {url.Values{"clientId": {"x"}}, 10000}, "no such lock": {url.Values{"lockId": {"7"}}, -1003},
	} {
		if got := s.call("/v3/lock/detail", x.form); code(got) != x.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	s.leap.Pass(91 * 24 * time.Hour)
	if got := s.call("/v3/lock/detail", url.Values{}); code(got) != 10004 {
		t.Errorf("a token of three months ago: %v", got)
	}
}

func (s *shop) stay() url.Values {
	now := s.leap.Now()
	return url.Values{"keyboardPwd": {"482915"}, "keyboardPwdName": {"ac-7f3"}, "startDate": {ms(now)}, "endDate": {ms(now.Add(2*time.Hour + 30*time.Second))}, "addType": {"2"}}
}

func TestPasscodes(t *testing.T) {
	s := open(t)
	for name, x := range map[string]struct {
		form url.Values
		code int
	}{
		"too short": {with(s.stay(), "keyboardPwd", "482"), -3006}, "too long": {with(s.stay(), "keyboardPwd", "4829150000"), -3006},
		"a sequence": {with(s.stay(), "keyboardPwd", "345678"), -2032}, "one digit": {with(s.stay(), "keyboardPwd", "7777"), -2032},
		"no window": {with(s.stay(), "startDate", ""), -3}, "a queue": {with(s.stay(), "addType", "4"), -4043},
	} {
		if got := s.call("/v3/keyboardPwd/add", x.form); code(got) != x.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	before := s.leap.Now()
	got := s.call("/v3/keyboardPwd/add", s.stay())
	id, _ := got["keyboardPwdId"].(float64)
	number := strconv.FormatInt(int64(id), 10)
	if waited := s.leap.Now().Sub(before); id == 0 || waited < time.Second {
		t.Errorf("%v after %v", got, waited)
	}
	if !s.opens("482915") {
		t.Error("it does not open")
	}
	if got := s.call("/v3/keyboardPwd/add", s.stay()); code(got) != -3007 {
		t.Errorf("again: %v", got)
	}
	listed := s.list("/v3/lock/listKeyboardPwd", url.Values{"orderBy": {"1"}})
	if len(listed) != 1 || listed[0]["keyboardPwdName"] != "ac-7f3" || listed[0]["keyboardPwdType"] != 3.0 || listed[0]["status"] != nil || int64(listed[0]["endDate"].(float64))%60000 != 0 {
		t.Errorf("listed: %v", listed)
	}
	// An end without a start is passed over, a change by default is the books' alone.
	end := ms(s.leap.Now().Add(5 * time.Hour))
	for _, form := range []url.Values{{"keyboardPwdId": {number}, "endDate": {end}, "changeType": {"2"}}, {"keyboardPwdId": {number}, "newKeyboardPwd": {"771199"}}} {
		if got := s.call("/v3/keyboardPwd/change", form); code(got) != 0 || got["errmsg"] == nil {
			t.Errorf("%v", got)
		}
	}
	if listed := s.list("/v3/lock/listKeyboardPwd", url.Values{}); listed[0]["keyboardPwd"] != "771199" || ms(time.UnixMilli(int64(listed[0]["endDate"].(float64)))) == end {
		t.Errorf("after changes of the books: %v", listed)
	}
	if s.opens("771199") || !s.opens("482915") {
		t.Error("a change of the books alone has reached the lock")
	}
	if got := s.call("/v3/keyboardPwd/change", url.Values{"keyboardPwdId": {number}, "newKeyboardPwd": {"771199"}, "changeType": {"2"}}); code(got) != 0 || !s.opens("771199") || s.opens("482915") {
		t.Errorf("a change by the gateway: %v", got)
	}
	// What is deleted in the books alone opens on.
	if got := s.call("/v3/keyboardPwd/delete", url.Values{"keyboardPwdId": {number}}); code(got) != 0 || len(s.list("/v3/lock/listKeyboardPwd", url.Values{})) != 0 || !s.opens("771199") {
		t.Errorf("deleted in the books: %v", got)
	}
	if got := s.call("/v3/keyboardPwd/add", with(s.stay(), "addType", "1", "keyboardPwd", "553311")); code(got) != 0 || s.opens("553311") || len(s.list("/v3/lock/listKeyboardPwd", url.Values{"searchStr": {"553311"}})) != 1 {
		t.Errorf("added in the books: %v", got)
	}
	if got := s.call("/v3/keyboardPwd/delete", url.Values{"keyboardPwdId": {"1"}, "deleteType": {"2"}}); code(got) != 0 {
		t.Errorf("what is not there: %v", got)
	}
	s.post("/console/strict", with(s.signIn(), "on", "1"))
	if got := s.call("/v3/keyboardPwd/delete", url.Values{"keyboardPwdId": {"1"}, "deleteType": {"2"}}); code(got) != -2009 {
		t.Errorf("what is not there, strictly: %v", got)
	}
	for _, digits := range []string{"223344", "334455"} {
		s.call("/v3/keyboardPwd/add", with(s.stay(), "keyboardPwd", digits, "keyboardPwdType", "2"))
	}
	if got := s.call("/v3/keyboardPwd/add", with(s.stay(), "keyboardPwd", "445566")); code(got) != -3009 {
		t.Errorf("a full lock: %v", got)
	}
	s.leap.Pass(3 * time.Hour)
	if got := s.call("/v3/keyboardPwd/deleteByCode", url.Values{"keyboardPwd": {"223344"}, "deleteType": {"2"}}); code(got) != 0 || s.opens("223344") {
		t.Errorf("deleted by its digits: %v", got)
	}
}

// Expired codes stay in the list until somebody deletes them.
func TestExpiredPasscodesStayListed(t *testing.T) {
	s := open(t)
	s.call("/v3/keyboardPwd/add", s.stay())
	s.leap.Pass(48 * time.Hour)
	if s.opens("482915") || len(s.list("/v3/lock/listKeyboardPwd", url.Values{})) != 1 {
		t.Error("an expired code opens, or is not listed")
	}
}

func TestComputedPasscodes(t *testing.T) {
	s := open(t)
	from := s.leap.Now().Add(80 * time.Minute)
	form := url.Values{"keyboardPwdType": {"3"}, "startDate": {ms(from)}, "endDate": {ms(from.Add(3 * time.Hour))}}
	got := s.call("/v3/keyboardPwd/get", form)
	digits, _ := got["keyboardPwd"].(string)
	if len(digits) < 6 || len(digits) > 9 {
		t.Fatalf("%v", got)
	}
	if again := s.call("/v3/keyboardPwd/get", form); code(again) != -1026 {
		t.Errorf("the same hours again: %v", again)
	}
	listed := s.list("/v3/lock/listKeyboardPwd", url.Values{})
	if len(listed) != 1 || listed[0]["isCustom"] != 0.0 || int64(listed[0]["startDate"].(float64)) != from.Truncate(time.Hour).UnixMilli() {
		t.Errorf("%v", listed)
	}
	id := strconv.FormatInt(int64(listed[0]["keyboardPwdId"].(float64)), 10)
	if got := s.call("/v3/keyboardPwd/change", url.Values{"keyboardPwdId": {id}, "newKeyboardPwd": {"998811"}, "changeType": {"2"}}); code(got) != -3008 {
		t.Errorf("changing it: %v", got)
	}
	s.leap.Pass(time.Hour) // its hour has begun
	if !s.opens(digits) {
		t.Error("it does not open in its hours")
	}
}

// While one command is on its way through a gateway, the next is refused.
func TestAGatewayDoesOneThingAtATime(t *testing.T) {
	k := sim.NewKernel(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), 7)
	f, err := sim.NewFleet(k, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "ttlock", Account: "shop", Hub: "counter"}}})
	must(t, err)
	c, err := ttlock.New(f, "shop")
	must(t, err)
	var answers []map[string]any
	serve := func(path string, form url.Values) {
		c.Serve(facade.Request{Method: http.MethodPost, Path: path, Query: form}, func(r facade.Reply) {
			var got map[string]any
			must(t, json.Unmarshal(r.Body, &got))
			answers = append(answers, got)
		})
	}
	run := func() {
		for k.Step() {
		}
	}
	common := url.Values{"clientId": {ttlock.ClientID("shop")}, "clientSecret": {ttlock.ClientSecret("shop")}, "username": {ttlock.Username("shop")}, "password": {passwordSum}}
	serve("/oauth2/token", common)
	run()
	common.Set("accessToken", answers[0]["access_token"].(string))
	common.Set("date", ms(k.Now()))
	serve("/v3/lock/list", with(common, "pageNo", "1", "pageSize", "20"))
	run()
	front := answers[1]["list"].([]any)[0].(map[string]any)["lockId"].(float64)
	add := with(common, "lockId", strconv.FormatInt(int64(front), 10), "keyboardPwdType", "2", "addType", "2", "keyboardPwd", "482915")
	serve("/v3/keyboardPwd/add", add)
	serve("/v3/keyboardPwd/add", with(add, "keyboardPwd", "771199"))
	run()
	if len(answers) != 4 || code(answers[2]) != -3003 || code(answers[3]) != 0 {
		t.Errorf("%v", answers[2:])
	}
	serve("/v3/keyboardPwd/add", with(add, "keyboardPwd", "771199"))
	run()
	if code(answers[4]) != 0 {
		t.Errorf("afterwards: %v", answers[4])
	}
}

func TestTroubles(t *testing.T) {
	s := open(t)
	for name, x := range map[string]struct {
		fault sim.Fault
		code  int
	}{
		"the gateway is away":    {sim.Fault{On: "counter", Kind: "offline"}, -3002},
		"the lock is away":       {sim.Fault{On: "front", Kind: "offline"}, -2012},
		"the lock says nothing":  {sim.Fault{On: "front", Kind: "loss"}, 1},
		"the lock is busy":       {sim.Fault{On: "front", Kind: "rejects", Text: "-3037"}, -3037},
		"too many calls":         {sim.Fault{On: "shop", Kind: "429"}, 30006},
		"the month is used up":   {sim.Fault{On: "shop", Kind: "429", Args: map[string]float64{"retry": 86400}}, 30007},
		"another region":         {sim.Fault{On: "shop", Kind: "5xx", Args: map[string]float64{"status": 30008}}, 30008},
		"an error of the server": {sim.Fault{On: "shop", Kind: "5xx", Args: map[string]float64{"status": 500}}, 90000},
		"the token is revoked":   {sim.Fault{On: "shop", Kind: "auth-expired"}, 10004},
	} {
		s.fault(x.fault)
		if got := s.call("/v3/keyboardPwd/add", s.stay()); code(got) != x.code {
			t.Errorf("%s: %v", name, got)
		}
		s.heal(x.fault.On)
	}
	if s.opens("482915") {
		t.Error("something was written")
	}
}

// The live questions go to the lock, and say why they can't.
func TestQuestionsToTheLock(t *testing.T) {
	s := open(t)
	if got := s.call("/v3/lock/queryElectricQuantity", url.Values{}); got["electricQuantity"] != 100.0 {
		t.Errorf("%v", got)
	}
	if got := s.call("/v3/lock/unlock", url.Values{}); code(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := s.call("/v3/lock/queryOpenState", url.Values{}); got["state"] != 1.0 {
		t.Errorf("%v", got)
	}
	s.fault(sim.Fault{On: "counter", Kind: "offline"})
	if got := s.call("/v3/lock/queryOpenState", url.Values{}); code(got) != -3002 {
		t.Errorf("%v", got)
	}
	if got := s.call("/v3/wifiLock/detail", url.Values{}); code(got) != -3034 {
		t.Errorf("a lock behind a gateway: %v", got)
	}
}
