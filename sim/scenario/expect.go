package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// expect judges one expectation at its instant.
func (r *run) expect(e *Expect) {
	if r.err != nil {
		return
	}
	switch {
	case e.Code != nil:
		r.each(e, "code", names(e.Code.Codes), e.Code.Count, func(name string) []string { return r.codeMisses(e.Code, lock.CodeID(name)) })
	case e.Lock != nil:
		r.each(e, "lock", names(e.Lock.Locks), e.Lock.Count, func(name string) []string { return r.lockMisses(e.Lock, lock.DeviceID(name)) })
	case e.Event != nil:
		r.expectEvent(e, e.Event)
	}
}

func names[S ~string](ids []S) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// each judges every code or lock that is meant, or counts those that fit.
func (r *run) each(e *Expect, what string, ids []string, count *int, misses func(string) []string) {
	fit := 0
	var first string
	report := func(id, text string) {
		var device lock.DeviceID
		var code lock.CodeID
		if what == "code" {
			code = lock.CodeID(id)
		} else {
			device = lock.DeviceID(id)
		}
		r.fail(e.Pos, device, code, "%s", text)
	}
	for _, id := range ids {
		missing := misses(id)
		switch {
		case len(missing) == 0:
			fit++
		case count == nil:
			report(id, id+": "+strings.Join(missing, "; "))
		case first == "":
			first = id + ": " + strings.Join(missing, "; ")
		}
	}
	if count != nil && fit != *count {
		text := fmt.Sprintf("want %d of %d %ss to fit, but %d do", *count, len(ids), what, fit)
		if first != "" {
			text += "; " + first
		}
		r.fail(e.Pos, "", "", "%s", text)
	}
}

// miss collects what is not as wanted.
type misses []string

func (m *misses) add(format string, args ...any) { *m = append(*m, fmt.Sprintf(format, args...)) }

// differ notes a value that is not the wanted one.
func differ[T comparable](m *misses, what string, want *T, got T) {
	if want != nil && *want != got {
		m.add("want %s %v, saw %v", what, *want, got)
	}
}

func (m *misses) instant(f *File, what string, want *time.Time, got time.Time) {
	if want != nil && !want.Equal(got) {
		m.add("want %s %s, saw %s", what, f.after(*want), f.after(got))
	}
}

// view is what the engine shows of a code, by the file's name.
func (r *run) view(name lock.CodeID) (engine.CodeView, error) {
	s, err := r.w.Snapshot(engine.Query{View: engine.ViewCode, Code: r.id(name)})
	if err != nil {
		return engine.CodeView{}, err
	}
	if len(s.Codes) == 0 {
		return engine.CodeView{}, fmt.Errorf("the engine knows no code %s", name)
	}
	return s.Codes[0], nil
}

// device is what the engine shows of a lock.
func (r *run) device(id lock.DeviceID) (*engine.DeviceView, error) {
	s, err := r.w.Snapshot(engine.Query{View: engine.ViewDevice, Device: id})
	if err != nil {
		return nil, err
	}
	if s.Device == nil {
		return nil, fmt.Errorf("the engine knows no lock %s", id)
	}
	return s.Device, nil
}

func (r *run) codeMisses(want *ExpectCode, name lock.CodeID) []string {
	var m misses
	v, err := r.view(name)
	if err != nil {
		return []string{err.Error()}
	}
	if want.Status == nil || !r.arrived(*want.Status, v) {
		differ(&m, "status", want.Status, v.Status)
	}
	differ(&m, "type", want.Type, v.Type)
	differ(&m, "scheduled", want.Scheduled, v.Scheduled)
	differ(&m, "native", want.Native, v.Native)
	differ(&m, "evidence", want.Evidence, v.Evidence)
	if want.Readiness != nil && *want.Readiness != v.Readiness {
		m.add("want readiness %s, saw %s (%s)", *want.Readiness, none(string(v.Readiness)), none(v.Cause))
	}
	m.issues(want.Issues, want.NoIssues, want.Clean, want.Blame, v.Issues)
	if want.Other != nil {
		var seen []string
		for _, i := range v.Issues {
			if len(want.Issues) == 0 || slices.Contains(want.Issues, i.Code) {
				seen = append(seen, cmp.Or(string(r.named(i.Other)), string(i.OtherRef)))
			}
		}
		if !slices.Contains(seen, *want.Other) {
			m.add("want %s in the way, saw %s", *want.Other, none(strings.Join(seen, ", ")))
		}
	}
	if want.Mutation != nil {
		var pending []string
		for _, p := range v.Pending {
			pending = append(pending, string(p.Code))
		}
		if *want.Mutation == "none" && len(pending) > 0 || *want.Mutation != "none" && !slices.Contains(pending, *want.Mutation) {
			m.add("want mutation %s, saw %s", *want.Mutation, none(strings.Join(pending, ", ")))
		}
	}
	differ(&m, "pulled", want.Pulled, v.Pulled != "")
	differ(&m, "in_house", want.InHouse, v.InHouse)
	differ(&m, "unverified", want.Unverified, v.Exposure.Unverified)
	m.instant(r.f, "starts", want.Starts, v.Starts)
	m.instant(r.f, "ends", want.Ends, v.Ends)
	m.exposure(want.ExposureMin, want.ExposureMax, v.Exposure, r.w.Now())
	if want.Held != nil {
		differ(&m, "on_lock", want.Held, r.among(r.w.Fleet().Memory(v.Device), v))
	}
	if want.Opens != nil {
		differ(&m, "opens", want.Opens, r.among(r.w.Fleet().WouldOpen(v.Device), v))
	}
	if want.Digits != nil {
		n := 0
		for _, e := range append(r.w.Fleet().Memory(v.Device), r.w.Fleet().Issued(v.Device)...) {
			if e.Code == v.ID {
				n = e.PIN.Len()
			}
		}
		differ(&m, "digits", want.Digits, n)
	}
	return m
}

