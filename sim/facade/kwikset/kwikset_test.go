package kwikset_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	signing "github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
	"github.com/accesscodes/lockctl/sim/facade/kwikset"
)

// start is a Thursday, two in the morning at the locks.
var start = time.Date(2031, 3, 6, 8, 0, 0, 0, time.UTC)

// phone is somebody's program that has signed in to an account, over HTTP.
type phone struct {
	t      *testing.T
	leap   *facade.Leap
	server *httptest.Server
	token  string
	door   string
	cloud  *kwikset.Cloud
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pickUp(t *testing.T) *phone {
	t.Helper()
	leap, err := facade.NewLeap(start, 7, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "kwikset", Account: "house", Zone: "America/Chicago", Slots: 3}}})
	must(t, err)
	p := &phone{t: t, leap: leap}
	must(t, leap.Do(func(f *sim.Fleet) error { p.cloud, err = kwikset.New(f, "house"); return err }))
	p.server = httptest.NewServer(facade.Handler(leap, p.cloud))
	t.Cleanup(p.server.Close)
	api, err := rest.NewClient(p.server.Client(), p.server.URL)
	must(t, err)
	pool := signing.Pool{ID: kwikset.UserPool, Client: kwikset.Client, API: api, Now: leap.Now, Rand: rand.NewChaCha8([32]byte{7})}
	tokens, _, err := pool.SignIn(t.Context(), cognito.User("house"), cognito.Password("house"))
	must(t, err)
	p.token = tokens.ID.Reveal()
	p.door = p.cloud.Called("front")
	return p
}

// ask makes a request; "@" in the path is the lock.
func (p *phone) ask(method, path, body string) (status int, said map[string]any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.server.URL+"/prod_v1/"+strings.ReplaceAll(path, "@", p.door), strings.NewReader(body))
	must(p.t, err)
	req.Header.Set("Authorization", "Bearer "+p.token)
	res, err := p.server.Client().Do(req)
	must(p.t, err)
	text, err := io.ReadAll(res.Body)
	must(p.t, err)
	must(p.t, res.Body.Close())
	must(p.t, json.Unmarshal(text, &said))
	return res.StatusCode, said
}

// data is the list that a request is answered with.
func (p *phone) data(method, path, body string) []map[string]any {
	p.t.Helper()
	status, said := p.ask(method, path, body)
	list, ok := said["data"].([]any)
	if status != http.StatusOK || !ok {
		p.t.Fatalf("%s %s: %d %v", method, path, status, said)
	}
	var all []map[string]any
	for _, x := range list {
		one, _ := x.(map[string]any)
		all = append(all, one)
	}
	return all
}

// send has a packet sent, and returns its token.
func (p *phone) send(method, packet string) string {
	p.t.Helper()
	b, err := hex.DecodeString(packet)
	must(p.t, err)
	all := p.data(method, "devices/@/accesscode", `{"message":"`+base64.StdEncoding.EncodeToString(b)+`"}`)
	token, _ := all[0]["token"].(string)
	return token
}

// told is what the lock has said about a token: a message, or the gateway's word.
func (p *phone) told(token string) string {
	p.t.Helper()
	_, said := p.ask(http.MethodGet, "devices/@/accesscode/"+token, "")
	return fmt.Sprint(said["message"])
}

// always is the packet of a code without a schedule.
func always(digits string) string { return "00040011" + digits + "0203416e6e" }

func (p *phone) opens(digits string) (bool, string) {
	p.t.Helper()
	pin, err := lock.ParsePIN(digits)
	must(p.t, err)
	var try sim.Try
	must(p.t, p.leap.Do(func(f *sim.Fleet) error { try, err = f.TryPIN("front", pin); return err }))
	return try.Opens, try.Reason
}

func (p *phone) fault(kind string) {
	p.t.Helper()
	must(p.t, p.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "front", Kind: kind}); return err }))
}

func (p *phone) accustom(habits string) {
	p.t.Helper()
	_, err := p.cloud.Accustom(func(v any) error { return json.Unmarshal([]byte(habits), v) })
	must(p.t, err)
}

