package igloohome

import (
	"cmp"
	"context"
	"crypto/cipher"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one API client.
type account struct {
	id             lock.AccountID
	client, secret string
	zone           string
	clock          *time.Location // of that zone; nil: unknown
	endless        int            // the type of a PIN without an end
	api, login     *rest.Client
	now            func() time.Time
	session        session
	cipher         cipher.Block // seals Refs
	book           book

	mu      sync.Mutex
	bridges map[string]string    // of locks, by the vendor's ids, as they were last listed
	posts   map[string][]post    // of bridges, not longer ago than a full queue takes
	back    map[string]time.Time // since when a bridge that was away is back
}

var (
	_ driver.Driver = (*account)(nil)
	_ driver.Bolt   = (*account)(nil)
)

// lockable reports whether a device takes PINs itself. Those of a keypad are its lock's.
func (d *device) lockable() bool {
	return d.DeviceID != "" && d.Type != "Bridge" && d.Type != "Keypad"
}

// Devices implements driver.Driver.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	found, err := a.devices(ctx, rest.Call{Op: "devices"})
	if err != nil {
		return nil, err
	}
	var all []lock.Device
	seen := map[string]bool{}
	for i := range found {
		d := &found[i]
		if !d.lockable() || seen[d.DeviceID] {
			continue
		}
		seen[d.DeviceID] = true
		x := lock.Device{
			ID: deviceID(d.DeviceID), Account: a.id, Name: cmp.Or(d.Name, d.DeviceID), Model: cmp.Or(d.Type, "Lock"), System: "igloohome",
		}
		bridge := a.bridgeOf(d.DeviceID)
		if bridge != "" {
			x.Hub = lock.HubID(deviceID(bridge))
		}
		x.Traits = a.traits(bridge != "")
		all = append(all, x)
	}
	return all, nil
}

// slots is how many PINs a lock holds, of all kinds.
const slots = 199

func (a *account) traits(bridged bool) lock.Traits {
	t := lock.Traits{CannotList: true, Zone: a.zone}
	if a.clock != nil {
		t.Offline, t.FirstUseWithin = []lock.OfflineKind{lock.OfflineHourly, lock.OfflineDaily, lock.OfflineOneTime}, 24*time.Hour
	}
	if !bridged {
		t.OfflineOnly, t.AssignsPIN, t.NoBackupPool, t.Granularity = true, true, true, time.Hour
		t.PINLengths, t.Constraints = []int{7, 8, 9}, []lock.Constraint{{Kind: lock.CannotSpecifyPIN}}
		return t
	}
	t.NativeSchedule, t.RefusesReuse, t.Slots, t.NameMax, t.Granularity = true, true, slots, nameMax, time.Minute
	t.PINLengths = []int{4, 5, 6, 7, 8, 9, 10}
	return t
}

// link keeps which bridge serves which lock.
func (a *account) link(all []device) {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.bridges)
	for i := range all {
		if b := &all[i]; b.Type == "Bridge" {
			for _, l := range b.Linked {
				a.bridges[l.DeviceID] = b.DeviceID
			}
		}
	}
}

func (a *account) bridgeOf(id string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bridges[id]
}

