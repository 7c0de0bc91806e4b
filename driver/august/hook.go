package august

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// proof is the header in which the vendor repeats our secret.
const proof = "X-Lockctl-Hook"

// Subscribe implements driver.Subscriber. Webhooks are a partner's; each lock is given an address of its own, and the one before is replaced.
func (a *account) Subscribe(ctx context.Context, to string) error {
	c := rest.Call{Op: "subscribe"}
	if a.client == "" {
		return c.Fail(driver.Unsupported, driver.BlameRequest, "webhooks need a partner's credentials")
	}
	secret := a.secret.Load()
	if secret == nil {
		text, err := a.newID()
		if err != nil {
			return err
		}
		secret = &text
	}
	ids, err := a.owned(ctx, c)
	if err != nil {
		return err
	}
	a.secret.Store(secret) // the vendor may post before it has answered
	for _, id := range ids {
		_, err := a.do(ctx, c, http.MethodPost, "/webhook/"+id, map[string]any{
			"url": to + "?lock=" + id, "method": http.MethodPost, "clientID": a.client, "header": proof, "token": *secret,
			"notificationTypes": []string{"operation", "battery", "systemstatus", "configuration", "accessmgmt"},
		}, "")
		if err != nil {
			return err
		}
	}
	return nil
}

// owned lists the locks of the account by the vendor's names.
func (a *account) owned(ctx context.Context, c rest.Call) ([]string, error) {
	var all map[string]mine
	if err := a.ask(ctx, c, "/users/locks/mine", &all, ""); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(id string) bool {
		_, ok := a.lockID(a.deviceID(id))
		return !ok || all[id].Type != owner
	}), nil
}

// Unsubscribe implements driver.Subscriber.
func (a *account) Unsubscribe(ctx context.Context) error {
	c := rest.Call{Op: "unsubscribe"}
	if a.secret.Load() == nil {
		return nil
	}
	ids, err := a.owned(ctx, c)
	if err != nil {
		return err
	}
	for _, id := range ids {
		_, err := a.do(ctx, c, http.MethodDelete, "/webhook/"+id+"/"+url.PathEscape(a.client), nil, "")
		if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind != driver.NotFound {
			return err
		}
	}
	a.secret.Store(nil)
	return nil
}

// Receive implements driver.Receiver.
func (a *account) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	secret := a.secret.Load()
	if secret == nil {
		return driver.Reply{Status: http.StatusServiceUnavailable}, nil, errors.New("the vendor was not asked to post yet")
	}
	if subtle.ConstantTimeCompare([]byte(in.Header.Get(proof)), []byte(*secret)) != 1 {
		return driver.Reply{Status: http.StatusUnauthorized}, nil, errors.New("the vendor's secret is missing or wrong")
	}
	if !json.Valid(in.Body) {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the JSON that it should be")
	}
	var device lock.DeviceID // "": it is about some lock
	if _, query, ok := strings.Cut(in.Path, "?"); ok {
		if q, err := url.ParseQuery(query); err == nil {
			if _, ok := a.lockID(a.deviceID(q.Get("lock"))); ok {
				device = a.deviceID(q.Get("lock"))
			}
		}
	}
	return driver.Reply{Status: http.StatusOK}, []driver.Notice{{Account: a.id, Device: device}}, nil
}
