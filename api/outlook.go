package api

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// These rows tell what the hosted API does not: what will become of a code, why, and who will stand before a closed door or
// could open one that should be shut to them.

// plannedMoment is a point of a code's life.
type plannedMoment struct {
	At   stamp  `json:"at"`
	What string `json:"what"` // created, written, reported, started, used, ended, cleared, gone
	Done bool   `json:"is_done"`
}

func planOf(line []engine.Moment) []plannedMoment {
	all := []plannedMoment{}
	for _, m := range line {
		all = append(all, plannedMoment{stamp(m.At), m.What, m.Done})
	}
	return all
}

type planCode struct {
	ID     *lock.CodeID   `json:"access_code_id" doc:"a code that is there, or the parameters of one that is not"`
	Device *lock.DeviceID `json:"device_id" doc:"the lock of a code that would be created"`
	wishes
}

// codesPlan tells the life of a code, or that of one that would be created: nothing is.
func codesPlan(c *call, p planCode) (reply, error) {
	switch {
	case p.ID != nil && (p.Device != nil || p.wishes != wishes{}):
		return nil, invalid(mistake{"access_code_id", "or the parameters of a code that is not there: one of the two, not both"})
	case p.ID != nil:
		v, err := c.live(*p.ID, nil)
		if err != nil {
			return nil, err
		}
		return reply{"plan": planOf(v.Line), "notes": []string{}}, nil
	case p.Device == nil:
		return nil, invalid(mistake{"access_code_id", "is required, or device_id"})
	}
	do, err := c.create(p.wishes)
	if err != nil {
		return nil, err
	}
	do.Device = *p.Device
	r, err := c.host.Submit(c.ctx, engine.Command{Actor: c.who.Name, DryRun: true, Do: do})
	if err != nil {
		return nil, asProblem(err)
	}
	notes := r.Notes
	if notes == nil {
		notes = []string{}
	}
	return reply{"plan": planOf(r.Plan), "notes": notes}, nil
}

// reasonWhy is a sentence about a code, and those that it follows from.
type reasonWhy struct {
	Text    string      `json:"text"`
	At      stamp       `json:"at"`   // null: it has no moment
	Mood    engine.Mood `json:"mood"` // "", good, waits or bad
	Because []reasonWhy `json:"because"`
}

func reasonsOf(causes []engine.Cause) []reasonWhy {
	all := []reasonWhy{}
	for _, x := range causes {
		all = append(all, reasonWhy{x.Text, stamp(x.At), x.Mood, reasonsOf(x.Because)})
	}
	return all
}

type explainCode struct {
	ID lock.CodeID `json:"access_code_id" need:"true" doc:"the code, also one that is gone"`
}

func codesExplain(c *call, p explainCode) (reply, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewExplain, Code: p.ID})
	if err != nil {
		return nil, err
	}
	return reply{"why": reasonsOf(s.Why), "arrival": arrivalOf(&s.Codes[0]), "exposure": exposureOf(&s.Codes[0], s.Now)}, nil
}

// arrival tells whether somebody will get in.
type arrival struct {
	Code      lock.CodeID      `json:"access_code_id"`
	Device    lock.DeviceID    `json:"device_id"`
	Name      maybe            `json:"name"`
	Status    engine.Status    `json:"status"`
	Evidence  engine.Evidence  `json:"evidence"`
	Seen      stamp            `json:"evidence_at"`
	Starts    stamp            `json:"starts_at"`
	Ends      stamp            `json:"ends_at"`
	Readiness engine.Readiness `json:"readiness"` // verified, likely, at_risk or will_fail; "" while it is too far off
	Cause     string           `json:"cause"`
	Action    string           `json:"action"` // what helps
}

func arrivalOf(v *engine.CodeView) arrival {
	return arrival{
		Code: v.ID, Device: v.Device, Name: maybe(v.Name), Status: v.Status, Evidence: v.Evidence, Seen: stamp(v.EvidenceAt),
		Starts: stamp(v.Starts), Ends: stamp(v.Ends), Readiness: v.Readiness, Cause: v.Cause, Action: v.Action,
	}
}

