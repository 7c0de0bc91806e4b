package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Bounds of one timeline: a page must stay small enough to be opened. The lanes with failures come first.
const (
	maxLanes = 40
	maxCodes = 40   // of a lane
	maxCalls = 2000 // of a lane
	maxMarks = 2000 // of a lane or a code
)

// chart is a timeline as the page draws it. Times are milliseconds after the start; a missing end is "it goes on".
type chart struct {
	Start   int64    `json:"start"` // milliseconds since 1970
	Span    int64    `json:"span"`
	Zone    string   `json:"zone"`
	Lanes   []*lane  `json:"lanes"`
	Down    [][2]any `json:"down"`    // the engine does not run
	Steps   [][2]any `json:"steps"`   // when, what
	Expects [][3]any `json:"expects"` // when, as expected, what
}

// lane is a lock, or a hub or account that has faults.
type lane struct {
	ID     string      `json:"id"`
	Model  string      `json:"model"`
	Faults [][3]any    `json:"faults"` // from, to, kind
	Codes  []*codeLane `json:"codes"`
	Tries  [][3]any    `json:"tries"` // when, opens, what: of no managed code
	Calls  [][4]any    `json:"calls"` // when, verb, what, whether it did its work
}

// codeLane is an access code on a lock.
type codeLane struct {
	ID      string   `json:"id"`
	Tip     string   `json:"tip"`
	Wished  *[2]any  `json:"wished"`
	Held    [][3]any `json:"held"` // from, to, whether it opens
	Exposed [][2]any `json:"exposed"`
	Tries   [][3]any `json:"tries"`

	since  time.Time   // it is held since
	window lock.Window // as it is held
	off    bool        // it is held disabled
}

// charter draws a result.
type charter struct {
	res   *scenario.Result
	chart *chart
	lanes map[string]*lane
	codes map[lock.DeviceID]map[lock.CodeID]*codeLane
	down  time.Time // the engine does not run since
}

func chartOf(res *scenario.Result) *chart {
	c := &charter{
		res: res, lanes: map[string]*lane{}, codes: map[lock.DeviceID]map[lock.CodeID]*codeLane{},
		chart: &chart{
			Start: res.File.Start.UnixMilli(), Span: res.Span.Milliseconds(), Lanes: []*lane{}, Down: [][2]any{}, Steps: [][2]any{}, Expects: [][3]any{},
		},
	}
	for _, d := range c.devices() {
		c.lane(string(d.ID), d.Model)
		if c.chart.Zone == "" {
			c.chart.Zone = d.Traits.Zone
		}
	}
	for _, v := range res.Codes {
		if v.Backup && v.PulledFor == "" {
			continue
		}
		if x := c.code(v.Device, v.ID); x != nil {
			x.Tip = fmt.Sprintf("%s, %s", v.Type, v.Status)
			from := v.Starts
			if from.IsZero() {
				from = v.Created
			}
			x.Wished = &[2]any{c.ms(from), c.end(ended(v))}
		}
	}
	for _, r := range res.Records {
		c.record(r)
	}
	c.finish()
	return c.chart
}

// ended is when a code's wish was over; zero: it is not.
func ended(v engine.CodeView) time.Time {
	if !v.Deleted.IsZero() && (v.Ends.IsZero() || v.Deleted.Before(v.Ends)) {
		return v.Deleted
	}
	return v.Ends
}

// devices are the locks that get a lane: those with failures first, then in order.
func (c *charter) devices() []lock.Device {
	failed := map[lock.DeviceID]bool{}
	for _, f := range c.res.Failures {
		failed[f.Device] = true
		for _, v := range c.res.Codes {
			if v.ID == f.Code && f.Code != "" {
				failed[v.Device] = true
			}
		}
	}
	all := slices.Clone(c.res.Devices)
	slices.SortStableFunc(all, func(a, b lock.Device) int {
		switch {
		case failed[a.ID] == failed[b.ID]:
			return 0
		case failed[a.ID]:
			return -1
		}
		return 1
	})
	return all[:min(len(all), maxLanes)]
}

func (c *charter) ms(t time.Time) int64 { return t.Sub(c.res.File.Start).Milliseconds() }

// end is the end of a span; a zero time goes on.
func (c *charter) end(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return c.ms(t)
}

func (c *charter) lane(id, model string) *lane {
	l := &lane{ID: id, Model: model, Faults: [][3]any{}, Codes: []*codeLane{}, Tries: [][3]any{}, Calls: [][4]any{}}
	c.lanes[id] = l
	c.chart.Lanes = append(c.chart.Lanes, l)
	return l
}

