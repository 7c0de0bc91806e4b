package engine

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

var t0 = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func at(h float64) time.Time { return t0.Add(time.Duration(h * float64(time.Hour))) }

func digits(s string) vaultPIN {
	p, err := lock.ParsePIN(s)
	if err != nil {
		panic(err)
	}
	return vaultPIN{p}
}

// door is a device that was looked at just now and holds these codes, in the order of their ids.
func door(t lock.Traits, codes ...*code) *device {
	d := &device{config: config{Device: lock.Device{ID: "front", Account: "acme", Traits: t}}}
	d.Look = look{At: t0, Source: lock.SourceLock}
	d.Reach = lock.Reached
	for _, c := range codes {
		c.Device = "front"
		if c.Created.IsZero() {
			c.Created = at(-100)
		}
		d.insert(c)
	}
	return d
}

// standing puts a place on the lock that is what the code wants at t0.
func placed(d *device, c *code, edit func(p *place)) *device {
	p := DefaultPolicy()
	w := d.want(t0, c, &p)
	x := w.Place
	if !w.On {
		x = place{PIN: c.PIN, Name: c.Name, Enabled: true}
	}
	c.PlaceNo++
	x.ID, x.Ref = c.PlaceNo, lock.Ref(fmt.Sprintf("%s-%d", c.ID, c.PlaceNo))
	x.Wrote, x.Accepted, x.Seen, x.Reported = at(-1), at(-1), t0, t0
	c.Written = true
	if edit != nil {
		edit(&x)
	}
	c.Places = append(c.Places, x)
	return d
}

func stay(id lock.CodeID, pin string, from, to float64) *code {
	return &code{ID: id, PIN: digits(pin), From: at(from), To: at(to)}
}

var (
	jit    = lock.Traits{Slots: 4}
	native = lock.Traits{Slots: 4, NativeSchedule: true, OpenEnded: true, Granularity: time.Minute, Zone: "Europe/Berlin"}
)

func with(t lock.Traits, edit func(*lock.Traits)) lock.Traits { edit(&t); return t }

