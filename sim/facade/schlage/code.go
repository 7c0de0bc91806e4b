package schlage

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

const (
	fewestDigits = 4
	mostDigits   = 8
	forever      = math.MaxUint32 // as an expiration
	exists       = "Access code already exists"
	badSchedule  = "Invalid access code schedule"

	appears = time.Second     // before a new code is listed
	lingers = 3 * time.Second // the name and the digits of a deleted code are still taken
)

// codeJSON is an access code, in both directions. The digits are a number, so that zeros in front are lost; masked, they are text.
type codeJSON struct {
	ID         string    `json:"accesscodeId,omitempty"`
	Name       string    `json:"friendlyName"`
	Code       any       `json:"accessCode"`
	Length     int       `json:"accessCodeLength"`
	Notify     *int      `json:"notificationEnabled,omitempty"`
	Disabled   int       `json:"disabled"`
	Activation int64     `json:"activationSecs"`
	Expiration int64     `json:"expirationSecs"`
	Schedule1  schedule  `json:"schedule1"`
	Schedule2  *schedule `json:"schedule2,omitempty"`
}

// codeID is the id of what the fleet knows by ref.
func codeID(d *door, ref lock.Ref) string { return uuid(d.id, "code", string(ref)) }

func toJSON(d *door, h lock.Held) codeJSON {
	x := codeJSON{ID: codeID(d, h.Ref), Name: h.Name, Code: "****", Length: h.PIN.Len(), Expiration: forever, Schedule1: always()}
	if n, err := strconv.Atoi(h.PIN.Reveal()); err == nil {
		x.Code = n
	}
	if !h.Enabled {
		x.Disabled = 1
	}
	if w := d.weeks[h.Ref]; w != nil {
		x.Schedule1, x.Schedule2, h.Window = w.first, w.second, w.within
	}
	if !h.Window.From.IsZero() {
		x.Activation = h.Window.From.Unix()
	}
	if h.Window.Bounded() {
		x.Expiration = h.Window.To.Unix()
	}
	return x
}

// held is what the list shows: the cloud's copy, without what is too new, and with what a lock has taken without its answer having come
// through, which it tells of later.
func (c *Cloud) held(d *door, o lock.Observation) []lock.Held {
	now := c.fleet.Now()
	all := slices.DeleteFunc(slices.Clone(o.Held), func(h lock.Held) bool {
		born, ok := d.born[h.Ref]
		if ok && !now.Before(born.Add(appears)) {
			delete(d.born, h.Ref)
			ok = false
		}
		return ok
	})
	if o.Reach != lock.Reached {
		return all
	}
	for _, m := range c.fleet.Memory(d.of.ID) {
		known := slices.ContainsFunc(o.Held, func(h lock.Held) bool { return h.Ref == m.Ref })
		if !known && slices.Contains(d.lost, m.Name) {
			all = append(all, lock.Held{Ref: m.Ref, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled})
		}
	}
	return all
}

func (c *Cloud) listCodes(r *request) {
	c.look(r, r.door, func(o lock.Observation) {
		all := []codeJSON{}
		for _, h := range c.held(r.door, o) {
			all = append(all, toJSON(r.door, h))
		}
		r.json(all)
	})
}

// command is what the lock is told, and waited for.
func (c *Cloud) command(r *request) {
	var in struct {
		Name string
		Data json.RawMessage
	}
	if json.Unmarshal(r.Body, &in) != nil {
		r.refuse(http.StatusBadRequest, "Invalid request body")
		return
	}
	switch in.Name {
	case "addaccesscode":
		c.write(r, in.Data, false)
	case "updateaccesscode":
		c.write(r, in.Data, true)
	case "deleteaccesscode":
		c.delete(r, in.Data)
	case "changelockstate":
		c.change(r, in.Data)
	default:
		r.refuse(http.StatusBadRequest, "Invalid command")
	}
}

