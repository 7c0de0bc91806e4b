package twon

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the devices that one login opens.
type account struct {
	id    lock.AccountID
	zone  string
	now   func() time.Time
	units []*unit

	mu    sync.Mutex
	known map[lock.DeviceID]*device // by what was last learnt of each
}

var _ driver.Driver = (*account)(nil)

// device is what a unit has said of itself.
type device struct {
	*unit
	info   info
	pin    bool // its users have PINs; else codes of switches
	window bool // and windows
	codes  bool
}

func (d *device) id() lock.DeviceID { return deviceID(d.info.Serial) }

// meet asks a unit what it is.
func (a *account) meet(ctx context.Context, c rest.Call, u *unit) (*device, error) {
	d := &device{unit: u}
	if err := u.ask(ctx, c, "/api/system/info", &d.info); err != nil {
		return nil, err
	}
	if d.info.Serial == "" {
		return nil, c.Fail(driver.Offline, driver.BlameLock, "no serial number")
	}
	var t template
	if err := u.ask(ctx, c, "/api/dir/template", &t); err != nil {
		return nil, err
	}
	if len(t.Users) > 0 {
		access := t.Users[0].Access
		_, d.pin = access["pin"]
		_, from := access["validFrom"]
		_, to := access["validTo"]
		_, d.codes = access["code"]
		d.window = from && to
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known = map[lock.DeviceID]*device{}
	}
	maps.DeleteFunc(a.known, func(_ lock.DeviceID, x *device) bool { return x.unit == u }) // another may answer at its address now
	a.known[d.id()] = d
	return d, nil
}

func (a *account) recall(id lock.DeviceID) *device {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known[id]
}

// of is the device that a unit was last known as; nil: it never answered.
func (a *account) of(u *unit) *device {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.known {
		if d.unit == u {
			return d
		}
	}
	return nil
}

// find returns the device of a call. NotFound: every unit has answered, and it is none of them.
func (a *account) find(ctx context.Context, c rest.Call) (*device, error) {
	if d := a.recall(c.Device); d != nil {
		return d, nil
	}
	var silent error
	for _, u := range a.units {
		if a.of(u) != nil {
			continue
		}
		switch d, err := a.meet(ctx, c, u); {
		case err != nil:
			silent = cmp.Or(silent, err)
		case d.id() == c.Device:
			return d, nil
		}
	}
	if silent != nil {
		return nil, silent
	}
	return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
}

// Devices implements driver.Driver. One that does not answer is listed as it was last known.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	var all []lock.Device
	for _, u := range a.units {
		d, err := a.meet(ctx, rest.Call{Op: "devices"}, u)
		if err != nil {
			if before := a.of(u); before == nil || !away(ctx, err) {
				return nil, err
			} else {
				d = before
			}
		}
		if !d.pin && !d.codes || slices.ContainsFunc(all, func(x lock.Device) bool { return x.ID == d.id() }) {
			continue
		}
		all = append(all, lock.Device{
			ID: d.id(), Account: a.id, Name: cmp.Or(d.info.Name, d.info.Serial), Model: cmp.Or(d.info.Variant, "2N"), System: "2n", Traits: a.traits(d),
		})
	}
	return all, nil
}

func (a *account) traits(d *device) lock.Traits {
	return lock.Traits{
		NativeSchedule: d.window, OpenEnded: d.window, UpdatesInPlace: true, PINLengths: []int{4, 5, 6, 7, 8}, NameMax: nameMax, RefusesReuse: true, ReportsEntry: true,
		Zone: a.zone,
	}
}

// away reports whether an error says that a device can't be reached, and not that somebody has stopped waiting.
func away(ctx context.Context, err error) bool {
	_, unanswered := errors.AsType[*rest.Failure](err)
	return unanswered && ctx.Err() == nil
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	o, err := a.look(ctx, c, known)
	if err != nil && away(ctx, err) {
		return lock.Observation{At: a.now(), Reach: lock.LockDown, Next: known.Since}, nil
	}
	return o, err
}

