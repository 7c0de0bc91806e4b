package engine

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	// trustClock is how far a lock's clock may be off before its own schedule is not used. A native window is held to the
	// minute, so an error of more than one minute shows at the door.
	trustClock = 90 * time.Second
	// silentRounding is the loss of a window that needs no word: the grain of most locks.
	silentRounding = time.Minute
	// overlapMargin is how long before its start a just-in-time code is written even if the guest before is still in.
	overlapMargin = 5 * time.Minute
)

// delivery is how a code reaches its lock: by the lock's own schedule, or just in time.
type delivery struct {
	Native bool
	Why    string
	Issue  string    // why native is declined although the lock could: an issue of the code, or ""
	Due    time.Time // when writing begins
	Holds  time.Time // wait instead until then: the guest before is still in
}

// distrust says why this device's own schedule can't be relied on now, as an issue code, or "".
func (d *device) distrust() string {
	t := &d.Device.Traits
	switch {
	case d.Distrust != "":
		return d.Distrust
	case t.Zone == "" && d.Look.Zone == "":
		return "time_zone_unknown"
	case t.Zone != "" && d.Look.Zone != "" && !d.zones.same(t.Zone, d.Look.Zone, d.Look.At):
		return "time_zone_mismatch"
	case d.Look.Clock && d.Look.Offset.Abs() > trustClock:
		return "clock_off"
	}
	return ""
}

// deliver decides how code c reaches its lock. It is pure.
func (d *device) deliver(now time.Time, c *code, p *Policy) delivery {
	t := &d.Device.Traits
	out := d.native(now, c, p)
	from := c.From
	if c.Offline != lock.OfflineNone || c.Spare {
		out.Due = c.Created
		return out
	}
	if from.IsZero() || !from.After(c.Created) {
		out.Due = from
		return out
	}
	switch {
	case out.Native && c.JIT: // not wished for, so that the lock has it no sooner than it must
		out.Due = from.Add(-p.JITLead)
	case out.Native:
		out.Due = from.Add(-p.NativeLead)
	case p.JITEarly == EarlyForbid, p.JITEarly == EarlyStage && !t.Stages:
		out.Due = from
	default:
		out.Due = from.Add(-p.JITLead)
		if p.JITOverlap == OverlapWait {
			out.Holds = d.guestBefore(c, out.Due)
		}
	}
	return out
}

// native decides whether the lock's own schedule carries the code, and says why.
func (d *device) native(now time.Time, c *code, p *Policy) delivery {
	t := &d.Device.Traits
	switch {
	case c.Offline != lock.OfflineNone:
		return delivery{Why: "the digits carry their own window"}
	case c.Spare:
		return delivery{Why: "a spare stands on the lock all the time"}
	case !t.NativeSchedule:
		return delivery{Why: "the lock has no schedule of its own"}
	case c.JIT && t.StartLead == 0 && !d.follows(now, c, p.JITLead): // else only a window that begins ahead can bring the end along
		return delivery{Why: "prefer_native_scheduling is off"}
	case c.To.IsZero() && (c.From.IsZero() || !c.From.After(c.Created)):
		return delivery{Why: "an ongoing code needs no schedule"}
	case c.To.IsZero() && !t.OpenEnded:
		return delivery{Why: "the lock's schedule needs an end"}
	case c.NoNative != "":
		return delivery{Why: "the lock refused the schedule: " + c.NoNative, Issue: "native_declined"}
	}
	if x := d.distrust(); x != "" {
		return delivery{Why: catalogue[x].Message, Issue: x}
	}
	w := c.window()
	if t.StartLead > 0 && c.From.Before(now.Add(t.StartLead)) && !c.holdsNative(w.Grain(t.Granularity)) {
		return delivery{Why: "the lock takes only starts that lie ahead"}
	}
	if lock.Rounding(w, w.Grain(t.Granularity)) > silentRounding {
		return delivery{Why: "the lock's schedule is too coarse for this window", Issue: "native_declined"}
	}
	if t.DSTNaive {
		from := now
		if !c.From.IsZero() && c.From.Before(now) {
			from = c.From
		}
		to := c.To
		if to.IsZero() {
			to = c.From
		}
		if at, ok := d.crosses(from, to); ok {
			return delivery{Why: "the lock's clock misses the time change of " + at.Format("2 January"), Issue: "native_declined"}
		}
	}
	return delivery{Native: true, Why: "the lock keeps the schedule itself"}
}

