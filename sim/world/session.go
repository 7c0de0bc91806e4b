package world

import (
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// maxDeeds bounds a session that can be saved as a scenario.
const maxDeeds = 5000

// session is what people and programs did to a world since it was made or resumed.
type session struct {
	start time.Time
	deeds []deed
	more  bool // it went beyond maxDeeds
	seq   engine.Seq
}

// deed is one thing that was done.
type deed struct {
	at   time.Time
	did  any            // engine.Action, sim.Fault, heal, tried, sim.Edit or sim.LockSpec
	took engine.Receipt // of an engine.Action
	slot int            // where the entry stood that an engine.Action named by its ref
}

// heal ends a fault, or those of a target.
type heal string

// tried is somebody at a keypad.
type tried struct {
	lock  lock.DeviceID
	pin   lock.PIN
	code  lock.CodeID // whose digits these were, if they were told
	opens bool
}

// open begins the session with what stands already: live codes, and faults.
func (s *session) open(w *World) {
	s.start = w.Now()
	chooses := map[lock.DeviceID]bool{} // locks whose provider chooses the digits: nobody may name them
	for _, d := range w.fleet.Devices() {
		chooses[d.ID] = d.Traits.AssignsPIN
	}
	for _, id := range w.judge.codes() {
		c := w.judge.wishes[id]
		if !c.live(s.start) || c.For != "" || c.Offl != lock.OfflineNone {
			continue
		}
		pin := c.Told.PIN
		if chooses[c.Device] {
			pin = lock.PIN{}
		}
		s.add(deed{at: s.start, took: engine.Receipt{Codes: []lock.CodeID{id}}, did: engine.Create{
			ID: id, Device: c.Device, PIN: pin, Starts: c.Window.From, Ends: c.Window.To, AllowExternal: c.Extern,
			Holder: c.Holder, CommonKey: c.Common,
		}})
	}
	for _, id := range w.judge.ids() {
		if d := w.judge.devices[id]; d.Pool {
			s.add(deed{at: s.start, did: engine.SetPool{Device: id, On: true}})
		}
	}
	for _, f := range w.fleet.Faults() {
		if f.For > 0 {
			f.For = max(f.From.Add(f.For).Sub(s.start), time.Second)
		}
		f.From = maxTime(f.From, s.start)
		s.add(deed{at: f.From, did: f})
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *session) add(d deed) {
	if s.start.IsZero() {
		return // the world is being made
	}
	if len(s.deeds) == maxDeeds {
		s.more = true
		return
	}
	s.deeds = append(s.deeds, d)
}

// command adds a command that was taken.
func (s *session) command(w *World, at time.Time, c engine.Command, r engine.Receipt) {
	if s.start.IsZero() || r.Seq != 0 && r.Seq <= s.seq {
		return // the world is being made, or the answer is that of a repeated key
	}
	s.seq = max(s.seq, r.Seq)
	d := deed{at: at, did: c.Do, took: r}
	switch do := c.Do.(type) {
	case engine.Adopt:
		d.slot = slotOf(w.fleet, do.Device, do.Ref)
	case engine.DeleteUnmanaged:
		d.slot = slotOf(w.fleet, do.Device, do.Ref)
	}
	s.add(d)
}

// slotOf is where an entry stands; 0: nowhere.
func slotOf(d door, id lock.DeviceID, ref lock.Ref) int {
	for _, m := range d.AppendMemory(nil, id) {
		if m.Ref == ref {
			return m.Slot
		}
	}
	return 0
}

// AddLock puts one more lock into the fleet and under the engine's management, also for when the world is resumed.
func (w *World) AddLock(l sim.LockSpec) error {
	if err := w.fleet.Add(l); err != nil {
		return err
	}
	w.o.Spec.Locks = append(w.o.Spec.Locks[:len(w.o.Spec.Locks):len(w.o.Spec.Locks)], l)
	if err := w.record(); err != nil {
		w.err = err
		return err
	}
	w.log.add(deed{at: w.Now(), did: l})
	for _, d := range w.fleet.Devices() {
		if d.ID == l.ID {
			_, err := w.Submit(engine.Command{Actor: "world", Do: engine.AddDevice{Device: d}})
			return err
		}
	}
	return fmt.Errorf("lock %s: it is not in the fleet", l.ID)
}

// inject places a fault.
func (w *World) inject(f sim.Fault) (string, error) {
	id, err := w.fleet.Inject(f)
	if err == nil {
		f.ID = id
		w.log.add(deed{at: maxTime(f.From, w.Now()), did: f})
	}
	return id, err
}

// heal ends a fault, or those of a target.
func (w *World) heal(idOrTarget string) error {
	err := w.fleet.Heal(idOrTarget)
	if err == nil {
		w.log.add(deed{at: w.Now(), did: heal(idOrTarget)})
	}
	return err
}

// types types at a keypad.
func (w *World) types(id lock.DeviceID, pin lock.PIN) (sim.Try, error) {
	try, err := w.fleet.TryPIN(id, pin)
	if err != nil {
		return try, err
	}
	t := tried{lock: id, pin: pin, opens: try.Opens}
	for _, code := range w.judge.device(id).codes {
		if c := w.judge.wishes[code]; c != nil && c.Told.PIN == pin && (t.code == "" || c.live(w.Now())) {
			t.code = code
		}
	}
	w.log.add(deed{at: w.Now(), did: t})
	return try, nil
}

// edit changes a lock by hand.
func (w *World) edit(e sim.Edit) error {
	if e.Ref != "" {
		if slot := slotOf(w.fleet, e.Lock, e.Ref); slot > 0 {
			e.Slot, e.Ref = slot, ""
		}
	}
	if err := w.fleet.Edit(e); err != nil {
		return err
	}
	w.log.add(deed{at: w.Now(), did: e})
	return nil
}
