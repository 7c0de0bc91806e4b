// Package conform is what every driver is held to: without it the engine would trust a contract that nobody has tried. Each
// Case is a plain function that tries one clause on a driver whose far end somebody owns, and returns what was found wrong.
// package drivertest runs them under testing.
package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Trouble is something that the owner of a far end can do to the calls that follow.
type Trouble string

// The troubles. Each lasts until Far.Heal.
const (
	LoseReply   Trouble = "lose reply"   // a write has its effect, and its answer never comes
	ServerError Trouble = "server error" // the cloud answers that something went wrong
	CloudDown   Trouble = "cloud down"   // the cloud breaks connections
	Throttle    Trouble = "throttle"     // the cloud takes no more requests for now
	ExpireLogin Trouble = "expire login" // the account's login is refused
	LockOffline Trouble = "lock offline" // the lock is out of its hub's or cloud's reach
	HubOffline  Trouble = "hub offline"  // the hub is out of the cloud's reach
)

// Far is the far end of a driver: the vendor's cloud and the locks behind it, in the hands of who tests.
type Far interface {
	// Holds tells what the lock really holds, whatever its cloud says.
	Holds(id lock.DeviceID) ([]lock.Held, error)
	// Trouble begins one, on the lock, on its hub or on its account.
	Trouble(id lock.DeviceID, t Trouble) error
	// Heal ends every trouble of the lock, its hub and its account; whoever was signed out is signed in again.
	Heal(id lock.DeviceID) error
	// Add writes a code by hand, at the lock or in the vendor's app.
	Add(id lock.DeviceID, pin lock.PIN, name string) error
	// Remove takes a code away by hand.
	Remove(id lock.DeviceID, pin lock.PIN) error
	// Type types at the keypad and tells whether the door opens.
	Type(id lock.DeviceID, pin lock.PIN) (opens bool, err error)
	// Settle lets time pass until the locks have done what their cloud has taken.
	Settle()
	// Hang calls arrived once the next call is under way, whose answer will not come.
	Hang(id lock.DeviceID, arrived func()) error
	// Posts returns the webhooks that the vendor has sent since they were last asked for.
	Posts() []driver.Inbound
}

// Rig is a driver with its far end. Each case gets a fresh one.
type Rig struct {
	Driver driver.Driver
	Far    Far
	Device lock.DeviceID // a lock that can be reached and holds nothing
	Hub    bool          // the vendor tells a hub that is out of reach from a lock that is
	// Unsigned: the vendor signs no webhooks, so that the secret path at which the host takes them is all that proves them.
	Unsigned bool
	// Direct: the driver speaks to the lock itself, so that there is no cloud to blame.
	Direct bool
	// AtHub: the driver speaks to the hub itself, likewise.
	AtHub bool
	Now   func() time.Time // the clock that the driver and the far end share
	Log   func() string    // all that the driver has logged so far

	traits lock.Traits // of the device, as the driver tells them
	pins   [pinsOfACase]lock.PIN
	window lock.Window // of codes that its vendor computes
}

// Case is one clause of the contract and how to try it.
type Case struct {
	Name   string
	Clause string // what every driver promises, in a sentence
	// Harmless cases write nothing, so that they may be tried on an account in use.
	Harmless bool
	Try      func(context.Context, *Rig) error
}

// Cases lists every clause.
func Cases() []Case {
	return slices.Concat(lookCases(), writeCases(), ruleCases(), offlineCases(), troubleCases())
}

// Check tries a case and then looks for digits where there must be none.
func Check(ctx context.Context, c Case, r *Rig) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	if r.traits.OfflineOnly && !c.Harmless {
		var err error
		if r.window, err = r.slot(); err != nil {
			return err
		}
	}
	err := c.Try(ctx, r)
	said := r.Log()
	if err != nil {
		said += err.Error()
	}
	for _, pin := range r.pins {
		if !pin.IsZero() && strings.Contains(said, pin.Reveal()) {
			return errors.New("a PIN stands in a log line or in an error")
		}
	}
	return err
}

// pinsOfACase is how many different PINs a case may use.
const pinsOfACase = 4

// meet learns what the rig's lock can do, as its driver tells it, and draws PINs that it takes.
func (r *Rig) meet(ctx context.Context) error {
	all, err := r.Driver.Devices(ctx)
	if err != nil {
		return fmt.Errorf("devices: %w", err)
	}
	i := slices.IndexFunc(all, func(d lock.Device) bool { return d.ID == r.Device })
	if i < 0 {
		return fmt.Errorf("devices: the list lacks %s", r.Device)
	}
	r.traits = all[i].Traits
	for n := range r.pins {
		r.pins[n], _ = r.byHand().Draw(r.traits.Length(6), func(p lock.PIN) bool { return slices.Contains(r.pins[:n], p) }, bits(n))
	}
	return nil
}

