package engine

import (
	"context"
	"fmt"

	"github.com/accesscodes/lockctl/engine/store"
)

// migration lifts every record of a store from one format to the next, in commits that may be repeated.
type migration func(ctx context.Context, s store.Store) error

// migrations lists them by the format that they start from; the first format is 1.
func migrations() map[int]migration { return map[int]migration{} }

// migrate lifts a store from format n to Schema.
func migrate(ctx context.Context, s store.Store, n int) error {
	for ; n < Schema; n++ {
		m, ok := migrations()[n]
		if !ok {
			return fmt.Errorf("no way leads from record format %d to %d", n, n+1)
		}
		if err := m(ctx, s); err != nil {
			return fmt.Errorf("migration from record format %d: %w", n, err)
		}
	}
	return nil
}
