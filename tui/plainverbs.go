package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// spoken is how many rows of a list are said.
const spoken = 10

func (p *linear) today(rest string) {
	q := engine.Query{View: engine.ViewToday, Limit: spoken}
	if rest != "" {
		q = engine.Query{View: engine.ViewCodes, Filter: rest, Limit: spoken}
	}
	if s, ok := p.look(q); ok {
		p.list(s)
	}
}

func (p *linear) codes(rest string) {
	if s, ok := p.look(engine.Query{View: engine.ViewCodes, Filter: rest, Limit: spoken}); ok {
		p.list(s)
	}
}

func (p *linear) list(s engine.Snapshot) {
	for i, c := range s.Codes {
		p.say("%d. %s", i+1, p.about(c, s.Now))
	}
	switch more := s.Total - len(s.Codes); {
	case len(s.Codes) == 0:
		p.say("none")
	case more > 0:
		p.say("and %d more", more)
	}
}

// about tells a code in one sentence.
func (p *linear) about(c engine.CodeView, now time.Time) string {
	state := strings.ReplaceAll(string(c.Readiness), "_", " ")
	if state == "" || c.Status == engine.StatusRemoving {
		state = string(c.Status)
	}
	if !c.Exposure.Since.IsZero() {
		state = "exposed"
	}
	text := fmt.Sprintf("%s: %s at %s", state, codeName(c), doorName(c))
	zone := p.zone(c.Zone)
	switch {
	case c.Starts.After(now):
		text += ", arrives " + moment(c.Starts, now, zone) + ", " + fromNow(c.Starts, now)
	case c.Ends.After(now):
		text += ", leaves " + moment(c.Ends, now, zone) + ", " + fromNow(c.Ends, now)
	case !c.Ends.IsZero():
		text += ", ended " + fromNow(c.Ends, now)
	}
	if c.Cause != "" {
		text += ". Why: " + c.Cause
	}
	if c.Action != "" {
		text += ". Do: " + c.Action
	}
	return text + ". Code " + string(c.ID)
}

func (p *linear) fleet(rest string) {
	s, ok := p.look(engine.Query{View: engine.ViewFleet, Sort: "-readiness", Filter: rest, Limit: spoken})
	if !ok {
		return
	}
	words := newStyle(plainRenderer(), true)
	for i, r := range s.Devices {
		text := fmt.Sprintf("%d. %s: %s, link %s, %d codes", i+1, words.state(r).word, r.Name, linkWords(r.Link), r.Used)
		if r.Battery.Known {
			text += fmt.Sprintf(", battery %.0f%%", r.Battery.Level*100)
		}
		p.say("%s. Lock %s", text, r.ID)
	}
	if more := s.Total - len(s.Devices); more > 0 {
		p.say("and %d more", more)
	}
}

// find names a lock by its id or a part of its name.
func (p *linear) find(name string) (engine.DeviceRow, bool) {
	for _, filter := range []string{"id:" + name, name} {
		s, err := p.o.Host.Snapshot(p.ctx, engine.Query{View: engine.ViewFleet, Filter: filter, Limit: spoken})
		if err != nil {
			continue
		}
		for _, r := range s.Devices {
			if string(r.ID) == name || len(s.Devices) == 1 {
				return r, true
			}
		}
	}
	p.say("error: no lock, or more than one, is called %q; fleet lists them", name)
	return engine.DeviceRow{}, false
}

func (p *linear) device(rest string) {
	r, ok := p.find(rest)
	if !ok {
		return
	}
	s, ok := p.look(engine.Query{View: engine.ViewDevice, Device: r.ID})
	if !ok || s.Device == nil {
		return
	}
	v := s.Device
	p.say("%s, %s, %s. %s.", v.Name, system(v.DeviceRow), linkWords(v.Link), strings.Join(traits(v.Traits), ", "))
	if v.Flight != nil {
		p.say("under way: %s, %s", v.Flight.Verb.Word(), v.Flight.Reason)
	} else if !v.Wake.IsZero() {
		p.say("next: %s, %s", fromNow(v.Wake, s.Now), v.Next)
	}
	for _, i := range v.Issues {
		p.say("issue: %s. Do: %s", i.Message, i.Remedy)
	}
	p.list(s)
}

func (p *linear) code(rest string) {
	s, ok := p.look(engine.Query{View: engine.ViewCode, Code: lock.CodeID(rest)})
	if !ok {
		return
	}
	for _, c := range s.Codes {
		p.say("%s", p.about(c, s.Now))
		for _, m := range c.Line {
			state := "was"
			if !m.Done {
				state = "will be"
			}
			p.say("%s %s: %s, %s", state, m.What, moment(m.At, s.Now, p.zone(c.Zone)), fromNow(m.At, s.Now))
		}
		p.say("next: %s", c.Reason)
	}
}

func (p *linear) why(rest string) {
	s, ok := p.look(engine.Query{View: engine.ViewExplain, Code: lock.CodeID(rest)})
	if !ok {
		return
	}
	var say func(list []engine.Cause, under string)
	say = func(list []engine.Cause, under string) {
		for i, c := range list {
			number := under + strconv.Itoa(i+1)
			text := c.Text
			if !c.At.IsZero() {
				text += ", " + fromNow(c.At, s.Now)
			}
			p.say("%s. %s", number, text)
			say(c.Because, number+".")
		}
	}
	say(s.Why, "")
}

