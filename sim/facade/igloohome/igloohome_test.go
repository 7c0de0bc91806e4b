package igloohome_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/igloohome"
)

// client speaks to a simulated account as any program would, in a year that only the fleet knows.
type client struct {
	t     *testing.T
	leap  *facade.Leap
	cloud *igloohome.Cloud
	token string
}

func start(t *testing.T, habits igloohome.Habits) *client {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 20, 0, 0, time.UTC), 7, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "igloohome", Account: "house", Hub: "bridge"}, {ID: "shed", Model: "algo.keypad", Account: "house"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, leap: leap}
	if err := leap.Do(func(f *sim.Fleet) error { c.cloud, err = igloohome.New(f, "house"); return err }); err != nil {
		t.Fatal(err)
	}
	c.cloud.Habits = habits
	c.token = c.signIn("", http.StatusOK)["access_token"].(string)
	return c
}

// ask makes a request and checks its status.
func (c *client) ask(want int, method, path string, header http.Header, body string) map[string]any {
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
	if got.Status != want {
		c.t.Fatalf("%s %s: %d %s, not %d", method, path, got.Status, got.Body, want)
	}
	said := map[string]any{}
	if err := json.Unmarshal(got.Body, &said); err != nil {
		c.t.Fatalf("%s %s: %s", method, path, got.Body)
	}
	return said
}

func (c *client) signIn(scope string, want int) map[string]any {
	c.t.Helper()
	id, secret := igloohome.Client("house")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return c.ask(want, http.MethodPost, "/oauth2/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form.Encode())
}

func (c *client) get(want int, path string) map[string]any {
	c.t.Helper()
	return c.ask(want, http.MethodGet, "/igloohome"+path, http.Header{"Authorization": {"Bearer " + c.token}}, "")
}

func (c *client) post(want int, path, body string) map[string]any {
	c.t.Helper()
	return c.ask(want, http.MethodPost, "/igloohome"+path, http.Header{"Authorization": {"Bearer " + c.token}}, body)
}

// ids are those of the vendor, by type and name.
func (c *client) ids() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, x := range c.get(http.StatusOK, "/devices")["payload"].([]any) {
		d := x.(map[string]any)
		all[d["type"].(string)+" "+d["deviceName"].(string)] = d["deviceId"].(string)
		if _, has := d["batteryLevel"]; has != (d["type"] == "Lock") {
			c.t.Errorf("a %v tells a battery: %v", d["type"], has)
		}
	}
	return all
}

func TestTokens(t *testing.T) {
	c := start(t, igloohome.Habits{TokenFor: 3600})
	if said := c.signIn("igloohomeapi/get-devices igloohomeapi/algopin-permanent", http.StatusBadRequest); said["error"] != "invalid_scope" {
		t.Errorf("a scope that is not owned: %v", said)
	}
	all := c.token
	c.token = c.signIn("igloohomeapi/get-devices", http.StatusOK)["access_token"].(string)
	lock := c.ids()["Lock front"]
	c.post(http.StatusForbidden, "/devices/"+lock+"/algopin/hourly", `{}`)
	c.get(http.StatusForbidden, "/jobs/none")
	c.token = "forged"
	c.get(http.StatusUnauthorized, "/devices")
	c.token = all
	c.leap.Pass(time.Hour)
	c.get(http.StatusUnauthorized, "/devices")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic bm9ib2R5OnM="}}
	c.ask(http.StatusUnauthorized, http.MethodPost, "/oauth2/token", form, "grant_type=client_credentials")
}

func TestAlgorithmicPINs(t *testing.T) {
	c := start(t, igloohome.Habits{})
	id := c.ids()["Lock shed"]
	path := "/devices/" + id + "/algopin/"
	body := func(variance int, start, end string) string {
		return `{"variance":` + strconv.Itoa(variance) + `,"startDate":"` + start + `","endDate":"` + end + `","accessName":"Guest"}`
	}
	const from, to = "2031-03-28T09:00:00+01:00", "2031-03-28T12:00:00+01:00" // the current hour is taken
	seen := map[any]bool{}
	for variance := 1; variance <= 3; variance++ {
		one := c.post(http.StatusOK, path+"hourly", body(variance, from, to))
		if again := c.post(http.StatusOK, path+"hourly", body(variance, from, to)); again["pin"] != one["pin"] || again["pinId"] != one["pinId"] {
			t.Error("the same window and variance give another PIN")
		}
		seen[one["pin"]] = true
	}
	if len(seen) != 3 {
		t.Errorf("three variances give %d PINs", len(seen))
	}
	for name, x := range map[string][2]string{
		"variance":   {"hourly", body(4, from, to)},
		"zone as Z":  {"hourly", body(1, "2031-03-28T10:00:00Z", to)},
		"half past":  {"hourly", body(1, "2031-03-28T10:30:00+01:00", to)},
		"past":       {"hourly", body(1, "2031-03-28T08:00:00+01:00", to)},
		"29 days":    {"hourly", body(1, from, "2031-04-27T09:00:00+01:00")},
		"a week":     {"daily", body(1, from, "2031-04-04T09:00:00+02:00")},
		"other time": {"daily", body(1, from, "2031-05-28T10:00:00+02:00")},
		"two years":  {"daily", body(1, from, "2033-03-28T09:00:00+02:00")},
		"no name":    {"onetime", `{"variance":1,"startDate":"` + from + `"}`},
		"no JSON":    {"onetime", `variance=1`},
	} {
		if said := c.post(http.StatusBadRequest, path+x[0], x[1]); said["message"] == "" {
			t.Errorf("%s: %v", name, said)
		}
	}
	// Summer time begins in between: equal times of the day are not a whole number of days apart.
	c.post(http.StatusOK, path+"daily", body(1, from, "2031-05-28T09:00:00+02:00"))
	c.post(http.StatusOK, path+"onetime", body(5, from, ""))
}

