package seam

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// host runs the service's engine on the fleet's thread.
type host struct {
	fleet  *sim.Fleet
	engine *engine.Engine
	inbox  []engine.Input
	busy   bool      // stepping
	due    time.Time // of the next step; zero: none
	turn   int       // counts the steps that were planned, so that one that was overtaken is none
	waits  map[lock.DeviceID][]func()
	err    error
	news   func() // called after a step that may have left something in the journal

	habits   Habits
	of       map[lock.DeviceID]lock.Device
	stays    []*stay // oldest first
	numbered int     // stays ever
}

var _ engine.Host = (*host)(nil)

// Now implements engine.Host.
func (h *host) Now() time.Time { return h.fleet.Now() }

// Submit implements engine.Host.
func (h *host) Submit(_ context.Context, c engine.Command) (receipt engine.Receipt, err error) {
	err = errGone
	h.offer(engine.Submission{Command: c, Done: func(r engine.Receipt, e error) { receipt, err = r, e }})
	return receipt, err
}

// Snapshot implements engine.Host.
func (h *host) Snapshot(ctx context.Context, q engine.Query) (engine.Snapshot, error) {
	return h.engine.Snapshot(ctx, h.Now(), q)
}

// Journal implements engine.Host.
func (h *host) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	return h.engine.Journal(ctx, after, limit)
}

// Bell implements engine.Host. Nobody waits for it: a request on the fleet's thread must not.
func (h *host) Bell(context.Context) <-chan struct{} { return nil }

// offer gives the engine an input.
func (h *host) offer(in engine.Input) {
	h.inbox = append(h.inbox, in)
	h.step()
}

// step feeds the engine until it has taken every input, and makes its calls.
func (h *host) step() {
	if h.busy {
		return // the step under way takes it
	}
	h.busy = true
	defer func() { h.busy = false }()
	for h.err == nil {
		in := h.inbox
		h.inbox = nil
		work, err := h.engine.Step(h.Now(), in...)
		if err != nil || work.Taken == 0 && len(in) > 0 {
			h.err = errGone
			return
		}
		h.inbox = append(in[work.Taken:], h.inbox...)
		for _, call := range work.Calls {
			h.send(call)
		}
		if len(h.inbox) == 0 {
			h.arm(work.Wake)
			if h.news != nil {
				h.news()
			}
			return
		}
	}
}

// arm plans the next step.
func (h *host) arm(at time.Time) {
	if at.IsZero() || at.Equal(h.due) && at.After(h.Now()) {
		return
	}
	h.due = at
	h.turn++
	turn := h.turn
	h.fleet.After(max(0, at.Sub(h.Now())), func() {
		if h.turn == turn {
			h.due = time.Time{}
			h.step()
		}
	})
}

// send makes a call to a lock, behind the troubles of the service itself.
func (h *host) send(c engine.Call) {
	x := sim.Call{ID: string(c.ID), Verb: string(c.Verb), Device: c.Device, Want: c.Want, At: c.At, Known: c.Known, Deadline: c.Deadline}
	kind, blame := h.refused(c.Device)
	var why string
	if c.Want.Offline != lock.OfflineNone && h.full(c.Want, c.Device) {
		kind, blame, why = driver.Rejected, driver.BlameLock, "too_many_offline_codes"
	}
	if kind.Definite() {
		h.fleet.After(0, func() {
			h.offer(engine.Outcome{Call: c.ID, Device: c.Device, Err: &driver.Error{Op: x.Verb, Device: c.Device, Kind: kind, Blame: blame, Vendor: why}})
			h.told(c.Device)
		})
		return
	}
	offline := c.Want.Offline != lock.OfflineNone
	computed := offline && c.Verb == engine.CallSet
	if computed {
		x.Want.Window = shift(x.Want.Window, h.off())
	} else if !offline && !h.of[c.Device].Traits.OfflineOnly {
		x.Passed, x.Want.Code = true, "" // the lock knows nothing of the service's ids
	}
	h.fleet.Call(x, func(r sim.Result) {
		if computed && r.Err == nil {
			h.computed(c.Device, c.Want, r.Held)
			r.Held.Window = shift(r.Held.Window, -h.off())
		}
		h.offer(engine.Outcome{Call: c.ID, Device: c.Device, Err: r.Err, Observation: h.believed(c.Device, r.Observation), Held: r.Held})
		h.told(c.Device)
	})
}

// refused is why the vendor lets the service do nothing at a lock; Ambiguous: it does.
func (h *host) refused(id lock.DeviceID) (driver.Kind, driver.Blame) {
	switch {
	case h.habits.Disconnected:
		return driver.Unauthorized, driver.BlameAccount
	case h.habits.MissingBridge && !h.of[id].Traits.OfflineOnly:
		return driver.Offline, driver.BlameHub
	}
	return driver.Ambiguous, driver.BlameUnknown
}

// patience bounds how long a request waits for a look, well within the time that its caller has: then the service tells what it knows.
const patience = 10 * time.Second

// look has a lock looked at, and goes on when something is known of it, or nothing has come for long.
func (h *host) look(id lock.DeviceID, then func()) {
	done := false
	once := func() {
		if !done {
			done = true
			then()
		}
	}
	h.waits[id] = append(h.waits[id], once)
	h.fleet.After(patience, once)
	if _, err := h.Submit(context.Background(), engine.Command{Actor: "service", Do: engine.Observe{Device: id}}); err != nil {
		once()
	}
}

// told ends the waits for a look at a lock.
func (h *host) told(id lock.DeviceID) {
	waits := h.waits[id]
	delete(h.waits, id)
	for _, then := range waits {
		then()
	}
}
