package twon

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// user is an entry of a device's directory.
type user struct {
	uuid    string
	ref     lock.Ref // of what the fleet's lock holds for it; "": it has no digits there
	fields  map[string]any
	deleted bool
	stamp   int
}

// blank is an entry without anything in it, as a model's directory has it.
func (c *Cloud) blank() map[string]any {
	access := map[string]any{
		"validFrom": "0", "validTo": "0", "pairingExpired": false, "virtCard": "", "card": []any{"", ""}, "mobkey": "", "fpt": "", "pin": "", "accessException": false,
		"code": []any{"", ""}, "licensePlates": "", "liftFloors": "",
		"accessPoints": []any{map[string]any{"enabled": true, "profiles": ""}, map[string]any{"enabled": true, "profiles": ""}},
	}
	fields := map[string]any{"name": "", "email": "", "owner": "", "access": access}
	if c.Habits.Family == "verso" || c.Habits.Family == "uni" {
		maps.Copy(fields, map[string]any{"photo": "", "treepath": "/", "virtNumber": "", "deputy": "", "buttons": "", "callPos": []any{"", "", ""}})
		access["code"] = []any{"", "", "", ""}
	}
	if c.Habits.Family == "uni" {
		access["code"] = []any{""}
		for _, name := range []string{"pin", "validFrom", "validTo", "card", "mobkey", "fpt", "virtCard"} {
			delete(access, name)
		}
	}
	return fields
}

// elsewhere are fields that only other models have.
var elsewhere = []string{
	"photo", "treepath", "virtNumber", "deputy", "buttons", "callPos", "recordType", "highlighting", "access.pin", "access.validFrom", "access.validTo", "access.card",
	"access.mobkey", "access.fpt", "access.virtCard", "access.licensePlates", "access.liftFloors",
}

// nameMax is the longest name of an entry.
const nameMax = 63

// complaint is what is wrong with an entry.
type complaint struct {
	Code  string `json:"code"`
	Field string `json:"field,omitempty"`
}

const (
	uuidExists    = "EDIR_UUID_ALREADY_EXISTS"
	uuidUnknown   = "EDIR_UUID_DOES_NOT_EXIST"
	uuidMalformed = "EDIR_UUID_INVALID_FORMAT"
	uuidMissing   = "EDIR_UUID_IS_MISSING"
	nameUnknown   = "EDIR_FIELD_NAME_UNKNOWN"
	notHere       = "EDIR_FIELD_NOT_AVAILABLE"
	valueWrong    = "EDIR_FIELD_VALUE_ERROR"
)

var (
	uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	pinForm  = regexp.MustCompile(`^$|^[0-9]{2,15}$`)
	timeForm = regexp.MustCompile(`^[0-9]{1,12}$`)
)

// merge puts what a request says over the fields of an entry.
func (c *Cloud) merge(into map[string]any, said map[string]json.RawMessage, under string) []complaint {
	var wrong []complaint
	for _, name := range slices.Sorted(maps.Keys(said)) {
		full := under + name
		if under == "" && (name == "uuid" || name == "deleted" || name == "timestamp") {
			continue
		}
		have, ok := into[name]
		if !ok {
			code := nameUnknown
			if slices.Contains(elsewhere, full) {
				code = notHere
			}
			wrong = append(wrong, complaint{code, full})
			continue
		}
		inner, nested := have.(map[string]any)
		var v any
		switch {
		case nested:
			var more map[string]json.RawMessage
			if json.Unmarshal(said[name], &more) != nil {
				wrong = append(wrong, complaint{valueWrong, full})
				continue
			}
			wrong = append(wrong, c.merge(inner, more, full+".")...)
		case json.Unmarshal(said[name], &v) != nil || !fits(full, have, v):
			wrong = append(wrong, complaint{valueWrong, full})
		default:
			into[name] = v
		}
	}
	return wrong
}

// fits reports whether a value may stand where another does.
func fits(field string, have, v any) bool {
	text, isText := v.(string)
	switch old := have.(type) {
	case string:
		switch {
		case !isText:
			return false
		case field == "access.pin":
			return pinForm.MatchString(text)
		case field == "name":
			return len(text) <= nameMax
		case strings.HasPrefix(field, "access.valid"):
			return timeForm.MatchString(text)
		}
		return true
	case bool:
		_, ok := v.(bool)
		return ok
	case []any:
		list, ok := v.([]any)
		if !ok || len(list) > len(old) {
			return false
		}
		for _, x := range list {
			if t, isText := x.(string); field == "access.code" && (!isText || !pinForm.MatchString(t)) {
				return false
			}
		}
		return true
	}
	return false
}

// clone copies what JSON can say.
func clone(fields map[string]any) map[string]any {
	text, _ := json.Marshal(fields) // it was made of JSON
	var all map[string]any
	_ = json.Unmarshal(text, &all)
	return all
}

func access(fields map[string]any) map[string]any {
	a, _ := fields["access"].(map[string]any)
	return a
}

// digits are those by which an entry opens the door.
func digits(fields map[string]any) lock.PIN {
	a := access(fields)
	text, ok := a["pin"].(string)
	if !ok {
		if codes, _ := a["code"].([]any); len(codes) > 0 {
			text, _ = codes[0].(string)
		}
	}
	pin, err := lock.ParsePIN(text)
	if err != nil {
		return lock.PIN{}
	}
	return pin
}

