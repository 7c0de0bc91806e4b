package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// deviceRow is a lock as it is printed for programs.
type deviceRow struct {
	ID        lock.DeviceID    `json:"device_id"`
	Account   lock.AccountID   `json:"connected_account_id"`
	Name      string           `json:"name"`
	System    string           `json:"system"`
	Model     string           `json:"model"`
	Link      string           `json:"link"`
	Battery   *float64         `json:"battery_level"` // 0 to 1
	Slots     *int             `json:"slots"`         // null: hidden by the vendor
	Used      int              `json:"slots_used"`
	Set       int              `json:"codes_set"`
	Setting   int              `json:"codes_setting"`
	Removing  int              `json:"codes_removing"`
	Readiness engine.Readiness `json:"readiness"`
	Exposed   bool             `json:"is_exposed"`
	Issues    int              `json:"issues"`
	Worst     string           `json:"worst_issue"`
	Native    bool             `json:"is_native"`
	Wake      *time.Time       `json:"next_at"`

	view engine.DeviceRow
	now  time.Time
}

func deviceRowOf(d engine.DeviceRow, now time.Time) deviceRow {
	r := deviceRow{
		ID: d.ID, Account: d.Account, Name: d.Name, System: d.System, Model: d.Model, Link: linkWord(d.Link), Used: d.Used, Set: d.Set, Setting: d.Setting,
		Removing: d.Removing, Readiness: d.Readiness, Exposed: d.Exposed, Issues: d.Issues, Worst: d.Worst, Native: d.Native, Wake: at(d.Wake), view: d, now: now,
	}
	if d.Battery.Known {
		r.Battery = &d.Battery.Level
	}
	if d.Slots > 0 {
		r.Slots = &d.Slots
	}
	return r
}

func linkWord(r lock.Reach) string {
	switch r {
	case lock.Reached:
		return "up"
	case lock.LockDown:
		return "lock down"
	case lock.HubDown:
		return "hub down"
	case lock.AccountDown:
		return "cloud down"
	}
	return "not looked at yet"
}

func (r deviceRow) battery() string {
	if r.Battery == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", *r.Battery*100)
}

func (r deviceRow) slots() string {
	if r.Slots == nil {
		return strconv.Itoa(r.Used)
	}
	return fmt.Sprintf("%d/%d", r.Used, *r.Slots)
}

// state is the worst that holds.
func (r deviceRow) state() (string, tone) {
	switch {
	case r.Readiness == engine.ReadyWillFail:
		return words(r.Readiness), wrong
	case r.Exposed:
		return "exposed", wrong
	case r.Readiness == engine.ReadyAtRisk:
		return words(r.Readiness), poor
	case r.view.Link != lock.Reached && r.view.Link != lock.ReachUnknown:
		return r.Link, wrong
	case r.view.Errors > 0:
		return "issue", poor
	}
	return "ok", fine
}

