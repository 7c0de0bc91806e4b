package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Profile is a kind of lock as data: what it can do and how the path to it behaves.
type Profile struct {
	Name    string // what LockSpec.Model names
	System  string // one of the thirteen systems; "" for a generic lock
	Meaning string // one line for people, with the facts that the row rests on
	Traits  lock.Traits

	Capacity  int           // what the memory holds although Traits.Slots hides it; 0: Traits.Slots
	Async     bool          // the cloud accepts a write at once and hands it to the lock later
	Tells     bool          // the lock tells its clock
	Push      bool          // the cloud pushes notices
	Instants  bool          // windows are written as instants: no zone that it is set to shifts them
	Radio     time.Duration // mean one-way latency between hub and lock; 0: 1 s
	Tries     int           // wrong tries before the keypad locks itself; 0: 5
	Lockout   time.Duration // how long it stays locked; 0: 1 min
	PerWindow int           // algorithmic codes that one window can have; 0: 3
	PerStart  int           // one-time codes that one start can have; 0: as PerWindow
}

// lengths returns the numbers from least to most.
func lengths(least, most int) []int {
	var all []int
	for n := least; n <= most; n++ {
		all = append(all, n)
	}
	return all
}

// rules returns constraints that have no bounds.
func rules(kinds ...lock.ConstraintKind) []lock.Constraint {
	var all []lock.Constraint
	for _, k := range kinds {
		all = append(all, lock.Constraint{Kind: k})
	}
	return all
}

const zone = "Europe/Berlin"

// Profiles lists every profile: the generic ones, each with one difference from its neighbours, then the thirteen systems.
func Profiles() []Profile {
	all := append(genericProfiles(), systemProfiles()...)
	for i := range all {
		p := &all[i]
		if p.Capacity == 0 {
			p.Capacity = p.Traits.Slots
		}
		if p.Radio == 0 {
			p.Radio = time.Second
		}
		if p.Tries == 0 {
			p.Tries = 5
		}
		if p.Lockout == 0 {
			p.Lockout = time.Minute
		}
		p.Traits.Lockout = p.Lockout
		if p.PerWindow == 0 {
			p.PerWindow = 3
		}
		if p.PerStart == 0 {
			p.PerStart = p.PerWindow
		}
	}
	return all
}

func genericProfiles() []Profile {
	native := lock.Traits{
		NativeSchedule: true, OpenEnded: true, UpdatesInPlace: true, Slots: 30, PINLengths: lengths(4, 8), NameMax: 20,
		Granularity: time.Minute, ReportsEntry: true, Zone: zone,
	}
	jit := lock.Traits{
		ClientSlots: true, UpdatesInPlace: true, Slots: 20, PINLengths: lengths(4, 8), NameMax: 20, ReportsEntry: true, Zone: zone,
	}
	with := func(t lock.Traits, change func(*lock.Traits)) lock.Traits {
		t.PINLengths = slices.Clone(t.PINLengths)
		change(&t)
		return t
	}
	algorithmic := with(native, func(t *lock.Traits) {
		*t = lock.Traits{
			OfflineOnly: true, Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineDaily, lock.OfflineOneTime},
			PINLengths: lengths(6, 9), FirstUseWithin: 24 * time.Hour, Granularity: time.Hour, AssignsPIN: true, CannotList: true,
			NoBackupPool: true, Constraints: rules(lock.CannotSpecifyPIN), Zone: zone,
		}
	})
	return []Profile{
		{Name: "native.keypad", Meaning: "honours schedules by its own clock, read back from the lock itself", Traits: native, Tells: true, Push: true},
		{Name: "jit.keypad", Meaning: "knows no schedules: a code works from write to erase; the writer chooses the slot", Traits: jit, Tells: true, Push: true},
		{Name: "jit.basic", Meaning: "as jit.keypad, but a code can't be changed in place and names are not kept",
			Traits: with(jit, func(t *lock.Traits) { t.UpdatesInPlace, t.NameMax, t.Slots, t.ReportsEntry = false, 0, 10, false })},
		{Name: "native.rigid", Meaning: "as native.keypad, but a change is a clear and a set", Tells: true, Push: true,
			Traits: with(native, func(t *lock.Traits) { t.UpdatesInPlace = false })},
		{Name: "coarse.keypad", Meaning: "as native.keypad, but its schedules know quarters of an hour only", Tells: true, Push: true,
			Traits: with(native, func(t *lock.Traits) { t.Granularity = 15 * time.Minute })},
		{Name: "writeonly.keypad", Meaning: "as jit.keypad, but nothing can be read back", Push: true,
			Traits: with(jit, func(t *lock.Traits) { t.CannotList = true })},
		{Name: "cloud.keypad", Meaning: "schedules by itself; the cloud accepts first, writes later, and lists what it believes", Async: true, Push: true,
			Traits: with(native, func(t *lock.Traits) { t.CloudList = true })},
		{Name: "masked.keypad", Meaning: "as jit.keypad, but reads show that a code is there, never its digits", Tells: true, Push: true,
			Traits: with(jit, func(t *lock.Traits) { t.HidesPIN = true })},
		{Name: "staged.keypad", Meaning: "as jit.keypad, and holds codes disabled until they are enabled", Tells: true, Push: true,
			Traits: with(jit, func(t *lock.Traits) { t.Stages = true })},
		{Name: "assigned.keypad", Meaning: "schedules by itself; the provider draws the digits, which appear in a later look", Async: true, Push: true,
			Traits: with(native, func(t *lock.Traits) {
				t.AssignsPIN, t.NoBackupPool, t.CloudList, t.PINLengths = true, true, true, []int{6}
				t.Constraints = rules(lock.CannotSpecifyPIN)
			})},
		{Name: "unique.keypad", Meaning: "as native.keypad, but the same PIN may not stand twice even in disjoint windows", Tells: true, Push: true,
			Traits: with(native, func(t *lock.Traits) { t.RefusesReuse = true })},
		{Name: "algo.keypad", Meaning: "takes algorithmic codes only: digits that it can verify without having been told", Traits: algorithmic},
		{Name: "zoneless.keypad", Meaning: "as native.keypad, but nobody has told it its time zone, so it refuses schedules", Push: true,
			Traits: with(native, func(t *lock.Traits) { t.Zone = "" })},
		{Name: "dstnaive.keypad", Meaning: "as native.keypad, but its clock keeps the UTC offset it was set with", Tells: true, Push: true,
			Traits: with(native, func(t *lock.Traits) { t.DSTNaive = true })},
	}
}
