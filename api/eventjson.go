package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// event is a line of the journal as the API shows it.
type event struct {
	ID        string         `json:"event_id"`
	Type      string         `json:"event_type"`
	Workspace string         `json:"workspace_id"`
	Created   stamp          `json:"created_at"`
	Occurred  stamp          `json:"occurred_at"`
	Account   lock.AccountID `json:"connected_account_id,omitempty"`
	Device    lock.DeviceID  `json:"device_id,omitempty"`
	Code      lock.CodeID    `json:"access_code_id,omitempty"`
	Backup    lock.CodeID    `json:"backup_access_code_id,omitempty"`
	Digits    maybe          `json:"code,omitempty"`
	Managed   bool           `json:"access_code_is_managed,omitempty"`
	Changes   []mutated      `json:"requested_mutations,omitzero"`
	Method    string         `json:"method,omitempty"`
	Reason    *reason        `json:"reason,omitempty"`
	Error     string         `json:"error_code,omitempty"`
	Level     *float64       `json:"battery_level,omitempty"`
	Battery   string         `json:"battery_status,omitempty"`
	Text      string         `json:"event_description,omitempty"`
	About     string         `json:"description,omitempty"` // of a change, the same
	standing
}

// mutated is a change that was asked for.
type mutated struct {
	Code engine.MutationCode `json:"mutation_code"`
}

// standing is what is wrong when an event tells of trouble: with the code, its device and its account.
type standing struct {
	CodeErrors      []trouble `json:"access_code_errors,omitzero"`
	CodeWarnings    []trouble `json:"access_code_warnings,omitzero"`
	DeviceErrors    []trouble `json:"device_errors,omitzero"`
	DeviceWarnings  []trouble `json:"device_warnings,omitzero"`
	AccountErrors   []trouble `json:"connected_account_errors,omitzero"`
	AccountWarnings []trouble `json:"connected_account_warnings,omitzero"`
}

type reason struct {
	Code    string `json:"reason_code"`
	Message string `json:"message"`
}

// public reports whether an event is one of those that the API tells of: commands and the engine's own remarks are not.
func public(typ string) bool {
	return !strings.HasPrefix(typ, "internal.") && !strings.HasPrefix(typ, "command.")
}

func eventID(n engine.Seq) string { return fmt.Sprintf("event_%012d", n) }

// showEvent shows what the journal itself has of an event.
func (s *Server) showEvent(e *engine.Event) event {
	v := event{
		ID: eventID(e.Seq), Type: e.Type, Workspace: s.space.ID, Created: stamp(e.At), Occurred: stamp(e.At), Account: e.Account,
		Device: e.Device, Code: e.Code, Backup: e.Backup, Text: e.Text,
	}
	switch e.Type {
	case "lock.unlocked":
		v.Method, v.Managed = "keycode", e.Code != ""
	case "lock.locked":
		v.Method = "unknown"
	case "lock.access_denied":
		v.Reason = denied(e.Text)
	case "access_code.name_changed", "access_code.code_changed", "access_code.time_frame_changed":
		v.About = e.Text
	case "access_code.mutations_requested":
		v.Changes = []mutated{}
		for _, m := range e.Mutations {
			v.Changes = append(v.Changes, mutated{m})
		}
	}
	if e.Issue != nil {
		v.Error = e.Issue.Code
	}
	return v
}

// denied tells in the hosted API's words why a try was refused; nil: nobody knows.
func denied(why string) *reason {
	switch why {
	case "":
		return nil
	case "unknown_code", "expired_code", "too_many_attempts", "blocked_by_privacy_mode":
		return &reason{why, why}
	case "disabled":
		return &reason{"blocklisted_code", why}
	case "privacy", "vacation", "office":
		return &reason{"blocked_by_privacy_mode", why}
	case "lockout":
		return &reason{"too_many_attempts", why}
	}
	return &reason{"credential_error", why}
}

// told is an event with what the engine knows besides: the digits, for those who may see them, as long as the code is there; and what is wrong,
// which is what the event itself tells of, and what else is wrong now.
func (c *call) told(e *engine.Event) (event, error) {
	v := c.showEvent(e)
	switch e.Type {
	case "access_code.set_on_device", "access_code.scheduled_on_device", "access_code.deleted":
		return v, c.withDigits(&v)
	case "access_code.delay_in_setting_on_device", "access_code.failed_to_set_on_device", "access_code.delay_in_removing_from_device",
		"access_code.failed_to_remove_from_device", "access_code.unmanaged.failed_to_convert_to_managed", "device.disconnected", "connected_account.disconnected":
		return v, c.withTrouble(&v, e)
	case "device.low_battery":
		return v, c.withBattery(&v)
	}
	return v, nil
}

// withDigits tells those that were told already: to read a list of events tells nobody anything new.
func (c *call) withDigits(v *event) error {
	if !c.who.May(ScopePINs) {
		return nil
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: v.Code})
	if err != nil {
		return unlessGone(err)
	}
	v.Digits = maybe(s.Codes[0].PIN.Reveal())
	return nil
}

func (c *call) withTrouble(v *event, e *engine.Event) error {
	var issues []engine.Issue
	if e.Issue != nil {
		issues = append(issues, *e.Issue)
	}
	now, err := c.issues(e)
	if err != nil {
		return err
	}
	for _, i := range now {
		if !slices.ContainsFunc(issues, func(x engine.Issue) bool { return x.Code == i.Code }) {
			issues = append(issues, i)
		}
	}
	errors, warnings := troubles(e.Device, issues)
	of := func(all []trouble, fits func(trouble) bool) []trouble {
		some := []trouble{}
		for _, t := range all {
			if fits(t) {
				some = append(some, t)
			}
		}
		return some
	}
	account := func(t trouble) bool { return t.OfAccount }
	v.AccountErrors, v.AccountWarnings = of(errors, account), []trouble{}
	if e.Device == "" {
		return nil
	}
	v.DeviceErrors, v.DeviceWarnings = of(errors, func(t trouble) bool { return t.OfDevice }), []trouble{}
	if e.Code == "" {
		v.DeviceWarnings = warnings
		return nil
	}
	v.CodeErrors, v.CodeWarnings = of(errors, func(t trouble) bool { return t.OfCode }), warnings
	return nil
}

// issues are those that what an event is about has now.
func (c *call) issues(e *engine.Event) ([]engine.Issue, error) {
	switch {
	case e.Code != "":
		s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: e.Code})
		if err != nil {
			return nil, unlessGone(err)
		}
		return s.Codes[0].Issues, nil
	case e.Device != "":
		s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: e.Device})
		if err != nil {
			return nil, unlessGone(err)
		}
		return s.Device.Issues, nil
	}
	return nil, nil
}

func (c *call) withBattery(v *event) error {
	s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: v.Device})
	if err != nil {
		return unlessGone(err)
	}
	if b := s.Device.Battery; b.Known {
		v.Level, v.Battery = ptr(b.Level), batteryWord(b.Level)
	}
	return nil
}

// unlessGone forgives that something is there no more.
func unlessGone(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}
