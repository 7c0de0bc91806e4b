package schlage

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// refusals are tried in order. Messages are vague, and never repeated: they may hold digits or names.
var refusals = []rest.Refusal{
	rest.Means(400, "already", driver.Ambiguous, driver.BlameLock, 0, "lock_code_manager: a code that was deleted a moment ago still counts; OwnerRez: lock and cloud may disagree for good"),
	rest.Means(400, "not connected", driver.Offline, driver.BlameLock, 0, "assumed: a lock that went away since it was asked for"),
	rest.Means(400, "maximum", driver.Full, driver.BlameLock, 0, "assumed: the lock holds more than the cloud lists"),
	rest.Means(400, "not found", driver.NotFound, driver.BlameLock, 0, "OwnerRez: the lock does not know what the cloud lists"),
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "assumed: the request is wrong"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "pyschlage: the token is not taken"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "pyschlage: the key of the API is not taken"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "assumed: there is no such device"),
	rest.Means(409, "", driver.Ambiguous, driver.BlameLock, 0, "assumed: as 400 with the word already"),
	rest.Means(422, "", driver.Rejected, driver.BlameRequest, 0, "assumed: the request is wrong"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "assumed: the vendor publishes no limits"),
}

// do makes a request and returns the answer if it is a success. After a write nobody knows what an error of the server or a lost answer
// means.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, writes bool) (rest.Answer, error) {
	answer, err := a.session.Do(ctx, a.api, c, method, path, a.header, body, writes)
	if err != nil || answer.Status/100 == 2 {
		return answer, err
	}
	var d detail
	_ = answer.JSON(&d) // what is no JSON has no message
	return answer, c.Refused(refusals, answer, strings.ToLower(d.Message), writes)
}

func (a *account) header(t cognito.Tokens) http.Header {
	return http.Header{"Authorization": {"Bearer " + t.Access.Reveal()}, "X-Api-Key": {a.key}}
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, v any) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
	if err != nil {
		return err
	}
	return c.Read(answer, v, false)
}

// under is the path of the device of a call; false: it is none of Schlage's.
func under(c rest.Call) (string, bool) {
	id, ok := strings.CutPrefix(string(c.Device), prefix)
	return "/devices/" + url.PathEscape(id), ok && id != ""
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (*device, error) {
	path, ok := under(c)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d device
	if err := a.ask(ctx, c, path, &d); err != nil {
		return nil, err
	}
	if d.ID == "" {
		return nil, c.Fail(driver.Offline, driver.BlameCloud, "no device")
	}
	return &d, nil
}

// connected reads the device of a call, which the vendor must be able to reach.
func (a *account) connected(ctx context.Context, c rest.Call) (*device, error) {
	d, err := a.find(ctx, c)
	if err == nil && !d.Connected {
		err = c.Fail(driver.Offline, driver.BlameLock, "not connected")
	}
	return d, err
}

// list reads the codes of the device of a call, as the cloud has them.
func (a *account) list(ctx context.Context, c rest.Call) ([]accessCode, error) {
	path, _ := under(c)
	var codes []accessCode
	if err := a.ask(ctx, c, path+"/storage/accesscode", &codes); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(codes, func(x accessCode) bool { return x.ID == "" }), nil
}

// command has the lock do something and waits until it has.
func (a *account) command(ctx context.Context, c rest.Call, name string, data any) (rest.Answer, error) {
	path, _ := under(c)
	return a.do(ctx, c, http.MethodPost, path+"/commands", map[string]any{"name": name, "data": data}, true)
}

// logPage is how much of a log is read at once. What a door has seen beyond that between two looks is not told.
const logPage = 50

// entries reads the log after a cursor: the time and the id of the newest line that was told.
func (a *account) entries(ctx context.Context, c rest.Call, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
	path, _ := under(c)
	var lines []logLine
	if err := a.ask(ctx, c, path+"/logs?sort=desc&limit="+strconv.Itoa(logPage), &lines); err != nil {
		return nil, since, err
	}
	slices.SortStableFunc(lines, func(x, y logLine) int { return y.at().Compare(x.at()) })
	date, last, _ := strings.Cut(string(since), " ")
	told, err := time.Parse(time.RFC3339, date)
	if i := slices.IndexFunc(lines, func(l logLine) bool { return l.ID == last && last != "" || err == nil && l.at().Before(told) }); i >= 0 {
		lines = lines[:i]
	}
	if len(lines) == 0 {
		return nil, since, nil
	}
	next := lock.Cursor(lines[0].at().Format(time.RFC3339) + " " + lines[0].ID)
	slices.Reverse(lines)
	var entries []lock.Entry
	for i := range lines {
		if e, ok := lines[i].entry(); ok && len(entries) < lock.MaxEntries {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}
