package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Layer says where on the path between the engine and a door a fault lives.
type Layer string

// The five layers.
const (
	LayerCloud Layer = "cloud"
	LayerHub   Layer = "hub"
	LayerRadio Layer = "radio"
	LayerLock  Layer = "lock"
	LayerActor Layer = "actor"
)

// Target says what a fault may be placed on.
type Target string

// The targets. A fault on a hub or an account meets every lock behind it.
const (
	TargetLock    Target = "lock"
	TargetHub     Target = "hub"
	TargetAccount Target = "account"
)

// Param is one number that a fault reads from Fault.Args.
type Param struct {
	Name    string
	Default float64
	Meaning string // with the unit
}

// KindInfo is a row of the fault registry. Two rows share a name where the same word means another layer on another target.
type KindInfo struct {
	Name    string
	Layer   Layer
	Targets []Target
	Params  []Param
	Text    string // what Fault.Text means; "": not read
	PerCall bool   // reads Fault.Op, After and P: it strikes single calls
	Verbs   []string
	Meaning string
}

// kind is a row with its behaviour. Each hook is optional and is called at one place on the path.
type kind struct {
	KindInfo
	mode     lock.Mode                                                      // shown by the lock while the fault lasts
	restarts bool                                                           // it is over by itself, after Args["seconds"], while the fault lasts
	loose    bool                                                           // the lock does not gate on its windows
	down     func(x *trouble, d *device) lock.Reach                         // how far messages come
	send     func(x *trouble, fl *flight) bool                              // a message on its way to the lock; true: no further
	write    func(x *trouble, d *device, w *write) *refusal                 // the lock is about to obey
	back     func(x *trouble, fl *flight) bool                              // the answer on its way; true: it does not arrive
	look     func(x *trouble, d *device, o *lock.Observation)               // what a look tells
	lag      func(x *trouble) int                                           // for how many looks a list lags behind a change
	wall     func(x *trouble, d *device, w lock.Window, r bool) lock.Window // a window as the hub translates it; r: for a reader
	clock    func(x *trouble, d *device, now time.Time, r *reading)         // the lock's clock
	level    func(x *trouble, d *device, level float64) float64             // its battery
	types    func(x *trouble, d *device, pin lock.PIN) lock.PIN             // what fingers make of a PIN
	push     func(x *trouble, h *hint, delay *time.Duration, copies *int)   // a webhook

	keypad func(x *trouble, d *device) string // why the keypad refuses every code, or ""
	begin  func(x *trouble)                   // once
	end    func(x *trouble)                   // once
	tick   func(x *trouble, d *device) bool   // at the begin and then every Args["every"] seconds; true: enough
	fits   func(d *device) (why string)       // whether the fault can mean anything on that lock
}

// trouble is a fault that was placed.
type trouble struct {
	Fault
	f     *Fleet
	kind  *kind
	rand  *rand.Rand
	begun bool
	done  bool // healed
	seen  int  // matching calls spared so far, for After
	fires int  // how often it changed something
	count int  // how often its tick acted
	next  time.Time
	pin   lock.PIN // an actor's own digits
	slot  int      // an actor's, or a ghost's, slot
}

// arg reads a parameter, or its default.
func (x *trouble) arg(name string) float64 {
	if v, ok := x.Args[name]; ok {
		return v
	}
	for _, p := range x.kind.Params {
		if p.Name == name {
			return p.Default
		}
	}
	return 0
}

// seconds reads a parameter that is a duration.
func (x *trouble) seconds(name string) time.Duration {
	return time.Duration(x.arg(name) * float64(time.Second))
}

// strikes decides whether the fault meets a call of that verb: not before After calls, then with probability P.
func (x *trouble) strikes(verb string) bool {
	if !x.kind.PerCall {
		return true
	}
	switch {
	case x.Op != "" && x.Op != verb, x.Op == "" && !slices.Contains(x.kind.Verbs, verb):
		return false
	case x.seen < x.After:
		x.seen++
		x.f.mark(keyFault + x.ID)
		return false
	}
	return x.P == 0 || x.rand.Float64() < x.P
}

