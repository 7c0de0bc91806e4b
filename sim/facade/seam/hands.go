package seam

import (
	"context"
	"errors"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Habits are how accounts that are linked to the service differ. They last until somebody changes them.
type Habits struct {
	Disconnected  bool `json:"disconnected"`   // the vendor refuses the account, or the site of an Oracode account, until somebody links it anew
	MissingBridge bool `json:"missing_bridge"` // the locks have no Wi-Fi and no hub

	// Of codes that the vendor computes.

	ZoneOff       int    `json:"zone_off"`           // minutes by which they open late, because the service has the locks' zone wrong
	MostOffline   int    `json:"most_offline_codes"` // of a lock, neither used nor over; 0: no limit
	OfflinePrefix string `json:"offline_prefix"`     // digits that are typed before them
	ConfigNumber  string `json:"config_number"`      // and after
	Cancellable   bool   `json:"cancellable"`        // Oracode's vendor takes them back
	Overrides     bool   `json:"overrides"`          // with Oracode the newer one of a user level ends the earlier when it begins
}

var (
	_ facade.Habitual = (*Cloud)(nil)
	_ facade.Typist   = (*Cloud)(nil)
)

// Accustom implements facade.Habitual.
func (c *Cloud) Accustom(read func(any) error) (any, error) {
	return facade.Change(&c.host.habits, read, func(h *Habits) error {
		const day = 24 * 60
		return errors.Join(facade.Within("zone_off", h.ZoneOff, -day, day), facade.Within("most_offline_codes", h.MostOffline, 0, 1000), around(h.OfflinePrefix, h.ConfigNumber))
	})
}

// around refuses what can't be typed around a code: a keypad's tries have up to lock.MaxPIN digits.
func around(before, after string) error {
	all := before + after
	if pin, err := lock.ParsePIN(all); all != "" && (err != nil || pin.Len() > 4) {
		return errors.New("offline_prefix, config_number: must be up to 4 digits together")
	}
	return nil
}

// Typed implements facade.Typist.
func (c *Cloud) Typed(id lock.DeviceID, pin lock.PIN) lock.PIN { return c.host.typed(id, pin) }

// hands are what the service's API for tests does at the locks, as in a workspace that is a sandbox. Time is the fleet's own: nobody steers it
// from here, and what would is not served.
type hands struct {
	lab.Lab
	host    *host
	account lock.AccountID
}

// State implements lab.Lab. An answer must not wait on the fleet's thread, as if its clock stood.
func (h hands) State(context.Context) (lab.State, error) {
	return lab.State{Now: h.host.Now(), Paused: true, Faults: h.host.fleet.Faults()}, nil
}

// Inject implements lab.Lab. An account that is refused is the vendor's, and not that of the service itself.
func (h hands) Inject(_ context.Context, f lab.Fault) (string, error) {
	if f.On == string(h.account) {
		h.host.habits.Disconnected = true
		return f.On, nil
	}
	return h.host.fleet.Inject(f)
}

// Heal implements lab.Lab.
func (h hands) Heal(_ context.Context, target string) error { return h.host.fleet.Heal(target) }

// Type implements lab.Lab.
func (h hands) Type(_ context.Context, id lock.DeviceID, pin lock.PIN) (lab.Try, error) {
	return h.host.fleet.TryPIN(id, h.host.typed(id, pin))
}

// Edit implements lab.Lab.
func (h hands) Edit(_ context.Context, e lab.Edit) error { return h.host.fleet.Edit(e) }
