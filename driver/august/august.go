package august

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

var (
	_ driver.Driver     = (*account)(nil)
	_ driver.Receiver   = (*account)(nil)
	_ driver.Subscriber = (*account)(nil)
	_ driver.Bolt       = (*account)(nil)
)

// nameMax is how much of a name is written, in bytes; the vendor publishes no limit.
const nameMax = 32

// grain is what schedules are kept to.
const grain = time.Minute

// Devices implements driver.Driver. Locks of other people, whose codes only their owner may write, are not listed, nor are those that take none.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	var all map[string]mine
	if err := a.ask(ctx, rest.Call{Op: "devices"}, "/users/locks/mine", &all, ""); err != nil {
		return nil, err
	}
	var devices []lock.Device
	for _, id := range slices.Sorted(maps.Keys(all)) {
		name := a.deviceID(id)
		if _, ok := a.lockID(name); !ok || all[id].Type != owner {
			continue
		}
		d, err := a.described(ctx, rest.Call{Op: "devices", Device: name})
		if driver.Is(err, driver.NotFound) {
			continue // it has just been removed
		}
		if err != nil {
			return nil, err
		}
		if d.Keypad == nil && !d.Codes {
			continue
		}
		x := lock.Device{
			ID: name, Account: a.id, Name: cmp.Or(d.Name, all[id].Name, string(name)), Model: cmp.Or(d.SKU, "lock"), System: a.system, Traits: a.traits(d),
		}
		if d.Bridge != nil && d.Bridge.ID != "" {
			x.Hub = lock.HubID(a.system + "-bridge-" + d.Bridge.ID)
		}
		devices = append(devices, x)
	}
	a.mu.Lock()
	clear(a.details)
	a.mu.Unlock()
	return devices, nil
}

// described reads a device for the list, of which each takes a request. What was read in vain, because the list as a whole took too long, is
// there when it is asked for again.
func (a *account) described(ctx context.Context, c rest.Call) (*detail, error) {
	a.mu.Lock()
	at, ok := a.details[c.Device]
	a.mu.Unlock()
	if ok && a.now().Sub(at.read) < fresh {
		return at.detail, nil // the list before this one was not finished
	}
	d, err := a.find(ctx, c)
	if err == nil {
		a.mu.Lock()
		a.details[c.Device] = reading{d, a.now()}
		a.mu.Unlock()
	}
	return d, err
}

// reading is a device as it was read.
type reading struct {
	detail *detail
	read   time.Time
}

// fresh is how long what was read of a device will do for the list.
const fresh = 10 * time.Minute

func (a *account) traits(d *detail) lock.Traits {
	zone := d.Zone
	if _, err := lock.LoadZone(zone); err != nil {
		zone = ""
	}
	const firstGeneration = 1
	return lock.Traits{
		NativeSchedule: d.Schedules && d.Type != firstGeneration, PINLengths: a.lengths, NameMax: nameMax, RefusesReuse: true, CloudList: true, ReportsEntry: true,
		Granularity: grain, Zone: zone,
	}
}

// Observe implements driver.Driver. It asks the cloud, and never the lock.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	d, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	pins, err := a.list(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{
		Source: lock.SourceCloud, Reach: d.reach(), Zone: a.traits(d).Zone, Battery: d.battery(), Complete: len(pins) <= lock.MaxHeld,
	}
	for i := range pins[:min(len(pins), lock.MaxHeld)] {
		o.Held = append(o.Held, pins[i].held())
	}
	if o.Entries, o.Next, err = a.entries(ctx, c, d.House, pins, known.Since); err != nil {
		return lock.Observation{}, err
	}
	o.At = a.now()
	return o, nil
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	w := want.Window.Grain(grain)
	switch {
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be created disabled")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic codes, and one-time codes are not written")
	case !want.Window.IsZero() && !want.Window.Bounded():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a schedule needs an end")
	case !want.Window.IsZero() && !w.To.After(w.From):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "less than a minute is left of the schedule")
	case want.PIN.IsZero():
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a code needs digits")
	}
	d, err := a.find(ctx, c)
	switch {
	case err != nil:
		return lock.Held{}, err
	case !d.online():
		return lock.Held{}, c.Fail(driver.Offline, driver.BlameHub, "its bridge is offline")
	case !want.Window.IsZero() && !a.traits(d).NativeSchedule:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameLock, "this lock knows no schedules")
	}
	pins, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	if i := slices.IndexFunc(pins, func(p pin) bool { return p.ref() == at || p.held().PIN == want.PIN && p.person() == personOf(want) }); i >= 0 {
		return a.standing(c, pins[i], want, w)
	}
	x := command{Action: "load", PIN: want.PIN.Reveal(), Partner: free(pins, personOf(want)), First: cmp.Or(driver.Label("", want.Name, nameMax), "Code"), Last: personOf(want), Access: always}
	if !want.Window.IsZero() {
		x.Access, x.Times = temporary, times(w)
	}
	err = a.command(ctx, c, x)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Taken {
		err = a.taken(ctx, c, &x, want, e)
	}
	if err != nil {
		return lock.Held{}, err
	}
	return lock.Held{Ref: lock.Ref(byPartner + x.Partner), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: w, Enabled: true, Pending: true}, nil
}

