package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// zones keeps the time zones that devices are in, for loading one takes longer than a step. A name that is no zone's is
// nil. All devices of an engine share one.
type zones map[string]*time.Location

// of returns the zone of that name, or nil.
func (z zones) of(name string) *time.Location {
	loc, known := z[name]
	if !known {
		if l, err := lock.LoadZone(name); err == nil {
			loc = l
		}
		if z != nil && len(z) < maxZones {
			z[name] = loc
		}
	}
	return loc
}

// same reports whether two zone names mean the same offset at t; an unknown name is no evidence of a difference.
func (z zones) same(a, b string, t time.Time) bool {
	if a == b {
		return true
	}
	la, lb := z.of(a), z.of(b)
	if la == nil || lb == nil {
		return true
	}
	_, oa := t.In(la).Zone()
	_, ob := t.In(lb).Zone()
	return oa == ob
}

// zone is the lock's time zone as far as it is known.
func (d *device) zone() string {
	if d.Device.Traits.Zone != "" {
		return d.Device.Traits.Zone
	}
	return d.Look.Zone
}

// crosses returns the first instant in (from, to] at which the lock's zone changes its offset, and whether there is one.
func (d *device) crosses(from, to time.Time) (time.Time, bool) {
	loc := d.zones.of(d.zone())
	if loc == nil {
		return time.Time{}, false
	}
	return lock.CrossesIn(loc, from, to)
}

// when writes an instant as people at the lock read it.
func (d *device) when(t time.Time) string {
	loc := d.zones.of(d.zone())
	if loc == nil {
		loc = time.UTC
	}
	return t.In(loc).Format("Mon 2 Jan 15:04 MST")
}