func setDigits(fields map[string]any, pin lock.PIN) {
	a := access(fields)
	if _, ok := a["pin"]; ok {
		a["pin"] = pin.Reveal()
	} else if codes, _ := a["code"].([]any); len(codes) > 0 {
		codes[0] = pin.Reveal()
	}
}

func window(fields map[string]any) lock.Window {
	a := access(fields)
	at := func(name string) time.Time {
		text, _ := a[name].(string)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
			return time.Unix(n, 0).UTC()
		}
		return time.Time{}
	}
	return lock.Window{From: at("validFrom"), To: at("validTo")}
}

func setWindow(fields map[string]any, w lock.Window) {
	a := access(fields)
	if _, ok := a["validFrom"]; !ok {
		return
	}
	text := func(t time.Time) string {
		if t.IsZero() {
			return "0"
		}
		return strconv.FormatInt(t.Unix(), 10)
	}
	a["validFrom"], a["validTo"] = text(w.From), text(w.To)
}

func name(fields map[string]any) string {
	text, _ := fields["name"].(string)
	return text
}

// newUUID is one that follows from a name.
func newUUID(name string) string {
	h := strings.ToUpper(hexID(name))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (d *door) touch(u *user) {
	d.stamp++
	u.stamp = d.stamp
}

// find returns the entry of a uuid, in whatever case it is written; nil: there is none.
func (d *door) find(uuid string) *user {
	i := slices.IndexFunc(d.users, func(u *user) bool { return !u.deleted && strings.EqualFold(u.uuid, uuid) })
	if i < 0 {
		return nil
	}
	return d.users[i]
}

// mostStones is how many users that are gone a directory tells of.
const mostStones = 1000

// drop makes a tombstone of an entry.
func (d *door) drop(u *user) {
	u.deleted, u.ref, u.fields = true, "", nil
	d.touch(u)
	stones := 0
	for _, x := range d.users {
		if x.deleted {
			stones++
		}
	}
	if stones > mostStones {
		oldest := slices.IndexFunc(d.users, func(x *user) bool { return x.deleted })
		d.users = slices.Delete(d.users, oldest, oldest+1)
	}
}

// sync brings the directory to what the lock really holds: people change things at the device, and answers get lost.
func (c *Cloud) sync(d *door) {
	memory := c.fleet.Memory(d.of.ID)
	there := map[lock.Ref]bool{}
	gone := 0
	for _, m := range memory {
		there[m.Ref] = true
		i := slices.IndexFunc(d.users, func(u *user) bool { return u.ref == m.Ref })
		if i < 0 {
			u := d.hoped(m.PIN)
			if u == nil {
				u = &user{uuid: newUUID("user " + string(d.of.ID) + string(m.Ref)), fields: c.blank()}
				u.fields["name"] = m.Name
			}
			u.ref = m.Ref
			setDigits(u.fields, m.PIN)
			setWindow(u.fields, m.Window)
			if !slices.Contains(d.users, u) {
				d.users = append(d.users, u)
			}
			d.touch(u)
			continue
		}
		u := d.users[i]
		if digits(u.fields) != m.PIN || !window(u.fields).Equal(m.Window) || m.Name != "" && name(u.fields) != m.Name {
			setDigits(u.fields, m.PIN)
			setWindow(u.fields, m.Window)
			if m.Name != "" {
				u.fields["name"] = m.Name
			}
			d.touch(u)
		}
	}
	for _, u := range slices.Clone(d.users) {
		if u.ref != "" && !there[u.ref] {
			d.drop(u)
			gone++
		}
	}
	if gone > 1 && len(memory) == 0 { // not one by one: the device was reset
		d.series = series(d.of.ID, d.stamp)
	}
}

// hoped takes the entry that was written with those digits and never answered.
func (d *door) hoped(pin lock.PIN) *user {
	i := slices.IndexFunc(d.hopes, func(u *user) bool { return digits(u.fields) == pin })
	if i < 0 {
		return nil
	}
	u := d.hopes[i]
	d.hopes = slices.Delete(d.hopes, i, i+1)
	return u
}

// restores is how long the services that keep users of their own take to notice that somebody else has changed one.
const restores = time.Minute

// guard has an entry that another service keeps brought back to what it is now.
func (c *Cloud) guard(d *door, u *user) {
	if owner, _ := u.fields["owner"].(string); owner != "My2N" && owner != "ACOM" {
		return
	}
	before := clone(u.fields)
	c.fleet.After(restores, func() {
		now := d.find(u.uuid)
		if now == nil {
			now = &user{uuid: u.uuid}
			d.users = append(d.users, now)
		}
		now.fields = before
		d.touch(now)
		pin := digits(before)
		if pin.IsZero() {
			return
		}
		want := lock.Credential{Name: name(before), PIN: pin, Window: window(before), Enabled: true}
		c.fleet.Call(sim.Call{Verb: "set", Device: d.of.ID, At: now.ref, Want: want}, func(x sim.Result) {
			if x.Err == nil {
				now.ref = x.Held.Ref
			}
		})
	})
}
