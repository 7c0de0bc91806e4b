package august

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
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

var refusals = []rest.Refusal{
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "hosted API's tracker, 75: bad pin format; the vendor names the pattern of a time"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's partner documents, remote operation"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "the same; also for who does not own the lock"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "the same: no such lock"),
	rest.Means(408, "", driver.Offline, driver.BlameLock, 0, "the same: the lock did not answer its bridge"),
	rest.Means(409, "", driver.Taken, driver.BlameRequest, 0, "vendor's partner documents, management of PINs: the digits or the person have a code"),
	rest.Means(412, "", driver.Unsupported, driver.BlameLock, 0, "vendor's partner documents, remote operation: precondition failed"),
	rest.Means(422, "", driver.Offline, driver.BlameHub, 0, "the same: the bridge is offline"),
	rest.Means(423, "", driver.Throttled, driver.BlameHub, 10*time.Second, "the same: the bridge is busy"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, 10*time.Minute, "vendor's support for integrators: more than 40 requests in 10 s are answered so for ten minutes"),
	rest.Means(460, "", driver.Throttled, driver.BlameLock, 30*time.Second, "vendor's partner documents, remote operation: somebody is connected by Bluetooth"),
	rest.Means(501, "", driver.Unsupported, driver.BlameRequest, 0, "the same: unknown command"),
	rest.Means(530, "", driver.Rejected, driver.BlameLock, 0, "the same: the bolt is stuck"),
	rest.Means(531, "", driver.Rejected, driver.BlameLock, 0, "the same: the lock is not calibrated"),
	rest.Means(550, "", driver.Rejected, driver.BlameLock, 0, "the same: the battery is too low"),
	rest.Means(551, "", driver.Rejected, driver.BlameLock, 0, "the same: the motor is too hot"),
	rest.Means(560, "", driver.Ambiguous, driver.BlameLock, 0, "the same: the link was lost amid the command"),
}

// send makes a request with a token, or without one, and returns the answer if it is a success. After a write nobody knows what an error
// of the server or a lost answer means. The vendor's message is not kept: it may repeat digits.
func (a *account) send(ctx context.Context, c rest.Call, method, path, token string, body any, version string) (rest.Answer, error) {
	header := a.header(token)
	if version != "" {
		header.Set("Accept-Version", version)
	}
	writes := method != http.MethodGet
	answer, err := a.api.Do(ctx, method, path, header, body)
	if err != nil {
		return answer, c.Unanswered(err, writes)
	}
	if answer.Status/100 == 2 {
		return answer, nil
	}
	return answer, c.Refused(refusals, answer, "", writes)
}

// do makes a request as the account. A token that is refused is replaced, once.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, version string) (rest.Answer, error) {
	var refused oauth.Tokens
	for {
		t, err := a.token(ctx, c, refused)
		if err != nil {
			return rest.Answer{}, err
		}
		answer, err := a.send(ctx, c, method, path, t.Access.Reveal(), body, version)
		if answer.Status != http.StatusUnauthorized || !refused.Access.IsZero() {
			return answer, err
		}
		refused = t
	}
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, v any, version string) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, version)
	if err != nil {
		return err
	}
	if err := answer.JSON(v); err != nil {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = err
		return e
	}
	return nil
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (*detail, error) {
	id, ok := a.lockID(c.Device)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d detail
	if err := a.ask(ctx, c, "/locks/"+id, &d, ""); err != nil {
		return nil, err
	}
	if d.ID == "" {
		return nil, c.Fail(driver.Offline, driver.BlameCloud, "no device")
	}
	return &d, nil
}

// ready reads the device of a call that is to be written to. The vendor takes no codes while its bridge is away.
func (a *account) ready(ctx context.Context, c rest.Call) error {
	d, err := a.find(ctx, c)
	switch {
	case err != nil:
		return err
	case !d.online():
		return c.Fail(driver.Offline, driver.BlameHub, "its bridge is offline")
	}
	return nil
}

// list reads the codes of the device of a call.
func (a *account) list(ctx context.Context, c rest.Call) ([]pin, error) {
	id, _ := a.lockID(c.Device)
	var lists pinLists
	if err := a.ask(ctx, c, "/locks/"+id+"/pins", &lists, ""); err != nil {
		return nil, err
	}
	pins, ok := lists.all()
	if !ok {
		return nil, c.Fail(driver.Offline, driver.BlameCloud, "lists of codes")
	}
	return pins, nil
}

// command sends one command. How often that may be done is bounded.
func (a *account) command(ctx context.Context, c rest.Call, x command) error {
	if wait := a.limit.Take(a.now()); wait > 0 {
		e := c.Fail(driver.Throttled, driver.BlameCloud, "held back: the vendor takes 40 batches in ten seconds")
		e.RetryAfter = wait
		return e
	}
	id, _ := a.lockID(c.Device)
	_, err := a.do(ctx, c, http.MethodPost, "/locks/"+id+"/pins", map[string]any{"commands": []command{x}}, "")
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Throttled && e.Blame == driver.BlameCloud {
		a.limit.Hold(a.now().Add(e.RetryAfter))
	}
	return err
}

// logPage is the most lines of a house's log that are read at once.
const logPage = 100

// entries reads the log after a cursor: the time and the id of the last line that was told.
func (a *account) entries(ctx context.Context, c rest.Call, house string, pins []pin, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	if house == "" {
		return nil, since, nil
	}
	var said struct {
		Events []line `json:"events"`
	}
	if err := a.ask(ctx, c, "/houses/"+url.PathEscape(house)+"/activities?limit="+strconv.Itoa(logPage), &said, "4.0.0"); err != nil {
		return nil, since, err
	}
	id, _ := a.lockID(c.Device)
	after, last, _ := strings.Cut(string(since), " ")
	told, _ := strconv.ParseInt(after, 10, 64)
	lines := slices.DeleteFunc(said.Events, func(l line) bool { return l.Device != id || l.at() < told || l.at() == told && l.ID <= last })
	slices.SortStableFunc(lines, func(x, y line) int {
		if x.at() != y.at() {
			return int(min(max(x.at()-y.at(), -1), 1))
		}
		return strings.Compare(x.ID, y.ID)
	})
	next := since
	var entries []lock.Entry
	for i := range lines {
		l := &lines[i]
		if len(entries) == lock.MaxEntries {
			break
		}
		next = lock.Cursor(strconv.FormatInt(l.at(), 10) + " " + l.ID)
		if e, ok := l.entry(pins); ok {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}
