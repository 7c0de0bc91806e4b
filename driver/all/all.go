// Package all lists the vendors that lockctl drives: without it each program that opens accounts would have a list of its own.
package all

import (
	"github.com/accesscodes/lockctl/driver/august"
	"github.com/accesscodes/lockctl/driver/igloohome"
	"github.com/accesscodes/lockctl/driver/kwikset"
	"github.com/accesscodes/lockctl/driver/nuki"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/schlage"
	"github.com/accesscodes/lockctl/driver/seam"
	"github.com/accesscodes/lockctl/driver/ttlock"
)

// Providers lists every vendor, by name.
func Providers() provider.Registry {
	return provider.Registry{
		august.Provider(),
		igloohome.Provider(),
		kwikset.Provider(),
		seam.Lockly(),
		nuki.Provider(),
		seam.Oracode(),
		schlage.Provider(),
		seam.Provider(),
		ttlock.Provider(),
		august.Yale(),
	}
}
