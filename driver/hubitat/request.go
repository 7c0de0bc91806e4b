package hubitat

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

// refusals are tried in order.
var refusals = []rest.Refusal{
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "hacs-hubitat, which takes it for a wrong token"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "assumed: the relay refuses the hub or the app"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "assumed: a device that the Maker API does not expose"),
	rest.Means(429, "", driver.Throttled, driver.BlameHub, time.Minute, "assumed of the relay"),
}

// atHub lays on the hub what would be a cloud's fault.
func atHub(e *driver.Error) *driver.Error {
	if e.Blame == driver.BlameCloud {
		e.Blame = driver.BlameHub
	}
	return e
}

// do makes a request; all are GET. After a command nobody knows what an error of the hub or a lost answer means.
func (h *hub) do(ctx context.Context, c rest.Call, path string, writes bool) (rest.Answer, error) {
	answer, err := h.api.Do(ctx, http.MethodGet, h.path+path+h.query, nil, nil)
	switch {
	case err != nil:
		return answer, atHub(c.Unanswered(err, writes))
	case answer.Status/100 != 2:
		return answer, atHub(c.Refused(refusals, answer, "", writes))
	case strings.HasPrefix(strings.TrimSpace(string(answer.Body)), "["):
		return answer, nil // a list holds no error
	}
	// An answer that says that all is well may still hold one.
	var p problem
	if answer.JSON(&p) != nil || !slices.Contains([]string{"", "null", "false", `""`}, string(p.Error)) {
		return answer, atHub(c.Unclear("200 with an error", writes))
	}
	return answer, nil
}

// ask reads something, whatever kind of text it is called.
func (h *hub) ask(ctx context.Context, c rest.Call, path string, v any) error {
	answer, err := h.do(ctx, c, path, false)
	if err != nil {
		return err
	}
	if answer.JSON(v) != nil {
		return atHub(c.Unclear("not what was asked for", false))
	}
	return nil
}

// find reads the device of a call.
func (h *hub) find(ctx context.Context, c rest.Call) (*device, error) {
	n, ok := h.number(c.Device)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	d := &device{}
	if err := h.ask(ctx, c, "/devices/"+n, d); err != nil {
		return nil, err
	}
	if string(d.ID) != n || d.Attributes == nil {
		return nil, c.Fail(driver.Offline, driver.BlameHub, "the answer is about something else")
	}
	return d, nil
}

// order sends a command to the device of a call. The answer tells of the time before.
func (h *hub) order(ctx context.Context, c rest.Call, command, args string) error {
	n, ok := h.number(c.Device)
	if !ok {
		return c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	path := "/devices/" + n + "/" + command
	if args != "" {
		path += "/" + url.QueryEscape(args)
	}
	_, err := h.do(ctx, c, path, true)
	return err
}
