package scenario

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// What only the whole run shows: limits, what must have happened, and whether everything has settled.

// limits compares the calls that were sent and the exposure at the doors with what the file allows.
func (r *run) limits() {
	var all sim.Counts
	for _, d := range r.w.Fleet().Devices() {
		c := r.w.Fleet().Counts(d.ID)
		all.Observes, all.Sets, all.Clears = all.Observes+c.Observes, all.Sets+c.Sets, all.Clears+c.Clears
		if l, ok := r.f.Check.PerLock[d.ID]; ok {
			r.limit(l, d.ID, c)
		}
	}
	r.limit(r.f.Check.Limits, "", all)
}

// limit judges one set of limits; device "" means the whole fleet.
func (r *run) limit(l Limits, device lock.DeviceID, c sim.Counts) {
	where := ""
	if device != "" {
		where = " on " + string(device)
	}
	most := func(what string, limit *int, n int) {
		if limit != nil && n > *limit {
			r.fail(l.Pos, device, "", "want at most %d %s%s, saw %d", *limit, what, where, n)
		}
	}
	most("sets", l.Sets, c.Sets)
	most("clears", l.Clears, c.Clears)
	most("observes", l.Observes, c.Observes)
	if l.Exposure == nil {
		return
	}
	var sum time.Duration
	var last world.Exposed
	for _, x := range r.w.Exposures() {
		if device == "" || x.Device == device {
			to := x.To
			if to.IsZero() {
				to = r.w.Now()
			}
			sum += to.Sub(x.From)
			last = x
		}
	}
	if sum > *l.Exposure {
		r.fail(l.Pos, last.Device, r.named(last.Code), "want an exposure of at most %s%s, saw %s", strict.Short(*l.Exposure), where, strict.Short(sum.Round(100*time.Millisecond)))
	}
}

// sometimes reports what never happened.
func (r *run) sometimes() {
	events, issues := map[string]bool{}, map[string]bool{}
	if slices.ContainsFunc(r.f.Check.Sometimes, func(s Occurrence) bool { return s.Kind != "fault" }) {
		if r.err = r.journal(func(e engine.Event) {
			events[e.Type] = true
			if e.Issue != nil {
				issues[e.Issue.Code] = true
			}
		}); r.err != nil {
			return
		}
	}
	for _, s := range r.f.Check.Sometimes {
		happened := events[s.Name]
		switch s.Kind {
		case "fault":
			happened = r.w.Fleet().Fired(s.Name) > 0
		case "issue":
			happened = issues[s.Name]
		}
		if !happened {
			r.fail(s.Pos, "", "", "want %s %s to happen at least once, but it never did", s.Kind, s.Name)
		}
	}
}

// unstruck names a fault that the story lives on and that did not come to anything at the vendor's locks, or that they can't have; "": there
// is none, or they are the simulator's own. A lenient story goes on without those that a lock can't have.
func (r *run) unstruck() string {
	if r.o.Through == nil {
		return ""
	}
	if r.misfit != "" && !r.f.Check.Lenient {
		return r.misfit + " does not strike here"
	}
	for _, s := range r.f.Check.Sometimes {
		if s.Kind == "fault" && r.w.Fleet().Fired(s.Name) == 0 {
			return s.Name + " does not strike here"
		}
	}
	return ""
}

// settled reports what is on its way long after the last disturbance: a lack of liveness.
func (r *run) settled() {
	now := r.w.Now()
	late, err := r.w.Unsettled(r.f.Start, r.troubled)
	if err != nil {
		r.err = err
		return
	}
	lag := strict.Short(now.Sub(r.troubled).Round(time.Minute)) + " after the last trouble"
	for _, x := range late {
		f := Failure{Verdict: Liveness, At: now, Device: x.Device, Text: x.Text + ", " + lag}
		if x.Code != "" {
			f.Code = r.named(x.Code)
			f.Text = string(f.Code) + " " + f.Text
		}
		if x.Why != "" {
			f.Text += ": " + x.Why
		}
		r.failed = append(r.failed, f)
	}
}
