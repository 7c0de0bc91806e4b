package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// watched plays records to a watcher and lists what it saw, as "fault: decision".
func watched(t *testing.T, records ...sim.Record) string {
	t.Helper()
	w := newWatcher(&scenario.File{Spec: sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Account: "acme", Hub: "attic"}, {ID: "gate", Account: "acme"},
	}}})
	for _, x := range records {
		w.watch(x)
	}
	var all []string
	for i, k := range sim.Kinds() {
		for d := range decisionNum {
			if w.seen[d]&(1<<i) != 0 {
				all = append(all, string(k.Layer)+" "+k.Name+": "+decisionNames[d])
			}
		}
	}
	return strings.Join(all, ", ")
}

func TestADecisionCountsInTheFaceOfFaultsThatFired(t *testing.T) {
	now := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	fired := func(on, kind string) sim.Record { return sim.Record{At: now, Kind: sim.KindFired, On: on, Name: kind} }
	call := func(s int, verb, why string) sim.Record {
		return sim.Record{At: at(s), Kind: sim.KindCall, Device: "front", Name: verb, Text: why}
	}
	for _, c := range []struct {
		name    string
		records []sim.Record
		want    string
	}{
		{"no fault", []sim.Record{call(0, "set", "due")}, ""},
		{"placed, not fired", []sim.Record{{Kind: sim.KindFault, On: "front", Name: "loss"}, call(0, "set", "due")}, ""},
		{"fired", []sim.Record{fired("front", "loss"), call(0, "set", "due")}, "radio loss: wrote"},
		{"the hub's, by the same name", []sim.Record{fired("attic", "offline"), call(0, "observe", "")}, "hub offline: looked"},
		{"the account's", []sim.Record{fired("acme", "429"), call(0, "clear", "its window is over")}, "cloud 429: erased"},
		{"another lock's", []sim.Record{fired("gate", "loss"), call(0, "set", "due")}, ""},
		{"healed", []sim.Record{fired("front", "loss"), {Kind: sim.KindHeal, On: "front", Name: "loss"}, call(0, "set", "due")}, ""},
		{"overwritten", []sim.Record{fired("front", "clear-noop"), call(0, "set", "it can't be erased: its digits are overwritten")}, "lock clear-noop: overwrote"},
		{"after a rest", []sim.Record{
			fired("front", "loss"), {At: at(1), Kind: sim.KindOutcome, Device: "front", Name: "set", Text: "ambiguous"}, call(12, "observe", ""),
		}, "radio loss: looked, radio loss: backed off"},
		{"at once", []sim.Record{
			fired("front", "loss"), {At: at(1), Kind: sim.KindOutcome, Device: "front", Name: "set", Text: "ambiguous"}, call(2, "observe", ""),
		}, "radio loss: looked"},
		{"a breaker", []sim.Record{
			fired("attic", "offline"), {At: at(1), Kind: sim.KindEvent, Name: "internal.issue.raised", Text: "hub_disconnected: hub attic: the hub does not answer"},
		}, "hub offline: broke off"},
	} {
		if got := watched(t, c.records...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheTableCountsSeeds(t *testing.T) {
	s := NewSum()
	out := Outcome{Lived: year, Events: 7, fired: 1}
	out.seen[wrote] = 1
	s.Add(out)
	s.Add(out)
	s.Add(Outcome{Verdict: scenario.Liveness})
	if s.cells[0][wrote] != 2 || s.fired[0] != 2 || s.LockYears() != 2 || s.Events != 14 || s.Failed() != 1 || s.Worst != scenario.Liveness {
		t.Errorf("got %+v", s)
	}
	empty := s.Empty()
	out.seen[looked] = 1
	if s.Add(out); s.Empty() != empty-1 {
		t.Errorf("%d cells are empty, want one less than %d", s.Empty(), empty)
	}
}

func TestSeedsThatFollowEachOtherAimAtTheWholeTable(t *testing.T) {
	missing := map[string]bool{}
	for _, k := range sim.Kinds() {
		for d := range decisionNum {
			if impossible(k, d) == "" {
				missing[string(k.Layer)+" "+k.Name+" "+decisionNames[d]] = true
			}
		}
	}
	for seed := range uint64(Enough) {
		if a := aimOf(seed); !a.none {
			delete(missing, string(a.kind.Layer)+" "+a.kind.Name+" "+decisionNames[a.decision])
		}
	}
	if len(missing) > 0 {
		t.Errorf("no seed of %d aims at %v", Enough, missing)
	}
}

func TestEveryKindOfFaultFitsIntoTheTable(t *testing.T) {
	if n := len(sim.Kinds()); n > 64 {
		t.Errorf("%d kinds of fault are more than a row of bits has room for", n)
	}
	known := map[string]bool{}
	for _, k := range sim.Kinds() {
		known[string(k.Layer)+"/"+k.Name] = true
	}
	for _, x := range seldom {
		if !known[string(x.layer)+"/"+x.name] {
			t.Errorf("seldom: there is no fault %s %s", x.layer, x.name)
		}
	}
	for _, x := range never {
		if !known[string(x.layer)+"/"+x.name] {
			t.Errorf("never: there is no fault %s %s", x.layer, x.name)
		}
	}
	for name := range sure {
		if !known[name] {
			t.Errorf("sure: there is no fault %s", name)
		}
	}
}
