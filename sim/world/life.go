package world

import (
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim"
)

// decoded is how many codes an engine keeps decoded: those of a whole fleet, for a world has it in memory anyway.
const decoded = 1 << 20

// StopEngine stops the engine as the end of its process would: it takes no step until StartEngine, and the outcomes of its
// calls are lost; what the calls do to the locks still happens. It does nothing to a stopped engine.
func (w *World) StopEngine() {
	if !w.running {
		return
	}
	w.drop()
	w.note(sim.Record{Kind: sim.KindEngine, Name: "stopped"})
}

// StartEngine opens the engine from the store and lets it take its first step at this instant. It does nothing to a running
// engine.
func (w *World) StartEngine() error {
	if w.running || w.err != nil {
		return w.err
	}
	e, err := w.open()
	if err != nil {
		w.lost(err)
		return w.err
	}
	w.engine, w.running = e, true
	w.judge.started(w.Now())
	w.note(sim.Record{Kind: sim.KindEngine, Name: "started"})
	w.arm(w.Now())
	return nil
}

// KillAtEffect lets the engine die right after its n-th call from now is sent, before the outcome is known, and starts it
// again at once. 0 takes it back.
func (w *World) KillAtEffect(n int) { w.killAt = n }

// kill is the death of the engine's process, and a supervisor that starts it again.
func (w *World) kill() {
	w.drop()
	w.note(sim.Record{Kind: sim.KindEngine, Name: "killed"})
	_ = w.StartEngine() // keeps its error in w.err
}

// lost is the end of the store under the engine.
func (w *World) lost(err error) {
	if w.o.Outage != nil && w.o.Outage(err) {
		w.kill()
		return
	}
	w.err = err
}

// drop forgets everything that dies with the engine's process.
func (w *World) drop() {
	w.running = false
	w.engine = nil
	w.life++
	w.inbox = nil
	w.disarm()
	w.hangUp()
	w.judge.stopped()
}

// open reads an engine from the store.
func (w *World) open() (mind, error) {
	e, err := engine.Open(w.ctx, engine.Options{Store: w.o.Store, Secret: secret(w.o.Seed), Policy: w.o.Policy, Cache: decoded})
	if err != nil {
		return nil, err
	}
	if w.o.worse != nil {
		return w.o.worse(w, e), nil
	}
	return e, nil
}

// reader returns the engine, or, while it is stopped, one that only reads the stored state.
func (w *World) reader() (mind, error) {
	if w.err != nil {
		return nil, w.err
	}
	if w.engine == nil {
		e, err := w.open()
		if err != nil {
			return nil, err
		}
		w.engine = e
	}
	return w.engine, nil
}
