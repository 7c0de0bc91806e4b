package igloohome

import (
	"context"
	"errors"
	"net/http"
	"net/url"
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

// refusal says what a status means. Where words are given, the row holds only if the message has them.
type refusal struct {
	status int // 0: 400, 409 or 422
	words  string
	kind   driver.Kind
	blame  driver.Blame
	again  time.Duration // for Throttled, unless the answer says
	source string        // who says so
}

// refusals are tried in order.
var refusals = [...]refusal{
	{0, "too many pending", driver.Throttled, driver.BlameHub, time.Minute, "an integrator's notes on igloohome: a bridge holds 20 jobs; the status is not known"},
	{0, "bridge is offline", driver.Offline, driver.BlameHub, 0, "the same: the bridge is offline; the status is not known"},
	{400, "", driver.Rejected, driver.BlameRequest, 0, "several clients: a date that is past or not on the hour, a variance out of bounds"},
	{401, "", driver.Unauthorized, driver.BlameAccount, 0, "several clients: the token has expired"},
	{403, "", driver.Unauthorized, driver.BlameAccount, 0, "several clients: the token has expired, or lacks the scope"},
	{404, "", driver.NotFound, driver.BlameRequest, 0, "several clients: an id that the account does not have"},
	{409, "", driver.Rejected, driver.BlameRequest, 0, "assumed: nothing was done"},
	{422, "", driver.Rejected, driver.BlameRequest, 0, "an integrator's notes: a window beyond 367 days"},
	{429, "", driver.Throttled, driver.BlameCloud, time.Minute, "assumed: the vendor names no limits"},
}

// do makes a request and returns the answer if it is a success. A token that is refused is asked for once more, as nothing has happened
// then. After a write nobody knows what an error of the server or a lost answer means.
func (a *account) do(ctx context.Context, c call, method, path string, body any, writes bool) (rest.Answer, error) {
	refused := ""
	for {
		token, err := a.bearer(ctx, c, refused)
		if err != nil {
			return rest.Answer{}, err
		}
		answer, err := a.api.Do(ctx, method, "/igloohome"+path, http.Header{"Authorization": {"Bearer " + token}}, body)
		switch {
		case err != nil:
			return answer, c.lost(err, writes)
		case answer.Status/100 == 2:
			return answer, nil
		case (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) && refused == "":
			refused = token
		default:
			return answer, c.refused(answer, writes)
		}
	}
}

// lost is the error of a request that brought no answer.
func (c call) lost(err error, writes bool) error {
	e := c.fail(driver.Offline, driver.BlameCloud, "")
	if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
		e.Kind = driver.Ambiguous
	}
	e.Err = err
	return e
}

// refused is the error of an answer that is no success. Nothing of its message is kept: it may repeat digits.
func (c call) refused(answer rest.Answer, writes bool) error {
	var said complaint
	_ = answer.JSON(&said) // what is no JSON says nothing
	message := strings.ToLower(said.Message + " " + said.Error)
	for _, r := range refusals {
		asked := r.status == answer.Status || r.status == 0 && (answer.Status == 400 || answer.Status == 409 || answer.Status == 422)
		if !asked || !strings.Contains(message, r.words) {
			continue
		}
		e := c.fail(r.kind, r.blame, strings.TrimSpace(strconv.Itoa(answer.Status)+" "+r.words))
		if r.kind == driver.Throttled {
			e.RetryAfter = answer.RetryAfter(r.again)
		}
		return e
	}
	e := c.fail(driver.Offline, driver.BlameCloud, strconv.Itoa(answer.Status))
	if writes {
		e.Kind = driver.Ambiguous
	}
	return e
}

// ask reads something.
func (a *account) ask(ctx context.Context, c call, path string, v any) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
	if err != nil {
		return err
	}
	if err := answer.JSON(v); err != nil {
		e := c.fail(driver.Offline, driver.BlameCloud, "")
		e.Err = err
		return e
	}
	return nil
}

// maxPages bounds a list of devices.
const maxPages = 200

// devices reads the whole list, and keeps which bridge serves which lock.
func (a *account) devices(ctx context.Context, c call) ([]device, error) {
	var all []device
	path := "/devices"
	for range maxPages {
		var p page
		if err := a.ask(ctx, c, path, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Payload...)
		if p.Next == "" {
			a.link(all)
			return all, nil
		}
		path = "/devices?cursor=" + url.QueryEscape(p.Next)
	}
	return nil, c.fail(driver.Offline, driver.BlameCloud, "the list of devices has no end")
}

// job reads what became of one; one that the vendor does not know any more has failed.
func (a *account) job(ctx context.Context, c call, id string) (state, error) {
	var j job
	err := a.ask(ctx, c, "/jobs/"+url.PathEscape(id), &j)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.NotFound {
		return failed, nil
	}
	return j.state(), err
}

// order gives the bridge of a lock a job and returns its id.
func (a *account) order(ctx context.Context, c call, of, bridge string, o order) (string, error) {
	answer, err := a.do(ctx, c, http.MethodPost, "/devices/"+url.PathEscape(of)+"/jobs/bridges/"+url.PathEscape(bridge), o, true)
	if err != nil {
		return "", err
	}
	var j job
	if err := answer.JSON(&j); err != nil || j.ID == "" || len(j.ID) > maxJobID {
		return "", c.fail(driver.Ambiguous, driver.BlameCloud, "no job")
	}
	return j.ID, nil
}
