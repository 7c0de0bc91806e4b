package ttlock

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// The numbers of the API.
const (
	permanent = 2
	period    = 3
	oneTime   = 1

	viaPhone   = 1 // the app says that it was done over Bluetooth: the cloud only writes it down
	viaGateway = 2
	viaNB      = 3
	viaQueue   = 4 // for locks that save power
)

// The states of a passcode on its way to a lock that saves power.
const (
	stateNormal       = 1
	stateAdding       = 4
	stateAddFailed    = 5
	stateChanging     = 6
	stateChangeFailed = 7
	stateDeleting     = 8
	stateDeleteFailed = 9
)

// note is what the cloud's books say of a passcode beyond what the lock has acknowledged: what only the books know, and what is on
// its way to a lock that saves power.
type note struct {
	id      int64
	ref     lock.Ref // by which the fleet knows it; "": the lock does not have it
	want    lock.Credential
	gone    bool // deleted in the books, or to be
	state   int
	sent    time.Time
	refused int // the code with which it failed
	told    bool
}

func (n *note) pending() bool {
	return n.state == stateAdding || n.state == stateChanging || n.state == stateDeleting
}

// passcode is a line of the list.
type passcode struct {
	ID      int64  `json:"keyboardPwdId"`
	Lock    int64  `json:"lockId"`
	Digits  string `json:"keyboardPwd"`
	Name    string `json:"keyboardPwdName"`
	Version int    `json:"keyboardPwdVersion"`
	Type    int    `json:"keyboardPwdType"`
	Start   int64  `json:"startDate"`
	End     int64  `json:"endDate"`
	Sent    int64  `json:"sendDate"`
	Custom  int    `json:"isCustom"`
	Sender  string `json:"senderUsername"`
	State   int    `json:"status,omitempty"`

	ref  lock.Ref
	note *note
}

// idOf is the number of what the fleet knows by ref.
func (d *door) idOf(ref lock.Ref) int64 {
	if id, ok := d.ids[ref]; ok {
		return id
	}
	if n, err := strconv.ParseInt(strings.TrimLeft(string(ref), "ko"), 10, 64); err == nil && n < 50_000 {
		return d.number*100_000 + n
	}
	return d.number*100_000 + 90_000 + hashed(string(ref))%10_000
}

func (d *door) nextID() int64 {
	d.made++
	return d.number*100_000 + 50_000 + d.made%40_000
}

func (d *door) noteOf(ref lock.Ref) *note {
	for _, n := range d.books {
		if n.ref == ref && ref != "" {
			return n
		}
	}
	return nil
}

// booksKept is how many notes the books of a lock take.
const booksKept = 1000

// enter puts a note into the books, in the place of what they said of that passcode.
func (d *door) enter(n *note) {
	d.scratch(n.id)
	d.books = append(d.books, n)
}

// scratch takes what the books say of a passcode away.
func (d *door) scratch(id int64) {
	d.books = slices.DeleteFunc(d.books, func(n *note) bool { return n.id == id })
}

// passcodes is the cloud's list.
func (c *Cloud) passcodes(d *door, held []lock.Held) []passcode {
	var all []passcode
	line := func(id int64, name string, pin lock.PIN, w lock.Window) passcode {
		p := passcode{
			ID: id, Lock: d.number, Digits: pin.Reveal(), Name: name, Version: 4, Type: permanent, Start: millis(w.From), End: millis(w.To), Custom: 1,
			Sender: Username(c.account),
		}
		if w.Bounded() {
			p.Type = period
		}
		return p
	}
	for _, h := range held {
		p := line(d.idOf(h.Ref), h.Name, h.PIN, h.Window)
		if n := d.noteOf(h.Ref); n != nil {
			if n.gone && n.state == stateNormal {
				continue
			}
			if !n.gone {
				p = line(n.id, n.want.Name, n.want.PIN, n.want.Window)
			}
			p.State, p.note, p.Sent = n.state, n, millis(n.sent)
		}
		p.Custom = bit(!strings.HasPrefix(string(h.Ref), "o"))
		if x := d.computedAs(h.Ref); x != nil {
			p.Custom, p.Type, p.Start, p.End = 0, x.kind, millis(x.window.From), millis(x.window.To)
		}
		p.ref = h.Ref
		all = append(all, p)
	}
	for _, n := range d.books {
		if n.ref == "" {
			p := line(n.id, n.want.Name, n.want.PIN, n.want.Window)
			p.State, p.note, p.Sent = n.state, n, millis(n.sent)
			all = append(all, p)
		}
	}
	if d.sleepy {
		for i := range all {
			all[i].State = cmp.Or(all[i].State, stateNormal)
		}
	}
	return all
}

