package saltoks

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one site.
type account struct {
	id               lock.AccountID
	api, identity    *rest.Client
	now              func() time.Time
	tokens           *oauth.Login
	client, user     string
	secret, password provider.Token
	wanted           string                 // the site, as the configuration names it
	site             atomic.Pointer[string] // its UUID, once it was asked for

	sites   shared[place]
	doors   shared[[]smartlock]
	users   shared[[]user]
	groups  shared[[]group]
	entries shared[[]entry]

	mu     sync.Mutex
	wrote  map[lock.DeviceID]time.Time // when each lock was last written to
	looked map[lock.DeviceID]time.Time // when each lock was last looked at
}

var _ driver.Driver = (*account)(nil)

// Devices implements driver.Driver. What has no keypad takes no PINs, and is not listed.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	c := rest.Call{Op: "devices"}
	at, err := a.place(ctx, c)
	if err != nil {
		return nil, err
	}
	s := at.site
	locks, err := a.locks(ctx, c)
	if err != nil {
		return nil, err
	}
	var out []lock.Device
	for _, l := range locks {
		if !l.keypad() || s.PINEnabled != nil && !*s.PINEnabled || l.ID == "" {
			continue
		}
		d := lock.Device{ID: prefix + lock.DeviceID(l.ID), Account: a.id, Model: l.Type, System: "salto", Traits: traits(s.Zone)}
		d.Name = cmp.Or(l.Name, string(d.ID))
		if l.IQ.ID != "" {
			d.Hub = hubPrefix + lock.HubID(l.IQ.ID)
		}
		if !slices.ContainsFunc(out, func(x lock.Device) bool { return x.ID == d.ID }) {
			out = append(out, d)
		}
	}
	return out, nil
}

func traits(zone string) lock.Traits {
	return lock.Traits{
		NativeSchedule: true, OpenEnded: true, UpdatesInPlace: true, PINLengths: []int{6, 7, 8, 9, 10}, NameMax: nameMax, Granularity: time.Minute, AssignsPIN: true,
		HidesPIN: true, NoBackupPool: true, CloudList: true, ReportsEntry: true, Constraints: []lock.Constraint{{Kind: lock.CannotSpecifyPIN}}, Zone: zone,
	}
}

// place reads the site and its zone.
func (a *account) place(ctx context.Context, c rest.Call) (p place, err error) {
	if err := a.get(ctx, c, newer, "", &p.site); err != nil {
		return p, err
	}
	if p.zone, err = lock.LoadZone(p.site.Zone); err != nil {
		p.site.Zone, p.zone = "", time.UTC
	}
	return p, nil
}

// whole refuses a list of which there is more: what it lacks would count as gone.
func whole[T any](c rest.Call, l list[T]) ([]T, error) {
	if l.More {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = errors.New("the list has further pages")
		return nil, e
	}
	return l.Items, nil
}

// read gets a whole list of the site.
func read[T any](ctx context.Context, a *account, c rest.Call, version, path string) ([]T, error) {
	var l list[T]
	if err := a.get(ctx, c, version, path, &l); err != nil {
		return nil, err
	}
	return whole(c, l)
}

