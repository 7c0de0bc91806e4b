// Command locksim is the simulator's program: without it scenarios could be replayed from Go tests alone. locksim help lists
// its verbs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata"

	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/world"
)

// The exit codes.
const (
	exitPass        = 0
	exitExpectation = 1 // an expectation, a limit or a golden trace is not met
	exitSafety      = 2
	exitLiveness    = 3
	exitInvalid     = 4 // a file or the command line is wrong
	exitBroken      = 5 // the run itself failed, or was interrupted
)

// stdio is where a run writes.
type stdio struct{ out, err io.Writer }

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(world.GarbagePercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, io stdio) int {
	root := command(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitPass
	}
	if v, ok := errors.AsType[verdictError](err); ok {
		return exitCode(scenario.Verdict(v))
	}
	fmt.Fprintln(io.err, "locksim: "+strings.TrimPrefix(err.Error(), "locksim: "))
	if b, ok := errors.AsType[brokenError](err); ok && b.error != nil {
		return exitBroken
	}
	return exitInvalid
}

// verdictError is a verdict that the reports have told already.
type verdictError scenario.Verdict

func (v verdictError) Error() string { return scenario.Verdict(v).String() }

// brokenError is a failure of the machine rather than of what it was asked for.
type brokenError struct{ error }

func (b brokenError) Unwrap() error { return b.error }

func exitCode(v scenario.Verdict) int {
	return [...]int{
		scenario.Pass: exitPass, scenario.Expectation: exitExpectation, scenario.Safety: exitSafety,
		scenario.Liveness: exitLiveness, scenario.Invalid: exitInvalid, scenario.Broken: exitBroken,
	}[v]
}