func TestJobs(t *testing.T) {
	c := start(t, igloohome.Habits{})
	ids := c.ids()
	front, bridge := ids["Lock front"], ids["Bridge Bridge bridge"]
	if ids["Keypad Keypad of front"] == "" {
		t.Errorf("the devices are %v", ids)
	}
	path := "/devices/" + front + "/jobs/bridges/" + bridge
	over := func(id any) (status any) {
		c.leap.Pass(time.Minute)
		said := c.get(http.StatusOK, "/jobs/"+id.(string))
		if said["completed"] != true {
			t.Errorf("a minute later: %v", said)
		}
		return said["jobResponse"].(map[string]any)["jobStatus"]
	}
	pin := `{"jobType":4,"jobData":{"accessName":"ac-7f3","pin":"482915","pinType":4,"startDate":"2031-03-28T14:30:00+00:00","endDate":"2031-03-29T10:00:00+00:00"}}`
	made := c.post(http.StatusCreated, path, pin)
	said := c.get(http.StatusOK, "/jobs/"+made["jobId"].(string))
	if said["completed"] != false || said["jobType"] != "4" {
		t.Errorf("at first: %v", said)
	}
	if status := over(made["jobId"]); status != 0.0 {
		t.Errorf("in the end: %v", status)
	}
	if status := over(c.post(http.StatusCreated, path, pin)["jobId"]); status != 2.0 {
		t.Errorf("the same digits again: %v", status)
	}
	for kind, tells := range map[string]string{"9": "batteryLevel", "10": "deviceStatus", "15": "logs"} {
		made := c.post(http.StatusCreated, path, `{"jobType":`+kind+`,"jobData":null}`)
		c.leap.Pass(time.Minute)
		if said := c.get(http.StatusOK, "/jobs/"+made["jobId"].(string)); said["jobResponse"].(map[string]any)[tells] == nil {
			t.Errorf("job %s: %v", kind, said)
		}
	}
	if status := over(c.post(http.StatusCreated, path, `{"jobType":5,"jobData":{"pin":"482915"}}`)["jobId"]); status != 0.0 {
		t.Errorf("erased: %v", status)
	}
	for name, body := range map[string]string{
		"type": `{"jobType":3}`, "PIN": strings.Replace(pin, "482915", "482", 1), "past": strings.Replace(pin, "T14:30", "T04:30", 1),
		"end before start": strings.Replace(pin, "03-29", "03-27", 1), "Z": strings.Replace(pin, "14:30:00+00:00", "14:30:00Z", 1), "kind": strings.Replace(pin, `pinType":4`, `pinType":9`, 1),
	} {
		if said := c.post(http.StatusBadRequest, path, body); said["message"] == "" {
			t.Errorf("%s: %v", name, said)
		}
	}
	c.post(http.StatusBadRequest, "/devices/"+ids["Lock shed"]+"/jobs/bridges/"+bridge, pin)
	c.post(http.StatusNotFound, "/devices/"+front+"/jobs/bridges/none", pin)
	c.get(http.StatusNotFound, "/jobs/none")
}

// A cloud that says yes and forgets calls the job done, and the lock has never heard of it.
func TestAJobThatIsForgotten(t *testing.T) {
	c := start(t, igloohome.Habits{})
	ids := c.ids()
	if err := c.leap.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(sim.Fault{On: "house", Kind: "ok-but-lost"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	made := c.post(http.StatusCreated, "/devices/"+ids["Lock front"]+"/jobs/bridges/"+ids["Bridge Bridge bridge"],
		`{"jobType":4,"jobData":{"accessName":"x","pin":"482915","pinType":2,"startDate":"2031-03-28T14:30:00+00:00"}}`)
	c.leap.Pass(time.Minute)
	if said := c.get(http.StatusOK, "/jobs/"+made["jobId"].(string)); said["completed"] != true {
		t.Errorf("the job is %v", said)
	}
	if err := c.leap.Do(func(f *sim.Fleet) error {
		if held := f.Memory(lock.DeviceID("front")); len(held) != 0 {
			t.Errorf("the lock holds %d codes", len(held))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
