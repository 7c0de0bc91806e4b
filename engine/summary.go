package engine

import (
	"cmp"

	"github.com/accesscodes/lockctl/lock"
)

// summary is what a device's line in the fleet shows: derived with every step, kept in memory for every device.
type summary struct {
	Account   lock.AccountID `json:",omitzero"`
	Hub       lock.HubID     `json:",omitzero"`
	Name      string         `json:",omitzero"`
	System    string         `json:",omitzero"`
	Model     string         `json:",omitzero"`
	Worst     string         `json:",omitzero"`
	InFlight  CallVerb       `json:",omitzero"`
	Readiness Readiness      `json:",omitzero"`
	Start     int64          `json:",omitzero"` // unix nanoseconds
	End       int64          `json:",omitzero"`
	Battery   float32        `json:",omitzero"` // -1: not known
	Slots     uint16         `json:",omitzero"`
	Used      uint16         `json:",omitzero"`
	Reserved  uint16         `json:",omitzero"`
	Set       uint16         `json:",omitzero"`
	Setting   uint16         `json:",omitzero"`
	Removing  uint16         `json:",omitzero"`
	Unset     uint16         `json:",omitzero"`
	Unknown   uint16         `json:",omitzero"`
	Issues    uint16         `json:",omitzero"`
	Errors    uint16         `json:",omitzero"` // of the issues
	Link      lock.Reach     `json:",omitzero"`
	Native    bool           `json:",omitzero"`
	Exposed   bool           `json:",omitzero"`
	Removed   bool           `json:",omitzero"`
}

// summarize derives a device's line.
func (b *batch) summarize(d *device, policy *Policy) summary {
	v := &d.Device
	s := summary{
		Account: v.Account, Hub: v.Hub, Name: v.Name, System: v.System, Model: v.Model, Native: v.Traits.NativeSchedule,
		Slots: uint16(v.Traits.Slots), Battery: -1, Link: b.e.reach(d), Removed: d.isRetired(),
	}
	if d.Look.Battery.Known {
		s.Battery = float32(d.Look.Battery.Level)
	}
	if d.Flight != nil {
		s.InFlight = d.Flight.Verb
	}
	s.Used = uint16(d.used())
	var start, end = int64(0), int64(0)
	first := func(at *int64, t int64) {
		if t > 0 && (*at == 0 || t < *at) {
			*at = t
		}
	}
	worst := func(list []Issue) {
		for k := range list {
			if list[k].Code == "unconfirmed" {
				continue // it is so by nature where only a cloud can be asked
			}
			s.Issues++
			if list[k].Class == ClassError {
				s.Errors++
			}
			if s.Worst == "" || list[k].Class == ClassError && catalogue[s.Worst].Class != ClassError {
				s.Worst = list[k].Code
			}
		}
	}
	for _, l := range b.e.linksOf(d) {
		if !l.open() {
			worst([]Issue{l.issue()}) // it ails whatever hangs on it
		}
	}
	worst(d.Issues)
	for _, c := range d.codes {
		if c.unpulled() {
			continue
		}
		switch c.Was {
		case StatusSet:
			s.Set++
		case StatusSetting:
			s.Setting++
		case StatusRemoving:
			s.Removing++
		case StatusUnset:
			s.Unset++
		case StatusUnknown:
			s.Unknown++
		}
		worst(c.Issues)
		if c.From.After(b.now) && c.Deleted.IsZero() {
			first(&start, unix(c.From))
			if len(c.Places) == 0 && c.From.Sub(b.now) <= policy.NativeLead {
				s.Reserved++
			}
		}
		if c.To.After(b.now) && c.Deleted.IsZero() {
			first(&end, unix(c.To))
		}
		for i := range c.Places {
			if !d.alarms(c, &c.Places[i], b.now, policy).IsZero() {
				s.Exposed = true
			}
		}
		if r, _, _ := d.readiness(b.now, c, policy, s.Link); rank(r) > rank(s.Readiness) {
			s.Readiness = r
		}
	}
	s.Start, s.End = start, end
	return s
}

// rank orders readiness, worst last.
func rank(r Readiness) int {
	switch r {
	case ReadyVerified:
		return 1
	case ReadyLikely:
		return 2
	case ReadyAtRisk:
		return 3
	case ReadyWillFail:
		return 4
	}
	return 0
}

