package world

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/internal/ordeal"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// crash is one run of the house's story, in which every command is repeated until it is acknowledged.
type crash struct {
	t     *testing.T
	what  string
	w     *World
	acked map[string]engine.Receipt
	truth map[float64][]string // what the doors say, by the hour at which they were asked
	calls int                  // sent since the fleet was opened
	onto  func(n int)          // told of each call
	again int                  // deaths that follow the first, each at the next call
	died  int
}

func newCrash(t *testing.T, what string) *crash {
	return &crash{t: t, what: what, acked: map[string]engine.Receipt{}, truth: map[float64][]string{}}
}

func (c *crash) watch(r sim.Record) {
	switch {
	case r.Kind == sim.KindCall:
		if c.calls++; c.onto != nil {
			c.onto(c.calls)
		}
	case r.Kind == sim.KindEngine && r.Name == "killed":
		if c.died++; c.died <= c.again {
			c.w.KillAtEffect(1)
		}
	}
}

// begin opens the house in a store: a fresh one, or one that holds the house already.
func (c *crash) begin(s store.Store) {
	c.w = open(c.t, Options{Seed: 11, Store: s, Spec: ordeal.House(), Watch: c.watch})
	c.post()
}

// do lets a command be given at an hour, again and again until it is acknowledged.
func (c *crash) do(o ordeal.Order) {
	if hours(o.Hour).Before(c.w.Now()) {
		return
	}
	c.w.Kernel().At(hours(o.Hour), sim.ClassStep, func() {
		for range 3 {
			r, err := c.w.Submit(engine.Command{Key: o.Key, Actor: "test", Do: o.Do})
			if errors.Is(err, ErrStopped) {
				continue // it died before it took the command
			}
			if err != nil {
				c.t.Errorf("%s: %s: %v", c.what, o.Key, err)
			} else {
				c.acked[o.Key] = r
			}
			return
		}
		c.t.Errorf("%s: %s was never taken", c.what, o.Key)
	})
}

// post puts the story on the kernel, as far as it lies ahead.
func (c *crash) post() {
	fresh := c.w.Now().Equal(noon)
	for _, o := range ordeal.Orders(noon) {
		c.do(o)
	}
	for _, h := range ordeal.Asked() {
		if !hours(h).Before(c.w.Now()) {
			c.w.Kernel().At(hours(h), sim.ClassExpect, func() { c.truth[h] = c.doors() })
		}
	}
	if !fresh {
		return // the fleet knows its faults
	}
	for _, f := range []sim.Fault{
		{On: "front", Kind: "lost-ack", From: hours(3.2), For: 2 * time.Hour},
		{On: "side", Kind: "offline", From: hours(17), For: 3 * time.Hour},
		{On: "back", Kind: "lost-ack", From: hours(19.9), For: 30 * time.Minute},
		{On: "cloud", Kind: "applied-but-error", From: hours(1.9), For: 30 * time.Minute},
		{On: "cloud", Kind: "applied-but-error", From: hours(23.9), For: 30 * time.Minute},
		{On: "attic", Kind: "offline", From: hours(29), For: 2 * time.Hour},
	} {
		if _, err := c.w.Fleet().Inject(f); err != nil {
			c.t.Fatal(err)
		}
	}
}

// doors says for every lock which codes stand there with which digits, and which would open it. Spares are all alike.
func (c *crash) doors() []string {
	var lines []string
	fleet := c.w.Fleet()
	for _, d := range fleet.Devices() {
		named := func(m sim.Memory) string {
			w := c.w.judge.wishes[m.Code]
			switch {
			case w == nil:
				return "a spare"
			case w.For != "":
				return "a spare for " + string(w.For)
			}
			return string(m.Code) + " " + m.PIN.Reveal()
		}
		one := map[lock.CodeID]bool{}
		for _, m := range fleet.Memory(d.ID) {
			lines = append(lines, fmt.Sprintf("%s holds %s %v %v", d.ID, named(m), m.Window, m.Enabled))
			if one[m.Code] {
				c.t.Errorf("%s: %s: %s holds %s twice", c.what, c.w.Now().Sub(noon), d.ID, m.Code)
			}
			one[m.Code] = true
		}
		for _, m := range fleet.WouldOpen(d.ID) {
			lines = append(lines, fmt.Sprintf("%s opens to %s", d.ID, named(m)))
		}
	}
	slices.Sort(lines)
	return lines
}

// finish runs to the end.
func (c *crash) finish() { run(c.t, c.w, hours(ordeal.Ends)) }

// compare holds this run against one that nobody killed.
func (c *crash) compare(whole *crash) {
	c.t.Helper()
	for _, h := range slices.Sorted(maps.Keys(c.truth)) {
		equal(c.t, fmt.Sprintf("%s: at the doors after %v h", c.what, h), c.truth[h], whole.truth[h])
	}
	if _, ok := c.truth[ordeal.Ends]; !ok {
		c.t.Errorf("%s: it did not come to its end", c.what)
	}
	for _, b := range c.w.Breaches() {
		c.t.Errorf("%s: breach after %s of %s on %s, code %s: %s", c.what, b.At.Sub(noon), b.Rule, b.Device, b.Code, b.Text)
	}
	c.journaled()
}

