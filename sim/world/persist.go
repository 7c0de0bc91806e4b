package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What a world keeps in the store, beside the records of its fleet:
//
//	sim/world          what it is made of
//	sim/now            the virtual instant
//	sim/tempo          how fast it goes, once somebody has said so
//	sim/judge          what the checkers know of commands
//	sim/door/<device>  and of one lock
//	sim/wish/<code>    and of one code
//	sim/rewinding      present while the store is being overwritten by a snapshot
const (
	dirSim       = "sim/"
	keyWorld     = "sim/world"
	keyNow       = "sim/now"
	keyTempo     = "sim/tempo"
	keyJudge     = "sim/judge"
	dirDoor      = "sim/door/"
	dirWish      = "sim/wish/"
	keyRewinding = "sim/rewinding"
)

// made is what a world is made of: sim/world.
type made struct {
	Name   string
	Seed   uint64
	Start  time.Time
	Opens  time.Time
	Stays  bool
	Spec   sim.Spec
	Policy engine.Policy
}

// known is what the checkers know of commands but for locks and codes: sim/judge.
type known struct {
	Seq      engine.Seq
	Base     engine.Policy
	Accounts map[lock.AccountID]engine.PolicyPatch
}

// tempo is how fast a world is to go: sim/tempo.
type tempo struct {
	Rate   int // virtual seconds per real second; 0: nobody has said
	Paused bool
}

// held is a world as a store holds it.
type held struct {
	made
	now    time.Time
	tempo  tempo
	known  known
	doors  []*watched
	wishes []*wish
	items  []sim.Item // of the fleet
}

// keeper remembers what was written.
type keeper struct{ now time.Time }

// load reads the world that a store holds, or nil if it holds none.
func load(ctx context.Context, s store.Store) (*held, error) {
	all, _, err := s.Scan(ctx, dirSim, "", 0)
	if err != nil {
		return nil, fmt.Errorf("world: read the store: %w", err)
	}
	var h held
	there := false
	for _, kv := range all {
		var err error
		switch key := kv.Key; {
		case key == keyRewinding:
			return nil, errors.New("world: a rewind was cut short, so the store holds parts of two worlds; start it afresh")
		case key == keyWorld:
			there = true
			err = json.Unmarshal(kv.Val, &h.made)
		case key == keyNow:
			h.now, err = time.Parse(time.RFC3339Nano, string(kv.Val))
		case key == keyTempo:
			err = json.Unmarshal(kv.Val, &h.tempo)
		case key == keyJudge:
			err = json.Unmarshal(kv.Val, &h.known)
		case strings.HasPrefix(key, dirDoor):
			d := &watched{}
			err = json.Unmarshal(kv.Val, d)
			h.doors = append(h.doors, d)
		case strings.HasPrefix(key, dirWish):
			w := &wish{}
			err = json.Unmarshal(kv.Val, w)
			h.wishes = append(h.wishes, w)
		default:
			h.items = append(h.items, sim.Item{Key: key, Val: kv.Val})
		}
		if err != nil {
			return nil, fmt.Errorf("world: record %s does not read: %w", kv.Key, err)
		}
	}
	if !there {
		return nil, nil
	}
	return &h, nil
}

// resume continues the world that the store held.
func (w *World) resume(h *held) error {
	w.o.Name, w.o.Seed, w.o.Start, w.o.Opens, w.o.Stays, w.o.Spec, w.o.Policy = h.Name, h.Seed, h.Start, h.Opens, h.Stays, h.Spec, h.Policy
	w.o.Faults = nil
	if err := w.raise(h.now); err != nil {
		return err
	}
	if err := w.fleet.Restore(h.items); err != nil {
		return err
	}
	w.keep.now, w.tempo = h.now, h.tempo
	w.judge = newJudge(w)
	w.judge.restore(h)
	if err := w.StartEngine(); err != nil {
		return err
	}
	w.seq = w.engine.Seq()
	w.book()
	return w.err
}

