package nuki

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Habits are what differs between locks and accounts, and what nobody outside knows for sure of the vendor.
type Habits struct {
	Appears      facade.Seconds  `json:"appears"`       // how long a new auth takes to be listed; 0: 3 s
	Jitter       facade.Seconds  `json:"jitter"`        // and up to so much longer
	NoKeypad     []lock.DeviceID `json:"no_keypad"`     // locks without a keypad
	Openers      []lock.DeviceID `json:"openers"`       // what opens a house door by its intercom, and has no keypad
	Subscription int             `json:"subscription"`  // status with which writes are refused for want of one: 402 or 426; 0: none
	FullSilently bool            `json:"full_silently"` // a code for which there is no room is taken and never listed; else it is refused with 409
	StaleDeletes bool            `json:"stale_deletes"` // an erased code stays in the list until its lock is synchronised
	DailySync    bool            `json:"daily_sync"`    // a code for a lock that is out of reach comes to it a day later; else it is lost
	TokenFor     facade.Seconds  `json:"token_for"`     // how long an access token by OAuth lasts; 0: an hour
}

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.Habits, read, func(h *Habits) error {
		errs := []error{facade.Within("appears", h.Appears, 0, 86400), facade.Within("jitter", h.Jitter, 0, 86400), facade.Within("token_for", h.TokenFor, 0, 86400)}
		for _, id := range slices.Concat(h.NoKeypad, h.Openers) {
			if c.Called(id) == "" {
				errs = append(errs, fmt.Errorf("no_keypad, openers: there is no lock %q", id))
			}
		}
		if s := h.Subscription; s != 0 && s != http.StatusPaymentRequired && s != http.StatusUpgradeRequired {
			errs = append(errs, errors.New("subscription: must be 0, 402 or 426"))
		}
		return errors.Join(errs...)
	})
}

// appearing is when an auth that is created now will be listed.
func (c *Cloud) appearing() time.Time {
	after := cmp.Or(c.Appears.Span(), 3*time.Second)
	if c.Jitter > 0 {
		c.made++
		after += time.Duration(float64(c.made*7919%1000) / 1000 * float64(c.Jitter.Span()))
	}
	return c.fleet.Now().Add(after)
}

func (c *Cloud) keypad(d *door) bool {
	return !slices.Contains(c.NoKeypad, d.of.ID) && !slices.Contains(c.Openers, d.of.ID)
}

const (
	day       = 24 * time.Hour
	lateKept  = 100 // creations that wait for the daily synchronisation of a lock
	staleKept = 200 // erased codes that a list still shows
)

// late has a code that could not come to its lock try again a day later.
func (c *Cloud) late(d *door, want lock.Credential, l limits) {
	if d.late == lateKept {
		return
	}
	d.late++
	c.fleet.After(day, func() {
		d.late--
		if c.fleet.Reach(d.of.ID) != lock.Reached {
			c.late(d, want, l)
			return
		}
		want.Enabled = l.open(c.clock(d))
		c.fleet.Call(sim.Call{Verb: "set", Device: d.of.ID, Want: want}, func(x sim.Result) {
			if x.Err == nil {
				c.keep(d, x.Held.Ref, l)
			}
		})
	})
}
