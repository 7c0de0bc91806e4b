package store

import (
	"context"
	"errors"
	"fmt"
)

// copyPage is how many records Copy reads at a time.
const copyPage = 1000

// Copy writes every record of src to dst, which must be empty, in commits within the limits of dst. Keys and values are
// kept, revisions are not: dst counts its own commits. It refuses a src that is written to meanwhile, because the copy would
// be of no one instant. After an error dst may hold a part and should be thrown away.
func Copy(ctx context.Context, dst, src Store) error {
	there, _, err := dst.Scan(ctx, "", "", 1)
	if err != nil {
		return fmt.Errorf("copy store: read destination: %w", err)
	}
	if len(there) > 0 {
		return errors.New("copy store: the destination is not empty")
	}
	var began Rev
	for after := ""; ; {
		page, at, err := src.Scan(ctx, "", after, copyPage)
		if err != nil {
			return fmt.Errorf("copy store: read source: %w", err)
		}
		if after == "" {
			began = at
		} else if at != began {
			return fmt.Errorf("copy store: the source was written to while it was copied (revision %d, then %d)", began, at)
		}
		if err := write(ctx, dst, page); err != nil {
			return fmt.Errorf("copy store: write destination: %w", err)
		}
		if len(page) < copyPage {
			return nil
		}
		after = page[len(page)-1].Key
	}
}

// write commits records to dst, as few commits as its limits allow.
func write(ctx context.Context, dst Store, records []KV) error {
	limits := dst.Limits()
	var ops []Op
	size := 0
	for _, r := range records {
		op := Op{Key: r.Key, Val: r.Val}
		if len(ops) > 0 && (len(ops) == limits.MaxOps || size+op.Size() > limits.MaxBytes) {
			if _, err := dst.Commit(ctx, nil, ops); err != nil {
				return err
			}
			ops, size = ops[:0], 0
		}
		ops, size = append(ops, op), size+op.Size()
	}
	if len(ops) == 0 {
		return nil
	}
	_, err := dst.Commit(ctx, nil, ops)
	return err
}
