package ttlock

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a code can't be held disabled")
	case want.Offline != lock.OfflineNone:
		return a.issue(ctx, c, want)
	case want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "one-time codes are computed by the vendor")
	case !want.Window.From.IsZero() && !want.Window.Bounded():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "a schedule has an end")
	case want.PIN.IsZero():
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "digits are missing")
	}
	want.Window = want.Window.Grain(time.Minute)
	if at != "" {
		h, err := a.change(ctx, c, want, at)
		if !driver.Is(err, driver.NotFound) {
			return h, err
		}
	}
	h, err := a.add(ctx, c, want)
	if coded(err, codeTaken) {
		return a.taken(ctx, c, want, err)
	}
	return h, err
}

// dates puts a window that ends into a form.
func dates(form url.Values, w lock.Window) {
	if w.From.IsZero() {
		w.From = ever
	}
	form.Set("startDate", millis(w.From))
	form.Set("endDate", millis(w.To))
}

// add writes a new code: over the gateway, which waits for the lock, or into the queue of a lock that saves power.
func (a *account) add(ctx context.Context, c rest.Call, want lock.Credential) (lock.Held, error) {
	form, err := of(c)
	if err != nil {
		return lock.Held{}, err
	}
	form.Set("keyboardPwd", want.PIN.Reveal())
	form.Set("keyboardPwdName", driver.Label(want.Tag, want.Name, nameMax))
	form.Set("keyboardPwdType", strconv.Itoa(typePermanent))
	if !want.Window.IsZero() {
		form.Set("keyboardPwdType", strconv.Itoa(typePeriod))
		dates(form, want.Window)
	}
	h := lock.Held{Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: want.Window, Enabled: true}
	form.Set("addType", strconv.Itoa(byGateway))
	var made added
	err = a.tell(ctx, c, "/keyboardPwd/add", form, &made)
	if coded(err, codePowerSaving) {
		h.Pending = true
		form.Set("addType", strconv.Itoa(byQueue))
		err = a.tell(ctx, c, "/keyboardPwd/add", form, &made)
	}
	if err == nil && made.ID <= 0 {
		err = c.Fail(driver.Ambiguous, driver.BlameCloud, "no number")
	}
	if err != nil {
		return lock.Held{}, err
	}
	h.Ref = refOf(made.ID, false)
	return h, nil
}

// taken finds out who has the digits that were refused: this very code, which a lost answer or a driver before this one has written,
// or somebody else.
func (a *account) taken(ctx context.Context, c rest.Call, want lock.Credential, refused error) (lock.Held, error) {
	codes, _, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	for i := range codes {
		p := &codes[i]
		h := p.held(a.now())
		switch {
		case h.PIN != want.PIN || p.ID <= 0:
		case h.Tag != want.Tag || want.Tag == "":
			return lock.Held{}, refused
		case p.Status == statusAddFailed:
			form, err := of(c)
			if err != nil {
				return lock.Held{}, err
			}
			form.Set("keyboardPwdId", strconv.FormatInt(int64(p.ID), 10))
			form.Set("deleteType", strconv.Itoa(bookOnly)) // the lock does not have it
			if err := a.tell(ctx, c, "/keyboardPwd/delete", form, &outcome{}); err != nil {
				return lock.Held{}, err
			}
			return a.add(ctx, c, want)
		case h.Window.Equal(want.Window):
			return h, nil
		default:
			return a.edit(ctx, c, p, want)
		}
	}
	// The lock has them, and the list does not: an answer of the lock was lost, or somebody has typed them in.
	if e, ok := errors.AsType[*driver.Error](refused); ok {
		e.Blame = driver.BlameLock
	}
	return lock.Held{}, refused
}

