package api

import (
	"net/http"
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

type getCode struct {
	ID     *lock.CodeID   `json:"access_code_id" doc:"the code"`
	Device *lock.DeviceID `json:"device_id" doc:"its lock, together with code"`
	Code   *string        `json:"code" doc:"its digits, together with device_id"`
}

func codesGet(c *call, p getCode) (reply, error) {
	switch byDigits := p.Device != nil && p.Code != nil; {
	case p.ID != nil && p.Code != nil:
		return nil, invalid(mistake{"access_code_id", "or device_id and code: one of the two, not both"})
	case p.ID == nil && !byDigits:
		return nil, invalid(mistake{"access_code_id", "is required, or device_id and code"})
	case p.ID == nil:
		return c.byDigits(*p.Device, *p.Code)
	}
	v, err := c.live(*p.ID, p.Device)
	if err != nil {
		return nil, err
	}
	code, err := c.show(v.ID)
	return reply{"access_code": code}, err
}

// byDigits finds a code by what is typed. Who may not see digits can't find out about them either.
func (c *call) byDigits(id lock.DeviceID, text string) (reply, error) {
	if !c.who.May(ScopePINs) {
		return nil, problem(http.StatusForbidden, "forbidden", "this API key lacks the scope "+string(ScopePINs))
	}
	pin, err := digits(text)
	if err != nil {
		return nil, err
	}
	codes, err := c.codesOf(id)
	if err != nil {
		return nil, err
	}
	for i := range codes {
		if codes[i].PIN == pin && codes[i].Gone.IsZero() {
			return reply{"access_code": c.render(&codes[i])}, nil
		}
	}
	return nil, problem(http.StatusNotFound, "access_code_not_found", "no access code of this device has these digits")
}

// codesOf lists the live codes of a device.
func (c *call) codesOf(id lock.DeviceID) ([]engine.CodeView, error) {
	var all []engine.CodeView
	q := engine.Query{View: engine.ViewCodes, Device: id, Limit: maxPage}
	for {
		s, err := c.snapshot(q)
		if err != nil {
			return nil, err
		}
		all = append(all, s.Codes...)
		if q.After = s.Next; q.After == "" {
			return all, nil
		}
	}
}

type listCodes struct {
	Device *lock.DeviceID `json:"device_id" doc:"only of this lock"`
	IDs    *[]lock.CodeID `json:"access_code_ids" doc:"only these"`
	Search *string        `json:"search" doc:"part of a name, of an id or, with the scope pins, of the digits"`
	Page
}

// The most codes of one answer, as the hosted API has it.
const maxCodes = 55_000

func codesList(c *call, p listCodes) (reply, error) {
	limit, after, err := p.bounds(c, maxCodes)
	if err != nil {
		return nil, err
	}
	var codes []accessCode
	var next string
	if p.IDs != nil {
		codes, next, err = c.listed(*p.IDs, p, after, limit)
	} else {
		codes, next, err = c.scanned(p, after, limit)
	}
	if err != nil {
		return nil, err
	}
	return reply{"access_codes": codes, "pagination": p.follow(c, next)}, nil
}

// listed reads codes by their ids; those that are not there are left out.
func (c *call) listed(ids []lock.CodeID, p listCodes, after string, limit int) ([]accessCode, string, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	codes := []accessCode{}
	for _, id := range ids {
		if string(id) <= after {
			continue
		}
		s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: id})
		if err != nil {
			if isNotFound(err) {
				continue
			}
			return nil, "", err
		}
		if v := &s.Codes[0]; !p.wants(v) {
			continue
		}
		if len(codes) == limit {
			return codes, string(codes[limit-1].ID), nil
		}
		if err := c.tell(s.Codes); err != nil {
			return nil, "", err
		}
		codes = append(codes, c.render(&s.Codes[0]))
	}
	return codes, "", nil
}

// scanned pages through the codes of a device, or of all.
func (c *call) scanned(p listCodes, after string, limit int) ([]accessCode, string, error) {
	q := engine.Query{View: engine.ViewCodes, After: after}
	set(&q.Device, p.Device)
	codes := []accessCode{}
	for {
		q.Limit = min(limit-len(codes), maxPage)
		s, err := c.snapshot(q)
		if err != nil {
			return nil, "", err
		}
		s.Codes = slices.DeleteFunc(s.Codes, func(v engine.CodeView) bool { return !p.wants(&v) })
		if err := c.tell(s.Codes); err != nil {
			return nil, "", err
		}
		codes = slices.Grow(codes, len(s.Codes))
		for i := range s.Codes {
			if v := &s.Codes[i]; p.Search == nil || contains(v.Name, *p.Search) || contains(string(v.ID), *p.Search) || contains(v.PIN.Reveal(), *p.Search) {
				codes = append(codes, c.render(v))
			}
		}
		if q.After = s.Next; q.After == "" || len(codes) == limit {
			return codes, q.After, nil
		}
	}
}

// wants reports whether a code belongs into the list: a spare does once it is pulled.
func (p listCodes) wants(v *engine.CodeView) bool {
	switch {
	case v.Status == engine.StatusGone, v.Backup && v.PulledFor == "":
		return false
	case p.Device != nil && v.Device != *p.Device:
		return false
	}
	return true
}
