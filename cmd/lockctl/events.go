package main

import (
	"cmp"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// eventRow is a line of the journal.
type eventRow struct {
	Seq     engine.Seq     `json:"sequence"`
	At      time.Time      `json:"occurred_at"`
	Type    string         `json:"event_type"`
	Account lock.AccountID `json:"connected_account_id"`
	Device  lock.DeviceID  `json:"device_id"`
	Code    lock.CodeID    `json:"access_code_id"`
	Actor   string         `json:"actor"`
	Issue   string         `json:"issue_code"`
	Text    string         `json:"message"`
}

func eventOf(e engine.Event) eventRow {
	r := eventRow{Seq: e.Seq, At: e.At.UTC(), Type: e.Type, Account: e.Account, Device: e.Device, Code: e.Code, Actor: e.Actor, Text: e.Text}
	if e.Issue != nil {
		r.Issue, r.Text = e.Issue.Code, cmp.Or(e.Text, e.Issue.Message)
	}
	return r
}

// eventsTail prints the last lines of the journal, and with --follow what comes.
func eventsTail(s *talk, _ []string) error {
	if s.on("follow") && (s.format() == "json" || s.format() == "csv") {
		return badInput("follow: has no end, so it goes with -o table and -o jsonl")
	}
	lines, after := s.number("lines"), s.number("after")
	if lines < 0 || after < 0 {
		return badInput("lines and after: must not be negative")
	}
	wanted, err := s.wanted()
	if err != nil {
		return err
	}
	ctx := s.ctx
	bell := s.Bell(ctx) // before the first look, so that nothing is missed
	last, rows, err := s.tail(engine.Seq(after), lines, wanted)
	if err != nil {
		return err
	}
	if !s.on("follow") && s.format() != "table" {
		return list(s.app, rows)
	}
	if _, still := s.Host.(*stored); still && s.on("follow") {
		return refused("follow: nothing will happen: lockctl serve is not running")
	}
	for {
		for _, r := range rows {
			if err := s.tellEvent(r); err != nil {
				return err
			}
		}
		if !s.on("follow") {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
		}
		rows = nil
		for more := true; more; {
			fresh, err := s.Journal(ctx, last, 1000)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			for _, e := range fresh {
				if last = e.Seq; wanted(e) {
					rows = append(rows, eventOf(e))
				}
			}
			more = len(fresh) == 1000
		}
	}
}

// wanted tells which lines of the journal are asked for: those of one lock, and those that hold the words of a filter, which
// may be names where the journal has ids.
func (s *talk) wanted() (func(engine.Event) bool, error) {
	var at lock.DeviceID
	if name := s.text("device"); name != "" {
		d, err := s.device(name)
		if err != nil {
			return nil, err
		}
		at = d.ID
	}
	words := s.text("filter")
	locks, codes := map[lock.DeviceID]string{}, map[lock.CodeID]string{}
	name := func(q engine.Query) string {
		got, err := s.Snapshot(s.ctx, q)
		switch {
		case err != nil: // it is gone: its id is all there is
			return ""
		case q.Code != "":
			return got.Codes[0].Name
		}
		return got.Device.Name
	}
	return func(e engine.Event) bool {
		if at != "" && e.Device != at {
			return false
		}
		if words == "" {
			return true
		}
		if _, known := locks[e.Device]; !known && e.Device != "" {
			locks[e.Device] = name(engine.Query{View: engine.ViewDevice, Device: e.Device})
		}
		if _, known := codes[e.Code]; !known && e.Code != "" {
			codes[e.Code] = name(engine.Query{View: engine.ViewCode, Code: e.Code})
		}
		text := strings.Join([]string{e.Type, string(e.Device), string(e.Code), locks[e.Device], codes[e.Code], e.Text, e.Actor}, " ")
		return when.Matches(strings.ToLower(text), words, e.At, s.Now(), time.Local)
	}, nil
}

// tail reads the newest lines that are wanted, or those after a number.
func (s *talk) tail(after engine.Seq, lines int, wanted func(engine.Event) bool) (last engine.Seq, rows []eventRow, err error) {
	newest, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		return 0, nil, err
	}
	last = newest.Seq
	step := engine.Seq(1000)
	if s.given("after") {
		for from := after; from < last; {
			part, err := s.Journal(s.ctx, from, int(step))
			if err != nil || len(part) == 0 {
				return last, rows, err
			}
			for _, e := range part {
				if from = e.Seq; e.Seq <= last && wanted(e) {
					rows = append(rows, eventOf(e))
				}
			}
		}
		return last, rows, nil
	}
	for to := last; to > 0 && len(rows) < lines; to -= step { // backwards, a page at a time
		from := max(0, to-step)
		part, err := s.Journal(s.ctx, from, int(to-from))
		if err != nil {
			return last, rows, err
		}
		var these []eventRow
		for _, e := range part {
			if e.Seq <= to && wanted(e) {
				these = append(these, eventOf(e))
			}
		}
		rows = append(these, rows...)
		if len(part) == 0 {
			break // what went before is no longer kept
		}
	}
	return last, rows[max(0, len(rows)-lines):], nil
}

// tellEvent prints one line as it happened. There is no table: how wide its columns are would have to be known before.
func (s *talk) tellEvent(r eventRow) error {
	if s.format() == "jsonl" {
		return printEach(s.app, []eventRow{r})
	}
	text := r.Type
	for _, part := range []string{cmp.Or(string(r.Device), string(r.Account)), string(r.Code), r.Actor, r.Text} {
		if part != "" {
			text += ", " + part
		}
	}
	s.facts(fact{name: r.At.Local().Format("02 Jan 15:04:05"), value: text})
	return s.broke
}

// number is the value of an option that is a whole number.
func (a *app) number(flag string) int {
	n, err := a.verb.Flags().GetInt(flag)
	return map[bool]int{true: n}[err == nil]
}
