package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// A lock that the engine can't think about is parked: it is left alone, says why, and everything else goes on. There are two
// sorts. A lock with a record that can't be read is parked in memory, for as long as the engine is open, and nothing of it is
// written. One whose thought ran into a bug is parked in its run record, until somebody asks for a look.

// recordError: a record of a device is missing or does not read.
type recordError struct {
	key   string
	cause error // nil: it is missing
}

func (e *recordError) Error() string {
	if e.cause == nil {
		return "record " + e.key + " is missing"
	}
	return fmt.Sprintf("record %s does not read: %v", e.key, e.cause)
}

func (e *recordError) Unwrap() error { return e.cause }

// unreadable is the recordError that decode returned.
func unreadable(err error) *recordError {
	var bad *recordError
	errors.As(err, &bad)
	return bad
}

// issue says what to do. The cause is left out: it may quote what stands in the record.
func (e *recordError) issue() Issue {
	what := "does not read"
	if e.cause == nil {
		what = "is missing"
	}
	i := issue("device_parked", time.Time{})
	i.Message = "record " + e.key + " " + what + ", so the lock is left alone and nothing of it is overwritten"
	i.Remedy = "restore the last backup, or report the record; meanwhile see to the lock by its vendor's app"
	return i
}

// refusal is what is answered when somebody asks for the device.
func (e *recordError) refusal() *Refusal {
	r := &Refusal{Issue: e.issue(), Field: "device"}
	r.Class = ClassRefusal
	return r
}

// unread is the answer to a command that needs a record that can't be read. Another error is the store's, and ends the step.
func (b *batch) unread(err error) error {
	var bad *recordError
	if errors.As(err, &bad) {
		return refuse("unreadable_record", "", "record "+bad.key+" does not read")
	}
	b.err = err
	return err
}

// park leaves a device alone whose record can't be read, and tells so once.
func (b *batch) park(id lock.DeviceID, bad *recordError) {
	b.e.park(id, bad)
	b.tellParked()
}

func (e *Engine) park(id lock.DeviceID, bad *recordError) {
	e.parked[id] = bad
	e.untold = append(e.untold, id)
	if r := e.rows[id]; r != nil {
		e.totals.add(&r.summary, -1)
		r.Issues, r.Errors, r.Worst = r.Issues+1, r.Errors+1, "device_parked"
		e.totals.add(&r.summary, 1)
		e.wakes.set(r, time.Time{})
	}
}

// tellParked tells of devices that were parked since it was last asked.
func (b *batch) tellParked() {
	for _, id := range b.e.untold {
		i := b.e.parked[id].issue()
		i.Since = b.now
		ev := Event{Type: "internal.issue.raised", Device: id, Issue: &i, Text: i.Message}
		if r := b.e.rows[id]; r != nil {
			ev.Account = r.Account
		}
		b.event(ev)
	}
	b.e.untold = nil
}

// guard runs a part of the thought about a device. A panic becomes a bugError of the batch, which is then tried again
// without a thought about that device.
func (b *batch) guard(d *device, think func()) {
	if b.e.bugs[d.id()] != "" {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			b.err = &bugError{device: d.id(), what: met(r)}
		}
	}()
	think()
}

// rest keeps a device as it is. It reports false if it is not parked.
func (b *batch) rest(d *device) bool {
	if what := b.e.bugs[d.id()]; what != "" && !d.Parked {
		d.Parked, d.dirtyRun = true, true
		i := issue("device_parked", b.now)
		i.Message += " (" + what + ")"
		b.raiseDevice(d, i)
	}
	if !d.Parked {
		return false
	}
	if !d.Wake.IsZero() {
		d.Wake, d.Why, d.dirtyRun = time.Time{}, "", true
	}
	if d.Row.Worst != "device_parked" {
		d.Row.Account, d.Row.Name = d.Device.Account, d.Device.Name
		d.Row.Issues, d.Row.Worst, d.dirtyRun = d.Row.Issues+1, "device_parked", true
	}
	return true
}

// unpark lets the engine think about a device again. Of a call that was in flight nobody knows the end.
func (b *batch) unpark(d *device) {
	if !d.Parked {
		return
	}
	d.Parked, d.dirtyRun = false, true
	if d.Flight != nil {
		b.lost(d, "the lock was parked")
	}
}

// lost makes the call in flight ambiguous.
func (b *batch) lost(d *device, why string) {
	b.guard(d, func() {
		b.finish(d, Outcome{Call: d.Flight.ID, Device: d.id(), Err: &driver.Error{Op: string(d.Flight.Verb), Device: d.id(), Vendor: why}}, true)
	})
}
