package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// What a cloud shows without asking a lock.

// Now is the fleet's time.
func (f *Fleet) Now() time.Time { return f.k.Now() }

// Clock is the time that the lock's own clock shows right now; zero: there is no such lock. No fault counts the look.
func (f *Fleet) Clock(id lock.DeviceID) time.Time {
	if d := f.devices[id]; d != nil {
		return d.read(f.k.Now(), true).shows()
	}
	return time.Time{}
}

// Reach tells how far messages to that lock come right now. Nothing is sent, and no fault counts it.
func (f *Fleet) Reach(id lock.DeviceID) lock.Reach {
	if d := f.devices[id]; d != nil {
		return d.reach(false)
	}
	return lock.ReachUnknown
}

// Shown is Reach for a cloud that tells of it: a fault that keeps the lock away has then struck, although nothing was sent.
func (f *Fleet) Shown(id lock.DeviceID) lock.Reach {
	if d := f.devices[id]; d != nil {
		return d.reach(true)
	}
	return lock.ReachUnknown
}

// Charge is that of the lock's battery, 0 to 1.
func (f *Fleet) Charge(id lock.DeviceID) float64 {
	if d := f.devices[id]; d != nil {
		return d.level()
	}
	return 0
}

// Log returns what the lock's log keeps, oldest first.
func (f *Fleet) Log(id lock.DeviceID) []lock.Entry {
	if d := f.devices[id]; d != nil {
		return slices.Clone(d.log)
	}
	return nil
}

// Listed is what a list of that lock is made from: its cloud's copy, or its memory.
func (f *Fleet) Listed(id lock.DeviceID) []Memory {
	d := f.devices[id]
	if d == nil {
		return nil
	}
	var all []Memory
	for _, e := range d.listed() {
		all = append(all, e.Memory)
	}
	return all
}

// KeepsCopy has that lock answered for from a copy which its cloud or hub keeps, with who opened in its log, whatever its profile says: a
// façade asks for it whose vendor never passes a read on to the lock.
func (f *Fleet) KeepsCopy(id lock.DeviceID) {
	if d := f.devices[id]; d != nil && !d.traits.CloudList {
		d.traits.CloudList, d.traits.ReportsEntry = true, true
		f.Reread(id)
	}
}

// Reread makes that copy what the lock holds now, as when a hub is asked to read every slot again.
func (f *Fleet) Reread(id lock.DeviceID) {
	if d := f.devices[id]; d != nil && d.traits.CloudList {
		d.remember(true)
		d.cloud = slices.DeleteFunc(slices.Clone(d.mem), func(e entry) bool { return e.Ghost })
		d.touch()
	}
}

// Modes are the states in which the lock's keypad refuses now.
func (f *Fleet) Modes(id lock.DeviceID) []lock.Mode {
	if d := f.devices[id]; d != nil {
		return d.modes(f.k.Now())
	}
	return nil
}
