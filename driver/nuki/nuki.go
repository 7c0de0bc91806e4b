package nuki

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one login.
type account struct {
	id     lock.AccountID
	zone   string
	api    *rest.Client
	now    func() time.Time
	header http.Header
	hook   atomic.Pointer[webhook] // by which the vendor posts; nil: not asked for
}

var (
	_ driver.Driver     = (*account)(nil)
	_ driver.Receiver   = (*account)(nil)
	_ driver.Subscriber = (*account)(nil)
	_ driver.Bolt       = (*account)(nil)
)

// Devices implements driver.Driver. What has no keypad takes no codes, and is not listed.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	var locks []smartlock
	if err := a.ask(ctx, rest.Call{Op: "devices"}, "/smartlock", &locks); err != nil {
		return nil, err
	}
	var all []lock.Device
	for i := range locks {
		s := &locks[i]
		if s.Type == typeOpener || !s.Config.Keypad && !s.Config.Keypad2 {
			continue
		}
		id := deviceID(s.ID)
		all = append(all, lock.Device{
			ID: id, Account: a.id, Name: cmp.Or(s.Name, string(id)), Model: models[min(max(s.Type, 0), len(models)-1)], System: "nuki", Traits: a.traits(s),
		})
	}
	return all, nil
}

// models names the types of the API.
var models = [...]string{"Smart Lock", "Box", "Opener", "Smart Door", "Smart Lock 3"}

func (a *account) traits(s *smartlock) lock.Traits {
	return lock.Traits{
		UpdatesInPlace: true, Slots: s.capacity(), PINLengths: []int{6}, NameMax: nameMax, RefusesReuse: true, CloudList: true, ReportsEntry: true,
		Constraints: []lock.Constraint{{Kind: lock.NoZeros}, {Kind: lock.CannotStartWith12}}, Zone: a.zone,
	}
}

// capacity is how many codes a lock holds: 200 from the third generation on, else 100.
func (s *smartlock) capacity() int {
	if s.Type >= 3 {
		return 200
	}
	return 100
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	s, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Reach: lock.Reached, Zone: a.zone, Next: known.Since}
	if s.ServerState == serverOffline {
		o.Reach = lock.LockDown
	}
	if s.State.Charge != nil {
		o.Battery = lock.Battery{Known: true, Level: min(max(*s.State.Charge/100, 0), 1)}
	}
	if s.State.Critical || s.State.KeypadCritical {
		o.Battery = lock.Battery{Known: true, Level: min(o.Battery.Level, critical)}
	}
	auths, err := a.list(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o.Complete = len(auths) <= lock.MaxHeld
	for i := range auths[:min(len(auths), lock.MaxHeld)] {
		o.Held = append(o.Held, auths[i].held())
	}
	if o.Entries, o.Next, err = a.entries(ctx, c, known.Since); err != nil {
		return lock.Observation{}, err
	}
	o.At = a.now()
	return o, nil
}

// critical is the charge of a battery of which the vendor says no more than that it is nearly empty.
const critical = 0.1

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Window.IsZero():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "schedules are kept by the engine")
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be created disabled")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	case want.PIN.IsZero() || strings.HasPrefix(want.PIN.Reveal(), "0"):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a code begins with a digit from 1 to 9")
	}
	s, err := a.find(ctx, c)
	if err == nil && s.ServerState == serverOffline {
		err = c.Fail(driver.Offline, driver.BlameLock, "serverState 4")
	}
	if err != nil {
		return lock.Held{}, err
	}
	if at != "" {
		h, err := a.change(ctx, c, want, at)
		if !driver.Is(err, driver.NotFound) {
			return h, err
		}
	}
	w := writeOf(want)
	w.Type = typeKeypad
	err = a.tell(ctx, c, http.MethodPut, "", w)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Taken {
		return a.taken(ctx, c, s, want, e)
	}
	if err != nil {
		return lock.Held{}, err
	}
	return lock.Held{Ref: nameRef(w.Name), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Enabled: true, Pending: true}, nil
}

