package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// estate is a rig with 25 locks of two accounts that differ in every column.
func estate(t *testing.T) *rig {
	r := newRig(t)
	for i := range 25 {
		tr := jitTraits()
		tr.Slots = 10 + i%3
		account, system := lock.AccountID("acme"), "nuki"
		if i%2 == 0 {
			account, system, tr = "beta", "ttlock", nativeTraits()
		}
		id := lock.DeviceID(fmt.Sprintf("lock-%02d", i))
		f := r.addDevice(lock.Device{ID: id, Account: account, Name: fmt.Sprintf("Room %02d", 24-i), System: system, Model: "M" + fmt.Sprint(i%4), Traits: tr})
		f.battery = lock.Battery{Known: i%5 != 0, Level: float64(i) / 25}
		for n := range i % 4 {
			r.do(engine.Create{Device: id, Name: fmt.Sprint("guest ", n), Starts: hours(float64(i) - 12), Ends: hours(float64(i) + 12)})
		}
		if i == 7 {
			f.reach = lock.LockDown
		}
	}
	r.pass(time.Hour)
	for id := range r.locks {
		r.do(engine.Observe{Device: id})
	}
	r.pass(10 * time.Minute)
	return r
}

func TestAFilterKnowsALockByItsNewName(t *testing.T) {
	r := estate(t)
	found := func(words string) int { return r.snapshot(engine.Query{View: engine.ViewFleet, Filter: words}).Total }
	if n := found("lock-04 room 20"); n != 1 {
		t.Fatalf("%d locks are found", n)
	}
	v := r.device("lock-04")
	r.do(engine.AddDevice{Device: lock.Device{ID: v.ID, Account: v.Account, Name: "Atrium", System: v.System, Model: v.Model, Traits: v.Traits}})
	if was, is := found("lock-04 room 20"), found("atrium"); was != 0 || is != 1 {
		t.Errorf("%d locks by the old name, %d by the new", was, is)
	}
}

func TestFleetIsSortedByEveryColumn(t *testing.T) {
	r := estate(t)
	late := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	orLate := func(t time.Time) time.Time {
		if t.IsZero() {
			return late
		}
		return t
	}
	rank := map[engine.Readiness]int{engine.ReadyVerified: 1, engine.ReadyLikely: 2, engine.ReadyAtRisk: 3, engine.ReadyWillFail: 4}
	level := func(b lock.Battery) float64 {
		if !b.Known {
			return -1
		}
		return b.Level
	}
	columns := map[string]func(a, b engine.DeviceRow) int{
		"":        func(a, b engine.DeviceRow) int { return cmp.Compare(a.Name, b.Name) },
		"name":    func(a, b engine.DeviceRow) int { return cmp.Compare(a.Name, b.Name) },
		"account": func(a, b engine.DeviceRow) int { return cmp.Compare(a.Account, b.Account) },
		"system":  func(a, b engine.DeviceRow) int { return cmp.Compare(a.System, b.System) },
		"link":    func(a, b engine.DeviceRow) int { return cmp.Compare(a.Link, b.Link) },
		"battery": func(a, b engine.DeviceRow) int {
			return cmp.Compare(float32(level(a.Battery)), float32(level(b.Battery)))
		},
		"used":      func(a, b engine.DeviceRow) int { return cmp.Compare(a.Used, b.Used) },
		"free":      func(a, b engine.DeviceRow) int { return cmp.Compare(a.Free(), b.Free()) },
		"set":       func(a, b engine.DeviceRow) int { return cmp.Compare(a.Set, b.Set) },
		"setting":   func(a, b engine.DeviceRow) int { return cmp.Compare(a.Setting, b.Setting) },
		"issues":    func(a, b engine.DeviceRow) int { return cmp.Compare(a.Issues, b.Issues) },
		"wake":      func(a, b engine.DeviceRow) int { return orLate(a.Wake).Compare(orLate(b.Wake)) },
		"start":     func(a, b engine.DeviceRow) int { return orLate(a.Start).Compare(orLate(b.Start)) },
		"end":       func(a, b engine.DeviceRow) int { return orLate(a.End).Compare(orLate(b.End)) },
		"readiness": func(a, b engine.DeviceRow) int { return cmp.Compare(rank[a.Readiness], rank[b.Readiness]) },
		"exposure":  func(a, b engine.DeviceRow) int { return 0 },
	}
	for column, less := range columns {
		for _, down := range []bool{false, true} {
			sort := column
			if down && column != "" {
				sort = "-" + column
			}
			whole := r.snapshot(engine.Query{View: engine.ViewFleet, Sort: sort}).Devices
			if len(whole) != 25 {
				t.Fatalf("%s: %d rows", sort, len(whole))
			}
			if !slices.IsSortedFunc(whole, func(a, b engine.DeviceRow) int {
				n := less(a, b)
				if down && column != "" {
					n = -n
				}
				return cmp.Or(n, cmp.Compare(a.ID, b.ID))
			}) {
				t.Errorf("not sorted by %q", sort)
			}
			// Pages of four make the same whole.
			var paged []engine.DeviceRow
			for after := ""; ; {
				s := r.snapshot(engine.Query{View: engine.ViewFleet, Sort: sort, Limit: 4, After: after})
				if s.Total != 25 || len(s.Devices) > 4 {
					t.Fatalf("%s: total %d, page of %d", sort, s.Total, len(s.Devices))
				}
				paged = append(paged, s.Devices...)
				if after = s.Next; after == "" {
					break
				}
			}
			if !slices.Equal(paged, whole) {
				t.Errorf("%q: the pages do not make the whole", sort)
			}
		}
	}
}

