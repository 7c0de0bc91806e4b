// Package simtest starts simulated locks inside somebody's Go test: without it whoever tests software against them would have
// to build, start and end a program first.
package simtest

import (
	"context"
	"crypto/rand"
	_ "embed"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/world"
)

// house is the world of a test that names none: a front door that is written just in time and a gate that keeps schedules.
//
//go:embed house.toml
var house []byte

// World is simulated locks behind the HTTP API, in memory, as lockctl serve --sim hosts them. Its clock stands still until it
// is moved, so that a test takes no time to wait and says the same each time. Whatever fails ends the test.
type World struct {
	URL  string      // of the API: http://127.0.0.1:41873
	Key  string      // an API key that may do everything
	Host engine.Host // the engine itself
	Lab  lab.Lab     // all that can be done to the clock, the locks, their hubs and clouds

	t   testing.TB
	ctx context.Context
}

// Start begins the world of a scenario file, or one with two locks, front and gate, if file is "". It ends with the test.
func Start(t testing.TB, file string) *World {
	t.Helper()
	story, err := scenario.Decode("house.toml", house)
	if file != "" {
		story, err = scenario.Load(file)
	}
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it outlives the test's by the cleanups
	t.Cleanup(cancel)
	records := memkv.New()
	staged, err := scenario.Stage(ctx, story, records, nil)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	clock := clockwork.NewRealClock()
	play := world.Start(staged, clock, 1)
	t.Cleanup(func() {
		if err := play.Close(); err != nil {
			t.Errorf("simtest: %v", err)
		}
	})
	w := &World{Host: play, Lab: play.Lab(), t: t, ctx: ctx}
	w.must(w.Lab.Pause(ctx, true))
	keys, err := api.OpenKeys(ctx, records)
	w.must(err)
	key, _, err := keys.Create(ctx, clock.Now(), t.Name(), api.Scopes(), rand.Reader)
	w.must(err)
	w.Key = key.Reveal()
	server, err := api.New(ctx, api.Options{
		Host: play, Lab: w.Lab, Keys: keys, Records: records, Clock: clock, Workspace: api.Workspace{ID: "simulation", Name: "Simulation"},
		Unlimited: true, Log: slog.New(slog.DiscardHandler), Random: rand.Reader,
	})
	w.must(err)
	posted := make(chan error, 1)
	posting, stop := context.WithCancel(ctx)
	go func() { posted <- api.NewDeliverer(server, &http.Client{}, clock).Run(posting) }()
	front := httptest.NewServer(server.Keyed())
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		stop()
		if err := <-posted; err != nil {
			t.Errorf("simtest: webhooks: %v", err)
		}
	})
	w.URL = front.URL
	return w
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("simtest: %v", err)
	}
}

// Now is the time of the locks.
func (w *World) Now() time.Time { return w.Host.Now() }

// Advance runs the clock ahead, by at most a year. Everything that should happen meanwhile has happened when it returns.
func (w *World) Advance(d time.Duration) {
	w.t.Helper()
	w.must(w.Lab.SkipTo(w.ctx, w.Now().Add(d)))
}

// Type types digits at the keypad of a lock.
func (w *World) Type(device, digits string) lab.Try {
	w.t.Helper()
	pin, err := lock.ParsePIN(digits)
	w.must(err)
	try, err := w.Lab.Type(w.ctx, lock.DeviceID(device), pin)
	w.must(err)
	return try
}

// Break places a fault on a lock, hub or account, such as offline or lost-ack, for a while; 0: until it is healed.
func (w *World) Break(target, kind string, d time.Duration) {
	w.t.Helper()
	_, err := w.Lab.Inject(w.ctx, lab.Fault{On: target, Kind: kind, For: d})
	w.must(err)
}

// Heal ends every fault on a lock, hub or account.
func (w *World) Heal(target string) {
	w.t.Helper()
	w.must(w.Lab.Heal(w.ctx, target))
}
