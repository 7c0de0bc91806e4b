package conform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
	"github.com/accesscodes/lockctl/sim/rig"
)

// start sets a simulated lock of that model in motion, within a synctest bubble, whose clock it runs on.
func start(ctx context.Context, model string) (*conform.Rig, func() error, error) {
	clock := clockwork.NewRealClock()
	fleet, err := drive.Start(ctx, drive.Options{
		Spec:  sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: model, Account: "house", Hub: "bridge", Slots: 12}, {ID: "back", Model: model, Account: "house"}}},
		Seed:  7,
		Clock: clock,
	})
	if err != nil {
		return nil, nil, err
	}
	far := &rig.Far{
		Do:    func(fn func(*sim.Fleet) error) error { return fleet.Do(ctx, fn) },
		Pass:  func() { <-time.After(2 * time.Minute); synctest.Wait() },
		Lock:  "front",
		Hub:   "bridge",
		Async: model == "cloud.keypad" || model == "salto" || model == "oracode", Account: "house",
	}
	r := &conform.Rig{
		Driver: fleet.Driver("house"), Far: far, Device: "front", Hub: true, Now: clock.Now, Log: func() string { return "" },
	}
	return r, fleet.Close, nil
}

var models = [...]string{
	"jit.keypad", "jit.basic", "native.keypad", "native.rigid", "coarse.keypad", "writeonly.keypad", "cloud.keypad", "masked.keypad", "staged.keypad", "unique.keypad",
	"salto", "kwikset", "oracode",
}

// The simulated provider keeps the contract, whatever its locks can do.
func TestTheSimulatedProviderConforms(t *testing.T) {
	for _, model := range models {
		t.Run(model, func(t *testing.T) {
			for _, c := range conform.Cases() {
				t.Run(c.Name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						if err := try(t, c, model, nil); err != nil {
							t.Errorf("%s: %v", c.Clause, err)
						}
					})
				})
			}
		})
	}
}

// try runs one case in a bubble, on a driver that bend (if there is one) has made worse.
func try(t *testing.T, c conform.Case, model string, bend func(*bent)) error {
	t.Helper()
	r, end, err := start(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	if bend != nil {
		b := &bent{Driver: r.Driver, rig: r}
		bend(b)
		r.Driver = b
	}
	return conform.Check(t.Context(), c, r)
}

// bent is a driver that breaks its promises.
type bent struct {
	driver.Driver
	rig     *conform.Rig
	devices func([]lock.Device) []lock.Device
	observe func(lock.Observation, error) (lock.Observation, error)
	want    func(*lock.Credential)
	at      func(lock.Ref) lock.Ref
	says    *lock.Held // what it answers to every set without writing anything
	set     func(lock.Held, error) (lock.Held, error)
	clear   func(context.Context, lock.Ref) error
	context func(context.Context) context.Context
}

func (b *bent) Devices(ctx context.Context) ([]lock.Device, error) {
	all, err := b.Driver.Devices(ctx)
	if b.devices != nil {
		all = b.devices(all)
	}
	return all, err
}

func (b *bent) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	if b.context != nil {
		ctx = b.context(ctx)
	}
	o, err := b.Driver.Observe(ctx, id, known)
	if b.observe != nil {
		return b.observe(o, err)
	}
	return o, err
}

func (b *bent) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	if b.context != nil {
		ctx = b.context(ctx)
	}
	if b.want != nil {
		b.want(&want)
	}
	if b.at != nil {
		at = b.at(at)
	}
	if b.says != nil {
		return *b.says, nil
	}
	h, err := b.Driver.Set(ctx, id, want, at)
	if b.set != nil {
		return b.set(h, err)
	}
	return h, err
}

func (b *bent) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	if b.clear != nil {
		return b.clear(ctx, ref)
	}
	return b.Driver.Clear(ctx, id, ref)
}

