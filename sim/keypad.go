package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Why a keypad refuses, besides the reasons that faults give.
const (
	unknownCode   = "unknown_code"
	outsideWindow = "outside_window"
	disabledCode  = "disabled"
	usedCode      = "used"
	unusedTooLong = "first_use_missed"
	lockedOut     = "lockout"
	deadBattery   = "dead_battery"
)

// TryPIN types pin at the lock's keypad now. It is the truth about who can open the door, whether or not the lock can be
// reached, and it leaves its traces: an entry in the log, a wrong try counted, a one-time code used up.
func (f *Fleet) TryPIN(id lock.DeviceID, pin lock.PIN) (Try, error) {
	d, err := f.device(id)
	if err != nil {
		return Try{}, err
	}
	if pin.IsZero() {
		return Try{}, lock.ErrPIN
	}
	return d.try(pin), nil
}

func (d *device) try(pin lock.PIN) Try {
	now := d.f.k.Now()
	try := Try{Reason: unknownCode}
	dead, why := d.refuses()
	switch {
	case dead:
		try.Reason = deadBattery
		d.told(try)
		return try
	case now.Before(d.until):
		try.Reason = lockedOut
		d.told(try)
		return try
	case why == lockedOut:
		try.Reason = lockedOut
		d.told(try)
		return try
	}
	for _, x := range d.faults {
		if x.kind.types != nil && x.strikes("type") {
			pin = x.kind.types(x, d, pin)
		}
	}
	m := d.match(pin, now, &try)
	if m != nil && !m.Window.IsZero() {
		d.read(now, false) // a wrong clock had its say
	}
	if m != nil && try.Opens && why != "" {
		try.Opens, try.Reason = false, why
		d.fired(why)
	}
	d.told(try)
	switch {
	case try.Opens:
		if d.wrong != 0 || m.Used.IsZero() {
			d.touch()
		}
		d.wrong = 0
		if m.Used.IsZero() {
			m.Used = now
		}
	case why == "" || m == nil:
		d.miss(now)
	}
	return try
}

// match fills try with the entry of these digits that opens, or with the most telling of those that do not.
func (d *device) match(pin lock.PIN, now time.Time, try *Try) *Memory {
	clock := d.read(now, true)
	var best *Memory
	rank := func(m *Memory) bool { // whether the search is over
		reason := d.verdict(m, clock, false)
		if reason != "" && best != nil && !telling(reason, try.Reason) {
			return false
		}
		best = m
		*try = Try{Opens: reason == "", Reason: reason, Code: m.Code, Ref: m.Ref, Window: m.Window}
		return reason == ""
	}
	for i := range d.mem {
		if d.mem[i].PIN == pin && !d.mem[i].Ghost && rank(&d.mem[i].Memory) {
			return best
		}
	}
	for i := range d.issued {
		if d.issued[i].PIN == pin && rank(&d.issued[i]) {
			return best
		}
	}
	return best
}

// telling reports whether reason a says more about a refusal than b.
func telling(a, b string) bool {
	order := [...]string{unknownCode, usedCode, unusedTooLong, disabledCode, outsideWindow}
	rank := func(s string) int {
		for i := range order {
			if order[i] == s {
				return i
			}
		}
		return -1
	}
	return rank(a) > rank(b)
}

// verdict says why the entry does not open by that clock, or "".
func (d *device) verdict(m *Memory, clock reading, quiet bool) string {
	switch {
	case !m.Enabled:
		return disabledCode
	case m.OneTime && !m.Used.IsZero():
		return usedCode
	}
	if m.Window.IsZero() {
		return ""
	}
	if !clock.reached(m.Window.From) || m.Window.Bounded() && clock.reached(m.Window.To) {
		if m.Offline == lock.OfflineNone && d.ignoresWindow(quiet) {
			return ""
		}
		return outsideWindow
	}
	limit := d.traits.FirstUseWithin
	if m.Offline != lock.OfflineNone && limit > 0 && m.Used.IsZero() && clock.reached(m.Window.From.Add(limit)) {
		return unusedTooLong
	}
	return ""
}

func (d *device) ignoresWindow(quiet bool) bool {
	for _, x := range d.faults {
		if x.kind.loose {
			if !quiet {
				x.fire(d)
			}
			return true
		}
	}
	return false
}

