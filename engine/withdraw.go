package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

func (b *batch) checkDelete(do Delete) (change, error) {
	d, c, err := b.live(do.Code)
	if err != nil {
		return change{}, err
	}
	if c.Offline != lock.OfflineNone {
		return change{}, refuse("irrevocable", "code", "")
	}
	x := change{receipt: Receipt{Codes: []lock.CodeID{c.ID}}}
	if do.Leave {
		if do.Leaked || c.Spare {
			return change{}, refuse("invalid_input", "leave", "what the wrong people know, or a spare, can't be left on the lock")
		}
		x.apply = func(*Receipt) {
			b.withdrawSpare(d, c)
			b.letGo(d, c)
		}
		return x, nil
	}
	after := c.wish()
	after.Deleted = b.now
	if !do.Leaked && !c.Spare {
		x.undo = &undo{Verb: "delete", Codes: []undoCode{{ID: c.ID, Device: d.id(), Before: c.wish(), After: after}}}
	}
	if len(c.Places) > 0 && !d.Down.IsZero() {
		x.receipt.Notes = append(x.receipt.Notes, "the lock is out of reach: the PIN may open it until it answers")
	}
	x.apply = func(*Receipt) {
		c.grant(after)
		c.Leaked = do.Leaked
		b.withdrawSpare(d, c)
	}
	return x, nil
}

// withdrawSpare has the spare that stands in for a withdrawn code go with it, and both be erased at once.
func (b *batch) withdrawSpare(d *device, c *code) {
	c.NextTry = time.Time{}
	if s := d.find(c.Pulled); s != nil {
		s.Deleted, s.NextTry, s.dirty = b.now, time.Time{}, true
	}
}

func (b *batch) checkPull(do PullBackup) (change, error) {
	d, c, err := b.live(do.Code)
	if err != nil {
		return change{}, err
	}
	if c.Spare {
		return change{}, refuse("invalid_input", "code", "a spare needs no spare")
	}
	if d.find(c.Pulled) != nil {
		return change{receipt: Receipt{Codes: []lock.CodeID{c.ID}, Backup: c.Pulled}, apply: func(*Receipt) {}}, nil
	}
	s := d.spare(b, b.e.policyOf(d))
	if s == nil {
		return change{}, refuse("no_backup_available", "code", "")
	}
	x := change{receipt: Receipt{Codes: []lock.CodeID{c.ID}, Backup: s.ID}}
	if !d.Down.IsZero() {
		x.receipt.Notes = append(x.receipt.Notes, "the lock is out of reach: the backup has no end on it yet")
	}
	x.apply = func(*Receipt) { b.pull(d, c, s) }
	return x, nil
}

func (b *batch) checkPool(do SetPool) (change, error) {
	d, err := b.known(do.Device, "device")
	if err != nil {
		return change{}, err
	}
	if do.On && !poolable(d.Device.Traits) {
		return change{}, refuse("not_supported_by_device", "device", "this lock can't keep backup codes")
	}
	return change{
		undo: &undo{Verb: "pool", Pool: d.id(), PoolOn: d.Pool},
		apply: func(*Receipt) {
			if d.Pool != do.On {
				d.Pool, d.dirtyConfig = do.On, true
			}
		},
	}, nil
}

// unmanaged finds what somebody else put on a lock.
func (b *batch) unmanaged(dev lock.DeviceID, ref lock.Ref) (*device, *entry, error) {
	d, err := b.known(dev, "device")
	if err != nil {
		return nil, nil, err
	}
	for i := range d.held {
		if x := &d.held[i]; x.Ref == ref && !x.Ours {
			return d, x, nil
		}
	}
	return nil, nil, refuse("access_code_not_found", "ref", "no unmanaged code "+quote(string(ref))+" was seen on this lock")
}

