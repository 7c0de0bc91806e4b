package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// What a cloud shows without asking a lock.

// Now is the fleet's time.
func (f *Fleet) Now() time.Time { return f.k.Now() }

// Reach tells how far messages to that lock come right now. Nothing is sent, and no fault counts it.
func (f *Fleet) Reach(id lock.DeviceID) lock.Reach {
	if d := f.devices[id]; d != nil {
		return d.reach(false)
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
