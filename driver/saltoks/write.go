package saltoks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// farOff is the end of a guest that has none.
var farOff = time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)

// Set implements driver.Driver. A code is a guest, alone in an access group with the lock and a schedule. What of that is there already,
// from a try before, is gone on with; the PIN, by which the door opens, comes last.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be held disabled")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	case at == "" && !want.PIN.IsZero():
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "the provider chooses the digits")
	case want.Tag == "":
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a guest needs a tag to be known by")
	}
	all, err := a.lists(ctx, c, time.Time{})
	if err != nil {
		return lock.Held{}, err
	}
	want.Window = want.Window.Grain(time.Minute)
	if !exact(want.Window, all.zone) {
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "the hour comes twice in the site's zone")
	}
	l, err := all.find(c)
	if err != nil {
		return lock.Held{}, err
	}
	defer a.written(id)
	guest, err := a.guest(ctx, c, all.users, want, at)
	if err != nil {
		return lock.Held{}, err
	}
	if err := a.admit(ctx, c, l, guest, want, all); err != nil {
		return lock.Held{}, err
	}
	h := lock.Held{Ref: lock.Ref(guest.ID), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: want.Window, Enabled: true, Pending: true}
	if lock.Ref(guest.ID) == at && !want.PIN.IsZero() {
		return h, nil // the digits are known, and asking would change them
	}
	var digits string
	if err := a.tell(ctx, c, http.MethodPut, newer, of(guest)+"/pin", map[string]any{}, &digits); err != nil {
		return lock.Held{}, err
	}
	if h.PIN, err = lock.ParsePIN(digits); err != nil {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no digits")
	}
	return h, nil
}

// of is the path of a user.
func of(u *user) string { return "/users/" + url.PathEscape(u.ID) }

