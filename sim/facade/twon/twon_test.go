package twon_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/twon"
)

// client speaks to a simulated device as any program would, in a year that only the fleet knows.
type client struct {
	t     *testing.T
	leap  *facade.Leap
	cloud *twon.Cloud
}

// start has devices that ask for no login, unless habits say so.
func start(t *testing.T, habits twon.Habits) *client {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 20, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "2n", Account: "house", Slots: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, leap: leap}
	c.do(func(f *sim.Fleet) error { c.cloud, err = twon.New(f, "house"); return err })
	if habits.Auth == "" {
		habits.Auth = "none"
	}
	c.cloud.Habits = habits
	return c
}

func (c *client) do(fn func(*sim.Fleet) error) {
	c.t.Helper()
	if err := c.leap.Do(fn); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) ask(method, path string, header http.Header, body string) facade.Reply {
	c.t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		c.t.Fatal(err)
	}
	var got facade.Reply
	if err := c.leap.Run(c.t.Context(), func(_ *sim.Fleet, done func()) {
		c.cloud.Serve(facade.Request{Method: method, Path: u.Path, Query: u.Query(), Header: header, Body: []byte(body)}, func(r facade.Reply) { got = r; done() })
	}); err != nil {
		c.t.Fatal(err)
	}
	return got
}

// says makes a request whose answer has all of these words.
func (c *client) says(method, path, body string, words ...string) string {
	c.t.Helper()
	got := c.ask(method, path, nil, body)
	for _, w := range words {
		if got.Status != http.StatusOK || !strings.Contains(string(got.Body), w) {
			c.t.Errorf("%s %s %s: %d %s lacks %s", method, path, body, got.Status, got.Body, w)
		}
	}
	return string(got.Body)
}

func TestDigest(t *testing.T) {
	c := start(t, twon.Habits{Auth: "digest", NonceFor: 60})
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h[:])
	}
	user, password := twon.Login("house")
	nonce := func(r facade.Reply) string {
		m := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(r.Header.Get("Www-Authenticate"))
		if r.Status != http.StatusUnauthorized || m == nil || !strings.Contains(string(r.Body), `"code":9`) {
			t.Fatalf("no challenge: %d %s", r.Status, r.Body)
		}
		return m[1]
	}
	const path = "/api/log/subscribe?filter=A,B&include=new"
	header := func(password, nonce, uri string) http.Header {
		response := sum(sum(user, "HIP", password), nonce, "00000001", "c", "auth", sum(http.MethodGet, uri))
		return http.Header{"Authorization": {fmt.Sprintf(`Digest username="%s", realm="HIP", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="c", response="%s"`, user, nonce, uri, response)}}
	}
	given := nonce(c.ask(http.MethodGet, path, nil, ""))
	if r := c.ask(http.MethodGet, path, header(password, given, path), ""); r.Status != http.StatusOK {
		t.Errorf("a good login: %d %s", r.Status, r.Body)
	}
	for name, h := range map[string]http.Header{
		"another password": header("x", given, path), "another path": header(password, given, "/api/system/info"), "no such nonce": header(password, "x", path), "basic": {"Authorization": {"Basic eDp5"}},
	} {
		if r := c.ask(http.MethodGet, path, h, ""); r.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, r.Status)
		}
	}
	c.leap.Pass(time.Minute)
	if r := c.ask(http.MethodGet, path, header(password, given, path), ""); !strings.Contains(r.Header.Get("Www-Authenticate"), "stale=true") {
		t.Errorf("a nonce that is over: %v", r.Header)
	}
}

