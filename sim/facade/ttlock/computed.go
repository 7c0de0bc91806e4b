package ttlock

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// The kinds of random passcodes that locks of the fleet do not compute themselves. They stand at the lock as entries made by hand, which
// take its places, and keep their times by its clock.
const (
	eraser  = 4 // it opens nothing: whoever types it erases all that were used
	weekend = 5
	daily   = 6
	workday = 7
	monday  = 8 // the other days follow
	sunday  = 14
)

// The bits of days, Sunday's first.
const (
	weekendDays = 1<<time.Saturday | 1<<time.Sunday
	workDays    = facade.EveryDay &^ weekendDays
)

const (
	firstUse       = 24 * time.Hour  // from the start; what was not used until then opens no more
	longestPeriod  = 366 * 24        // hours
	fleetPeriod    = 672             // hours: what locks of the fleet compute themselves
	permanentsKept = 20              // with the same start
	listens        = 5 * time.Second // between two looks at who typed an eraser
)

// computed is a random passcode. It stays in the books when it is gone: the algorithm gives the same digits for the same times.
type computed struct {
	ref    lock.Ref
	kind   int
	window lock.Window // as it was asked for, in whole hours
}

func (d *door) computedAs(ref lock.Ref) *computed {
	for i := range d.computed {
		if d.computed[i].ref == ref {
			return &d.computed[i]
		}
	}
	return nil
}

// comesBack are the days of a kind; 0: it does not come back.
func comesBack(kind int) byte {
	switch {
	case kind == weekend:
		return weekendDays
	case kind == daily:
		return facade.EveryDay
	case kind == workday:
		return workDays
	case kind >= monday && kind <= sunday:
		return 1 << ((kind - monday + int(time.Monday)) % 7)
	}
	return 0
}

// spell is when a passcode opens at an instant or next after it; false: never again.
type spell func(now time.Time) (lock.Window, bool)

// spellOf is when a passcode of that kind opens, or nil if its times are none of that kind.
func spellOf(kind int, w lock.Window, zone *time.Location) spell {
	if days := comesBack(kind); days != 0 {
		from, to := w.From.In(zone), w.To.In(zone)
		last := to.Add(-time.Nanosecond)
		if !w.To.After(w.From) || days>>from.Weekday()&1 == 0 || from.YearDay() != last.YearDay() || w.To.Sub(w.From) > firstUse {
			return nil
		}
		hours := facade.Hours{From: from.Hour()*60 + from.Minute(), To: to.Hour()*60 + to.Minute()}
		t := &facade.Turns{Zone: zone, Days: days, Hours: hours, Within: lock.Window{From: w.From}}
		if !t.Unbroken() {
			return t.Next
		}
		w = t.Within
	}
	if kind == period && (!w.To.After(w.From) || w.To.Sub(w.From) > longestPeriod*time.Hour) {
		return nil
	}
	trial := lock.Window{From: w.From, To: w.From.Add(firstUse)}
	return func(now time.Time) (lock.Window, bool) {
		if now.Before(trial.To) {
			return trial, true
		}
		return w, !w.Ended(now)
	}
}

// compute tells digits for times that locks of the fleet do not compute.
func (c *Cloud) compute(r *request, kind int, name string, w lock.Window) {
	c.look(r, func(o lock.Observation) {
		d := r.door
		zone, err := lock.LoadZone(o.Zone)
		if err != nil {
			r.fail(badParameter)
			return
		}
		times := spellOf(kind, w, zone)
		if times == nil {
			r.fail(badParameter)
			return
		}
		same, most := 0, 1
		for _, x := range d.computed {
			same += bit(x.kind == kind && x.window.Equal(w))
		}
		if kind == permanent {
			most = permanentsKept
		}
		if same >= most {
			r.fail(windowIssued)
			return
		}
		first, _ := times(w.From)
		pin := c.digits(d, kind, w, same)
		if c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditAdd, PIN: pin, Name: name, Window: first}) != nil {
			r.fail(storageFull)
			return
		}
		ref := c.holding(d, func(m sim.Memory) bool { return m.PIN == pin }).Ref
		c.remember(d, computed{ref: ref, kind: kind, window: w})
		if kind == eraser {
			_ = c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditDisable, Ref: ref}) // it was added a moment ago
			c.listen(d, ref, first)
		} else {
			c.fleet.After(max(0, first.To.Sub(c.fleet.Now())), func() { c.proven(d, ref, times) })
		}
		r.json(map[string]any{"keyboardPwd": pin.Reveal(), "keyboardPwdId": d.idOf(ref)})
	})
}

// holding is the first entry of a lock that is so; zero: none is.
func (c *Cloud) holding(d *door, is func(sim.Memory) bool) sim.Memory {
	all := c.fleet.Memory(d.of.ID)
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return sim.Memory{}
}

// remember writes a random passcode down. When the books are full, what the lock has no more is forgotten.
func (c *Cloud) remember(d *door, x computed) {
	if len(d.computed) >= booksKept {
		d.computed = slices.DeleteFunc(d.computed, func(x computed) bool {
			return c.holding(d, func(m sim.Memory) bool { return m.Ref == x.ref }).Ref == ""
		})
	}
	d.computed = append(d.computed, x)
}

// digits are eight that follow from the lock and the times, and that it does not know yet.
func (c *Cloud) digits(d *door, kind int, w lock.Window, n int) lock.PIN {
	known := slices.Concat(c.fleet.Memory(d.of.ID), c.fleet.Issued(d.of.ID))
	for ; ; n++ {
		sum := hashed(hexID(string(d.of.ID), strconv.Itoa(kind), w.From.String(), w.To.String(), strconv.Itoa(n)))
		pin, err := lock.ParsePIN(fmt.Sprintf("%08d", sum%100_000_000))
		if err == nil && !slices.ContainsFunc(known, func(m sim.Memory) bool { return m.PIN == pin }) {
			return pin
		}
	}
}

// proven has a passcode go on that was used in its first spell; any other one opens no more.
func (c *Cloud) proven(d *door, ref lock.Ref, times spell) {
	if !c.holding(d, func(m sim.Memory) bool { return m.Ref == ref }).Used.IsZero() {
		facade.Turn(c.fleet, d.of.ID, ref, times)
	}
}

// listen has an eraser do its work when it was typed in its hours: it and all that were used are gone.
func (c *Cloud) listen(d *door, ref lock.Ref, hours lock.Window) {
	typed := slices.ContainsFunc(c.fleet.Log(d.of.ID), func(e lock.Entry) bool {
		return e.Ref == ref && !e.At.Before(hours.From) && e.At.Before(hours.To)
	})
	if typed {
		for _, m := range c.fleet.Memory(d.of.ID) {
			if m.Ref == ref || !m.Used.IsZero() {
				_ = c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: sim.EditRemove, Ref: m.Ref}) // the lock has just named it
			}
		}
		return
	}
	if now := c.fleet.Now(); now.Before(hours.To) && c.holding(d, func(m sim.Memory) bool { return m.Ref == ref }).Ref != "" {
		c.fleet.After(max(listens, hours.From.Sub(now)), func() { c.listen(d, ref, hours) })
	}
}
