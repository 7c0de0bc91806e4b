package schlage

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one login.
type account struct {
	id      lock.AccountID
	zone    string
	api     *rest.Client
	key     string
	session *cognito.Session
	now     func() time.Time
	log     *slog.Logger
	user    atomic.Pointer[string] // the vendor's id of whoever is signed in; nil: not asked for yet
}

var (
	_ driver.Driver = (*account)(nil)
	_ driver.Bolt   = (*account)(nil)
)

// The engine's names of devices: the vendor's id behind a prefix.
const prefix = "schlage-"

// grain of windows. The app offers minutes; that the keypad counts seconds nobody says.
const grain = time.Minute

// Devices implements driver.Driver.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	var devices []device
	if err := a.ask(ctx, rest.Call{Op: "devices"}, "/devices?archetype=lock", &devices); err != nil {
		return nil, err
	}
	var all []lock.Device
	for i := range devices {
		d := &devices[i]
		if d.ID == "" || strings.Contains(d.ID, "/") {
			continue
		}
		id := lock.DeviceID(prefix + d.ID)
		length, err := a.length(ctx, d)
		if err != nil {
			return nil, err
		}
		all = append(all, lock.Device{
			ID: id, Account: a.id, Name: cmp.Or(d.Name, string(id)), Model: cmp.Or(d.Model, d.Type, "unknown"), System: "schlage", Traits: a.traits(d, length),
		})
	}
	return all, nil
}

// length is how many digits the codes of a lock have; 0: that is not known. A lock that can't be reached does not tell, but its
// codes do.
func (a *account) length(ctx context.Context, d *device) (int, error) {
	if d.Attributes.Length > 0 {
		return d.Attributes.Length, nil
	}
	codes, err := a.list(ctx, rest.Call{Op: "devices", Device: lock.DeviceID(prefix + d.ID)})
	if err != nil || len(codes) == 0 {
		return 0, err
	}
	return codes[0].Length, nil
}

func (a *account) traits(d *device, length int) lock.Traits {
	t := lock.Traits{
		NativeSchedule: true, OpenEnded: true, Stages: true, UpdatesInPlace: true, Slots: d.capacity(), PINLengths: []int{4, 5, 6, 7, 8}, NameMax: nameMax,
		Granularity: grain, RefusesReuse: true, DSTNaive: true, CloudList: true, ReportsEntry: true, Zone: a.zone,
		Constraints: []lock.Constraint{{Kind: lock.NameLength, Min: 1, Max: nameMax}, {Kind: lock.NameMustBeUnique}},
	}
	if slices.Contains(t.PINLengths, length) {
		t.PINLengths = []int{length}
	}
	return t
}

// capacity is how many codes a lock holds: as many as it says, or else as its kind is known for.
func (d *device) capacity() int {
	switch most := d.Attributes.Most; {
	case most > 0:
		return min(most, lock.MaxHeld)
	case d.Type == sense:
		return 30
	}
	return 100
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Reach: lock.Reached, Zone: a.zone, Next: known.Since}
	if !d.Connected {
		o.Reach = lock.LockDown
	}
	if level := d.Attributes.Level; level != nil {
		o.Battery = lock.Battery{Known: true, Level: min(max(*level/100, 0), 1)}
	}
	if d.Attributes.Low == 1 && (!o.Battery.Known || o.Battery.Level > critical) {
		o.Battery = lock.Battery{Known: true, Level: critical}
	}
	codes, err := a.list(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o.Complete = len(codes) <= lock.MaxHeld
	for i := range codes[:min(len(codes), lock.MaxHeld)] {
		o.Held = append(o.Held, codes[i].held())
	}
	if o.Entries, o.Next, err = a.entries(ctx, c, known.Since); err != nil {
		return lock.Observation{}, err
	}
	o.At = a.now()
	return o, nil
}

// critical is the charge of a battery of which the vendor says no more than that it is nearly empty.
const critical = 0.1

// Set implements driver.Driver. The cloud answers once the lock has.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	if err := fits(c, &want); err != nil {
		return lock.Held{}, err
	}
	d, err := a.connected(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	if n := d.Attributes.Length; n != 0 && n != want.PIN.Len() {
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "accessCodeLength")
	}
	codes, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	x := codeOf(&want)
	own := slices.IndexFunc(codes, func(have accessCode) bool { return have.ID == string(at) })
	if own < 0 && want.Tag != "" {
		own = slices.IndexFunc(codes, func(have accessCode) bool { return have.Name == x.Name })
	}
	for i := range codes {
		if i != own && (codes[i].Name == x.Name || codes[i].pin() == want.PIN) {
			return lock.Held{}, c.Fail(driver.Taken, driver.BlameRequest, "name or digits")
		}
	}
	switch {
	case own >= 0:
		return a.change(ctx, c, d, &codes[own], x)
	case len(codes) >= d.capacity():
		return lock.Held{}, c.Fail(driver.Full, driver.BlameLock, "")
	}
	answer, err := a.command(ctx, c, "addaccesscode", x)
	if at != "" && driver.Is(err, driver.Ambiguous) && answer.Status/100 == 4 {
		return a.change(ctx, c, d, &accessCode{ID: string(at)}, x) // it stands already, and the list lags behind
	}
	if err != nil {
		return lock.Held{}, err
	}
	var made accessCode
	if err := answer.JSON(&made); err != nil || made.ID == "" {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no accesscodeId")
	}
	x.ID = made.ID
	a.notify(ctx, c, http.MethodPost, d, x)
	return x.held(), nil
}

