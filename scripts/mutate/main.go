// Command mutate makes small mistakes in the engine and lists those that no scenario, checker or test notices: without it
// nobody would know what the tests leave untested. See make mutate.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"github.com/accesscodes/lockctl/internal/mutate"
)

// least is the share of mutants, in percent, that must be caught, of those that have no reason to survive.
const least = 90

// scenarios is the folder of those that meet a mutant first.
const scenarios = "scenarios"

// seeds is how many stories of the swarm a mutant must survive.
const seeds = 40

// decides are the files that decide: the others hold the nouns, the form of records, and what is told about them.
func decides(file string) bool {
	return slices.Contains([]string{
		"batch.go", "compare.go", "create.go", "decide.go", "edges.go", "engine.go", "entries.go", "erase.go", "exposure.go",
		"failure.go", "link.go", "look.go", "match.go", "observe.go", "outcome.go", "outsiders.go", "plan.go", "policy.go", "pool.go",
		"readiness.go", "slots.go", "standing.go", "status.go", "submit.go", "update.go", "wakes.go", "want.go", "withdraw.go",
	}, file)
}

// ordered are the files in which it matters what comes first: what is committed, and what is said and done after.
func ordered(file string) bool { return file == "engine.go" }

//go:embed equivalent.txt
var equivalent string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	sample := flags.Int("sample", 0, "try so many mutants only, drawn by chance; 0: all")
	seed := flags.Uint64("seed", 1, "the chance by which a sample is drawn")
	match := flags.String("match", "", "try only mutants whose line in the list matches this regular expression")
	list := flags.Bool("list", false, "list the mutants and try none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	pattern, err := regexp.Compile(*match)
	if err != nil {
		return fmt.Errorf("--match: %w", err)
	}
	reasons, err := mutate.Equivalents(equivalent)
	if err != nil {
		return fmt.Errorf("equivalent.txt: %w", err)
	}
	pkg, err := mutate.Load(filepath.Join(root, "engine"))
	if err != nil {
		return err
	}
	all := pkg.Mutate(decides, ordered)
	for key := range reasons {
		if !slices.ContainsFunc(all.Mutants, func(m mutate.Mutant) bool { return m.Key == key }) {
			return fmt.Errorf("equivalent.txt: there is no mutant %q", key)
		}
	}
	mutants := slices.DeleteFunc(slices.Clone(all.Mutants), func(m mutate.Mutant) bool { return !pattern.MatchString(m.String()) })
	if *sample > 0 {
		mutants = mutate.Sample(mutants, *sample, *seed)
	}
	if *list {
		for _, m := range mutants {
			fmt.Fprintf(out, "%d %s\n", m.N, m)
		}
		return nil
	}
	work := filepath.Join(root, "out", "mutate")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	bench, err := mutate.Prepare(ctx, root, "engine", work, all, []mutate.Suite{
		mutate.Scenarios(scenarios, "./cmd/locksim"), mutate.Tests("engine"), mutate.Tests("sim/world"), mutate.Swarm("./cmd/locksim", seeds),
	}, progress)
	if err != nil {
		return err
	}
	results, err := bench.Run(ctx, mutants, filepath.Join(work, "results.jsonl"), progress)
	if err != nil {
		return err
	}
	caught := mutate.Report(out, mutants, results, reasons, scenarios)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted: the next run goes on from here")
	case caught < least:
		return fmt.Errorf("%.1f %% were caught, at least %d %% must be", caught, least)
	}
	return nil
}
