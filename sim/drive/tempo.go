package drive

import (
	"context"
	"errors"
	"time"
)

// MaxPace bounds how fast the locks' time goes, in seconds per second.
const MaxPace = 3600

// maxAdvance bounds one leap of the locks' time.
const maxAdvance = 31 * 24 * time.Hour

// Tempo is where the locks' time stands and how it goes.
type Tempo struct {
	Now    time.Time `json:"now"`
	Paused bool      `json:"paused"` // it stands still, and nothing is answered
	Pace   float64   `json:"pace"`   // its seconds per second of the clock
}

// tempo leads from the clock to the locks' time. They are the same until somebody steers.
type tempo struct {
	steered bool
	paused  bool
	pace    float64
	at      time.Time // the locks' time …
	since   time.Time // … at this instant of the clock
}

// now is the locks' time.
func (f *Fleet) now() time.Time {
	switch clock := f.clock.Now(); {
	case !f.tempo.steered:
		return clock
	case f.tempo.paused:
		return f.tempo.at
	default:
		return f.tempo.at.Add(time.Duration(float64(clock.Sub(f.tempo.since)) * f.tempo.pace))
	}
}

// until is how long the clock runs to an instant of the locks' time.
func (f *Fleet) until(t time.Time) time.Duration {
	left := max(0, t.Sub(f.now()))
	switch {
	case !f.tempo.steered:
		return left
	case f.tempo.paused:
		return maxSleep
	default:
		return time.Duration(float64(left) / f.tempo.pace)
	}
}

// Steer changes how the locks' time goes from now on, and returns the Tempo that it has then. nil leaves paused and pace as they are; pace
// lies within 0 and MaxPace, advance leaps at most 31 days ahead: what should have happened meanwhile has happened when Steer returns.
func (f *Fleet) Steer(ctx context.Context, paused *bool, pace *float64, advance time.Duration) (any, error) {
	switch {
	case pace != nil && !(*pace > 0 && *pace <= MaxPace):
		return nil, errors.New("pace: must lie above 0, and at 3600 at most")
	case advance < 0 || advance > maxAdvance:
		return nil, errors.New("advance: must lie between 0 and 31 days")
	}
	done := make(chan Tempo, 1)
	err := f.ask(ctx, func() {
		t := &f.tempo
		t.at, t.since = f.now().Add(advance), f.clock.Now()
		if !t.steered {
			t.steered, t.pace = true, 1
		}
		if paused != nil {
			t.paused = *paused
		}
		if pace != nil {
			t.pace = *pace
		}
		f.kernel.RunUntil(f.now())
		done <- Tempo{f.now(), t.paused, t.pace}
	})
	if err != nil {
		return nil, err
	}
	return <-done, nil
}
