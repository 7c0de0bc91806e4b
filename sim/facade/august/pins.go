package august

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// record is what the cloud keeps of a code besides what the fleet does.
type record struct {
	partner     string // partnerUserID; "": made in the vendor's app
	user        string
	first, last string
	access      access
	created     time.Time
	updated     time.Time
	loaded      time.Time // zero: never yet
	doing       string    // deleting, updating, disabling, enabling; "": nothing
	report      string    // where the end of the last command is told; "": nowhere
	turn        int       // grows with each change of its schedule
}

// pinJSON is a code as the API lists it.
type pinJSON struct {
	ID          string `json:"_id"`
	Type        string `json:"type"`
	LockID      string `json:"lockID"`
	UserID      string `json:"userID"`
	State       string `json:"state"`
	PIN         string `json:"pin"`
	Slot        int    `json:"slot"`
	AccessType  string `json:"accessType"`
	AccessTimes string `json:"accessTimes,omitempty"`
	Recurrence  string `json:"accessRecurrence,omitempty"`
	AccessStart string `json:"accessStartTime,omitempty"`
	AccessEnd   string `json:"accessEndTime,omitempty"`
	Created     string `json:"createdAt"`
	Updated     string `json:"updatedAt"`
	Loaded      string `json:"loadedDate"`
	First       string `json:"firstName"`
	Last        string `json:"lastName"`
	Unverified  bool   `json:"unverified"`
	Partner     string `json:"partnerUserID,omitempty"`
	Credential  string `json:"credentialType"`
}

// recordOf is what is kept of a code, also of one that somebody made in the vendor's app.
func (c *Cloud) recordOf(d *door, h lock.Held) *record {
	p := d.pins[h.Ref]
	if p == nil && d.asked[h.Tag] != nil { // the answer to who asked for it was lost, and it is there
		p = d.asked[h.Tag]
		d.pins[h.Ref] = p
		delete(d.asked, h.Tag)
	}
	if p == nil {
		first, last, _ := strings.Cut(h.Name, " ")
		now := c.fleet.Now()
		p = &record{user: uuid(d.id, "app", string(h.Ref)), first: first, last: last, created: now, updated: now, loaded: now}
		p.access = accessOf(h.Window)
		d.pins[h.Ref] = p
	}
	return p
}

// stateOf is the list in which a code of a lock stands.
func (c *Cloud) stateOf(d *door, h lock.Held) string {
	state := c.recordOf(d, h).stateOf(h, c.fleet.Now())
	if state == "loaded" && d.quirks.FallsBack {
		return "created"
	}
	return state
}

// stateOf is the list in which a code stands, where nothing is odd.
func (p *record) stateOf(h lock.Held, now time.Time) string {
	if !h.Pending && p.doing != "deleting" {
		p.doing = ""
		if p.loaded.IsZero() {
			p.loaded = now
		}
	}
	switch {
	case p.doing != "":
		return p.doing
	case h.Pending && p.loaded.IsZero():
		return "created"
	case h.Pending:
		return "updating"
	case !h.Enabled:
		return "disabled"
	}
	return "loaded"
}

// onItsWay is how long the lock may take with what the cloud has accepted.
const onItsWay = 5 * time.Minute

// held goes on with the codes of a lock. What is neither listed any more nor on the lock nor on its way there is forgotten: a list that lacks
// something is no reason to forget whose it is.
func (c *Cloud) held(r *request, then func([]lock.Held)) {
	c.look(r, r.door, func(o lock.Observation) {
		there := map[lock.Ref]bool{}
		for _, h := range o.Held {
			there[h.Ref] = true
		}
		for _, m := range c.fleet.Memory(r.door.of.ID) {
			there[m.Ref] = true
		}
		for ref, p := range r.door.pins { // nothing follows from the order
			if coming := p.loaded.IsZero() && c.fleet.Now().Sub(p.updated) < onItsWay; !there[ref] && !coming && o.Complete {
				delete(r.door.pins, ref)
			}
		}
		then(o.Held)
	})
}

func (c *Cloud) listPins(r *request) {
	c.held(r, func(held []lock.Held) {
		lists := map[string][]pinJSON{}
		for _, name := range []string{"created", "loaded", "disabled", "disabling", "enabling", "deleting", "updating"} {
			if !r.door.quirks.Sparse {
				lists[name] = []pinJSON{}
			}
		}
		for _, h := range held {
			state := c.stateOf(r.door, h)
			lists[state] = append(lists[state], c.pinJSON(r.door, h))
		}
		r.json(http.StatusOK, lists)
	})
}

func (c *Cloud) pinJSON(d *door, h lock.Held) pinJSON {
	p := c.recordOf(d, h)
	slot, _ := strconv.Atoi(strings.TrimLeft(string(h.Ref), "k"))
	x := pinJSON{
		ID: hexID(d.id, "pin", string(h.Ref))[:24], Type: "pin", LockID: d.id, UserID: p.user, State: c.stateOf(d, h), PIN: h.PIN.Reveal(), Slot: slot,
		AccessType: p.access.kind, AccessTimes: p.access.times, Recurrence: p.access.recurs, Created: stamp(p.created), Updated: stamp(p.updated),
		First: p.first, Last: p.last, Unverified: p.partner == "", Partner: p.partner, Credential: "pin",
	}
	if !p.loaded.IsZero() {
		x.Loaded = stamp(p.loaded)
	}
	if p.access.kind == temporary {
		x.AccessStart, x.AccessEnd = stamp(h.Window.From), stamp(h.Window.To)
	}
	return x
}

