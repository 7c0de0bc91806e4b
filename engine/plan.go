package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

const (
	inHouseLook   = time.Hour        // how often a lock is looked at while somebody relies on a code
	digitsLook    = 15 * time.Second // after a code was asked for whose vendor computes the digits, when they are looked for; then ever later
	lockoutLook   = 5 * time.Minute  // how soon after it was seen a lockout is looked at again
	startLook     = time.Hour        // and how long before a start it is looked at once more
	removalGrace  = 5 * time.Minute  // after which an erase is late
	writeOnlyRest = 24 * time.Hour   // how long an erase on a lock that can't list must have been accepted to count
	digitsWithin  = time.Hour        // how long digits that the provider chooses may take to appear
	blankAfter    = 2                // erases without effect until the digits are overwritten instead
	orphanRest    = time.Minute      // after which what nobody wishes counts as gone if a cloud's list lacks it
	blankedFirst  = 5 * time.Minute  // from the last of them to the next
)

// intent is a call that the plan wants to be made.
type intent struct {
	Verb   CallVerb
	Code   *code // nil: observe, or an orphan
	Place  int   // an existing place; 0: a new one
	At     lock.Ref
	Want   place // of a set
	Blank  bool  // a set that only destroys the digits
	For    *code // of a clear: whom it makes room for
	Reason string
}

// issues reports whether the call only asks for digits that the lock will know without having been told.
func (i *intent) issues() bool { return i.Code != nil && i.Code.Offline != lock.OfflineNone }

// blocked is a code that is due but can't go on, with the issue that says why.
type blocked struct {
	Code     *code
	Issue    string
	Other    lock.CodeID
	OtherRef lock.Ref
}

// decision is the answer of plan: one call to make now, or when to think again, and why.
type decision struct {
	Call    *intent
	Wake    time.Time
	Why     why
	Blocked []blocked
	Whole   bool   // every code was thought about, so that who is not Blocked is not held up: not while a call is under way
	Gated   bool   // a call is due but the link's breaker holds it back
	Wants   []want // of each code, in order: what the rest of the step goes by
}

// wake moves the next thought to t, if that is sooner. The words are put together only then.
func (x *decision) wake(t time.Time, why string) {
	x.wakeFor(t, "", "", why)
}

func (x *decision) wakeFor(t time.Time, before string, id lock.CodeID, after string) {
	if t.IsZero() || !x.Wake.IsZero() && !t.Before(x.Wake) {
		return
	}
	x.Wake, x.Why = t, why{before, id, after}
}

// why says in words, perhaps of a code, what a wake is for.
type why struct {
	before string
	id     lock.CodeID
	after  string
}

func (y why) String() string { return y.before + string(y.id) + y.after }

// is reports whether s are the words.
func (y why) is(s string) bool {
	a, b := len(y.before), len(y.before)+len(y.id)
	return len(s) == b+len(y.after) && s[:a] == y.before && s[a:b] == string(y.id) && s[b:] == y.after
}

// view is what plan sees beside the device: it never changes anything.
type view struct {
	now    time.Time
	policy Policy
	opened time.Time // since when this engine runs: older looks don't count before an act
	gated  bool      // the link is down: no call may leave
	hub    bool      // and it is the hub's: what the cloud does alone may
	room   *room     // for the decision
}

// room is the memory that a decision is put together in. The next one uses it again.
type room struct {
	wants        []want
	clears, sets []job
	look         intent
}

type job struct {
	intent
	at time.Time // what the order goes by; those of one instant stay in the order of their codes
	// For sets only:
	fresh bool // needs a slot
}

