package seam

import (
	"cmp"
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
		ID       string    `json:"device_id"`
		Type     string    `json:"device_type"`
		Name     string    `json:"display_name"`
		Account  string    `json:"connected_account_id"`
		Managed  *bool     `json:"is_managed"`
		Can      []string  `json:"capabilities_supported"`
		Online   *bool     `json:"can_program_online_access_codes"`
		Offline  *bool     `json:"can_program_offline_access_codes"`
		Errors   []trouble `json:"errors"`
		Location struct {
			Zone string `json:"timezone"`
		} `json:"location"`
		Properties struct {
			Name    string `json:"name"`
			Online  *bool  `json:"online"`
			Battery *struct {
				Level *float64 `json:"level"`
			} `json:"battery"`
			Model struct {
				Name string `json:"display_name"`
			} `json:"model"`
			Lengths     []int        `json:"supported_code_lengths"`
			Most        int          `json:"max_active_codes_supported"`
			Constraints []constraint `json:"code_constraints"`
			Pool        *bool        `json:"supports_backup_access_code_pool"`
			Oracode     struct {
				Slots []struct {
					In  string `json:"check_in_time"`
					Out string `json:"check_out_time"`
				} `json:"predefined_time_slots"`
			} `json:"dormakaba_oracode_metadata"`
		} `json:"properties"`
	}
	constraint struct {
		Type string `json:"constraint_type"`
		Min  int    `json:"min_length"`
		Max  int    `json:"max_length"`
	}
	trouble struct {
		Code    string `json:"error_code"`
		Warning string `json:"warning_code"`
		Change  string `json:"change_type"`
	}
	code struct {
		ID        string     `json:"access_code_id"`
		Device    string     `json:"device_id"`
		Name      string     `json:"name"`
		Code      string     `json:"code"`
		Type      string     `json:"type"`
		Status    string     `json:"status"`
		Starts    *time.Time `json:"starts_at"`
		Ends      *time.Time `json:"ends_at"`
		Scheduled bool       `json:"is_scheduled_on_device"`
		Offline   bool       `json:"is_offline_access_code"`
		Backup    bool       `json:"is_backup"`
		Errors    []trouble  `json:"errors"`
		Warnings  []trouble  `json:"warnings"`
		unmanaged bool
	}
	event struct {
		ID       string    `json:"event_id"`
		Type     string    `json:"event_type"`
		Occurred time.Time `json:"occurred_at"`
		Account  string    `json:"connected_account_id"`
		Device   string    `json:"device_id"`
		Code     string    `json:"access_code_id"`
		Reason   struct {
			Code string `json:"reason_code"`
		} `json:"reason"`
	}
)

// system is one of those that the service reaches: whether its locks keep windows by themselves, and which offline codes they take.
type system struct {
	name, types string // the service's names of its devices, with blanks between
	native      bool
	entries     bool // tells which code opened
	offline     []lock.OfflineKind
}

var systems = [...]system{
	{name: "2n", types: "two_n_intercom", native: true},
	{name: "august", types: "august_lock", native: true, entries: true},
	{name: "igloohome", types: "igloohome_lock igloo_lock", native: true, offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineDaily, lock.OfflineOneTime}},
	{name: "kwikset", types: "kwikset_lock", native: true, entries: true},
	{name: "salto", types: "salto_lock salto_ks_lock", native: true, entries: true},
	{name: "schlage", types: "schlage_lock", native: true, entries: true},
	{name: "ttlock", types: "ttlock_lock", native: true},
	{name: "yale", types: "yale_lock", native: true},
	{name: "hubitat", types: "hubitat_lock"},
	{name: "lockly", types: "lockly_lock", offline: []lock.OfflineKind{lock.OfflineTimed, lock.OfflineOneTime}},
	{name: "nuki", types: "nuki_lock"},
	{name: "smartthings", types: "smartthings_lock"},
	{name: "oracode", types: "dormakaba_oracode_door", offline: []lock.OfflineKind{lock.OfflineSlots}},
}

// system is what is known of a device's; of an unknown one, nothing.
func (d *device) system() system {
	for _, s := range systems {
		if slices.Contains(strings.Fields(s.types), d.Type) {
			return s
		}
	}
	return system{}
}

// takes reports whether a device takes codes at all, and whether only such as its vendor computes.
func (d *device) takes() (any, only bool) {
	online := slices.Contains(d.Can, "access_code")
	if d.Online != nil {
		online = *d.Online
	}
	offline := d.Offline != nil && *d.Offline
	return online || offline, offline && !online
}

const (
	nameMax = 60
	grain   = time.Minute
)