func TestDeliver(t *testing.T) {
	ongoing := func(from float64) *code { return &code{ID: "c", PIN: digits("4829"), From: at(from)} }
	declined := "native_declined"
	for _, c := range []struct {
		name   string
		traits lock.Traits
		code   *code
		edit   func(d *device, c *code, p *Policy)
		native bool
		issue  string
		due    time.Time
		holds  time.Time
	}{
		{name: "native, 72 h ahead", traits: native, code: stay("c", "4829", 100, 120), native: true, due: at(28)},
		{name: "just in time, 30 min ahead", traits: jit, code: stay("c", "4829", 100, 120), due: at(99.5)},
		{name: "native is not preferred", traits: native, code: stay("c", "4829", 100, 120), edit: func(_ *device, c *code, _ *Policy) { c.JIT = true }, due: at(99.5)},
		{name: "started already", traits: jit, code: stay("c", "4829", -200, 120), due: at(-200)},
		{name: "ongoing", traits: native, code: &code{ID: "c", PIN: digits("4829")}},
		{name: "ongoing from a start, open-ended", traits: native, code: ongoing(100), native: true, due: at(28)},
		{name: "ongoing from a start, an end is needed", traits: with(native, func(t *lock.Traits) { t.OpenEnded = false }), code: ongoing(100), due: at(99.5)},
		{name: "the zone is not known", traits: with(native, func(t *lock.Traits) { t.Zone = "" }), code: stay("c", "4829", 100, 120), issue: "time_zone_unknown", due: at(99.5)},
		{name: "the lock tells its zone", traits: with(native, func(t *lock.Traits) { t.Zone = "" }), code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Look.Zone = "Europe/Berlin" }, native: true, due: at(28)},
		{name: "the lock is set to another zone", traits: native, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Look.Zone = "America/New_York" }, issue: "time_zone_mismatch", due: at(99.5)},
		{name: "another name of the same time", traits: native, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Look.Zone = "Europe/Paris" }, native: true, due: at(28)},
		{name: "its clock is off", traits: native, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Look.Clock, d.Look.Offset = true, -2*time.Minute }, issue: "clock_off", due: at(99.5)},
		{name: "its clock is off by little", traits: native, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Look.Clock, d.Look.Offset = true, time.Minute }, native: true, due: at(28)},
		{name: "it ignores schedules", traits: native, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.Distrust = "schedule_ignored" }, issue: "schedule_ignored", due: at(99.5)},
		{name: "it refused this schedule", traits: native, code: stay("c", "4829", 100, 120), edit: func(_ *device, c *code, _ *Policy) { c.NoNative = "E42" }, issue: declined, due: at(99.5)},
		{name: "too coarse", traits: with(native, func(t *lock.Traits) { t.Granularity = time.Hour }), code: stay("c", "4829", 100.5, 120), issue: declined, due: at(100)},
		{name: "coarse, but whole hours", traits: with(native, func(t *lock.Traits) { t.Granularity = time.Hour }), code: stay("c", "4829", 100, 120), native: true, due: at(28)},
		{name: "seconds are cut off", traits: native, code: stay("c", "4829", 100.01, 120.01), native: true, due: at(28.01)},
		// Europe turns its clocks on 29 March at 01:00 UTC: 637 h after t0.
		{name: "across a time change that the clock misses", traits: with(native, func(t *lock.Traits) { t.DSTNaive = true }), code: stay("c", "4829", 630, 640), issue: declined, due: at(629.5)},
		{name: "before the time change", traits: with(native, func(t *lock.Traits) { t.DSTNaive = true }), code: stay("c", "4829", 600, 630), native: true, due: at(528)},
		{name: "after it, told before it", traits: with(native, func(t *lock.Traits) { t.DSTNaive = true }), code: stay("c", "4829", 650, 660), issue: declined, due: at(649.5)},
		{name: "open-ended, from after it", traits: with(native, func(t *lock.Traits) { t.DSTNaive = true }), code: ongoing(650), issue: declined, due: at(649.5)},
		{name: "a clock that follows", traits: native, code: stay("c", "4829", 630, 640), native: true, due: at(558)},
		{name: "starts must lie ahead", traits: with(native, func(t *lock.Traits) { t.StartLead = 15 * time.Minute }), code: stay("c", "4829", 0.1, 5), due: at(-0.4)},
		{name: "early is forbidden", traits: jit, code: stay("c", "4829", 100, 120), edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyForbid }, due: at(100)},
		{name: "early only staged, and it can't", traits: jit, code: stay("c", "4829", 100, 120), edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyStage }, due: at(100)},
		{name: "early only staged", traits: with(jit, func(t *lock.Traits) { t.Stages = true }), code: stay("c", "4829", 100, 120), edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyStage }, due: at(99.5)},
		{name: "the guest before leaves in time", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.insert(stay("b", "1350", 50, 99)) }, due: at(99.5)},
		{name: "the guest before is still in", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.insert(stay("b", "1350", 50, 99.75)) }, due: at(99.5), holds: at(99.75)},
		{name: "the guest before stays to the minute", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.insert(stay("b", "1350", 50, 100)) }, due: at(99.5), holds: at(100).Add(-5 * time.Minute)},
		{name: "the guest before stays longer", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.insert(stay("b", "1350", 50, 110)) }, due: at(99.5), holds: at(100).Add(-5 * time.Minute)},
		{name: "the guest before is the same", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, c *code, _ *Policy) {
			b := stay("b", "1350", 50, 100)
			b.Holder, c.Holder = "ada", "ada"
			d.insert(b)
		}, due: at(99.5)},
		{name: "the guest before was withdrawn", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) {
			b := stay("b", "1350", 50, 100)
			b.Deleted = at(-1)
			d.insert(b)
		}, due: at(99.5)},
		{name: "a gate waits for nobody", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, p *Policy) {
			d.insert(stay("b", "1350", 50, 100))
			p.JITOverlap = OverlapIgnore
		}, due: at(99.5)},
		{name: "staff is no guest", traits: jit, code: stay("c", "4829", 100, 120), edit: func(d *device, _ *code, _ *Policy) { d.insert(&code{ID: "b", PIN: digits("1350")}) }, due: at(99.5)},
		{name: "a spare", traits: native, code: &code{ID: "c", PIN: digits("4829"), Spare: true}, due: at(-100)},
		{name: "an algorithmic code", traits: native, code: &code{ID: "c", From: at(100), To: at(120), Offline: lock.OfflineHourly}, due: at(-100)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, p := door(c.traits, c.code), DefaultPolicy()
			if c.edit != nil {
				c.edit(d, c.code, &p)
			}
			got := d.deliver(t0, c.code, &p)
			if got.Native != c.native || got.Issue != c.issue || !got.Due.Equal(c.due) || !got.Holds.Equal(c.holds) || got.Why == "" {
				t.Errorf("got %+v", got)
			}
			if again := d.deliver(t0, c.code, &p); again != got {
				t.Errorf("asked again: %+v", again)
			}
		})
	}
}