func TestTheDirectory(t *testing.T) {
	c := start(t, twon.Habits{})
	const one, two = "4C957905-5D3F-479B-839A-C7D5B2AE2DB5", "5C957905-5D3F-479B-839A-C7D5B2AE2DB5"
	c.says(http.MethodPost, "/api/dir/create", `{}`, `"success":false`, `"code":3`)
	c.says(http.MethodGet, "/api/dir/nothing", ``, `"code":2`)
	c.says(http.MethodPut, "/api/dir/create", `{}`, `"code":11`)
	c.says(http.MethodPut, "/api/dir/create", `<html>`, `"code":12`)
	ada := `{"users":[{"uuid":"` + one + `","name":"ac-7f3","owner":"accessd","access":{"pin":"482915","validFrom":"1767618000","validTo":"1967776400"}},{"uuid":"x"},{}]}`
	c.says(http.MethodPut, "/api/dir/create", ada, `"uuid":"`+one+`"`, `"EDIR_UUID_INVALID_FORMAT"`, `"timestamp":2`)
	c.says(http.MethodPut, "/api/dir/create", ada, `"EDIR_UUID_ALREADY_EXISTS"`)
	for body, code := range map[string]string{
		`{"uuid":"` + one + `","access":{"pin":"hello"}}`: "EDIR_FIELD_VALUE_ERROR", `{"name":"x"}`: "EDIR_UUID_IS_MISSING", `{"uuid":"` + two + `","name":"x"}`: "EDIR_UUID_DOES_NOT_EXIST",
		`{"uuid":"` + one + `","albert":"einstein"}`: "EDIR_FIELD_NAME_UNKNOWN", `{"uuid":"` + one + `","recordType":1}`: "EDIR_FIELD_NOT_AVAILABLE",
		`{"uuid":"` + one + `","access":{"validTo":1}}`: "EDIR_FIELD_VALUE_ERROR",
	} {
		c.says(http.MethodPut, "/api/dir/update", `{"users":[`+body+`]}`, code)
	}
	c.says(http.MethodPut, "/api/dir/validate", `{"users":[{"name":7},{"name":"x"}]}`, "EDIR_FIELD_VALUE_ERROR")
	c.says(http.MethodPut, "/api/dir/update", `{"users":[{"uuid":"`+strings.ToLower(one)+`","email":"a@example.org"}]}`, `"timestamp":4`)
	c.says(http.MethodPost, "/api/dir/get", `{"users":[{"uuid":"`+one+`"},{"uuid":"`+two+`"}]}`, `"a@example.org"`, `"482915"`, `"validFrom":"1767618000"`, "EDIR_UUID_DOES_NOT_EXIST")
	if said := c.says(http.MethodPost, "/api/dir/get", `{"fields":["name","access.pin","albert"],"users":[{"uuid":"`+one+`"}]}`, `"482915"`); strings.Contains(said, "validFrom") || strings.Contains(said, "owner") {
		t.Errorf("fields that nobody has asked for: %s", said)
	}
	// With force the rest is as it was from the start.
	c.says(http.MethodPut, "/api/dir/create?force=1", `{"users":[{"uuid":"`+one+`","name":"new"}]}`, `"timestamp":5`)
	if said := c.says(http.MethodPost, "/api/dir/get", `{"users":[{"uuid":"`+one+`"}]}`, `"new"`); strings.Contains(said, "482915") || strings.Contains(said, "accessd") {
		t.Errorf("written over with force it is %s", said)
	}
	c.do(func(f *sim.Fleet) error {
		if n := len(f.Memory("front")); n != 0 {
			t.Errorf("the lock holds %d codes", n)
		}
		return nil
	})
	// Of what is gone a tombstone is told, to whoever asks for what is new.
	c.says(http.MethodPut, "/api/dir/create", `{"users":[{"uuid":"`+two+`","owner":"accessd","access":{"pin":"5678"}}]}`, `"timestamp":6`)
	c.says(http.MethodPut, "/api/dir/delete", `{"owner":"accessd","users":[{}]}`, `"code":17`)
	c.says(http.MethodPut, "/api/dir/delete", `{"owner":"accessd"}`, two)
	if said := c.says(http.MethodPost, "/api/dir/query", `{"iterator":{"timestamp":6}}`, two, `"deleted":true`); strings.Contains(said, one) {
		t.Errorf("what is old is told: %s", said)
	}
	c.says(http.MethodPost, "/api/dir/query", `{"series":"1","iterator":{"timestamp":99}}`, `"invalid":true`, one)
}

// What people do at the device stands in its directory, and a reset makes another series of it.
func TestHandsAtTheDevice(t *testing.T) {
	c := start(t, twon.Habits{})
	pin, _ := lock.ParsePIN("482915")
	other, _ := lock.ParsePIN("482916")
	c.do(func(f *sim.Fleet) error {
		return f.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, PIN: pin, Name: "By hand"})
	})
	c.do(func(f *sim.Fleet) error {
		return f.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, PIN: other, Name: "Twice"})
	})
	before := c.says(http.MethodPost, "/api/dir/query", `{}`, "By hand", "Twice", `"482916"`)
	c.do(func(f *sim.Fleet) error { return f.Edit(sim.Edit{Lock: "front", Kind: sim.EditReset}) })
	after := c.says(http.MethodPost, "/api/dir/query", `{}`, `"deleted":true`)
	series := regexp.MustCompile(`"series":"[0-9]+"`)
	if series.FindString(before) == series.FindString(after) {
		t.Error("the series is the same after a reset")
	}
}

