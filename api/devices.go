package api

import (
	"net/http"
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// device is a lock as the API shows it.
type device struct {
	ID           lock.DeviceID  `json:"device_id"`
	Workspace    string         `json:"workspace_id"`
	Type         string         `json:"device_type"`
	Name         maybe          `json:"display_name"`
	Account      lock.AccountID `json:"connected_account_id"`
	Managed      bool           `json:"is_managed"`
	Capabilities []string       `json:"capabilities_supported"`
	Created      stamp          `json:"created_at"`
	Errors       []trouble      `json:"errors"`
	Warnings     []trouble      `json:"warnings"`
	Metadata     map[string]any `json:"custom_metadata"`
	Spaces       []string       `json:"space_ids"` // none: there are no spaces here
	Location     location       `json:"location"`
	Properties   properties     `json:"properties"`
	flags
}

// flags are the capabilities by their newer names: true works, false can't here, absent never could.
type flags struct {
	Online     bool  `json:"can_program_online_access_codes"`
	Offline    *bool `json:"can_program_offline_access_codes,omitempty"`
	WithCode   bool  `json:"can_unlock_with_code"`
	Disconnect *bool `json:"can_simulate_disconnection,omitempty"`
	Connect    *bool `json:"can_simulate_connection,omitempty"`
	HubDown    *bool `json:"can_simulate_hub_disconnection,omitempty"`
	HubUp      *bool `json:"can_simulate_hub_connection,omitempty"`
	Removal    *bool `json:"can_simulate_removal,omitempty"`
}

type location struct {
	Zone maybe `json:"timezone"`
}

type properties struct {
	Name        string       `json:"name"`
	Online      bool         `json:"online"`
	Battery     *battery     `json:"battery,omitempty"`
	Level       *float64     `json:"battery_level,omitempty"`
	Maker       string       `json:"manufacturer"`
	Appearance  appearance   `json:"appearance"`
	Model       model        `json:"model"`
	Lengths     []int        `json:"supported_code_lengths"`
	MaxCodes    *int         `json:"max_active_codes_supported,omitempty"`
	Constraints []constraint `json:"code_constraints"`
	Pool        bool         `json:"supports_backup_access_code_pool"`
	PoolOn      bool         `json:"backup_access_code_pool_enabled"`
	Entries     bool         `json:"has_native_entry_events"`
	Lockly      *locklyLock  `json:"lockly_metadata,omitempty"`
	Oracode     *oracodeDoor `json:"dormakaba_oracode_metadata,omitempty"`
	Native      bool         `json:"has_native_scheduling"` // not of the hosted API: there it stands in prose only
}

type appearance struct {
	Name string `json:"name"`
}

type battery struct {
	Level  float64 `json:"level"`
	Status string  `json:"status"`
}

type model struct {
	Name  string `json:"display_name"`
	Maker string `json:"manufacturer_display_name"`
}

type constraint struct {
	Type lock.ConstraintKind `json:"constraint_type"`
	Min  *int                `json:"min_length,omitempty"`
	Max  *int                `json:"max_length,omitempty"`
}

// showDevice shows a device. Its issues are in no row, so they need the whole view.
func (s *Server) showDevice(v *engine.DeviceView) device {
	t, h := &v.Traits, hostedNames(v.System)
	d := device{
		ID: v.ID, Workspace: s.space.ID, Type: h.kind, Name: maybe(v.Name), Account: v.Account, Managed: !v.Removed, Created: stamp(v.Added),
		Capabilities: []string{"access_code", "lock", "battery"}, Metadata: map[string]any{}, Spaces: []string{}, Location: location{maybe(v.Zone)},
		flags: flags{Online: !t.OfflineOnly, WithCode: true},
		Properties: properties{
			Name: v.Name, Online: v.Link <= lock.Reached, Maker: h.maker, Appearance: appearance{v.Name}, Model: model{v.Model, h.name}, Lengths: t.Lengths(), Constraints: []constraint{},
			Pool: !t.NoBackupPool && !t.AssignsPIN, PoolOn: v.Pool.On, Entries: t.ReportsEntry, Native: t.NativeSchedule,
		},
	}
	if len(t.Offline) > 0 {
		d.flags.Offline = ptr(true)
	}
	if s.lab != nil {
		d.flags.Disconnect, d.flags.Connect, d.flags.Removal = ptr(true), ptr(true), ptr(true)
		if v.Hub != "" {
			d.flags.HubDown, d.flags.HubUp = ptr(true), ptr(true)
		}
	}
	if v.Slots != nil && v.DeviceRow.Slots > 0 {
		d.Properties.MaxCodes = ptr(v.DeviceRow.Slots)
	}
	if b := v.Battery; b.Known && d.Properties.Online {
		d.Properties.Battery, d.Properties.Level = &battery{b.Level, batteryWord(b.Level)}, ptr(b.Level)
	}
	switch v.System {
	case "lockly":
		d.Properties.Lockly = &locklyLock{v.ID, v.Name, v.Model}
	case "oracode":
		d.Properties.Oracode = doorOf(v)
	}
	for _, k := range t.Constraints {
		c := constraint{Type: k.Kind}
		if k.Min > 0 {
			c.Min = ptr(k.Min)
		}
		if k.Max > 0 {
			c.Max = ptr(k.Max)
		}
		d.Properties.Constraints = append(d.Properties.Constraints, c)
	}
	if t.AssignsPIN && !slices.ContainsFunc(t.Constraints, func(k lock.Constraint) bool { return k.Kind == lock.CannotSpecifyPIN }) {
		d.Properties.Constraints = append(d.Properties.Constraints, constraint{Type: lock.CannotSpecifyPIN})
	}
	d.Errors, d.Warnings = troubles(v.ID, v.Issues)
	for i := range d.Errors {
		d.Errors[i].OfDevice = !d.Errors[i].OfAccount
		d.Errors[i].OfCode = false
	}
	return d
}

func batteryWord(level float64) string {
	switch {
	case level <= 0.1:
		return "critical"
	case level <= 0.25:
		return "low"
	case level < 0.95:
		return "good"
	}
	return "full"
}

type getDevice struct {
	ID   *lock.DeviceID `json:"device_id" doc:"the device"`
	Name *string        `json:"name" doc:"its name, instead of its id"`
}

func devicesGet(c *call, p getDevice) (reply, error) {
	switch {
	case p.ID == nil && p.Name == nil:
		return nil, invalid(mistake{"device_id", "is required, or name"})
	case p.ID == nil:
		found, _, err := c.devices(listDevices{}, "", 1, func(v *engine.DeviceRow) bool { return v.Name == *p.Name })
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, problem(http.StatusNotFound, "device_not_found", "no device is called "+clip(*p.Name))
		}
		return reply{"device": found[0], "lock": found[0]}, nil
	}
	d, err := c.device(*p.ID)
	return reply{"device": d, "lock": d}, err
}

