package engine_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// liar bends what calls end with into what no contract allows.
type liar struct {
	*machine
	last map[lock.DeviceID]string // the digits of each lock's call under way: no engine can know those of codes long gone
}

// bends are what can be wrong with an outcome.
var bends = []struct {
	name string
	bend func(*liar, engine.Call, *engine.Outcome)
}{
	{"nothing", func(*liar, engine.Call, *engine.Outcome) {}},
	{"an error of no kind, with digits", func(l *liar, c engine.Call, o *engine.Outcome) {
		words := []string{"", "PIN " + l.last[c.Device] + " refused", strings.Repeat("x", 5000), "\xff\x00line\r\nbreak", l.last[c.Device] + l.last[c.Device]}
		o.Err = &driver.Error{
			Kind: driver.Kind(l.in(0, 20, "kind")), Blame: driver.Blame(l.in(0, 20, "blame")), Vendor: one(l, "words", words),
			RetryAfter: one(l, "after", []time.Duration{0, time.Minute, -time.Hour, math.MaxInt64, math.MinInt64}),
		}
	}},
	{"a huge list", func(l *liar, _ engine.Call, o *engine.Outcome) {
		for i := range one(l, "many", []int{30, 70, 1100}) {
			o.Observation.Held = append(o.Observation.Held, lock.Held{Ref: lock.Ref(fmt.Sprint("flood", l.now.Unix(), "-", i)), Name: strings.Repeat("n", 300), Enabled: true, Slot: i})
		}
	}},
	{"everything twice", func(_ *liar, _ engine.Call, o *engine.Outcome) {
		o.Observation.Held = append(o.Observation.Held, o.Observation.Held...)
	}},
	{"handles", func(l *liar, _ engine.Call, o *engine.Outcome) {
		ref := one(l, "ref", []lock.Ref{"", "\xff\xfe", "r1", lock.Ref(strings.Repeat("r", 3000)), "1\n2"})
		o.Held.Ref, o.Observation.Next = ref, lock.Cursor(ref)
		for i := range o.Observation.Held {
			if l.flip("this") {
				o.Observation.Held[i].Ref = ref
			}
		}
	}},
	{"our tags on what others hold", func(l *liar, c engine.Call, o *engine.Outcome) {
		tag := c.Want.Tag
		for _, h := range l.locks[c.Device].held {
			tag = h.Tag
		}
		for i := range one(l, "many", []int{1, 3, 40}) {
			o.Observation.Held = append(o.Observation.Held, lock.Held{Ref: one(l, "ref", []lock.Ref{"", "x", lock.Ref(fmt.Sprint("twin-", l.now.Unix(), "-", i))}), Tag: tag, PIN: l.anyPIN(), Enabled: l.flip("on")})
		}
	}},
	{"slots", func(l *liar, _ engine.Call, o *engine.Outcome) {
		slot := one(l, "slot", []int{-1, 0, 1, math.MaxInt, math.MinInt})
		o.Held.Slot = slot
		for i := range o.Observation.Held {
			o.Observation.Held[i].Slot = slot
		}
	}},
	{"times far away", func(l *liar, _ engine.Call, o *engine.Outcome) {
		at := one(l, "when", []time.Time{
			{}, time.Unix(0, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0), time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
			time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.FixedZone("", 30*60*60)), time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -12*60*60)),
		})
		switch l.in(0, 4, "which") {
		case 0:
			o.Observation.At = at
		case 1:
			o.Observation.Clock = at
		case 2:
			for i := range o.Observation.Held {
				o.Observation.Held[i].Window.From = at
			}
		case 3:
			for i := range o.Observation.Held {
				o.Observation.Held[i].Window.To = at
			}
		case 4:
			o.Held.Window = lock.Window{From: at, To: at}
			for i := range o.Observation.Held {
				o.Observation.Entries = append(o.Observation.Entries, lock.Entry{At: at, Kind: lock.Opened, Ref: o.Observation.Held[i].Ref})
			}
		}
	}},
	{"names", func(l *liar, _ engine.Call, o *engine.Outcome) {
		name := one(l, "name", []string{"\xff", "a\x1b[31m\nb", strings.Repeat("é", 400), "PIN", ""})
		for i := range o.Observation.Held {
			h := &o.Observation.Held[i]
			if h.Name = name; name == "PIN" {
				h.Name += " " + h.PIN.Reveal()
			}
		}
	}},
	{"a flood of entries", func(l *liar, c engine.Call, o *engine.Outcome) {
		kinds := []lock.EntryKind{lock.Opened, lock.Denied, lock.Locked, lock.Tampered, "exploded"}
		reason := one(l, "reason", []string{"unknown_code", "wrong PIN " + l.last[c.Device], strings.Repeat("?", 999), "\xff"})
		for i := range one(l, "many", []int{1, 64, 500}) {
			e := lock.Entry{At: l.now.Add(time.Duration(i-30) * time.Minute), Kind: kinds[i%len(kinds)], Reason: reason}
			if held := l.locks[c.Device].held; len(held) > 0 {
				e.Ref = held[i%len(held)].Ref
			}
			o.Observation.Entries = append(o.Observation.Entries, e)
		}
	}},
	{"a strange lock", func(l *liar, c engine.Call, o *engine.Outcome) {
		o.Observation.Battery = lock.Battery{Known: true, Level: one(l, "level", []float64{math.NaN(), math.Inf(1), math.Inf(-1), -3, 7, 1e-300})}
		o.Observation.Zone = one(l, "zone", []string{"", "../../etc/passwd", "Mars/Olympus", "\xff", strings.Repeat("z", 4000), "Local"})
		o.Observation.Modes = slices.Repeat([]lock.Mode{lock.Mode("mode " + l.last[c.Device])}, one(l, "many", []int{1, 500}))
		o.Observation.Source, o.Observation.Reach = lock.Source(l.in(0, 9, "source")), lock.Reach(l.in(0, 9, "reach"))
	}},
	{"an answer to another question", func(l *liar, c engine.Call, o *engine.Outcome) {
		o.Observation, o.Held = l.locks[c.Device].look(l.now), lock.Held{Ref: "other", PIN: l.anyPIN(), Slot: 3}
	}},
	{"an outcome that nobody waits for", func(l *liar, c engine.Call, _ *engine.Outcome) {
		l.air = append(l.air, flying{l.now, engine.Outcome{Call: one(l, "call", []engine.CallID{"", "nobody", c.ID + "x"}), Device: one(l, "device", []lock.DeviceID{"", "nowhere", c.Device})}})
		slices.SortStableFunc(l.air, func(a, b flying) int { return a.at.Compare(b.at) })
	}},
}