// yes says that every write succeeded, pending or not, and writes nothing.
func yes(pending bool) func(*bent) {
	return func(b *bent) { b.says = &lock.Held{Ref: "1", Pending: pending} }
}

// as says that failed writes failed in another way.
func as(change func(*driver.Error)) func(*bent) {
	return func(b *bent) {
		b.set = func(h lock.Held, err error) (lock.Held, error) {
			if e, ok := errors.AsType[*driver.Error](err); ok {
				change(e)
			}
			return h, err
		}
	}
}

func kind(k driver.Kind) func(*bent) { return as(func(e *driver.Error) { e.Kind = k }) }

func blame(b driver.Blame) func(*bent) { return as(func(e *driver.Error) { e.Blame = b }) }

func want(change func(*lock.Credential)) func(*bent) { return func(b *bent) { b.want = change } }

func seen(change func(*lock.Observation)) func(*bent) {
	return func(b *bent) {
		b.observe = func(o lock.Observation, err error) (lock.Observation, error) { change(&o); return o, err }
	}
}

func devices(change func([]lock.Device) []lock.Device) func(*bent) {
	return func(b *bent) { b.devices = change }
}

// breakages are drivers of which each breaks one clause, and the case that must notice.
var breakages = [...]struct {
	name  string
	of    string
	model string
	bend  func(*bent)
}{
	{"forgets the other lock twice over", "list", "jit.keypad", devices(func(all []lock.Device) []lock.Device { return append(all, all[0]) })},
	{"gives no account", "list", "jit.keypad", devices(func(all []lock.Device) []lock.Device { all[1].Account = ""; return all })},
	{"lacks the lock", "list", "jit.keypad", devices(func(all []lock.Device) []lock.Device { return all[:1] })},
	{"dates nothing", "look", "jit.keypad", seen(func(o *lock.Observation) { o.At = time.Time{} })},
	{"reads the wall clock", "look", "jit.keypad", seen(func(o *lock.Observation) { o.At = o.At.Add(24 * time.Hour) })},
	{"claims a whole list", "look", "writeonly.keypad", seen(func(o *lock.Observation) { o.Complete = true })},
	{"claims to read the lock", "look", "cloud.keypad", seen(func(o *lock.Observation) { o.Source = lock.SourceLock })},
	{"finds strangers", "stranger", "jit.keypad", yes(false)},
	{"takes a stranger's answer for ambiguous", "stranger", "jit.keypad", kind(driver.Ambiguous)},
	{"lists its own codes alone", "hand", "jit.keypad", seen(func(o *lock.Observation) {
		o.Held = slices.DeleteFunc(o.Held, func(h lock.Held) bool { return h.Tag == "" })
	})},
	{"remembers what was removed", "hand", "jit.keypad", func(b *bent) {
		var had []lock.Held
		b.observe = func(o lock.Observation, err error) (lock.Observation, error) {
			had = append(had, o.Held...)
			o.Held = had
			return o, err
		}
	}},
	{"drops entries", "entry", "jit.keypad", seen(func(o *lock.Observation) { o.Entries = nil })},
	{"does not say who opened", "entry", "native.keypad", seen(func(o *lock.Observation) {
		for i := range o.Entries {
			o.Entries[i].Ref = ""
		}
	})},
	{"says who opened", "entry", "jit.basic", seen(func(o *lock.Observation) {
		for i := range o.Entries {
			o.Entries[i].Ref = "1"
		}
	})},
	{"writes nothing unseen", "set", "writeonly.keypad", yes(false)},
	{"writes nothing", "set", "jit.keypad", yes(false)},
	{"writes other digits", "set", "writeonly.keypad", want(func(c *lock.Credential) { c.PIN, _ = lock.ParsePIN("778866") })},
	{"tells hidden digits", "set", "masked.keypad", seen(func(o *lock.Observation) {
		for i := range o.Held {
			o.Held[i].PIN, _ = lock.ParsePIN("778866")
		}
	})},
	{"loses the tag", "set", "native.keypad", want(func(c *lock.Credential) { c.Tag = "" })},
	{"never confirms", "set", "cloud.keypad", seen(func(o *lock.Observation) {
		for i := range o.Held {
			o.Held[i].Pending = true
		}
	})},
	{"writes anew each time", "set twice", "native.keypad", func(b *bent) {
		n := 0
		b.want = func(c *lock.Credential) { n++; c.Code += lock.CodeID(fmt.Sprint(n)) }
		b.at = func(lock.Ref) lock.Ref { return "" }
	}},
	{"changes nothing", "change", "jit.keypad", func(b *bent) {
		n := 0
		b.want = func(c *lock.Credential) {
			if n++; n > 1 {
				c.PIN, _ = lock.ParsePIN("778866")
			}
		}
	}},
	{"says that it changes in place", "change", "native.rigid", yes(false)},
	{"clears nothing", "clear", "jit.keypad", func(b *bent) { b.clear = func(context.Context, lock.Ref) error { return nil } }},
	{"clears something else", "clear", "jit.keypad", func(b *bent) {
		b.clear = func(ctx context.Context, _ lock.Ref) error { return b.Driver.Clear(ctx, b.rig.Device, "2") }
	}},
	{"minds the absent", "clear twice", "jit.keypad", func(b *bent) {
		n := 0
		b.clear = func(ctx context.Context, ref lock.Ref) error {
			if n++; n > 1 {
				return &driver.Error{Kind: driver.NotFound}
			}
			return b.Driver.Clear(ctx, b.rig.Device, ref)
		}
	}},
	{"takes every length", "wrong length", "jit.keypad", yes(false)},
	{"blames the lock for a bad request", "wrong length", "jit.keypad", blame(driver.BlameLock)},
	{"tells the digits", "wrong length", "jit.keypad", as(func(e *driver.Error) { e.Err = errors.New("474747474 is too long") })},
	{"takes a taken PIN", "taken", "jit.keypad", yes(false)},
	{"calls a taken PIN broken", "taken", "jit.keypad", kind(driver.Rejected)},
	{"finds room in a full lock", "full", "jit.keypad", yes(false)},
	{"calls a full lock offline", "full", "native.keypad", kind(driver.Offline)},
	{"drops the window", "window", "jit.keypad", want(func(c *lock.Credential) { c.Window = lock.Window{} })},
	{"ends late", "window", "native.keypad", want(func(c *lock.Credential) { c.Window.To = c.Window.To.Add(time.Minute) })},
	{"ends early", "window", "native.keypad", want(func(c *lock.Credential) { c.Window.To = c.Window.To.Add(-time.Hour) })},
	{"begins early", "window", "coarse.keypad", want(func(c *lock.Credential) { c.Window.From = c.Window.From.Add(-time.Hour) })},
	{"makes an end up", "no end", "native.keypad", want(func(c *lock.Credential) { c.Window.To = c.Window.From.Add(time.Hour) })},
	{"takes a start alone", "no end", "jit.keypad", want(func(c *lock.Credential) { c.Window = lock.Window{} })},
	{"enables unasked", "disabled", "staged.keypad", want(func(c *lock.Credential) { c.Enabled = true })},
	{"takes a disabled code for an enabled one", "disabled", "jit.keypad", want(func(c *lock.Credential) { c.Enabled = true })},
	{"takes chosen digits where they are computed", "chosen digits", "oracode", want(func(c *lock.Credential) { c.PIN = lock.PIN{} })},
	{"takes every time", "predefined times", "oracode", yes(false)},
	{"says that it takes back what stays", "taken back", "oracode", func(b *bent) { b.clear = func(context.Context, lock.Ref) error { return nil } }},
	{"reaches everything", "lock offline", "jit.keypad", seen(func(o *lock.Observation) { o.Reach = lock.Reached })},
	{"takes away for ambiguous", "lock offline", "jit.keypad", kind(driver.Ambiguous)},
	{"blames the lock for its hub", "hub offline", "jit.keypad", blame(driver.BlameLock)},
	{"blames the hub for its lock", "lock offline", "jit.keypad", blame(driver.BlameHub)},
	{"blames the lock for its cloud", "cloud down", "jit.keypad", blame(driver.BlameLock)},
	{"takes a refused connection for ambiguous", "cloud down", "jit.keypad", kind(driver.Ambiguous)},
	{"is sure after a server error", "server error", "jit.keypad", kind(driver.Rejected)},
	{"is sure after a lost answer", "lost reply", "jit.keypad", kind(driver.Offline)},
	{"says yes after a lost answer", "lost reply", "cloud.keypad", yes(true)},
	{"does not say when to come back", "throttled", "jit.keypad", as(func(e *driver.Error) { e.RetryAfter = 0 })},
	{"takes a throttle for an outage", "throttled", "jit.keypad", kind(driver.Offline)},
	{"does not tell of a lost login", "login", "jit.keypad", kind(driver.Offline)},
	{"blames the cloud for a lost login", "login", "jit.keypad", blame(driver.BlameCloud)},
	{"goes on after the end", "ended before", "jit.keypad", func(b *bent) { b.context = context.WithoutCancel }},
	{"says yes without having waited", "ended amid", "jit.keypad", yes(true)},
}

