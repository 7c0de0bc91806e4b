package api

import (
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// stamp is an instant as the API writes it: UTC with milliseconds, null where there is none.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	if time.Time(s).IsZero() {
		return []byte("null"), nil
	}
	const form = `"2006-01-02T15:04:05.000Z"`
	return time.Time(s).UTC().AppendFormat(make([]byte, 0, len(form)), form), nil
}

// maybe is a string that is null when it is empty.
type maybe string

func (m maybe) MarshalJSON() ([]byte, error) {
	if m == "" {
		return []byte("null"), nil
	}
	return quoted(string(m))
}

// anyCode is what the API shows of a code whether it is managed or not.
type anyCode struct {
	ID        lock.CodeID     `json:"access_code_id"`
	Workspace string          `json:"workspace_id"`
	Device    lock.DeviceID   `json:"device_id"`
	Name      maybe           `json:"name"`
	Code      maybe           `json:"code"`
	Type      engine.CodeType `json:"type"`
	Status    engine.Status   `json:"status"`
	Starts    *stamp          `json:"starts_at,omitempty"`
	Ends      *stamp          `json:"ends_at,omitempty"`
	Created   stamp           `json:"created_at"`
	Managed   bool            `json:"is_managed"`
	Errors    []trouble       `json:"errors"`
	Warnings  []trouble       `json:"warnings"`
	Oracode   *struct{}       `json:"dormakaba_oracode_metadata"`
}

// accessCode is an access code as the API shows it.
type accessCode struct {
	anyCode
	CommonKey          maybe      `json:"common_code_key"`
	Scheduled          bool       `json:"is_scheduled_on_device"`
	Waiting            bool       `json:"is_waiting_for_code_assignment"`
	Offline            bool       `json:"is_offline_access_code"`
	OneTime            bool       `json:"is_one_time_use"`
	External           bool       `json:"is_external_modification_allowed"`
	Backup             bool       `json:"is_backup"`
	BackupAvailable    bool       `json:"is_backup_access_code_available"`
	Pulled             maybe      `json:"pulled_backup_access_code_id"`
	Pending            []mutation `json:"pending_mutations"`
	FirstAndLastOfName *struct{}  `json:"appearance"`
}

// mutation is a change that the lock has yet to show.
type mutation struct {
	Code      engine.MutationCode `json:"mutation_code"`
	Message   string              `json:"message"`
	Created   stamp               `json:"created_at"`
	Scheduled *stamp              `json:"scheduled_at,omitempty"`
}

// trouble is an error or a warning of a code or a device.
type trouble struct {
	Error     string      `json:"error_code,omitempty"`
	Warning   string      `json:"warning_code,omitempty"`
	Message   string      `json:"message"`
	Created   stamp       `json:"created_at"`
	OfCode    bool        `json:"is_access_code_error,omitempty"`
	OfDevice  bool        `json:"is_device_error,omitempty"`
	OfAccount bool        `json:"is_connected_account_error,omitempty"`
	Managed   lock.CodeID `json:"managed_access_code_id,omitempty"`
	Unmanaged lock.CodeID `json:"unmanaged_access_code_id,omitempty"`
	Provider  string      `json:"provider_error_code,omitempty"` // the vendor's own word
}

// render shows a code. Digits that the engine did not give are null.
func (s *Server) render(v *engine.CodeView) accessCode {
	a := accessCode{
		anyCode: anyCode{
			ID: v.ID, Workspace: s.space.ID, Device: v.Device, Name: maybe(v.Name), Type: v.Type, Status: v.Status,
			Created: stamp(v.Created), Managed: true,
		},
		CommonKey: maybe(v.CommonKey), Scheduled: v.Scheduled, Waiting: v.Waiting,
		Offline: v.Offline != lock.OfflineNone, OneTime: v.OneTime, External: v.AllowExternal, Backup: v.Backup,
		BackupAvailable: v.BackupAvailable, Pulled: maybe(v.Pulled), Pending: []mutation{},
	}
	if !v.PIN.IsZero() {
		a.Code = maybe(v.PIN.Reveal())
	}
	if !v.Starts.IsZero() {
		a.Starts = ptr(stamp(v.Starts))
	}
	if v.Type == engine.TimeBound {
		a.Ends = ptr(stamp(v.Ends))
	}
	for _, m := range v.Pending {
		p := mutation{Code: m.Code, Message: says(m.Code), Created: stamp(v.Created)}
		if m.Code == engine.MutDeferred && !m.Due.IsZero() {
			p.Scheduled = ptr(stamp(m.Due))
		}
		a.Pending = append(a.Pending, p)
	}
	a.Errors, a.Warnings = troubles(v.Device, v.Issues)
	return a
}

func says(m engine.MutationCode) string {
	switch m {
	case engine.MutCreating:
		return "The access code is being set on the device."
	case engine.MutDeferred:
		return "The access code is set on the device at the scheduled time."
	case engine.MutDeleting:
		return "The access code is being removed from the device."
	}
	return "The access code is being changed on the device."
}

// troubles sorts issues into errors and warnings.
func troubles(device lock.DeviceID, issues []engine.Issue) (errors, warnings []trouble) {
	errors, warnings = []trouble{}, []trouble{}
	for _, i := range issues {
		t := trouble{Message: i.Message, Created: stamp(i.Since), Managed: i.Other, Provider: i.Vendor}
		if i.Remedy != "" {
			t.Message += ": " + i.Remedy
		}
		if i.OtherRef != "" {
			t.Unmanaged = UnmanagedID(device, i.OtherRef)
		}
		if i.Class == engine.ClassWarning {
			t.Warning = i.Code
			warnings = append(warnings, t)
			continue
		}
		t.Error = i.Code
		switch {
		case i.Code == "rejected_by_device":
			t.Error, t.OfCode = "provider_issue", true
		case i.Code == "account_disconnected", i.Code == "provider_down":
			t.OfAccount = true
		case ofDevice(i.Code):
			t.OfDevice = true
		default:
			t.OfCode = true
		}
		errors = append(errors, t)
	}
	return errors, warnings
}

// ofDevice reports whether an error belongs to a device rather than to one of its codes.
func ofDevice(code string) bool {
	switch code {
	case "device_disconnected", "hub_disconnected", "device_removed", "device_parked", "empty_backup_access_code_pool":
		return true
	}
	return false
}
