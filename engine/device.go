package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// device is one lock with everything that the engine knows of it: the unit of thought, of storage and of calls.
type device struct {
	config
	run
	held   []entry
	codes  []*code   // live, by id
	rev    store.Rev // of the run record; 0: new
	weight int       // in the cache
	row    *row      // its row in memory, once it was committed
	step   int64     // the last that thought about it
	key    string    // keyRun, once it was asked for
	hangs  []*link   // linksOf, likewise
	zones  zones     // shared by all devices of the engine; nil in a device by itself

	dirtyConfig, dirtyRun, dirtyHeld bool
	gone                             []*code // to be moved to history by this batch
}

func (d *device) id() lock.DeviceID { return d.Device.ID }

func (d *device) find(id lock.CodeID) *code {
	i, ok := slices.BinarySearchFunc(d.codes, id, func(c *code, id lock.CodeID) int { return strings.Compare(string(c.ID), string(id)) })
	if !ok {
		return nil
	}
	return d.codes[i]
}

func (d *device) insert(c *code) {
	i, _ := slices.BinarySearchFunc(d.codes, c.ID, func(c *code, id lock.CodeID) int { return strings.Compare(string(c.ID), string(id)) })
	c.dirty = true
	d.codes = slices.Insert(d.codes, i, c)
}

// retire moves a code out of the live ones: to history.
func (d *device) retire(c *code, now time.Time) {
	c.Gone, c.dirty = now, true
	d.Exposure += c.Past
	d.codes = slices.DeleteFunc(d.codes, func(o *code) bool { return o == c })
	d.gone = append(d.gone, c)
}

// leaves reports whether the device was removed with its codes left on it.
func (d *device) leaves() bool { return d.isRetired() && d.Replace == "" }

// orphan makes a place, of code `of` or of nobody's, one that nobody wishes any more. The outcome of a call about it still
// finds it.
func (d *device) orphan(p place, of lock.CodeID, now time.Time) {
	d.Calls++
	id := int(d.Calls)
	if f := d.Flight; f != nil && of != "" && f.Code == of && f.Place == p.ID {
		f.Code, f.Place = "", id
	}
	p.ID, p.Over = id, now
	if p.Ref == "" { // it may not be there at all
		if d.Device.Traits.CannotList {
			p.Cleared = now
		} else {
			p.Doubt = true
			d.doubt(now)
		}
	}
	d.Orphans = append(d.Orphans, p)
	d.dirtyRun = true
}

func (d *device) raise(i Issue) bool {
	isNew, changed := raise(&d.Issues, i)
	d.dirtyRun = d.dirtyRun || changed
	return isNew
}

func (d *device) lower(code string) bool {
	ok := lower(&d.Issues, code)
	d.dirtyRun = d.dirtyRun || ok
	return ok
}

// keyRun is the key of the record that guards all others of the device.
func (d *device) keyRun() string {
	if d.key == "" {
		d.key = keyRun(d.id())
	}
	return d.key
}

// readDevice loads a device from the store; nil if there is none. Its error is a *recordError, or of the store.
func (e *Engine) readDevice(ctx context.Context, id lock.DeviceID) (*device, error) {
	cfg, err := e.store.Get(ctx, keyConfig(id))
	if err != nil {
		return nil, err
	}
	if cfg.Rev == 0 {
		if e.rows[id] != nil {
			return nil, &recordError{key: cfg.Key}
		}
		return nil, nil
	}
	d := &device{zones: e.zones}
	if err = decodeTo(&d.config, cfg.Key, cfg.Val); err != nil {
		return nil, err
	}
	rec, err := e.store.Get(ctx, keyRun(id))
	if err != nil {
		return nil, err
	}
	if rec.Rev == 0 {
		return nil, &recordError{key: rec.Key}
	}
	d.rev = rec.Rev
	if err = decodeTo(&d.run, rec.Key, rec.Val); err != nil {
		return nil, err
	}
	held, err := e.store.Get(ctx, keyHeld(id))
	if err != nil {
		return nil, err
	}
	if held.Rev != 0 {
		if err = decodeTo(&d.held, held.Key, held.Val); err != nil {
			return nil, err
		}
	}
	err = e.each(ctx, keyCodes(id), func(kv store.KV) error {
		c := new(code)
		d.codes = append(d.codes, c)
		return decodeTo(c, kv.Key, kv.Val)
	})
	if err != nil {
		return nil, err
	}
	d.freshen()
	return d, nil
}

// cache keeps decoded devices, bounded by the codes that they hold. It is coherent because there is one writer.
type cache struct {
	devices map[lock.DeviceID]*device
	order   []lock.DeviceID // in order of arrival; the oldest goes first
	weight  int
	max     int
}

func newCache(max int) *cache { return &cache{devices: map[lock.DeviceID]*device{}, max: max} }

func (c *cache) get(id lock.DeviceID) *device { return c.devices[id] }

func (c *cache) drop(id lock.DeviceID) {
	if d := c.devices[id]; d != nil {
		c.weight -= d.weight
		delete(c.devices, id)
		if d.row != nil {
			d.row.device = nil
		}
	}
}

// put adds a device.
func (c *cache) put(d *device) {
	if _, ok := c.devices[d.id()]; ok {
		return
	}
	c.devices[d.id()] = d
	c.order = append(c.order, d.id())
	d.weight = 0
	c.weigh(d)
}

// weigh takes note that a device has other codes now. Without any it weighs as much as two codes.
func (c *cache) weigh(d *device) {
	w := 2 + len(d.codes)
	c.weight += w - d.weight
	d.weight = w
}

// trim lets the oldest go until the bound holds. It must not run inside a batch.
func (c *cache) trim() {
	for c.weight > c.max && len(c.order) > 1 {
		c.drop(c.order[0])
		c.order = c.order[1:]
	}
}
