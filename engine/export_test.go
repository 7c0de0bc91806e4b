package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// Stumble makes every thought about a device end in a panic while it answers true.
func (e *Engine) Stumble(id lock.DeviceID, now func() bool) {
	e.think = func(b *batch, d *device) {
		if d.id() == id && now() {
			panic("index out of range")
		}
		b.decideDevice(d)
	}
}

// Coherent reports the first difference between what the engine keeps in memory and what its store holds: a record that was
// changed and not written, a row or a total that lags behind, a gap in the journal.
func (e *Engine) Coherent() error {
	ctx := context.Background()
	weight := 0
	for _, d := range e.cache.devices {
		if err := e.coherentDevice(ctx, d); err != nil {
			return err
		}
		weight += 2 + len(d.codes)
	}
	if weight != e.cache.weight {
		return fmt.Errorf("the cache weighs %d, its devices %d", e.cache.weight, weight)
	}
	if err := e.coherentRows(ctx); err != nil {
		return err
	}
	for scope, l := range e.links {
		if l.dirty {
			return fmt.Errorf("link %s is dirty between two steps", scope)
		}
		if l.open() == slices.Contains(e.down, l) {
			return fmt.Errorf("link %s: open is %v, and so is being listed as down", scope, l.open())
		}
		if l.scope != scope {
			return fmt.Errorf("link %s calls itself %s", scope, l.scope)
		}
		kv, err := e.store.Get(ctx, keyLink(scope))
		if err != nil {
			return err
		}
		if want := encode(l); kv.Rev == 0 && !bytes.Equal(want, encode(&link{})) || kv.Rev != 0 && !bytes.Equal(kv.Val, want) {
			return fmt.Errorf("link %s: store has %s, memory %s", scope, kv.Val, want)
		}
	}
	return e.coherentMeta(ctx)
}

func (e *Engine) coherentDevice(ctx context.Context, d *device) error {
	if d.dirtyConfig || d.dirtyHeld || d.dirtyRun || len(d.gone) > 0 {
		return fmt.Errorf("device %s is dirty between two steps", d.id())
	}
	same := func(key string, want []byte) error {
		kv, err := e.store.Get(ctx, key)
		if err != nil {
			return err
		}
		if !bytes.Equal(kv.Val, want) {
			return fmt.Errorf("%s:\n store  %s\n memory %s", key, kv.Val, want)
		}
		return nil
	}
	if err := same(keyConfig(d.id()), encode(d.config)); err != nil {
		return err
	}
	if err := same(keyRun(d.id()), encode(d.run)); err != nil {
		return err
	}
	if kv, err := e.store.Get(ctx, keyRun(d.id())); err != nil || kv.Rev != d.rev {
		return fmt.Errorf("%s: store has revision %d, memory %d (%v)", kv.Key, kv.Rev, d.rev, err)
	}
	held, err := e.store.Get(ctx, keyHeld(d.id()))
	if err != nil {
		return err
	}
	if held.Rev != 0 || len(d.held) > 0 {
		if want := encode(d.held); !bytes.Equal(held.Val, want) {
			return fmt.Errorf("%s:\n store  %s\n memory %s", held.Key, held.Val, want)
		}
	}
	stored, err := e.readDevice(ctx, d.id())
	if err != nil {
		return err
	}
	if len(stored.codes) != len(d.codes) {
		return fmt.Errorf("device %s: store has %d codes, memory %d", d.id(), len(stored.codes), len(d.codes))
	}
	for i, c := range d.codes {
		if c.dirty {
			return fmt.Errorf("code %s is dirty between two steps", c.ID)
		}
		if c.Device != d.id() {
			return fmt.Errorf("code %s of device %s says that it is of %s", c.ID, d.id(), c.Device)
		}
		if want, have := encode(c), encode(stored.codes[i]); !bytes.Equal(have, want) {
			return fmt.Errorf("code %s of device %s:\n store  %s\n memory %s", c.ID, d.id(), have, want)
		}
	}
	return nil
}

