package main

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// codeRow is a code as it is printed for programs, under the names of the API.
type codeRow struct {
	ID         lock.CodeID      `json:"access_code_id"`
	Device     lock.DeviceID    `json:"device_id"`
	DeviceName string           `json:"device_name"`
	Name       string           `json:"name"`
	Type       engine.CodeType  `json:"type"`
	Status     engine.Status    `json:"status"`
	Starts     *time.Time       `json:"starts_at"`
	Ends       *time.Time       `json:"ends_at"`
	PIN        *string          `json:"code"` // null: not revealed, or not chosen yet
	Readiness  engine.Readiness `json:"readiness"`
	Evidence   engine.Evidence  `json:"evidence"`
	Exposed    bool             `json:"is_exposed"`
	Backup     bool             `json:"is_backup"`
	Next       string           `json:"next"`
	Cause      string           `json:"cause"`
	Action     string           `json:"action"`
	Issues     []string         `json:"issues"`

	view engine.CodeView
	now  time.Time
}

func rowOf(c engine.CodeView, now time.Time) codeRow {
	r := codeRow{
		ID: c.ID, Device: c.Device, DeviceName: c.DeviceName, Name: c.Name, Type: c.Type, Status: c.Status, Starts: at(c.Starts), Ends: at(c.Ends),
		Readiness: c.Readiness, Evidence: c.Evidence, Exposed: !c.Exposure.Since.IsZero(), Backup: c.Backup, Next: c.Reason, Cause: c.Cause,
		Action: c.Action, Issues: []string{}, view: c, now: now,
	}
	for _, i := range c.Issues {
		r.Issues = append(r.Issues, i.Code)
	}
	return r
}

func (r codeRow) door() string { return cmp.Or(r.DeviceName, string(r.Device)) }

func (r codeRow) who() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Backup && r.view.PulledFor == "":
		return "(spare)"
	}
	return "-"
}

func (r codeRow) digits() string {
	if r.PIN == nil {
		return "-"
	}
	return *r.PIN
}

// state is the one word that says whether all is well, and how well.
func (r codeRow) state() (string, tone) {
	switch {
	case r.Exposed:
		return "exposed", wrong
	case r.Status == engine.StatusRemoving, r.Status == engine.StatusUnknown:
		return words(r.Status), poor
	case r.Readiness == engine.ReadyWillFail:
		return words(r.Readiness), wrong
	case r.Readiness == engine.ReadyAtRisk:
		return words(r.Readiness), poor
	case r.Status == engine.StatusUnset && r.view.Scheduled:
		return "scheduled", fine
	case r.Status == engine.StatusSet:
		return "set", fine
	}
	return words(r.Status), plainly
}

func (r codeRow) starts() string { return clock(r.view.Starts, r.now, r.view.Zone) }

func (r codeRow) ends() string { return clock(r.view.Ends, r.now, r.view.Zone) }

func codesList(s *talk, _ []string) error {
	q := engine.Query{View: engine.ViewCodes, Filter: when.Filter(s.text("filter"), s.Now(), time.Local)}
	if name := s.text("device"); name != "" {
		if q.Filter != "" {
			return badInput("filter: goes with all devices alone, not with --device")
		}
		d, err := s.device(name)
		if err != nil {
			return err
		}
		q.Device = d.ID
	}
	return s.listCodes(q)
}

func codesHistory(s *talk, args []string) error {
	d, err := s.device(args[0])
	if err != nil {
		return err
	}
	return s.listCodes(engine.Query{View: engine.ViewHistory, Device: d.ID})
}

