package ttlock

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
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

// refusal says what an error code means.
type refusal struct {
	code   int
	kind   driver.Kind
	blame  driver.Blame
	again  time.Duration // for Throttled
	source string        // who says so
}

const (
	table       = "vendor's table of error codes"
	integrators = "integrators' reports"
)

// The error codes that the driver acts on.
const (
	codeNoPasscode  = -2009
	codePowerSaving = -3035
	codeNoNetwork   = -3034
	codeTaken       = -3007
	codeNoToken     = 10003
	codeBadToken    = 10004
)

var refusals = [...]refusal{
	{1, driver.Ambiguous, driver.BlameLock, 0, table + ": failed; " + integrators + ": also when the lock did not answer"},
	{-3, driver.Rejected, driver.BlameRequest, 0, table + ": invalid parameter"},
	{-1003, driver.NotFound, driver.BlameRequest, 0, table + ": the lock does not exist"},
	{-1007, driver.Unsupported, driver.BlameLock, 0, table + ": no data to compute passcodes from"},
	{-1026, driver.Rejected, driver.BlameRequest, 0, table + ": a code of that period was issued and deleted"},
	{codeNoPasscode, driver.NotFound, driver.BlameRequest, 0, table + ": the passcode does not exist"},
	{-2012, driver.Offline, driver.BlameLock, 0, table + ": no gateway is near the lock"},
	{-2018, driver.Unsupported, driver.BlameAccount, 0, table + ": permission denied"},
	{-2025, driver.Offline, driver.BlameLock, 0, table + ": the lock is frozen"},
	{-2032, driver.Rejected, driver.BlameRequest, 0, table + ": too simple"},
	{-3002, driver.Offline, driver.BlameHub, 0, table + ": the gateway is offline"},
	{-3003, driver.Throttled, driver.BlameHub, 5 * time.Second, table + ": the gateway is busy; one command takes up to ten seconds"},
	{-3006, driver.Rejected, driver.BlameRequest, 0, table + ": not 4 to 9 digits"},
	{codeTaken, driver.Taken, driver.BlameRequest, 0, table + ": the same passcode exists"},
	{-3008, driver.Unsupported, driver.BlameRequest, 0, table + ": computed digits can't be changed before they were used"},
	{-3009, driver.Full, driver.BlameLock, 0, table + ": no space for custom passcodes"},
	{codeNoNetwork, driver.Offline, driver.BlameLock, 0, table + ": no Wi-Fi network is set"},
	{codePowerSaving, driver.Offline, driver.BlameLock, 0, table + ": the lock saves power"},
	{-3036, driver.Offline, driver.BlameLock, 0, table + ": the lock on Wi-Fi is offline"},
	{-3037, driver.Throttled, driver.BlameLock, 5 * time.Second, table + ": the lock is busy"},
	{-4037, driver.Offline, driver.BlameHub, 0, table + ": the gateway does not exist"},
	{-4043, driver.Unsupported, driver.BlameLock, 0, table + ": the lock does not support it"},
	{-4056, driver.Full, driver.BlameLock, 0, table + ": storage full"},
	{10000, driver.Unauthorized, driver.BlameAccount, 0, table + ": unknown client_id"},
	{10001, driver.Unauthorized, driver.BlameAccount, 0, table + ": wrong client_secret"},
	{codeNoToken, driver.Unauthorized, driver.BlameAccount, 0, table + ": the token does not exist"},
	{codeBadToken, driver.Unauthorized, driver.BlameAccount, 0, table + ": the token has ended or was revoked"},
	{10007, driver.Unauthorized, driver.BlameAccount, 0, table + ": wrong user or password"},
	{10011, driver.Unauthorized, driver.BlameAccount, 0, table + ": the refresh token is not valid"},
	{20002, driver.Unsupported, driver.BlameAccount, 0, table + ": the user is not the lock's administrator"},
	{30005, driver.Unauthorized, driver.BlameAccount, 0, table + ": the password is not as the vendor wants it"},
	{30006, driver.Throttled, driver.BlameCloud, time.Minute, table + ": too many calls, without figures"},
	{30007, driver.Throttled, driver.BlameCloud, time.Hour, table + ": the calls of the month are used up"},
	{30008, driver.Unauthorized, driver.BlameAccount, 0, table + ": the account belongs to another region: base_url"},
	{80000, driver.Unauthorized, driver.BlameAccount, 0, table + ": the date is more than five minutes off: this machine's clock"},
	{80002, driver.Rejected, driver.BlameRequest, 0, table + ": bad JSON"},
	{90000, driver.Ambiguous, driver.BlameCloud, 0, table + ": internal error"},
}

