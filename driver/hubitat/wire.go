package hubitat

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// What the API says, as far as it is read.
type (
	device struct {
		ID         text       `json:"id"`
		Name       string     `json:"name"`
		Label      string     `json:"label"`
		Type       string     `json:"type"`
		Attributes attributes `json:"attributes"`
		Commands   commands   `json:"commands"`
	}
	post struct {
		Content *struct {
			Name   string `json:"name"`
			Device text   `json:"deviceId"`
		} `json:"content"`
	}
	// problem is what stands in an answer that is an error, whatever its status.
	problem struct {
		Error json.RawMessage `json:"error"`
	}
	entry struct {
		Name string `json:"name"`
		Code string `json:"code"`
	}
)

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

// attributes are values by name. The list form may name one twice: the first counts.
type attributes map[string]json.RawMessage

// UnmarshalJSON implements json.Unmarshaler: a list of objects, or one object of values.
func (a *attributes) UnmarshalJSON(b []byte) error {
	*a = attributes{}
	var list []struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"currentValue"`
	}
	if json.Unmarshal(b, &list) != nil {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(b, &values); err != nil {
			return err
		}
		*a = values
		return nil
	}
	for _, x := range list {
		if _, twice := (*a)[x.Name]; !twice {
			(*a)[x.Name] = x.Value
		}
	}
	return nil
}

// commands are names, or objects with a name.
type commands []string

// UnmarshalJSON implements json.Unmarshaler. What is no list is none.
func (c *commands) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		return nil
	}
	for _, raw := range list {
		var name string
		var x struct {
			Command string `json:"command"`
		}
		if json.Unmarshal(raw, &name) == nil || json.Unmarshal(raw, &x) == nil {
			if name == "" {
				name = x.Command
			}
			*c = append(*c, name)
		}
	}
	return nil
}

// says is an attribute as text: numbers come as such, or as text.
func (d *device) says(name string) string {
	var t text
	raw := d.Attributes[name]
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return plain // with what stood behind backslashes
	}
	return string(t)
}

// number is an attribute; 0 where it is null.
func (d *device) number(name string) int {
	n, err := strconv.ParseFloat(d.says(name), 64)
	if err != nil || n < 0 || n > 1e6 {
		return 0
	}
	return int(n)
}

// sealed reports whether the hub encrypts the codes, so that nothing can be read back.
func (d *device) sealed() bool {
	codes := d.says("lockCodes")
	return codes != "" && !strings.HasPrefix(strings.TrimSpace(codes), "{")
}

// codes is the list of a lock; false: the hub has none, or it can't be read. Of a lock that has never told of a code it is null: the
// vendor's own driver takes that for an empty one.
func (d *device) codes() ([]lock.Held, bool) {
	codes := d.says("lockCodes")
	if string(d.Attributes["lockCodes"]) == "null" {
		return nil, true
	}
	var all map[string]entry
	if codes == "" || json.Unmarshal([]byte(codes), &all) != nil {
		return nil, false
	}
	var held []lock.Held
	for slot, x := range all {
		n, err := strconv.Atoi(slot)
		if err != nil || n < 0 {
			continue
		}
		h := lock.Held{Ref: lock.Ref(strconv.Itoa(n)), Slot: n, Enabled: true}
		h.Tag, h.Name = driver.Unlabel(x.Name)
		h.PIN, _ = lock.ParsePIN(x.Code)
		held = append(held, h)
	}
	slices.SortFunc(held, func(x, y lock.Held) int { return x.Slot - y.Slot })
	return held, true
}

// nameMax is how many bytes of a name are sent. The vendor gives no bound.
const nameMax = 20

// What a lock takes of which nothing is told.
const (
	slotsUnknown = 20 // as the vendor's virtual lock. Whoever keeps the books gives the slots: a list may leave out what stands in one
	shortest     = 4
	longest      = 8
)

func (h *hub) traits(d *device) lock.Traits {
	t := lock.Traits{
		UpdatesInPlace: true, ClientSlots: true, Slots: cmp.Or(d.number("maxCodes"), slotsUnknown), NameMax: nameMax, RefusesReuse: true, CloudList: true, CannotList: d.sealed(), Zone: h.zone,
	}
	if n := d.number("codeLength"); n > 0 && n <= lock.MaxPIN {
		t.PINLengths = []int{n} // whether it is the longest or the only one: it is taken
	} else {
		for n := shortest; n <= longest; n++ {
			t.PINLengths = append(t.PINLengths, n)
		}
	}
	if !h.zeros {
		t.Constraints = []lock.Constraint{{Kind: lock.NoZeros}}
	}
	return t
}

// label is what a code is called: without what would end an argument of a command, or a part of an address.
func label(want lock.Credential) string {
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(`,/\%?#"';+&<>`, r) || r > '~' {
			return '_'
		}
		return r
	}, want.Name)
	return driver.Label(want.Tag, clean, nameMax)
}

// deviceID is the engine's name of a device: numbers are the hub's own, so that the account stands before them.
func (h *hub) deviceID(id text) lock.DeviceID { return lock.DeviceID(h.prefix() + string(id)) }

func (h *hub) prefix() string { return "hubitat-" + string(h.id) + "-" }

// number is the hub's number of a device; false: it is none of this hub's.
func (h *hub) number(id lock.DeviceID) (string, bool) {
	n, ok := strings.CutPrefix(string(id), h.prefix())
	return n, ok && n != "" && strings.Trim(n, "0123456789") == ""
}