func TestWant(t *testing.T) {
	in := func(h float64) time.Time { return at(h) }
	for _, c := range []struct {
		name   string
		traits lock.Traits
		code   *code
		edit   func(d *device, c *code, p *Policy)
		now    time.Time
		on     bool
		window lock.Window
		off    bool // written, but disabled
		edge   time.Time
	}{
		{name: "before the lead", traits: jit, code: stay("c", "4829", 10, 20), now: in(9.4), edge: at(9.5)},
		{name: "at the lead", traits: jit, code: stay("c", "4829", 10, 20), now: in(9.5), on: true, edge: at(20)},
		{name: "in its window", traits: jit, code: stay("c", "4829", 10, 20), now: in(15), on: true, edge: at(20)},
		{name: "at its end", traits: jit, code: stay("c", "4829", 10, 20), now: in(20)},
		{name: "native", traits: native, code: stay("c", "4829", 10, 20.01), now: in(0), on: true, window: lock.Window{From: at(10), To: at(20)}, edge: at(20.01)},
		{name: "native ongoing from a start", traits: native, code: &code{ID: "c", PIN: digits("4829"), From: at(10)}, now: in(0), on: true, window: lock.Window{From: at(10)}},
		{name: "native that has started", traits: native, code: stay("c", "4829", -200, 20), now: in(0), on: true, window: lock.Window{From: at(-100), To: at(20)}, edge: at(20)},
		{name: "just in time on a lock that keeps time carries its end", traits: native, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code, _ *Policy) { c.JIT = true }, now: in(9.6), on: true, window: lock.Window{To: at(20)}, edge: at(20)},
		{name: "but not where the clock is off", traits: native, code: stay("c", "4829", 10, 20), edit: func(d *device, c *code, _ *Policy) { c.JIT, d.Look.Clock, d.Look.Offset = true, true, time.Hour }, now: in(9.6), on: true, edge: at(20)},
		{name: "staged", traits: with(jit, func(t *lock.Traits) { t.Stages = true }), code: stay("c", "4829", 10, 20), edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyStage }, now: in(9.6), on: true, off: true, edge: at(10)},
		{name: "no longer staged", traits: with(jit, func(t *lock.Traits) { t.Stages = true }), code: stay("c", "4829", 10, 20), edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyStage }, now: in(10), on: true, edge: at(20)},
		{name: "withdrawn", traits: jit, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code, _ *Policy) { c.Deleted = at(12) }, now: in(12)},
		{name: "removed outside, as is allowed", traits: jit, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code, _ *Policy) { c.Honoured = true }, now: in(12), edge: at(20)},
		{name: "on a retired lock", traits: jit, code: stay("c", "4829", 10, 20), edit: func(d *device, _ *code, _ *Policy) { d.Removed = at(1) }, now: in(12)},
		{name: "an unpulled spare", traits: native, code: &code{ID: "c", PIN: digits("4829"), Spare: true}, now: in(0), on: true},
		{name: "a pulled spare where it can be given an end", traits: with(native, func(t *lock.Traits) { t.UpdatesInPlace = true }), code: &code{ID: "c", PIN: digits("4829"), Spare: true, PulledFor: "x", To: at(20)}, now: in(0), on: true, window: lock.Window{To: at(20)}, edge: at(20)},
		{name: "a pulled spare elsewhere", traits: native, code: &code{ID: "c", PIN: digits("4829"), Spare: true, PulledFor: "x", To: at(20)}, now: in(0), on: true, edge: at(20)},
		{name: "an algorithmic code at once", traits: native, code: &code{ID: "c", From: at(100), To: at(120), Offline: lock.OfflineHourly}, now: in(0), on: true, window: lock.Window{From: at(100), To: at(120)}, edge: at(120)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, p := door(c.traits, c.code), DefaultPolicy()
			if c.edit != nil {
				c.edit(d, c.code, &p)
			}
			w := d.want(c.now, c.code, &p)
			if w.On != c.on || !w.Place.Window.Equal(c.window) || w.On && w.Place.Enabled == c.off || !w.Edge.Equal(c.edge) {
				t.Errorf("got on %v window %v enabled %v edge %v", w.On, w.Place.Window, w.Place.Enabled, w.Edge)
			}
			if w.reason() == "" {
				t.Error("no reason")
			}
		})
	}
}