// A code gets the lowest slot that is free, seconds later; one that is freed is given again.
func TestTheLockChoosesASlot(t *testing.T) {
	p := pickUp(t)
	manifest := func() string { return fmt.Sprint(p.data(http.MethodGet, "devices/@/remoteaccesscode", "")) }
	before := manifest()
	first := p.send(http.MethodPost, always("4829"))
	if said := p.told(first); said != "" {
		t.Errorf("at once the lock says %q", said)
	}
	p.leap.Pass(12 * time.Second)
	second := p.send(http.MethodPost, always("1357"))
	p.leap.Pass(12 * time.Second)
	if a, b := p.told(first), p.told(second); a != "030101" || b != "030102" {
		t.Errorf("the slots are %s and %s", a, b)
	}
	if opens, _ := p.opens("1357"); !opens || manifest() == before {
		t.Errorf("it opens %t, and the manifest was %s and is %s", opens, before, manifest())
	}
	for _, slot := range []string{"01", "03"} { // of one that is empty the same is said
		gone := p.send(http.MethodDelete, "0501"+slot)
		p.leap.Pass(12 * time.Second)
		if a, b := p.told(gone), p.told(gone); a != "" || b != "TOKEN_NOT_FOUND" {
			t.Errorf("of the erase of %s it says %q and %q", slot, a, b)
		}
	}
	third := p.send(http.MethodPost, always("2468"))
	p.leap.Pass(12 * time.Second)
	if said := p.told(third); said != "030101" {
		t.Errorf("the freed slot is not given again: %s", said)
	}
}

// What the lock refuses it never speaks of, and what is no packet the cloud does not take.
func TestWhatIsRefused(t *testing.T) {
	for name, x := range map[string]struct{ fault, packet string }{
		"the same digits": {"", always("4829")}, "the first four": {"", "00050011482977020341" + "6e6e"}, "six nines": {"", "00050011999999" + "0203416e6e"},
		"a full lock": {"slots-full", always("1357")}, "a start that has passed": {"", packetOf(5, 9, 10, 17)},
	} {
		p := pickUp(t)
		p.send(http.MethodPost, always("4829"))
		p.leap.Pass(12 * time.Second)
		if x.fault != "" {
			p.fault(x.fault)
		}
		token := p.send(http.MethodPost, x.packet)
		p.leap.Pass(10 * time.Minute)
		if said := p.told(token); said != "" {
			t.Errorf("%s: the lock says %q", name, said)
		}
	}
	p := pickUp(t)
	for _, body := range []string{`{"message":"AAQA"}`, `{"message":"!"}`, `{}`, `[`, `{"message":""}`} {
		if status, said := p.ask(http.MethodPost, "devices/@/accesscode", body); status != http.StatusBadRequest || said["message"] == nil {
			t.Errorf("%s: %d %v", body, status, said)
		}
	}
}

// A lock that is away is told as it was, but for its connection. Some fields are text and some are not.
func TestADeviceAsItIsTold(t *testing.T) {
	p := pickUp(t)
	p.accustom(`{"homes":30}`)
	if n := len(p.data(http.MethodGet, "users/me/homes", "")); n != 20 {
		t.Errorf("a page has %d homes", n)
	}
	homes := p.data(http.MethodGet, "users/me/homes?top=200", "")
	if len(homes) != 31 {
		t.Fatalf("there are %d homes", len(homes))
	}
	if n := len(p.data(http.MethodGet, "homes/"+fmt.Sprint(homes[0]["homeid"])+"/devices", "")); n != 0 {
		t.Errorf("the first home has %d locks", n)
	}
	d := p.data(http.MethodGet, "homes/"+fmt.Sprint(homes[30]["homeid"])+"/devices", "")[0]
	if d["ledstatus"] != "true" || d["audiostatus"] != false || d["deviceconnectivitystatus"] != "connected" || d["doorstatus"] != "Locked" {
		t.Errorf("it is told as %v", d)
	}
	p.fault("offline")
	p.fault("battery")
	p.leap.Pass(20 * time.Minute)
	away := p.data(http.MethodGet, "devices_v2/@", "")[0]
	if away["deviceconnectivitystatus"] == "connected" || away["batterypercentage"] != d["batterypercentage"] || away["lastupdatedtimestamp"] != d["lastupdatedtimestamp"] {
		t.Errorf("while it is away it is told as %v", away)
	}
	if status, said := p.ask(http.MethodGet, "nowhere", ""); status != http.StatusForbidden || said["message"] != "Missing Authentication Token" {
		t.Errorf("an unknown path: %d %v", status, said)
	}
	p.leap.Pass(time.Hour)
	if status, said := p.ask(http.MethodGet, "users/me", ""); status != http.StatusUnauthorized || said["message"] != "The incoming token has expired" {
		t.Errorf("after an hour: %d %v", status, said)
	}
}

