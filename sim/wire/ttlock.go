package wire

import (
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/ttlock"
)

func ttlockVendor() Vendor {
	return Vendor{
		Name: "ttlock", Model: "ttlock",
		Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return ttlock.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_secret": ttlock.ClientSecret(a), "password": ttlock.Password(a)}
		},
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"client_id": ttlock.ClientID(a), "username": ttlock.Username(a)}
		},
	}
}
