// Package igloohome speaks igloohome's API for simulated locks: without it the driver for these locks could be tried with a
// customer's credentials, a bridge and a real door only. It is written from what is known of the vendor's API, apart from the driver.
package igloohome

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Cloud is one account.
type Cloud struct {
	Habits Habits

	fleet   *sim.Fleet
	account lock.AccountID
	tokens  map[string]token
	doors   []*door
	bridges []*bridge
	jobs    map[string]*job
	issued  map[string]lock.Held // algorithmic codes, by lock, kind, window and variance
	made    int                  // jobs and tokens ever
}

var (
	_ facade.Cloud    = (*Cloud)(nil)
	_ facade.Habitual = (*Cloud)(nil)
)

// Habits are what nobody outside knows for sure of the vendor. Zero values are what most clients have seen.
type Habits struct {
	Created     int            `json:"created"`      // status of a job that is taken; 0: 201
	Refused     int            `json:"refused"`      // status of a token that is not valid; 0: 401
	BadClient   int            `json:"bad_client"`   // status of a client that is not known; 0: 401
	Busy        int            `json:"busy"`         // status of a job that a bridge has no room for; 0: 400
	Errors      string         `json:"errors"`       // "error": {"error"}; "code": {"status", "code", "message"}; else {"message"}
	NullCursor  bool           `json:"null_cursor"`  // the last page has a null cursor, instead of an empty one
	Wrapped     bool           `json:"wrapped"`      // a single device comes in a payload
	TokenFor    facade.Seconds `json:"token_for"`    // 0: a day
	Page        int            `json:"page"`         // devices on a page, unless the request says; 0: 20
	JobFor      facade.Seconds `json:"job_for"`      // how long a job waits for its bridge; 0: 10 min
	RefusesAway bool           `json:"refuses_away"` // a job for a bridge that is out of reach is refused at once
	MissingFail bool           `json:"missing_fail"` // erasing a PIN that the lock does not have is a failure
}

func (h *Habits) check() error {
	status := func(field string, is, least int) error {
		if is == 0 {
			return nil
		}
		return facade.Within(field, is, least, least+99)
	}
	return errors.Join(
		status("created", h.Created, 200), status("refused", h.Refused, 400), status("bad_client", h.BadClient, 400), status("busy", h.Busy, 400),
		facade.Among("errors", []string{h.Errors}, "", "error", "code", "message"), facade.Within("token_for", h.TokenFor, 0, 86400*365),
		facade.Within("page", h.Page, 0, 1000), facade.Within("job_for", h.JobFor, 0, 86400),
	)
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, (*Habits).check)
}

// door is a lock as the cloud knows it.
type door struct {
	id     string
	of     lock.Device
	bridge *bridge // nil: none
	charge float64 // when it was last asked
}

// bridge stands between the cloud and at most five locks, and does one job at a time.
type bridge struct {
	id, name string
	doors    []*door
	queue    []*job
	busy     bool
}

// perBridge is how many locks a bridge serves.
const perBridge = 5

// New puts the igloohome locks of an account of the fleet behind the API. One without a hub has a bridge of its own, and one that takes
// algorithmic codes only has none.
func New(f *sim.Fleet, account lock.AccountID) (*Cloud, error) {
	c := &Cloud{fleet: f, account: account, tokens: map[string]token{}, jobs: map[string]*job{}, issued: map[string]lock.Held{}}
	seen := map[string]lock.DeviceID{}
	open := map[lock.HubID]*bridge{} // that has room
	for _, d := range f.Devices() {
		if d.Account != account || d.System != "igloohome" && !d.Traits.OfflineOnly {
			continue
		}
		x := &door{id: "SP2X" + digits(string(d.ID)), of: d, charge: f.Charge(d.ID)}
		if before, ok := seen[x.id]; ok {
			return nil, fmt.Errorf("locks %s and %s get the same id: call one of them something else", d.ID, before)
		}
		seen[x.id] = d.ID
		c.doors = append(c.doors, x)
		if d.Traits.OfflineOnly {
			continue
		}
		b := open[d.Hub]
		if b == nil || d.Hub == "" {
			b = &bridge{id: "EB1X" + digits(string(d.Hub)+"/"+string(d.ID)), name: "Bridge " + cmp.Or(string(d.Hub), string(d.ID))}
			open[d.Hub] = b
			c.bridges = append(c.bridges, b)
		}
		x.bridge, b.doors = b, append(b.doors, x)
		if len(b.doors) == perBridge {
			delete(open, d.Hub)
		}
	}
	return c, nil
}

// digits are eight hexadecimal ones that follow from a name.
func digits(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("%08x", h.Sum32())
}

