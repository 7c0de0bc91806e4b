package world

import (
	"maps"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Most promises are judged by the door: by what a lock holds and what would open it, against what was wished.

// never is an instant that no world reaches.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// inspect judges a lock at t and returns the next instant at which it is to be judged although nothing happens; zero: none.
func (j *judge) inspect(d *watched, t time.Time) time.Time {
	if d.Retired {
		d.entries = nil
		j.meter.read(j, d, nil, t)
		return time.Time{}
	}
	mem := j.memory(d.Device.ID)
	j.robbed(d, mem, t)
	if most := d.Device.Traits.Slots; most > 0 && max(len(mem), len(d.entries)) >= most {
		d.filled = t
	}
	if changed := d.remember(mem, t); changed && !j.working(d, t) {
		d.fooled, d.meddled, d.misled = true, true, t // a hand, or a message that was long on its way
	}
	next := never
	at := func(edge time.Time) {
		if edge.After(t) && edge.Before(next) {
			next = edge
		}
	}
	for i := range d.entries {
		m := &d.entries[i]
		j.digits.learn(m.PIN)
		if m.Foreign || m.Ghost || m.Code == "" {
			continue
		}
		at(m.Window.From)
		at(m.Window.To)
		if w := j.wishes[m.Code]; w != nil {
			if w.live(t) && !slices.Contains(d.blanks, m.PIN) {
				w.stand(m.PIN)
			}
			early, late := j.guard(d, w)
			at(w.Window.From.Add(-early))
			at(w.Window.To)
			at(w.Window.To.Add(late))
		}
	}
	open := j.wouldOpen(d.Device.ID)
	j.meter.read(j, d, open, t)
	for _, m := range open {
		if !m.Foreign && !m.Ghost && m.Code != "" && m.Offline == lock.OfflineNone {
			at(j.windowed(d, m, t))
		}
	}
	at(j.pairs(d, t))
	at(j.arrivals(d, t))
	j.prune(d, t)
	if next.Equal(never) {
		return time.Time{}
	}
	return next
}

// robbed notes of which codes a hand took an entry away: no call to that lock but a look was under way.
func (j *judge) robbed(d *watched, mem []sim.Memory, t time.Time) {
	if len(mem) >= len(d.entries) || j.working(d, t) && !d.looking {
		return
	}
	for _, s := range d.entries {
		if w := j.wishes[s.Code]; w != nil && !slices.ContainsFunc(mem, func(m sim.Memory) bool { return m.Ref == s.Ref && m.Slot == s.Slot }) {
			w.robbed = t
		}
	}
}

// working reports whether the engine may have changed the lock at t: while it is stopped, by what was under way then.
func (j *judge) working(d *watched, t time.Time) bool {
	return !d.deadline.IsZero() || d.ended.Equal(t) || j.halted && t.Before(d.left) || t.Sub(j.began) < grace
}

// remember keeps what the lock holds, with the time since when each entry stands there in its form. It reports whether
// anything but an absence is new.
func (d *watched) remember(mem []sim.Memory, t time.Time) (changed bool) {
	entries := d.spare[:0]
	k := 0 // both lists are in the order of their slots
	for i := range mem {
		m := &mem[i]
		for k < len(d.entries) && d.entries[k].Slot < m.Slot {
			k++
		}
		if k < len(d.entries) && d.entries[k].Ref == m.Ref && same(&d.entries[k].Memory, m) {
			entries = append(entries, d.entries[k])
			entries[i].Memory = *m
		} else {
			entries = append(entries, seen{Memory: *m, since: t})
			changed = true
		}
		if !m.Foreign && m.Code != "" && !d.places[m.Slot] {
			d.places[m.Slot] = true
		}
	}
	d.entries, d.spare = entries, d.entries
	absent := func(ref lock.Ref) bool {
		for i := range mem {
			if mem[i].Ref == ref {
				return false
			}
		}
		return true
	}
	maps.DeleteFunc(d.written, func(ref lock.Ref, _ bool) bool { return absent(ref) })
	gone := func(ref lock.Ref, _ time.Time) bool {
		return absent(ref) && !slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == ref && h.Pending })
	}
	maps.DeleteFunc(d.acked, gone)
	maps.DeleteFunc(d.blanked, gone)
	maps.DeleteFunc(d.erases, gone)
	return changed
}

