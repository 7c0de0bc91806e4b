package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// device shows one lock: what it is, what is under way and why, its codes, and its slots with what is wished against what
// is held.
type device struct {
	sh    *shell
	row   engine.DeviceRow // as the fleet knew it, until view is there
	view  *engine.DeviceView
	zone  *time.Location
	codes table[engine.CodeView]
	slots table[engine.SlotView]
	part  int // 0: codes have the keys, 1: slots, -1: neither, it is only looked at
}

// labelWidth is that of the words before a lock's facts.
const labelWidth = 9

func newDevice(sh *shell, row engine.DeviceRow) *device {
	d := &device{sh: sh, row: row}
	d.codes = table[engine.CodeView]{columns: d.codeColumns(), id: func(c engine.CodeView) string { return string(c.ID) }}
	d.slots = table[engine.SlotView]{columns: d.slotColumns(), id: func(v engine.SlotView) string {
		return strconv.Itoa(v.Slot) + "/" + string(v.Ref) + "/" + string(v.Code)
	}}
	return d
}

func (d *device) Title() string { return d.row.Name }

func (d *device) Keys() []key.Binding { return d.sh.keys.device() }

func (d *device) request() request {
	return request{to: d, queries: []engine.Query{{View: engine.ViewDevice, Device: d.row.ID}}}
}

func (d *device) door() (door, bool) {
	return door{id: d.row.ID, name: d.row.Name, hub: d.row.Hub, account: d.row.Account, zone: d.zone}, true
}

func (d *device) cli() string { return fmt.Sprintf(cliDevice, quoted(string(d.row.ID))) }

func (d *device) chosenCode() (lock.CodeID, string) {
	c, _ := d.selected()
	return c.ID, codeName(c)
}

func (d *device) bars(verb string) string {
	c, ok := d.selected()
	_, foreign := d.foreign()
	switch {
	case verb == "adopt" && !foreign:
		return "choose an unmanaged entry among the slots (tab)"
	case verb == "revoke" && foreign:
		return ""
	}
	if !ok && (has(codeVerbs(), verb) || verb == "open") && verb != "retry" {
		return "no code is chosen"
	}
	if !ok {
		return ""
	}
	return barsCode(verb, c)
}

func (d *device) at() *time.Location {
	if d.zone != nil {
		return d.zone
	}
	return d.sh.zone
}

func (d *device) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		d.take(msg.snaps[0], msg.zone)
	case tea.KeyMsg:
		return d.press(msg)
	}
	return nil
}

func (d *device) take(s engine.Snapshot, zone *time.Location) {
	if s.Device == nil {
		return
	}
	d.view, d.row, d.zone = s.Device, s.Device.DeviceRow, zone
	d.codes.fill(s.Codes, 0, len(s.Codes))
	d.slots.fill(s.Device.Slots, 0, len(s.Device.Slots))
}

func (d *device) press(k tea.KeyMsg) tea.Cmd {
	keys := d.sh.keys
	_, h := d.sh.body()
	_, codes, slots := d.split(h)
	switch {
	case key.Matches(k, keys.tab):
		d.part = 1 - d.part
		return nil
	case d.part == 0 && d.codes.steer(k, keys, codes-3), d.part == 1 && d.slots.steer(k, keys, slots-1):
		return nil
	case key.Matches(k, keys.create):
		at, _ := d.door()
		return d.sh.open(newTemplates(d.sh, at))
	case key.Matches(k, keys.pool):
		return d.switchPool()
	}
	c, ok := d.selected()
	at, _ := d.door()
	if v, is := d.foreign(); is {
		switch {
		case key.Matches(k, keys.adopt):
			return d.sh.open(newConfirm(d.sh, adopt(v, at)))
		case key.Matches(k, keys.revoke):
			return d.sh.open(newConfirm(d.sh, eraseUnmanaged(v, at)))
		}
	}
	switch {
	case key.Matches(k, keys.history):
		return d.sh.open(newHistory(d.sh, at))
	case key.Matches(k, keys.swap):
		return d.sh.open(newSwap(d.sh, at))
	case key.Matches(k, keys.timeline):
		return d.sh.open(newTimeline(d.sh, []door{at}))
	case ok && key.Matches(k, keys.open):
		return d.sh.open(newCode(d.sh, c.ID, at))
	case ok:
		cmd, _ := d.sh.act(k, c, at)
		return cmd
	case key.Matches(k, keys.retry):
		return d.sh.look(d.row.ID, d.row.Name)
	}
	return nil
}

// foreign is the entry under the cursor that somebody else put on the lock.
func (d *device) foreign() (engine.SlotView, bool) {
	v, ok := d.slots.current()
	return v, ok && d.part == 1 && v.State == "unmanaged"
}

