package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Fleet is a world of locks on a kernel: what they hold, how they are reached, and what goes wrong with them. It is as
// single-threaded as its kernel.
type Fleet struct {
	k        *Kernel
	profiles map[string]*Profile
	devices  map[lock.DeviceID]*device
	hubs     map[lock.HubID]*hub
	accounts map[lock.AccountID]*account
	order    []*device // by id
	zones    map[string]*time.Location

	troubles []*trouble // active or scheduled, in order of injection
	injected int        // faults ever
	fires    map[string]int
	watch    func(Record)
	notice   func(driver.Notice)
	author   func(lock.DeviceID, lock.PIN) lock.CodeID
	gen      uint32 // flights of an earlier generation have nobody to answer

	spare []*flight // done with, to be used again

	changed []*device           // to be persisted
	loose   map[string]struct{} // keys of other records to be persisted
}

// account is one login at one cloud.
type account struct {
	spec    AccountSpec
	faults  []*trouble
	devices []*device // by id
	minute  time.Time // in which calls are counted
	calls   int
}

// hub is a bridge.
type hub struct {
	spec    HubSpec
	faults  []*trouble
	devices []*device
	busy    int   // jobs that it has taken
	free    int64 // when it has worked through them, Unix nanoseconds
}

// NewFleet builds the fleet that spec describes. The error names the lock and the field.
func NewFleet(k *Kernel, spec Spec) (*Fleet, error) {
	f := &Fleet{
		k: k, profiles: map[string]*Profile{}, devices: map[lock.DeviceID]*device{}, hubs: map[lock.HubID]*hub{},
		accounts: map[lock.AccountID]*account{}, zones: map[string]*time.Location{}, fires: map[string]int{},
		loose: map[string]struct{}{},
	}
	for _, p := range Profiles() {
		f.profiles[p.Name] = &p
	}
	for _, a := range spec.Accounts {
		switch {
		case a.ID == "":
			return nil, errors.New("account: id is missing")
		case a.Rate < 0 || a.Latency < 0:
			return nil, fmt.Errorf("account %s: rate and latency must not be negative", a.ID)
		}
		if err := f.free(string(a.ID)); err != nil {
			return nil, fmt.Errorf("account %s: %w", a.ID, err)
		}
		f.accounts[a.ID] = newAccount(a)
	}
	for _, h := range spec.Hubs {
		switch {
		case h.ID == "":
			return nil, errors.New("hub: id is missing")
		case h.Queue < 0 || h.Pace < 0:
			return nil, fmt.Errorf("hub %s: queue and pace must not be negative", h.ID)
		}
		if err := f.free(string(h.ID)); err != nil {
			return nil, fmt.Errorf("hub %s: %w", h.ID, err)
		}
		f.hubs[h.ID] = newHub(h)
	}
	for _, l := range spec.Locks {
		if err := f.Add(l); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func newAccount(spec AccountSpec) *account {
	if spec.Latency == 0 {
		spec.Latency = 150 * time.Millisecond
	}
	return &account{spec: spec}
}

func newHub(spec HubSpec) *hub {
	if spec.Queue == 0 {
		spec.Queue = 20
	}
	return &hub{spec: spec}
}

// free refuses an id that something else has: faults are placed by id alone.
func (f *Fleet) free(id string) error {
	if len(f.targets(id)) > 0 {
		return fmt.Errorf("id %q is in use", id)
	}
	return nil
}

// Add puts one more lock into the fleet. The account and the hub that it names are made if they are missing.
func (f *Fleet) Add(l LockSpec) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("lock %s: "+format, append([]any{l.ID}, args...)...)
	}
	if l.ID == "" {
		return errors.New("lock: id is missing")
	}
	if err := f.free(string(l.ID)); err != nil {
		return bad("%w", err)
	}
	if string(l.ID) == string(l.Hub) || string(l.ID) == string(l.Account) {
		return bad("its hub and its account need ids of their own")
	}
	p := f.profiles[l.Model]
	if p == nil {
		return bad("model %q is unknown; the nearest is %q", l.Model, nearest(l.Model, f.models()))
	}
	switch {
	case l.Slots < 0 || l.Slots > 1000:
		return bad("slots must lie between 0 and 1000")
	case math.IsNaN(l.Battery) || l.Battery < 0 || l.Battery > 1:
		return bad("battery must lie between 0 and 1")
	case l.Radio < 0:
		return bad("radio must not be negative")
	case l.Radio > 0:
		own := *p
		own.Radio = l.Radio
		p = &own
	}
	if l.Account == "" {
		l.Account = "account"
	}
	if l.Name == "" {
		l.Name = string(l.ID)
	}
	d := &device{f: f, id: l.ID, spec: l, prof: p, traits: p.Traits}
	if l.Zone == "none" {
		d.traits.Zone = ""
	} else if l.Zone != "" {
		d.traits.Zone = l.Zone
	}
	if d.traits.Zone != "" {
		if d.zone = f.zone(d.traits.Zone); d.zone == nil {
			return bad("zone %q is not in the zone data", d.traits.Zone)
		}
	}
	if l.Slots > 0 && p.Traits.Slots > 0 {
		d.traits.Slots = l.Slots
	}
	if d.acct = f.accounts[l.Account]; d.acct == nil {
		if err := f.free(string(l.Account)); err != nil {
			return bad("account: %w", err)
		}
		d.acct = newAccount(AccountSpec{ID: l.Account})
		f.accounts[l.Account] = d.acct
	}
	if own := d.acct.spec.Times; len(own) > 0 && len(p.Traits.TimeSlots) > 0 {
		d.traits.TimeSlots = slices.Clone(own)
	}
	if l.Hub != "" {
		if d.hub = f.hubs[l.Hub]; d.hub == nil {
			if err := f.free(string(l.Hub)); err != nil {
				return bad("hub: %w", err)
			}
			d.hub = newHub(HubSpec{ID: l.Hub})
			f.hubs[l.Hub] = d.hub
		}
		if d.hub.spec.Account == "" {
			d.hub.spec.Account = l.Account
		}
		if d.hub.spec.Account != l.Account {
			return bad("hub %s belongs to account %s, not %s", l.Hub, d.hub.spec.Account, l.Account)
		}
		d.hub.devices = insertDevice(d.hub.devices, d)
	}
	d.rand = f.k.Rand("lock/" + string(l.ID))
	d.setClock()
	d.err, d.charge = l.Drift, 1
	if l.Battery > 0 {
		d.charge = l.Battery
	}
	f.devices[l.ID] = d
	f.order = insertDevice(f.order, d)
	d.acct.devices = insertDevice(d.acct.devices, d)
	return nil
}