// code returns the lane of a code, made if there is room.
func (c *charter) code(device lock.DeviceID, id lock.CodeID) *codeLane {
	l := c.lanes[string(device)]
	if l == nil || id == "" {
		return nil
	}
	if x := c.codes[device][id]; x != nil || len(l.Codes) >= maxCodes {
		return x
	}
	x := &codeLane{ID: string(id), Held: [][3]any{}, Exposed: [][2]any{}, Tries: [][3]any{}}
	l.Codes = append(l.Codes, x)
	if c.codes[device] == nil {
		c.codes[device] = map[lock.CodeID]*codeLane{}
	}
	c.codes[device][id] = x
	return x
}

func (c *charter) record(r sim.Record) {
	l := c.lanes[string(r.Device)]
	switch r.Kind {
	case sim.KindMemory:
		c.memory(r)
	case sim.KindTry:
		what := r.Name
		if r.Text != "" {
			what += ": " + r.Text
		}
		mark := [3]any{c.ms(r.At), r.Name == "opens", what}
		if x := c.code(r.Device, r.Code); x != nil && len(x.Tries) < maxMarks {
			x.Tries = append(x.Tries, mark)
		} else if l != nil && len(l.Tries) < maxMarks {
			l.Tries = append(l.Tries, mark)
		}
	case sim.KindOutcome:
		if l != nil && len(l.Calls) < maxCalls {
			what := fmt.Sprintf("%s %s: %s", r.Name, r.Code, r.Text)
			l.Calls = append(l.Calls, [4]any{c.ms(r.At), r.Name, what, r.Text == "ok"})
		}
	case sim.KindFault:
		t := c.lanes[r.On]
		if t == nil && len(c.chart.Lanes) < 2*maxLanes {
			t = c.lane(r.On, "")
		}
		if t != nil {
			t.Faults = append(t.Faults, [3]any{c.ms(r.At), nil, r.Name})
		}
	case sim.KindHeal:
		if t := c.lanes[r.On]; t != nil {
			for i := range t.Faults {
				if f := &t.Faults[i]; f[2] == r.Name && f[1] == nil {
					f[1] = c.ms(r.At)
					break
				}
			}
		}
	case sim.KindEngine:
		switch {
		case r.Name == "started" && !c.down.IsZero():
			c.chart.Down = append(c.chart.Down, [2]any{c.ms(c.down), c.ms(r.At)})
			c.down = time.Time{}
		case r.Name != "started":
			c.down = r.At
		}
	case sim.KindStep:
		if r.Name != "failed" && len(c.chart.Steps) < maxMarks {
			c.chart.Steps = append(c.chart.Steps, [2]any{c.ms(r.At), fmt.Sprintf("%s %s %s %s", r.Name, r.Device, r.Code, r.Text)})
		}
	}
}

// memory follows what a lock holds of a code.
func (c *charter) memory(r sim.Record) {
	x := c.code(r.Device, r.Code)
	if x == nil {
		return
	}
	c.close(x, r.At)
	x.since = time.Time{}
	if r.Name != "erased" {
		x.since, x.window, x.off = r.At, r.Window, r.Name == "disabled"
	}
}

// close draws what a lock held until t: waiting, open, and over, by its own schedule.
func (c *charter) close(x *codeLane, t time.Time) {
	if x.since.IsZero() {
		return
	}
	edges := []time.Time{x.since}
	for _, e := range []time.Time{x.window.From, x.window.To} {
		if !e.IsZero() && e.After(x.since) && e.Before(t) {
			edges = append(edges, e)
		}
	}
	edges = append(edges, t)
	for i := range len(edges) - 1 {
		x.Held = append(x.Held, [3]any{c.ms(edges[i]), c.ms(edges[i+1]), !x.off && x.window.Contains(edges[i])})
	}
}

// finish closes what goes on, and adds what is known only at the end.
func (c *charter) finish() {
	end := c.res.File.Start.Add(c.res.Span)
	for _, l := range c.chart.Lanes {
		for _, x := range l.Codes {
			c.close(x, end)
		}
	}
	if !c.down.IsZero() {
		c.chart.Down = append(c.chart.Down, [2]any{c.ms(c.down), c.ms(end)})
	}
	for _, e := range c.res.Exposures {
		if x := c.code(e.Device, e.Code); x != nil {
			x.Exposed = append(x.Exposed, [2]any{c.ms(e.From), c.end(e.To)})
		}
	}
	for _, e := range c.res.File.Expects {
		if e.At.After(end) || len(c.chart.Expects) >= maxMarks {
			continue
		}
		what, good := fmt.Sprintf("line %d", e.Line), true
		for _, f := range c.res.Failures {
			if f.Pos == e.Pos {
				good, what = false, what+": "+f.Text
			}
		}
		c.chart.Expects = append(c.chart.Expects, [3]any{c.ms(e.At), good, what})
	}
}
