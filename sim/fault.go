package sim

import (
	"math/rand/v2"
	"slices"
	"time"

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
