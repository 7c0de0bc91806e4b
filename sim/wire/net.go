package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/world"
)

const (
	patience  = time.Minute      // an account that is opened gets
	listing   = 10 * time.Minute // the same, for its list of locks: some vendors tell of one lock at a time
	subscribe = 15 * time.Minute // after it was in vain, a vendor is asked again to post
)

// hook is where the vendors of a world post.
const hook = "https://lockctl.invalid/hooks/"

// Lay returns what lays a world's wire through a vendor's protocol: each account of the fleet gets a façade and a driver.
func Lay(v Vendor, p provider.Provider) world.Wiring {
	return func(k *sim.Kernel, f *sim.Fleet, notice func(driver.Notice)) (world.Wire, error) {
		n := &net{
			kernel: k, fleet: f, notice: notice, vendor: v, provider: p, lines: map[lock.AccountID]*line{}, of: map[lock.DeviceID]*line{},
			writes: map[lock.DeviceID]map[lock.PIN]lock.CodeID{}, under: map[lock.DeviceID]sim.Call{}, held: map[lock.DeviceID]map[lock.Ref]lock.Held{},
		}
		f.Attribute(n.author)
		f.OnNotice(n.pushed)
		for _, d := range f.Devices() {
			if n.lines[d.Account] == nil {
				l, err := n.open(d)
				if err != nil {
					return nil, fmt.Errorf("account %s of %s: %w", d.Account, v.Name, err)
				}
				n.lines[d.Account] = l
				n.order = append(n.order, l)
			}
			n.of[d.ID] = n.lines[d.Account]
		}
		return n, nil
	}
}

// net is the wire of a world.
type net struct {
	kernel   *sim.Kernel
	fleet    *sim.Fleet
	notice   func(driver.Notice)
	vendor   Vendor
	provider provider.Provider
	lines    map[lock.AccountID]*line
	order    []*line
	of       map[lock.DeviceID]*line // by the fleet's ids
	devices  []lock.Device

	writes map[lock.DeviceID]map[lock.PIN]lock.CodeID // which digits were last written for which code
	under  map[lock.DeviceID]sim.Call                 // calls under way
	held   map[lock.DeviceID]map[lock.Ref]lock.Held   // what the driver told of entries, by its own handles
}

// line is one account: a façade, and the driver that speaks to it.
type line struct {
	net    *net
	id     lock.AccountID
	zone   string
	cloud  facade.Cloud
	driver driver.Driver
	tokens provider.MemorySecrets
	there  map[lock.DeviceID]lock.DeviceID // the driver's ids, by the fleet's
	here   map[lock.DeviceID]lock.DeviceID // and back
	calls  []*coroutine                    // under way, and some that are through
}

// open builds an account, whose first lock is first, and lists its locks.
func (n *net) open(first lock.Device) (*line, error) {
	l := &line{net: n, id: first.Account, zone: first.Traits.Zone, there: map[lock.DeviceID]lock.DeviceID{}, here: map[lock.DeviceID]lock.DeviceID{}}
	var err error
	if l.cloud, err = n.vendor.Open(n.fleet, l.id); err != nil {
		return nil, err
	}
	if err := l.start(); err != nil {
		return nil, err
	}
	var listed []lock.Device
	c := l.run(n.kernel.Now().Add(listing), func(ctx context.Context) { listed, err = l.driver.Devices(ctx) })
	for !c.through {
		if !n.kernel.Step() {
			return nil, errors.New("its devices can't be listed: no answer comes")
		}
	}
	if err != nil {
		return nil, err
	}
	for _, d := range n.fleet.Devices() {
		if d.Account != l.id {
			continue
		}
		i := slices.IndexFunc(listed, func(x lock.Device) bool { return x.Name == d.Name })
		if i < 0 {
			return nil, fmt.Errorf("the driver does not list the lock %s", d.ID)
		}
		x := listed[i]
		l.there[d.ID], l.here[x.ID] = x.ID, d.ID
		x.ID, x.Account, x.Hub = d.ID, d.Account, d.Hub
		n.devices = append(n.devices, x)
	}
	return l, nil
}