func (s *talk) listCodes(q engine.Query) error {
	var rows []codeRow
	var ids []lock.CodeID
	err := s.pages(q, func(page engine.Snapshot) error {
		for _, c := range page.Codes {
			rows = append(rows, rowOf(c, page.Now))
			ids = append(ids, c.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	columns := []column[codeRow]{
		{name: "name", text: codeRow.who}, {name: "device", text: codeRow.door},
		{name: "state", text: func(r codeRow) string { w, _ := r.state(); return w }, tone: func(r codeRow) tone { _, t := r.state(); return t }},
		{name: "from", text: codeRow.starts}, {name: "until", text: codeRow.ends},
	}
	if s.on("reveal") {
		if err := s.revealAll(rows); err != nil {
			return err
		}
		columns = append(columns, column[codeRow]{name: "pin", text: codeRow.digits})
	}
	short := endings(ids)
	columns = append(columns, column[codeRow]{name: "code", text: func(r codeRow) string { return short[r.ID] }, tone: func(codeRow) tone { return faint }})
	return list(s.app, rows, columns...)
}

// revealAll fills in the digits of codes, each of which the journal keeps. Those that nobody may know yet stay hidden.
func (s *talk) revealAll(rows []codeRow) error {
	for i := range rows {
		c := &rows[i].view
		if !c.HasPIN || c.Backup && c.PulledFor == "" || c.Status == engine.StatusGone {
			continue
		}
		pin, err := s.reveal(c.ID)
		if err != nil {
			return err
		}
		rows[i].PIN = pin
	}
	return nil
}

// reveal tells the digits of a code; nil: there are none yet.
func (s *talk) reveal(id lock.CodeID) (*string, error) {
	r, err := s.Submit(s.ctx, engine.Command{Actor: s.actor(), Do: engine.Reveal{Code: id}})
	if err != nil || len(r.PINs) == 0 || r.PINs[0].IsZero() {
		return nil, err
	}
	digits := r.PINs[0].Reveal()
	return &digits, nil
}

// codeDetail is everything about one code.
type codeDetail struct {
	codeRow
	Created  time.Time   `json:"created_at"`
	Holder   string      `json:"holder"`
	Native   bool        `json:"is_native"`
	Why      string      `json:"why"`
	Line     []momentRow `json:"line"`
	Troubles []issueRow  `json:"troubles"`
	Exposure string      `json:"exposure"` // until now, as a length of time
}

// momentRow is a point of a code's life.
type momentRow struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Done bool      `json:"is_done"`
}

func lineOf(line []engine.Moment) []momentRow {
	rows := []momentRow{}
	for _, m := range line {
		rows = append(rows, momentRow{m.At.UTC(), m.What, m.Done})
	}
	return rows
}

// issueRow is something that is wrong.
type issueRow struct {
	Code    string     `json:"issue_code"`
	Message string     `json:"message"`
	Remedy  string     `json:"remedy"`
	Since   *time.Time `json:"since"`
}

func issuesOf(all []engine.Issue) []issueRow {
	rows := []issueRow{}
	for _, i := range all {
		rows = append(rows, issueRow{i.Code, i.Message, i.Remedy, at(i.Since)})
	}
	return rows
}

func codesShow(s *talk, args []string) error {
	c, err := s.code(args[0])
	if err != nil {
		return err
	}
	now := s.Now()
	v := codeDetail{
		codeRow: rowOf(c, now), Created: c.Created.UTC(), Holder: c.Holder, Native: c.Native, Why: c.Why, Line: lineOf(c.Line),
		Troubles: issuesOf(c.Issues), Exposure: c.Exposure.Total(now).String(),
	}
	if s.on("reveal") {
		if v.PIN, err = s.reveal(c.ID); err != nil {
			return err
		}
	}
	return show(s.app, v, func() { s.tellCode(&v) })
}

// tellCode tells a code to people.
func (s *talk) tellCode(v *codeDetail) {
	c := &v.view
	state, t := v.state()
	pin := "hidden; --reveal shows it, which is journaled"
	switch {
	case v.PIN != nil:
		pin = *v.PIN
	case c.Waiting:
		pin = "the provider has not chosen it yet"
	case c.Status == engine.StatusGone:
		pin = ""
	}
	until := v.ends()
	if c.Ends.IsZero() {
		until = "until removed"
	}
	exposure := ""
	if x := c.Exposure.Total(v.now); x > 0 || c.Exposure.Unverified {
		exposure = span(x) + " in which it may have opened a door that it should not"
	}
	s.facts(
		fact{name: "code", value: string(c.ID)}, fact{name: "name", value: c.Name}, fact{name: "holder", value: c.Holder},
		fact{name: "device", value: v.door() + " (" + string(c.Device) + ")"}, fact{"state", state, t}, fact{name: "from", value: v.starts()},
		fact{name: "until", value: until}, fact{name: "pin", value: pin}, fact{name: "readiness", value: words(c.Readiness)},
		fact{name: "because", value: c.Cause}, fact{name: "do", value: c.Action}, fact{name: "evidence", value: words(c.Evidence)},
		fact{name: "next", value: c.Reason}, fact{name: "exposure", value: exposure, tone: wrong},
	)
	s.tellLine(c.Line, v.now, c.Zone)
	s.tellIssues(c.Issues)
}

func (s *talk) tellLine(line []engine.Moment, now time.Time, zone string) {
	for _, m := range line {
		t := plainly
		if !m.Done {
			t = faint
		}
		s.say("%s", s.paint(t, "  "+pad(clock(m.At, now, zone), 18)+pad(ago(m.At, now), 14)+m.What))
	}
}

func (s *talk) tellIssues(all []engine.Issue) {
	for _, i := range all {
		t := poor
		if i.Class == engine.ClassError {
			t = wrong
		}
		s.facts(fact{"issue", i.Message, t}, fact{name: "do", value: i.Remedy})
	}
}

func pad(text string, n int) string { return text + strings.Repeat(" ", max(1, n-len(text))) }

func codesReveal(s *talk, args []string) error {
	c, err := s.liveCode(args[0])
	if err != nil {
		return err
	}
	row := rowOf(c, s.Now())
	if row.PIN, err = s.reveal(c.ID); err != nil {
		return err
	}
	if row.PIN == nil {
		return errors.New("the daemon told no digits: the key of this client lacks the scope pins")
	}
	return show(s.app, row, func() { s.say("%s", *row.PIN) })
}

// causeRow is a sentence of an explanation; Depth says under how many others it stands.
type causeRow struct {
	Depth int        `json:"depth"`
	Text  string     `json:"text"`
	At    *time.Time `json:"at"`
	Mood  string     `json:"mood"`
}

func codesExplain(s *talk, args []string) error {
	c, err := s.code(args[0])
	if err != nil {
		return err
	}
	why, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewExplain, Code: c.ID})
	if err != nil {
		return err
	}
	var rows []causeRow
	var walk func([]engine.Cause, int)
	walk = func(all []engine.Cause, depth int) {
		for _, x := range all {
			rows = append(rows, causeRow{depth, x.Text, at(x.At), string(x.Mood)})
			walk(x.Because, depth+1)
		}
	}
	walk(why.Why, 0)
	if s.format() != "table" {
		return list(s.app, rows)
	}
	for _, r := range rows {
		text := r.Text
		if r.At != nil {
			text += " (" + clock(*r.At, why.Now, c.Zone) + ", " + ago(*r.At, why.Now) + ")"
		}
		t := map[string]tone{string(engine.MoodGood): fine, string(engine.MoodBad): wrong, string(engine.MoodWaits): poor}[r.Mood]
		s.facts(fact{strings.Repeat("  ", r.Depth) + "-", text, t})
	}
	return s.broke
}
