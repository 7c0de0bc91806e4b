package tui

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/sim/lab"
)

func TestTheTimelineKnowsWhatWasBroken(t *testing.T) {
	h := newDemo(t)
	h.press(":", "device harbour 12 · front", "enter", "g", "+3h", "enter", "T")
	h.shows("faults", "▲▲")
	h.press("left", "left", "left")
	h.shows("▲ the hub does not answer") // three hours ago; it has healed since
	h.press("0")
	h.hides("▲ the hub")
}

func TestALowScreenSaysThatThereIsMore(t *testing.T) {
	h := newDemo(t)
	h.size(60, 15)
	h.press(":", "today", "enter", "enter")
	h.shows("arrival", "at risk: the lock is out of reach")
	h.shows("bring the lock back in reach")
	h.shows("… e explains it all")
	h.fits()
}

func TestOutagesAreReadBackwards(t *testing.T) {
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	lost := func(seq engine.Seq, h int) engine.Event {
		return engine.Event{Seq: seq, At: at(h), Type: "device.disconnected", Device: "roof", Issue: &engine.Issue{Message: "the lock does not answer"}}
	}
	back := func(seq engine.Seq, h int) engine.Event {
		return engine.Event{Seq: seq, At: at(h), Type: "device.connected", Device: "roof"}
	}
	var p past
	if r := p.request(at(0)); !r.last {
		t.Errorf("it begins with %+v", r)
	}
	if more := p.take([]engine.Event{back(11, 1), lost(12, 5)}, at(-20)); !more {
		t.Error("the axis begins before what was read, and nothing more is asked for")
	}
	if r := p.request(at(-20)); r.after != 0 || r.limit != 10 {
		t.Errorf("the part before is asked for as %+v", r)
	}
	p.take([]engine.Event{lost(3, -9), back(4, -8), lost(9, -2)}, at(-20))
	p.take([]engine.Event{back(13, 6)}, at(-20))
	got := p.outages("roof", at(8))
	want := []period{{at(-9), at(-8), "the lock does not answer"}, {at(-2), at(1), "the lock does not answer"}, {at(5), at(6), "the lock does not answer"}}
	if len(got) != len(want) {
		t.Fatalf("%d outages: %+v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("outage %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestFaultsThatHaveHealedAreRemembered(t *testing.T) {
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	got := broken([]StoryLine{
		{At: at(-5), Kind: "fault", Name: "offline", Text: "bridge-1"},
		{At: at(-4), Kind: "fault", Name: "jam", Device: "roof", Text: "roof"},
		{At: at(-3), Kind: "heal", Name: "offline", Text: "bridge-1"},
	}, []lab.Fault{{On: "roof", Kind: "jam", From: at(-4), For: 6 * time.Hour}})
	if b := got["bridge-1"]; len(b) != 1 || b[0] != (period{at(-5), at(-3), "fault offline on bridge-1"}) {
		t.Errorf("on the hub: %+v", b)
	}
	if r := got["roof"]; len(r) != 1 || r[0] != (period{at(-4), at(2), "fault jam on roof"}) {
		t.Errorf("on the lock: %+v", r)
	}
}
