package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
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

// Ailing reports whether a fault is at work on the lock, on its hub or on its account.
func (f *Fleet) Ailing(id lock.DeviceID) bool {
	d := f.devices[id]
	return d != nil && (len(d.faults) > 0 || d.hub != nil && len(d.hub.faults) > 0 || len(d.acct.faults) > 0)
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