// find returns a lock's id and its bridge, having made sure that the vendor answers.
func (a *account) find(ctx context.Context, c rest.Call) (id, bridge string, err error) {
	id, ok := vendorID(c.Device)
	if !ok {
		return "", "", c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	if bridge = a.bridgeOf(id); bridge != "" {
		var b device
		err := a.ask(ctx, c, "/devices/"+url.PathEscape(bridge), &b)
		for _, l := range b.Linked {
			if err == nil && l.DeviceID == id {
				return id, bridge, nil
			}
		}
		if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind != driver.NotFound {
			return "", "", err
		}
	}
	all, err := a.devices(ctx, c)
	if err != nil {
		return "", "", err
	}
	if !slices.ContainsFunc(all, func(d device) bool { return d.lockable() && d.DeviceID == id }) {
		return "", "", c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	if bridge = a.bridgeOf(id); bridge == "" {
		return "", "", c.Fail(driver.Unsupported, driver.BlameLock, "no bridge is linked to the lock")
	}
	return id, bridge, nil
}

// mostJobs is how many a look asks for, and a bridge has waiting.
const mostJobs = 20

// Observe implements driver.Driver. What the lock holds nobody tells; what became of the newest jobs is told of the Refs that are known:
// one that failed is left out.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	vendor, ok := vendorID(id)
	if !ok {
		return lock.Observation{}, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d device
	if err := a.ask(ctx, c, "/devices/"+url.PathEscape(vendor), &d); err != nil {
		return lock.Observation{}, err
	}
	if d.DeviceID != vendor {
		return lock.Observation{}, c.Fail(driver.Offline, driver.BlameCloud, "no device")
	}
	o := lock.Observation{Source: lock.SourceCloud, Zone: a.zone, Next: known.Since}
	if d.Battery != nil {
		o.Battery = lock.Battery{Known: true, Level: min(max(*d.Battery/100, 0), 1)}
	}
	var handles []handle
	refs := map[string]lock.Ref{}
	for _, ref := range known.Refs {
		if h, ok := a.unseal(ref); ok {
			handles, refs[h.job] = append(handles, h), ref
		}
	}
	slices.SortStableFunc(handles, func(x, y handle) int { return y.posted.Compare(x.posted) })
	l, _, err := a.book.read(ctx)
	if err != nil {
		return lock.Observation{}, a.forgetful(c, err)
	}
	erased := l.erasures()
	asked, stuck := 0, ""
	for _, h := range handles[:min(len(handles), lock.MaxHeld)] {
		e, going := erased[h.job]
		if going && e.Done {
			continue
		}
		job, posted, s := h.job, h.posted, pending
		if going {
			job, posted = e.Job, e.At
		}
		if asked++; asked <= mostJobs {
			if s, err = a.job(ctx, c, job); err != nil {
				return lock.Observation{}, err
			}
			if s == pending && !a.now().Before(a.dueOf(vendor, job, posted)) {
				stuck = job
			}
		}
		if going && s != done || !going && s != failed {
			o.Held = append(o.Held, lock.Held{Ref: refs[h.job], PIN: h.pin, Enabled: true, Pending: s == pending})
		}
	}
	if o.Reach, err = a.reach(ctx, c, vendor, stuck, l.Away); err != nil {
		return lock.Observation{}, err
	}
	o.At = a.now()
	return o, nil
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case want.Offline != lock.OfflineNone:
		return a.issue(ctx, c, want)
	case want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "only algorithmic codes are for one opening")
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be held disabled")
	case want.PIN.Len() < 4 || want.PIN.Len() > 10:
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a PIN has 4 to 10 digits")
	case !want.Window.IsZero() && !want.Window.Bounded():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "whether a PIN without an end obeys its start is not known")
	}
	if at != "" {
		h, ok := a.unseal(at)
		if !ok || h.pin != want.PIN || h.window != sumOf(want.Window) {
			return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a PIN is changed by erasing it and writing another")
		}
		_, going, err := a.book.erasure(ctx, h.job)
		if err != nil {
			return lock.Held{}, a.forgetful(c, err)
		}
		if !going {
			if s, err := a.job(ctx, c, h.job); err != nil || s != failed {
				return held(want, at, s), err
			}
		}
	}
	lockID, bridge, err := a.find(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	data := pinOrder{Name: label(want), PIN: want.PIN.Reveal(), Type: a.endless}
	w := want.Window.Grain(time.Minute)
	soon := a.now().UTC().Add(90 * time.Second).Truncate(time.Minute) // half a minute from now or later, on the minute
	if w.From.Before(soon) {
		w.From = soon
	}
	data.Start = stamp(w.From)
	if w.Bounded() {
		if data.Type, data.End = pinDuration, stamp(w.To); !w.To.After(w.From) {
			return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "the window is over")
		}
	}
	job, err := a.order(ctx, c, lockID, bridge, order{jobCreatePIN, data})
	if err != nil {
		return lock.Held{}, err
	}
	now := a.now()
	x := held(want, a.seal(handle{want.PIN, now, sumOf(want.Window), job}), pending)
	x.Due = a.dueOf(lockID, job, now)
	return x, nil
}

