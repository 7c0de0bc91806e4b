// Package rest makes the HTTP requests of drivers: without it each vendor would have to bound what it reads, keep secrets out of
// errors, and find out anew whether a request that failed had left the house.
package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxBody bounds what is read of an answer, in bytes.
const MaxBody = 4 << 20

// Client speaks to one vendor's API. It makes one attempt and follows no redirect.
type Client struct {
	HTTP *http.Client
	Base string // without a slash at the end
}

// NewClient returns a client for the API at base.
func NewClient(h *http.Client, base string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("base_url: must be the address of a server, as in https://api.example.org")
	}
	own := *h
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{HTTP: &own, Base: strings.TrimRight(base, "/")}, nil
}

// Answer is what a vendor answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Failure is a request that brought no answer.
type Failure struct {
	Sent bool // the vendor may have got it
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }

func (f *Failure) Unwrap() error { return f.Err }

// Do makes one request with a body: a form of url.Values, or JSON of anything else but nil, whose type a header may name more closely. The
// error is a *Failure.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, body any) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, &Failure{Err: err}
	}
	var content io.Reader
	kind := "application/json"
	if form, ok := body.(url.Values); ok {
		kind, content = "application/x-www-form-urlencoded", strings.NewReader(form.Encode())
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, &Failure{Err: errors.New("the request can't be written as JSON")}
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, content)
	if err != nil {
		return Answer{}, &Failure{Err: errors.New("the request has no valid address")}
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, failure(err)
	}
	defer res.Body.Close() //nolint:errcheck // what was read is all that is wanted
	text, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	switch {
	case err != nil:
		return Answer{}, &Failure{Sent: true, Err: fmt.Errorf("the answer broke off: %w", plain(err))}
	case len(text) > MaxBody:
		return Answer{}, &Failure{Sent: true, Err: fmt.Errorf("the answer has more than %d MiB", MaxBody>>20)}
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: text}, nil
}

// failure tells whether a request that brought no answer may have been received.
func failure(err error) *Failure {
	err = plain(err)
	f := &Failure{Sent: true, Err: err}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		f.Sent = false
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		f.Sent = false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		f.Sent = false
	}
	return f
}

// plain takes the URL off an error: there may be a token in it.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// RetryAfter is the pause that an answer asks for in seconds, or otherwise the given one. A pause of more than an hour is an hour.
func (a Answer) RetryAfter(otherwise time.Duration) time.Duration {
	n, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || n <= 0 {
		return otherwise
	}
	return time.Duration(min(n, 3600)) * time.Second
}

// JSON reads the body of an answer into v. The error never repeats the body. A bare null is no answer: taken for an empty list it would
// mean that all locks, or all their codes, are gone.
func (a Answer) JSON(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil || string(bytes.TrimSpace(a.Body)) == "null" {
		return errors.New("the answer is not the JSON that it should be")
	}
	return nil
}
