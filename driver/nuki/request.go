package nuki

import (
	"context"
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

// refusals are tried in order.
var refusals = []rest.Refusal{
	rest.Means(400, "code", driver.Rejected, driver.BlameRequest, 0, "vendor's forum, topics 16794 and 39051: wrong digits"),
	rest.Means(400, "type", driver.Unsupported, driver.BlameLock, 0, "the same: no keypad is paired"),
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "vendor's API description: bad parameter"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: not authorized"),
	rest.Means(402, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: account not payed"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: the token lacks a right"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "vendor's API description, for locks; assumed for auths"),
	rest.Means(409, "", driver.Taken, driver.BlameRequest, 0, "vendor's forum, topic 22160: only when the code already exists"),
	rest.Means(422, "", driver.Rejected, driver.BlameRequest, 0, "vendor's forum, topics 54 and 35593: the body breaks the schema"),
	rest.Means(423, "", driver.Throttled, driver.BlameCloud, 5*time.Second, "vendor's API description: another operation on this auth is under way"),
	rest.Means(426, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API description: account upgrade required"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "vendor's forum, topic 9746: abuse is held off, without figures"),
}

// parameter finds the name of what was refused. The message around it repeats the value, which may be digits: nothing else of it is
// kept.
var parameter = regexp.MustCompile(`for parameter '([A-Za-z]{1,32})'`)

// do makes a request and returns the answer if it is a success. After a write nobody knows what an error of the server or a lost
// answer means.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, writes bool) (rest.Answer, error) {
	answer, err := a.api.Do(ctx, method, path, a.header, body)
	if err != nil {
		return answer, c.Unanswered(err, writes)
	}
	if answer.Status/100 == 2 {
		return answer, nil
	}
	var named string
	var d detail
	if answer.JSON(&d) == nil {
		if m := parameter.FindStringSubmatch(d.Message); m != nil {
			named = m[1]
		}
	}
	return answer, c.Refused(refusals, answer, named, writes)
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, v any) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
	if err != nil {
		return err
	}
	return c.Read(answer, v, false)
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (*smartlock, error) {
	n, ok := number(c.Device)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var s smartlock
	if err := a.ask(ctx, c, "/smartlock/"+n, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// list reads the keypad codes of the device of a call, which has a number.
func (a *account) list(ctx context.Context, c rest.Call) ([]auth, error) {
	n, _ := number(c.Device)
	var auths []auth
	if err := a.ask(ctx, c, "/smartlock/"+n+"/auth?types="+strconv.Itoa(typeKeypad), &auths); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(auths, func(x auth) bool { return x.Type != typeKeypad || x.ID == "" }), nil
}

// tell writes an auth of the device of a call, which has a number.
func (a *account) tell(ctx context.Context, c rest.Call, method, under string, body any) error {
	n, _ := number(c.Device)
	_, err := a.do(ctx, c, method, "/smartlock/"+n+"/auth"+under, body, true)
	return err
}

// logPage is the most that the vendor tells of a log at once. What a door has seen beyond that between two looks is not told.
const logPage = 50

// entries reads the log after a cursor: the time and the id of the last line that was told.
func (a *account) entries(ctx context.Context, c rest.Call, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	n, _ := number(c.Device)
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