// holdsNative reports whether the lock was already given that schedule, and was not asked to erase it since.
func (c *code) holdsNative(w lock.Window) bool {
	for i := range c.Places {
		if p := &c.Places[i]; p.Native && p.Cleared.IsZero() && p.Window.Equal(w) {
			return true
		}
	}
	return false
}

// follows reports whether the code is, or came as, the next stay of a guest with the same digits on a lock that changes nothing in
// place. Only windows that the lock itself keeps let the two stand side by side, so that nobody waits for an erase at the change; and
// what got there so stays so, for it can't change while the guest is in.
func (d *device) follows(now time.Time, c *code, lead time.Duration) bool {
	t := &d.Device.Traits
	if c.Holder == "" || t.UpdatesInPlace || t.RefusesReuse {
		return false
	}
	before := c.From.Add(-lead)
	return !now.Before(before) && c.holdsNative(c.window().Grain(t.Granularity)) || slices.ContainsFunc(d.codes, func(o *code) bool {
		return o != c && o.Holder == c.Holder && o.PIN == c.PIN && !o.PIN.IsZero() && !o.To.IsZero() && !o.To.After(c.From) &&
			o.To.Add(clearMargin).After(before)
	})
}

// guestBefore returns until when a just-in-time write due at `due` waits for another holder's stay: the earlier of that stay's
// end and five minutes before the start. Zero: no wait.
func (d *device) guestBefore(c *code, due time.Time) time.Time {
	var until time.Time
	for _, o := range d.codes {
		if o == c || o.Spare || o.To.IsZero() || !o.Deleted.IsZero() {
			continue
		}
		if o.Holder != "" && o.Holder == c.Holder {
			continue
		}
		if o.From.Before(c.From) && o.To.After(due) && o.To.After(until) {
			until = o.To
		}
	}
	if last := c.From.Add(-overlapMargin); until.After(last) {
		until = last
	}
	if !until.After(due) {
		return time.Time{}
	}
	return until
}

// want is what a code asks of its lock at one instant.
type want struct {
	On    bool  // something should stand on the lock
	Place place // what: PIN, Name, Window, Native, Enabled
	delivery
	Reason string
	Lead   time.Duration // completes the reason: how long before the start
	Edge   time.Time     // when the answer changes by itself; zero: never
}

// wants appends what every code of the device asks of it now.
func (d *device) wants(out []want, now time.Time, p *Policy) []want {
	for _, c := range d.codes {
		out = append(out, want{})
		d.derive(&out[len(out)-1], now, c, p)
	}
	return out
}

// want derives what code c asks of its lock now. It is pure.
func (d *device) want(now time.Time, c *code, p *Policy) (w want) {
	d.derive(&w, now, c, p)
	return w
}