// The history calls a code by its name, and is away where the account has that habit.
func TestHistory(t *testing.T) {
	p := pickUp(t)
	p.send(http.MethodPost, always("4829"))
	p.leap.Pass(12 * time.Second)
	p.opens("4829")
	p.leap.Pass(time.Minute)
	lines := p.data(http.MethodGet, "devices/@/history_v4?top=10", "")
	if len(lines) == 0 || lines[len(lines)-1]["user"] != "Ann" || lines[len(lines)-1]["eventtype"] != "Keypad" || lines[len(lines)-1]["timezone"] != "GMT-6:00" {
		t.Errorf("the history tells %v", lines)
	}
	p.accustom(`{"history_fails":true}`)
	if status, said := p.ask(http.MethodGet, "devices/@/history_v4", ""); status != http.StatusGatewayTimeout || said["message"] == nil {
		t.Errorf("it answers %d %v", status, said)
	}
}

// The keypad follows the lock's local time: one stretch between two dates, those hours of each day where that is the habit, or hours of
// some days of the week. Three wrong tries shut it.
func TestTheKeypadKeepsSchedules(t *testing.T) {
	local, err := lock.LoadZone("America/Chicago")
	must(t, err)
	at := func(day, hour int) time.Time { return time.Date(2031, 3, day, hour, 0, 0, 0, local) } // clocks go forward on the 9th
	const workdays = "0004004113590104782d8a3e0203416e6e"                                        // 08:30 to 17:45
	for name, x := range map[string]struct {
		habits, packet string
		open, shut     []time.Time
	}{
		"dates":      {`{}`, packetOf(7, 9, 10, 17), []time.Time{at(7, 9), at(8, 3), at(9, 23), at(10, 16)}, []time.Time{at(7, 8), at(10, 17), at(11, 10)}},
		"daily":      {`{"date_ranges":"daily"}`, packetOf(7, 9, 10, 17), []time.Time{at(7, 9), at(8, 16), at(9, 9), at(10, 16)}, []time.Time{at(7, 8), at(7, 17), at(9, 8), at(10, 17), at(11, 10)}},
		"overnight":  {`{"date_ranges":"daily"}`, packetOf(7, 16, 9, 11), []time.Time{at(7, 16), at(8, 3), at(9, 10)}, []time.Time{at(8, 12), at(9, 11), at(9, 17), at(10, 3)}},
		"work days":  {`{}`, workdays, []time.Time{at(6, 9), at(7, 17), at(10, 9), at(31, 9)}, []time.Time{at(6, 8), at(8, 9), at(9, 9), at(10, 18)}},
		"an old one": {`{}`, always("1359"), []time.Time{at(6, 9)}, nil},
	} {
		p := pickUp(t)
		p.accustom(x.habits)
		token := p.send(http.MethodPost, x.packet)
		p.leap.Pass(12 * time.Second)
		if said := p.told(token); said != "030101" {
			t.Fatalf("%s: the lock says %q", name, said)
		}
		for day := 6; day < 32; day++ {
			for hour := range 24 {
				want, asked := has(x.open, at(day, hour)), has(x.open, at(day, hour)) || has(x.shut, at(day, hour))
				if !asked {
					continue
				}
				p.leap.Pass(at(day, hour).Add(time.Second).Sub(p.leap.Now()))
				if opens, why := p.opens("1359"); opens != want {
					t.Errorf("%s: on the %dth at %d it opens %t: %s", name, day, hour, opens, why)
				}
			}
		}
	}
	p := pickUp(t)
	p.send(http.MethodPost, always("1359"))
	p.leap.Pass(12 * time.Second)
	for range 3 {
		p.opens("7777")
	}
	if opens, _ := p.opens("1359"); opens {
		t.Error("after three wrong tries it opens")
	}
	p.leap.Pass(2 * time.Minute)
	if opens, why := p.opens("1359"); !opens {
		t.Errorf("two minutes later it does not open: %s", why)
	}
}

func has(all []time.Time, t time.Time) bool {
	for _, x := range all {
		if x.Equal(t) {
			return true
		}
	}
	return false
}

// packetOf writes 1359 from an hour of a day of March 2031 to one of another.
func packetOf(day, hour, last, until int) string {
	days := uint32(3 | 3<<4 | day<<8 | last<<13 | 31<<18 | 31<<25)
	b := []byte{0, byte(hour & 3 << 6), byte(hour>>2 | until<<3), byte(days), byte(days >> 8), byte(days >> 16), byte(days >> 24)}
	return "0004003113590107" + hex.EncodeToString(b) + "0203416e6e"
}
