package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/world"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"locksim": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits,
	}})
}

// exits CODE COMMAND… runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func TestEveryVerdictHasItsExitCode(t *testing.T) {
	for v, want := range map[scenario.Verdict]int{
		scenario.Pass: 0, scenario.Expectation: 1, scenario.Safety: 2, scenario.Liveness: 3, scenario.Invalid: 4, scenario.Broken: 5,
	} {
		if got := exitCode(v); got != want {
			t.Errorf("%v: %d, want %d", v, got, want)
		}
	}
}

func TestAnInterruptedReplayIsBroken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.toml")
	text := "[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00Z\nrun = \"1h\"\n[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	if code := run(ctx, []string{"replay", path}, stdio{&out, &errs}); code != exitBroken || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit code %d, output %q, errors %q", code, out.String(), errs.String())
	}
}

func TestAKeptWorldGoesOnWhereItFailed(t *testing.T) {
	dir := t.TempDir()
	path, keep := filepath.Join(dir, "a.toml"), filepath.Join(dir, "world")
	text := "[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00Z\nrun = \"9h\"\n[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n" +
		"[[at]]\nt = \"0s\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"4829\" }\n[[expect]]\nt = \"2h\"\nlock = \"front\"\nheld = 3\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"replay", "--keep", keep, path}, stdio{&out, &out}); code != exitExpectation {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	s, err := badgerkv.Open(badgerkv.Options{Dir: keep})
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(t.Context(), world.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 28, 10, 0, 0, 0, time.UTC); !w.Now().Equal(want) {
		t.Errorf("goes on at %v, want %v", w.Now(), want)
	}
	if held := w.Fleet().Memory("front"); len(held) != 1 || held[0].Code != "guest" {
		t.Errorf("the lock holds %d codes", len(held))
	}
	if err := errors.Join(w.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

func TestADifferenceOfTracesIsShort(t *testing.T) {
	if got := difference("a\nb\nc\n", "a\nx\nc\n"); got != "@@ line 2 @@\n  a\n- b\n+ x" {
		t.Errorf("got %q", got)
	}
	if got := difference("a\n", "a\n"+strings.Repeat("x\n", 50)); strings.Count(got, "\n") > 12 || !strings.Contains(got, "42 lines more") {
		t.Errorf("got %q", got)
	}
}
