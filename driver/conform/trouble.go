package conform

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

func troubleCases() []Case {
	return []Case{
		{"lock offline", "a lock out of reach is told as a reach by a look, and a write to it fails as offline and changes nothing, or is pending until it is back", false, told(lockOffline)},
		{"hub offline", "a hub out of reach is told apart from its locks, where the vendor does", false, told(hubOffline)},
		{"cloud down", "a cloud that breaks connections is blamed itself, and a write fails as offline, or as ambiguous once it was sent; nothing happens", false, cloudDown},
		{"server error", "after a server error nobody knows what happened: a write fails as ambiguous, or as offline before it was sent", false, serverError},
		{"lost reply", "a write whose answer is lost fails as ambiguous, did happen, and is found again by a look or by writing it again", false, lostReply},
		{"throttled", "too many requests fail as throttled, with the time after which to try again, and change nothing", false, throttled},
		{"login", "a login that is refused fails as unauthorized and blames the account, and works again once it is renewed", false, login},
		{"ended before", "a call whose context has ended before it begins fails and changes nothing", false, endedBefore},
		{"ended amid", "a call returns when its context ends, also while the far end is silent", false, endedAmid},
	}
}

// unwritten begins a trouble, tries to write, and checks that it fails as it should, that nothing happened, and that all is well
// once the trouble is over.
func (r *Rig) unwritten(ctx context.Context, t Trouble, blame driver.Blame, kinds ...driver.Kind) (*driver.Error, error) {
	if err := r.Far.Trouble(r.Device, t); err != nil {
		return nil, err
	}
	_, err := r.Driver.Set(ctx, r.Device, r.want(0), "")
	e, err := failsAs("set", err, kinds...)
	if err != nil {
		return nil, err
	}
	if blame == driver.BlameCloud && r.Direct {
		blame = driver.BlameLock
	}
	if blame == driver.BlameCloud && r.AtHub {
		blame = driver.BlameHub
	}
	if e.Blame != blame {
		return nil, fmt.Errorf("set: %v is blamed, not %v", e.Blame, blame)
	}
	r.Far.Settle()
	if err := r.holds(); err != nil {
		return nil, err
	}
	return e, r.healed(ctx)
}

// healed checks that a code can be written once every trouble is over.
func (r *Rig) healed(ctx context.Context) error {
	if err := r.Far.Heal(r.Device); err != nil {
		return err
	}
	r.Far.Settle()
	_, err := r.put(ctx, r.want(0), "")
	return err
}

func lockOffline(ctx context.Context, r *Rig) error { return r.away(ctx, LockOffline, lock.LockDown) }

func hubOffline(ctx context.Context, r *Rig) error {
	if !r.Hub {
		return nil // as the rig says: the vendor tells of locks alone
	}
	return r.away(ctx, HubOffline, lock.HubDown)
}

func (r *Rig) away(ctx context.Context, t Trouble, reach lock.Reach) error {
	if err := r.Far.Trouble(r.Device, t); err != nil {
		return err
	}
	o, err := r.Driver.Observe(ctx, r.Device, driver.Known{})
	if err != nil {
		return fmt.Errorf("observe: %w", err)
	}
	// A vendor that reads nothing back asks nobody whether the lock is there.
	if o.Reach != reach && !r.traits.CannotList {
		return fmt.Errorf("observe: the reach is %d, not %d", o.Reach, reach)
	}
	held, err := r.Driver.Set(ctx, r.Device, r.want(0), "")
	if err != nil {
		e, err := failsAs("set", err, driver.Offline)
		if err != nil {
			return err
		}
		if want := map[lock.Reach]driver.Blame{lock.LockDown: driver.BlameLock, lock.HubDown: driver.BlameHub}[reach]; e.Blame != want {
			return fmt.Errorf("set: %v is blamed, not %v", e.Blame, want)
		}
	} else if !held.Pending {
		return errors.New("set: succeeded, and not as pending")
	}
	r.Far.Settle()
	if err := r.holds(); err != nil {
		return err
	}
	return r.healed(ctx)
}

func cloudDown(ctx context.Context, r *Rig) error {
	e, err := r.unwritten(ctx, CloudDown, driver.BlameCloud, driver.Offline, driver.Ambiguous)
	if err == nil && e.Kind == driver.Ambiguous && !errors.Is(e, io.EOF) && !errors.Is(e, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("set: is ambiguous, and nothing says that it was sent: %w", e)
	}
	return err
}

func serverError(ctx context.Context, r *Rig) error {
	_, err := r.unwritten(ctx, ServerError, driver.BlameCloud, driver.Ambiguous, driver.Offline)
	return err
}

func throttled(ctx context.Context, r *Rig) error {
	e, err := r.unwritten(ctx, Throttle, driver.BlameCloud, driver.Throttled)
	if err == nil && e.RetryAfter <= 0 {
		err = errors.New("set: the error does not say when to try again")
	}
	return err
}

func login(ctx context.Context, r *Rig) error {
	_, err := r.unwritten(ctx, ExpireLogin, driver.BlameAccount, driver.Unauthorized)
	return err
}

func lostReply(ctx context.Context, r *Rig) error {
	if err := r.Far.Trouble(r.Device, LoseReply); err != nil {
		return err
	}
	_, err := r.Driver.Set(ctx, r.Device, r.want(0), "")
	if _, err := failsAs("set", err, driver.Ambiguous); err != nil {
		return err
	}
	if err := r.Far.Heal(r.Device); err != nil {
		return err
	}
	r.Far.Settle()
	have, err := r.Far.Holds(r.Device)
	if err != nil {
		return err
	}
	if len(have) != 1 {
		return fmt.Errorf("the lock holds %d codes after a write whose answer was lost", len(have))
	}
	if !r.traits.CannotList && (r.traits.NameMax > 0 || r.traits.ClientSlots) {
		o, err := r.look(ctx)
		if err != nil {
			return err
		}
		if len(o.Held) != 1 || o.Held[0].Tag != r.want(0).Tag && o.Held[0].Slot != r.want(0).Slot {
			return errors.New("a look does not find what was written")
		}
	}
	again, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return fmt.Errorf("again: %w", err)
	}
	if r.traits.AssignsPIN && r.traits.HidesPIN {
		return r.holds(again.PIN) // others than those that were lost, which nobody will ever know
	}
	return r.holds(have[0].PIN)
}

func endedBefore(ctx context.Context, r *Rig) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Driver.Set(over, r.Device, r.want(0), ""); err == nil {
		return errors.New("set: succeeded")
	}
	if _, err := r.Driver.Observe(over, r.Device, driver.Known{}); err == nil {
		return errors.New("observe: succeeded")
	}
	r.Far.Settle()
	return r.holds()
}

func endedAmid(ctx context.Context, r *Rig) error {
	amid, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.Far.Hang(r.Device, cancel); err != nil {
		return err
	}
	_, err := r.Driver.Set(amid, r.Device, r.want(0), "")
	if _, err := failsAs("set", err, driver.Ambiguous, driver.Offline); err != nil {
		return err
	}
	return r.healed(ctx)
}
