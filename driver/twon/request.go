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
)

// refusals are those of whole requests. What is not among them is ambiguous after a write.
var refusals = []rest.Refusal{
	rest.Means(1, "", driver.Unsupported, driver.BlameLock, 0, "vendor's manual: function is not supported"),
	rest.Means(2, "", driver.Unsupported, driver.BlameLock, 0, "vendor's manual: invalid request path, as on firmware that lacks the function"),
	rest.Means(3, "", driver.Unsupported, driver.BlameLock, 0, "vendor's manual: invalid request method"),
	rest.Means(4, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's manual: function is disabled, in the device's settings of services"),
	rest.Means(5, "", driver.Unsupported, driver.BlameLock, 0, "older manuals: function is licensed"),
	rest.Means(7, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's manual: invalid connection type, HTTPS required"),
	rest.Means(8, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's manual: invalid authentication method"),
	rest.Means(9, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's manual: authorisation required"),
	rest.Means(10, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's manual: insufficient user privileges"),
	rest.Means(11, "", driver.Rejected, driver.BlameRequest, 0, "vendor's manual: missing mandatory parameter"),
	rest.Means(12, "", driver.Rejected, driver.BlameRequest, 0, "vendor's manual: invalid parameter value"),
	rest.Means(13, "", driver.Rejected, driver.BlameRequest, 0, "vendor's manual: parameter data too big"),
	rest.Means(17, "", driver.Rejected, driver.BlameRequest, 0, "vendor's manual: parameter collision"),
	rest.Means(18, "", driver.Rejected, driver.BlameRequest, 0, "vendor's manual: request rejected"),
	rest.Means(19, "", driver.Unsupported, driver.BlameLock, 0, "vendor's manual: file version unsupported"),
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
	{exists, driver.Offline, driver.BlameLock, "vendor's manual; the directory that was read lacks it: it is updated instead"},
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
func (u *unit) do(ctx context.Context, c rest.Call, method, path string, body, result any) error {
	writes := method == http.MethodPut
	for again := true; ; again = false {
		header, answered := u.login.header(method, path)
		answer, err := u.api.Do(ctx, method, path, header, body)
		if err != nil {
			e := c.Unanswered(err, writes)
			e.Blame = driver.BlameLock // there is no cloud
			return e
		}
		asked, ok := challengeOf(answer.Header)
		if answer.Status == http.StatusUnauthorized && again && ok && (asked != answered) {
			u.login.learn(asked)
			continue
		}
		return read(c, answer, writes, result)
	}
}

// read understands an answer.
func read(c rest.Call, answer rest.Answer, writes bool, result any) error {
	unclear := c.Unclear(strconv.Itoa(answer.Status), writes)
	unclear.Blame = driver.BlameLock
	switch answer.Status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return c.Fail(driver.Unauthorized, driver.BlameAccount, strconv.Itoa(answer.Status))
	case http.StatusTooManyRequests:
		e := c.Fail(driver.Throttled, driver.BlameLock, "429")
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
		e := c.Refused(refusals, rest.Answer{Status: x.Error.Code}, "", writes)
		switch {
		case x.Error.Code == unspecified && c.Op == "set" && writes:
			e.Kind, e.Blame = driver.Full, driver.BlameLock
		case e.Blame == driver.BlameCloud:
			e.Blame = driver.BlameLock
		}
		e.Vendor = strings.TrimSpace(e.Vendor + " " + plainWord(x.Error.Param))
		return e
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

func (u *unit) ask(ctx context.Context, c rest.Call, path string, result any) error {
	return u.do(ctx, c, http.MethodGet, path, nil, result)
}

// maxPages bounds a directory that comes in pages.
const maxPages = 100

// users reads the whole directory.
func (u *unit) users(ctx context.Context, c rest.Call) ([]user, error) {
	var all []user
	body := map[string]any{"fields": fields}
	var reached int64
	for range maxPages {
		var p page
		if err := u.do(ctx, c, http.MethodPost, "/api/dir/query", body, &p); err != nil {
			return nil, err
		}
		users, err := rest.Listed(c, p.Users)
		if err != nil {
			return nil, err
		}
		all = append(all, users...)
		if p.Iterator.Timestamp <= reached || len(users) == 0 {
			return all, nil
		}
		reached = p.Iterator.Timestamp
		body["iterator"] = map[string]any{"timestamp": reached}
	}
	return nil, c.Fail(driver.Offline, driver.BlameLock, "the directory has no end")
}

// put writes one user and returns what it was told of it.
func (u *unit) put(ctx context.Context, c rest.Call, path string, x any) error {
	var d directory
	if err := u.do(ctx, c, http.MethodPut, path, map[string]any{"users": []any{x}}, &d); err != nil {
		return err
	}
	if len(d.Users) != 1 {
		return c.Fail(driver.Ambiguous, driver.BlameLock, "no word of the user")
	}
	if len(d.Users[0].Errors) == 0 {
		return nil
	}
	code := plainWord(d.Users[0].Errors[0].Code)
	for _, m := range misfits {
		if m.code == code || m.code == "" {
			return c.Fail(m.kind, m.blame, code)
		}
	}
	return c.Fail(driver.Rejected, driver.BlameRequest, code)
}
