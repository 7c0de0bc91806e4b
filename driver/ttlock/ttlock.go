package ttlock

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one login.
type account struct {
	id      lock.AccountID
	api     *rest.Client
	now     func() time.Time
	tokens  *oauth.Login
	login   login
	zone    string
	slots   int
	queues  string
	sixKeys map[int64]bool
}

var (
	_ driver.Driver   = (*account)(nil)
	_ driver.Receiver = (*account)(nil)
	_ driver.Bolt     = (*account)(nil)
)

// maxPages bounds the pages of a list of locks or gateways.
const maxPages = 50

// Devices implements driver.Driver.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	c := rest.Call{Op: "devices"}
	locks, all, err := pages[smartlock](ctx, a, c, "/lock/list", url.Values{}, maxPages)
	if err != nil {
		return nil, err
	}
	if !all {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = errors.New("the list of locks does not end")
		return nil, e
	}
	hubs, err := a.hubs(ctx, c, locks)
	if err != nil {
		return nil, err
	}
	var out []lock.Device
	for i := range locks {
		s := &locks[i]
		if s.ID <= 0 || slices.ContainsFunc(out, func(d lock.Device) bool { return d.ID == deviceID(s.ID) }) {
			continue
		}
		d := lock.Device{ID: deviceID(s.ID), Account: a.id, Name: cmp.Or(string(s.Alias), string(s.Name), string(deviceID(s.ID))), Model: s.model(), System: "ttlock"}
		d.Traits = a.traits(s)
		if s.HasGateway == 1 {
			d.Hub = hubs[s.ID]
		}
		out = append(out, d)
	}
	return out, nil
}

// model is the first part of the Bluetooth name, which is the maker's name of the kind of lock.
func (s *smartlock) model() string {
	name, _, _ := strings.Cut(string(s.Name), "_")
	return cmp.Or(string(s.Model), name, "TTLock")
}

func (s *smartlock) onWiFi() bool {
	bits, err := strconv.ParseUint(string(s.Feature), 16, 64)
	return err == nil && bits&featureWiFi != 0
}

// hubs tells the gateway that each lock hangs on: of several that hear it, the one that does best.
func (a *account) hubs(ctx context.Context, c rest.Call, locks []smartlock) (map[whole]lock.HubID, error) {
	hubs := map[whole]lock.HubID{}
	if !slices.ContainsFunc(locks, func(s smartlock) bool { return s.HasGateway == 1 }) {
		return hubs, nil
	}
	gateways, _, err := pages[gateway](ctx, a, c, "/gateway/list", url.Values{}, maxPages)
	if err != nil {
		return nil, err
	}
	if len(gateways) == 1 { // it must be that one
		for _, s := range locks {
			hubs[s.ID] = hubID(gateways[0].ID)
		}
		return hubs, nil
	}
	best := map[whole]whole{}
	for _, g := range gateways {
		var p page[near]
		form := url.Values{}
		form.Set("gatewayId", strconv.FormatInt(int64(g.ID), 10))
		if err := a.ask(ctx, c, "/gateway/listLock", form, &p); err != nil {
			return nil, err
		}
		if p.List == nil {
			continue
		}
		for _, n := range *p.List {
			if have, ok := best[n.ID]; !ok || n.RSSI > have {
				best[n.ID], hubs[n.ID] = n.RSSI, hubID(g.ID)
			}
		}
	}
	return hubs, nil
}

func (a *account) traits(s *smartlock) lock.Traits {
	t := lock.Traits{
		NativeSchedule: true, UpdatesInPlace: true, Slots: a.slots, PINLengths: []int{4, 5, 6, 7, 8, 9}, NameMax: nameMax, Granularity: time.Minute, RefusesReuse: true,
		CloudList: true, ReportsEntry: true, Constraints: []lock.Constraint{{Kind: lock.NoSequence}, {Kind: lock.NotAllSame}},
		Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineOneTime}, FirstUseWithin: firstUse, Zone: a.zone,
	}
	if a.sixKeys[int64(s.ID)] {
		t.Constraints = append(t.Constraints, lock.Constraint{Kind: lock.CannotContain0789})
	}
	return t
}

// firstUse is how soon computed digits must be used after their start, or they never open.
const firstUse = 24 * time.Hour