// refused is the error for a code. Where nothing was to be written, nothing can have happened.
func (c call) refused(code int, writes bool) *driver.Error {
	e := c.fail(driver.Ambiguous, driver.BlameCloud, strconv.Itoa(code))
	for _, r := range refusals {
		if r.code == code {
			e.Kind, e.Blame, e.RetryAfter = r.kind, r.blame, r.again
		}
	}
	if e.Kind == driver.Ambiguous && !writes {
		e.Kind, e.Blame = driver.Offline, driver.BlameCloud
	}
	return e
}

// coded reports whether an error is that of a code.
func coded(err error, code int) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Vendor == strconv.Itoa(code)
}

// send makes one request and reads its answer into v. Errors have the status of a success, and a code.
func (a *account) send(ctx context.Context, c call, method, path string, form url.Values, writes bool, v any) error {
	var body any = form
	if method == http.MethodGet {
		path, body = path+"?"+form.Encode(), nil
	}
	answer, err := a.api.Do(ctx, method, path, nil, body)
	if err != nil {
		e := c.fail(driver.Offline, driver.BlameCloud, "")
		if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
			e.Kind = driver.Ambiguous
		}
		e.Err = err
		return e
	}
	if answer.Status == http.StatusTooManyRequests {
		e := c.fail(driver.Throttled, driver.BlameCloud, strconv.Itoa(answer.Status))
		e.RetryAfter = answer.RetryAfter(time.Minute)
		return e
	}
	unclear := c.fail(driver.Offline, driver.BlameCloud, "")
	if writes {
		unclear.Kind = driver.Ambiguous
	}
	if answer.Status/100 != 2 {
		unclear.Vendor = strconv.Itoa(answer.Status)
		return unclear
	}
	var o *outcome
	if unclear.Err = answer.JSON(&o); unclear.Err != nil {
		return unclear
	}
	if o == nil {
		unclear.Err = errors.New("the answer is empty")
		return unclear
	}
	if o.Code != nil && *o.Code != 0 {
		return c.refused(int(*o.Code), writes)
	}
	if unclear.Err = answer.JSON(v); unclear.Err != nil {
		return unclear
	}
	if x, ok := v.(*outcome); ok && x.Code == nil {
		unclear.Err = errors.New("the answer does not say whether it was done")
		return unclear
	}
	return nil
}

// do makes a request of a method of the API, and renews the token once if it is refused.
func (a *account) do(ctx context.Context, c call, method, path string, form url.Values, writes bool, v any) error {
	t, err := a.tokens.Tokens(ctx)
	for again := false; err == nil; again = true {
		form.Set("clientId", a.login.id)
		form.Set("accessToken", t.Access.Reveal())
		form.Set("date", millis(a.now()))
		err = a.send(ctx, c, method, "/v3"+path, form, writes, v)
		if again || !coded(err, codeNoToken) && !coded(err, codeBadToken) {
			return err
		}
		t, err = a.tokens.Instead(ctx, t)
	}
	return c.unsigned(err)
}

// ask reads something.
func (a *account) ask(ctx context.Context, c call, path string, form url.Values, v any) error {
	return a.do(ctx, c, http.MethodGet, path, form, false, v)
}

// tell writes something.
func (a *account) tell(ctx context.Context, c call, path string, form url.Values, v any) error {
	return a.do(ctx, c, http.MethodPost, path, form, true, v)
}

// pageSize is what every list gives at once.
const pageSize = 200

// pages reads up to so many pages of a list; whole is false if there are more.
func pages[T any](ctx context.Context, a *account, c call, path string, form url.Values, most int) (all []T, whole bool, err error) {
	for no := 1; no <= most; no++ {
		form.Set("pageNo", strconv.Itoa(no))
		form.Set("pageSize", strconv.Itoa(pageSize))
		var p page[T]
		if err := a.ask(ctx, c, path, form, &p); err != nil {
			return nil, false, err
		}
		if p.List == nil && (p.Total == nil || *p.Total != 0) {
			e := c.fail(driver.Offline, driver.BlameCloud, "")
			e.Err = errors.New("the answer has no list")
			return nil, false, e
		}
		if p.List != nil {
			all = append(all, *p.List...)
		}
		if int(p.Pages) <= no {
			return all, true, nil
		}
	}
	return all, false, nil
}

// of is the parameters of a method for the device of a call.
func (c call) of() (url.Values, error) {
	n, ok := number(c.device)
	if !ok {
		return nil, c.fail(driver.NotFound, driver.BlameRequest, "")
	}
	return url.Values{"lockId": {strconv.FormatInt(n, 10)}}, nil
}
