package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// told is a case of locks that are told their codes. Of those whose codes their vendor computes it says nothing.
func told(try func(context.Context, *Rig) error) func(context.Context, *Rig) error {
	return func(ctx context.Context, r *Rig) error {
		if r.traits.OfflineOnly {
			return nil
		}
		return try(ctx, r)
	}
}

// computed is a case of locks whose codes their vendor computes. Of those that are told their codes it says nothing.
func computed(try func(context.Context, *Rig) error) func(context.Context, *Rig) error {
	return func(ctx context.Context, r *Rig) error {
		if !r.traits.OfflineOnly {
			return nil
		}
		return try(ctx, r)
	}
}

func offlineCases() []Case {
	return []Case{
		{"chosen digits", "digits that somebody chose are refused where the vendor computes them", false, computed(chosenDigits)},
		{"predefined times", "a computed code for other times than the lock's, or without an end, is refused, and nothing is issued", false, computed(predefinedTimes)},
		{"taken back", "a computed code is taken back so that it opens no more, or that is refused as unsupported", false, computed(takenBack)},
	}
}

// slot is one of the predefined stays of the rig's lock, which is under way and stays so for an hour.
func (r *Rig) slot() (lock.Window, error) {
	zone, err := lock.LoadZone(r.traits.Zone)
	if err != nil {
		return lock.Window{}, err
	}
	now := r.Now().In(zone)
	for _, day := range []time.Time{now, now.AddDate(0, 0, -1)} {
		at := func(minute, later int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day()+later, 0, minute, 0, 0, zone).UTC()
		}
		for _, s := range r.traits.TimeSlots {
			w := lock.Window{From: at(s.Start, 0), To: at(s.End, 1)}
			if w.Contains(now) && w.Contains(now.Add(time.Hour)) {
				return w, nil
			}
		}
	}
	return lock.Window{}, errors.New("no predefined stay of the rig's lock is under way")
}

// refused tries a write that must be refused for what it asks, and checks that nothing came of it.
func (r *Rig) refused(ctx context.Context, c lock.Credential, what string) error {
	_, err := r.Driver.Set(ctx, r.Device, c, "")
	e, err := failsAs("set with "+what, err, driver.Rejected, driver.Unsupported)
	if err != nil {
		return err
	}
	if e.Blame != driver.BlameRequest {
		return fmt.Errorf("set with %s: %v is blamed, and it is the request that is wrong", what, e.Blame)
	}
	r.Far.Settle()
	return r.holds()
}

func chosenDigits(ctx context.Context, r *Rig) error {
	pin, err := lock.ParsePIN("482915")
	if err != nil {
		return err
	}
	c := r.want(0)
	c.PIN = pin
	return r.refused(ctx, c, "chosen digits")
}

func predefinedTimes(ctx context.Context, r *Rig) error {
	c := r.want(0)
	c.Window.From = c.Window.From.Add(7 * time.Minute)
	if err := r.refused(ctx, c, "another start"); err != nil {
		return err
	}
	c = r.want(0)
	c.Window.To = c.Window.To.Add(-7 * time.Minute)
	if err := r.refused(ctx, c, "another end"); err != nil {
		return err
	}
	c.Window.To = time.Time{}
	return r.refused(ctx, c, "no end")
}

func takenBack(ctx context.Context, r *Rig) error {
	h, err := r.put(ctx, r.want(0), "")
	if err != nil {
		return err
	}
	err = r.Driver.Clear(ctx, r.Device, h.Ref)
	r.Far.Settle()
	opens, terr := r.Far.Type(r.Device, h.PIN)
	switch {
	case terr != nil:
		return terr
	case err == nil && opens:
		return errors.New("clear: succeeded, and the code still opens")
	case err == nil:
		return nil
	case !opens:
		return fmt.Errorf("clear: failed, and the code opens no more: %w", err)
	}
	_, err = failsAs("clear", err, driver.Unsupported)
	return err
}
