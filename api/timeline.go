package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// moment is a line of an access code's own story.
type moment struct {
	ID      string         `json:"timeline_event_id"`
	Type    string         `json:"event_type"`
	At      stamp          `json:"occurred_at"`
	Text    string         `json:"description"`
	Actor   actor          `json:"actor"`
	Related map[string]any `json:"related_resource_ids"`
}

type actor struct {
	Type string `json:"type"` // api_key, console_user, system or external
	Name maybe  `json:"display_name"`
}

type getTimeline struct {
	Code   lock.CodeID `json:"access_code_id" need:"true" doc:"the code, also one that is gone"`
	After  *time.Time  `json:"after" doc:"only later lines"`
	Before *time.Time  `json:"before" doc:"only earlier lines"`
	Types  *[]string   `json:"event_types" doc:"only of these types"`
	Limit  *int        `json:"limit" doc:"how many at most, 1 to 200: 50 unless told"`
	Cursor *string     `json:"page_cursor" doc:"next_cursor of the page before"`
}

type timelinePages struct {
	More bool  `json:"has_more"`
	Next maybe `json:"next_cursor"`
}

func codesTimeline(c *call, p getTimeline) (reply, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: p.Code})
	if err != nil {
		return nil, err
	}
	limit, from := 50, s.Codes[0].Created.Add(-time.Second)
	set(&limit, p.Limit)
	if limit < 1 || limit > 200 {
		return nil, invalid(mistake{"limit", "must lie between 1 and 200"})
	}
	if p.After != nil && p.After.After(from) {
		from = *p.After
	}
	after, err := c.seqAt(from)
	if err != nil {
		return nil, err
	}
	if p.Cursor != nil {
		if _, err := fmt.Sscanf(*p.Cursor, "event_%d", &after); err != nil {
			return nil, invalid(mistake{"page_cursor", "is none that was given out here"})
		}
	}
	lines := []moment{}
	for read := 0; read < maxRead; {
		page, err := c.host.Journal(c.ctx, after, maxPage)
		if err != nil || len(page) == 0 {
			return reply{"timeline_events": lines, "pagination": timelinePages{}}, asProblem(err)
		}
		for i := range page {
			e := &page[i]
			if p.Before != nil && !e.At.Before(*p.Before) {
				return reply{"timeline_events": lines, "pagination": timelinePages{}}, nil
			}
			if after = e.Seq; e.Code != p.Code || p.Types != nil && !slices.Contains(*p.Types, e.Type) {
				continue
			}
			if lines = append(lines, c.moment(e)); len(lines) == limit {
				return reply{"timeline_events": lines, "pagination": timelinePages{true, maybe(eventID(e.Seq))}}, nil
			}
		}
		read += len(page)
	}
	return reply{"timeline_events": lines, "pagination": timelinePages{true, maybe(eventID(after))}}, nil
}

func (c *call) moment(e *engine.Event) moment {
	m := moment{ID: eventID(e.Seq), Type: e.Type, At: stamp(e.At), Text: e.Text, Actor: actor{Type: "system"}, Related: map[string]any{}}
	if e.Device != "" {
		m.Related["device_id"] = e.Device
	}
	if public(e.Type) {
		m.Related["event_id"] = m.ID
	}
	switch name, ofKey := strings.CutPrefix(e.Actor, "key "); {
	case ofKey:
		m.Actor = actor{"api_key", maybe(name)}
	case e.Actor != "":
		m.Actor = actor{"console_user", maybe(e.Actor)}
	case strings.Contains(e.Type, "external"), strings.HasPrefix(e.Type, "lock."):
		m.Actor = actor{Type: "external"}
	}
	return m
}
