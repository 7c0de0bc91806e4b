package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/lock"
)

// timeline draws windows on an axis of time: what was wished, what the lock held, when a PIN opened that should not, and
// what was broken. One door shows a lane for each code, several show a lane each.
type timeline struct {
	sh    *shell
	doors []door
	data  map[lock.DeviceID]doorData
	lane  int
	top   int
	zoom  int       // index of grains
	left  time.Time // of the axis; zero: around now
	at    time.Time // the instant under the cursor; zero: now, and it moves along
	past  past

	broken map[string][]period // faults of a simulation by what they are on
}

// grains are how much time one cell may stand for.
var grains = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

func newTimeline(sh *shell, doors []door) *timeline {
	return &timeline{sh: sh, doors: doors, data: map[lock.DeviceID]doorData{}, zoom: 4}
}

// newTimelineOfFleet draws the marked locks, or those that the list shows.
func newTimelineOfFleet(sh *shell) *timeline {
	t := newTimeline(sh, nil)
	if len(sh.fleet.table.marked) > 0 {
		t.doors = doorsOfRows(sh.fleet.table.chosen())
	} else {
		t.doors = doorsOfRows(sh.fleet.table.rows)
	}
	return t
}

func (t *timeline) Title() string { return "Timeline" }

func (t *timeline) Keys() []key.Binding { return t.sh.keys.axis() }

func (t *timeline) sideways() {}

// restart forgets everything: the past has changed.
func (t *timeline) restart() { t.data, t.past = map[lock.DeviceID]doorData{}, past{} }

// visible are the doors whose lanes are on show.
func (t *timeline) visible() []door {
	if len(t.doors) == 1 {
		return t.doors
	}
	first := max(0, min(t.top, len(t.doors)-1))
	return t.doors[first:min(len(t.doors), first+t.rows())]
}

func (t *timeline) door() (door, bool) {
	switch l := t.lanes(); {
	case len(t.doors) == 1:
		return t.named(t.doors[0]), true
	case t.lane < len(l):
		return t.named(l[t.lane].door), true
	}
	return door{}, false
}

// named adds what was read of a door.
func (t *timeline) named(d door) door {
	if data, ok := t.data[d.id]; ok {
		d.name, d.hub, d.account, d.zone = data.device.Name, data.device.Hub, data.device.Account, data.zone
	}
	return d
}

func (t *timeline) bars(verb string) string {
	if verb == "open" && t.lane >= len(t.lanes()) {
		return "nothing is drawn yet"
	}
	return ""
}

func (t *timeline) cli() string {
	if d, ok := t.door(); ok {
		return fmt.Sprintf(cliOfDevice, quoted(string(d.id)))
	}
	return ""
}

func (t *timeline) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return t.take(msg)
	case tea.KeyMsg:
		return t.press(msg)
	}
	return nil
}

func (t *timeline) press(k tea.KeyMsg) tea.Cmd {
	keys := t.sh.keys
	w, _ := t.sh.body()
	cells := t.width(w)
	switch {
	case k.String() == "left", k.String() == "h":
		return t.move(-1)
	case k.String() == "right", k.String() == "l":
		return t.move(1)
	case key.Matches(k, keys.pageUp):
		return t.move(-cells / 2)
	case key.Matches(k, keys.pageDown):
		return t.move(cells / 2)
	case key.Matches(k, keys.now):
		t.at, t.left = time.Time{}, time.Time{}
	case key.Matches(k, keys.zoomIn):
		return t.scale(t.zoom - 1)
	case key.Matches(k, keys.zoomOut):
		return t.scale(t.zoom + 1)
	case key.Matches(k, keys.up):
		return t.choose(t.lane - 1)
	case key.Matches(k, keys.down):
		return t.choose(t.lane + 1)
	case key.Matches(k, keys.top):
		return t.choose(0)
	case key.Matches(k, keys.bottom):
		return t.choose(t.count() - 1)
	case key.Matches(k, keys.open):
		return t.openLane()
	case key.Matches(k, keys.retry):
		if d, ok := t.door(); ok {
			return t.sh.look(d.id, d.name)
		}
	}
	return nil
}

// count is the number of lanes, those out of sight included.
func (t *timeline) count() int {
	if len(t.doors) == 1 {
		return len(t.lanes())
	}
	return len(t.doors)
}

// choose moves the cursor to a lane; the view follows it.
func (t *timeline) choose(lane int) tea.Cmd {
	at := t.top + lane
	if len(t.doors) == 1 {
		at = lane
	}
	at = max(0, min(at, t.count()-1))
	if len(t.doors) == 1 {
		t.lane = at
		t.top = min(t.top, at)
		t.top = max(t.top, at-t.rows()+1)
		return nil
	}
	t.top = max(min(t.top, at), at-t.rows()+1)
	t.lane = at - t.top
	return t.sh.changed()
}

func (t *timeline) openLane() tea.Cmd {
	l := t.lanes()
	if t.lane >= len(l) {
		return nil
	}
	at := t.named(l[t.lane].door)
	if len(t.doors) > 1 {
		return t.sh.open(newTimeline(t.sh, []door{at}))
	}
	if len(l[t.lane].codes) == 1 {
		return t.sh.open(newCode(t.sh, l[t.lane].codes[0].ID, at))
	}
	return nil
}

// instant is the moment under the cursor.
func (t *timeline) instant() time.Time {
	if t.at.IsZero() {
		return t.sh.now
	}
	return t.at
}

func (t *timeline) grain() time.Duration { return grains[t.zoom] }

// start is the left end of an axis of w cells.
func (t *timeline) start(w int) time.Time {
	left := t.left
	if left.IsZero() {
		left = t.sh.now.Add(-time.Duration(w/3) * t.grain())
	}
	return left.Truncate(t.grain())
}