// derive is want into w, which is zero: it is too large to be handed about for every code at every thought.
func (d *device) derive(w *want, now time.Time, c *code, p *Policy) {
	t := &d.Device.Traits
	w.delivery = d.deliver(now, c, p)
	switch {
	case c.isOver(now):
		w.Reason = "over"
		return
	case c.Honoured:
		w.Reason = "removed outside of lockctl, which is allowed"
		w.Edge = c.over()
		return
	case d.isRetired():
		w.Reason = "the device is retired"
		return
	}
	due := w.Due
	if w.Holds.After(due) {
		due = w.Holds
	}
	if now.Before(due) && !(w.Native && t.UpdatesInPlace && c.loaded()) {
		if w.Edge = due; now.Before(w.Due) {
			w.Edge = w.Due // from then on it waits, and says so
		}
		switch {
		case w.Holds.After(w.Due) && !now.Before(w.Due):
			w.Reason = "waits until the guest before has left"
		case w.Native:
			w.Reason, w.Lead = "loaded onto the lock ", c.From.Sub(w.Due)
		default:
			w.Reason, w.Lead = "written ", c.From.Sub(due)
		}
		return
	}
	w.On = true
	w.Edge = c.over()
	w.Place.PIN, w.Place.Name, w.Place.Native, w.Place.Enabled = c.PIN, trim(c.Name, t.NameMax), w.Native, true
	if c.Spare && len(c.Places) > 0 {
		w.Place.Name = c.Places[0].Name // what it is called on the lock is not worth a write
	}
	switch {
	case w.Native:
		w.Place.Window = c.window().Grain(t.Granularity)
		if c.From.IsZero() || !c.From.After(c.Created) {
			w.Place.Window.From = c.Created.Truncate(max(t.Granularity, time.Second))
		}
		w.Reason = "due: the lock will turn it on and off"
	case c.Offline != lock.OfflineNone:
		w.Place.Window = c.window()
		w.Reason = "to be issued"
	case c.Spare && !c.unpulled() && !c.To.IsZero() && c.NoNative == "" && t.NativeSchedule && t.StartLead == 0 && t.UpdatesInPlace && d.distrust() == "" && !t.DSTNaive &&
		c.To.Sub(lock.Window{To: c.To}.Grain(t.Granularity).To) <= silentRounding:
		w.Place.Window = lock.Window{To: c.To}.Grain(t.Granularity)
		w.Reason = "stands in; the lock will turn it off"
	default:
		// A lock that is trusted with its clock gets the end along, so that being offline then exposes nothing.
		if t.NativeSchedule && t.StartLead == 0 && c.kind() == TimeBound && !c.Spare && d.distrust() == "" && c.NoNative == "" && !t.DSTNaive &&
			lock.Rounding(c.window(), c.window().Grain(t.Granularity)) <= silentRounding {
			w.Place.Window = lock.Window{To: c.To}.Grain(t.Granularity)
		}
		if p.JITEarly == EarlyStage && t.Stages && now.Before(c.From) {
			w.Place.Enabled = false
			w.Edge = earliest(w.Edge, c.From)
		}
		w.Reason = "due"
	}
}

// loaded reports whether the lock holds the code ahead of its start. Moved beyond its lead it stays there, with its new window,
// where the lock can change it in place.
func (c *code) loaded() bool {
	for i := range c.Places {
		if p := &c.Places[i]; p.Native && !p.Accepted.IsZero() && p.Cleared.IsZero() && !p.Blanked {
			return true
		}
	}
	return false
}

// reason says in words why the code is, or is not, to stand on the lock now.
func (w *want) reason() string {
	if w.Lead == 0 {
		return w.Reason
	}
	return w.Reason + words(w.Lead) + " before it starts"
}

// holds reports whether place p is what the want asks for.
func (w *want) holds(p *place, t *lock.Traits) bool {
	if t.AssignsPIN && (w.Place.PIN.IsZero() || p.PIN.IsZero()) {
		p = &place{PIN: w.Place.PIN, Name: p.Name, Window: p.Window, Weekly: p.Weekly, Native: p.Native, Enabled: p.Enabled, Blanked: p.Blanked}
	}
	return !p.Blanked && p.Weekly == "" && p.PIN == w.Place.PIN && p.Window.Equal(w.Place.Window) && p.Enabled == w.Place.Enabled &&
		(p.Name == w.Place.Name || t.NameMax == 0 || !t.UpdatesInPlace)
}

func (d *device) isRetired() bool { return !d.Removed.IsZero() }

// earliest returns the earlier of two instants, of which zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// trim cuts a name to n bytes at a character boundary. 0 means that names are not kept.
func trim(name string, n int) string {
	if len(name) <= n {
		return name
	}
	for n > 0 && name[n]&0xC0 == 0x80 {
		n--
	}
	return name[:n]
}

// words writes a duration as people say it: "30 min", "72 h", "2 h 5 min".
func words(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= 2*time.Hour {
		d = d.Round(time.Minute)
	}
	const day = 24 * time.Hour
	switch {
	case d >= 1000*time.Hour: // four digits in a row could be somebody's PIN
		return itoa(int64(d/day)) + " d " + itoa(int64(d%day/time.Hour)) + " h"
	case d >= 2*time.Hour && d%time.Hour == 0:
		return itoa(int64(d/time.Hour)) + " h"
	case d >= 2*time.Hour:
		return itoa(int64(d/time.Hour)) + " h " + itoa(int64(d%time.Hour/time.Minute)) + " min"
	case d >= time.Minute && d%time.Minute == 0:
		return itoa(int64(d/time.Minute)) + " min"
	case d >= 2*time.Minute:
		return itoa(int64(d/time.Minute)) + " min " + itoa(int64(d%time.Minute/time.Second)) + " s"
	}
	return itoa(int64(d/time.Second)) + " s"
}
