package smartthings

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	device struct {
		ID         string      `json:"deviceId"`
		Name       string      `json:"name"`
		Label      string      `json:"label"`
		Type       string      `json:"type"`
		Location   string      `json:"locationId"`
		Components []component `json:"components"`
		Health     *health     `json:"healthState"`
		ZWave      network     `json:"zwave"`
		Zigbee     network     `json:"zigbee"`
		Matter     network     `json:"matter"`
	}
	component struct {
		ID           string       `json:"id"`
		Capabilities []capability `json:"capabilities"`
	}
	capability struct {
		ID     string     `json:"id"`
		Status attributes `json:"status"`
	}
	attributes map[string]attribute
	attribute  struct {
		Value json.RawMessage `json:"value"`
		At    instant         `json:"timestamp"`
	}
	health struct {
		State string `json:"state"`
	}
	network struct {
		Hub string `json:"hubId"`
	}
	page struct {
		Items *[]device `json:"items"`
		Links links     `json:"_links"`
	}
	links struct {
		Next struct {
			Href string `json:"href"`
		} `json:"next"`
	}
	whole struct {
		Components map[string]map[string]attributes `json:"components"`
	}
	// line is one of the history of a device.
	line struct {
		Capability string          `json:"capability"`
		Attribute  string          `json:"attribute"`
		Value      json.RawMessage `json:"value"`
		Data       json.RawMessage `json:"data"`
		Epoch      int64           `json:"epoch"`
		Hash       int64           `json:"hash"`
	}
	opening struct {
		Method string `json:"method"`
		Code   text   `json:"codeId"`
		User   int    `json:"userIndex"`
	}
	result struct {
		Command    string `json:"commandName"`
		Status     string `json:"statusCode"`
		Credential int    `json:"credentialIndex"`
	}
	userEntry struct {
		Index int    `json:"userIndex"`
		Name  string `json:"userName"`
	}
	credentialEntry struct {
		User  int    `json:"userIndex"`
		Index int    `json:"credentialIndex"`
		Type  string `json:"credentialType"`
		Name  string `json:"credentialName"`
	}
	definition struct {
		Commands map[string]struct {
			Arguments []struct {
				Name string `json:"name"`
			} `json:"arguments"`
		} `json:"commands"`
	}
	command struct {
		Component  string `json:"component"`
		Capability string `json:"capability"`
		Command    string `json:"command"`
		Arguments  []any  `json:"arguments"`
	}
	granted struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		Seconds   int64  `json:"expires_in"`
		Installed string `json:"installed_app_id"`
	}
	problem struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
)

// instant reads a time, or text that is none as zero.
type instant struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		i.Time, _ = time.Parse(time.RFC3339Nano, s)
	}
	return nil
}

// text reads text, or a number as text.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text(strings.Trim(string(b), `"`))
	if *t == "null" {
		*t = ""
	}
	return nil
}

// The capabilities.
const (
	capLock        = "lock"
	capCodes       = "lockCodes"
	capUsers       = "lockUsers"
	capCredentials = "lockCredentials"
)

// state is a lock as its status has it.
type state struct {
	device
	of map[string]attributes // by capability
}

func (s *state) has(capability string) bool { _, ok := s.of[capability]; return ok }

// read puts the value of an attribute into v; false: it was never told, or is something else.
func (s *state) read(capability, attribute string, v any) bool {
	raw := s.of[capability][attribute].Value
	return len(raw) > 0 && string(raw) != "null" && json.Unmarshal(raw, v) == nil
}

func (s *state) number(capability, attribute string) int {
	var n int
	s.read(capability, attribute, &n)
	return max(0, n)
}

// modern reports whether codes are managed by lockUsers and lockCredentials: where there is nothing else, or lockCodes says that it was
// migrated.
func (s *state) modern() bool {
	var moved bool
	s.read(capCodes, "migrated", &moved)
	return s.has(capCredentials) && (moved || !s.has(capCodes))
}

func (s *state) hub() string {
	for _, n := range [...]network{s.ZWave, s.Zigbee, s.Matter} {
		if n.Hub != "" {
			return n.Hub
		}
	}
	return ""
}

// nameMax is how many bytes of a name are sent. The vendor gives no bound; 20 is what Z-Wave and Zigbee handlers have kept.
const nameMax = 20

// What a lock takes of which nothing is told.
const (
	shortest = 4
	longest  = 8
)

func (a *account) traits(s *state) lock.Traits {
	t := lock.Traits{
		UpdatesInPlace: true, NameMax: nameMax, HidesPIN: true, RefusesReuse: true, CloudList: true, ReportsEntry: true, Zone: a.zone,
	}
	var least, most int
	if s.modern() {
		t.Slots = s.number(capCredentials, "pinUsersSupported")
		least, most = s.number(capCredentials, "minPinCodeLen"), s.number(capCredentials, "maxPinCodeLen")
	} else {
		t.ClientSlots, t.Slots = true, s.number(capCodes, "maxCodes")
		least, most = s.number(capCodes, "minCodeLength"), s.number(capCodes, "maxCodeLength")
		if n := s.number(capCodes, "codeLength"); n > 0 {
			least, most = n, n
		}
	}
	if least < 1 || least > most || most > lock.MaxPIN {
		least, most = shortest, longest
	}
	for n := least; n <= most; n++ {
		t.PINLengths = append(t.PINLengths, n)
	}
	return t
}

// codes is the list of a lock; false: it may lack some.
func (s *state) codes() ([]lock.Held, bool) {
	if s.modern() {
		return s.credentials()
	}
	var written string
	var names map[string]any
	if !s.read(capCodes, "lockCodes", &written) || json.Unmarshal([]byte(written), &names) != nil {
		return nil, false
	}
	var held []lock.Held
	for slot, name := range names {
		n, err := strconv.Atoi(slot)
		if err != nil || n < 0 {
			continue
		}
		h := lock.Held{Ref: lock.Ref(strconv.Itoa(n)), Slot: n, Enabled: true}
		label, _ := name.(string)
		h.Tag, h.Name = driver.Unlabel(label)
		held = append(held, h)
	}
	slices.SortFunc(held, func(x, y lock.Held) int { return x.Slot - y.Slot })
	var scan string
	s.read(capCodes, "scanCodes", &scan)
	return held, scan != "Scanning"
}

func (s *state) credentials() ([]lock.Held, bool) {
	var all []credentialEntry
	if !s.read(capCredentials, "credentials", &all) {
		return nil, false
	}
	var held []lock.Held
	for _, c := range all {
		if c.Type != "pin" || c.Index <= 0 {
			continue
		}
		h := lock.Held{Ref: lock.Ref(strconv.Itoa(c.Index)), Enabled: true}
		h.Tag, h.Name = driver.Unlabel(s.nameOf(c))
		held = append(held, h)
	}
	return held, true
}

// nameOf is the name of a credential, or of its user.
func (s *state) nameOf(c credentialEntry) string {
	if c.Name != "" {
		return c.Name
	}
	var users []userEntry
	s.read(capUsers, "users", &users)
	i := slices.IndexFunc(users, func(u userEntry) bool { return u.Index == c.User })
	if i < 0 {
		return ""
	}
	return users[i].Name
}

// The engine's names of devices: the vendor's id behind a prefix.
const prefix = "smartthings-"

// vendorID is the vendor's id of a device; false: it is none of SmartThings'.
func vendorID(id lock.DeviceID) (string, bool) {
	text, ok := strings.CutPrefix(string(id), prefix)
	return text, ok && text != "" && strings.Trim(text, "0123456789abcdefABCDEF-") == ""
}
