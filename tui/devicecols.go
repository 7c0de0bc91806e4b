package tui

import (
	"strconv"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func (d *device) codeColumns() []column[engine.CodeView] {
	s := func() *style { return d.sh.style }
	return []column[engine.CodeView]{
		{title: "STATUS", width: 11, cell: func(c engine.CodeView) line { return s().status(c).line() }},
		{title: "CODE", width: 12, flex: 2, most: 30, cell: func(c engine.CodeView) line { return say(strong, codeName(c)) }},
		{title: "PIN", width: 8, cell: func(c engine.CodeView) line { return d.sh.pin(c) }},
		{title: "WINDOW", width: 27, flex: 1, most: 30, cell: func(c engine.CodeView) line {
			return say(plain, s().window(c.Starts, c.Ends, d.sh.now, d.at()))
		}},
		{title: "EVIDENCE", width: 9, cell: func(c engine.CodeView) line { return say(dim, string(c.Evidence)) }},
		{title: "ARRIVAL", width: 11, from: 90, cell: func(c engine.CodeView) line { return s().readiness(c.Readiness).line() }},
		{title: "", width: 16, flex: 2, from: 110, cell: func(c engine.CodeView) line { return d.sh.remark(c) }},
	}
}

func (d *device) slotColumns() []column[engine.SlotView] {
	s := func() *style { return d.sh.style }
	span := func(w lock.Window) string {
		if w.IsZero() {
			return ""
		}
		return s().window(w.From, w.To, d.sh.now, d.at())
	}
	return []column[engine.SlotView]{
		{title: "SLOT", width: 4, right: true, cell: func(v engine.SlotView) line {
			if v.Slot == 0 {
				return say(rule, s().dash)
			}
			return say(plain, strconv.Itoa(v.Slot))
		}},
		{title: "NAME", width: 10, flex: 4, cell: func(v engine.SlotView) line { return say(strong, v.Name) }},
		{title: "WISHED", width: 23, flex: 2, cell: func(v engine.SlotView) line { return say(plain, d.wished(v, span)) }},
		{title: "STATE", width: 11, cell: func(v engine.SlotView) line { return s().slotState(v.State).line() }},
		{title: "HELD", width: 23, flex: 2, cell: func(v engine.SlotView) line { return d.held(v, span) }},
		{title: "SEEN", width: 11, right: true, from: 90, cell: func(v engine.SlotView) line { return say(dim, fromNow(v.Seen, d.sh.now)) }},
	}
}

func (d *device) wished(v engine.SlotView, span func(lock.Window) string) string {
	if v.Code == "" || v.State == "removing" {
		return ""
	}
	if t := span(v.Wished); t != "" {
		return t
	}
	return "until removed"
}

func (d *device) held(v engine.SlotView, span func(lock.Window) string) line {
	switch {
	case v.Ref == "" && v.Seen.IsZero():
		return nil
	case v.Weekly != "":
		return say(plain, v.Weekly)
	case !v.Held.IsZero():
		return say(plain, span(v.Held))
	case !v.Enabled:
		return say(dim, "disabled")
	}
	return say(plain, "no schedule")
}
