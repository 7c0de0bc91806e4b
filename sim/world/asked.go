package world

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Some promises are broken by asking: what is judged here is a call at the instant it leaves, against what the lock really
// holds.

// call judges a call that leaves now.
func (j *judge) call(now time.Time, c engine.Call) {
	d := j.device(c.Device)
	if !d.deadline.IsZero() {
		j.breach(now, RuleOneEffect, c.Device, c.Want.Code, "a call leaves while another one is under way")
	}
	d.deadline, d.looking = c.Deadline, c.Verb == engine.CallObserve
	j.digits.learn(c.Want.PIN)
	d.write(c.Want.PIN)
	if c.Blank {
		if j.known(now, d, c) {
			j.breach(now, RuleWindow, c.Device, c.Want.Code, "it is overwritten with digits that somebody knows")
		}
		d.blanks = append(d.blanks, c.Want.PIN)
		d.blanks = d.blanks[max(0, len(d.blanks)-maxWrote):]
	}
	if c.Verb == engine.CallObserve || d.Retired {
		return
	}
	held := j.memory(c.Device)
	if i := slices.IndexFunc(held, func(m sim.Memory) bool { return target(c, m) }); i >= 0 {
		j.touches(now, d, c, held[i])
	}
	if c.Verb == engine.CallClear {
		return
	}
	if c.Want.Slot > 0 {
		d.places[c.Want.Slot] = true
		d.slots[c.Want.Slot] = c.Want.Code
	}
	if !c.Blank {
		j.asks(now, d, c)
		j.shares(now, d, c, held)
	}
	if c.At == "" && c.Want.Slot > 0 {
		if _, unsure := d.erasing[c.Want.Slot]; unsure {
			j.breach(now, RuleSlotReuse, c.Device, c.Want.Code, "a slot is written while the erase of what it held is not confirmed")
		}
	}
}

// known reports whether digits that are to overwrite a code are its own, or those of a code that is live.
func (j *judge) known(now time.Time, d *watched, c engine.Call) bool {
	return slices.ContainsFunc(d.codes, func(id lock.CodeID) bool {
		w := j.wishes[id]
		return w != nil && (id == c.Want.Code || w.live(now)) && (w.Told.PIN == c.Want.PIN || slices.Contains(w.stood, c.Want.PIN))
	})
}

// target reports whether the call replaces or erases that entry.
func target(c engine.Call, m sim.Memory) bool {
	if c.At != "" {
		return m.Ref == c.At
	}
	return c.Verb == engine.CallSet && c.Want.Slot > 0 && m.Slot == c.Want.Slot
}

// touches judges a call that replaces or erases an entry.
func (j *judge) touches(now time.Time, d *watched, c engine.Call, m sim.Memory) {
	if m.Foreign && m.Code == "" && !m.Ghost && !slices.Contains(d.wrote, m.PIN) && !d.Permits[m.Ref] && d.knew(m) && !j.mistaken(d, c, m) {
		j.breach(now, RuleForeign, c.Device, c.Want.Code, string(c.Verb)+" of an entry that somebody else put on the lock")
	}
	if c.Verb != engine.CallClear {
		if c.At == "" && !m.Foreign && m.Code != "" && m.Code != c.Want.Code && (d.knew(m) || d.written[m.Ref]) && !j.relic(now, d, c, m) {
			j.breach(now, RuleSlotReuse, c.Device, c.Want.Code, "a slot is written that holds the entry of another code: "+string(m.Code))
		}
		if !j.admits(now, c, m) && j.relied(now, d, m) {
			j.breach(now, RuleInHouse, c.Device, m.Code, "the entry of a guest in the house is changed to one that does not let them in")
		}
		return
	}
	if j.relied(now, d, m) {
		j.breach(now, RuleInHouse, c.Device, m.Code, "the entry of a guest in the house is erased before its replacement works")
	}
	if d.Device.Traits.ClientSlots {
		d.erasing[m.Slot] = m.Ref
	}
}

// relic reports whether what a write goes over is of a code that is over, and came to the slot when the last write to it, of the code
// that is written, was on its way already: the slot was empty by what was shown.
func (j *judge) relic(now time.Time, d *watched, c engine.Call, m sim.Memory) bool {
	w := j.wishes[m.Code]
	return d.slots[m.Slot] == c.Want.Code && (w == nil || !w.live(now))
}

