package engine

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	departureSpan = 24 * time.Hour // how far ahead a departure is shown
	agendaDoors   = 1000           // devices that one look at the day reads
)

// The urgency of what happens at a door, most urgent first.
const (
	urgeFails = iota
	urgeExposed
	urgeRisk
	urgeLeaving // its erase is late
	urgePlanned
)

// today lists what an operator's day is made of: arrivals within 72 h, departures within 24 h, and every stay in trouble, the
// most urgent first. Only the most urgent doors are read, so that a large fleet costs what a small one does; Total counts each
// door that was not read as one row.
func (e *Engine) today(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	type door struct {
		*row
		urge int
		edge int64
	}
	order := func(a, b door) int {
		return cmp.Or(cmp.Compare(a.urge, b.urge), compareTimes(a.edge, b.edge), cmp.Compare(a.id, b.id))
	}
	var doors []door       // the most urgent ones, and some that turned out not to be
	left, kept := 0, false // kept: the first agendaDoors are in order
	soon := now.Add(departureSpan).UnixNano()
	for _, r := range e.rows {
		if r.Removed {
			continue
		}
		d := door{r, urgencyOf(r.Readiness, r.Exposed, r.Removing > 0), r.End}
		if r.Start != 0 && (d.edge == 0 || r.Start < d.edge) {
			d.edge = r.Start
		}
		if d.urge == urgePlanned && r.Readiness == "" && (r.End == 0 || r.End >= soon) {
			continue
		}
		left++
		if kept && order(d, doors[agendaDoors-1]) > 0 {
			continue
		}
		if doors = append(doors, d); len(doors) == 2*agendaDoors {
			slices.SortFunc(doors, order)
			doors, kept = doors[:agendaDoors], true
		}
	}
	slices.SortFunc(doors, order)
	for _, at := range doors[:min(len(doors), agendaDoors)] {
		if len(s.Codes) >= q.Limit && at.urge > urgency(&s.Codes[q.Limit-1]) {
			break
		}
		left--
		d, err := e.peek(ctx, at.id)
		if err != nil {
			return err
		}
		for _, c := range d.codes {
			if c.unpulled() {
				continue
			}
			if v := e.codeView(now, d, c, &q); isOfToday(now, &v) {
				s.Codes = append(s.Codes, v)
			}
		}
	}
	mostUrgentFirst(now, s.Codes)
	s.Total = len(s.Codes) + left
	if len(s.Codes) > q.Limit {
		s.Codes = s.Codes[:q.Limit]
	}
	return nil
}

func isOfToday(now time.Time, v *CodeView) bool {
	switch {
	case urgency(v) < urgePlanned:
		return true
	case v.Starts.After(now):
		return v.Readiness != ""
	}
	return v.Ends.After(now) && v.Ends.Sub(now) <= departureSpan
}

func mostUrgentFirst(now time.Time, codes []CodeView) {
	slices.SortStableFunc(codes, func(a, b CodeView) int {
		return cmp.Or(cmp.Compare(urgency(&a), urgency(&b)), nextEdge(now, &a).Compare(nextEdge(now, &b)), cmp.Compare(a.ID, b.ID))
	})
}

func urgency(v *CodeView) int {
	return urgencyOf(v.Readiness, !v.Exposure.Since.IsZero(), v.Status == StatusRemoving)
}

func urgencyOf(r Readiness, exposed, leaving bool) int {
	switch {
	case r == ReadyWillFail:
		return urgeFails
	case exposed:
		return urgeExposed
	case r == ReadyAtRisk:
		return urgeRisk
	case leaving:
		return urgeLeaving
	}
	return urgePlanned
}

// nextEdge is the end of the window that comes next, or that came last.
func nextEdge(now time.Time, v *CodeView) time.Time {
	if !v.Deleted.IsZero() {
		return v.Deleted
	}
	if v.Starts.After(now) || v.Ends.IsZero() {
		return v.Starts
	}
	return v.Ends
}
