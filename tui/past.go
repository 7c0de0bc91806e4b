package tui

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim/lab"
)

// past reads from the journal when locks could not be reached. It begins with the newest events and goes back as far as an
// axis does, by lookBack events at most.
type past struct {
	first, last engine.Seq // of what was read; 0: nothing yet
	oldest      time.Time  // of the event first
	read        int
	turns       map[string][]turn // of a lock, hub or account by its id, by time
}

// turn is something that is lost, or answers again.
type turn struct {
	at   time.Time
	lost bool
	why  string
}

// request is the part of the journal to read next, for an axis that begins at left.
func (p *past) request(left time.Time) *journalRequest {
	if p.first > 1 && left.Before(p.oldest) && p.read < lookBack {
		return &journalRequest{after: max(0, p.first-1-tailPage), limit: int(min(tailPage, p.first-1))}
	}
	return &journalRequest{after: p.last, last: p.last == 0, limit: tailPage}
}

// take remembers what events tell, and reports whether there may be more to read for an axis that begins at left.
func (p *past) take(events []engine.Event, left time.Time) bool {
	if len(events) == 0 {
		return false
	}
	p.read += len(events)
	begin, end := events[0], events[len(events)-1]
	before := p.first > 0 && end.Seq < p.first
	if p.first == 0 || before {
		p.first, p.oldest = begin.Seq, begin.At
	}
	p.last = max(p.last, end.Seq)
	if p.turns == nil {
		p.turns = map[string][]turn{}
	}
	fresh := map[string][]turn{}
	for _, e := range events {
		id, t := turnOf(e)
		if id != "" {
			fresh[id] = append(fresh[id], t)
		}
	}
	for id, turns := range fresh {
		if before {
			p.turns[id] = slices.Concat(turns, p.turns[id])
		} else {
			p.turns[id] = append(p.turns[id], turns...)
		}
	}
	return len(events) == tailPage || p.first > 1 && left.Before(p.oldest) && p.read < lookBack
}

// turnOf tells what an event says of the reach of a lock, hub or account; "": nothing.
func turnOf(e engine.Event) (id string, t turn) {
	t = turn{at: e.At}
	if e.Issue != nil {
		t.why = e.Issue.Message
	}
	switch {
	case e.Device != "" && (e.Type == "device.disconnected" || e.Type == "device.connected"):
		id, t.lost = string(e.Device), e.Type == "device.disconnected"
	case e.Device != "" || e.Code != "":
	case e.Type == "internal.issue.raised", e.Type == "connected_account.disconnected":
		id, t.lost = cmp.Or(string(e.Hub), string(e.Account)), true
	case e.Type == "internal.issue.cleared", e.Type == "connected_account.connected":
		id = cmp.Or(string(e.Hub), string(e.Account))
	}
	return id, t
}

// outages are the times, up to now, at which a lock, hub or account was not reached.
func (p *past) outages(id string, now time.Time) []period {
	var out []period
	lost := false
	for _, t := range p.turns[id] {
		switch {
		case t.lost && !lost:
			out = append(out, period{from: t.at, to: now.Add(time.Nanosecond), what: t.why})
		case !t.lost && lost:
			out[len(out)-1].to = t.at
		}
		lost = t.lost
	}
	return out
}

// broken are the faults of a simulation by what they are on: those that have healed, as far as its story is remembered, then
// those that go on.
func broken(told []StoryLine, active []lab.Fault) map[string][]period {
	out := map[string][]period{}
	for _, l := range told {
		on := string(l.Device)
		if on == "" {
			on = l.Text
		}
		what := "fault " + l.Name + " on " + on
		switch l.Kind {
		case "fault":
			out[on] = append(out[on], period{from: l.At, what: what})
		case "heal":
			for i := range out[on] {
				if p := &out[on][i]; p.to.IsZero() && p.what == what {
					p.to = l.At
					break
				}
			}
		}
	}
	for on, all := range out {
		out[on] = slices.DeleteFunc(all, func(p period) bool { return p.to.IsZero() }) // what goes on is in active
	}
	for _, f := range active {
		p := period{from: f.From, what: "fault " + f.Kind + " on " + f.On}
		if f.For > 0 {
			p.to = f.From.Add(f.For)
		}
		out[f.On] = append(out[f.On], p)
	}
	return out
}