// refuses reports whether the keypad is dead, or why it refuses every code.
func (d *device) refuses() (dead bool, why string) {
	if d.level() <= 0 {
		for _, x := range d.faults {
			if x.kind.level != nil {
				x.fire(d)
			}
		}
		return true, ""
	}
	for _, x := range d.faults {
		if x.kind.keypad == nil {
			continue
		}
		switch reason := x.kind.keypad(x, d); {
		case reason == lockedOut:
			x.fire(d)
			return false, lockedOut
		case reason != "" && why == "":
			why = reason
		}
	}
	return false, why
}

// fired counts the fault whose reason kept the door shut.
func (d *device) fired(why string) {
	for _, x := range d.faults {
		if x.kind.keypad != nil && x.kind.keypad(x, d) == why {
			x.fire(d)
			return
		}
	}
}

// miss counts a wrong try; enough of them lock the keypad.
func (d *device) miss(now time.Time) {
	d.wrong++
	if d.wrong >= d.prof.Tries {
		d.wrong, d.until = 0, now.Add(d.prof.Lockout)
		d.enter(lock.Denied, "", "too_many_attempts")
	}
	d.touch()
}

// told logs a try and tells the watcher and, where the vendor pushes, the engine.
func (d *device) told(try Try) {
	r := Record{Kind: KindTry, Device: d.id, Code: try.Code, Window: try.Window, Name: "opens"}
	if try.Opens {
		d.enter(lock.Opened, try.Ref, "")
	} else {
		r.Name, r.Text = "refused", try.Reason
		if try.Reason != deadBattery {
			d.enter(lock.Denied, try.Ref, d.deniedAs(try))
		}
	}
	d.f.emit(r)
	d.f.notify(d)
}

// deniedAs is the reason in the words of entry logs.
func (d *device) deniedAs(try Try) string {
	switch {
	case try.Reason == lockedOut:
		return "too_many_attempts"
	case try.Reason == "privacy":
		return "blocked_by_privacy_mode"
	case try.Reason == unusedTooLong, try.Reason == usedCode,
		try.Reason == outsideWindow && try.Window.Ended(d.f.k.Now()):
		return "expired_code"
	}
	return try.Reason
}

// enter appends to the lock's log, which keeps the newest maxLog entries.
func (d *device) enter(kind lock.EntryKind, ref lock.Ref, reason string) {
	if !d.traits.ReportsEntry {
		ref = ""
	}
	if len(d.log) == maxLog {
		copy(d.log, d.log[1:])
		d.log = d.log[:maxLog-1]
	}
	d.logged++
	d.log = append(d.log, lock.Entry{ID: strconv.Itoa(d.logged), At: d.f.k.Now(), Kind: kind, Ref: ref, Reason: reason})
	d.unlogged = min(d.unlogged+1, maxLog)
	d.soil(dirtLog)
}

// WouldOpen returns every entry whose PIN would open the door right now by the lock's clock and the lock's obedience. Nobody
// types: nothing is counted, and modes, lockouts and batteries don't matter.
func (f *Fleet) WouldOpen(id lock.DeviceID) []Memory { return f.AppendOpen(nil, id) }

// AppendOpen appends what WouldOpen returns to open.
func (f *Fleet) AppendOpen(open []Memory, id lock.DeviceID) []Memory {
	d := f.devices[id]
	if d == nil {
		return open
	}
	clock := d.read(f.k.Now(), true)
	for i := range d.mem {
		if m := &d.mem[i].Memory; !m.Ghost && d.verdict(m, clock, true) == "" {
			open = append(open, *m)
		}
	}
	for i := range d.issued {
		if m := &d.issued[i]; d.verdict(m, clock, true) == "" {
			open = append(open, *m)
		}
	}
	return open
}

// Memory returns all that the lock really holds, by slot.
func (f *Fleet) Memory(id lock.DeviceID) []Memory { return f.AppendMemory(nil, id) }

// AppendMemory appends what Memory returns to all.
func (f *Fleet) AppendMemory(all []Memory, id lock.DeviceID) []Memory {
	if d := f.devices[id]; d != nil {
		all = slices.Grow(all, len(d.mem))
		for i := range d.mem {
			all = append(all, d.mem[i].Memory)
		}
	}
	return all
}

// Issued returns the algorithmic codes that were issued for the lock, oldest first.
func (f *Fleet) Issued(id lock.DeviceID) []Memory {
	if d := f.devices[id]; d != nil {
		return append([]Memory(nil), d.issued...)
	}
	return nil
}