// reserve gives digits that no code has. Whether there is room it knows from what it has taken, also while its list lags behind.
func (c *Cloud) reserve(r *request) {
	c.held(r, func(held []lock.Held) {
		if max(len(held), len(c.fleet.Memory(r.door.of.ID))) >= r.door.capacity() {
			r.no(http.StatusConflict, "No pin is left")
			return
		}
		r.json(http.StatusOK, map[string]string{"pin": c.draw(r.door, held)})
	})
}

// draw makes digits that no code has.
func (c *Cloud) draw(d *door, held []lock.Held) string {
	for {
		c.made++
		x := hexID(d.id, "draw", strconv.Itoa(c.made))
		n, err := strconv.ParseUint(x[:12], 16, 64)
		digits := strconv.FormatUint(100000+n%900000, 10)
		if err == nil && !slices.ContainsFunc(held, func(h lock.Held) bool { return h.PIN.Reveal() == digits }) {
			return digits
		}
	}
}

// Limits of batches.
const (
	batchesAtMost = 40
	batchesWithin = 10 * time.Second
	blockedFor    = 10 * time.Minute
	askedAtMost   = 100
)

// admit counts a batch; false: there were too many, and it is refused.
func (c *Cloud) admit(r *request) bool {
	now := c.fleet.Now()
	if !now.Before(c.blocked) {
		c.posts = slices.DeleteFunc(c.posts, func(t time.Time) bool { return !now.Before(t.Add(batchesWithin)) })
		if len(c.posts) < batchesAtMost {
			c.posts = append(c.posts, now)
			return true
		}
		c.blocked, c.posts = now.Add(blockedFor), nil
	}
	x := refusal(http.StatusTooManyRequests, "Too many requests")
	x.Header.Set("Retry-After", strconv.Itoa(int((c.blocked.Sub(now)+time.Second-1)/time.Second)))
	r.answer(x)
	return false
}

// reports tells what became of commands whose batch asked for it.
func (c *Cloud) reports(d *door) []facade.Post {
	var posts []facade.Post
	memory := map[lock.Ref]bool{}
	for _, m := range c.fleet.Memory(d.of.ID) {
		memory[m.Ref] = true
	}
	var refs []lock.Ref
	for ref := range d.pins {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for _, ref := range refs {
		p := d.pins[ref]
		if p.report == "" || memory[ref] == (p.doing == "deleting") {
			continue
		}
		body := map[string]any{"eventType": "pin", "lockID": d.id, "partnerUserID": p.partner, "status": "success", "timeStamp": c.fleet.Now().UnixMilli()}
		posts = append(posts, facade.Post{URL: p.report, Header: http.Header{"Content-Type": {"application/json"}}, Body: facade.JSON(http.StatusOK, body).Body})
		p.report = ""
	}
	return posts
}

// write has the fleet hold what a record says, and goes on when the cloud has accepted it.
func (c *Cloud) write(r *request, pin lock.PIN, p *record, then func()) {
	tag := p.partner
	if tag == "" {
		tag = p.user
	}
	tag = tag[:min(len(tag), r.door.of.Traits.NameMax)]
	want := lock.Credential{Tag: tag, Name: strings.TrimSpace(p.first + " " + p.last), PIN: pin, Enabled: true, OneTime: p.access.kind == oneTime}
	want.Window = p.access.window(c.fleet.Now(), r.door.of.Traits.Zone)
	if len(r.door.asked) == askedAtMost {
		clear(r.door.asked)
	}
	r.door.asked[tag] = p
	c.call(r, sim.Call{Verb: "set", Device: r.door.of.ID, Want: want}, func(x sim.Result) {
		r.door.pins[x.Held.Ref] = p
		delete(r.door.asked, tag)
		p.turn++
		c.recur(r.door, x.Held.Ref, p, p.turn)
		then()
	})
}

// recur moves the window of a code that opens again and again on to its next turn, as the lock itself does.
func (c *Cloud) recur(d *door, ref lock.Ref, p *record, turn int) {
	if p.access.kind != recurring {
		return
	}
	now := c.fleet.Now()
	c.fleet.After(p.access.window(now, d.of.Traits.Zone).To.Sub(now), func() {
		if d.pins[ref] != p || p.turn != turn {
			return
		}
		next := p.access.window(c.fleet.Now(), d.of.Traits.Zone)
		// An edit of a code that has not come to the lock is refused, and of no use before it has.
		if c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditWindow, Ref: ref, Window: next}) == nil || p.loaded.IsZero() {
			c.recur(d, ref, p, turn)
		}
	})
}
