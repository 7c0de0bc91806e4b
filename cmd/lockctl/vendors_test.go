package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// vendors is a locksim serve that answers for all vendors.
type vendors struct {
	t       *testing.T
	control string
	conf    string // as lockctl.toml has the accounts
}

// startVendors builds locksim and has it answer. What it tells of secrets is put into the environment.
func startVendors(t *testing.T) *vendors {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "locksim")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../locksim").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), bin, "serve", "--vendor", "all", "--port", "0", "--locks", "1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it was told to end
	})
	v := &vendors{t: t}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line, comment := strings.CutPrefix(lines.Text(), "# ")
		name, value, secret := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		at, control := strings.CutPrefix(line, "faults, keypads and hands: ")
		switch {
		case comment && control:
			v.control = at
		case comment && line == "all of them answer":
			return v
		case comment && secret:
			t.Setenv(name, strings.Trim(value, "'"))
		case comment: // for people
		default:
			v.conf += line + "\n"
		}
	}
	t.Fatal("locksim ended before all vendors answered")
	return nil
}

// ask asks the control API.
func (v *vendors) ask(method, path string, in, out any) {
	v.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.control+path, bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		v.t.Fatal(err)
	}
}

// onLocks is what the locks hold in truth, by account.
func (v *vendors) onLocks() map[lock.AccountID]int {
	var all []struct {
		Account lock.AccountID
		Held    []struct{ Name string }
	}
	v.ask(http.MethodGet, "/locks", nil, &all)
	held := map[lock.AccountID]int{}
	for _, l := range all {
		held[l.Account] += len(l.Held)
	}
	return held
}

// The daemon works with all vendors at once over real sockets: a code comes to each brand's lock and goes, and a hub that is away is blamed
// itself, not its lock.
func TestACodeOnEveryBrand(t *testing.T) {
	v := startVendors(t)
	home := t.TempDir()
	configure(t, home, "[policy]\nconfirm_within = \"5s\"\nobserve_min = \"1s\"\nbackoff_min = \"1s\"\nbackoff_max = \"4s\"\n"+v.conf)
	s := startServe(t, home)
	host := api.NewClient("http://lockctl", "", overSocket(filepath.Join(dataOf(home), "lockctl.sock")), clockwork.NewRealClock())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	bell := host.Bell(ctx)
	wait := func(what string, done func() string) {
		t.Helper()
		for {
			left := done()
			if left == "" {
				return
			}
			select {
			case <-bell:
			case <-ctx.Done():
				t.Fatalf("%s: %s", what, left)
			}
		}
	}
	show := func(q engine.Query) engine.Snapshot {
		t.Helper()
		q.Limit = 100
		snap, err := host.Snapshot(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	accounts := strings.Count(v.conf, "[[account]]")
	wait("every account lists its lock", func() string {
		if n := len(show(engine.Query{View: engine.ViewFleet}).Devices); n < accounts {
			return fmt.Sprintf("%d of %d are there", n, accounts)
		}
		return ""
	})
	devices := show(engine.Query{View: engine.ViewFleet}).Devices
	from := host.Now().Truncate(time.Hour)
	computed := map[lock.AccountID]bool{} // whose codes no lock is told of
	for _, d := range devices {
		do := engine.Create{ID: lock.CodeID("code-" + d.Account), Device: d.ID, Name: "Ada", Starts: from, Ends: from.AddDate(0, 0, 30)}
		if traits := show(engine.Query{View: engine.ViewDevice, Device: d.ID}).Device.Traits; len(traits.TimeSlots) > 0 {
			do.Starts, do.Ends = slotted(t, traits, host.Now())
			computed[d.Account] = true
		}
		if _, err := host.Submit(ctx, engine.Command{Actor: "test", Do: do}); err != nil {
			t.Fatalf("%s: %v", d.Account, err)
		}
	}
	code := func(d engine.DeviceRow) engine.CodeView {
		return show(engine.Query{View: engine.ViewCode, Code: lock.CodeID("code-" + d.Account)}).Codes[0]
	}
	wait("a code is on its lock", func() string {
		held := v.onLocks()
		for _, d := range devices {
			// Where a cloud's word is all there is, set comes when the word has stood for a while.
			if c := code(d); held[d.Account] != 1 && !computed[d.Account] || c.Status != engine.StatusSet && (c.Status != engine.StatusSetting || c.Evidence == engine.EvidenceRequested) {
				return fmt.Sprintf("%s: %s, %s: %s", d.Account, c.Status, c.Evidence, c.Reason)
			}
		}
		return ""
	})
	do := func(a engine.Action) {
		t.Helper()
		if _, err := host.Submit(ctx, engine.Command{Actor: "test", Do: a}); err != nil {
			t.Fatal(err)
		}
	}
	// A computed code can't be taken back, and such a lock is asked for nothing.
	devices = slices.DeleteFunc(devices, func(d engine.DeviceRow) bool { return computed[d.Account] })
	for _, d := range devices {
		do(engine.Delete{Code: lock.CodeID("code-" + d.Account)})
	}
	wait("every code is gone", func() string {
		held := v.onLocks()
		for _, d := range devices {
			if c := code(d); held[d.Account] > 0 || c.Status == engine.StatusSet {
				return fmt.Sprintf("%s: %s: %s", d.Account, c.Status, c.Reason)
			}
		}
		return ""
	})
	for _, d := range devices {
		hub := strings.TrimPrefix(string(d.Account), "sim-") + "-hub"
		v.ask(http.MethodPost, "/faults", map[string]any{"on": hub, "kind": "offline"}, &struct{}{})
		do(engine.Observe{Device: d.ID})
	}
	wait("what is away is blamed", func() string {
		for _, d := range show(engine.Query{View: engine.ViewFleet}).Devices {
			if computed[d.Account] {
				continue
			}
			unlisted := show(engine.Query{View: engine.ViewDevice, Device: d.ID}).Device.Traits.CannotList
			switch {
			case d.Hub == "" && d.Link == lock.Reached: // its vendor tells of no hubs
				return string(d.Account) + " seems to be there"
			case d.Hub != "" && !unlisted && d.Link != lock.HubDown: // what lists nothing is not asked either
				return fmt.Sprintf("%s: its hub %s is not blamed: %d", d.Account, d.Hub, d.Link)
			}
		}
		return ""
	})
	cancel()
	s.ends()
}

// slotted is a stay of a month in the first of a lock's time slots, which has begun.
func slotted(t *testing.T, traits lock.Traits, now time.Time) (from, to time.Time) {
	t.Helper()
	zone, err := time.LoadLocation(traits.Zone)
	if err != nil {
		t.Fatal(err)
	}
	slot := traits.TimeSlots[0]
	at := func(day time.Time, minute int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, zone)
	}
	day := now.In(zone)
	if at(day, slot.Start).After(now) {
		day = day.AddDate(0, 0, -1)
	}
	return at(day, slot.Start), at(day.AddDate(0, 0, 30), slot.End)
}