func TestStatusAndEvidence(t *testing.T) {
	cloud := with(jit, func(t *lock.Traits) { t.CloudList = true })
	blind := with(jit, func(t *lock.Traits) { t.CannotList = true })
	staging := with(jit, func(t *lock.Traits) { t.Stages = true })
	accepted := func(p *place) { p.Reported, p.Seen = time.Time{}, time.Time{} }
	for _, c := range []struct {
		name   string
		traits lock.Traits
		code   *code
		place  func(p *place) // nil: none
		edit   func(d *device, c *code, p *Policy)
		auth   bool
		status Status
		ev     Evidence
	}{
		{name: "not due", traits: jit, code: stay("c", "4829", 10, 20), status: StatusUnset},
		{name: "due, nothing there", traits: jit, code: stay("c", "4829", 0.2, 20), status: StatusSetting},
		{name: "written early", traits: jit, code: stay("c", "4829", 0.2, 20), place: func(*place) {}, status: StatusSet, ev: EvidenceReported},
		{name: "in its window", traits: jit, code: stay("c", "4829", -1, 20), place: func(*place) {}, status: StatusSet, ev: EvidenceReported},
		{name: "asked for", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { accepted(p); p.Accepted = time.Time{} }, status: StatusSetting, ev: EvidenceRequested},
		{name: "accepted where the lock lists", traits: jit, code: stay("c", "4829", -1, 20), place: accepted, status: StatusSetting, ev: EvidenceAccepted},
		{name: "accepted where nothing lists", traits: blind, code: stay("c", "4829", -1, 20), place: accepted, status: StatusSet, ev: EvidenceAccepted},
		{name: "the cloud lists it since a minute", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { accepted(p); p.Seen, p.Accepted = t0, at(-0.01) }, status: StatusSetting, ev: EvidenceAccepted},
		{name: "the cloud lists it since an hour", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { accepted(p); p.Seen = t0 }, status: StatusSet, ev: EvidenceAccepted},
		{name: "the cloud calls it pending", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { accepted(p); p.Seen, p.Pending = t0, true }, status: StatusSetting, ev: EvidenceAccepted},
		{name: "the cloud has lost it", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { accepted(p); p.Seen, p.Missed = t0, t0 }, status: StatusSetting, ev: EvidenceAccepted},
		{name: "in doubt", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Doubt = true }, status: StatusSetting, ev: EvidenceReported},
		{name: "other digits stand there", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { p.PIN = digits("1111") }, status: StatusSetting, ev: EvidenceReported},
		{name: "switched off in the vendor's app", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Disabled = true }, status: StatusUnset, ev: EvidenceReported},
		{name: "overwritten", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Blanked = true }, status: StatusSetting, ev: EvidenceReported},
		{name: "used", traits: jit, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Used = t0 }, status: StatusSet, ev: EvidenceUsed},
		{name: "seen long ago", traits: jit, code: stay("c", "4829", -90, 20), place: func(p *place) { p.Reported = at(-25); p.Accepted = at(-90) }, status: StatusSet, ev: EvidenceAccepted},
		{name: "seen before the batteries were changed", traits: jit, code: stay("c", "4829", -90, 20), place: func(p *place) { p.Reported = at(-2) }, edit: func(d *device, _ *code, _ *Policy) { d.Aged = at(-1) }, status: StatusSet, ev: EvidenceAccepted},
		{name: "loaded ahead", traits: native, code: stay("c", "4829", 10, 20), place: func(*place) {}, status: StatusUnset, ev: EvidenceReported},
		{name: "loaded and begun", traits: native, code: stay("c", "4829", -10, 20), place: func(*place) {}, status: StatusSet, ev: EvidenceReported},
		{name: "native, not loaded, not begun", traits: native, code: stay("c", "4829", 10, 20), status: StatusUnset},
		{name: "native, not loaded, begun", traits: native, code: stay("c", "4829", -10, 20), status: StatusSetting},
		{name: "staged", traits: staging, code: stay("c", "4829", 0.2, 20), place: func(p *place) { p.Enabled = false }, edit: func(_ *device, _ *code, p *Policy) { p.JITEarly = EarlyStage }, status: StatusUnset, ev: EvidenceReported},
		{name: "over and still there", traits: jit, code: stay("c", "4829", -10, -1), place: func(*place) {}, status: StatusRemoving, ev: EvidenceReported},
		{name: "withdrawn", traits: jit, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code, _ *Policy) { c.Deleted = t0 }, status: StatusRemoving},
		{name: "gone", traits: jit, code: stay("c", "4829", -10, -1), edit: func(_ *device, c *code, _ *Policy) { c.Gone = t0 }, status: StatusGone},
		{name: "the login is refused", traits: jit, code: stay("c", "4829", -1, 20), place: func(*place) {}, auth: true, status: StatusUnknown, ev: EvidenceReported},
		{name: "the login is refused, digits need no cloud", traits: jit, code: &code{ID: "c", PIN: digits("4829"), From: at(-1), To: at(20), Offline: lock.OfflineHourly}, place: func(*place) {}, auth: true, status: StatusSet, ev: EvidenceReported},
		{name: "removed outside, as is allowed", traits: jit, code: stay("c", "4829", -1, 20), edit: func(_ *device, c *code, _ *Policy) { c.Honoured = true }, status: StatusUnset},
		{name: "ongoing", traits: jit, code: &code{ID: "c", PIN: digits("4829")}, status: StatusSetting},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, p := door(c.traits, c.code), DefaultPolicy()
			if c.place != nil {
				placed(d, c.code, c.place)
			}
			if c.edit != nil {
				c.edit(d, c.code, &p)
			}
			w := d.want(t0, c.code, &p)
			if got := d.status(t0, c.code, &w, &p, c.auth); got != c.status {
				t.Errorf("status %s, want %s", got, c.status)
			}
			if best := d.best(t0, c.code, &p); best != nil {
				if got, since := d.evidence(t0, best, &p); got != c.ev || since.IsZero() && got != EvidenceRequested {
					t.Errorf("evidence %s since %v, want %s", got, since, c.ev)
				}
			} else if c.ev != "" {
				t.Errorf("no place, want evidence %s", c.ev)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	cloud := with(jit, func(t *lock.Traits) { t.CloudList = true })
	algo := with(jit, func(t *lock.Traits) { t.FirstUseWithin = 24 * time.Hour })
	there := func(*place) {}
	for _, c := range []struct {
		name   string
		traits lock.Traits
		code   *code
		place  func(p *place)
		edit   func(d *device, c *code)
		link   lock.Reach
		want   Readiness
		cause  string
	}{
		{name: "far away", traits: jit, code: stay("c", "4829", 73, 80)},
		{name: "over", traits: jit, code: stay("c", "4829", -9, -1), place: there},
		{name: "on plan", traits: jit, code: stay("c", "4829", 10, 20), want: ReadyLikely, cause: "on plan"},
		{name: "loaded and seen", traits: native, code: stay("c", "4829", 10, 20), place: there, want: ReadyVerified},
		{name: "loaded, seen long ago", traits: native, code: stay("c", "4829", 10, 20), place: func(p *place) { p.Reported = at(-30) }, want: ReadyLikely, cause: "last look is old"},
		{name: "loaded, out of reach since", traits: native, code: stay("c", "4829", 10, 20), place: func(p *place) { p.Reported = at(-30) }, link: lock.LockDown, want: ReadyLikely, cause: "last seen"},
		{name: "only the cloud says so", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Reported = time.Time{} }, want: ReadyLikely, cause: "cloud"},
		{name: "refused for good", traits: jit, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code) { c.raise(issue("rejected_by_device", t0)) }, want: ReadyWillFail, cause: "refuses"},
		{name: "removed outside", traits: jit, code: stay("c", "4829", 10, 20), edit: func(_ *device, c *code) { c.Honoured = true }, want: ReadyWillFail, cause: "outside"},
		{name: "privacy mode", traits: native, code: stay("c", "4829", 10, 20), place: there, edit: func(d *device, _ *code) { d.raise(issue("privacy_mode", t0)) }, want: ReadyAtRisk, cause: "mode"},
		{name: "battery nearly empty", traits: native, code: stay("c", "4829", 10, 20), place: there, edit: func(d *device, _ *code) { d.Look.Battery = lock.Battery{Known: true, Level: 0.05} }, want: ReadyAtRisk, cause: "battery"},
		{name: "battery nearly empty, not loaded", traits: jit, code: stay("c", "4829", 10, 20), edit: func(d *device, _ *code) { d.Look.Battery = lock.Battery{Known: true, Level: 0.05} }, want: ReadyAtRisk, cause: "battery"},
		{name: "no slot", traits: jit, code: stay("c", "4829", 0.2, 20), edit: func(_ *device, c *code) { c.raise(issue("no_space_for_access_code_on_device", t0)) }, want: ReadyAtRisk, cause: "slot"},
		{name: "begun and out of reach", traits: jit, code: stay("c", "4829", -1, 20), link: lock.HubDown, want: ReadyWillFail, cause: "out of reach"},
		{name: "begun and not there", traits: jit, code: stay("c", "4829", -1, 20), want: ReadyAtRisk, cause: "not on the lock yet"},
		{name: "begun and taken by the cloud a minute ago", traits: cloud, code: stay("c", "4829", -1, 20), place: func(p *place) { p.Accepted, p.Reported = t0.Add(-time.Minute), time.Time{} }, want: ReadyAtRisk, cause: "the cloud has taken it"},
		{name: "out of reach for two hours", traits: jit, code: stay("c", "4829", 10, 20), link: lock.LockDown, edit: func(d *device, _ *code) { d.Down = at(-2) }, want: ReadyAtRisk, cause: "out of reach"},
		{name: "out of reach for a minute", traits: jit, code: stay("c", "4829", 10, 20), link: lock.LockDown, edit: func(d *device, _ *code) { d.Down = at(-0.01) }, want: ReadyLikely, cause: "on plan"},
		{name: "the last write failed", traits: jit, code: stay("c", "4829", 0.3, 20), edit: func(_ *device, c *code) { c.Attempts = 2 }, want: ReadyAtRisk, cause: "failed"},
		{name: "hardly a try left", traits: jit, code: stay("c", "4829", 0.005, 20), want: ReadyAtRisk, cause: "hardly a try"},
		{name: "a few tries left", traits: jit, code: stay("c", "4829", 0.015, 20), want: ReadyLikely, cause: "on plan"},
		{name: "not seen for a day", traits: jit, code: stay("c", "4829", 10, 20), edit: func(d *device, _ *code) { d.Look.At = at(-25) }, want: ReadyAtRisk, cause: "not seen"},
		{name: "a backup stands in", traits: jit, code: stay("c", "4829", -1, 20), edit: func(d *device, c *code) {
			s := &code{ID: "s", PIN: digits("1350"), Spare: true, PulledFor: "c", Created: at(-9)}
			d.insert(s)
			placed(d, s, nil)
			c.Pulled = "s"
		}, want: ReadyLikely, cause: "backup"},
		{name: "a spare is no arrival", traits: jit, code: &code{ID: "c", PIN: digits("4829"), Spare: true}},
		{name: "digits not issued", traits: jit, code: &code{ID: "c", From: at(1), To: at(20), Offline: lock.OfflineHourly}, want: ReadyAtRisk, cause: "issued"},
		{name: "digits issued", traits: jit, code: &code{ID: "c", PIN: digits("4829"), From: at(1), To: at(20), Offline: lock.OfflineHourly}, want: ReadyVerified},
		{name: "first use nearly too late", traits: algo, code: &code{ID: "c", PIN: digits("4829"), From: at(-21), To: at(20), Offline: lock.OfflineHourly}, want: ReadyAtRisk, cause: "dies"},
		{name: "first use too late", traits: algo, code: &code{ID: "c", PIN: digits("4829"), From: at(-24), To: at(20), Offline: lock.OfflineHourly}, want: ReadyWillFail, cause: "dead"},
		{name: "first used in time", traits: algo, code: &code{ID: "c", PIN: digits("4829"), From: at(-30), To: at(20), Offline: lock.OfflineHourly}, place: func(p *place) { p.Used = at(-20) }, want: ReadyVerified},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, p := door(c.traits, c.code), DefaultPolicy()
			if c.place != nil {
				placed(d, c.code, c.place)
			}
			if c.edit != nil {
				c.edit(d, c.code)
			}
			got, cause, action := d.readiness(t0, c.code, &p, c.link)
			if got != c.want || !strings.Contains(cause, c.cause) {
				t.Errorf("got %q, %q, %q", got, cause, action)
			}
			if (got == ReadyAtRisk || got == ReadyWillFail) && action == "" {
				t.Error("no next best action")
			}
		})
	}
}

