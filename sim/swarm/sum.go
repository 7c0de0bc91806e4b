package swarm

import (
	"fmt"
	"io"
	"math/bits"
	"text/tabwriter"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// Enough is how many seeds are expected to fill the table.
const Enough = 2000

// Sum adds up what came of many seeds.
type Sum struct {
	Seeds    int
	Events   int64 // that the engine handled
	Worst    scenario.Verdict
	verdicts map[scenario.Verdict]int
	lived    float64 // lock-years
	cells    [64][decisionNum]int
	fired    [64]int
}

// NewSum returns the sum of no seeds.
func NewSum() *Sum { return &Sum{verdicts: map[scenario.Verdict]int{}} }

// year is what a lock-year is.
const year = 365 * day

// Add takes what came of one seed.
func (s *Sum) Add(o Outcome) {
	s.Seeds++
	s.Events += o.Events
	s.lived += float64(o.Lived) / float64(year)
	s.verdicts[o.Verdict]++
	if o.Verdict.Worse(s.Worst) {
		s.Worst = o.Verdict
	}
	for d, seen := range o.seen {
		for ; seen != 0; seen &= seen - 1 {
			s.cells[bits.TrailingZeros64(seen)][d]++
		}
	}
	for fired := o.fired; fired != 0; fired &= fired - 1 {
		s.fired[bits.TrailingZeros64(fired)]++
	}
}

// LockYears is the virtual time of all locks together.
func (s *Sum) LockYears() float64 { return s.lived }

// Failed counts the seeds that did not pass.
func (s *Sum) Failed() int { return s.Seeds - s.verdicts[scenario.Pass] }

// Empty counts the cells of the table that should be filled and are not.
func (s *Sum) Empty() int {
	n := 0
	for i, k := range sim.Kinds() {
		for d := range decisionNum {
			if s.cells[i][d] == 0 && impossible(k, d) == "" {
				n++
			}
		}
	}
	return n
}

// Write tells the sum and the table of coverage: in how many seeds a decision was made while a fault was at work.
func (s *Sum) Write(out io.Writer) error {
	fmt.Fprintf(out, "%d seeds, %.1f virtual lock-years, %d events\n", s.Seeds, s.lived, s.Events)
	for v := scenario.Pass; v <= scenario.Broken; v++ {
		if n := s.verdicts[v]; n > 0 {
			fmt.Fprintf(out, "  %-12s %d\n", v, n)
		}
	}
	t := tabwriter.NewWriter(out, 0, 8, 1, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\nfault\tseeds\t")
	for _, name := range decisionNames {
		fmt.Fprint(t, name, "\t")
	}
	fmt.Fprintln(t)
	for i, k := range sim.Kinds() {
		fmt.Fprintf(t, "%s %s\t%d\t", k.Layer, k.Name, s.fired[i])
		for d := range decisionNum {
			switch n := s.cells[i][d]; {
			case n > 0:
				fmt.Fprintf(t, "%d\t", n)
			case impossible(k, d) != "":
				fmt.Fprint(t, "-\t")
			default:
				fmt.Fprint(t, "EMPTY\t")
			}
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// Tell tells of a seed that failed: what broke, the last events before it, and the command that repeats it.
func Tell(out io.Writer, o Outcome, again string) error {
	fmt.Fprintf(out, "seed %d: %s\n", o.Seed, o.Verdict)
	if o.Err != nil {
		fmt.Fprintf(out, "  %v\n", o.Err)
	}
	if o.Failed != nil {
		const most = 3
		for i, x := range o.Failed.Failures {
			if i == most {
				fmt.Fprintf(out, "  and %d more\n", len(o.Failed.Failures)-most)
				break
			}
			fmt.Fprintf(out, "  +%s %s %s: %s\n", o.Failed.Since(x.At), x.Device, x.Code, x.Text)
			for _, line := range x.Around {
				fmt.Fprintf(out, "    %s\n", line)
			}
		}
	}
	_, err := fmt.Fprintf(out, "  again: %s\n", again)
	return err
}

// impossible says why a decision can't be met by a kind of fault; "": it can.
func impossible(k sim.KindInfo, d decision) string {
	for _, x := range never {
		if x.layer == k.Layer && x.name == k.Name && x.decision == d {
			return x.why
		}
	}
	return ""
}

// never are the cells of the table that can't be filled.
var never = []struct {
	layer    sim.Layer
	name     string
	decision decision
	why      string
}{
	{sim.LayerCloud, "down", sawHands, "what hands do is seen by looks alone, and none is answered"},
	{sim.LayerCloud, "offline", sawHands, "what hands do is seen by looks alone, and none is answered"},
	{sim.LayerCloud, "auth-expired", sawHands, "what hands do is seen by looks alone, and none is answered"},
	{sim.LayerHub, "offline", sawHands, "what hands do is seen by looks alone, and none is answered"},
	{sim.LayerRadio, "offline", sawHands, "what hands do is seen by looks alone, and none is answered"},
}
