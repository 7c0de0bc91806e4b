package igloohome

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Jobs: what a bridge is to do at one of its locks. A bridge does one at a time, in order, and is heard of only when somebody asks for
// the job.

// The types of jobs.
const (
	jobLock       = 1
	jobUnlock     = 2
	jobCreatePIN  = 4
	jobDeletePIN  = 5
	jobBattery    = 9
	jobStatus     = 10
	jobActivities = 15
)

// The types of PINs.
const (
	pinForever  = 2
	pinDuration = 4
)

// The states of a job that is over.
const (
	statusDone   = 0
	statusFailed = 2
)

const (
	mostPending = 20               // jobs that a bridge holds
	eachAtLeast = 3 * time.Second  // that it takes for one
	eachAtMost  = 15 * time.Second //
	tellsWithin = 30 * time.Second // a lock that says nothing for so long has failed
	asksAgain   = 15 * time.Second // a cloud that can't reach the bridge
	logLines    = 50
)

type job struct {
	id     string
	kind   int
	door   *door
	want   lock.Credential
	ends   time.Time
	over   bool
	failed bool
	lost   bool // the cloud has forgotten to pass it on
	answer map[string]any
}

// jobScope is the beginning of the scope that a job of the type needs; "": there is no such type.
func jobScope(kind int) string {
	return map[int]string{
		jobLock: "lock", jobUnlock: "unlock", jobCreatePIN: "create-pin", jobDeletePIN: "delete-pin", jobBattery: "get-battery-level",
		jobStatus: "get-device-status", jobActivities: "get-activity-logs",
	}[kind]
}

func (c *Cloud) createJob(r *request) {
	var in struct {
		JobType int             `json:"jobType"`
		JobData json.RawMessage `json:"jobData"`
	}
	bad := func(why string) { r.reply(c.fault(http.StatusBadRequest, why)) }
	scope := ""
	if json.Unmarshal(r.Body, &in) == nil {
		scope = jobScope(in.JobType)
	}
	may, _ := c.bearer(r.Header)
	switch {
	case scope == "":
		bad("'jobType' is not valid")
		return
	case !slices.Contains(may, scope+"-bridge-proxied-job"):
		r.reply(c.fault(http.StatusForbidden, "Forbidden"))
		return
	case r.door.bridge != r.bridge:
		bad("the device is not linked to this bridge")
		return
	}
	j := &job{kind: in.JobType, door: r.door, answer: map[string]any{}}
	verb := "observe"
	switch in.JobType {
	case jobCreatePIN:
		verb = "set"
		if why := c.readPIN(in.JobData, j); why != "" {
			bad(why)
			return
		}
	case jobDeletePIN:
		verb = "clear"
		var data struct{ PIN string }
		pin, err := lock.PIN{}, json.Unmarshal(in.JobData, &data)
		if err == nil {
			pin, err = lock.ParsePIN(data.PIN)
		}
		if err != nil {
			bad("'pin' is not valid")
			return
		}
		j.want.PIN = pin
	}
	if c.Habits.RefusesAway && c.fleet.Reach(r.door.of.ID) == lock.HubDown {
		r.reply(c.fault(cmp.Or(c.Habits.Busy, http.StatusBadRequest), "the bridge is offline"))
		return
	}
	c.enter(r, r.door, verb, func(lost bool) facade.Reply {
		if len(r.bridge.queue) >= mostPending {
			return c.fault(cmp.Or(c.Habits.Busy, http.StatusBadRequest), "too many pending jobs")
		}
		c.made++
		j.id = uuid(fmt.Sprint("job ", c.account, c.made))
		j.ends, j.lost = c.fleet.Now().Add(cmp.Or(c.Habits.JobFor.Span(), 10*time.Minute)), lost
		c.jobs[j.id] = j
		r.bridge.queue = append(r.bridge.queue, j)
		c.work(r.bridge, effort(j))
		return facade.JSON(cmp.Or(c.Habits.Created, http.StatusCreated), map[string]string{"jobId": j.id})
	})
}

