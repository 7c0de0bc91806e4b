package smartthings

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// refusals are what statuses mean.
var refusals = []rest.Refusal{
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "vendor's API reference: a malformed request"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's SDK, which renews its tokens then"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "vendor's API reference: the token lacks a scope, or the device is not among those that were chosen"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "vendor's API reference"),
	rest.Means(409, "", driver.Offline, driver.BlameLock, 0, "assumed: pysmartthings takes it for a failed command, reports tell of it for devices that are offline"),
	rest.Means(422, "", driver.Rejected, driver.BlameRequest, 0, "vendor's API reference: ConstraintViolationError"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, throttled, "vendor's page on rate limits"),
}

// throttled is how long to wait if an answer does not say.
const throttled = time.Minute

// do makes a request as somebody who is signed in. A token that is refused is renewed once. After a write nobody knows what an error of
// the server or a lost answer means.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, writes bool) (rest.Answer, error) {
	bearer, tokens, err := a.bearer(ctx, c, nil)
	if err != nil {
		return rest.Answer{}, err
	}
	answer, err := a.api.Do(ctx, method, path, bearer, body)
	if err == nil && answer.Status == http.StatusUnauthorized && a.login != nil {
		if bearer, _, err = a.bearer(ctx, c, &tokens); err != nil {
			return rest.Answer{}, err
		}
		answer, err = a.api.Do(ctx, method, path, bearer, body)
	}
	return answer, judge(c, answer, err, writes)
}

// judge says what an answer, or that there was none, means; nil: it is a success.
func judge(c rest.Call, answer rest.Answer, err error, writes bool) error {
	if err != nil {
		return c.Unanswered(err, writes)
	}
	if answer.Status/100 == 2 {
		return nil
	}
	e := c.Refused(refusals, answer, "", writes)
	var p problem
	if answer.JSON(&p) == nil && p.Error.Code != "" && len(p.Error.Code) < 64 && strings.Trim(p.Error.Code, letters) == "" {
		e.Vendor += " " + p.Error.Code
	}
	return e
}

// letters are what the vendor's codes of errors consist of. Anything else may repeat digits and is not kept.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// bearer is the header of a request, with others than the refused tokens, if there are any.
func (a *account) bearer(ctx context.Context, c rest.Call, refused *oauth.Tokens) (http.Header, oauth.Tokens, error) {
	if a.login == nil {
		return http.Header{"Authorization": {"Bearer " + a.personal}}, oauth.Tokens{}, nil
	}
	var tokens oauth.Tokens
	var err error
	if refused == nil {
		tokens, err = a.login.Tokens(ctx)
	} else {
		tokens, err = a.login.Instead(ctx, *refused)
	}
	if err == nil {
		return http.Header{"Authorization": {"Bearer " + tokens.Access.Reveal()}}, tokens, nil
	}
	return nil, oauth.Tokens{}, c.Unsigned(err)
}