// compare has what may not be there come after what is known to stand.
func (j job) compare(o job) int {
	last := func(j job) int {
		if j.Blank && j.At == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(j.at.Compare(o.at), cmp.Compare(last(j), last(o)))
}

// turn has a code that the lock has called itself full for come after those that it was not asked for: it gets few tries.
func (j job) turn(o job) int {
	rank := func(c *code) int {
		switch {
		case c.unpulled():
			return 2
		case c.noRoom():
			return 1
		}
		return 0
	}
	return cmp.Compare(rank(j.Code), rank(o.Code))
}

// plan decides what to do next with one device. It is pure: same device, same view, same answer.
//
// Order: the call in flight, what must be looked at, what must go, what must come (earliest start first), spares, routine
// looks.
func plan(d *device, v view) decision {
	r := v.room
	r.wants = d.wants(r.wants[:0], v.now, &v.policy)
	x := decision{Wants: r.wants}
	now, t := v.now, &d.Device.Traits
	if d.Flight != nil {
		d.edges(v, &x)
		return x
	}
	if d.Parked {
		return x
	}
	x.Whole = true
	clears, sets := r.clears[:0], r.sets[:0]
	look := d.lookDue(v, x.Wants)
	for i := range d.Orphans {
		o := &d.Orphans[i]
		if j, at := d.erase(v, nil, o); j != nil {
			clears = append(clears, *j)
		} else {
			look = look.sooner(at, "to see whether it is gone")
		}
		if !o.Cleared.IsZero() && slices.ContainsFunc(d.held, func(x entry) bool { return x.Waits }) {
			look = look.sooner(latest(o.Cleared.Add(orphanRest), d.again(1, &v.policy)), "others of ours wait until it is gone")
		}
	}
	for i, c := range d.codes {
		d.planCode(v, c, &x.Wants[i], &clears, &sets, &look, &x)
	}
	r.clears, r.sets = clears, sets
	slices.SortStableFunc(clears, job.compare)
	slices.SortStableFunc(sets, job.compare)
	if d.Refusals > manyRefusals {
		slices.SortStableFunc(sets, job.turn)
	}

	act := d.pick(v, clears, sets, &x)
	listable := !t.CannotList && (act == nil || !act.issues())
	switch {
	case act != nil && listable && d.mustLook(v, act):
		look = look.sooner(now, "to know the lock before changing it")
		act = nil
	case act != nil && listable && look.due(now) && (look.urgent || d.refuses()):
		act = nil
	}
	if act == nil && look.due(now) {
		r.look = intent{Verb: CallObserve, Reason: look.why}
		act = &r.look
	}
	d.edges(v, &x)
	if act != nil {
		switch {
		case v.gated && !(v.hub && act.issues()):
			x.Gated = true // the link's probe wakes it
		case now.Before(d.RetryAt) && !d.edgeSince(v, d.FailedAt, x.Wants):
			x.wake(d.RetryAt, "backing off after a failed call")
		default:
			x.Call = act
		}
		return x
	}
	x.wake(look.at, look.why)
	return x
}

// refuses reports whether the lock itself answers no to one write after another: then each failure makes it wait, and a look
// that is due must not wait behind them all.
func (d *device) refuses() bool { return d.Refusals > manyRefusals && d.Failures == 0 }

// planCode adds what one code needs to the lists.
func (d *device) planCode(v view, c *code, w *want, clears, sets *[]job, look *lookAt, x *decision) {
	now, t := v.now, &d.Device.Traits
	// away erases a place, for a reason of its own unless that is "", or looks whether it is gone.
	away := func(p *place, why string) {
		if w.On && d.relied(now, c, p) {
			return
		}
		j, at := d.erase(v, c, p)
		if j == nil {
			*look = look.sooner(at, "to see whether it is gone")
			return
		}
		j.Reason = cmp.Or(why, j.Reason)
		*clears = append(*clears, *j)
	}
	if !w.On || c.Offline != lock.OfflineNone && len(c.Places) > 0 && !c.Places[0].Accepted.IsZero() {
		for i := range c.Places {
			if p := &c.Places[i]; c.Offline != lock.OfflineNone {
				if p.PIN.IsZero() && w.On && !t.CannotList {
					*look = look.sooner(latest(p.Accepted, d.Look.At).Add(max(digitsLook, d.Look.At.Sub(p.Accepted)/2)), "to see which digits it was given")
				}
				continue // digits that the lock was never told can't be taken from it
			}
			away(&c.Places[i], "")
		}
		if b := d.outsider(c); b != nil && !c.isOver(now) && len(c.Places) == 0 {
			x.Blocked = append(x.Blocked, *b) // not due yet, and known to fail then
		}
		return
	}
	if !c.Contended.IsZero() {
		stands := func(o place) bool { return o.PIN == c.PIN && d.settled(now, &o, &v.policy) }
		for i := range c.Places {
			// What is fought over stays as it is. Digits that the code had before are no part of that.
			if p := &c.Places[i]; p.PIN != c.PIN && !p.Hand && !p.lost() && slices.ContainsFunc(c.Places, stands) {
				away(p, "the code has other digits by now")
			}
		}
		return // edges wakes when it ends
	}
	var match, old *place
	for i := range c.Places {
		p := &c.Places[i]
		switch holds := w.holds(p, t) && !p.replaced() && (p.Cleared.IsZero() || !t.CannotList || c.unpulled()); {
		case holds && (match == nil || match.Accepted.IsZero()):
			match = p
		case old == nil || !p.lost() && (p.Cleared.IsZero() || !old.Cleared.IsZero()):
			old = p
		}
	}
	if old != nil && match == nil && old.lost() {
		old = nil // nothing of it is there; once the new one stands it is forgotten
	}
	leftover := func() { // of a code that the lock refuses: other digits than its own are nobody's
		if old != nil && !old.Doubt && !old.PIN.IsZero() && old.PIN != c.PIN {
			away(old, "the code has other digits by now")
		}
	}
	if match != nil && old != nil && !old.Doubt && w.Native && now.Before(c.From) && old.opens(now) {
		away(old, "it opens before its time")
	}
	if match != nil {
		if !match.Cleared.IsZero() && !t.CannotList {
			*look = look.sooner(d.goneLook(v, match), "to see whether it is gone") // it made room, or was not due for a while
		} else if match.Doubt || match.Accepted.IsZero() {
			switch {
			case c.Refused != "" && c.Refused == w.Place.fingerprint():
				leftover() // it was refused for good, and is not asked again
			case t.CannotList && match.lost() && now.Before(c.NextTry): // edges wakes then
			case t.CannotList:
				*sets = append(*sets, job{intent: intent{Verb: CallSet, Code: c, Place: match.ID, At: match.Ref, Want: *match, Reason: "it may not have landed, and the lock can't be asked"}, at: start(c), fresh: c.Crowded && match.lost() && !t.ClientSlots})
			case match.lost():
				if b, wait := d.clash(now, c, w.Place.PIN, w.Place.Window); b != nil {
					if !wait { // another has taken its digits meanwhile
						x.Blocked = append(x.Blocked, *b)
					}
				} else if !now.Before(c.NextTry) { // edges wakes then
					again := w.Place
					again.Slot = match.Slot
					// A lock without room is written to again once there is some, as if for the first time.
					fresh := c.Crowded && !t.ClientSlots
					*sets = append(*sets, job{intent: intent{Verb: CallSet, Code: c, Place: match.ID, Want: again, Reason: "it is not there: once more"}, at: start(c), fresh: fresh})
				}
			}
		} else if never := match.Wrote.Add(digitsWithin); t.AssignsPIN && match.PIN.IsZero() && !match.Pending && !now.Before(never) {
			away(match, "its digits never came")
		} else if at, why := d.confirmAt(v, match); !at.IsZero() {
			*look = look.sooner(at, why)
			if t.AssignsPIN && match.PIN.IsZero() && now.Before(never) {
				x.wake(never, "its digits should have come")
			}
		}
		for i := range c.Places {
			// Nobody relies on an unpulled spare, of which one that is shown will do.
			if p := &c.Places[i]; old != nil && p != match && !p.lost() && (d.settled(now, match, &v.policy) || c.unpulled() && !match.Seen.IsZero()) {
				away(p, "its new form is there")
			}
		}
		return
	}
	if b, wait := d.clash(now, c, w.Place.PIN, w.Place.Window); b != nil {
		if !wait {
			x.Blocked = append(x.Blocked, *b)
		}
		return
	}
	if c.Refused != "" && c.Refused == w.Place.fingerprint() {
		leftover()
		return
	}
	if now.Before(c.NextTry) {
		return // edges wakes then
	}
	j := job{intent: intent{Verb: CallSet, Code: c, Want: w.Place, Reason: w.Reason}, at: start(c), fresh: c.Offline == lock.OfflineNone}
	if old == nil {
		*sets = append(*sets, j)
		return
	}
	assigned := t.AssignsPIN && old.PIN != w.Place.PIN // only the provider can give it other digits, and only once it is gone
	switch serves := old.PIN == c.PIN && !old.Blanked; {
	case (old.Doubt || !old.Missed.IsZero() && old.PIN != w.Place.PIN) && !t.CannotList:
		// A look comes first.
	case !old.Cleared.IsZero() && t.CannotList:
		*sets = append(*sets, j) // that the old one is gone will never be known
	case d.relied(now, c, old) && !(old.Ref != "" && t.UpdatesInPlace):
		j.Reason = "what was written may stand in another form, and the lock can't be asked"
		*sets = append(*sets, j)
	case !old.Cleared.IsZero():
		away(old, "")
	case old.Ref != "" && !assigned && (t.UpdatesInPlace || t.Stages && old.PIN == w.Place.PIN && old.Weekly == "" && old.Window.Equal(w.Place.Window)):
		j.Place, j.At, j.fresh = old.ID, old.Ref, false
		j.Reason = "changes what the lock holds"
		*sets = append(*sets, j)
	case !assigned && old.PIN != w.Place.PIN && d.free() > 0:
		j.Reason = "the new one comes before the old one goes"
		*sets = append(*sets, j)
	case serves && c.inHouse(now) && !c.AcceptGap && old.opens(now) && old.Weekly == "":
		x.Blocked = append(x.Blocked, blocked{Code: c, Issue: "gap_not_accepted"})
		x.wake(old.Window.To, "the door is shut then, and the change has nothing to wait for")
		for i := range c.Places {
			if p := &c.Places[i]; p.PIN != c.PIN && !p.lost() && d.settled(now, old, &v.policy) {
				away(p, "the code has other digits by now")
			}
		}
	default:
		away(old, "makes way for its new form")
	}
}

// opens reports whether the place opens the door now, as far as is known.
func (p *place) opens(now time.Time) bool {
	return !p.Accepted.IsZero() && !p.Blanked && !p.Disabled && p.Enabled && (p.Window.IsZero() || p.Window.Contains(now))
}

// start is the instant that orders sets.
func start(c *code) time.Time {
	if c.unpulled() {
		return c.Created.AddDate(100, 0, 0) // spares come last
	}
	if c.From.IsZero() {
		return c.Created
	}
	return c.From
}

// pick chooses the first job that can be done, and says which codes are held up.
func (d *device) pick(v view, clears, sets []job, x *decision) *intent {
	var act *intent
	if i := slices.IndexFunc(sets, func(j job) bool { return j.issues() }); i >= 0 {
		act = &sets[i].intent // the lock is not needed for it, so nothing at the lock may keep it waiting
	} else if len(clears) > 0 {
		act = &clears[0].intent
	}
	t := &d.Device.Traits
	free, going := d.free(), d.going()+len(clears)
	crowded := slices.ContainsFunc(d.codes, (*code).crowded)
	for i := range sets {
		j := &sets[i]
		switch {
		case j.fresh && j.Code.unpulled() && crowded:
			// What room there is belongs to whom the lock has no room for.
		case !j.fresh:
			act = cmp.Or(act, &j.intent)
			continue
		case t.Slots == 0 || free+j.Code.vacant() > 0:
			if j.Code.Crowded {
				if room := d.room(v, j); room != nil {
					act = cmp.Or(act, room) // comes before its write
				}
			}
			free--
			if act == nil && t.ClientSlots {
				j.Want.Slot = d.slot()
			}
			act = cmp.Or(act, &j.intent)
			continue
		case going > 0 && !j.Code.unpulled():
			going-- // what makes room for it is on its way out
			if !t.CannotList {
				continue
			}
		default:
			if room := d.room(v, j); room != nil {
				act = cmp.Or(act, room)
				continue
			}
		}
		if !j.Code.unpulled() {
			x.Blocked = append(x.Blocked, blocked{Code: j.Code, Issue: "no_space_for_access_code_on_device"})
		}
	}
	return act
}