// same reports whether an entry opens the same door for the same people as before.
func same(a, b *sim.Memory) bool {
	return a.Code == b.Code && a.PIN == b.PIN && a.Window.Equal(b.Window) && a.Enabled == b.Enabled && a.Foreign == b.Foreign
}

// entry returns what is remembered of an entry.
func (d *watched) entry(m sim.Memory) *seen {
	for i := range d.entries {
		if s := &d.entries[i]; s.Slot == m.Slot && s.Ref == m.Ref {
			return s
		}
	}
	return &seen{Memory: m}
}

// windowed judges an entry that would open the door at t. It returns when to look again if it is excused for a while only.
func (j *judge) windowed(d *watched, m sim.Memory, t time.Time) time.Time {
	w := j.wishes[m.Code]
	var since time.Time
	text := "it opens after its end"
	switch {
	case w == nil && (j.spare(d) || slices.Contains(d.blanks, m.PIN)): // digits that nobody knows
		return time.Time{}
	case w == nil && !d.Drained.IsZero():
		since, text = d.Drained, "a spare opens although the pool is off"
		if e, ok := d.erases[m.Ref]; ok && e.Before(since) {
			since = e // it was to go before, and the next try waits as after any failure
		}
	case w == nil:
		text = "an entry opens that nobody asked for"
	case w.Left:
		return time.Time{}
	case w.Device != d.Device.ID:
		since, text = w.Since, "it opens a door that it was moved away from"
	default:
		if j.byHand(d, w) {
			if w.live(t) || w.Gone.IsZero() && m.Window.Bounded() && m.Window.Contains(t) {
				return time.Time{} // people at the lock may have moved its window
			}
		}
		early, late := j.guard(d, w)
		ok, from := w.open(t, early)
		if ok || !from.IsZero() && w.Gone.IsZero() && late > 0 && t.Before(w.Window.To.Add(late)) {
			return time.Time{}
		}
		serves, until := j.inherited(d, w, m, t)
		if serves {
			return until
		}
		if until.After(from) {
			from = until
		}
		if since = from; w.live(t) {
			text = "it opens too long before its start"
		}
		switch {
		case !m.Window.IsZero() && !m.Window.Contains(t) && w.live(t):
			return time.Time{} // the lock was told right and does not obey, or its clock is off; what has ended is to be erased anyway
		case w.contended && w.live(t):
			return time.Time{} // and was told to be
		case slices.Contains(d.blanks, m.PIN), !w.live(t) && j.blank(w, m.PIN):
			return time.Time{} // nobody knows the digits
		}
	}
	if until := latest(j.excused(d, m, since, t), j.unveiled(d, m, since, t)); until.After(t) {
		return until
	}
	j.breach(t, RuleWindow, d.Device.ID, m.Code, text)
	return time.Time{}
}

// unveiled returns until when an entry may open that was not to be seen before, since it was shown: if it was to be erased before, that
// has failed as it seems now, and the next try waits as long as after any failure. Shown again without digits and name it may be anybody's.
func (j *judge) unveiled(d *watched, m sim.Memory, since, t time.Time) time.Time {
	e := d.entry(m)
	since = latest(since, e.since)
	hidden := j.deceived(d, m, since)
	if !hidden && e.opened.hidden && d.nameless(m.Ref) {
		return never // each look has this judged again
	}
	shown := e.opened.see(hidden, t)
	if tried, ok := d.erases[m.Ref]; ok && !shown.IsZero() && !tried.Before(since) {
		return shown.Add(j.patience(d, shown))
	}
	return shown.Add(grace)
}

// inherited reports whether an entry of a stay that is over serves another stay of the same holder now, since adjacent stays
// with the same digits may share one; and until when it does, or last did.
func (j *judge) inherited(d *watched, w *wish, m sim.Memory, t time.Time) (serves bool, until time.Time) {
	if w.Holder == "" || !w.Gone.IsZero() {
		return false, time.Time{}
	}
	for _, id := range d.codes {
		o := j.wishes[id]
		if o == nil || o == w || o.Device != w.Device || o.Holder != w.Holder || o.Told.PIN != m.PIN && (o.Common == "" || o.Common != w.Common) {
			continue
		}
		early, _ := j.guard(d, o)
		opens, _ := o.open(t, early)
		switch end := o.over(); {
		case opens:
			return true, end
		case !end.IsZero() && !end.After(t) && end.After(until):
			until = end
		}
	}
	return false, until
}

