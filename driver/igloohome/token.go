package igloohome

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

// session is the token that requests go with.
type session struct {
	mu    sync.Mutex
	token string
	ends  time.Time
}

func (s *session) get(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !now.Before(s.ends) {
		return ""
	}
	return s.token
}

func (s *session) set(token string, ends time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.ends = token, ends
}

const (
	tokenEarly = time.Minute    // before its end a token is no longer used
	tokenMost  = 24 * time.Hour // whatever the vendor says
)

// bearer returns a token, a new one if there is none or the one at hand was refused. Nothing is held while the vendor is asked: that two
// calls get one each does no harm.
func (a *account) bearer(ctx context.Context, c rest.Call, refused string) (string, error) {
	if t := a.session.get(a.now()); t != "" && t != refused {
		return t, nil
	}
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(a.client+":"+a.secret))}}
	answer, err := a.login.Do(ctx, http.MethodPost, "/oauth2/token", header, url.Values{"grant_type": {"client_credentials"}})
	if err != nil {
		e := c.Fail(driver.Offline, driver.BlameCloud, "")
		e.Err = err
		return "", e
	}
	var g grant
	switch status := answer.Status; {
	case status == http.StatusTooManyRequests:
		e := c.Fail(driver.Throttled, driver.BlameCloud, "429")
		e.RetryAfter = answer.RetryAfter(time.Minute)
		return "", e
	case status == http.StatusBadRequest, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "", c.Fail(driver.Unauthorized, driver.BlameAccount, "login "+strconv.Itoa(status))
	case status/100 != 2, answer.JSON(&g) != nil, g.Token == "":
		return "", c.Fail(driver.Offline, driver.BlameCloud, "login "+strconv.Itoa(status))
	}
	lasts := min(time.Duration(min(max(g.Expires, 0), tokenMost.Seconds())*float64(time.Second)), tokenMost)
	a.session.set(g.Token, a.now().Add(lasts-tokenEarly))
	return g.Token, nil
}
