package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Keys of the records that a fleet keeps under "sim/".
const (
	keyLock    = "sim/lock/"
	keyCount   = "sim/count/"
	keyFault   = "sim/fault/"
	keyFired   = "sim/fired/"
	keyAccount = "sim/account/"
	keyRand    = "sim/rand/"
	keyLog     = "sim/log/"
	keyFleet   = "sim/fleet"
)

// Item is a record to be written at Key, or deleted where Val is nil.
type Item struct {
	Key string
	Val []byte
}

// The records. A PIN marshals as dots, so each record that holds one has its digits in a field of their own: the store is
// the vault.
type (
	memoryRecord struct {
		Memory
		PIN string `json:",omitempty"`
		Job job    `json:",omitempty"`
		Rev int    `json:",omitempty"`
	}
	lockRecord struct {
		Spec   LockSpec
		Mem    []memoryRecord `json:",omitempty"`
		Cloud  []memoryRecord `json:",omitempty"`
		Issued []memoryRecord `json:",omitempty"`
		Stale  []memoryRecord `json:",omitempty"`
		Past   []string       `json:",omitempty"`
		Next   int            `json:",omitempty"`
		Err    time.Duration  `json:",omitempty"`
		Offset time.Duration  `json:",omitempty"`
		Charge float64
		Wrong  int       `json:",omitempty"`
		Until  time.Time `json:",omitzero"`
		KickAt time.Time `json:",omitzero"`
		Tries  int       `json:",omitempty"`
		Lag    int       `json:",omitempty"`
	}
	faultRecord struct {
		Fault
		Begun              bool      `json:",omitempty"`
		Seen, Fires, Count int       `json:",omitempty"`
		Next               time.Time `json:",omitzero"`
		PIN                string    `json:",omitempty"`
		Slot               int       `json:",omitempty"`
	}
	accountRecord struct {
		Minute time.Time
		Calls  int
	}
	fleetRecord struct{ Injected int }
)

// logKey is where a line of a lock's log is kept: in a ring, as on the lock.
func logKey(id lock.DeviceID, e lock.Entry) string {
	return fmt.Sprintf("%s%03d/%s", keyLog, entryNumber(e)%maxLog, id)
}

func entryNumber(e lock.Entry) int {
	n, err := strconv.Atoi(e.ID)
	if err != nil {
		return 0
	}
	return n
}

// mark notes that the record at key is to be persisted.
func (f *Fleet) mark(key string) { f.loose[key] = struct{}{} }

// Changed returns the records that differ from those returned before, sorted by key. What is in flight between the engine
// and the locks is in none of them: it is lost with the process.
func (f *Fleet) Changed() []Item {
	var items []Item
	add := func(key string, record any) {
		val, err := json.Marshal(record)
		if err != nil {
			panic("sim: " + key + ": " + err.Error()) // records hold nothing that JSON can't
		}
		items = append(items, Item{key, val})
	}
	for _, d := range f.changed {
		if d.dirt&dirtState != 0 {
			add(keyLock+string(d.id), d.stored())
		}
		if d.dirt&dirtCounts != 0 {
			add(keyCount+string(d.id), d.counts)
		}
		for _, e := range d.log[len(d.log)-d.unlogged:] {
			add(logKey(d.id, e), e)
		}
		d.dirt, d.unlogged = 0, 0
	}
	f.changed = f.changed[:0]
	for key := range f.loose {
		switch {
		case key == keyFleet:
			add(key, fleetRecord{f.injected})
		case strings.HasPrefix(key, keyFired):
			add(key, f.fires[strings.TrimPrefix(key, keyFired)])
		case strings.HasPrefix(key, keyAccount):
			a := f.accounts[lock.AccountID(strings.TrimPrefix(key, keyAccount))]
			add(key, accountRecord{a.minute, a.calls})
		case strings.HasPrefix(key, keyFault):
			id := strings.TrimPrefix(key, keyFault)
			i := slices.IndexFunc(f.troubles, func(x *trouble) bool { return x.ID == id })
			if i < 0 {
				items = append(items, Item{Key: key})
				continue
			}
			x := f.troubles[i]
			add(key, faultRecord{x.Fault, x.begun, x.seen, x.fires, x.count, x.next, x.pin.Reveal(), x.slot})
		}
	}
	clear(f.loose)
	for _, s := range f.k.drawn {
		s.drawn = false
		if s.gone {
			items = append(items, Item{Key: keyRand + s.name})
			continue
		}
		val, err := s.pcg.MarshalBinary()
		if err != nil {
			panic("sim: " + s.name + ": " + err.Error()) // a PCG always marshals
		}
		items = append(items, Item{keyRand + s.name, val})
	}
	f.k.drawn = f.k.drawn[:0]
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
	return items
}

func (d *device) stored() lockRecord {
	r := lockRecord{
		Spec: d.spec, Mem: records(d.mem), Cloud: records(d.cloud), Stale: records(d.stale), Next: d.next, Err: d.err,
		Offset: d.offset, Charge: d.charge, Wrong: d.wrong, Until: d.until, KickAt: d.kickAt, Tries: d.tries, Lag: d.lag,
	}
	for _, m := range d.issued {
		r.Issued = append(r.Issued, memoryRecord{Memory: m, PIN: m.PIN.Reveal()})
	}
	for _, pin := range d.past {
		r.Past = append(r.Past, pin.Reveal())
	}
	return r
}

