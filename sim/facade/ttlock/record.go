package ttlock

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// The kinds of records.
const (
	byPasscode   = 4
	byApp        = 11
	byGateway    = 12
	tampered     = 44
	lockedItself = 45
	lockedOut    = 48
	unknownCode  = 7 // of recordTypeFromLock
	expiredCode  = 11
)

// record is what the cloud keeps of something that happened at a lock.
type record struct {
	ID         int64  `json:"recordId"`
	Lock       int64  `json:"lockId"`
	KindAtLock int    `json:"recordTypeFromLock"`
	Kind       int    `json:"recordType"`
	Success    int    `json:"success"`
	Username   string `json:"username"`
	Digits     string `json:"keyboardPwd"`
	At         int64  `json:"lockDate"`
	Uploaded   int64  `json:"serverDate"`
	Charge     int    `json:"electricQuantity"`
}

// maxRecords is how many the cloud keeps of a lock.
const maxRecords = 500

// enter adds a record to those of a lock.
func (c *Cloud) enter(d *door, x record, at time.Time) {
	if len(d.records) == maxRecords {
		d.records = slices.Delete(d.records, 0, 1)
		d.told = max(d.told-1, 0)
	}
	x.ID = d.number*100_000 + 1
	if n := len(d.records); n > 0 {
		x.ID = d.records[n-1].ID + 1
	}
	x.Lock, x.At, x.Uploaded, x.Charge = d.number, millis(at), millis(c.fleet.Now()), c.charge(d)
	d.records = append(d.records, x)
}

// upload fetches what the lock's log has beyond what the cloud knows, if the lock can be heard.
func (c *Cloud) upload(d *door) {
	if c.fleet.Reach(d.of.ID) != lock.Reached || d.unpaired {
		return
	}
	for _, e := range c.fleet.Log(d.of.ID) {
		n, err := strconv.Atoi(e.ID)
		if err != nil || n <= d.read {
			continue
		}
		d.read = n
		x := record{Kind: byPasscode, KindAtLock: byPasscode, Success: 1}
		switch e.Kind {
		case lock.Opened:
			for _, m := range slices.Concat(c.fleet.Memory(d.of.ID), c.fleet.Issued(d.of.ID)) {
				if m.Ref == e.Ref {
					x.Username, x.Digits = m.Name, m.PIN.Reveal()
				}
			}
		case lock.Denied:
			x.Success, x.KindAtLock = 0, unknownCode
			switch e.Reason {
			case "expired_code", "outside_window":
				x.KindAtLock = expiredCode
			case "too_many_attempts":
				x.Kind, x.KindAtLock = lockedOut, lockedOut
			}
		case lock.Locked:
			x.Kind, x.KindAtLock = lockedItself, lockedItself
		case lock.Tampered:
			x.Kind, x.KindAtLock = tampered, tampered
		}
		c.enter(d, x, e.At)
	}
}

func (c *Cloud) listRecords(r *request) {
	c.look(r, func(lock.Observation) {
		c.upload(r.door)
		from, to := millis(r.instant("startDate")), millis(r.instant("endDate"))
		kind := r.number("recordType", 0)
		all := slices.DeleteFunc(slices.Clone(r.door.records), func(x record) bool {
			return x.At < from || to > 0 && x.At > to || kind != 0 && int64(x.Kind) != kind
		})
		slices.Reverse(all)
		paged(r, all, 200)
	})
}

// link is whether a gateway, or a lock on Wi-Fi, is in the cloud's reach, as far as the callback was told.
type link struct {
	lost   bool // as it was told
	clocks bool // a change is waited out
	due    bool // and is to be told
}

// How late the cloud notices that something went away.
const (
	gatewayLate = 30 * time.Minute
	lockLate    = 15 * time.Minute
)

// watch notices which of these came and went.
func (c *Cloud) watch(doors ...*door) {
	for _, d := range doors {
		switch {
		case d.gateway != nil:
			c.notice(&d.gateway.link, func() bool { return c.down(d.gateway) }, gatewayLate, d)
		case !d.unpaired:
			c.notice(&d.link, func() bool { return c.fleet.Reach(d.of.ID) != lock.Reached }, lockLate, d)
		}
	}
}