func (c *Cloud) listPasscodes(r *request) {
	c.look(r, func(o lock.Observation) {
		all := c.passcodes(r.door, o.Held)
		if s := r.form.Get("searchStr"); s != "" {
			all = slices.DeleteFunc(all, func(p passcode) bool { return p.Digits != s && !strings.Contains(p.Name, s) })
		}
		slices.SortStableFunc(all, func(x, y passcode) int {
			switch r.number("orderBy", 1) {
			case 0:
				return strings.Compare(x.Name, y.Name)
			case 2:
				return strings.Compare(y.Name, x.Name)
			}
			return cmp.Compare(y.ID, x.ID)
		})
		paged(r, all, 200)
	})
}

// wanted reads what a passcode is to be over what it is; false: it was refused.
func (r *request) wanted(want *lock.Credential, digits string, bounded bool) bool {
	if digits != "" {
		pin, err := lock.ParsePIN(digits)
		if err != nil || pin.Len() < 4 || pin.Len() > 9 {
			r.fail(badLength)
			return false
		}
		want.PIN = pin
	}
	if bounded {
		w := lock.Window{From: r.instant("startDate"), To: r.instant("endDate")}.Grain(time.Minute)
		if w.From.IsZero() || !w.To.After(w.From) {
			r.fail(badParameter)
			return false
		}
		want.Window = w
	}
	return true
}

func (c *Cloud) addPasscode(r *request) {
	want := lock.Credential{Enabled: true, Name: r.form.Get("keyboardPwdName")}
	kind := r.number("keyboardPwdType", period)
	if kind != permanent && kind != period || r.form.Get("keyboardPwd") == "" {
		r.fail(badParameter)
		return
	}
	if !r.wanted(&want, r.form.Get("keyboardPwd"), kind == period) {
		return
	}
	d := r.door
	switch r.number("addType", viaPhone) {
	case viaPhone:
		c.look(r, func(o lock.Observation) {
			if len(d.books) >= booksKept || c.full(d, c.passcodes(d, o.Held)) {
				r.fail(passcodesFull)
				return
			}
			n := &note{id: d.nextID(), want: want, state: stateNormal, sent: c.fleet.Now()}
			d.enter(n)
			r.json(map[string]any{"keyboardPwdId": n.id})
		})
	case viaGateway:
		set := func() {
			c.command(r, sim.Call{Verb: "set", Want: want}, func(x sim.Result) { r.json(map[string]any{"keyboardPwdId": d.idOf(x.Held.Ref)}) })
		}
		if c.Capacity == 0 {
			set()
			return
		}
		c.look(r, func(o lock.Observation) {
			if c.full(d, c.passcodes(d, o.Held)) {
				r.fail(passcodesFull)
				return
			}
			set()
		})
	case viaQueue:
		c.queue(r, sim.Call{Verb: "set", Want: want}, func(all []passcode) (int, *note) {
			if slices.ContainsFunc(all, func(p passcode) bool { return p.Digits == want.PIN.Reveal() }) {
				return samePasscode, nil
			}
			if len(d.books) >= booksKept || c.full(d, all) {
				return passcodesFull, nil
			}
			return 0, &note{id: d.nextID(), want: want, state: stateAdding, sent: c.fleet.Now()}
		}, func(n *note) { r.json(map[string]any{"keyboardPwdId": n.id}) })
	default:
		r.fail(notSupported)
	}
}

// issuePasscode tells digits that the lock can verify by itself. Times are whole hours.
func (c *Cloud) issuePasscode(r *request) {
	d := r.door
	want := lock.Credential{Enabled: true, Name: r.form.Get("keyboardPwdName")}
	kind, w := int(r.number("keyboardPwdType", 0)), lock.Window{From: r.instant("startDate").Truncate(time.Hour)}
	if kind < oneTime || kind > sunday || w.From.Unix() <= 0 {
		r.fail(badParameter)
		return
	}
	if kind == period || comesBack(kind) != 0 {
		w.To = r.instant("endDate").Truncate(time.Hour)
	}
	switch {
	case kind == oneTime:
		want.Offline, want.OneTime = lock.OfflineOneTime, true
	case kind == period && !w.To.After(w.From):
		r.fail(badParameter)
		return
	case kind == period && w.To.Sub(w.From) <= fleetPeriod*time.Hour:
		want.Offline = lock.OfflineHourly
	default:
		c.compute(r, kind, want.Name, w)
		return
	}
	want.Window = w
	c.call(r, sim.Call{Verb: "set", Device: d.of.ID, Want: want}, func(x sim.Result) {
		r.json(map[string]any{"keyboardPwd": x.Held.PIN.Reveal(), "keyboardPwdId": d.idOf(x.Held.Ref)})
	})
}

