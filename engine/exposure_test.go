package engine_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// An erase that a cloud has accepted has until it is late to be proven: up to then its code is being removed, and after that exposed. What
// was not accepted is exposed, and so is what a lock holds that is known to be away. The code, its lock and the fleet tell the same.
func TestAnAcceptedEraseIsNoExposureUntilItIsLate(t *testing.T) {
	for name, x := range map[string]struct {
		meanwhile func(*fake) // after the erase was sent
		before    func(*fake)
		exposed   map[time.Duration]bool // after the end
	}{
		"proven": {exposed: map[time.Duration]bool{10 * time.Second: false, 9 * time.Minute: false, 12 * time.Minute: false}},
		"not accepted": {
			before:  func(f *fake) { f.fails(engine.CallClear, driver.Rejected, driver.BlameLock) },
			exposed: map[time.Duration]bool{5 * time.Second: true, 2 * time.Minute: false},
		},
		"in doubt": {
			before:  func(f *fake) { f.loses(engine.CallClear, false); f.partial = true },
			exposed: map[time.Duration]bool{10 * time.Second: true},
		},
		"accepted, and it stands": {
			before:  func(f *fake) { f.drop = map[engine.CallVerb]bool{engine.CallClear: true} },
			exposed: map[time.Duration]bool{10 * time.Second: false, 9 * time.Minute: false},
		},
		"accepted, and never proven": {
			meanwhile: func(f *fake) { f.partial, f.hidden = true, map[lock.Ref]bool{} },
			exposed:   map[time.Duration]bool{10 * time.Second: false, 19 * time.Minute: false, 21 * time.Minute: true, 3 * time.Hour: true},
		},
		"the lock is away": {
			meanwhile: func(f *fake) { f.reach = lock.LockDown },
			exposed:   map[time.Duration]bool{10 * time.Second: false, 2 * time.Minute: true, 30 * time.Minute: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := settled(t, cloudTraits())
			r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(0), Ends: hours(1)})
			r.until(hours(1).Add(-time.Second))
			if x.before != nil {
				x.before(f)
			}
			r.until(hours(1).Add(4 * time.Second))
			if x.meanwhile != nil {
				x.meanwhile(f)
			}
			for _, after := range []time.Duration{5 * time.Second, 10 * time.Second, 2 * time.Minute, 9 * time.Minute, 12 * time.Minute, 15 * time.Minute, 19 * time.Minute, 21 * time.Minute, 30 * time.Minute, 3 * time.Hour} {
				want, ok := x.exposed[after]
				if !ok {
					continue
				}
				r.until(hours(1).Add(after))
				c, fleet, door := r.code("g"), r.snapshot(engine.Query{View: engine.ViewFleet}), r.device("front")
				if c.Status != engine.StatusRemoving && (c.Status != engine.StatusGone || want || after < 10*time.Minute) {
					t.Errorf("after %v it is %s", after, c.Status)
				}
				if got := !c.Exposure.Since.IsZero(); got != want || door.Exposure.Since.IsZero() == want || fleet.Devices[0].Exposed != want || (fleet.Fleet.Exposed > 0) != want {
					t.Errorf("after %v the code is exposed: %v, its lock: %v, in the fleet: %v and %d", after, got, !door.Exposure.Since.IsZero(), fleet.Devices[0].Exposed, fleet.Fleet.Exposed)
				}
				if sum := c.Exposure.Total(r.now); !want && sum > 2*time.Minute {
					t.Errorf("after %v there was an exposure of %v", after, sum)
				}
			}
		})
	}
}
