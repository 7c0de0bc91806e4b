package kwikset

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/cognito"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

var refusals = []rest.Refusal{
	rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "assumed: the request is wrong"),
	rest.Means(401, "", driver.Unauthorized, driver.BlameAccount, 0, "the gateway: the token is not taken"),
	rest.Means(403, "", driver.Unauthorized, driver.BlameAccount, 0, "the gateway: the token may not do this"),
	rest.Means(404, "", driver.NotFound, driver.BlameRequest, 0, "assumed: there is no such device"),
	rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "the gateway: too many requests"),
}

// agent is what the vendor's app calls itself.
const agent = "okhttp/4.12.0"

// do makes a request and returns the answer if it is a success. After a write nobody knows what an error of the server or a lost answer
// means.
func (a *account) do(ctx context.Context, c rest.Call, method, path string, body any, writes bool) (rest.Answer, error) {
	answer, err := a.session.Do(ctx, a.api, c, method, path, header, body, writes)
	if err != nil || answer.Status/100 == 2 {
		return answer, err
	}
	return answer, c.Refused(refusals, answer, "", writes)
}

func header(t cognito.Tokens) http.Header {
	return http.Header{"Authorization": {"Bearer " + t.ID.Reveal()}, "User-Agent": {agent}}
}

// ask reads something.
func ask[T any](ctx context.Context, a *account, c rest.Call, path string) ([]T, error) {
	answer, err := a.do(ctx, c, http.MethodGet, path, nil, false)
	if err != nil {
		return nil, err
	}
	var p page[T]
	if err := c.Read(answer, &p, false); err != nil {
		return nil, err
	}
	return rest.Listed(c, p.Data)
}

// under is the vendor's id of the device of a call, as it stands in a path; false: it is none of Kwikset's.
func under(c rest.Call) (string, bool) {
	id, ok := strings.CutPrefix(string(c.Device), prefix)
	return url.PathEscape(id), ok && id != ""
}

// find reads the device of a call.
func (a *account) find(ctx context.Context, c rest.Call) (*device, error) {
	id, ok := under(c)
	if !ok {
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "")
	}
	all, err := ask[device](ctx, a, c, "/devices_v2/"+id)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, c.Fail(driver.NotFound, driver.BlameRequest, "no device")
	}
	return &all[0], nil
}

// connected reads the device of a call, which the vendor must be able to reach.
func (a *account) connected(ctx context.Context, c rest.Call) error {
	d, err := a.find(ctx, c)
	if err == nil && !d.connected() {
		err = c.Fail(driver.Offline, driver.BlameLock, "not connected")
	}
	return err
}

// send has the lock do what a packet says, and returns the token of it.
func (a *account) send(ctx context.Context, c rest.Call, method string, packet []byte) (string, error) {
	id, _ := under(c)
	answer, err := a.do(ctx, c, method, "/devices/"+id+"/accesscode", map[string]string{"message": base64.StdEncoding.EncodeToString(packet)}, true)
	if e, ok := errors.AsType[*driver.Error](err); ok && e.Kind == driver.NotFound {
		e.Kind, e.Blame = driver.Ambiguous, driver.BlameCloud // it was there a moment ago
	}
	if err != nil {
		return "", err
	}
	var p struct {
		Data []taken `json:"data"`
	}
	if answer.JSON(&p) != nil || len(p.Data) == 0 || p.Data[0].Token == "" || strings.Contains(p.Data[0].Token, "/") {
		return "", c.Fail(driver.Ambiguous, driver.BlameCloud, "no token")
	}
	return p.Data[0].Token, nil
}

// slot asks for the slot that the lock has given to the code of a token. known is false where the vendor knows nothing of the token any
// more; a slot of 0 that is known is not given, or not yet.
func (a *account) slot(ctx context.Context, c rest.Call, token string) (slot byte, known bool, err error) {
	id, _ := under(c)
	answer, err := a.do(ctx, c, http.MethodGet, "/devices/"+id+"/accesscode/"+url.PathEscape(token), nil, false)
	if driver.Is(err, driver.NotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var m message
	if err := answer.JSON(&m); err != nil {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = err
		return 0, false, e
	}
	if len(m.Data) > 0 {
		m.Message = m.Data[0].Message
	}
	slot, _ = slotOf(m.Message)
	return slot, !strings.Contains(m.Message, "NOT_FOUND"), nil
}

// historyPage is how much of the history is read at once. What a door has seen beyond that between two looks is not told.
const historyPage = 50

// entries reads the history after a cursor: the time and the id of the newest line that was told.
func (a *account) entries(ctx context.Context, c rest.Call, known driver.Known) ([]lock.Entry, lock.Cursor, error) {
	id, _ := under(c)
	lines, err := ask[line](ctx, a, c, "/devices/"+id+"/history_v4?top="+strconv.Itoa(historyPage))
	if err != nil {
		return nil, known.Since, err
	}
	slices.SortStableFunc(lines, func(x, y line) int { return y.at().Compare(x.at()) })
	date, last, _ := strings.Cut(string(known.Since), " ")
	told, err := time.Parse(time.RFC3339, date)
	if i := slices.IndexFunc(lines, func(l line) bool { return string(l.ID) == last && last != "" || err == nil && l.at().Before(told) }); i >= 0 {
		lines = lines[:i]
	}
	if len(lines) == 0 {
		return nil, known.Since, nil
	}
	next := lock.Cursor(lines[0].at().Format(time.RFC3339) + " " + string(lines[0].ID))
	codes := map[string]lock.Ref{}
	for _, text := range known.Refs {
		if r, ok := parse(text); ok {
			codes[r.name] = text
		}
	}
	slices.Reverse(lines)
	var entries []lock.Entry
	for i := range lines {
		if e, ok := lines[i].entry(codes); ok && len(entries) < lock.MaxEntries {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}