func (c *Cloud) change(r *request, data json.RawMessage) {
	var in struct {
		CAT   string
		State *int
	}
	if json.Unmarshal(data, &in) != nil || in.CAT != "cat-"+r.door.id || in.State == nil || *in.State < stateOpen || *in.State > stateLocked {
		r.refuse(http.StatusBadRequest, "Invalid data")
		return
	}
	c.look(r, r.door, func(o lock.Observation) {
		if o.Reach != lock.Reached {
			r.refuse(http.StatusGatewayTimeout, timedOut)
			return
		}
		c.move(r.door, *in.State == stateLocked)
		r.json(map[string]any{})
	})
}

// read makes a credential of an access code, or says what is wrong with it.
func read(data json.RawMessage) (codeJSON, lock.Credential, string) {
	var x codeJSON
	if err := json.Unmarshal(data, &x); err != nil {
		return x, lock.Credential{}, "Invalid access code"
	}
	n, ok := x.Code.(float64)
	switch {
	case x.Name == "":
		return x, lock.Credential{}, "Invalid friendlyName"
	case !ok || n != math.Trunc(n) || n < 0 || x.Length < fewestDigits || x.Length > mostDigits || n >= math.Pow10(x.Length):
		return x, lock.Credential{}, "Invalid accessCode"
	case x.Disabled != 0 && x.Disabled != 1, x.Activation < 0, x.Expiration > forever, x.Expiration <= x.Activation:
		return x, lock.Credential{}, badSchedule
	case !x.Schedule1.good() || x.Schedule2 != nil && !x.Schedule2.good():
		return x, lock.Credential{}, badSchedule
	}
	pin, err := lock.ParsePIN(fmt.Sprintf("%0*d", x.Length, int64(n)))
	if err != nil {
		return x, lock.Credential{}, "Invalid accessCode"
	}
	want := lock.Credential{Name: x.Name, PIN: pin, Enabled: x.Disabled == 0}
	if x.Activation > 0 {
		want.Window.From = time.Unix(x.Activation, 0).UTC()
	}
	if x.Expiration < forever {
		want.Window.To = time.Unix(x.Expiration, 0).UTC()
	}
	return x, want, ""
}

func (c *Cloud) write(r *request, data json.RawMessage, update bool) {
	x, want, wrong := read(data)
	if wrong != "" {
		r.refuse(http.StatusBadRequest, wrong)
		return
	}
	c.look(r, r.door, func(o lock.Observation) { c.store(r, x, want, update, o) })
}

// store has the lock take a code, in place of the one with its id or as another.
func (c *Cloud) store(r *request, x codeJSON, want lock.Credential, update bool, o lock.Observation) {
	d := r.door
	var at lock.Ref
	held := c.held(d, o)
	others := held
	if update {
		mine := func(ref lock.Ref) bool { return codeID(d, ref) == x.ID }
		memory := c.fleet.Memory(d.of.ID) // which the cloud knows, also while its list lags behind
		i := slices.IndexFunc(held, func(h lock.Held) bool { return mine(h.Ref) })
		n := slices.IndexFunc(memory, func(m sim.Memory) bool { return mine(m.Ref) })
		switch {
		case i >= 0:
			at = held[i].Ref
			others = slices.Delete(slices.Clone(held), i, i+1)
		case n >= 0:
			at = memory[n].Ref
		default:
			r.refuse(http.StatusNotFound, "Access code not found")
			return
		}
	}
	freed, just := d.freed[x.Name]
	switch {
	case slices.ContainsFunc(others, func(h lock.Held) bool { return h.Name == x.Name }), just && c.fleet.Now().Before(freed.Add(lingers)):
		r.refuse(http.StatusBadRequest, exists)
		return
	case len(others) > 0 && x.Length != c.length(d):
		r.refuse(http.StatusBadRequest, "Invalid accessCodeLength")
		return
	}
	w := weekOf(&x, want.Window)
	if w != nil {
		want.Window = w.turn(c.fleet.Now(), d.of.Traits.Zone)
	}
	c.tryCall(r, sim.Call{Verb: "set", Device: d.of.ID, Want: want, At: at}, func(result sim.Result) {
		d.lost = slices.DeleteFunc(d.lost, func(name string) bool { return name == x.Name })
		ref := result.Held.Ref
		delete(d.weeks, ref)
		if w != nil {
			d.weeks[ref] = w
			c.follow(d, ref, w, want.Window)
		}
		if at == "" {
			d.born[ref] = c.fleet.Now()
			d.note(event{c.fleet.Now(), codeAdded, codeID(d, ref)})
		}
		written := func() { r.json(map[string]string{"accesscodeId": codeID(d, ref)}) }
		if at == "" || ref == at {
			written()
			return
		}
		// The lock had lost the code and has written it anew: what the cloud knows of the old one goes.
		c.call(r, sim.Call{Verb: "clear", Device: d.of.ID, At: at}, func(sim.Result) { written() })
	}, func() {
		d.lost = append(slices.DeleteFunc(d.lost, func(name string) bool { return name == x.Name }), x.Name)
	})
}