// byHand is what the rig's lock takes of somebody who stands before it, also where its provider chooses the digits of others.
func (r *Rig) byHand() lock.Traits {
	t := r.traits
	t.AssignsPIN = false
	t.Constraints = slices.DeleteFunc(slices.Clone(t.Constraints), func(c lock.Constraint) bool { return c.Kind == lock.CannotSpecifyPIN })
	return t
}

// bits are the n-th stream of a case's random bits, the same in every run.
func bits(n int) func(attempt int) uint64 {
	return func(attempt int) uint64 {
		x := uint64(n+1)*0x9e3779b97f4a7c15 + uint64(attempt)*0xbf58476d1ce4e5b9
		x = (x ^ x>>31) * 0x94d049bb133111eb
		return x ^ x>>29
	}
}

// want is the n-th credential of a case, as the engine would ask the rig's lock to hold it.
func (r *Rig) want(n int) lock.Credential {
	c := lock.Credential{
		Code: lock.CodeID(fmt.Sprintf("code-%d", n)), Tag: [...]string{"LCAAAAAYI", "LCBBBBBSI", "LCCCCCCZ3", "LCDDDDDPO"}[n], Name: fmt.Sprintf("Guest %d", n),
		Enabled: true,
	}
	if !r.traits.AssignsPIN {
		c.PIN = r.pins[n]
	}
	if r.traits.ClientSlots {
		c.Slot = n + 1
	}
	if r.traits.OfflineOnly {
		c.Offline, c.Window = lock.OfflineSlots, r.window
	}
	return c
}

// put sets a credential, waits until the lock should have it, and returns it as the driver then knows it.
func (r *Rig) put(ctx context.Context, c lock.Credential, at lock.Ref) (lock.Held, error) {
	held, err := r.Driver.Set(ctx, r.Device, c, at)
	if err != nil {
		return held, fmt.Errorf("set: %w", err)
	}
	if held.Ref == "" {
		return held, errors.New("set: the answer has no Ref, so that the code could never be cleared")
	}
	r.Far.Settle()
	if r.traits.CannotList {
		return held, nil
	}
	seen, err := r.look(ctx, held.Ref)
	if err != nil {
		return held, err
	}
	for _, h := range seen.Held {
		if h.Ref != held.Ref && (h.Tag != c.Tag || c.Tag == "") {
			continue
		}
		if r.traits.HidesPIN && !h.PIN.IsZero() {
			return h, errors.New("observe: a lock that hides digits lists them")
		}
		if r.traits.HidesPIN && r.traits.AssignsPIN {
			h.PIN = held.PIN // they were told once, when they were chosen
		}
		return h, nil
	}
	return held, fmt.Errorf("observe: the list has neither Ref %q nor Tag %q, which was set before", held.Ref, c.Tag)
}

// look observes the rig's lock, which must be reached.
func (r *Rig) look(ctx context.Context, refs ...lock.Ref) (lock.Observation, error) {
	o, err := r.Driver.Observe(ctx, r.Device, driver.Known{Refs: refs})
	if err != nil {
		return o, fmt.Errorf("observe: %w", err)
	}
	if o.Reach != lock.Reached {
		return o, fmt.Errorf("observe: a lock in reach is told to have reach %d", o.Reach)
	}
	return o, nil
}

// holds checks that the lock really holds exactly these PINs.
func (r *Rig) holds(pins ...lock.PIN) error {
	have, err := r.Far.Holds(r.Device)
	if err != nil {
		return err
	}
	left := map[lock.PIN]int{}
	for _, h := range have {
		left[h.PIN]++
	}
	for _, p := range pins {
		left[p]--
		if left[p] < 0 {
			return fmt.Errorf("the lock holds %d codes, and one that it should hold is not among them", len(have))
		}
	}
	if len(have) != len(pins) {
		return fmt.Errorf("the lock holds %d codes, not %d", len(have), len(pins))
	}
	return nil
}

// failsAs checks the kind of an error.
func failsAs(op string, err error, kinds ...driver.Kind) (*driver.Error, error) {
	if err == nil {
		return nil, fmt.Errorf("%s: succeeded, and should have failed as %v", op, kinds)
	}
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return nil, fmt.Errorf("%s: the error is a %T, not a *driver.Error", op, err)
	}
	for _, k := range kinds {
		if e.Kind == k {
			return e, nil
		}
	}
	return e, fmt.Errorf("%s: failed as %v, not as %v: %w", op, e.Kind, kinds, err)
}
