package main

import (
	"io"
	"net/http"
	"net/url"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// pathPostsAt is where the daemon tells the address that an operator has to enter at an account's vendor.
const pathPostsAt = "/v1/accounts/posts-at"

// postsAt tells where the vendor of an account is to post, if nobody but an operator can tell it: nothing for others.
func (d *daemon) postsAt() map[string]http.Handler {
	return map[string]http.Handler{pathPostsAt: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := lock.AccountID(r.URL.Query().Get("account"))
		v := d.account(id).Driver
		_, listens := v.(driver.Receiver)
		_, asks := v.(driver.Subscriber)
		if _, ok := v.(driver.ByHand); ok {
			asks = false // for the events, but not for the address
		}
		if hook := d.hook(id); listens && !asks && hook != "" && d.conf.Webhooks.URL != "" {
			say(w, d.conf.Webhooks.URL+hook)
		}
	})}
}

// postsAt asks the daemon for that address; "": it has none, or does not run.
func (a *app) postsAt(id lock.AccountID) (string, error) {
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	client := overSocket(a.socket(dir))
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(a.ctx, http.MethodGet, "http://lockctl"+pathPostsAt+"?account="+url.QueryEscape(string(id)), nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if unheard(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", err
	}
	return string(text), nil
}
