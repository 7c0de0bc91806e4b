package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// life drives a fleet with random calls, tries, edits and faults, all from one seed. Its own luck is apart from the
// kernel's, so that a life can be cut in two.
type life struct {
	*rig
	luck    *rand.Rand
	refs    map[lock.DeviceID][]lock.Ref
	answers []string
}

func newLife(t *testing.T, seed uint64) *life {
	spec := Spec{Accounts: []AccountSpec{{ID: "acc", Rate: 500}}, Hubs: []HubSpec{{ID: "h", Account: "acc", Pace: time.Second}}}
	for i, p := range Profiles() {
		l := LockSpec{ID: lock.DeviceID(fmt.Sprintf("l%02d", i)), Model: p.Name, Account: "acc"}
		if i%2 == 0 {
			l.Hub = "h"
		}
		spec.Locks = append(spec.Locks, l)
	}
	return &life{rig: rigOf(t, start, spec), luck: rand.New(rand.NewPCG(seed, 1)), refs: map[lock.DeviceID][]lock.Ref{}}
}

func (l *life) hour() {
	for range 40 {
		l.run(time.Duration(l.luck.IntN(90)) * time.Second)
		l.act()
	}
	l.k.RunUntil(l.k.Now().Truncate(time.Hour).Add(time.Hour))
}

func (l *life) act() {
	all := l.Devices()
	d := all[l.luck.IntN(len(all))]
	n := l.luck.IntN(12)
	pin := pinOf(fmt.Sprintf("48%04d", l.luck.IntN(40)))
	switch l.luck.IntN(8) {
	case 0, 1, 2:
		c := lock.Credential{Code: lock.CodeID(fmt.Sprint("c", n)), Tag: fmt.Sprint("tag", n), PIN: pin, Enabled: true}
		if d.Traits.AssignsPIN {
			c.PIN = lock.PIN{}
		}
		if d.Traits.NativeSchedule {
			c.Window = lock.Window{From: l.k.Now().Add(time.Hour), To: l.k.Now().Add(9 * time.Hour)}
		}
		if len(d.Traits.Offline) > 0 && n < 6 {
			c.Offline, c.PIN = lock.OfflineOneTime, lock.PIN{}
			c.Window = lock.Window{From: l.k.Now().Truncate(time.Hour).Add(time.Hour)}
		}
		l.send(Call{Verb: verbSet, Device: d.ID, Want: c})
	case 3:
		if refs := l.refs[d.ID]; len(refs) > 0 {
			l.send(Call{Verb: verbClear, Device: d.ID, At: refs[l.luck.IntN(len(refs))]})
		}
	case 4:
		l.send(Call{Verb: verbObserve, Device: d.ID})
	case 5:
		try, err := l.TryPIN(d.ID, pin)
		l.answers = append(l.answers, fmt.Sprint(d.ID, try.Opens, try.Reason, try.Code, err))
	case 6:
		kinds := []EditKind{EditAdd, EditRemove, EditPIN, EditDisable, EditEnable, EditName, EditBattery}
		err := l.Edit(Edit{Lock: d.ID, Kind: kinds[l.luck.IntN(len(kinds))], Slot: 1 + n, PIN: pin, Name: "by hand"})
		l.answers = append(l.answers, fmt.Sprint(err))
	case 7:
		target := []string{string(d.ID), "h", "acc"}[l.luck.IntN(10)/8]
		kinds := l.KindsFor(target)
		k := kinds[l.luck.IntN(len(kinds))]
		x := Fault{On: target, Kind: k.Name, For: time.Duration(1+l.luck.IntN(60)) * time.Minute}
		if k.Text == textZone {
			x.Text = "Asia/Kolkata"
		}
		if k.PerCall {
			x.P, x.After = 0.7, l.luck.IntN(2)
		}
		id, err := l.Inject(x)
		l.answers = append(l.answers, fmt.Sprint(id, err))
	}
}

func (l *life) send(c Call) {
	c.Deadline = l.k.Now().Add(40 * time.Second)
	ends := 0
	l.Fleet.Call(c, func(res Result) {
		if ends++; ends > 1 || l.k.Now().After(c.Deadline) {
			l.t.Errorf("%s of %s ended %d times, %v after its deadline", c.Verb, c.Device, ends, l.k.Now().Sub(c.Deadline))
		}
		if c.Verb == verbSet && res.Err == nil && !slices.Contains(l.refs[c.Device], res.Held.Ref) {
			l.refs[c.Device] = append(l.refs[c.Device], res.Held.Ref)
		}
		line := fmt.Sprint(c.Verb, c.Device, res.Held.Ref, res.Held.Pending, res.Observation.Reach, len(res.Observation.Held), res.Observation.Next)
		if res.Err != nil {
			line += res.Err.Error()
		}
		l.answers = append(l.answers, line)
	})
}

func (l *life) story() string { return trace(l.records) + strings.Join(l.answers, "\n") }

