package rest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver/rest"
)

func client(t *testing.T, base string) *rest.Client {
	t.Helper()
	c, err := rest.NewClient(&http.Client{}, base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.HTTP.CloseIdleConnections)
	return c
}

// Whether a request may have been received is told, and the address, in which there may be a token, is not.
func TestAFailureTellsWhetherTheRequestWasSent(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer broken.Close()
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", rest.MaxBody+1)))
	}))
	defer large.Close()
	short := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("x"))
	}))
	defer short.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + nobody.Addr().String()
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, x := range []struct {
		name string
		ctx  context.Context
		base string
		sent bool
	}{
		{"nobody listens", t.Context(), gone, false}, {"the context has ended", over, broken.URL, false}, {"the connection breaks", t.Context(), broken.URL, true},
		{"the answer is too large", t.Context(), large.URL, true}, {"the answer is too short", t.Context(), short.URL, true},
	} {
		_, err := client(t, x.base).Do(x.ctx, http.MethodPost, "/do?token=secret", nil, map[string]int{"a": 1})
		f, ok := errors.AsType[*rest.Failure](err)
		switch {
		case !ok:
			t.Errorf("%s: %v", x.name, err)
		case f.Sent != x.sent:
			t.Errorf("%s: sent is %v", x.name, f.Sent)
		case strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error tells the address", x.name)
		}
	}
}

func TestAnAnswerIsTakenAsItIs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("the headers are %v", r.Header)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	a, err := client(t, server.URL+"/").Do(t.Context(), http.MethodPut, "/here", http.Header{"Authorization": {"Bearer t"}}, "body")
	if err != nil || a.Status != http.StatusFound {
		t.Errorf("a redirect gives %d, %v: a token would follow it", a.Status, err)
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": time.Minute, "7": 7 * time.Second, "-1": time.Minute, "soon": time.Minute, "999999": time.Hour, "99999999999999999999": time.Minute,
	} {
		if got := (rest.Answer{Header: http.Header{"Retry-After": {text}}}).RetryAfter(time.Minute); got != want {
			t.Errorf("%q gives %v", text, got)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for _, base := range []string{"", "api.example.org", "ftp://api.example.org", "https://", ":"} {
		if _, err := rest.NewClient(&http.Client{}, base); err == nil || !strings.HasPrefix(err.Error(), "base_url: ") {
			t.Errorf("%q gives %v", base, err)
		}
	}
}

// A form is sent as a form, anything else as JSON.
func TestWhatKindOfBodyIsSent(t *testing.T) {
	var kind, text string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		kind, text = r.Header.Get("Content-Type"), string(body)
	}))
	defer server.Close()
	for _, x := range []struct {
		body       any
		kind, text string
	}{
		{url.Values{"grant_type": {"client credentials"}}, "application/x-www-form-urlencoded", "grant_type=client+credentials"},
		{map[string]int{"a": 1}, "application/json", `{"a":1}`},
		{nil, "", ""},
	} {
		if _, err := client(t, server.URL).Do(t.Context(), http.MethodPost, "/", nil, x.body); err != nil || kind != x.kind || text != x.text {
			t.Errorf("%v is sent as %q: %q, %v", x.body, kind, text, err)
		}
	}
}
