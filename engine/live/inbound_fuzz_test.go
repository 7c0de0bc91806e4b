package live

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/driver"
)

// FuzzPosts sends anything to where vendors post: only who knows an account's path reaches its driver, and whatever that one
// makes of the post concerns its own account.
func FuzzPosts(f *testing.F) {
	for _, s := range []string{"", "/hooks/a/", "/hooks/b/secret", "/hooks/%61/", "/hooks/a/../a/", "//hooks/a", "/hooks/%zz/x", "/hooks/a/" + strings.Repeat("x", 300)} {
		f.Add(s, "", "", 0)
	}
	f.Add("", "?x=1", `{"device":"front"}`, 202)
	f.Add("", "?x=%zz", "\xff", 99)
	f.Add("", "", "bad", 401)
	f.Fuzz(func(t *testing.T, path, query, body string, status int) {
		var told []driver.Notice
		reached := false
		in, right := hooks(t, func(n driver.Notice) error { told = append(told, n); return nil }, func(p driver.Inbound) (driver.Reply, []driver.Notice, error) {
			reached = true
			notices := []driver.Notice{{Account: "b", Device: "gate"}}
			if string(p.Body) == "bad" {
				return driver.Reply{Status: status}, notices, errors.New("not understood")
			}
			return driver.Reply{Status: status, Body: p.Body}, notices, nil
		})
		if path == "" {
			path = right
		}
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		plain, err := url.PathUnescape(path)
		if err != nil {
			return // no request has such a path
		}
		req.URL = &url.URL{Path: plain, RawPath: path, RawQuery: strings.TrimPrefix(query, "?")}
		w := httptest.NewRecorder()
		in.ServeHTTP(w, req)
		if reached != (req.URL.EscapedPath() == right) {
			t.Fatalf("the path %q reached the driver: %v", path, reached)
		}
		if !reached && (w.Code != http.StatusNotFound || len(told) > 0) {
			t.Fatalf("nobody listens at %q, and it was answered %d", path, w.Code)
		}
		if body == "bad" && (len(told) > 0 || reached && w.Code < 400) {
			t.Fatalf("a post that was not understood was answered %d, and told %v", w.Code, told)
		}
		for _, n := range told {
			if n.Account != "a" {
				t.Fatalf("account a speaks for %s", n.Account)
			}
		}
		if w.Code < 200 || w.Code > 599 {
			t.Fatalf("answered %d", w.Code)
		}
	})
}