// renew spends a refresh token.
func (a *account) renew(ctx context.Context, refresh provider.Token) (oauth.Tokens, error) {
	return a.exchange(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
}

// exchange asks for tokens. Nothing is written by it, so that its errors are definite.
func (a *account) exchange(ctx context.Context, form url.Values) (oauth.Tokens, error) {
	c := rest.Call{Op: "sign in"}
	form = maps.Clone(form)
	form.Set("client_id", a.client)
	basic := base64.StdEncoding.EncodeToString([]byte(a.client + ":" + a.secret))
	answer, err := a.api.Do(ctx, http.MethodPost, "/oauth/token", http.Header{"Authorization": {"Basic " + basic}}, form)
	if err := judge(c, answer, err, false); err != nil {
		if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.Rejected {
			e.Kind, e.Blame = driver.Unauthorized, driver.BlameAccount // the token or the code is spent, or has run out
		}
		return oauth.Tokens{}, err
	}
	var g granted
	if answer.JSON(&g) != nil || g.Access == "" || g.Refresh == "" || g.Seconds <= 0 || g.Seconds > 1e9 {
		return oauth.Tokens{}, c.Fail(driver.Offline, driver.BlameCloud, "the answer has no tokens")
	}
	return oauth.Tokens{
		Access: provider.NewToken(g.Access), Refresh: provider.NewToken(g.Refresh), Subject: g.Installed,
		Expires: a.now().Add(time.Duration(g.Seconds) * time.Second),
	}, nil
}

// ask reads something.
func (a *account) ask(ctx context.Context, c rest.Call, path string, v any) error {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
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

// pagesAtMost bounds a list of devices.
const pagesAtMost = 100

// list reads every device that has to do with codes.
func (a *account) list(ctx context.Context, c rest.Call) ([]state, error) {
	path := "/devices?capability=" + capCodes + "&capability=" + capCredentials + "&capabilitiesMode=or&includeHealth=true&includeStatus=true"
	var all []state
	for range pagesAtMost {
		var p page
		if err := a.ask(ctx, c, path, &p); err != nil {
			return nil, err
		}
		devices, err := rest.Listed(c, p.Items)
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			s, err := a.state(ctx, c, d)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		if p.Links.Next.Href == "" {
			return all, nil
		}
		// The token goes nowhere but to the API, wherever the link points.
		u, err := url.Parse(p.Links.Next.Href)
		if err != nil || u.RawQuery == "" {
			return nil, c.Fail(driver.Offline, driver.BlameCloud, "the next page has no address")
		}
		path = "/devices?" + u.RawQuery
	}
	return nil, c.Fail(driver.Offline, driver.BlameCloud, "the list of devices does not end")
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (state, error) {
	id, ok := vendorID(c.Device)
	if !ok {
		return state{}, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	var d device
	if err := a.ask(ctx, c, "/devices/"+id+"?includeHealth=true&includeStatus=true", &d); err != nil {
		return state{}, err
	}
	if d.ID = id; d.Components == nil {
		return state{}, c.Fail(driver.Offline, driver.BlameCloud, "the device has no components")
	}
	return a.state(ctx, c, d)
}

// state puts a device and its status together, and asks for what was not told.
func (a *account) state(ctx context.Context, c rest.Call, d device) (state, error) {
	s := state{device: d, of: map[string]attributes{}}
	told := false
	for _, x := range d.Components {
		if x.ID != "main" {
			continue
		}
		for _, y := range x.Capabilities {
			s.of[y.ID] = y.Status
			told = told || len(y.Status) > 0
		}
	}
	if !told {
		var w whole
		if err := a.ask(ctx, c, "/devices/"+url.PathEscape(d.ID)+"/status", &w); err != nil {
			return s, err
		}
		maps.Copy(s.of, w.Components["main"])
	}
	return s, nil
}

// health reads that of a device, or "" where there is none.
func (a *account) health(ctx context.Context, c rest.Call, id string) (string, error) {
	var h health
	err := a.ask(ctx, c, "/devices/"+url.PathEscape(id)+"/health", &h)
	if e, ok := errors.AsType[*driver.Error](err); ok && (e.Kind == driver.NotFound || e.Vendor != "" && strings.HasPrefix(e.Vendor, "403")) {
		return "", nil
	}
	return h.State, err
}

// reach tells how far the hub's messages come. A lock that the cloud knows nothing of counts as reached, for the cloud has answered.
func (a *account) reach(ctx context.Context, c rest.Call, s *state) (lock.Reach, error) {
	own := ""
	if s.Health != nil {
		own = s.Health.State
	} else {
		var err error
		if own, err = a.health(ctx, c, s.ID); err != nil {
			return lock.ReachUnknown, err
		}
	}
	if own != "OFFLINE" {
		return lock.Reached, nil
	}
	hub := s.hub()
	if hub == "" {
		return lock.LockDown, nil
	}
	is, err := a.health(ctx, c, hub)
	switch {
	case err != nil:
		return lock.ReachUnknown, err
	case is == "OFFLINE":
		return lock.HubDown, nil
	}
	return lock.LockDown, nil
}
