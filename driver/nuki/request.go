package nuki

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
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

// refusal says what a status means. Where a parameter is named, the row holds for refusals of that parameter only.
type refusal struct {
	status    int
	parameter string
	kind      driver.Kind
	blame     driver.Blame
	again     time.Duration // for Throttled, unless the answer says
	source    string        // who says so
}

// refusals are tried in order.
var refusals = [...]refusal{
	{400, "code", driver.Rejected, driver.BlameRequest, 0, "vendor's forum, topics 16794 and 39051: wrong digits"},
	{400, "type", driver.Unsupported, driver.BlameLock, 0, "the same: no keypad is paired"},
	{400, "", driver.Rejected, driver.BlameRequest, 0, "vendor's API description: bad parameter"},
	{401, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: not authorized"},
	{402, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: account not payed"},
	{403, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: the token lacks a right"},
	{404, "", driver.NotFound, driver.BlameRequest, 0, "vendor's API description, for locks; assumed for auths"},
	{409, "", driver.Taken, driver.BlameRequest, 0, "vendor's forum, topic 22160: only when the code already exists"},
	{422, "", driver.Rejected, driver.BlameRequest, 0, "vendor's forum, topics 54 and 35593: the body breaks the schema"},
	{423, "", driver.Throttled, driver.BlameCloud, 5 * time.Second, "vendor's API description: another operation on this auth is under way"},
	{426, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: account upgrade required"},
	{429, "", driver.Throttled, driver.BlameCloud, time.Minute, "vendor's forum, topic 9746: abuse is held off, without figures"},
}

// parameter finds the name of what was refused. The message around it repeats the value, which may be digits: nothing else of it is
// kept.
var parameter = regexp.MustCompile(`for parameter '([A-Za-z]{1,32})'`)

// do makes a request and returns the answer if it is a success. After a write nobody knows what an error of the server or a lost
// answer means.
func (a *account) do(ctx context.Context, c call, method, path string, body any, writes bool) (rest.Answer, error) {
	answer, err := a.api.Do(ctx, method, path, a.header, body)
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
	var named string
	var d detail
	if answer.JSON(&d) == nil {
		if m := parameter.FindStringSubmatch(d.Message); m != nil {
			named = m[1]
		}
	}
	for _, r := range refusals {
		if r.status == answer.Status && (r.parameter == "" || r.parameter == named) {
			e := c.fail(r.kind, r.blame, strings.TrimSpace(status+" "+named))
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

// find reads the device of a call.
func (a *account) find(ctx context.Context, c call) (*smartlock, error) {
	n, ok := number(c.device)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	var s smartlock
	if err := a.ask(ctx, c, "/smartlock/"+n, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// list reads the keypad codes of the device of a call, which has a number.
func (a *account) list(ctx context.Context, c call) ([]auth, error) {
	n, _ := number(c.device)
	var auths []auth
	if err := a.ask(ctx, c, "/smartlock/"+n+"/auth?types="+strconv.Itoa(typeKeypad), &auths); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(auths, func(x auth) bool { return x.Type != typeKeypad || x.ID == "" }), nil
}

// tell writes an auth of the device of a call, which has a number.
func (a *account) tell(ctx context.Context, c call, method, under string, body any) error {
	n, _ := number(c.device)
	_, err := a.do(ctx, c, method, "/smartlock/"+n+"/auth"+under, body, true)
	return err
}

// logPage is the most that the vendor tells of a log at once. What a door has seen beyond that between two looks is not told.
const logPage = 50

// entries reads the log after a cursor: the time and the id of the last line that was told.
func (a *account) entries(ctx context.Context, c call, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	n, _ := number(c.device)
	path := "/smartlock/" + n + "/log?limit=" + strconv.Itoa(logPage)
	date, last, ok := strings.Cut(string(since), " ")
	if ok {
		path += "&fromDate=" + url.QueryEscape(date)
	}
	var lines []logEntry
	if err := a.ask(ctx, c, path, &lines); err != nil {
		return nil, since, err
	}
	slices.SortStableFunc(lines, func(x, y logEntry) int { return y.Date.Compare(x.Date) })
	if i := slices.IndexFunc(lines, func(l logEntry) bool { return l.ID == last }); i >= 0 {
		lines = lines[:i]
	}
	if len(lines) == 0 {
		return nil, since, nil
	}
	next := lock.Cursor(lines[0].Date.UTC().Format(time.RFC3339Nano) + " " + lines[0].ID)
	slices.Reverse(lines)
	var entries []lock.Entry
	for i := range lines {
		if e, ok := lines[i].entry(); ok && len(entries) < lock.MaxEntries {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}
