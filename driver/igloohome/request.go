package igloohome

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

// Who says so of what comes with a status that is not known.
const (
	busy = "an integrator's notes on igloohome: a bridge holds 20 jobs"
	away = "the same: the bridge is offline"
)

// refusals are tried in order.
var refusals = []rest.Refusal{
	rest.Means(400, "too many pending", driver.Throttled, driver.BlameHub, time.Minute, busy),
	rest.Means(400, "bridge is offline", driver.Offline, driver.BlameHub, 0, away),
	rest.Means(409, "too many pending", driver.Throttled, driver.BlameHub, time.Minute, busy),
	rest.Means(409, "bridge is offline", driver.Offline, driver.BlameHub, 0, away),
	rest.Means(422, "too many pending", driver.Throttled, driver.BlameHub, time.Minute, busy),
	rest.Means(422, "bridge is offline", driver.Offline, driver.BlameHub, 0, away),
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "several clients: a date that is past or not on the hour, a variance out of bounds"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "several clients: the token has expired"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "several clients: the token has expired, or lacks the scope"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "several clients: an id that the account does not have"),
	rest.Means(409, "", driver.Rejected, driver.BlameRequest, 0, "assumed: nothing was done"),
	rest.Means(422, "", driver.Rejected, driver.BlameRequest, 0, "an integrator's notes: a window beyond 367 days"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "assumed: the vendor names no limits"),
}

// do makes a request and returns the answer if it is a success. A token that is refused is asked for once more, as nothing has happened
// then. After a write nobody knows what an error of the server or a lost answer means.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, writes bool) (rest.Answer, error) {
	spent := ""
	for {
		token, err := a.bearer(ctx, c, spent)
		if err != nil {
			return rest.Answer{}, err
		}
		answer, err := a.api.Do(ctx, method, "/igloohome"+path, http.Header{"Authorization": {"Bearer " + token}}, body)
		switch {
		case err != nil:
			return answer, c.Unanswered(err, writes)
		case answer.Status/100 == 2:
			return answer, nil
		case (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) && spent == "":
			spent = token
		default:
			return answer, refused(c, answer, writes)
		}
	}
}

// refused is the error of an answer that is no success. Nothing of its message is kept: it may repeat digits.
func refused(c rest.Call, answer rest.Answer, writes bool) error {
	var said complaint
	_ = answer.JSON(&said) // what is no JSON says nothing
	return c.Refused(refusals, answer, strings.ToLower(said.Message+" "+said.Error), writes)
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, v any) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
	if err != nil {
		return err
	}
	return c.Read(answer, v, false)
}

// maxPages bounds a list of devices.
const maxPages = 200

// devices reads the whole list, and keeps which bridge serves which lock.
func (a *account) devices(ctx context.Context, c rest.Call) ([]device, error) {
	var all []device
	path := "/devices"
	for range maxPages {
		var p page
		if err := a.ask(ctx, c, path, &p); err != nil {
			return nil, err
		}
		devices, err := rest.Listed(c, p.Payload)
		if err != nil {
			return nil, err
		}
		all = append(all, devices...)
		if p.Next == "" {
			a.link(all)
			return all, nil
		}
		path = "/devices?cursor=" + url.QueryEscape(p.Next)
	}
	return nil, c.Fail(driver.Offline, driver.BlameCloud, "the list of devices has no end")
}

// job reads what became of one; one that the vendor does not know any more has failed.
func (a *account) job(ctx context.Context, c rest.Call, id string) (state, error) {
	var j job
	err := a.ask(ctx, c, "/jobs/"+url.PathEscape(id), &j)
	if driver.Is(err, driver.NotFound) {
		return failed, nil
	}
	return j.state(), err
}

// order gives the bridge of a lock a job and returns its id.
func (a *account) order(ctx context.Context, c rest.Call, of, bridge string, o order) (string, error) {
	answer, err := a.do(ctx, c, http.MethodPost, "/devices/"+url.PathEscape(of)+"/jobs/bridges/"+url.PathEscape(bridge), o, true)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Offline && e.Blame == driver.BlameHub {
		return "", cmp.Or(a.missed(ctx, c, bridge, ""), err)
	}
	if err != nil {
		return "", err
	}
	var j job
	if err := answer.JSON(&j); err != nil || j.ID == "" || len(j.ID) > maxJobID {
		return "", c.Fail(driver.Ambiguous, driver.BlameCloud, "no job")
	}
	a.posted(bridge, j.ID)
	return j.ID, nil
}