// among reports whether one of a lock's entries is that of a code: written for it, or, if it was adopted, at its place.
func (r *run) among(entries []sim.Memory, v engine.CodeView) bool {
	var places []lock.Ref
	if d, err := r.device(v.Device); err == nil {
		for _, s := range d.Slots {
			if s.Code == v.ID && s.Ref != "" {
				places = append(places, s.Ref)
			}
		}
	}
	return slices.ContainsFunc(entries, func(e sim.Memory) bool {
		return e.Code == v.ID || e.Foreign && slices.Contains(places, e.Ref)
	})
}

// issues compares what is wrong with a code or a lock.
func (m *misses) issues(want, unwanted []string, clean bool, blame *string, got []engine.Issue) {
	var codes []string
	for _, i := range got {
		codes = append(codes, i.Code)
	}
	for _, w := range want {
		if !slices.Contains(codes, w) {
			m.add("want issue %s, saw %s", w, none(strings.Join(codes, ", ")))
		}
	}
	for _, u := range unwanted {
		if slices.Contains(codes, u) {
			m.add("want no issue %s, but it is there", u)
		}
	}
	if clean && len(codes) > 0 {
		m.add("want no issue, saw %s", strings.Join(codes, ", "))
	}
	if blame == nil {
		return
	}
	var seen []string
	for _, i := range got {
		if len(want) > 0 && !slices.Contains(want, i.Code) {
			continue
		}
		if i.Blame.String() == *blame {
			return
		}
		seen = append(seen, i.Blame.String())
	}
	m.add("want blame %s, saw %s", *blame, none(strings.Join(seen, ", ")))
}

func (m *misses) exposure(least, most *time.Duration, got engine.Exposure, now time.Time) {
	if least != nil && got.Total(now) < *least {
		m.add("want an exposure of at least %s, saw %s", strict.Short(*least), strict.Short(got.Total(now).Round(100*time.Millisecond)))
	}
	if most != nil && got.Total(now) > *most {
		m.add("want an exposure of at most %s, saw %s", strict.Short(*most), strict.Short(got.Total(now).Round(100*time.Millisecond)))
	}
}

func none(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (r *run) lockMisses(want *ExpectLock, id lock.DeviceID) []string {
	var m misses
	v, err := r.device(id)
	if err != nil {
		return []string{err.Error()}
	}
	if want.Held != nil {
		differ(&m, "held", want.Held, len(r.w.Fleet().Memory(id)))
	}
	if want.Unmanaged != nil {
		n := 0
		for _, s := range v.Slots {
			if s.State == "unmanaged" {
				n++
			}
		}
		differ(&m, "unmanaged", want.Unmanaged, n)
	}
	differ(&m, "pool", want.Pool, v.Pool.Ready)
	differ(&m, "slots_free", want.SlotsFree, v.Free())
	m.issues(want.Issues, want.NoIssues, want.Clean, want.Blame, v.Issues)
	if want.Link != nil && *want.Link != v.Link {
		m.add("want link %s, saw %s", links[*want.Link], links[v.Link])
	}
	if want.RadioMax != nil {
		c := r.w.Fleet().Counts(id)
		if n := c.Observes + c.Sets + c.Clears; n > *want.RadioMax {
			m.add("want radio_max %d, saw %d calls", *want.RadioMax, n)
		}
	}
	m.exposure(want.ExposureMin, want.ExposureMax, v.Exposure, r.w.Now())
	return m
}

func (r *run) expectEvent(e *Expect, want *ExpectEvent) {
	n := 0
	err := r.journal(func(x engine.Event) {
		switch {
		case x.Type != want.Type:
		case x.At.Before(want.From) || x.At.After(want.To) || !want.Closed && x.At.Equal(want.To):
		case len(want.Codes) > 0 && !slices.ContainsFunc(want.Codes, func(name lock.CodeID) bool { return r.id(name) == x.Code }):
		case len(want.Locks) > 0 && !slices.Contains(want.Locks, x.Device):
		default:
			n++
		}
	})
	if err != nil {
		r.err = err
		return
	}
	if n >= want.Min && (want.Max < 0 || n <= want.Max) {
		return
	}
	wanted := fmt.Sprint(want.Min)
	switch {
	case want.Max < 0:
		wanted = "at least " + wanted
	case want.Max != want.Min && want.Min == 0:
		wanted = fmt.Sprintf("at most %d", want.Max)
	case want.Max != want.Min:
		wanted = fmt.Sprintf("%d to %d", want.Min, want.Max)
	}
	var device lock.DeviceID
	var code lock.CodeID
	if len(want.Locks) == 1 {
		device = want.Locks[0]
	}
	if len(want.Codes) == 1 {
		code = want.Codes[0]
	}
	r.fail(e.Pos, device, code, "want %s events %s from %s to %s, saw %d", wanted, want.Type, r.f.after(want.From), r.f.after(want.To), n)
}

// journal reads the whole journal.
func (r *run) journal(each func(engine.Event)) error {
	for after := engine.Seq(0); ; {
		page, err := r.w.Journal(after, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			after = e.Seq
			each(e)
		}
	}
}