// admits reports whether an entry will open for the same people as before once the set is done.
func (j *judge) admits(now time.Time, c engine.Call, m sim.Memory) bool {
	from, to := c.Want.Window.From, c.Want.Window.To
	return c.Want.Code == m.Code && c.Want.Enabled && (c.Want.PIN.IsZero() || c.Want.PIN == m.PIN) && !from.After(now) && (to.IsZero() || to.After(now))
}

// shares judges digits that another code has at the same time.
func (j *judge) shares(now time.Time, d *watched, c engine.Call, held []sim.Memory) {
	if c.Want.PIN.IsZero() || !c.Want.Enabled || d.fooled {
		return
	}
	for _, m := range held {
		if m.PIN == c.Want.PIN && m.Code != c.Want.Code && m.Ref != c.At && m.Code != "" && !m.Foreign && !m.Ghost && m.Enabled &&
			overlap(m.Window, c.Want.Window) && j.clash(d, c.Want.Code, m.Code, now) {
			j.breach(now, RuleUnique, c.Device, c.Want.Code, "the digits of another live code of this door are written: "+string(m.Code))
		}
	}
}

// overlap is the checkers' own idea of half-open windows that share an instant.
func overlap(a, b lock.Window) bool {
	return (a.To.IsZero() || b.From.Before(a.To)) && (b.To.IsZero() || a.From.Before(b.To))
}

// write notes digits that the engine asks the lock to hold.
func (d *watched) write(p lock.PIN) {
	if p.IsZero() || slices.Contains(d.wrote, p) {
		return
	}
	if len(d.wrote) == maxWrote {
		d.wrote = slices.Delete(d.wrote, 0, 1)
	}
	d.wrote = append(d.wrote, p)
}

// knew reports whether the engine was shown that foreign entry: what it never saw it can't spare. What a list of before shows in its
// place, with a name that it has not, is another.
func (d *watched) knew(m sim.Memory) bool {
	i := slices.IndexFunc(d.entries, func(s seen) bool { return s.Ref == m.Ref && s.Slot == m.Slot })
	return i >= 0 && !d.look.At.IsZero() && d.entries[i].since.Before(d.look.At) &&
		slices.ContainsFunc(d.look.Held, func(h lock.Held) bool {
			return h.Ref == m.Ref && (h.PIN.IsZero() || h.PIN == m.PIN) && (h.Tag == m.Tag || m.Tag != "")
		})
}

// mistaken reports whether what stands in the place of a code may be the code's own, changed by hand, as far as the lock shows:
// its digits are hidden, or it keeps no names. A place to which no code of ours ever went is nobody's but theirs.
func (j *judge) mistaken(d *watched, c engine.Call, m sim.Memory) bool {
	return (d.Device.Traits.HidesPIN || d.Device.Traits.NameMax == 0) && c.Code != "" && (d.places[m.Slot] || j.resumed)
}

// relied reports whether a guest in the house relies on that entry alone.
func (j *judge) relied(now time.Time, d *watched, m sim.Memory) bool {
	w := j.wishes[m.Code]
	if w == nil || m.Foreign || w.Device != d.Device.ID || w.Told.IsZero() || w.Told.PIN != m.PIN || w.Gap || !w.within(now) {
		return false
	}
	if (w.Extern || j.policy(d).External == engine.ExternalAllow) && j.byHand(d, w) {
		return false // people at the lock may have ended it
	}
	if end := w.over().Truncate(min(d.Device.Traits.Granularity, time.Minute)); !end.IsZero() && !end.After(now) {
		return false // its end is rounded down silently by as much, so that the lock has ended it
	}
	if !m.Window.IsZero() && !m.Window.Contains(now) {
		return false // the lock was told to keep it shut; that it does not obey shows only to who types it
	}
	if of := j.wishes[w.For]; d.shownShut(m.Ref, now) || of != nil && of.Offl != lock.OfflineNone {
		return false // a spare ends with its code, and an algorithmic one a little sooner than wished
	}
	opens := false
	for _, o := range j.wouldOpen(d.Device.ID) {
		if o.Ref == m.Ref {
			opens = true
			continue
		}
		if other := j.wishes[o.Code]; o.Code == w.Code || other != nil && other.For == w.Code {
			return false // something else lets the guest in
		}
	}
	return opens
}