// personOf is whom the vendor is told that a code belongs to.
func personOf(want lock.Credential) string { return cmp.Or(want.Tag, string(want.Code)) }

// free is a person's name that nobody has yet. While new digits are to stand beside the old ones, their person needs another name: the vendor
// gives each one code.
func free(pins []pin, of string) string {
	for name, n := of, 2; ; n++ {
		if !slices.ContainsFunc(pins, func(p pin) bool { return p.Partner == name }) {
			return name
		}
		name = of + again + strconv.Itoa(n)
	}
}

// standing answers for a code that is in the list already: it is the one that is wanted, or stands in its way.
func (a *account) standing(c rest.Call, p pin, want lock.Credential, w lock.Window) (lock.Held, error) {
	h := p.held()
	switch {
	case p.standing == deleting:
		e := c.Fail(driver.Throttled, driver.BlameLock, "the code before is still being deleted")
		e.RetryAfter = 15 * time.Second
		return lock.Held{}, e
	case h.PIN == want.PIN && h.Window.Equal(w) && h.Weekly == "" && h.Enabled:
		return h, nil
	}
	return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code is changed by erasing it first")
}

// taken goes on where a code was refused with 409: somebody has the digits, or the person has others, or no room is left. That the list does
// not show who has them proves nothing, for it may lag behind. So the vendor is asked for digits of its own choice, which it keeps for some
// minutes for who asked: it has none to give only when the lock is full. Else the code goes to the person's next name: that is refused again
// if the digits are somebody's, also those of this very code.
func (a *account) taken(ctx context.Context, c rest.Call, x *command, want lock.Credential, refused *driver.Error) error {
	pins, err := a.list(ctx, c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(pins, func(p pin) bool { return p.held().PIN == want.PIN }) {
		return refused
	}
	id, _ := a.lockID(c.Device)
	if _, err := a.do(ctx, c, http.MethodGet, "/locks/"+id+"/pin", nil, ""); driver.Is(err, driver.Taken) {
		refused.Kind, refused.Blame = driver.Full, driver.BlameLock
		return refused
	}
	x.Partner = free(append(pins, pin{Partner: x.Partner}), personOf(want))
	return a.command(ctx, c, *x)
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if err := a.ready(ctx, c); err != nil {
		return err
	}
	pins, err := a.list(ctx, c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pins, func(p pin) bool { return p.ref() == ref })
	if i < 0 || pins[i].standing == deleting {
		return nil
	}
	p := pins[i]
	x := command{Action: "delete", PIN: p.PIN, Partner: p.Partner, Access: p.Access, Times: p.Times, Recurs: p.Recurs}
	if p.Partner == "" {
		x.User = p.User
	}
	err = a.command(ctx, c, x)
	if driver.Is(err, driver.NotFound) {
		return nil // it has gone since it was listed
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

// move has the cloud try once, and waits for the lock.
func (a *account) move(ctx context.Context, c rest.Call) error {
	id, ok := a.lockID(c.Device)
	if !ok {
		return c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	_, err := a.do(ctx, c, http.MethodPut, "/remoteoperate/"+id+"/"+c.Op+"?type=sync&v=2.3.1&retryLimit=1", nil, "")
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Taken {
		e.Kind, e.Blame = driver.Offline, driver.BlameHub // 409 is about the bridge here: there is none
	}
	return err
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}
