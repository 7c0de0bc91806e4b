package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// batch is one step under way: what it touched, in order, and what it will say. Nothing of it is seen outside before its
// commit.
type batch struct {
	e       *Engine
	ctx     context.Context
	now     time.Time
	seq     Seq
	touched []*device
	links   []string   // changed
	extra   []store.Op // records besides those of devices
	events  []Event
	calls   []Call
	replies []reply
	idem    map[string]keptAnswer // keys used in this batch
	stale   []string              // keys of records that are too old
	size    int
	resumed []lock.DeviceID // whose call a crash has ended
	ended   []lock.DeviceID // whose call has its outcome here
	met     lock.DeviceID   // a parked device that was asked for
	rethink bool            // the policy changes, so that every device is to think again
	err     error
}

// reply is an answer that waits for the commit.
type reply struct {
	done    func(Receipt, error)
	receipt Receipt
	err     error
	shows   []shown // whoever gave the command wants to see these
}

type shown struct {
	on   *device
	code *code
}

func (e *Engine) begin(ctx context.Context, now time.Time) *batch {
	e.cache.trim()
	e.step++
	b := &e.batch
	e.recent = nil
	clear(b.touched) // nothing of a step is held beyond the next
	clear(b.events)
	clear(b.replies)
	*b = batch{e: e, ctx: ctx, now: now, seq: e.seq, touched: b.touched[:0], events: b.events[:0], replies: b.replies[:0]}
	return b
}

// full reports whether the batch has grown so that one more input might not fit into its commit.
func (b *batch) full() bool {
	const margin = 4
	ops := len(b.extra) + len(b.events) + 8*len(b.touched) + b.size
	return ops*margin > b.e.limits.MaxOps*(margin-1)
}

// device loads a device into the batch; nil if there is none, or if its records can't be read.
func (b *batch) device(id lock.DeviceID) *device {
	d := b.e.cache.get(id)
	if d == nil {
		if b.e.parked[id] != nil {
			b.met = id
			return nil
		}
		var err error
		var bad *recordError
		switch d, err = b.e.readDevice(b.ctx, id); {
		case errors.As(err, &bad):
			d, b.met = nil, id
			b.park(id, bad)
		case err != nil:
			b.err = err
		}
		if d == nil {
			return nil
		}
		b.e.cache.put(d)
	}
	b.touch(d)
	return d
}

// touch makes the batch think about the device and write what changes.
func (b *batch) touch(d *device) {
	if d.step == b.e.step {
		return
	}
	d.step = b.e.step
	b.touched = append(b.touched, d)
	b.size += max(0, len(d.codes)-4)
}

// code finds a live code by its id.
func (b *batch) code(id lock.CodeID) (*device, *code) {
	dev := b.deviceOf(id)
	if dev == "" {
		return nil, nil
	}
	d := b.device(dev)
	if d == nil {
		return nil, nil
	}
	return d, d.find(id)
}

// deviceOf tells on which device a code is, or was; "": there never was such a code.
func (b *batch) deviceOf(id lock.CodeID) lock.DeviceID {
	key := keyCodeID(id)
	for i := len(b.extra) - 1; i >= 0; i-- {
		if b.extra[i].Key == key {
			return lock.DeviceID(b.extra[i].Val)
		}
	}
	kv, err := b.e.store.Get(b.ctx, key)
	if err != nil {
		b.err = err
	}
	return lock.DeviceID(kv.Val)
}

// policyOf lays the account's and the device's patches over the default.
func (e *Engine) policyOf(d *device) Policy {
	p := e.policy
	if patch, ok := e.accounts[d.Device.Account]; ok {
		p = p.Over(patch)
	}
	if d.Policy != (PolicyPatch{}) {
		p = p.Over(d.Policy)
	}
	return p
}

// event adds a line to the journal.
func (b *batch) event(ev Event) {
	b.seq++
	ev.Seq, ev.At = b.seq, b.now
	b.events = append(b.events, ev)
}

// tell adds a line about a code.
func (b *batch) tell(typ string, d *device, c *code, text string) {
	b.event(Event{Type: typ, Account: d.Device.Account, Device: d.id(), Code: c.ID, Text: text})
}