// fits refuses what no lock of the vendor can hold.
func fits(c rest.Call, want *lock.Credential) error {
	w := want.Window.Grain(grain)
	switch {
	case want.Offline != lock.OfflineNone || want.OneTime:
		return c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	case want.PIN.Len() < 4 || want.PIN.Len() > 8:
		return c.Fail(driver.Rejected, driver.BlameRequest, "a code has 4 to 8 digits")
	case !w.From.IsZero() && w.From.Unix() < 0, w.Bounded() && (w.To.Unix() >= forever || !w.To.After(w.From)):
		return c.Fail(driver.Rejected, driver.BlameRequest, "a window ends after its start, and before the year 2106")
	}
	return nil
}

// change writes over a code that is there, unless it is as it should be.
func (a *account) change(ctx context.Context, c rest.Call, d *device, have *accessCode, x accessCode) (lock.Held, error) {
	x.ID, x.Notify = have.ID, have.Notify
	if have.pin() == x.pin() && have.held() == x.held() && have.Schedule1 == x.Schedule1 && have.Schedule2 == nil {
		return have.held(), nil
	}
	answer, err := a.command(ctx, c, "updateaccesscode", x)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.NotFound {
		e.Kind, e.Blame = driver.Ambiguous, driver.BlameLock // it was there a moment ago, and the device still is
	}
	if err != nil {
		return lock.Held{}, err
	}
	var made accessCode
	if answer.JSON(&made) == nil && made.ID != "" {
		x.ID = made.ID
	}
	a.notify(ctx, c, http.MethodPut, d, x)
	return x.held(), nil
}

// Clear implements driver.Driver. The vendor wants the whole code back to delete it.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if _, err := a.connected(ctx, c); err != nil {
		return err
	}
	codes, err := a.list(ctx, c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(codes, func(have accessCode) bool { return have.ID == string(ref) })
	if i < 0 {
		return nil
	}
	_, err = a.command(ctx, c, "deleteaccesscode", codes[i].raw)
	if driver.Is(err, driver.NotFound) {
		err = nil
	}
	if err == nil {
		a.forget(ctx, c, codes[i].ID)
	}
	return err
}

// Lock implements driver.Bolt.
func (a *account) Lock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "lock", Device: id}, 1)
}

// Unlock implements driver.Bolt.
func (a *account) Unlock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "unlock", Device: id}, 0)
}

// move turns the bolt. Locks behind a gateway are told so by a command that names who asks.
func (a *account) move(ctx context.Context, c rest.Call, state int) error {
	d, err := a.connected(ctx, c)
	if err != nil {
		return err
	}
	path, _ := under(c)
	if d.Type != sense {
		_, err = a.do(ctx, c, http.MethodPut, path, map[string]any{"attributes": map[string]int{"lockState": state}}, true)
		return err
	}
	user, err := a.self(ctx, c)
	if err != nil {
		return err
	}
	_, err = a.command(ctx, c, "changelockstate", map[string]any{"CAT": d.CAT, "deviceId": d.ID, "state": state, "userId": user})
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}

// self is the vendor's id of whoever is signed in.
func (a *account) self(ctx context.Context, c rest.Call) (string, error) {
	if user := a.user.Load(); user != nil {
		return *user, nil
	}
	var me person
	if err := a.ask(ctx, c, "/users/@me", &me); err != nil {
		return "", err
	}
	a.user.Store(&me.Identity)
	return me.Identity, nil
}

// Some locks take no code that lacks its notification, so one is written for each code, switched off. The vendor fails at it at times
// when the code is well: that is logged, and no failure.

func (a *account) notify(ctx context.Context, c rest.Call, method string, d *device, x accessCode) {
	user, err := a.self(ctx, c)
	if err == nil {
		_, err = a.do(ctx, c, method, "/notifications?deviceId="+url.QueryEscape(d.ID), map[string]any{
			"notificationId": user + "_" + x.ID, "devicetypeId": d.Type, "notificationDefinitionId": "onunlockstateaction", "active": x.Notify == 1, "filterValue": x.Name,
		}, true)
	}
	if err != nil {
		a.log.WarnContext(ctx, "the notification of a code was not written", "device", string(c.Device), "err", err)
	}
}

func (a *account) forget(ctx context.Context, c rest.Call, id string) {
	user, err := a.self(ctx, c)
	if err == nil {
		_, err = a.do(ctx, c, http.MethodDelete, "/notifications/"+url.PathEscape(user+"_"+id), nil, true)
	}
	if e, ok := errors.AsType[*driver.Error](err); err != nil && (!ok || e.Kind != driver.NotFound) {
		a.log.WarnContext(ctx, "the notification of a code was not deleted", "device", string(c.Device), "err", err)
	}
}