// selected is the code under the cursor of the part that has the keys.
func (d *device) selected() (engine.CodeView, bool) {
	if d.part == 0 {
		return d.codes.current()
	}
	if v, ok := d.slots.current(); ok && v.Code != "" {
		for _, c := range d.codes.rows {
			if c.ID == v.Code {
				return c, true
			}
		}
	}
	return engine.CodeView{}, false
}

func (d *device) switchPool() tea.Cmd {
	if d.view == nil {
		return nil
	}
	on := !d.view.Pool.On
	what := "backup pool of " + d.row.Name + " off"
	if on {
		what = "backup pool of " + d.row.Name + " on"
	}
	return d.sh.submit(engine.SetPool{Device: d.row.ID, On: on}, func(r engine.Receipt, err error) tea.Cmd {
		if err != nil {
			return d.sh.refused(err)
		}
		return d.sh.done(what, r)
	})
}

// split shares the height between the facts, the codes and the slots; a short screen shows the part that has the keys.
func (d *device) split(h int) (facts, codes, slots int) {
	w, _ := d.sh.body()
	facts = len(d.facts(w-4)) + 2
	rest := h - facts
	if rest < 16 {
		if d.part == 1 {
			return facts, 0, rest - 2
		}
		return facts, rest - 2, 0
	}
	codes = min(rest/2+1, max(9, len(d.codes.rows)+4+detailRows))
	return facts, codes - 2, rest - codes - 2
}

func (d *device) View(w, h int) string {
	s := d.sh.style
	facts, codes, slots := d.split(h)
	var rows []string
	for _, l := range d.facts(w - 4) {
		rows = append(rows, s.draw(line{{plain, " "}}.and(l), cells{width: w - 2}))
	}
	r := d.row
	title := say(strong, r.Name).with(rule, " "+s.across+" ").with(dim, system(r)+", account "+string(r.Account))
	if r.Hub != "" {
		title = title.with(dim, ", hub "+string(r.Hub))
	}
	out := s.panel(w, facts, title, s.state(r).line(), rows)
	if codes > 0 {
		out = append(out, s.box(d.border(0), w, codes+2, d.tab(0, fmt.Sprintf("Codes %d", len(d.codes.rows)), slots == 0), nil, d.codeRows(w-2, codes))...)
	}
	if slots > 0 {
		out = append(out, s.box(d.border(1), w, slots+2, d.tab(1, fmt.Sprintf("Slots %d: wished against held", len(d.slots.rows)), codes == 0), nil, d.slotRows(w-2, slots))...)
	}
	return strings.Join(out, "\n")
}

// border of the part that has the keys stands out.
func (d *device) border(part int) tone {
	if d.part == part {
		return accent
	}
	return rule
}

// tab is a part's title; the other part is named where it is not on show.
func (d *device) tab(part int, title string, alone bool) line {
	t := dim
	if d.part == part {
		t = strong
	}
	l := say(t, title)
	if alone && d.part >= 0 {
		other := "slots"
		if part == 1 {
			other = "codes"
		}
		l = l.with(rule, " "+d.sh.style.across+" ").with(dim, "tab: "+other)
	}
	return l
}

func (d *device) codeRows(w, h int) []string {
	s := d.sh.style
	if len(d.codes.rows) == 0 {
		return []string{s.draw(say(dim, "  no codes; n makes one"), cells{width: w})}
	}
	list := h - 1 - detailRows
	rows := d.codes.view(s, w, list, "", d.part != 0)
	for len(rows) < list {
		rows = append(rows, strings.Repeat(" ", w))
	}
	c, _ := d.codes.current()
	return append(append(rows, divider), s.detail(say(dim, codeName(c)+": ").and(d.sh.remark(c)), w, detailRows)...)
}

func (d *device) slotRows(w, h int) []string {
	s := d.sh.style
	if len(d.slots.rows) == 0 {
		return []string{s.draw(say(dim, "  nothing wished, nothing held"), cells{width: w})}
	}
	return d.slots.view(s, w, h, "", d.part != 1)
}

