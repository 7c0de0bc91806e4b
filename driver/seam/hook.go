package seam

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

var (
	_ driver.Receiver   = (*account)(nil)
	_ driver.Subscriber = (*account)(nil)
)

// watched are the events after which a lock is worth a look.
func watched() []string {
	return []string{
		"access_code.scheduled_on_device", "access_code.set_on_device", "access_code.removed_from_device",
		"access_code.failed_to_set_on_device", "access_code.failed_to_remove_from_device",
		"access_code.modified_external_to_seam", "access_code.deleted_external_to_seam",
		"access_code.unmanaged.created", "access_code.unmanaged.removed",
		"device.connected", "device.disconnected", "device.low_battery", "lock.unlocked", "lock.access_denied",
		"connected_account.connected", "connected_account.disconnected",
	}
}

// webhook is one of the workspace's.
type webhook struct {
	ID     string   `json:"webhook_id"`
	URL    string   `json:"url"`
	Types  []string `json:"event_types"`
	Secret string   `json:"secret"`
}

// Subscribe implements driver.Subscriber. A webhook of that URL that is there already, with its secret, is used on.
func (a *account) Subscribe(ctx context.Context, url string) error {
	c := rest.Call{Op: "subscribe"}
	var there struct {
		Webhooks []webhook `json:"webhooks"`
	}
	if err := a.post(ctx, c, "/webhooks/list", map[string]any{}, &there, false); err != nil {
		return err
	}
	if i := slices.IndexFunc(there.Webhooks, func(w webhook) bool { return w.URL == url && w.key() != nil && w.tells() }); i >= 0 {
		a.hook.Store(&there.Webhooks[i])
		return nil
	}
	var made struct {
		Webhook webhook `json:"webhook"`
	}
	if err := a.post(ctx, c, "/webhooks/create", map[string]any{"url": url, "event_types": watched()}, &made, true); err != nil {
		return err
	}
	if made.Webhook.key() == nil {
		return c.Fail(driver.Ambiguous, driver.BlameCloud, "no secret")
	}
	a.hook.Store(&made.Webhook)
	return nil
}

// Unsubscribe implements driver.Subscriber.
func (a *account) Unsubscribe(ctx context.Context) error {
	hook := a.hook.Load()
	if hook == nil {
		return nil
	}
	err := a.post(ctx, rest.Call{Op: "unsubscribe"}, "/webhooks/delete", map[string]any{"webhook_id": hook.ID}, nil, true)
	if err != nil && !driver.Is(err, driver.NotFound) {
		return err
	}
	a.hook.Store(nil)
	return nil
}

// tells reports whether a webhook gets all events that are watched.
func (w *webhook) tells() bool {
	return slices.Contains(w.Types, "*") || !slices.ContainsFunc(watched(), func(t string) bool { return !slices.Contains(w.Types, t) })
}

// freshness is how far the time of a post may lie from now, as the verifiers of its signature have it.
const freshness = 5 * time.Minute

// key is what posts are signed with; nil: there is none.
func (w *webhook) key() []byte {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil
	}
	return key
}

// signed reports whether a post is the service's, and of now. While it changes its secret there are several signatures.
func (w *webhook) signed(in driver.Inbound, now time.Time) bool {
	id, at := in.Header.Get("svix-id"), in.Header.Get("svix-timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if id == "" || err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > freshness {
		return false
	}
	mac := hmac.New(sha256.New, w.key())
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(in.Body)
	want := mac.Sum(nil)
	return slices.ContainsFunc(strings.Fields(in.Header.Get("svix-signature")), func(one string) bool {
		text, ok := strings.CutPrefix(one, "v1,")
		sent, err := base64.StdEncoding.Strict().DecodeString(text)
		return ok && err == nil && hmac.Equal(sent, want)
	})
}

// Receive implements driver.Receiver.
func (a *account) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	hook := a.hook.Load()
	if hook == nil {
		return driver.Reply{Status: http.StatusServiceUnavailable}, nil, errors.New("the service was not asked to post yet")
	}
	if !hook.signed(in, a.now()) {
		return driver.Reply{Status: http.StatusUnauthorized}, nil, errors.New("the signature does not fit the body, or is old")
	}
	var e event
	if err := json.Unmarshal(in.Body, &e); err != nil {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the JSON that it should be")
	}
	done := driver.Reply{Status: http.StatusNoContent}
	switch {
	case a.linked != "" && cmp.Or(e.Account, a.linked) != a.linked:
		return done, nil, nil // another account of the workspace
	case e.Device != "":
		return done, []driver.Notice{{Account: a.id, Device: a.deviceID(e.Device)}}, nil
	case strings.HasPrefix(e.Type, "connected_account."):
		return done, []driver.Notice{{Account: a.id}}, nil
	}
	return done, nil, nil // about the workspace
}