func (c *call) device(id lock.DeviceID) (device, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: id})
	if err != nil {
		return device{}, err
	}
	return c.showDevice(s.Device), nil
}

type listDevices struct {
	Account  *lock.AccountID   `json:"connected_account_id" doc:"only of this account"`
	Accounts *[]lock.AccountID `json:"connected_account_ids" doc:"only of these accounts"`
	IDs      *[]lock.DeviceID  `json:"device_ids" doc:"only these"`
	Type     *string           `json:"device_type" doc:"only of this type"`
	Types    *[]string         `json:"device_types" doc:"only of these types"`
	Maker    *string           `json:"manufacturer" doc:"only of this manufacturer"`
	Search   *string           `json:"search" doc:"part of a name or id"`
	If       *[]string         `json:"include_if" doc:"only those with each of these capabilities"`
	Unless   *[]string         `json:"exclude_if" doc:"none with one of these capabilities"`
	Page
}

// Devices of one answer: what the hosted API gives without being asked for less.
const maxDevices = 500

func devicesList(c *call, p listDevices) (reply, error) {
	limit, after, err := p.bounds(c, maxDevices)
	if err != nil {
		return nil, err
	}
	page, more, err := c.devices(p, after, limit, func(*engine.DeviceRow) bool { return true })
	if err != nil {
		return nil, err
	}
	last := ""
	if more {
		last = string(page[len(page)-1].ID)
	}
	return reply{"devices": page, "locks": page, "pagination": p.follow(c, last)}, nil
}

// devices lists up to limit that fit, in the order of ids, and whether there are more.
func (c *call) devices(p listDevices, after string, limit int, also func(*engine.DeviceRow) bool) ([]device, bool, error) {
	var ids []lock.DeviceID
	q := engine.Query{View: engine.ViewFleet, Limit: maxPage}
	for {
		s, err := c.snapshot(q)
		if err != nil {
			return nil, false, err
		}
		for i := range s.Devices {
			if v := &s.Devices[i]; string(v.ID) > after && p.wants(v) && also(v) {
				ids = append(ids, v.ID)
			}
		}
		if q.After = s.Next; q.After == "" {
			break
		}
	}
	slices.Sort(ids)
	found := []device{}
	for _, id := range ids {
		d, err := c.device(id)
		switch {
		case isNotFound(err):
			continue // removed since
		case err != nil:
			return nil, false, err
		case !d.can(p.If, true) || !d.can(p.Unless, false):
			continue
		case len(found) == limit:
			return found, true, nil
		}
		found = append(found, d)
	}
	return found, false, nil
}

