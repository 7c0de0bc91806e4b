package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// deviceView derives everything that is shown of a device.
func (e *Engine) deviceView(now time.Time, d *device) DeviceView {
	policy := e.policyOf(d)
	row := row{id: d.id(), summary: d.Row, wake: unix(d.Wake)}
	v := DeviceView{
		DeviceRow: row.line(), Added: d.Added, Zone: d.zone(), Traits: d.Device.Traits, Policy: policy, Modes: d.Look.Modes, Clock: d.Look.Offset,
		Observed: d.Look.At, Issues: slices.Clone(d.Issues), Next: d.Why, RetryAt: d.RetryAt, Radio: d.Radio, Removed: d.isRetired(),
		Exposure: Exposure{Past: d.Exposure},
	}
	for _, l := range e.linksOf(d) {
		if !l.open() {
			v.Issues = append(v.Issues, l.issue())
		}
	}
	if f := d.Flight; f != nil {
		v.Flight = &Flight{Verb: f.Verb, Code: f.Code, Since: f.Since, Deadline: f.Deadline, Reason: f.Reason}
	}
	for _, c := range d.codes {
		v.Slots = append(v.Slots, d.slotsOf(now, c, policy)...)
		x := d.exposureOf(now, c, &policy)
		v.Exposure.Past += x.Past
		v.Exposure.Since = earliest(v.Exposure.Since, x.Since)
		v.Exposure.Unverified = v.Exposure.Unverified || x.Unverified
	}
	for i := range d.Orphans {
		o := &d.Orphans[i]
		v.Slots = append(v.Slots, SlotView{Slot: o.Slot, Ref: o.Ref, Name: o.Name, Held: o.Window, State: "removing", Enabled: o.Enabled, Seen: o.Seen})
	}
	for i := range d.held {
		if h := &d.held[i]; !h.Ours {
			state := "unmanaged"
			switch {
			case h.Waits:
				state = "removing"
			case h.ghost(d.Device.Traits):
				state = "ghost"
			}
			v.Slots = append(v.Slots, SlotView{Slot: h.Slot, Ref: h.Ref, Name: h.Name, Held: h.Window, Weekly: h.Weekly, State: state, Enabled: h.Enabled, Seen: d.Look.At})
		}
	}
	slices.SortStableFunc(v.Slots, func(a, b SlotView) int { return a.Slot - b.Slot })
	v.Pool = d.poolView(now, policy)
	return v
}

func (d *device) poolView(now time.Time, policy Policy) PoolView {
	v := PoolView{On: d.Pool}
	if d.Pool {
		v.Want = policy.PoolSize
	}
	for _, c := range d.codes {
		if !c.Spare || c.isOver(now) {
			continue
		}
		if !c.unpulled() {
			v.Pulled++
			continue
		}
		if p := d.best(now, c, &policy); p != nil && d.serves(now, c, p, &policy) {
			v.Ready++
		}
	}
	for _, k := range [...]string{"empty_backup_access_code_pool", "partial_backup_access_code_pool", "many_active_backup_codes"} {
		if v.Health == "" && has(d.Issues, k) {
			v.Health = k
		}
	}
	return v
}

// slotsOf shows a code's places, or the place that it will want.
func (d *device) slotsOf(now time.Time, c *code, policy Policy) []SlotView {
	base := SlotView{Code: c.ID, Name: c.Name, Wished: c.window()}
	if c.Offline != lock.OfflineNone {
		return nil
	}
	if len(c.Places) == 0 {
		if c.isOver(now) {
			return nil
		}
		base.State = "wished"
		return []SlotView{base}
	}
	var out []SlotView
	for i := range c.Places {
		p := &c.Places[i]
		s := base
		s.Slot, s.Ref, s.Held, s.Weekly, s.Enabled, s.Seen = p.Slot, p.Ref, p.Window, p.Weekly, p.Enabled, p.Seen
		switch {
		case c.isOver(now) || !p.Cleared.IsZero():
			s.State = "removing"
		case p.Accepted.IsZero() || p.Doubt:
			s.State = "writing"
		case !d.settled(now, p, &policy):
			s.State = "accepted"
		case c.unpulled():
			s.State = "spare"
		default:
			s.State = "held"
		}
		out = append(out, s)
	}
	return out
}

// exposureOf is what is told of a code's exposure: while an accepted erase is being proven, what there was of it before.
func (d *device) exposureOf(now time.Time, c *code, policy *Policy) Exposure {
	x := Exposure{Past: c.Past, Unverified: c.Unproven}
	for i := range c.Places {
		p := &c.Places[i]
		at := d.alarms(c, p, now, policy)
		if since := d.exposed(c, p, now); at.IsZero() && !since.IsZero() {
			x.Past += max(0, p.Cleared.Sub(since))
		}
		x.Since = earliest(x.Since, at)
	}
	return x
}