// zone returns the location of that name, the same for all locks, or nil if there is none.
func (f *Fleet) zone(name string) *time.Location {
	if f.zones[name] == nil && name != "Local" {
		if z, err := time.LoadLocation(name); err == nil {
			f.zones[name] = z
		}
	}
	return f.zones[name]
}

func insertDevice(list []*device, d *device) []*device {
	i, _ := slices.BinarySearchFunc(list, d.id, func(have *device, id lock.DeviceID) int {
		return strings.Compare(string(have.id), string(id))
	})
	return slices.Insert(list, i, d)
}

func (f *Fleet) models() []string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
	}
	return names
}

// nearest returns the name that takes the fewest edits to reach.
func nearest(name string, names []string) string {
	best, least := "", math.MaxInt
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func (f *Fleet) device(id lock.DeviceID) (*device, error) {
	d := f.devices[id]
	if d == nil {
		return nil, fmt.Errorf("lock %q is not in the fleet", id)
	}
	return d, nil
}

// Devices returns every lock as its account lists it, by id.
func (f *Fleet) Devices() []lock.Device {
	all := make([]lock.Device, len(f.order))
	for i, d := range f.order {
		all[i] = lock.Device{
			ID: d.id, Account: d.spec.Account, Hub: d.spec.Hub, Name: d.spec.Name, Model: d.prof.Name, System: d.prof.System,
			Traits: d.traits,
		}
	}
	return all
}

// Counts tells how many calls were sent to that lock; calls that a fault stopped on the way are among them.
func (f *Fleet) Counts(id lock.DeviceID) Counts {
	if d := f.devices[id]; d != nil {
		return d.counts
	}
	return Counts{}
}

// Watch makes fn the one watcher of everything that happens. It is called synchronously and must not change the fleet.
func (f *Fleet) Watch(fn func(Record)) { f.watch = fn }

// OnNotice makes fn the receiver of the hints that clouds push. It runs as an event of ClassEngine.
func (f *Fleet) OnNotice(fn func(driver.Notice)) { f.notice = fn }

// Attribute makes fn say to which code digits belong that a call brought to a lock without naming the code, as the protocols of vendors
// do; "": somebody else's.
func (f *Fleet) Attribute(fn func(lock.DeviceID, lock.PIN) lock.CodeID) { f.author = fn }

func (f *Fleet) emit(r Record) {
	if f.watch != nil {
		r.At = f.k.Now()
		f.watch(r)
	}
}