func (a *account) locks(ctx context.Context, c rest.Call) ([]smartlock, error) {
	return read[smartlock](ctx, a, c, newer, "/locks")
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	all, err := a.look(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	l, err := all.find(c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Reach: lock.Reached, Zone: all.site.Zone, Battery: l.level(), At: all.read}
	switch {
	case l.IQ.Online != nil && !*l.IQ.Online:
		o.Reach = lock.HubDown
	case l.Online != nil && !*l.Online:
		o.Reach = lock.LockDown
	}
	if l.Privacy {
		o.Modes = append(o.Modes, lock.ModePrivacy)
	}
	if l.Office {
		o.Modes = append(o.Modes, lock.ModeOffice)
	}
	if o.Held, err = a.held(ctx, c, l, all); err != nil {
		return lock.Observation{}, err
	}
	o.Complete = len(o.Held) <= lock.MaxHeld
	o.Held = o.Held[:min(len(o.Held), lock.MaxHeld)]
	o.Entries, o.Next = all.entries(l, known.Since)
	return o, nil
}

// held tells whose PINs a lock should know: the members of the access groups that it belongs to.
func (a *account) held(ctx context.Context, c rest.Call, l *smartlock, site *lists) ([]lock.Held, error) {
	users := site.users
	var all []lock.Held
	for _, g := range site.groups {
		at := "/access_groups/" + url.PathEscape(g.ID)
		if _, of, ours := g.ours(); ours && of != l.ID {
			continue // of another lock: one request less
		}
		locks, err := read[named](ctx, a, c, old, at+"/locks")
		if err != nil && !is(err, driver.NotFound) {
			return nil, err
		}
		if !slices.ContainsFunc(locks, func(n named) bool { return n.ID == l.ID }) {
			continue
		}
		members, err := read[named](ctx, a, c, newer, at+"/users")
		if err != nil && !is(err, driver.NotFound) {
			return nil, err
		}
		schedules, err := read[schedule](ctx, a, c, old, at+"/time_schedules")
		if err != nil && !is(err, driver.NotFound) {
			return nil, err
		}
		opens, scheduled := hull(schedules, site.zone)
		for _, m := range members {
			i := slices.IndexFunc(users, func(u user) bool { return u.User.ID == m.ID && m.ID != "" })
			if i < 0 || !users[i].UsePIN || users[i].ID == "" {
				continue
			}
			h := users[i].held()
			h.Window, h.Pending = opens, h.Pending || !scheduled
			if j := slices.IndexFunc(all, func(x lock.Held) bool { return x.Ref == h.Ref }); j >= 0 {
				all[j].Window, all[j].Pending = cover(all[j].Window, h.Window), all[j].Pending && h.Pending
				continue
			}
			all = append(all, h)
		}
	}
	return all, nil
}

// held is how the driver tells of a user with a PIN.
func (u *user) held() lock.Held {
	h := lock.Held{Ref: lock.Ref(u.ID), Enabled: u.State != suspended && !u.Blocked, Pending: len(u.Roles) == 0}
	h.Tag, h.Name = driver.Unlabel(u.Alias)
	return h
}

// hull is the least window that covers all schedules; false: there is none, and the lock never hears of the group.
func hull(all []schedule, zone *time.Location) (w lock.Window, ok bool) {
	for _, s := range all {
		x, reads := s.window(zone)
		switch {
		case !reads:
		case !ok:
			w, ok = x, true
		default:
			w = cover(w, x)
		}
	}
	return w, ok
}

// cover is the least window that covers two.
func cover(a, b lock.Window) lock.Window {
	if b.From.Before(a.From) {
		a.From = b.From
	}
	if !b.Bounded() || a.Bounded() && b.To.After(a.To) {
		a.To = b.To
	}
	return a
}

// logPage is how many lines of the site's log a look reads. What its doors have seen beyond that between two looks is not told.
const logPage = "200"

// entries tells of the site's log after a cursor: the time and the id of the last line of this lock that was told.
func (s *lists) entries(l *smartlock, since lock.Cursor) ([]lock.Entry, lock.Cursor) {
	var all []lock.Entry
	for i := range s.lines {
		if x := &s.lines[i]; x.Lock.ID == l.ID || x.LockID == l.ID {
			if e, ok := x.entry(s.users); ok {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(x, y lock.Entry) int { return cmp.Or(x.At.Compare(y.At), strings.Compare(x.ID, y.ID)) })
	if date, last, ok := strings.Cut(string(since), " "); ok {
		after, err := time.Parse(time.RFC3339Nano, date)
		all = slices.DeleteFunc(all, func(e lock.Entry) bool {
			return err == nil && (e.At.Before(after) || e.At.Equal(after) && e.ID <= last)
		})
	} else if len(all) > lock.MaxEntries {
		all = all[len(all)-lock.MaxEntries:]
	}
	all = all[:min(len(all), lock.MaxEntries)]
	if len(all) == 0 {
		return nil, since
	}
	last := all[len(all)-1]
	return all, lock.Cursor(last.At.Format(time.RFC3339Nano) + " " + last.ID)
}

// entry is how the driver tells of a line of the log; false: it is about something else than a door, or does not read.
func (x *entry) entry(users []user) (lock.Entry, bool) {
	at, err := time.Parse(time.RFC3339, x.At)
	if err != nil {
		if at, err = time.Parse(stamp, x.At); err != nil {
			return lock.Entry{}, false
		}
	}
	e := lock.Entry{ID: cmp.Or(x.ID, x.At+" "+x.User), At: at.UTC()}
	switch x.Category {
	case "lock_opened":
		e.Kind = lock.Opened
		if i := slices.IndexFunc(users, func(u user) bool { return u.User.ID == x.User && x.User != "" }); i >= 0 {
			e.Ref = lock.Ref(users[i].ID)
		}
	case "lock_rejected":
		e.Kind, e.Reason = lock.Denied, "unknown_code"
	default:
		return e, false
	}
	return e, true
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	a.identity.HTTP.CloseIdleConnections()
	return nil
}