func (p listDevices) wants(v *engine.DeviceRow) bool {
	switch {
	case p.Account != nil && v.Account != *p.Account,
		p.Accounts != nil && !slices.Contains(*p.Accounts, v.Account),
		p.IDs != nil && !slices.Contains(*p.IDs, v.ID),
		p.Type != nil && hostedNames(v.System).kind != *p.Type,
		p.Types != nil && !slices.Contains(*p.Types, hostedNames(v.System).kind),
		p.Maker != nil && hostedNames(v.System).maker != *p.Maker,
		p.Search != nil && !contains(v.Name, *p.Search) && !contains(string(v.ID), *p.Search):
		return false
	}
	return true
}

// can reports whether a device has each of the capabilities, or none of them.
func (d device) can(names *[]string, want bool) bool {
	if names == nil {
		return true
	}
	have := map[string]bool{
		"can_program_online_access_codes": d.Online, "can_program_offline_access_codes": d.Offline != nil, "can_unlock_with_code": d.WithCode,
		"can_simulate_disconnection": d.Disconnect != nil, "can_simulate_connection": d.Connect != nil,
		"can_simulate_hub_disconnection": d.HubDown != nil, "can_simulate_hub_connection": d.HubUp != nil,
		"can_simulate_removal": d.Removal != nil,
	}
	for _, n := range *names {
		if have[n] != want {
			return false
		}
	}
	return true
}

type updateDevice struct {
	Device  lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
	Pool    *bool         `json:"backup_access_code_pool_enabled" doc:"switches its backup pool"`
	Managed *bool         `json:"is_managed" doc:"false: its codes stay on it and are managed no more"`
}

func devicesUpdate(c *call, p updateDevice) (reply, error) {
	gone := p.Managed != nil && !*p.Managed
	if p.Pool != nil && gone {
		return nil, invalid(mistake{"backup_access_code_pool_enabled", "can't be changed together with is_managed"})
	}
	if p.Pool != nil {
		if _, err := c.submit(engine.SetPool{Device: p.Device, On: *p.Pool}); err != nil {
			return nil, err
		}
	}
	if gone {
		if _, err := c.submit(engine.RemoveDevice{Device: p.Device}); err != nil {
			return nil, err
		}
	}
	return reply{}, nil
}

type boltDevice struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the lock"`
	Sync   *bool         `json:"sync" doc:"without effect"`
}

// bolt answers for locks whose bolt nobody can move from afar: all of them, as yet.
func bolt(c *call, p boltDevice) (reply, error) {
	if _, err := c.device(p.Device); err != nil {
		return nil, err
	}
	if err := c.slow(p.Device); err != nil {
		return nil, err
	}
	return nil, problem(http.StatusBadRequest, "device_type_not_supported", "the bolt of this lock can't be moved from afar")
}

type reportConstraints struct {
	Device  lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
	Lengths *[]int        `json:"supported_code_lengths" doc:"every length that it takes, or the two bounds instead"`
	Min     *int          `json:"min_code_length" doc:"the shortest that it takes"`
	Max     *int          `json:"max_code_length" doc:"the longest that it takes"`
}

// The lengths of codes that may be told of a device.
const (
	minLength = 4
	maxLength = 20
)

// lengths are those that were told and that a code here may have.
func (p reportConstraints) lengths() ([]int, error) {
	var all []int
	switch {
	case p.Lengths != nil && (p.Min != nil || p.Max != nil):
		return nil, invalid(mistake{"supported_code_lengths", "or min_code_length and max_code_length: one of the two, not both"})
	case p.Lengths != nil:
		all = slices.Compact(slices.Sorted(slices.Values(*p.Lengths)))
	case p.Min == nil || p.Max == nil:
		return nil, invalid(mistake{"supported_code_lengths", "is required, or min_code_length and max_code_length"})
	case *p.Min > *p.Max:
		return nil, invalid(mistake{"max_code_length", "must not be below min_code_length"})
	default:
		for n := max(*p.Min, minLength-1); n <= min(*p.Max, maxLength+1); n++ {
			all = append(all, n)
		}
	}
	if len(all) == 0 || all[0] < minLength || all[len(all)-1] > maxLength {
		return nil, invalid(mistake{"supported_code_lengths", "must lie between " + number(minLength) + " and " + number(maxLength)})
	}
	all = slices.DeleteFunc(all, func(n int) bool { return n > lock.MaxPIN })
	if len(all) == 0 {
		return nil, invalid(mistake{"supported_code_lengths", "has none that a code may have: they end at " + number(lock.MaxPIN)})
	}
	return all, nil
}

// constraintsReport takes an operator's word for what a device accepts. It holds until the account lists the device otherwise.
func constraintsReport(c *call, p reportConstraints) (reply, error) {
	lengths, err := p.lengths()
	if err != nil {
		return nil, err
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: p.Device})
	if err != nil {
		return nil, err
	}
	v := s.Device
	d := lock.Device{ID: v.ID, Account: v.Account, Hub: v.Hub, Name: v.Name, System: v.System, Model: v.Model, Traits: v.Traits}
	d.Traits.PINLengths = lengths
	_, err = c.submit(engine.AddDevice{Device: d})
	return reply{}, err
}
