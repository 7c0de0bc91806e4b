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

// cursor is the last line of a log that was told. Lines are counted from each start of a device, and by how long it had run: its clock may
// be set meanwhile.
type cursor struct {
	boot  int64 // Unix seconds of its start, by our clock
	claim int64 // the same by its own
	up    int64 // seconds that it had run
	id    int64 // the line; 0: it was looked at then
}

func (c cursor) text() lock.Cursor {
	return lock.Cursor(fmt.Sprintf("%d %d %d %d", c.boot, c.claim, c.up, c.id))
}

func (c cursor) before(e *event) bool {
	return cmp.Or(cmp.Compare(c.up, e.Up), cmp.Compare(c.id, e.ID)) < 0
}

func near(a, b int64) bool { return max(a, b)-min(a, b) < overlap }

// entries reads the log after a cursor, of a device that has said how it is. The first look tells nothing of what was before it. A login
// that may not read the log is told nothing.
func (d *device) entries(ctx context.Context, c rest.Call, since lock.Cursor, s status, now time.Time) ([]lock.Entry, lock.Cursor, error) {
	last := cursor{boot: now.Unix() - s.Up, claim: s.Time - s.Up, up: s.Up}
	var from cursor
	if _, err := fmt.Sscanf(string(since), "%d %d %d %d", &from.boot, &from.claim, &from.up, &from.id); err != nil {
		return nil, last.text(), nil //nolint:nilerr // there is no cursor yet
	}
	include := "all"
	switch {
	case s.Up < from.up || !near(last.boot, from.boot) && !near(last.claim, from.claim): // it has started anew
		last.up = -1
	case near(last.claim, from.claim):
		include = "-" + strconv.FormatInt(s.Up-from.up+overlap, 10)
		fallthrough
	default: // its clock may have been set, or ours
		last.up, last.id = from.up, from.id
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
	slices.SortStableFunc(events, func(x, y event) int { return cmp.Or(cmp.Compare(x.Up, y.Up), cmp.Compare(x.ID, y.ID)) })
	var entries []lock.Entry
	for i := range events {
		e := &events[i]
		if !last.before(e) {
			continue
		}
		if len(entries) == lock.MaxEntries {
			break
		}
		last.up, last.id = e.Up, e.ID
		if x, ok := e.entry(now.Add(time.Duration(min(max(e.Up-s.Up, -1<<32), 0)) * time.Second)); ok {
			entries = append(entries, x)
		}
	}
	return entries, last.text(), nil
}

// entry is how the driver tells of an event of that time; false: another event of the same try tells it.
func (e *event) entry(at time.Time) (lock.Entry, bool) {
	x := lock.Entry{ID: fmt.Sprintf("%d-%d", e.UTC, e.ID), At: at.UTC(), Kind: lock.Denied}
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