type listArrivals struct{ Page }

// arrivalsList lists who arrives within 72 hours, and who has arrived and may not get in: those first who are least sure to.
func arrivalsList(c *call, p listArrivals) (reply, error) {
	limit, after, err := p.bounds(c, maxPage)
	if err != nil {
		return nil, err
	}
	s, err := c.snapshot(engine.Query{View: engine.ViewArrivals, Limit: limit, After: after})
	if err != nil {
		return nil, err
	}
	all := []arrival{}
	for i := range s.Codes {
		all = append(all, arrivalOf(&s.Codes[i]))
	}
	return reply{"arrivals": all, "total": s.Total, "pagination": p.follow(c, s.Next)}, nil
}

// exposure is time during which a PIN opened, or may have opened, a door that it should not.
type exposure struct {
	Code       lock.CodeID   `json:"access_code_id"`
	Device     lock.DeviceID `json:"device_id"`
	Since      stamp         `json:"exposed_since"` // null: it is over
	Seconds    float64       `json:"seconds"`       // up to now, exposures that ended among them
	Unverified bool          `json:"is_unverified"` // the erase can't be confirmed on this lock
}

func exposureOf(v *engine.CodeView, now time.Time) exposure {
	x := v.Exposure
	return exposure{v.ID, v.Device, stamp(x.Since), x.Total(now).Seconds(), x.Unverified}
}

// exposuresList lists the codes that may open a door at this moment although they should not.
func exposuresList(c *call, _ struct{}) (reply, error) {
	all := []exposure{}
	q := engine.Query{View: engine.ViewFleet, Sort: "-exposure", Limit: maxPage}
	for {
		s, err := c.snapshot(q)
		if err != nil {
			return nil, err
		}
		for i := range s.Devices {
			if !leaving(&s.Devices[i]) {
				continue
			}
			d, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: s.Devices[i].ID})
			if isNotFound(err) {
				continue // removed since
			}
			if err != nil {
				return nil, err
			}
			for j := range d.Codes {
				if x := d.Codes[j].Exposure; !x.Since.IsZero() || x.Unverified {
					all = append(all, exposureOf(&d.Codes[j], d.Now))
				}
			}
		}
		if q.After = s.Next; q.After == "" || !slices.ContainsFunc(s.Devices, func(r engine.DeviceRow) bool { return leaving(&r) }) {
			return reply{"exposures": all}, nil
		}
	}
}

// leaving reports whether a lock has codes that are over, of which some may open it.
func leaving(r *engine.DeviceRow) bool { return r.Exposed || r.Removing > 0 }

type oneDevice struct {
	ID lock.DeviceID `json:"device_id" need:"true" doc:"the device"`
}

// traitsGet shows what a lock can do, as the engine decides by it.
func traitsGet(c *call, p oneDevice) (reply, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: p.ID})
	if err != nil {
		return nil, err
	}
	return reply{"traits": s.Device.Traits}, nil
}

// outlookEndpoints are these rows.
func outlookEndpoints() []endpoint {
	return []endpoint{
		on("/v1/plan", "GET POST", ScopeRead, "Tells the life of an access code, or that of one that would be created.", codesPlan, gift{"plan", []plannedMoment{}}, gift{"notes", []string{}}),
		on("/v1/explain", "GET POST", ScopeRead, "Says why an access code is where it is.", codesExplain, gift{"why", []reasonWhy{}}, gift{"arrival", arrival{}}, gift{"exposure", exposure{}}),
		on("/v1/readiness", "GET POST", ScopeRead, "Lists who arrives within 72 hours, those first who may not get in.", arrivalsList, gift{"arrivals", []arrival{}}, gift{"total", 0}),
		on("/v1/exposure", "GET POST", ScopeRead, "Lists access codes that may open a door although they should not.", exposuresList, gift{"exposures", []exposure{}}),
		on("/v1/traits", "GET POST", ScopeRead, "Shows what a lock can do.", traitsGet, gift{"traits", lock.Traits{}}),
	}
}
