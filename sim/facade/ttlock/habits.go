package ttlock

import (
	"errors"
	"fmt"
	"slices"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Habits are how locks are set up and what nobody outside knows for sure of the vendor.
type Habits struct {
	WiFi        []lock.DeviceID `json:"wifi"`         // locks that are on Wi-Fi although they hang on a hub
	PowerSaving []lock.DeviceID `json:"power_saving"` // those that save power, if they are on Wi-Fi: nothing reaches them at once
	Unpaired    []lock.DeviceID `json:"unpaired"`     // belong to no gateway and no network
	Capacity    int             `json:"capacity"`     // custom passcodes of a lock; 0: as many as it has room for
	Strict      bool            `json:"strict"`       // deleting what is not there is refused with -2009

	CallbackRetries int            `json:"callback_retries"` // how often a callback is posted again that is not answered with "success"
	CallbackAgain   facade.Seconds `json:"callback_again"`   // after how long
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	now, err := facade.Change(&c.Habits, read, func(h *Habits) error {
		errs := []error{facade.Within("capacity", h.Capacity, 0, 1000), facade.Within("callback_retries", h.CallbackRetries, 0, 100), facade.Within("callback_again", h.CallbackAgain, 1, 86400)}
		for _, id := range slices.Concat(h.WiFi, h.PowerSaving, h.Unpaired) {
			if c.Called(id) == "" {
				errs = append(errs, fmt.Errorf("wifi, power_saving, unpaired: there is no lock %q", id))
			}
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return nil, err
	}
	for _, d := range c.order {
		if d.gateway = d.hangsOn; slices.Contains(c.WiFi, d.of.ID) {
			d.gateway = nil
		}
		d.sleepy, d.unpaired = slices.Contains(c.PowerSaving, d.of.ID), slices.Contains(c.Unpaired, d.of.ID)
	}
	return now, nil
}

// has turns a habit of a lock on or off.
func has(ids []lock.DeviceID, id lock.DeviceID, on bool) []lock.DeviceID {
	ids = slices.DeleteFunc(ids, func(x lock.DeviceID) bool { return x == id })
	if on {
		ids = append(ids, id)
	}
	return ids
}

// full reports whether a lock has no room for another custom passcode.
func (c *Cloud) full(d *door, all []passcode) bool {
	n := 0
	for _, p := range all {
		n += p.Custom
	}
	return c.Capacity > 0 && n >= c.Capacity
}