func (b *batch) checkAdopt(do Adopt) (change, error) {
	d, x, err := b.unmanaged(do.Device, do.Ref)
	if err != nil {
		return change{}, err
	}
	if x.PIN.IsZero() {
		return change{}, refuse("cannot_be_managed", "ref", "")
	}
	if x.Weekly != "" {
		return change{}, refuse("cannot_be_managed", "ref", "it opens at times of the week ("+x.Weekly+"), which no code of lockctl does")
	}
	if x.Window.Ended(b.now) {
		return change{}, refuse("invalid_window", "ref", "its window is over: delete it instead")
	}
	if err := b.crowded(d); err != nil {
		return change{}, err
	}
	c := &code{
		ID: do.ID, Device: d.id(), Name: x.Name, PIN: x.PIN, From: x.Window.From, To: x.Window.To,
		AllowExternal: do.AllowExternal, Created: b.now, Told: b.now, Written: true, PlaceNo: 1,
	}
	if err := b.checkID(c, 0); err != nil {
		return change{}, err
	}
	if other := d.meets(c, b.e.policyOf(d)); other != nil {
		return change{}, duplicate(c, other)
	}
	t := &d.Device.Traits
	p := place{ID: 1, Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: trim(x.Name, t.NameMax), Window: x.Window, Enabled: x.Enabled, Native: !x.Window.IsZero() && t.NativeSchedule, Wrote: b.now, Accepted: d.Look.At, Seen: d.Look.At}
	if d.Look.Source == lock.SourceLock {
		p.Reported = d.Look.At
	}
	c.Places = []place{p}
	policy := b.e.policyOf(d)
	w := d.want(b.now, c, &policy)
	c.Was = d.status(b.now, c, &w, &policy, false)
	return change{
		receipt: Receipt{Codes: []lock.CodeID{c.ID}},
		undo:    &undo{Verb: "adopt", Codes: []undoCode{{ID: c.ID, Device: d.id(), After: c.wish()}}},
		apply: func(*Receipt) {
			for i := range d.held {
				if h := &d.held[i]; h.Ref == do.Ref && !h.Ours {
					h.Ours, h.Code = true, c.ID
				}
			}
			d.dirtyHeld = true
			b.insert(d, c)
			b.tell("access_code.unmanaged.converted_to_managed", d, c, "adopted from "+string(do.Ref))
		},
	}, nil
}

func (b *batch) checkDeleteUnmanaged(do DeleteUnmanaged) (change, error) {
	d, x, err := b.unmanaged(do.Device, do.Ref)
	if err != nil {
		return change{}, err
	}
	return change{apply: func(*Receipt) {
		d.orphan(place{Ref: x.Ref, Slot: x.Slot, PIN: x.PIN, Name: x.Name, Window: x.Window, Enabled: x.Enabled, Accepted: d.Look.At, Seen: d.Look.At}, "", b.now)
		x.Ours, d.dirtyHeld = true, true
	}}, nil
}

func (b *batch) checkReveal(do Reveal) (change, error) {
	_, c := b.code(do.Code)
	if c == nil {
		return change{}, refuse("access_code_not_found", "code", "no live access code "+quote(string(do.Code)))
	}
	switch {
	case c.unpulled():
		return change{}, refuse("invalid_input", "code", "a spare is revealed when it is pulled, not before")
	case c.PIN.IsZero():
		return change{}, refuse("invalid_input", "code", "the provider has not chosen the digits yet")
	}
	return change{
		receipt: Receipt{Codes: []lock.CodeID{c.ID}, PINs: []lock.PIN{c.PIN.PIN}},
		apply:   func(*Receipt) { b.told(c) },
	}, nil
}

// told notes that the digits of a code have left the vault: who knows those of one door of a common key knows those of all.
func (b *batch) told(c *code) {
	codes := []lock.CodeID{c.ID}
	if c.CommonKey != "" {
		codes = b.group(c.CommonKey).Codes
	}
	for _, id := range codes {
		if _, o := b.code(id); o != nil && o.PIN == c.PIN && o.Told.IsZero() {
			o.Told, o.dirty = b.now, true
		}
	}
}

func (b *batch) checkUndo(do Undo) (change, error) {
	kv, err := b.e.store.Get(b.ctx, keyUndo(do.Receipt))
	if err != nil {
		b.err = err
		return change{}, err
	}
	if kv.Rev == 0 {
		return change{}, refuse("not_undoable", "receipt", "")
	}
	u, err := decode[undo](kv.Key, kv.Val)
	if err != nil {
		return change{}, b.unread(err)
	}
	if isStale(u.At, b.now, undoKept) {
		return change{}, refuse("not_undoable", "receipt", "it was given more than 7 days ago")
	}
	switch u.Verb {
	case "pool":
		return b.checkPool(SetPool{Device: u.Pool, On: u.PoolOn})
	case "create":
		return b.undoCreate(u)
	case "delete":
		return b.undoDelete(u)
	case "adopt":
		return b.undoAdopt(u)
	}
	x := change{}
	var steps []func()
	for _, k := range u.Codes {
		d, c, err := b.live(k.ID)
		if err != nil {
			return change{}, err
		}
		if c.wish() != k.After {
			return change{}, refuse("not_undoable", "receipt", "the code was changed again since")
		}
		if k.Before.PIN != k.After.PIN && c.Told.After(u.At) {
			return change{}, refuse("pin_already_told", "receipt", "the digits were told meanwhile")
		}
		step, notes, err := b.revise(d, c, &k.Before, do.AcceptGap)
		if err != nil {
			return change{}, err
		}
		steps = append(steps, step)
		x.receipt.Codes = append(x.receipt.Codes, k.ID)
		if len(u.Codes) == 1 {
			x.plan = b.planned(d, c, k.Before)
		}
		x.receipt.Notes = append(x.receipt.Notes, notes...)
	}
	x.apply = func(*Receipt) {
		for _, step := range steps {
			step()
		}
	}
	return x, nil
}

