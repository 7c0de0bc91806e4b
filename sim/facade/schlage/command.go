package schlage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
)

// command is what a partner has asked of a lock, and what came of it.
type command struct {
	ID     string      `json:"commandId"`
	Device string      `json:"deviceId"`
	State  string      `json:"state"`
	Name   string      `json:"name"`
	Data   commandData `json:"data"`
}

type commandData struct {
	Code  string        `json:"accessCodeId,omitempty"`
	Name  string        `json:"friendlyName,omitempty"`
	Error *commandError `json:"error,omitempty"` // of a command that is over, also where nothing went wrong
}

type commandError struct {
	Status  int    `json:"statusCode"`
	Code    int    `json:"errorCode"`
	Message string `json:"errorMessage"`
}

// Words of commands.
const (
	pending    = "Pending"
	successful = "Successful"
	failure    = "Failed"
	addCode    = "AddAccessCode"
	updateCode = "UpdateAccessCode"
	deleteCode = "DeleteAccessCode"

	succeeded    = 0 // as errorCode
	failed       = 1
	wrongTimes   = 34
	commandsKept = 1000
	begins       = time.Second // before the cloud turns to a command that it has taken
)

// accept takes a command of that name. do is what its cloud does with it a moment later, also where the answer to the partner is lost.
func (c *Cloud) accept(r *request, verb, word, name string, do func(*request)) {
	var x *command
	taken := func() {
		x = c.begin(r.door, commandData{Code: r.id, Name: name}, word)
		later := &request{door: r.door, id: r.id, passed: true, reply: func(a facade.Reply) { c.settle(r.door, x, a) }}
		c.fleet.After(begins, func() { do(later) })
	}
	c.call(r, sim.Call{Verb: verb, Device: r.door.of.ID, Taken: taken}, func(sim.Result) {
		if x == nil { // the cloud says yes in the lock's stead, and has lost it
			x = c.begin(r.door, commandData{Code: r.id, Name: name}, word)
			c.settle(r.door, x, facade.JSON(http.StatusOK, map[string]string{}))
		}
		r.reply(facade.JSON(http.StatusAccepted, map[string]string{"commandId": x.ID}))
	})
}

// begin keeps a command, and forgets the oldest where there are too many.
func (c *Cloud) begin(d *door, data commandData, word string) *command {
	p := &c.partner
	p.made++
	x := &command{ID: uuid(d.id, "command", strconv.Itoa(p.made)), Device: d.id, State: pending, Name: word, Data: data}
	if len(p.order) == commandsKept {
		delete(p.commands, p.order[0].ID)
		p.order = slices.Delete(p.order, 0, 1)
	}
	p.commands[x.ID] = x
	p.order = append(p.order, x)
	return x
}