// fire counts that the fault changed something; the first time, the watcher hears of it.
func (x *trouble) fire(d *device) {
	x.fires++
	x.f.fires[x.Kind]++
	x.f.mark(keyFault + x.ID)
	x.f.mark(keyFired + x.Kind)
	if x.fires == 1 {
		r := Record{Kind: KindFired, On: x.On, Name: x.Kind}
		if d != nil {
			r.Device = d.id
		}
		x.f.emit(r)
	}
}

// devices are the locks that the fault meets.
func (x *trouble) devices() []*device {
	switch {
	case x.f.devices[lock.DeviceID(x.On)] != nil:
		return []*device{x.f.devices[lock.DeviceID(x.On)]}
	case x.f.hubs[lock.HubID(x.On)] != nil:
		return x.f.hubs[lock.HubID(x.On)].devices
	}
	return x.f.accounts[lock.AccountID(x.On)].devices
}

// list is where the faults of its target are kept.
func (x *trouble) list() *[]*trouble {
	switch {
	case x.f.devices[lock.DeviceID(x.On)] != nil:
		return &x.f.devices[lock.DeviceID(x.On)].faults
	case x.f.hubs[lock.HubID(x.On)] != nil:
		return &x.f.hubs[lock.HubID(x.On)].faults
	}
	return &x.f.accounts[lock.AccountID(x.On)].faults
}

// Kinds lists the fault registry, by layer and name.
func Kinds() []KindInfo {
	var all []KindInfo
	for i := range registry {
		all = append(all, registry[i].KindInfo)
	}
	return all
}

// KindsFor lists the kinds that may be placed on that lock, hub or account; none if there is no such thing.
func (f *Fleet) KindsFor(id string) []KindInfo {
	var all []KindInfo
	for i := range registry {
		if f.fits(&registry[i], id) == nil {
			all = append(all, registry[i].KindInfo)
		}
	}
	return all
}

// targets says what has that id.
func (f *Fleet) targets(id string) []Target {
	var all []Target
	if f.devices[lock.DeviceID(id)] != nil {
		all = append(all, TargetLock)
	}
	if f.hubs[lock.HubID(id)] != nil {
		all = append(all, TargetHub)
	}
	if f.accounts[lock.AccountID(id)] != nil {
		all = append(all, TargetAccount)
	}
	return all
}

// fits refuses a kind that can't be placed on that id.
func (f *Fleet) fits(k *kind, id string) error {
	have := f.targets(id)
	if len(have) == 0 {
		return fmt.Errorf("on: no lock, hub or account is called %q", id)
	}
	if !slices.Contains(k.Targets, have[0]) {
		return fmt.Errorf("kind: %s can't be placed on %s %q", k.Name, article(have[0]), id)
	}
	if d := f.devices[lock.DeviceID(id)]; d != nil && k.fits != nil {
		if why := k.fits(d); why != "" {
			return fmt.Errorf("kind: %s can't be placed on lock %q: %s", k.Name, id, why)
		}
	}
	return nil
}

func article(t Target) string {
	if t == TargetAccount {
		return "an " + string(t)
	}
	return "a " + string(t)
}

// find returns the row that x names for its target.
func (f *Fleet) find(x Fault) (*kind, error) {
	var misfit error
	var names []string
	for i := range registry {
		k := &registry[i]
		names = append(names, k.Name)
		if k.Name != x.Kind {
			continue
		}
		if misfit = f.fits(k, x.On); misfit == nil {
			return k, nil
		}
	}
	if misfit != nil {
		return nil, misfit
	}
	return nil, fmt.Errorf("kind: %q is unknown; the nearest is %q", x.Kind, nearest(x.Kind, names))
}