func held(want lock.Credential, ref lock.Ref, s state) lock.Held {
	return lock.Held{Ref: ref, Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: want.Window.Grain(time.Minute), Enabled: true, Pending: s == pending}
}

// Clear implements driver.Driver. The bridge erases by the digits. Until it has, the error is ambiguous, and says when to ask again.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	lockID, bridge, err := a.find(ctx, c)
	if err != nil {
		return err
	}
	h, ok := a.unseal(ref)
	switch {
	case strings.HasPrefix(string(ref), offline):
		return c.Fail(driver.Unsupported, driver.BlameRequest, "an algorithmic code can't be erased")
	case !ok:
		return c.Fail(driver.Unsupported, driver.BlameAccount, "it was written by another API client")
	}
	e, going, err := a.book.erasure(ctx, h.job)
	if err != nil {
		return a.forgetful(c, err)
	}
	if going && !e.Failed {
		return a.erased(ctx, c, lockID, h, e)
	}
	job, err := a.order(ctx, c, lockID, bridge, order{jobDeletePIN, pinOrder{PIN: h.pin.Reveal()}})
	if err != nil {
		return err
	}
	if err := a.book.erases(ctx, erasure{Of: h.job, Job: job, At: a.now()}, a.now()); err != nil {
		return a.forgetful(c, err)
	}
	return unfinished(c, 0)
}

// erased looks what became of an erasure. One that has failed is noted as that: the next Clear orders another.
func (a *account) erased(ctx context.Context, c rest.Call, id string, h handle, e erasure) error {
	if e.Done {
		return nil
	}
	s, err := a.job(ctx, c, e.Job)
	switch {
	case err != nil:
		return err
	case s == pending && !a.now().Before(a.dueOf(id, e.Job, e.At)):
		if err := a.missed(ctx, c, a.bridgeOf(id), e.Job); err != nil {
			return err
		}
		return c.Fail(driver.Offline, driver.BlameHub, "the bridge does not turn to it")
	case s == pending:
		return unfinished(c, a.now().Sub(e.At))
	case s == failed:
		// One that never was written can't be erased either.
		if s, err = a.job(ctx, c, h.job); err != nil {
			return err
		}
		e.Failed = s != failed
	}
	e.Done = !e.Failed
	if err := a.book.erases(ctx, e, a.now()); err != nil {
		return a.forgetful(c, err)
	}
	if e.Failed {
		return c.Fail(driver.Ambiguous, driver.BlameLock, "the bridge has failed to do it")
	}
	return nil
}

// asksAgain is how long a bridge with little to do takes for a job.
const asksAgain = 20 * time.Second

// unfinished is the error of a job that is taken and not done yet. The longer that lasts, the less often it is asked for.
func unfinished(c rest.Call, lasts time.Duration) error {
	e := c.Fail(driver.Ambiguous, driver.BlameHub, "the bridge has it to do")
	e.RetryAfter = asksAgain + lasts/2
	return e
}

// forgetful is the error when the book can't be read or written.
func (a *account) forgetful(c rest.Call, err error) error {
	e := c.Fail(driver.Offline, driver.BlameAccount, "what was asked for can't be kept")
	e.Err = err
	return e
}

// Lock implements driver.Bolt.
func (a *account) Lock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "lock", Device: id}, jobLock)
}

// Unlock implements driver.Bolt.
func (a *account) Unlock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "unlock", Device: id}, jobUnlock)
}

func (a *account) move(ctx context.Context, c rest.Call, kind int) error {
	id, bridge, err := a.find(ctx, c)
	if err == nil {
		_, err = a.order(ctx, c, id, bridge, order{Type: kind})
	}
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	a.login.HTTP.CloseIdleConnections()
	return nil
}
