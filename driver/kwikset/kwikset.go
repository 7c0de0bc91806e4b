package kwikset

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one login.
type account struct {
	id      lock.AccountID
	zone    *time.Location // of the locks; nil: unknown
	native  bool           // the locks keep windows
	api     *rest.Client
	session *cognito.Session
	key     []byte // of prints
	now     func() time.Time
	log     *slog.Logger
	erases  doubts
	owners  owners
}

var (
	_ driver.Driver = (*account)(nil)
	_ driver.Bolt   = (*account)(nil)
)

const (
	prefix = "kwikset-" // in front of the vendor's id
	grain  = time.Minute
	// ahead is how far in the future a window has to begin: what arrives after its start the lock never takes.
	ahead = 15 * time.Minute
	// lands is how long a write may take. The vendor's app gives up after a quarter of a minute.
	lands = 3 * time.Minute
)

// Devices implements driver.Driver. The vendor lists twenty homes unless it is asked for more.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	c := rest.Call{Op: "devices"}
	homes, err := ask[home](ctx, a, c, "/users/me/homes?top=200")
	if err != nil {
		return nil, err
	}
	var all []lock.Device
	seen := map[string]bool{}
	for _, h := range homes {
		devices, err := ask[device](ctx, a, c, "/homes/"+url.PathEscape(h.ID)+"/devices")
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			if d.ID == "" || seen[d.ID] {
				continue
			}
			seen[d.ID] = true
			id := lock.DeviceID(prefix + d.ID)
			all = append(all, lock.Device{ID: id, Account: a.id, Name: cmp.Or(d.Name, string(id)), Model: cmp.Or(d.Model, "unknown"), System: "kwikset", Traits: a.traits()})
		}
	}
	return all, nil
}

func (a *account) traits() lock.Traits {
	t := lock.Traits{
		NativeSchedule: a.native, PINLengths: []int{4, 5, 6, 7, 8}, NameMax: nameMax, Granularity: grain, CannotList: true, RefusesReuse: true, StartLead: ahead,
		ReportsEntry: true, Constraints: []lock.Constraint{{Kind: lock.NameLength, Min: nameMin}, {Kind: lock.UniqueFirstFour}, {Kind: lock.StartInFuture}}, Lockout: time.Minute,
	}
	if a.zone != nil {
		t.Zone = a.zone.String()
	}
	return t
}

// Observe implements driver.Driver. Nothing lists what a lock holds; what became of writes that are under way is asked for.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Reach: lock.Reached}
	if a.zone != nil {
		o.Zone = a.zone.String()
	}
	if !d.connected() {
		o.Reach = lock.LockDown // its battery is of before
	} else if d.Battery != nil {
		o.Battery = lock.Battery{Known: true, Level: min(max(float64(*d.Battery)/100, 0), 1)}
	}
	for _, text := range known.Refs[:min(len(known.Refs), lock.MaxHeld)] {
		r, ok := parse(text)
		if !ok {
			continue
		}
		h := lock.Held{Ref: text, Tag: r.name, Name: r.name, Enabled: true}
		if r.token != "" {
			slot, known, err := a.slot(ctx, c, r.token)
			switch {
			case err != nil:
				return lock.Observation{}, err
			case slot > 0:
				r.token, r.slot = "", slot
				h.Ref = r.String()
			case !known || a.now().Sub(r.since) > lands:
				continue // it came to nothing: the digits are taken, the lock is full or away, or its start has passed
			default:
				h.Pending = true
			}
		}
		if r.slot > 0 {
			a.owners.gave(id, r.slot, r.since)
		}
		o.Held = append(o.Held, h)
	}
	o.Held = slices.DeleteFunc(o.Held, func(h lock.Held) bool { // also by what a later one of them has told
		r, _ := parse(h.Ref)
		return r.slot > 0 && a.owners.lost(id, r.slot, r.since)
	})
	// Where the history is nobody has written down, and it fails at times: without it the look is as good.
	if o.Entries, o.Next, err = a.entries(ctx, c, known); err != nil {
		a.log.DebugContext(ctx, "the history can't be read", "device", string(id), "err", err)
	}
	o.At = a.now()
	return o, nil
}

