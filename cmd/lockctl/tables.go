package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// column is a column of a table.
type column[T any] struct {
	name string
	text func(T) string
	tone func(T) tone // nil: none
}

const (
	between   = "  " // columns
	narrowest = 10   // cells that a column keeps when a table has to fit
)

// printTable prints rows below the names of their columns. On a terminal that is too narrow the widest columns break their
// lines; nothing is ever cut off.
func printTable[T any](a *app, rows []T, columns []column[T]) error {
	if len(rows) == 0 {
		a.say("none")
		return a.broke
	}
	text := make([][]string, len(rows))
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = len(c.name)
	}
	for n, row := range rows {
		for i, c := range columns {
			cell := strings.ReplaceAll(clean(c.text(row)), "\n", " ")
			text[n] = append(text[n], cell)
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	fit(widths, a.width())
	var heads []string
	for _, c := range columns {
		heads = append(heads, strings.ToUpper(c.name))
	}
	tableLine(a, heads, widths, func(int) tone { return faint })
	for n := range rows {
		tableLine(a, text[n], widths, func(i int) tone {
			if columns[i].tone == nil {
				return plainly
			}
			return columns[i].tone(rows[n])
		})
	}
	return a.broke
}

// fit makes the widest columns narrower until a line holds all; room 0: there is no line to hold them.
func fit(widths []int, room int) {
	if room == 0 {
		return
	}
	for {
		sum, widest := (len(widths)-1)*len(between), 0
		for i, w := range widths {
			sum += w
			if w > widths[widest] {
				widest = i
			}
		}
		if sum <= room || widths[widest] <= narrowest {
			return
		}
		widths[widest]--
	}
}

// tableLine prints one row, over as many lines as its longest cell needs.
func tableLine(a *app, cells []string, widths []int, tone func(int) tone) {
	parts := make([][]string, len(cells))
	tall := 1
	for i, c := range cells {
		parts[i] = strings.Split(ansi.Wrap(c, widths[i], ""), "\n")
		tall = max(tall, len(parts[i]))
	}
	for n := range tall {
		var b strings.Builder
		for i := range cells {
			if n >= len(parts[i]) || parts[i][n] == "" {
				b.WriteString(strings.Repeat(" ", widths[i]) + between)
				continue
			}
			part := strings.TrimRight(parts[i][n], " ")
			b.WriteString(a.paint(tone(i), part))
			b.WriteString(strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(part))) + between)
		}
		a.say("%s", strings.TrimRight(b.String(), " "))
	}
}

// fact is a line of what is shown of one thing.
type fact struct {
	name, value string
	tone        tone
}

// facts prints what is known of one thing: names on the left, broken lines below themselves. What is empty is left out.
func (a *app) facts(all ...fact) {
	wide := 0
	for _, f := range all {
		if f.value != "" {
			wide = max(wide, len(f.name))
		}
	}
	for _, f := range all {
		if f.value == "" {
			continue
		}
		value := clean(f.value)
		if room := a.width() - wide - len(between); a.width() > 0 && room >= narrowest {
			value = ansi.Wrap(value, room, "")
		}
		for i, part := range strings.Split(value, "\n") {
			name := f.name
			if i > 0 {
				name = ""
			}
			a.say("%s%s", a.paint(faint, name)+strings.Repeat(" ", wide-len(name)+len(between)), a.paint(f.tone, strings.TrimRight(part, " ")))
		}
	}
}
