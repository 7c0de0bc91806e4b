package seam

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

// refusals are tried in order.
var refusals = []rest.Refusal{
	rest.Means(400, "device_offline", driver.Offline, driver.BlameLock, 0, "the service's description of errors"),
	rest.Means(400, "device_disconnected", driver.Offline, driver.BlameLock, 0, "the same"),
	rest.Means(400, "hub_disconnected", driver.Offline, driver.BlameHub, 0, "the same"),
	rest.Means(400, "no_space_for_access_code_on_device", driver.Full, driver.BlameLock, 0, "the same"),
	rest.Means(400, "max_access_codes_reached", driver.Full, driver.BlameLock, 0, "as lockctl's own compatible API words it"),
	rest.Means(400, "not_supported_by_device", driver.Unsupported, driver.BlameLock, 0, "the same"),
	rest.Means(400, "irrevocable", driver.Unsupported, driver.BlameRequest, 0, "the same"),
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "the service's description of errors: invalid_input and whatever breaks a device's rule"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "the same: unauthorized"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "the same: forbidden"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "the same: access_code_not_found, device_not_found"),
	rest.Means(409, "", driver.Taken, driver.BlameRequest, 0, "the same: duplicate_access_code"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "the same: limits a device and minute"),
}

// post makes a request and reads its answer into v, unless v is nil. After a write nobody knows what an error of the server or a lost
// answer means. The service's message is not kept: it may repeat digits.
func (a *account) post(ctx context.Context, c rest.Call, path string, body, v any, writes bool) error {
	answer, err := a.api.Do(ctx, http.MethodPost, path, a.header, body)
	switch {
	case err != nil:
		return c.Unanswered(err, writes)
	case answer.Status/100 == 2 && v == nil:
		return nil
	case answer.Status/100 == 2:
		return c.Read(answer, v, writes) // after a write: it was taken, and what for is not known
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
	e := c.Refused(refusals, answer, typ, writes)
	e.Vendor = strings.TrimSpace(strconv.Itoa(answer.Status) + " " + typ)
	return e
}

// The service's limits, of each device in a minute.
const (
	createsAMinute = 10
	deletesAMinute = 20
)

// turn counts a write against the service's limit for the device of a call.
func (a *account) turn(c rest.Call, most int) error {
	a.mu.Lock()
	key := c.Op + " " + string(c.Device)
	l := a.limits[key]
	if l == nil {
		l = &rest.Limit{Most: most, Within: time.Minute}
		a.limits[key] = l
	}
	a.mu.Unlock()
	if wait := l.Take(a.now()); wait > 0 {
		e := c.Fail(driver.Throttled, driver.BlameCloud, "held back: the service takes so many a minute")
		e.RetryAfter = wait
		return e
	}
	return nil
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (*device, error) {
	id, ok := a.deviceOf(c.Device)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var said struct {
		Device *device `json:"device"`
	}
	if err := a.post(ctx, c, "/devices/get", map[string]any{"device_id": id}, &said, false); err != nil {
		return nil, err
	}
	if said.Device == nil {
		return nil, c.Fail(driver.Offline, driver.BlameCloud, "no device")
	}
	return said.Device, nil
}

// list reads the codes of the device of a call: ours, and those that others have made.
func (a *account) list(ctx context.Context, c rest.Call) ([]code, error) {
	id, _ := a.deviceOf(c.Device)
	var all []code
	for _, path := range []string{"/access_codes/list", "/access_codes/unmanaged/list"} {
		var said struct {
			Codes *[]code `json:"access_codes"`
		}
		if err := a.post(ctx, c, path, map[string]any{"device_id": id}, &said, false); err != nil {
			return nil, err
		}
		codes, err := rest.Listed(c, said.Codes)
		if err != nil {
			return nil, err
		}
		for _, x := range codes {
			x.unmanaged = path != "/access_codes/list"
			if x.ID != "" && (x.Device == "" || x.Device == id) {
				all = append(all, x)
			}
		}
	}
	return all, nil
}
