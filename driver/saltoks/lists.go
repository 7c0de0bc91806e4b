package saltoks

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// lists are what the vendor tells of a whole site at once. Calls for several locks share them: each would else cost as much as all.
type lists struct {
	read   time.Time // when reading began: they are that old at most
	site   site
	zone   *time.Location
	locks  []smartlock
	users  []user
	groups []group
	lines  []entry // of the log
}

// fresh is how long lists serve. What hands do meanwhile is seen by the next look.
const fresh = 5 * time.Second

// lists reads the site, unless that has just been done. A lock that was written to since then needs newer ones.
func (a *account) lists(ctx context.Context, c rest.Call) (*lists, error) {
	a.mu.Lock()
	last, wrote := a.last, a.wrote[c.Device]
	a.mu.Unlock()
	now := a.now()
	if last != nil && last.read.After(wrote) && now.Sub(last.read) < fresh {
		return last, nil
	}
	l := lists{read: now}
	var err error
	if l.site, l.zone, err = a.place(ctx, c); err != nil {
		return nil, err
	}
	if l.locks, err = a.locks(ctx, c); err != nil {
		return nil, err
	}
	if l.users, err = read[user](ctx, a, c, newer, "/users"); err != nil {
		return nil, err
	}
	if l.groups, err = read[group](ctx, a, c, newer, "/access_groups"); err != nil {
		return nil, err
	}
	var page list[entry]
	if err := a.get(ctx, c, old, "/entries?%24top="+logPage+"&%24orderby=utc_date_time%20desc", &page); err != nil {
		return nil, err
	}
	l.lines = page.Items
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil || a.last.read.Before(l.read) {
		a.last = &l
	}
	return &l, nil
}

// written notes that a lock was written to, or may have been.
func (a *account) written(id lock.DeviceID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrote[id] = a.now()
}

// find is the lock of a call.
func (l *lists) find(c rest.Call) (*smartlock, error) {
	id, ok := strings.CutPrefix(string(c.Device), prefix)
	i := slices.IndexFunc(l.locks, func(x smartlock) bool { return x.ID == id })
	if !ok || i < 0 || id == "" {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	return &l.locks[i], nil
}