// restore gives the checkers their model back.
func (j *judge) restore(h *held) {
	j.resumed = true
	j.Seq, j.base = h.known.Seq, h.known.Base
	if h.known.Accounts != nil {
		j.accounts = h.known.Accounts
	}
	for _, d := range h.doors {
		d.forget()
		if d.Permits == nil {
			d.Permits = map[lock.Ref]bool{}
		}
		j.devices[d.Device.ID] = d
		j.soil(d)
	}
	for _, w := range h.wishes {
		j.add(w)
	}
	clear(j.changed)
}

// record writes what the world is made of: from then on the store holds a world.
func (w *World) record() error {
	if w.o.Ephemeral {
		return nil
	}
	o := w.o
	return w.commit([]store.Op{{Key: keyWorld, Val: encode(made{o.Name, o.Seed, o.Start, o.Opens, o.Stays, o.Spec, o.Policy})}})
}

// keepTempo writes how fast the world is to go from now on.
func (w *World) keepTempo(t tempo) error {
	if w.tempo = t; w.o.Ephemeral {
		return nil
	}
	return w.commit([]store.Op{{Key: keyTempo, Val: encode(t)}})
}

// persist writes what changed on the simulated side since it was last called, and the instant: always before the reply
// that tells of it reaches the engine.
func (w *World) persist() {
	if w.o.Ephemeral || w.err != nil {
		return
	}
	ops := w.judge.unwritten()
	for _, item := range w.fleet.Changed() {
		ops = append(ops, store.Op{Key: item.Key, Val: item.Val, Delete: item.Val == nil})
	}
	now := w.Now()
	if len(ops) == 0 && now.Equal(w.keep.now) {
		return
	}
	ops = append(ops, store.Op{Key: keyNow, Val: []byte(now.Format(time.RFC3339Nano))})
	if w.err = w.commit(ops); w.err == nil {
		w.keep.now = now
	}
}

// commit writes ops, in as few commits as the store's limits allow.
func (w *World) commit(ops []store.Op) error {
	return commit(w.ctx, w.o.Store, ops)
}

func commit(ctx context.Context, s store.Store, ops []store.Op) error {
	limits := s.Limits()
	for len(ops) > 0 {
		n, size := 0, 0
		for n < len(ops) && n < limits.MaxOps && (n == 0 || size+ops[n].Size() <= limits.MaxBytes) {
			size += ops[n].Size()
			n++
		}
		_, err := s.Commit(ctx, nil, ops[:n])
		for tries := 0; errors.Is(err, store.ErrUnknown) && tries < 3; tries++ {
			_, err = s.Commit(ctx, nil, ops[:n]) // made twice is made once
		}
		if err != nil {
			return fmt.Errorf("world: write the store: %w", err)
		}
		ops = ops[n:]
	}
	return nil
}

// unwritten returns what of the model is to be written.
func (j *judge) unwritten() []store.Op {
	if !j.unsaved && len(j.changed) == 0 && len(j.doors) == 0 {
		return nil
	}
	var ops []store.Op
	if j.unsaved {
		ops = append(ops, store.Op{Key: keyJudge, Val: encode(known{j.Seq, j.base, j.accounts})})
		j.unsaved = false
	}
	for _, id := range slices.Sorted(maps.Keys(j.doors)) {
		ops = append(ops, store.Op{Key: dirDoor + string(id), Val: encode(j.devices[id])})
	}
	clear(j.doors)
	for _, id := range slices.Sorted(maps.Keys(j.changed)) {
		op := store.Op{Key: dirWish + string(id)}
		if w := j.wishes[id]; w != nil {
			op.Val = encode(w)
		} else {
			op.Delete = true
		}
		ops = append(ops, op)
	}
	clear(j.changed)
	return ops
}

// encode marshals a record. Records hold nothing that can't be marshalled, so an error is a bug.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("world: record %T: %v", v, err))
	}
	return b
}
