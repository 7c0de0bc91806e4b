package hubitat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// hub drives the locks of one hub.
type hub struct {
	id    lock.AccountID
	zone  string
	api   *rest.Client
	path  string // of the Maker API
	query string // with the token: it stands in no error and no log line
	now   func() time.Time
	zeros bool
}

var (
	_ driver.Driver     = (*hub)(nil)
	_ driver.Receiver   = (*hub)(nil)
	_ driver.Subscriber = (*hub)(nil)
	_ driver.Bolt       = (*hub)(nil)
)

// Devices implements driver.Driver. What has no lock codes is not listed.
func (h *hub) Devices(ctx context.Context) ([]lock.Device, error) {
	c := rest.Call{Op: "devices"}
	var found []device
	if err := h.ask(ctx, c, "/devices/all", &found); err != nil {
		if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.NotFound {
			e.Kind, e.Blame = driver.Unauthorized, driver.BlameAccount // there is no such Maker API
		}
		return nil, err
	}
	var all []lock.Device
	for i := range found {
		d := &found[i]
		id := h.deviceID(d.ID)
		_, codes := d.Attributes["lockCodes"]
		if _, ok := h.number(id); !ok || !codes && !slices.Contains(d.Commands, "setCode") || slices.ContainsFunc(all, func(x lock.Device) bool { return x.ID == id }) {
			continue
		}
		all = append(all, lock.Device{
			ID: id, Account: h.id, Hub: lock.HubID("hubitat-" + string(h.id)), Name: cmp.Or(d.Label, d.Name, string(id)), Model: cmp.Or(d.Type, d.Name, "lock"),
			System: "hubitat", Traits: h.traits(d),
		})
	}
	return all, nil
}

// Observe implements driver.Driver. Who does not answer is the hub.
func (h *hub) Observe(ctx context.Context, id lock.DeviceID, known driver.Known) (lock.Observation, error) {
	c := rest.Call{Op: "observe", Device: id}
	o := lock.Observation{Source: lock.SourceCloud, Zone: h.zone, Next: known.Since}
	d, err := h.find(ctx, c)
	if silent(err) && ctx.Err() == nil {
		o.Reach, o.At = lock.HubDown, h.now()
		return o, nil
	}
	if err != nil {
		return lock.Observation{}, err
	}
	o.Reach, o.At = reach(d), h.now()
	if n := d.says("battery"); n != "" {
		o.Battery = lock.Battery{Known: true, Level: min(float64(d.number("battery"))/100, 1)}
	}
	held, complete := d.codes()
	o.Complete = complete && len(held) <= lock.MaxHeld
	o.Held = held[:min(len(held), lock.MaxHeld)]
	return o, nil
}

// silent reports whether an error is that nobody answers at the hub's address, or hangs up.
func silent(err error) bool {
	f, ok := errors.AsType[*rest.Failure](err)
	return ok && (!f.Sent || errors.Is(f.Err, io.EOF) || errors.Is(f.Err, io.ErrUnexpectedEOF) || errors.Is(f.Err, syscall.ECONNRESET))
}

// reach is what the hub says of a lock. Most drivers say nothing of it: then the hub's answer counts.
func reach(d *device) lock.Reach {
	if strings.EqualFold(d.says("healthStatus"), "offline") {
		return lock.LockDown
	}
	return lock.Reached
}

// ready reads the lock of a write, which must be in reach.
func (h *hub) ready(ctx context.Context, c rest.Call) (*device, error) {
	d, err := h.find(ctx, c)
	if err == nil && reach(d) == lock.LockDown {
		err = c.Fail(driver.Offline, driver.BlameLock, "offline")
	}
	return d, err
}

