package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// span is a piece of text in one tone; line is a row of them. Rows are measured and cut as text and only then coloured, so
// that no escape sequence is ever cut in two.
type (
	span struct {
		tone tone
		text string
	}
	line []span
)

// say makes a line of one span. Texts that come from outside pass through it: control characters can't reach the terminal.
func say(t tone, text string) line { return line{{t, clean(text)}} }

// with appends a span.
func (l line) with(t tone, text string) line { return append(l, span{t, clean(text)}) }

// and joins lines.
func (l line) and(others ...line) line {
	for _, o := range others {
		l = append(l, o...)
	}
	return l
}

func (l line) width() int {
	w := 0
	for _, s := range l {
		w += width(s.text)
	}
	return w
}

// cells is how a line is laid into a number of cells.
type cells struct {
	width    int
	right    bool // against the right edge
	selected bool
}

// draw renders a line into exactly c.width cells: longer ones are cut with an ellipsis, shorter ones padded.
func (s *style) draw(l line, c cells) string {
	if l.width() > c.width {
		l = l.cut(c.width, s.more)
	}
	pad := strings.Repeat(" ", max(0, c.width-l.width()))
	row := 0
	if c.selected {
		row = 1
	}
	var b strings.Builder
	if c.right {
		s.put(&b, row, plain, pad)
	}
	for _, p := range l {
		s.put(&b, row, p.tone, p.text)
	}
	if !c.right {
		s.put(&b, row, plain, pad)
	}
	return b.String()
}

// cut shortens a line to at most w cells, the last of which say that there was more.
func (l line) cut(w int, more string) line {
	room := w - width(more)
	if room < 0 {
		return nil
	}
	var out line
	for _, p := range l {
		n := width(p.text)
		if n > room {
			return append(out, span{p.tone, ansi.Truncate(p.text, room, "") + more})
		}
		out = append(out, p)
		room -= n
	}
	return out
}

func (s *style) put(b *strings.Builder, row int, t tone, text string) {
	if text == "" {
		return
	}
	b.WriteString(s.open[row][t])
	b.WriteString(text)
	b.WriteString(s.shut[row][t])
}

// width counts terminal cells.
func width(text string) int {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return ansi.StringWidth(text)
		}
	}
	return len(text)
}

// clean replaces what could move the cursor, or turn the direction of writing, in names that vendors and guests chose.
func clean(text string) string {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return strings.Map(func(r rune) rune {
				switch {
				case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
					return '\ufffd'
				}
				return r
			}, text)
		}
	}
	return text
}

// wrap breaks a sentence into lines of at most w cells, in one tone.
func wrap(t tone, text string, w int) []line {
	var out []line
	for _, l := range strings.Split(ansi.Wordwrap(clean(text), max(1, w), ""), "\n") {
		out = append(out, line{{t, l}})
	}
	return out
}

// wrap breaks a line between words into rows of at most w cells, of which there are no more than most: the last is cut.
func (l line) wrap(w, most int, more string) []line {
	rows := []line{nil}
	for _, p := range l {
		for _, word := range strings.SplitAfter(p.text, " ") {
			last := len(rows) - 1
			if rows[last].width()+width(strings.TrimRight(word, " ")) > w && rows[last].width() > 0 && last+1 < most {
				rows, last = append(rows, nil), last+1
			}
			rows[last] = append(rows[last], span{p.tone, word})
		}
	}
	if last := len(rows) - 1; rows[last].width() > w {
		rows[last] = rows[last].cut(w, more)
	}
	return rows
}

// detailRows are what the words on the row under the cursor may take below a list.
const detailRows = 2

// detail draws those words.
func (s *style) detail(l line, w, rows int) []string {
	out := make([]string, 0, rows)
	for _, row := range l.wrap(w-3, rows, s.more) {
		out = append(out, s.draw(line{{plain, "  "}}.and(row), cells{width: w}))
	}
	return out
}

// mistake says in the place of a list's rows why there are none.
func (s *style) mistake(text string, w int) []string {
	var out []string
	for _, l := range wrap(bad, text, w-4) {
		out = append(out, s.draw(line{{plain, "  "}}.and(l), cells{width: w}))
	}
	return append(out, s.draw(say(dim, "  esc takes the words away"), cells{width: w}))
}

// divider as a row of a panel's body joins its two sides.
const divider = "divider"

// panel draws a box of exactly w by h cells. title sits in the upper border at the left, note at the right; body rows are
// drawn lines of w-2 cells, missing ones stay empty and spare ones are left out.
func (s *style) panel(w, h int, title, note line, body []string) []string {
	return s.box(rule, w, h, title, note, body)
}

// box is a panel whose border has a tone.
func (s *style) box(border tone, w, h int, title, note line, body []string) []string {
	inner := w - 2
	if inner < 1 || h < 2 {
		return nil
	}
	out := make([]string, 0, h)
	out = append(out, s.edge(border, 0, inner, title, note))
	side := s.draw(line{{border, s.along}}, cells{width: 1})
	empty := strings.Repeat(" ", inner)
	for i := range h - 2 {
		switch {
		case i >= len(body):
			out = append(out, side+empty+side)
		case body[i] == divider:
			out = append(out, s.draw(say(border, s.teeRight+strings.Repeat(s.across, inner)+s.teeLeft), cells{width: w}))
		default:
			out = append(out, side+body[i]+side)
		}
	}
	return append(out, s.edge(border, 2, inner, nil, nil))
}

// edge draws an upper (corner 0) or lower (corner 2) border with its title and note.
func (s *style) edge(border tone, corner, inner int, title, note line) string {
	mid := line{}
	if len(title) > 0 {
		mid = line{{border, s.across + " "}}.and(title).with(border, " ")
	}
	tail := line{}
	if len(note) > 0 {
		tail = line{{border, " "}}.and(note).with(border, " "+s.across)
	}
	if mid.width()+tail.width() > inner {
		tail = nil
	}
	fill := inner - mid.width() - tail.width()
	if fill > 0 {
		mid = append(mid, span{border, strings.Repeat(s.across, fill)})
	}
	return s.draw(line{{border, s.corners[corner]}}, cells{width: 1}) +
		s.draw(mid.and(tail), cells{width: inner}) +
		s.draw(line{{border, s.corners[corner+1]}}, cells{width: 1})
}

// overlay puts a box over the middle of a picture of w cells a row; what it leaves in sight loses its colours.
func (s *style) overlay(under, box []string, w, boxWidth int) []string {
	top := max(0, (len(under)-len(box))/2)
	left := max(0, (w-boxWidth)/2)
	for i, row := range under {
		row = ansi.Strip(row)
		if i < top || i >= top+len(box) {
			under[i] = s.draw(line{{rule, row}}, cells{width: w})
			continue
		}
		under[i] = s.draw(line{{rule, ansi.Cut(row, 0, left)}}, cells{width: left}) + box[i-top] +
			s.draw(line{{rule, ansi.Cut(row, left+boxWidth, w)}}, cells{width: w - left - boxWidth})
	}
	return under
}
