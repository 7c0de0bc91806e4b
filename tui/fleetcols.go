package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/accesscodes/lockctl/engine"
)

func (f *fleet) columns() []column[engine.DeviceRow] {
	s := func() *style { return f.sh.style }
	count := func(n int, t tone) line {
		if n == 0 {
			return say(rule, s().gone)
		}
		return say(t, strconv.Itoa(n))
	}
	return []column[engine.DeviceRow]{
		{title: "STATE", width: 11, cell: func(r engine.DeviceRow) line { return s().state(r).line() }},
		{title: "LOCK", sort: "name", width: 16, flex: 8, cell: func(r engine.DeviceRow) line { return say(strong, r.Name) }},
		{title: "SYSTEM", sort: "system", width: 11, from: 90, cell: func(r engine.DeviceRow) line { return say(dim, system(r)) }},
		{title: "LINK", sort: "link", width: 7, cell: func(r engine.DeviceRow) line { return s().link(r.Link).line() }},
		{title: "BATT", sort: "battery", width: 4, right: true, cell: func(r engine.DeviceRow) line { return s().battery(r.Battery, false) }},
		{title: "USED", sort: "used", width: 4, right: true, cell: func(r engine.DeviceRow) line { return count(r.Used, plain) }},
		{title: "RSVD", width: 4, right: true, from: 130, cell: func(r engine.DeviceRow) line { return count(r.Reserved, accent) }},
		{title: "FREE", sort: "free", width: 4, right: true, cell: f.free},
		{title: "SET", sort: "set", width: 3, right: true, cell: func(r engine.DeviceRow) line { return count(r.Set, good) }},
		{title: "BUSY", sort: "setting", width: 4, right: true, from: 90, cell: func(r engine.DeviceRow) line { return count(r.Setting+r.Removing, busy) }},
		{title: "WAKE", sort: "wake", width: 7, right: true, cell: func(r engine.DeviceRow) line { return say(dim, until(r.Wake, f.sh.now)) }},
		{title: "!", sort: "issues", width: 2, right: true, cell: func(r engine.DeviceRow) line { return count(r.Issues, grave(r)) }},
		{title: "WORST", width: 12, flex: 3, from: 112, cell: func(r engine.DeviceRow) line { return say(grave(r), strings.ReplaceAll(r.Worst, "_", " ")) }},
	}
}

func (f *fleet) free(r engine.DeviceRow) line {
	switch n := r.Free(); {
	case n < 0:
		return say(rule, f.sh.style.dash)
	case n == 0:
		return say(bad, "full")
	default:
		return say(plain, strconv.Itoa(n))
	}
}

// grave is the tone of a lock's issues: warnings alone don't stand out.
func grave(r engine.DeviceRow) tone {
	if r.Errors > 0 {
		return warn
	}
	return dim
}

func system(r engine.DeviceRow) string {
	if r.System != "" {
		return r.System
	}
	return r.Model
}

// doorsOfRows are the locks of rows.
func doorsOfRows(rows []engine.DeviceRow) []door {
	out := make([]door, len(rows))
	for i, r := range rows {
		out[i] = door{id: r.ID, name: r.Name, hub: r.Hub, account: r.Account}
	}
	return out
}

// rowsTable is a list of locks for a file.
func rowsTable(rows []engine.DeviceRow) [][]string {
	out := [][]string{{"site", "device", "name", "system", "link", "battery", "issues", "worst", "exposed", "readiness"}}
	for _, r := range rows {
		battery := ""
		if r.Battery.Known {
			battery = fmt.Sprintf("%.0f%%", r.Battery.Level*100)
		}
		out = append(out, []string{site(r), string(r.ID), r.Name, system(r), linkWords(r.Link), battery, strconv.Itoa(r.Issues), r.Worst, strconv.FormatBool(r.Exposed), string(r.Readiness)})
	}
	slices.SortStableFunc(out[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}
