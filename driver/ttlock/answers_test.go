package ttlock_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/ttlock"
	"github.com/accesscodes/lockctl/lock"
)

// signedIn are the secrets of somebody who has signed in already.
func signedIn(t testing.TB) *provider.MemorySecrets {
	t.Helper()
	var s provider.MemorySecrets
	if err := oauth.Save(t.Context(), &s, oauth.Tokens{Access: provider.NewToken("marker-access"), Refresh: provider.NewToken("marker-refresh")}); err != nil {
		t.Fatal(err)
	}
	return &s
}

func epoch() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

func TestGarbledAnswers(t *testing.T) {
	for name, secrets := range map[string]func(testing.TB) *provider.MemorySecrets{
		"signed in": signedIn, "signing in": func(testing.TB) *provider.MemorySecrets { return &provider.MemorySecrets{} },
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Garbled{
				Open: func(t *testing.T, base string) driver.Driver {
					return login(t, base, epoch, io.Discard, secrets(t), map[string]string{}, "marker-password")
				},
				Device: "ttlock-532323", Want: lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, Ref: "3234293",
				Secrets: []string{"marker-access", "marker-refresh", "marker-password"}, Blind: name == "signed in",
				Answers: map[string]drivertest.Said{"other types": {Body: `{"list":{"id":true},"items":7,"errcode":{}}`}},
			}.Run(t)
		})
	}
}

// answering opens a driver whose vendor gives these answers, by the end of the path.
func answering(t *testing.T, answers map[string]string, asked func(path string, form url.Values)) driver.Driver {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if asked != nil {
			asked(name, r.Form)
		}
		_, _ = w.Write([]byte(answers[name]))
	}))
	t.Cleanup(server.Close)
	return login(t, server.URL, epoch, io.Discard, signedIn(t), map[string]string{"zone": "Europe/Vienna"}, "p")
}

