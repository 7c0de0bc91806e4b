package world

import (
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Wire makes the engine's calls in place of the fleet: through the drivers of vendors and their protocols. It lives on the world's
// thread. Locks have the ids of the fleet on both of its sides.
type Wire interface {
	// Devices lists the locks as their vendor does.
	Devices() []lock.Device
	// Call makes a driver call. done is called once, in an event of ClassEngine, at the call's deadline at the latest, and never after Drop.
	Call(c sim.Call, done func(sim.Result))
	// Drop is the end of the process that made the calls: nobody is left to hear their answers. What they asked for still happens.
	Drop()
	// Place is how the fleet calls what the driver calls ref, or Unplaced; the code is the one that is meant, if that is known.
	Place(id lock.DeviceID, ref lock.Ref, code lock.CodeID) lock.Ref
}

// Unplaced is how the checkers know an entry that the fleet's lock does not hold: by the driver's handle.
func Unplaced(ref lock.Ref) lock.Ref { return "wire:" + ref }

// Wiring lays a wire to a fleet whose clock has just begun. notice takes what the vendors' webhooks come to. Before it returns it may let
// the kernel run.
type Wiring func(k *sim.Kernel, f *sim.Fleet, notice func(driver.Notice)) (Wire, error)

// carrier is what makes the engine's calls.
func (w *World) carrier() interface {
	Call(sim.Call, func(sim.Result))
} {
	if w.wire != nil {
		return w.wire
	}
	return w.fleet
}

// listed is what the engine is told of the locks.
func (w *World) listed() []lock.Device {
	if w.wire != nil {
		return w.wire.Devices()
	}
	return w.fleet.Devices()
}

// hangUp forgets who waits for answers.
func (w *World) hangUp() {
	if w.wire != nil {
		w.wire.Drop()
	} else {
		w.fleet.DropFlight()
	}
}

// asJudged is a call as the checkers know entries: by the fleet's handles.
func (w *World) asJudged(c *engine.Call) *engine.Call {
	if w.wire == nil || c.At == "" {
		return c
	}
	judged := *c
	judged.At = w.wire.Place(c.Device, c.At, c.Code)
	return &judged
}

// named is a command as the checkers know entries.
func (w *World) named(c engine.Command) engine.Command {
	if w.wire == nil {
		return c
	}
	switch do := c.Do.(type) {
	case engine.Adopt:
		do.Ref = w.wire.Place(do.Device, do.Ref, "")
		c.Do = do
	case engine.DeleteUnmanaged:
		do.Ref = w.wire.Place(do.Device, do.Ref, "")
		c.Do = do
	}
	return c
}

// asSeen is a result as the checkers know entries.
func (w *World) asSeen(c *engine.Call, r sim.Result) sim.Result {
	if w.wire == nil {
		return r
	}
	held := make([]lock.Held, len(r.Observation.Held))
	for i, h := range r.Observation.Held {
		absent := Unplaced(h.Ref)
		if h.Ref = w.wire.Place(c.Device, h.Ref, ""); h.Ref != absent {
			w.judge.placed(c.Device, absent, h.Ref)
		}
		held[i] = h
	}
	r.Observation.Held = held
	return r
}
