package engine

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

func (b *batch) checkAddDevice(do AddDevice) (change, error) {
	v := do.Device
	if err := checkDevice(v); err != nil {
		return change{}, err
	}
	if v.Traits.Zone != "" {
		if _, err := time.LoadLocation(v.Traits.Zone); err != nil {
			return change{}, refuse("invalid_input", "device.traits.zone", "no time zone "+quote(v.Traits.Zone))
		}
	}
	if v.Name == "" {
		v.Name = string(v.ID)
	}
	b.device(v.ID) // if it is parked, that is noticed here
	return change{apply: func(*Receipt) {
		d := b.device(v.ID)
		if d == nil {
			d = &device{config: config{Device: v, Added: b.now}, zones: b.e.zones}
			b.e.cache.put(d)
			b.touch(d)
			b.event(Event{Type: "device.added", Account: v.Account, Device: v.ID, Text: v.Name})
		}
		d.Device, d.hangs = v, nil
		d.Removed, d.Replace = time.Time{}, ""
		d.dirtyConfig, d.dirtyRun = true, true
	}}, nil
}

// maxTrait bounds the times that a lock's traits tell of.
const maxTrait = 30 * 24 * time.Hour

// checkDevice returns a *Refusal that names the first field out of bounds, or nil.
func checkDevice(v lock.Device) error {
	for _, f := range [...]struct{ name, id string }{{"device.id", string(v.ID)}, {"device.account", string(v.Account)}} {
		if why := validID(f.id); why != "" {
			return refuse("invalid_input", f.name, why)
		}
	}
	if why := validID(string(v.Hub)); v.Hub != "" && why != "" {
		return refuse("invalid_input", "device.hub", why)
	}
	for _, f := range [...]struct{ name, text string }{{"device.name", v.Name}, {"device.model", v.Model}, {"device.system", v.System}} {
		if len(f.text) > maxName {
			return refuse("invalid_input", f.name, "must have at most 200 bytes")
		}
	}
	t := &v.Traits
	for _, n := range t.PINLengths {
		if n < 1 || n > lock.MaxPIN {
			return refuse("invalid_input", "device.traits.pin_lengths", "must lie between 1 and 12")
		}
	}
	if t.Slots < 0 || t.Slots > 10000 {
		return refuse("invalid_input", "device.traits.slots", "must lie between 0 and 10000")
	}
	if t.NameMax < 0 {
		return refuse("invalid_input", "device.traits.name_max", "must not be below 0")
	}
	for _, f := range [...]struct {
		name string
		v    time.Duration
	}{{"granularity", t.Granularity}, {"first_use_within", t.FirstUseWithin}, {"lockout", t.Lockout}, {"start_lead", t.StartLead}} {
		if f.v < 0 || f.v > maxTrait {
			return refuse("invalid_input", "device.traits."+f.name, "must lie between 0 and "+words(maxTrait))
		}
	}
	return nil
}

func (b *batch) checkRemoveDevice(do RemoveDevice) (change, error) {
	d, err := b.known(do.Device, "device")
	if err != nil {
		return change{}, err
	}
	return change{apply: func(*Receipt) {
		for _, c := range append([]*code(nil), d.codes...) {
			if c.unpulled() {
				c.Deleted, c.dirty = b.now, true
				continue
			}
			b.letGo(d, c)
		}
		d.Removed, d.dirtyConfig = b.now, true
		b.event(Event{Type: "device.removed", Account: d.Device.Account, Device: d.id()})
	}}, nil
}

func (b *batch) checkSwap(do SwapDevice) (change, error) {
	old, err := b.known(do.Old, "old")
	if err != nil {
		return change{}, err
	}
	to, err := b.known(do.New, "new")
	if err != nil {
		return change{}, err
	}
	if old == to {
		return change{}, refuse("invalid_input", "new", "must be another device")
	}
	var carried []*code
	var cannot []string
	for _, c := range old.codes {
		if c.unpulled() || c.isOver(b.now) {
			continue
		}
		probe := *c
		probe.Device, probe.Places = to.id(), nil
		switch {
		case c.Offline != lock.OfflineNone, to.Device.Traits.OfflineOnly:
			cannot = append(cannot, string(c.ID)+" (algorithmic codes belong to one lock)")
		case !to.Device.Traits.AssignsPIN && to.Device.Traits.CheckPIN(c.PIN.PIN) != nil:
			cannot = append(cannot, string(c.ID)+" (the new lock does not take its PIN)")
		case to.Device.Traits.AssignsPIN && !c.Told.IsZero():
			cannot = append(cannot, string(c.ID)+" (the new lock chooses its own digits)")
		case to.meets(&probe, b.e.policyOf(to)) != nil:
			cannot = append(cannot, string(c.ID)+" (its PIN is in use on the new lock)")
		}
		carried = append(carried, c)
	}
	if len(cannot) > 0 {
		return change{}, refuse("cannot_carry", "new", "the new lock can't take "+strings.Join(cannot, ", "))
	}
	x := change{}
	for _, c := range carried {
		x.receipt.Codes = append(x.receipt.Codes, c.ID)
	}
	x.apply = func(*Receipt) {
		for _, c := range carried {
			moved := *c
			moved.Device, moved.key, moved.Places, moved.Issues = to.id(), "", nil, nil
			moved.Written, moved.Refused, moved.NoNative, moved.Attempts, moved.NextTry = false, "", "", 0, time.Time{}
			moved.Was, moved.Honoured, moved.Contended, moved.Undone = "", false, time.Time{}, nil // what hands did was done to the old lock
			if to.Device.Traits.AssignsPIN {
				moved.PIN = vaultPIN{}
			}
			for _, p := range c.Places {
				old.orphan(p, c.ID, b.now)
			}
			c.Places, c.Device = nil, to.id()
			old.retire(c, b.now)
			b.insert(to, &moved)
		}
		for _, c := range old.codes {
			if c.unpulled() {
				c.Deleted, c.dirty = b.now, true
			}
		}
		old.Removed, old.Replace, old.dirtyConfig = b.now, to.id(), true
		if old.Pool && poolable(to.Device.Traits) && !to.Pool {
			to.Pool, to.dirtyConfig = true, true
		}
		b.event(Event{Type: "device.removed", Account: old.Device.Account, Device: old.id(), Text: "replaced by " + string(to.id())})
	}
	return x, nil
}