func TestDigitsTwiceAndAFullDirectory(t *testing.T) {
	c := start(t, twon.Habits{})
	body := func(pin string) string { return `{"users":[{"access":{"pin":"` + pin + `"}}]}` }
	c.says(http.MethodPut, "/api/dir/create", body("1111"), `"timestamp":1`)
	c.says(http.MethodPut, "/api/dir/create", body("1111"), `"timestamp":2`) // and nobody knows for whom it opens
	c.cloud.Habits.Unique = true
	c.says(http.MethodPut, "/api/dir/create", body("1111"), "EDIR_FIELD_VALUE_ERROR")
	for _, pin := range []string{"2222", "3333", "4444"} {
		c.says(http.MethodPut, "/api/dir/create", body(pin), `"timestamp"`)
	}
	c.says(http.MethodPut, "/api/dir/create", body("5555"), `"code":14`)
	c.cloud.Habits.Full = "EDIR_FULL"
	c.says(http.MethodPut, "/api/dir/create", body("5555"), "EDIR_FULL")
}

// What another service keeps it brings back, whoever has changed it or taken it away.
func TestUsersOfAnotherService(t *testing.T) {
	c := start(t, twon.Habits{})
	const one = "4C957905-5D3F-479B-839A-C7D5B2AE2DB5"
	c.says(http.MethodPut, "/api/dir/create", `{"users":[{"uuid":"`+one+`","name":"Boss","owner":"ACOM","access":{"pin":"1111"}}]}`, `"timestamp"`)
	for path, user := range map[string]string{
		"update": `{"uuid":"` + one + `","access":{"pin":"2222"},"owner":"me"}`, "delete": `{"uuid":"` + one + `"}`,
	} {
		c.says(http.MethodPut, "/api/dir/"+path, `{"users":[`+user+`]}`, `"timestamp"`)
		c.leap.Pass(2 * time.Minute)
		c.says(http.MethodPost, "/api/dir/query", `{}`, `"1111"`, "Boss", "ACOM")
		pin, _ := lock.ParsePIN("1111")
		c.do(func(f *sim.Fleet) error {
			if held := f.Memory("front"); len(held) != 1 || held[0].PIN != pin {
				t.Errorf("after the %s the lock holds %d codes", path, len(held))
			}
			return nil
		})
	}
}

func TestModels(t *testing.T) {
	for family, x := range map[string]struct{ has, lacks string }{"": {`"pin":""`, `"callPos"`}, "verso": {`"callPos"`, `"recordType"`}, "uni": {`"code":[""]`, `"validFrom"`}} {
		c := start(t, twon.Habits{Family: family})
		if said := c.says(http.MethodGet, "/api/dir/template", ``, x.has, `"deleted":false`); strings.Contains(said, x.lacks) {
			t.Errorf("%s: %s", family, said)
		}
	}
}

