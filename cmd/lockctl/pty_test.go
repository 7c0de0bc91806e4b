package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience ends a test that hangs; nothing is measured by it.
const patience = 3 * time.Minute

// build makes the binary that people run.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "lockctl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// session is a program on a terminal that answers no questions.
type session struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	seen bytes.Buffer
}

func start(t *testing.T, within time.Duration, env []string, bin string, args ...string) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	s := &session{t: t, cmd: exec.CommandContext(ctx, bin, args...)}
	s.cmd.Env = append(env, "TERM=xterm-256color", "LANG=C.UTF-8")
	tty, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s.tty = tty
	t.Cleanup(func() { tty.Close() })
	return s
}

// until reads the terminal until it shows a text.
func (s *session) until(text string) {
	s.t.Helper()
	b := make([]byte, 32<<10)
	for !strings.Contains(s.seen.String(), text) {
		n, err := s.tty.Read(b)
		s.seen.Write(b[:n])
		if err != nil {
			s.t.Fatalf("the program ended before it showed %q: %v\n%q", text, err, s.seen.String())
		}
	}
}

func (s *session) press(keys string) {
	s.t.Helper()
	s.seen.Reset()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

// end reads the rest and returns the exit code.
func (s *session) end() int {
	s.t.Helper()
	_, _ = io.Copy(&s.seen, s.tty) // a terminal whose program has ended gives an error for its end
	if err := s.cmd.Wait(); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			s.t.Fatal(err)
		}
		return e.ExitCode()
	}
	return 0
}

func TestOnATerminal(t *testing.T) {
	bin := build(t)
	t.Run("version asks the terminal nothing", func(t *testing.T) { quietVersion(t, bin) })
	t.Run("the demonstration is kept", func(t *testing.T) { keptDemonstration(t, bin) })
	t.Run("the demonstration is killed and goes on", func(t *testing.T) { killedDemonstration(t, bin) })
	t.Run("a terminal attaches to a daemon", func(t *testing.T) { attached(t, bin) })
	t.Run("what is left is shown", func(t *testing.T) { lookedAt(t, bin) })
	t.Run("a scenario opens paused at its start", func(t *testing.T) { openedScenario(t, bin) })
}

func quietVersion(t *testing.T, bin string) {
	s := start(t, 5*time.Second, os.Environ(), bin, "version")
	if code := s.end(); code != exitDone {
		t.Errorf("exit code %d, or it did not end by itself: %q", code, s.seen.String())
	}
	if out := s.seen.String(); strings.ContainsRune(out, 0x1b) || !strings.HasPrefix(out, "lockctl ") {
		t.Errorf("printed %q", out)
	}
}

// The demonstration on a real terminal: it opens, keeps others out, survives being killed, and goes on where it was.
func keptDemonstration(t *testing.T, bin string) {
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "TZ=UTC")

	first := start(t, patience, env, bin, "--theme", "dark")
	first.until("Today")
	first.until("SIMULATED")
	first.press("p")
	first.until("paused")
	first.press("n")
	first.until("an empty form")
	first.press("\r")
	first.until("New code on")
	first.press("Marker\r")
	first.until("created Marker")

	second := start(t, patience, env, bin, "--theme", "dark")
	if code := second.end(); code != exitRefused {
		t.Errorf("a second process ends with %d, want %d", code, exitRefused)
	}
	if out := second.seen.String(); !strings.Contains(out, "open in another lockctl") || strings.Count(out, "\n") != 1 {
		t.Errorf("a second process says %q", out)
	}

	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.end()

	third := start(t, patience, env, bin, "demo", "--theme", "light")
	third.until("Today")
	third.press("/Marker\r")
	third.until("Marker")
	third.press("q")
	if code := third.end(); code != exitDone {
		t.Errorf("q ends with %d: %q", code, third.seen.String())
	}

	fresh := start(t, patience, env, bin, "demo", "--reset", "--theme", "dark")
	fresh.until("13:55:0")
	fresh.press("q")
	if code := fresh.end(); code != exitDone {
		t.Errorf("q ends with %d", code)
	}
	if info, err := os.Stat(filepath.Join(home, ".local", "share", "lockctl", "demo.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
}

// attached is a terminal on the engine of another process: it shows and steers that one's simulation, and leaves it running.
func attached(t *testing.T, bin string) {
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "TZ=UTC")
	none := start(t, patience, env, bin, "attach", "--theme", "dark")
	if code := none.end(); code != exitRefused || !strings.Contains(none.seen.String(), "no lockctl serve runs") {
		t.Errorf("without a daemon it ends with %d and %q", code, none.seen.String())
	}
	daemon := exec.CommandContext(t.Context(), bin, "serve", "--sim")
	daemon.Env = env
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Wait() }) // it ends with the test
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening on ") {
		t.Fatalf("the daemon said %q, %v", line, err)
	}
	for _, args := range [][]string{{"attach", "--theme", "dark"}, {"--theme", "dark"}} { // lockctl alone finds it too
		s := start(t, patience, env, bin, args...)
		s.until("Today")
		s.until("SIMULATED")
		s.press(":fleet\r")
		s.until("Fleet")
		s.until("Harbour 12")
		s.press("q")
		if code := s.end(); code != exitDone {
			t.Errorf("q ends with %d: %q", code, s.seen.String())
		}
	}
}

// lookedAt is what a daemon left behind that runs no more: it can be looked at, and says so.
func lookedAt(t *testing.T, bin string) {
	home, _ := kept(t)
	env := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "TZ=UTC")
	s := start(t, patience, env, bin, "--theme", "dark")
	s.until("NOT RUNNING")
	s.press(":fleet\r")
	s.until("Door 1")
	s.press("q")
	if code := s.end(); code != exitDone {
		t.Errorf("q ends with %d: %q", code, s.seen.String())
	}
}

func openedScenario(t *testing.T, bin string) {
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "TZ=UTC")
	file := filepath.Join(home, "story.toml")
	text := "[scenario]\nname = \"one night\"\nstart = 2026-03-28T08:00:00Z\nrun = \"24h\"\nseed = 1\n\n[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, patience, env, bin, "open", file, "--theme", "dark")
	s.until("Paused at the start")
	s.until("08:00:00")
	s.press("q")
	if code := s.end(); code != exitDone {
		t.Errorf("q ends with %d", code)
	}
	if err := os.WriteFile(file, []byte("[scenario]\nnam = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := start(t, patience, env, bin, "open", file)
	if code := bad.end(); code != exitInput || !strings.Contains(bad.seen.String(), "story.toml:2:1") {
		t.Errorf("a bad scenario ends with %d and %q", code, bad.seen.String())
	}
	empty := start(t, patience, env, bin, "open", t.TempDir())
	if code := empty.end(); code != exitInput || !strings.Contains(empty.seen.String(), "holds no world") {
		t.Errorf("an empty folder ends with %d and %q", code, empty.seen.String())
	}
}