// Set implements driver.Driver.
func (h *hub) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Window.IsZero():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "schedules are kept by the engine")
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no disabled codes")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	}
	d, err := h.ready(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	t := h.traits(d)
	digits := want.PIN.Reveal()
	switch {
	case !slices.Contains(t.PINLengths, len(digits)):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "length")
	case !h.zeros && strings.HasPrefix(digits, "0"):
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "a code begins with a digit from 1 to 9")
	}
	held, known := d.codes()
	slot, e := place(want, at, held, known, t.Slots)
	if e != nil {
		e.Op, e.Device = c.Op, c.Device
		return lock.Held{}, e
	}
	name := label(want)
	h2 := lock.Held{Ref: lock.Ref(strconv.Itoa(slot)), PIN: want.PIN, Enabled: true, Slot: slot}
	h2.Tag, h2.Name = driver.Unlabel(name)
	for _, x := range held {
		switch {
		case x.Slot == slot && x.PIN == want.PIN && x.Tag == h2.Tag && x.Name == h2.Name:
			return h2, nil // it is there, and to write it again would be refused without a word
		case x.Slot != slot && x.PIN == want.PIN:
			return lock.Held{}, c.Fail(driver.Taken, driver.BlameRequest, "another code has these digits")
		case x.Slot != slot && x.Tag == h2.Tag && x.Name == h2.Name:
			return lock.Held{}, c.Fail(driver.Taken, driver.BlameRequest, "another code has this name")
		}
	}
	h2.Pending = !t.CannotList // where nothing can be seen, nothing is waited for
	return h2, h.order(ctx, c, "setCode", strconv.Itoa(slot)+","+digits+","+name)
}

// place chooses the slot of a code: the one it is known to have, the one that has its tag, the one that the engine asks for, or the lowest
// that is free.
func place(want lock.Credential, at lock.Ref, held []lock.Held, known bool, slots int) (int, *driver.Error) {
	taken := func(slot int) bool {
		return slices.ContainsFunc(held, func(h lock.Held) bool { return h.Slot == slot })
	}
	if slot, err := strconv.Atoi(string(at)); err == nil && slot > 0 {
		return slot, nil
	}
	for _, h := range held {
		if want.Tag != "" && h.Tag == want.Tag {
			return h.Slot, nil
		}
	}
	switch {
	case want.Slot < 0 || want.Slot > slots:
		return 0, &driver.Error{Kind: driver.Rejected, Blame: driver.BlameRequest, Vendor: "no such slot"}
	case want.Slot > 0 && taken(want.Slot):
		return 0, &driver.Error{Kind: driver.Taken, Blame: driver.BlameRequest, Vendor: "the slot is taken"}
	case want.Slot > 0:
		return want.Slot, nil
	}
	for slot := 1; slot <= slots && known; slot++ {
		if !taken(slot) {
			return slot, nil
		}
	}
	return 0, &driver.Error{Kind: driver.Full, Blame: driver.BlameLock, Vendor: "no slot is known to be free"}
}

// Clear implements driver.Driver. An empty slot is cleared too: something may be on its way there.
func (h *hub) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if _, err := h.ready(ctx, c); err != nil {
		return err
	}
	slot, err := strconv.Atoi(string(ref))
	if err != nil || slot <= 0 {
		return nil // no slot is called that
	}
	return h.order(ctx, c, "deleteCode", strconv.Itoa(slot))
}

// Lock implements driver.Bolt.
func (h *hub) Lock(ctx context.Context, id lock.DeviceID) error {
	return h.order(ctx, rest.Call{Op: "lock", Device: id}, "lock", "")
}

// Unlock implements driver.Bolt.
func (h *hub) Unlock(ctx context.Context, id lock.DeviceID) error {
	return h.order(ctx, rest.Call{Op: "unlock", Device: id}, "unlock", "")
}

// Subscribe implements driver.Subscriber. A Maker API posts to one address.
func (h *hub) Subscribe(ctx context.Context, where string) error {
	_, err := h.do(ctx, rest.Call{Op: "subscribe"}, "/postURL/"+url.PathEscape(where), true)
	return err
}

// Unsubscribe implements driver.Subscriber.
func (h *hub) Unsubscribe(ctx context.Context) error {
	_, err := h.do(ctx, rest.Call{Op: "unsubscribe"}, "/postURL", true)
	return err
}

// Receive implements driver.Receiver. The hub signs nothing: who knows the secret path may ask for a look.
func (h *hub) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	var p post
	if err := json.Unmarshal(in.Body, &p); err != nil || p.Content == nil {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the JSON that it should be")
	}
	n := driver.Notice{Account: h.id, Device: h.deviceID(p.Content.Device)}
	switch _, ok := h.number(n.Device); {
	case ok:
	case p.Content.Name == "systemStart":
		n.Device = "" // whatever happened while the hub was away was not posted
	default:
		return driver.Reply{Status: http.StatusNoContent}, nil, nil // about the house
	}
	return driver.Reply{Status: http.StatusNoContent}, []driver.Notice{n}, nil
}

// Close implements driver.Driver.
func (h *hub) Close() error {
	h.api.HTTP.CloseIdleConnections()
	return nil
}
