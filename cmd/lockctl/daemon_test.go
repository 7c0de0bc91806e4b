package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// served is a lockctl serve of its own process, with a home folder.
type served struct {
	t    testing.TB
	home string
	cmd  *exec.Cmd
	http http.Client
	logs *bufio.Reader // its standard error
}

// startServe starts a daemon and waits until it is ready.
func startServe(t testing.TB, home string, args ...string) *served {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, home: home, cmd: &exec.Cmd{
		Path: self, Args: append([]string{"lockctl", "serve"}, args...), // TestMain makes a program of that name of the test's
		Env: append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "NOTIFY_SOCKET="),
	}}
	socket := filepath.Join(home, ".local", "share", "lockctl", "lockctl.sock")
	s.http.Transport = &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	logs, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.logs = bufio.NewReader(logs)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening on ") {
		rest, _ := io.ReadAll(s.logs)
		t.Fatalf("the daemon said %q, %v: %s", line, err, rest)
	}
	for s.get("/readyz") != http.StatusOK {
		if t.Context().Err() != nil {
			t.Fatal("the daemon does not get ready")
		}
	}
	return s
}

// kill ends the daemon as a power cut would, and waits for its end.
func (s *served) kill() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// ends waits for the daemon's end, which must be a good one.
func (s *served) ends() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	rest, _ := io.ReadAll(s.logs)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the daemon ended with %v: %s", err, rest)
	}
}

// logged reads the log until a line that holds the text.
func (s *served) logged(text string) {
	s.t.Helper()
	for {
		line, err := s.logs.ReadString('\n')
		if err != nil {
			s.t.Fatalf("the log ends without %q: %v", text, err)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

func (s *served) get(path string) int {
	resp, err := s.http.Get("http://lockctl" + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// post asks the API; out may be nil.
func (s *served) post(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	resp, err := s.http.Post("http://lockctl"+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// configure writes the daemon's configuration.
func configure(t testing.TB, home, text string) {
	t.Helper()
	dir := filepath.Join(home, ".config", "lockctl")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lockctl.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServeIsReadyAtOnceAndEndsInOrder(t *testing.T) {
	home, addr := t.TempDir(), freePort(t)
	s := startServe(t, home, "--listen", addr)
	s.logged("devices were put under management")
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusNotFound} { // a stranger asks
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s answers a stranger with %d, want %d", path, resp.StatusCode, want)
		}
	}
	resp, err := s.http.Get("http://lockctl/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, want := range []string{`lockctl_devices{state="all"} 6`, `lockctl_waiting{queue="calls"}`, `lockctl_store_bytes{part="tree"}`, "lockctl_exposure_seconds_total 0", "process_resident_memory_bytes"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if s.get("/healthz") != http.StatusOK {
		t.Error("it does not live")
	}
	bell, err := s.http.Get("http://lockctl/v1/bell")
	if err != nil {
		t.Fatal(err)
	}
	defer bell.Body.Close()
	s.ends() // although somebody listens
}

func TestAConfigurationIsReadAgainWholeOrNotAtAll(t *testing.T) {
	home := t.TempDir()
	account := func(id string) string {
		return fmt.Sprintf("[[account]]\nid = %q\nprovider = \"sim\"\nsettings = { locks = 2 }\n", id)
	}
	configure(t, home, account("one"))
	s := startServe(t, home)
	s.logged("devices were put under management")
	devices := func(want ...string) {
		t.Helper()
		var got struct {
			Devices []struct {
				ID string `json:"device_id"`
			}
		}
		if err := s.post("/devices/list", struct{}{}, &got); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, d := range got.Devices {
			ids = append(ids, d.ID)
		}
		if fmt.Sprint(ids) != fmt.Sprint(want) {
			t.Errorf("devices %v, want %v", ids, want)
		}
	}
	devices("one-01", "one-02")
	hangUp := func() {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	configure(t, home, account("one")+account("two")+"[policy]\njit_lead = \"48h\"\n")
	hangUp()
	s.logged("the configuration was not taken")
	configure(t, home, account("one")+strings.Replace(account("two"), "locks = 2", "locks = 2, model = \"jit.keypad\"", 1)+strings.Replace(account("one"), "locks = 2", "locks = 3", 1))
	hangUp()
	s.logged("the configuration was not taken")
	devices("one-01", "one-02")
	configure(t, home, account("one")+account("two"))
	hangUp()
	s.logged("the configuration was read again")
	s.logged("devices were put under management")
	devices("one-01", "one-02", "two-01", "two-02")
	s.ends()
}

// A daemon is killed while many create codes. Every creation that it acknowledged is there afterwards, and none twice.
func TestKilledUnderLoadNothingAcknowledgedIsLost(t *testing.T) {
	const clients, doors, enough = 16, 40, 300
	home := t.TempDir()
	configure(t, home, fmt.Sprintf("[[account]]\nid = \"h\"\nprovider = \"sim\"\nsettings = { locks = %d, model = \"native.keypad\" }\n", doors))
	s := startServe(t, home)
	s.logged("devices were put under management")
	starts := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Hour)
	acked := map[string]bool{}
	for life := range 3 {
		var mu sync.Mutex
		var all sync.WaitGroup
		var made atomic.Int64
		full := make(chan struct{})
		for c := range clients {
			all.Go(func() {
				for i := 0; ; i++ {
					name := fmt.Sprintf("%d/%d/%d", life, c, i)
					from := starts.Add(time.Duration(life*10_000+i*clients+c) * 2 * time.Hour)
					var got struct {
						Code struct {
							ID string `json:"access_code_id"`
						} `json:"access_code"`
					}
					err := s.post("/access_codes/create", map[string]any{
						"device_id": fmt.Sprintf("h-%02d", 1+(i*clients+c)%doors), "name": name,
						"starts_at": from.Format(time.RFC3339), "ends_at": from.Add(time.Hour).Format(time.RFC3339),
					}, &got)
					if err != nil {
						return // it was killed
					}
					mu.Lock()
					acked[name] = true
					mu.Unlock()
					if made.Add(1) == enough {
						close(full)
					}
				}
			})
		}
		gone := make(chan struct{})
		go func() { all.Wait(); close(gone) }()
		select {
		case <-full:
		case <-gone:
			t.Fatalf("life %d: nobody creates any more after %d", life, made.Load())
		}
		s.kill()
		<-gone
		s = startServe(t, home)
	}
	found := map[string]int{}
	for d := range doors {
		var got struct {
			Codes []struct{ Name string } `json:"access_codes"`
		}
		if err := s.post("/access_codes/list", map[string]any{"device_id": fmt.Sprintf("h-%02d", d+1), "limit": 1000}, &got); err != nil {
			t.Fatal(err)
		}
		for _, c := range got.Codes {
			found[c.Name]++
		}
	}
	for name := range acked {
		if found[name] != 1 {
			t.Errorf("the acknowledged %s is there %d times", name, found[name])
		}
	}
	for name, n := range found {
		if n > 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
	if len(acked) < 3*enough {
		t.Errorf("%d creations were acknowledged, too few to mean anything", len(acked))
	}
	s.ends()
}