// start opens a driver, as the start of its process does, and has its vendor post.
func (l *line) start() error {
	n := l.net
	account := provider.Account{ID: l.id, Texts: n.vendor.Settings(l.id, Reached(l.cloud, Base)), Wholes: map[string]int64{}, Secrets: n.vendor.Secrets(l.id)}
	if slices.ContainsFunc(n.provider.Settings, func(s provider.Setting) bool { return s.Name == "zone" }) {
		account.Texts["zone"] = l.zone
	}
	var err error
	l.driver, err = n.provider.Open(context.Background(), provider.Env{
		HTTP: &http.Client{Transport: cable{l.cloud}}, Now: n.kernel.Now, Rand: chance{n.kernel, "wire/" + string(l.id)}, Secrets: &l.tokens,
		Log: slog.New(slog.DiscardHandler),
	}, account)
	if err != nil {
		return err
	}
	if s, ok := l.driver.(driver.Subscriber); ok {
		n.kernel.At(n.kernel.Now(), sim.ClassEngine, func() { l.subscribe(s) })
	}
	return nil
}

// subscribe has the vendor post, and tries again later if it can't.
func (l *line) subscribe(s driver.Subscriber) {
	k, of := l.net.kernel, l.driver
	if t, ok := l.cloud.(facade.Targeted); ok {
		t.Target(hook + string(l.id)) // as the person does who configures the account
	}
	l.run(k.Now().Add(patience), func(ctx context.Context) {
		if s.Subscribe(ctx, hook+string(l.id)) != nil && ctx.Err() != context.Canceled { //nolint:errorlint // it is the coroutine's own
			k.At(k.Now().Add(subscribe), sim.ClassEngine, func() {
				if l.driver == of {
					l.subscribe(s)
				}
			})
		}
	})
}

// run starts a coroutine of the account.
func (l *line) run(deadline time.Time, do func(context.Context)) *coroutine {
	l.calls = slices.DeleteFunc(l.calls, func(c *coroutine) bool { return c.through })
	c := run(l.net.kernel, deadline, do)
	if !c.through {
		l.calls = append(l.calls, c)
	}
	return c
}

// Devices implements world.Wire.
func (n *net) Devices() []lock.Device { return n.devices }

// Call implements world.Wire.
func (n *net) Call(c sim.Call, done func(sim.Result)) {
	l := n.of[c.Device]
	end := func(r sim.Result) { n.kernel.At(n.kernel.Now(), sim.ClassEngine, func() { done(r) }) }
	if l == nil {
		end(sim.Result{Err: &driver.Error{Op: c.Verb, Device: c.Device, Kind: driver.NotFound, Blame: driver.BlameRequest}})
		return
	}
	if c.Verb == "set" {
		n.wrote(c.Device, c.Want.PIN, c.Want.Code)
	}
	n.under[c.Device] = c
	deadline := c.Deadline
	if deadline.IsZero() {
		deadline = n.kernel.Now().Add(patience)
	}
	l.run(deadline, func(ctx context.Context) {
		r := l.make(ctx, c)
		if ctx.Err() == context.Canceled { //nolint:errorlint // it is the coroutine's own
			return
		}
		delete(n.under, c.Device)
		n.learn(c, &r)
		end(r)
	})
}

// make makes the call.
func (l *line) make(ctx context.Context, c sim.Call) (r sim.Result) {
	id := l.there[c.Device]
	var err error
	switch c.Verb {
	case "observe":
		r.Observation, err = l.driver.Observe(ctx, id, c.Known)
	case "set":
		r.Held, err = l.driver.Set(ctx, id, c.Want, c.At)
	case "clear":
		err = l.driver.Clear(ctx, id, c.At)
	}
	if err == nil {
		return r
	}
	r = sim.Result{Err: &driver.Error{Op: c.Verb, Kind: driver.Ambiguous, Err: err}}
	if e, ok := errors.AsType[*driver.Error](err); ok {
		own := *e
		r.Err = &own
	}
	r.Err.Device = c.Device
	return r
}

// wrote remembers whose digits come to a lock.
func (n *net) wrote(id lock.DeviceID, pin lock.PIN, code lock.CodeID) {
	if pin.IsZero() {
		return
	}
	if n.writes[id] == nil {
		n.writes[id] = map[lock.PIN]lock.CodeID{}
	}
	n.writes[id][pin] = code
}

