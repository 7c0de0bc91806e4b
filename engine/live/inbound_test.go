package live

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// hooked is a driver whose vendor posts.
type hooked struct {
	*fake
	receive func(driver.Inbound) (driver.Reply, []driver.Notice, error)
}

func (h hooked) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	return h.receive(in)
}

// hooks is an Inbound with two accounts, of which only "a" has a vendor that posts.
func hooks(t *testing.T, notify func(driver.Notice) error, receive func(driver.Inbound) (driver.Reply, []driver.Notice, error)) (*Inbound, string) {
	t.Helper()
	paths, err := HookPaths(t.Context(), memkv.New(), strings.NewReader(strings.Repeat("x", 100)), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	in := NewInbound(&Host{}, func(id lock.AccountID) Account {
		if id == "a" {
			return Account{Driver: hooked{&fake{}, receive}}
		}
		return Account{Driver: &fake{}}
	}, func(id lock.AccountID) string { return paths[id] }, slog.New(slog.DiscardHandler))
	in.notify = notify
	return in, paths["a"]
}

func post(in *Inbound, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	in.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	return w
}

func TestAVendorsPostBecomesNoticesOfItsOwnAccount(t *testing.T) {
	var told []driver.Notice
	in, path := hooks(t, func(n driver.Notice) error { told = append(told, n); return nil }, func(p driver.Inbound) (driver.Reply, []driver.Notice, error) {
		if p.Method != http.MethodPost || !strings.HasSuffix(p.Path, "?x=1") || string(p.Body) != "changed" {
			t.Errorf("the driver got %s %s", p.Method, p.Path)
		}
		return driver.Reply{Status: http.StatusAccepted, Header: http.Header{"X-Echo": {"yes"}}, Body: []byte("fine")}, []driver.Notice{{Device: "front"}, {Account: "b", Device: "gate"}}, nil
	})
	w := post(in, path+"?x=1", "changed")
	if w.Code != http.StatusAccepted || w.Body.String() != "fine" || w.Header().Get("X-Echo") != "yes" {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if len(told) != 2 || told[0] != (driver.Notice{Account: "a", Device: "front"}) || told[1].Account != "a" {
		t.Errorf("told %+v", told)
	}
}

func TestPostsThatAreNotTaken(t *testing.T) {
	nothing := func(driver.Inbound) (driver.Reply, []driver.Notice, error) { return driver.Reply{}, nil, nil }
	notice := func(driver.Inbound) (driver.Reply, []driver.Notice, error) {
		return driver.Reply{}, []driver.Notice{{Device: "front"}}, nil
	}
	for _, c := range []struct {
		name    string
		path    func(string) string
		body    string
		receive func(driver.Inbound) (driver.Reply, []driver.Notice, error)
		notify  error
		full    bool
		status  int
	}{
		{name: "fine", receive: nothing, status: 200},
		{name: "another secret", path: func(p string) string { return p[:len(p)-1] + "0" }, receive: nothing, status: 404},
		{name: "no secret", path: func(string) string { return "/hooks/a/" }, receive: nothing, status: 404},
		{name: "no such account", path: func(p string) string { return strings.Replace(p, "/a/", "/c/", 1) }, receive: nothing, status: 404},
		{name: "an account without webhooks", path: func(p string) string { return strings.Replace(p, "/a/", "/b/", 1) }, receive: nothing, status: 404},
		{name: "a body too large", body: strings.Repeat("x", hookBody+1), receive: nothing, status: 413},
		{name: "a body just as large as it may be", body: strings.Repeat("x", hookBody), receive: nothing, status: 200},
		{name: "too many at once", full: true, receive: nothing, status: 429},
		{name: "the engine is busy", receive: notice, notify: engine.Busy(), status: 429},
		{name: "a wrong signature", receive: func(driver.Inbound) (driver.Reply, []driver.Notice, error) {
			return driver.Reply{Status: 401}, []driver.Notice{{Device: "front"}}, errors.New("signature")
		}, notify: errors.New("must not be told"), status: 401},
		{name: "an error without an answer", receive: func(driver.Inbound) (driver.Reply, []driver.Notice, error) {
			return driver.Reply{}, nil, errors.New("not JSON")
		}, status: 400},
		{name: "a panic", receive: func(driver.Inbound) (driver.Reply, []driver.Notice, error) { panic("4829") }, status: 500},
		{name: "no status", receive: func(driver.Inbound) (driver.Reply, []driver.Notice, error) { return driver.Reply{Status: 7}, nil, nil }, status: 200},
	} {
		var log bytes.Buffer
		in, path := hooks(t, func(driver.Notice) error { return c.notify }, c.receive)
		in.log = slog.New(slog.NewTextHandler(&log, nil))
		if c.full {
			in.places = make(chan struct{})
		}
		if c.path != nil {
			path = c.path(path)
		}
		w := post(in, path, c.body)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.status)
		}
		if (w.Code == 429) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.name, w.Header().Get("Retry-After"))
		}
		if strings.Contains(log.String(), "4829") {
			t.Errorf("%s: the log tells what the driver panicked with", c.name)
		}
	}
}

func TestAPathIsDrawnOnce(t *testing.T) {
	s := memkv.New()
	first, err := HookPaths(t.Context(), s, strings.NewReader(strings.Repeat("x", 20)), "a")
	if err != nil {
		t.Fatal(err)
	}
	again, err := HookPaths(t.Context(), s, strings.NewReader(strings.Repeat("y", 20)), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if first["a"] != again["a"] || again["a"][len("/hooks/a/"):] == again["b"][len("/hooks/b/"):] {
		t.Errorf("first %v, then %v", first, again)
	}
}