func (c *Cloud) delete(r *request, data json.RawMessage) {
	var x codeJSON
	if json.Unmarshal(data, &x) != nil || x.ID == "" || x.Name == "" || x.Code == nil {
		r.refuse(http.StatusBadRequest, "Invalid access code")
		return
	}
	c.look(r, r.door, func(o lock.Observation) { c.erase(r, x.ID, o) })
}

// erase has the lock forget a code.
func (c *Cloud) erase(r *request, id string, o lock.Observation) {
	d := r.door
	held := c.held(d, o)
	i := slices.IndexFunc(held, func(h lock.Held) bool { return codeID(d, h.Ref) == id })
	if i < 0 {
		r.refuse(http.StatusNotFound, "Access code not found")
		return
	}
	c.call(r, sim.Call{Verb: "clear", Device: d.of.ID, At: held[i].Ref}, func(sim.Result) {
		now := c.fleet.Now()
		d.note(event{now, codeDeleted, id})
		delete(d.weeks, held[i].Ref)
		for name, at := range d.freed {
			if now.Sub(at) > lingers {
				delete(d.freed, name)
			}
		}
		d.freed[held[i].Name] = now
		r.json(map[string]any{})
	})
}

// note is a notification: whether somebody is told when a code opens.
type note struct {
	ID         string `json:"notificationId"`
	Type       string `json:"devicetypeId"`
	Definition string `json:"notificationDefinitionId"`
	Active     bool   `json:"active"`
	Filter     string `json:"filterValue"`
	User       string `json:"userId"`
	Device     string `json:"deviceId"`
	Created    string `json:"createdAt"`
	Updated    string `json:"updatedAt"`
}

func (c *Cloud) listNotes(r *request) {
	c.reach(r, func() {
		all := []*note{}
		for _, n := range c.notes {
			if r.door == nil || n.Device == r.door.id {
				all = append(all, n)
			}
		}
		slices.SortFunc(all, func(x, y *note) int { return strings.Compare(x.ID, y.ID) })
		r.json(all)
	})
}

func (c *Cloud) writeNote(r *request) {
	n := &note{}
	if json.Unmarshal(r.Body, n) != nil || n.ID == "" || n.Definition == "" || r.door == nil {
		r.refuse(http.StatusBadRequest, "Invalid notification")
		return
	}
	c.reach(r, func() {
		before := c.notes[n.ID]
		switch {
		case c.NotesFail:
			r.refuse(http.StatusInternalServerError, "Internal server error")
			return
		case before == nil && r.Method == http.MethodPut:
			r.refuse(http.StatusNotFound, "Notification not found")
			return
		}
		n.User, n.Device, n.Updated, n.Created = c.owner().Identity, r.door.id, stamp(c.fleet.Now()), stamp(c.fleet.Now())
		if before != nil {
			n.Created = before.Created
		}
		c.notes[n.ID] = n
		r.json(n)
	})
}

func (c *Cloud) deleteNote(r *request) {
	c.reach(r, func() {
		if c.notes[r.id] == nil {
			r.refuse(http.StatusNotFound, "Notification not found")
			return
		}
		delete(c.notes, r.id)
		r.json(map[string]any{})
	})
}