// traits is what a device can do: as it tells itself, and else as is known of its system.
func (d *device) traits() lock.Traits {
	p, s := &d.Properties, d.system()
	_, only := d.takes()
	t := lock.Traits{
		NativeSchedule: s.native && !only, PINLengths: slices.Clone(p.Lengths), Slots: max(p.Most, 0), NameMax: nameMax, CloudList: true, ReportsEntry: s.entries,
		NoBackupPool: p.Pool != nil && !*p.Pool, OfflineOnly: only, Zone: d.Location.Zone,
	}
	if _, err := lock.LoadZone(t.Zone); err != nil {
		t.Zone = ""
	}
	slices.Sort(t.PINLengths)
	t.PINLengths = slices.DeleteFunc(t.PINLengths, func(n int) bool { return n < 1 || n > lock.MaxPIN })
	if t.NativeSchedule || only {
		t.Granularity = grain
	}
	if d.Offline != nil && *d.Offline {
		t.Offline = s.offline
	}
	if s.name == "igloohome" && len(t.Offline) > 0 {
		t.FirstUseWithin = 24 * time.Hour
	}
	for _, c := range p.Constraints {
		k := lock.Constraint{Kind: lock.ConstraintKind(c.Type)}
		switch k.Kind {
		case lock.CannotSpecifyPIN:
			t.AssignsPIN = true
		case lock.NameLength:
			k.Min, k.Max = max(c.Min, 0), max(c.Max, 0)
			if k.Max > 0 {
				t.NameMax = min(t.NameMax, k.Max)
			}
		}
		t.Constraints = append(t.Constraints, k)
	}
	for _, x := range p.Oracode.Slots {
		in, ok := minute(x.In)
		out, fine := minute(x.Out)
		if ok && fine {
			t.TimeSlots = append(t.TimeSlots, lock.TimeSlot{Start: in, End: out})
		}
	}
	return t
}

// minute reads a time of day, as in 15:00:00[America/Los_Angeles], in minutes after midnight.
func minute(text string) (int, bool) {
	text, _, _ = strings.Cut(text, "[")
	parts := strings.Split(text, ":")
	if len(parts) < 2 {
		return 0, false
	}
	h, err := strconv.Atoi(parts[0])
	m, wrong := strconv.Atoi(parts[1])
	return h*60 + m, err == nil && wrong == nil && h >= 0 && h < 24 && m >= 0 && m < 60
}

// reach is how far the service can speak to the lock.
func (d *device) reach() lock.Reach {
	_, only := d.takes()
	for _, e := range d.Errors {
		switch {
		case e.Code == "account_disconnected", e.Code == "provider_down", e.Code == "dormakaba_sites_disconnected":
			return lock.AccountDown
		case only: // nobody has to speak to the lock
		case e.Code == "hub_disconnected", e.Code == "bridge_disconnected", strings.HasSuffix(e.Code, "_missing_bridge"), strings.HasSuffix(e.Code, "_missing_wifi_bridge"):
			return lock.HubDown
		}
	}
	if !only && d.Properties.Online != nil && !*d.Properties.Online {
		return lock.LockDown
	}
	return lock.Reached
}

// strange is the prefix of Refs of codes that others have made.
const strange = "unmanaged:"

func (x *code) ref() lock.Ref {
	if x.unmanaged {
		return lock.Ref(strange + x.ID)
	}
	return lock.Ref(x.ID)
}

// held is how the driver tells of a code.
func (x *code) held() lock.Held {
	inactive := slices.ContainsFunc(x.Errors, func(e trouble) bool { return e.Code == "access_code_inactive" })
	h := lock.Held{Ref: x.ref(), Enabled: !inactive}
	h.Tag, h.Name = driver.Unlabel(x.Name)
	h.PIN, _ = lock.ParsePIN(x.Code)
	if x.Type == "time_bound" {
		if x.Starts != nil {
			h.Window.From = x.Starts.UTC()
		}
		if x.Ends != nil {
			h.Window.To = x.Ends.UTC()
		}
	}
	switch {
	case x.unmanaged:
	case x.Offline:
		h.Pending = h.PIN.IsZero()
	default:
		h.Pending = x.Status != "set" && !x.Scheduled
		h.NoRoom = h.Pending && x.failed() == driver.Full
	}
	return h
}

// failed is why the service has not set a code and will not while things are as they are; "": it goes on.
func (x *code) failed() driver.Kind {
	for _, e := range x.Errors {
		switch e.Code {
		case "no_space_for_access_code_on_device", "max_access_codes_reached":
			return driver.Full
		case "duplicate_code_on_device", "duplicate_code_attempt_prevented":
			return driver.Taken
		}
	}
	return driver.Ambiguous
}

// removed reports whether a code that the service still keeps was taken from the lock by somebody else, and stays away: the service leaves
// it to us what to do about that.
func (x *code) removed() bool {
	return slices.ContainsFunc(x.Warnings, func(w trouble) bool {
		return w.Warning == "external_modification_in_effect" && (w.Change == "removed" || x.Status == "unset" && !x.Scheduled)
	})
}

// entry is how the driver tells of an event.
func (e *event) entry() lock.Entry {
	x := lock.Entry{ID: e.ID, At: e.Occurred.UTC()}
	switch e.Type {
	case "lock.unlocked":
		x.Kind, x.Ref = lock.Opened, lock.Ref(e.Code)
	case "lock.locked":
		x.Kind = lock.Locked
	default:
		x.Kind, x.Reason = lock.Denied, cmp.Or(e.Reason.Code, "unknown_code")
	}
	return x
}

func (a *account) deviceID(id string) lock.DeviceID { return lock.DeviceID(a.name + "-" + id) }

// deviceOf is the service's name of a device; false: it is none of this account's.
func (a *account) deviceOf(id lock.DeviceID) (string, bool) {
	text, ok := strings.CutPrefix(string(id), a.name+"-")
	return text, ok && text != ""
}
