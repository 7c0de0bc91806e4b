package seam

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

var (
	_ driver.Driver = (*account)(nil)
	_ driver.Bolt   = (*account)(nil)
)

const (
	pageOf  = 500
	pagesAt = 200 // most, of a workspace
)

// Devices implements driver.Driver. What takes no codes is not listed.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	c := rest.Call{Op: "devices"}
	ask := map[string]any{"limit": pageOf}
	if a.linked != "" {
		ask["connected_account_id"] = a.linked
	}
	var all []lock.Device
	for range pagesAt {
		var said struct {
			Devices    *[]device `json:"devices"`
			Pagination struct {
				More   bool   `json:"has_next_page"`
				Cursor string `json:"next_page_cursor"`
			} `json:"pagination"`
		}
		if err := a.post(ctx, c, "/devices/list", ask, &said, false); err != nil {
			return nil, err
		}
		devices, err := rest.Listed(c, said.Devices)
		if err != nil {
			return nil, err
		}
		for i := range devices {
			d := &devices[i]
			takes, _ := d.takes()
			other := a.linked != "" && d.Account != "" && d.Account != a.linked
			if d.ID == "" || !takes || other || a.kind != "" && d.Type != a.kind || d.Managed != nil && !*d.Managed {
				continue
			}
			id := a.deviceID(d.ID)
			all = append(all, lock.Device{
				ID: id, Account: a.id, Name: cmp.Or(d.Name, d.Properties.Name, string(id)), Model: cmp.Or(d.Properties.Model.Name, d.Type, "lock"),
				System: d.system().name, Traits: d.traits(),
			})
		}
		if !said.Pagination.More || said.Pagination.Cursor == "" {
			return all, nil
		}
		ask["page_cursor"] = said.Pagination.Cursor
	}
	return nil, c.Fail(driver.Unsupported, driver.BlameRequest, "the workspace has more than 100,000 devices")
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	codes, err := a.list(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	t := d.traits()
	o := lock.Observation{Source: lock.SourceCloud, Reach: d.reach(), Zone: t.Zone, Next: known.Since, Complete: len(codes) <= lock.MaxHeld}
	if b := d.Properties.Battery; b != nil && b.Level != nil {
		o.Battery = lock.Battery{Known: true, Level: min(max(*b.Level, 0), 1)}
	}
	for i := range codes[:min(len(codes), lock.MaxHeld)] {
		if !codes[i].removed() {
			o.Held = append(o.Held, codes[i].held())
		}
	}
	if t.ReportsEntry {
		if o.Entries, o.Next, err = a.entries(ctx, c, known.Since); err != nil {
			return lock.Observation{}, err
		}
	}
	o.At = a.now()
	return o, nil
}

// back is how far the first look reads the events of a device.
const back = 24 * time.Hour

