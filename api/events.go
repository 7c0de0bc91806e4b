package api

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

type listEvents struct {
	Since   *time.Time       `json:"since" doc:"only later ones; this or between must be given"`
	Between *[]time.Time     `json:"between" doc:"only those between two instants"`
	Type    *string          `json:"event_type" doc:"only of this type"`
	Types   *[]string        `json:"event_types" doc:"only of these types"`
	IDs     *[]string        `json:"event_ids" doc:"only these"`
	Device  *lock.DeviceID   `json:"device_id" doc:"only of this device"`
	Devices *[]lock.DeviceID `json:"device_ids" doc:"only of these devices"`
	Code    *lock.CodeID     `json:"access_code_id" doc:"only of this access code"`
	Codes   *[]lock.CodeID   `json:"access_code_ids" doc:"only of these access codes"`
	Account *lock.AccountID  `json:"connected_account_id" doc:"only of this account"`
	Limit   *int             `json:"limit" doc:"how many at most: 500 unless told"`
	Offset  *int             `json:"unstable_offset" doc:"how many to leave out at the beginning"`
}

// Events of one answer, and how many lines of the journal are read for them.
const (
	maxEvents = 500
	maxRead   = 200_000
)

func eventsList(c *call, p listEvents) (reply, error) {
	from, to, err := p.span()
	if err != nil {
		return nil, err
	}
	limit, offset := maxEvents, 0
	set(&limit, p.Limit)
	set(&offset, p.Offset)
	if limit < 1 || limit > maxEvents || offset < 0 {
		return nil, invalid(mistake{"limit", "must lie between 1 and " + number(maxEvents)})
	}
	after, err := c.seqAt(from)
	if err != nil {
		return nil, err
	}
	found := []event{}
	for read := 0; read < maxRead; {
		lines, err := c.host.Journal(c.ctx, after, maxPage)
		if err != nil || len(lines) == 0 {
			return reply{"events": found}, asProblem(err)
		}
		for i := range lines {
			e := &lines[i]
			after = e.Seq
			if !to.IsZero() && !e.At.Before(to) {
				return reply{"events": found}, nil
			}
			if !e.At.After(from) || !public(e.Type) || !p.wants(e) {
				continue
			}
			if offset > 0 {
				offset--
				continue
			}
			v, err := c.told(e)
			if err != nil {
				return nil, err
			}
			if found = append(found, v); len(found) == limit {
				return reply{"events": found}, nil
			}
		}
		read += len(lines)
	}
	return nil, invalid(mistake{"since", "lies too far back for these filters: ask for a shorter time"})
}

// span is the time that is asked for, without its ends; a zero end is now.
func (p listEvents) span() (from, to time.Time, err error) {
	switch {
	case p.Between != nil && len(*p.Between) != 2:
		return from, to, invalid(mistake{"between", "must be two timestamps"})
	case p.Between != nil && (*p.Between)[1].Before((*p.Between)[0]):
		return from, to, invalid(mistake{"between", "must be the earlier timestamp, then the later"})
	case p.Between != nil:
		return (*p.Between)[0], (*p.Between)[1], nil
	case p.Since != nil:
		return *p.Since, to, nil
	case p.IDs != nil:
		return from, to, nil
	}
	return from, to, invalid(mistake{"since", "is required, or between"})
}

func (p listEvents) wants(e *engine.Event) bool {
	switch {
	case p.Type != nil && e.Type != *p.Type,
		p.Types != nil && !slices.Contains(*p.Types, e.Type),
		p.IDs != nil && !slices.Contains(*p.IDs, eventID(e.Seq)),
		p.Device != nil && e.Device != *p.Device,
		p.Devices != nil && !slices.Contains(*p.Devices, e.Device),
		p.Code != nil && e.Code != *p.Code,
		p.Codes != nil && !slices.Contains(*p.Codes, e.Code),
		p.Account != nil && e.Account != *p.Account:
		return false
	}
	return true
}

// seqAt finds the last line of the journal that is not after an instant: the journal is in the order of time.
func (c *call) seqAt(t time.Time) (engine.Seq, error) {
	if t.IsZero() {
		return 0, nil
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(s.Seq), func(i int) bool {
		lines, jerr := c.host.Journal(c.ctx, engine.Seq(i), 1)
		if jerr != nil {
			err = jerr
		}
		return jerr != nil || len(lines) == 0 || lines[0].At.After(t)
	})
	return engine.Seq(n), asProblem(err)
}

type getEvent struct {
	ID     *string        `json:"event_id" doc:"the event"`
	Type   *string        `json:"event_type" doc:"the newest of this type, together with device_id"`
	Device *lock.DeviceID `json:"device_id" doc:"the newest of this device, together with event_type"`
}

func eventsGet(c *call, p getEvent) (reply, error) {
	none := problem(http.StatusNotFound, "event_not_found", "no such event")
	if p.ID == nil {
		if p.Type == nil || p.Device == nil {
			return nil, invalid(mistake{"event_id", "is required, or event_type and device_id"})
		}
		return c.newest(*p.Type, *p.Device, none)
	}
	var seq engine.Seq
	if _, err := fmt.Sscanf(*p.ID, "event_%d", &seq); err != nil || seq < 1 {
		return nil, none
	}
	lines, err := c.host.Journal(c.ctx, seq-1, 1)
	if err != nil {
		return nil, asProblem(err)
	}
	if len(lines) == 0 || lines[0].Seq != seq || !public(lines[0].Type) {
		return nil, none
	}
	v, err := c.told(&lines[0])
	return reply{"event": v}, err
}

// newest walks the journal backwards, a page at a time.
func (c *call) newest(typ string, id lock.DeviceID, none error) (reply, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		return nil, err
	}
	for read, end := 0, s.Seq; end > 0 && read < maxRead; read += maxPage {
		from := max(0, end-maxPage)
		lines, err := c.host.Journal(c.ctx, from, int(end-from))
		if err != nil {
			return nil, asProblem(err)
		}
		for i := len(lines) - 1; i >= 0; i-- {
			if e := &lines[i]; e.Seq <= end && e.Type == typ && e.Device == id {
				v, err := c.told(e)
				return reply{"event": v}, err
			}
		}
		end = from
	}
	return nil, none
}