// shownShut reports whether the last look showed that entry as one that opens nothing by now, so that nobody seemed to rely on it.
func (d *watched) shownShut(ref lock.Ref, now time.Time) bool {
	i := slices.IndexFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == ref })
	if i < 0 {
		return false
	}
	h := d.look.Held[i]
	return !h.Enabled || !h.Window.IsZero() && !h.Window.Contains(now)
}

// asks judges what a set wants the lock to hold.
func (j *judge) asks(now time.Time, d *watched, c engine.Call) {
	w := j.wishes[c.Want.Code]
	if w != nil && w.sent.IsZero() {
		w.sent, w.asked = now, c.Want.PIN
	}
	switch {
	case w == nil:
		if c.At == "" && !j.spare(d) {
			j.breach(now, RuleWindow, c.Device, c.Want.Code, "a code that nobody asked for is written")
		}
		return
	case !w.live(now):
		harmless := !c.Want.Enabled || c.Want.Window.Ended(now) || c.At != "" && c.Want.PIN.IsZero()
		if !harmless && !j.blank(w, c.Want.PIN) {
			j.breach(now, RuleWindow, c.Device, c.Want.Code, "a code is written after its end")
		}
		return // other digits overwrite what can't be erased
	}
	hands := j.byHand(d, w)
	if !hands && !w.Told.IsZero() && !c.Want.PIN.IsZero() && c.Want.PIN != w.Told.PIN {
		j.breach(now, RuleTold, c.Device, c.Want.Code, "other digits are written than those that were told")
	}
	if !c.Want.Enabled || w.Offl != lock.OfflineNone || hands {
		return
	}
	early, late := j.guard(d, w)
	from := c.Want.Window.From
	if from.Before(now) {
		from = now // it opens as soon as it is written
	}
	if w.Window.From.Sub(from) > early {
		j.breach(now, RuleWindow, c.Device, c.Want.Code, "the lock is asked to open too long before the start")
	}
	if win := c.Want.Window; win.Bounded() && w.Window.Bounded() && win.To.Sub(w.Window.To) > late {
		j.breach(now, RuleWindow, c.Device, c.Want.Code, "the lock is asked to open beyond the end")
	}
}

// byHand reports whether people at the lock may have changed the digits and the window of a code in a way that counts: they are
// allowed to, and somebody or something has been at that lock.
func (j *judge) byHand(d *watched, w *wish) bool {
	return (w.Extern || j.policy(d).External != engine.ExternalEnforce) && (d.meddled || j.resumed)
}

// spare reports whether codes that no command named may stand on the lock: its pool's.
func (j *judge) spare(d *watched) bool { return d.Pool || j.resumed }

// guard is how far an entry may reach over the edges of its wish: the lead of just-in-time writes, or the grain of the
// lock, and what a lock without a notion of summer time needs.
func (j *judge) guard(d *watched, w *wish) (early, late time.Duration) {
	p, t := j.policy(d), &d.Device.Traits
	switch {
	case p.JITEarly == engine.EarlyForbid, p.JITEarly == engine.EarlyStage && t.Stages:
	default:
		early = p.JITLead
	}
	early = max(early, t.Granularity, time.Second)
	if t.DSTNaive {
		from, to := w.Window.From.Add(-p.NativeLead), w.Window.To
		if to.IsZero() {
			to = from.Add(365 * 24 * time.Hour)
		}
		if d.shifts(from, to) {
			early, late = max(early, time.Hour), time.Hour
		}
	}
	return early, late
}

// shifts reports whether clocks change at the lock's place in that span. Its zone is loaded once.
func (d *watched) shifts(from, to time.Time) bool {
	name := d.Device.Traits.Zone
	if d.zone == nil || d.zoned != name {
		d.zone, d.zoned = time.UTC, name // an unknown zone never changes
		if zone, err := lock.LoadZone(name); err == nil {
			d.zone = zone
		}
	}
	_, shifts := lock.CrossesIn(d.zone, from, to)
	return shifts
}