func (a *account) look(ctx context.Context, c rest.Call, known driver.Known) (lock.Observation, error) {
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	var s status
	if err := d.ask(ctx, c, "/api/system/status", &s); err != nil {
		return lock.Observation{}, err
	}
	users, err := d.users(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{At: a.now(), Reach: lock.Reached, Source: lock.SourceLock, Zone: a.zone, Complete: true}
	if s.Time > 0 && s.Time < 1<<40 {
		o.Clock = time.Unix(s.Time, 0).UTC()
	}
	for i := range users {
		h, ok := users[i].held()
		switch {
		case !ok:
		case len(o.Held) == lock.MaxHeld:
			o.Complete = false
		default:
			o.Held = append(o.Held, h)
		}
	}
	o.Entries, o.Next, err = d.entries(ctx, c, known.Since, s, o.At)
	return o, err
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be held disabled")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	case want.PIN.Len() < 4 || want.PIN.Len() > 8:
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a PIN has 4 to 8 digits")
	}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	if !want.Window.IsZero() && !d.window {
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameLock, "the model keeps no schedules")
	}
	users, err := d.users(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	w := write{UUID: cmp.Or(string(at), uuidOf(want)), Name: driver.Label(want.Tag, want.Name, nameMax), Owner: owner, Access: map[string]any{"pin": want.PIN.Reveal()}}
	if !d.pin {
		w.Access = map[string]any{"code": []string{want.PIN.Reveal()}}
	}
	window := want.Window.Grain(time.Second)
	if d.window {
		w.Access["validFrom"], w.Access["validTo"] = stamp(window.From), stamp(window.To)
	}
	path := "/api/dir/create"
	for i := range users {
		switch u := &users[i]; {
		case u.Deleted:
		case strings.EqualFold(u.UUID, w.UUID):
			if path = "/api/dir/update"; u.kept() {
				return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameLock, "another service keeps this user")
			}
		case slices.Contains(u.all(), want.PIN):
			return lock.Held{}, c.Fail(driver.Taken, driver.BlameRequest, "another user has the digits")
		}
	}
	err = d.put(ctx, c, path, w)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Vendor == exists { // the directory lagged behind: by its UUID it is ours
		err = d.put(ctx, c, "/api/dir/update", w)
	}
	if err != nil {
		if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Full {
			err = d.full(ctx, c, w.UUID, e)
		}
		return lock.Held{}, err
	}
	return lock.Held{Ref: refOf(w.UUID), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: window, Enabled: true}, nil
}

// full looks whether a write that the device has not explained has happened. Only of what is not there it is believed that there was
// no room.
func (d *device) full(ctx context.Context, c rest.Call, uuid string, refused *driver.Error) error {
	users, err := d.users(ctx, c)
	if err != nil || slices.ContainsFunc(users, func(u user) bool { return !u.Deleted && strings.EqualFold(u.UUID, uuid) }) {
		return c.Fail(driver.Ambiguous, driver.BlameLock, refused.Vendor)
	}
	return refused
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return err
	}
	one := []any{map[string]string{"uuid": string(ref)}}
	var found directory
	if err := d.do(ctx, c, http.MethodPost, "/api/dir/get", map[string]any{"fields": []string{"owner"}, "users": one}, &found); err != nil {
		return err
	}
	if len(found.Users) != 1 {
		return c.Fail(driver.Offline, driver.BlameLock, "no word of the user")
	}
	switch u := &found.Users[0]; {
	case u.Deleted, len(u.Errors) > 0 && u.Errors[0].Code == unknown:
		return nil
	case u.kept():
		return c.Fail(driver.Unsupported, driver.BlameLock, "another service keeps this user")
	}
	err = d.put(ctx, c, "/api/dir/delete", one[0])
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Vendor == unknown {
		return nil
	}
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	for _, u := range a.units {
		u.api.HTTP.CloseIdleConnections()
	}
	return nil
}
