package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// lockFaults are troubles of a lock's memory and clock.
var lockFaults = []kind{
	{
		KindInfo: KindInfo{Name: "slots-full", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbSet}, Meaning: "the lock has no room for a new code"},
		write: func(x *trouble, d *device, w *write) *refusal {
			if own, _, _ := d.place(d.mem, &w.want, w.at); own >= 0 {
				return nil
			}
			return &refusal{driver.Full, driver.BlameLock, "no_free_slot"}
		},
	},
	{
		KindInfo: KindInfo{
			Name: "refuses-duplicate", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbSet},
			Meaning: "the lock refuses a PIN that another of its codes has, even in a disjoint window",
		},
		write: func(x *trouble, d *device, w *write) *refusal {
			own, _, _ := d.place(d.mem, &w.want, w.at)
			return d.prof.checkOthers(&w.want, d.mem, own, true)
		},
	},
	{
		KindInfo: KindInfo{
			Name: "refuses-known-pin", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbSet},
			Meaning: "the lock refuses a PIN that it has held before, even an erased one",
		},
		write: func(x *trouble, d *device, w *write) *refusal {
			own, _, _ := d.place(d.mem, &w.want, w.at)
			if own >= 0 && d.mem[own].PIN == w.want.PIN || !slices.Contains(d.past, w.want.PIN) {
				return nil
			}
			return &refusal{driver.Taken, driver.BlameLock, "pin_known"}
		},
	},
	{
		KindInfo: KindInfo{
			Name: "rejects", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: writes, Text: textVendor,
			Meaning: "the lock refuses the write for good, with the vendor's own reason",
		},
		write: func(x *trouble, d *device, w *write) *refusal {
			if x.Text == "" {
				return reject("rejected_by_lock")
			}
			return reject(x.Text)
		},
	},
	{
		KindInfo: KindInfo{
			Name: "clear-noop", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbClear},
			Meaning: "the lock says yes to a clear and keeps the code; only overwriting helps",
		},
		write: func(x *trouble, d *device, w *write) *refusal {
			if indexRef(d.mem, w.at) >= 0 {
				x.fire(d)
				w.skip = true
			}
			return nil
		},
	},
	{
		KindInfo: KindInfo{
			Name: "half-schedule", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbSet},
			Meaning: "the lock takes the code, loses its schedule and reports a failure: the code opens for ever",
		},
		fits: needsSchedules,
		write: func(x *trouble, d *device, w *write) *refusal {
			if w.want.Window.IsZero() {
				return nil
			}
			x.fire(d)
			w.want.Window = lock.Window{}
			w.answer = &refusal{driver.Ambiguous, driver.BlameLock, "schedule_failed"}
			return nil
		},
	},
	{
		KindInfo: KindInfo{Name: "schedule-ignored", Layer: LayerLock, Targets: onLock, Meaning: "the lock stores schedules and does not gate on them"},
		fits:     needsSchedules, loose: true,
	},
	{
		KindInfo: KindInfo{
			Name: "sentinel", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbObserve},
			Params: []Param{{"slots", 1, "empty slots that are listed"}}, Meaning: "lists show empty slots as disabled codes of zeros",
		},
		fits: needsList,
		look: func(x *trouble, d *device, o *lock.Observation) {
			digits := "0000"
			if n := d.traits.PINLengths; len(n) > 0 {
				digits = "000000000000"[:n[0]]
			}
			for slot, left := 1, int(x.arg("slots")); slot <= d.capacity() && left > 0; slot++ {
				if indexSlot(d.listed(), slot) >= 0 {
					continue
				}
				h := lock.Held{Ref: "empty-" + slotRef(slot), PIN: pinOf(digits)}
				if d.traits.ClientSlots {
					h.Ref, h.Slot = slotRef(slot), slot
				}
				if d.traits.HidesPIN {
					h.PIN = lock.PIN{}
				}
				x.fire(d)
				o.Held = append(o.Held, h)
				left--
			}
		},
	},
	{
		KindInfo: KindInfo{Name: "masked-read", Layer: LayerLock, Targets: onLock, PerCall: true, Verbs: []string{verbObserve}, Meaning: "lists show that codes are there, not their digits"},
		fits:     needsList,
		look: func(x *trouble, d *device, o *lock.Observation) {
			for i := range o.Held {
				if !o.Held[i].PIN.IsZero() {
					x.fire(d)
					o.Held[i].PIN = lock.PIN{}
				}
			}
		},
	},
	{
		KindInfo: KindInfo{
			Name: "bit-rot", Layer: LayerLock, Targets: onLock, Text: textCode,
			Params:  []Param{{"count", 1, "codes that are lost"}, {"every", 60, "seconds from one loss to the next, and between tries while there is nothing to lose"}},
			Meaning: "the lock loses a code by itself, a random one unless a code is named",
		},
		tick: func(x *trouble, d *device) bool {
			i := x.victim(d)
			if i >= 0 {
				x.fire(d)
				x.count++
				d.erase(i)
			}
			return x.count >= int(x.arg("count"))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "ghost-slot", Layer: LayerLock, Targets: onLock, Params: []Param{{"slot", 0, "which; 0: the highest free one"}},
			Meaning: "a slot is occupied by nothing that can be read, erased or overwritten",
		},
		begin: func(x *trouble) {
			d := x.devices()[0]
			x.slot = int(x.arg("slot"))
			if x.slot <= 0 {
				for x.slot = d.capacity(); x.slot > 1 && indexSlot(d.mem, x.slot) >= 0; {
					x.slot--
				}
			}
			if indexSlot(d.mem, x.slot) < 0 {
				x.fire(d)
				ref := slotRef(x.slot)
				if !d.traits.ClientSlots {
					ref = "ghost-" + ref
				}
				d.remember(false)
				d.mem, _ = insert(d.mem, entry{Memory: Memory{Slot: x.slot, Ref: ref, Enabled: true, Foreign: true, Ghost: true}})
				d.touch()
			}
		},
		end: func(x *trouble) {
			d := x.devices()[0]
			if i := indexSlot(d.mem, x.slot); i >= 0 && d.mem[i].Ghost {
				d.mem = slices.Delete(d.mem, i, i+1)
				d.touch()
			}
		},
	},
	{
		KindInfo: KindInfo{
			Name: "drift", Layer: LayerLock, Targets: onLock,
			Params:  []Param{{"seconds", 0, "error at the begin"}, {"per_day", 60, "seconds gained a day; negative: lost"}},
			Meaning: "the lock's clock runs wrong; it is right again when the fault ends",
		},
		clock: func(x *trouble, _ *device, now time.Time, r *reading) {
			days := now.Sub(x.From).Hours() / 24
			r.now = r.now.Add(x.seconds("seconds") + time.Duration(days*float64(x.seconds("per_day"))))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "clock-jump", Layer: LayerLock, Targets: onLock, Params: []Param{{"seconds", 3600, "ahead; negative: back"}},
			Meaning: "the lock's clock jumps, and stays off while the fault lasts",
		},
		clock: func(x *trouble, _ *device, _ time.Time, r *reading) { r.now = r.now.Add(x.seconds("seconds")) },
	},
	{
		KindInfo: KindInfo{
			Name: "dst-naive", Layer: LayerLock, Targets: onLock,
			Meaning: "the lock's clock keeps the UTC offset that it has when the fault begins",
		},
		fits: needsZone,
		clock: func(x *trouble, d *device, _ time.Time, r *reading) {
			r.wall, r.offset = true, offsetAt(d.zone, x.From)
		},
	},
	{
		KindInfo: KindInfo{
			Name: "wrong-zone", Layer: LayerLock, Targets: onLock, Text: textZone,
			Meaning: "the lock is set to another zone and takes the wall times of schedules for times there",
		},
		fits: needsWall,
		clock: func(x *trouble, _ *device, now time.Time, r *reading) {
			if believed := x.f.zone(x.Text); believed != nil {
				r.wall, r.offset = true, offsetAt(believed, now)
			}
		},
		look: func(x *trouble, d *device, o *lock.Observation) {
			if o.Reach == lock.Reached {
				x.fire(d)
				o.Zone = x.Text
				if !o.Clock.IsZero() {
					o.Clock = o.At.Add(d.err)
				}
			}
		},
	},
	{
		KindInfo: KindInfo{
			Name: "reset", Layer: LayerLock, Targets: onLock,
			Params:  []Param{{"seconds", 20, "seconds until the lock is up again"}, {"forgets", 600, "seconds before the restart of which the writes are lost"}},
			Meaning: "the lock restarts: out of reach for a moment, and codes written shortly before are gone",
		},
		down: func(x *trouble, _ *device) lock.Reach {
			return reachedUnless(x.f.k.Now().Sub(x.From) < x.seconds("seconds"))
		},
		begin: func(x *trouble) {
			d := x.devices()[0]
			x.fire(d)
			d.wrong, d.until = 0, time.Time{}
			limit := x.f.k.Now().Add(-x.seconds("forgets"))
			for i := len(d.mem) - 1; i >= 0; i-- {
				if !d.mem[i].Ghost && d.mem[i].Written.After(limit) {
					d.erase(i)
				}
			}
			d.touch()
		},
		restarts: true,
		end:      (*trouble).returned,
	},
	{
		KindInfo: KindInfo{Name: "factory", Layer: LayerLock, Targets: onLock, Meaning: "somebody resets the lock to its factory state: every code is forgotten"},
		begin: func(x *trouble) {
			d := x.devices()[0]
			x.fire(d)
			d.reset()
			x.f.notify(d)
		},
	},
}

