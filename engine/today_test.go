package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

func ids(codes []engine.CodeView) string {
	var out []string
	for _, c := range codes {
		out = append(out, string(c.ID))
	}
	return strings.Join(out, " ")
}

func TestTodayIsTroubleFirstThenTheClock(t *testing.T) {
	r := newRig(t)
	for _, id := range []lock.DeviceID{"calm", "down", "later"} {
		r.add(id, nativeTraits())
	}
	r.do(engine.Create{ID: "late", Device: "later", Starts: hours(60), Ends: hours(80)})
	r.do(engine.Create{ID: "beyond", Device: "later", Starts: hours(90), Ends: hours(100)})
	r.do(engine.Create{ID: "soon", Device: "calm", Starts: hours(3), Ends: hours(30)})
	r.do(engine.Create{ID: "leaves", Device: "calm", Starts: hours(0), Ends: hours(2)})
	r.pass(10 * time.Minute)
	r.locks["down"].reach = lock.LockDown
	r.do(engine.Create{ID: "risk", Device: "down", Starts: hours(20), Ends: hours(40)})
	r.pass(80 * time.Minute)
	s := r.snapshot(engine.Query{View: engine.ViewToday})
	if got := ids(s.Codes); got != "risk leaves soon late" {
		t.Errorf("today is %q", got)
	}
	if s.Total != 4 {
		t.Errorf("total %d", s.Total)
	}
	if c := s.Codes[0]; c.DeviceName == "" || c.Readiness != engine.ReadyAtRisk || c.Action == "" {
		t.Errorf("the worst row is %+v", c)
	}
	if s.Fleet.AtRisk != 1 {
		t.Errorf("%d doors are at risk", s.Fleet.AtRisk)
	}
	every := engine.Query{View: engine.ViewCodes, Sort: engine.SortUrgency}
	if got := ids(r.snapshot(every).Codes); got != "risk leaves soon late beyond" {
		t.Errorf("every code, the most urgent first, is %q", got)
	}
	if s := r.snapshot(engine.Query{View: engine.ViewToday, Limit: 1}); ids(s.Codes) != "risk" || s.Total < 2 {
		t.Errorf("a page of one is %q of %d", ids(s.Codes), s.Total)
	}
}

func TestTodayShowsWhatStillOpens(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "guest", Device: "front", Starts: hours(1), Ends: hours(2)})
	r.until(hours(1.5))
	f.reach = lock.LockDown
	r.until(hours(2.5))
	s := r.snapshot(engine.Query{View: engine.ViewToday})
	if ids(s.Codes) != "guest" || s.Codes[0].Exposure.Since.IsZero() {
		t.Errorf("today shows %q: %+v", ids(s.Codes), s.Codes)
	}
}

// texts are all sentences of an explanation.
func texts(list []engine.Cause) []string {
	var out []string
	for _, c := range list {
		out = append(append(out, c.Text), texts(c.Because)...)
	}
	return out
}

func TestExplainNamesWhatIsInTheWay(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "guest", Device: "front", Starts: hours(1), Ends: hours(2)})
	why := texts(r.snapshot(engine.Query{View: engine.ViewExplain, Code: "guest"}).Why)
	for _, want := range []string{"a code for a stay is wished", "it is written just in time", "the lock has no schedule of its own", "nothing of it stands on the lock"} {
		if !slices.Contains(why, want) {
			t.Errorf("%q is not in %q", want, why)
		}
	}
	f.reach = lock.LockDown
	r.until(hours(0.8))
	why = texts(r.snapshot(engine.Query{View: engine.ViewExplain, Code: "guest"}).Why)
	if !slices.Contains(why, "the lock does not answer") {
		t.Errorf("that the lock is down is not in %q", why)
	}
	f.reach = lock.Reached
	r.until(hours(1.9))
	why = texts(r.snapshot(engine.Query{View: engine.ViewExplain, Code: "guest"}).Why)
	if !slices.Contains(why, "the lock serves it") || !slices.Contains(why, "it was accepted") {
		t.Errorf("once it works: %q", why)
	}
	r.until(hours(4))
	why = texts(r.snapshot(engine.Query{View: engine.ViewExplain, Code: "guest"}).Why)
	if !slices.Contains(why, "it is gone from the lock") {
		t.Errorf("once it is gone: %q", why)
	}
}

func TestADryRunTellsTheLifeToCome(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	rec, err := r.submit(engine.Command{DryRun: true, Do: engine.Create{Device: "front", Starts: hours(5), Ends: hours(8)}})
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	for _, m := range rec.Plan {
		plan = append(plan, m.What)
	}
	if got := strings.Join(plan, ", "); got != "created, to be written, starts, ends" {
		t.Errorf("the plan is %q", got)
	}
	if s := r.snapshot(engine.Query{View: engine.ViewCodes}); len(s.Codes) != 0 {
		t.Error("a dry run made a code")
	}
	if rec := r.do(engine.Create{ID: "guest", Device: "front", Starts: hours(5), Ends: hours(8)}); rec.Plan != nil {
		t.Error("a command that was carried out tells a plan")
	}
	rec, err = r.submit(engine.Command{DryRun: true, Do: engine.Update{Code: "guest", Ends: ptr(hours(9))}})
	if err != nil || len(rec.Plan) == 0 || !rec.Plan[len(rec.Plan)-1].At.Equal(hours(9)) {
		t.Errorf("the plan of an update is %+v, %v", rec.Plan, err)
	}
}

func TestCodesAreFilteredByColumnAndClock(t *testing.T) {
	r := newRig(t)
	r.addDevice(lock.Device{ID: "d-1", Account: "a", Name: "Harbour gate", Traits: jitTraits()})
	r.addDevice(lock.Device{ID: "d-2", Account: "a", Name: "Mill", Traits: jitTraits()})
	r.do(engine.Create{ID: "smith", Device: "d-1", Name: "Smith", Holder: "h-1", Starts: hours(5), Ends: hours(8)})
	r.do(engine.Create{ID: "jones", Device: "d-2", Name: "Jones", Starts: hours(20), Ends: hours(30)})
	r.do(engine.Create{ID: "owner", Device: "d-2", Name: "Owner"})
	r.pass(time.Hour)
	at := func(h float64) string { return hours(h).UTC().Format(time.RFC3339) }
	for filter, want := range map[string]string{
		"harbour": "smith", "JONES": "jones", "device:mill": "jones owner", "name:o": "jones owner", "!mill": "smith", "holder:h-1": "smith",
		"due<" + at(10): "smith", "starts>" + at(10): "jones", "!due<" + at(10): "jones owner", "ends>" + at(7) + " device:d-1": "smith",
		"status:set": "owner", "id:smith": "smith",
	} {
		if got := ids(r.snapshot(engine.Query{View: engine.ViewCodes, Filter: filter}).Codes); got != want {
			t.Errorf("%q finds %q, want %q", filter, got, want)
		}
	}
	r.pass(5 * time.Hour) // smith is in the house
	for filter, want := range map[string]string{"due<" + at(7): "", "due<" + at(10): "smith", "due<" + at(21): "smith jones"} {
		if got := ids(r.snapshot(engine.Query{View: engine.ViewCodes, Filter: filter}).Codes); got != want {
			t.Errorf("at the sixth hour %q finds %q, want %q", filter, got, want)
		}
	}
	for _, bad := range []string{"colour:red", "due<noon", "size<" + at(1)} {
		if _, err := r.e.Snapshot(t.Context(), r.now, engine.Query{View: engine.ViewCodes, Filter: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
