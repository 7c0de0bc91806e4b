package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/wire"
)

// Each vendor's driver signs in to what locksim serve says of itself, over real sockets, and sees a fault that was placed there.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"serve", "--port", "0", "--locks", "2"}, stdio{in, io.Discard})
	}()
	lines := bufio.NewScanner(out)
	control := ""
	for _, v := range wire.Vendors() {
		base := ""
		for base == "" && lines.Scan() {
			if at, ok := strings.CutPrefix(lines.Text(), "# faults, keypads and hands: "); ok {
				control = at
			}
			if _, rest, ok := strings.Cut(lines.Text(), `base_url = "`); ok {
				base, _, _ = strings.Cut(rest, `"`)
			}
		}
		p, ok := all.Providers().Find(v.Name)
		if !ok {
			t.Fatalf("%s has no driver", v.Name)
		}
		d, err := p.Open(ctx, provider.Env{
			HTTP: &http.Client{}, Now: time.Now, Rand: rand.Reader, Secrets: &provider.MemorySecrets{}, Log: slog.New(slog.DiscardHandler),
		}, provider.Account{ID: accountOf(v.Name), Texts: v.Settings(accountOf(v.Name), base), Secrets: v.Secrets(accountOf(v.Name))})
		if err != nil {
			t.Fatal(err)
		}
		devices, err := d.Devices(ctx)
		if err != nil || len(devices) != 2 {
			t.Fatalf("%s: %d devices: %v", v.Name, len(devices), err)
		}
		res, err := http.Post(control+"/faults", "application/json", strings.NewReader(`{"on":"`+string(accountOf(v.Name))+`","kind":"auth-expired"}`))
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: the fault was not placed: %v", v.Name, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		_, err = d.Observe(ctx, devices[0].ID, driver.Known{Refs: []lock.Ref{"1"}})
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Unauthorized {
			t.Errorf("%s: an expired login gives %v", v.Name, err)
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