// readPIN reads what a PIN is to be; "": it is good.
func (c *Cloud) readPIN(text []byte, j *job) string {
	var in struct {
		AccessName string `json:"accessName"`
		PIN        string `json:"pin"`
		PINType    int    `json:"pinType"`
		StartDate  string `json:"startDate"`
		EndDate    string `json:"endDate"`
	}
	if json.Unmarshal(text, &in) != nil {
		return "'jobData' is not valid"
	}
	pin, err := lock.ParsePIN(in.PIN)
	if err != nil || len(in.PIN) < 4 || len(in.PIN) > 10 {
		return "'pin' must have 4 to 10 digits"
	}
	if in.AccessName == "" || len(in.AccessName) > nameMax {
		return "'accessName' is not valid"
	}
	var w lock.Window
	if w.From, err = time.Parse("2006-01-02T15:04:05-07:00", in.StartDate); err != nil || w.From.Before(c.fleet.Now()) {
		return "'startDate' must be a time that is not past"
	}
	switch in.PINType {
	case pinForever:
	case pinDuration:
		if w.To, err = time.Parse("2006-01-02T15:04:05-07:00", in.EndDate); err != nil || !w.To.After(w.From) {
			return "'endDate' must be a time after 'startDate'"
		}
	default:
		return "'pinType' is not valid"
	}
	j.want = lock.Credential{Name: in.AccessName, PIN: pin, Enabled: true, Window: w.UTC()}
	return ""
}

func uuid(name string) string {
	h := hexID(name)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// effort is how long a bridge takes for a job, the same for the same job.
func effort(j *job) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(j.id))
	return eachAtLeast + time.Duration(h.Sum32()%1000)*(eachAtMost-eachAtLeast)/1000
}

// work lets a bridge turn to its next job after a while, unless it is at one.
func (c *Cloud) work(b *bridge, after time.Duration) {
	if b.busy || len(b.queue) == 0 {
		return
	}
	b.busy = true
	c.fleet.After(after, func() { c.try(b) })
}

// try does the first job of a bridge.
func (c *Cloud) try(b *bridge) {
	j := b.queue[0]
	if !c.fleet.Now().Before(j.ends) {
		c.end(b, false)
		return
	}
	if j.lost {
		c.end(b, true)
		return
	}
	call := sim.Call{Verb: "observe", Device: j.door.of.ID, Passed: true, Deadline: c.fleet.Now().Add(tellsWithin)}
	missing := false
	switch j.kind {
	case jobCreatePIN:
		call.Verb, call.Want = "set", j.want
	case jobDeletePIN:
		// The bridge tells the lock the digits; the fleet knows codes by their handles.
		held := c.fleet.Memory(j.door.of.ID)
		i := slices.IndexFunc(held, func(m sim.Memory) bool { return m.PIN == j.want.PIN })
		call.Verb, call.At = "clear", "none"
		if missing = i < 0; !missing {
			call.At = held[i].Ref
		}
	}
	c.fleet.Call(call, func(x sim.Result) {
		unheard := x.Observation.Reach == lock.HubDown || x.Err != nil && (x.Err.Vendor == "hub_offline" || x.Err.Vendor == "queue_full")
		switch {
		case unheard:
			b.busy = false
			c.work(b, asksAgain)
		case x.Err != nil || x.Observation.Reach == lock.LockDown:
			c.end(b, false)
		default:
			c.learn(j)
			c.end(b, !missing || !c.Habits.MissingFail)
		}
	})
}

// end takes the first job off a bridge's queue.
func (c *Cloud) end(b *bridge, done bool) {
	j := b.queue[0]
	j.over, j.failed = true, !done
	b.queue, b.busy = slices.Delete(b.queue, 0, 1), false
	if len(b.queue) > 0 {
		c.work(b, effort(b.queue[0]))
	}
}

// learn keeps what a lock has told its bridge.
func (c *Cloud) learn(j *job) {
	j.door.charge = c.fleet.Charge(j.door.of.ID)
	switch j.kind {
	case jobBattery:
		j.answer["batteryLevel"] = int(math.Round(j.door.charge * 100))
	case jobStatus:
		j.answer["deviceStatus"] = "online"
	case jobActivities:
		lines := []map[string]any{}
		log := c.fleet.Log(j.door.of.ID)
		for _, e := range log[max(0, len(log)-logLines):] {
			lines = append(lines, map[string]any{"id": e.ID, "timestamp": e.At.UTC().Format(time.RFC3339), "type": string(e.Kind)})
		}
		j.answer["logs"] = lines
	}
}

func (c *Cloud) showJob(r *request) {
	j := c.jobs[r.id]
	if j == nil {
		r.reply(c.fault(http.StatusNotFound, "Job not found"))
		return
	}
	c.enter(r, j.door, "observe", func(bool) facade.Reply {
		response := map[string]any{}
		if j.over {
			maps.Copy(response, j.answer)
			response["jobStatus"] = statusDone
			if j.failed {
				response["jobStatus"] = statusFailed
			}
		}
		return facade.JSON(http.StatusOK, map[string]any{
			"jobId": j.id, "expiryDate": j.ends.UTC().Format("2006-01-02T15:04:05.000Z"), "completed": j.over, "jobType": strconv.Itoa(j.kind), "jobResponse": response,
		})
	})
}
