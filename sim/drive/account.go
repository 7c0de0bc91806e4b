package drive

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// account is the driver of one account.
type account struct {
	fleet *Fleet
	id    lock.AccountID
}

var _ driver.Driver = (*account)(nil)

// early is how long before its context ends a call gives up, or a tenth of the time there is, if that is less.
const early = 100 * time.Millisecond

// Devices implements driver.Driver.
func (a *account) Devices(ctx context.Context) (all []lock.Device, err error) {
	err = a.fleet.Do(ctx, func(f *sim.Fleet) error {
		for _, d := range f.Devices() {
			if d.Account == a.id {
				all = append(all, d)
			}
		}
		return nil
	})
	if err != nil {
		return nil, &driver.Error{Op: "devices", Kind: driver.Offline, Blame: driver.BlameCloud, Err: err}
	}
	return all, nil
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	r := a.call(ctx, sim.Call{Verb: "observe", Device: id, Known: known})
	return r.Observation, failure(r)
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	r := a.call(ctx, sim.Call{Verb: "set", Device: id, Want: want, At: at})
	return r.Held, failure(r)
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	return failure(a.call(ctx, sim.Call{Verb: "clear", Device: id, At: ref}))
}

// Close implements driver.Driver.
func (a *account) Close() error { return nil }

// call sends a call through the simulated world and waits until it is back, or given up.
func (a *account) call(ctx context.Context, c sim.Call) sim.Result {
	f := a.fleet
	if end, ok := ctx.Deadline(); ok {
		left := end.Sub(f.clock.Now())
		c.Deadline = end.Add(-min(early, left/10))
	}
	back := make(chan sim.Result, 1)
	err := f.ask(ctx, func() {
		f.fleet.Call(c, func(r sim.Result) { f.answers = append(f.answers, answer{back, r}) })
	})
	if err != nil {
		return sim.Result{Err: &driver.Error{Op: c.Verb, Device: c.Device, Kind: driver.Offline, Blame: driver.BlameCloud, Err: err}}
	}
	select {
	case r := <-back:
		return r
	case <-ctx.Done():
		err = ctx.Err()
	case <-f.ended:
		err = ErrClosed
	}
	select {
	case r := <-back:
		return r
	default:
		return sim.Result{Err: &driver.Error{Op: c.Verb, Device: c.Device, Kind: driver.Ambiguous, Err: err}}
	}
}

// failure is a result's error as drivers return it.
func failure(r sim.Result) error {
	if r.Err == nil {
		return nil
	}
	return r.Err
}