// Push implements facade.Cloud: the vendor tells its partners alone.
func (c *Cloud) Push(lock.DeviceID) []facade.Post { return nil }

// request is a Request whose path was understood.
type request struct {
	facade.Request
	door   *door
	bridge *bridge
	id     string
	reply  func(facade.Reply)
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.doors {
		if d.of.ID == id {
			return d.id
		}
	}
	return ""
}

type endpoint struct {
	method, path string
	scope        string
	serve        func(*Cloud, *request)
}

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "devices", "get-devices", (*Cloud).listDevices},
		{http.MethodGet, "devices/{id}", "get-devices", (*Cloud).showDevice},
		{http.MethodPost, "devices/{lock}/algopin/onetime", "algopin-onetime", (*Cloud).oneTime},
		{http.MethodPost, "devices/{lock}/algopin/hourly", "algopin-hourly", (*Cloud).hourly},
		{http.MethodPost, "devices/{lock}/algopin/daily", "algopin-daily", (*Cloud).daily},
		{http.MethodPost, "devices/{lock}/jobs/bridges/{bridge}", "", (*Cloud).createJob},
		{http.MethodGet, "jobs/{id}", "get-job-status", (*Cloud).showJob},
		{http.MethodGet, "properties", "get-properties", (*Cloud).listProperties},
	}
}

// Serve implements facade.Cloud.
func (c *Cloud) Serve(r facade.Request, reply func(facade.Reply)) {
	x := &request{Request: r, reply: reply}
	path := strings.Trim(r.Path, "/")
	if r.Method == http.MethodPost && path == "oauth2/token" {
		c.signIn(x)
		return
	}
	path, ours := strings.CutPrefix(path, "igloohome/")
	if !ours {
		reply(c.fault(http.StatusNotFound, "no such endpoint"))
		return
	}
	may, ok := c.bearer(r.Header)
	if !ok {
		reply(c.fault(cmp.Or(c.Habits.Refused, http.StatusUnauthorized), "Unauthorized"))
		return
	}
	for _, e := range endpoints() {
		found, ok := facade.Match(e.path, path)
		if !ok || e.method != r.Method {
			continue
		}
		if e.scope != "" && !slices.Contains(may, e.scope) {
			reply(c.fault(http.StatusForbidden, "Forbidden"))
			return
		}
		x.id, x.door, x.bridge = found["id"], c.door(found["lock"]), c.bridge(found["bridge"])
		if found["lock"] != "" && x.door == nil || found["bridge"] != "" && x.bridge == nil {
			reply(c.fault(http.StatusNotFound, "Device not found"))
			return
		}
		e.serve(c, x)
		return
	}
	reply(c.fault(http.StatusNotFound, "no such endpoint"))
}

func (c *Cloud) door(id string) *door {
	i := slices.IndexFunc(c.doors, func(d *door) bool { return d.id == id })
	if i < 0 {
		return nil
	}
	return c.doors[i]
}

func (c *Cloud) bridge(id string) *bridge {
	i := slices.IndexFunc(c.bridges, func(b *bridge) bool { return b.id == id })
	if i < 0 {
		return nil
	}
	return c.bridges[i]
}

// fault is an error in one of the shapes that were seen.
func (c *Cloud) fault(status int, message string) facade.Reply {
	switch c.Habits.Errors {
	case "error":
		return facade.JSON(status, map[string]string{"error": message})
	case "code":
		return facade.JSON(status, map[string]string{"status": "ERROR", "code": fmt.Sprint(status), "message": message})
	}
	return facade.JSON(status, map[string]string{"message": message})
}

// enter lets a request into the cloud, as a verb that its faults know, and answers with what then becomes of it there. An answer
// without a status means that the cloud says yes and does nothing.
func (c *Cloud) enter(r *request, d *door, verb string, then func(lost bool) facade.Reply) {
	var answer facade.Reply
	in := false
	c.fleet.Call(sim.Call{Verb: verb, Device: d.of.ID, Taken: func() { answer, in = then(false), true }}, func(x sim.Result) {
		switch {
		case x.Err != nil:
			r.reply(c.refusal(x))
		case !in:
			r.reply(then(true))
		default:
			r.reply(answer)
		}
	})
}

// refusal is the reply to a call that the fleet has failed.
func (c *Cloud) refusal(x sim.Result) facade.Reply {
	answer, why, ok := facade.Failure(x)
	switch {
	case ok:
		return answer
	case why == "token_expired":
		return c.fault(cmp.Or(c.Habits.Refused, http.StatusUnauthorized), "Unauthorized")
	}
	return c.fault(http.StatusBadRequest, why)
}