func TestTheLog(t *testing.T) {
	c := start(t, twon.Habits{})
	c.says(http.MethodPut, "/api/dir/create", `{"users":[{"name":"Ada","access":{"pin":"482915"}}]}`, `"timestamp"`)
	for _, wrong := range []string{"duration=1", "include=soon", "include=5"} {
		c.says(http.MethodGet, "/api/log/subscribe?"+wrong, ``, `"code":12`)
	}
	subscribe := func(query string) string {
		t.Helper()
		var said struct{ Result struct{ ID int } }
		if err := json.Unmarshal([]byte(c.says(http.MethodGet, "/api/log/subscribe?"+query, ``, `"id"`)), &said); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(said.Result.ID)
	}
	id, only := subscribe("include=new"), subscribe("filter=UserAuthenticated")
	before := c.leap.Now()
	c.says(http.MethodGet, "/api/log/pull?id="+id+"&timeout=20", ``, `"events":[]`)
	if waited := c.leap.Now().Sub(before); waited < 20*time.Second || waited > 25*time.Second {
		t.Errorf("a pull has waited for %v", waited)
	}
	pin, _ := lock.ParsePIN("482915")
	wrong, _ := lock.ParsePIN("111111")
	c.do(func(f *sim.Fleet) error { _, err := f.TryPIN("front", pin); return err })
	c.do(func(f *sim.Fleet) error { _, err := f.TryPIN("front", wrong); return err })
	c.says(http.MethodGet, "/api/log/pull?id="+id, ``, "CodeEntered", "UserAuthenticated", "SwitchStateChanged", `"valid":false`, `"name":"Ada"`)
	if said := c.says(http.MethodGet, "/api/log/pull?id="+only, ``, "UserAuthenticated"); strings.Contains(said, "CodeEntered") {
		t.Errorf("filtered it tells %s", said)
	}
	c.says(http.MethodGet, "/api/log/pull?id="+id, ``, `"events":[]`)
	c.says(http.MethodGet, "/api/log/pull?id="+subscribe("include=-60"), ``, "UserAuthenticated")
	c.leap.Pass(2 * time.Minute)
	c.says(http.MethodGet, "/api/log/pull?id="+id, ``, `"code":12`, `"param":"id"`)
	c.says(http.MethodGet, "/api/log/pull?id="+subscribe("include=-60"), ``, `"events":[]`)
	last := subscribe("include=all")
	c.says(http.MethodGet, "/api/log/unsubscribe?id="+last, ``, `"success":true`)
	c.says(http.MethodGet, "/api/log/pull?id="+last, ``, `"code":12`)
	c.says(http.MethodGet, "/api/log/caps", ``, "CodeEntered")
	// A restart takes the history and whoever reads it.
	last = subscribe("include=all")
	c.do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "front", Kind: "reset"}); return err })
	if got := c.ask(http.MethodGet, "/api/system/info", nil, ""); !got.Broken {
		t.Errorf("a device that restarts answers %s", got.Body)
	}
	c.leap.Pass(25 * time.Second)
	c.says(http.MethodGet, "/api/system/status", ``, `"systemTime":2`)
	c.says(http.MethodGet, "/api/log/pull?id="+last, ``, `"code":12`)
	if said := c.says(http.MethodGet, "/api/log/pull?id="+subscribe("include=all"), ``, `"startup"`, `"id":1`); strings.Contains(said, "CodeEntered") {
		t.Errorf("after a restart it tells %s", said)
	}
}

func TestTheSwitch(t *testing.T) {
	c := start(t, twon.Habits{Lacks: []string{"access"}})
	c.says(http.MethodGet, "/api/switch/caps", ``, `"monostable"`)
	for _, x := range [][2]string{
		{"switch=1&action=trigger", `"active":true`}, {"switch=1&action=off", `"active":false`}, {"switch=1&action=hold", `"held":true`}, {"switch=1&action=release", `"held":false`},
		{"switch=1&action=lock", `"locked":true`},
	} {
		c.says(http.MethodGet, "/api/switch/ctrl?"+x[0], ``, `"success":true`)
		c.says(http.MethodGet, "/api/switch/status", ``, x[1])
	}
	c.says(http.MethodGet, "/api/switch/ctrl?switch=1&action=trigger", ``, `"code":14`)
	c.says(http.MethodGet, "/api/switch/ctrl?switch=1&action=unlock", ``, `"success":true`)
	c.says(http.MethodGet, "/api/switch/ctrl?switch=2&action=on", ``, `"code":12`)
	c.says(http.MethodGet, "/api/switch/ctrl?switch=1", ``, `"code":11`)
	c.says(http.MethodGet, "/api/accesspoint/grantaccess?id=1", ``, `"code":10`)
	c.cloud.Habits.Lacks = nil
	c.says(http.MethodGet, "/api/accesspoint/grantaccess?id=1", ``, `"success":true`)
	c.leap.Pass(10 * time.Second)
	c.says(http.MethodGet, "/api/switch/status", ``, `"active":false`)
}

// Of users that were deleted long ago a device tells nothing any more.
func TestDeletedUsersAreForgotten(t *testing.T) {
	c := start(t, twon.Habits{})
	for i := range 1010 {
		user := fmt.Sprintf(`{"users":[{"uuid":"%08X-5D3F-479B-839A-C7D5B2AE2DB5"}]}`, i)
		c.says(http.MethodPut, "/api/dir/create", user, `"timestamp"`)
		c.says(http.MethodPut, "/api/dir/delete", user, `"timestamp"`)
	}
	said := c.says(http.MethodPost, "/api/dir/query", `{}`, `"deleted":true`)
	if n := strings.Count(said, `"deleted":true`); n != 1000 || strings.Contains(said, `"00000009-`) {
		t.Errorf("%d deleted users are told of", n)
	}
}
