package saltoks

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// lists are what the vendor tells of a whole site at once, as a call uses them.
type lists struct {
	read   time.Time // when reading began of what tells of codes: it is that old at most
	site   site
	zone   *time.Location
	locks  []smartlock
	users  []user
	groups []group
	lines  []entry // of the log
}

// How long a list serves the calls for all locks: each call would else cost as much as all. What hands do meanwhile is seen by the next look.
// The vendor is not to be asked more often, and what it lists of codes is up to some minutes behind or ahead of the lock itself in any case;
// whether a lock is there is asked again soon. A list that is just being read again serves the other calls for as long once more. No list
// serves two looks at one lock.
const (
	fresh = 30 * time.Second
	brief = 5 * time.Second
)

// shared is a list that was read for all locks of a site.
type shared[T any] struct {
	mu      sync.Mutex
	read    time.Time // when reading it began; zero: it never was
	reading bool      // by one call
	have    T
}

// get returns the list, and when it began to be read: what was read last if that is fresh and of after an instant, else a new one.
func (s *shared[T]) get(now func() time.Time, after time.Time, fresh time.Duration, read func() (T, error)) (T, time.Time, error) {
	began := now()
	s.mu.Lock()
	age := began.Sub(s.read)
	if s.read.After(after) && (age < fresh || s.reading && age < 2*fresh) {
		defer s.mu.Unlock()
		return s.have, s.read, nil
	}
	s.reading = true
	s.mu.Unlock()
	got, err := read()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	if err == nil && s.read.Before(began) {
		s.have, s.read = got, began
	}
	return got, began, err
}

// place is a site and its zone.
type place struct {
	site site
	zone *time.Location
}

// look is lists for a look at a lock. What served its last look does not serve this one: who looks again wants to see what has changed.
func (a *account) look(ctx context.Context, c rest.Call) (*lists, error) {
	a.mu.Lock()
	last := a.looked[c.Device]
	a.mu.Unlock()
	l, err := a.lists(ctx, c, last)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looked[c.Device] = a.now()
	return l, err
}

// lists reads of the site what is not fresh, or not of after an instant. A lock that was written to since needs newer users and groups.
func (a *account) lists(ctx context.Context, c rest.Call, after time.Time) (l *lists, err error) {
	a.mu.Lock()
	wrote := a.wrote[c.Device]
	a.mu.Unlock()
	if wrote.Before(after) {
		wrote = after
	}
	l = &lists{}
	at, _, err := a.sites.get(a.now, time.Time{}, fresh, func() (place, error) { return a.place(ctx, c) })
	if err != nil {
		return nil, err
	}
	l.site, l.zone = at.site, at.zone
	if l.locks, _, err = a.doors.get(a.now, after, brief, func() ([]smartlock, error) { return a.locks(ctx, c) }); err != nil {
		return nil, err
	}
	var users, groups time.Time
	if l.users, users, err = a.users.get(a.now, wrote, fresh, func() ([]user, error) { return read[user](ctx, a, c, newer, "/users") }); err != nil {
		return nil, err
	}
	if l.groups, groups, err = a.groups.get(a.now, wrote, fresh, func() ([]group, error) { return read[group](ctx, a, c, newer, "/access_groups") }); err != nil {
		return nil, err
	}
	if l.read = users; groups.Before(users) {
		l.read = groups
	}
	l.lines, _, err = a.entries.get(a.now, after, fresh, func() ([]entry, error) {
		var page list[entry]
		err := a.get(ctx, c, old, "/entries?%24top="+logPage+"&%24orderby=utc_date_time%20desc", &page)
		return page.Items, err
	})
	return l, err
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
