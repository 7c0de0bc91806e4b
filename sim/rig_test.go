package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// rig is a small world: locks a (and b) behind hub h and account acc, with what its watcher and its engine heard.
type rig struct {
	t *testing.T
	k *Kernel
	*Fleet
	records []Record
	notices []driver.Notice
	calls   int
}

func newRig(t *testing.T, models ...string) *rig {
	t.Helper()
	spec := Spec{Accounts: []AccountSpec{{ID: "acc"}}, Hubs: []HubSpec{{ID: "h", Account: "acc"}}}
	for i, m := range models {
		spec.Locks = append(spec.Locks, LockSpec{ID: lock.DeviceID('a' + rune(i)), Model: m, Account: "acc", Hub: "h"})
	}
	return rigOf(t, start, spec)
}

func rigOf(t *testing.T, at time.Time, spec Spec) *rig {
	t.Helper()
	k := NewKernel(at, 42)
	f, err := NewFleet(k, spec)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, k: k, Fleet: f}
	f.Watch(func(x Record) { r.records = append(r.records, x) })
	f.OnNotice(func(n driver.Notice) { r.notices = append(r.notices, n) })
	return r
}

func (r *rig) run(d time.Duration) { r.k.RunUntil(r.k.Now().Add(d)) }

// call makes one call and runs until its end.
func (r *rig) call(c Call) Result {
	r.t.Helper()
	var res Result
	ends := 0
	r.calls++
	c.ID = fmt.Sprint("c", r.calls)
	if c.Device == "" {
		c.Device = "a"
	}
	if c.Deadline.IsZero() {
		c.Deadline = r.k.Now().Add(time.Minute)
	}
	r.Fleet.Call(c, func(got Result) { res, ends = got, ends+1 })
	for ends == 0 && r.k.Step() {
	}
	if ends != 1 || r.k.Now().After(c.Deadline) {
		r.t.Fatalf("%s ended %d times by %v, deadline %v", c.Verb, ends, r.k.Now(), c.Deadline)
	}
	return res
}

func (r *rig) observe() lock.Observation {
	r.t.Helper()
	res := r.call(Call{Verb: verbObserve})
	if res.Err != nil {
		r.t.Fatal(res.Err)
	}
	return res.Observation
}

func (r *rig) set(c lock.Credential) lock.Held {
	r.t.Helper()
	res := r.call(Call{Verb: verbSet, Want: c})
	if res.Err != nil {
		r.t.Fatal(res.Err)
	}
	return res.Held
}

func (r *rig) clear(ref lock.Ref) {
	r.t.Helper()
	if res := r.call(Call{Verb: verbClear, At: ref}); res.Err != nil {
		r.t.Fatal(res.Err)
	}
}

func (r *rig) inject(x Fault) string {
	r.t.Helper()
	if x.On == "" {
		x.On = "a"
	}
	id, err := r.Inject(x)
	if err != nil {
		r.t.Fatal(err)
	}
	if strings.HasPrefix(r.t.Name(), "TestEveryFault/") {
		r.t.Cleanup(func() {
			if r.Fired(x.Kind) == 0 {
				r.t.Errorf("%s never fired", x.Kind)
			}
		})
	}
	return id
}

func (r *rig) heal(id string) {
	r.t.Helper()
	if err := r.Heal(id); err != nil {
		r.t.Fatal(err)
	}
}

// try types digits and returns "opens" or the reason.
func (r *rig) try(digits string) string {
	r.t.Helper()
	try, err := r.TryPIN("a", pinOf(digits))
	if err != nil {
		r.t.Fatal(err)
	}
	if try.Opens {
		return "opens"
	}
	return try.Reason
}

func (r *rig) wants(what string, got, want any) {
	r.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// code is an enabled credential without a window.
func code(id, digits string) lock.Credential {
	return lock.Credential{Code: lock.CodeID(id), Tag: "t-" + id, Name: "n-" + id, PIN: pinOf(digits), Enabled: true}
}

func timed(id, digits string, from, to time.Time) lock.Credential {
	c := code(id, digits)
	c.Window = lock.Window{From: from, To: to}
	return c
}

// trace writes the records one a line.
func trace(records []Record) string {
	var b strings.Builder
	for _, x := range records {
		fmt.Fprintf(&b, "%s %s %s %s %d %s %s %s %v\n", x.At.Format(time.RFC3339Nano), x.Kind, x.Device, x.Code, x.Slot, x.On, x.Name, x.Text, x.Window)
	}
	return b.String()
}

func knownSince(c lock.Cursor) driver.Known { return driver.Known{Since: c} }