// Set implements driver.Driver. The answer is that of the vendor's cloud alone.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	if err := a.fits(c, &want); err != nil {
		return lock.Held{}, err
	}
	if err := a.connected(ctx, c); err != nil {
		return lock.Held{}, err
	}
	print, name := printOf(a.key, &want), label(&want)
	held := lock.Held{Tag: want.Tag, Name: name, PIN: want.PIN, Window: want.Window.Grain(grain), Enabled: true}
	if r, ok := parse(at); ok {
		slot, pending := r.slot, false
		if r.token != "" {
			var err error
			if slot, pending, err = a.slot(ctx, c, r.token); err != nil {
				return lock.Held{}, err
			}
			pending = pending && a.now().Sub(r.since) <= lands
		}
		if slot > 0 && a.owners.lost(id, slot, r.since) {
			slot, pending = 0, false // somebody has removed it: it is written anew
		}
		held.Ref, held.Pending = at, slot == 0
		switch same := r.print == print; {
		case (slot > 0 || pending) && same:
			return held, nil
		case slot > 0 || pending:
			return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameLock, "a code can't be changed in place")
		}
	}
	packet, err := createPacket(want.PIN, name, want.Window.Grain(grain), a.zone)
	if err != nil {
		e := c.Fail(driver.Rejected, driver.BlameRequest, "")
		e.Err = err
		return lock.Held{}, e
	}
	token, err := a.send(ctx, c, http.MethodPost, packet)
	if err != nil {
		return lock.Held{}, err
	}
	a.erases.wrote(id, written{token, a.now()})
	held.Ref, held.Pending = ref{token: token, since: a.now(), print: print, name: name}.String(), true
	return held, nil
}

// fits refuses what no lock of the vendor can hold, or never takes and never says so.
func (a *account) fits(c rest.Call, want *lock.Credential) error {
	w, digits := want.Window.Grain(grain), want.PIN.Reveal()
	switch {
	case want.Offline != lock.OfflineNone || want.OneTime:
		return c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	case !want.Enabled:
		return c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be created disabled")
	case !w.IsZero() && !a.native:
		return c.Fail(driver.Unsupported, driver.BlameRequest, "schedules are kept by the engine")
	case !w.IsZero() && (w.From.IsZero() || !w.Bounded()):
		return c.Fail(driver.Unsupported, driver.BlameRequest, "a window has a start and an end")
	case len(digits) < 4 || len(digits) > 8 || strings.HasPrefix(digits, "999999"):
		return c.Fail(driver.Rejected, driver.BlameRequest, "a code has 4 to 8 digits and does not begin with 999999")
	case len([]rune(label(want))) < nameMin:
		return c.Fail(driver.Rejected, driver.BlameRequest, "a name has 2 characters or more")
	case !w.IsZero() && (!w.To.After(w.From) || !w.From.After(a.now())):
		return c.Fail(driver.Rejected, driver.BlameRequest, "a window begins in the future and ends later")
	}
	return nil
}

// Clear implements driver.Driver. A slot is erased with whatever is in it, so only one that the lock has told is. That it was erased
// nobody confirms.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, at lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if err := a.connected(ctx, c); err != nil {
		return err
	}
	r, ok := parse(at)
	if !ok {
		return nil // nothing of ours goes by that
	}
	if r.token != "" {
		slot, known, err := a.slot(ctx, c, r.token)
		switch {
		case err != nil:
			return err
		case slot == 0 && known && a.now().Sub(r.since) > lands:
			return nil // it never came to the lock
		case slot == 0 && known:
			return unknownYet(c)
		case slot == 0:
			return c.Fail(driver.Unsupported, driver.BlameLock, "its slot was never known: only the vendor's app can erase it")
		}
		r.slot = slot
		a.owners.gave(id, slot, r.since)
	}
	if a.owners.lost(id, r.slot, r.since) {
		return nil // somebody has removed it, and another code stands there
	}
	for _, w := range a.erases.since(id, r.slot) {
		slot, known, err := a.slot(ctx, c, w.token)
		switch {
		case err != nil:
			return err
		case slot == r.slot:
			a.erases.end(id, r.slot)
			return nil // another code stands there: the erase that nobody knew of has happened
		case slot == 0 && known && a.now().Sub(w.at) <= lands:
			return unknownYet(c)
		}
	}
	_, err := a.send(ctx, c, http.MethodDelete, deletePacket(r.slot))
	if driver.Is(err, driver.Ambiguous) {
		a.erases.begin(id, r.slot)
	} else if err == nil {
		a.erases.end(id, r.slot)
	}
	return err
}

// unknownYet says that a slot is not known yet.
func unknownYet(c rest.Call) error {
	e := c.Fail(driver.Throttled, driver.BlameLock, "its slot is not known yet")
	e.RetryAfter = 15 * time.Second
	return e
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
	if err := a.connected(ctx, c); err != nil {
		return err
	}
	source, err := json.Marshal(map[string]string{"name": "lockctl", "device": "lockctl"})
	if err != nil {
		return err
	}
	id, _ := under(c)
	_, err = a.do(ctx, c, http.MethodPatch, "/devices/"+id+"/status", map[string]string{"action": c.Op, "source": string(source)}, true)
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}
