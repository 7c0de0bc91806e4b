package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lockctl": main, "lockctl-fake": fakeMain})
}

// The scripts run against the built program; each has a home folder of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "daemon": daemonOf("lockctl"), "fakedaemon": daemonOf("lockctl-fake"), "lab": labOf},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("TZ", "UTC")
			return nil
		},
	})
}

// exits CODE COMMAND… runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// daemonOf is daemon ARGS…: it runs PROGRAM serve beside the script, which goes on once it listens.
func daemonOf(program string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) { serveBeside(ts, program, args) }
}

func serveBeside(ts *testscript.TestScript, program string, args []string) {
	self, err := os.Executable()
	ts.Check(err)
	cmd := &exec.Cmd{
		Path: self, Args: append([]string{program, "serve"}, args...), Dir: ts.MkAbs("."), Stderr: os.Stderr,
		Env: append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "NOTIFY_SOCKET=", "TZ=UTC"),
	}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening on ") {
		ts.Fatalf("the daemon said %q, %v", line, err)
	}
}

// labOf is lab VERB BODY: it steers the simulation that the script's daemon hosts.
func labOf(ts *testscript.TestScript, _ bool, args []string) {
	client := overSocket(filepath.Join(dataOf(ts.Getenv("HOME")), "lockctl.sock"))
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://lockctl/v1/lab/"+args[0], "application/json", strings.NewReader(args[1]))
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("lab %s: %s", args[0], resp.Status)
	}
}
