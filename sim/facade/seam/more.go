package seam

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

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

// slots shows the predefined times of a door.
func (c *Cloud) slots(device map[string]any) {
	id, _ := device["device_id"].(string)
	properties, ok := device["properties"].(map[string]any)
	i := slices.IndexFunc(c.devices, func(d lock.Device) bool { return string(d.ID) == id })
	if i < 0 || !ok || len(c.devices[i].Traits.TimeSlots) == 0 {
		return
	}
	zone := "[" + c.devices[i].Traits.Zone + "]"
	clock := func(minute int) string { return fmt.Sprintf("%02d:%02d:00", minute/60, minute%60) + zone }
	var slots []map[string]any
	for n, s := range c.devices[i].Traits.TimeSlots {
		slots = append(slots, map[string]any{
			"name": levelName(n + 1), "check_in_time": clock(s.Start), "check_out_time": clock(s.End), "prefix": n, "is_24_hour": s.Start == s.End,
			"is_one_shot": false, "is_biweekly_mode": false, "is_master": false,
		})
	}
	properties["dormakaba_oracode_metadata"] = map[string]any{"door_id": i + 1, "site_name": siteName, "predefined_time_slots": slots}
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
