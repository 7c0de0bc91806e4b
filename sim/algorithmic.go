package sim

import (
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Algorithmic codes: the vendor computes digits from a secret that it shares with the lock, so that the lock can verify them
// without having been told. The table of issued codes stands in for the arithmetic; nothing reaches into it.

// issue computes digits for want. The lock need not be reachable.
func (d *device) issue(want *lock.Credential) (lock.Held, *refusal) {
	if !slices.Contains(d.traits.Offline, want.Offline) {
		return lock.Held{}, unsupported("algorithmic_code_not_supported")
	}
	for i := range d.issued {
		if m := &d.issued[i]; m.Code == want.Code && want.Code != "" && m.Offline == want.Offline && m.Window.From.Equal(want.Window.From) {
			return issuedHeld(m), nil
		}
	}
	switch {
	case !want.PIN.IsZero():
		return lock.Held{}, reject(string(lock.CannotSpecifyPIN))
	case !want.Enabled:
		return lock.Held{}, unsupported("cannot_hold_disabled_codes")
	}
	window, r := d.fit(want)
	if r != nil {
		return lock.Held{}, r
	}
	same := 0
	for i := range d.issued {
		if d.issued[i].Offline == want.Offline && d.issued[i].Window.Equal(window) {
			same++
		}
	}
	most := d.prof.PerWindow
	if want.Offline == lock.OfflineOneTime {
		most = d.prof.PerStart
	}
	if same >= most {
		return lock.Held{}, reject("too_many_codes_for_this_window")
	}
	m := Memory{
		Ref: d.ref("o"), Code: want.Code, PIN: d.draw(d.offlineLength()), Window: window, Enabled: true, Offline: want.Offline,
		Tag: want.Tag, Name: want.Name, OneTime: want.OneTime || want.Offline == lock.OfflineOneTime,
	}
	m.Code = d.codeOf(&lock.Credential{Code: m.Code, PIN: m.PIN})
	if x := d.laggard(); x != nil && d.prof.Async {
		m.Late = x.kind.lag(x)
		x.fire(d)
	}
	d.issued = append(slices.DeleteFunc(d.issued, d.longOver), m)
	d.touch()
	d.record("issued", &m)
	return issuedHeld(&m), nil
}

// longOver reports whether a code ended so long ago that nobody asks for it any more.
func (d *device) longOver(m Memory) bool { return m.Window.Ended(d.f.k.Now().AddDate(0, 0, -30)) }

// issuedHeld is what the vendor tells of a code, with its digits once it has computed them.
func issuedHeld(m *Memory) lock.Held {
	h := lock.Held{Ref: m.Ref, Tag: m.Tag, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: true}
	if m.Late > 0 {
		h.PIN = lock.PIN{}
	}
	return h
}

// offlineLength is the number of digits of an algorithmic code: the most that the keypad takes, up to nine.
func (d *device) offlineLength() int {
	n := d.traits.PINLengths
	return min(n[len(n)-1], 9)
}

// fit holds the window against the rules of its kind and returns it as the lock will see it.
func (d *device) fit(want *lock.Credential) (lock.Window, *refusal) {
	w := want.Window.UTC()
	length := w.To.Sub(w.From)
	if d.zone == nil {
		return w, reject("time_zone_unknown")
	}
	if w.From.IsZero() || !w.Bounded() && want.Offline != lock.OfflineOneTime {
		return w, unsupported("end_required")
	}
	from, to := w.From.In(d.zone), w.To.In(d.zone)
	sameTime := clockMinute(from) == clockMinute(to)
	switch want.Offline {
	case lock.OfflineHourly:
		if clockMinute(from)%60 != 0 || clockMinute(to)%60 != 0 || from.Second() != 0 || to.Second() != 0 {
			return w, reject("whole_hours_only")
		}
		if length < time.Hour || length > 672*time.Hour {
			return w, reject("1_to_672_hours")
		}
	case lock.OfflineDaily:
		days := dayCount(from, to)
		if !sameTime || days < 29 || days > 367 {
			return w, reject("29_to_367_days_at_equal_times")
		}
	case lock.OfflineTimed:
		if from.Second() != 0 || to.Second() != 0 {
			return w, reject("whole_minutes_only")
		}
		if length < time.Hour || length > 30*24*time.Hour {
			return w, reject("1_hour_to_30_days")
		}
	case lock.OfflineOneTime:
		w.To = w.From.Add(24 * time.Hour)
	case lock.OfflineSlots:
		fits := false
		for _, s := range d.traits.TimeSlots {
			fits = fits || s.Start == clockMinute(from) && s.End == clockMinute(to)
		}
		if !fits || from.Second() != 0 || to.Second() != 0 {
			return w, reject("no_such_time_slot")
		}
		if dayCount(from, to) > 31 { // within a day too: some levels are for day guests and for those who clean
			return w, reject("at_most_31_days")
		}
	}
	return w, nil
}

func clockMinute(t time.Time) int { return t.Hour()*60 + t.Minute() }

// dayCount is the number of midnights between two local times.
func dayCount(from, to time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(to).Sub(day(from)) / (24 * time.Hour))
}

func (d *device) indexIssued(ref lock.Ref) int {
	return slices.IndexFunc(d.issued, func(m Memory) bool { return m.Ref == ref })
}

// revoke can't: an algorithmic code ends by itself. One that has ended is as good as absent.
func (d *device) revoke(ref lock.Ref) *refusal {
	if d.issued[d.indexIssued(ref)].Window.Ended(d.f.k.Now()) {
		return nil
	}
	return &refusal{driver.Unsupported, driver.BlameRequest, "irrevocable"}
}
