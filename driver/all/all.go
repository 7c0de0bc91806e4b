// Package all lists the vendors that lockctl drives: without it each program that opens accounts would have a list of its own.
package all

import (
	"github.com/accesscodes/lockctl/driver/august"
	"github.com/accesscodes/lockctl/driver/hubitat"
	"github.com/accesscodes/lockctl/driver/igloohome"
	"github.com/accesscodes/lockctl/driver/kwikset"
	"github.com/accesscodes/lockctl/driver/nuki"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/saltoks"
	"github.com/accesscodes/lockctl/driver/schlage"
	"github.com/accesscodes/lockctl/driver/seam"
	"github.com/accesscodes/lockctl/driver/smartthings"
	"github.com/accesscodes/lockctl/driver/ttlock"
	"github.com/accesscodes/lockctl/driver/twon"
)

// Providers lists every vendor, by name.
func Providers() provider.Registry {
	return provider.Registry{
		twon.Provider(),
		august.Provider(),
		hubitat.Provider(),
		igloohome.Provider(),
		kwikset.Provider(),
		nuki.Provider(),
		saltoks.Provider(),
		schlage.Provider(),
		seam.Lockly(),
		seam.Oracode(),
		seam.Provider(),
		smartthings.Provider(),
		ttlock.Provider(),
		august.Yale(),
	}
}
