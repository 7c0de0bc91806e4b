// Package facadetest speaks HTTP to façades as a stranger's program does: without it each façade's tests would build their own network, or
// call methods that no program outside can.
package facadetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// Account is the account of every House.
const Account = lock.AccountID("house")

// House is a vendor's locks behind its façade, both on HTTP, with the control port beside them.
type House struct {
	Leap    *facade.Leap
	Handler http.Handler // of the façade
	Header  http.Header  // what each request to the vendor has

	t       *testing.T
	vendor  string // addresses
	control string
	cloud   facade.Cloud
}

// Open builds a house of those locks, whose account is Account.
func Open(t *testing.T, leap *facade.Leap, open func(*sim.Fleet) (facade.Cloud, error)) *House {
	t.Helper()
	h := &House{Leap: leap, Header: http.Header{}, t: t}
	err := leap.Do(func(f *sim.Fleet) (err error) {
		h.cloud, err = open(f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Handler = facade.Handler(leap, h.cloud)
	serve := func(of http.Handler) string {
		s := httptest.NewServer(of)
		t.Cleanup(s.Close)
		return s.URL
	}
	h.vendor, h.control = serve(h.Handler), serve(facade.Control(leap, nil, map[lock.AccountID]facade.Served{Account: {Vendor: "vendor", Cloud: h.cloud}}))
	return h
}

// send makes a request and returns the answer's status, its header and its body; 0: the connection broke.
func (h *House) send(method, url string, header http.Header, body string) (int, http.Header, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if header != nil {
		req.Header = header.Clone()
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	text, err := io.ReadAll(res.Body)
	if closed := res.Body.Close(); err != nil || closed != nil {
		return 0, nil, "the answer broke off"
	}
	return res.StatusCode, res.Header, string(text)
}

// Send makes a request of the vendor. Status 0: the connection broke.
func (h *House) Send(method, path, body string) (status int, header http.Header, said string) {
	h.t.Helper()
	return h.send(method, h.vendor+path, h.Header, body)
}

// Asks makes a request of the vendor whose answer must have that status and all of these words, and returns it.
func (h *House) Asks(method, path, body string, status int, words ...string) string {
	h.t.Helper()
	got, _, said := h.Send(method, path, body)
	if got != status {
		h.t.Errorf("%s %s %s: %d %s", method, path, body, got, said)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			h.t.Errorf("%s %s %s: %s lacks %s", method, path, body, said, w)
		}
	}
	return said
}

// Steer makes a request of the control port, and returns its answer.
func (h *House) Steer(path, body string) string {
	h.t.Helper()
	status, _, said := h.send(http.MethodPost, h.control+path, nil, body)
	if status != http.StatusOK {
		h.t.Fatalf("%s %s: %d %s", path, body, status, said)
	}
	return said
}

// Refuses makes a request of the control port that is refused in these words.
func (h *House) Refuses(path, body, words string) {
	h.t.Helper()
	if status, _, said := h.send(http.MethodPost, h.control+path, nil, body); status != http.StatusBadRequest || !strings.Contains(said, words) {
		h.t.Errorf("%s %s: %d %s lacks %s", path, body, status, said, words)
	}
}

// Pushed is what the vendor posts about that lock now.
func (h *House) Pushed(id lock.DeviceID) []facade.Post {
	h.t.Helper()
	var posts []facade.Post
	if err := h.Leap.Do(func(*sim.Fleet) error { posts = h.cloud.Push(id); return nil }); err != nil {
		h.t.Fatal(err)
	}
	return posts
}

// Renewer exchanges a refresh token at a cloud for the next one; good is false where it is refused.
type Renewer func(token string) (next string, good bool)

// RefreshTokensAreGoodOnce shows that refresh tokens are good once, and that one that was given before a cloud was started anew still
// is. open starts the cloud, and forged makes another token of one.
func RefreshTokensAreGoodOnce(t *testing.T, first string, forged func(string) string, open func() Renewer) {
	t.Helper()
	renew := open()
	second, _ := renew(first)
	third, good := renew(second)
	if !good {
		t.Fatal("the second is refused")
	}
	for _, spent := range []string{first, second, "", forged(third)} {
		if _, good := renew(spent); good {
			t.Errorf("%q is taken", spent)
		}
	}
	renew = open()
	fourth, good := renew(third)
	if _, again := renew(third); !good || again || fourth == third {
		t.Errorf("after a restart the third is good %t, and again %t", good, again)
	}
	if _, good := renew(fourth); !good {
		t.Error("the fourth is refused")
	}
}