func (b *batch) undoCreate(u undo) (change, error) {
	x := change{}
	var codes []*code
	for _, k := range u.Codes {
		_, c, err := b.live(k.ID)
		if err != nil {
			return change{}, err
		}
		if c.Offline != lock.OfflineNone {
			return change{}, refuse("irrevocable", "receipt", "")
		}
		if c.Told.After(c.Created) {
			return change{}, refuse("pin_already_told", "receipt", "the digits were told meanwhile: delete says so explicitly")
		}
		codes = append(codes, c)
		x.receipt.Codes = append(x.receipt.Codes, c.ID)
		if len(u.Codes) == 1 {
			gone := c.wish()
			gone.Deleted = b.now
			x.plan = b.planned(b.device(c.Device), c, gone)
		}
	}
	x.apply = func(*Receipt) {
		for _, c := range codes {
			c.Deleted, c.dirty = b.now, true
			b.withdrawSpare(b.device(c.Device), c)
		}
	}
	return x, nil
}

// undoDelete wishes a withdrawn code again: as it was if it is still leaving, else as a new code with the same id and digits.
func (b *batch) undoDelete(u undo) (change, error) {
	k := u.Codes[0]
	d, err := b.known(k.Device, "receipt")
	if err != nil {
		return change{}, err
	}
	back := func(c *code) error {
		probe := *c
		probe.grant(k.Before)
		if err := checkTimes(&probe, b.now, b.e.policyOf(d)); err != nil {
			return err
		}
		if other := d.meets(&probe, b.e.policyOf(d)); other != nil {
			return duplicate(&probe, other)
		}
		return nil
	}
	x := change{receipt: Receipt{Codes: []lock.CodeID{k.ID}}}
	if c := d.find(k.ID); c != nil {
		if c.wish() != k.After {
			return change{}, refuse("not_undoable", "receipt", "the code was changed again since")
		}
		if err := back(c); err != nil {
			return change{}, err
		}
		x.plan = b.planned(d, c, k.Before)
		x.apply = func(*Receipt) {
			c.grant(k.Before)
			c.Wished = b.now
		}
		return x, nil
	}
	kv, err := b.e.store.Get(b.ctx, keyHistory(d.id(), k.ID))
	if err != nil {
		b.err = err
		return change{}, err
	}
	if kv.Rev == 0 {
		return change{}, refuse("not_undoable", "receipt", "")
	}
	c, err := decode[code](kv.Key, kv.Val)
	if err != nil {
		return change{}, b.unread(err)
	}
	if err := back(&c); err != nil {
		return change{}, err
	}
	x.apply = func(*Receipt) {
		c.grant(k.Before)
		c.Wished = b.now
		c.Gone, c.Written, c.Issues, c.Pulled, c.Was, c.Past = time.Time{}, false, nil, "", "", 0
		b.insert(d, &c)
		b.drop(keyHistory(d.id(), c.ID))
		b.tell("access_code.created", d, &c, "wished again")
		if c.Honoured { // it is still what it was: off the lock by a hand's doing
			i := issue("external_modification_in_effect", b.now)
			i.Message = "removed outside of lockctl, which is allowed"
			b.raise(d, &c, i)
		}
	}
	return x, nil
}

// undoAdopt gives a code back to whoever put it on the lock.
func (b *batch) undoAdopt(u undo) (change, error) {
	k := u.Codes[0]
	d, c, err := b.live(k.ID)
	if err != nil {
		return change{}, err
	}
	if c.wish() != k.After {
		return change{}, refuse("not_undoable", "receipt", "the code was changed again since")
	}
	return change{receipt: Receipt{Codes: []lock.CodeID{c.ID}}, apply: func(*Receipt) { b.letGo(d, c) }}, nil
}

// letGo ends the management of a code and leaves it on the lock.
func (b *batch) letGo(d *device, c *code) {
	d.dirtyHeld = true
	d.held = slices.DeleteFunc(d.held, func(h entry) bool { return h.Code == c.ID })
	for _, p := range c.Places {
		if p.Ref != "" {
			d.held = append(d.held, entry{Ref: p.Ref, Tag: c.mark(), Name: p.Name, PIN: p.PIN, Window: p.Window, Enabled: p.Enabled, Slot: p.Slot})
		}
	}
	c.Places, c.Deleted = nil, b.now
	b.tell("access_code.deleted", d, c, "stays on the lock, unmanaged")
	d.retire(c, b.now)
	b.leave(c)
}
