package wire

import (
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/facade/cognito"
	"github.com/accesscodes/lockctl/sim/facade/kwikset"
	"github.com/accesscodes/lockctl/sim/facade/schlage"
)

// The vendors whose apps sign in to a user pool of Amazon Cognito.

func schlageVendor() Vendor {
	return Vendor{
		Name: "schlage", Model: "schlage", Disabled: true,
		Open: func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return schlage.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string {
			return map[string]string{"password": cognito.Password(a), "client_secret": schlage.ClientSecret, "api_key": schlage.APIKey(a)}
		},
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"email": cognito.User(a), "user_pool": schlage.UserPool, "client_id": schlage.Client}
		},
	}
}

func kwiksetVendor() Vendor {
	return Vendor{
		Name: "kwikset", Model: "kwikset",
		Open:    func(f *sim.Fleet, a lock.AccountID) (facade.Cloud, error) { return kwikset.New(f, a) },
		Secrets: func(a lock.AccountID) map[string]string { return map[string]string{"password": cognito.Password(a)} },
		Texts: func(a lock.AccountID) map[string]string {
			return map[string]string{"email": cognito.User(a), "user_pool": kwikset.UserPool, "client_id": kwikset.Client}
		},
	}
}
