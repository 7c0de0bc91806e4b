package swarm

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// twice is how often a seed runs a second time to see whether the same comes of it: one in so many.
const twice = 64

// Outcome is what came of one seed.
type Outcome struct {
	Seed    uint64
	Verdict scenario.Verdict
	Err     error            // the run broke
	Failed  *scenario.Result // the whole run with its records; nil: it passed, or broke
	Lived   time.Duration    // virtual time of all its locks together
	Events  int64            // that the engine handled
	seen    [decisionNum]uint64
	fired   uint64
}

// Run makes up the story of a seed and runs it with every checker on. A story that fails runs once more, to tell what
// happened. The error is not nil only if ctx ended.
func Run(ctx context.Context, seed uint64, o Options) (Outcome, error) {
	f := Generate(seed, o)
	out := Outcome{Seed: seed}
	w := newWatcher(f)
	first := fnv.New64a()
	watch := w.watch
	again := seed%twice == 0
	if again {
		watch = func(x sim.Record) {
			w.watch(x)
			fmt.Fprintln(first, x)
		}
	}
	res, err := scenario.Run(ctx, f, scenario.Options{Lean: true, Watch: watch})
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	out.seen, out.fired = w.seen, w.fired
	if err != nil {
		out.Verdict, out.Err = scenario.Broken, err
		return out, nil
	}
	out.Verdict, out.Events = res.Verdict, res.Handled
	out.Lived = res.Span * time.Duration(len(res.Devices))
	if out.Verdict == scenario.Pass && !again {
		return out, nil
	}
	second := fnv.New64a()
	res, err = scenario.Run(ctx, f, scenario.Options{Lean: out.Verdict == scenario.Pass, Watch: func(x sim.Record) { fmt.Fprintln(second, x) }})
	switch {
	case ctx.Err() != nil:
		return out, ctx.Err()
	case err != nil:
		out.Verdict, out.Err = scenario.Broken, err
	case again && first.Sum64() != second.Sum64():
		out.Verdict, out.Err = scenario.Broken, fmt.Errorf("the seed does not give the same run twice")
	case out.Verdict != scenario.Pass:
		out.Failed = res
	}
	return out, nil
}
