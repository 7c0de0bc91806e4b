package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// listed is what a list is made from: the cloud's copy, or the memory.
func (d *device) listed() []entry {
	if d.traits.CloudList {
		return d.cloud
	}
	return d.mem
}

// look answers an observation, into o: read from the lock at this instant, or told by the cloud from its copy.
func (d *device) look(o *lock.Observation, known driver.Known, reach lock.Reach) {
	now := d.f.k.Now()
	*o = lock.Observation{At: now, Reach: reach, Source: lock.SourceLock, Complete: !d.traits.CannotList, Zone: d.traits.Zone, Next: known.Since}
	if d.traits.CloudList || d.traits.OfflineOnly {
		o.Source = lock.SourceCloud
	}
	if reach == lock.Reached && !d.traits.OfflineOnly {
		if d.prof.Tells {
			o.Clock = d.read(now, false).shows()
		}
		o.Battery = lock.Battery{Known: true, Level: d.level()}
		o.Modes = d.modes(now)
		o.Entries, o.Next = d.entriesSince(known.Since)
	}
	if !d.traits.CannotList {
		o.Held = d.list(now)
	}
	for _, x := range d.faults {
		if x.kind.look != nil && x.strikes(verbObserve) {
			x.kind.look(x, d, o)
		}
	}
	for _, x := range d.acct.faults {
		if x.kind.look != nil && x.strikes(verbObserve) {
			x.kind.look(x, d, o)
		}
	}
}

// unseen is what the hub's or the cloud's answer about a lock that can't be reached comes to.
func (d *device) unseen(known driver.Known, reach lock.Reach) lock.Observation {
	return lock.Observation{At: d.f.k.Now(), Reach: reach, Source: lock.SourceCloud, Next: known.Since}
}

func (d *device) list(now time.Time) []lock.Held {
	from := d.listed()
	if d.lag != 0 {
		from = d.stale
		d.outdated()
	}
	held := make([]lock.Held, 0, len(from)+len(d.issued))
	for i := range from {
		held = append(held, d.held(&from[i]))
	}
	if h := d.hub; h != nil {
		for _, x := range h.faults {
			if x.kind.wall != nil {
				for i := range held {
					if held[i].Pending {
						continue // the hub has not seen it yet
					}
					held[i].Window = x.kind.wall(x, d, held[i].Window, true)
				}
			}
		}
	}
	for i := range d.issued {
		m := &d.issued[i]
		if !m.Window.Ended(now) {
			held = append(held, issuedHeld(m))
		}
		if m.Late > 0 {
			m.Late--
			d.touch()
		}
	}
	return held
}

// remember keeps the present list if a fault wants later lists to lag behind it. It is called before each change of the
// memory or of the cloud's copy; only the one that lists are made from counts.
func (d *device) remember(cloud bool) {
	if cloud != d.traits.CloudList || d.lag != 0 {
		return
	}
	if x := d.laggard(); x != nil {
		d.stale, d.lag = slices.Clone(d.listed()), x.kind.lag(x)
		d.touch()
	}
}

// laggard is the fault by which lists lag behind a change, or nil.
func (d *device) laggard() *trouble {
	for _, faults := range [...][]*trouble{d.acct.faults, d.faults} {
		for _, x := range faults {
			if x.kind.lag != nil {
				return x
			}
		}
	}
	return nil
}

// outdated counts one list that showed what is no longer true.
func (d *device) outdated() {
	if slices.Equal(d.stale, d.listed()) {
		return
	}
	for _, faults := range [...][]*trouble{d.acct.faults, d.faults} {
		for _, x := range faults {
			if x.kind.lag != nil || x.kind.Name == staleRead {
				x.fire(d)
			}
		}
	}
	if d.lag > 0 {
		d.lag--
		if d.lag == 0 {
			d.stale = nil
		}
		d.touch()
	}
}

// modes are the states in which the keypad refuses.
func (d *device) modes(now time.Time) []lock.Mode {
	var modes []lock.Mode
	for _, x := range d.faults {
		if x.kind.mode != "" {
			modes = append(modes, x.kind.mode)
			x.fire(d)
		}
	}
	if now.Before(d.until) && !slices.Contains(modes, lock.ModeLockout) {
		modes = append(modes, lock.ModeLockout)
	}
	return modes
}

// entriesSince returns what the log holds after the cursor, at most lock.MaxEntries, and the next cursor.
func (d *device) entriesSince(since lock.Cursor) ([]lock.Entry, lock.Cursor) {
	after, err := strconv.Atoi(string(since))
	if err != nil || after > d.logged {
		after = 0
	}
	oldest := d.logged - len(d.log)
	after = max(after, oldest)
	end := min(after+lock.MaxEntries, d.logged)
	if after == end {
		return nil, lock.Cursor(strconv.Itoa(d.logged))
	}
	return slices.Clone(d.log[after-oldest : end-oldest]), lock.Cursor(strconv.Itoa(end))
}