// Each case notices a driver that breaks its clause.
func TestBrokenDriversAreCaught(t *testing.T) {
	caught := map[string]bool{"push": true} // below: the simulated provider posts nothing
	for _, x := range breakages {
		t.Run(x.name, func(t *testing.T) {
			cases := conform.Cases()
			c := cases[slices.IndexFunc(cases, func(c conform.Case) bool { return c.Name == x.of })]
			synctest.Test(t, func(t *testing.T) {
				if err := try(t, c, x.model, x.bend); err == nil {
					t.Errorf("%s on %s finds nothing wrong", x.of, x.model)
				}
			})
		})
		caught[x.of] = true
	}
	for _, c := range conform.Cases() {
		if !caught[c.Name] {
			t.Errorf("no broken driver is there for %s", c.Name)
		}
	}
}

// listener is a driver whose vendor posts the name of a lock, signed with its last byte.
type listener struct {
	driver.Driver
	deaf, gullible bool
}

func (l listener) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	switch {
	case !l.gullible && in.Header.Get("Signature") != string(in.Body[len(in.Body)-1:]):
		return driver.Reply{Status: 401}, nil, errors.New("the signature does not fit")
	case l.deaf:
		return driver.Reply{Status: 200}, nil, nil
	}
	return driver.Reply{Status: 200}, []driver.Notice{{Device: lock.DeviceID(in.Body)}}, nil
}

func TestReceiversAreTried(t *testing.T) {
	cases := conform.Cases()
	c := cases[slices.IndexFunc(cases, func(c conform.Case) bool { return c.Name == "push" })]
	for _, x := range []struct {
		name  string
		of    listener
		posts int
		fine  bool
	}{
		{"an honest one", listener{}, 1, true}, {"a deaf one", listener{deaf: true}, 1, false}, {"a gullible one", listener{gullible: true}, 1, false},
		{"one whose vendor is silent", listener{}, 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, end, err := start(t.Context(), "jit.keypad")
			if err != nil {
				t.Fatal(err)
			}
			post := driver.Inbound{Header: http.Header{"Signature": {"t"}}, Body: []byte("front")}
			r.Far.(*rig.Far).Posted = func() []driver.Inbound { return slices.Repeat([]driver.Inbound{post}, x.posts) }
			x.of.Driver = r.Driver
			r.Driver = x.of
			if err := conform.Check(t.Context(), c, r); (err == nil) != x.fine {
				t.Errorf("%s: %v", x.name, err)
			}
			if err := end(); err != nil {
				t.Error(err)
			}
		})
	}
}
