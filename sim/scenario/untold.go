package scenario

import (
	"cmp"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Some locks are told nothing: their vendor computes digits that carry their own times, each pair of which somebody has put into the lock
// before. Such digits are there at once and open whatever befalls the lock, and nobody changes them or takes them back.

// untold says why locks that are told nothing have no part in a story; "": they have one.
func untold(f *File) string {
	for _, s := range f.Steps {
		if _, hand := s.Do.(Edit); hand {
			return "needs hands at the lock"
		}
		c, ok := s.Do.(Command)
		if !ok || s.Refused != "" {
			continue
		}
		switch do := c.Action.(type) {
		case engine.Create:
			if why := unprintable(do.Starts, do.Ends); why != "" {
				return why
			}
		case engine.CreateMany:
			if why := unprintable(do.Like.Starts, do.Like.Ends); why != "" {
				return why
			}
		case engine.Delete:
			return "needs codes that can be revoked"
		case engine.Update, engine.UpdateMany, engine.Convert, engine.Rotate:
			return "needs codes that can be changed"
		case engine.Reveal, engine.Observe, engine.SetPolicy:
		default:
			return "needs a lock that is told its codes"
		}
	}
	return ""
}

// longest is how long a stay at such a lock may be.
const longest = 31 * 24 * time.Hour

// unprintable says why no digits carry a window; "": some do.
func unprintable(from, to time.Time) string {
	if to.IsZero() {
		return "needs codes without an end"
	}
	if to.Sub(from) > longest {
		return "needs stays of more than a month"
	}
	return ""
}

// zonesOf is the zone of each lock of a story.
func (x *Through) zonesOf(f *File) map[lock.DeviceID]*time.Location {
	out := map[lock.DeviceID]*time.Location{}
	all, _ := mounted(f)
	for _, l := range all {
		zone, err := lock.LoadZone(cmp.Or(l.Zone, x.Traits.Zone))
		if err != nil {
			zone = time.UTC
		}
		out[l.ID] = zone
	}
	return out
}

// hours gives each house the check-in and check-out times that the stays of a story have there.
func (x *Through) hours(f *File) []sim.AccountSpec {
	houses := slices.Clone(f.Spec.Accounts)
	zones := x.zonesOf(f)
	locks, _ := mounted(f)
	put := func(id lock.DeviceID, from, to time.Time) {
		at := slices.IndexFunc(locks, func(l sim.LockSpec) bool { return l.ID == id })
		if at < 0 {
			return
		}
		i := slices.IndexFunc(houses, func(a sim.AccountSpec) bool { return a.ID == cmp.Or(locks[at].Account, "account") })
		if i < 0 {
			i, houses = len(houses), append(houses, sim.AccountSpec{ID: cmp.Or(locks[at].Account, "account")})
		}
		from, to = from.In(zones[id]), to.In(zones[id])
		slot := lock.TimeSlot{Start: from.Hour()*60 + from.Minute(), End: to.Hour()*60 + to.Minute()}
		if !slices.Contains(houses[i].Times, slot) {
			houses[i].Times = append(houses[i].Times, slot)
		}
	}
	for _, s := range f.Steps {
		c, ok := s.Do.(Command)
		if !ok || s.Refused != "" {
			continue
		}
		switch do := c.Action.(type) {
		case engine.Create:
			put(do.Device, do.Starts, do.Ends)
		case engine.CreateMany:
			for _, id := range do.Devices {
				put(id, do.Like.Starts, do.Like.Ends)
			}
		}
	}
	return houses
}
