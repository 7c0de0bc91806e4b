package swarm

import (
	"slices"
	"testing"

	"github.com/accesscodes/lockctl/sim/scenario"
)

func TestFewSeedsFillWhatManyFill(t *testing.T) {
	var c Choice
	add := func(seed uint64, verdict scenario.Verdict, events int64, looks, writes uint64) {
		o := Outcome{Seed: seed, Verdict: verdict, Events: events}
		o.seen[looked], o.seen[wrote] = looks, writes
		c.Add(o)
	}
	add(1, scenario.Pass, 9000, 0b111, 0) // what the cheaper ones fill together
	add(2, scenario.Pass, 100, 0b011, 0)
	add(3, scenario.Pass, 100, 0b011, 0)
	add(4, scenario.Pass, 100, 0b001, 0)  // nothing that two others don't
	add(5, scenario.Safety, 100, 0, 0b11) // fails
	add(6, scenario.Pass, 9000, 0b100, 0b1)
	if got, want := c.Seeds(), []uint64{1, 2, 3, 6}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
