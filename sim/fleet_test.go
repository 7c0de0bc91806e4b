package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

func TestCallTakesItsTime(t *testing.T) {
	r := newRig(t, "jit.keypad")
	r.set(code("g", "4829"))
	if took := r.k.Now().Sub(start); took < time.Second || took > 4*time.Second {
		t.Errorf("a set took %v", took)
	}
	r.wants("no such lock", r.call(Call{Verb: verbObserve, Device: "z"}).Err.Kind, driver.NotFound)
	r.wants("no such verb", r.call(Call{Verb: "paint"}).Err.Kind, driver.Unsupported)
	r.observe()
	r.clear("1")
	r.clear("1")
	r.wants("counts", r.Counts("a"), Counts{Observes: 1, Sets: 1, Clears: 2})
}

func TestSetIsIdempotent(t *testing.T) {
	for _, p := range Profiles() {
		if p.Traits.OfflineOnly {
			continue
		}
		r := newRig(t, p.Name)
		c := code("guest", "483917")
		if p.Traits.NativeSchedule && p.Traits.Zone != "" {
			c.Window = lock.Window{From: start.Add(time.Hour), To: start.Add(48 * time.Hour)}
		}
		if p.Traits.AssignsPIN {
			c.PIN = lock.PIN{}
		}
		first := r.set(c)
		r.run(time.Minute)
		again := r.set(c)
		r.run(time.Minute)
		if first.Ref != again.Ref || len(r.Memory("a")) != 1 {
			t.Errorf("%s: refs %q and %q, %d entries", p.Name, first.Ref, again.Ref, len(r.Memory("a")))
		}
		changed := 0
		for _, x := range r.records {
			if x.Kind == KindMemory {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("%s: the memory changed %d times", p.Name, changed)
		}
	}
}

func TestClientSlots(t *testing.T) {
	r := newRig(t, "jit.keypad")
	c := code("g", "4829")
	c.Slot = 7
	r.wants("ref", r.set(c).Ref, "7")
	r.wants("slot", r.Memory("a")[0].Slot, 7)
	other := code("h", "4830")
	other.Slot = 7
	r.wants("written over", r.set(other).Ref, "7")
	r.wants("memory", []any{len(r.Memory("a")), r.Memory("a")[0].Code}, []any{1, "h"})
	r.wants("the lock chooses", r.set(code("i", "4831")).Slot, 1)
	res := r.call(Call{Verb: verbSet, At: "7", Want: code("h", "9999")})
	r.wants("in place", []any{res.Err == nil, res.Held.Slot, r.try("9999")}, []any{true, 7, "opens"})
}

func TestFull(t *testing.T) {
	r := rigOf(t, start, Spec{Locks: []LockSpec{{ID: "a", Model: "native.keypad", Slots: 2}}})
	r.wants("capacity", r.Devices()[0].Traits.Slots, 2)
	r.set(code("1", "1111"))
	r.set(code("2", "2222"))
	r.failed(r.call(Call{Verb: verbSet, Want: code("3", "3333")}), driver.Full, driver.BlameLock)
	r.clear("k1")
	r.wants("refs are never used again", r.set(code("3", "3333")).Ref, "k3")
	r.wants("the slot is", r.Memory("a")[0].Code, "3")
}

func TestNames(t *testing.T) {
	r := newRig(t, "native.keypad", "jit.basic")
	c := code("g", "4829")
	c.Name, c.Tag = "Zoë and her friends of the long night", "tag"
	held := r.set(c)
	r.wants("clipped at a rune", held.Name, "Zoë and her friends")
	res := r.call(Call{Verb: verbSet, Device: "b", Want: c})
	r.wants("not kept", res.Held.Name+res.Held.Tag, "")
}

func TestAsyncCloud(t *testing.T) {
	r := newRig(t, "cloud.keypad")
	held := r.set(code("g", "4829"))
	r.wants("accepted", []any{held.Pending, len(r.Memory("a"))}, []any{true, 0})
	o := r.observe()
	r.wants("listed as pending", []any{len(o.Held), o.Held[0].Pending, o.Source}, []any{1, true, lock.SourceCloud})
	r.run(time.Minute)
	r.wants("on the lock", []any{len(r.Memory("a")), r.observe().Held[0].Pending}, []any{1, false})
	r.wants("a hint tells it", len(r.notices), 1)

	r.inject(Fault{Kind: "offline", For: 2 * time.Hour})
	r.clear(held.Ref)
	r.run(time.Hour)
	o = r.observe()
	r.wants("not gone yet", []any{o.Reach, len(o.Held), o.Held[0].Pending, r.try("4829")}, []any{lock.LockDown, 1, true, "opens"})
	r.run(time.Hour + 10*time.Second)
	r.wants("gone soon after the lock is back", []any{len(r.Memory("a")), len(r.observe().Held)}, []any{0, 0})

	r.inject(Fault{Kind: "rejects"})
	r.set(code("h", "4830"))
	r.run(time.Minute)
	r.wants("refused by the lock, it vanishes from the list", len(r.observe().Held), 0)
}

func TestAsyncCloudSurvivesTheRadio(t *testing.T) {
	for _, kind := range []string{"loss", "lost-ack", "one-way", "duplicate", "reorder"} {
		r := newRig(t, "cloud.keypad")
		id := r.inject(Fault{Kind: kind})
		r.set(code("g", "4829"))
		r.run(5 * time.Minute)
		r.heal(id)
		r.run(20 * time.Minute)
		r.wants(kind, []any{len(r.Memory("a")), len(r.observe().Held), r.observe().Held[0].Pending}, []any{1, 1, false})
	}
}

func TestAssignedPIN(t *testing.T) {
	r := newRig(t, "assigned.keypad")
	c := lock.Credential{Code: "g", Window: lock.Window{From: start, To: start.Add(48 * time.Hour)}, Enabled: true}
	held := r.set(c)
	r.wants("pending without digits", []any{held.Pending, held.PIN.IsZero()}, []any{true, true})
	r.run(time.Minute)
	first := r.observe().Held[0]
	r.wants("digits in a later look", []any{first.Pending, first.PIN.Len(), r.try(first.PIN.Reveal())}, []any{false, 6, "opens"})
	c.Window.To = start.Add(72 * time.Hour)
	r.call(Call{Verb: verbSet, At: held.Ref, Want: c})
	r.run(time.Minute)
	second := r.observe().Held[0]
	r.wants("a longer window keeps the digits", []any{second.PIN == first.PIN, second.Window.To.Equal(c.Window.To)}, []any{true, true})
}

func TestThroughCloudKnowsWhatWasAcknowledged(t *testing.T) {
	r := newRig(t, "schlage")
	id := r.inject(Fault{Kind: "lost-ack"})
	r.call(Call{Verb: verbSet, Want: code("g", "4829")})
	r.wants("split brain", []any{len(r.Memory("a")), len(r.observe().Held)}, []any{1, 0})
	r.heal(id)
	r.set(code("g", "4829"))
	r.wants("joined", []any{len(r.Memory("a")), len(r.observe().Held)}, []any{1, 1})
}

func TestHubPacesAndQueues(t *testing.T) {
	spec := Spec{Hubs: []HubSpec{{ID: "h", Queue: 3, Pace: 10 * time.Second}}}
	for i := range 5 {
		spec.Locks = append(spec.Locks, LockSpec{ID: lock.DeviceID(fmt.Sprint("l", i)), Model: "jit.keypad", Hub: "h"})
	}
	r := rigOf(t, start, spec)
	var took []time.Duration
	refused := 0
	for i := range 5 {
		r.Fleet.Call(Call{Verb: verbObserve, Device: lock.DeviceID(fmt.Sprint("l", i))}, func(res Result) {
			if res.Err != nil {
				r.failed(res, driver.Throttled, driver.BlameHub)
				refused++
				return
			}
			took = append(took, r.k.Now().Sub(start))
		})
	}
	r.run(time.Minute)
	r.wants("refused", refused, 2)
	if len(took) != 3 || took[2] < 30*time.Second {
		t.Errorf("took %v", took)
	}
	if res := r.call(Call{Verb: verbObserve, Device: "l0"}); res.Err != nil {
		t.Errorf("the queue does not drain: %v", res.Err)
	}
}

func TestAccountRate(t *testing.T) {
	r := rigOf(t, start, Spec{Accounts: []AccountSpec{{ID: "acc", Rate: 3}}, Locks: []LockSpec{{ID: "a", Model: "2n", Account: "acc"}}})
	for i := range 5 {
		res := r.call(Call{Verb: verbObserve})
		r.wants("refused", res.Err != nil, i >= 3)
		if res.Err != nil && (res.Err.RetryAfter <= 0 || res.Err.RetryAfter > time.Minute) {
			t.Errorf("retry after %v", res.Err.RetryAfter)
		}
	}
	r.run(time.Minute)
	r.observe()
}

func TestDropFlight(t *testing.T) {
	r := newRig(t, "jit.keypad")
	r.Fleet.Call(Call{Verb: verbSet, Device: "a", Want: code("g", "4829")}, func(Result) { t.Error("somebody answered the dead") })
	r.run(500 * time.Millisecond)
	r.DropFlight()
	r.run(time.Hour)
	r.wants("the effect happens", len(r.Memory("a")), 1)
	r.observe()
}

func TestEdits(t *testing.T) {
	r := newRig(t, "native.keypad")
	edit := func(e Edit) {
		t.Helper()
		e.Lock = "a"
		if err := r.Edit(e); err != nil {
			t.Fatal(err)
		}
	}
	edit(Edit{Kind: EditAdd, PIN: pinOf("7777"), Name: "cleaner"})
	m := r.Memory("a")[0]
	r.wants("added", []any{m.Foreign, m.Code, m.Slot, r.try("7777")}, []any{true, "", 1, "opens"})
	edit(Edit{Kind: EditPIN, Slot: 1, PIN: pinOf("7778")})
	r.wants("other digits", r.try("7777")+" "+r.try("7778"), "unknown_code opens")
	edit(Edit{Kind: EditDisable, Ref: m.Ref})
	r.wants("disabled", r.try("7778"), disabledCode)
	edit(Edit{Kind: EditEnable, Ref: m.Ref})
	edit(Edit{Kind: EditWindow, Slot: 1, Window: lock.Window{From: start.Add(time.Hour)}})
	r.wants("another window", r.try("7778"), outsideWindow)
	edit(Edit{Kind: EditName, Slot: 1, Name: "a name that is far too long for it"})
	r.wants("renamed", r.Memory("a")[0].Name, "a name that is far t")
	edit(Edit{Kind: EditRemove, Slot: 1})
	r.wants("removed", len(r.Memory("a")), 0)
	r.set(code("g", "4829"))
	edit(Edit{Kind: EditReset})
	r.wants("reset", len(r.Memory("a")), 0)
	for _, c := range []struct {
		e    Edit
		want string
	}{
		{Edit{Lock: "z", Kind: EditReset}, `lock "z" is not in the fleet`},
		{Edit{Lock: "a", Kind: "paint"}, `kind: "paint" is no edit`},
		{Edit{Lock: "a", Kind: EditAdd}, "pin: is missing"},
		{Edit{Lock: "a", Kind: EditRemove}, "code, ref or slot: one of them names the entry"},
		{Edit{Lock: "a", Kind: EditRemove, Code: "x"}, "the lock holds no such entry"},
		{Edit{Lock: "a", Kind: EditAdd, PIN: pinOf("1234"), Slot: 99}, "slot: must lie between 1 and 30"},
	} {
		if err := r.Edit(c.e); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestKindsForATarget(t *testing.T) {
	r := newRig(t, "jit.keypad", "native.keypad")
	has := func(id, kind string) bool {
		for _, k := range r.KindsFor(id) {
			if k.Name == kind {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		id, kind string
		want     bool
	}{
		{"a", "lost-ack", true}, {"a", "half-schedule", false}, {"b", "half-schedule", true}, {"a", "queue-full", false}, {"h", "queue-full", true},
		{"h", "offline", true}, {"acc", "offline", true}, {"a", "offline", true}, {"acc", "down", true}, {"a", "down", false}, {"nobody", "offline", false},
	} {
		if has(c.id, c.kind) != c.want {
			t.Errorf("%s on %s: %v", c.kind, c.id, !c.want)
		}
	}
}

// The log is bounded, and a cursor reads it in pages.
func TestLogIsBounded(t *testing.T) {
	r := newRig(t, "2n")
	r.set(code("g", "4829"))
	for range maxLog + 72 {
		r.wants("opens", r.try("4829"), "opens")
	}
	var since lock.Cursor
	seen := 0
	for range 3 {
		o := r.call(Call{Verb: verbObserve, Known: knownSince(since)}).Observation
		if len(o.Entries) > lock.MaxEntries {
			t.Fatalf("%d entries in one look", len(o.Entries))
		}
		seen += len(o.Entries)
		since = o.Next
	}
	r.wants("what the log still had", seen, maxLog)
	r.wants("the cursor", since, "200")
	r.wants("a cursor of another life", len(r.call(Call{Verb: verbObserve, Known: knownSince("9999")}).Observation.Entries), lock.MaxEntries)
}
