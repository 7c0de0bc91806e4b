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
	again  time.Duration // for Throttled, unless the answer says
	source string        // who says so
}

var refusals = [...]refusal{
	{400, driver.Rejected, driver.BlameRequest, 0, "hosted API's tracker, 75: bad pin format; the vendor names the pattern of a time"},
	{401, driver.Unauthorized, driver.BlameAccount, 0, "vendor's partner documents, remote operation"},
	{403, driver.Unauthorized, driver.BlameAccount, 0, "the same; also for who does not own the lock"},
	{404, driver.NotFound, driver.BlameRequest, 0, "the same: no such lock"},
	{408, driver.Offline, driver.BlameLock, 0, "the same: the lock did not answer its bridge"},
	{409, driver.Taken, driver.BlameRequest, 0, "vendor's partner documents, management of PINs: the digits or the person have a code"},
	{412, driver.Unsupported, driver.BlameLock, 0, "vendor's partner documents, remote operation: precondition failed"},
	{422, driver.Offline, driver.BlameHub, 0, "the same: the bridge is offline"},
	{423, driver.Throttled, driver.BlameHub, 10 * time.Second, "the same: the bridge is busy"},
	{429, driver.Throttled, driver.BlameCloud, 10 * time.Minute, "vendor's support for integrators: more than 40 requests in 10 s are answered so for ten minutes"},
	{460, driver.Throttled, driver.BlameLock, 30 * time.Second, "vendor's partner documents, remote operation: somebody is connected by Bluetooth"},
	{501, driver.Unsupported, driver.BlameRequest, 0, "the same: unknown command"},
	{530, driver.Rejected, driver.BlameLock, 0, "the same: the bolt is stuck"},
	{531, driver.Rejected, driver.BlameLock, 0, "the same: the lock is not calibrated"},
	{550, driver.Rejected, driver.BlameLock, 0, "the same: the battery is too low"},
	{551, driver.Rejected, driver.BlameLock, 0, "the same: the motor is too hot"},
	{560, driver.Ambiguous, driver.BlameLock, 0, "the same: the link was lost amid the command"},
}

// send makes a request with a token, or without one, and returns the answer if it is a success. After a write nobody knows what an error
// of the server or a lost answer means. The vendor's message is not kept: it may repeat digits.
func (a *account) send(ctx context.Context, c call, method, path, token string, body any, version string) (rest.Answer, error) {
	header := a.header(token)
	if version != "" {
		header.Set("Accept-Version", version)
	}
	writes := method != http.MethodGet
	answer, err := a.api.Do(ctx, method, path, header, body)
	if err != nil {
		e := c.fail(driver.Offline, driver.BlameCloud, "")
		if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
			e.Kind = driver.Ambiguous
		}
		e.Err = err
		return answer, e
	}
	if answer.Status/100 == 2 {
		return answer, nil
	}
	status := strconv.Itoa(answer.Status)
	for _, r := range refusals {
		if r.status == answer.Status {
			e := c.fail(r.kind, r.blame, status)
			if r.kind == driver.Throttled {
				e.RetryAfter = answer.RetryAfter(r.again)
			}
			return answer, e
		}
	}
	e := c.fail(driver.Offline, driver.BlameCloud, status)
	if writes {
		e.Kind = driver.Ambiguous
	}
	return answer, e
}

// do makes a request as the account. A token that is refused is replaced, once.
func (a *account) do(ctx context.Context, c call, method, path string, body any, version string) (rest.Answer, error) {
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
func (a *account) ask(ctx context.Context, c call, path string, v any, version string) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, version)
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

// find reads the device of a call.
func (a *account) find(ctx context.Context, c call) (*detail, error) {
	id, ok := a.lockID(c.device)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d detail
	if err := a.ask(ctx, c, "/locks/"+id, &d, ""); err != nil {
		return nil, err
	}
	return &d, nil
}

// ready reads the device of a call that is to be written to. The vendor takes no codes while its bridge is away.
func (a *account) ready(ctx context.Context, c call) error {
	d, err := a.find(ctx, c)
	switch {
	case err != nil:
		return err
	case !d.online():
		return c.fail(driver.Offline, driver.BlameHub, "its bridge is offline")
	}
	return nil
}

// list reads the codes of the device of a call.
func (a *account) list(ctx context.Context, c call) ([]pin, error) {
	id, _ := a.lockID(c.device)
	var lists pinLists
	if err := a.ask(ctx, c, "/locks/"+id+"/pins", &lists, ""); err != nil {
		return nil, err
	}
	return lists.all(), nil
}

// command sends one command. How often that may be done is bounded.
func (a *account) command(ctx context.Context, c call, x command) error {
	if wait := a.limit.Take(a.now()); wait > 0 {
		e := c.fail(driver.Throttled, driver.BlameCloud, "held back: the vendor takes 40 batches in ten seconds")
		e.RetryAfter = wait
		return e
	}
	id, _ := a.lockID(c.device)
	_, err := a.do(ctx, c, http.MethodPost, "/locks/"+id+"/pins", map[string]any{"commands": []command{x}}, "")
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Throttled && e.Blame == driver.BlameCloud {
		a.limit.Hold(a.now().Add(e.RetryAfter))
	}
	return err
}

// logPage is the most lines of a house's log that are read at once.
const logPage = 100

// entries reads the log after a cursor: the time and the id of the last line that was told.
func (a *account) entries(ctx context.Context, c call, house string, pins []pin, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	if house == "" {
		return nil, since, nil
	}
	var said struct {
		Events []line `json:"events"`
	}
	if err := a.ask(ctx, c, "/houses/"+url.PathEscape(house)+"/activities?limit="+strconv.Itoa(logPage), &said, "4.0.0"); err != nil {
		return nil, since, err
	}
	id, _ := a.lockID(c.device)
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