func TestWhatARefusalMeans(t *testing.T) {
	for code, want := range map[string]struct {
		kind  driver.Kind
		blame driver.Blame
	}{
		"1": {driver.Ambiguous, driver.BlameLock}, "90000": {driver.Ambiguous, driver.BlameCloud}, "-9999": {driver.Ambiguous, driver.BlameCloud},
		"-3": {driver.Rejected, driver.BlameRequest}, "-3006": {driver.Rejected, driver.BlameRequest}, "-2032": {driver.Rejected, driver.BlameRequest},
		"-1003": {driver.NotFound, driver.BlameRequest}, "-3009": {driver.Full, driver.BlameLock}, "-4056": {driver.Full, driver.BlameLock},
		"-2012": {driver.Offline, driver.BlameLock}, "-3002": {driver.Offline, driver.BlameHub}, "-3036": {driver.Offline, driver.BlameLock}, "-2025": {driver.Offline, driver.BlameLock},
		"-3003": {driver.Throttled, driver.BlameHub}, "-3037": {driver.Throttled, driver.BlameLock}, "30006": {driver.Throttled, driver.BlameCloud}, "30007": {driver.Throttled, driver.BlameCloud},
		"-4043": {driver.Unsupported, driver.BlameLock}, "20002": {driver.Unsupported, driver.BlameAccount}, "-2018": {driver.Unsupported, driver.BlameAccount},
		"30008": {driver.Unauthorized, driver.BlameAccount}, "80000": {driver.Unauthorized, driver.BlameAccount}, `"-3002"`: {driver.Offline, driver.BlameHub},
	} {
		d := answering(t, map[string]string{"add": `{"errcode":` + code + `,"errmsg":"482915","description":"482915"}`, "delete": `{"errcode":` + code + `}`}, nil)
		_, err := d.Set(t.Context(), "ttlock-1", lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		e, ok := errors.AsType[*driver.Error](err)
		switch {
		case !ok || e.Kind != want.kind || e.Blame != want.blame:
			t.Errorf("%s gives %v", code, err)
		case (e.Kind == driver.Throttled) != (e.RetryAfter > 0):
			t.Errorf("%s is to be tried again after %v", code, e.RetryAfter)
		case strings.Contains(err.Error(), "482915"):
			t.Errorf("%s tells digits", code)
		}
		if want.kind != driver.NotFound {
			if e, ok := errors.AsType[*driver.Error](d.Clear(t.Context(), "ttlock-1", "7")); !ok || e.Kind != want.kind {
				t.Errorf("clear: %s gives %v", code, e)
			}
		}
	}
}

const (
	gatewayLock = `{"lockId":1,"lockAlias":"Front","electricQuantity":"85","hasGateway":"1","timezoneRawOffset":3600000}`
	noRecords   = `{"list":[],"pageNo":1,"pageSize":200,"pages":0,"total":0}`
)

// Numbers come as text, ends that are far off are none, states that are not the lock's are pending, and failed additions are not there.
func TestAListIsReadWithCare(t *testing.T) {
	d := answering(t, map[string]string{
		"detail": gatewayLock, "listByLock": `{"list":[{"gatewayId":9}]}`, "list": `{"list":[{"gatewayId":"9","isOnline":"1"}],"pages":1}`,
		"listKeyboardPwd": `{"list":[
			{"keyboardPwdId":"11","keyboardPwd":34234,"keyboardPwdName":"LCABCDE23:Ada","keyboardPwdType":"3","startDate":60000,"endDate":"120000"},
			{"keyboardPwdId":12,"keyboardPwd":"034234","keyboardPwdType":2,"startDate":0,"endDate":0},
			{"keyboardPwdId":13,"keyboardPwd":"5567","keyboardPwdType":3,"startDate":0,"endDate":4102358400000,"status":4},
			{"keyboardPwdId":14,"keyboardPwd":"5568","keyboardPwdType":2,"status":5},
			{"keyboardPwdId":15,"keyboardPwd":"556812","keyboardPwdType":2,"isCustom":0},
			{"keyboardPwd":"5569"}],"pages":1,"total":6}`,
	}, nil)
	// The records stand under the same name as gateways, and have no number: none of them counts.
	o, err := d.Observe(t.Context(), "ttlock-1", driver.Known{})
	drivertest.Must(t, err)
	if o.Complete || o.Reach != lock.Reached || o.Zone != "Europe/Vienna" || o.Battery.Level != 0.85 || len(o.Held) != 4 || len(o.Entries) != 0 {
		t.Fatalf("%+v", o)
	}
	ada, plain, adding, random := o.Held[0], o.Held[1], o.Held[2], o.Held[3]
	switch {
	case ada.Ref != "11" || ada.Tag != "LCABCDE23" || ada.Name != "Ada" || ada.PIN != drivertest.PIN(t, "34234") || !ada.Window.Equal(lock.Window{From: time.UnixMilli(60000), To: time.UnixMilli(120000)}):
		t.Errorf("%+v", ada)
	case plain.PIN != drivertest.PIN(t, "034234") || !plain.Window.IsZero() || plain.Pending:
		t.Errorf("%+v", plain)
	case !adding.Pending || !adding.Window.IsZero():
		t.Errorf("%+v", adding)
	case random.Ref != "random:15":
		t.Errorf("%+v", random)
	}
}

// A lock whose own offset is none of its zone's tells that offset, so that its schedules are not trusted.
func TestTheZoneOfALock(t *testing.T) {
	for offset, want := range map[string]string{"3600000": "Europe/Vienna", "7200000": "Europe/Vienna", "-18000000": "Etc/GMT+5", "0": "UTC", "19800000": "", "46800000": "Etc/GMT-13"} {
		d := answering(t, map[string]string{
			"detail": `{"lockId":1,"hasGateway":0,"featureValue":"F44354CD5F3","timezoneRawOffset":` + offset + `}`, "listKeyboardPwd": noRecords, "list": noRecords,
		}, nil)
		o, err := d.Observe(t.Context(), "ttlock-1", driver.Known{})
		drivertest.Must(t, err)
		if o.Zone != want || o.Reach != lock.LockDown || !o.Complete {
			t.Errorf("%s ms: zone %q, reach %d, complete %v", offset, o.Zone, o.Reach, o.Complete)
		}
	}
}

// A change sends what differs, a start always with its end, and what is the cloud's alone goes to the cloud alone.
func TestAChangeSendsWhatDiffers(t *testing.T) {
	from := time.UnixMilli(3_600_000).UTC()
	stay := lock.Window{From: from, To: from.Add(time.Hour)}
	for name, x := range map[string]struct {
		want lock.Credential
		sent url.Values
	}{
		"nothing": {lock.Credential{Tag: "LCABCDE23", Name: "Ada", PIN: drivertest.PIN(t, "482915"), Window: stay}, nil},
		"a name":  {lock.Credential{Tag: "LCABCDE23", Name: "Bob", PIN: drivertest.PIN(t, "482915"), Window: stay}, url.Values{"keyboardPwdName": {"LCABCDE23:Bob"}}},
		"digits": {lock.Credential{Tag: "LCABCDE23", Name: "Ada", PIN: drivertest.PIN(t, "482916"), Window: stay}, url.Values{
			"keyboardPwdName": {"LCABCDE23:Ada"}, "newKeyboardPwd": {"482916"}, "changeType": {"2"}}},
		"an end": {lock.Credential{Tag: "LCABCDE23", Name: "Ada", PIN: drivertest.PIN(t, "482915"), Window: lock.Window{From: stay.From, To: stay.To.Add(time.Minute + time.Second)}}, url.Values{
			"keyboardPwdName": {"LCABCDE23:Ada"}, "startDate": {"3600000"}, "endDate": {"7260000"}, "changeType": {"2"}}},
		"no end": {lock.Credential{Tag: "LCABCDE23", Name: "Ada", PIN: drivertest.PIN(t, "482915")}, url.Values{
			"keyboardPwdName": {"LCABCDE23:Ada"}, "startDate": {"1767600000000"}, "endDate": {"4102358400000"}, "changeType": {"2"}}},
	} {
		var sent url.Values
		d := answering(t, map[string]string{
			"listKeyboardPwd": `{"list":[{"keyboardPwdId":7,"keyboardPwd":"482915","keyboardPwdName":"LCABCDE23:Ada","keyboardPwdType":3,"startDate":3600000,"endDate":7200000}],"pages":1}`,
			"change":          `{"errcode":0}`,
		}, func(path string, form url.Values) {
			if path == "change" {
				sent = form
			}
		})
		x.want.Enabled = true
		h, err := d.Set(t.Context(), "ttlock-1", x.want, "7")
		drivertest.Must(t, err)
		if h.Ref != "7" || h.Pending {
			t.Errorf("%s: %+v", name, h)
		}
		for _, common := range []string{"clientId", "accessToken", "date", "lockId", "keyboardPwdId"} {
			if x.sent != nil && sent.Get(common) == "" {
				t.Errorf("%s: %s is missing", name, common)
			}
			sent.Del(common)
		}
		if sent.Encode() != x.sent.Encode() {
			t.Errorf("%s: %v was sent, not %v", name, len(sent), len(x.sent))
		}
	}
}

// Whatever the vendor answers, a look is an observation within its bounds or an error of a known kind.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		gatewayLock, noRecords, `{"list":[{"lockId":1,"hasGateway":1,"gatewayId":9,"isOnline":1,"keyboardPwdId":7,"keyboardPwd":"482915","recordId":3,"recordType":4,"success":1}],"pages":1,"electricQuantity":-5}`,
		`{"list":[null,{"lockId":1e400}],"pages":99999999}`, `{"errcode":"x"}`, `{"errcode":10004}`, `{"access_token":"a","expires_in":-1}`, `null`, `[`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := ttlock.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{Transport: drivertest.Said{Body: string(text)}}, Now: epoch, Secrets: signedIn(t)}, provider.Account{
			ID: "house", Texts: map[string]string{"client_id": "c", "username": "u"}, Secrets: map[string]string{"client_secret": "s", "password": "p"},
		})
		drivertest.Must(t, err)
		devices, err := d.Devices(t.Context())
		drivertest.Typed(t, "devices", err)
		for _, x := range devices {
			if x.Model == "" || x.Name == "" {
				t.Errorf("a device without a model or a name: %+v", x)
			}
		}
		o, err := d.Observe(t.Context(), "ttlock-1", driver.Known{Since: "5 x"})
		drivertest.Typed(t, "observe", err)
		if len(o.Held) > lock.MaxHeld || len(o.Entries) > lock.MaxEntries || o.Battery.Level < 0 || o.Battery.Level > 1 {
			t.Errorf("%d codes, %d entries, battery %v", len(o.Held), len(o.Entries), o.Battery.Level)
		}
		_, err = d.Set(t.Context(), "ttlock-1", lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "7")
		drivertest.Typed(t, "set", err)
		notices := 0
		if _, all, err := d.(driver.Receiver).Receive(t.Context(), driver.Inbound{Body: text}); err == nil {
			notices = len(all)
		}
		if notices > 1 {
			t.Errorf("%d notices of one post", notices)
		}
	})
}
