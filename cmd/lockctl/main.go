// Command lockctl is the operator's program: without it an engine would have nobody to talk to. Called alone it opens the
// terminal interface on a demonstration; lockctl help lists its verbs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata"

	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	_ "github.com/accesscodes/lockctl/internal/quietterm"
)

// The exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // the command was refused, or a check failed
	exitInput   = 2 // bad input
	exitBroken  = 3
)

// stdio is where a run reads and writes. The terminal interface needs files that are terminals.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // whoever asks again does not wait for a good end
	code := run(ctx, os.Args[1:], os.Environ(), stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args, env []string, io stdio) int {
	return (&app{ctx: ctx, env: environment(env), io: io, vendors: all.Providers()}).run(args)
}

// run runs one verb.
func (a *app) run(args []string) int {
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(a.ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(a.io.err, "lockctl: "+strings.TrimPrefix(err.Error(), "lockctl: "))
	return exitCode(err)
}

// app is what the verbs share.
type app struct {
	ctx     context.Context
	env     environment
	io      stdio
	vendors provider.Registry
	theme   string
	ascii   bool
	plain   bool // talk in lines
	mouse   bool
	logged  logbook
	verb    *cobra.Command // that runs
	broke   error          // of printing
}

// text and on are the values of a flag of the verb that runs. The grammar names it, so it is there.
func (a *app) text(flag string) string {
	v, _ := a.verb.Flags().GetString(flag)
	return v
}

func (a *app) on(flag string) bool {
	v, _ := a.verb.Flags().GetBool(flag)
	return v
}

// inputError is bad input.
type inputError struct{ error }

func badInput(format string, args ...any) error { return inputError{fmt.Errorf(format, args...)} }

// refusal is a request that can't be met as things are.
type refusal struct{ error }

func refused(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var input inputError
	var no refusal
	var inUse *badgerkv.InUseError
	var refused *engine.Refusal
	var nobody *noDaemonError
	var problem *api.Problem
	switch {
	case errors.As(err, &input), errors.As(err, &refused) && refused.Code == "invalid_input", errors.As(err, &problem) && problem.Type == "invalid_input":
		return exitInput
	case errors.As(err, &inUse), errors.As(err, &refused), errors.As(err, &no), errors.As(err, &nobody),
		errors.As(err, &problem) && problem.Status < http.StatusInternalServerError:
		return exitRefused
	}
	return exitBroken
}

// environment is the process's environment.
type environment []string

// get returns a variable's value, or "".
func (e environment) get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e[i], name+"="); ok {
			return v
		}
	}
	return ""
}
