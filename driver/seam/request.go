package seam

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// call is what a request is made for.
type call struct {
	op     string
	device lock.DeviceID
}

func (c call) fail(kind driver.Kind, blame driver.Blame, vendor string) *driver.Error {
	return &driver.Error{Op: c.op, Device: c.device, Kind: kind, Blame: blame, Vendor: vendor}
}

// refusal says what a status means. Where a type is named, the row holds for refusals of that type only.
type refusal struct {
	status int
	typ    string
	kind   driver.Kind
	blame  driver.Blame
	source string // who says so
}

// refusals are tried in order.
var refusals = [...]refusal{
	{400, "device_offline", driver.Offline, driver.BlameLock, "the service's description of errors"},
	{400, "device_disconnected", driver.Offline, driver.BlameLock, "the same"},
	{400, "hub_disconnected", driver.Offline, driver.BlameHub, "the same"},
	{400, "no_space_for_access_code_on_device", driver.Full, driver.BlameLock, "the same"},
	{400, "max_access_codes_reached", driver.Full, driver.BlameLock, "as lockctl's own compatible API words it"},
	{400, "not_supported_by_device", driver.Unsupported, driver.BlameLock, "the same"},
	{400, "irrevocable", driver.Unsupported, driver.BlameRequest, "the same"},
	{400, "", driver.Rejected, driver.BlameRequest, "the service's description of errors: invalid_input and whatever breaks a device's rule"},
	{401, "", driver.Unauthorized, driver.BlameAccount, "the same: unauthorized"},
	{403, "", driver.Unauthorized, driver.BlameAccount, "the same: forbidden"},
	{404, "", driver.NotFound, driver.BlameRequest, "the same: access_code_not_found, device_not_found"},
	{409, "", driver.Taken, driver.BlameRequest, "the same: duplicate_access_code"},
	{429, "", driver.Throttled, driver.BlameCloud, "the same: limits a device and minute"},
}

// post makes a request and reads its answer into v, unless v is nil. After a write nobody knows what an error of the server or a lost
// answer means. The service's message is not kept: it may repeat digits.
func (a *account) post(ctx context.Context, c call, path string, body, v any, writes bool) error {
	answer, err := a.api.Do(ctx, http.MethodPost, path, a.header, body)
	if err != nil {
		e := c.fail(driver.Offline, driver.BlameCloud, "")
		if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
			e.Kind = driver.Ambiguous
		}
		e.Err = err
		return e
	}
	if answer.Status/100 == 2 {
		if v == nil {
			return nil
		}
		if err := answer.JSON(v); err != nil {
			e := c.fail(driver.Offline, driver.BlameCloud, "")
			if writes {
				e.Kind = driver.Ambiguous // it was taken, and what for is not known
			}
			e.Err = err
			return e
		}
		return nil
	}
	var said struct {
		Error struct {
			Type string `json:"type"`
		} `json:"error"`
	}
	typ := ""
	if answer.JSON(&said) == nil && len(said.Error.Type) <= 60 && strings.Trim(said.Error.Type, "abcdefghijklmnopqrstuvwxyz_") == "" {
		typ = said.Error.Type
	}
	status := strings.TrimSpace(strconv.Itoa(answer.Status) + " " + typ)
	for _, r := range refusals {
		if r.status == answer.Status && (r.typ == "" || r.typ == typ) {
			e := c.fail(r.kind, r.blame, status)
			if r.kind == driver.Throttled {
				e.RetryAfter = answer.RetryAfter(time.Minute)
			}
			return e
		}
	}
	e := c.fail(driver.Offline, driver.BlameCloud, status)
	if writes {
		e.Kind = driver.Ambiguous
	}
	return e
}

// The service's limits, of each device in a minute.
const (
	createsAMinute = 10
	deletesAMinute = 20
)

// turn counts a write against the service's limit for the device of a call.
func (a *account) turn(c call, most int) error {
	a.mu.Lock()
	key := c.op + " " + string(c.device)
	l := a.limits[key]
	if l == nil {
		l = &rest.Limit{Most: most, Within: time.Minute}
		a.limits[key] = l
	}
	a.mu.Unlock()
	if wait := l.Take(a.now()); wait > 0 {
		e := c.fail(driver.Throttled, driver.BlameCloud, "held back: the service takes so many a minute")
		e.RetryAfter = wait
		return e
	}
	return nil
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c call) (*device, error) {
	id, ok := a.deviceOf(c.device)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	var said struct {
		Device *device `json:"device"`
	}
	if err := a.post(ctx, c, "/devices/get", map[string]any{"device_id": id}, &said, false); err != nil {
		return nil, err
	}
	if said.Device == nil {
		return nil, c.fail(driver.Offline, driver.BlameCloud, "no device")
	}
	return said.Device, nil
}

// list reads the codes of the device of a call: ours, and those that others have made.
func (a *account) list(ctx context.Context, c call) ([]code, error) {
	id, _ := a.deviceOf(c.device)
	var all []code
	for _, path := range []string{"/access_codes/list", "/access_codes/unmanaged/list"} {
		var said struct {
			Codes []code `json:"access_codes"`
		}
		if err := a.post(ctx, c, path, map[string]any{"device_id": id}, &said, false); err != nil {
			return nil, err
		}
		for _, x := range said.Codes {
			x.unmanaged = path != "/access_codes/list"
			if x.ID != "" && (x.Device == "" || x.Device == id) {
				all = append(all, x)
			}
		}
	}
	return all, nil
}
