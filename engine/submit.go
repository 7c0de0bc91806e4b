package engine

import (
	"errors"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// change is a command that was found possible: what it will answer, and what it will do. Finding that out changes nothing.
type change struct {
	receipt Receipt
	apply   func(r *Receipt)
	plan    func() []Moment // the life of its one code once it is done; nil: it has not one
	undo    *undo
}

// undo is what a command changed, so that it can be compensated: undo/<seq>.
type undo struct {
	Verb   string
	At     time.Time     `json:",omitzero"`
	Codes  []undoCode    `json:",omitzero"`
	Pool   lock.DeviceID `json:",omitzero"`
	PoolOn bool          `json:",omitzero"` // as it was
}

type undoCode struct {
	ID            lock.CodeID
	Device        lock.DeviceID
	Made          bool `json:",omitzero"`
	Before, After wish
}

// submit takes a command: whole, or not at all.
func (b *batch) submit(s Submission) {
	c := s.Command
	if c.Key != "" && !c.DryRun {
		first, used, err := b.answered(c.Key)
		var r Receipt
		if used {
			r, err = b.again(first, c)
		}
		if used || err != nil {
			b.replies = append(b.replies, reply{done: s.Done, receipt: r, err: err})
			return
		}
	}
	b.met = ""
	x, err := b.check(c)
	if b.met != "" {
		err = b.e.parked[b.met].refusal()
	}
	if err != nil {
		b.replies = append(b.replies, reply{done: s.Done, err: err})
		return
	}
	r := x.receipt
	r.At, r.Undoable = b.now, x.undo != nil
	if c.DryRun {
		if x.plan != nil {
			r.Plan = x.plan()
		}
		b.replies = append(b.replies, reply{done: s.Done, receipt: r})
		return
	}
	ev := Event{Type: "command." + c.Do.Verb(), Actor: c.Actor}
	if len(r.Codes) > 0 {
		ev.Code = r.Codes[0]
	}
	if ev.Device = deviceNamed(c.Do); ev.Device == "" && ev.Code != "" {
		ev.Device = b.deviceOf(ev.Code)
	}
	b.event(ev)
	r.Seq = b.seq
	x.apply(&r)
	if x.undo != nil {
		x.undo.At = b.now
		b.put(keyUndo(r.Seq), encodeUndo(nil, x.undo))
		b.owes()
	}
	if c.Key != "" {
		b.keep(c, r)
	}
	answer := reply{done: s.Done, receipt: r}
	for i := 0; c.Show && i < len(r.Codes); i++ {
		if d, c := b.code(r.Codes[i]); c != nil {
			answer.shows = append(answer.shows, shown{d, c})
		}
	}
	b.replies = append(b.replies, answer)
}

// show puts into the receipts of those who asked for it what their codes have become.
func (b *batch) show() {
	for i := range b.replies {
		r := &b.replies[i]
		if len(r.shows) < len(r.receipt.Codes) {
			continue // not asked for, or one is gone again
		}
		q := Query{Told: len(r.receipt.PINs) > 0}
		for _, s := range r.shows {
			r.receipt.Shown = append(r.receipt.Shown, b.e.codeView(b.now, s.on, s.code, &q))
		}
	}
}

// check finds out whether a command can be done, without doing anything.
func (b *batch) check(c Command) (change, error) {
	if len(c.Key) > 200 {
		return change{}, refuse("invalid_input", "key", "must have at most 200 characters")
	}
	switch do := c.Do.(type) {
	case Create:
		return b.checkCreate(do)
	case CreateMany:
		return b.checkCreateMany(do)
	case Update:
		return b.checkUpdate(do)
	case UpdateMany:
		return b.checkUpdateMany(do)
	case Convert:
		return b.checkConvert(do)
	case Delete:
		return b.checkDelete(do)
	case Rotate:
		return b.checkRotate(do)
	case PullBackup:
		return b.checkPull(do)
	case SetPool:
		return b.checkPool(do)
	case Adopt:
		return b.checkAdopt(do)
	case DeleteUnmanaged:
		return b.checkDeleteUnmanaged(do)
	case SwapDevice:
		return b.checkSwap(do)
	case Observe:
		return b.checkObserve(do)
	case Undo:
		return b.checkUndo(do)
	case AddDevice:
		return b.checkAddDevice(do)
	case RemoveDevice:
		return b.checkRemoveDevice(do)
	case Reveal:
		return b.checkReveal(do)
	case SetPolicy:
		return b.checkPolicy(do)
	}
	return change{}, errors.New("no such command")
}

// deviceNamed is the device that a command is about, for the journal.
func deviceNamed(a Action) lock.DeviceID {
	switch do := a.(type) {
	case Create:
		return do.Device
	case SetPool:
		return do.Device
	case Adopt:
		return do.Device
	case DeleteUnmanaged:
		return do.Device
	case SwapDevice:
		return do.New
	case Observe:
		return do.Device
	case AddDevice:
		return do.Device.ID
	case RemoveDevice:
		return do.Device
	case SetPolicy:
		return do.Device
	}
	return ""
}

// known finds a device that is under management.
func (b *batch) known(id lock.DeviceID, field string) (*device, error) {
	if id == "" {
		return nil, refuse("device_not_found", field, "no device is named")
	}
	d := b.device(id)
	if d == nil || d.isRetired() {
		return nil, refuse("device_not_found", field, "no device "+quote(string(id)))
	}
	return d, nil
}

// live finds a code that is neither gone nor withdrawn.
func (b *batch) live(id lock.CodeID) (*device, *code, error) {
	d, c := b.code(id)
	if c == nil || !c.Deleted.IsZero() || c.isOver(b.now) {
		return nil, nil, refuse("access_code_not_found", "code", "no live access code "+quote(string(id)))
	}
	return d, c, nil
}

// quote puts an id that came from outside into a sentence, bounded.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return `"` + s + `"`
}
