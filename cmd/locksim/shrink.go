package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/shrink"
	"github.com/accesscodes/lockctl/sim/swarm"
)

// shrinker is one call of locksim shrink.
type shrinker struct {
	io      stdio
	out     string
	fleet   string
	tries   int
	minutes float64
}

func shrinkCommand(io stdio) *cobra.Command {
	s := shrinker{io: io}
	c := &cobra.Command{
		Use: "shrink SEED|FILE", Short: "make the smallest story in which the same goes wrong", Args: cobra.ExactArgs(1),
		Long: "Takes away from a failing scenario, or from the story of a failing seed of locksim swarm, what the failure does not\n" +
			"need, and saves what is left as a scenario that fails the same way. Interrupted, it saves the smallest so far.\n\n" +
			"Exit codes: 0 done, 4 invalid file or usage, 5 broken or interrupted.",
		RunE: func(c *cobra.Command, args []string) error { return s.run(c.Context(), args[0]) },
	}
	f := c.Flags()
	f.StringVar(&s.out, "out", "", "save the story as this `FILE`; left out: NAME.min.toml in the working directory")
	f.StringVar(&s.fleet, "fleet", "", "of a seed that was hunted with it: take fleet, policies and bookings from this scenario `FILE`")
	f.IntVar(&s.tries, "tries", 20_000, "how many stories are tried at most")
	f.Float64Var(&s.minutes, "minutes", 0, "end after so long with the smallest so far; 0: when nothing smaller is found")
	return c
}

func (s *shrinker) run(ctx context.Context, of string) error {
	switch {
	case s.tries < 1 || s.tries > shrink.MaxTries:
		return fmt.Errorf("--tries: %d is out of bounds: 1 to %d", s.tries, shrink.MaxTries)
	case s.minutes < 0:
		return fmt.Errorf("--minutes: %v is out of bounds: at least 0", s.minutes)
	}
	f, name, err := s.load(of)
	if err != nil {
		return err
	}
	if s.out == "" {
		s.out = name + ".min.toml"
	}
	limited := ctx
	if s.minutes > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, time.Duration(s.minutes*float64(time.Minute)))
		defer cancel()
	}
	line := newBar(s.io.err, time.Now(), s.tries, s.minutes)
	res, err := shrink.Shrink(limited, f, shrink.Options{Tries: s.tries, Progress: func(p shrink.Progress) {
		line.tell(float64(p.Tries)/float64(s.tries), fmt.Sprintf("%d tried, %d kept: %d lines, %d steps; %s", p.Tries, p.Kept, p.Lines, p.Steps, p.Pass))
	}})
	line.clear()
	switch {
	case errors.Is(err, shrink.ErrPasses):
		return fmt.Errorf("%s: %w", of, err)
	case err != nil:
		return brokenError{err}
	}
	text := "# " + strings.Join(strings.Fields(res.Verdict.String()+": "+res.Failure.Text), " ") + "\n\n" + string(res.Text)
	if err := os.WriteFile(s.out, []byte(text), 0o644); err != nil {
		return brokenError{err}
	}
	end := ""
	if !res.Whole {
		end = ", and there may be smaller ones"
	}
	fmt.Fprintf(s.io.out, "%s: %d lines, %d steps, after %d tries%s\n%s\nagain: locksim replay %s\n",
		s.out, strings.Count(text, "\n"), len(res.File.Steps), res.Tries, end, strings.SplitN(text, "\n", 2)[0][2:], s.out)
	if ctx.Err() != nil {
		return brokenError{errors.New("interrupted: what is saved is the smallest so far")}
	}
	return nil
}

// load reads the scenario, or makes up the story of a seed, and says what to call it.
func (s *shrinker) load(of string) (*scenario.File, string, error) {
	seed, err := strconv.ParseUint(of, 10, 64)
	if err != nil {
		if s.fleet != "" {
			return nil, "", errors.New("--fleet: belongs to a seed, not to a file")
		}
		f, err := scenario.Load(of)
		return f, strings.TrimSuffix(filepath.Base(of), filepath.Ext(of)), err
	}
	var o swarm.Options
	if s.fleet != "" {
		if o.Fleet, err = scenario.Load(s.fleet); err != nil {
			return nil, "", err
		}
	}
	return swarm.Generate(seed, o), "seed-" + of, nil
}
