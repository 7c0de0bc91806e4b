package swarm

import (
	"math/bits"
	"slices"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// Choice picks few of many seeds that fill as much of the table of coverage as all of them: what can be tried in a minute,
// at every change. It is of use only for the stories that this version tells and the engine that it runs.
type Choice struct{ passed []Outcome }

// thick is how many chosen seeds fill each cell, where there are so many: what one seed alone shows is lost with the next
// change of the engine.
const thick = 2

// Add takes what came of one seed. One that failed is never chosen.
func (c *Choice) Add(o Outcome) {
	if o.Verdict == scenario.Pass {
		c.passed = append(c.passed, o)
	}
}

// Seeds are the chosen ones, in order: one after the other, that which fills most for the time that it takes.
func (c *Choice) Seeds() []uint64 {
	var filled [decisionNum][64]uint8
	var chosen []uint64
	gain := func(o *Outcome) (n int) {
		for d, seen := range o.seen {
			for ; seen != 0; seen &= seen - 1 {
				if filled[d][bits.TrailingZeros64(seen)] < thick {
					n++
				}
			}
		}
		return n
	}
	const fixed = 2000 // events that would take as long as to make up a story and its world
	left := slices.Clone(c.passed)
	for len(left) > 0 {
		best, most := -1, 0.0
		for i := range left {
			if worth := float64(gain(&left[i])) / float64(fixed+left[i].Events); worth > most {
				best, most = i, worth
			}
		}
		if best < 0 {
			break
		}
		for d, seen := range left[best].seen {
			for ; seen != 0; seen &= seen - 1 {
				filled[d][bits.TrailingZeros64(seen)] = min(thick, filled[d][bits.TrailingZeros64(seen)]+1)
			}
		}
		chosen = append(chosen, left[best].Seed)
		left = slices.Delete(left, best, best+1)
	}
	slices.Sort(chosen)
	return chosen
}
