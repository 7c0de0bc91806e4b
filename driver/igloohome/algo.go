package igloohome

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// kindOf is where an algorithmic PIN is asked for, and how many one window (or one start) can have; 0: there are none.
func kindOf(k lock.OfflineKind) (path string, most int) {
	switch k {
	case lock.OfflineHourly:
		return "hourly", 3
	case lock.OfflineDaily:
		return "daily", 3
	case lock.OfflineOneTime:
		return "onetime", 5
	}
	return "", 0
}

// offline begins the Ref of an algorithmic PIN, which nobody can erase.
const offline = "algo."

// issue asks for an algorithmic PIN.
func (a *account) issue(ctx context.Context, c rest.Call, want lock.Credential) (lock.Held, error) {
	id, ok := vendorID(c.Device)
	kind, most := kindOf(want.Offline)
	switch {
	case !ok:
		return lock.Held{}, c.Fail(driver.NotFound, driver.BlameRequest, "")
	case most == 0 || a.clock == nil:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are hourly, daily and one-time codes, where the time zone is set")
	case !want.PIN.IsZero():
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, string(lock.CannotSpecifyPIN))
	}
	w := want.Window
	if want.Offline == lock.OfflineOneTime {
		w.To = w.From.Add(24 * time.Hour)
	}
	if !onTheHour(w.From.In(a.clock)) || !onTheHour(w.To.In(a.clock)) && want.Offline != lock.OfflineOneTime {
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "whole hours only")
	}
	o := algoOrder{Start: stamp(w.From.In(a.clock)), Name: label(want)}
	if want.Offline != lock.OfflineOneTime {
		o.End = stamp(w.To.In(a.clock))
	}
	var err error
	if o.Variance, err = a.book.take(ctx, booking{At: strings.Join([]string{id, kind, o.Start, o.End}, " "), Code: want.Code, Until: w.To}, most, a.now()); err != nil {
		e := c.Fail(driver.Rejected, driver.BlameRequest, "every variance of this window is taken")
		if !errors.Is(err, errAllTaken) {
			return lock.Held{}, a.forgetful(c, err)
		}
		return lock.Held{}, e
	}
	answer, err := a.do(ctx, c, http.MethodPost, "/devices/"+url.PathEscape(id)+"/algopin/"+kind, o, true)
	if err != nil {
		return lock.Held{}, err
	}
	var made algoPIN
	if err := answer.JSON(&made); err != nil {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no PIN")
	}
	pin, err := lock.ParsePIN(made.PIN)
	if err != nil || made.ID == "" || len(made.ID) > maxJobID {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no PIN")
	}
	return lock.Held{Ref: lock.Ref(offline + made.ID), Tag: want.Tag, Name: want.Name, PIN: pin, Window: w, Enabled: true}, nil
}

func onTheHour(t time.Time) bool { return t.Minute() == 0 && t.Second() == 0 && t.Nanosecond() == 0 }
