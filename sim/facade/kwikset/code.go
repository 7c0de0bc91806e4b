package kwikset

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// job is a write that the cloud has taken for a lock.
type job struct {
	door   *door
	at     time.Time
	slot   int // that the lock has told; 0: none, and none is told of a deletion
	delete bool
	asked  int
}

const (
	firstPass = time.Second     // before the cloud turns to the lock
	lastPass  = 9 * time.Second // at the latest
	tokenFor  = 2 * time.Hour   // that a job is known
	jobsKept  = 1000
)

func ok(v any) facade.Reply { return facade.JSON(http.StatusOK, v) }

// packet reads the body of a write.
func packet(r *request) ([]byte, bool) {
	var in struct{ Message string }
	if json.Unmarshal(r.Body, &in) != nil {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(in.Message)
	return b, err == nil && len(b) > 0
}

// take answers a write with its token, and does it later; never, if the cloud has lost it by then.
func (c *Cloud) take(r *request, verb string, j *job, do func()) {
	d := r.door
	c.taken++
	n := c.taken
	token := hexID(d.id, "job", strconv.Itoa(n))
	c.reach(r, sim.Call{Verb: verb}, func() {
		wait := firstPass + time.Duration(n*2999%int(lastPass/time.Millisecond))*time.Millisecond
		c.fleet.After(wait, do)
	}, func() {
		j.at = c.fleet.Now()
		c.forget()
		c.jobs[token] = j
		r.data([]map[string]any{{"token": token, "lastupdatestatus": c.fleet.Now().Unix()}})
	})
}

// forget drops jobs that are too old to be asked for, and all if there are too many.
func (c *Cloud) forget() {
	for token, j := range c.jobs {
		if c.fleet.Now().Sub(j.at) > tokenFor {
			delete(c.jobs, token)
		}
	}
	if len(c.jobs) >= jobsKept {
		clear(c.jobs)
	}
}

// create has the lock take a code. What the lock refuses nobody is ever told.
func (c *Cloud) create(r *request) {
	b, good := packet(r)
	if !good {
		r.refuse(http.StatusBadRequest, "Invalid request body")
		return
	}
	want, back, why := codeOf(b, r.door.zone, c.fleet.Now(), c.DateRanges == daily)
	if why != "" {
		r.refuse(http.StatusBadRequest, "Invalid message: "+why)
		return
	}
	j := &job{door: r.door}
	c.take(r, "set", j, func() {
		if c.refuses(j.door, want) {
			return
		}
		if back != nil {
			want.Window = lock.Window{} // until the lock holds it
		}
		c.fleet.Call(sim.Call{Verb: "set", Device: j.door.of.ID, Want: want, Passed: true}, func(x sim.Result) {
			if x.Err != nil {
				return
			}
			for _, m := range c.fleet.Memory(j.door.of.ID) {
				if m.Ref == x.Held.Ref {
					j.slot = m.Slot
				}
			}
			if back != nil {
				facade.Turn(c.fleet, j.door.of.ID, x.Held.Ref, back.Next)
			}
		})
	})
}

// refuses reports whether the lock keeps quiet about a code: its digits begin as no code's may, or as those of another, or its start has passed.
func (c *Cloud) refuses(d *door, want lock.Credential) bool {
	for _, m := range c.fleet.Memory(d.of.ID) {
		if have := m.PIN.Reveal(); len(have) >= 4 && have[:4] == want.PIN.Reveal()[:4] {
			return true
		}
	}
	return strings.HasPrefix(want.PIN.Reveal(), "999999") || !want.OneTime && !want.Window.IsZero() && !want.Window.From.After(c.fleet.Now())
}

// delete has the lock erase whatever is in a slot.
func (c *Cloud) delete(r *request) {
	b, good := packet(r)
	slot, fine := slotOf(b)
	if !good || !fine {
		r.refuse(http.StatusBadRequest, "Invalid message")
		return
	}
	j := &job{door: r.door, delete: true}
	c.take(r, "clear", j, func() {
		for _, m := range c.fleet.Memory(j.door.of.ID) {
			if m.Slot == slot {
				c.fleet.Call(sim.Call{Verb: "clear", Device: j.door.of.ID, At: m.Ref, Passed: true}, func(sim.Result) {})
			}
		}
	})
}

// confirm tells the slot that a code was given. Of a deletion it tells nothing, in two ways.
func (c *Cloud) confirm(r *request) {
	c.look(r, func() {
		j := c.jobs[r.id]
		if j != nil {
			j.asked++
		}
		switch {
		case j == nil || j.door != r.door || c.fleet.Now().Sub(j.at) > tokenFor, j.delete && j.asked%2 == 0:
			r.refuse(http.StatusNotFound, "TOKEN_NOT_FOUND")
		case j.slot == 0:
			r.reply(ok(map[string]string{"message": ""}))
		default:
			r.reply(ok(map[string]string{"message": hex.EncodeToString([]byte{recordSlot, 1, byte(j.slot)})}))
		}
	})
}
