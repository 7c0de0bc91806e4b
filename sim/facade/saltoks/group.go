package saltoks

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/sim/facade"
)

// group is an access group: who is in it opens its locks by its schedules. Without a schedule no lock hears of it.
type group struct {
	id        string
	name      string
	locks     []*door
	members   []*user
	schedules []*schedule
}

// schedule is when a group opens.
type schedule struct {
	id     string
	opens  facade.Turns
	before *facade.Turns // what the locks know until live; nil: nothing
	live   time.Time
}

// at is what the locks know of a schedule; false: nothing yet.
func (s *schedule) at(now time.Time) (facade.Turns, bool) {
	switch {
	case !now.Before(s.live):
		return s.opens, true
	case s.before != nil:
		return *s.before, true
	}
	return facade.Turns{}, false
}

// weekdays are the names of the days, Sunday's first.
func weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

const minutesADay = 24 * 60

// minuteOf reads a time of day as schedules have it, 18:00 or 18:00:59.
func minuteOf(text string) (minute int, ok bool) {
	for _, form := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.Hour()*60 + t.Minute(), true
		}
	}
	return 0, false
}

func accepted() facade.Reply { return facade.Reply{Status: http.StatusAccepted} }

func (c *Cloud) listGroups(r *request) {
	var all []map[string]any
	for _, g := range c.groups {
		all = append(all, map[string]any{"id": g.id, "customer_reference": g.name})
	}
	r.json(http.StatusOK, items(all))
}

func (c *Cloud) addGroup(r *request) {
	g := &group{name: r.text("customer_reference")}
	if g.name == "" {
		r.fail(http.StatusBadRequest, badParameter, "customer_reference is required")
		return
	}
	c.writes(r, "observe", func() { g.id = c.next("group"); c.groups = append(c.groups, g) }, func() {
		r.json(http.StatusOK, map[string]any{"id": g.id, "customer_reference": g.name})
	})
}

func (c *Cloud) deleteGroup(r *request) {
	c.writes(r, "observe", func() {
		c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return g == r.group })
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.reply(accepted()) })
}

func (c *Cloud) listGroupLocks(r *request) {
	r.json(http.StatusOK, items(c.shown(r.group.locks)))
}

func (c *Cloud) addGroupLock(r *request) {
	g := r.group
	i := slices.IndexFunc(c.doors, func(d *door) bool { return d.id == r.text("lock_id") })
	if i < 0 {
		r.fail(http.StatusNotFound, notFound, "Lock not found")
		return
	}
	c.writes(r, "observe", func() {
		if !slices.Contains(g.locks, c.doors[i]) {
			g.locks = append(g.locks, c.doors[i])
		}
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.json(http.StatusOK, map[string]any{}) })
}

func (c *Cloud) listGroupUsers(r *request) {
	var all []map[string]any
	for _, u := range r.group.members {
		all = append(all, map[string]any{"id": u.platform, "first_name": "", "last_name": ""})
	}
	r.json(http.StatusOK, items(all))
}

// addGroupUser takes the platform's id of a user, not the site's.
func (c *Cloud) addGroupUser(r *request) {
	g := r.group
	i := slices.IndexFunc(c.users, func(u *user) bool { return u.platform == r.text("user_id") && c.ready(u) })
	if i < 0 {
		r.fail(http.StatusNotFound, notFound, "User not found")
		return
	}
	u := c.users[i]
	c.writes(r, "observe", func() {
		if !slices.Contains(g.members, u) {
			g.members = append(g.members, u)
		}
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.json(http.StatusOK, map[string]any{}) })
}

func (c *Cloud) removeGroupUser(r *request) {
	g := r.group
	c.writes(r, "observe", func() {
		g.members = slices.DeleteFunc(g.members, func(u *user) bool { return u.platform == r.id })
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.reply(accepted()) })
}

// stamp is a time as schedules have it: the site's, without saying so.
const stamp = "2006-01-02T15:04:05"

