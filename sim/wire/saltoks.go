package wire

import (
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/saltoks"
)

func saltoksVendor() Vendor {
	return Vendor{
		Name: "saltoks", Model: "salto", Disabled: true,
		Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return saltoks.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_secret": saltoks.ClientSecret(a), "password": saltoks.Password(a)}
		},
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_id": saltoks.ClientID(a), "username": saltoks.Username(a)}
		},
	}
}