// facts are the lines above the tables.
func (d *device) facts(w int) []line {
	s, now := d.sh.style, d.sh.now
	v := d.view
	if v == nil {
		return []line{say(dim, "reading the lock "+s.more)}
	}
	half := (w - 2) / 2
	pair := func(a string, al line, b string, bl line) line {
		left := say(dim, fmt.Sprintf("%-*s", labelWidth, a)).and(al)
		if left.width() > half {
			left = left.cut(half, s.more)
		}
		left = append(left, span{plain, strings.Repeat(" ", half+2-left.width())})
		return left.with(dim, fmt.Sprintf("%-*s", labelWidth, b)).and(bl)
	}
	link := s.link(v.Link)
	seen := say(link.tone, link.glyph+" "+linkWords(v.Link))
	if !v.Observed.IsZero() {
		seen = seen.with(dim, ", seen "+fromNow(v.Observed, now))
	}
	rows := []line{
		pair("link", seen, "battery", s.battery(v.Battery, true).with(plain, "")),
		pair("slots", d.capacity(), "backups", d.pool()),
		pair("clock", d.clock(half-labelWidth), "modes", d.modes()),
		say(dim, "next     ").and(d.next()),
	}
	rows = append(rows, d.can(w)...)
	if !v.Exposure.Since.IsZero() || v.Exposure.Unverified {
		rows = append(rows, exposure(s, v.Exposure, now))
	}
	for i, is := range v.Issues {
		if i == 2 && len(v.Issues) > 3 {
			return append(rows, say(warn, fmt.Sprintf("%s and %d more issues", s.more, len(v.Issues)-2)))
		}
		if l := s.issue(is); l.width() <= w {
			rows = append(rows, l)
			continue
		}
		bare := is
		bare.Remedy = ""
		rows = append(rows, s.issue(bare), say(accent, "  "+s.arrow+" ").with(dim, is.Remedy))
	}
	return rows
}

func exposure(s *style, x engine.Exposure, now time.Time) line {
	switch {
	case x.Unverified:
		return say(bad, s.exposed+" exposed, perhaps").with(dim, ": the erase can't be confirmed on this lock")
	case !x.Since.IsZero():
		return say(bad, s.exposed+" exposed for "+spanOf(now.Sub(x.Since))).with(dim, ": a PIN opens that should not")
	}
	return say(dim, "exposed for "+spanOf(x.Past)+" in the past")
}

// can tells what the lock can do, in two lines at most.
func (d *device) can(w int) []line {
	s := d.sh.style
	rows := wrap(plain, strings.Join(traits(d.view.Traits), " "+s.dot+" "), w-labelWidth)
	if len(rows) > 2 {
		rows = append(rows[:1], line{{plain, rows[1][0].text + " " + s.more}})
	}
	rows[0] = say(dim, "can      ").and(rows[0])
	for i := 1; i < len(rows); i++ {
		rows[i] = line{{plain, strings.Repeat(" ", labelWidth)}}.and(rows[i])
	}
	return rows
}

func (d *device) capacity() line {
	v := d.view
	if v.DeviceRow.Slots == 0 {
		return say(plain, fmt.Sprintf("%d used", v.Used)).with(dim, ", capacity hidden")
	}
	return say(plain, fmt.Sprintf("%d of %d used", v.Used, v.DeviceRow.Slots)).with(dim, fmt.Sprintf(", %d free", v.Free()))
}

func (d *device) pool() line {
	p := d.view.Pool
	switch {
	case !p.On:
		return say(dim, "off")
	case p.Ready < p.Want:
		return say(warn, fmt.Sprintf("%d of %d ready", p.Ready, p.Want)).with(dim, fmt.Sprintf(", %d given", p.Pulled))
	}
	return say(good, fmt.Sprintf("%d of %d ready", p.Ready, p.Want)).with(dim, fmt.Sprintf(", %d given", p.Pulled))
}

// clock is how the lock's clock goes, and where; of a zone that does not fit into w cells the city alone.
func (d *device) clock(w int) line {
	v := d.view
	l := line{}
	switch off := v.Clock; {
	case off == 0:
		l = l.with(dim, "no drift seen")
	case off.Abs() >= time.Minute:
		l = l.with(warn, fmt.Sprintf("%+.0f s off", off.Seconds()))
	default:
		l = l.with(plain, fmt.Sprintf("%+.0f s", off.Seconds()))
	}
	if v.Zone == "" {
		return l.with(warn, ", zone unknown")
	}
	if whole := l.with(dim, ", "+v.Zone); whole.width() <= w {
		return whole
	}
	return l.with(dim, ", "+strings.ReplaceAll(v.Zone[strings.LastIndex(v.Zone, "/")+1:], "_", " "))
}

func (d *device) modes() line {
	if len(d.view.Modes) == 0 {
		return say(dim, "none that refuses codes")
	}
	words := make([]string, len(d.view.Modes))
	for i, m := range d.view.Modes {
		words[i] = string(m)
	}
	return say(warn, d.sh.style.warn+" "+strings.Join(words, ", "))
}

// next tells what is under way, or what comes next, and why.
func (d *device) next() line {
	s, v, now := d.sh.style, d.view, d.sh.now
	if f := v.Flight; f != nil {
		return say(busy, s.half+" "+f.Verb.Word()+" since "+spanOf(now.Sub(f.Since))).with(dim, ": "+d.sh.names.in(f.Reason))
	}
	if v.Wake.IsZero() {
		return say(dim, "nothing to do")
	}
	l := say(plain, moment(v.Wake, now, d.at())+", "+fromNow(v.Wake, now))
	if v.Next != "" {
		l = l.with(dim, ": "+d.sh.names.in(v.Next))
	}
	return l
}