func records(list []entry) []memoryRecord {
	all := make([]memoryRecord, len(list))
	for i, e := range list {
		all[i] = memoryRecord{e.Memory, e.PIN.Reveal(), e.Job, e.Rev}
	}
	return all
}

func entries(list []memoryRecord) []entry {
	var all []entry
	for _, r := range list {
		r.Memory.PIN = pinOf(r.PIN)
		all = append(all, entry{r.Memory, r.Job, r.Rev})
	}
	return all
}

// Restore reads back everything that Changed returned, the newest of each key, into a fleet that was just built from the
// same Spec on a kernel whose clock stands at the instant of the last Changed. Locks that were added later are added again.
func (f *Fleet) Restore(items []Item) error {
	var faults []faultRecord
	for _, locks := range [...]bool{true, false} { // the other records speak of locks
		for _, it := range items {
			if strings.HasPrefix(it.Key, keyLock) != locks || it.Val == nil {
				continue
			}
			if err := f.restore(it, &faults); err != nil {
				return fmt.Errorf("record %s: %w", it.Key, err)
			}
		}
	}
	slices.SortFunc(faults, func(a, b faultRecord) int { return number(a.ID) - number(b.ID) })
	for _, r := range faults {
		if err := f.resume(r); err != nil {
			return fmt.Errorf("record %s%s: %w", keyFault, r.ID, err)
		}
	}
	for _, d := range f.order {
		slices.SortFunc(d.log, func(a, b lock.Entry) int { return entryNumber(a) - entryNumber(b) })
		if n := len(d.log); n > 0 {
			d.logged = entryNumber(d.log[n-1])
		}
		if at := d.kickAt; !at.IsZero() {
			d.kickAt = time.Time{}
			d.kick(at)
		} else if slices.ContainsFunc(d.cloud, func(e entry) bool { return e.Job != jobNone }) {
			d.kick(f.k.Now().Add(deliverAgain)) // it was in flight
		}
	}
	return nil
}

func (f *Fleet) restore(it Item, faults *[]faultRecord) error {
	kind, id, _ := strings.Cut(strings.TrimPrefix(it.Key, "sim/"), "/")
	switch kind + "/" {
	case "fleet/":
		var r fleetRecord
		err := json.Unmarshal(it.Val, &r)
		f.injected = r.Injected
		return err
	case "lock/":
		var r lockRecord
		if err := json.Unmarshal(it.Val, &r); err != nil {
			return err
		}
		return f.restoreLock(lock.DeviceID(id), &r)
	case "count/":
		d, err := f.device(lock.DeviceID(id))
		if err != nil {
			return err
		}
		return json.Unmarshal(it.Val, &d.counts)
	case "log/":
		_, id, _ = strings.Cut(id, "/")
		d, err := f.device(lock.DeviceID(id))
		if err != nil {
			return err
		}
		var e lock.Entry
		err = json.Unmarshal(it.Val, &e)
		d.log = append(d.log, e)
		return err
	case "fired/":
		var n int
		err := json.Unmarshal(it.Val, &n)
		f.fires[id] = n
		return err
	case "account/":
		var r accountRecord
		err := json.Unmarshal(it.Val, &r)
		if a := f.accounts[lock.AccountID(id)]; a != nil {
			a.minute, a.calls = r.Minute, r.Calls
		}
		return err
	case "rand/":
		return f.k.stream(id).pcg.UnmarshalBinary(it.Val)
	case "fault/":
		var r faultRecord
		err := json.Unmarshal(it.Val, &r)
		*faults = append(*faults, r)
		return err
	}
	return errors.New("is none of a fleet's")
}

func (f *Fleet) restoreLock(id lock.DeviceID, r *lockRecord) error {
	if f.devices[id] == nil {
		if err := f.Add(r.Spec); err != nil {
			return err
		}
	}
	d := f.devices[id]
	d.state = state{
		mem: entries(r.Mem), cloud: entries(r.Cloud), stale: entries(r.Stale), next: r.Next, err: r.Err, offset: r.Offset,
		charge: r.Charge, wrong: r.Wrong, until: r.Until, kickAt: r.KickAt, tries: r.Tries, lag: r.Lag,
	}
	for _, m := range r.Issued {
		m.Memory.PIN = pinOf(m.PIN)
		d.issued = append(d.issued, m.Memory)
	}
	for _, digits := range r.Past {
		d.past = append(d.past, pinOf(digits))
	}
	d.dirt = 0
	return nil
}

// resume places a fault again as it was, without telling anybody.
func (f *Fleet) resume(r faultRecord) error {
	k, err := f.validate(r.Fault)
	if err != nil {
		return err
	}
	x := f.place(r.Fault, k)
	x.begun, x.seen, x.fires, x.count, x.next, x.pin, x.slot = r.Begun, r.Seen, r.Fires, r.Count, r.Next, pinOf(r.PIN), r.Slot
	if !x.begun {
		f.k.post(nanos(x.From), ClassLock, (*fuse)(x))
		return nil
	}
	x.join()
	if !x.next.IsZero() {
		f.k.post(nanos(x.next), ClassLock, (*fuse)(x))
	}
	return nil
}

// number is the place of a fault's id in the order of injection.
func number(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "f"))
	if err != nil {
		return 0
	}
	return n
}