// codeView derives everything that is shown of a code: also its digits, if they were told and the query wants them.
func (e *Engine) codeView(now time.Time, d *device, c *code, q *Query) CodeView {
	policy := e.policyOf(d)
	auth := e.authLost(d)
	w := d.want(now, c, &policy)
	v := CodeView{
		ID: c.ID, Device: c.Device, Name: c.Name, Type: c.kind(), Status: d.status(now, c, &w, &policy, auth), HasPIN: !c.PIN.IsZero(),
		Waiting: c.PIN.IsZero(), Starts: c.From, Ends: c.To, Created: c.Created, Told: c.Told, Deleted: c.Deleted, Gone: c.Gone,
		Native: w.Native, Why: w.Why, Evidence: EvidenceNone, Exposure: d.exposureOf(now, c, &policy), Issues: slices.Clone(c.Issues),
		NextTry: c.NextTry, Reason: w.reason(), Attempts: c.Attempts, CommonKey: c.CommonKey, Holder: c.Holder, JIT: c.JIT,
		AllowExternal: c.AllowExternal, Backup: c.Spare, PulledFor: c.PulledFor, Pulled: c.Pulled, Offline: c.Offline,
		OneTime: c.OneTime, InHouse: c.inHouse(now), DeviceName: d.Device.Name, Zone: d.zone(),
	}
	if q.Told && !c.Told.IsZero() {
		v.PIN = c.PIN.PIN
	}
	if p := d.best(now, c, &policy); p != nil {
		v.Evidence, v.EvidenceAt = d.evidence(now, p, &policy)
		v.Scheduled = p.Native && d.settled(now, p, &policy)
		if p.Native {
			v.Native = true
		}
	}
	for _, s := range d.codes {
		v.BackupAvailable = v.BackupAvailable || !c.Spare && s.unpulled() && d.poolView(now, policy).Ready > 0
	}
	if v.Readiness, v.Cause, v.Action = d.readiness(now, c, &policy, e.reach(d)); v.Cause == onPlan {
		v.Cause += ": " + w.reason()
	}
	if v.Status != StatusGone {
		for _, i := range d.Issues {
			if i.Code != "max_access_codes_reached" { // a matter of the next code; one that waits says so itself
				v.Issues = append(v.Issues, i)
			}
		}
		for _, l := range e.linksOf(d) {
			if !l.open() {
				v.Issues = append(v.Issues, l.issue())
			}
		}
		v.Pending = d.pending(now, c, &w, policy)
	}
	if f := d.Flight; f != nil && f.Code == c.ID {
		v.Reason = f.Verb.Word() + " now: " + f.Reason
	}
	v.Line = d.line(now, c, &w, v.Status)
	return v
}

// pending lists what the lock has yet to show of a code, and when work on it begins.
func (d *device) pending(now time.Time, c *code, w *want, policy Policy) []Mutation {
	switch {
	case c.isOver(now):
		return []Mutation{{Code: MutDeleting, Due: c.NextTry}}
	case !w.On && !c.Honoured && len(c.Places) == 0:
		due := w.Due
		if w.Holds.After(due) {
			due = w.Holds
		}
		return []Mutation{{Code: MutDeferred, Due: due}}
	case len(c.Changing) > 0:
		var out []Mutation
		for _, what := range c.Changing {
			out = append(out, Mutation{Code: mutation(what), Due: c.NextTry})
		}
		return out
	}
	p := d.best(now, c, &policy)
	there := p != nil && d.settled(now, p, &policy)
	if c.Offline != lock.OfflineNone {
		there = p != nil && d.serves(now, c, p, &policy) // nothing of it has to come to the lock
	}
	if w.On && !there {
		return []Mutation{{Code: MutCreating, Due: c.NextTry}}
	}
	return nil
}

// mutation is the code of a change that is kept by its word.
func mutation(what string) MutationCode { return MutationCode("updating_" + what) }

// line is the life of a code: what was, and what is expected.
func (d *device) line(now time.Time, c *code, w *want, s Status) []Moment {
	line := []Moment{{At: c.Created, What: "created", Done: true}}
	add := func(at time.Time, what string) {
		if !at.IsZero() {
			line = append(line, Moment{At: at, What: what, Done: !at.After(now)})
		}
	}
	if len(c.Places) == 0 && s != StatusGone && !w.On {
		due := w.Due
		if w.Holds.After(due) {
			due = w.Holds
		}
		if due.After(now) {
			add(due, "to be written")
		}
	}
	if len(c.Places) > 0 {
		p := &c.Places[len(c.Places)-1]
		add(p.Wrote, "written")
		add(p.Accepted, "accepted")
		add(p.Reported, "reported by the lock")
		add(p.Used, "opened the door")
		add(p.Cleared, "erase accepted")
	}
	if c.From.After(c.Created) {
		add(c.From, "starts")
	}
	if !c.Deleted.IsZero() {
		add(c.Deleted, "withdrawn")
	} else {
		add(c.To, "ends")
	}
	add(c.Gone, "gone")
	slices.SortStableFunc(line, func(a, b Moment) int { return a.At.Compare(b.At) })
	return line
}
