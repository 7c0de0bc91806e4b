package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// route is the sheet for a round: locks by their site, each with what to do there. It is taken along as a file.
type route struct {
	sh    *shell
	table table[engine.DeviceRow]
	sites int
}

// newRoute plans a round to the locks. What it shows stays as it was when the round was planned.
func newRoute(sh *shell, rows []engine.DeviceRow) *route {
	r := &route{sh: sh}
	slices.SortStableFunc(rows, func(a, b engine.DeviceRow) int {
		if by := strings.Compare(site(a), site(b)); by != 0 {
			return by
		}
		return strings.Compare(a.Name, b.Name)
	})
	first := map[lock.DeviceID]bool{} // of its site
	for i, at := range rows {
		if i == 0 || site(at) != site(rows[i-1]) {
			first[at.ID] = true
		}
	}
	r.sites = len(first)
	s := func() *style { return sh.style }
	r.table = table[engine.DeviceRow]{id: func(x engine.DeviceRow) string { return string(x.ID) }, columns: []column[engine.DeviceRow]{
		{title: "SITE", width: 12, flex: 1, most: 30, cell: func(x engine.DeviceRow) line {
			if !first[x.ID] {
				return nil
			}
			return say(strong, site(x))
		}},
		{title: "LOCK", width: 12, flex: 1, most: 30, cell: func(x engine.DeviceRow) line { return say(plain, atSite(x)) }},
		{title: "SYSTEM", width: 11, from: 100, cell: func(x engine.DeviceRow) line { return say(dim, system(x)) }},
		{title: "BATT", width: 4, right: true, cell: func(x engine.DeviceRow) line { return s().battery(x.Battery, false) }},
		{title: "LINK", width: 7, cell: func(x engine.DeviceRow) line { return s().link(x.Link).line() }},
		{title: "TO DO", width: 20, flex: 12, most: 46, cell: func(x engine.DeviceRow) line {
			if todo := errand(x); todo != "" {
				return say(accent, s().arrow+" "+todo)
			}
			return say(good, s().check+" nothing")
		}},
	}}
	r.table.fill(rows, 0, len(rows))
	return r
}

// site is where a lock is: what its name says before the point in the middle, or else its hub, or its account.
func site(r engine.DeviceRow) string {
	if house, _, ok := strings.Cut(r.Name, " · "); ok {
		return house
	}
	if r.Hub != "" {
		return string(r.Hub)
	}
	return string(r.Account)
}

// atSite is what a lock is called by whoever is at its site.
func atSite(r engine.DeviceRow) string {
	if _, door, ok := strings.Cut(r.Name, " · "); ok {
		return door
	}
	return r.Name
}

// errand is what somebody who stands before the lock should do; "": nothing.
func errand(r engine.DeviceRow) string {
	var todo []string
	switch {
	case !r.Battery.Known:
	case r.Battery.Level < batteryBad:
		todo = append(todo, "replace the batteries")
	case r.Battery.Level < batteryLow:
		todo = append(todo, "take batteries along")
	}
	switch r.Link {
	case lock.LockDown:
		todo = append(todo, "see why the lock is out of reach")
	case lock.HubDown:
		todo = append(todo, "check the hub: power and network")
	case lock.AccountDown:
		todo = append(todo, "nothing here: its cloud is down")
	}
	if r.Exposed {
		todo = append(todo, "a PIN opens that should not")
	}
	return strings.Join(todo, ", ")
}

func (r *route) Title() string { return "Route" }

func (r *route) Keys() []key.Binding { return r.sh.keys.route() }

func (r *route) door() (door, bool) {
	x, ok := r.table.current()
	return door{id: x.ID, name: x.Name, hub: x.Hub, account: x.Account}, ok
}

func (r *route) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	keys := r.sh.keys
	x, ok := r.table.current()
	switch {
	case r.table.steer(k, keys, r.rows()):
	case key.Matches(k, keys.export):
		return r.sh.export("route", routeTable(r.table.rows))
	case ok && key.Matches(k, keys.open):
		return r.sh.open(newDevice(r.sh, x))
	case ok && key.Matches(k, keys.retry):
		return r.sh.look(x.ID, x.Name)
	}
	return nil
}

func (r *route) rows() int {
	_, h := r.sh.body()
	return max(1, h-3)
}

func (r *route) View(w, h int) string {
	title := say(strong, "Route").with(dim, fmt.Sprintf(" %s at %s", pluralOf(r.table.total, "lock"), pluralOf(r.sites, "site")))
	return strings.Join(r.sh.style.panel(w, h, title, nil, r.table.view(r.sh.style, w-2, h-2, "", false)), "\n")
}

// routeTable is the sheet for a file.
func routeTable(rows []engine.DeviceRow) [][]string {
	out := [][]string{{"site", "lock", "system", "battery", "link", "to do", "device"}}
	for _, x := range rows {
		battery := ""
		if x.Battery.Known {
			battery = fmt.Sprintf("%.0f%%", x.Battery.Level*100)
		}
		out = append(out, []string{site(x), x.Name, system(x), battery, linkWords(x.Link), errand(x), string(x.ID)})
	}
	return out
}
