package seam

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// more adds to an answer of our API what the hosted service tells beyond it: the digits of codes that others have made, and the predefined
// times of Oracode doors.
func (c *Cloud) more(path string, x facade.Reply) facade.Reply {
	foreign := strings.HasPrefix(path, "/access_codes/unmanaged/")
	doors := strings.HasPrefix(path, "/devices/") || strings.HasPrefix(path, "/locks/")
	codes := strings.HasPrefix(path, "/access_codes/") && !foreign && slices.ContainsFunc(c.devices, func(d lock.Device) bool { return d.System == "oracode" })
	var body map[string]any
	if x.Status != http.StatusOK || !foreign && !doors && !codes || json.Unmarshal(x.Body, &body) != nil {
		return x
	}
	for _, name := range []string{"access_code", "access_codes", "device", "devices", "lock", "locks"} {
		list, ok := body[name].([]any)
		if !ok {
			list = []any{body[name]}
		}
		if ok && codes {
			body[name] = slices.DeleteFunc(list, func(one any) bool {
				v, ok := one.(map[string]any)
				return ok && !c.staying(v)
			})
			continue
		}
		for _, one := range list {
			switch v, ok := one.(map[string]any); {
			case !ok:
			case foreign:
				c.digits(v)
			case codes:
				c.staying(v)
			default:
				c.slots(v)
				c.renamed(v)
			}
		}
	}
	out := facade.JSON(x.Status, body)
	out.Header = x.Header
	return out
}

// digits shows those of a code that somebody else has made. Its id says where it stands.
func (c *Cloud) digits(code map[string]any) {
	id, _ := code["access_code_id"].(string)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(id, "unmanaged_"))
	device, ref, ok := strings.Cut(string(raw), "\x00")
	if err != nil || !ok {
		return
	}
	for _, m := range c.fleet.Memory(lock.DeviceID(device)) {
		if m.Ref == lock.Ref(ref) {
			code["code"] = m.PIN.Reveal()
		}
	}
}

// byDigits has a request for a code that somebody else has made, by its digits, ask by its id: our API knows no such digits.
func (c *Cloud) byDigits(r facade.Request) facade.Request {
	var in struct {
		Device lock.DeviceID `json:"device_id"`
		Code   lock.CodeID   `json:"access_code_id"`
		Digits string        `json:"code"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		in.Device, in.Code, in.Digits = lock.DeviceID(r.Query.Get("device_id")), lock.CodeID(r.Query.Get("access_code_id")), r.Query.Get("code")
	}
	if in.Code != "" || in.Digits == "" || !c.known(in.Device) {
		return r
	}
	id := lock.CodeID("none")
	for _, m := range c.fleet.Memory(in.Device) {
		if m.PIN.Reveal() == in.Digits {
			id = api.UnmanagedID(in.Device, m.Ref)
		}
	}
	r.Method, r.Query = http.MethodPost, nil
	r.Body, _ = json.Marshal(map[string]any{"access_code_id": id})
	return r
}

// slots completes what is shown of an Oracode door and its predefined times.
func (c *Cloud) slots(device map[string]any) {
	id, _ := device["device_id"].(string)
	properties, _ := device["properties"].(map[string]any)
	door, ok := properties["dormakaba_oracode_metadata"].(map[string]any)
	i := slices.IndexFunc(c.devices, func(d lock.Device) bool { return string(d.ID) == id })
	if i < 0 || !ok {
		return
	}
	door["door_id"], door["door_is_wireless"], door["site_id"], door["site_name"] = i+1, false, 1, siteName
	slots, _ := door["predefined_time_slots"].([]any)
	for n, x := range slots {
		if slot, ok := x.(map[string]any); ok {
			slot["name"], slot["prefix"], slot["dormakaba_oracode_user_level_prefix"] = levelName(n+1), n, n
			slot["dormakaba_oracode_user_level_id"] = levelID(c.devices[i].ID, n+1)
		}
	}
}

// renamed gives an error of a device the name that the service has for it where the brand has one of its own.
func (c *Cloud) renamed(device map[string]any) {
	all, _ := device["errors"].([]any)
	for _, x := range all {
		e, ok := x.(map[string]any)
		switch {
		case !ok:
		case e["error_code"] == "hub_disconnected" && c.host.habits.MissingBridge && device["device_type"] == "lockly_lock":
			e["error_code"] = "lockly_missing_wifi_bridge"
		case e["error_code"] == "account_disconnected" && c.host.habits.Disconnected && device["device_type"] == "dormakaba_oracode_door":
			e["error_code"] = "dormakaba_sites_disconnected"
		}
	}
}