// blank reports whether digits that stand on the lock for a code never were the code's own: then they overwrite what can't
// be erased, and nobody knows them.
func (j *judge) blank(w *wish, p lock.PIN) bool {
	return !p.IsZero() && p != w.Told.PIN && !slices.Contains(w.stood, p) && (len(w.stood) > 0 || !w.Told.IsZero() || j.resumed)
}

// excused returns until when an entry that should not open may do so, because erasing it was impossible or is under way:
// since is when it should have been shut.
func (j *judge) excused(d *watched, m sim.Memory, since, t time.Time) time.Time {
	if stood := d.entry(m).since; stood.After(since) {
		since = stood
	}
	if j.halted || j.deceived(d, m, since) {
		return never
	}
	until := since.Add(grace)
	later := func(x time.Time) {
		if x.After(until) {
			until = x
		}
	}
	if !d.deadline.IsZero() {
		later(d.deadline.Add(grace))
	}
	later(j.began.Add(grace))
	if e, ok := d.erases[m.Ref]; ok && !e.Before(since) {
		later(e.Add(j.patience(d, e))) // the lock does not do as it is told
	}
	if !d.erase.Before(since) {
		later(d.erase.Add(grace)) // others were before it
	}
	if blanked, ok := d.blanked[m.Ref]; ok && d.masks(m.Ref) && !blanked.Before(since) {
		later(d.erase.Add(unseen)) // its digits should be others by now, and can't be seen
	}
	wait := func(l *link, least int, atLeast time.Duration) {
		if l.down.IsZero() {
			later(l.up.Add(grace))
		} else if l.fails >= least {
			later(l.down.Add(max(j.patience(d, l.down), atLeast)))
			later(l.resume.Add(grace))
		}
	}
	wait(&d.line, 1, 0)
	for _, l := range j.linked(d) {
		wait(l, many, probing+grace)
	}
	return until
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// masks reports whether the digits of an entry can't be seen: never, or because the last look has left them out.
func (d *watched) masks(ref lock.Ref) bool {
	return d.Device.Traits.HidesPIN || slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == ref && h.PIN.IsZero() })
}

// nameless reports whether the last look showed an entry with neither digits nor a name of ours.
func (d *watched) nameless(ref lock.Ref) bool {
	return slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == ref && h.PIN.IsZero() && h.Tag == "" })
}

// patience is how long a lock may be left alone after a try at an instant: by the policy of now, or by that of then.
func (j *judge) patience(d *watched, tried time.Time) time.Duration {
	most := j.policy(d).BackoffMax
	if tried.Before(d.ruled) {
		most = max(most, d.ruling)
	}
	return time.Duration(float64(most)*jitter) + grace
}

// deceived reports whether the engine can't know that the entry opens: because the lock tells nothing, because the
// cloud tells of itself, or because a fault or a hand made it tell something else.
func (j *judge) deceived(d *watched, m sim.Memory, since time.Time) bool {
	t := d.Device.Traits
	if t.CannotList && d.fooled {
		return true
	}
	acked, erased := d.acked[m.Ref]
	if erased && (t.CannotList || t.CloudList) && !acked.Before(since) {
		return true // there is no more to do, and nothing else to be seen
	}
	if erased && !acked.Before(since) && t.HidesPIN && t.NameMax > 0 && slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == m.Ref && h.Tag == "" }) {
		return true // a hand has renamed it; with its digits hidden it looks like what somebody wrote once it was erased
	}
	if !d.fooled && !t.CloudList {
		return false
	}
	if d.look.At.Before(since) {
		return d.fooled || j.resumed // it was not shown yet
	}
	for _, h := range d.look.Held {
		if h.Ref != m.Ref {
			continue
		}
		if erased && h.Pending {
			return true // the cloud has yet to pass the erase on, perhaps behind a write that was late
		}
		hidden := t.HidesWindow && !m.Window.IsZero()
		return !h.Enabled || hidden || !h.Window.IsZero() && !h.Window.Contains(d.look.At)
	}
	return true
}

