package smartthings

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// account drives the locks of one login.
type account struct {
	id       lock.AccountID
	zone     string
	api      *rest.Client
	keys     *rest.Client // where the vendor's keys are
	now      func() time.Time
	log      *slog.Logger
	personal string       // a token of a person; "": login has them
	login    *oauth.Login // nil: personal is all
	client   string
	secret   string

	mu   sync.Mutex
	sent map[lock.DeviceID]sending
	args map[string][]string // of the commands of lockCredentials, in order; nil: not asked for yet
	hook hook
}

// sending is the last command to a lock of the new generation, which takes one at a time.
type sending struct {
	at     time.Time
	before instant // of the last result at that time
}

var (
	_ driver.Driver     = (*account)(nil)
	_ driver.Receiver   = (*account)(nil)
	_ driver.Subscriber = (*account)(nil)
	_ driver.ByHand     = (*account)(nil)
	_ driver.Bolt       = (*account)(nil)
)

// Devices implements driver.Driver.
func (a *account) Devices(ctx context.Context) ([]lock.Device, error) {
	a.catchUp(ctx)
	found, err := a.list(ctx, rest.Call{Op: "devices"})
	if err != nil {
		return nil, err
	}
	var all []lock.Device
	for i := range found {
		s := &found[i]
		id := lock.DeviceID(prefix + s.ID)
		if _, ok := vendorID(id); !ok || slices.ContainsFunc(all, func(d lock.Device) bool { return d.ID == id }) {
			continue
		}
		all = append(all, lock.Device{
			ID: id, Account: a.id, Hub: lock.HubID(s.hub()), Name: cmp.Or(s.Label, s.Name, string(id)), Model: cmp.Or(s.Name, s.Type, "lock"),
			System: "smartthings", Traits: a.traits(s),
		})
	}
	return all, nil
}

// Observe implements driver.Driver.
func (a *account) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	a.catchUp(ctx)
	s, err := a.find(ctx, c)
	if err != nil {
		return lock.Observation{}, err
	}
	o := lock.Observation{Source: lock.SourceCloud, Zone: a.zone, Next: known.Since}
	if o.Reach, err = a.reach(ctx, c, &s); err != nil {
		return lock.Observation{}, err
	}
	var level float64
	if s.read("battery", "battery", &level) {
		o.Battery = lock.Battery{Known: true, Level: min(max(level/100, 0), 1)}
	}
	lines, err := a.history(ctx, c, &s)
	if err != nil {
		return lock.Observation{}, err
	}
	held, complete := s.codes()
	held = a.settle(held, s.results(lines), known.Refs)
	o.Complete = complete && len(held) <= lock.MaxHeld
	o.Held = held[:min(len(held), lock.MaxHeld)]
	o.Entries, o.Next = s.entries(lines, known.Since)
	o.At = a.now()
	return o, nil
}

// historyPage is how much is read of a history at once. What happened beyond that between two looks is not told.
const historyPage = 100

// history is what happened to a device, the newest first.
func (a *account) history(ctx context.Context, c rest.Call, s *state) ([]line, error) {
	var h struct {
		Items []line `json:"items"`
	}
	err := a.ask(ctx, c, "/history/devices?"+url.Values{
		"locationId": {s.Location}, "deviceId": {s.ID}, "limit": {strconv.Itoa(historyPage)},
	}.Encode(), &h)
	if e, ok := errors.AsType[*driver.Error](err); ok && (e.Kind == driver.NotFound || strings.HasPrefix(e.Vendor, "403")) {
		return nil, nil // the token may not read it: the codes are told without it
	}
	slices.SortStableFunc(h.Items, func(x, y line) int { return cmp.Compare(y.Epoch, x.Epoch) })
	return h.Items, err
}

func (l *line) id() string {
	return strconv.FormatInt(l.Epoch, 10) + "-" + strconv.FormatInt(l.Hash, 10)
}

// entries are the lines of a history about the door after a cursor: the id of the last line that was told.
func (s *state) entries(lines []line, since lock.Cursor) ([]lock.Entry, lock.Cursor) {
	next := since
	if len(lines) > 0 {
		next = lock.Cursor(lines[0].id())
	}
	epoch, _, _ := strings.Cut(string(since), "-")
	last, _ := strconv.ParseInt(epoch, 10, 64)
	var entries []lock.Entry
	for i := len(lines) - 1; i >= 0; i-- {
		l := &lines[i]
		if l.Epoch < last || lock.Cursor(l.id()) == since {
			entries = nil // what came before it was told
			continue
		}
		if e, ok := s.entry(l); ok {
			entries = append(entries, e)
		}
	}
	if over := len(entries) - lock.MaxEntries; over > 0 {
		entries = entries[over:]
	}
	return entries, next
}

// entry is how the driver tells of a line; false: it is not about the door.
func (s *state) entry(l *line) (lock.Entry, bool) {
	e := lock.Entry{ID: l.id(), At: time.UnixMilli(l.Epoch).UTC()}
	var is string
	if l.Capability != capLock || l.Attribute != "lock" || json.Unmarshal(l.Value, &is) != nil {
		return e, false
	}
	switch {
	case is == "locked":
		e.Kind = lock.Locked
		return e, true
	case !strings.HasPrefix(is, "unlocked"):
		return e, false
	}
	e.Kind = lock.Opened
	var by opening
	if json.Unmarshal(l.Data, &by) != nil || by.Method != "keypad" {
		return e, true
	}
	if n, err := strconv.Atoi(string(by.Code)); err == nil && n >= 0 {
		e.Ref = lock.Ref(strconv.Itoa(n))
		return e, true
	}
	var all []credentialEntry
	s.read(capCredentials, "credentials", &all)
	for _, c := range all {
		if c.User == by.User && by.User > 0 && c.Type == "pin" {
			e.Ref = lock.Ref(strconv.Itoa(c.Index))
		}
	}
	return e, true
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
	if _, ok := vendorID(c.Device); !ok {
		return c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	return a.order(ctx, c, capLock, c.Op)
}

// Close implements driver.Driver.
func (a *account) Close() error {
	a.api.HTTP.CloseIdleConnections()
	return nil
}
