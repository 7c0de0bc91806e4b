package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// coroutine is a piece of a driver's code on the world's thread: one runs at a time, and while it waits for an answer the world goes on.
// It is the context of what it runs, which ends with the virtual clock.
type coroutine struct {
	context.Context // that never ends, for its values
	kernel          *sim.Kernel
	deadline        time.Time
	yield           func(struct{}) bool
	next            func() (struct{}, bool)
	stop            func()
	timer           *sim.Timer
	done            chan struct{} // closed when err is set
	err             error         // of the context
	asked           int           // requests
	waits           bool          // for an answer
	through         bool
}

type coroutineKey struct{}

// run starts do, which has until then.
func run(k *sim.Kernel, deadline time.Time, do func(context.Context)) *coroutine {
	c := &coroutine{Context: context.Background(), kernel: k, deadline: deadline, done: make(chan struct{})}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		do(c)
	})
	c.timer = k.At(deadline, sim.ClassEngine, func() { c.end(context.DeadlineExceeded) })
	c.resume()
	return c
}

// resume goes on with it until it waits, or is through.
func (c *coroutine) resume() {
	c.waits = false
	if _, more := c.next(); !more {
		c.through = true
		c.timer.Cancel()
	}
}

// end ends its context, and lets it see that.
func (c *coroutine) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	close(c.done)
	if c.waits {
		c.resume()
	}
}

// drop ends it together with whoever has called it.
func (c *coroutine) drop() {
	c.end(context.Canceled)
	c.timer.Cancel()
	c.stop()
}

// Deadline implements context.Context.
func (c *coroutine) Deadline() (time.Time, bool) { return c.deadline, true }

// Done implements context.Context.
func (c *coroutine) Done() <-chan struct{} { return c.done }

// Err implements context.Context.
func (c *coroutine) Err() error { return c.err }

// Value implements context.Context.
func (c *coroutine) Value(key any) any {
	if key == (coroutineKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// ask puts a request to a cloud and waits for its answer, which may come in any later event.
func (c *coroutine) ask(cloud facade.Cloud, r facade.Request) (facade.Reply, error) {
	if c.err != nil {
		return facade.Reply{}, c.err
	}
	c.asked++
	mine, answer := c.asked, (*facade.Reply)(nil)
	cloud.Serve(r, func(x facade.Reply) {
		if c.asked != mine || c.err != nil {
			return // nobody waits for it any more
		}
		if answer = &x; c.waits {
			c.resume()
		}
	})
	if answer == nil {
		c.waits = true
		c.yield(struct{}{})
	}
	if answer == nil {
		return facade.Reply{}, c.err
	}
	return *answer, nil
}

// cable is the transport of a driver whose calls are coroutines.
type cable struct{ cloud facade.Cloud }

// RoundTrip implements http.RoundTripper.
func (t cable) RoundTrip(r *http.Request) (*http.Response, error) {
	c, ok := r.Context().Value(coroutineKey{}).(*coroutine)
	if !ok {
		return nil, errors.New("a request was made without the context of a call")
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	header := r.Header.Clone()
	if user := r.URL.User; user != nil && header.Get("Authorization") == "" {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
		header = r.Header.Clone()
	}
	x, err := c.ask(t.cloud, facade.Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: header, Body: body, Base: r.URL.Scheme + "://" + r.URL.Host,
	})
	switch {
	case err != nil:
		return nil, err
	case x.Broken:
		return nil, io.ErrUnexpectedEOF
	}
	h := http.Header{}
	for name, values := range x.Header {
		h[name] = values
	}
	return &http.Response{
		StatusCode: x.Status, Status: http.StatusText(x.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(bytes.NewReader(x.Body)), ContentLength: int64(len(x.Body)),
	}, nil
}
