package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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

// Sync asks an account for its devices and puts those under management that are new or changed; it returns how many. A device
// that can't be taken keeps no other from being taken: the error names each.
func (r *Roster) Sync(ctx context.Context, id lock.AccountID, d driver.Driver) (int, error) {
	devices, err := d.Devices(ctx)
	if err != nil {
		return 0, err
	}
	var wrong []error
	var ops []store.Op
	taken := 0
	for _, v := range devices {
		v.Account = id
		text, err := json.Marshal(v)
		if err != nil {
			return taken, err
		}
		sum := sha256.Sum256(text)
		now := listed{id, hex.EncodeToString(sum[:16])}
		before, known := r.known[v.ID]
		if known && before.Account != id {
			wrong = append(wrong, fmt.Errorf("device %q is listed by account %s already", v.ID, before.Account))
			continue
		}
		if before == now {
			continue
		}
		var no *engine.Refusal
		if _, err := r.submit(ctx, engine.Command{Actor: "account " + string(id), Do: engine.AddDevice{Device: v}}); errors.As(err, &no) {
			wrong = append(wrong, fmt.Errorf("device %q: %w", v.ID, err))
			continue
		} else if err != nil {
			return taken, err
		}
		taken++
		r.known[v.ID] = now
		val, err := json.Marshal(now)
		if err != nil {
			return taken, err
		}
		if ops = append(ops, store.Op{Key: dirRoster + string(v.ID), Val: val}); len(ops) == maxBatch {
			if _, err := r.store.Commit(ctx, nil, ops); err != nil {
				return taken, err
			}
			ops = ops[:0]
		}
	}
	if len(ops) > 0 {
		if _, err := r.store.Commit(ctx, nil, ops); err != nil {
			return taken, err
		}
	}
	return taken, errors.Join(wrong...)
}
