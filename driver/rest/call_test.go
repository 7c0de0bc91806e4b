package rest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
)

func TestWhatARefusalMeans(t *testing.T) {
	table := []rest.Refusal{
		rest.Means(400, "full", driver.Full, driver.BlameLock, 0, "here"),
		rest.Means(400, "", driver.Rejected, driver.BlameRequest, 0, "here"),
		rest.Means(409, "", driver.Ambiguous, driver.BlameLock, 0, "here"),
		rest.Means(429, "", driver.Throttled, driver.BlameCloud, time.Minute, "here"),
	}
	c := rest.Call{Op: "set", Device: "front"}
	for _, x := range []struct {
		status int
		said   string
		writes bool
		kind   driver.Kind
		blame  driver.Blame
		vendor string
	}{
		{400, "the lock is full: 482915", true, driver.Full, driver.BlameLock, "400 full"},
		{400, "482915 is no pin", true, driver.Rejected, driver.BlameRequest, "400"},
		{409, "", true, driver.Ambiguous, driver.BlameLock, "409"},
		{409, "", false, driver.Offline, driver.BlameCloud, "409"},
		{429, "", true, driver.Throttled, driver.BlameCloud, "429"},
		{502, "", true, driver.Ambiguous, driver.BlameCloud, "502"},
		{502, "", false, driver.Offline, driver.BlameCloud, "502"},
	} {
		e := c.Refused(table, rest.Answer{Status: x.status}, x.said, x.writes)
		if e.Kind != x.kind || e.Blame != x.blame || e.Vendor != x.vendor || e.Op != "set" || e.Device != "front" || (e.Kind == driver.Throttled) != (e.RetryAfter == time.Minute) {
			t.Errorf("%d %q (a write: %v): %+v", x.status, x.said, x.writes, e)
		}
	}
	told := rest.Answer{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	if e := c.Refused(table, told, "", true); e.RetryAfter != 7*time.Second {
		t.Errorf("it is to wait for %v", e.RetryAfter)
	}
}

func TestARequestWithoutAnAnswer(t *testing.T) {
	c := rest.Call{Op: "clear"}
	lost := errors.New("the line is dead")
	for _, x := range []struct {
		sent, writes bool
		kind         driver.Kind
	}{{true, true, driver.Ambiguous}, {true, false, driver.Offline}, {false, true, driver.Offline}} {
		if e := c.Unanswered(&rest.Failure{Sent: x.sent, Err: lost}, x.writes); e.Kind != x.kind || !errors.Is(e, lost) {
			t.Errorf("sent: %v, a write: %v: %+v", x.sent, x.writes, e)
		}
	}
}

// Why there is no token is told as it is, for the call that needed it.
func TestACallWithoutAToken(t *testing.T) {
	c := rest.Call{Op: "set", Device: "front"}
	refused := rest.Call{Op: "sign in"}.Fail(driver.Unauthorized, driver.BlameAccount, "400")
	for err, want := range map[error]driver.Kind{refused: driver.Unauthorized, errors.New("the disk is full"): driver.Offline} {
		e, ok := errors.AsType[*driver.Error](c.Unsigned(err))
		if !ok || e.Kind != want || e.Blame != driver.BlameAccount || e.Op != "set" || e.Device != "front" {
			t.Errorf("%v gives %v", err, e)
		}
	}
	if refused.Op != "sign in" {
		t.Error("the vendor's own error was changed")
	}
}
