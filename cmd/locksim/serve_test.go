package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/wire"
)

// linesOf gives the lines of a running locksim, until it says that it answers.
func linesOf(t *testing.T, out io.Reader) (lines []string) {
	t.Helper()
	for in := bufio.NewScanner(out); in.Scan(); {
		if in.Text() == "# all of them answer" {
			return lines
		}
		lines = append(lines, in.Text())
	}
	t.Fatalf("it ended before it answered:\n%s", strings.Join(lines, "\n"))
	return nil
}

// environment reads a file of a shell's export lines.
func environment(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read %s: %v", path, err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !ok || !strings.HasPrefix(line, "export ") {
			t.Errorf("no shell sets anything by %q", name)
		}
		values[name] = strings.Trim(value, "'")
	}
	return values
}

// What locksim serve writes is what lockctl reads: each vendor's driver signs in with it over real sockets, knows the zone of the locks, calls
// them as the control port does, and sees a fault that was placed there.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int)
	dir := filepath.Join(t.TempDir(), "it's here")
	go func() {
		ended <- run(ctx, []string{"serve", "--port", "0", "--locks", "2", "--into", dir}, stdio{in, io.Discard})
	}()
	said := strings.Join(linesOf(t, out), "\n")
	_, control, _ := strings.Cut(said, "# faults, keypads and hands: ")
	control, _, _ = strings.Cut(control, "\n")
	if want := "next, in a terminal of its own: . '" + strings.ReplaceAll(dir, "'", `'\''`) + "/env' && lockctl serve"; !strings.Contains(said, want) {
		t.Errorf("it does not say what comes next, %s:\n%s", want, said)
	}
	env := environment(t, filepath.Join(dir, "env"))
	conf, err := config.Load(filepath.Join(dir, "lockctl", "lockctl.toml"), all.Providers())
	if err != nil {
		t.Fatal(err)
	}
	if len(conf.Accounts) != len(wire.Vendors()) || conf.Webhooks.Listen != "" {
		t.Errorf("%d accounts, webhooks at %q", len(conf.Accounts), conf.Webhooks.Listen)
	}
	called := map[string]string{} // the vendors of locks, by what these call them
	res, err := http.Get(control + "/locks")
	if err != nil {
		t.Fatal(err)
	}
	var locks []struct {
		Vendor   string
		VendorID string `json:"vendor_id"`
	}
	if err := errors.Join(json.NewDecoder(res.Body).Decode(&locks), res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	for _, x := range locks {
		called[x.VendorID] = x.Vendor
	}
	for _, a := range conf.Accounts {
		p, ok := all.Providers().Find(a.Provider)
		if !ok {
			t.Fatalf("%s has no driver", a.Provider)
		}
		secrets := map[string]string{}
		for name, secret := range a.Secrets {
			if secrets[name], err = secret.Read(func(name string) string { return env[name] }); err != nil {
				t.Fatal(err)
			}
		}
		d, err := p.Open(ctx, provider.Env{
			HTTP: &http.Client{}, Now: time.Now, Rand: rand.Reader, Secrets: &provider.MemorySecrets{}, Log: slog.New(slog.DiscardHandler),
		}, provider.Account{ID: a.ID, Texts: a.Texts, Secrets: secrets})
		if err != nil {
			t.Fatal(err)
		}
		devices, err := d.Devices(ctx)
		if err != nil || len(devices) != 2 {
			t.Fatalf("%s: %d devices: %v", a.Provider, len(devices), err)
		}
		for _, x := range devices {
			if x.Traits.Zone != "Europe/Berlin" {
				t.Errorf("%s: the zone of %s is %q", a.Provider, x.ID, x.Traits.Zone)
			}
			n := 0
			for id, vendor := range called {
				if vendor == a.Provider && strings.HasSuffix(string(x.ID), "-"+id) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: the control port has %d locks for %s", a.Provider, n, x.ID)
			}
		}
		res, err := http.Post(control+"/faults", "application/json", strings.NewReader(`{"on":"`+string(a.ID)+`","kind":"auth-expired"}`))
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: the fault was not placed: %v", a.Provider, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		_, err = d.Observe(ctx, devices[0].ID, driver.Known{Refs: []lock.Ref{"1"}})
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized {
			t.Errorf("%s: an expired login gives %v", a.Provider, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if code := <-ended; code != exitPass {
		t.Errorf("it ended with %d", code)
	}
}

// A configuration that somebody has written is not written over; one of before is.
func TestServeInto(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "lockctl", "lockctl.toml")
	serve := func() (said, complained string) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		out, in := io.Pipe()
		var err strings.Builder
		go func() {
			defer in.Close()
			run(ctx, []string{"serve", "--port", "0", "--vendor", "nuki", "--into", dir}, stdio{in, &err})
		}()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if said += lines.Text() + "\n"; lines.Text() == "# all of them answer" {
				stop()
			}
		}
		stop()
		return said, err.String()
	}
	for range 2 {
		if said, _ := serve(); !strings.Contains(said, "all of them answer") {
			t.Errorf("it did not answer: %s", said)
		}
	}
	own := "# mine\n"
	if err := os.WriteFile(conf, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	_, complained := serve()
	if text, err := os.ReadFile(conf); err != nil || string(text) != own || !strings.Contains(complained, "into: "+conf) {
		t.Errorf("%q was written over, with %q: %v", text, complained, err)
	}
}

func TestServeRefuses(t *testing.T) {
	for args, says := range map[string]string{
		"--vendor acme": `vendor: "acme"`, "--locks 0": "locks: ", "--port 70000": "port: ", "--port 0 --tls-cert nowhere.pem": "tls-cert: ",
	} {
		var said strings.Builder
		if code := run(t.Context(), append([]string{"serve"}, strings.Fields(args)...), stdio{io.Discard, &said}); code != exitInvalid || !strings.Contains(said.String(), says) {
			t.Errorf("%s: %d %s", args, code, said.String())
		}
	}
}
