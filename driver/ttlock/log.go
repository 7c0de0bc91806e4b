package ttlock

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// lateBy is how far back a look asks for records again: locks upload what happened when they are heard, and the cursor goes by
// when that was.
const lateBy = 24 * time.Hour

// recordPages bounds what one look reads of a busy door's log.
const recordPages = 3

// entries reads the log after a cursor: when the last record that was told was uploaded, and its number.
func (a *account) entries(ctx context.Context, c rest.Call, since lock.Cursor, refs map[text]lock.Ref) ([]lock.Entry, lock.Cursor, error) {
	form, err := of(c)
	if err != nil {
		return nil, since, err
	}
	uploaded, id, most := int64(0), int64(0), 1
	if at, last, ok := strings.Cut(string(since), " "); ok {
		uploaded, _ = strconv.ParseInt(at, 10, 64)
		id, _ = strconv.ParseInt(last, 10, 64)
		most = recordPages
		form.Set("startDate", millis(time.UnixMilli(uploaded).Add(-lateBy)))
	}
	lines, _, err := pages[record](ctx, a, c, "/lockRecord/list", form, most)
	if err != nil {
		return nil, since, err
	}
	slices.SortStableFunc(lines, func(x, y record) int { return cmp.Or(cmp.Compare(x.Uploaded, y.Uploaded), cmp.Compare(x.ID, y.ID)) })
	lines = slices.DeleteFunc(lines, func(r record) bool {
		return int64(r.Uploaded) < uploaded || int64(r.Uploaded) == uploaded && int64(r.ID) <= id || r.ID <= 0
	})
	if since == "" && len(lines) > lock.MaxEntries {
		lines = lines[len(lines)-lock.MaxEntries:]
	}
	next := since
	var entries []lock.Entry
	for i := range lines {
		if len(entries) == lock.MaxEntries {
			break
		}
		next = lock.Cursor(strconv.FormatInt(int64(lines[i].Uploaded), 10) + " " + strconv.FormatInt(int64(lines[i].ID), 10))
		if e, ok := lines[i].entry(refs); ok {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(x, y lock.Entry) int { return x.At.Compare(y.At) })
	return entries, next, nil
}