// Observe implements driver.Driver. Nothing is asked of the lock itself: that would take the gateway's time and the battery.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	form, err := of(c)
	if err != nil {
		return lock.Observation{}, err
	}
	var s smartlock
	if err := a.ask(ctx, c, "/lock/detail", form, &s); err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Zone: a.zoneOf(&s), Next: known.Since}
	if s.Charge != nil {
		o.Battery = lock.Battery{Known: true, Level: float64(min(max(*s.Charge, 0), 100)) / 100}
	}
	if o.Reach, err = a.reach(ctx, c, &s); err != nil {
		return lock.Observation{}, err
	}
	codes, all, err := a.list(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o.Complete = all
	refs := map[text]lock.Ref{}
	now := a.now()
	for i := range codes {
		p := &codes[i]
		if p.ID <= 0 {
			o.Complete = false
			continue
		}
		if p.Status == statusAddFailed {
			continue // the lock does not have it
		}
		h := p.held(now)
		o.Held = append(o.Held, h)
		for _, key := range []text{p.Digits, p.Name} {
			if key != "" {
				refs[key] = h.Ref
			}
		}
	}
	if o.Entries, o.Next, err = a.entries(ctx, c, known.Since, refs); err != nil {
		return lock.Observation{}, err
	}
	o.At = a.now()
	return o, nil
}

// list reads the passcodes of the device of a call.
func (a *account) list(ctx context.Context, c rest.Call) ([]passcode, bool, error) {
	form, err := of(c)
	if err != nil {
		return nil, false, err
	}
	form.Set("orderBy", "1")
	codes, all, err := pages[passcode](ctx, a, c, "/lock/listKeyboardPwd", form, lock.MaxHeld/pageSize)
	if len(codes) > lock.MaxHeld {
		codes, all = codes[:lock.MaxHeld], false
	}
	return codes, all, err
}

// reach tells how far messages come, as the cloud believes.
func (a *account) reach(ctx context.Context, c rest.Call, s *smartlock) (lock.Reach, error) {
	form, err := of(c)
	if err != nil {
		return lock.ReachUnknown, err
	}
	switch {
	case s.HasGateway == 1:
		var near page[gateway]
		if err := a.ask(ctx, c, "/gateway/listByLock", form, &near); err != nil {
			return lock.ReachUnknown, err
		}
		if near.List == nil || len(*near.List) == 0 {
			return lock.LockDown, nil
		}
		for _, g := range *near.List {
			online, err := a.online(ctx, c, g.ID)
			if err != nil || online {
				return lock.Reached, err
			}
		}
		return lock.HubDown, nil
	case s.onWiFi():
		var w wifi
		err := a.ask(ctx, c, "/wifiLock/detail", form, &w)
		if err == nil && w.Online == 1 {
			return lock.Reached, nil
		}
		if err != nil && !coded(err, codeNoNetwork) {
			return lock.ReachUnknown, err
		}
	}
	return lock.LockDown, nil
}

// online reports whether a gateway is; of one that is somebody else's nothing is told, and it is taken to be.
func (a *account) online(ctx context.Context, c rest.Call, id whole) (bool, error) {
	var g gateway
	form := url.Values{"gatewayId": {strconv.FormatInt(int64(id), 10)}}
	err := a.ask(ctx, c, "/gateway/detail", form, &g)
	if coded(err, codeNoGateway) {
		return true, nil
	}
	if err != nil || g.Online != nil {
		return err == nil && *g.Online == 1, err
	}
	// What its details say is not documented; the list is.
	all, _, err := pages[gateway](ctx, a, c, "/gateway/list", url.Values{}, maxPages)
	i := slices.IndexFunc(all, func(x gateway) bool { return x.ID == id })
	return i < 0 || all[i].Online == nil || *all[i].Online == 1, err
}

// zoneOf is the lock's own zone: the account's where the lock's offset is one of that zone's, else that offset.
func (a *account) zoneOf(s *smartlock) string {
	if s.Offset == nil {
		return ""
	}
	offset := int(*s.Offset / 1000)
	if loc, err := lock.LoadZone(a.zone); err == nil {
		for _, month := range []int{0, 6} {
			if _, have := a.now().AddDate(0, month, 0).In(loc).Zone(); have == offset {
				return a.zone
			}
		}
	}
	if offset%3600 != 0 || offset < -14*3600 || offset > 14*3600 {
		return ""
	}
	switch hours := offset / 3600; {
	case hours > 0:
		return "Etc/GMT-" + strconv.Itoa(hours) // those names count the other way
	case hours < 0:
		return "Etc/GMT+" + strconv.Itoa(-hours)
	}
	return "UTC"
}

// Lock implements driver.Bolt.
func (a *account) Lock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "lock", Device: id})
}

// Unlock implements driver.Bolt.
func (a *account) Unlock(ctx context.Context, id lock.DeviceID) error {
	return a.move(ctx, rest.Call{Op: "unlock", Device: id})
}

func (a *account) move(ctx context.Context, c rest.Call) error {
	form, err := of(c)
	if err != nil {
		return err
	}
	return a.tell(ctx, c, "/lock/"+c.Op, form, &outcome{})
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}