func devicesList(s *talk, _ []string) error {
	filter := s.text("filter")
	if account := s.text("account"); account != "" {
		filter = strings.TrimSpace(filter + " account:" + account)
	}
	var rows []deviceRow
	err := s.pages(engine.Query{View: engine.ViewFleet, Sort: s.text("sort"), Filter: filter}, func(page engine.Snapshot) error {
		for _, d := range page.Devices {
			rows = append(rows, deviceRowOf(d, page.Now))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return list(s.app, rows,
		column[deviceRow]{name: "device", text: func(r deviceRow) string { return string(r.ID) }},
		column[deviceRow]{name: "name", text: func(r deviceRow) string { return r.Name }},
		column[deviceRow]{name: "system", text: func(r deviceRow) string { return cmp.Or(r.System, r.Model) }, tone: func(deviceRow) tone { return faint }},
		column[deviceRow]{name: "state", text: func(r deviceRow) string { w, _ := r.state(); return w }, tone: func(r deviceRow) tone { _, t := r.state(); return t }},
		column[deviceRow]{name: "bat", text: deviceRow.battery},
		column[deviceRow]{name: "slots", text: deviceRow.slots})
}

// deviceDetail is everything about one lock.
type deviceDetail struct {
	deviceRow
	Zone     string      `json:"time_zone"`
	Seen     *time.Time  `json:"observed_at"`
	Next     string      `json:"next"`
	Pool     poolRow     `json:"backup_pool"`
	Modes    []string    `json:"modes"`
	Places   []slotRow   `json:"places"`
	Troubles []issueRow  `json:"troubles"`
	Traits   lock.Traits `json:"traits"`
}

type poolRow struct {
	On     bool `json:"is_enabled"`
	Want   int  `json:"wanted"`
	Ready  int  `json:"ready"`
	Pulled int  `json:"pulled"`
}

// slotRow is a place on a lock.
type slotRow struct {
	Slot  int         `json:"slot"` // 0: the lock has no numbers
	State string      `json:"state"`
	Name  string      `json:"name"`
	Code  lock.CodeID `json:"access_code_id"` // "": somebody else put it there
	Ref   lock.Ref    `json:"ref"`
	From  *time.Time  `json:"starts_at"`
	To    *time.Time  `json:"ends_at"`
	Seen  *time.Time  `json:"seen_at"`
	Week  string      `json:"weekly_schedule,omitempty"` // times of the week at which alone it opens

	now  time.Time
	zone string
}

func slotRows(d *engine.DeviceView, now time.Time, which func(engine.SlotView) bool) []slotRow {
	rows := []slotRow{}
	for _, p := range d.Slots {
		if !which(p) {
			continue
		}
		w := p.Held
		if p.Code != "" {
			w = p.Wished
		}
		rows = append(rows, slotRow{p.Slot, p.State, p.Name, p.Code, p.Ref, at(w.From), at(w.To), at(p.Seen), p.Weekly, now, d.Zone})
	}
	return rows
}

func slotColumns() []column[slotRow] {
	return []column[slotRow]{
		{name: "slot", text: func(r slotRow) string {
			if r.Slot == 0 {
				return "-"
			}
			return strconv.Itoa(r.Slot)
		}},
		{name: "state", text: func(r slotRow) string {
			if r.Week != "" {
				return r.State + ", " + r.Week
			}
			return r.State
		}},
		{name: "name", text: func(r slotRow) string { return cmp.Or(r.Name, "-") }},
		{name: "from", text: func(r slotRow) string { return clock(or(r.From), r.now, r.zone) }},
		{name: "until", text: func(r slotRow) string { return clock(or(r.To), r.now, r.zone) }},
	}
}

func refColumn() column[slotRow] {
	return column[slotRow]{name: "ref", text: func(r slotRow) string { return string(r.Ref) }}
}

func devicesShow(s *talk, args []string) error {
	d, err := s.device(args[0])
	if err != nil {
		return err
	}
	now := s.Now()
	v := deviceDetail{
		deviceRow: deviceRowOf(d.DeviceRow, now), Zone: d.Zone, Seen: at(d.Observed), Next: d.Next, Modes: []string{},
		Pool: poolRow{d.Pool.On, d.Pool.Want, d.Pool.Ready, d.Pool.Pulled}, Places: slotRows(&d, now, func(engine.SlotView) bool { return true }),
		Troubles: issuesOf(d.Issues), Traits: d.Traits,
	}
	for _, m := range d.Modes {
		v.Modes = append(v.Modes, string(m))
	}
	return show(s.app, v, func() { s.tellDevice(&v, &d) })
}

func (s *talk) tellDevice(v *deviceDetail, d *engine.DeviceView) {
	state, t := v.state()
	pool := "off"
	if d.Pool.On {
		pool = fmt.Sprintf("%d of %d ready, %d given", d.Pool.Ready, d.Pool.Want, d.Pool.Pulled)
	}
	seen := "never"
	if !d.Observed.IsZero() {
		seen = ago(d.Observed, v.now)
	}
	next := ""
	if !d.Wake.IsZero() {
		next = ago(d.Wake, v.now) + ": " + d.Next
	}
	flight := ""
	if f := d.Flight; f != nil {
		flight = f.Verb.Word() + ", " + f.Reason
	}
	delivery := "codes are written just in time"
	if d.Native {
		delivery = "the lock keeps schedules itself"
	}
	stays := ""
	if len(d.Traits.TimeSlots) > 0 {
		stays = "from " + d.Traits.SlotTimes() + ", the only times that it takes"
	}
	s.facts(
		fact{name: "device", value: string(d.ID)}, fact{name: "name", value: d.Name}, fact{name: "account", value: string(d.Account)},
		fact{name: "hub", value: string(d.Hub)}, fact{name: "system", value: cmp.Or(d.System, d.Model)}, fact{"state", state, t},
		fact{name: "link", value: v.Link}, fact{name: "seen", value: seen}, fact{name: "battery", value: v.battery()}, fact{name: "zone", value: d.Zone},
		fact{name: "delivery", value: delivery}, fact{name: "stays", value: stays}, fact{name: "backups", value: pool}, fact{name: "slots", value: v.slots()},
		fact{name: "modes", value: strings.Join(v.Modes, ", ")}, fact{name: "under way", value: flight}, fact{name: "next", value: next},
	)
	s.tellIssues(d.Issues)
	if len(v.Places) > 0 {
		s.say("")
		if err := printTable(s.app, v.Places, slotColumns()); err != nil {
			s.broke = err
		}
	}
}

func devicesUnmanaged(s *talk, args []string) error {
	d, err := s.device(args[0])
	if err != nil {
		return err
	}
	rows := slotRows(&d, s.Now(), func(p engine.SlotView) bool { return p.State == "unmanaged" || p.State == "ghost" })
	return list(s.app, rows, append(slotColumns(), refColumn())...)
}

// foreign finds a code that somebody else put on a lock, by its ref or its name there.
func (s *talk) foreign(device, name string) (engine.DeviceView, engine.SlotView, error) {
	d, err := s.device(device)
	if err != nil {
		return d, engine.SlotView{}, err
	}
	var called, all []engine.SlotView
	for _, p := range d.Slots {
		if p.State != "unmanaged" && p.State != "ghost" {
			continue
		}
		if string(p.Ref) == name {
			return d, p, nil
		}
		if strings.EqualFold(p.Name, name) {
			called = append(called, p)
		}
		all = append(all, p)
	}
	if len(called) == 1 {
		return d, called[0], nil
	}
	if len(called) == 0 && len(all) == 0 {
		return d, engine.SlotView{}, badInput("ref: nobody else has put a code on %s", doorOf(d))
	}
	return d, engine.SlotView{}, misnamed("ref", name, called, all, func(p engine.SlotView) string { return fmt.Sprintf("%s (%s)", p.Ref, cmp.Or(p.Name, "no name")) })
}

func devicesAdopt(s *talk, args []string) error {
	d, p, err := s.foreign(args[0], args[1])
	if err != nil {
		return err
	}
	return s.act(engine.Adopt{Device: d.ID, Ref: p.Ref}, deed{"manage", "from now on manages", cmp.Or(p.Name, string(p.Ref)) + " on " + doorOf(d), d.Zone})
}

func devicesErase(s *talk, args []string) error {
	d, p, err := s.foreign(args[0], args[1])
	if err != nil {
		return err
	}
	return s.act(engine.DeleteUnmanaged{Device: d.ID, Ref: p.Ref}, deed{"erase", "erased", cmp.Or(p.Name, string(p.Ref)) + " from " + doorOf(d), d.Zone})
}

func devicesObserve(s *talk, args []string) error {
	d, err := s.device(args[0])
	if err != nil {
		return err
	}
	return s.act(engine.Observe{Device: d.ID}, deed{"look at", "asked for a look at", doorOf(d), d.Zone})
}

func devicesRemove(s *talk, args []string) error {
	d, err := s.device(args[0])
	if err != nil {
		return err
	}
	return s.act(engine.RemoveDevice{Device: d.ID}, deed{"end the management of", "ended the management of", doorOf(d) + ", on which its codes stay", d.Zone})
}

func devicesSwap(s *talk, args []string) error {
	old, err := s.device(args[0])
	if err != nil {
		return err
	}
	fresh, err := s.device(args[1])
	if err != nil {
		return err
	}
	return s.act(engine.SwapDevice{Old: old.ID, New: fresh.ID}, deed{"move", "moved", "every code of " + doorOf(old) + " to " + doorOf(fresh), fresh.Zone})
}
