package wire

import (
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Through has scenarios happen at a vendor's locks, whose traits its driver tells.
func Through(v Vendor) (*scenario.Through, error) {
	p, ok := all.Providers().Find(v.Name)
	if !ok {
		return nil, fmt.Errorf("there is a façade for %s, and no driver", v.Name)
	}
	lay := Lay(v, p)
	k := sim.NewKernel(time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC), 1)
	f, err := sim.NewFleet(k, sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: v.Model, Account: "account", Hub: "front-hub"}}})
	if err != nil {
		return nil, err
	}
	push := false
	net, err := lay(k, f, func(driver.Notice) { push = true })
	if err != nil {
		return nil, err
	}
	k.RunUntil(k.Now().Add(patience)) // by then its vendor was asked to post
	push = false
	traits := net.Devices()[0].Traits
	if !traits.OfflineOnly { // where no hand can change anything
		pin, err := lock.ParsePIN("482915")
		if err == nil {
			err = f.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, PIN: pin, Name: "By hand"})
		}
		if err != nil {
			return nil, err
		}
		k.RunUntil(k.Now().Add(patience))
	}
	return &scenario.Through{Provider: v.Name, Model: v.Model, Traits: traits, Push: push, Hosted: v.Hosted, Disabled: v.Disabled, HidesFull: v.HidesFull, Direct: v.Direct, Most: v.Most, Wire: lay}, nil
}
