package august

import (
	"encoding/json"
	"fmt"
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
		Recurs   string `json:"accessRecurrence"`
		First    string `json:"firstName"`
		Last     string `json:"lastName"`
		standing string // the list in which it stands
	}
	// pinLists are the codes of a lock by what is being done with them; any may be missing.
	pinLists map[string]json.RawMessage
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
		Recurs  string `json:"accessRecurrence,omitempty"`
		Retry   bool   `json:"retry"`
	}
)

const (
	owner     = "superuser"
	always    = "always"
	temporary = "temporary"
	recurring = "recurring"
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

// all is every list in one. An entry without an id is none. ok is false for something that has other things in place of the lists.
func (l pinLists) all() (all []pin, ok bool) {
	ok = len(l) == 0
	for _, name := range [...]string{"loaded", "created", "updating", "disabled", "disabling", "enabling", deleting} {
		text, given := l[name]
		if !given {
			continue
		}
		ok = true
		var pins []pin
		if json.Unmarshal(text, &pins) != nil {
			return nil, false
		}
		for _, p := range pins {
			p.standing = name
			if p.ID != "" {
				all = append(all, p)
			}
		}
	}
	return all, ok
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
	switch p.Access {
	case temporary:
		h.Window = window(p.Times)
	case recurring:
		h.Weekly = weekly(p.Times, p.Recurs)
	}
	return h
}

// weekly tells when in the week a recurring code opens, by the lock's zone, as in "Mo,We 09:00-17:00".
func weekly(times, recurs string) string {
	var days []string
	for rule := range strings.SplitSeq(recurs, ";") {
		name, value, _ := strings.Cut(rule, "=")
		switch {
		case name == "FREQ" && value == "DAILY":
			days = []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"}
		case name == "FREQ" && value == "WEEKLY", name == "INTERVAL" && value == "1":
		case name == "BYDAY":
			days = nil
			for day := range strings.SplitSeq(value, ",") {
				if !slices.Contains([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, day) {
					return unread
				}
				days = append(days, day[:1]+strings.ToLower(day[1:]))
			}
		default:
			return unread
		}
	}
	fields := fieldsOf(times)
	from, err := strconv.Atoi(fields["STARTSEC"])
	to, wrong := strconv.Atoi(fields["ENDSEC"])
	if err != nil || wrong != nil || len(days) == 0 || from < 0 || to < 0 || from > 24*60*60 || to > 24*60*60 {
		return unread
	}
	clock := func(s int) string { return fmt.Sprintf("%02d:%02d", s/3600, s/60%60) }
	return strings.Join(days, ",") + " " + clock(from) + "-" + clock(to)
}

// unread is what is told of a recurring code whose times can't be read.
const unread = "at times that can't be read"

// fieldsOf reads what accessTimes has, as in A=1;B=2.
func fieldsOf(text string) map[string]string {
	fields := map[string]string{}
	for f := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(f, "="); ok {
			fields[name] = value
		}
	}
	return fields
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
	fields := fieldsOf(text)
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