func (l *liar) bent(c engine.Call, o *engine.Outcome) {
	if l.last[c.Device] = ""; c.Want.PIN.Len() > 5 {
		l.last[c.Device] = c.Want.PIN.Reveal()
		l.digits = append(l.digits, c.Want.PIN.Reveal())
	}
	o.Observation.Held = slices.Clone(o.Observation.Held)
	one(l, "bend", bends).bend(l, c, o)
}

// Whatever drivers answer: nothing panics, nothing grows without a bound, memory and store agree, no digits are said, and
// once they tell the truth again the engine still works.
func FuzzOutcomes(f *testing.F) {
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if len(bytes) > 300 {
			return
		}
		p := &program{bytes}
		l := &liar{machine: newMachine(t, p), last: map[lock.DeviceID]string{}}
		l.bend = l.bent
		acts := l.actions()
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(acts)), func(s string) bool { return s == "the store fails" })
		for len(p.bytes) > 0 {
			acts[one(l, "action", names)]()
		}
		for id := range l.locks {
			if n := len(l.device(id).Slots); n > lock.MaxHeld+100 {
				t.Errorf("%s has %d slots", id, n)
			}
		}
		l.bend = nil
		l.heal()
		l.pass(26 * time.Hour)
		for key, val := range l.dump() {
			if len(val) > 1<<19 {
				t.Errorf("record %s has %d bytes", key, len(val))
			}
		}
		l.silent(l.digits...)
		l.kill()
		l.open()
		for _, id := range slices.Sorted(maps.Keys(l.locks)) {
			if !l.device(id).Removed {
				l.do(engine.Observe{Device: id})
			}
		}
		l.pass(time.Hour)
		l.sound()
	})
}