func needsSchedules(d *device) string {
	if !d.traits.NativeSchedule {
		return "it honours no schedules"
	}
	return ""
}

func needsZone(d *device) string {
	if d.zone == nil {
		return "its zone is unknown"
	}
	return needsSchedules(d)
}

// needsWall is for what comes over locks that take windows as wall times.
func needsWall(d *device) string {
	if d.prof.Instants {
		return "it keeps instants, whatever its zone"
	}
	return needsZone(d)
}

func needsList(d *device) string {
	if d.traits.CannotList {
		return "nothing can be read from it"
	}
	return ""
}

// victim picks the entry that is lost or changed: the one that Text names, else a random one of ours, else none.
func (x *trouble) victim(d *device) int {
	if x.kind.Text == textCode && x.Text != "" {
		return indexCode(d.mem, lock.CodeID(x.Text))
	}
	if slot := int(x.arg("slot")); slot > 0 {
		return indexSlot(d.mem, slot)
	}
	ours := 0
	for i := range d.mem {
		if d.mem[i].Code != "" {
			ours++
		}
	}
	if ours == 0 {
		return -1
	}
	pick := x.rand.IntN(ours)
	for i := range d.mem {
		if d.mem[i].Code == "" {
			continue
		}
		if pick == 0 {
			return i
		}
		pick--
	}
	return -1
}
