package nuki

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

const (
	hooks     = "/api/decentralWebhook"
	signature = "X-Nuki-Signature-SHA256"
)

// Subscribe implements driver.Subscriber. A webhook of that URL that is there already, with its secret, is used on.
func (a *account) Subscribe(ctx context.Context, url string) error {
	c := rest.Call{Op: "subscribe"}
	var all []webhook
	if err := a.ask(ctx, c, hooks, &all); err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w webhook) bool { return w.URL == url && w.Secret != "" })
	if i >= 0 {
		a.hook.Store(&all[i])
		return nil
	}
	answer, err := a.do(ctx, c, http.MethodPut, hooks, map[string]any{
		"webhookUrl": url, "webhookFeatures": []string{"DEVICE_STATUS", "DEVICE_LOGS", "DEVICE_AUTHS"},
	}, true)
	if err != nil {
		return err
	}
	var made webhook
	if err := answer.JSON(&made); err != nil || made.Secret == "" {
		return c.Fail(driver.Ambiguous, driver.BlameCloud, "no secret")
	}
	a.hook.Store(&made)
	return nil
}

// Unsubscribe implements driver.Subscriber.
func (a *account) Unsubscribe(ctx context.Context) error {
	hook := a.hook.Load()
	if hook == nil {
		return nil
	}
	_, err := a.do(ctx, rest.Call{Op: "unsubscribe"}, http.MethodDelete, hooks+"/"+strconv.FormatInt(hook.ID, 10), nil, true)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind != driver.NotFound {
		return err
	}
	a.hook.Store(nil)
	return nil
}

// Receive implements driver.Receiver.
func (a *account) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	hook := a.hook.Load()
	if hook == nil {
		return driver.Reply{Status: http.StatusServiceUnavailable}, nil, errors.New("the vendor was not asked to post yet")
	}
	mac := hmac.New(sha256.New, []byte(hook.Secret))
	mac.Write(in.Body)
	sent, err := hex.DecodeString(in.Header.Get(signature))
	if err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
		return driver.Reply{Status: http.StatusUnauthorized}, nil, errors.New("the signature does not fit the body")
	}
	var p post
	if err := json.Unmarshal(in.Body, &p); err != nil {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the JSON that it should be")
	}
	for _, n := range []int64{p.Smartlock, p.Auth.Smartlock, p.Log.Smartlock} {
		if n != 0 {
			return driver.Reply{Status: http.StatusNoContent}, []driver.Notice{{Account: a.id, Device: deviceID(n)}}, nil
		}
	}
	return driver.Reply{Status: http.StatusNoContent}, nil, nil // about the account: the list of devices is asked for anyway
}