// change writes over a code that is there; NotFound: it is not.
func (a *account) change(ctx context.Context, c rest.Call, want lock.Credential, at lock.Ref) (lock.Held, error) {
	codes, _, err := a.list(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	for i := range codes {
		if p := &codes[i]; refOf(p.ID, p.random()) == at && p.Status != statusAddFailed {
			return a.edit(ctx, c, p, want)
		}
	}
	return lock.Held{}, c.Fail(driver.NotFound, driver.BlameRequest, "")
}

// edit changes what differs.
func (a *account) edit(ctx context.Context, c rest.Call, p *passcode, want lock.Credential) (lock.Held, error) {
	form, err := of(c)
	if err != nil {
		return lock.Held{}, err
	}
	now := a.now()
	have := p.held(now)
	form.Set("keyboardPwdId", strconv.FormatInt(int64(p.ID), 10))
	label := driver.Label(want.Tag, want.Name, nameMax)
	atLock := have.PIN != want.PIN || !have.Window.Equal(want.Window) || p.Status == statusChangeFailed
	if !atLock && string(p.Name) == label {
		return have, nil
	}
	form.Set("keyboardPwdName", label)
	if have.PIN != want.PIN {
		form.Set("newKeyboardPwd", want.PIN.Reveal())
	}
	if w := want.Window; !have.Window.Equal(w) || p.Status == statusChangeFailed && p.Type == typePeriod {
		if w.IsZero() { // a code with an end can't be made one without: it gets one far off
			w = lock.Window{From: now.Truncate(time.Minute), To: farOff}
		}
		dates(form, w)
	}
	h := lock.Held{Ref: refOf(p.ID, p.random()), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Window: want.Window, Enabled: true}
	if atLock {
		form.Set("changeType", strconv.Itoa(byGateway))
	}
	err = a.tell(ctx, c, "/keyboardPwd/change", form, &outcome{})
	if coded(err, codePowerSaving) && a.queues == queueAll {
		h.Pending = true
		form.Set("changeType", strconv.Itoa(byQueue))
		err = a.tell(ctx, c, "/keyboardPwd/change", form, &outcome{})
	}
	if err != nil {
		return lock.Held{}, err
	}
	return h, nil
}

// issue asks for digits that the lock knows by itself. It needs no way to the lock.
func (a *account) issue(ctx context.Context, c rest.Call, want lock.Credential) (lock.Held, error) {
	form, err := of(c)
	if err != nil {
		return lock.Held{}, err
	}
	switch want.Offline {
	case lock.OfflineHourly:
		form.Set("keyboardPwdType", strconv.Itoa(typePeriod))
		form.Set("endDate", millis(want.Window.To))
	case lock.OfflineOneTime:
		form.Set("keyboardPwdType", strconv.Itoa(typeOneTime))
	default:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "no codes of that kind are computed")
	}
	if want.Window.From.IsZero() || !want.PIN.IsZero() {
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "computed digits have a start, and can't be chosen")
	}
	form.Set("startDate", millis(want.Window.From))
	form.Set("keyboardPwdName", driver.Label(want.Tag, want.Name, nameMax))
	var made added
	if err := a.tell(ctx, c, "/keyboardPwd/get", form, &made); err != nil {
		return lock.Held{}, err
	}
	pin, err := lock.ParsePIN(string(made.Digits))
	if err != nil || made.ID <= 0 {
		return lock.Held{}, c.Fail(driver.Ambiguous, driver.BlameCloud, "no digits")
	}
	return lock.Held{Ref: refOf(made.ID, true), Tag: want.Tag, Name: want.Name, PIN: pin, Window: want.Window, Enabled: true}, nil
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	if strings.HasPrefix(string(ref), byVendor) {
		return c.Fail(driver.Unsupported, driver.BlameRequest, "computed digits end by themselves")
	}
	form, err := of(c)
	if err != nil {
		return err
	}
	form.Set("keyboardPwdId", string(ref))
	form.Set("deleteType", strconv.Itoa(byGateway))
	err = a.tell(ctx, c, "/keyboardPwd/delete", form, &outcome{})
	if coded(err, codePowerSaving) && a.queues == queueAll {
		form.Set("deleteType", strconv.Itoa(byQueue))
		err = a.tell(ctx, c, "/keyboardPwd/delete", form, &outcome{})
	}
	if coded(err, codeNoPasscode) {
		return nil
	}
	return err
}
