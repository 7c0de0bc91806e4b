package august

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	mine struct {
		Name string `json:"LockName"`
		Type string `json:"UserType"`
	}
	detail struct {
		ID        string   `json:"LockID"`
		Name      string   `json:"LockName"`
		Type      int      `json:"Type"`
		House     string   `json:"HouseID"`
		Zone      string   `json:"timeZone"`
		Battery   *float64 `json:"battery"` // 0 to 1; -1: unknown
		Codes     bool     `json:"supportsEntryCodes"`
		Schedules bool     `json:"accessSchedulesAllowed"`
		SKU       string   `json:"skuNumber"`
		Status    struct {
			Status string `json:"status"`
			Valid  *bool  `json:"valid"`
		} `json:"LockStatus"`
		Bridge *struct {
			ID        string `json:"_id"`
			Operative bool   `json:"operative"`
			Status    *struct {
				Current string `json:"current"`
			} `json:"status"`
		} `json:"Bridge"`
		Keypad *struct {
			Battery string `json:"batteryLevel"`
		} `json:"keypad"`
	}
	pin struct {
		ID       string `json:"_id"`
		User     string `json:"userID"`
		Partner  string `json:"partnerUserID"`
		PIN      string `json:"pin"`
		Access   string `json:"accessType"`
		Times    string `json:"accessTimes"`
		First    string `json:"firstName"`
		Last     string `json:"lastName"`
		standing string // the list in which it stands
	}
	pinLists struct {
		Created   []pin `json:"created"`
		Loaded    []pin `json:"loaded"`
		Disabled  []pin `json:"disabled"`
		Disabling []pin `json:"disabling"`
		Enabling  []pin `json:"enabling"`
		Deleting  []pin `json:"deleting"`
		Updating  []pin `json:"updating"`
	}
	// line is one of the log, in the fourth version of the API or in those before.
	line struct {
		ID       string `json:"id"`
		Time     int64  `json:"timestamp"` // milliseconds
		Earlier  int64  `json:"dateTime"`
		Action   string `json:"action"`
		Device   string `json:"deviceID"`
		User     person `json:"user"`
		Calling  person `json:"callingUser"`
		Entities struct {
			Activity string `json:"activity"`
		} `json:"entities"`
	}
	person struct {
		ID string `json:"UserID"`
	}
	// command is one step of a batch.
	command struct {
		Action  string `json:"action"`
		PIN     string `json:"pin"`
		Partner string `json:"partnerUserID,omitempty"`
		User    string `json:"augustUserID,omitempty"`
		First   string `json:"firstName,omitempty"`
		Last    string `json:"lastName,omitempty"`
		Access  string `json:"accessType"`
		Times   string `json:"accessTimes,omitempty"`
		Retry   bool   `json:"retry"`
	}
)

const (
	owner     = "superuser"
	always    = "always"
	temporary = "temporary"
	deleting  = "deleting"
)

// online reports whether the lock's bridge can be reached.
func (d *detail) online() bool {
	switch {
	case d.Bridge == nil:
		return false
	case d.Bridge.Status == nil:
		return d.Bridge.Operative
	}
	return d.Bridge.Status.Current == "online"
}

// reach is how far the cloud can speak to the lock.
func (d *detail) reach() lock.Reach {
	switch {
	case !d.online():
		return lock.HubDown
	case d.Status.Status == "unknown" && d.Status.Valid != nil && !*d.Status.Valid:
		return lock.LockDown
	}
	return lock.Reached
}

// critical is the charge of a battery of which the vendor says no more than that it is low.
const critical = 0.1

func (d *detail) battery() lock.Battery {
	var b lock.Battery
	if d.Battery != nil && *d.Battery >= 0 {
		b = lock.Battery{Known: true, Level: min(*d.Battery, 1)}
	}
	if d.Keypad != nil && d.Keypad.Battery == "Low" && (!b.Known || b.Level > critical) {
		b = lock.Battery{Known: true, Level: critical}
	}
	return b
}

// all is every list in one. An entry without an id is none.
func (l *pinLists) all() []pin {
	var all []pin
	for _, x := range []struct {
		name string
		pins []pin
	}{
		{"loaded", l.Loaded}, {"created", l.Created}, {"updating", l.Updating}, {"disabled", l.Disabled}, {"disabling", l.Disabling}, {"enabling", l.Enabling}, {deleting, l.Deleting},
	} {
		for _, p := range x.pins {
			p.standing = x.name
			if p.ID != "" {
				all = append(all, p)
			}
		}
	}
	return all
}

