package kwikset

import (
	"slices"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// A lock gives a slot that was erased to the next code. So an erase of which nobody knows whether it happened must not be made once
// more after another code was written: it might hit that one. doubts remembers such erases as long as the process lives, with the
// tokens of what was written since.
type doubts struct {
	mu  sync.Mutex
	all []doubt
}

type doubt struct {
	device lock.DeviceID
	slot   byte
	wrote  []written
}

type written struct {
	token string
	at    time.Time
}

// maxDoubts bounds them. What is pushed out is as unknown as it is to a process that was started since.
const maxDoubts = 256

func (d *doubts) index(id lock.DeviceID, slot byte) int {
	return slices.IndexFunc(d.all, func(x doubt) bool { return x.device == id && x.slot == slot })
}

// begin notes that nobody knows whether that slot was erased.
func (d *doubts) begin(id lock.DeviceID, slot byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.index(id, slot) >= 0 {
		return
	}
	if len(d.all) == maxDoubts {
		d.all = slices.Delete(d.all, 0, 1)
	}
	d.all = append(d.all, doubt{device: id, slot: slot})
}

// end notes that the slot was erased.
func (d *doubts) end(id lock.DeviceID, slot byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.index(id, slot); i >= 0 {
		d.all = slices.Delete(d.all, i, i+1)
	}
}

// wrote notes that a code was written, which may have got any slot in doubt.
func (d *doubts) wrote(id lock.DeviceID, w written) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.all {
		if x := &d.all[i]; x.device == id && len(x.wrote) < maxDoubts {
			x.wrote = append(x.wrote, w)
		}
	}
}

// since is what was written since a slot came into doubt.
func (d *doubts) since(id lock.DeviceID, slot byte) []written {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := d.index(id, slot); i >= 0 {
		return slices.Clone(d.all[i].wrote)
	}
	return nil
}
