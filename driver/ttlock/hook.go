package ttlock

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/accesscodes/lockctl/driver"
)

// notifyGateway is the kind of a post about a gateway: everything behind it is to be looked at.
const notifyGateway = 2

// Receive implements driver.Receiver. The vendor signs nothing: the host's secret path is what proves a post.
func (a *account) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	form, err := url.ParseQuery(string(in.Body))
	kind, bad := strconv.Atoi(form.Get("notifyType"))
	if err != nil || bad != nil {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the form that it should be")
	}
	reply := driver.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("success")}
	n, err := strconv.ParseInt(form.Get("lockId"), 10, 64)
	switch {
	case err == nil && n > 0:
		return reply, []driver.Notice{{Account: a.id, Device: deviceID(whole(n))}}, nil
	case kind == notifyGateway:
		return reply, []driver.Notice{{Account: a.id}}, nil
	}
	return reply, nil, nil
}
