//go:build million

package tui

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// still is a host whose clock stands still and whose locks never answer: what is left is what its readers cost.
type still struct {
	e   *engine.Engine
	now time.Time
}

func (s *still) Now() time.Time { return s.now }

func (s *still) Bell(context.Context) <-chan struct{} { return make(chan struct{}) }

func (s *still) Snapshot(ctx context.Context, q engine.Query) (engine.Snapshot, error) {
	return s.e.Snapshot(ctx, s.now, q)
}

func (s *still) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	return s.e.Journal(ctx, after, limit)
}

func (s *still) Submit(_ context.Context, c engine.Command) (r engine.Receipt, err error) {
	in := []engine.Input{engine.Submission{Command: c, Done: func(got engine.Receipt, why error) { r, err = got, why }}}
	if _, failed := s.e.Step(s.now, in...); failed != nil {
		return r, failed
	}
	return r, err
}

// metropolis has 100 000 locks with ten codes each: one guest is in, nine arrive within the month.
func metropolis(b *testing.B) *still {
	b.Helper()
	const locks, group = 100_000, 100
	e, err := engine.Open(b.Context(), engine.Options{Store: memkv.New(), Secret: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < locks; first += group {
		var in []engine.Input
		submit := func(do engine.Action) {
			in = append(in, engine.Submission{Command: engine.Command{Do: do}, Done: func(_ engine.Receipt, err error) {
				if err != nil {
					b.Fatal(err)
				}
			}})
		}
		for i := first; i < first+group; i++ {
			id := lock.DeviceID(fmt.Sprintf("lock-%06d", i))
			submit(engine.AddDevice{Device: lock.Device{
				ID: id, Account: lock.AccountID(fmt.Sprintf("account-%03d", i/1000)), Name: fmt.Sprintf("House %d · room %d", i/40, i%40), System: "ttlock",
				Traits: lock.Traits{NativeSchedule: true, Slots: 100, Zone: "Europe/Berlin"},
			}})
			for n := range 10 {
				from := start.Add(time.Duration(n*72-24)*time.Hour + time.Duration(i%2880)*time.Minute)
				submit(engine.Create{
					ID: lock.CodeID(fmt.Sprintf("stay-%06d-%d", i, n)), Device: id, Name: fmt.Sprintf("Guest %d", 10*i+n), Starts: from, Ends: from.Add(48 * time.Hour),
				})
			}
		}
		for len(in) > 0 {
			w, err := e.Step(start, in...)
			if err != nil {
				b.Fatal(err)
			}
			in = in[w.Taken:]
		}
	}
	return &still{e, start}
}

// BenchmarkMillion presses keys over a million codes on 100 000 locks. It tells the median and the 99th percentile of a key until
// its frame is drawn, and until what the key asked the host for is on the screen.
func BenchmarkMillion(b *testing.B) {
	host := metropolis(b)
	for _, at := range []struct {
		name  string
		there []string // from the home screen
		keys  []string // over and over
	}{
		{"today", nil, []string{"down", "down", "down", "up", "pgdown", "pgup"}},
		{"fleet", []string{":", "fleet", "enter"}, []string{"down", "down", "down", "up", "pgdown", "pgdown", "pgup"}},
		{"codes", []string{":", "codes", "enter"}, []string{"down", "down", "down", "up", "pgdown", "pgdown", "pgup"}},
		{"device", []string{":", "device house 1234 · room 7", "enter"}, []string{"down", "up"}},
		{"filter", []string{":", "fleet", "enter", "/"}, []string{"h", "o", "u", "s", "e", " ", "1", "2", "3", "backspace", "backspace", "backspace", "ctrl+u"}},
	} {
		b.Run(at.name, func(b *testing.B) {
			h := &harness{t: b, atHome: true}
			h.begin(host, nil, termenv.TrueColor)
			h.size(120, 42)
			h.press(at.there...)
			var drawn, whole []time.Duration
			for b.Loop() {
				for i := range 300 {
					msg := keyMsg(at.keys[i%len(at.keys)])
					began := time.Now()
					_, cmd := h.m.Update(msg)
					_ = h.frame()
					drawn = append(drawn, time.Since(began))
					h.run(cmd)
					_ = h.frame()
					whole = append(whole, time.Since(began))
					h.settle()
				}
			}
			tell := func(took []time.Duration, what string) {
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2])/1e6, "ms-"+what+"-median")
				b.ReportMetric(float64(took[len(took)*99/100])/1e6, "ms-"+what+"-p99")
			}
			tell(drawn, "drawn")
			tell(whole, "whole")
		})
	}
}
