// Package facade lets simulated locks be spoken to as a vendor's cloud is: without it drivers could be tried on the vendors'
// real clouds alone. Each folder below speaks one vendor's dialect; this one has what they share, and puts them on HTTP.
package facade

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Request is what a cloud is asked.
type Request struct {
	Method string
	Path   string // unescaped
	Query  url.Values
	Header http.Header
	Body   []byte
	Base   string // where it was sent, as in http://127.0.0.1:8701
}

// Match compares the path of a request with a pattern, both between slashes, in which a name in braces stands for anything. It
// returns what the request has there, by name.
func Match(pattern, path string) (found map[string]string, ok bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(have) {
		return nil, false
	}
	found = map[string]string{}
	for i, part := range want {
		name, named := strings.CutPrefix(part, "{")
		switch {
		case named && have[i] != "":
			found[strings.TrimSuffix(name, "}")] = have[i]
		case part != have[i]:
			return nil, false
		}
	}
	return found, true
}

// Reply is what it answers.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Broken bool // the connection breaks instead
}

// Post is a webhook that it sends.
type Post struct {
	URL    string
	Header http.Header
	Body   []byte
}

// maxAnswer is how much of the answer to a webhook is read, in bytes.
const maxAnswer = 4096

// Send sends a webhook and returns what its receiver has said. An answer that is no success is an error.
func Send(ctx context.Context, client *http.Client, p Post) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		return nil, err
	}
	req.Header = p.Header
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode >= 300:
		return nil, fmt.Errorf("the answer has status %d", res.StatusCode)
	}
	return said, nil
}

// Cloud is one account of a vendor. Its methods are called on the thread of its fleet.
type Cloud interface {
	// Serve answers a request by calling reply once, at once or in a later event of the fleet.
	Serve(r Request, reply func(Reply))
	// Push returns the webhooks to send because something happened at a lock.
	Push(id lock.DeviceID) []Post
	// Called is what the vendor calls a lock of the fleet: the id by which its API speaks of it.
	Called(id lock.DeviceID) string
}

// Targeted is a Cloud whose webhooks go where its owner says at the vendor's, and not where a driver asks for.
type Targeted interface{ Target(url string) }

// Answered is a Cloud that looks at how its webhooks are answered.
type Answered interface {
	// Answer tells it what the receiver of a webhook about that lock has said; nil: nothing, or that it failed.
	Answer(id lock.DeviceID, p Post, said []byte)
}

// Typist is a Cloud whose locks tell some codes from others by what is typed around them.
type Typist interface {
	// Typed is what a lock makes of digits at its keypad. Those at a lock of another cloud are left alone.
	Typed(id lock.DeviceID, pin lock.PIN) lock.PIN
}

// Loop owns the thread of a fleet.
type Loop interface {
	// Run starts something on the fleet's thread and returns when done was called, or with an error when ctx has ended or the
	// fleet was put away.
	Run(ctx context.Context, start func(f *sim.Fleet, done func())) error
}

// maxBody bounds a request, in bytes.
const maxBody = 1 << 20

// Handler puts a cloud on HTTP.
func Handler(l Loop, c Cloud) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "the body is too large or broke off", http.StatusBadRequest)
			return
		}
		base := "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
		answered := make(chan Reply, 1)
		err = l.Run(r.Context(), func(_ *sim.Fleet, done func()) {
			c.Serve(Request{r.Method, r.URL.Path, r.URL.Query(), r.Header, body, base}, func(x Reply) {
				answered <- x
				done()
			})
		})
		if err != nil {
			panic(http.ErrAbortHandler) // nobody waits any more, or nobody is left to answer
		}
		x := <-answered
		if x.Broken {
			panic(http.ErrAbortHandler)
		}
		for name, values := range x.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(x.Status)
		_, _ = w.Write(x.Body) // whoever has left does not read it
	})
}

// JSON is a reply with a body.
func JSON(status int, v any) Reply {
	body, err := json.Marshal(v)
	if err != nil {
		return Reply{Status: http.StatusInternalServerError}
	}
	return Reply{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// Failure is the reply to a call that the fleet has failed, where every vendor's cloud answers alike: too much is asked, the server
// has an error, the connection is refused or nothing more is heard. Otherwise ok is false, and why is the fleet's word for it.
func Failure(r sim.Result) (x Reply, why string, ok bool) {
	why = r.Err.Vendor
	switch why {
	case "connection_refused", "timeout":
		return Reply{Broken: true}, why, true
	case "429", "rate_limit", "queue_full":
		wait := max(1, int(r.Err.RetryAfter/time.Second))
		return Reply{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {strconv.Itoa(wait)}}}, why, true
	}
	status, err := strconv.Atoi(why)
	switch {
	case err != nil:
		return Reply{}, why, false
	case status < 100:
		return Reply{Broken: true}, why, true
	}
	return Reply{Status: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<html><body>an error of the server</body></html>")}, why, true
}