// validate checks a fault against its row.
func (f *Fleet) validate(x Fault) (*kind, error) {
	k, err := f.find(x)
	if err != nil {
		return nil, err
	}
	switch {
	case x.For < 0:
		return nil, fmt.Errorf("for: must not be negative")
	case !k.PerCall && (x.Op != "" || x.After != 0 || x.P != 0):
		return nil, fmt.Errorf("op, after, p: %s does not strike single calls", k.Name)
	case math.IsNaN(x.P) || x.P < 0 || x.P > 1:
		return nil, fmt.Errorf("p: must lie between 0 and 1")
	case x.After < 0:
		return nil, fmt.Errorf("after: must not be negative")
	case x.Op != "" && !slices.Contains(k.Verbs, x.Op):
		return nil, fmt.Errorf("op: %s strikes %v only", k.Name, k.Verbs)
	case x.Text != "" && k.Text == "":
		return nil, fmt.Errorf("text: %s reads none", k.Name)
	}
	for _, name := range sortedKeys(x.Args) {
		i := slices.IndexFunc(k.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			var names []string
			for _, p := range k.Params {
				names = append(names, p.Name)
			}
			return nil, fmt.Errorf("args: %s reads no %q, only %v", k.Name, name, names)
		}
		if v := x.Args[name]; math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e9 {
			return nil, fmt.Errorf("args: %s must be a number up to 1e9", name)
		}
	}
	return k, f.validText(k, x)
}

func (f *Fleet) validText(k *kind, x Fault) error {
	switch {
	case k.Text == textZone:
		if _, err := time.LoadLocation(x.Text); x.Text == "" || x.Text == "Local" || err != nil {
			return fmt.Errorf("text: %s needs an IANA zone", k.Name)
		}
	case k.Text == textPIN && x.Text != "":
		if _, err := lock.ParsePIN(x.Text); err != nil {
			return fmt.Errorf("text: %w", err)
		}
	case k.Text == textChange && x.Text != "" && !slices.Contains(changes, x.Text):
		return fmt.Errorf("text: %q is no change; it is one of %v", x.Text, changes)
	}
	return nil
}

// What Fault.Text can mean.
const (
	textZone   = "the IANA zone that is believed in"
	textPIN    = "the digits"
	textVendor = "the vendor's reason"
	textChange = "what is changed"
	textCode   = "the code that is lost"
)

// Inject places a fault and returns its id. It begins at once unless From lies ahead. The error names the field.
func (f *Fleet) Inject(x Fault) (string, error) {
	k, err := f.validate(x)
	if err != nil {
		return "", fmt.Errorf("fault on %q: %w", x.On, err)
	}
	f.injected++
	f.mark(keyFleet)
	x.ID = "f" + strconv.Itoa(f.injected)
	if now := f.k.Now(); x.From.Before(now) {
		x.From = now
	}
	t := f.place(x, k)
	f.mark(keyFault + x.ID)
	if x.From.After(f.k.Now()) {
		f.k.post(nanos(x.From), ClassLock, (*fuse)(t))
	} else {
		t.start()
	}
	return x.ID, nil
}

func (f *Fleet) place(x Fault, k *kind) *trouble {
	t := &trouble{Fault: x, f: f, kind: k, rand: f.k.Rand("fault/" + x.ID)}
	f.troubles = append(f.troubles, t)
	return t
}

// fuse is the kernel event at which a fault begins, ticks or ends, whatever is due.
type fuse trouble

func (u *fuse) act() {
	x := (*trouble)(u)
	now := x.f.k.Now()
	switch {
	case x.done:
	case !x.begun:
		x.start()
	case x.For > 0 && !now.Before(x.From.Add(x.For)):
		x.f.heal(x)
	case !x.next.IsZero() && !now.Before(x.next):
		x.beat()
	}
}

// start makes the fault active.
func (x *trouble) start() {
	x.begun = true
	x.join()
	x.f.mark(keyFault + x.ID)
	x.f.emit(Record{Kind: KindFault, On: x.On, Name: x.Kind, Device: x.single()})
	if x.kind.begin != nil {
		x.kind.begin(x)
	}
	if x.kind.tick != nil {
		x.beat()
	}
}