func TestFleetIsFiltered(t *testing.T) {
	r := estate(t)
	all := r.snapshot(engine.Query{View: engine.ViewFleet}).Devices
	for filter, keep := range map[string]func(engine.DeviceRow) bool{
		"":                    func(engine.DeviceRow) bool { return true },
		"  ":                  func(engine.DeviceRow) bool { return true },
		"ttlock":              func(d engine.DeviceRow) bool { return d.System == "ttlock" },
		"!ttlock":             func(d engine.DeviceRow) bool { return d.System != "ttlock" },
		"TTLOCK m2":           func(d engine.DeviceRow) bool { return d.System == "ttlock" && d.Model == "M2" },
		"account:acme":        func(d engine.DeviceRow) bool { return d.Account == "acme" },
		"!account:acme m0":    func(d engine.DeviceRow) bool { return d.Account != "acme" && d.Model == "M0" },
		"name:room id:lock-1": func(d engine.DeviceRow) bool { return strings.HasPrefix(string(d.ID), "lock-1") },
		"system:nuki":         func(d engine.DeviceRow) bool { return d.System == "nuki" },
		"status:set":          func(d engine.DeviceRow) bool { return d.Set > 0 },
		"status:unset":        func(d engine.DeviceRow) bool { return d.Unset > 0 },
		"link:offline":        func(d engine.DeviceRow) bool { return d.Link == lock.LockDown },
		"link:online":         func(d engine.DeviceRow) bool { return d.Link == lock.Reached },
		"issue:low_battery":   func(d engine.DeviceRow) bool { return d.Worst == "low_battery" },
		"readiness:verified":  func(d engine.DeviceRow) bool { return d.Readiness == engine.ReadyVerified },
		"nothing-like-it":     func(engine.DeviceRow) bool { return false },
	} {
		s := r.snapshot(engine.Query{View: engine.ViewFleet, Filter: filter})
		want := slices.DeleteFunc(slices.Clone(all), func(d engine.DeviceRow) bool { return !keep(d) })
		if !slices.Equal(s.Devices, want) || s.Total != len(want) {
			t.Errorf("%q: %d rows, want %d", filter, len(s.Devices), len(want))
		}
		if filter != "nothing-like-it" && len(want) == 0 {
			t.Errorf("%q: matches nothing, which proves nothing", filter)
		}
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	r := estate(t)
	for field, q := range map[string]engine.Query{
		"view":   {View: "nonsense"},
		"limit":  {View: engine.ViewFleet, Limit: 1001},
		"sort":   {View: engine.ViewFleet, Sort: "colour"},
		"filter": {View: engine.ViewFleet, Filter: "colour:red"},
		"after":  {View: engine.ViewFleet, After: "nobody"},
		"device": {View: engine.ViewDevice, Device: "nowhere"},
		"code":   {View: engine.ViewCode, Code: "nobody"},
	} {
		_, err := r.e.Snapshot(context.Background(), r.now, q)
		var no *engine.Refusal
		if !errors.As(err, &no) || no.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, q := range []engine.Query{{View: engine.ViewFleet, Filter: strings.Repeat("x", 201)}, {View: engine.ViewFleet, Limit: -1}, {View: engine.ViewCodes, Sort: "name"}, {View: engine.ViewHistory, Device: "nowhere"}, {View: engine.ViewCodes, Device: "nowhere"}} {
		if _, err := r.e.Snapshot(context.Background(), r.now, q); err == nil {
			t.Errorf("%+v is answered", q)
		}
	}
}

func TestCodesAndHistoryArePaged(t *testing.T) {
	r := estate(t)
	read := func(q engine.Query) (ids []lock.CodeID) {
		t.Helper()
		for {
			s := r.snapshot(q)
			if len(s.Codes) > q.Limit {
				t.Fatalf("%s: a page of %d", q.View, len(s.Codes))
			}
			for _, c := range s.Codes {
				ids = append(ids, c.ID)
			}
			if q.After = s.Next; q.After == "" {
				return ids
			}
		}
	}
	for _, limit := range []int{1, 4, 7, 100} {
		if got := read(engine.Query{View: engine.ViewCodes, Limit: limit}); len(got) != 36 || len(unique(got)) != 36 {
			t.Errorf("limit %d: %d codes, %d different, want 36", limit, len(got), len(unique(got)))
		}
		if got := read(engine.Query{View: engine.ViewCodes, Device: "lock-03", Limit: limit}); len(got) != 3 || len(unique(got)) != 3 {
			t.Errorf("limit %d: %d codes of one device, want 3", limit, len(got))
		}
	}
	all := r.snapshot(engine.Query{View: engine.ViewCodes, Limit: 100}).Codes
	for _, limit := range []int{1, 2, 100} {
		if got := read(engine.Query{View: engine.ViewCodes, Filter: "lock-03", Limit: limit}); len(got) != 3 || len(unique(got)) != 3 {
			t.Errorf("limit %d: a search for a device's name finds %d codes, want 3", limit, len(got))
		}
		if got := read(engine.Query{View: engine.ViewCodes, Filter: strings.ToUpper(string(all[7].ID)), Limit: limit}); len(got) != 1 || got[0] != all[7].ID {
			t.Errorf("limit %d: a search for an id finds %v", limit, got)
		}
		if got := read(engine.Query{View: engine.ViewCodes, Filter: "!lock-03", Limit: limit}); len(got) != 33 {
			t.Errorf("limit %d: the others are %d, want 33", limit, len(got))
		}
	}
	r.until(hours(16))
	for _, limit := range []int{1, 2, 100} {
		if got := read(engine.Query{View: engine.ViewHistory, Device: "lock-03", Limit: limit}); len(got) != 3 || len(unique(got)) != 3 {
			t.Errorf("limit %d: %d codes in history, want 3", limit, len(got))
		}
	}
	if s := r.snapshot(engine.Query{View: engine.ViewCodes, Device: "lock-03"}); len(s.Codes) != 0 {
		t.Errorf("%d live codes that are gone", len(s.Codes))
	}
}

func unique(ids []lock.CodeID) []lock.CodeID {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

func TestArrivalsAreWorstFirst(t *testing.T) {
	r := estate(t)
	s := r.snapshot(engine.Query{View: engine.ViewArrivals})
	rank := map[engine.Readiness]int{engine.ReadyVerified: 1, engine.ReadyLikely: 2, engine.ReadyAtRisk: 3, engine.ReadyWillFail: 4}
	if len(s.Codes) == 0 || !slices.IsSortedFunc(s.Codes, func(a, b engine.CodeView) int {
		return cmp.Or(rank[b.Readiness]-rank[a.Readiness], a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID))
	}) {
		t.Errorf("%d arrivals, not worst first", len(s.Codes))
	}
	for _, c := range s.Codes {
		if c.Starts.After(r.now.Add(72 * time.Hour)) {
			t.Errorf("%s starts %v", c.ID, c.Starts)
		}
	}
	if s.Codes[0].Device != "lock-07" {
		t.Errorf("worst is %s on %s, want the lock that is out of reach", s.Codes[0].ID, s.Codes[0].Device)
	}
	if one := r.snapshot(engine.Query{View: engine.ViewArrivals, Limit: 1}); len(one.Codes) != 1 || one.Total != len(s.Codes) {
		t.Errorf("page of %d of %d", len(one.Codes), one.Total)
	}
	var paged []lock.CodeID
	for q := (engine.Query{View: engine.ViewArrivals, Limit: 2}); ; {
		page := r.snapshot(q)
		for _, c := range page.Codes {
			paged = append(paged, c.ID)
		}
		if q.After = page.Next; q.After == "" || len(paged) > len(s.Codes) {
			break
		}
	}
	if !slices.EqualFunc(paged, s.Codes, func(id lock.CodeID, c engine.CodeView) bool { return id == c.ID }) {
		t.Errorf("in pages of two %v, at once %d", paged, len(s.Codes))
	}
	var no *engine.Refusal
	if _, err := r.e.Snapshot(t.Context(), r.now, engine.Query{View: engine.ViewArrivals, After: "x"}); !errors.As(err, &no) || no.Field != "after" {
		t.Errorf("after no page: %v", err)
	}
}

func TestTotalsAndSequence(t *testing.T) {
	r := estate(t)
	s := r.snapshot(engine.Query{View: engine.ViewFleet})
	var set, unset, offline int
	for _, d := range s.Devices {
		set, unset = set+d.Set, unset+d.Unset
		if d.Link > lock.Reached {
			offline++
		}
	}
	if s.Fleet.Devices != 25 || s.Fleet.Set != set || s.Fleet.Unset != unset || s.Fleet.Offline != offline || offline != 1 {
		t.Errorf("%+v, rows add up to %d %d %d", s.Fleet, set, unset, offline)
	}
	events := r.journal()
	if s.Seq != events[len(events)-1].Seq || s.Seq != r.e.Seq() {
		t.Errorf("sequence %d, last event %d", s.Seq, events[len(events)-1].Seq)
	}
	page, err := r.e.Journal(context.Background(), 5, 3)
	if err != nil || len(page) != 3 || page[0].Seq != 6 {
		t.Errorf("journal page %+v, %v", page, err)
	}
	if page, _ := r.e.Journal(context.Background(), s.Seq, 10); len(page) != 0 {
		t.Errorf("%d events after the last", len(page))
	}
}

// A code's line of life is in order, and every event type and issue is declared.
func TestTheJournalSpeaksDeclaredWords(t *testing.T) {
	r := estate(t)
	r.do(engine.RemoveDevice{Device: "lock-05"})
	for id := range r.locks {
		r.locks[id].held = nil
	}
	r.pass(48 * time.Hour)
	types, issues := engine.EventTypes(), engine.IssueCodes()
	for _, ev := range r.journal() {
		if !slices.Contains(types, ev.Type) {
			t.Errorf("event type %s is not declared", ev.Type)
		}
		if ev.Issue != nil && !slices.Contains(issues, ev.Issue.Code) {
			t.Errorf("issue %s is not declared", ev.Issue.Code)
		}
		if ev.At.IsZero() || ev.Seq == 0 {
			t.Errorf("%+v", ev)
		}
	}
	for _, c := range r.snapshot(engine.Query{View: engine.ViewHistory, Device: "lock-03"}).Codes {
		if !slices.IsSortedFunc(c.Line, func(a, b engine.Moment) int { return a.At.Compare(b.At) }) || len(c.Line) < 3 {
			t.Errorf("line %+v", c.Line)
		}
	}
}