// coming reports whether the last look called an entry not yet on the lock.
func (d *watched) coming(ref lock.Ref) bool {
	return slices.ContainsFunc(d.look.Held, func(h lock.Held) bool { return h.Ref == ref && h.Pending })
}

// pairs judges entries that stand side by side. It returns when to look again.
func (j *judge) pairs(d *watched, t time.Time) time.Time {
	next := never
	clear(j.byCode)
	clear(j.byPIN)
	for i := range d.entries {
		a := &d.entries[i]
		if a.Foreign || a.Ghost || a.Code == "" {
			continue
		}
		if b := j.byCode[a.Code]; b != nil {
			if until := j.replaces(d, a, b, t); until.After(t) && until.Before(next) {
				next = until
			}
		}
		if b := j.byPIN[a.PIN]; b != nil && b.Code != a.Code && !d.fooled && overlap(a.Window, b.Window) && j.clash(d, a.Code, b.Code, t) {
			j.breach(t, RuleUnique, d.Device.ID, a.Code, "another live code of this door has the same digits on the lock: "+string(b.Code))
		}
		j.byCode[a.Code] = a
		if !a.PIN.IsZero() {
			j.byPIN[a.PIN] = a
		}
	}
	return next
}

// replaces judges two entries of one code and returns until when they may stand side by side.
func (j *judge) replaces(d *watched, a, b *seen, t time.Time) time.Time {
	since := a.since
	if b.since.After(since) {
		since = b.since
	}
	if a.PIN == b.PIN && a.Window.Equal(b.Window) && a.Enabled == b.Enabled && !d.fooled {
		j.breach(t, RuleOneEffect, d.Device.ID, a.Code, "the lock holds it twice")
		return time.Time{}
	}
	older, newer := a, b
	if b.since.Before(a.since) {
		older, newer = b, a
	}
	if slices.ContainsFunc(d.entries, func(s seen) bool { return s.Code == a.Code && !s.Foreign && s.since.After(since) }) {
		return never // both go when that is there
	}
	if w := j.wishes[a.Code]; w != nil && w.Since.After(since) {
		since = w.Since // it was changed once more, and its last form is to come
	}
	hidden := d.fooled && (j.deceived(d, newer.Memory, since) || d.coming(newer.Ref))
	shown := newer.came.see(hidden, t)
	if hidden {
		return never // by what was shown it never came: each look has this judged again
	}
	until := since.Add(replacing)
	if d.Device.Traits.CloudList { // until the cloud is believed that the new one is there the old one stays
		until = latest(since, shown).Add(max(replacing, j.policy(d).ConfirmWithin+grace))
	}
	if x := j.excused(d, older.Memory, since, t); x.After(until) {
		until = x
	}
	if x := d.erase.Add(j.patience(d, d.erase)); !d.erase.Before(since) && x.After(until) {
		until = x // an erase that fails puts off those of all that is being replaced
	}
	if !until.After(t) {
		j.breach(t, RuleOneEffect, d.Device.ID, a.Code, "the lock holds it twice for longer than a replacement takes")
	}
	return until
}

// clash reports whether two codes of a lock are both live and belong to different people. A spare is live as long as the
// pool is on, and belongs to nobody.
func (j *judge) clash(d *watched, a, b lock.CodeID, t time.Time) bool {
	x, y := j.wishes[a], j.wishes[b]
	live := func(w *wish) bool { return w == nil && d.Pool && !j.resumed || w != nil && w.live(t) }
	if !live(x) || !live(y) {
		return false
	}
	return x == nil || y == nil || x.Holder == "" || x.Holder != y.Holder
}

// prune forgets wishes that ended long ago and of which the lock holds nothing.
func (j *judge) prune(d *watched, t time.Time) {
	if len(d.codes) < d.pruned+16 {
		return
	}
	d.codes = slices.DeleteFunc(d.codes, func(id lock.CodeID) bool {
		w := j.wishes[id]
		if w == nil || w.Device != d.Device.ID {
			return true
		}
		if end := w.over(); end.IsZero() || t.Sub(end) < forgetAfter ||
			slices.ContainsFunc(d.entries, func(s seen) bool { return s.Code == id }) {
			return false
		}
		delete(j.wishes, id)
		j.changed[id] = true
		return true
	})
	d.pruned = len(d.codes)
}
