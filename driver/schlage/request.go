package schlage

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

// refusal says what a status means. Where a word is given, the row holds for messages with that word only.
type refusal struct {
	status int
	word   string
	kind   driver.Kind
	blame  driver.Blame
	source string // who says so
}

// refusals are tried in order. Messages are vague, and never repeated: they may hold digits or names.
var refusals = [...]refusal{
	{400, "already", driver.Ambiguous, driver.BlameLock, "lock_code_manager: a code that was deleted a moment ago still counts; OwnerRez: lock and cloud may disagree for good"},
	{400, "not connected", driver.Offline, driver.BlameLock, "assumed: a lock that went away since it was asked for"},
	{400, "not found", driver.NotFound, driver.BlameLock, "OwnerRez: the lock does not know what the cloud lists"},
	{400, "", driver.Rejected, driver.BlameRequest, "assumed: the request is wrong"},
	{401, "", driver.Unauthorized, driver.BlameAccount, "pyschlage: the token is not taken"},
	{403, "", driver.Unauthorized, driver.BlameAccount, "pyschlage: the key of the API is not taken"},
	{404, "", driver.NotFound, driver.BlameRequest, "assumed: there is no such device"},
	{409, "", driver.Ambiguous, driver.BlameLock, "assumed: as 400 with the word already"},
	{422, "", driver.Rejected, driver.BlameRequest, "assumed: the request is wrong"},
	{429, "", driver.Throttled, driver.BlameCloud, "assumed: the vendor publishes no limits"},
}

// again is when to ask after too much was asked, unless the answer says.
const again = time.Minute

// do makes a request and returns the answer if it is a success. A token that is refused is replaced once. After a write nobody knows
// what an error of the server or a lost answer means.
func (a *account) do(ctx context.Context, c call, method, path string, body any, writes bool) (rest.Answer, error) {
	answer, err := a.once(ctx, c, method, path, body, writes)
	if err != nil || answer.Status != http.StatusUnauthorized {
		return a.judge(c, answer, err, writes)
	}
	answer, err = a.once(ctx, c, method, path, body, writes)
	return a.judge(c, answer, err, writes)
}

// once makes a request with the token that there is.
func (a *account) once(ctx context.Context, c call, method, path string, body any, writes bool) (rest.Answer, error) {
	tokens, err := a.session.Tokens(ctx)
	if err != nil {
		e, ok := errors.AsType[*driver.Error](err)
		if !ok {
			e = c.fail(driver.Offline, driver.BlameUnknown, "")
			e.Err = err
		}
		e.Op, e.Device = c.op, c.device
		return rest.Answer{}, e
	}
	answer, err := a.api.Do(ctx, method, path, http.Header{"Authorization": {"Bearer " + tokens.Access.Reveal()}, "X-Api-Key": {a.key}}, body)
	if err != nil {
		e := c.fail(driver.Offline, driver.BlameCloud, "")
		if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
			e.Kind = driver.Ambiguous
		}
		e.Err = err
		return answer, e
	}
	if answer.Status == http.StatusUnauthorized {
		a.session.Drop(tokens)
	}
	return answer, nil
}

// judge tells a success from a refusal.
func (*account) judge(c call, answer rest.Answer, err error, writes bool) (rest.Answer, error) {
	if err != nil || answer.Status/100 == 2 {
		return answer, err
	}
	status := strconv.Itoa(answer.Status)
	var d detail
	_ = answer.JSON(&d) // what is no JSON has no message
	message := strings.ToLower(d.Message)
	for _, r := range refusals {
		if r.status != answer.Status || !strings.Contains(message, r.word) {
			continue
		}
		e := c.fail(r.kind, r.blame, strings.TrimSpace(status+" "+r.word))
		switch {
		case r.kind == driver.Throttled:
			e.RetryAfter = answer.RetryAfter(again)
		case r.kind == driver.Ambiguous && !writes:
			e.Kind, e.Blame = driver.Offline, driver.BlameCloud
		}
		return answer, e
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

// under is the path of the device of a call; false: it is none of Schlage's.
func under(c call) (string, bool) {
	id, ok := strings.CutPrefix(string(c.device), prefix)
	return "/devices/" + url.PathEscape(id), ok && id != ""
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c call) (*device, error) {
	path, ok := under(c)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d device
	if err := a.ask(ctx, c, path, &d); err != nil {
		return nil, err
	}
	if d.ID == "" {
		return nil, c.fail(driver.Offline, driver.BlameCloud, "no device")
	}
	return &d, nil
}

// connected reads the device of a call, which the vendor must be able to reach.
func (a *account) connected(ctx context.Context, c call) (*device, error) {
	d, err := a.find(ctx, c)
	if err == nil && !d.Connected {
		err = c.fail(driver.Offline, driver.BlameLock, "not connected")
	}
	return d, err
}

// list reads the codes of the device of a call, as the cloud has them.
func (a *account) list(ctx context.Context, c call) ([]accessCode, error) {
	path, _ := under(c)
	var codes []accessCode
	if err := a.ask(ctx, c, path+"/storage/accesscode", &codes); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(codes, func(x accessCode) bool { return x.ID == "" }), nil
}

// command has the lock do something and waits until it has.
func (a *account) command(ctx context.Context, c call, name string, data any) (rest.Answer, error) {
	path, _ := under(c)
	return a.do(ctx, c, http.MethodPost, path+"/commands", map[string]any{"name": name, "data": data}, true)
}

// logPage is how much of a log is read at once. What a door has seen beyond that between two looks is not told.
const logPage = 50

// entries reads the log after a cursor: the time and the id of the newest line that was told.
func (a *account) entries(ctx context.Context, c call, since lock.Cursor) ([]lock.Entry, lock.Cursor, error) {
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