func TestMeets(t *testing.T) {
	reuse := with(jit, func(t *lock.Traits) { t.RefusesReuse = true })
	blind := with(jit, func(t *lock.Traits) { t.CannotList = true })
	same := func(a, b *code) { a.Holder, b.Holder = "ada", "ada" }
	for _, c := range []struct {
		name   string
		traits lock.Traits
		a, b   *code
		edit   func(a, b *code)
		meet   bool
	}{
		{name: "overlapping", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 4, 8), meet: true},
		{name: "other digits", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "1350", 4, 8)},
		{name: "far apart", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 6, 8)},
		{name: "the lead meets the erase", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 5.5, 8), meet: true},
		{name: "native leads shrink", traits: native, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 6, 8)},
		{name: "far apart, reuse refused", traits: reuse, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 60, 80), meet: true},
		{name: "a blind lock rests for a day", traits: blind, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 20, 22), meet: true},
		{name: "the lead begins after the erase", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 5.75, 8)},
		{name: "a blind lock after a day and two hours", traits: blind, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 31, 33)},
		{name: "a blind lock after two days", traits: blind, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 60, 62)},
		{name: "ongoing", traits: jit, a: &code{ID: "a", PIN: digits("4829")}, b: stay("b", "4829", 600, 700), meet: true},
		{name: "ongoing from a time long after", traits: jit, a: &code{ID: "a", PIN: digits("4829"), Created: at(60)}, b: stay("b", "4829", 1, 5)},
		{name: "adjacent stays of one holder", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 5, 8), edit: same},
		{name: "overlapping stays of one holder", traits: jit, a: stay("a", "4829", 1, 5), b: stay("b", "4829", 4, 8), edit: same, meet: true},
		{name: "withdrawn early enough", traits: jit, a: stay("a", "4829", 1, 50), b: stay("b", "4829", 20, 28), edit: func(a, _ *code) { a.Deleted = at(2) }},
		{name: "no digits yet", traits: jit, a: &code{ID: "a", From: at(1), To: at(5)}, b: &code{ID: "b", From: at(1), To: at(5)}},
		{name: "an algorithmic code", traits: jit, a: &code{ID: "a", PIN: digits("4829"), From: at(1), To: at(5), Offline: lock.OfflineHourly}, b: stay("b", "4829", 1, 5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.edit != nil {
				c.edit(c.a, c.b)
			}
			for _, pair := range [][2]*code{{c.a, c.b}, {c.b, c.a}} {
				d := door(c.traits, pair[0])
				if got := d.meets(pair[1], DefaultPolicy()); (got != nil) != c.meet {
					t.Errorf("meets %v, want %v", got != nil, c.meet)
				}
			}
		})
	}
}