// raise puts an issue on a code and tells it, once.
func (b *batch) raise(d *device, c *code, i Issue) {
	if !c.raise(i) {
		return
	}
	told := i // the event keeps this one: most issues are not new
	typ := "internal.issue.raised"
	switch i.Code {
	case "failed_to_set_on_device", "delay_in_setting_on_device", "failed_to_remove_from_device", "delay_in_removing_from_device":
		if !c.unpulled() { // a spare that nobody has is a matter of its pool
			typ = "access_code." + i.Code
		}
	}
	b.event(Event{Type: typ, Account: d.Device.Account, Device: d.id(), Code: c.ID, Issue: &told, Text: i.Message})
}

func (b *batch) lower(d *device, c *code, codes ...string) {
	for _, k := range codes {
		if has(c.Issues, k) {
			c.lower(k)
			b.event(Event{Type: "internal.issue.cleared", Account: d.Device.Account, Device: d.id(), Code: c.ID, Text: k})
		}
	}
}

// raiseDevice puts an issue on a device and tells it, once.
func (b *batch) raiseDevice(d *device, i Issue) {
	if d.raise(i) {
		told := i
		typ := "internal.issue.raised"
		if i.Code == "low_battery" {
			typ = "device.low_battery"
		}
		b.event(Event{Type: typ, Account: d.Device.Account, Device: d.id(), Issue: &told, Text: i.Message})
	}
}

func (b *batch) lowerDevice(d *device, codes ...string) {
	for _, k := range codes {
		if d.lower(k) {
			b.event(Event{Type: "internal.issue.cleared", Account: d.Device.Account, Device: d.id(), Text: k})
		}
	}
}

// setDevice raises or lowers an issue of a device by a condition; with, unless it is nil, completes one that is raised.
func (b *batch) setDevice(d *device, on bool, name string, with func(Issue) Issue) {
	if !on {
		if len(d.Issues) > 0 {
			b.lowerDevice(d, name)
		}
		return
	}
	i := issue(name, b.now)
	if with != nil {
		i = with(i)
	}
	b.raiseDevice(d, i)
}

// put adds a record besides those of devices.
func (b *batch) put(key string, val []byte) { b.extra = append(b.extra, store.Op{Key: key, Val: val}) }

// insert puts a code on a device, and its id where deviceOf finds it.
func (b *batch) insert(d *device, c *code) {
	d.insert(c)
	b.put(keyCodeID(c.ID), []byte(d.id()))
	b.join(c)
}

// wake handles a row whose time has come.
func (b *batch) wake(r *row) {
	if r.device != nil {
		b.touch(r.device)
		return
	}
	b.device(r.id)
}

// apply takes the n-th input.
func (b *batch) apply(i Input, n int) {
	switch i := i.(type) {
	case Submission:
		b.take(i, n)
	case Outcome:
		b.outcome(i)
	case Notice:
		b.notice(i)
	}
}

// notice remembers that somebody should look.
func (b *batch) notice(n Notice) {
	if n.Device != "" {
		if d := b.device(n.Device); d != nil && !d.isRetired() {
			b.ask(d)
		}
		return
	}
	if l := b.e.link(accountScope(n.Account)); !l.open() {
		l.ProbeAt = b.now
		b.changed(l)
		return
	}
	for i, id := range b.e.membersOf(n.Account) {
		if i == maxHinted || i > 0 && b.full() {
			break // of a larger account the routine looks take care
		}
		if d := b.device(id); d != nil && !d.isRetired() {
			b.ask(d)
		}
	}
}

// ask wants a look soon. A hint that comes while a look is under way, or right after one, still counts: it may tell of
// something later.
func (b *batch) ask(d *device) {
	switch f := d.Flight; {
	case f != nil && f.Verb == CallObserve && !d.Asked.After(f.Since):
		d.Asked, d.dirtyRun = latest(b.now, f.Since.Add(1)), true // the look under way does not answer it
	case d.Asked.IsZero():
		d.Asked, d.dirtyRun = b.now, true
	}
	if !d.RetryAt.IsZero() {
		d.RetryAt, d.dirtyRun = time.Time{}, true
	}
}

// decide settles every touched device, plans it, and derives what changed.
func (b *batch) decide() {
	b.probes()
	for i := 0; i < len(b.touched) && b.err == nil; i++ {
		if d := b.touched[i]; !b.rest(d) {
			b.guard(d, func() { b.e.think(b, d) })
		}
	}
}

// dirty reports whether something of the device is to be written.
func (d *device) dirty() bool {
	return d.dirtyRun || d.dirtyConfig || d.dirtyHeld || len(d.gone) > 0 || slices.ContainsFunc(d.codes, func(c *code) bool { return c.dirty })
}

