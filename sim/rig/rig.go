// Package rig puts simulated locks at the far end of the conformance cases: without it each vendor's test would have to say anew
// how a simulated cloud loses a reply, and how to see what a lock really holds.
package rig

import (
	"errors"
	"fmt"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Far is the far end of a driver whose vendor is simulated.
type Far struct {
	// Do has the fleet looked at, or changed, on its own thread.
	Do func(func(*sim.Fleet) error) error
	// Pass lets so much virtual time pass that every write that a cloud has accepted is at its lock.
	Pass func()
	// Posted returns and forgets the webhooks that were sent; nil: the vendor posts none.
	Posted func() []driver.Inbound

	Lock    lock.DeviceID  // the device's name in the fleet
	Hub     lock.HubID     // "": none
	Account lock.AccountID // its name in the fleet
	Async   bool           // the cloud answers before the lock knows
}

var _ conform.Far = (*Far)(nil)

// Holds implements conform.Far.
func (r *Far) Holds(lock.DeviceID) (held []lock.Held, err error) {
	err = r.Do(func(f *sim.Fleet) error {
		for _, m := range append(f.Memory(r.Lock), f.Issued(r.Lock)...) {
			held = append(held, lock.Held{Ref: m.Ref, Tag: m.Tag, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled, Slot: m.Slot})
		}
		return nil
	})
	return held, err
}

// broken is the status of a server error that is none: the connection breaks.
const broken = 0

// Trouble implements conform.Far.
func (r *Far) Trouble(_ lock.DeviceID, t conform.Trouble) error {
	account, door := string(r.Account), string(r.Lock)
	x, ok := map[conform.Trouble]sim.Fault{
		conform.LoseReply:   {On: door, Kind: "lost-ack"},
		conform.ServerError: {On: account, Kind: "5xx"},
		conform.CloudDown:   {On: account, Kind: "down"},
		conform.Throttle:    {On: account, Kind: "429"},
		conform.ExpireLogin: {On: account, Kind: "auth-expired"},
		conform.LockOffline: {On: door, Kind: "offline"},
		conform.HubOffline:  {On: string(r.Hub), Kind: "offline"},
	}[t]
	if !ok {
		return fmt.Errorf("trouble: %q is not known here", t)
	}
	if t == conform.LoseReply && r.Async {
		x = sim.Fault{On: account, Kind: "applied-but-error", Args: map[string]float64{"status": broken}}
	}
	return r.inject(x)
}

func (r *Far) inject(x sim.Fault) error {
	return r.Do(func(f *sim.Fleet) error {
		_, err := f.Inject(x)
		return err
	})
}

// Heal implements conform.Far.
func (r *Far) Heal(lock.DeviceID) error {
	return r.Do(func(f *sim.Fleet) error {
		err := errors.Join(f.Heal(string(r.Lock)), f.Heal(string(r.Account)))
		if r.Hub != "" {
			err = errors.Join(err, f.Heal(string(r.Hub)))
		}
		return err
	})
}

// Add implements conform.Far.
func (r *Far) Add(_ lock.DeviceID, pin lock.PIN, name string) error {
	return r.Do(func(f *sim.Fleet) error {
		return f.Edit(sim.Edit{Lock: r.Lock, Kind: sim.EditAdd, PIN: pin, Name: name})
	})
}

// Remove implements conform.Far.
func (r *Far) Remove(_ lock.DeviceID, pin lock.PIN) error {
	return r.Do(func(f *sim.Fleet) error {
		for _, m := range f.Memory(r.Lock) {
			if m.PIN == pin {
				return f.Edit(sim.Edit{Lock: r.Lock, Kind: sim.EditRemove, Ref: m.Ref})
			}
		}
		return errors.New("remove: the lock holds no such code")
	})
}

// Type implements conform.Far.
func (r *Far) Type(_ lock.DeviceID, pin lock.PIN) (opens bool, err error) {
	err = r.Do(func(f *sim.Fleet) error {
		try, err := f.TryPIN(r.Lock, pin)
		opens = try.Opens
		return err
	})
	return opens, err
}

// Settle implements conform.Far.
func (r *Far) Settle() { r.Pass() }

// Hang implements conform.Far.
func (r *Far) Hang(_ lock.DeviceID, arrived func()) error {
	err := r.Do(func(f *sim.Fleet) error {
		f.Watch(func(x sim.Record) {
			if x.Kind == sim.KindFired && x.Name == "slow" {
				arrived()
			}
		})
		return nil
	})
	return errors.Join(err, r.inject(sim.Fault{On: string(r.Account), Kind: "slow", Args: map[string]float64{"seconds": 3600}}))
}

// Posts implements conform.Far.
func (r *Far) Posts() []driver.Inbound {
	if r.Posted == nil {
		return nil
	}
	return r.Posted()
}
