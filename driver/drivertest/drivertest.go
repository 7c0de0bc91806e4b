// Package drivertest runs the conformance cases under testing: without it each vendor's test would choose for itself what to
// prove.
package drivertest

import (
	"testing"

	"github.com/accesscodes/lockctl/driver/conform"
)

// Run tries every case on a rig of its own, which open makes and puts away when its test ends.
func Run(t *testing.T, open func(t *testing.T) *conform.Rig) {
	for _, c := range conform.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := conform.Check(t.Context(), c, open(t)); err != nil {
				t.Errorf("%s: %v", c.Clause, err)
			}
		})
	}
}