func (e *Engine) coherentRows(ctx context.Context) error {
	var sum Totals
	n := 0
	err := e.each(ctx, dirRun, func(kv store.KV) error {
		n++
		s, err := decode[runHead](kv.Key, kv.Val)
		if err != nil {
			return err
		}
		for id, r := range e.rows {
			if keyRun(id) != kv.Key {
				continue
			}
			if r.summary != s.Row {
				return fmt.Errorf("row %s: store has %+v, memory %+v", id, s.Row, r.summary)
			}
			if stored := unix(s.Wake); r.wake != stored && (r.wake == 0 || stored != 0 && r.wake > stored) { // earlier: something made it due at once
				return fmt.Errorf("row %s: store wakes at %s, memory at %s", id, s.Wake, fromUnix(r.wake))
			}
			sum.add(&r.summary, 1)
			return nil
		}
		return fmt.Errorf("%s has no row", kv.Key)
	})
	if err != nil {
		return err
	}
	if n != len(e.rows) {
		return fmt.Errorf("store has %d devices, memory %d rows", n, len(e.rows))
	}
	if sum != e.totals {
		return fmt.Errorf("rows add up to %+v, totals say %+v", sum, e.totals)
	}
	for i, a := range e.wakes.heap {
		if int(a.row.heap) != i+1 || a.row.wake != a.at {
			return fmt.Errorf("row %s does not know its place in the heap", a.row.id)
		}
		if i > 0 && e.wakes.less(a, e.wakes.heap[(i-1)/2]) {
			return fmt.Errorf("the heap of wakes is out of order at %d", i)
		}
	}
	return nil
}

func (e *Engine) coherentMeta(ctx context.Context) error {
	from := max(0, e.seq-1000)
	events, _, err := e.store.Scan(ctx, dirEvent, keyEvent(from), 0)
	if err != nil {
		return err
	}
	for i, kv := range events {
		if want := keyEvent(from + Seq(i+1)); kv.Key != want {
			return fmt.Errorf("the journal has a gap: %s stands where %s should", kv.Key, want)
		}
	}
	if from+Seq(len(events)) != e.seq {
		return fmt.Errorf("the last event is %d, the engine says %d", int(from)+len(events), e.seq)
	}
	for _, dir := range []string{dirCode, dirHistory} {
		err := e.each(ctx, dir, func(kv store.KV) error {
			dev, id, _ := strings.Cut(kv.Key[len(dir):], "/")
			at, err := e.store.Get(ctx, dirCodeID+id)
			if err == nil && string(at.Val) != dev {
				err = fmt.Errorf("%s says %q, but there is %s", at.Key, at.Val, kv.Key)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Decoded decodes every record of a store and encodes it again, and returns the keys whose bytes change by it: what a record
// holds that this version does not know.
func Decoded(s store.Store) ([]string, error) {
	kvs, _, err := s.Scan(context.Background(), "", "", 0)
	if err != nil {
		return nil, err
	}
	var lossy []string
	for _, kv := range kvs {
		again, err := recode(kv)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(again, kv.Val) {
			lossy = append(lossy, kv.Key)
		}
	}
	return lossy, nil
}

func recode(kv store.KV) ([]byte, error) {
	as := func(v any, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		return encode(v), nil
	}
	dir, _, _ := strings.Cut(kv.Key, "/")
	switch dir + "/" {
	case dirAccount:
		v, err := decode[PolicyPatch](kv.Key, kv.Val)
		return as(v, err)
	case dirLink:
		v, err := decode[link](kv.Key, kv.Val)
		return as(v, err)
	case dirConfig:
		v, err := decode[config](kv.Key, kv.Val)
		return as(v, err)
	case dirRun:
		v, err := decode[run](kv.Key, kv.Val)
		return as(v, err)
	case dirHeld:
		v, err := decode[[]entry](kv.Key, kv.Val)
		return as(v, err)
	case dirCode, dirHistory:
		v, err := decode[code](kv.Key, kv.Val)
		return as(v, err)
	case dirGroup:
		v, err := decode[group](kv.Key, kv.Val)
		return as(v, err)
	case dirIdem:
		v, err := decode[keptAnswer](kv.Key, kv.Val)
		return as(v, err)
	case dirUndo:
		v, err := decode[undo](kv.Key, kv.Val)
		return as(v, err)
	case dirEvent:
		v, err := decode[Event](kv.Key, kv.Val)
		return as(v, err)
	}
	switch kv.Key {
	case keyPolicy:
		v, err := decode[Policy](kv.Key, kv.Val)
		return as(v, err)
	case keyRethink:
		v, err := decode[time.Time](kv.Key, kv.Val)
		return as(v, err)
	case keyCommit:
		v, err := decode[commitMark](kv.Key, kv.Val)
		return as(v, err)
	}
	return slices.Clone(kv.Val), nil
}

// Catalogued reports whether the catalogue has an issue of that code.
func Catalogued(code string) bool {
	_, ok := catalogue[code]
	return ok
}
