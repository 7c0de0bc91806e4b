package main

import (
	"cmp"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// today prints who arrives and leaves, the most urgent first, with what is wrong and what to do.
func today(s *talk, _ []string) error {
	day, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewToday, Limit: 1000})
	if err != nil {
		return err
	}
	var rows []codeRow
	var ids []lock.CodeID
	for _, c := range day.Codes {
		rows = append(rows, rowOf(c, day.Now))
		ids = append(ids, c.ID)
	}
	short := endings(ids)
	if err := list(s.app, rows,
		column[codeRow]{name: "state", text: codeRow.arrival, tone: codeRow.arrivalTone},
		column[codeRow]{name: "name", text: codeRow.who},
		column[codeRow]{name: "device", text: codeRow.door},
		column[codeRow]{name: "when", text: codeRow.edge},
		column[codeRow]{name: "code", text: func(r codeRow) string { return short[r.ID] }, tone: func(codeRow) tone { return faint }}); err != nil {
		return err
	}
	if s.format() != "table" {
		return nil
	}
	for _, r := range rows {
		if r.Action == "" || r.Readiness != engine.ReadyAtRisk && r.Readiness != engine.ReadyWillFail {
			continue
		}
		s.say("")
		s.facts(fact{"! " + r.who(), r.Cause, poor}, fact{name: "do", value: r.Action})
	}
	if more := day.Total - len(rows); more > 0 {
		s.say("and %d more", more)
	}
	return s.broke
}

// arrival says whether somebody will get in, or what else is the matter.
func (r codeRow) arrival() string {
	if r.Exposed || r.Status == engine.StatusRemoving || r.Readiness == "" {
		w, _ := r.state()
		return w
	}
	return words(r.Readiness)
}

func (r codeRow) arrivalTone() tone {
	if r.Readiness == engine.ReadyVerified || r.Readiness == engine.ReadyLikely {
		return fine
	}
	_, t := r.state()
	return t
}

// edge is the next thing that happens to a stay.
func (r codeRow) edge() string {
	c := &r.view
	switch {
	case !c.Deleted.IsZero():
		return "revoked " + clock(c.Deleted, r.now, c.Zone)
	case c.Starts.After(r.now):
		return "arrives " + clock(c.Starts, r.now, c.Zone)
	case c.Ends.After(r.now):
		return "leaves " + clock(c.Ends, r.now, c.Zone)
	case !c.Ends.IsZero():
		return "left " + clock(c.Ends, r.now, c.Zone)
	}
	return "stays"
}

// planRow is who will be able to open a door at an instant, as far as is known now.
type planRow struct {
	At      time.Time `json:"at"`
	Opens   bool      `json:"opens"`   // the window of the code holds the instant
	Expects string    `json:"expects"` // what the engine expects of it then
	codeRow
	Then   string     `json:"then"` // what happens to it after that
	ThenAt *time.Time `json:"then_at"`
}

// plan prints who will be able to open which door at an instant: the codes whose window holds it, and those that may open
// although theirs does not.
func plan(s *talk, _ []string) error {
	var device lock.DeviceID
	if name := s.text("device"); name != "" {
		d, err := s.device(name)
		if err != nil {
			return err
		}
		device = d.ID
	}
	when := s.Now()
	var rows []planRow
	var ids []lock.CodeID
	asked := false
	err := s.pages(engine.Query{View: engine.ViewCodes, Device: device}, func(page engine.Snapshot) error {
		if !asked {
			asked = true
			zone := ""
			if device != "" && len(page.Codes) > 0 {
				zone = page.Codes[0].Zone
			}
			t, err := s.moment("at", page.Now, zone)
			if err != nil {
				return err
			}
			if t != nil {
				when = *t
			}
			if when.Before(page.Now.Add(-time.Minute)) {
				return badInput("at: %s is over; events tail tells what was", clock(when, page.Now, zone))
			}
		}
		for _, c := range page.Codes {
			if row, ok := planned(c, when, page.Now); ok {
				rows = append(rows, row)
				ids = append(ids, c.ID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	short := endings(ids)
	return list(s.app, rows,
		column[planRow]{name: "device", text: func(r planRow) string { return r.door() }},
		column[planRow]{name: "name", text: func(r planRow) string { return r.who() }},
		column[planRow]{name: "expected", text: func(r planRow) string { return r.Expects }, tone: func(r planRow) tone {
			if r.Opens {
				return fine
			}
			return poor
		}},
		column[planRow]{name: "then", text: func(r planRow) string {
			if r.ThenAt == nil {
				return "-"
			}
			return r.Then + " " + clock(*r.ThenAt, r.now, r.view.Zone)
		}},
		column[planRow]{name: "code", text: func(r planRow) string { return short[r.ID] }, tone: func(planRow) tone { return faint }})
}

// planned is what is expected of a code at an instant; false: it opens nothing then.
func planned(c engine.CodeView, when, now time.Time) (planRow, bool) {
	r := planRow{At: when.UTC(), codeRow: rowOf(c, now)}
	over := c.Ends
	if !c.Deleted.IsZero() {
		over = c.Deleted
	}
	written := c.Evidence == engine.EvidenceAccepted || c.Evidence == engine.EvidenceReported || c.Evidence == engine.EvidenceUsed
	started := !c.Starts.After(when)
	ended := !over.IsZero() && !over.After(when)
	switch {
	case ended && (r.Exposed || c.Exposure.Unverified):
		r.Expects = "may open still"
	case ended:
		return r, false
	case !started && written && !c.Scheduled && !c.Native:
		r.Expects = "opens early"
	case !started:
		return r, false
	case c.Backup && c.PulledFor == "":
		r.Opens, r.Expects = true, "spare, told nobody"
	case c.Readiness == engine.ReadyAtRisk || c.Readiness == engine.ReadyWillFail:
		r.Opens, r.Expects = true, words(cmp.Or(c.Readiness, engine.ReadyLikely))
	default:
		r.Opens, r.Expects = true, "opens"
	}
	for _, m := range c.Line {
		if m.At.After(when) && r.ThenAt == nil {
			r.Then, r.ThenAt = m.What, at(m.At)
		}
	}
	return r, true
}