// entries reads the events after a cursor: the time and the id of the last one that was told.
func (a *account) entries(ctx context.Context, c rest.Call, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	id, _ := a.deviceOf(c.Device)
	date, last, _ := strings.Cut(string(since), " ")
	from, err := time.Parse(time.RFC3339Nano, date)
	if err != nil {
		from, last = a.now().Add(-back), ""
	}
	var said struct {
		Events []event `json:"events"`
	}
	err = a.post(ctx, c, "/events/list", map[string]any{
		"since": from.Add(-time.Second).UTC().Format(time.RFC3339Nano), "device_id": id, "event_types": []string{"lock.unlocked", "lock.locked", "lock.access_denied"},
	}, &said, false)
	if err != nil {
		return nil, since, err
	}
	events := said.Events
	slices.SortStableFunc(events, func(x, y event) int {
		return cmp.Or(x.Occurred.Compare(y.Occurred), strings.Compare(x.ID, y.ID))
	})
	told := slices.IndexFunc(events, func(e event) bool { return e.ID == last })
	if told >= 0 {
		events = events[told+1:]
	} else {
		events = slices.DeleteFunc(events, func(e event) bool { return e.Occurred.Before(from) })
	}
	events = events[:min(len(events), lock.MaxEntries)]
	next := since
	var entries []lock.Entry
	for i := range events {
		next = lock.Cursor(events[i].Occurred.UTC().Format(time.RFC3339Nano) + " " + events[i].ID)
		entries = append(entries, events[i].entry())
	}
	return entries, next, nil
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	t := d.traits()
	offline := want.Offline != lock.OfflineNone
	w := want.Window
	if !offline && !w.IsZero() {
		w = w.Grain(grain)
	}
	switch no := func(why string) (lock.Held, error) {
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, why)
	}; {
	case !want.Enabled:
		return no("a code can't be created disabled")
	case offline && !slices.Contains(t.Offline, want.Offline):
		return no("this device takes no such offline codes")
	case !offline && t.OfflineOnly:
		return no("this device takes offline codes alone")
	case !offline && want.OneTime:
		return no("only offline codes die with their first use")
	case !offline && !w.IsZero() && !t.NativeSchedule:
		return no("windows of this system are kept by the engine")
	case !w.IsZero() && !w.Bounded() && want.Offline != lock.OfflineOneTime:
		return no("a window needs both ends")
	case want.Offline == lock.OfflineSlots && !predefined(&t, w):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "the door has no such predefined times, and the service would move them")
	case want.PIN.IsZero() != (t.AssignsPIN || offline):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "digits are wanted where nobody chooses them, or the other way round")
	}
	codes, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	again := false // the same wish stands there, of which hands have left nothing on the lock
	if i := slices.IndexFunc(codes, func(x code) bool {
		h := x.held()
		own := want.Tag != "" && h.Tag == want.Tag && !x.unmanaged // other digits are to stand beside these
		return at != "" && h.Ref == at || own && (want.PIN.IsZero() || h.PIN == want.PIN)
	}); i >= 0 && !codes[i].removed() {
		return standing(c, &codes[i], want, w)
	} else if i >= 0 {
		if err := a.forget(ctx, c, codes[i].ref()); err != nil {
			return lock.Held{}, err
		}
		codes, again = slices.Delete(codes, i, i+1), true
	}
	// The service takes digits that somebody else's code has, and finds out at the lock.
	if slices.ContainsFunc(codes, func(x code) bool {
		return !want.PIN.IsZero() && x.held().PIN == want.PIN && x.held().Window.Overlaps(w)
	}) {
		return lock.Held{}, c.Fail(driver.Taken, driver.BlameRequest, "somebody else's code has these digits")
	}
	if err := a.turn(c, createsAMinute); err != nil {
		return lock.Held{}, err
	}
	// What hands do at the lock is lockctl's to judge: the service must not put it back by itself.
	ask := map[string]any{"name": driver.Label(want.Tag, want.Name, t.NameMax), "allow_external_modification": true}
	ask["device_id"], _ = a.deviceOf(id)
	if !want.PIN.IsZero() {
		ask["code"] = want.PIN.Reveal()
	}
	if !w.IsZero() {
		ask["starts_at"] = w.From.UTC().Format(time.RFC3339)
		if w.Bounded() {
			ask["ends_at"] = w.To.UTC().Format(time.RFC3339)
		}
	}
	if offline {
		ask["is_offline_access_code"], ask["is_one_time_use"] = true, want.Offline == lock.OfflineOneTime
	}
	var said struct {
		Code code `json:"access_code"`
	}
	if err := a.post(ctx, c, "/access_codes/create", ask, &said, true); err != nil {
		if again && driver.Is(err, driver.Taken) {
			err = leaving(c)
		}
		return lock.Held{}, err
	}
	if said.Code.ID == "" {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no access_code_id")
	}
	h := said.Code.held()
	h.Tag, h.Name, h.Window = want.Tag, want.Name, w
	h.Pending = h.Pending || !offline
	if h.PIN.IsZero() {
		h.PIN = want.PIN
	}
	return h, nil
}

// predefined reports whether a door has these times, so that the service need not move them.
func predefined(t *lock.Traits, w lock.Window) bool {
	kept, _, err := t.Snap(lock.OfflineSlots, w)
	return err == nil && kept.Equal(w)
}

// standing answers for a code that is there already: it is the one that is wanted, or stands in its way.
func standing(c rest.Call, x *code, want lock.Credential, w lock.Window) (lock.Held, error) {
	h := x.held()
	if kind := x.failed(); h.Pending && kind != driver.Ambiguous {
		return lock.Held{}, c.Fail(kind, driver.BlameLock, "the service could not set it")
	}
	same := want.PIN.IsZero() || h.PIN == want.PIN
	if want.Offline == lock.OfflineNone {
		same = same && h.Window.Equal(w)
	}
	switch {
	case x.Status == "removing":
		return lock.Held{}, leaving(c)
	case same:
		return h, nil
	}
	return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code is changed by erasing it first")
}

// leaving is the error of a code that must be gone before it can be written anew.
func leaving(c rest.Call) *driver.Error {
	e := c.Fail(driver.Throttled, driver.BlameLock, "the code before is still being removed")
	e.RetryAfter = 15 * time.Second
	return e
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if _, err := a.find(ctx, c); err != nil {
		return err
	}
	return a.forget(ctx, c, ref)
}

// forget has the service take a code away.
func (a *account) forget(ctx context.Context, c rest.Call, ref lock.Ref) error {
	if err := a.turn(rest.Call{Op: "clear", Device: c.Device}, deletesAMinute); err != nil {
		return err
	}
	path, code := "/access_codes/delete", string(ref)
	if text, ok := strings.CutPrefix(code, strange); ok {
		path, code = "/access_codes/unmanaged/delete", text
	}
	// The device is not named: a server that looks for either would erase another of its codes.
	err := a.post(ctx, c, path, map[string]any{"access_code_id": code}, nil, true)
	if driver.Is(err, driver.NotFound) {
		return nil
	}
	return err
}

// Lock implements driver.Bolt.
func (a *account) Lock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "lock", Device: id})
}

// Unlock implements driver.Bolt.
func (a *account) Unlock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "unlock", Device: id})
}

// move asks the service, which goes on after its answer.
func (a *account) move(ctx context.Context, c rest.Call) error {
	id, ok := a.deviceOf(c.Device)
	if !ok {
		return c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	return a.post(ctx, c, "/locks/"+c.Op+"_door", map[string]any{"device_id": id}, nil, true)
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}
