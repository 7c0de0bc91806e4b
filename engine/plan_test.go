package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// planned writes a decision as one line: "set b: due", "wake +30m: …", with what is blocked behind it.
func planned(d *device, v view) string {
	v.room = &room{}
	x := plan(d, v)
	var s string
	switch {
	case x.Call != nil:
		s = string(x.Call.Verb)
		if x.Call.Code != nil {
			s += " " + string(x.Call.Code.ID)
		}
		if x.Call.Verb == CallSet && x.Call.Place != 0 {
			s += " in place"
		}
		if x.Call.Want.Slot != 0 {
			s += fmt.Sprint(" slot ", x.Call.Want.Slot)
		}
		s += ": " + x.Call.Reason
	case x.Gated:
		s = "gated"
	case !x.Wake.IsZero():
		s = "wake " + x.Wake.Sub(t0).String() + ": " + x.Why.String()
	default:
		s = "rest"
	}
	for _, b := range x.Blocked {
		s += "; " + string(b.Code.ID) + " " + b.Issue
		if b.Other != "" || b.OtherRef != "" {
			s += " " + string(b.Other) + string(b.OtherRef)
		}
	}
	return s
}

func TestPlan(t *testing.T) {
	inPlace := with(jit, func(t *lock.Traits) { t.UpdatesInPlace = true })
	slots := with(jit, func(t *lock.Traits) { t.ClientSlots = true })
	blind := with(jit, func(t *lock.Traits) { t.CannotList = true })
	cloud := with(jit, func(t *lock.Traits) { t.CloudList = true })
	one := with(jit, func(t *lock.Traits) { t.Slots = 1 })
	two := with(native, func(t *lock.Traits) { t.Slots = 2 })
	staging := with(jit, func(t *lock.Traits) { t.Stages = true })
	due := func() *code { return stay("due", "4829", -1, 20) }
	over := func(d *device) *device { c := stay("over", "1350", -9, -1); d.insert(c); return placed(d, c, nil) }
	spare := func(d *device, id lock.CodeID, created float64) *device {
		c := &code{ID: id, PIN: digits("77" + fmt.Sprintf("%02d", len(d.codes))), Spare: true, Created: at(created)}
		d.insert(c)
		return placed(d, c, nil)
	}
	for _, c := range []struct {
		name string
		d    func() *device
		view func(v *view)
		want string
	}{
		{name: "nothing to do", d: func() *device { return door(jit) }, want: "wake 24h0m0s: routine"},
		{name: "never looked at", d: func() *device { d := door(jit); d.Look = look{}; return d }, want: "observe: it was never looked at"},
		{name: "set what is due", d: func() *device { return door(jit, due()) }, want: "set due: due"},
		{name: "wait for the lead", d: func() *device { return door(jit, stay("c", "4829", 2, 9)) }, want: "wake 1h30m0s: c changes"},
		{name: "a call is in flight", d: func() *device {
			d := over(door(jit, due()))
			d.Flight = &flight{Verb: CallObserve, Deadline: at(0.1)}
			return d
		}, want: "wake 20h0m0s: due changes"},
		{name: "backing off", d: func() *device {
			d := door(jit, due())
			d.RetryAt, d.FailedAt = at(0.5), at(-0.1)
			return d
		}, want: "wake 30m0s: backing off after a failed call"},
		{name: "an edge since the failure breaks the backoff", d: func() *device {
			d := door(jit, stay("due", "4829", 0, 20))
			d.RetryAt, d.FailedAt = at(0.5), at(-0.1)
			return d
		}, want: "set due: due"},
		{name: "so does somebody who asks", d: func() *device {
			d := door(jit, due())
			d.RetryAt, d.FailedAt, d.Asked = at(0.5), at(-0.1), t0
			return d
		}, want: "set due: due"},
		{name: "the link is down", d: func() *device { return door(jit, due()) }, view: func(v *view) { v.gated = true }, want: "gated"},
		{name: "the link is down and nothing is due", d: func() *device { return door(jit) }, view: func(v *view) { v.gated = true }, want: "wake 24h0m0s: routine"},
		{name: "parked", d: func() *device { d := door(jit, due()); d.Parked = true; return d }, want: "rest"},
		{name: "in doubt: look first", d: func() *device {
			d := over(door(jit, due()))
			d.Stale = t0
			return d
		}, want: "observe: something may have happened at the lock"},
		{name: "in doubt, but nothing can be seen", d: func() *device {
			d := door(blind, due())
			placed(d, d.codes[0], func(p *place) { p.Doubt = true; p.Accepted = time.Time{} })
			d.Stale = t0
			return d
		}, want: "set due in place: it may not have landed, and the lock can't be asked"},
		{name: "after a start of the engine, look first", d: func() *device { return door(jit, due()) }, view: func(v *view) { v.opened = at(0.1) }, want: "observe: to know the lock before changing it"},
		{name: "a blind lock is not looked at", d: func() *device { return door(blind, due()) }, view: func(v *view) { v.opened = at(0.1) }, want: "set due: due"},
		{name: "clear before set", d: func() *device { return over(door(jit, due())) }, want: "clear over: its window is over"},
		{name: "withdrawn", d: func() *device {
			c := stay("c", "4829", -1, 20)
			d := placed(door(jit, c), c, nil)
			c.Deleted = t0
			return d
		}, want: "clear c: it was withdrawn"},
		{name: "orphans go", d: func() *device {
			d := door(jit, due())
			d.orphan(place{Ref: "x", Accepted: at(-1)}, "", at(-1))
			return d
		}, want: "clear: nobody wishes it any more"},
		{name: "a native code beyond its lead goes", d: func() *device {
			c := stay("c", "4829", 200, 220)
			return placed(door(native, c), c, nil)
		}, want: "clear c: it is not due yet"},
		{name: "earliest start first", d: func() *device {
			return door(jit, stay("a", "1111", 0.3, 5), stay("b", "2222", 0.1, 5), stay("c", "3333", 0.2, 5))
		}, want: "set b: due"},
		{name: "spares come last", d: func() *device {
			return door(jit, &code{ID: "a", PIN: digits("1111"), Spare: true, Created: at(-50)}, stay("b", "2222", 0.1, 5))
		}, want: "set b: due"},
		{name: "waiting for another try", d: func() *device {
			c := due()
			c.NextTry = at(0.25)
			return door(jit, c)
		}, want: "wake 15m0s: tries due again"},
		{name: "others go meanwhile", d: func() *device {
			c := due()
			c.NextTry = at(0.25)
			return door(jit, c, stay("x", "2222", -0.5, 5))
		}, want: "set x: due"},
		{name: "refused for good", d: func() *device {
			c := due()
			d, p := door(jit, c), DefaultPolicy()
			w := d.want(t0, c, &p)
			c.Refused = w.Place.fingerprint()
			return d
		}, want: "wake 20h0m0s: due changes"},
		{name: "refused, but it was changed", d: func() *device {
			c := due()
			c.Refused = "something else"
			return door(jit, c)
		}, want: "set due: due"},
		{name: "contended", d: func() *device {
			c := due()
			c.Contended = at(-0.5)
			return door(jit, c)
		}, want: "wake 30m0s: due is put back once more"},
		{name: "the lowest free slot", d: func() *device {
			d := door(slots, due())
			d.held = []entry{{Ref: "1", Slot: 1}, {Ref: "3", Slot: 3}}
			return d
		}, want: "set due slot 2: due"},
		{name: "a slot that may be held is not free", d: func() *device {
			d := door(slots, due())
			d.held = []entry{{Ref: "1", Slot: 1}}
			d.orphan(place{Ref: "2", Slot: 2, Cleared: t0}, "", at(-1))
			return d
		}, want: "set due slot 3: due"},
		{name: "slots are chosen after a fresh look", d: func() *device { return door(slots, due()) }, view: func(v *view) { v.now = at(0.1) }, want: "observe: to know the lock before changing it"},
		{name: "full", d: func() *device {
			d := door(one, due())
			d.held = []entry{{Ref: "x", PIN: digits("9999"), Enabled: true}}
			return d
		}, want: "wake 20h0m0s: due changes; due no_space_for_access_code_on_device"},
		{name: "a spare makes room", d: func() *device { return spare(door(one, due()), "s", -5) }, want: "clear s: makes room for due"},
		{name: "the youngest spare makes room", d: func() *device {
			return spare(spare(door(with(jit, func(t *lock.Traits) { t.Slots = 2 }), due()), "s1", -5), "s2", -4)
		}, want: "clear s2: makes room for due"},
		{name: "one erase is enough to make room", d: func() *device {
			d := spare(spare(door(with(jit, func(t *lock.Traits) { t.Slots = 2 }), due()), "s1", -5), "s2", -4)
			d.find("s2").Places[0].Cleared = t0
			return d
		}, want: "observe: to see whether it is gone"},
		{name: "a spare makes no room for a spare", d: func() *device {
			return spare(door(one, &code{ID: "a", PIN: digits("1111"), Spare: true, Created: at(-50)}), "s", -5)
		}, want: "wake 24h0m0s: routine"},
		{name: "what starts last makes room", d: func() *device {
			a, b := stay("a", "1111", 40, 50), stay("b", "2222", 60, 70)
			d := door(two, stay("due", "4829", 10, 20), a, b)
			return placed(placed(d, a, nil), b, nil)
		}, want: "clear b: makes room for due"},
		{name: "what starts earlier makes none", d: func() *device {
			a, b := stay("a", "1111", 4, 5), stay("b", "2222", 6, 7)
			d := door(two, stay("due", "4829", 10, 20), a, b)
			return placed(placed(d, a, nil), b, nil)
		}, want: "wake 3h0m0s: an arrival is near; due no_space_for_access_code_on_device"},
		{name: "a guest makes none", d: func() *device {
			a := stay("a", "1111", -4, 5)
			d := door(with(native, func(t *lock.Traits) { t.Slots = 1 }), stay("due", "4829", 10, 20), a)
			return placed(d, a, nil)
		}, want: "wake 5h0m0s: a changes; due no_space_for_access_code_on_device"},
		{name: "changed in place", d: func() *device {
			c := due()
			return placed(door(inPlace, c), c, func(p *place) { p.PIN = digits("1350") })
		}, want: "set due in place: changes what the lock holds"},
		{name: "staged, turned on in place", d: func() *device {
			c := due()
			return placed(door(staging, c), c, func(p *place) { p.Enabled = false })
		}, want: "set due in place: changes what the lock holds"},
		{name: "make before break", d: func() *device {
			c := due()
			return placed(door(jit, c), c, func(p *place) { p.PIN = digits("1350") })
		}, want: "set due: the new one comes before the old one goes"},
		{name: "break after make", d: func() *device {
			c := due()
			return placed(placed(door(jit, c), c, func(p *place) { p.PIN = digits("1350") }), c, nil)
		}, want: "clear due: its new form is there"},
		{name: "not before it is confirmed", d: func() *device {
			c := due()
			return placed(placed(door(jit, c), c, func(p *place) { p.PIN = digits("1350") }), c, func(p *place) { p.Reported = time.Time{} })
		}, want: "observe: to see whether it is there"},
		{name: "no slot to make before break", d: func() *device {
			c := due()
			return placed(door(one, c), c, func(p *place) { p.PIN = digits("1350") })
		}, want: "clear due: makes way for its new form"},
		{name: "a guest is not left without", d: func() *device {
			c := stay("due", "4829", -1, 20)
			c.Told = at(-1)
			return placed(door(native, c), c, func(p *place) { p.Window.To = at(15) })
		}, want: "wake 1h0m0s: somebody is in-house; due gap_not_accepted"},
		{name: "unless that is accepted", d: func() *device {
			c := stay("due", "4829", -1, 20)
			c.Told, c.AcceptGap = at(-1), true
			return placed(door(native, c), c, func(p *place) { p.Window.To = at(15) })
		}, want: "clear due: makes way for its new form"},
		{name: "or it does not open anyway", d: func() *device {
			c := stay("due", "4829", -1, 20)
			c.Told = at(-1)
			return placed(door(native, c), c, func(p *place) { p.Window.To = at(-0.5) })
		}, want: "clear due: makes way for its new form"},
		{name: "an old form that was erased is looked for", d: func() *device {
			c := due()
			return placed(door(native, c), c, func(p *place) { p.Window.To = at(15); p.Cleared = t0 })
		}, want: "observe: to see whether it is gone"},
		{name: "on a blind lock that leads nowhere", d: func() *device {
			c := due()
			return placed(door(blind, c), c, func(p *place) { p.PIN = digits("1350"); p.Cleared = t0 })
		}, want: "set due: due"},
		{name: "another's digits", d: func() *device {
			d := door(jit, due())
			d.held = []entry{{Ref: "x", PIN: digits("4829"), Enabled: true}}
			return d
		}, want: "wake 20h0m0s: due changes; due duplicate_code_on_device x"},
		{name: "digits on their way out are waited for", d: func() *device {
			d := door(jit, due())
			d.orphan(place{Ref: "x", PIN: digits("4829"), Accepted: at(-1), Cleared: t0}, "", at(-1))
			return d
		}, want: "observe: to see whether it is gone"},
		{name: "is it there?", d: func() *device {
			c := due()
			return placed(door(jit, c), c, func(p *place) { p.Reported, p.Seen = time.Time{}, time.Time{} })
		}, want: "observe: to see whether it is there"},
		{name: "the cloud needs a minute", d: func() *device {
			c := due()
			return placed(door(cloud, c), c, func(p *place) { p.Reported, p.Seen, p.Accepted = time.Time{}, time.Time{}, t0 })
		}, want: "wake 1m0s: to see whether it is there"},
		{name: "digits that are long overdue while the cloud says wait", d: func() *device {
			d := door(with(cloud, func(t *lock.Traits) { t.AssignsPIN = true }), due())
			return placed(d, d.codes[0], func(p *place) {
				p.PIN, p.Pending, p.Looks = vaultPIN{}, true, 40
				p.Wrote, p.Accepted, p.Reported = at(-2), at(-2), time.Time{}
			})
		}, want: "wake 1h0m0s: to see whether it is there"},
		{name: "a blind lock tells nothing", d: func() *device {
			c := due()
			return placed(door(blind, c), c, func(p *place) { p.Reported, p.Seen = time.Time{}, time.Time{} })
		}, want: "wake 20h0m0s: due changes"},
		{name: "is it gone?", d: func() *device {
			d := over(door(jit))
			d.codes[0].Places[0].Cleared = t0
			return d
		}, want: "observe: to see whether it is gone"},
		{name: "an erase that failed waits", d: func() *device {
			d := over(door(jit))
			d.codes[0].NextTry, d.codes[0].Places[0].Tried = at(0.2), t0
			return d
		}, want: "wake 12m0s: tries over again"},
		{name: "the first erase waits for no write that failed", d: func() *device {
			d := over(door(jit))
			d.codes[0].NextTry = at(0.2)
			return d
		}, want: "clear over: its window is over"},
		{name: "an erase without effect twice", d: func() *device {
			d := over(door(inPlace))
			d.codes[0].Places[0].Clears = 2
			return d
		}, want: "set over in place: it can't be erased: its digits are overwritten"},
		{name: "somebody in-house", d: func() *device {
			c := due()
			c.Told = at(-1)
			return placed(door(jit, c), c, nil)
		}, want: "wake 1h0m0s: somebody is in-house"},
		{name: "an hour before an arrival", d: func() *device {
			c := stay("c", "4829", 10, 20)
			return placed(door(native, c), c, nil)
		}, want: "wake 9h0m0s: an arrival is near"},
		{name: "out of reach for an hour is an edge", d: func() *device {
			d := door(jit)
			d.Down = at(-0.5)
			return d
		}, want: "wake 30m0s: the lock has been out of reach for an hour"},
		{name: "a retired lock with nothing on it", d: func() *device { d := door(jit); d.Removed = t0; return d }, want: "rest"},
		{name: "algorithmic digits are asked for once", d: func() *device {
			return door(jit, &code{ID: "c", From: at(100), To: at(120), Offline: lock.OfflineHourly})
		}, want: "set c: to be issued"},
		{name: "and again if that was in doubt", d: func() *device {
			c := &code{ID: "c", From: at(100), To: at(120), Offline: lock.OfflineHourly}
			return placed(door(jit, c), c, func(p *place) { p.Accepted = time.Time{} })
		}, want: "set c in place: it is not there: once more"},
		{name: "they need neither a slot nor the lock", d: func() *device {
			d := door(one, &code{ID: "c", From: at(100), To: at(120), Offline: lock.OfflineHourly})
			d.held, d.Look = []entry{{Ref: "x", PIN: digits("9999"), Enabled: true}}, look{}
			return d
		}, want: "set c: to be issued"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := view{now: t0, policy: DefaultPolicy(), opened: at(-50)}
			if c.view != nil {
				c.view(&v)
			}
			d := c.d()
			before := encode(d.run)
			got := planned(d, v)
			if got != c.want {
				t.Errorf("\n got  %s\n want %s", got, c.want)
			}
			if again := planned(d, v); again != got {
				t.Errorf("asked again: %s", again)
			}
			if string(encode(d.run)) != string(before) {
				t.Error("planning changed the device")
			}
			for _, c := range d.codes {
				if strings.Contains(got, c.PIN.Reveal()) && !c.PIN.IsZero() {
					t.Error("the plan tells digits")
				}
			}
		})
	}
}
