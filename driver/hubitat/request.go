package hubitat

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
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

// refusal says what a status means.
type refusal struct {
	status int
	kind   driver.Kind
	blame  driver.Blame
	source string // who says so
}

// refusals are what statuses mean.
var refusals = [...]refusal{
	{401, driver.Unauthorized, driver.BlameAccount, "hacs-hubitat, which takes it for a wrong token"},
	{403, driver.Unauthorized, driver.BlameAccount, "assumed: the relay refuses the hub or the app"},
	{404, driver.NotFound, driver.BlameRequest, "assumed: a device that the Maker API does not expose"},
	{429, driver.Throttled, driver.BlameHub, "assumed of the relay"},
}

// throttled is how long to wait if an answer does not say.
const throttled = time.Minute

// do makes a request; all are GET. After a command nobody knows what an error of the hub or a lost answer means.
func (h *hub) do(ctx context.Context, c call, path string, writes bool) (rest.Answer, error) {
	answer, err := h.api.Do(ctx, http.MethodGet, h.path+path+h.query, nil, nil)
	unclear := c.fail(driver.Offline, driver.BlameHub, "")
	if writes {
		unclear.Kind = driver.Ambiguous
	}
	if err != nil {
		if f, ok := errors.AsType[*rest.Failure](err); ok && !f.Sent {
			unclear.Kind = driver.Offline
		}
		unclear.Err = err
		return answer, unclear
	}
	unclear.Vendor = strconv.Itoa(answer.Status)
	for _, r := range refusals {
		if r.status == answer.Status {
			e := c.fail(r.kind, r.blame, unclear.Vendor)
			if r.kind == driver.Throttled {
				e.RetryAfter = answer.RetryAfter(throttled)
			}
			return answer, e
		}
	}
	// An answer that says that all is well may still hold an error; a list holds none.
	var p problem
	if answer.Status/100 == 2 && (answer.JSON(&p) != nil || !slices.Contains([]string{"", "null", "false", `""`}, string(p.Error))) {
		if strings.HasPrefix(strings.TrimSpace(string(answer.Body)), "[") {
			return answer, nil
		}
		unclear.Vendor += " with an error"
		return answer, unclear
	}
	if answer.Status/100 != 2 {
		return answer, unclear
	}
	return answer, nil
}

// ask reads something, whatever kind of text it is called.
func (h *hub) ask(ctx context.Context, c call, path string, v any) error {
	answer, err := h.do(ctx, c, path, false)
	if err != nil {
		return err
	}
	if err := answer.JSON(v); err != nil {
		e := c.fail(driver.Offline, driver.BlameHub, "")
		e.Err = err
		return e
	}
	return nil
}

// find reads the device of a call.
func (h *hub) find(ctx context.Context, c call) (*device, error) {
	n, ok := h.number(c.device)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	d := &device{}
	if err := h.ask(ctx, c, "/devices/"+n, d); err != nil {
		return nil, err
	}
	if string(d.ID) != n || d.Attributes == nil {
		return nil, c.fail(driver.Offline, driver.BlameHub, "the answer is about something else")
	}
	return d, nil
}

// order sends a command to the device of a call. The answer tells of the time before.
func (h *hub) order(ctx context.Context, c call, command, args string) error {
	n, ok := h.number(c.device)
	if !ok {
		return c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	path := "/devices/" + n + "/" + command
	if args != "" {
		path += "/" + url.QueryEscape(args)
	}
	_, err := h.do(ctx, c, path, true)
	return err
}
