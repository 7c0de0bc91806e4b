package drive_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
)

// The time of the locks can be held, hurried and moved ahead, and what falls due meanwhile happens.
func TestSteer(t *testing.T) {
	start := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)
	clock := clockwork.NewFakeClockAt(start)
	fleet, err := drive.Start(t.Context(), drive.Options{Spec: sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: "native.keypad"}}}, Seed: 1, Clock: clock})
	must(t, err)
	defer func() { must(t, fleet.Close()) }()
	steer := func(paused *bool, pace *float64, advance time.Duration) drive.Tempo {
		t.Helper()
		out, err := fleet.Steer(t.Context(), paused, pace, advance)
		must(t, err)
		return out.(drive.Tempo)
	}
	is := func(what string, got drive.Tempo, after time.Duration, paused bool, pace float64) {
		t.Helper()
		if want := (drive.Tempo{Now: start.Add(after), Paused: paused, Pace: pace}); !got.Now.Equal(want.Now) || got.Paused != paused || got.Pace != pace {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	ails := func() (n int) {
		t.Helper()
		must(t, fleet.Do(t.Context(), func(f *sim.Fleet) error { n = len(f.Faults()); return nil }))
		return n
	}
	is("at first", steer(nil, nil, 0), 0, false, 1)
	must(t, fleet.Do(t.Context(), func(f *sim.Fleet) error {
		_, err := f.Inject(sim.Fault{On: "front", Kind: "offline", For: 4 * time.Hour})
		return err
	}))
	is("held", steer(new(true), nil, 0), 0, true, 1)
	clock.Advance(time.Hour)
	is("an hour later", steer(nil, nil, 0), 0, true, 1)
	is("moved ahead", steer(nil, nil, 2*time.Hour), 2*time.Hour, true, 1)
	is("hurried", steer(new(false), new(60.0), 0), 2*time.Hour, false, 60)
	if ails() != 1 {
		t.Error("the fault has ended before its time")
	}
	clock.Advance(time.Minute)
	is("a minute later", steer(nil, nil, 0), 3*time.Hour, false, 60)
	steer(nil, nil, time.Hour)
	if ails() != 0 {
		t.Error("the fault is over, and still there")
	}
	for _, bad := range []struct {
		pace    *float64
		advance time.Duration
	}{{new(0.0), 0}, {new(3601.0), 0}, {nil, -time.Second}, {nil, 32 * 24 * time.Hour}} {
		if _, err := fleet.Steer(t.Context(), nil, bad.pace, bad.advance); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	is("after what was refused", steer(nil, nil, 0), 4*time.Hour, false, 60)
}