// move moves the cursor by cells; the axis follows it.
func (t *timeline) move(by int) tea.Cmd {
	full, _ := t.sh.body()
	w := t.width(full)
	left := t.start(w)
	t.at = t.instant().Add(time.Duration(by) * t.grain())
	t.left = left
	switch end := left.Add(time.Duration(w) * t.grain()); {
	case t.at.Before(left):
		t.left = t.at.Truncate(t.grain())
	case !t.at.Before(end):
		t.left = left.Add(t.at.Sub(end) + t.grain())
	}
	return t.lookBack(w)
}

// lookBack reads on where the axis begins before what was read of the past.
func (t *timeline) lookBack(w int) tea.Cmd {
	if t.start(w).Before(t.past.oldest) {
		return t.sh.changed()
	}
	return nil
}

// scale changes what a cell stands for; the cursor keeps its place on the screen.
func (t *timeline) scale(zoom int) tea.Cmd {
	full, _ := t.sh.body()
	w := t.width(full)
	column := int(t.instant().Sub(t.start(w)) / t.grain())
	t.zoom = max(0, min(zoom, len(grains)-1))
	if !t.left.IsZero() || !t.at.IsZero() {
		t.left = t.instant().Add(-time.Duration(column) * t.grain())
	}
	return t.lookBack(t.width(full))
}

// rows is how many lanes fit.
func (t *timeline) rows() int {
	_, h := t.sh.body()
	return max(1, h-10)
}

// laneName is how many cells a screen of that width gives to the name of a lane.
func laneName(w int) int { return max(18, min(28, w/4+2)) }

func (t *timeline) width(w int) int { return max(10, w-laneName(w)-6) }

func (t *timeline) View(w, h int) string {
	s := t.sh.style
	inner, cellsWide := w-2, t.width(w)
	lanes := t.lanes()
	title := say(strong, "Timeline").with(dim, " "+pluralOf(len(t.doors), "lock"))
	if len(t.doors) == 1 {
		title = say(strong, "Timeline").with(rule, " "+s.across+" ").with(dim, t.named(t.doors[0]).name)
	}
	ax := axis{left: t.start(cellsWide), grain: t.grain(), width: cellsWide, now: t.sh.now, at: t.instant(), zone: t.zone()}
	rows := []line{
		say(plain, strings.Repeat(" ", laneName(w)+2)).and(ax.labels()),
		say(plain, strings.Repeat(" ", laneName(w)+2)).and(ax.ruler(s)),
	}
	first := 0
	if len(t.doors) == 1 {
		first = t.top
	}
	for i := first; i < min(len(lanes), first+t.rows()); i++ {
		rows = append(rows, t.laneLine(lanes[i], i == t.lane, ax, laneName(w)))
	}
	if len(lanes) == 0 {
		rows = append(rows, say(dim, "  reading the locks "+s.more))
	}
	var body []string
	for _, r := range rows {
		body = append(body, s.draw(r, cells{width: inner}))
	}
	for len(body) < h-8 {
		body = append(body, strings.Repeat(" ", inner))
	}
	body = append(body, divider)
	for _, r := range t.below(inner, ax) {
		body = append(body, s.draw(line{{plain, "  "}}.and(r), cells{width: inner}))
	}
	note := say(dim, fmt.Sprintf("a cell is %s", spanOf(t.grain())))
	return strings.Join(s.panel(w, h, title, note, body), "\n")
}

// zone is that of the chosen door.
func (t *timeline) zone() *time.Location {
	if d, ok := t.door(); ok && d.zone != nil {
		return d.zone
	}
	return t.sh.zone
}

func (t *timeline) laneLine(l lane, chosen bool, ax axis, room int) line {
	s := t.sh.style
	mark, tn := line{{plain, "  "}}, plain
	if chosen {
		mark, tn = line{{accent, s.mark + " "}}, strong
	}
	name := say(tn, l.name)
	if name.width() > room-1 {
		name = name.cut(room-1, s.more)
	}
	return mark.and(name).with(plain, strings.Repeat(" ", room-name.width())).and(ax.draw(s, l, chosen))
}

// below tells what is on the chosen door at the instant under the cursor, and what the signs mean.
func (t *timeline) below(w int, ax axis) []line {
	s := t.sh.style
	rows := []line{nil, nil, nil, nil, ax.legend(s)}
	l := t.lanes()
	if t.lane >= len(l) {
		return rows
	}
	at := t.instant()
	d := t.named(l[t.lane].door)
	head := say(strong, at.In(t.zone()).Format("Mon 2 Jan 15:04 MST")).with(dim, ", "+fromNow(at, t.sh.now)+", on ").with(strong, d.name)
	rows[0] = head
	var on []line
	for _, c := range t.data[d.id].codes() {
		if text := presence(s, c, at, t.sh.now, d.zone); len(text) > 0 {
			on = append(on, text)
		}
	}
	for _, f := range t.faultsOn(d) {
		if f.covers(at) {
			on = append(on, say(warn, s.warn+" "+f.what))
		}
	}
	if len(on) == 0 {
		on = []line{say(dim, "nothing is wished, and nothing is known to be held")}
	}
	for i, o := range on {
		if i == 2 && len(on) > 3 {
			rows[3] = say(dim, fmt.Sprintf("and %d more", len(on)-2))
			break
		}
		if i < 3 {
			rows[1+i] = o
		}
	}
	return rows
}

func pluralOf(n int, noun string) string { return fmt.Sprintf("%d %s", n, plural(n, noun)) }

// plural is a noun as it goes with a number.
func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
