package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// column is one column of a table of R.
type column[R any] struct {
	title string
	sort  string // the name under which the host sorts by it; "": it does not
	width int    // cells; of a flexible column the least
	flex  int    // its share of the cells that are left over; 0: fixed
	most  int    // more cells are of no use to it; 0: any number is
	right bool
	from  int // left out of tables narrower than this
	cell  func(R) line
}

// table draws a window of a listing and moves a cursor through it. It holds only the rows of the pages around the cursor:
// a hundred thousand rows cost what fifty do.
type table[R any] struct {
	columns []column[R]
	id      func(R) string
	total   int // rows of the whole listing
	base    int // index of rows[0] in it
	rows    []R
	cursor  int
	top     int
	marked  map[string]R // by id
	markAt  int          // index of the last one marked
}

// fill takes a freshly loaded window. The cursor stays on its row if that row is still in sight, else at its place.
func (t *table[R]) fill(rows []R, base, total int) {
	old, had := t.current()
	t.rows, t.base, t.total = rows, base, total
	if had {
		if now, ok := t.current(); !ok || t.id(now) != t.id(old) {
			for i, r := range rows {
				if t.id(r) == t.id(old) {
					t.top += base + i - t.cursor
					t.cursor = base + i
					break
				}
			}
		}
	}
	t.clamp()
}

// current is the row under the cursor; false while its page is being loaded or there are no rows.
func (t *table[R]) current() (R, bool) {
	if i := t.cursor - t.base; i >= 0 && i < len(t.rows) {
		return t.rows[i], true
	}
	var none R
	return none, false
}

// shown are the rows that a view of that height has.
func (t *table[R]) shown(height int) []R {
	first := t.first(height) - t.base
	return t.rows[max(0, min(first, len(t.rows))):max(0, min(first+height, len(t.rows)))]
}

// to moves the cursor to an index; a view of height rows follows it.
func (t *table[R]) to(index, height int) {
	t.cursor = index
	t.clamp()
	t.top = t.first(height)
}

func (t *table[R]) clamp() {
	t.cursor = max(0, min(t.cursor, t.total-1))
	t.top = max(0, min(t.top, t.cursor))
}

// first is the index of the uppermost row of a view of that height.
func (t *table[R]) first(height int) int {
	top := min(t.top, t.cursor)
	top = max(top, t.cursor-height+1)
	return max(0, min(top, t.total-height))
}

// steer moves the cursor by a movement key and reports whether it was one.
func (t *table[R]) steer(k tea.KeyMsg, keys *keyMap, height int) bool {
	switch {
	case key.Matches(k, keys.up):
		t.to(t.cursor-1, height)
	case key.Matches(k, keys.down):
		t.to(t.cursor+1, height)
	case key.Matches(k, keys.pageUp):
		t.to(t.cursor-max(1, height-1), height)
	case key.Matches(k, keys.pageDown):
		t.to(t.cursor+max(1, height-1), height)
	case key.Matches(k, keys.top):
		t.to(0, height)
	case key.Matches(k, keys.bottom):
		t.to(t.total-1, height)
	default:
		return false
	}
	return true
}

// view draws the header and height-1 rows of exactly w cells. sorted is the Query.Sort in force. blurred tables show no
// cursor.
func (t *table[R]) view(s *style, w, height int, sorted string, blurred bool) []string {
	if height < 1 {
		return nil
	}
	widths, gap := t.layout(w)
	out := make([]string, 0, height)
	out = append(out, s.draw(t.header(s, widths, gap, sorted), cells{width: w}))
	first := t.first(height - 1)
	for i := first; i < min(t.total, first+height-1); i++ {
		at := i - t.base
		if at < 0 || at >= len(t.rows) {
			out = append(out, s.draw(say(dim, "  "+s.more), cells{width: w}))
			continue
		}
		out = append(out, t.row(s, t.rows[at], w, widths, gap, i == t.cursor && !blurred))
	}
	return out
}

func (t *table[R]) row(s *style, r R, w int, widths []int, gap int, selected bool) string {
	mark := line{{plain, "  "}}
	_, chosen := t.marked[t.id(r)]
	switch {
	case selected && chosen:
		mark = line{{accent, s.mark}, {good, s.check}}
	case selected:
		mark = line{{accent, s.mark}, {plain, " "}}
	case chosen:
		mark = line{{good, s.check}, {plain, " "}}
	}
	row := s.draw(mark, cells{width: 2, selected: selected})
	left := w - 2
	for i, c := range t.columns {
		if widths[i] == 0 {
			continue
		}
		row += s.draw(c.cell(r), cells{width: widths[i], right: c.right, selected: selected})
		left -= widths[i]
		space := min(gap, left)
		row += s.draw(nil, cells{width: space, selected: selected})
		left -= space
	}
	return row + s.draw(nil, cells{width: left, selected: selected})
}

func (t *table[R]) header(s *style, widths []int, gap int, sorted string) line {
	l := line{{plain, "  "}}
	for i, c := range t.columns {
		if widths[i] == 0 {
			continue
		}
		title, tn := c.title, dim
		switch {
		case c.sort == "":
		case sorted == c.sort:
			title, tn = ordered(title, s.up, widths[i]), accent
		case sorted == "-"+c.sort:
			title, tn = ordered(title, s.down, widths[i]), accent
		}
		cell := line{{tn, title}}
		if cell.width() > widths[i] {
			cell = cell.cut(widths[i], "")
		}
		pad := span{plain, strings.Repeat(" ", max(0, widths[i]-cell.width()))}
		if c.right {
			l = append(l, pad)
			l = l.and(cell)
		} else {
			l = append(l.and(cell), pad)
		}
		l = append(l, span{plain, strings.Repeat(" ", gap)})
	}
	return l[:len(l)-1] // no gap after the last
}

// ordered is a title with the sign of its order, which is never what is cut.
func ordered(title, sign string, w int) string {
	return title[:max(0, min(len(title), w-width(sign)))] + sign
}

// columnAt is the name by which the column at cell x of a table of w cells is sorted; "": none.
func (t *table[R]) columnAt(x, w int) string {
	widths, gap := t.layout(w)
	at := 2
	for i, c := range t.columns {
		if widths[i] == 0 {
			continue
		}
		if x >= at && x < at+widths[i]+gap {
			return c.sort
		}
		at += widths[i] + gap
	}
	return ""
}

// layout gives each column its cells; 0 leaves it out.
func (t *table[R]) layout(w int) (widths []int, gap int) {
	gap = 1
	if w >= 100 {
		gap = 2
	}
	widths = make([]int, len(t.columns))
	left, shares := w-3+gap, 0 // one cell stays free at the right; the last column needs no gap after it
	for i, c := range t.columns {
		if w >= c.from && left >= c.width+gap {
			widths[i] = c.width
			left -= c.width + gap
			shares += c.flex
		}
	}
	flexes := func(i int) bool {
		c := t.columns[i]
		return c.flex > 0 && widths[i] > 0 && (c.most == 0 || widths[i] < c.most)
	}
	for again := true; again; { // what a column can't use goes to the others
		again = false
		for i, c := range t.columns {
			if c.most > 0 && flexes(i) && widths[i]+left*c.flex/shares >= c.most {
				left -= c.most - widths[i]
				shares -= c.flex
				widths[i], again = c.most, true
			}
		}
	}
	for i, c := range t.columns {
		if flexes(i) && left > 0 {
			more := left * c.flex / shares
			widths[i] += more
			left -= more
			shares -= c.flex
		}
	}
	return widths, gap
}
