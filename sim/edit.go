package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Edit changes a lock by hand, at the lock or in the vendor's app; the cloud's copy follows. The error names the field.
func (f *Fleet) Edit(e Edit) error {
	d, err := f.device(e.Lock)
	if err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	switch e.Kind {
	case EditReset:
		d.reset()
	case EditBattery:
		d.freshBattery()
	case EditAdd:
		err = d.add(e)
	case EditRemove, EditPIN, EditDisable, EditEnable, EditWindow, EditName:
		err = d.edit(e)
	default:
		err = fmt.Errorf("kind: %q is no edit", e.Kind)
	}
	if err != nil {
		return fmt.Errorf("edit of lock %q: %w", e.Lock, err)
	}
	f.notify(d)
	return nil
}

func (d *device) add(e Edit) error {
	if e.PIN.IsZero() {
		return fmt.Errorf("pin: is missing")
	}
	if d.traits.OfflineOnly {
		return fmt.Errorf("kind: the lock takes algorithmic codes only")
	}
	slot := e.Slot
	if slot == 0 {
		if slot = freeSlot(d.mem, d.capacity()); slot == 0 {
			return fmt.Errorf("slot: none is free")
		}
	}
	switch {
	case slot < 0 || slot > d.capacity():
		return fmt.Errorf("slot: must lie between 1 and %d", d.capacity())
	case indexSlot(d.mem, slot) >= 0:
		return fmt.Errorf("slot: %d is taken", slot)
	}
	window := e.Window
	if !d.traits.NativeSchedule {
		window = lock.Window{}
	}
	d.added(d.write(-1, slot, &lock.Credential{PIN: e.PIN, Name: e.Name, Window: window, Enabled: true}, ""))
	return nil
}

// added copies an entry that was made by hand to the cloud.
func (d *device) added(e *entry) {
	if d.traits.CloudList {
		d.remember(true)
		d.forget(e.Ref)
		d.cloud, _ = insert(d.cloud, *e)
		d.touch()
	}
}

func (d *device) edit(e Edit) error {
	if i := d.indexIssued(e.Ref); i >= 0 && e.Kind == EditDisable {
		d.issued[i].Enabled = false // a stay that its vendor has cancelled
		d.touch()
		d.record(toggled(false), &d.issued[i])
		return nil
	}
	i := -1
	switch {
	case e.Code != "":
		i = indexCode(d.mem, e.Code)
	case e.Ref != "":
		i = indexRef(d.mem, e.Ref)
	case e.Slot != 0:
		i = indexSlot(d.mem, e.Slot)
	default:
		return fmt.Errorf("code, ref or slot: one of them names the entry")
	}
	if i < 0 || d.mem[i].Ghost {
		return fmt.Errorf("code, ref or slot: the lock holds no such entry")
	}
	switch e.Kind {
	case EditRemove:
		d.remove(i)
	case EditPIN:
		if e.PIN.IsZero() {
			return fmt.Errorf("pin: is missing")
		}
		d.change(i, func(m *entry) { m.PIN, m.Foreign = e.PIN, true })
	case EditDisable:
		d.change(i, func(m *entry) { m.Enabled = false })
	case EditEnable:
		d.change(i, func(m *entry) { m.Enabled = true })
	case EditWindow:
		if !d.traits.NativeSchedule {
			return fmt.Errorf("window: the lock honours no schedules")
		}
		d.change(i, func(m *entry) { m.Window = e.Window.Grain(d.traits.Granularity) })
	case EditName:
		d.change(i, func(m *entry) { m.Tag, m.Name = "", clip(e.Name, d.traits.NameMax) })
	}
	return nil
}

// change edits the entry at i, in the memory and in the cloud's copy.
func (d *device) change(i int, edit func(*entry)) {
	d.remember(false)
	e := &d.mem[i]
	was := *e
	edit(e)
	d.forgot(was.PIN, e.PIN)
	if d.traits.CloudList {
		if c := indexRef(d.cloud, e.Ref); c >= 0 {
			d.remember(true)
			edit(&d.cloud[c])
		}
	}
	d.touch()
	name := "rewritten"
	if was.Enabled != e.Enabled {
		name = toggled(e.Enabled)
	}
	d.record(name, &e.Memory)
}

// remove forgets the entry at i, in the memory and in the cloud's copy.
func (d *device) remove(i int) {
	ref := d.mem[i].Ref
	d.erase(i)
	if d.traits.CloudList {
		d.remember(true)
		d.forget(ref)
	}
}

// reset is a factory reset: the memory and the keypad's state are gone; the cloud knows nothing of it.
func (d *device) reset() {
	for i := len(d.mem) - 1; i >= 0; i-- {
		if !d.mem[i].Ghost {
			d.erase(i)
		}
	}
	d.past = nil
	d.wrong, d.until = 0, time.Time{}
	d.touch()
}

// freshBattery is a change of batteries: the charge is full, troubles of the old ones are over, and the clock, which stood
// still meanwhile, is set anew.
func (d *device) freshBattery() {
	d.charge = 1
	d.setClock()
	for _, x := range slices.Clone(d.faults) {
		if x.kind.level != nil {
			d.f.heal(x)
		}
	}
}