func TestPolicyBounds(t *testing.T) {
	if err := DefaultPolicy().Validate(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	if Policy.Validate(Policy{}) == nil {
		t.Error("the zero policy is valid")
	}
	d := func(v time.Duration) *time.Duration { return &v }
	for field, x := range map[string]PolicyPatch{
		"native_lead": {NativeLead: d(-1)}, "jit_lead": {JITLead: d(25 * time.Hour)}, "pool_rotate": {PoolRotate: d(time.Minute)},
		"evidence_ttl": {EvidenceTTL: d(time.Second)}, "confirm_within": {ConfirmWithin: d(48 * time.Hour)},
		"observe_every": {ObserveEvery: d(0)}, "observe_min": {ObserveMin: d(0)}, "backoff_min": {BackoffMin: d(0)},
		"backoff_max": {BackoffMax: d(48 * time.Hour)}, "max_time_rounding": {MaxRounding: d(-time.Second)},
		"call_timeout": {CallTimeout: d(time.Hour)}, "backup_pool_size": {PoolSize: new(int)},
		"jit_overlap": {JITOverlap: new(Overlap)}, "jit_early": {JITEarly: new(Early)}, "auto_pull": {AutoPull: new(AutoPull)},
		"profile": {Profile: new(Profile)}, "external": {External: new(External)},
	} {
		if field == "backup_pool_size" {
			*x.PoolSize = -1
		}
		err, ok := DefaultPolicy().Over(x).Validate().(*Refusal)
		if !ok || err.Field != field || err.Code != "invalid_policy" || !strings.HasPrefix(err.Message, "must ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Every field of a patch reaches its policy, and a later patch covers an earlier one.
func TestPatchesCoverEveryField(t *testing.T) {
	fill := func(n int) PolicyPatch {
		var x PolicyPatch
		v := reflect.ValueOf(&x).Elem()
		for i := range v.NumField() {
			p := reflect.New(v.Field(i).Type().Elem())
			switch p.Elem().Kind() {
			case reflect.Int, reflect.Int64:
				p.Elem().SetInt(int64(n + i))
			case reflect.String:
				p.Elem().SetString(fmt.Sprint(n, i))
			}
			v.Field(i).Set(p)
		}
		return x
	}
	both := fill(100).and(fill(200))
	laid := reflect.ValueOf(DefaultPolicy().Over(both))
	for i := range laid.NumField() {
		name := laid.Type().Field(i).Name
		patch := reflect.ValueOf(both).FieldByName(name)
		if !patch.IsValid() || patch.IsNil() {
			t.Errorf("no patch reaches %s", name)
			continue
		}
		if !reflect.DeepEqual(laid.Field(i).Interface(), patch.Elem().Interface()) {
			t.Errorf("%s is %v, patched %v", name, laid.Field(i), patch.Elem())
		}
		if later := reflect.ValueOf(fill(200)).FieldByName(name).Elem().Interface(); !reflect.DeepEqual(patch.Elem().Interface(), later) {
			t.Errorf("%s: the later patch does not cover the earlier", name)
		}
	}
	if laid.NumField() != reflect.TypeFor[PolicyPatch]().NumField() {
		t.Error("a patch has fields that no policy has")
	}
	current := ProfileCurrent
	if p := DefaultPolicy().Over(PolicyPatch{Profile: &current}); p.JITLead != time.Hour {
		t.Errorf("the current profile leads by %v", p.JITLead)
	}
}

func TestKeys(t *testing.T) {
	for want, got := range map[string]string{
		"meta/schema": keySchema, "meta/secret": keySecret, "meta/policy": keyPolicy, "meta/rethink": keyRethink, "meta/commit": keyCommit,
		"acct/acme/policy":      keyAccountPolicy("acme"),
		"link/a:acme":           keyLink(accountScope("acme")),
		"link/h:acme:hub":       keyLink(hubScope("acme", "hub")),
		"dev/front":             keyConfig("front"),
		"run/front":             keyRun("front"),
		"held/front":            keyHeld("front"),
		"code/front/":           keyCodes("front"),
		"code/front/g":          keyCode("front", "g"),
		"hist/front/g":          keyHistory("front", "g"),
		"cid/g":                 keyCodeID("g"),
		"group/key":             keyGroup("key"),
		"idem/k":                keyIdem("k"),
		"undo/00000000000000ff": keyUndo(255),
		"ev/0000000000000001":   keyEvent(1),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if keyEvent(9) >= keyEvent(10) || keyEvent(1<<20) >= keyEvent(1<<40) {
		t.Error("byte order is not number order")
	}
	for id, ok := range map[string]bool{"a": true, "A-b_c.d:e+9": true, "": false, "a/b": false, "a b": false, "ä": false, "a\x00": false,
		strings.Repeat("x", 64): true, strings.Repeat("x", 65): false} {
		if (validID(id) == "") != ok {
			t.Errorf("%q: %s", id, validID(id))
		}
	}
}

func TestTags(t *testing.T) {
	seen := map[string]lock.CodeID{}
	for i := range 2000 {
		id := lock.CodeID(fmt.Sprint("code_", i))
		tag := tagOf(id)
		if !ourTag(tag) || len(tag) != 9 {
			t.Fatalf("%s is not recognised", tag)
		}
		if other, ok := seen[tag]; ok {
			t.Errorf("%s and %s share the tag %s", id, other, tag)
		}
		seen[tag] = id
	}
	if first := tagOf("guest"); first != tagOf("guest") {
		t.Error("a tag changes")
	}
	foreign := 0
	for i := range 20000 {
		if ourTag(fmt.Sprintf("LC%07d", i)) {
			foreign++
		}
	}
	if foreign > 100 {
		t.Errorf("%d of 20000 foreign names pass for ours", foreign)
	}
	for _, name := range []string{"", "LC", "Lucas", "LCABCDEFGH", "lcabcdefg"} {
		if ourTag(name) {
			t.Errorf("%q passes for ours", name)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 90 * time.Second: "90 s", time.Minute: "1 min", 30 * time.Minute: "30 min", time.Hour: "60 min",
		2 * time.Hour: "2 h", 72 * time.Hour: "72 h", 150 * time.Second: "2 min 30 s", 61 * time.Minute: "61 min",
		1499 * time.Millisecond: "1 s", 1001 * time.Hour: "41 d 17 h",
	} {
		if got := words(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	if got := trim("Zoë Ærø", 3); got != "Zo" {
		t.Errorf("trim cuts a character: %q", got)
	}
	if got := trim("Ada", 20); got != "Ada" {
		t.Errorf("trim: %q", got)
	}
	if got := trim("Ada", 0); got != "" {
		t.Errorf("trim to nothing: %q", got)
	}
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 10 * time.Second, 1: 20 * time.Second, 5: 320 * time.Second, 8: 30 * time.Minute, 1000: 30 * time.Minute} {
		if got := backoff(10*time.Second, 30*time.Minute, n); got != want {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
	}
}

// Where digits are seen to be destroyed there is no hurry; where nothing can be seen, an erase that may have failed is tried again
// as after any failure.
func TestHowSoonAnEraseThatWasResistedIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		traits lock.Traits
		held   []entry
		want   time.Duration
	}{
		{"the digits are listed", jit, []entry{{Ref: "1", PIN: digits("7777")}}, 10 * time.Minute},
		{"the digits are masked", jit, []entry{{Ref: "1"}}, 8 * time.Minute},
		{"the digits are hidden", with(jit, func(t *lock.Traits) { t.HidesPIN = true }), nil, 8 * time.Minute},
		{"nothing is listed", with(jit, func(t *lock.Traits) { t.CannotList = true }), nil, 8 * time.Minute},
	} {
		d := &device{config: config{Device: lock.Device{Traits: c.traits}}, held: c.held}
		if got := d.resistsUntil(&place{Ref: "1", Tried: t0, Clears: 3}).Sub(t0); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	for _, code := range IssueCodes() {
		i := issue(code, t0)
		if i.Message == "" || i.Code != code || i.Class == "" {
			t.Errorf("%s: %+v", code, i)
		}
		if i.Class == ClassError && i.Remedy == "" {
			t.Errorf("%s is an error without a remedy", code)
		}
		if i.Definite && i.Retryable {
			t.Errorf("%s is both definite and retryable", code)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown issue is raised")
		}
	}()
	issue("no_such_issue", t0)
}

// A code that the lock holds ahead of its start opens nothing until then, withdrawn or not.
func TestWhatIsWithdrawnAheadOfItsStartIsNotYetExposed(t *testing.T) {
	c := stay("c", "4829", 10, 20)
	d := placed(door(native, c), c, nil)
	c.Deleted = at(-1)
	if since := d.exposed(c, &c.Places[0], t0); !since.IsZero() {
		t.Errorf("exposed since %v", since)
	}
	if since := d.exposed(c, &c.Places[0], at(11)); since.IsZero() {
		t.Error("not exposed once the lock has turned it on")
	}
}

// A device keeps the words of its next thought, and writes them down when any of them changes.
func TestWhyIsItsWords(t *testing.T) {
	y := why{"tries ", "ada", " again"}
	for text, want := range map[string]bool{
		"tries ada again": true, y.String(): true, "cries ada again": false, "tries bob again": false, "tries ada anew!": false, "tries ada agai": false, "": false,
	} {
		if y.is(text) != want {
			t.Errorf("%q are the words of %q: %v", text, y, !want)
		}
	}
}
