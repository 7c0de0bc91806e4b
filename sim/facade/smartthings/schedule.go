package smartthings

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// schedule is when the credentials of a user of a Matter lock open, by the lock's own clock.
type schedule struct {
	index, user int
	weekly      bool
	from, to    time.Time // of one that is not weekly: local times, told as if they were UTC
	days        []string  // of a weekly one
	begin, end  int       // minutes after midnight
	text        map[string]json.RawMessage
}

// perUser is how many schedules of each kind a user has at most.
const perUser = 10

const local = "2006-01-02T15:04:05"

// restrict is what a lock gives a guest who has no schedule of their own.
func (c *Cloud) restrict(d *door, x *command, owner int) {
	if d.gen != matter || x.Command != "addCredential" || x.texts[1] != "guest" || slices.ContainsFunc(d.schedules, func(s schedule) bool { return s.user == owner }) {
		return
	}
	from, to := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)
	d.schedules = append(d.schedules, schedule{index: 1, user: owner, from: from, to: to, text: map[string]json.RawMessage{
		"localStartTime": quoted(from.Format(local)), "localEndTime": quoted(to.Format(local)),
	}})
}

func quoted(text string) json.RawMessage { return json.RawMessage(`"` + text + `"`) }

func (c *Cloud) scheduleStatus(d *door, asOf time.Time) map[string]value {
	at := stamp(d.born)
	list := func(weekly bool) []any {
		all := []any{}
		for i := 1; i <= d.of.Traits.Slots; i++ {
			of := []any{}
			for _, s := range d.schedules {
				if s.user == i && s.weekly == weekly {
					told := map[string]any{"scheduleIndex": s.index}
					for name, v := range s.text {
						told[name] = v
					}
					of = append(of, told)
				}
			}
			if len(of) > 0 {
				all = append(all, map[string]any{"userIndex": i, "schedules": of})
			}
		}
		return all
	}
	return map[string]value{
		"yearDaySchedules": {Value: list(false), Timestamp: at}, "weekDaySchedules": {Value: list(true), Timestamp: at},
		"yearDaySchedulesPerUser": {Value: perUser, Timestamp: at}, "weekDaySchedulesPerUser": {Value: perUser, Timestamp: at},
		"commandResult": d.was("lockSchedules", "commandResult", asOf),
	}
}

// obeySchedule is lockSchedules.
func (c *Cloud) obeySchedule(d *door, x *command) {
	if d.busy {
		c.result(d, x, isBusy, nil)
		return
	}
	d.busy = true
	index, owner := x.numbers[0], x.numbers[1]
	details := map[string]any{"userIndex": owner, "scheduleIndex": index}
	c.later(d, func() {
		weekly := x.Command == "setWeekDaySchedule" || x.Command == "clearWeekDaySchedules"
		s := schedule{index: index, user: owner, weekly: weekly}
		sets := x.Command == "setYearDaySchedule" || x.Command == "setWeekDaySchedule"
		switch {
		case d.users[owner] == nil || index < 1 || sets && !s.read(x.objects[2]):
			c.result(d, x, invalid, details)
			return
		case index > perUser:
			c.result(d, x, exhausted, details)
			return
		}
		d.schedules = slices.DeleteFunc(d.schedules, func(have schedule) bool {
			return have.user == owner && have.weekly == weekly && have.index == index
		})
		if sets {
			d.schedules = append(d.schedules, s)
		}
		c.result(d, x, success, details)
		c.gate(d)
	})
}

// read takes what a command says; false: it makes no sense.
func (s *schedule) read(from map[string]json.RawMessage) bool {
	s.text = from
	if s.weekly {
		var x struct {
			WeekDays                                   []string
			StartHour, StartMinute, EndHour, EndMinute int
		}
		text, err := json.Marshal(from)
		if err != nil || json.Unmarshal(text, &x) != nil {
			return false
		}
		s.days, s.begin, s.end = x.WeekDays, x.StartHour*60+x.StartMinute, x.EndHour*60+x.EndMinute
		return len(s.days) > 0 && 0 <= s.begin && s.begin < s.end && s.end < 24*60
	}
	var begin, end string
	if json.Unmarshal(from["localStartTime"], &begin) != nil || json.Unmarshal(from["localEndTime"], &end) != nil {
		return false
	}
	var errs [2]error
	s.from, errs[0] = time.Parse(local, begin)
	s.to, errs[1] = time.Parse(local, end)
	return errs[0] == nil && errs[1] == nil && s.to.After(s.from)
}

// open reports whether it is open at a wall time, told as if it were UTC, and until when that holds; zero: for ever.
func (s *schedule) open(wall time.Time) (bool, time.Time) {
	if !s.weekly {
		switch {
		case wall.Before(s.from):
			return false, s.from
		case wall.Before(s.to):
			return true, s.to
		}
		return false, time.Time{}
	}
	midnight := wall.Truncate(24 * time.Hour)
	begin, end := midnight.Add(time.Duration(s.begin)*time.Minute), midnight.Add(time.Duration(s.end)*time.Minute)
	switch today := slices.Contains(s.days, wall.Weekday().String()); {
	case today && wall.Before(begin):
		return false, begin
	case today && wall.Before(end):
		return true, end
	}
	return false, midnight.Add(24 * time.Hour)
}

// gate has a Matter lock refuse the credentials of users outside their schedules, and looks again when the next one begins or ends.
func (c *Cloud) gate(d *door) {
	zone, err := lock.LoadZone(d.of.Traits.Zone)
	if err != nil {
		zone = time.UTC
	}
	now := c.fleet.Now().In(zone)
	wall := time.Date(now.Year(), now.Month(), now.Day(), now.Hour(), now.Minute(), now.Second(), now.Nanosecond(), time.UTC)
	var next time.Time
	for _, m := range c.fleet.Memory(d.of.ID) {
		bound, open := false, false
		for i := range d.schedules {
			s := &d.schedules[i]
			if s.user != d.owner[m.Slot] {
				continue
			}
			is, until := s.open(wall)
			bound, open = true, open || is
			if !until.IsZero() && (next.IsZero() || until.Before(next)) {
				next = until
			}
		}
		kind := sim.EditEnable
		if bound && !open {
			kind = sim.EditDisable
		}
		if m.Enabled != (kind == sim.EditEnable) {
			_ = c.fleet.Edit(sim.Edit{Lock: d.of.ID, Kind: kind, Slot: m.Slot}) // it holds that slot
		}
	}
	if next.IsZero() || next.Sub(wall) > 366*24*time.Hour || !d.turns.IsZero() && !next.Before(d.turns) {
		return
	}
	d.turns = next
	c.fleet.After(next.Sub(wall), func() {
		if d.turns.Equal(next) {
			d.turns = time.Time{}
			c.gate(d)
		}
	})
}
