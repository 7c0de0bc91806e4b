package engine

import (
	"context"
	"time"
)

// Host runs an engine. engine/live, sim/world's Play and the API client are hosts; the user interfaces know only this.
// All methods are safe for concurrent use.
type Host interface {
	// Now is the host's clock: real, or virtual.
	Now() time.Time
	// Submit applies a command. It is durable when Submit returns; a *Refusal says why it was not taken.
	Submit(ctx context.Context, c Command) (Receipt, error)
	// Snapshot answers a query; everything in one answer was read at one sequence number.
	Snapshot(ctx context.Context, q Query) (Snapshot, error)
	// Journal returns up to limit events after a sequence number, oldest first. Numbers have no gaps but one: where lines are
	// no longer kept, the first that is left follows.
	Journal(ctx context.Context, after Seq, limit int) ([]Event, error)
	// Bell returns a one-slot doorbell that rings after a commit. It is closed when ctx ends.
	Bell(ctx context.Context) <-chan struct{}
}

// Busy is how a host refuses a command when more of them wait than it takes.
func Busy() *Refusal { return refuse("busy", "", "") }
