package twon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

const (
	overlap  = 60 // seconds of the log that are read again, should the clock have been set
	maxPulls = 80 // batches of 128: as much as a device remembers
	kinds    = "UserAuthenticated,UserRejected,CodeEntered,AccessLimited,UnauthorizedDoorOpen"
)

// cursor is the last line of a log that was told: what is told later came later, or at the same second with a higher number.
type cursor struct{ utc, id int64 }

func (c cursor) text() lock.Cursor { return lock.Cursor(fmt.Sprintf("%d %d", c.utc, c.id)) }

func (c cursor) before(e *event) bool {
	return cmp.Or(cmp.Compare(c.utc, e.UTC), cmp.Compare(c.id, e.ID)) < 0
}

// entries reads the log after a cursor; now is the device's time. The first look tells nothing of what was before it. A login that may not
// read the log is told nothing.
func (d *device) entries(ctx context.Context, c rest.Call, since lock.Cursor, now int64) ([]lock.Entry, lock.Cursor, error) {
	var from cursor
	if _, err := fmt.Sscanf(string(since), "%d %d", &from.utc, &from.id); err != nil {
		return nil, cursor{utc: now}.text(), nil //nolint:nilerr // there is no cursor yet
	}
	include := "all"
	if back := now - from.utc + overlap; back > 0 && back < 1<<31 {
		include = "-" + strconv.FormatInt(back, 10)
	}
	var sub struct {
		ID int64 `json:"id"`
	}
	err := d.ask(ctx, c, "/api/log/subscribe?include="+include+"&filter="+kinds+"&duration=90", &sub)
	if e, ok := errors.AsType[*driver.Error](err); ok && (e.Kind == driver.Unauthorized || e.Kind == driver.Unsupported) {
		return nil, since, nil
	}
	if err != nil {
		return nil, since, err
	}
	id := strconv.FormatInt(sub.ID, 10)
	var events []event
	for range maxPulls {
		var batch struct {
			Events []event `json:"events"`
		}
		if err := d.ask(ctx, c, "/api/log/pull?id="+id+"&timeout=0", &batch); err != nil {
			return nil, since, err
		}
		if len(batch.Events) == 0 {
			break
		}
		events = append(events, batch.Events...)
	}
	if err := d.ask(ctx, c, "/api/log/unsubscribe?id="+id, nil); err != nil && ctx.Err() != nil {
		return nil, since, err // otherwise it ends by itself
	}
	slices.SortStableFunc(events, func(x, y event) int { return cmp.Or(cmp.Compare(x.UTC, y.UTC), cmp.Compare(x.ID, y.ID)) })
	var entries []lock.Entry
	last := from
	for i := range events {
		e := &events[i]
		if !last.before(e) {
			continue
		}
		if len(entries) == lock.MaxEntries {
			break
		}
		last = cursor{e.UTC, e.ID}
		if x, ok := e.entry(); ok {
			entries = append(entries, x)
		}
	}
	return entries, last.text(), nil
}

// entry is how the driver tells of an event; false: another event of the same try tells it.
func (e *event) entry() (lock.Entry, bool) {
	x := lock.Entry{ID: fmt.Sprintf("%d-%d", e.UTC, e.ID), At: time.Unix(min(max(e.UTC, 0), 1<<40), 0).UTC(), Kind: lock.Denied}
	if e.Params.UUID != "" {
		x.Ref = refOf(e.Params.UUID)
	}
	switch e.Event {
	case "UserAuthenticated":
		x.Kind = lock.Opened
	case "UserRejected":
		x.Reason = "outside_window"
	case "CodeEntered":
		x.Reason = "unknown_code"
		return x, e.Params.Valid != nil && !*e.Params.Valid && x.Ref == ""
	case "AccessLimited":
		x.Reason = "too_many_attempts"
		return x, e.Params.State != "out"
	case "UnauthorizedDoorOpen":
		x.Kind = lock.Tampered
		return x, e.Params.State != "out"
	default:
		return x, false
	}
	return x, true
}
