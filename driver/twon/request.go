package twon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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

// refusal says what a code of the envelope means.
type refusal struct {
	code   int
	kind   driver.Kind
	blame  driver.Blame
	source string // who says so
}

// refusals are those of whole requests. What is not among them is ambiguous after a write.
var refusals = [...]refusal{
	{1, driver.Unsupported, driver.BlameLock, "vendor's manual: function is not supported"},
	{2, driver.Unsupported, driver.BlameLock, "vendor's manual: invalid request path, as on firmware that lacks the function"},
	{3, driver.Unsupported, driver.BlameLock, "vendor's manual: invalid request method"},
	{4, driver.Unauthorized, driver.BlameAccount, "vendor's manual: function is disabled, in the device's settings of services"},
	{5, driver.Unsupported, driver.BlameLock, "older manuals: function is licensed"},
	{7, driver.Unauthorized, driver.BlameAccount, "vendor's manual: invalid connection type, HTTPS required"},
	{8, driver.Unauthorized, driver.BlameAccount, "vendor's manual: invalid authentication method"},
	{9, driver.Unauthorized, driver.BlameAccount, "vendor's manual: authorisation required"},
	{10, driver.Unauthorized, driver.BlameAccount, "vendor's manual: insufficient user privileges"},
	{11, driver.Rejected, driver.BlameRequest, "vendor's manual: missing mandatory parameter"},
	{12, driver.Rejected, driver.BlameRequest, "vendor's manual: invalid parameter value"},
	{13, driver.Rejected, driver.BlameRequest, "vendor's manual: parameter data too big"},
	{17, driver.Rejected, driver.BlameRequest, "vendor's manual: parameter collision"},
	{18, driver.Rejected, driver.BlameRequest, "vendor's manual: request rejected"},
	{19, driver.Unsupported, driver.BlameLock, "vendor's manual: file version unsupported"},
}

// unspecified is the code of an error that the device does not explain.
const unspecified = 14

// misfit says what the code of a single user means.
type misfit struct {
	code   string
	kind   driver.Kind
	blame  driver.Blame
	source string
}

// misfits are those of users within a success. One that is not among them changed nothing either.
var misfits = [...]misfit{
	{exists, driver.Offline, driver.BlameLock, "vendor's manual; somebody has written it since the directory was read: try again"},
	{unknown, driver.Offline, driver.BlameLock, "vendor's manual; somebody has taken it away since: try again"},
	{"EDIR_FIELD_NAME_UNKNOWN", driver.Unsupported, driver.BlameLock, "the vendor's test suite: no model has the field"},
	{"EDIR_FIELD_NOT_AVAILABLE", driver.Unsupported, driver.BlameLock, "the vendor's test suite: the model lacks the field"},
	{"EDIR_FIELD_VALUE_ERROR", driver.Rejected, driver.BlameRequest, "vendor's manual: as for letters in a PIN"},
	{"", driver.Rejected, driver.BlameRequest, "vendor's manual: an entry with any error is not changed"},
}

const (
	exists  = "EDIR_UUID_ALREADY_EXISTS"
	unknown = "EDIR_UUID_DOES_NOT_EXIST"
)

// unit is one device.
type unit struct {
	api   *rest.Client
	login login
}

// do makes a request and reads its result. A challenge is answered once, as nothing has happened then. After a write nobody knows what a
// lost answer means.
func (u *unit) do(ctx context.Context, c call, method, path string, body, result any) error {
	writes := method == http.MethodPut
	for again := true; ; again = false {
		header, answered := u.login.header(method, path)
		answer, err := u.api.Do(ctx, method, path, header, body)
		if err != nil {
			e := c.fail(driver.Offline, driver.BlameLock, "")
			if f, ok := errors.AsType[*rest.Failure](err); writes && ok && f.Sent {
				e.Kind = driver.Ambiguous
			}
			e.Err = err
			return e
		}
		asked, ok := challengeOf(answer.Header)
		if answer.Status == http.StatusUnauthorized && again && ok && (asked != answered) {
			u.login.learn(asked)
			continue
		}
		return c.read(answer, writes, result)
	}
}

// read understands an answer.
func (c call) read(answer rest.Answer, writes bool, result any) error {
	unclear := c.fail(driver.Offline, driver.BlameLock, strconv.Itoa(answer.Status))
	if writes {
		unclear.Kind = driver.Ambiguous
	}
	switch answer.Status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return c.fail(driver.Unauthorized, driver.BlameAccount, strconv.Itoa(answer.Status))
	case http.StatusTooManyRequests:
		e := c.fail(driver.Throttled, driver.BlameLock, "429")
		e.RetryAfter = answer.RetryAfter(time.Minute)
		return e
	default:
		return unclear
	}
	var x envelope
	if err := answer.JSON(&x); err != nil {
		unclear.Vendor, unclear.Err = "", err
		return unclear
	}
	if !x.Success {
		unclear.Vendor = strings.TrimSpace(strconv.Itoa(x.Error.Code) + " " + plainWord(x.Error.Param))
		for _, r := range refusals {
			if r.code == x.Error.Code {
				return c.fail(r.kind, r.blame, unclear.Vendor)
			}
		}
		if x.Error.Code == unspecified && c.op == "set" && writes {
			return c.fail(driver.Full, driver.BlameLock, unclear.Vendor)
		}
		return unclear
	}
	if result == nil {
		return nil
	}
	if json.Unmarshal(x.Result, result) != nil {
		unclear.Vendor, unclear.Err = "", errors.New("the result is not what it should be")
		return unclear
	}
	return nil
}

// plainWord is a device's word if it is one, and no digits that it repeats.
func plainWord(s string) string {
	if len(s) > 32 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._") != "" {
		return ""
	}
	return s
}

func (u *unit) ask(ctx context.Context, c call, path string, result any) error {
	return u.do(ctx, c, http.MethodGet, path, nil, result)
}

// maxPages bounds a directory that comes in pages.
const maxPages = 100

// users reads the whole directory.
func (u *unit) users(ctx context.Context, c call) ([]user, error) {
	var all []user
	body := map[string]any{"fields": fields}
	var reached int64
	for range maxPages {
		var d directory
		if err := u.do(ctx, c, http.MethodPost, "/api/dir/query", body, &d); err != nil {
			return nil, err
		}
		all = append(all, d.Users...)
		if d.Iterator.Timestamp <= reached || len(d.Users) == 0 {
			return all, nil
		}
		reached = d.Iterator.Timestamp
		body["iterator"] = map[string]any{"timestamp": reached}
	}
	return nil, c.fail(driver.Offline, driver.BlameLock, "the directory has no end")
}

// put writes one user and returns what it was told of it.
func (u *unit) put(ctx context.Context, c call, path string, x any) error {
	var d directory
	if err := u.do(ctx, c, http.MethodPut, path, map[string]any{"users": []any{x}}, &d); err != nil {
		return err
	}
	if len(d.Users) != 1 {
		return c.fail(driver.Ambiguous, driver.BlameLock, "no word of the user")
	}
	if len(d.Users[0].Errors) == 0 {
		return nil
	}
	code := plainWord(d.Users[0].Errors[0].Code)
	for _, m := range misfits {
		if m.code == code || m.code == "" {
			return c.fail(m.kind, m.blame, code)
		}
	}
	return c.fail(driver.Rejected, driver.BlameRequest, code)
}
