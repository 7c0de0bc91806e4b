package world

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

const (
	// maxKept bounds the snapshots of a session, which stand in memory.
	maxKept = 16
	// quietWithin is how long, in virtual time, a snapshot waits for an instant without a call under way.
	quietWithin = time.Minute
)

// take keeps the present under a name.
func (p *Play) take(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("snapshot: name: must not be empty")
	case p.w.o.Ephemeral:
		return fmt.Errorf("snapshot: this simulation is not stored")
	case p.skip != nil:
		return fmt.Errorf("snapshot: a skip is under way, to %s", p.skip.to.Format(time.RFC3339))
	}
	for _, k := range p.kept {
		if k.name == name {
			return fmt.Errorf("snapshot: name: %q is taken", name)
		}
	}
	if len(p.kept) == maxKept {
		return fmt.Errorf("snapshot: there are %d, which is as many as are kept", maxKept)
	}
	if err := p.w.rest(); err != nil {
		return err
	}
	data, err := copied(p.w.ctx, p.w.o.Store)
	if err != nil {
		return err
	}
	p.kept = append(p.kept, kept{name, p.w.Now(), data})
	return nil
}

// rest runs to the next instant at which no call is under way, and stores the world.
func (w *World) rest() error {
	end := w.Now().Add(quietWithin)
	for w.judge.busy() {
		next, ok := w.kernel.Next()
		if !ok || next.After(end) {
			break
		}
		if err := w.RunUntil(next); err != nil {
			return err
		}
	}
	w.persist()
	return w.err
}

// busy reports whether a call is under way.
func (j *judge) busy() bool {
	for _, d := range j.devices {
		if !d.deadline.IsZero() {
			return true
		}
	}
	return false
}

// copied returns a copy of a store in memory.
func copied(ctx context.Context, s store.Store) (*memkv.Store, error) {
	if m, ok := s.(*memkv.Store); ok {
		return m.Clone(), nil
	}
	m := memkv.New()
	if err := store.Copy(ctx, m, s); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return m, nil
}

// rewind goes back to a snapshot: what the store holds is replaced and the world begins anew from it. A kill on the way
// leaves a store that says so.
func (p *Play) rewind(name string) error {
	if p.skip != nil {
		return fmt.Errorf("rewind: a skip is under way, to %s", p.skip.to.Format(time.RFC3339))
	}
	i := slices.IndexFunc(p.kept, func(k kept) bool { return k.name == name })
	if i < 0 {
		return fmt.Errorf("rewind: no snapshot is called %q", name)
	}
	old, data := p.w, p.kept[i].data.Clone()
	told, err := old.told()
	if err == nil {
		err = engine.GoOn(old.ctx, data, p.kept[i].at, told)
	}
	if err != nil {
		return fmt.Errorf("rewind: %w", err)
	}
	if err := old.Close(); err != nil {
		return err
	}
	if p.err = replace(old.ctx, old.o.Store, data); p.err != nil {
		return p.err
	}
	w, err := New(old.ctx, Options{Store: old.o.Store, Watch: old.o.Watch})
	if p.err = err; err != nil {
		return err
	}
	p.w = w
	p.rung = -1 // the bell rings whatever the steps
	p.err = w.keepTempo(p.tempo)
	return p.err
}

// told is the number of the last event that anybody can have read.
func (w *World) told() (engine.Seq, error) {
	e, err := w.reader()
	if err != nil {
		return 0, err
	}
	return e.Seq(), nil
}

// replace makes dst hold exactly what src holds.
func replace(ctx context.Context, dst, src store.Store) error {
	if err := commit(ctx, dst, []store.Op{{Key: keyRewinding, Val: []byte("1")}}); err != nil {
		return err
	}
	there, _, err := dst.Scan(ctx, "", "", 0)
	if err != nil {
		return err
	}
	var ops []store.Op
	for _, kv := range there {
		if kv.Key != keyRewinding {
			ops = append(ops, store.Op{Key: kv.Key, Delete: true})
		}
	}
	wanted, _, err := src.Scan(ctx, "", "", 0)
	if err != nil {
		return err
	}
	for _, kv := range wanted {
		ops = append(ops, store.Op{Key: kv.Key, Val: kv.Val})
	}
	return commit(ctx, dst, append(ops, store.Op{Key: keyRewinding, Delete: true}))
}