// writes is what one commit writes. Its values share one buffer, which the store keeps no part of, and so do the commits of
// all steps.
type writes struct {
	conds []store.Cond
	ops   []store.Op
	text  []byte
	mark  commitMark
	first Seq // the oldest line of the journal that is left
}

// put adds a record whose text is v as enc writes it.
func put[T any](w *writes, key string, v *T, enc func([]byte, *T) []byte) {
	from := len(w.text)
	w.text = enc(w.text, v)
	w.ops = append(w.ops, store.Op{Key: key, Val: w.text[from:len(w.text):len(w.text)]})
}

// records collects what the batch writes, and the conditions under which.
func (b *batch) records(w *writes) {
	for _, d := range b.touched {
		if !d.dirty() {
			continue
		}
		w.conds = append(w.conds, store.Cond{Key: d.keyRun(), Rev: d.rev})
		if d.dirtyConfig {
			w.ops = append(w.ops, store.Op{Key: keyConfig(d.id()), Val: encode(d.config)})
		}
		if d.dirtyHeld {
			put(w, keyHeld(d.id()), &d.held, encodeHeld)
		}
		for _, c := range d.codes {
			if c.dirty {
				put(w, c.keyOn(d), c, encodeCode)
			}
		}
		for _, c := range d.gone {
			w.ops = append(w.ops, store.Op{Key: keyCode(d.id(), c.ID), Delete: true})
			if c.Device == d.id() { // else it moved to another device
				put(w, keyHistory(d.id(), c.ID), c, encodeCode)
			}
		}
		put(w, d.keyRun(), &d.run, encodeRun)
	}
	for _, scope := range b.links {
		put(w, keyLink(scope), b.e.links[scope], encodeLink)
	}
	w.ops = append(w.ops, b.extra...)
	for i := range b.events {
		put(w, keyEvent(b.events[i].Seq), &b.events[i], encodeEvent)
	}
	// Two old lines go for each new one, so that a bound that was lowered is reached too.
	w.first = b.e.first
	for n := min(int(b.seq-w.first)+1-b.e.lines, 2*len(b.events), b.e.limits.MaxOps-1-len(w.ops)); n > 0; n-- {
		w.ops = append(w.ops, store.Op{Key: keyEvent(w.first), Delete: true})
		w.first++
	}
	b.dropStale(w)
}

// reset empties w, keeping its memory if that is not much.
func (w *writes) reset() {
	if cap(w.text) > maxShared {
		*w = writes{}
	}
	clear(w.ops) // keys and values must not outlive their step
	w.conds, w.ops, w.text = w.conds[:0], w.ops[:0], w.text[:0]
}

// committed moves what is in memory to what the store now holds.
func (b *batch) committed(rev store.Rev) {
	for _, d := range b.touched {
		if d.dirty() {
			d.rev = rev
		}
		d.dirtyRun, d.dirtyConfig, d.dirtyHeld, d.gone = false, false, false, nil
		for _, c := range d.codes {
			c.dirty = false
		}
		b.e.absorb(d)
	}
	for _, scope := range b.links {
		b.e.links[scope].dirty = false
	}
}

// absorb moves the row and the wake of a device to what it now is.
func (e *Engine) absorb(d *device) {
	e.cache.weigh(d)
	r := d.row
	if r == nil {
		r = e.rows[d.id()]
	}
	if r == nil {
		r = &row{id: d.id(), summary: d.Row}
		e.rows[d.id()] = r
		e.join(r)
	} else {
		e.totals.add(&r.summary, -1)
		if r.Name != d.Row.Name || r.Account != d.Row.Account || r.Hub != d.Row.Hub || r.System != d.Row.System || r.Model != d.Row.Model {
			r.sought = ""
		}
	}
	d.row, r.device, r.summary = r, d, d.Row
	e.totals.add(&r.summary, 1)
	e.wakes.set(r, d.Wake)
}

// answer tells every submitter how it ended: with err, if the commit failed.
func (b *batch) answer(err error) {
	for _, r := range b.replies {
		switch {
		case r.done == nil:
		case err != nil:
			r.done(Receipt{}, err)
		default:
			r.done(r.receipt, r.err)
		}
	}
}

// sorted returns the keys of a set of devices in order.
func sorted[V any](m map[lock.DeviceID]V) []lock.DeviceID {
	ids := make([]lock.DeviceID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b lock.DeviceID) int { return strings.Compare(string(a), string(b)) })
	return ids
}