func (b *batch) checkObserve(do Observe) (change, error) {
	d, err := b.known(do.Device, "device")
	if err != nil {
		return change{}, err
	}
	return change{apply: func(*Receipt) {
		b.ask(d)
		b.unpark(d)
		d.Distrust, d.Failures, d.dirtyRun = "", 0, true
		b.lowerDevice(d, "schedule_ignored", "device_parked", "erased_code_opens")
		for _, c := range d.codes {
			if c.Refused != "" || !c.NextTry.IsZero() || !c.Contended.IsZero() {
				c.Refused, c.NextTry, c.Contended, c.Undone, c.dirty = "", time.Time{}, time.Time{}, nil, true
				b.lower(d, c, "contended")
			}
			for i := range c.Places {
				c.Places[i].Tried, c.dirty = time.Time{}, true
			}
		}
		for i := range d.Orphans {
			d.Orphans[i].Tried = time.Time{}
		}
		for _, l := range b.e.linksOf(d) {
			if !l.open() && l.Probing == "" {
				l.Probing = d.id()
			}
		}
	}}, nil
}

func (b *batch) checkPolicy(do SetPolicy) (change, error) {
	if do.Account != "" && do.Device != "" {
		return change{}, refuse("invalid_input", "account", "name an account or a device, not both")
	}
	switch {
	case do.Device != "":
		d, err := b.known(do.Device, "device")
		if err != nil {
			return change{}, err
		}
		patch := do.over(d.Policy)
		if err := b.e.policy.Over(b.e.accounts[d.Device.Account]).Over(patch).Validate(); err != nil {
			return change{}, err
		}
		return change{apply: func(*Receipt) { d.Policy, d.dirtyConfig = patch, true }}, nil
	case do.Account != "":
		if why := validID(string(do.Account)); why != "" {
			return change{}, refuse("invalid_input", "account", why)
		}
		patch := do.over(b.e.accounts[do.Account])
		if err := b.e.policy.Over(patch).Validate(); err != nil {
			return change{}, err
		}
		return change{apply: func(*Receipt) {
			b.e.accounts[do.Account] = patch
			b.put(keyAccountPolicy(do.Account), encode(patch))
			b.wakeAll(func(r *row) bool { return r.Account == do.Account })
			b.rethink = true
		}}, nil
	}
	policy := b.e.policy
	if do.Whole {
		policy = DefaultPolicy()
	}
	policy = policy.Over(do.Patch)
	if err := policy.Validate(); err != nil {
		return change{}, err
	}
	return change{apply: func(*Receipt) {
		b.e.policy = policy
		b.put(keyPolicy, encode(policy))
		b.wakeAll(func(*row) bool { return true })
		b.rethink = true
	}}, nil
}

// wakeAll makes every device that the function picks due now.
func (b *batch) wakeAll(pick func(*row) bool) {
	for _, r := range b.e.rows {
		if pick(r) {
			b.e.wakes.set(r, b.now)
		}
	}
}

// rethought keeps in the store, as long as not every device has thought again since the policy changed, that they have to: they
// are too many for one commit, and an end may come in between.
func (b *batch) rethought() {
	since := b.e.rethink
	if b.rethink {
		since = b.now
	}
	if since.IsZero() {
		return
	}
	next := b.e.wakes.next()
	switch waiting := !next.IsZero() && !next.After(since); {
	case waiting && b.rethink:
		b.put(keyRethink, encode(since))
	case !waiting && !b.e.rethink.IsZero():
		b.drop(keyRethink)
	}
	if b.e.rethink = since; next.IsZero() || next.After(since) {
		b.e.rethink = time.Time{}
	}
}

// over is what the command makes of what was set before.
func (do SetPolicy) over(before PolicyPatch) PolicyPatch {
	if do.Whole {
		return do.Patch
	}
	return before.and(do.Patch)
}

// drop deletes a record besides those of devices.
func (b *batch) drop(key string) { b.extra = append(b.extra, store.Op{Key: key, Delete: true}) }