// settle ends a command with what the app would have been answered.
func (c *Cloud) settle(d *door, x *command, a facade.Reply) {
	var said struct {
		ID      string `json:"accesscodeId"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(a.Body, &said) // a page of HTML says nothing
	if said.ID != "" {
		x.Data.Code = said.ID
	}
	switch {
	case a.Broken: // between the cloud and the lock
		x.State, x.Data.Error = failure, &commandError{http.StatusGatewayTimeout, failed, timedOut}
	case a.Status < http.StatusBadRequest:
		x.State, x.Data.Error = successful, &commandError{a.Status, succeeded, ""}
	case said.Message == badSchedule:
		x.State, x.Data.Error = failure, &commandError{a.Status, wrongTimes, said.Message}
	default:
		x.State, x.Data.Error = failure, &commandError{a.Status, failed, said.Message}
	}
	c.tell(d, "CommandStatusChanged", x.Name, x)
}

func (c *Cloud) showCommand(r *request) {
	c.look(r, r.door, func(lock.Observation) {
		x := c.partner.commands[r.id]
		if x == nil || x.Device != r.door.id {
			r.refuse(http.StatusNotFound, "Command not found")
			return
		}
		r.json(x)
	})
}

// partnerCode is an access code, in both directions. The digits are text.
type partnerCode struct {
	ID       string         `json:"accessCodeId,omitempty"`
	Name     string         `json:"name"`
	Code     string         `json:"code"`
	Length   int            `json:"accessCodeLength"`
	ReadOnly bool           `json:"readOnly"`
	Type     string         `json:"scheduleType"`
	Details  *partnerDetail `json:"scheduleDetails,omitempty"`
}

type partnerDetail struct {
	Start     string            `json:"startDateTime,omitempty"`
	End       string            `json:"endDateTime,omitempty"`
	Schedules []partnerSchedule `json:"schedules,omitempty"`
}

type partnerSchedule struct {
	Start string   `json:"startTime"`
	End   string   `json:"endTime"`
	Days  []string `json:"activeWeekDays"`
}

// Types of schedules.
const (
	typeAlways    = "Always"
	typeTemporary = "Temporary"
	typeRecurring = "Recurring"
	hourMinute    = "15:04"
)

// partnerOf tells a code to a partner.
func partnerOf(x *codeJSON) partnerCode {
	p := partnerCode{ID: x.ID, Name: x.Name, Code: "****", Length: x.Length, Type: typeAlways}
	if n, ok := x.Code.(int); ok {
		p.Code = strconv.Itoa(n)
		p.Code = strings.Repeat("0", max(0, x.Length-len(p.Code))) + p.Code
	}
	week := []schedule{x.Schedule1}
	if x.Schedule2 != nil {
		week = append(week, *x.Schedule2)
	}
	var details partnerDetail
	if x.Activation > 0 || x.Expiration < forever {
		p.Type, p.Details = typeTemporary, &details
		details.Start, details.End = time.Unix(x.Activation, 0).UTC().Format(time.RFC3339), time.Unix(x.Expiration, 0).UTC().Format(time.RFC3339)
	}
	if weekOf(x, lock.Window{}) == nil {
		return p
	}
	p.Type, p.Details = typeRecurring, &details
	for _, s := range week {
		bits, _ := s.bits()
		clock := func(h, m int) string { return time.Date(0, 1, 1, h, m, 0, 0, time.UTC).Format(hourMinute) }
		y := partnerSchedule{Start: clock(s.StartHour, s.StartMinute), End: clock(s.EndHour, s.EndMinute)}
		for day := time.Sunday; day <= time.Saturday; day++ {
			if bits>>(time.Saturday-day)&1 == 1 {
				y.Days = append(y.Days, day.String())
			}
		}
		details.Schedules = append(details.Schedules, y)
	}
	return p
}

// app is what the app would write, or why nothing can be made of it. Whether the lock keeps such a schedule is seen later.
func (p *partnerCode) app(id string) (x codeJSON, wrong string) {
	n, err := strconv.ParseUint(p.Code, 10, 32)
	if err != nil || p.Length != 0 && p.Length != len(p.Code) {
		return x, "Invalid code"
	}
	x = codeJSON{ID: id, Name: p.Name, Code: n, Length: len(p.Code), Expiration: forever, Schedule1: always()}
	if p.Type == typeAlways {
		return x, ""
	}
	if p.Type != typeTemporary && p.Type != typeRecurring || p.Details == nil {
		return x, "Invalid scheduleType"
	}
	for _, side := range []struct {
		text string
		to   *int64
	}{{p.Details.Start, &x.Activation}, {p.Details.End, &x.Expiration}} {
		if side.text == "" && p.Type == typeRecurring {
			continue
		}
		at, err := time.Parse(time.RFC3339, side.text)
		if err != nil {
			return x, "Invalid scheduleDetails"
		}
		*side.to = at.Unix()
	}
	if p.Type == typeTemporary {
		return x, ""
	}
	var week []schedule
	for _, s := range p.Details.Schedules {
		from, err := time.Parse(hourMinute, s.Start)
		to, bad := time.Parse(hourMinute, s.End)
		var bits uint64
		for day := time.Sunday; day <= time.Saturday; day++ {
			if slices.Contains(s.Days, day.String()) {
				bits |= 1 << (time.Saturday - day)
			}
		}
		if err != nil || bad != nil {
			return x, "Invalid scheduleDetails"
		}
		week = append(week, schedule{strings.ToUpper(strconv.FormatUint(bits, 16)), from.Hour(), from.Minute(), to.Hour(), to.Minute()})
	}
	switch len(week) {
	case 2:
		x.Schedule2 = &week[1]
		fallthrough
	case 1:
		x.Schedule1 = week[0]
	default:
		x.Schedule1 = schedule{} // a lock keeps one or two
	}
	return x, ""
}

// copyOf is the cloud's copy of a lock, as a command finds it that was taken before.
func (c *Cloud) copyOf(d *door) lock.Observation {
	o := lock.Observation{Reach: c.fleet.Shown(d.of.ID)}
	for _, m := range c.fleet.Listed(d.of.ID) {
		o.Held = append(o.Held, lock.Held{Ref: m.Ref, Name: m.Name, PIN: m.PIN, Window: m.Window, Enabled: m.Enabled})
	}
	return o
}

func (c *Cloud) partnerCodes(r *request) {
	c.look(r, r.door, func(o lock.Observation) {
		all := []partnerCode{}
		for _, h := range c.held(r.door, o) {
			x := toJSON(r.door, h)
			all = append(all, partnerOf(&x))
		}
		r.json(map[string]any{"accessCodes": all})
	})
}

func (c *Cloud) partnerAdd(r *request) { c.partnerWrite(r, addCode, false) }

func (c *Cloud) partnerUpdate(r *request) { c.partnerWrite(r, updateCode, true) }

func (c *Cloud) partnerWrite(r *request, word string, update bool) {
	var p partnerCode
	if json.Unmarshal(r.Body, &p) != nil {
		r.refuse(http.StatusBadRequest, "Invalid request body")
		return
	}
	x, wrong := p.app(r.id)
	if wrong != "" {
		r.refuse(http.StatusBadRequest, wrong)
		return
	}
	_, want, wrong := read(facade.JSON(http.StatusOK, x).Body)
	switch {
	case wrong == badSchedule && c.AtOnce:
		r.reply(problemOf(facade.Reply{Status: http.StatusBadGateway}, wrong, wrongTimes))
		return
	case wrong != "" && wrong != badSchedule:
		r.refuse(http.StatusBadRequest, wrong)
		return
	}
	c.accept(r, "set", word, x.Name, func(later *request) {
		if wrong != "" {
			later.refuse(http.StatusBadRequest, wrong)
			return
		}
		c.store(later, x, want, update, c.copyOf(r.door))
	})
}

func (c *Cloud) partnerDelete(r *request) {
	c.accept(r, "clear", deleteCode, "", func(later *request) { c.erase(later, r.id, c.copyOf(r.door)) })
}