func (c *Cloud) scheduleJSON(s *schedule) map[string]any {
	from, last := s.opens.Hours.From, (s.opens.Hours.To+minutesADay-1)%minutesADay
	out := map[string]any{
		"id": s.id, "start_time": fmt.Sprintf("%02d:%02d:00", from/60, from%60), "end_time": fmt.Sprintf("%02d:%02d:59", last/60, last%60),
		"start_date": nil, "end_date": nil,
	}
	for i, day := range weekdays() {
		out[day] = s.opens.Days>>i&1 != 0
	}
	if within := s.opens.Within; !within.From.IsZero() {
		out["start_date"] = within.From.In(c.zone).Format(stamp)
	}
	if within := s.opens.Within; within.Bounded() {
		out["end_date"] = within.To.In(c.zone).Format(stamp)
	}
	return out
}

func (c *Cloud) listSchedules(r *request) {
	var all []map[string]any
	for _, s := range r.group.schedules {
		all = append(all, c.scheduleJSON(s))
	}
	r.json(http.StatusOK, items(all))
}

// read puts what a body asks for into a schedule; false: it was refused.
func (c *Cloud) read(r *request, s *schedule) bool {
	s.opens = facade.Turns{Zone: c.zone}
	for i, day := range weekdays() {
		if r.yes(day) {
			s.opens.Days |= 1 << i
		}
	}
	if s.opens.Days == 0 {
		r.fail(http.StatusBadRequest, invalid, "At least one day should be selected")
		return false
	}
	from, fromOK := minuteOf(r.text("start_time"))
	last, lastOK := minuteOf(r.text("end_time"))
	if !fromOK || !lastOK || last < from {
		r.fail(http.StatusBadRequest, invalid, "start_time and end_time are not valid") // nobody tells of hours past midnight
		return false
	}
	s.opens.Hours = facade.Hours{From: from, To: (last + 1) % minutesADay} // the last minute counts
	within := &s.opens.Within
	for name, at := range map[string]*time.Time{"start_date": &within.From, "end_date": &within.To} {
		text := r.text(name)
		if text == "" {
			continue
		}
		t, err := time.ParseInLocation(stamp, text, c.zone)
		if err != nil {
			r.fail(http.StatusBadRequest, badParameter, name+" is not valid")
			return false
		}
		*at = t.UTC()
	}
	if within.Bounded() && !within.To.After(within.From) {
		r.fail(http.StatusBadRequest, invalid, "end_date should be after start_date")
		return false
	}
	return true
}

func (c *Cloud) addSchedule(r *request) {
	s, g := &schedule{}, r.group
	if !c.read(r, s) {
		return
	}
	c.writes(r, "observe", func() {
		s.id, s.live = c.next("schedule"), c.fleet.Now().Add(c.Habits.ScheduleTakes.Span())
		g.schedules = append(g.schedules, s)
		c.soon(c.Habits.ScheduleTakes.Span())
	}, func() { r.json(http.StatusOK, c.scheduleJSON(s)) })
}

func (c *Cloud) changeSchedule(r *request) {
	i := slices.IndexFunc(r.group.schedules, func(s *schedule) bool { return s.id == r.id })
	if i < 0 {
		r.fail(http.StatusNotFound, notFound, "Time schedule not found")
		return
	}
	s, next := r.group.schedules[i], schedule{}
	if !c.read(r, &next) {
		return
	}
	c.writes(r, "observe", func() {
		now := c.fleet.Now()
		if known, ok := s.at(now); ok {
			s.before = &known
		}
		s.opens, s.live = next.opens, now.Add(c.Habits.ScheduleTakes.Span())
		c.soon(c.Habits.ScheduleTakes.Span())
	}, func() { r.json(http.StatusOK, c.scheduleJSON(s)) })
}

func (c *Cloud) deleteSchedule(r *request) {
	g := r.group
	c.writes(r, "observe", func() {
		g.schedules = slices.DeleteFunc(g.schedules, func(s *schedule) bool { return s.id == r.id })
		c.soon(c.Habits.MemberTakes.Span())
	}, func() { r.reply(accepted()) })
}
