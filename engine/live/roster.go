package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// dirRoster is where it is kept how each device was last listed: roster/<device>.
const dirRoster = "roster/"

// listed is how an account listed a device: by a hash, so that one that is as before costs nothing.
type listed struct {
	Account lock.AccountID
	Hash    string
}

// Roster puts under management what accounts list: a new device, and one that is listed otherwise than before. A device that
// is not listed any more is left to the engine, which finds out when it looks; one that an operator removed stays removed
// until it is listed otherwise. Its methods are not safe for concurrent use.
type Roster struct {
	submit func(context.Context, engine.Command) (engine.Receipt, error)
	store  store.Store
	known  map[lock.DeviceID]listed
}

// OpenRoster reads what was listed before.
func OpenRoster(ctx context.Context, h *Host, s store.Store) (*Roster, error) {
	kvs, _, err := s.Scan(ctx, dirRoster, "", 0)
	if err != nil {
		return nil, err
	}
	r := &Roster{submit: h.Submit, store: s, known: map[lock.DeviceID]listed{}}
	for _, kv := range kvs {
		var l listed
		if err := json.Unmarshal(kv.Val, &l); err != nil {
			return nil, fmt.Errorf("record %s does not read: %w", kv.Key, err)
		}
		r.known[lock.DeviceID(strings.TrimPrefix(kv.Key, dirRoster))] = l
	}
	return r, nil
}

// rosterHands is how many devices are put under management at once: those that wait share a commit.
const rosterHands = 256

// change is a device that is new, or listed otherwise than before.
type change struct {
	device lock.Device
	now    listed
	err    error // why it was not taken
}

// Sync asks an account for its devices and puts those under management that are new or changed; it returns how many. A device
// that can't be taken keeps no other from being taken: the error names each.
func (r *Roster) Sync(ctx context.Context, id lock.AccountID, d driver.Driver) (int, error) {
	devices, err := d.Devices(ctx)
	if err != nil {
		return 0, err
	}
	fresh, wrong, err := r.changed(id, devices)
	if err != nil {
		return 0, err
	}
	taken := 0
	for some := range slices.Chunk(fresh, rosterHands) {
		n, err := r.take(ctx, id, some)
		taken += n
		var no *engine.Refusal
		for _, c := range some {
			if errors.As(c.err, &no) {
				wrong = append(wrong, fmt.Errorf("device %q: %w", c.device.ID, c.err))
			} else {
				err = errors.Join(err, c.err)
			}
		}
		if err != nil {
			return taken, err
		}
	}
	return taken, errors.Join(wrong...)
}

// changed picks the devices that are listed otherwise than before. wrong are those that another account lists.
func (r *Roster) changed(id lock.AccountID, devices []lock.Device) (fresh []change, wrong []error, err error) {
	for _, v := range devices {
		v.Account = id
		text, err := json.Marshal(v)
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(text)
		now := listed{id, hex.EncodeToString(sum[:16])}
		switch before, known := r.known[v.ID]; {
		case known && before.Account != id:
			wrong = append(wrong, fmt.Errorf("device %q is listed by account %s already", v.ID, before.Account))
		case before != now:
			fresh = append(fresh, change{device: v, now: now})
		}
	}
	return fresh, wrong, nil
}

// take puts devices under management and remembers how they were listed. It returns how many were taken.
func (r *Roster) take(ctx context.Context, id lock.AccountID, all []change) (int, error) {
	var hands sync.WaitGroup
	for i := range all {
		c := &all[i]
		hands.Go(func() {
			_, c.err = r.submit(ctx, engine.Command{Actor: "account " + string(id), Do: engine.AddDevice{Device: c.device}})
		})
	}
	hands.Wait()
	var ops []store.Op
	for _, c := range all {
		if c.err != nil {
			continue
		}
		val, err := json.Marshal(c.now)
		if err != nil {
			return 0, err
		}
		ops = append(ops, store.Op{Key: dirRoster + string(c.device.ID), Val: val})
		r.known[c.device.ID] = c.now
	}
	if len(ops) == 0 {
		return 0, nil
	}
	_, err := r.store.Commit(ctx, nil, ops)
	return len(ops), err
}
