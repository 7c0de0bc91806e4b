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

// owners remembers to which writing each lock has given a slot last, as far as this process has heard. A lock gives away free slots alone: if
// a slot of a code of ours goes to a later one, somebody has removed the first in the vendor's app, and what is there now is another's.
type owners struct {
	mu  sync.Mutex
	all map[lock.DeviceID]map[byte]time.Time
}

// gave notes that a lock has given a slot to the writing of that time.
func (o *owners) gave(id lock.DeviceID, slot byte, since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[lock.DeviceID]map[byte]time.Time{}
	}
	if o.all[id] == nil {
		o.all[id] = map[byte]time.Time{}
	}
	if since.After(o.all[id][slot]) {
		o.all[id][slot] = since
	}
}

// lost reports whether a slot that was given to the writing of that time belongs to a later one.
func (o *owners) lost(id lock.DeviceID, slot byte, since time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[id][slot].After(since)
}
