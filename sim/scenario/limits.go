package scenario

import (
	"errors"
	"slices"
	"strings"
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

// unstruck names a fault that the story lives on and that did not come to anything at the vendor's locks; "": there is none, or they are
// the simulator's own.
func (r *run) unstruck() string {
	if r.o.Through == nil {
		return ""
	}
	for _, s := range r.f.Check.Sometimes {
		if s.Kind == "fault" && r.w.Fleet().Fired(s.Name) == 0 {
			return s.Name + " does not strike here"
		}
	}
	return ""
}

// quiet is how long after the last trouble everything has to be settled.
const quiet = 3 * time.Hour

// settled reports codes that are on their way long after the last disturbance, with no fault left: a lack of liveness. A
// definite issue explains itself; so do what only people can mend, what a lock that tells nothing can't confirm, and a lock
// that is in error.
func (r *run) settled() {
	now := r.w.Now()
	if now.Sub(r.troubled) < quiet || len(r.w.Fleet().Faults()) > 0 {
		return
	}
	for _, d := range r.w.Fleet().Devices() {
		s, err := r.w.Snapshot(engine.Query{View: engine.ViewDevice, Device: d.ID})
		var no *engine.Refusal
		if errors.As(err, &no) && no.Code == "device_not_found" {
			continue // it came while the engine was stopped, and was never put under its management
		}
		if err != nil {
			r.err = err
			return
		}
		if s.Device == nil || s.Device.Removed || slices.ContainsFunc(s.Device.Issues, func(i engine.Issue) bool { return i.Class == engine.ClassError && !strings.Contains(i.Code, "backup") }) {
			continue
		}
		full := room{packed: d.Traits.Slots > 0 && len(r.w.Fleet().Memory(d.ID)) >= d.Traits.Slots}
		full.believed = full.packed || d.Traits.Slots == 0 || d.Traits.CannotList || d.Traits.CloudList
		if d.Traits.Slots == 0 && slices.ContainsFunc(s.Device.Issues, func(i engine.Issue) bool { return i.Code == "max_access_codes_reached" }) {
			continue // it hides how many it holds, and has refused one
		}
		lag := strict.Short(now.Sub(r.troubled).Round(time.Minute)) + " after the last trouble"
		for _, text := range r.lagging(d, s, full, now) {
			r.failed = append(r.failed, Failure{Verdict: Liveness, At: now, Device: d.ID, Text: text + ", " + lag})
		}
		for _, c := range s.Codes {
			if text := stuck(c, d.Traits, full, now); text != "" && !r.destroyed(c) {
				r.failed = append(r.failed, Failure{
					Verdict: Liveness, At: now, Device: d.ID, Code: r.named(c.ID),
					Text: string(r.named(c.ID)) + " " + text + ", " + lag + ": " + none(c.Reason),
				})
			}
		}
	}
}

// destroyed reports whether the digits of a code that its lock does not erase are overwritten: nothing opens by it, people are told so,
// and once a day is often enough to try for its slot.
func (r *run) destroyed(c engine.CodeView) bool {
	return c.Status == engine.StatusRemoving && slices.ContainsFunc(c.Issues, func(i engine.Issue) bool {
		return i.Code == "failed_to_remove_from_device" && strings.HasPrefix(i.Remedy, "it is erased once more")
	}) && !slices.ContainsFunc(r.w.Exposures(), func(x world.Exposed) bool { return x.Code == c.ID && x.To.IsZero() })
}

// room says whether a lock is full: in truth, and as far as the engine can be expected to know.
type room struct{ packed, believed bool }

// explained reports whether an issue says why a code stays as it is: it is definite, or waits for people. That a lock is full
// is believed only if it is, where its capacity is known and the lock itself is asked; if it is, and its cloud knows nothing of
// it, that nothing appears is all that can be said.
func explained(issues []engine.Issue, full room) bool {
	return slices.ContainsFunc(issues, func(i engine.Issue) bool {
		switch i.Code {
		case "access_code_inactive", "contended", "external_modification_in_effect":
			return true
		case "no_space_for_access_code_on_device":
			return full.believed
		case "failed_to_set_on_device":
			return full.packed
		case "conflicting_external_modification":
			return strings.HasPrefix(i.Remedy, "retry") // the operator is asked
		}
		return i.Definite
	})
}

// stuck says why a code is not where it should be, or nothing.
func stuck(c engine.CodeView, t lock.Traits, full room, now time.Time) string {
	if explained(c.Issues, full) {
		return ""
	}
	since := func(at time.Time) time.Duration {
		if at.IsZero() {
			return -1
		}
		return now.Sub(at)
	}
	ended := max(since(c.Deleted), since(c.Ends))
	switch {
	case ended > quiet && (t.CannotList || c.Exposure.Unverified):
	case ended > quiet && c.Status != engine.StatusGone:
		return "is still " + string(c.Status) + " after its end"
	case ended >= 0 || c.Backup:
	case !c.Ends.IsZero() && c.Ends.Sub(now) <= max(t.Granularity, time.Second): // a lock that counts in minutes has ended it already
	case (c.Starts.IsZero() || since(c.Starts) > quiet) && c.Status != engine.StatusSet && c.Status != engine.StatusGone:
		return "is still " + string(c.Status)
	}
	return ""
}
