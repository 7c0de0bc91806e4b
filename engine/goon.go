package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
)

// rewound is the type of the event that stands where the journal of a store goes on that was put back to an earlier state.
const rewound = "internal.journal.rewound"

// GoOn has a store that was put back to an earlier state, of the instant now, number its events after seq, and says so in the journal. So
// no number that somebody has read tells of something else later, and who follows the journal hears of it. No engine may have the
// store open. Errors are the store's, or of a record that does not read.
func GoOn(ctx context.Context, s store.Store, now time.Time, seq Seq) error {
	kv, err := s.Get(ctx, keyCommit)
	if err != nil {
		return err
	}
	var mark commitMark
	if kv.Rev != 0 {
		if mark, err = decode[commitMark](kv.Key, kv.Val); err != nil {
			return err
		}
	}
	if mark.Seq >= seq {
		return nil
	}
	ev := Event{Seq: seq + 1, At: now.UTC().Round(0), Type: rewound, Text: fmt.Sprintf("all was put back to this instant: what events %d to %d told is undone", mark.Seq+1, seq)}
	_, err = s.Commit(ctx, []store.Cond{{Key: keyCommit, Rev: kv.Rev}}, []store.Op{
		{Key: keyEvent(ev.Seq), Val: encode(ev)},
		{Key: keyCommit, Val: encode(commitMark{mark.Commit + 1, ev.Seq})},
	})
	return err
}
