// Package lab is the controls of a simulation, its clock, its faults and its keypads: without it the user interfaces would
// have to know the simulator. A host that is simulated offers a Lab beside engine.Host, and nothing else of the simulator is
// seen.
package lab

import (
	"context"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// The data of a simulation, under the names by which the user interfaces know it.
type (
	Fault = sim.Fault
	Try   = sim.Try
	Edit  = sim.Edit
)

// Rates are the paces that keys step through, in virtual seconds per real second.
var rates = [...]int{1, 10, 60, 600, 3600, 21600, 86400}

// Faster returns the next pace above rate, or the fastest.
func Faster(rate int) int {
	for _, r := range rates {
		if r > rate {
			return r
		}
	}
	return rates[len(rates)-1]
}

// Slower returns the next pace below rate, or the slowest.
func Slower(rate int) int {
	for i := len(rates) - 1; i >= 0; i-- {
		if rates[i] < rate {
			return rates[i]
		}
	}
	return rates[0]
}

// State is what a simulation shows of itself.
type State struct {
	Now     time.Time
	Start   time.Time
	Seed    uint64
	Name    string // of the scenario or demonstration
	Paused  bool
	Rate    int       // wished, virtual seconds per real second
	Reached float64   // what the machine keeps up with; less than Rate when it can't
	Next    time.Time // the next thing that happens; zero: nothing
	Faults  []Fault   // active now, oldest first
}

// Lab steers a simulation. All methods are safe for concurrent use, bounded and end with ctx.
type Lab interface {
	// State tells the clock, the pace and the faults.
	State(ctx context.Context) (State, error)
	// Pause stops or resumes the clock.
	Pause(ctx context.Context, paused bool) error
	// Rate sets the pace, 1 to 86400 virtual seconds per real second.
	Rate(ctx context.Context, rate int) error
	// Step runs to the next thing that happens, and pauses.
	Step(ctx context.Context) error
	// SkipTo runs as fast as the machine can to t, which lies ahead by at most a year.
	SkipTo(ctx context.Context, t time.Time) error
	// Inject places a fault and returns its id.
	Inject(ctx context.Context, f Fault) (string, error)
	// Heal ends the fault of that id, or every fault on that lock, hub or account.
	Heal(ctx context.Context, idOrTarget string) error
	// Kinds lists the kinds of fault that may be placed on that lock, hub or account.
	Kinds(ctx context.Context, target string) ([]FaultKind, error)
	// Type types a PIN at a lock's keypad.
	Type(ctx context.Context, device lock.DeviceID, pin lock.PIN) (Try, error)
	// Edit changes a lock by hand, behind the engine's back.
	Edit(ctx context.Context, e Edit) error
	// Snapshot keeps the present under a name, to Rewind to.
	Snapshot(ctx context.Context, name string) error
	// Rewind goes back to a snapshot; what came after it is gone. The numbers of the journal go on: an event says that those in between are undone.
	Rewind(ctx context.Context, name string) error
	// Snapshots lists the names that Rewind takes, oldest first.
	Snapshots(ctx context.Context) ([]string, error)
	// SaveScenario writes the session so far as a TOML scenario, without a real PIN, name or id.
	SaveScenario(ctx context.Context) ([]byte, error)
}

// FaultKind describes one kind of fault to people.
type FaultKind struct {
	Name, Layer, Meaning string
}