// join puts the fault among those of its target, in order of injection, and its end into the kernel.
func (x *trouble) join() {
	list := x.list()
	i, _ := slices.BinarySearchFunc(*list, number(x.ID), func(have *trouble, n int) int { return number(have.ID) - n })
	*list = slices.Insert(slices.Clone(*list), i, x)
	if x.For > 0 {
		x.f.k.post(nanos(x.From.Add(x.For)), ClassLock, (*fuse)(x))
	}
	if x.kind.restarts {
		x.comeback()
	}
}

// comeback posts the instant at which something that restarts is up again.
func (x *trouble) comeback() {
	now := x.f.k.Now()
	up := x.From.Add(x.seconds("seconds"))
	if every := x.seconds("every"); every > 0 && !up.After(now) {
		up = up.Add((now.Sub(up)/every + 1) * every)
	}
	if up.After(now) {
		x.f.k.post(nanos(up), ClassLock, (*comeback)(x))
	}
}

// comeback is that instant.
type comeback trouble

func (c *comeback) act() {
	x := (*trouble)(c)
	if !x.done {
		x.returned()
		x.comeback()
	}
}

// single is the lock that the fault is on, or "".
func (x *trouble) single() lock.DeviceID {
	if d := x.f.devices[lock.DeviceID(x.On)]; d != nil {
		return d.id
	}
	return ""
}

// beat lets an actor act on each of its locks, and sets its next turn.
func (x *trouble) beat() {
	enough := true
	for _, d := range x.devices() {
		enough = x.kind.tick(x, d) && enough
	}
	x.next = time.Time{}
	if !enough && !x.done {
		x.next = x.f.k.Now().Add(max(x.seconds("every"), time.Second))
		x.f.k.post(nanos(x.next), ClassLock, (*fuse)(x))
	}
	x.f.mark(keyFault + x.ID)
}

// Heal ends the fault of that id, or every fault on that lock, hub or account.
func (f *Fleet) Heal(idOrTarget string) error {
	var ill []*trouble
	for _, x := range f.troubles {
		if x.ID == idOrTarget || x.On == idOrTarget {
			ill = append(ill, x)
		}
	}
	if len(ill) == 0 && len(f.targets(idOrTarget)) == 0 {
		return fmt.Errorf("heal: no fault, lock, hub or account is called %q", idOrTarget)
	}
	for _, x := range ill {
		f.heal(x)
	}
	return nil
}

// heal ends one fault. What comes back is told by the cloud.
func (f *Fleet) heal(x *trouble) {
	if x.done {
		return
	}
	x.done = true
	f.troubles = without(f.troubles, x)
	f.mark(keyFault + x.ID)
	f.k.forget("fault/" + x.ID)
	if !x.begun {
		return
	}
	list := x.list()
	*list = without(*list, x)
	f.emit(Record{Kind: KindHeal, On: x.On, Name: x.Kind, Device: x.single()})
	if x.kind.end != nil {
		x.kind.end(x)
	}
}

// without returns a new list, because somebody may be walking the old one.
func without(list []*trouble, x *trouble) []*trouble {
	kept := make([]*trouble, 0, len(list))
	for _, have := range list {
		if have != x {
			kept = append(kept, have)
		}
	}
	return kept
}

// Faults returns the faults that are active or still to come, in order of injection.
func (f *Fleet) Faults() []Fault {
	all := make([]Fault, len(f.troubles))
	for i, x := range f.troubles {
		all[i] = x.Fault
	}
	return all
}

// Fired tells how often faults of that kind changed something.
func (f *Fleet) Fired(kind string) int { return f.fires[kind] }

// returned tells the engine that locks can be reached again, and lets their clouds do what waits for them.
func (x *trouble) returned() {
	now := x.f.k.Now()
	if a := x.f.accounts[lock.AccountID(x.On)]; a != nil {
		x.f.push(&hint{f: x.f, notice: driver.Notice{Account: a.spec.ID}, a: a})
		return
	}
	for _, d := range x.devices() {
		x.f.notify(d)
		if !d.kickAt.IsZero() {
			d.kick(now.Add(time.Second))
		}
	}
}