// span reads "from TIME" and "to TIME" off the end of a line.
func (p *linear) span(text string) (rest string, from, to *time.Time, ok bool) {
	now := p.o.Host.Now()
	read := func(word string) *time.Time {
		before, after, found := strings.Cut(" "+text, " "+word+" ")
		if !found {
			return nil
		}
		value := after
		if i := strings.Index(after+" ", " to "); word == "from" && i >= 0 {
			value = after[:i]
		}
		base := now
		if from != nil {
			base = *from
		}
		t, err := when.Parse(strings.TrimSpace(value), now, base, p.o.Zone)
		if err != nil {
			p.say("error: %s %s", word, err)
			ok = false
			return nil
		}
		if rest == "" || len(before) < len(rest) {
			rest = strings.TrimSpace(before)
		}
		return &t
	}
	ok, rest = true, ""
	from = read("from")
	to = read("to")
	if from == nil && to == nil {
		rest = text
	}
	return rest, from, to, ok
}

func (p *linear) create(text string) {
	rest, from, to, ok := p.span(text)
	name, who, _ := strings.Cut(rest, " ")
	if !ok {
		return
	}
	r, found := p.find(name)
	if !found {
		return
	}
	do := engine.Create{Device: r.ID, Name: strings.TrimSpace(who)}
	if from != nil {
		do.Starts = *from
	}
	if to != nil {
		do.Ends = *to
		if from == nil {
			do.Starts = p.o.Host.Now()
		}
	}
	if receipt, ok := p.submit(do, "made a code on "+r.Name); ok && len(receipt.Codes) > 0 {
		p.say("code %s; reveal says its digits", receipt.Codes[0])
	}
}

func (p *linear) move(text string) {
	id, from, to, ok := p.span(text)
	switch {
	case !ok:
	case from == nil && to == nil:
		p.say("error: move needs from TIME, to TIME or both")
	default:
		p.submit(engine.Update{Code: lock.CodeID(id), Starts: from, Ends: to}, "moved "+id)
	}
}

func (p *linear) backup(rest string) {
	if r, ok := p.submit(engine.PullBackup{Code: lock.CodeID(rest)}, "gave a backup for "+rest); ok && r.Backup != "" {
		p.say("code %s; reveal says its digits", r.Backup)
	}
}

func (p *linear) revoke(rest string) {
	s, ok := p.look(engine.Query{View: engine.ViewCode, Code: lock.CodeID(rest)})
	if !ok {
		return
	}
	p.say("%s", p.about(s.Codes[0], s.Now))
	p.say("It is erased from the lock at once. Type revoke and enter to do it, anything else cancels.")
	p.ask = &question{phrase: "revoke", do: engine.Delete{Code: lock.CodeID(rest)}, done: "revoked " + rest}
}

func (p *linear) reveal(rest string) {
	r, err := p.o.Host.Submit(p.ctx, engine.Command{Actor: p.o.Actor, Do: engine.Reveal{Code: lock.CodeID(rest)}})
	switch {
	case err != nil:
		p.say("refused: %s", sentence(err))
	case len(r.PINs) == 0 || r.PINs[0].IsZero():
		p.say("refused: its digits are not known yet")
	default:
		p.say("the digits of %s: %s", rest, strings.Join(strings.Split(r.PINs[0].Reveal(), ""), " "))
	}
}

func (p *linear) retry(rest string) {
	if r, ok := p.find(rest); ok {
		p.submit(engine.Observe{Device: r.ID}, "looking at "+r.Name+" now")
	}
}

func (p *linear) undo(string) {
	if p.latest.seq == 0 {
		p.say("error: nothing to undo in this session")
		return
	}
	p.submit(engine.Undo{Receipt: p.latest.seq}, "undone: "+p.latest.what)
}

func (p *linear) journal(rest string) {
	n := 10
	if rest != "" {
		var err error
		if n, err = strconv.Atoi(rest); err != nil || n < 1 || n > 500 {
			p.say("error: the count must lie between 1 and 500")
			return
		}
	}
	s, ok := p.look(engine.Query{View: engine.ViewFleet, Limit: 1})
	if !ok {
		return
	}
	events, err := p.o.Host.Journal(p.ctx, max(0, s.Seq-engine.Seq(n)), n)
	if err != nil {
		p.say("error: %s", sentence(err))
	}
	for _, e := range events {
		p.event(e)
	}
}

func (p *linear) following(rest string) {
	p.follow = rest == "on"
	p.say("done: events are said: %s", rest)
}

func (p *linear) rate(rest string) {
	n, err := strconv.Atoi(rest)
	if err != nil {
		p.say("error: rate needs a number")
		return
	}
	p.steered(p.o.Lab.Rate(p.ctx, n), "rate "+rest)
}

func (p *linear) skip(rest string) {
	now := p.o.Host.Now()
	t, err := when.Parse(rest, now, now, p.o.Zone)
	if err != nil {
		p.say("error: %s", err)
		return
	}
	p.say("running ahead to %s", p.clock(t))
	p.steered(p.o.Lab.SkipTo(p.ctx, t), "there")
}

func (p *linear) keypad(rest string) {
	name, digits, _ := strings.Cut(rest, " ")
	r, ok := p.find(name)
	if !ok {
		return
	}
	pin, err := lock.ParsePIN(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		p.say("error: %s", err)
		return
	}
	switch try, err := p.o.Lab.Type(p.ctx, r.ID, pin); {
	case err != nil:
		p.say("refused: %s", sentence(err))
	case try.Opens:
		p.say("%s opens", r.Name)
	default:
		p.say("%s stays shut: %s", r.Name, reason(try.Reason))
	}
}
