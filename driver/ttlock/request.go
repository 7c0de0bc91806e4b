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
)

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
	codeNoGateway   = -4037
	codeNoToken     = 10003
	codeBadToken    = 10004
)

// refusals are by the codes that stand in place of a status.
var refusals = []rest.Refusal{
	rest.Means(1, "", driver.Ambiguous, driver.BlameLock, 0, table+": failed; "+integrators+": also when the lock did not answer"),
	rest.Means(-3, "", driver.Rejected, driver.BlameRequest, 0, table+": invalid parameter"),
	rest.Means(-1003, "", driver.NotFound, driver.BlameRequest, 0, table+": the lock does not exist"),
	rest.Means(-1007, "", driver.Unsupported, driver.BlameLock, 0, table+": no data to compute passcodes from"),
	rest.Means(-1026, "", driver.Rejected, driver.BlameRequest, 0, table+": a code of that period was issued and deleted"),
	rest.Means(codeNoPasscode, "", driver.NotFound, driver.BlameRequest, 0, table+": the passcode does not exist"),
	rest.Means(-2012, "", driver.Offline, driver.BlameLock, 0, table+": no gateway is near the lock"),
	rest.Means(-2018, "", driver.Unsupported, driver.BlameAccount, 0, table+": permission denied"),
	rest.Means(-2025, "", driver.Offline, driver.BlameLock, 0, table+": the lock is frozen"),
	rest.Means(-2032, "", driver.Rejected, driver.BlameRequest, 0, table+": too simple"),
	rest.Means(-3002, "", driver.Offline, driver.BlameHub, 0, table+": the gateway is offline"),
	rest.Means(-3003, "", driver.Throttled, driver.BlameHub, 5*time.Second, table+": the gateway is busy; one command takes up to ten seconds"),
	rest.Means(-3006, "", driver.Rejected, driver.BlameRequest, 0, table+": not 4 to 9 digits"),
	rest.Means(codeTaken, "", driver.Taken, driver.BlameRequest, 0, table+": the same passcode exists"),
	rest.Means(-3008, "", driver.Unsupported, driver.BlameRequest, 0, table+": computed digits can't be changed before they were used"),
	rest.Means(-3009, "", driver.Full, driver.BlameLock, 0, table+": no space for custom passcodes"),
	rest.Means(codeNoNetwork, "", driver.Offline, driver.BlameLock, 0, table+": no Wi-Fi network is set"),
	rest.Means(codePowerSaving, "", driver.Offline, driver.BlameLock, 0, table+": the lock saves power"),
	rest.Means(-3036, "", driver.Offline, driver.BlameLock, 0, table+": the lock on Wi-Fi is offline"),
	rest.Means(-3037, "", driver.Throttled, driver.BlameLock, 5*time.Second, table+": the lock is busy"),
	rest.Means(codeNoGateway, "", driver.Offline, driver.BlameHub, 0, table+": the gateway does not exist"),
	rest.Means(-4043, "", driver.Unsupported, driver.BlameLock, 0, table+": the lock does not support it"),
	rest.Means(-4056, "", driver.Full, driver.BlameLock, 0, table+": storage full"),
	rest.Means(10000, "", driver.Unauthorized, driver.BlameAccount, 0, table+": unknown client_id"),
	rest.Means(10001, "", driver.Unauthorized, driver.BlameAccount, 0, table+": wrong client_secret"),
	rest.Means(codeNoToken, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the token does not exist"),
	rest.Means(codeBadToken, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the token has ended or was revoked"),
	rest.Means(10007, "", driver.Unauthorized, driver.BlameAccount, 0, table+": wrong user or password"),
	rest.Means(10011, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the refresh token is not valid"),
	rest.Means(20002, "", driver.Unsupported, driver.BlameAccount, 0, table+": the user is not the lock's administrator"),
	rest.Means(30005, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the password is not as the vendor wants it"),
	rest.Means(30006, "", driver.Throttled, driver.BlameCloud, time.Minute, table+": too many calls, without figures"),
	rest.Means(30007, "", driver.Throttled, driver.BlameCloud, time.Hour, table+": the calls of the month are used up"),
	rest.Means(30008, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the account belongs to another region: base_url"),
	rest.Means(80000, "", driver.Unauthorized, driver.BlameAccount, 0, table+": the date is more than five minutes off: this machine's clock"),
	rest.Means(80002, "", driver.Rejected, driver.BlameRequest, 0, table+": bad JSON"),
	rest.Means(90000, "", driver.Ambiguous, driver.BlameCloud, 0, table+": internal error"),
}

// coded reports whether an error is that of a code.
func coded(err error, code int) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Vendor == strconv.Itoa(code)
}

// send makes one request and reads its answer into v. Errors have the status of a success, and a code.
func (a *account) send(ctx context.Context, c rest.Call, method, path string, form url.Values, writes bool, v any) error {
	var body any = form
	if method == http.MethodGet {
		path, body = path+"?"+form.Encode(), nil
	}
	answer, err := a.api.Do(ctx, method, path, nil, body)
	if err != nil {
		return c.Unanswered(err, writes)
	}
	if answer.Status == http.StatusTooManyRequests {
		e := c.Fail(driver.Throttled, driver.BlameCloud, strconv.Itoa(answer.Status))
		e.RetryAfter = answer.RetryAfter(time.Minute)
		return e
	}
	unclear := c.Unclear("", writes)
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
		return c.Refused(refusals, rest.Answer{Status: int(*o.Code)}, "", writes)
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
func (a *account) do(ctx context.Context, c rest.Call, method, path string, form url.Values, writes bool, v any) error {
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
	return c.Unsigned(err)
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, form url.Values, v any) error {
	return a.do(ctx, c, http.MethodGet, path, form, false, v)
}

// tell writes something.
func (a *account) tell(ctx context.Context, c rest.Call, path string, form url.Values, v any) error {
	return a.do(ctx, c, http.MethodPost, path, form, true, v)
}

// pageSize is what every list gives at once.
const pageSize = 200

// pages reads up to so many pages of a list; whole is false if there are more.
func pages[T any](ctx context.Context, a *account, c rest.Call, path string, form url.Values, most int) (all []T, whole bool, err error) {
	for no := 1; no <= most; no++ {
		form.Set("pageNo", strconv.Itoa(no))
		form.Set("pageSize", strconv.Itoa(pageSize))
		var p page[T]
		if err := a.ask(ctx, c, path, form, &p); err != nil {
			return nil, false, err
		}
		if p.List == nil && (p.Total == nil || *p.Total != 0) {
			e := c.Fail(driver.Offline, driver.BlameCloud, "")
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
func of(c rest.Call) (url.Values, error) {
	n, ok := number(c.Device)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	return url.Values{"lockId": {strconv.FormatInt(n, 10)}}, nil
}