// sound holds every lock's memory against what is always true of it.
func (l *life) sound() {
	l.t.Helper()
	for _, d := range l.order {
		slots, refs := map[int]bool{}, map[lock.Ref]bool{}
		last := 0
		for _, m := range l.Memory(d.id) {
			if m.Slot < 1 || m.Slot > d.capacity() || slots[m.Slot] || m.Slot < last {
				l.t.Fatalf("%s: slot %d is out of range, doubled or out of order", d.id, m.Slot)
			}
			if refs[m.Ref] || m.Ref == "" {
				l.t.Fatalf("%s: ref %q stands twice", d.id, m.Ref)
			}
			if d.traits.ClientSlots && m.Ref != slotRef(m.Slot) {
				l.t.Fatalf("%s: slot %d has ref %q", d.id, m.Slot, m.Ref)
			}
			if !d.traits.NativeSchedule && !m.Window.IsZero() {
				l.t.Fatalf("%s: holds a window that it can't honour", d.id)
			}
			slots[m.Slot], refs[m.Ref], last = true, true, m.Slot
		}
		if d.hub != nil && (d.hub.busy < 0 || d.hub.busy > d.hub.spec.Queue) {
			l.t.Fatalf("the hub has %d jobs", d.hub.busy)
		}
	}
}

func TestLifeIsSoundAndDeterministic(t *testing.T) {
	for seed := range uint64(6) {
		a, b := newLife(t, seed), newLife(t, seed)
		for range 24 {
			a.hour()
			a.sound()
			b.hour()
		}
		if a.story() != b.story() {
			t.Fatalf("seed %d tells two stories", seed)
		}
		if len(a.records) < 200 {
			t.Errorf("seed %d: only %d things happened", seed, len(a.records))
		}
	}
}

// Nothing that the world tells carries digits.
func TestRecordsAreSilent(t *testing.T) {
	l := newLife(t, 3)
	marker := "918273"
	if err := l.Edit(Edit{Lock: "l00", Kind: EditAdd, PIN: pinOf(marker), Slot: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.TryPIN("l00", pinOf(marker)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Inject(Fault{On: "l00", Kind: "foreign-write", Text: marker + "1"}); err != nil {
		t.Fatal(err)
	}
	for range 24 {
		l.hour()
	}
	secrets := map[string]bool{marker: true}
	for _, d := range l.order {
		for _, m := range append(l.Memory(d.id), l.Issued(d.id)...) {
			if m.PIN.Len() > 4 {
				secrets[m.PIN.Reveal()] = true
			}
		}
	}
	for _, x := range l.records {
		text := x.Text + "|" + x.Name + "|" + x.On + "|" + string(x.Code)
		for s := range secrets {
			if strings.Contains(text, s) {
				t.Fatalf("a %s record tells digits", x.Kind)
			}
		}
	}
	for _, line := range l.answers {
		for s := range secrets {
			if strings.Contains(line, s) {
				t.Fatal("an error tells digits")
			}
		}
	}
}

// A fleet that is put away at a quiet instant and read back has the future that it would have had.
func TestPersistence(t *testing.T) {
	for seed := range uint64(4) {
		whole := newLife(t, seed)
		store := map[string][]byte{}
		keep := func() {
			items := whole.Changed()
			if !slices.IsSortedFunc(items, func(a, b Item) int { return strings.Compare(a.Key, b.Key) }) {
				t.Fatal("records are not sorted")
			}
			for _, it := range items {
				if !strings.HasPrefix(it.Key, "sim/") {
					t.Fatalf("key %q", it.Key)
				}
				if it.Val == nil {
					delete(store, it.Key)
				} else {
					store[it.Key] = it.Val
				}
			}
		}
		for range 12 {
			whole.hour()
			keep()
		}
		for whole.flying() {
			whole.run(time.Second)
		}
		keep()
		if again := whole.Changed(); len(again) != 0 {
			t.Fatalf("%d records changed while nothing happened, such as %s", len(again), again[0].Key)
		}

		half := newLife(t, seed)
		half.k = NewKernel(whole.k.Now(), 42)
		var spec Spec
		spec.Accounts, spec.Hubs = []AccountSpec{{ID: "acc", Rate: 500}}, []HubSpec{{ID: "h", Account: "acc", Pace: time.Second}}
		for _, d := range whole.order[:20] { // the others were added later
			spec.Locks = append(spec.Locks, d.spec)
		}
		fleet, err := NewFleet(half.k, spec)
		if err != nil {
			t.Fatal(err)
		}
		var items []Item
		for key, val := range store {
			items = append(items, Item{key, val})
		}
		slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
		if err := fleet.Restore(items); err != nil {
			t.Fatal(err)
		}
		half.Fleet = fleet
		fleet.Watch(func(x Record) { half.records = append(half.records, x) })
		future := rand.NewPCG(seed, 99)
		whole.luck, half.luck = rand.New(future), rand.New(rand.NewPCG(seed, 99))
		half.refs = map[lock.DeviceID][]lock.Ref{}
		for id, refs := range whole.refs {
			half.refs[id] = slices.Clone(refs)
		}
		whole.records, whole.answers, half.answers = nil, nil, nil
		for i := range 12 {
			whole.hour()
			half.hour()
			if whole.story() != half.story() {
				a, b := strings.Split(whole.story(), "\n"), strings.Split(half.story(), "\n")
				for i := range min(len(a), len(b)) {
					if a[i] != b[i] {
						t.Fatalf("seed %d: the futures part:\n%s\n%s", seed, a[i], b[i])
					}
				}
				t.Fatalf("seed %d, hour %d: one future is longer", seed, i)
			}
		}
	}
}

// flying reports whether messages are under way.
func (l *life) flying() bool {
	for _, e := range l.k.heap {
		switch e.who.(type) {
		case *flight, *expiry, *hint:
			return true
		}
	}
	for _, d := range l.order {
		if d.delivering {
			return true
		}
	}
	return false
}