// guest finds or makes the guest of a code, with a seat, a name, and the right to use a PIN.
func (a *account) guest(ctx context.Context, c rest.Call, users []user, want lock.Credential, at lock.Ref) (*user, error) {
	alias := driver.Label(want.Tag, want.Name, nameMax)
	expires := farOff
	if want.Window.Bounded() {
		expires = want.Window.To
	}
	ends := expires.UTC().Format(time.RFC3339)
	i := slices.IndexFunc(users, func(u user) bool { return at != "" && lock.Ref(u.ID) == at })
	if i < 0 {
		i = slices.IndexFunc(users, func(u user) bool {
			tag, _ := driver.Unlabel(u.Alias)
			return tag == want.Tag && u.ID != ""
		})
	}
	if i < 0 {
		var made user
		if err := a.tell(ctx, c, http.MethodPost, newer, "/guests", map[string]any{"alias": alias, "expires_at": ends}, &made); err != nil {
			return nil, err
		}
		if made.ID == "" || made.User.ID == "" {
			return nil, c.Fail(driver.Ambiguous, driver.BlameCloud, "no ids")
		}
		users, i = []user{made}, 0
	}
	u := &users[i]
	if u.State == suspended {
		if err := a.seat(ctx, c, u); err != nil {
			return nil, err
		}
	}
	change := map[string]any{}
	if u.Alias != alias {
		change["alias"] = alias
	}
	if have, err := time.Parse(time.RFC3339, u.Expires); err != nil || !have.Equal(expires) {
		change["expires_at"] = ends
	}
	if !u.UsePIN {
		change["use_pin"] = true
	}
	if u.Blocked {
		change["blocked"] = false
	}
	if len(change) > 0 {
		if err := a.tell(ctx, c, http.MethodPatch, newer, of(u), change, nil); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// seat asks for a seat for a user who has none. Where none is free the vendor says nothing: the guest is there, gets a PIN, and stays
// outside. So it is taken away again, and the site is full.
func (a *account) seat(ctx context.Context, c rest.Call, u *user) error {
	err := a.tell(ctx, c, http.MethodPatch, newer, of(u)+"/subscription", map[string]any{"state": subscribed}, nil)
	if err == nil {
		var now user
		if err = a.get(ctx, c, newer, of(u), &now); err == nil && now.State == subscribed {
			return nil
		}
	}
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind != driver.Rejected && e.Kind != driver.Unsupported {
		return err
	}
	if err := a.tell(ctx, c, http.MethodDelete, newer, of(u), nil, nil); err != nil && !is(err, driver.NotFound) {
		return err
	}
	return c.Fail(driver.Full, driver.BlameAccount, "suspended: the subscription has no free seat")
}

// admit sees to it that the guest is in a group of its own with the lock and the schedule.
func (a *account) admit(ctx context.Context, c rest.Call, l *smartlock, guest *user, want lock.Credential, all *lists) (err error) {
	groups := all.groups
	name := groupName(want.Tag, l.ID)
	i := slices.IndexFunc(groups, func(g group) bool { return g.Name == name && g.ID != "" })
	var locks, members []named
	var schedules []schedule
	var g group
	if i < 0 {
		if err := a.tell(ctx, c, http.MethodPost, newer, "/access_groups", map[string]any{"customer_reference": name}, &g); err != nil {
			return err
		}
		if g.ID == "" {
			return c.Fail(driver.Ambiguous, driver.BlameCloud, "no id")
		}
	} else {
		g = groups[i]
	}
	at := "/access_groups/" + url.PathEscape(g.ID)
	if i >= 0 {
		if schedules, err = read[schedule](ctx, a, c, old, at+"/time_schedules"); err == nil {
			if locks, err = read[named](ctx, a, c, old, at+"/locks"); err == nil {
				members, err = read[named](ctx, a, c, newer, at+"/users")
			}
		}
		if err != nil {
			return err
		}
	}
	if err := a.schedule(ctx, c, at, schedules, want.Window, all.zone); err != nil {
		return err
	}
	if !slices.ContainsFunc(locks, func(n named) bool { return n.ID == l.ID }) {
		if err := a.tell(ctx, c, http.MethodPost, newer, at+"/locks", map[string]any{"lock_id": l.ID}, nil); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(members, func(n named) bool { return n.ID == guest.User.ID }) {
		return nil
	}
	err = a.tell(ctx, c, http.MethodPost, newer, at+"/users", map[string]any{"user_id": guest.User.ID}, nil)
	if is(err, driver.NotFound) { // as long as the new guest has no role yet
		e := c.Fail(driver.Throttled, driver.BlameCloud, "404 2202")
		e.RetryAfter = settles
		return e
	}
	return err
}

// schedule sees to it that a group opens in a window and no other.
func (a *account) schedule(ctx context.Context, c rest.Call, group string, have []schedule, w lock.Window, zone *time.Location) error {
	at := group + "/time_schedules"
	if len(have) == 0 {
		return a.tell(ctx, c, http.MethodPost, old, at, bodyOf(w, zone), nil)
	}
	if now, ok := have[0].window(zone); !ok || !now.Equal(w) {
		if err := a.tell(ctx, c, http.MethodPatch, old, at+"/"+url.PathEscape(have[0].ID), bodyOf(w, zone), nil); err != nil {
			return err
		}
	}
	for _, s := range have[1:] {
		if err := a.tell(ctx, c, http.MethodDelete, old, at+"/"+url.PathEscape(s.ID), nil, nil); err != nil && !is(err, driver.NotFound) {
			return err
		}
	}
	return nil
}

// Clear implements driver.Driver. It takes the guest away, which frees the seat, and then the group. Whoever is no guest of ours is
// somebody whose place at the site is not for a lock to end.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	all, err := a.lists(ctx, c, time.Time{})
	if err != nil {
		return err
	}
	l, err := all.find(c)
	if err != nil {
		return err
	}
	users := all.users
	i := slices.IndexFunc(users, func(u user) bool { return lock.Ref(u.ID) == ref && ref != "" })
	if i < 0 {
		return nil
	}
	defer a.written(id)
	tag, _ := driver.Unlabel(users[i].Alias)
	if tag == "" {
		return c.Fail(driver.Unsupported, driver.BlameRequest, "a user of the site who is no guest of lockctl is not removed")
	}
	if err := a.tell(ctx, c, http.MethodDelete, newer, of(&users[i]), nil, nil); err != nil && !is(err, driver.NotFound) {
		return err
	}
	for _, g := range all.groups { // an empty group opens nothing
		if g.Name == groupName(tag, l.ID) && g.ID != "" {
			_ = a.tell(ctx, c, http.MethodDelete, newer, "/access_groups/"+url.PathEscape(g.ID), nil, nil) // the same
		}
	}
	return nil
}