// reach tells how far a call to the device would come now.
func (e *Engine) reach(d *device) lock.Reach {
	return cmp.Or(down(e.linksOf(d)), d.Reach)
}

// down is how far anybody comes by these links, zero if none is down.
func down(links []*link) lock.Reach {
	for _, l := range links {
		if !l.open() {
			if l.isHub() {
				return lock.HubDown
			}
			return lock.AccountDown
		}
	}
	return lock.ReachUnknown
}

func (r *row) line() DeviceRow {
	s := &r.summary
	out := DeviceRow{
		ID: r.id, Account: s.Account, Hub: s.Hub, Name: s.Name, System: s.System, Model: s.Model, Native: s.Native, Link: s.Link,
		Slots: int(s.Slots), Used: int(s.Used), Reserved: int(s.Reserved), Set: int(s.Set), Setting: int(s.Setting),
		Removing: int(s.Removing), Unset: int(s.Unset), Unknown: int(s.Unknown), Issues: int(s.Issues), Errors: int(s.Errors), Worst: s.Worst,
		InFlight: s.InFlight, Exposed: s.Exposed, Wake: fromUnix(r.wake), Start: fromUnix(s.Start), End: fromUnix(s.End),
		Readiness: s.Readiness,
	}
	if s.Battery >= 0 {
		out.Battery = lock.Battery{Known: true, Level: float64(s.Battery)}
	}
	return out
}

// add counts a line into the totals, n times (-1: out of them).
func (t *Totals) add(s *summary, n int) {
	if s.Removed || s.Account == "" {
		return
	}
	t.Devices += n
	t.Issues += n * int(s.Issues)
	t.Errors += n * int(s.Errors)
	t.Set += n * int(s.Set)
	t.Setting += n * int(s.Setting)
	t.Removing += n * int(s.Removing)
	t.Unset += n * int(s.Unset)
	t.Unknown += n * int(s.Unknown)
	if s.Link > lock.Reached {
		t.Offline += n
	}
	if s.InFlight != "" {
		t.InFlight += n
	}
	if s.Exposed {
		t.Exposed += n
	}
	switch s.Readiness {
	case ReadyVerified:
		t.Verified += n
	case ReadyLikely:
		t.Likely += n
	case ReadyAtRisk:
		t.AtRisk += n
	case ReadyWillFail:
		t.WillFail += n
	}
}

// compareRows orders two lines by a column, then by id.
func compareRows(a, b *row, column string) int {
	less := 0
	switch column {
	case "name", "":
		less = cmp.Compare(a.Name, b.Name)
	case "account":
		less = cmp.Compare(a.Account, b.Account)
	case "system":
		less = cmp.Compare(a.System, b.System)
	case "link":
		less = cmp.Compare(a.Link, b.Link)
	case "battery":
		less = cmp.Compare(a.Battery, b.Battery)
	case "used":
		less = cmp.Compare(a.Used, b.Used)
	case "free":
		less = cmp.Compare(a.line().Free(), b.line().Free())
	case "set":
		less = cmp.Compare(a.Set, b.Set)
	case "setting":
		less = cmp.Compare(a.Setting, b.Setting)
	case "issues":
		less = cmp.Compare(a.Issues, b.Issues)
	case "wake":
		less = compareTimes(a.wake, b.wake)
	case "start":
		less = compareTimes(a.Start, b.Start)
	case "end":
		less = compareTimes(a.End, b.End)
	case "exposure":
		less = cmp.Or(cmp.Compare(btoi(a.Exposed), btoi(b.Exposed)), cmp.Compare(btoi(a.Removing > 0), btoi(b.Removing > 0)))
	case "readiness":
		less = cmp.Compare(rank(a.Readiness), rank(b.Readiness))
	}
	return less
}

func columns() []string {
	return []string{"name", "account", "system", "link", "battery", "used", "free", "set", "setting", "issues", "wake", "start", "end", "exposure", "readiness"}
}

// compareTimes orders instants with none last.
func compareTimes(a, b int64) int {
	switch {
	case a == b:
		return 0
	case a == 0:
		return 1
	case b == 0:
		return -1
	}
	return cmp.Compare(a, b)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
