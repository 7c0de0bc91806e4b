package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/swarm"
)

// swarmer is one call of locksim swarm.
type swarmer struct {
	io      stdio
	seeds   int
	first   uint64
	jobs    int
	minutes float64
	require bool
	fleet   string
	list    string
	choose  string
	single  bool // one seed was named
}

func swarmCommand(io stdio) *cobra.Command {
	s := swarmer{io: io}
	c := &cobra.Command{
		Use: "swarm", Short: "hunt failures with random fleets, bookings, people and faults", Args: cobra.NoArgs,
		Long: "Makes up a story for each seed, runs it with every checker on, and counts which decisions of the engine were seen in\n" +
			"the face of which faults. The same seeds give the same result, however many run at once.\n\n" +
			"Exit codes: 0 pass, 1 expectation, 2 safety, 3 liveness, 4 invalid file or usage, 5 broken.",
		RunE: func(c *cobra.Command, _ []string) error {
			s.single = c.Flags().Changed("seed") && !c.Flags().Changed("seeds") && !c.Flags().Changed("minutes")
			return s.run(c.Context())
		},
	}
	f := c.Flags()
	f.IntVar(&s.seeds, "seeds", 100, "how many seeds are tried")
	f.Uint64Var(&s.first, "seed", 1, "the first seed; alone: the only one")
	f.IntVar(&s.jobs, "jobs", runtime.GOMAXPROCS(0), "seeds that run at once")
	f.Float64Var(&s.minutes, "minutes", 0, "try seeds for so long, however many; 0: as --seeds says")
	f.BoolVar(&s.require, "require-coverage", false, "fail if some decision was never seen in the face of some fault; always so from 2000 seeds on")
	f.StringVar(&s.fleet, "fleet", "", "take fleet, policies and bookings from this scenario `FILE`: only faults, people and kills are random")
	f.StringVar(&s.list, "list", "", "try the seeds that stand in this `FILE`, one a line")
	f.StringVar(&s.choose, "choose", "", "save few of the seeds that pass as this `FILE`, which together fill as much of the table as all of them")
	return c
}

// done is a seed that was run.
type done struct {
	out swarm.Outcome
	err error
}

func (s *swarmer) run(ctx context.Context) error {
	switch {
	case s.seeds < 1:
		return fmt.Errorf("--seeds: %d is out of bounds: at least 1", s.seeds)
	case s.jobs < 1 || s.jobs > 256:
		return fmt.Errorf("--jobs: %d is out of bounds: 1 to 256", s.jobs)
	case s.minutes < 0:
		return fmt.Errorf("--minutes: %v is out of bounds: at least 0", s.minutes)
	}
	var o swarm.Options
	if s.fleet != "" {
		f, err := scenario.Load(s.fleet)
		if err != nil {
			return err
		}
		o.Fleet = f
	}
	seed := func(n int) uint64 { return s.first + uint64(n) }
	switch {
	case s.single && s.list != "":
		return errors.New("--list: names the seeds, and so does --seed")
	case s.single:
		s.seeds = 1
	case s.list != "":
		seeds, err := listed(s.list)
		if err != nil {
			return err
		}
		s.seeds, seed = len(seeds), func(n int) uint64 { return seeds[n%len(seeds)] }
	}
	began := time.Now()
	more := func(n int) bool { return n < s.seeds }
	if s.minutes > 0 {
		limit := time.Duration(s.minutes * float64(time.Minute))
		more = func(int) bool { return time.Since(began) < limit }
	}
	sum, choice := swarm.NewSum(), swarm.Choice{}
	bar := newBar(s.io.err, began, s.seeds, s.minutes)
	err := s.all(ctx, o, seed, more, func(out swarm.Outcome) {
		sum.Add(out)
		if s.choose != "" {
			choice.Add(out)
		}
		if out.Verdict != scenario.Pass {
			bar.clear()
			_ = swarm.Tell(s.io.out, out, s.again(out.Seed))
		}
		bar.show(sum)
	})
	bar.clear()
	wall := time.Since(began)
	if err := sum.Write(s.io.out); err != nil {
		return brokenError{err}
	}
	if s.choose != "" {
		if err := save(s.choose, choice.Seeds()); err != nil {
			return brokenError{err}
		}
	}
	fmt.Fprintf(s.io.err, "%.1f s, %.0f lock-years and %.0f seeds a minute, %.0f events a second\n", wall.Seconds(),
		sum.LockYears()/wall.Minutes(), float64(sum.Seeds)/wall.Minutes(), float64(sum.Events)/wall.Seconds())
	switch {
	case err != nil:
		return brokenError{errors.New("interrupted")}
	case sum.Worst != scenario.Pass:
		return verdictError(sum.Worst)
	case (s.require || sum.Seeds >= swarm.Enough) && o.Fleet == nil && sum.Empty() > 0:
		fmt.Fprintf(s.io.out, "%d cells of the table are empty\n", sum.Empty())
		return verdictError(scenario.Expectation)
	}
	return nil
}