// learn remembers what the driver tells of entries.
func (n *net) learn(c sim.Call, r *sim.Result) {
	if r.Err != nil {
		return
	}
	if n.held[c.Device] == nil {
		n.held[c.Device] = map[lock.Ref]lock.Held{}
	}
	known := n.held[c.Device]
	if c.Verb == "set" && r.Held.Ref != "" {
		h := r.Held
		h.PIN = cmp.Or(h.PIN, c.Want.PIN)
		known[h.Ref] = h
		n.wrote(c.Device, h.PIN, c.Want.Code) // digits that a vendor tells at once may come to the lock later
	}
	for _, h := range r.Observation.Held {
		h.PIN = cmp.Or(h.PIN, known[h.Ref].PIN) // digits that a list hides are those that were written
		known[h.Ref] = h
	}
}

// Place implements world.Wire. An entry is found by its digits, else by its slot, its code or its name. Of two handles with the same
// digits it is that by whose name it goes: a cloud may list on what the lock has lost.
func (n *net) Place(id lock.DeviceID, ref lock.Ref, code lock.CodeID) lock.Ref {
	memory := n.fleet.Memory(id)
	h := n.held[id][ref]
	named := func(o lock.Held, m sim.Memory) bool { return o.Name != "" && strings.HasSuffix(m.Name, o.Name) }
	others := map[lock.PIN]bool{} // that other handles stand for
	for r, o := range n.held[id] {
		others[o.PIN] = others[o.PIN] || r != ref
	}
	another := func(m sim.Memory) bool { // it is what another handle stands for
		for r, o := range n.held[id] {
			if r != ref && o.PIN == m.PIN && named(o, m) && !named(h, m) {
				return true
			}
		}
		return false
	}
	for _, fits := range []func(sim.Memory) bool{
		func(m sim.Memory) bool { return code != "" && m.Code == code && m.PIN == h.PIN },
		func(m sim.Memory) bool { return !h.PIN.IsZero() && m.PIN == h.PIN && !another(m) },
		func(m sim.Memory) bool { return h.Slot > 0 && m.Slot == h.Slot },
		func(m sim.Memory) bool { return code != "" && m.Code == code && !others[m.PIN] },
		func(m sim.Memory) bool { return named(h, m) },
	} {
		if i := slices.IndexFunc(memory, fits); i >= 0 {
			return memory[i].Ref
		}
	}
	return world.Unplaced(ref)
}

// author says to which code digits belong that came to a lock: those that the engine wanted there, or those that a vendor has chosen for
// the code under way.
func (n *net) author(id lock.DeviceID, pin lock.PIN) lock.CodeID {
	if code, ok := n.writes[id][pin]; ok {
		return code
	}
	if c, ok := n.under[id]; ok && c.Verb == "set" && c.Want.PIN.IsZero() {
		return c.Want.Code
	}
	return ""
}

// Drop implements world.Wire.
func (n *net) Drop() {
	clear(n.under)
	for _, l := range n.order {
		for _, c := range l.calls {
			c.drop()
		}
		l.calls = nil
		_ = l.driver.Close()              // its process has ended
		if err := l.start(); err != nil { // with the settings with which it began
			panic(err)
		}
	}
}

// pushed brings a vendor's webhooks to the driver.
func (n *net) pushed(about driver.Notice) {
	l := n.lines[about.Account]
	if l == nil {
		return
	}
	for _, post := range l.cloud.Push(about.Device) {
		r, ok := l.driver.(driver.Receiver)
		if !ok {
			return
		}
		reply, notices, err := r.Receive(context.Background(), driver.Inbound{
			Method: http.MethodPost, Path: strings.TrimPrefix(post.URL, strings.TrimSuffix(hook, "/hooks/")), Header: post.Header, Body: post.Body,
		})
		if a, ok := l.cloud.(facade.Answered); ok {
			a.Answer(about.Device, post, reply.Body)
		}
		if err != nil {
			continue // the live host answers with an error
		}
		for _, x := range notices {
			id, ok := l.here[x.Device]
			if ok || x.Device == "" {
				n.notice(driver.Notice{Account: l.id, Device: id})
			}
		}
	}
}

// chance is a stream of the kernel as bytes.
type chance struct {
	kernel *sim.Kernel
	name   string
}

// Read implements io.Reader.
func (c chance) Read(p []byte) (int, error) {
	r := c.kernel.Rand(c.name)
	for i := range p {
		p[i] = byte(r.Uint64())
	}
	return len(p), nil
}

var _ io.Reader = chance{}