func (c *crash) journaled() {
	c.t.Helper()
	ordeal.Journaled(c.w.Journal, c.acked, func(format string, args ...any) { c.t.Errorf(c.what+": "+format, args...) })
}

// unkilled is the story as nobody disturbs it, and a copy of its store as it was when each call was sent.
func unkilled(t *testing.T) (*crash, []*memkv.Store) {
	t.Helper()
	s := memkv.New()
	var copies []*memkv.Store
	c := newCrash(t, "nobody killed")
	c.onto = func(int) { copies = append(copies, s.Clone()) }
	c.begin(s)
	c.finish()
	c.compare(c)
	for _, f := range c.w.Fleet().Faults() {
		t.Errorf("fault %s on %s is not over", f.Kind, f.On)
	}
	for _, kind := range []string{"lost-ack", "offline", "applied-but-error"} {
		if c.w.Fleet().Fired(kind) == 0 {
			t.Errorf("fault %s never fired, so the story is poorer than it says", kind)
		}
	}
	want := map[float64][]string{
		3:           {"front opens to a spare", "side opens to care-side", "back opens to care-back", "loft opens to care-loft"},
		16:          {"front opens to first-front 482951", "side opens to first-side 593062", "back opens to first-back 604173", "loft opens to first-loft 715284", "front opens to a spare for first-front", "front opens to care-front 826395"},
		28:          {"front opens to second-front", "side opens to second-side", "back opens to second-back"},
		ordeal.Ends: {"front opens to a spare", "side opens to a spare", "back opens to care-back", "loft opens to care-loft"},
	}
	for h, lines := range want {
		for _, l := range lines {
			if !slices.ContainsFunc(c.truth[h], func(have string) bool { return len(have) >= len(l) && have[:len(l)] == l }) {
				t.Errorf("after %v h the doors do not say %q, but\n%q", h, l, c.truth[h])
			}
		}
	}
	spares := 0
	for _, l := range c.truth[ordeal.Ends] {
		if l == "front opens to a spare" || l == "side opens to a spare" {
			spares++
		}
	}
	if spares != 6 {
		t.Errorf("%d spares stand in the two pools, want 6", spares)
	}
	if len(copies) < 80 {
		t.Errorf("the engine can be killed at %d calls only, too few to mean anything", len(copies))
	}
	return c, copies
}

// TestTheEngineDiesAtEveryEffect lets the engine's process die after each call in turn, and start at once: the locks, the
// clouds and what is on its way to them live on. After every third call it dies while it recovers, too.
func TestTheEngineDiesAtEveryEffect(t *testing.T) {
	whole, copies := unkilled(t)
	for _, again := range []int{0, 2} {
		killed := 0
		for n := 1; n <= len(copies); n += stride * (1 + again) {
			c := newCrash(t, fmt.Sprintf("the engine died at call %d and at the next %d", n, again))
			c.again = again
			c.begin(memkv.New())
			c.w.KillAtEffect(n)
			c.finish()
			c.compare(whole)
			if c.died > 0 {
				killed++
			}
		}
		t.Logf("the engine died at %d effects, and %d times more at the calls after", killed, again)
	}
}

// TestTheWorldDiesAtEveryEffect lets everything die when a call is sent, in turn: what the store held then goes on, and
// what was on its way is lost.
func TestTheWorldDiesAtEveryEffect(t *testing.T) {
	whole, copies := unkilled(t)
	killed := 0
	for n := 0; n < len(copies); n += stride {
		c := newCrash(t, fmt.Sprintf("the world died at call %d", n+1))
		c.begin(copies[n])
		c.finish()
		c.compare(whole)
		killed++
	}
	t.Logf("the world died at %d effects", killed)
}

// TestTheEngineDiesOnDisk is a sample of the same on Badger, which is closed and opened once more at the end.
func TestTheEngineDiesOnDisk(t *testing.T) {
	whole, copies := unkilled(t)
	for n := 3; n <= len(copies); n += len(copies) / 6 {
		dir := t.TempDir()
		disk, err := badgerkv.Open(badgerkv.Options{Dir: dir})
		must(t, err)
		c := newCrash(t, fmt.Sprintf("the engine on Badger died at call %d", n))
		c.begin(disk)
		c.w.KillAtEffect(n)
		c.finish()
		c.compare(whole)
		must(t, c.w.Close())
		must(t, disk.Close())
		disk, err = badgerkv.Open(badgerkv.Options{Dir: dir})
		must(t, err)
		c.w = open(t, Options{Store: disk})
		equal(t, c.what+", and opened again", c.doors(), whole.truth[ordeal.Ends])
		c.journaled()
		must(t, c.w.Close())
		must(t, disk.Close())
	}
}