// again is the command that repeats a seed.
func (s *swarmer) again(seed uint64) string {
	c := fmt.Sprintf("locksim swarm --seed %d", seed)
	if s.fleet != "" {
		c += " --fleet " + s.fleet
	}
	return c
}

// listed reads the seeds of a file. Empty lines and those that begin with # are none.
func listed(path string) ([]uint64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var seeds []uint64
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		seed, err := strconv.ParseUint(line, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q is no seed: a whole number is one", path, i+1, line)
		}
		seeds = append(seeds, seed)
	}
	if len(seeds) == 0 {
		return nil, fmt.Errorf("%s: there is no seed in it", path)
	}
	return seeds, nil
}

// save writes seeds as listed reads them.
func save(path string, seeds []uint64) error {
	var b strings.Builder
	b.WriteString("# Seeds of locksim swarm that together fill the table of coverage; locksim swarm --choose wrote it.\n")
	for _, seed := range seeds {
		fmt.Fprintln(&b, seed)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// all runs seeds, so many at once, and hands on what came of each in the order of the seeds.
func (s *swarmer) all(ctx context.Context, o swarm.Options, seed func(n int) uint64, more func(n int) bool, each func(swarm.Outcome)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const ahead = 64 // seeds that may be done before their turn, for each job
	turns := make(chan chan done, s.jobs*ahead)
	type job struct {
		seed uint64
		to   chan done
	}
	queue := make(chan job)
	for range s.jobs {
		go func() {
			for j := range queue {
				out, err := swarm.Run(ctx, j.seed, o)
				j.to <- done{out, err}
			}
		}()
	}
	go func() {
		defer close(turns)
		defer close(queue)
		for n := 0; more(n) && ctx.Err() == nil; n++ {
			to := make(chan done, 1)
			turns <- to
			queue <- job{seed(n), to}
		}
	}()
	var first error
	for to := range turns {
		d := <-to
		if first = errors.Join(first, d.err); first == nil {
			each(d.out)
		}
	}
	return first
}

// bar is a line that tells how far a hunt has come, on a terminal; elsewhere it is nothing.
type bar struct {
	out     io.Writer // nil: nobody looks
	began   time.Time
	seeds   int
	minutes float64
	shown   time.Time
}

func newBar(out io.Writer, began time.Time, seeds int, minutes float64) *bar {
	b := &bar{began: began, seeds: seeds, minutes: minutes}
	if f, ok := out.(*os.File); ok && terminal(f) {
		b.out = out
	}
	return b
}

// show draws the bar anew, at most ten times a second.
func (b *bar) show(sum *swarm.Sum) {
	b.tell(float64(sum.Seeds)/float64(b.seeds), fmt.Sprintf("%d seeds, %.0f lock-years, %d failed", sum.Seeds, sum.LockYears(), sum.Failed()))
}

// tell draws the bar with what part is done, of the work or of the minutes, and a text.
func (b *bar) tell(part float64, text string) {
	now := time.Now()
	if b.out == nil || now.Sub(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = now
	if b.minutes > 0 {
		part = now.Sub(b.began).Minutes() / b.minutes
	}
	const width = 30
	full := int(min(part, 1) * width)
	fmt.Fprintf(b.out, "\r\x1b[K%s%s %s", strings.Repeat("█", full), strings.Repeat("░", width-full), text)
}

func (b *bar) clear() {
	if b.out != nil {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// terminal reports whether somebody looks at what is written to f.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