// change writes over an auth that is there; NotFound: it is not.
func (a *account) change(ctx context.Context, c rest.Call, want lock.Credential, at lock.Ref) (lock.Held, error) {
	id, err := a.resolve(ctx, c, at)
	if err != nil {
		return lock.Held{}, err
	}
	w := writeOf(want)
	w.Enabled = new(true)
	if err := a.tell(ctx, c, http.MethodPost, "/"+url.PathEscape(id), w); err != nil {
		return lock.Held{}, err
	}
	return lock.Held{Ref: lock.Ref(id), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Enabled: true, Pending: true}, nil
}

// taken finds out who has the digits that were refused with 409: this very code, which a lost answer or a driver before this one
// has written; somebody else; or nobody yet listed, and then nobody knows.
func (a *account) taken(ctx context.Context, c rest.Call, s *smartlock, want lock.Credential, refused *driver.Error) (lock.Held, error) {
	auths, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	for i := range auths {
		h := auths[i].held()
		switch {
		case h.PIN != want.PIN:
		case h.Tag != want.Tag || want.Tag == "":
			return lock.Held{}, refused
		case !h.Enabled || !h.Window.IsZero():
			return a.change(ctx, c, want, h.Ref)
		default:
			return h, nil
		}
	}
	if len(auths) >= s.capacity() {
		refused.Kind, refused.Blame = driver.Full, driver.BlameLock
		return lock.Held{}, refused
	}
	// It stands on the keypad or is on its way there, and the list does not show it yet.
	refused.Kind, refused.Blame = driver.Ambiguous, driver.BlameCloud
	return lock.Held{}, refused
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	s, err := a.find(ctx, c)
	if err == nil && s.ServerState == serverOffline {
		err = c.Fail(driver.Offline, driver.BlameLock, "serverState 4")
	}
	if err != nil {
		return err
	}
	auth, err := a.resolve(ctx, c, ref)
	if err == nil {
		err = a.tell(ctx, c, http.MethodDelete, "/"+url.PathEscape(auth), nil)
	}
	switch {
	case driver.Is(err, driver.NotFound):
		return nil
	case err == nil:
		a.refresh(ctx, c, auth)
	}
	return err
}

// refresh has the server ask the lock what it holds, if an auth that was just erased is still listed and nothing is on its way: such a line
// stays until then. What comes of it is seen by the next look.
func (a *account) refresh(ctx context.Context, c rest.Call, id string) {
	auths, err := a.list(ctx, c)
	if err == nil && slices.ContainsFunc(auths, func(x auth) bool { return x.ID == id && x.Operation == "" }) {
		n, _ := number(c.Device)
		_, _ = a.do(ctx, c, http.MethodPost, "/smartlock/"+n+"/sync", nil, true)
	}
}

// Lock implements driver.Bolt.
func (a *account) Lock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "lock", Device: id})
}

// Unlock implements driver.Bolt.
func (a *account) Unlock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "unlock", Device: id})
}

func (a *account) move(ctx context.Context, c rest.Call) error {
	n, ok := number(c.Device)
	if !ok {
		return c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	_, err := a.do(ctx, c, http.MethodPost, "/smartlock/"+n+"/action/"+c.Op, nil, true)
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}

// A Ref is the auth's id, or, before the id is known, its name behind a prefix that no id has.
const byName = "name:"

func nameRef(label string) lock.Ref { return lock.Ref(byName + label) }

// resolve finds the id of an auth; NotFound: the list lacks it.
func (a *account) resolve(ctx context.Context, c rest.Call, ref lock.Ref) (string, error) {
	label, ok := strings.CutPrefix(string(ref), byName)
	if !ok {
		return string(ref), nil
	}
	auths, err := a.list(ctx, c)
	if err != nil {
		return "", err
	}
	tag, _ := driver.Unlabel(label)
	i := slices.IndexFunc(auths, func(x auth) bool {
		of, _ := driver.Unlabel(x.Name)
		return x.Name == label || tag != "" && of == tag
	})
	if i < 0 {
		return "", c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	return auths[i].ID, nil
}
