package sim

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// hint is a webhook on its way from a cloud to the engine's host.
type hint struct {
	f      *Fleet
	notice driver.Notice
	on     []*trouble // faults of the lock, if the hint is about one
	a      *account
}

// hintDelay is how long a cloud takes to push.
const hintDelay = 500 * time.Millisecond

// notify lets the cloud push a hint about a lock, if its vendor pushes and the news can reach the cloud.
func (f *Fleet) notify(d *device) {
	if !d.prof.Push || d.reach(false) != lock.Reached {
		return
	}
	f.push(&hint{f: f, notice: driver.Notice{Account: d.spec.Account, Device: d.id}, on: d.faults, a: d.acct})
}

// Hint lets the cloud push what it knows by itself about a lock, whether or not the lock is heard of.
func (f *Fleet) Hint(id lock.DeviceID) {
	if d := f.devices[id]; d != nil {
		f.push(&hint{f: f, notice: driver.Notice{Account: d.spec.Account, Device: d.id}, on: d.faults, a: d.acct})
	}
}

// push sends a hint past the faults of the cloud.
func (f *Fleet) push(h *hint) {
	delay, copies := hintDelay, 1
	for _, faults := range [...][]*trouble{h.a.faults, h.on} {
		for _, x := range faults {
			if x.kind.push != nil && x.strikes("notice") {
				x.kind.push(x, h, &delay, &copies)
			}
		}
	}
	for i := range copies {
		f.k.after(delay+time.Duration(i)*time.Second, ClassEngine, h)
	}
}

func (h *hint) act() {
	h.f.emit(Record{Kind: KindNotice, Device: h.notice.Device, On: string(h.notice.Account)})
	if h.f.notice != nil {
		h.f.notice(h.notice)
	}
}