// notice has a change told later, if there is still one then.
func (c *Cloud) notice(l *link, down func() bool, late time.Duration, d *door) {
	now := down()
	if now == l.lost || l.clocks {
		return
	}
	if !now {
		late = 0
	}
	l.clocks = true
	c.fleet.After(late, func() {
		l.clocks = false
		if l.due = down() == now; l.due {
			c.fleet.Hint(d.of.ID)
		}
	})
}

// Target implements facade.Targeted: the callback of the application.
func (c *Cloud) Target(url string) { c.callback = url }

// taken is the whole body of the answer to a post that was taken.
const taken = "success"

// repeats is how long after a record was posted it may be posted once more.
const repeats = time.Minute

// Push implements facade.Cloud. Nothing is signed; what was posted a moment ago may be posted again.
func (c *Cloud) Push(id lock.DeviceID) []facade.Post {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 || c.callback == "" || c.issued == 0 {
		return nil
	}
	d := c.order[i]
	var posts []facade.Post
	c.upload(d)
	posts, d.again = d.again, nil
	fresh := d.records[d.told:]
	if now := c.fleet.Now(); len(fresh) > 0 {
		d.toldAt = now
	} else if n := len(d.records); n > 0 && now.Sub(d.toldAt) < repeats && len(posts) == 0 {
		fresh = d.records[n-1:]
	}
	if len(fresh) > 0 {
		text, err := json.Marshal(fresh)
		if err != nil {
			panic("ttlock: " + err.Error()) // records hold nothing that JSON can't
		}
		posts = append(posts, c.post(1, url.Values{"lockId": {strconv.FormatInt(d.number, 10)}, "lockMac": {mac(string(d.of.ID))}, "admin": {Username(c.account)}, "records": {string(text)}}))
	}
	d.told = len(d.records)
	if g := d.gateway; g != nil && g.link.due {
		g.link.due, g.link.lost = false, c.down(g)
		posts = append(posts, c.post(2, url.Values{
			"gatewayId": {strconv.FormatInt(g.number, 10)}, "gatewayName": {string(g.id)}, "gatewayMac": {mac(string(g.id))}, "gatewayVersion": {"2"},
			"networkName": {"house"}, "isOnline": {strconv.Itoa(bit(!g.link.lost))},
		}))
	}
	if d.link.due {
		d.link.due, d.link.lost = false, c.fleet.Reach(d.of.ID) != lock.Reached
		posts = append(posts, c.post(3, url.Values{
			"lockId": {strconv.FormatInt(d.number, 10)}, "lockMac": {mac(string(d.of.ID))}, "isOnline": {strconv.Itoa(bit(!d.link.lost))},
		}))
	}
	for _, n := range d.books {
		if n.refused != 0 && !n.told {
			n.told = true
			posts = append(posts, c.post(4, url.Values{
				"lockId": {strconv.FormatInt(d.number, 10)}, "lockMac": {mac(string(d.of.ID))}, "uid": {strconv.Itoa(uid)}, "objectType": {"2"},
				"objectId": {strconv.FormatInt(n.id, 10)}, "errcode": {strconv.Itoa(n.refused)},
			}))
		}
	}
	return posts
}

// Answer implements facade.Answered: what is not answered with the word that the vendor wants is posted again a while later, and given up
// after some times. The vendor does not say how often it tries.
func (c *Cloud) Answer(id lock.DeviceID, p facade.Post, said []byte) {
	i := slices.IndexFunc(c.order, func(d *door) bool { return d.of.ID == id })
	if i < 0 {
		return
	}
	d, body := c.order[i], string(p.Body)
	tries := d.tries[body] + 1
	delete(d.tries, body)
	if string(bytes.TrimSpace(said)) == taken || tries > c.CallbackRetries || len(d.tries) >= maxRecords {
		return
	}
	d.tries[body] = tries
	c.fleet.After(c.CallbackAgain.Span(), func() {
		d.again = append(d.again, p)
		c.fleet.Hint(id)
	})
}

// Called implements facade.Cloud.
func (c *Cloud) Called(id lock.DeviceID) string {
	for _, d := range c.order {
		if d.of.ID == id {
			return strconv.FormatInt(d.number, 10)
		}
	}
	return ""
}

func (c *Cloud) post(kind int, form url.Values) facade.Post {
	form.Set("notifyType", strconv.Itoa(kind))
	return facade.Post{URL: c.callback, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode())}
}