// A Ref is the partnerUserID behind a prefix, or the user's id behind another for codes that were made elsewhere.
const (
	byPartner = "p:"
	byUser    = "u:"
)

func (p *pin) ref() lock.Ref {
	if p.Partner != "" {
		return lock.Ref(byPartner + p.Partner)
	}
	return lock.Ref(byUser + p.User)
}

// again stands between a person and the number of their second code.
const again = "."

// person is whose code it is.
func (p *pin) person() string {
	if p.Partner == "" {
		return p.Last
	}
	of, _, _ := strings.Cut(p.Partner, again)
	return of
}

// held is how the driver tells of a code.
func (p *pin) held() lock.Held {
	h := lock.Held{Ref: p.ref(), Name: strings.TrimSpace(p.First + " " + p.Last), Enabled: p.standing != "disabled"}
	h.Pending = p.standing != "loaded" && p.standing != "disabled"
	h.PIN, _ = lock.ParsePIN(p.PIN)
	if tag, name := driver.Unlabel(p.person() + ":"); tag != "" && name == "" && p.Last == tag {
		h.Tag, h.Name = tag, p.First
	}
	if p.Access == temporary {
		h.Window = window(p.Times)
	}
	return h
}

// format is how the vendor wants times to be written.
const format = "2006-01-02T15:04:05.000Z"

func times(w lock.Window) string {
	return "DTSTART=" + w.From.UTC().Format(format) + ";DTEND=" + w.To.UTC().Format(format)
}

// window reads what times has written, or the older form in seconds. What can't be read is a window that has ended: such a code is taken for
// one that does not work.
func window(text string) lock.Window {
	w := lock.Window{From: time.Unix(0, 0).UTC(), To: time.Unix(1, 0).UTC()}
	fields := map[string]string{}
	for f := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(f, "="); ok {
			fields[name] = value
		}
	}
	from, err := time.Parse(time.RFC3339, fields["DTSTART"])
	to, wrong := time.Parse(time.RFC3339, fields["DTEND"])
	if err == nil && wrong == nil {
		return lock.Window{From: from.UTC(), To: to.UTC()}
	}
	start, err := strconv.ParseInt(fields["STARTSEC"], 10, 64)
	end, wrong := strconv.ParseInt(fields["ENDSEC"], 10, 64)
	const most = 1 << 40
	if err == nil && wrong == nil && start >= 0 && end >= 0 && start < most && end < most {
		return lock.Window{From: time.Unix(start, 0).UTC(), To: time.Unix(end, 0).UTC()}
	}
	return w
}

// at is when a line was written, in milliseconds.
func (l *line) at() int64 {
	if l.Time != 0 {
		return l.Time
	}
	return l.Earlier
}

// entry is how the driver tells of a line; false: it is about something else than a door.
func (l *line) entry(pins []pin) (lock.Entry, bool) {
	e := lock.Entry{ID: l.ID, At: time.UnixMilli(l.at()).UTC()}
	if e.ID == "" {
		e.ID = l.Entities.Activity
	}
	if e.ID == "" {
		e.ID = strconv.FormatInt(l.at(), 10) + " " + l.Action
	}
	user := l.User.ID
	if user == "" {
		user = l.Calling.ID
	}
	opened := strings.HasSuffix(l.Action, "unlock") || strings.HasSuffix(l.Action, "unlatch")
	switch {
	case opened:
		e.Kind = lock.Opened
		i := slices.IndexFunc(pins, func(p pin) bool { return p.User == user && user != "" })
		if i >= 0 && (l.Action == "pin_unlock" || l.Action == "pin_unlatch") {
			e.Ref = pins[i].ref()
		}
	case strings.HasSuffix(l.Action, "lock"):
		e.Kind = lock.Locked
	default:
		return e, false
	}
	return e, true
}

func (a *account) deviceID(id string) lock.DeviceID { return lock.DeviceID(a.system + "-" + id) }

// lockID is the vendor's name of a device: 32 hexadecimal digits; false: it is none of this account's.
func (a *account) lockID(id lock.DeviceID) (string, bool) {
	text, ok := strings.CutPrefix(string(id), a.system+"-")
	return text, ok && len(text) == 32 && strings.Trim(text, "0123456789ABCDEFabcdef") == ""
}