// find goes on with the passcode that a request names; nil: there is none.
func (c *Cloud) find(r *request, is func(passcode) bool, then func(*passcode)) {
	c.look(r, func(o lock.Observation) {
		all := c.passcodes(r.door, o.Held)
		if i := slices.IndexFunc(all, is); i >= 0 {
			then(&all[i])
			return
		}
		then(nil)
	})
}

func (r *request) named() func(passcode) bool {
	id := r.number("keyboardPwdId", 0)
	return func(p passcode) bool { return p.ID == id }
}

func (c *Cloud) changePasscode(r *request) {
	d := r.door
	c.find(r, r.named(), func(p *passcode) {
		digits, name := r.form.Get("newKeyboardPwd"), r.form.Get("keyboardPwdName")
		bounded := r.form.Get("startDate") != "" && r.form.Get("endDate") != ""
		switch {
		case p == nil:
			r.fail(noSuchPasscode)
			return
		case p.Custom == 0:
			r.fail(neverUsed)
			return
		case p.note != nil && p.note.pending():
			r.fail(lockBusy)
			return
		}
		pin, _ := lock.ParsePIN(p.Digits)
		want := lock.Credential{Enabled: true, Name: cmp.Or(name, p.Name), PIN: pin}
		if p.End != 0 {
			want.Window = lock.Window{From: time.UnixMilli(p.Start).UTC(), To: time.UnixMilli(p.End).UTC()}
		}
		if !r.wanted(&want, digits, bounded) {
			return
		}
		by := r.number("changeType", viaPhone)
		switch {
		case digits == "" && !bounded, by == viaPhone, p.ref == "": // the books alone; an end without a start is passed over
			d.enter(&note{id: p.ID, ref: p.ref, want: want, state: stateNormal, sent: c.fleet.Now()})
			r.done()
		case by == viaGateway:
			c.command(r, sim.Call{Verb: "set", Want: want, At: p.ref}, func(sim.Result) { d.scratch(p.ID); r.done() })
		case by == viaQueue:
			c.queue(r, sim.Call{Verb: "set", Want: want, At: p.ref}, func([]passcode) (int, *note) {
				return 0, &note{id: p.ID, ref: p.ref, want: want, state: stateChanging, sent: c.fleet.Now()}
			}, func(*note) { r.done() })
		default:
			r.fail(notSupported)
		}
	})
}

func (c *Cloud) deletePasscode(r *request) { c.remove(r, r.named()) }

func (c *Cloud) deleteByCode(r *request) {
	digits := r.form.Get("keyboardPwd")
	c.remove(r, func(p passcode) bool { return p.Digits == digits && digits != "" })
}

func (c *Cloud) remove(r *request, is func(passcode) bool) {
	d := r.door
	c.find(r, is, func(p *passcode) {
		by := r.number("deleteType", viaPhone)
		switch {
		case p == nil && c.Strict:
			r.fail(noSuchPasscode)
		case p == nil:
			r.done()
		case p.note != nil && p.note.pending():
			r.fail(lockBusy)
		case p.ref == "": // the lock never had it
			d.scratch(p.ID)
			r.done()
		case by == viaPhone:
			d.enter(&note{id: p.ID, ref: p.ref, gone: true, state: stateNormal, sent: c.fleet.Now()})
			r.done()
		case by == viaGateway:
			c.command(r, sim.Call{Verb: "clear", At: p.ref}, func(sim.Result) { d.scratch(p.ID); r.done() })
		case by == viaQueue:
			c.queue(r, sim.Call{Verb: "clear", At: p.ref}, func([]passcode) (int, *note) {
				return 0, &note{id: p.ID, ref: p.ref, gone: true, state: stateDeleting, sent: c.fleet.Now()}
			}, func(*note) { r.done() })
		default:
			r.fail(notSupported)
		}
	})
}
